"""Weights as a length times a direction, along one dim."""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import require_dim, wrap_dim
from detachsim.ops.row import composite, general


def _lengths(v: Any, dim: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the dims that lengths are taken over, and the shape in which they meet the directions."""
    others = tuple(d for d in range(len(v.shape)) if d != dim)
    return others, tuple(size if d == dim else 1 for d, size in enumerate(v.shape))


def scaled(v: Array, g: Array, dim: int) -> tuple[Array, Array]:
    others, shape = _lengths(v, dim)
    wide = v.astype(np.float64)
    norms = np.sqrt((wide * wide).sum(axis=others)).astype(v.dtype).reshape(shape)
    return (v * (g.reshape(shape) / norms)).astype(v.dtype), norms


def weight_norm_backward(ops: Any, grad: Any, v: Any, g: Any, norms: Any, dim: int) -> tuple[Any, Any]:
    """The gradients of direction and length, by ops that can be differentiated."""
    _, shape = _lengths(v, dim)
    saved = ops.view(norms, shape)
    flat = (shape[dim], -1) if dim == 0 else (-1, shape[dim])
    sums = ops.view(ops.sum_dim(ops.view(grad * v, flat), (1 if dim == 0 else 0,)), shape)
    to_v = (g / saved) * (grad - v * (sums / (saved * saved)))
    return to_v, sums / saved


def norm_except_dim(ops: Any, v: Any, pow: int = 2, dim: int = 0) -> Any:
    """The norms of v along all dims but one, which keep a place."""
    if dim == -1:
        if not v.tensor.dtype.is_floating:
            raise TorchError("older_norm_dtype", what="input dtype", dtype=v.tensor.dtype.scalar)
        return ops.norm(v, pow)
    wrap_dim(dim, v.ndim)
    require_dim(dim, v.ndim)
    _, shape = _lengths(v, dim)
    if dim == 0:
        return ops.view(ops.norm_dim(ops.view(ops.contiguous(v), (v.shape[0], -1)), pow, (1,)), shape)
    if dim == v.ndim - 1:
        return ops.view(ops.norm_dim(ops.view(ops.contiguous(v), (-1, v.shape[-1])), pow, (0,)), shape)
    return ops.transpose(norm_except_dim(ops, ops.transpose(v, 0, dim), pow, 0), 0, dim)


def weight_norm(ops: Any, v: Any, g: Any, dim: int = 0) -> Any:
    """The direction of v with the length g."""
    if v.ndim and dim in (0, v.ndim - 1):
        return ops._weight_norm_interface(v, g, dim)
    return v * (g / norm_except_dim(ops, v, 2, dim))


HELPERS = {"weight_norm_backward": weight_norm_backward}

ROWS: list[Op] = [
    composite(
        "norm_except_dim(Tensor v, int pow=2, int dim=0)",
        norm_except_dim,
        where="t",
        doc="the norms of v along all dims but one",
        samples=("torch.norm_except_dim(torch.stack([a, b]))",),
    ),
    composite(
        "_weight_norm(Tensor v, Tensor g, int dim=0)",
        weight_norm,
        where="",
        doc="the direction of v with the length g",
    ),
    general(
        "_weight_norm_interface(Tensor v, Tensor g, int dim)",
        "WeightNormInterfaceBackward0",
        scaled,
        where="",
        grad={"v, g": "weight_norm_backward(grad, v, g, result1, dim)"},
        hidden=1,
        doc="the direction of v with the length g, along the first dim or the last",
    ),
]
