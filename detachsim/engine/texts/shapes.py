"""The texts of shapes, dims and indices."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "broadcast_shapes_negative": (
        "ValueError",
        "Attempting to broadcast a dimension with negative length!",
        {},
    ),
    "broadcast_shapes_type": (
        "RuntimeError",
        "Input shapes should be of type ints, a tuple of ints, or a list of ints, got {found}",
        {},
    ),
    "dim_range": (
        "IndexError",
        "Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})",
        {},
    ),
    "dim_twice": ("RuntimeError", "dim {dim} appears multiple times in the list of dims", {}),
    "mean_dtype": (
        "RuntimeError",
        "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: {dtype}",
        {},
    ),
    "view_stride": (
        "RuntimeError",
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
        "contiguous subspaces). Use .reshape(...) instead.",
        {},
    ),
    "shape_invalid": ("RuntimeError", "shape '{shape}' is invalid for input of size {size}", {}),
    "shape_two_unknown": ("RuntimeError", "only one dimension can be inferred", {}),
    "shape_negative": (
        "RuntimeError",
        "invalid shape dimension {size} at index {index} of shape {shape}",
        {"torch-1.13": "invalid shape dimension {size}"},
    ),
    "shape_ambiguous": (
        "RuntimeError",
        "cannot reshape tensor of 0 elements into shape {shape} because the unspecified dimension size -1 can be any "
        "value and is ambiguous",
        {},
    ),
    "expand_dims": (
        "RuntimeError",
        "expand({tensor_type}{{{sizes}}}, size={shape}): the number of sizes provided ({given}) must be greater or equal to the "
        "number of dimensions in the tensor ({ndim})",
        {},
    ),
    "expand_size": (
        "RuntimeError",
        "The expanded size of the tensor ({size}) must match the existing size ({existing}) at non-singleton dimension "
        "{dim}.  Target sizes: {shape}.  Tensor sizes: {sizes}",
        {},
    ),
    "expand_leading": (
        "RuntimeError",
        "The expanded size of the tensor ({size}) isn't allowed in a leading, non-existing dimension {dim}",
        {},
    ),
    "numel_overflow": ("RuntimeError", "numel: integer multiplication overflow", {}),
    "t_dims": ("RuntimeError", "{op}() expects a tensor with <= 2 dimensions, but self is {ndim}D", {}),
    "permute_dims": (
        "RuntimeError",
        "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of "
        "dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {given}",
        {},
    ),
    "permute_twice": ("RuntimeError", "permute(): duplicate dims are not allowed.", {}),
    "index_empty": ("IndexError", "index is out of bounds for dimension with size 0", {}),
    "index_range": ("IndexError", "index {index} is out of bounds for dimension {dim} with size {size}", {}),
    "select_range": (
        "IndexError",
        "select(): index {index} out of range for tensor of size {sizes} at dimension {dim}",
        {},
    ),
    "index_zero_dim": (
        "IndexError",
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim "
        "tensor to a number",
        {},
    ),
    "select_zero_dim": ("IndexError", "select() cannot be applied to a 0-dim tensor.", {}),
    "slice_zero_dim": ("IndexError", "slice() cannot be applied to a 0-dim tensor.", {}),
    "index_many": ("IndexError", "too many indices for tensor of dimension {ndim}", {}),
    "index_put_no_mask": (
        "RuntimeError",
        "sym_strides() called on an undefined Tensor",
        {"torch-1.13": "strides() called on an undefined Tensor"},
    ),
    "index_put_no_mask_type": (
        "RuntimeError",
        "masked_fill_ only supports boolean masks, but got mask with dtype nullptr (uninitialized)",
        {
            "torch-1.13": 'op.is_output INTERNAL ASSERT FAILED at "./aten/src/ATen/TensorIterator.cpp":349, please report a '
            "bug to PyTorch. Found type undefined input tensor!"
        },
    ),
    "index_put_nothing": (
        "RuntimeError",
        'ntensor >= 3 INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/aten/src/ATen/native/cpu/IndexKernelUtils.h":8, please '
        "report a bug to PyTorch. ",
        {
            "torch-1.13": 'ntensor >= 3 INTERNAL ASSERT FAILED at "./aten/src/ATen/native/cpu/IndexKernelUtils.h":10, please '
            "report a bug to PyTorch. "
        },
    ),
    "index_put_many": ("IndexError", "too many indices for tensor of dimension {ndim} (got {count})", {}),
    "slice_op_step": ("RuntimeError", "slice step must be positive", {}),
    "slice_step": ("ValueError", "step must be greater than zero", {}),
    "slice_step_zero": ("ValueError", "slice step cannot be zero", {}),
    "index_dtype": (
        "IndexError",
        "tensors used as indices must be long, int, byte or bool tensors",
        {"torch-1.13": "tensors used as indices must be long, byte or bool tensors"},
    ),
    "index_type": (
        "IndexError",
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {type})",
        {},
    ),
    "mask_shape": (
        "IndexError",
        "The shape of the mask {mask} at index {index} does not match the shape of the indexed tensor {sizes} at index "
        "{dim}",
        {},
    ),
    "index_broadcast": (
        "IndexError",
        "shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}",
        {},
    ),
    "index_value_shape": (
        "RuntimeError",
        "shape mismatch: value tensor of shape {value} cannot be broadcast to indexing result of shape {result}",
        {},
    ),
    "assign_type": ("TypeError", "can't assign a {type} to a torch.{scalar}Tensor", {}),
    "cat_empty": (
        "ValueError",
        "torch.cat(): expected a non-empty list of Tensors",
        {"torch-1.13": ("RuntimeError", "torch.cat(): expected a non-empty list of Tensors")},
    ),
    "cat_zero_dim": ("RuntimeError", "zero-dimensional tensor (at position {index}) cannot be concatenated", {}),
    "cat_dims": ("RuntimeError", "Tensors must have same number of dimensions: got {left} and {right}", {}),
    "cat_sizes": (
        "RuntimeError",
        "Sizes of tensors must match except in dimension {dim}. Expected size {expected} but got size {found} for tensor "
        "number {index} in the list.",
        {},
    ),
    "stack_sizes": (
        "RuntimeError",
        "stack expects each tensor to be equal size, but got {first} at entry 0 and {other} at entry {index}",
        {},
    ),
    "stack_empty": ("RuntimeError", "stack expects a non-empty TensorList", {}),
    "mm_shapes": (
        "RuntimeError",
        "mat1 and mat2 shapes cannot be multiplied ({rows}x{inner} and {other}x{columns})",
        {},
    ),
    "mm_self": ("RuntimeError", "self must be a matrix", {}),
    "mm_mat2": ("RuntimeError", "mat2 must be a matrix", {}),
    "mm_dtype": (
        "RuntimeError",
        "expected m1 and m2 to have the same dtype, but got: {left.cpp} != {right.cpp}",
        {"torch-1.13": "expected scalar type {left.scalar} but found {right.scalar}"},
    ),
    "mv_shapes": ("RuntimeError", "size mismatch, got input ({rows}), mat ({rows}x{columns}), vec ({size})", {}),
    "dot_dims": ("RuntimeError", "1D tensors expected, but got {left}D and {right}D tensors", {}),
    "dot_sizes": (
        "RuntimeError",
        "inconsistent tensor size, expected tensor [{left}] and src [{right}] to have the same number of elements, but got "
        "{left} and {right} elements respectively",
        {},
    ),
    "matmul_dims": (
        "RuntimeError",
        "both arguments to matmul need to be at least 1D, but they are {left}D and {right}D",
        {},
    ),
    "reduce_empty": (
        "RuntimeError",
        "{op}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' "
        "argument.",
        {},
    ),
    "reduce_empty_dim": ("IndexError", "{op}(): Expected reduction dim {dim} to have non-zero size.", {}),
    "fill_dims": (
        "RuntimeError",
        "fill_ only supports 0-dimension value tensor but got tensor with {ndim} dimensions.",
        {},
    ),
    "negative_dim": ("RuntimeError", "Trying to create tensor with negative dimension {size}: {shape}", {}),
    "where_condition": (
        "RuntimeError",
        "where expected condition to be a boolean tensor, but got a tensor with dtype {dtype}",
        {},
    ),
    "clamp_none": ("RuntimeError", "torch.clamp: At least one of 'min' or 'max' must not be None", {}),
    "item": (
        "RuntimeError",
        "a Tensor with {numel} elements cannot be converted to Scalar",
        {"torch-1.13": ("ValueError", "only one element tensors can be converted to Python scalars")},
    ),
    "as_strided_bounds": (
        "RuntimeError",
        "setStorage: sizes {sizes}, strides {strides}, storage offset {offset}, and itemsize {itemsize} requiring a storage "
        "size of {needed} are out of bounds for storage of size {size}",
        {},
    ),
    "tensor_sequence": ("ValueError", "expected sequence of length {expected} at dim {dim} (got {found})", {}),
    "broadcast": (
        "RuntimeError",
        "The size of tensor a ({left}) must match the size of tensor b ({right}) at non-singleton dimension {dim}",
        {},
    ),
}
