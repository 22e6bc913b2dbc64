"""Functions of matrices: det, inv, solve, cholesky, eigh, qr, powers and norms."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops import lu
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import composite, general


def _each(function: Callable[..., Array], *arrays: Array) -> Array:
    """Apply a function of single matrices to every matrix of a batch."""
    if arrays[0].ndim == 2:
        return function(*arrays)
    lead = arrays[0].shape[:-2]
    flat = [array.reshape(-1, *array.shape[len(lead) :]) for array in arrays]
    made = [function(*items) for items in zip(*flat, strict=True)]
    return np.array(made).reshape(*lead, *np.shape(made[0]) if made else ())


def _check_square(op: str, tensor: Tensor, name: str = "A") -> None:
    _check_matrix(op, tensor, name)
    rows, columns = tensor.shape[-2:]
    if rows != columns:
        raise TorchError("matrix_square", op=op, name=name, rows=rows, columns=columns)


def _check_matrix(op: str, tensor: Tensor, name: str = "A") -> None:
    if tensor.array.ndim < 2:
        raise TorchError("matrix_dims", op=op, name=name)
    if not tensor.dtype.is_floating:
        raise TorchError("matrix_dtype", op=op, dtype=tensor.dtype.scalar)


def _square(op: str) -> Callable[..., None]:
    return lambda session, row, bound: _check_square(op, bound[0])


def transposed(ops: Any, value: Any) -> Any:
    """Every matrix with rows and columns exchanged."""
    return ops.transpose(value, -2, -1)


def constant(ops: Any, like: Any, array: Array) -> Any:
    """Plain numbers in the type of ``like``, as a formula's operand."""
    if isinstance(like, (np.ndarray, np.generic)):
        return array.astype(like.dtype)
    return Operand(like.session, fresh(array.astype(like.dtype), like.tensor.dtype))


# Determinants


def determinant(A: Array) -> Array:
    if lu.is_small(A):
        return _each(lu.determinant, A)
    return np.asarray(np.linalg.det(A)).astype(A.dtype)


def cofactors(A: Array) -> Array:
    """The gradient of the determinant, which exists for singular matrices too."""
    size = A.shape[-1]
    made = np.empty_like(A)
    for i, j in np.ndindex(size, size):
        minor = np.delete(np.delete(A, i, axis=-2), j, axis=-1)
        made[..., i, j] = (-1) ** (i + j) * np.linalg.det(minor.astype(np.float64))
    return made


def det_backward(ops: Any, grad: Any, A: Any, result: Any) -> Any:
    """grad * det(A) * inv(A).T, and for singular matrices the cofactors."""
    each = ops.unsqueeze(ops.unsqueeze(grad, -1), -1)
    if isinstance(A, np.ndarray):
        return each * cofactors(A)
    scale = ops.unsqueeze(ops.unsqueeze(grad * result, -1), -1)
    return scale * transposed(ops, ops.linalg_inv(A))


def sign_and_log(A: Array) -> tuple[Array, Array]:
    value = determinant(A)
    if not lu.is_small(A):
        sign, log = np.linalg.slogdet(A)
        return np.asarray(sign, dtype=A.dtype), np.asarray(log, dtype=A.dtype)
    log = np.log(np.abs(value.astype(np.float64))).astype(A.dtype)
    return np.asarray(np.sign(value)), np.asarray(log)


def slogdet_backward(ops: Any, grads: Sequence[Any], A: Any, sign: Any) -> Any:
    """The gradient of log |det(A)| is inv(A).T; the sign has none."""
    if grads[1] is None:
        return ops.zeros_of(A)
    return ops.unsqueeze(ops.unsqueeze(grads[1], -1), -1) * transposed(ops, ops.linalg_inv(A))


def logdet(ops: Any, A: Any) -> Any:
    """The logarithm of the determinant, nan where that is negative."""
    sign, log = ops.linalg_slogdet(A)
    return ops.where(sign == -1.0, math.nan, log)


# Inverses and equations


