"""Factorizations of matrices: cholesky, eigh, qr, svd, lu, and triangular equations."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import IN_COLUMNS
from detachsim.engine.op import Op
from detachsim.ops.matrices import (
    MATRIX,
    POSITIVE,
    check_matrix,
    check_shape,
    check_square,
    each,
    refuse_half,
    transposed,
)
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite, general


def _plain(value: Any) -> bool:
    """Whether a formula runs on arrays, without recording a graph."""
    return isinstance(value, np.ndarray | np.generic)


def _with_diagonal(ops: Any, value: Any, edit: str, by: Any) -> Any:
    """Edit a fresh matrix's diagonal in place; ``edit`` is the name of the op."""
    if _plain(value):
        diagonal = np.einsum("...ii->...i", value)
        diagonal[...] = diagonal * by if edit == "mul_" else by
    else:
        ops[edit](ops.diagonal(value, 0, -2, -1), by)
    return value


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
    made = np.linalg.cholesky(source).astype(A.dtype)
    return np.ascontiguousarray(made.swapaxes(-1, -2)) if upper else made


def _check_cholesky(session: Any, op: Op, bound: list[Any]) -> None:
    A, upper = bound
    name = "linalg.cholesky" if op.name == "linalg_cholesky" else "cholesky"
    check_square(name, A)
    refuse_half("cholesky_cpu", A)
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
    _check_cholesky(session, op, bound)


def cholesky_backward(ops: Any, grad: Any, result: Any, upper: bool) -> Any:
    """L^-T phi(L.T @ grad) L^-1, made symmetric; phi keeps the lower triangle and half of the diagonal."""
    if upper:
        grad, result = transposed(ops, grad), transposed(ops, result)
    flipped = transposed(ops, result)
    lower = ops.tril(ops.matmul(flipped, grad))
    inner = (lower + transposed(ops, ops.tril(lower, -1))) * 0.5
    inner = ops.linalg_solve_triangular(flipped, inner, upper=True, left=True, unitriangular=False)
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
    ops: Any, grad: Any, input2: Any, result: Any, upper: bool, needs: Sequence[bool]
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


def eigen(A: Array, UPLO: str = "L") -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(A, UPLO=UPLO)  # type: ignore[call-overload]  # checked before
    return values.astype(A.dtype), vectors.astype(A.dtype)


def eigh_backward(ops: Any, grads: Sequence[Any], result0: Any, result1: Any) -> Any:
    """V @ (diag(grad of values) + V.T @ (grad of vectors) / differences of values) @ V.T."""
    values, vectors = result0, result1
    flipped = transposed(ops, vectors)
    if grads[1] is None:
        return ops.matmul(vectors * ops.unsqueeze(grads[0], -2), flipped)
    # Only the part that turns the vectors counts: a symmetric matrix stays symmetric.
    product = ops.matmul(flipped, grads[1])
    turned = (product - transposed(ops, product)) * 0.5
    inner = turned / _differences(ops, values)
    if grads[0] is not None:
        inner = _with_diagonal(ops, inner, "copy_", grads[0])
    return ops.matmul(vectors, ops.matmul(inner, flipped))


def _differences(ops: Any, values: Any) -> Any:
    """The difference of every two values, 1 instead of 0 on the diagonal."""
    return _with_diagonal(ops, ops.unsqueeze(values, -2) - ops.unsqueeze(values, -1), "fill_", 1.0)


def _check_eigen(session: Any, op: Op, bound: list[Any]) -> None:
    check_shape("linalg.eigh", bound[0])
    if bound[1].upper() not in ("L", "U"):
        raise TorchError("eigh_triangle", found=bound[1])
    refuse_half("linalg_eigh_cpu", bound[0])


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
    """(grad of Q + Q @ copied upper triangle of M) @ R^-T, with M = (grad of R) @ R.T - Q.T @ (grad of Q)."""
    if mode == "r":
        raise TorchError("qr_without_q")
    q, r = result0, result1
    middle = None
    if grads[1] is not None:
        middle = ops.matmul(grads[1], transposed(ops, r))
    if grads[0] is not None:
        product = ops.matmul(transposed(ops, q), grads[0])
        middle = -product if middle is None else middle - product
    above = ops.triu(middle)
    copied = _with_diagonal(ops, above + transposed(ops, above), "mul_", 0.5)
    made = ops.matmul(q, copied)
    if grads[0] is not None:
        made = made + grads[0]
    return ops.linalg_solve_triangular(transposed(ops, r), made, upper=False, left=False, unitriangular=False)


# Singular values


