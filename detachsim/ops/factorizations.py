"""Factorizations of matrices: cholesky, qr, lu, and triangular equations."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import IN_COLUMNS
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops.matrices import (
    MATRIX,
    POSITIVE,
    check_matrix,
    check_shape,
    check_square,
    refuse_half,
    transposed,
    with_diagonal,
)
from detachsim.ops.numeric import numel
from detachsim.ops.row import general

# Triangular equations


def triangular_solution(A: Array, B: Array, upper: bool, left: bool = True, unitriangular: bool = False) -> Array:
    if not left:
        made = triangular_solution(A.swapaxes(-1, -2), B.swapaxes(-1, -2), not upper, True, unitriangular)
        return np.ascontiguousarray(made.swapaxes(-1, -2))
    triangle = (np.triu if upper else np.tril)(A.astype(np.float64))
    if unitriangular:
        np.einsum("...ii->...i", triangle)[...] = 1
    lead = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    size = A.shape[-1]
    made = np.broadcast_to(B, (*lead, *B.shape[-2:])).astype(np.float64)
    for row in reversed(range(size)) if upper else range(size):
        known = slice(row + 1, size) if upper else slice(0, row)
        sums = np.einsum("...k,...kj->...j", triangle[..., row, known], made[..., known, :])
        made[..., row, :] = (made[..., row, :] - sums) / triangle[..., row, row, None]
    return made.astype(A.dtype)


def _check_triangular(session: Any, op: Op, bound: list[Any]) -> None:
    A, B, left = bound[0], bound[1], bound[3]
    name = "linalg.solve_triangular"
    check_shape(name, A)
    if B.array.ndim < 2:
        raise TorchError("matrix_dims", op=name, name="B")
    rows, columns = B.shape[-2:]
    if (rows if left else columns) != A.shape[-1]:
        raise TorchError(
            "triangular_shapes",
            equation="AX = B" if left else "XA = B",
            rows=A.shape[-2],
            inner=A.shape[-1],
            other=rows,
            columns=columns,
        )
    refuse_half("triangular_solve_cpu", A)


def solve_triangular_backward(
    ops: Any, grad: Any, A: Any, result: Any, upper: bool, left: bool, unitriangular: bool, needs: Sequence[bool]
) -> tuple[Any, Any]:
    """As for ``linalg.solve``; of the matrix's gradient only the triangle that is read counts."""
    to_right = ops.linalg_solve_triangular(
        transposed(ops, A), grad, upper=not upper, left=left, unitriangular=unitriangular
    )
    to_matrix = None
    if needs[0]:
        flipped = transposed(ops, result)
        to_matrix = -(ops.matmul(to_right, flipped) if left else ops.matmul(flipped, to_right))
        offset = int(unitriangular)
        to_matrix = ops.triu(to_matrix, offset) if upper else ops.tril(to_matrix, -offset)
    return to_matrix, to_right if needs[1] else None


# Cholesky


def cholesky(A: Array, upper: bool = False) -> Array:
    # Only one triangle is read.
    source = A.swapaxes(-1, -2) if upper else A
    if not A.size:
        return A.copy()
    made = np.linalg.cholesky(source).astype(A.dtype)
    return np.ascontiguousarray(made.swapaxes(-1, -2)) if upper else made


def _check_cholesky(session: Any, op: Op, bound: list[Any]) -> None:
    check_square("linalg.cholesky", bound[0])
    _require_positive("linalg.cholesky", *bound)


def _require_positive(name: str, A: Tensor, upper: bool) -> None:
    refuse_half("cholesky_cpu", A, skips_empty=True)
    for number, matrix in enumerate(A.array.reshape(numel(A.shape[:-2]), *A.shape[-2:]).astype(np.float64)):
        lower = np.tril(matrix.T if upper else matrix)
        whole = lower + np.tril(lower, -1).T
        for order in range(1, len(whole) + 1):
            # nan is not positive either.
            if not np.linalg.det(whole[:order, :order]) > 0:
                batch = "" if A.array.ndim == 2 else f"(Batch element {number}): "
                raise TorchError("cholesky_positive", op=name, batch=batch, order=order)


def _check_old_cholesky(session: Any, op: Op, bound: list[Any]) -> None:
    session.warn_once("cholesky_deprecated")
    if bound[0].array.size:
        check_shape("cholesky", bound[0])
        _require_positive("cholesky", *bound)


