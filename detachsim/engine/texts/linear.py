"""The texts of matrix products and of what is built on them."""

from detachsim.engine.texts.entry import Entry

# What PyTorch says of an op that has no kernel for the CPU, with the backends of a build for it.
_NO_KERNEL = (
    "Could not run '{operator}' with arguments from the 'CPU' backend. This could be because the operator doesn't exist "
    "for this backend, or was omitted during the selective/custom build process (if using custom build). If you are a "
    "Facebook employee using PyTorch on mobile, please visit https://fburl.com/ptmfixes for possible resolutions. "
    "'{operator}' is only available for these backends: "
)
_BACKENDS = (
    "[Meta, BackendSelect, Python, FuncTorchDynamicLayerBackMode, "
    "Functionalize, Conjugate, Negative, ZeroTensor, ADInplaceOrView, AutogradOther, AutogradCPU, AutogradCUDA, "
    "AutogradHIP, AutogradXLA, AutogradMPS, AutogradIPU, AutogradXPU, AutogradHPU, AutogradVE, AutogradLazy, "
    "AutogradMTIA, AutogradMAIA, AutogradPrivateUse1, AutogradPrivateUse2, AutogradPrivateUse3, AutogradMeta, "
    "AutogradNestedTensor, Tracer, AutocastCPU, AutocastMTIA, AutocastMAIA, AutocastXPU, AutocastMPS, AutocastCUDA, "
    "FuncTorchBatched, BatchedNestedTensor, FuncTorchVmapMode, Batched, VmapMode, FuncTorchGradWrapper, "
    "PythonTLSSnapshot, FuncTorchDynamicLayerFrontMode, PreDispatch, PythonDispatcher]."
)

# Those of 1.13, of an op for sparse tensors.
_SPARSE_BACKENDS = (
    "[SparseCPU, SparseMeta, SparseCsrCPU, NestedTensorCPU, BackendSelect, Python, FuncTorchDynamicLayerBackMode, "
    "Functionalize, Named, Conjugate, Negative, ZeroTensor, ADInplaceOrView, AutogradOther, AutogradCPU, AutogradCUDA, "
    "AutogradHIP, AutogradXLA, AutogradMPS, AutogradIPU, AutogradXPU, AutogradHPU, AutogradVE, AutogradLazy, "
    "AutogradMeta, AutogradPrivateUse1, AutogradPrivateUse2, AutogradPrivateUse3, AutogradNestedTensor, Tracer, "
    "AutocastCPU, AutocastCUDA, FuncTorchBatched, FuncTorchVmapMode, Batched, VmapMode, FuncTorchGradWrapper, "
    "PythonTLSSnapshot, FuncTorchDynamicLayerFrontMode, PythonDispatcher]."
)