def svd(A: Array, full_matrices: bool = True, driver: str | None = None) -> tuple[Array, Array, Array]:
    left, values, right = np.linalg.svd(A, full_matrices=full_matrices)
    return left.astype(A.dtype), values.astype(A.dtype), right.astype(A.dtype)


def _check_svd(session: Any, op: Op, bound: list[Any]) -> None:
    check_matrix("linalg.svd", bound[0])
    if bound[2] is not None:
        raise TorchError("svd_driver")
    refuse_half("linalg_svd_cpu", bound[0])
    if not np.isfinite(bound[0].array).all():
        raise TorchError("svd_not_finite")


def _skew(ops: Any, value: Any) -> Any:
    return value - transposed(ops, value)


def svd_backward(ops: Any, grads: Sequence[Any], U: Any, S: Any, Vh: Any, full_matrices: bool) -> Any:
    """U @ ((skew(U.T @ gU) S + S skew(V.T @ gV)) / differences of squares + diag(gS)) @ Vh, and what lies outside."""
    gU, gS, gVh = grads
    rows, columns = U.shape[-2], Vh.shape[-1]
    few = S.shape[-1]
    if full_matrices:
        if rows != columns and (gU is not None if rows > columns else gVh is not None):
            raise TorchError("svd_full")
        U, Vh = ops.slice(U, -1, 0, few, 1), ops.slice(Vh, -2, 0, few, 1)
        gU = None if gU is None else ops.slice(gU, -1, 0, few, 1)
        gVh = None if gVh is None else ops.slice(gVh, -2, 0, few, 1)
    if gU is None and gVh is None:
        if rows >= columns:
            return ops.matmul(U, ops.unsqueeze(gS, -1) * Vh)
        return ops.matmul(U * ops.unsqueeze(gS, -2), Vh)
    squares = S * S
    spread = _differences(ops, squares)
    across, down = ops.unsqueeze(S, -2), ops.unsqueeze(S, -1)
    turned_left = None if gU is None else _skew(ops, ops.matmul(transposed(ops, U), gU))
    turned_right = None if gVh is None else _skew(ops, ops.matmul(Vh, transposed(ops, gVh)))
    if turned_left is not None and turned_right is not None:
        made = (turned_left * across + down * turned_right) / spread
    elif turned_left is not None:
        made = turned_left / spread * across
    else:
        made = down * (turned_right / spread)
    if gS is not None:
        made = made + ops.diag_embed(gS)
    if rows > columns and gU is not None:
        outside = gU / across
        made = ops.matmul(U, made) + outside - ops.matmul(U, ops.matmul(transposed(ops, U), outside))
        return ops.matmul(made, Vh)
    if rows < columns and gVh is not None:
        outside = gVh / down
        made = ops.matmul(made, Vh) + outside - ops.matmul(ops.matmul(outside, transposed(ops, Vh)), Vh)
        return ops.matmul(U, made)
    return ops.matmul(U, ops.matmul(made, Vh)) if rows >= columns else ops.matmul(ops.matmul(U, made), Vh)


