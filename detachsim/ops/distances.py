"""Distances between the rows of matrices: cdist and pdist."""

import math
from typing import Any

import numpy as np

from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import require_dim
from detachsim.ops.row import composite, general


def _norms(difference: Array, p: float) -> Array:
    size = np.abs(difference).astype(np.float64)
    if p == 0:
        return np.asarray((size != 0).sum(axis=-1))
    if math.isinf(p):
        return np.asarray(size.max(axis=-1))
    return np.asarray((size**p).sum(axis=-1) ** (1 / p))


def _slopes(difference: Array, distance: Array, p: float) -> Array:
    """Return the gradient of each distance for the differences it was made of; 0 where it is 0."""
    wide, lengths = difference.astype(np.float64), distance.astype(np.float64)[..., None]
    with np.errstate(all="ignore"):
        if p == 0:
            return np.zeros_like(wide)
        if p == 1:
            return np.sign(wide)
        if math.isinf(p):
            return np.sign(wide) * (np.abs(wide) == lengths)
        made = np.sign(wide) * np.abs(wide) ** (p - 1) / lengths ** (p - 1)
    return np.where((lengths == 0) | ((wide == 0) & (p < 2)), 0.0, made)


def cdist(x1: Array, x2: Array, p: float) -> Array:
    return _norms(x1[..., :, None, :] - x2[..., None, :, :], p).astype(x1.dtype)


def cdist_backward(grad_output: Array, x1: Array, x2: Array, p: float, distance: Array) -> Array:
    slopes = _slopes(x1[..., :, None, :] - x2[..., None, :, :], distance, p)
    return np.asarray((slopes * grad_output[..., None]).sum(axis=-2)).astype(x1.dtype)


def distances(ops: Any, x1: Any, x2: Any, p: float = 2.0, compute_mode: str | None = None) -> Any:
    """The distance of every row of x1 to every row of x2."""
    if compute_mode not in (
        None,
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    ):
        raise TorchError("cdist_mode", mode=compute_mode)
    for name, value in (("X1", x1), ("X2", x2)):
        if value.ndim < 2:
            raise TorchError("cdist_dims", name=name, ndim=value.ndim)
    if x1.shape[-1] != x2.shape[-1]:
        raise TorchError("cdist_columns", left=x1.shape[-1], right=x2.shape[-1])
    for name, value in (("X1", x1), ("X2", x2)):
        if not value.tensor.dtype.is_floating:
            raise TorchError("cdist_dtype", name=name, dtype=value.tensor.dtype.scalar)
    if p < 0:
        raise TorchError("cdist_order")
    left, right = x1.tensor.dtype, x2.tensor.dtype
    if left is not right:
        raise TorchError("scalar_types", expected=left.scalar, found=right.scalar)
    if left.is_reduced and x1.size and x2.size:
        raise TorchError("not_implemented_for", kernel="cdist", dtype=left.scalar)
    broadcast_shape(x1.shape[:-2], x2.shape[:-2])
    return ops.cdist_kernel(x1, x2, p)


def _check_gradient(session: Any, op: Op, bound: list[Any]) -> None:
    _, left, right, _, distance = bound
    shapes = left.shape, right.shape
    if min(map(len, shapes)) < 2 or left.shape[-1] != right.shape[-1]:
        raise LimitError(CHANGED)
    lead = broadcast_shape(*(shape[:-2] for shape in shapes))
    if distance.shape != (*lead, *(shape[-2] for shape in shapes)):
        raise LimitError(CHANGED)


# PyTorch's kernels read and write what lies behind then.
CHANGED = "distances of rows that have got other sizes since"


def second_gradient(ops: Any, grad: Any, x1: Any, x2: Any, p: float, result: Any) -> Any:
    """The gradient of the second argument is that of the first of the transposed problem."""
    grad, result = ops.transpose(grad, -2, -1), ops.transpose(result, -2, -1)
    if not isinstance(x1, np.ndarray):
        grad, result = ops.contiguous(grad), ops.contiguous(result)
    return ops.cdist_backward(grad, x2, x1, p, result)


def pdist(self: Array, p: float) -> Array:
    first, second = np.triu_indices(len(self), 1)
    return _norms(self[first] - self[second], p).astype(self.dtype)


