"""Quantiles, with and without NaN."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import fresh
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import composite

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _check_quantile(self: Any, q: Any, interpolation: str) -> None:
    """What PyTorch asks of its arguments before it takes dims."""
    if not isinstance(q, Operand) and not 0 <= q <= 1:
        raise TorchError("quantile_range", q=f"{q:g}")
    if interpolation not in _INTERPOLATIONS:
        raise TorchError("quantile_interpolation", interpolation=interpolation)
    if self.size == 0:
        raise TorchError("quantile_empty")
    if isinstance(q, Operand) and q.ndim > 1:
        raise TorchError("quantile_points")
    if not self.tensor.dtype.is_floating or self.tensor.dtype.is_reduced:
        raise TorchError("quantile_dtype")
    if isinstance(q, Operand) and q.tensor.dtype is not self.tensor.dtype:
        raise TorchError("quantile_points_dtype")


def _quantile(ignore_nan: bool) -> Any:
    def function(
        ops: Any, self: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
    ) -> Any:
        _check_quantile(self, q, interpolation)
        axis = wrap_dim(0 if dim is None else dim, self.ndim)
        points = _points(self, q)
        shape = _reduced_shape(self.shape, dim, axis, keepdim)
        if dim is None:
            rows = ops.flatten(self)
        elif axis == self.ndim - 1:
            rows = self
        else:
            rows = ops.transpose(ops.unsqueeze(self, -1), axis, -1)
        ordered = ops.sort(rows, -1)[0]
        ordered = ops.view(ordered, (*shape, ordered.shape[-1]))
        ranks = _ranks(ordered.tensor.array, points.ravel(), ignore_nan)
        ranks = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}.get(interpolation, lambda r: r)(ranks)
        below = ops.gather(ordered, -1, _index(self, ranks))
        if interpolation in ("linear", "midpoint"):
            weights = np.full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - np.floor(ranks)
            above = ops.gather(ordered, -1, _index(self, np.ceil(ranks)))
            weight = Operand(self.session, fresh(weights.astype(ordered.dtype), self.tensor.dtype))
            below = ops.lerp_(below, above, weight)
        if points.ndim == 0:
            return ops.squeeze_(below, -1)
        return ops.squeeze_(ops.transpose_(ops.unsqueeze_(below, 0), 0, -1), -1)

    return function


def _points(self: Any, q: Any) -> Array:
    if not isinstance(q, Operand):
        return np.asarray(q, dtype=self.tensor.array.dtype)
    points: Array = q.tensor.array
    if not ((points >= 0) & (points <= 1)).all():
        raise TorchError("quantile_points_range")
    return points


def _reduced_shape(shape: tuple[int, ...], dim: int | None, axis: int, keepdim: bool) -> tuple[int, ...]:
    if dim is None:
        return (1,) * len(shape) if keepdim else ()
    if not shape:
        return ()
    return (*shape[:axis], *((1,) if keepdim else ()), *shape[axis + 1 :])


def _ranks(ordered: Array, points: Array, ignore_nan: bool) -> Array:
    """Return where the quantiles stand in the sorted rows, between two elements in general."""
    missing = np.isnan(ordered)
    if ignore_nan:
        present = (~missing).sum(axis=-1, keepdims=True) - 1
        return np.maximum(points * present.astype(points.dtype), 0)
    last = ordered.shape[-1] - 1
    ranks = np.broadcast_to(points * points.dtype.type(last), (*ordered.shape[:-1], points.size))
    return np.where(missing.any(axis=-1, keepdims=True), points.dtype.type(last), ranks)


def _index(self: Any, ranks: Array) -> Operand:
    return Operand(self.session, fresh(ranks.astype(np.int64), dtypes.int64))


ROWS = [
    *(
        composite(
            f"{name}(Tensor self, Number|Tensor q, int? dim=None, bool keepdim=False, *, str interpolation='linear')",
            _quantile(name == "nanquantile"),
            out={"history": "copied", "text": "out_quantile"},
            doc="the value below which a share q of the elements lies",
            samples=(f"a.{name}(0.5)", f"a.{name}(0.3, dim=0)"),
        )
        for name in ("quantile", "nanquantile")
    ),
]
