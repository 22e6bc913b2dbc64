"""Determinants: det, slogdet and logdet."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.op import Op
from detachsim.ops import lu
from detachsim.ops.matrices import (
    MATRIX,
    alias_of,
    as_factorized,
    check_square,
    each,
    keeping,
    refuse_half,
    refuse_low_precision,
    singular_place,
    spread,
    transposed,
)
from detachsim.ops.reduction import prod_safe_backward
from detachsim.ops.row import composite, general


def _check_determinant(session: Any, op: Op, bound: list[Any]) -> None:
    check_square("linalg.det", bound[0])
    refuse_half("lu_cpu", bound[0], skips_empty=True)


def _check_slogdet(session: Any, op: Op, bound: list[Any]) -> None:
    check_square("linalg.slogdet", bound[0])
    refuse_low_precision("linalg.slogdet", bound[0])


def _check_logdet(session: Any, op: Op, bound: list[Any]) -> None:
    check_square("logdet", bound[0])
    refuse_low_precision("logdet", bound[0])


def determinant(A: Array) -> Array:
    if lu.is_small(A):
        return each(lu.determinant, A)
    return np.asarray(np.linalg.det(as_factorized(A))).astype(A.dtype)


def det_backward(ops: Any, grad: Any, A: Any, result: Any, kept: Any) -> Any:
    """The solution X of A.T @ X = grad * det(A) * identity, which PyTorch takes for singular matrices, too."""
    if isinstance(A, np.ndarray):
        if not kept.size:
            return np.zeros_like(A)
        right = spread(ops, grad * result, A.shape[-1])
        if singular_place(kept) is None:
            return ops.linalg_solve(transposed(ops, kept), right)
        return each(lambda matrix, columns: lu.solve(matrix.T, columns, nudged=True), kept, right)
    size = A.shape[-1]
    if A.size == 0:
        return ops.zeros_of(A)
    if size == 1:
        return ops.unsqueeze(ops.unsqueeze(grad, -1), -1)
    if singular_place(A.tensor.array) is not None:
        return _degenerate_backward(ops, grad, A)
    return ops.linalg_solve(transposed(ops, A), transposed(ops, spread(ops, grad * result, size)))


def _degenerate_backward(ops: Any, grad: Any, A: Any) -> Any:
    """The gradient of a determinant that is 0, by way of the singular values, each left out in turn."""
    left, values, right = ops.linalg_svd(A)
    scale = ops.unsqueeze(ops.linalg_det(left) * ops.linalg_det(right) * grad, -1)
    others = prod_safe_backward(ops, scale, values, values.ndim - 1)
    return ops.matmul(left * ops.unsqueeze(others, -2), right)


def sign_and_log(A: Array) -> tuple[Array, Array]:
    value = determinant(A)
    if not lu.is_small(A):
        sign, log = np.linalg.slogdet(A)
        return np.asarray(sign, dtype=A.dtype), np.asarray(log, dtype=A.dtype)
    log = np.log(np.abs(value.astype(np.float64))).astype(A.dtype)
    # nan has no sign, which counts as 0.
    return np.asarray(np.nan_to_num(np.sign(value))), np.asarray(log)


def slogdet_backward(ops: Any, grads: Sequence[Any], A: Any, sign: Any, kept: Any) -> Any:
    """The gradient of log |det(A)| is inv(A).T; the sign has none."""
    if grads[1] is None:
        return None
    right = spread(ops, grads[1], A.shape[-1])
    if isinstance(A, np.ndarray):
        return ops.linalg_solve(transposed(ops, kept), right)
    return ops.linalg_solve(transposed(ops, A), transposed(ops, right))


def logdet(ops: Any, A: Any) -> Any:
    """The logarithm of the determinant, nan where that is negative."""
    sign, log = ops.linalg_slogdet(A)
    return ops.where(sign == -1.0, math.nan, log)


HELPERS = {"det_backward": det_backward, "slogdet_backward": slogdet_backward}

ROWS: list[Op] = [
    general(
        "linalg_det(Tensor A)",
        "LinalgDetBackward0",
        keeping(determinant),
        hidden=1,
        where="l",
        grad={"A": "det_backward(grad, A, result, result1)"},
        check=_check_determinant,
        out={"name": "_linalg_det"},
        doc="the determinant",
        samples=(f"torch.linalg.det({MATRIX})",),
    ),
    alias_of("det", "linalg_det", "mt", "the determinant", (f"{MATRIX}.det()",), out={"name": "_linalg_det"}),
    general(
        "linalg_slogdet(Tensor A)",
        "LinalgSlogdetBackward0",
        keeping(sign_and_log),
        hidden=1,
        where="l",
        grad={"A": "slogdet_backward(grads, A, result0, result2)"},
        outputs=("sign", "logabsdet"),
        differentiable_outputs=2,
        check=_check_slogdet,
        out={"name": "_linalg_slogdet"},
        doc="the determinant's sign and the logarithm of its size",
        samples=(f"torch.linalg.slogdet({MATRIX})",),
    ),
    alias_of(
        "slogdet",
        "linalg_slogdet",
        "mt",
        "the determinant's sign and the logarithm of its size",
        outputs=("sign", "logabsdet"),
        out={"name": "_linalg_slogdet"},
    ),
    composite(
        "logdet(Tensor A)",
        logdet,
        check=_check_logdet,
        doc="the logarithm of the determinant",
        samples=(f"torch.logdet({MATRIX})",),
    ),
]
