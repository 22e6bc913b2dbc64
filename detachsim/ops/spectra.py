"""Eigenvalues and singular values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import IN_COLUMNS
from detachsim.engine.op import Op
from detachsim.ops.matrices import (
    MATRIX,
    are_finite,
    as_factorized,
    check_matrix,
    check_shape,
    refuse_half,
    require_numbers,
    transposed,
    with_diagonal,
)
from detachsim.ops.row import composite, general


def eigen(A: Array, UPLO: str = "L") -> tuple[Array, Array]:
    finite = are_finite(A)
    values, vectors = np.linalg.eigh(_numbers(A, finite), UPLO=UPLO)  # type: ignore[call-overload]  # checked before
    return _known(A, finite[..., 0], values), _known(A, finite, vectors)


def eigh_backward(ops: Any, grads: Sequence[Any], result0: Any, result1: Any) -> Any:
    """V @ (diag(grad of values) + V.T @ (grad of vectors) / differences of values) @ V.T."""
    values, vectors = result0, result1
    if grads[1] is None:
        flipped = transposed(ops, vectors)
        return ops.matmul(vectors * ops.unsqueeze(grads[0], -2), flipped)
    # Only the part that turns the vectors counts: a symmetric matrix stays symmetric.
    product = ops.matmul(transposed(ops, vectors), grads[1])
    turned = (product - transposed(ops, product)) * 0.5
    inner = ops.div_(turned, _differences(ops, values))
    if grads[0] is not None:
        inner = with_diagonal(ops, inner, "copy_", grads[0])
    return ops.matmul(vectors, ops.matmul(inner, transposed(ops, vectors)))


def _differences(ops: Any, values: Any) -> Any:
    """The difference of every two values, 1 instead of 0 on the diagonal."""
    right = ops.unsqueeze(values, -1)
    return with_diagonal(ops, ops.unsqueeze(values, -2) - right, "fill_", 1.0)


def _check_eigen(session: Any, op: Op, bound: list[Any]) -> None:
    check_shape("linalg.eigh", bound[0])
    if bound[1].upper() not in ("L", "U"):
        raise TorchError("eigh_triangle", found=bound[1])
    refuse_half("linalg_eigh_cpu", bound[0], skips_empty=True)


def svd(A: Array, full_matrices: bool = True, driver: str | None = None) -> tuple[Array, Array, Array]:
    finite = are_finite(A)
    left, values, right = np.linalg.svd(_numbers(A, finite), full_matrices=full_matrices)
    return _known(A, finite, left), _known(A, finite[..., 0], values), _known(A, finite, right)


def _numbers(A: Array, finite: Array) -> Array:
    """Return the matrices in a type that numpy factorizes, 0 where there is no number."""
    wide = as_factorized(A)
    return np.where(finite, wide, wide.dtype.type(0))


def _known(A: Array, finite: Array, made: Array) -> Array:
    """Return what was made of matrices in their type; what is not finite has neither values nor vectors."""
    return np.asarray(np.where(finite, made, np.nan) if not finite.all() else made, A.dtype)


def _check_svd(session: Any, op: Op, bound: list[Any]) -> None:
    check_matrix("linalg.svd", bound[0])
    if bound[2] is not None:
        raise TorchError("svd_driver")
    refuse_half("linalg_svd_cpu", bound[0], skips_empty=True)
    require_numbers(bound[0])


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
        Vh, U = ops.slice(Vh, -2, 0, few, 1), ops.slice(U, -1, 0, few, 1)
        gVh = None if gVh is None else ops.slice(gVh, -2, 0, few, 1)
        gU = None if gU is None else ops.slice(gU, -1, 0, few, 1)
    if gU is None and gVh is None:
        if rows >= columns:
            return ops.matmul(U, ops.unsqueeze(gS, -1) * Vh)
        return ops.matmul(U * ops.unsqueeze(gS, -2), Vh)
    turned_left = None if gU is None else _skew(ops, ops.matmul(transposed(ops, U), gU))
    turned_right = None if gVh is None else _skew(ops, ops.matmul(Vh, transposed(ops, gVh)))
    spread = _differences(ops, S * S)
    if turned_left is not None and turned_right is not None:
        below = ops.unsqueeze(S, -1) * turned_right
        made = (turned_left * ops.unsqueeze(S, -2) + below) / spread
    elif turned_left is not None:
        across = ops.unsqueeze(S, -2)
        made = turned_left / spread * across
    else:
        inner = turned_right / spread
        made = ops.unsqueeze(S, -1) * inner
    if gS is not None:
        made = made + ops.diag_embed(gS)
    if rows > columns and gU is not None:
        made = ops.matmul(U, made)
        outside = gU / ops.unsqueeze(S, -2)
        seen = ops.matmul(U, ops.matmul(transposed(ops, U), outside))
        return ops.matmul(made + outside - seen, Vh)
    if rows < columns and gVh is not None:
        made = ops.matmul(made, Vh)
        outside = gVh / ops.unsqueeze(S, -1)
        seen = ops.matmul(ops.matmul(outside, transposed(ops, Vh)), Vh)
        return ops.matmul(U, made + outside - seen)
    return ops.matmul(U, ops.matmul(made, Vh)) if rows >= columns else ops.matmul(ops.matmul(U, made), Vh)


def old_svd(ops: Any, self: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """The singular values and vectors, the right ones as columns."""
    if self.ndim < 2:
        raise TorchError("svd_dims", ndim=self.ndim)
    if not compute_uv:
        sizes = (*self.shape[:-2], self.shape[-2]), (*self.shape[:-2], self.shape[-1])
        left, right = (ops.zero_(ops.zeros((*size, size[-1]), dtype=self.tensor.dtype)) for size in sizes)
        return left, ops.linalg_svdvals(self), ops.transpose(right, -2, -1)
    left, values, right = ops.linalg_svd(self, not some)
    return left, values, ops.transpose(right, -2, -1)


HELPERS = {
    "eigh_backward": eigh_backward,
    "svd_backward": svd_backward,
}


ROWS = [
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
        out={"name": "_linalg_eigh"},
        doc="eigenvalues and eigenvectors of a symmetric matrix",
        samples=(f"torch.linalg.eigh({MATRIX})[0]",),
    ),
    composite(
        "linalg_eigvalsh(Tensor A, str UPLO='L')",
        lambda ops, A, UPLO="L": ops.linalg_eigh(A, UPLO)[0],
        where="l",
        out={"name": "_linalg_eigh"},
        doc="eigenvalues of a symmetric matrix",
        samples=(f"torch.linalg.eigvalsh({MATRIX})",),
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
        out={"name": "_linalg_svd"},
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
        out={"name": "_linalg_svd"},
        doc="the singular values",
        samples=(f"torch.linalg.svdvals({MATRIX})",),
    ),
    composite(
        "svd(Tensor self, bool some=True, bool compute_uv=True)",
        old_svd,
        outputs=("U", "S", "V"),
        out={"name": "_linalg_svd"},
        doc="linalg.svd under its older name, with V instead of Vh",
        samples=(f"torch.svd({MATRIX})[1]",),
    ),
]