def inverse(A: Array) -> Array:
    def one(matrix: Array) -> Array:
        if lu.is_small(matrix):
            return lu.solve(matrix, np.eye(len(matrix), dtype=matrix.dtype))
        return np.linalg.inv(matrix).astype(matrix.dtype)

    return _each(one, A)


def _singular(array: Array) -> tuple[int, int] | None:
    """Return the batch and the place of the first singular matrix."""
    for batch, matrix in enumerate(array.reshape(-1, *array.shape[-2:])):
        place = lu.first_zero(matrix)
        if place:
            return batch, place
    return None


def _check_inverse(session: Any, op: Op, bound: list[Any]) -> None:
    _check_square("linalg.inv", bound[0])
    found = _singular(bound[0].array)
    if found is None:
        return
    if bound[0].array.ndim == 2:
        raise TorchError("matrix_singular", op="linalg.inv", index=found[1])
    raise TorchError("matrix_singular_batch", op="linalg.inv", batch=found[0], index=found[1])


def inverse_backward(ops: Any, grad: Any, result: Any) -> Any:
    """-inv(A).T @ grad @ inv(A).T."""
    flipped = transposed(ops, result)
    return -ops.matmul(flipped, ops.matmul(grad, flipped))


def solution(A: Array, B: Array, left: bool = True) -> Array:
    vector = _is_vector(A.shape, B.shape)
    if not left:
        return np.ascontiguousarray(solution(A.swapaxes(-1, -2), B.swapaxes(-1, -2)).swapaxes(-1, -2))
    right = B[..., None] if vector else B
    lead = np.broadcast_shapes(A.shape[:-2], right.shape[:-2])

    def one(matrix: Array, columns: Array) -> Array:
        if lu.is_small(matrix):
            return lu.solve(matrix, columns)
        return np.linalg.solve(matrix, columns).astype(matrix.dtype)

    made = _each(
        one,
        np.broadcast_to(A, (*lead, *A.shape[-2:])),
        np.broadcast_to(right, (*lead, *right.shape[-2:])),
    )
    return made[..., 0] if vector else made


