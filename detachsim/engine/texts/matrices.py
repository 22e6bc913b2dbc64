"""The texts of ``torch.linalg``."""

from detachsim.engine.texts.entry import Entry

_BACKWARDS = "cannot create std::vector larger than max_size()"

TEXTS: dict[str, Entry] = {
    "eigh_triangle": ("RuntimeError", "Expected UPLO argument to be 'L' or 'U', but got {found}", {}),
    "matrix_dims": ("RuntimeError", "{op}: The input tensor {name} must have at least 2 dimensions.", {}),
    "matrix_square": (
        "RuntimeError",
        "{op}: {name} must be batches of square matrices, but they are {rows} by {columns} matrices",
        {},
    ),
    "matrix_dtype": (
        "RuntimeError",
        "{op}: Expected a floating point or complex tensor as input. Got {dtype}",
        {},
    ),
    "matrix_low_precision": ("RuntimeError", "{op}: Low precision dtypes not supported. Got {dtype}", {}),
    "matrix_singular": (
        "_LinAlgError",
        "{op}: {batch}The diagonal element {index} is zero, the inversion could not be completed because the input matrix is "
        "singular.",
        {},
    ),
    "solve_singular": (
        "_LinAlgError",
        "{op}: {batch}The solver failed because the input matrix is singular.",
        {},
    ),
    "solve_shapes": (
        "RuntimeError",
        "linalg.solve: Incompatible shapes of A and B for the equation {equation} ({rows}x{inner} and {other}x{columns})",
        {},
    ),
    "solve_dtype": (
        "RuntimeError",
        "linalg.solve: Expected A and B to have the same dtype, but found A of type {first} and B of type {second} instead",
        {},
    ),
    "cholesky_positive": (
        "_LinAlgError",
        "{op}: {batch}The factorization could not be completed because the input is not positive-definite (the "
        "leading minor of order {order} is not positive-definite).",
        {},
    ),
    "triangular_shapes": (
        "RuntimeError",
        "linalg.solve_triangular: Incompatible shapes of A and B for the equation {equation} ({rows}x{inner} and "
        "{other}x{columns})",
        {},
    ),
    "cholesky_deprecated": (
        "UserWarning",
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch "
        "release.\nL = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\n"
        "U = torch.cholesky(A, upper=True)\nshould be replaced with\nU = torch.linalg.cholesky(A).mH\n"
        "This transform will produce equivalent results for all valid (symmetric positive definite) inputs.",
        {
            "torch-1.13": "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future "
            "PyTorch release.\nL = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\n"
            "U = torch.cholesky(A, upper=True)\nshould be replaced with\nU = torch.linalg.cholesky(A).mH().\n"
            "This transform will produce equivalent results for all valid (symmetric positive definite) inputs.",
        },
    ),
    "cholesky_solve_dims": (
        "RuntimeError",
        "{name} should have at least 2 dimensions, but has {ndim} dimensions instead",
        {},
    ),
    "cholesky_solve_square": (
        "RuntimeError",
        "A must be batches of square matrices, but they are {rows} by {columns} matrices",
        {},
    ),
    "cholesky_solve_sizes": (
        "RuntimeError",
        "Incompatible matrix sizes for cholesky_solve: each A matrix is {size} by {size} but each b matrix is {rows} by "
        "{columns}",
        {},
    ),
    "qr_without_q": (
        "RuntimeError",
        "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, "
        "mode='reduced') if you are going to differentiate through linalg.qr.",
        {},
    ),
    "qr_complete": (
        "RuntimeError",
        "The QR decomposition is not differentiable when mode='complete' and nrows > ncols.",
        {},
    ),
    "svd_not_finite": (
        "_LinAlgError",
        "linalg.svd: {which}The algorithm failed to converge because the input matrix contained non-finite values.",
        {},
    ),
    "cholesky_solve_dtype": (
        "RuntimeError",
        "Expected b and A to have the same dtype, but found b of type {left} and A of type {right} instead.",
        {},
    ),
    "svd_driver": (
        "RuntimeError",
        "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.",
        {},
    ),
    "svd_dims": (
        "RuntimeError",
        "linalg.svd: input should have at least 2 dimensions, but has {ndim} dimensions instead",
        {},
    ),
    "svd_full": (
        "RuntimeError",
        "The SVD of an m x n matrix with m != n and full_matrices=True cannot be differentiated for the vectors "
        "that complete the basis",
        {},
    ),
    "pinv_input": (
        "RuntimeError",
        "linalg.pinv({dtype}{{{sizes}}}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble "
        "types",
        {},
    ),
    "matrix_rank_dtype": ("RuntimeError", "This function doesn't handle types other than float and double", {}),
    "vecdot_dtype": (
        "RuntimeError",
        "linalg.vecdot: Expected x and y to have the same dtype, but found x of type {left} and y of type {right} instead",
        {},
    ),
    "cond_dims": ("RuntimeError", "linalg.cond: The input tensor must have at least 2 dimensions.", {}),
    "lu_dims": ("RuntimeError", "{op}: Expected tensor with 2 or more dimensions. Got size: {sizes} instead", {}),
    "linalg_norm_given_dims": (
        "RuntimeError",
        "linalg.norm: If dim is specified, it must be of length 1 or 2. Got {dims}",
        {},
    ),
    "qr_deprecated": (
        "UserWarning",
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\nThe boolean "
        "parameter 'some' has been replaced with a string parameter 'mode'.\nQ, R = torch.qr(A, some)\nshould be replaced "
        "with\nQ, R = torch.linalg.qr(A, 'reduced' if some else 'complete')",
        {},
    ),
    "triangular_deprecated": (
        "UserWarning",
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future "
        "PyTorch release.\ntorch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of "
        "the inputs.\nX = torch.triangular_solve(B, A).solution\nshould be replaced with\n"
        "X = torch.linalg.solve_triangular(A, B).",
        {},
    ),
    "triangular_dims": (
        "RuntimeError",
        "torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it has {ndim} dimensions instead",
        {},
    ),
    "triangular_dtype": (
        "RuntimeError",
        "Expected b and A to have the same dtype, but found b of type {left} and A of type {right} instead.",
        {},
    ),
    "triangular_square": (
        "RuntimeError",
        "A must be batches of square matrices, but they are {rows} by {columns} matrices",
        {},
    ),
    "triangular_sizes": (
        "RuntimeError",
        "Incompatible matrix sizes for triangular_solve: each A matrix is {size} by {size} but each b matrix is {rows} by "
        "{columns}",
        {},
    ),
    "lstsq_input": ("RuntimeError", "torch.linalg.lstsq: input must have at least 2 dimensions.", {}),
    "lstsq_other": ("RuntimeError", "torch.linalg.lstsq: other must have at least 1 dimension.", {}),
    "lstsq_dims": (
        "RuntimeError",
        "torch.linalg.lstsq: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1",
        {},
    ),
    "lstsq_dtype": (
        "RuntimeError",
        "torch.linalg.lstsq: Expected input and other to have the same dtype, but got input's dtype {left} and other's dtype "
        "{right}",
        {},
    ),
    "lstsq_rows": ("RuntimeError", "torch.linalg.lstsq: input.size(-2) should match other.size({other})", {}),
    "lstsq_floats": ("RuntimeError", "This function doesn't handle types other than float and double", {}),
    "lstsq_driver": (
        "RuntimeError",
        "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)",
        {},
    ),
    "tensorinv_ind": ("RuntimeError", "Expected a strictly positive integer for 'ind', but got {ind}", {}),
    "tensorinv_sizes": (
        "RuntimeError",
        "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got {last} != {first}",
        {},
    ),
    "tensorsolve_sizes": (
        "RuntimeError",
        "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got "
        "{last} != {first}",
        {},
    ),
    "lu_pivot": ("RuntimeError", "{op}: LU without pivoting is not implemented on the CPU", {}),
    "lu_factor_zero": (
        "RuntimeError",
        "torch.linalg.lu_factor: {batch}U[{place},{place}] is zero and using it on lu_solve would result in a division by "
        "zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
        "linalg.lu_factor_ex(A, pivot)",
        {},
    ),
    "lu_pivot_type": ("TypeError", "_lu_with_info(): argument 'pivot' must be bool, not {type}", {}),
    "lu_deprecated": (
        "UserWarning",
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a "
        "future PyTorch release.\nLU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\nLU, pivots = "
        "torch.linalg.lu_factor(A, compute_pivots)\nand\nLU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\n"
        "should be replaced with\nLU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)",
        {},
    ),
    "lu_solve_deprecated": (
        "UserWarning",
        "torch.lu_solve is deprecated in favor of torch.linalg.lu_solveand will be removed in a future PyTorch release.\n"
        "Note that torch.linalg.lu_solve has its arguments reversed.\nX = torch.lu_solve(B, LU, pivots)\nshould be "
        "replaced with\nX = torch.linalg.lu_solve(LU, pivots, B)",
        {},
    ),
    "lu_solve_dtype": (
        "RuntimeError",
        "linalg.lu_solve: Expected LU and B to have the same dtype, but found LU of type {left} and B of type {right} "
        "instead",
        {},
    ),
    "lu_solve_pivots": ("RuntimeError", "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32", {}),
    "lu_solve_shapes": (
        "RuntimeError",
        "linalg.lu_solve: Incompatible shapes of A and B for the equation {equation} ({rows}x{columns} and {other}x{width})",
        {},
    ),
    "lu_solve_count": (
        "RuntimeError",
        "linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix",
        {},
    ),
    "lu_unpack_range": (
        "RuntimeError",
        "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result of lu_factor?",
        {},
    ),
    "lu_unpack_dims": (
        "RuntimeError",
        "torch.lu_unpack: Expected tensor with 2 or more dimensions. Got size: {shape} instead",
        {},
    ),
    "lu_unpack_pivots": (
        "RuntimeError",
        "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function is "
        "intended to be used with the output produced by torch.linalg.lu_factor",
        {},
    ),
    "cdist_mode": ("ValueError", "{mode} is not a valid value for compute_mode", {}),
    "cdist_dims": ("RuntimeError", "cdist only supports at least 2D tensors, {name} got: {ndim}D", {}),
    "cdist_columns": (
        "RuntimeError",
        "X1 and X2 must have the same number of columns. X1: {left} X2: {right}",
        {},
    ),
    "cdist_dtype": ("RuntimeError", "cdist only supports floating-point dtypes, {name} got: {dtype}", {}),
    "cdist_order": ("RuntimeError", "cdist only supports non-negative p values", {}),
    "pdist_dims": ("RuntimeError", "pdist only supports 2D tensors, got: {ndim}D", {}),
    "pdist_dtype": ("RuntimeError", "pdist only supports floating-point dtypes", {}),
    "pdist_order": ("RuntimeError", "pdist only supports non-negative p values", {}),
    "matrix_norm_same_dims": (
        "RuntimeError",
        "linalg.matrix_norm: dims must be different. Got ({first}, {second})",
        {},
    ),
    "cond_order": ("RuntimeError", "linalg.cond got an invalid norm type: {order}", {}),
    "tensorinv_slice": (
        "RuntimeError",
        "ArrayRef: invalid slice, N = {ind}; size = {ndim}",
        {"torch-1.13": _BACKWARDS},
    ),
    # Of the sizes from beyond the last dim on.
    "sizes_backwards": ("RuntimeError", _BACKWARDS, {}),
    "matrix_norm_dims": ("RuntimeError", "linalg.matrix_norm: dim must be a 2-tuple. Got {dims}", {}),
    "matrix_norm_order": ("RuntimeError", "linalg.matrix_norm: Order {order} not supported.", {}),
    "linalg_norm_dims": (
        "RuntimeError",
        "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D.",
        {},
    ),
    "qr_mode": (
        "RuntimeError",
        "qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'",
        {},
    ),
}
