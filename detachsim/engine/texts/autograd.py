"""The texts of autograd itself: backward, saved tensors, in-place changes, flags, hooks, modes."""

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
_GRAD_LAYOUT = (
    "grad and param do not obey the gradient layout contract. This is not an error, but may impair performance.\n"
    "grad.sizes() = {grad}, strides() = {grad_strides}\nparam.sizes() = {leaf}, strides() = {leaf_strides}"
)


TEXTS: dict[str, Entry] = {
    # Reading .grad
    "nonleaf_grad": (
        "UserWarning",
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
        "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
        "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure "
        "you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information.",
        {
            "torch-1.13": "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
            "won't be populated during autograd.backward(). If you indeed want the .grad field to be populated for a "
            "non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, "
            "make sure you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more "
            "informations.",
            "torch-1.7": "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
            "won't be populated during autograd.backward(). If you indeed want the gradient for a non-leaf Tensor, use "
            ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access "
            "the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more informations.",
        },
    ),
    "leaf_moved": ("RuntimeError", "leaf variable has been moved into the graph interior", {}),
    "undefined_tensor": (
        "RuntimeError",
        "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #{place} '{name}'",
        {},
    ),
    "out_requires_grad": (
        "RuntimeError",
        "{op}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments "
        "requires grad.",
        {},
    ),
    # backward()
    "no_grad_fn": (
        "RuntimeError",
        "element {index} of tensors does not require grad and does not have a grad_fn",
        {},
    ),
    "nonscalar": ("RuntimeError", "grad can be implicitly created only for scalar outputs", {}),
    "grad_shape": (
        "RuntimeError",
        "Mismatch in shape: grad_output[{grad_index}] has a shape of {grad} and output[{index}] has a shape of {output}.",
        {},
    ),
    "grad_element_type": ("TypeError", "gradients can be either Tensors or None, but got {type}", {}),
    "not_iterable": ("TypeError", "'{type}' object is not iterable", {}),
    "inputs_empty": (
        "RuntimeError",
        "`inputs` argument to `backward()` cannot be empty.",
        {"torch-1.13": "'inputs' argument to backward() cannot be empty."},
    ),
    "grad_inputs_empty": (
        "RuntimeError",
        "`inputs` argument to `grad()` cannot be empty.",
        {"torch-1.13": ("ValueError", "grad requires non-empty inputs.")},
    ),
    "retained_elsewhere": (
        "RuntimeError",
        'out != nullptr INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/variable.cpp":207, please report '
        "a bug to PyTorch. ",
        {},
    ),
    "retained_without_node": (
        "RuntimeError",
        'old_fn INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/variable.cpp":205, please report a bug '
        "to PyTorch. ",
        {},
    ),
    "grad_layout": ("UserWarning", _GRAD_LAYOUT, {}),
    "grad_layout_create_graph": ("UserWarning", _GRAD_LAYOUT, {}),
    "create_graph": (
        "UserWarning",
        "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
        "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
        "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break "
        "the cycle and avoid the leak.",
        {},
    ),
    "freed": (
        "RuntimeError",
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        "saved tensors after calling backward.",
        {
            "torch-1.7": "Trying to backward through the graph a second time, but the saved intermediate results have "
            "already been freed. Specify retain_graph=True when calling backward the first time."
        },
    ),
    "version": (
        "RuntimeError",
        "one of the variables needed for gradient computation has been modified by an inplace operation: [{tensor_type} "
        "{sizes}]{producer} is at version {found}; expected version {expected} instead. Hint: {hint}",
        {},
    ),
    "hint": (
        "",
        "enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False).",
        {
            "torch-1.13": "enable anomaly detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True)."
        },
    ),
    "hint_anomaly": (
        "",
        "the backtrace further above shows the operation that failed to compute its gradient. The variable in question "
        "was changed in there or anywhere later. Good luck!",
        {},
    ),
    "detached_in_place": (
        "RuntimeError",
        "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is not supported, "
        "please use out-of-place `.detach()` instead",
        {
            "torch-1.13": 'saved_for INTERNAL ASSERT FAILED at "./torch/csrc/autograd/saved_variable.cpp":146, please report '
            "a bug to PyTorch. No grad_fn for non-leaf saved tensor"
        },
    ),
    "saves_inference": (
        "RuntimeError",
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
        "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it "
        "in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`.",
        {
            "torch-1.13": "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and use it in autograd."
        },
    ),
    "autograd_dtype": ("RuntimeError", "Autograd not support dtype: {dtype}", {}),
    "gradient_dtype": (
        "RuntimeError",
        'isDifferentiableType(grad.scalar_type()) INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/'
        'engine.cpp":998, please report a bug to PyTorch. ',
        {},
    ),
    "not_differentiable": ("RuntimeError", "derivative for {op} is not implemented", {}),
    "unused": (
        "RuntimeError",
        "The differentiated Tensor at index {index} appears to not have been used in the graph. Set allow_unused=True if "
        "this is the desired behavior.",
        {
            "torch-1.13": "One of the differentiated Tensors appears to not have been used in the graph. Set "
            "allow_unused=True if this is the desired behavior."
        },
    ),
    "materialize_conflict": (
        "ValueError",
        "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.",
        {},
    ),
    "grad_input_type": (
        "RuntimeError",
        "all inputs have to be Tensors or GradientEdges, but got {type}",
        {"torch-1.13": "all inputs have to be Tensors, but got {type}"},
    ),
    "gradient_count": ("RuntimeError", "got {tensors} tensors and {gradients} gradients", {}),
    "gradient_none": (
        "RuntimeError",
        "element {index} of gradients tuple is None, but the corresponding Tensor requires grad",
        {},
    ),
    "grad_input_not_required": ("RuntimeError", "One of the differentiated Tensors does not require grad", {}),
    "nan": ("RuntimeError", "Function '{name}' returned nan values in its {index}th output.", {}),
    "only_inputs": (
        "FutureWarning",
        "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts of "
        "the graph, please use torch.autograd.backward.",
        {
            "torch-1.13": (
                "UserWarning",
                "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other "
                "parts of the graph, please use torch.autograd.backward.",
            )
        },
    ),
    "grad_variables": (
        "FutureWarning",
        "`grad_variables` is deprecated. Use `grad_tensors` instead.",
        {"torch-1.13": ("UserWarning", "'grad_variables' is deprecated. Use 'grad_tensors' instead.")},
    ),
    "grad_variables_both": (
        "RuntimeError",
        "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use "
        "`grad_tensors`.",
        {
            "torch-1.13": "'grad_tensors' and 'grad_variables' (deprecated) arguments both passed to backward(). Please only "
            "use 'grad_tensors'."
        },
    ),
    "anomaly_enabled": (
        "UserWarning",
        "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging.",
        {},
    ),
    "anomaly_trace": ("UserWarning", "Error detected in {name}. Traceback of forward call that caused the error:", {}),
    "anomaly_no_trace": (
        "UserWarning",
        "Error detected in {name}. No forward pass information available. Enable detect anomaly during forward pass "
        "for more information.",
        {},
    ),
    "anomaly_parent": (
        "UserWarning",
        "Previous calculation was induced by {name}. Traceback of forward call that induced the previous calculation:",
        {},
    ),
    "root_incompatible": (
        "RuntimeError",
        "invalid gradient at index {index} - got {found} but expected shape compatible with {expected}",
        {},
    ),
    "grad_incompatible": (
        "RuntimeError",
        "Function {name} returned an invalid gradient at index {index} - got {found} but expected shape compatible with {expected}",
        {},
    ),
    # In-place changes
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
    "transposed_dims": (
        "UserWarning",
        "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an error in a future release. Consider `x.mT` to transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
        {},
    ),
    "transposed_number": (
        "UserWarning",
        "Tensor.{word} is deprecated on 0-D tensors. This function is the identity in these cases.",
        {},
    ),
    **{
        f"transposed_number_{word}": (
            "UserWarning",
            f"Tensor.{word} is deprecated on 0-D tensors. Consider using x.conj().",
            {},
        )
        for word in ("H", "mH")
    },
    "adjoint_number": (
        "UserWarning",
        "adjoint() is deprecated on 0-D tensors. Consider using x.conj().",
        {},
    ),
    "transposed_number_mT": (
        "UserWarning",
        "Tensor.{word} is deprecated on 0-D tensors. This function is the identity in these cases.",
        {},
    ),
    "index_edited": ("RuntimeError", "{text}", {}),
    "not_a_root": (
        "AssertionError",
        "Expected output to be a torch.Tensor",
        {"torch-1.13": ("AttributeError", "'{type}' object has no attribute 'requires_grad'")},
    ),
    "no_root_for_gradient": (
        "AssertionError",
        "Expected output to be a torch.Tensor",
        {"torch-1.13": ("TypeError", "is_same_size(): argument 'input' (position 1) must be Tensor, not {type}")},
    ),
    "hook_none": ("RuntimeError", "can't replace a None gradient with a non-None value", {}),
    "inplace_broadcast": (
        "RuntimeError",
        "output with shape {output} doesn't match the broadcast shape {broadcast}",
        {},
    ),
    "inplace_cast": ("RuntimeError", "result type {result} can't be cast to the desired output type {output}", {}),
    "broadcast": (
        "RuntimeError",
        "The size of tensor a ({left}) must match the size of tensor b ({right}) at non-singleton dimension {dim}",
        {},
    ),
    # requires_grad
    "requires_grad_false": (
        "RuntimeError",
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
        "subgraph that doesn't require differentiation use var_no_grad = var.detach().",
        {},
    ),
    "requires_grad_true": ("RuntimeError", "you can only change requires_grad flags of leaf variables.", {}),
    "requires_grad_dtype": ("RuntimeError", "only Tensors of floating point dtype can require gradients", {}),
    "requires_grad_set_dtype": (
        "RuntimeError",
        "only Tensors of floating point and complex dtype can require gradients",
        {},
    ),
    "factory_requires_grad": (
        "RuntimeError",
        "Only Tensors of floating point and complex dtype can require gradients",
        {},
    ),
    "requires_grad_bool": ("RuntimeError", "requires_grad must be a bool", {}),
    "retain_grad": ("RuntimeError", "can't retain_grad on Tensor that has requires_grad=False", {}),
    # Hooks
    "hook_requires_grad": ("RuntimeError", "cannot register a hook on a tensor that doesn't require gradient", {}),
    "hook_type": ("TypeError", "expected Variable, but hook returned '{type}'", {}),
    "hook_tuple": ("TypeError", "expected tuple, but hook returned '{type}'", {}),
    "hook_size": ("RuntimeError", "hook '{name}' has changed the size of value", {}),
    "hook_dtype": ("RuntimeError", "hook '{name}' has changed the type of value (was {before} got {after})", {}),
    "hook_count": (
        "RuntimeError",
        "hook '{name}' has returned an incorrect number of values (got {found}, but expected {expected})",
        {},
    ),
    "hook_nonleaf": ("RuntimeError", "post accumulate grad hooks cannot be registered on non-leaf tensors", {}),
    "post_hook_type": ("RuntimeError", "Tensor post accumulate grad hooks should return None.", {}),
    # .grad =
    "assign_grad_shape": (
        "RuntimeError",
        "attempting to assign a gradient of size '{grad}' to a tensor of size '{tensor}'. Please ensure that the gradient "
        "and the tensor are the same size",
        {"torch-1.13": "assigned grad has data of a different size"},
    ),
    "assign_grad_dtype": (
        "RuntimeError",
        "attempting to assign a gradient with dtype '{grad}' to a tensor with grad_dtype '{tensor}'. The gradient must match "
        "the tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a "
        "specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its "
        "gradient may break downstream systems that assume they match.",
        {"torch-1.13": "assigned grad has data of a different type"},
    ),
    "assign_grad_type": (
        "TypeError",
        "assigned grad expected to be a Tensor or None but got grad of type {type}",
        {"torch-1.13": "assigned grad expected to be a Tensor or None but got grad of type{type}"},
    ),
    "assign_grad_self": ("RuntimeError", "can't assign Variable as its own grad", {}),
    "assign_data_type": ("TypeError", "Variable data has to be a tensor, but got {type}", {}),
    "assign_data_dtype": (
        "RuntimeError",
        "data set to a tensor that requires gradients must be floating point or complex dtype",
        {},
    ),
    "typed_storage": (
        "UserWarning",
        "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage "
        "class. This should only matter to you if you are using storages directly.  To access UntypedStorage directly, "
        "use tensor.untyped_storage() instead of tensor.storage()",
        {},
    ),
    "scalar_requires_grad": (
        "UserWarning",
        "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
        "Consider using tensor.detach() first.",
        {},
    ),
    "index_of_many": (
        "TypeError",
        "only integer tensors of a single element can be converted to an index",
        {},
    ),
    "too_long": (
        "ValueError",
        "Overflow when unpacking long long",
        {"torch-1.13": ("RuntimeError", "Overflow when unpacking long")},
    ),
    "scalar_too_long": (
        "OverflowError",
        "{problem}",
        {"torch-1.13": ("RuntimeError", "Overflow when unpacking long")},
    ),
    "number_overflow": ("RuntimeError", "value cannot be converted to type {type} without overflow", {}),
    "numpy_requires_grad": (
        "RuntimeError",
        "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
        {},
    ),
    "numpy_bfloat16": ("TypeError", "Got unsupported ScalarType BFloat16", {}),
    "scalar_conversion": ("ValueError", "only one element tensors can be converted to Python scalars", {}),
    "bool_many": ("RuntimeError", "Boolean value of Tensor with more than one value is ambiguous", {}),
    "bool_none": ("RuntimeError", "Boolean value of Tensor with no values is ambiguous", {}),
    "tensor_of_tensor": (
        "UserWarning",
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        "sourceTensor.detach().clone().requires_grad_(True), rather than {maker}(sourceTensor).",
        {
            "torch-1.13": "To copy construct from a tensor, it is recommended to use sourceTensor.clone().detach() or "
            "sourceTensor.clone().detach().requires_grad_(True), rather than {maker}(sourceTensor)."
        },
    ),
    "not_writable": (
        "AttributeError",
        "attribute '{name}' of 'torch._C.TensorBase' objects is not writable",
        {"torch-1.13": "attribute '{name}' of 'torch._C._TensorBase' objects is not writable"},
    ),
    "requires_grad_type": (
        "TypeError",
        "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {type}",
        {},
    ),
    "size_overflow": ("RuntimeError", "Storage size calculation overflowed with sizes={shape}", {}),
    "out_of_memory": (
        "RuntimeError",
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
        "{bytes} bytes. Error code 12 (Cannot allocate memory)",
        {},
    ),
    # Python's own
    "python": ("{type}", "{text}", {}),
}