def pdist_backward(grad_output: Array, self: Array, p: float, distance: Array) -> Array:
    rows, _ = self.shape
    first, second = np.triu_indices(rows, 1)
    parts = _slopes(self[first] - self[second], distance, p) * grad_output[:, None]
    made = np.zeros(self.shape, np.float64)
    np.add.at(made, first, parts)
    np.subtract.at(made, second, parts)
    return made.astype(self.dtype)


def _check_pairs_gradient(session: Any, op: Op, bound: list[Any]) -> None:
    self, distance = bound[1], bound[3]
    require_dim(0, self.array.ndim)
    require_dim(1, self.array.ndim)
    rows = self.shape[0]
    if self.array.ndim > 2 or rows * (rows - 1) // 2 != distance.array.size:
        raise LimitError(CHANGED)


def _refuse_half(session: Any, op: Op, bound: list[Any]) -> None:
    """Refuse what 1.13 has no gradient for, even where there are no columns."""
    dtype = bound[1].dtype
    if dtype.is_reduced:
        raise TorchError("not_implemented_for", kernel="pdist_backward", dtype=dtype.scalar)


def pair_distances(ops: Any, self: Any, p: float = 2.0) -> Any:
    """The distance of every two rows."""
    if self.ndim != 2:
        raise TorchError("pdist_dims", ndim=self.ndim)
    dtype = self.tensor.dtype
    if not dtype.is_floating:
        raise TorchError("pdist_dtype")
    if not p >= 0:
        raise TorchError("pdist_order")
    if dtype.is_reduced and self.shape[0] > 1 and self.shape[1]:
        raise TorchError("not_implemented_for", kernel="pdist", dtype=dtype.scalar)
    return ops.pdist_kernel(ops.contiguous(self), p)


def _pair_edits(self: Any) -> int:
    # PyTorch's result is zeroed first, and filled once more where the rows have no elements.
    rows, columns = self.shape
    return 0 if rows < 2 else 1 if columns else 2


HELPERS = {"cdist_second_gradient": second_gradient}


def _refused(names: str, op: str) -> dict[str, str]:
    return {names: f"no_derivative('{op}')"}


ROWS: list[Op] = [
    composite(
        "cdist(Tensor x1, Tensor x2, float p=2.0, str? compute_mode=None)",
        distances,
        where="t",
        doc="the distance of every row of x1 to every row of x2",
        samples=("torch.cdist(a, b)", "torch.cdist(a, b, p=1)", "torch.cdist(a, b, 3.0)"),
    ),
    general(
        "cdist_kernel(Tensor x1, Tensor x2, float p)",
        "CdistBackward0",
        cdist,
        where="",
        grad={
            "x1": "cdist_backward(grad, x1, x2, p, result)",
            "x2": "cdist_second_gradient(grad, x1, x2, p, result)",
        },
        doc="cdist after its checks",
    ),
    general(
        "cdist_backward(Tensor grad_output, Tensor x1, Tensor x2, float p, Tensor distance)",
        "CdistBackwardBackward0",
        cdist_backward,
        check=_check_gradient,
        where="",
        grad=_refused("grad_output, x1, x2, distance", "_cdist_backward"),
        doc="the gradient of cdist for its first argument",
    ),
    composite(
        "pdist(Tensor self, float p=2.0)",
        pair_distances,
        where="tF",
        doc="the distance of every two rows",
        samples=("F.pdist(a)",),
    ),
    general(
        "pdist_kernel(Tensor self, float p)",
        "PdistBackward0",
        pdist,
        where="",
        grad={"self": "pdist_backward(grad, self, p, result)"},
        result_edits=lambda bound: _pair_edits(bound[0]),
        older={"torch-1.13": {"result_edits": lambda bound: int(_pair_edits(bound[0]) == 2)}},
        doc="pdist after its checks",
    ),
    general(
        "pdist_backward(Tensor grad_output, Tensor self, float p, Tensor distance)",
        "PdistBackwardBackward0",
        pdist_backward,
        check=_check_pairs_gradient,
        older={"torch-1.13": {"refuses": _refuse_half}},
        where="",
        grad=_refused("grad_output, self, distance", "_pdist_backward"),
        doc="the gradient of pdist",
    ),
]
