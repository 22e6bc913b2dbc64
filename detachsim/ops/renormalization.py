"""Slices whose norms are kept below a maximum: renorm."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import general
from detachsim.ops.vector_norms import vector_norm, vector_norm_backward

# What PyTorch adds to a norm before it divides.
_LEAST = 1e-7


def _others(dim: int, ndim: int) -> tuple[int, ...]:
    axis = wrap_dim(dim, ndim)
    return tuple(place for place in range(ndim) if place != axis)


def renorm(self: Array, p: float, dim: int, maxnorm: float) -> Array:
    wide = self.astype(np.float32) if self.dtype == np.float16 else self
    norms = vector_norm(wide, p, _others(dim, self.ndim), True)
    kind = wide.dtype.type
    factor = np.where(norms > maxnorm, kind(maxnorm) / (norms + kind(_LEAST)), kind(1))
    return np.asarray(wide * factor).astype(self.dtype)


def _check(session: Any, op: Op, bound: list[Any]) -> None:
    self, p, dim, maxnorm = bound
    if not p > 0:
        raise TorchError("renorm_order")
    if not maxnorm >= 0:
        raise TorchError("renorm_maximum", maxnorm=f"{maxnorm:g}")
    if self.array.ndim < 2:
        raise TorchError("renorm_dims", ndim=self.array.ndim)
    wrap_dim(dim, self.array.ndim)
    if not self.dtype.is_floating:
        raise TorchError("vector_norm_dtype", dtype=self.dtype.scalar)


def renorm_backward(ops: Any, grad: Any, self: Any, p: float, dim: int, maxnorm: float) -> Any:
    """grad, and where the norm was too large, its part along the slice taken away, and scaled."""
    axes = _others(dim, self.ndim)
    # PyTorch accumulates in float64 here.
    wide = None if isinstance(self, np.ndarray) else dtypes.float64
    norms = ops.linalg_vector_norm(self, p, axes, True, dtype=wide)
    along = ops.sum_dim(self * grad, axes, True, dtype=wide)
    slope = vector_norm_backward(ops, along, self, p, norms, axes, True)
    inverse = ops.reciprocal(norms + _LEAST)
    rest = grad - inverse * slope
    scaled = (inverse * maxnorm) * rest
    if not isinstance(self, np.ndarray):
        scaled = ops._to_copy(scaled, grad.tensor.dtype)
    return ops.where(norms > maxnorm, scaled, grad)


HELPERS = {"renorm_backward": renorm_backward}

ROWS: list[Op] = [
    general(
        "renorm(Tensor self, Number p, int dim, Number maxnorm)",
        "RenormBackward0",
        renorm,
        grad={"self": "renorm_backward(grad, self, p, dim, maxnorm)"},
        check=_check,
        inplace=True,
        inside="mul",
        result_edits=1,
        doc="self, each slice along dim scaled down to a norm of maxnorm",
        samples=("a.renorm(2, 0, 1.0)", "torch.renorm(a, 1, -1, 0.5)"),
    ),
]