TEXTS: dict[str, Entry] = {
    "no_kernel": ("NotImplementedError", _NO_KERNEL + _BACKENDS, {}),
    "sparse_kernel": ("NotImplementedError", _NO_KERNEL + _SPARSE_BACKENDS, {}),
    "mv_dims": ("RuntimeError", "vector + matrix @ vector expected, got {start}, {matrix}, {vector}", {}),
    "mv_size": (
        "RuntimeError",
        "size mismatch, got input ({start}), mat ({rows}x{columns}), vec ({size})",
        {"torch-1.13": "size mismatch, got {start}, {rows}x{columns},{size}"},
    ),
    "mv_dtype": (
        "RuntimeError",
        "addmv input tensors must have the same dtype, but got {vector}, {matrix}, and {start}",
        {"torch-1.13": "expected scalar type {matrix} but found {vector}"},
    ),
    "dot_dtype": (
        "RuntimeError",
        "dot : expected both vectors to have same dtype, but found {left} and {right}",
        {},
    ),
    "batch_dims": ("RuntimeError", "{name} must be a 3D tensor", {}),
    "batch_sizes": (
        "RuntimeError",
        "Expected size for first two dimensions of batch2 tensor to be: {expected} but got: {found}.",
        {},
    ),
    "scalar_types": ("RuntimeError", "expected scalar type {expected} but found {found}", {}),
    "baddbmm_dtype": (
        "RuntimeError",
        "Input dtypes must be the same, got: input {self}, batch1: {batch1}, batch2: {batch2}",
        {},
    ),
    "addbmm_batches": (
        "RuntimeError",
        "batch1 and batch2 must have same number of batches, got {left} and {right}",
        {},
    ),
    "addbmm_sizes": (
        "RuntimeError",
        "Incompatible matrix sizes for bmm ({rows}x{inner} and {other}x{columns})",
        {},
    ),
    "addmm_matrix": ("RuntimeError", "{name} must be a matrix, got {ndim}-D tensor", {}),
    "same_dtype": (
        "RuntimeError",
        "{left} and {right} must have the same dtype, but got {first} and {second}",
        {"torch-1.13": "{left} and {right} must have the same dtype"},
    ),
    "product_inplace": (
        "RuntimeError",
        "Bad in-place call: input tensor size {sizes} and output tensor size {output} should match",
        {},
    ),
    "addr_dims": ("RuntimeError", "2D tensor expected, got {ndim}D tensor for input", {}),
    "addr_sizes": ("RuntimeError", "size mismatch, input: {size}, v1: {left}, v2: {right}", {}),
    "vector_argument": ("RuntimeError", "{op}: Expected 1-D argument {name}, but got {ndim}-D", {}),
    "linear_dims": (
        "RuntimeError",
        "both arguments to linear need to be at least 1D, but they are {left}D and {right}D",
        {"torch-1.13": "both arguments to matmul need to be at least 1D, but they are {left}D and {right}D"},
    ),
    "inner_sizes": (
        "RuntimeError",
        "inner() the last dimension must match on both input tensors but got shapes {left} and {right}",
        {},
    ),
    "tensordot_dtype": ("RuntimeError", "both inputs should have same dtype", {}),
    "tensordot_lists": ("RuntimeError", "both dimension lists should have same length", {}),
    "tensordot_sizes": (
        "RuntimeError",
        "contracted dimensions need to match, but first has size {first} in dim {first_dim} and second has size {second} "
        "in dim {second_dim}",
        {},
    ),
    "tensordot_many": ("RuntimeError", "tensordot expects dims < ndim_a or ndim_b, but got dims={dims}", {}),
    "tensordot_negative": ("RuntimeError", "tensordot expects dims >= 0, but got dims={dims}", {}),
    "trace_dims": ("RuntimeError", "trace: expected a matrix, but got tensor with dim {ndim}", {}),
    "cross_default": (
        "UserWarning",
        "Using torch.cross without specifying the dim arg is deprecated.\n"
        "Please either pass the dim explicitly or simply use torch.linalg.cross.\n"
        "The default value of dim will change to agree with that of linalg.cross in a future release.",
        {},
    ),
    "bilinear_dtypes": (
        "RuntimeError",
        "All tensors must have the same dtype, got {types}",
        {},
    ),
    "tensordot_tensor": (
        "AssertionError",
        "dims tensor must have size 2 in first dimension, got {size}",
        {},
    ),
    "tensordot_dims": (
        "RuntimeError",
        "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but got "
        "dims={dims}",
        {},
    ),
    "cross_no_dim": ("RuntimeError", "no dimension of size 3 in input", {}),
    "cross_dims": ("RuntimeError", "linalg.cross: inputs must have the same number of dimensions.", {}),
    "cross_sizes": (
        "RuntimeError",
        "linalg.cross: inputs dimension {dim} must have length 3. Got {left} and {right}",
        {},
    ),
    "multi_dot_count": ("RuntimeError", "multi_dot(): expected at least 2 tensors but got {count}", {}),
    "multi_dot_end": ("RuntimeError", "multi_dot(): the {end} tensor must be 1D or 2D but got {ndim}D", {}),
    "multi_dot_middle": ("RuntimeError", "multi_dot(): tensor {index} must be 2D but got {ndim}D", {}),
    "multi_dot_dtype": (
        "RuntimeError",
        "multi_dot(): all tensors must have be the same dtype but tensor 0 is {first} and tensor {index} {other}",
        {},
    ),
    "multi_dot_sizes": (
        "RuntimeError",
        "multi_dot(): tensors {left} and {right} with shapes {left_shape} and {right_shape} cannot be multiplied",
        {},
    ),
    "chain_none": ("RuntimeError", "chain_matmul(): Expected one or more matrices", {}),
    "chain_dims": ("RuntimeError", "Tensor dimension is {ndim}, expected 2 instead.", {}),
    "chain_deprecated": (
        "UserWarning",
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters.",
        {},
    ),
    "einsum_fewer": ("RuntimeError", "einsum(): fewer operands were provided than specified in the equation", {}),
    "einsum_more": ("RuntimeError", "einsum(): more operands were provided than specified in the equation", {}),
    "einsum_none": (
        "ValueError",
        "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts "
        "list",
        {},
    ),
    "einsum_subscript": (
        "RuntimeError",
        "einsum(): invalid subscript given at index {index} in the equation string, subscripts must be in [a-zA-Z]",
        {},
    ),
    "einsum_dot": ("RuntimeError", "einsum(): found '.' for {place} that is not part of any ellipsis{more}", {}),
    "einsum_dots": (
        "RuntimeError",
        "einsum(): found '.' for operand {operand} for which an ellipsis was already found",
        {},
    ),
    "einsum_output_dots": (
        "RuntimeError",
        "einsum(): found '.' for output but an ellipsis (...) was already found",
        {},
    ),
    "einsum_count": (
        "RuntimeError",
        "einsum(): the number of subscripts in the equation ({labels}) does not match the number of dimensions ({ndim}) "
        "for operand {operand} and no ellipsis was given",
        {},
    ),
    "einsum_count_dots": (
        "RuntimeError",
        "einsum(): the number of subscripts in the equation ({labels}) is more than the number of dimensions ({ndim}) "
        "for operand {operand}",
        {},
    ),
    "einsum_output_twice": (
        "RuntimeError",
        "einsum(): output subscript {label} appears more than once in the output",
        {},
    ),
    "einsum_output_unknown": (
        "RuntimeError",
        "einsum(): output subscript {label} does not appear in the equation for any input operand",
        {},
    ),
    "einsum_sizes": (
        "RuntimeError",
        "einsum(): subscript {label} has size {size} for operand {operand} which does not broadcast with previously seen "
        "size {seen}",
        {},
    ),
    "einsum_dots_sizes": (
        "RuntimeError",
        "einsum(): dimension {dim} covered by ellipsis in operand {operand}has size {size} which does not broadcast with "
        "previously seen ellipsis with size {seen} for the respective dimension",
        {},
    ),
    "einsum_repeated": (
        "RuntimeError",
        "einsum(): subscript {label} is repeated for operand {operand} but the sizes don't match, {size} != {seen}",
        {},
    ),
    "bilinear_dims": ("RuntimeError", "bilinear(): input dimensions do not match: got {left} and {right}", {}),
    "bilinear_batch": (
        "RuntimeError",
        "bilinear(): input batch dimensions do not match at dim {dim}: got {left} and {right}",
        {},
    ),
    "bilinear_sizes": (
        "RuntimeError",
        "bilinear(): {name} size does not match weight size: got {found} but expected {expected}",
        {},
    ),
}
