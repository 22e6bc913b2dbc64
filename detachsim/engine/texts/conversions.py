"""The texts of tensors that become Python's numbers or numpy's arrays, or come from them, and Python's own."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
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
    # numpy's own, of its releases since 2.0.
    "array_wrap": (
        "DeprecationWarning",
        "__array_wrap__ must accept context and return_scalar arguments (positionally) in the future. (Deprecated "
        "NumPy 2.0)",
        {},
    ),
    "array_concatenation": (
        "TypeError",
        "Concatenation operation is not implemented for NumPy arrays, use np.concatenate() instead. Please do not rely "
        "on this error; it may not be given on all Python implementations.",
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
    "python": ("{type}", "{text}", {}),
}
