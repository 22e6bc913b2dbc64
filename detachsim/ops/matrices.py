"""Inverses, solutions and powers of matrices, and what all functions of matrices refuse."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_MADE, IN_COLUMNS, laid_out
from detachsim.engine.limits import require_small
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops import lu
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite, general


def each(function: Callable[..., Array], *arrays: Array) -> Array:
    """Apply a function of single matrices to every matrix of a batch."""
    if arrays[0].ndim == 2:
        return function(*arrays)
    lead = arrays[0].shape[:-2]
    count = numel(lead)
    flat = [array.reshape(count, *array.shape[len(lead) :]) for array in arrays]
    if not count:
        one = np.asarray(function(*(np.eye(*array.shape[1:], dtype=array.dtype) for array in flat)))
        return np.empty((*lead, *one.shape), one.dtype)
    made = [function(*items) for items in zip(*flat, strict=True)]
    return np.array(made).reshape(*lead, *np.shape(made[0]))


def check_square(op: str, tensor: Tensor, name: str = "A") -> None:
    """Refuse what is no square matrix of floats, nor a batch of them."""
    check_shape(op, tensor, name)
    check_matrix(op, tensor, name)


def check_shape(op: str, tensor: Tensor, name: str = "A") -> None:
    """Refuse what is no square matrix, nor a batch of them."""
    if tensor.array.ndim < 2:
        raise TorchError("matrix_dims", op=op, name=name)
    rows, columns = tensor.shape[-2:]
    if rows != columns:
        raise TorchError("matrix_square", op=op, name=name, rows=rows, columns=columns)
    require_small(tensor.shape)


def is_plain(value: Any) -> bool:
    """Whether a formula runs on arrays, without recording a graph."""
    return isinstance(value, np.ndarray | np.generic)


def with_diagonal(ops: Any, value: Any, edit: str, by: Any) -> Any:
    """Edit a fresh matrix's diagonal in place; ``edit`` is the name of the op."""
    if is_plain(value):
        diagonal = np.einsum("...ii->...i", value)
        diagonal[...] = diagonal * by if edit == "mul_scalar_" else by
    else:
        ops[edit](ops.diagonal(value, 0, -2, -1), by)
    return value


def check_matrix(op: str, tensor: Tensor, name: str = "A") -> None:
    """Refuse what is no matrix of floats, nor a batch of them."""
    if tensor.array.ndim < 2:
        raise TorchError("matrix_dims", op=op, name=name)
    if not tensor.dtype.is_floating:
        raise TorchError("matrix_dtype", op=op, dtype=tensor.dtype.scalar)
    require_small(tensor.shape)


def as_factorized(matrices: Array) -> Array:
    """Return matrices in a type that numpy factorizes, which float16 is not even where there are none."""
    return matrices.astype(np.float32) if matrices.dtype == np.float16 else matrices


def are_finite(matrices: Array) -> Array:
    """Which of the matrices hold finite numbers only, with two dims of size 1 in their places."""
    return np.asarray(np.isfinite(matrices).all(axis=(-2, -1), keepdims=True))


def require_numbers(tensor: Tensor) -> None:
    """Refuse what LAPACK finds no singular values of: what is infinite has some that are no numbers."""
    wrong = np.isnan(tensor.array).any(axis=(-2, -1))
    if wrong.any():
        which = f"(Batch element {int(np.argmax(wrong))}): " if wrong.ndim else ""
        raise TorchError("svd_not_finite", which=which)


def refuse_low_precision(op: str, tensor: Tensor) -> None:
    """Raise the error of an op that refuses the half types by itself."""
    if tensor.dtype.is_reduced:
        raise TorchError("matrix_low_precision", op=op, dtype=tensor.dtype.scalar)


def refuse_half(kernel: str, tensor: Tensor, *, skips_empty: bool = False) -> None:
    """Raise the error of a kernel that only float and double have, and that may be left out where nothing is."""
    if skips_empty and not tensor.array.size:
        return
    if tensor.dtype.is_reduced or not tensor.dtype.is_floating:
        raise TorchError("not_implemented_for", kernel=kernel, dtype=tensor.dtype.scalar)


def transposed(ops: Any, value: Any) -> Any:
    """Every matrix with rows and columns exchanged."""
    return ops.transpose(value, -2, -1)


def constant(ops: Any, like: Any, array: Array) -> Any:
    """Plain numbers in the type of ``like``, as a formula's operand."""
    if isinstance(like, (np.ndarray, np.generic)):
        return array.astype(like.dtype)
    return Operand(like.session, fresh(array.astype(like.dtype), like.tensor.dtype))