def cholesky_backward(ops: Any, grad: Any, result: Any, upper: bool) -> Any:
    """L^-T phi(L.T @ grad) L^-1, made symmetric; phi keeps the lower triangle and half of the diagonal."""
    if upper:
        result = transposed(ops, result)
        grad = transposed(ops, grad)
    lower = ops.tril(ops.matmul(transposed(ops, result), grad))
    inner = (lower + transposed(ops, ops.tril(lower, -1))) * 0.5
    inner = ops.linalg_solve_triangular(transposed(ops, result), inner, upper=True, left=True, unitriangular=False)
    return ops.linalg_solve_triangular(result, inner, upper=False, left=False, unitriangular=False)


def cholesky_solution(self: Array, input2: Array, upper: bool = False) -> Array:
    first = triangular_solution(input2.swapaxes(-1, -2) if upper else input2, self, False)
    return triangular_solution(input2 if upper else input2.swapaxes(-1, -2), first, True)


def _check_cholesky_solve(session: Any, op: Op, bound: list[Any]) -> None:
    self, factor = bound[0], bound[1]
    for name, tensor in (("b", self), ("u", factor)):
        if tensor.array.ndim < 2:
            raise TorchError("cholesky_solve_dims", name=name, ndim=tensor.array.ndim)
    if self.dtype is not factor.dtype:
        raise TorchError("cholesky_solve_dtype", left=self.dtype.scalar, right=factor.dtype.scalar)
    rows, columns = factor.shape[-2:]
    if rows != columns:
        raise TorchError("cholesky_solve_square", rows=rows, columns=columns)
    if rows != self.shape[-2]:
        raise TorchError("cholesky_solve_sizes", size=rows, rows=self.shape[-2], columns=self.shape[-1])
    refuse_half("cholesky_solve_cpu", self)


def cholesky_solve_backward(
    ops: Any, grad: Any, self: Any, input2: Any, result: Any, upper: bool, needs: Sequence[bool]
) -> tuple[Any, Any]:
    """The gradients of the right side, which solves the same equation, and of the factor."""
    to_right = ops.cholesky_solve(grad, input2, upper)
    to_factor = None
    if needs[1]:
        product = ops.matmul(to_right, transposed(ops, result))
        both = product + transposed(ops, product)
        to_factor = -(ops.matmul(input2, both) if upper else ops.matmul(both, input2))
    return to_right if needs[0] else None, to_factor


def cholesky_inverse(self: Array, upper: bool = False) -> Array:
    eye = np.broadcast_to(np.eye(self.shape[-1], dtype=self.dtype), self.shape)
    return cholesky_solution(eye, self, upper)


def _check_cholesky_inverse(session: Any, op: Op, bound: list[Any]) -> None:
    check_shape("cholesky_inverse", bound[0])
    refuse_half("cholesky_inverse_out_cpu", bound[0])


def cholesky_inverse_backward(ops: Any, grad: Any, self: Any, result: Any, upper: bool) -> Any:
    """Minus inverse @ (grad + grad.T) @ inverse, times the factor."""
    inner = ops.matmul(result, ops.matmul(grad + transposed(ops, grad), result))
    return -(ops.matmul(self, inner) if upper else ops.matmul(inner, self))


# Eigenvalues


# QR


def qr(A: Array, mode: str = "reduced") -> tuple[Array, Array]:
    if mode == "r":
        return np.zeros(0, A.dtype), np.asarray(np.linalg.qr(A, mode="r")).astype(A.dtype)
    q, r = np.linalg.qr(A, mode=mode)  # type: ignore[call-overload]  # checked before
    return q.astype(A.dtype), r.astype(A.dtype)


def _check_qr(session: Any, op: Op, bound: list[Any]) -> None:
    check_matrix("linalg.qr", bound[0])
    if bound[1] not in ("reduced", "complete", "r"):
        raise TorchError("qr_mode", mode=bound[1])
    refuse_half("geqrf_cpu", bound[0])


