"""Tensors of length one, and the cosine between two: normalize, cosine_similarity."""

from typing import Any

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.errors import TorchError
from detachsim.engine.promotion import result_type
from detachsim.ops.row import composite


def normalize(ops: Any, input: Any, p: float | None = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """input divided by its norm along dim, which counts eps at least."""
    size = ops.clamp_min(ops.norm(input, 2.0 if p is None else p, dim, True), eps)
    return ops.div(input, ops.expand(size, input.shape))


def cosine_similarity(ops: Any, x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between x1 and x2 along dim."""
    # Tensors without dims count as much as others here.
    dtype = dtypes.promote(x1.tensor.dtype, x2.tensor.dtype)
    if not dtype.is_floating:
        raise TorchError("common_dtype", dtype=dtype.scalar)
    if not eps >= 0:
        raise TorchError("cosine_eps", eps=f"{eps:g}")
    left, right = ops.to(x1, dtype), ops.to(x2, dtype)
    if left.shape != right.shape:
        shape = broadcast_shape(left.shape, right.shape)
        left, right = ops.expand(left, shape), ops.expand(right, shape)
    sizes = [ops.clone(ops.linalg_vector_norm(value, 2, (dim,), True)) for value in (left, right)]
    with x1.session.grad_mode(False):
        for size in sizes:
            ops.clamp_min_(size, eps)
    second = right / sizes[1]
    first = left / sizes[0]
    return ops.sum_dim(first * second, (dim,))


def older_cosine_similarity(ops: Any, x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine as 1.13 finds it, from squares and with a lower bound for them."""
    dtype = result_type((x1.tensor, x2.tensor))
    if not dtype.is_floating:
        raise TorchError("common_dtype", dtype=dtype.scalar)
    shape = broadcast_shape(x1.shape, x2.shape)
    left, right = (ops.expand(ops.to(value, dtype), shape) for value in (x1, x2))
    squares = [ops.sum_dim(ops.pow(value, 2), (dim,), True) for value in (left, right)]
    with x1.session.grad_mode(False):
        for square in squares:
            ops.clamp_min_(square, eps * eps)
    sizes = [ops.sqrt_(square) for square in squares]
    return ops.sum_dim((left / sizes[0]) * (right / sizes[1]), (dim,))


ROWS = [
    composite(
        "normalize(Tensor input, float? p=2.0, int[]? dim=1, float eps=1e-12)",
        normalize,
        where="F",
        out={"name": "div", "fits": "castable", "text": "inplace_cast"},
        doc="input divided by its norm along dim",
        samples=("F.normalize(a, dim=0)",),
    ),
    composite(
        "cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08)",
        cosine_similarity,
        where="tF",
        older={"torch-1.13": {"kernel": older_cosine_similarity}},
        doc="the cosine of the angle between x1 and x2 along dim",
        samples=("F.cosine_similarity(a, b, dim=0)",),
    ),
]