def _is_vector(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether B is (a batch of) vectors rather than matrices."""
    return len(b) == 1 or (len(a) - 1 == len(b) and b == a[:-1])


def _check_solve(session: Any, op: Op, bound: list[Any]) -> None:
    A, B, left = bound
    _check_square("linalg.solve", A)
    if A.dtype is not B.dtype:
        raise TorchError("solve_dtype", first=A.dtype.scalar, second=B.dtype.scalar)
    vector = _is_vector(A.shape, B.shape)
    if B.array.ndim == 0:
        raise TorchError("matrix_dims", op="linalg.solve", name="B")
    rows, columns = (B.shape[-1], 1) if vector else B.shape[-2:]
    if (rows if left else columns) != A.shape[-1]:
        raise TorchError("solve_shapes", rows=A.shape[-2], inner=A.shape[-1], other=rows, columns=columns)
    if _singular(A.array) is not None:
        raise TorchError("solve_singular")


def solve_backward(
    ops: Any, grad: Any, A: Any, result: Any, shape: tuple[int, ...], left: bool, needs: Sequence[bool]
) -> tuple[Any, Any]:
    """The right side's gradient solves the transposed equation; the matrix's is minus its product with the solution."""
    to_right = ops.linalg_solve(transposed(ops, A), grad, left=left)
    to_matrix = None
    if needs[0]:
        if _is_vector(tuple(A.shape), shape):
            to_matrix = -(ops.unsqueeze(to_right, -1) * ops.unsqueeze(result, -2))
        elif left:
            to_matrix = -ops.matmul(to_right, transposed(ops, result))
        else:
            to_matrix = -ops.matmul(transposed(ops, result), to_right)
    return to_matrix, to_right if needs[1] else None


# Factorizations


def cholesky(A: Array, upper: bool = False) -> Array:
    # Only one triangle is read.
    source = A.swapaxes(-1, -2) if upper else A
    made = np.linalg.cholesky(source).astype(A.dtype)
    return np.ascontiguousarray(made.swapaxes(-1, -2)) if upper else made


def _check_cholesky(session: Any, op: Op, bound: list[Any]) -> None:
    A, upper = bound
    _check_square("linalg.cholesky", A)
    for number, matrix in enumerate(A.array.reshape(-1, *A.shape[-2:]).astype(np.float64)):
        lower = np.tril(matrix.T if upper else matrix)
        whole = lower + np.tril(lower, -1).T
        for order in range(1, len(whole) + 1):
            if np.linalg.det(whole[:order, :order]) <= 0:
                batch = "" if A.array.ndim == 2 else f"(Batch element {number}): "
                raise TorchError("cholesky_positive", batch=batch, order=order)


def cholesky_backward(ops: Any, grad: Any, result: Any, upper: bool) -> Any:
    """L^-T phi(L.T @ grad) L^-1, made symmetric; phi keeps the lower triangle and half of the diagonal."""
    if upper:
        grad, result = transposed(ops, grad), transposed(ops, result)
    size = result.shape[-1]
    half = constant(ops, result, np.tril(np.ones((size, size))) - np.eye(size) / 2)
    flipped = transposed(ops, result)
    inner = ops.matmul(flipped, grad) * half
    back = ops.linalg_inv(result)
    made = ops.matmul(transposed(ops, back), ops.matmul(inner, back))
    return (made + transposed(ops, made)) * 0.5


def eigen(A: Array, UPLO: str = "L") -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(A, UPLO=UPLO)  # type: ignore[call-overload]  # checked before
    return values.astype(A.dtype), vectors.astype(A.dtype)


def eigh_backward(ops: Any, grads: Sequence[Any], result0: Any, result1: Any) -> Any:
    """V @ (diag(grad of values) + V.T @ (grad of vectors) / differences of values) @ V.T."""
    values, vectors = result0, result1
    size = values.shape[-1]
    eye = constant(ops, values, np.eye(size))
    flipped = transposed(ops, vectors)
    inner = None
    if grads[1] is not None:
        differences = ops.unsqueeze(values, -2) - ops.unsqueeze(values, -1) + eye
        # Only the part that turns the vectors counts: a symmetric matrix stays symmetric.
        product = ops.matmul(flipped, grads[1])
        inner = (product - transposed(ops, product)) * 0.5 / differences
    if grads[0] is not None:
        diagonal = ops.unsqueeze(grads[0], -2) * eye
        inner = diagonal if inner is None else inner + diagonal
    return ops.matmul(vectors, ops.matmul(inner, flipped))


def _check_eigen(session: Any, op: Op, bound: list[Any]) -> None:
    _check_square("linalg.eigh", bound[0])
    if bound[1].upper() not in ("L", "U"):
        raise TorchError(
            "python",
            type="RuntimeError",
            text=f"Expected UPLO argument to be 'L' or 'U', but got {bound[1]}",
        )


def qr(A: Array, mode: str = "reduced") -> tuple[Array, Array]:
    q, r = np.linalg.qr(A, mode=mode)  # type: ignore[call-overload]  # checked before
    return q.astype(A.dtype), r.astype(A.dtype)


def _check_qr(session: Any, op: Op, bound: list[Any]) -> None:
    _check_matrix("linalg.qr", bound[0])
    if bound[1] not in ("reduced", "complete"):
        raise TorchError("qr_mode", mode=bound[1])


def qr_backward(ops: Any, grads: Sequence[Any], result0: Any, result1: Any) -> Any:
    """(grad of Q + Q @ copied lower triangle of M) @ R^-T, with M = R @ (grad of R).T - (grad of Q).T @ Q."""
    q, r = result0, result1
    size = r.shape[-1]
    middle = None
    if grads[1] is not None:
        middle = ops.matmul(r, transposed(ops, grads[1]))
    if grads[0] is not None:
        product = ops.matmul(transposed(ops, grads[0]), q)
        middle = -product if middle is None else middle - product
    lower = constant(ops, r, np.tril(np.ones((size, size)), -1))
    eye = constant(ops, r, np.eye(size))
    below = middle * lower
    made = ops.matmul(q, below + transposed(ops, below) + middle * eye)
    if grads[0] is not None:
        made = made + grads[0]
    return ops.matmul(made, transposed(ops, ops.linalg_inv(r)))


# Powers and norms


def matrix_power(ops: Any, A: Any, n: int) -> Any:
    """A multiplied with itself n times, by squaring; a negative n inverts first."""
    _check_power(A.tensor)
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


def _check_power(tensor: Tensor) -> None:
    if tensor.array.ndim < 2:
        raise TorchError("matrix_dims", op="linalg.matrix_power", name="A")
    rows, columns = tensor.shape[-2:]
    if rows != columns:
        raise TorchError("matrix_square", op="linalg.matrix_power", name="A", rows=rows, columns=columns)


def linalg_norm(ops: Any, A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """A vector's or a matrix's norm."""
    dims = (dim,) if isinstance(dim, int) else dim
    if ord is not None and dims is None and A.ndim > 2:
        raise TorchError("linalg_norm_dims", ndim=A.ndim)
    count = A.ndim if dims is None else len(dims)
    if isinstance(ord, str) or (ord is not None and count == 2):
        return matrix_norm(ops, A, ord, (-2, -1) if dims is None else dims, keepdim, dtype)
    return ops.linalg_vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype)


def matrix_norm(
    ops: Any, A: Any, ord: Any = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False, dtype: Any = None
) -> Any:
    """A norm of matrices: Frobenius, or the largest (smallest) sum of absolute values of a row or column."""
    if A.ndim < 2:
        raise TorchError("matrix_dims", op="linalg.matrix_norm", name="A")
    if not A.tensor.dtype.is_floating and dtype is None:
        raise TorchError("matrix_dtype", op="linalg.matrix_norm", dtype=A.tensor.dtype.scalar)
    if ord == "fro":
        return ops.linalg_vector_norm(A, 2, tuple(dim), keepdim, dtype=dtype)
    if isinstance(ord, str) or abs(ord) not in (1, math.inf):
        raise TorchError("matrix_norm_order", order=ord)
    rows, columns = (wrap_dim(axis, A.ndim) for axis in dim)
    first, second = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = ops.linalg_vector_norm(A, 1, (first,), keepdim, dtype=dtype)
    if second > first and not keepdim:
        second -= 1
    return ops.amax(sums, (second,), keepdim) if ord > 0 else ops.amin(sums, (second,), keepdim)


def _alias(name: str, target: str, where: str, doc: str, samples: Sequence[str] = ()) -> Op:
    """Return a row that runs the row of ``torch.linalg`` under another name."""
    return composite(
        f"{name}(Tensor A)",
        lambda ops, A: getattr(ops, target)(A),
        where=where,
        doc=doc,
        samples=samples,
    )


HELPERS = {
    "det_backward": det_backward,
    "slogdet_backward": slogdet_backward,
    "inverse_backward": inverse_backward,
    "solve_backward": solve_backward,
    "cholesky_backward": cholesky_backward,
    "eigh_backward": eigh_backward,
    "qr_backward": qr_backward,
}

# A matrix of two rows that is never singular, and one that is symmetric and positive-definite.
_MATRIX = "(a.reshape(-1)[:2].diag_embed() + 0.1)"

ROWS = [
    general(
        "linalg_det(Tensor A)",
        "LinalgDetBackward0",
        determinant,
        where="l",
        grad={"A": "det_backward(grad, A, result)"},
        check=_square("linalg.det"),
        doc="the determinant",
        samples=(f"torch.linalg.det({_MATRIX})",),
    ),
    _alias("det", "linalg_det", "mt", "the determinant", (f"{_MATRIX}.det()",)),
    general(
        "linalg_slogdet(Tensor A)",
        "LinalgSlogdetBackward0",
        sign_and_log,
        where="l",
        grad={"A": "slogdet_backward(grads, A, result0)"},
        outputs=("sign", "logabsdet"),
        differentiable_outputs=2,
        check=_square("linalg.slogdet"),
        doc="the determinant's sign and the logarithm of its size",
        samples=(f"torch.linalg.slogdet({_MATRIX})",),
    ),
    _alias("slogdet", "linalg_slogdet", "mt", "the determinant's sign and the logarithm of its size"),
    composite(
        "logdet(Tensor A)",
        logdet,
        doc="the logarithm of the determinant",
        samples=(f"torch.logdet({_MATRIX})",),
    ),
    general(
        "linalg_inv(Tensor A)",
        "LinalgInvExBackward0",
        inverse,
        where="l",
        grad={"A": "inverse_backward(grad, result)"},
        check=_check_inverse,
        doc="the inverse",
        samples=(f"torch.linalg.inv({_MATRIX})",),
    ),
    _alias("inverse", "linalg_inv", "mt", "the inverse", (f"{_MATRIX}.inverse()",)),
    general(
        "linalg_solve(Tensor A, Tensor B, *, bool left=True)",
        "LinalgSolveExBackward0",
        solution,
        where="l",
        grad={"A, B": "solve_backward(grad, A, result, B_size, left, needs)"},
        check=_check_solve,
        doc="the solution X of A @ X = B",
        samples=(f"torch.linalg.solve({_MATRIX}, b.reshape(-1)[:2])",),
    ),
    general(
        "linalg_cholesky(Tensor A, *, bool upper=False)",
        "LinalgCholeskyExBackward0",
        cholesky,
        where="l",
        grad={"A": "cholesky_backward(grad, result, upper)"},
        check=_check_cholesky,
        doc="the lower triangle L of A = L @ L.T",
        samples=(f"torch.linalg.cholesky({_MATRIX})",),
    ),
    general(
        "linalg_eigh(Tensor A, str UPLO='L')",
        "LinalgEighBackward0",
        eigen,
        where="l",
        grad={"A": "eigh_backward(grads, result0, result1)"},
        outputs=("eigenvalues", "eigenvectors"),
        differentiable_outputs=2,
        check=_check_eigen,
        doc="eigenvalues and eigenvectors of a symmetric matrix",
        samples=(f"torch.linalg.eigh({_MATRIX})[0]",),
    ),
    general(
        "linalg_qr(Tensor A, str mode='reduced')",
        "LinalgQrBackward0",
        qr,
        where="l",
        grad={"A": "qr_backward(grads, result0, result1)"},
        outputs=("Q", "R"),
        differentiable_outputs=2,
        check=_check_qr,
        doc="A = Q @ R, Q with orthonormal columns, R an upper triangle",
        samples=(f"torch.linalg.qr({_MATRIX})",),
    ),
    composite(
        "linalg_matrix_power(Tensor A, int n)",
        matrix_power,
        where="l",
        doc="A multiplied with itself n times",
        samples=(f"torch.linalg.matrix_power({_MATRIX}, 3)",),
    ),
    composite(
        "matrix_power(Tensor self, int n)",
        matrix_power,
        doc="self multiplied with itself n times",
        samples=(f"{_MATRIX}.matrix_power(2)",),
    ),
    composite(
        "linalg_norm(Tensor A, any ord=None, any dim=None, bool keepdim=False, *, dtype? dtype=None)",
        linalg_norm,
        where="l",
        doc="a vector's or a matrix's norm",
        samples=("torch.linalg.norm(a)",),
    ),
    composite(
        "linalg_matrix_norm(Tensor A, any ord='fro', int[] dim=-2, bool keepdim=False, *, dtype? dtype=None)",
        lambda ops, A, ord="fro", dim=-2, keepdim=False, dtype=None: matrix_norm(
            ops, A, ord, (-2, -1) if dim == -2 else dim, keepdim, dtype
        ),
        where="l",
        doc="a matrix's norm",
        samples=("torch.linalg.matrix_norm(torch.stack([a, a]))",),
    ),
    composite(
        "linalg_matmul(Tensor input, Tensor other)",
        lambda ops, input, other: ops.matmul(input, other),
        where="l",
        doc="the matrix product",
        samples=("torch.linalg.matmul(a, b)",),
    ),
]
