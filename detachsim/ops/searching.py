"""Searching in sorted rows: searchsorted, bucketize."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand, unwrap
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import fresh
from detachsim.ops.row import composite


def _search(boundaries: Array, values: Array, right: bool) -> Array:
    """Halve the stretch in which each value belongs, as PyTorch does: what is not sorted or not a number shows it."""
    low = np.zeros(values.shape, np.int64)
    high = np.full(values.shape, boundaries.shape[-1])
    while (searching := low < high).any():
        middle = np.where(searching, (low + high) // 2, 0)
        met = boundaries[middle] if boundaries.ndim == 1 else np.take_along_axis(boundaries, middle, -1)
        below = searching & ~((met > values) if right else (met >= values))
        low, high = np.where(below, middle + 1, low), np.where(searching & ~below, middle, high)
    return low


def _check_sorter(boundaries: Array, sorter: Any) -> None:
    if sorter.shape != boundaries.shape:
        raise TorchError("searchsorted_sorter_sizes", boundaries=list(boundaries.shape), sorter=list(sorter.shape))
    if sorter.tensor.dtype is not dtypes.int64:
        raise TorchError("searchsorted_sorter_dtype", dtype=sorter.tensor.dtype.scalar)
    places = sorter.tensor.array
    if not places.ndim:
        raise TorchError("searchsorted_sorter_dims")
    if places.size and not (places.min() >= 0 and places.max() < places.shape[-1]):
        raise TorchError("searchsorted_sorter_range")


def _check_shapes(boundaries: Array, values: Array) -> None:
    if values.ndim == 0 and boundaries.ndim != 1:
        raise TorchError("searchsorted_scalar", ndim=boundaries.ndim)
    if boundaries.ndim == 0:
        raise TorchError("searchsorted_zero_dim")
    if boundaries.ndim > 1 and (boundaries.ndim != values.ndim or boundaries.shape[:-1] != values.shape[:-1]):
        raise TorchError("searchsorted_shapes", boundaries=list(boundaries.shape), values=list(values.shape))


def _warn_of_strides(session: Any, values: Array, boundaries: Array, sorter: Array | None) -> None:
    for what, array in (("input_value", values), ("boundary", boundaries), ("sorter", sorter)):
        if array is not None and not array.flags.c_contiguous:
            session.warn_once(f"searchsorted_{what}")


def searchsorted(
    ops: Any,
    self: Any,
    values: Any,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Any:
    """Where values would stand in sorted rows, or in rows that ``sorter`` sorts."""
    if side is not None:
        if side not in ("left", "right"):
            raise TorchError("searchsorted_side", side=side)
        if side == "left" and right:
            raise TorchError("searchsorted_both")
        right = side == "right"
    boundaries: Array = self.tensor.array
    wanted = values.tensor.array if isinstance(values, Operand) else np.asarray(values)
    if sorter is not None and (boundaries.ndim or not ops.is_old):
        _check_sorter(boundaries, sorter)
    _check_shapes(boundaries, wanted)
    kind = np.int32 if out_int32 else np.int64
    if not wanted.size:
        return Operand(self.session, fresh(np.empty(wanted.shape, kind), dtypes.BY_NAME[kind.__name__]))
    _warn_of_strides(self.session, wanted, boundaries, None if sorter is None else sorter.tensor.array)
    common = result_type([self.tensor, unwrap(values)])
    if common is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel="searchsorted_out_cpu", dtype=common.scalar)
    rows = boundaries.astype(common.numpy)
    if sorter is not None:
        rows = np.take_along_axis(rows, sorter.tensor.array, -1)
    made = _search(rows, wanted.astype(common.numpy), right).astype(kind)
    return Operand(self.session, fresh(made, dtypes.BY_NAME[kind.__name__]))


def bucketize(ops: Any, self: Any, boundaries: Any, out_int32: bool = False, right: bool = False) -> Any:
    """The bucket between boundaries into which each value falls."""
    if boundaries.ndim != 1:
        raise TorchError("bucketize_dims", ndim=boundaries.ndim)
    return searchsorted(ops, boundaries, self, out_int32, right)


ROWS: list[Op] = [
    composite(
        "searchsorted(Tensor sorted_sequence, Number|Tensor input, *, bool out_int32=False, bool right=False, "
        "str? side=None, Tensor? sorter=None)",
        searchsorted,
        where="t",
        out={"history": "no history"},
        doc="where values would stand in sorted rows",
    ),
    composite(
        "bucketize(Number|Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False)",
        bucketize,
        where="t",
        out={"history": "no history"},
        doc="the bucket between boundaries into which each value falls",
    ),
]
