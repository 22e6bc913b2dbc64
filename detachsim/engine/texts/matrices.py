"""The texts of ``torch.linalg``."""

from detachsim.engine.texts.entry import Entry

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
        "{op}: The diagonal element {index} is zero, the inversion could not be completed because the input matrix is "
        "singular.",
        {},
    ),
    "matrix_singular_batch": (
        "_LinAlgError",
        "{op}: (Batch element {batch}): The diagonal element {index} is zero, the inversion could not be completed because "
        "the input matrix is singular.",
        {},
    ),
    "solve_singular": (
        "_LinAlgError",
        "torch.linalg.solve: The solver failed because the input matrix is singular.",
        {},
    ),
    "solve_shapes": (
        "RuntimeError",
        "linalg.solve: Incompatible shapes of A and B for the equation AX = B ({rows}x{inner} and {other}x{columns})",
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
    "svd_not_finite": (
        "_LinAlgError",
        "linalg.svd: The algorithm failed to converge because the input matrix contained non-finite values.",
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
    "lu_dims": (
        "RuntimeError",
        "linalg.lu: Expected tensor with 2 or more dimensions. Got size: {sizes} instead",
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
