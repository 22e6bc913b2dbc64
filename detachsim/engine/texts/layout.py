"""The texts of views, of changes of shape, of pieces and of copies in another arrangement."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "matrix_transpose": (
        "RuntimeError",
        "tensor.{word} is only supported on {what}. Got {ndim}-D tensor.",
        {},
    ),
    "movedim_counts": (
        "RuntimeError",
        "movedim: Invalid source or destination dims: source ({source} dims) should contain the same number of dims as "
        "destination ({destination} dims)",
        {},
    ),
    "movedim_repeated": ("RuntimeError", "movedim: repeated dim in `{which}` ({dims})", {}),
    "cumulative_number": ("IndexError", "{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}", {}),
    "dim_none": ("IndexError", "Dimension specified as {dim} but tensor has no dimensions", {}),
    "narrow_tensor": ("RuntimeError", "start must be an 0-dim integral Tensor.", {}),
    "meshgrid_dtypes": ("RuntimeError", "meshgrid expects all tensors to have the same dtype", {}),
    "narrow_zero_dim": ("RuntimeError", "narrow() cannot be applied to a 0-dim tensor.", {}),
    "flatten_order": ("RuntimeError", "flatten() has invalid args: start_dim cannot come after end_dim", {}),
    "narrow_copy_dim": (
        "RuntimeError",
        "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.  (Could this error message be "
        "improved?  If so, please report an enhancement request to PyTorch.)",
        {},
    ),
    "narrow_length": ("RuntimeError", "narrow(): length must be non-negative.", {}),
    "narrow_start": (
        "IndexError",
        "start out of range (expected to be in range of [{low}, {size}], but got {start})",
        {"torch-1.13": "Dimension out of range (expected to be in range of [-{size}, {last}], but got {start})"},
    ),
    "narrow_end": (
        "RuntimeError",
        "start ({start}) + length ({length}) exceeds dimension size ({size}).",
        {},
    ),
    "sparse_only": ("RuntimeError", "{op} expected sparse tensor layout but got Strided", {}),
    "unflatten_empty": ("RuntimeError", "unflatten: sizes must be non-empty", {}),
    "unflatten_unexpected": ("RuntimeError", "unflatten got an unexpected error:\n{reason}", {}),
    "unflatten_sizes": (
        "RuntimeError",
        "unflatten: Provided sizes {sizes} don't multiply up to the size of dim {dim} ({size}) in the input tensor",
        {},
    ),
    "meshgrid_empty": ("RuntimeError", "meshgrid expects a non-empty TensorList", {}),
    "meshgrid_dims": (
        "RuntimeError",
        "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {tensor}",
        {},
    ),
    "meshgrid_indexing": (
        "UserWarning",
        "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.",
        {},
    ),
    "meshgrid_mode": (
        "RuntimeError",
        'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}',
        {},
    ),
    "view_dtype_zero_dim": (
        "RuntimeError",
        "self.dim() cannot be 0 to view {source} as {target} (different element sizes)",
        {},
    ),
    "view_dtype_stride": (
        "RuntimeError",
        "self.stride(-1) must be 1 to view {source} as {target} (different element sizes), but got {found}",
        {},
    ),
    "view_dtype_divisible": (
        "RuntimeError",
        "self.{what} must be divisible by {ratio} to view {source} as {target} (different element sizes), but got {found}",
        {},
    ),
    "resize_requires_grad": ("RuntimeError", "cannot resize variables that require grad", {}),
    # Pieces
    "split_zero_dim": ("RuntimeError", "{op} expects at least a 1-dimensional tensor", {}),
    "split_negative": ("RuntimeError", "split expects split_size be non-negative, but got split_size={size}", {}),
    "split_zero": (
        "RuntimeError",
        "split_size can only be 0 if dimension size is 0, but got dimension size of {size}",
        {},
    ),
    "split_sizes_negative": (
        "RuntimeError",
        "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sizes}",
        {},
    ),
    "split_sizes_sum": (
        "RuntimeError",
        "split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension {dim}), but got "
        "split_sizes={sizes}",
        {},
    ),
    "chunk_count": ("RuntimeError", "chunk expects `chunks` to be greater than 0, got: {chunks}", {}),
    "tensor_split_zero_dim": (
        "RuntimeError",
        "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims",
        {},
    ),
    "tensor_split_dtype": (
        "RuntimeError",
        "tensor_split expected tensor_indices_or_sections to have dtype of long, but got {dtype}",
        {},
    ),
    "tensor_split_dims": (
        "RuntimeError",
        "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got a "
        "tensor with {ndim} dims",
        {},
    ),
    "tensor_split_sections": (
        "RuntimeError",
        "number of sections must be larger than 0, got {sections}",
        {},
    ),
    "hsplit_dims": (
        "RuntimeError",
        "torch.{op} requires a tensor with at least {least} dimension, but got a tensor with {ndim} dimensions!",
        {},
    ),
    "hsplit_sizes": (
        "RuntimeError",
        "torch.{op} attempted to split along dimension {dim}, but the size of the dimension {size} is not divisible by the "
        "split_size {sections}!",
        {},
    ),
    "stack_none": ("RuntimeError", "{op} expects a non-empty TensorList", {}),
    "block_diag_dims": (
        "RuntimeError",
        "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {index} has {shape} dimensions",
        {},
    ),
    "cartesian_dims": ("RuntimeError", "Expect a 1D vector, but got shape {sizes}", {}),
    # Copies in another arrangement
    "repeat_dims": (
        "RuntimeError",
        "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
        {},
    ),
    "repeat_negative": ("RuntimeError", "Repeats must be non-negative", {}),
    "repeat_counts_dims": ("RuntimeError", "repeats must be 0-dim or 1-dim tensor", {}),
    "repeat_vector": ("RuntimeError", "repeat_interleave only accept 1D vector as repeat", {}),
    "repeat_counts": (
        "RuntimeError",
        "repeats must have the same size as input along dim, but got repeats.size(0) = {count} and input.size({dim}) = {size}",
        {"torch-1.13": "repeats must have the same size as input along dim"},
    ),
    "repeat_output_size": (
        "RuntimeError",
        "repeat_interleave: Invalid output_size, expected {expected} but got {found}",
        {},
    ),
    "repeat_allocated": ("RuntimeError", "allocated size does not match required size", {}),
    "repeat_counts_negative": ("RuntimeError", "repeats can not be negative", {}),
    "roll_shifts": ("RuntimeError", "`shifts` required", {}),
    "roll_align": ("RuntimeError", "shifts and dimensions must align. shifts: {shifts}, dims:{dims}", {}),
    "flip_dims": ("RuntimeError", "Input must be >= {least}-d.", {}),
    "rot90_dims": ("RuntimeError", "expected total rotation dims == 2, but got dims = {count}", {}),
    "rot90_ndim": ("RuntimeError", "expected total dims >= 2, but got total dims = {ndim}", {}),
    "rot90_same": (
        "RuntimeError",
        "expected rotation dims to be different, but got dim0 = {first} and dim1 = {second}",
        {},
    ),
    "rot90_range": ("RuntimeError", "Rotation dim0 out of range, dim0 = {dim}", {}),
    "triangle_dims": (
        "RuntimeError",
        "{op}: input tensor must have at least 2 dimensions",
        {"torch-1.13": ("IndexError", "{range}")},
    ),
    "diagonal_same": ("RuntimeError", "diagonal dimensions cannot be identical {first}, {second}", {}),
    "diag_dims": (
        "RuntimeError",
        "diag(): Supports 1D or 2D tensors. Got {ndim}D",
        {"torch-1.13": "matrix or a vector expected"},
    ),
    "unfold_negative": ("RuntimeError", "size is {size} but must be >= 0", {}),
    "unfold_size": (
        "RuntimeError",
        "maximum size for tensor at dimension {dim} is {length} but size is {size}",
        {},
    ),
    "unfold_step": ("RuntimeError", "step is {step} but must be > 0", {}),
    "scatter_slice": (
        "RuntimeError",
        "expected src to have a size equal to the slice of self. src size = {src}, slice size = {part}",
        {},
    ),
    # F.pad
    "pad_even_constant": (
        "RuntimeError",
        "Length of pad must be even but instead it equals {count}",
        {},
    ),
    "pad_even": ("RuntimeError", "Padding length must be divisible by 2", {}),
    "pad_long": (
        "RuntimeError",
        "Length of pad should be no more than twice the number of dimensions of the input. Pad length is {count} while the "
        "input has {ndim} dimensions.",
        {},
    ),
    "pad_long_F": (
        "RuntimeError",
        "Padding length should be less than or equal to two times the input dimension but got padding length {count} and "
        "input of dimension {ndim}",
        {"torch-1.13": "Padding length too large"},
    ),
    "pad_value": ("RuntimeError", 'Padding mode "{mode}" doesn\'t take in value argument', {}),
    "set_dtype": (
        "RuntimeError",
        "Could not set tensor of type {source} to a tensor of type {target}",
        {
            "torch-1.13": "source.dtype() == self.dtype() INTERNAL ASSERT FAILED at "
            '"./torch/csrc/autograd/generated/python_variable_methods.cpp":16761, please report a bug to PyTorch. '
        },
    ),
    "pad_mode": ("NotImplementedError", "Unrecognised padding mode {mode}", {}),
    "pad_unsupported": (
        "NotImplementedError",
        "Padding size {size} is not supported for {ndim}D input tensor.\nSupported combinations for non-constant padding:\n"
        "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
        "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
        "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)",
        {"torch-1.13": "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"},
    ),
    "pad_wraps": ("RuntimeError", "Padding value causes wrapping around more than once.", {}),
    "pad_reflect": (
        "RuntimeError",
        "Argument #{number}: Padding size should be less than the corresponding input dimension, but got: padding "
        "({before}, {after}) at dimension {dim} of input {shape}",
        {},
    ),
    "as_strided_offset": ("RuntimeError", "Tensor: invalid storage offset {offset}", {}),
    "as_strided_overflow": (
        "RuntimeError",
        "Storage size calculation overflowed with sizes={sizes} and strides={strides}",
        {},
    ),
    "as_strided_negative": (
        "RuntimeError",
        "as_strided: Negative strides are not supported at the moment, got strides: {strides}",
        {},
    ),
    "as_strided_lengths": ("RuntimeError", "mismatch in length of strides and shape", {}),
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
}
