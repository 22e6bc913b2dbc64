"""The texts of edits in place: of leaves, of views, of inference tensors, of memory that overlaps."""

from detachsim.engine.texts.entry import Entry

_MODES = (
    "{prefix} {mode} mode and {modified} modified inplace {elsewhere}. Given that this use case is ambiguous and "
    "error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both "
    "inside the {block} block (if you don't want the inplace to be tracked) or both outside (if you want the inplace "
    "to be tracked)."
)
_MODES_1_7 = (
    "{prefix} {mode} mode and {modified} modified inplace {elsewhere}. Given that this use case is ambiguous and "
    "error-prone, it is deprecated and will be forbidden  starting 1.6 (see https://github.com/pytorch/pytorch/pull/32839 "
    "for more details about this). You can clarify your code and remove this warning by moving both the view and the "
    "inplace either both inside the {block} block (if you don't want the inplace to be tracked) or both outside (if you "
    "want the inplace to be tracked)."
)
_MULTIPLE = (
    " This view is the output of a function that returns multiple views. Such functions do not allow the output "
    "views to be modified inplace. You should replace the inplace operation by an out-of-place one."
)
_PIECE = (
    " This view is an output of a function that returns multiple views. Inplace operators on such views are being "
    "deprecated and will be forbidden starting from version 1.8. Consider using `unsafe_` version of the function that "
    "produced this view or don't modify this view inplace."
)


TEXTS: dict[str, Entry] = {
    "leaf_inplace": ("RuntimeError", "a leaf Variable that requires grad is being used in an in-place operation.", {}),
    "leaf_view_inplace": (
        "RuntimeError",
        "a view of a leaf Variable that requires grad is being used in an in-place operation.",
        {},
    ),
    "view_mode": ("RuntimeError", _MODES, {"torch-1.7": _MODES_1_7}),
    "view_mode_warning": ("UserWarning", _MODES_1_7, {}),
    "view_of_view_mode": (
        "RuntimeError",
        _MODES,
        {
            "torch-1.13": '!grad_fn INTERNAL ASSERT FAILED at "./torch/csrc/autograd/variable.cpp":{line}, please report '
            "a bug to PyTorch. ",
            "torch-1.7": _MODES_1_7,
        },
    ),
    "view_mode_multiple": (
        "RuntimeError",
        "{prefix} {mode} mode and {modified} modified inplace {elsewhere}." + _MULTIPLE,
        {},
    ),
    "view_custom": (
        "RuntimeError",
        "{prefix} and {modified} modified inplace. This view was created inside a custom Function (or because an input was "
        "returned as-is) and the autograd logic to handle view+inplace would override the custom backward associated with "
        "the custom Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the "
        "output of the custom Function.",
        {},
    ),
    "view_piece": ("UserWarning", "{prefix} and {modified} modified inplace." + _PIECE, {}),
    "view_piece_mode": (
        "RuntimeError",
        "A view was created in no_grad mode and {modified} modified inplace with grad mode enabled." + _PIECE,
        {},
    ),
    "view_output": (
        "RuntimeError",
        'diff_view_meta->output_nr_ == 0 INTERNAL ASSERT FAILED at "/pytorch/torch/csrc/autograd/variable.cpp":363, please '
        "report a bug to PyTorch. ",
        {},
    ),
    "detach_piece": (
        "UserWarning",
        "This view is an output of a function that returns multiple views. Detaching such views inplace is being deprecated "
        "and will be forbidden starting from version 1.8. Consider using detach() instead of detach_(). Alternatively, "
        "create this view with an `unsafe_` version of the function that produced it.",
        {},
    ),
    "view_multiple": ("RuntimeError", "{prefix} and {modified} modified inplace." + _MULTIPLE, {}),
    "overlap_self": (
        "RuntimeError",
        "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
        "Please clone() the tensor before performing the operation.",
        {},
    ),
    "overlap_input": (
        "RuntimeError",
        "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
        "location. Please clone() the tensor before performing the operation.",
        {},
    ),
    "inference_inplace": (
        "RuntimeError",
        "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal "
        "tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details.",
        {},
    ),
    "inference_version": ("RuntimeError", "Inference tensors do not track version counter.", {}),
    "inference_requires_grad": (
        "RuntimeError",
        "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.",
        {},
    ),
    "detach_view": (
        "RuntimeError",
        "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
        "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() "
        "cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in "
        "torch/optim/optimizer.py as the solution.",
        {"torch-1.7": "Can't detach views in-place. Use detach() instead"},
    ),
    "index_edited": ("RuntimeError", "{text}", {}),
    "inplace_broadcast": (
        "RuntimeError",
        "output with shape {output} doesn't match the broadcast shape {broadcast}",
        {},
    ),
    "inplace_cast": ("RuntimeError", "result type {result} can't be cast to the desired output type {output}", {}),
}