def old_svd(ops: Any, self: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """The singular values and vectors, the right ones as columns."""
    if self.ndim < 2:
        raise TorchError("svd_dims", ndim=self.ndim)
    left, values, right = ops.linalg_svd(self, not some)
    return left, values, ops.transpose(right, -2, -1)


# LU


def lu(A: Array, pivot: bool = True) -> tuple[Array, Array, Array]:
    def one(matrix: Array) -> Array:
        rows, columns = matrix.shape
        few = min(rows, columns)
        work, order = matrix.copy(), list(range(rows))
        for k in range(few):
            place = k + int(np.argmax(np.abs(work[k:, k])))
            if place != k:
                work[[k, place]] = work[[place, k]]
                order[k], order[place] = order[place], order[k]
            if work[k, k] != 0:
                work[k + 1 :, k] = work[k + 1 :, k] / work[k, k]
                work[k + 1 :, k + 1 :] -= np.multiply.outer(work[k + 1 :, k], work[k, k + 1 :])
        whole = np.zeros((3, max(rows, columns), max(rows, columns)), matrix.dtype)
        whole[0, order, np.arange(rows)] = 1
        whole[1, :rows, :few] = np.tril(work[:, :few], -1) + np.eye(rows, few, dtype=matrix.dtype)
        whole[2, :few, :columns] = np.triu(work[:few])
        return whole

    rows, columns = A.shape[-2:]
    few = min(rows, columns)
    parts = each(one, A)
    permutation, lower, upper = (parts[..., index, :, :] for index in range(3))
    return permutation[..., :rows, :rows].copy(), lower[..., :rows, :few].copy(), upper[..., :few, :columns].copy()


def _check_lu(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].array.ndim < 2:
        raise TorchError("lu_dims", sizes=list(bound[0].shape))
    refuse_half("lu_cpu", bound[0])


def lu_backward(ops: Any, grads: Sequence[Any], P: Any, L: Any, U: Any) -> Any:
    """P @ L^-T @ (lower triangle of L.T @ gL + upper triangle of gU @ U.T) @ U^-T, of a square matrix."""
    inner = None
    if grads[1] is not None:
        inner = ops.tril(ops.matmul(transposed(ops, L), grads[1]), -1)
    if grads[2] is not None:
        above = ops.triu(ops.matmul(grads[2], transposed(ops, U)))
        inner = above if inner is None else inner + above
    flat = {"left": False, "unitriangular": False}
    inner = ops.linalg_solve_triangular(transposed(ops, U), inner, upper=False, **flat)
    inner = ops.linalg_solve_triangular(transposed(ops, L), inner, upper=True, left=True, unitriangular=True)
    return ops.matmul(P, inner)


HELPERS = {
    "solve_triangular_backward": solve_triangular_backward,
    "cholesky_backward": cholesky_backward,
    "cholesky_solve_backward": cholesky_solve_backward,
    "cholesky_inverse_backward": cholesky_inverse_backward,
    "eigh_backward": eigh_backward,
    "qr_backward": qr_backward,
    "svd_backward": svd_backward,
    "lu_backward": lu_backward,
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
        doc="linalg.cholesky under its older name",
        samples=(f"torch.cholesky({POSITIVE})",),
    ),
    general(
        "cholesky_solve(Tensor self, Tensor input2, bool upper=False)",
        "CholeskySolveBackward0",
        cholesky_solution,
        grad={"self, input2": "cholesky_solve_backward(grad, input2, result, upper, needs)"},
        check=_check_cholesky_solve,
        layout=IN_COLUMNS,
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
        doc="the inverse of L @ L.T",
        samples=(f"torch.cholesky_inverse({POSITIVE}.tril())",),
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
        layout=IN_COLUMNS,
        doc="eigenvalues and eigenvectors of a symmetric matrix",
        samples=(f"torch.linalg.eigh({MATRIX})[0]",),
    ),
    composite(
        "linalg_eigvalsh(Tensor A, str UPLO='L')",
        lambda ops, A, UPLO="L": ops.linalg_eigh(A, UPLO)[0],
        where="l",
        doc="eigenvalues of a symmetric matrix",
        samples=(f"torch.linalg.eigvalsh({MATRIX})",),
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
    general(
        "linalg_svd(Tensor A, bool full_matrices=True, *, str? driver=None)",
        "LinalgSvdBackward0",
        svd,
        where="l",
        grad={"A": "svd_backward(grads, result0, result1, result2, full_matrices)"},
        outputs=("U", "S", "Vh"),
        differentiable_outputs=3,
        check=_check_svd,
        layout=IN_COLUMNS,
        doc="A = U @ diag(S) @ Vh, U and Vh orthogonal, S the singular values",
        samples=(
            f"torch.linalg.svd({MATRIX})[1]",
            f"torch.linalg.svd({MATRIX})[0].abs()",
            "torch.linalg.svd(torch.stack([a, a * a, b]).reshape(3, -1)[:, :2] + torch.ones(3, 2), "
            "full_matrices=False)[1]",
        ),
    ),
    composite(
        "linalg_svdvals(Tensor A, *, str? driver=None)",
        lambda ops, A, driver=None: ops.linalg_svd(A, False, driver=driver)[1],
        where="l",
        doc="the singular values",
        samples=(f"torch.linalg.svdvals({MATRIX})",),
    ),
    composite(
        "svd(Tensor self, bool some=True, bool compute_uv=True)",
        old_svd,
        outputs=("U", "S", "V"),
        doc="linalg.svd under its older name, with V instead of Vh",
        samples=(f"torch.svd({MATRIX})[1]",),
    ),
    general(
        "linalg_lu(Tensor A, *, bool pivot=True)",
        "LinalgLuBackward0",
        lu,
        where="l",
        grad={"A": "lu_backward(grads, result0, result1, result2)"},
        outputs=("P", "L", "U"),
        differentiable_outputs=3,
        check=_check_lu,
        doc="A = P @ L @ U, P a permutation, L and U triangles",
        samples=(f"torch.linalg.lu({MATRIX})[1:]",),
    ),
]
