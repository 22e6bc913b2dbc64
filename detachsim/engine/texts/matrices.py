"""The texts of ``torch.linalg``."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
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
        "linalg.cholesky: {batch}The factorization could not be completed because the input is not positive-definite (the "
        "leading minor of order {order} is not positive-definite).",
        {},
    ),
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
