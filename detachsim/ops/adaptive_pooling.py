"""Pooling over as many windows as asked for: largest elements and means, over one to three dims."""

import math
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import float16
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.pooling import only_number
from detachsim.ops.pooling_checks import asked_for
from detachsim.ops.pooling_rows import adaptive_average_rows, adaptive_max_rows
from detachsim.ops.row import composite

# Largest elements


def _check_max2d(session: Any, op: Op, bound: list[Any]) -> None:
    self, size = bound
    _refuse_empty("adaptive_max_pool2d", self)
    _refuse_negative(self, size)
    if not self.dtype.is_floating or (self.dtype is float16 and session.dialect != NEWEST):
        raise TorchError("not_implemented_for", kernel="adaptive_max_pool2d", dtype=self.dtype.scalar)


def _refuse_dims(op: str, self: Any, dims: int, *, colon: str = "") -> None:
    if len(self.shape) not in (dims + 1, dims + 2):
        raise TorchError("adaptive_dims", op=op, least=dims + 1, most=dims + 2, colon=colon, sizes=list(self.shape))


def _refuse_empty(op: str, self: Any, start: int = 1) -> None:
    for dim, length in enumerate(self.shape):
        if dim >= start and length == 0:
            raise TorchError("adaptive_empty", op=op, sizes=list(self.shape), dim=dim)


def _refuse_negative(self: Any, size: Any) -> None:
    if min(size) < 0:
        shape = [*self.shape[: -len(size)], *size]
        raise TorchError("negative_dim", size=next(length for length in size if length < 0), shape=shape)


def adaptive_max_pool2d(ops: Any, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of as many windows as asked for."""
    _refuse_dims("adaptive_max_pool2d", input, 2, colon=":")
    _refuse_empty("adaptive_max_pool2d", input)
    size = asked_for(input, output_size, 2, "adaptive_max_sizes")
    values, indices = ops.adaptive_max_pool2d_with_indices(input, size)
    return (values, indices) if return_indices else values


def adaptive_max_pool1d(ops: Any, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of as many windows as asked for, as a picture of one row."""
    if input.ndim not in (2, 3):
        raise TorchError("argument_dims", ndim=input.ndim, op="adaptive_max_pool1d")
    if not ops.is_old:
        _refuse_empty("adaptive_max_pool1d", input)
    count = only_number("adaptive_max_pool1d", "output_size", output_size)
    values, indices = ops.adaptive_max_pool2d_with_indices(ops.unsqueeze(input, -2), (1, count))
    values = ops.squeeze_dim(values, -2)
    return (values, ops.squeeze_dim(indices, -2)) if return_indices else values


def adaptive_max_pool3d(ops: Any, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of as many windows as asked for."""
    _refuse_dims("adaptive_max_pool3d", input, 3, colon=":")
    _refuse_empty("adaptive_max_pool3d", input)
    size = asked_for(input, output_size, 3, "adaptive_max_sizes")
    _refuse_negative(input, size)
    refuse_integers("adaptive_max_pool3d_cpu", input)
    values, indices = ops.adaptive_max_pool3d_with_indices(input, size)
    return (values, indices) if return_indices else values


# Means


def adaptive_avg_pool2d(ops: Any, self: Any, output_size: Any) -> Any:
    """Means of as many windows as asked for."""
    size = asked_for(self, output_size, 2, "adaptive_sizes")
    if min(size) < 0:
        raise TorchError("adaptive_negative", dims=2, size=f"{{{size[0]}, {size[1]}}}")
    if size == (1, 1):
        return ops.mean(self, (-1, -2), True)
    _refuse_dims("adaptive_avg_pool2d", self, 2)
    _refuse_empty("adaptive_avg_pool2d", self, self.ndim - 2)
    if math.prod((*self.shape[:-2], *size)):
        refuse_integers("adaptive_avg_pool2d", self)
    return ops._adaptive_avg_pool2d(self, size)


def adaptive_avg_pool1d(ops: Any, self: Any, output_size: Any) -> Any:
    """Means of as many windows as asked for, as a picture of one row."""
    if self.ndim not in (2, 3):
        raise TorchError("argument_dims", ndim=self.ndim, op="adaptive_avg_pool1d")
    count = only_number("adaptive_avg_pool1d", "output_size", output_size)
    return ops.squeeze_dim(adaptive_avg_pool2d(ops, ops.unsqueeze(self, -2), (1, count)), -2)


def adaptive_avg_pool3d(ops: Any, self: Any, output_size: Any) -> Any:
    """Means of as many windows as asked for."""
    size = asked_for(self, output_size, 3, "adaptive_sizes")
    if min(size) < 0:
        # 1.13 tells of the pool over two dims here.
        shown = f"{{{size[0]}, {size[1]},{size[2]}}}"
        raise TorchError("adaptive_negative", dims=2 if ops.is_old else 3, size=shown)
    if size == (1, 1, 1):
        return ops.mean(self, (-1, -2, -3), True)
    _refuse_dims("adaptive_avg_pool3d", self, 3)
    _refuse_empty("adaptive_avg_pool3d", self)
    refuse_integers("adaptive_avg_pool3d_cpu", self)
    return ops._adaptive_avg_pool3d(self, size)


ROWS: list[Op] = [
    *adaptive_max_rows(2, adaptive_max_pool2d, _check_max2d),
    *adaptive_max_rows(3, adaptive_max_pool3d),
    composite(
        "adaptive_max_pool1d(Tensor input, int[] output_size, bool return_indices=False)",
        adaptive_max_pool1d,
        where="F",
        doc="the largest elements of as many windows as asked for",
        samples=("F.adaptive_max_pool1d(a.reshape(1, -1), 2)",),
    ),
    *adaptive_average_rows(2, adaptive_avg_pool2d),
    *adaptive_average_rows(3, adaptive_avg_pool3d),
    composite(
        "adaptive_avg_pool1d(Tensor self, int[] output_size)",
        adaptive_avg_pool1d,
        where="tF",
        doc="means of as many windows as asked for",
        samples=("F.adaptive_avg_pool1d(a.reshape(1, -1), 2)",),
    ),
]