def qr_backward(ops: Any, grads: Sequence[Any], result0: Any, result1: Any, mode: str) -> Any:
    """(grad of Q + Q @ M) @ R^-T, where M makes (grad of R) @ R.T - Q.T @ (grad of Q) symmetric.

    Of a matrix with more columns than rows this is the gradient of the square in front, for which M is skew; the
    columns behind it have that of R alone.
    """
    q, r = result0, result1
    if mode == "r":
        raise TorchError("qr_without_q")
    rows, columns = q.shape[-2], r.shape[-1]
    if mode == "complete" and rows > columns:
        raise TorchError("qr_complete")
    to_q, to_r = grads
    middle: Any = None
    product = None if to_q is None else ops.matmul(transposed(ops, q), to_q)
    if to_r is not None:
        middle = ops.matmul(to_r, transposed(ops, r))
    if product is not None:
        middle = -product if middle is None else middle - product
    if rows >= columns:
        above = ops.triu(middle)
        made = ops.matmul(q, with_diagonal(ops, above + transposed(ops, above), "mul_scalar_", 0.5))
        if to_q is not None:
            made = made + to_q
        return ops.linalg_solve_triangular(transposed(ops, r), made, upper=False, left=False, unitriangular=False)
    middle = -middle
    made = ops.matmul(q, ops.tril(middle - transposed(ops, middle)))
    square = transposed(ops, ops.slice(r, -1, 0, rows, 1))
    made = ops.linalg_solve_triangular(square, made, upper=False, left=False, unitriangular=False)
    made = ops.cat([made, ops.zeros_sized(made, (*r.shape[:-1], columns - rows))], -1)
    return made if to_r is None else made + ops.matmul(q, to_r)


# Singular values


HELPERS = {
    "solve_triangular_backward": solve_triangular_backward,
    "cholesky_backward": cholesky_backward,
    "cholesky_solve_backward": cholesky_solve_backward,
    "cholesky_inverse_backward": cholesky_inverse_backward,
    "qr_backward": qr_backward,
}

ROWS = [
    general(
        "linalg_solve_triangular(Tensor A, Tensor B, *, bool upper, bool left=True, bool unitriangular=False)",
        "LinalgSolveTriangularBackward0",
        triangular_solution,
        where="l",
        grad={"A, B": "solve_triangular_backward(grad, A, result, upper, left, unitriangular, needs)"},
        check=_check_triangular,
        layout=IN_COLUMNS,
        out={"text": "out_triangular"},
        doc="the solution X of A @ X = B with a triangle A",
        samples=(
            f"torch.linalg.solve_triangular({MATRIX}, b.reshape(-1, 1)[:2], upper=True)",
            f"torch.linalg.solve_triangular({MATRIX}, b.reshape(1, -1)[:, :2], upper=False, left=False)",
        ),
    ),
    general(
        "linalg_cholesky(Tensor A, *, bool upper=False)",
        "LinalgCholeskyExBackward0",
        cholesky,
        where="l",
        grad={"A": "cholesky_backward(grad, result, upper)"},
        check=_check_cholesky,
        layout=IN_COLUMNS,
        out={"name": "linalg_cholesky_ex"},
        doc="the lower triangle L of A = L @ L.T",
        samples=(f"torch.linalg.cholesky({POSITIVE})", f"torch.linalg.cholesky({POSITIVE}, upper=True)"),
    ),
    general(
        "cholesky(Tensor self, bool upper=False)",
        "CholeskyBackward0",
        cholesky,
        grad={"self": "cholesky_backward(grad, result, upper)"},
        check=_check_old_cholesky,
        layout=IN_COLUMNS,
        out={"fits": "castable", "text": "out_castable"},
        doc="linalg.cholesky under its older name",
        samples=(f"torch.cholesky({POSITIVE})",),
    ),
    general(
        "cholesky_solve(Tensor self, Tensor input2, bool upper=False)",
        "CholeskySolveBackward0",
        cholesky_solution,
        grad={"self, input2": "cholesky_solve_backward(grad, self, input2, result, upper, needs)"},
        check=_check_cholesky_solve,
        layout=IN_COLUMNS,
        out={"fits": "castable", "text": "out_castable"},
        doc="the solution X of L @ L.T @ X = self",
        samples=(f"torch.cholesky_solve(b.reshape(-1, 1)[:2], {POSITIVE}.tril())",),
    ),
    general(
        "cholesky_inverse(Tensor self, bool upper=False)",
        "CholeskyInverseBackward0",
        cholesky_inverse,
        grad={"self": "cholesky_inverse_backward(grad, self, result, upper)"},
        check=_check_cholesky_inverse,
        layout=IN_COLUMNS,
        out={"fits": "castable", "text": "out_castable"},
        doc="the inverse of L @ L.T",
        samples=(f"torch.cholesky_inverse({POSITIVE}.tril())",),
    ),
    general(
        "linalg_qr(Tensor A, str mode='reduced')",
        "LinalgQrBackward0",
        qr,
        where="l",
        grad={"A": "qr_backward(grads, result0, result1, mode)"},
        outputs=("Q", "R"),
        differentiable_outputs=2,
        check=_check_qr,
        layout=IN_COLUMNS,
        doc="A = Q @ R, Q with orthonormal columns, R an upper triangle",
        samples=(f"torch.linalg.qr({MATRIX})",),
    ),
]