def keeping(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel that also gives the matrices as it saw them, in the place of the factors that PyTorch keeps."""

    def call(A: Array, *rest: Any, **options: Any) -> tuple[Array, ...]:
        made = kernel(A, *rest, **options)
        return (*(made if isinstance(made, tuple) else (made,)), np.array(A))

    return call


def spread(ops: Any, value: Any, size: int) -> Any:
    """A number for each matrix, on the whole of its diagonal."""
    return ops.diag_embed(ops.expand(ops.unsqueeze(value, -1), (*value.shape, size)))


# Inverses and equations


def inverse(A: Array) -> Array:
    return each(lambda matrix: _solved(matrix, np.eye(len(matrix), dtype=matrix.dtype)), A)


def _solved(matrix: Array, columns: Array) -> Array:
    """Solve for one matrix: LAPACK by numpy where it is large, which refuses singular ones."""
    if not lu.is_small(matrix):
        try:
            return np.linalg.solve(as_factorized(matrix), as_factorized(columns)).astype(matrix.dtype)
        except np.linalg.LinAlgError:
            pass
    return lu.solve(matrix, columns)


def singular_place(array: Array) -> tuple[int, int] | None:
    """Return the batch and the place of the first singular matrix."""
    for batch, matrix in enumerate(array.reshape(numel(array.shape[:-2]), *array.shape[-2:])):
        place = lu.first_zero(matrix)
        if place:
            return batch, place
    return None


def refuse_singular(text: str, op: str, array: Array) -> None:
    """Raise PyTorch's error for the first singular matrix of a batch, or for the one that there is."""
    if (found := singular_place(array)) is not None:
        batch = f"(Batch element {found[0]}): " if array.ndim > 2 else ""
        raise TorchError(text, op=op, batch=batch, index=found[1])


def _check_inverse(session: Any, op: Op, bound: list[Any]) -> None:
    check_square("linalg.inv", bound[0])
    refuse_low_precision("linalg.inv", bound[0])
    refuse_singular("matrix_singular", "linalg.inv", bound[0].array)


def inverse_backward(ops: Any, grad: Any, result: Any) -> Any:
    """-inv(A).T @ grad @ inv(A).T."""
    product = ops.matmul(grad, transposed(ops, result))
    return -ops.matmul(transposed(ops, result), product)


def solution(A: Array, B: Array, left: bool = True) -> Array:
    vector = _is_vector(A.shape, B.shape)
    if not left:
        return np.ascontiguousarray(solution(A.swapaxes(-1, -2), B.swapaxes(-1, -2)).swapaxes(-1, -2))
    right = B[..., None] if vector else B
    lead = np.broadcast_shapes(A.shape[:-2], right.shape[:-2])

    made = each(
        _solved,
        np.broadcast_to(A, (*lead, *A.shape[-2:])),
        np.broadcast_to(right, (*lead, *right.shape[-2:])),
    )
    # PyTorch gives vectors in a batch, too, the strides of matrices by columns.
    return laid_out(np.ascontiguousarray(made[..., 0]) if vector else made, IN_COLUMNS, ())


def _is_vector(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether B is (a batch of) vectors rather than matrices."""
    return len(b) == 1 or (len(a) - 1 == len(b) and b == a[:-1])


def _check_solve(session: Any, op: Op, bound: list[Any]) -> None:
    check_system(*bound)
    refuse_singular("solve_singular", "torch.linalg.solve", bound[0].array)


def check_system(A: Tensor, B: Tensor, left: bool) -> None:
    """Raise the errors of the shapes and types of an equation."""
    if not A.dtype.is_floating:
        raise TorchError("matrix_dtype", op="linalg.solve", dtype=A.dtype.scalar)
    if A.dtype is not B.dtype:
        raise TorchError("solve_dtype", first=A.dtype.scalar, second=B.dtype.scalar)
    check_square("linalg.solve", A)
    vector = _is_vector(A.shape, B.shape)
    if B.array.ndim == 0:
        raise TorchError("matrix_dims", op="linalg.solve", name="B")
    rows, columns = (B.shape[-1], 1) if vector else B.shape[-2:]
    if (rows if left else columns) != A.shape[-1]:
        equation = "AX = B" if left else "XA = B"
        sizes = {"rows": A.shape[-2], "inner": A.shape[-1], "other": rows, "columns": columns}
        raise TorchError("solve_shapes", equation=equation, **sizes)
    refuse_half("lu_cpu", A, skips_empty=True)


def solve_backward(
    ops: Any, grad: Any, A: Any, result: Any, kept: Any, shape: tuple[int, ...], left: bool, needs: Sequence[bool]
) -> tuple[Any, Any]:
    """The right side's gradient solves the transposed equation; the matrix's is minus its product with the solution."""
    vector = _is_vector(tuple(A.shape), shape)
    if vector:
        grad = ops.unsqueeze(grad, -1)
    to_right = ops.linalg_solve(transposed(ops, kept if isinstance(A, np.ndarray) else A), grad, left=left)
    to_matrix = None
    if needs[0]:
        columns = ops.unsqueeze(result, -1) if vector else result
        factors = (to_right, transposed(ops, columns)) if left else (transposed(ops, columns), to_right)
        to_matrix = -ops.matmul(*factors)
        if vector and ops.is_old:
            to_matrix = ops.squeeze_dim(to_matrix, -1)
    if not needs[1]:
        return to_matrix, None
    return to_matrix, ops.squeeze_dim(to_right, -1) if vector else to_right


# Powers


def matrix_power(ops: Any, A: Any, n: int) -> Any:
    """A multiplied with itself n times, by squaring; a negative n inverts first."""
    check_shape("linalg.matrix_power", A.tensor)
    if n == 0:
        eye = np.broadcast_to(np.eye(A.shape[-1], dtype=A.dtype), A.shape)
        return ops.copy_(ops.clone(A), Operand(A.session, fresh(eye.copy(), A.tensor.dtype)))
    base = ops.linalg_inv(A) if n < 0 else A
    count = abs(n)
    if count == 1:
        return ops.clone(base) if n > 0 else base
    if count == 3:
        return ops.matmul(ops.matmul(base, base), base)
    result: Any = None
    square: Any = None
    while count:
        square = base if square is None else ops.matmul(square, square)
        if count & 1:
            result = square if result is None else ops.matmul(result, square)
        count >>= 1
    return result


def alias_of(name: str, target: str, where: str, doc: str, samples: Sequence[str] = (), **fields: Any) -> Op:
    """Return a row that runs the row of ``torch.linalg`` under another name."""
    return composite(
        f"{name}(Tensor A)",
        lambda ops, A: getattr(ops, target)(A),
        where=where,
        doc=doc,
        samples=samples,
        **fields,
    )


HELPERS = {
    "inverse_backward": inverse_backward,
    "solve_backward": solve_backward,
}

# A matrix of two rows that is never singular, and one that is positive-definite.
MATRIX = "(a.reshape(-1)[:2].diag_embed() + 0.1)"
POSITIVE = "(torch.eye(2) * 3 + a.reshape(-1)[:1])"

ROWS = [
    general(
        "linalg_inv(Tensor A)",
        "LinalgInvExBackward0",
        inverse,
        where="l",
        layout=IN_COLUMNS,
        grad={"A": "inverse_backward(grad, result)"},
        check=_check_inverse,
        out={"name": "linalg_inv_ex"},
        doc="the inverse",
        samples=(f"torch.linalg.inv({MATRIX})",),
    ),
    alias_of("inverse", "linalg_inv", "mt", "the inverse", (f"{MATRIX}.inverse()",), out={"name": "linalg_inv_ex"}),
    general(
        "linalg_solve(Tensor A, Tensor B, *, bool left=True)",
        "LinalgSolveExBackward0",
        keeping(solution),
        hidden=1,
        where="l",
        layout=AS_MADE,
        grad={"A, B": "solve_backward(grad, A, result, result1, B_size, left, needs)"},
        check=_check_solve,
        out={"name": "_linalg_solve_ex"},
        doc="the solution X of A @ X = B",
        samples=(f"torch.linalg.solve({MATRIX}, b.reshape(-1)[:2])",),
    ),
    composite(
        "linalg_matrix_power(Tensor A, int n)",
        matrix_power,
        where="l",
        out={"name": "matmul", "fits": "strict", "text": "out_castable"},
        doc="A multiplied with itself n times",
        samples=(f"torch.linalg.matrix_power({MATRIX}, 3)",),
    ),
    composite(
        "matrix_power(Tensor self, int n)",
        matrix_power,
        out={"name": "matmul", "fits": "strict", "text": "out_castable"},
        doc="self multiplied with itself n times",
        samples=(f"{MATRIX}.matrix_power(2)",),
    ),
    composite(
        "linalg_matmul(Tensor input, Tensor other)",
        lambda ops, input, other: ops.matmul(input, other),
        where="l",
        out={"name": "matmul"},
        doc="the matrix product",
        samples=("torch.linalg.matmul(a, b)",),
    ),
]
