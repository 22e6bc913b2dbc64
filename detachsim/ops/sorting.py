"""Sorting: sort, argsort, topk, unique."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from detachsim.engine.dtypes import Array, boolean
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_FIRST, AS_MADE, in_order
from detachsim.engine.op import Op
from detachsim.ops import selection_order
from detachsim.ops.numeric import numel, require_dim, wrap_dim
from detachsim.ops.row import composite, general

# How the dims are ordered, of which one comes first.
Order: TypeAlias = Callable[[int, int], tuple[int, ...]]


def order_along(self: Array, axis: int, descending: bool) -> Array:
    """Return the indices that sort along ``axis``, equal elements in their order; nan is the greatest."""
    if not descending:
        return np.argsort(self, axis=axis, kind="stable")
    backwards = np.argsort(np.flip(self, axis), axis=axis, kind="stable")
    return np.flip(self.shape[axis] - 1 - backwards, axis)


def sort(self: Array, dim: int = -1, descending: bool = False, *, stable: bool = False) -> tuple[Array, Array]:
    axis = wrap_dim(dim, self.ndim)
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    indices, values = np.empty_like(self, dtype=np.int64), np.empty_like(self)  # laid out as self is
    indices[...] = order_along(self, axis, descending)
    if not stable and selection_order.SHORT < self.shape[axis] <= selection_order.LONG:
        _move_ties(np.moveaxis(self, axis, -1), np.moveaxis(indices, axis, -1), descending)
    values[...] = np.take_along_axis(self, indices, axis)
    return values, indices


def _move_ties(rows: Array, indices: Array, descending: bool) -> None:
    """Give the indices of each row that has equal elements the order in which PyTorch leaves those."""
    ordered = np.take_along_axis(rows, indices, -1)
    later, earlier = ordered[..., 1:], ordered[..., :-1]
    ties = (later == earlier) | ((later != later) & (earlier != earlier))
    for place in map(tuple, np.argwhere(ties.any(-1))):
        row = rows[place].tolist()
        order = list(range(len(row)))
        selection_order.sort(order, 0, len(order), _comes_before(row, descending))
        indices[place] = order


def _comes_before(row: list[Any], descending: bool) -> selection_order.Before:
    """Return PyTorch's order of a row's places: nan is the greatest."""

    def before(i: int, j: int) -> bool:
        x, y = row[i], row[j]
        if descending:
            return bool((x != x and y == y) or x > y)
        return bool((x == x and y != y) or x < y)

    return before


def argsort(ops: Any, self: Any, dim: int = -1, descending: bool = False) -> Any:
    """The indices that sort along dim."""
    return ops.sort(self, dim, descending)[1]


def _top_of_row(row: list[Any], k: int, largest: bool, in_order: bool) -> list[int]:
    """Return the places of the k greatest (or least), where ties fall as in PyTorch."""
    order = list(range(len(row)))
    if k == 0:
        return []
    before = _comes_before(row, largest)
    if k * 64 <= len(row):
        selection_order.partial_sort(order, 0, k, len(order), before)
        return order[:k]
    selection_order.nth_element(order, k - 1, before)
    if in_order:
        selection_order.sort(order, 0, k - 1, before)
    return order[:k]


def topk(self: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Array, Array]:
    axis = wrap_dim(dim, self.ndim)
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    rows = np.moveaxis(self, axis, -1)
    if rows.shape[-1] > selection_order.LONG:
        places = order_along(rows, rows.ndim - 1, largest)[..., :k]
    else:
        places = np.empty((*rows.shape[:-1], k), np.int64)
        for at in np.ndindex(rows.shape[:-1]):
            places[at] = _top_of_row(rows[at].tolist(), k, largest, sorted)
    indices = np.asarray(np.moveaxis(places, -1, axis), order="C")
    return np.asarray(np.take_along_axis(self, indices, axis), order="C"), indices


def _check_topk(session: Any, op: Op, bound: list[Any]) -> None:
    self, k, dim = bound[0].array, bound[1], bound[2]
    axis = wrap_dim(dim, self.ndim)
    if not 0 <= k <= (self.shape[axis] if self.ndim else 1):
        raise TorchError("topk_range")


def _refuse_bools(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].dtype is boolean:
        raise TorchError("topk_bool")


def _unique_kernel(self: Array) -> tuple[Array, Array, Array]:
    # One nan is never another.
    values, inverse, counts = np.unique(self, return_inverse=True, return_counts=True, equal_nan=False)
    return values, np.asarray(inverse, np.int64).reshape(self.shape), np.asarray(counts, np.int64)


def _unique_dim_kernel(self: Array, dim: int, order_of: Order) -> tuple[Array, Array, Array]:
    dims = order_of(wrap_dim(dim, self.ndim), self.ndim)
    slices = self.transpose(dims)
    flat = slices.reshape(len(slices), numel(slices.shape[1:]))
    rows = flat.tolist()
    order = list(range(len(rows)))
    if len(order) <= selection_order.LONG:
        selection_order.sort(order, 0, len(order), lambda i, j: _comes_first(rows[i], rows[j]))
    else:
        order = np.lexsort(flat.T[::-1]).tolist()
    new = [place == 0 or rows[order[place]] != rows[order[place - 1]] for place in range(len(order))]
    number = np.cumsum(np.array(new, dtype=bool)) - 1
    inverse = np.empty(len(order), np.int64)
    inverse[order] = number
    counts = np.bincount(number, minlength=sum(new)).astype(np.int64)
    values = slices[[row for row, is_new in zip(order, new, strict=True) if is_new]]
    return _put_back(values, dims), inverse, counts


def _comes_first(one: list[Any], other: list[Any]) -> bool:
    """Whether a slice is the smaller: at the first element where one of them is; nan is never smaller nor larger."""
    for x, y in zip(one, other, strict=True):
        if x < y:
            return True
        if x > y:
            return False
    return False


def _check_unique(session: Any, op: Op, bound: list[Any]) -> None:
    shape, dim = bound[0].shape, bound[1] if len(bound) > 1 else None
    if dim is None:
        return
    chosen = require_dim(dim, len(shape))
    if shape.count(0) > 1 and not shape[chosen]:
        raise TorchError("unique_empty")
    if shape[chosen] and 0 in shape:
        raise TorchError("unique_sizes")


def _in_front(dim: int, ndim: int) -> tuple[int, ...]:
    """Return the dims in the order in which PyTorch goes through slices along ``dim``."""
    return (dim, *(other for other in range(ndim) if other != dim))


def _exchanged(dim: int, ndim: int) -> tuple[int, ...]:
    """Return the same in 1.13, which exchanges the dim with the first one."""
    dims = list(range(ndim))
    dims[0], dims[dim] = dim, 0
    return tuple(dims)


def _put_back(values: Array, dims: Sequence[int]) -> Array:
    """Return slices with their dims where they were, and in memory as they are."""
    return in_order(values.transpose(np.argsort(dims)), dims)


def _consecutive_kernel(self: Array, dim: int | None, order_of: Order) -> tuple[Array, Array, Array]:
    dims = () if dim is None else order_of(wrap_dim(dim, self.ndim), self.ndim)
    rows = self.reshape(-1) if dim is None else self.transpose(dims)
    shape = self.shape if dim is None else (len(rows),)
    if len(rows) == 0:
        return self.reshape(-1).copy() if dim is None else self.copy(), np.zeros(shape, np.int64), np.zeros(0, np.int64)
    starts = np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=tuple(range(1, rows.ndim)))])
    inverse = np.cumsum(starts) - 1
    values = rows[starts]
    if dim is not None:
        values = _put_back(values, dims)
    return values, inverse.reshape(shape).astype(np.int64), np.bincount(inverse).astype(np.int64)


def _wanted(made: Any, return_inverse: bool, return_counts: bool) -> Any:
    values, inverse, counts = made
    if not return_inverse and not return_counts:
        return values
    return (values, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))


def unique(
    ops: Any,
    self: Any,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different values, in order."""
    made = ops._unique2(self) if dim is None else ops.unique_dim(self, dim)
    return _wanted(made, return_inverse, return_counts)


def unique_consecutive(
    ops: Any, self: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The values without neighbours that repeat."""
    return _wanted(ops._unique_consecutive(self, dim), return_inverse, return_counts)


def no_derivative(ops: Any, name: str) -> Any:
    """What a backward pass says of an op without a formula."""
    raise TorchError("no_derivative", op=name)


_SORTED = {"self": "selected_backward(grad, dim, result1, self_size, True)"}
_PAIR = ("values", "indices")


def _unique_row(signature: str, node: str, kernel: Any, name: str) -> Op:
    def along(order_of: Order) -> Any:
        return lambda self, *dim: kernel(self, *dim, order_of) if dim else kernel(self)

    return general(
        signature,
        node,
        along(_in_front),
        where="",
        older={"torch-1.13": {"kernel": along(_exchanged)}},
        grad={"self": f"no_derivative('{name}')"},
        check=_check_unique,
        layout=AS_MADE,
        doc="the different values, where each element's stands, and how often it occurs",
    )


HELPERS = {"no_derivative": no_derivative}

ROWS = [
    general(
        "sort(Tensor self, int dim=-1, bool descending=False)",
        "SortBackward0",
        sort,
        grad=_SORTED,
        gradient_edits={"self": 2},
        outputs=_PAIR,
        inside="copy_",
        result_edits=1,
        layout=AS_FIRST,
        doc="the elements in order along dim, and where they were",
        samples=("a.sort()", "a.sort(0, descending=True)"),
    ),
    general(
        "sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False)",
        "SortBackward1",
        lambda self, stable, dim=-1, descending=False: sort(self, dim, descending, stable=bool(stable)),
        grad=_SORTED,
        gradient_edits={"self": 2},
        outputs=_PAIR,
        inside="copy_",
        layout=AS_FIRST,
        doc="the same, equal elements surely in their order",
    ),
    composite(
        "argsort(Tensor self, int dim=-1, bool descending=False)",
        argsort,
        doc="the indices that sort along dim",
        samples=("a.argsort()",),
    ),
    composite(
        "argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False)",
        lambda ops, self, stable, dim=-1, descending=False: ops.sort_stable(
            self, stable=stable, dim=dim, descending=descending
        )[1],
    ),
    composite("msort(Tensor self)", lambda ops, self: ops.sort(self, 0)[0], doc="sorted along the first dim"),
    general(
        "topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True)",
        "TopkBackward0",
        topk,
        grad=_SORTED,
        gradient_edits={"self": 2},
        outputs=_PAIR,
        check=_check_topk,
        refuses=_refuse_bools,
        older={"torch-1.13": {"refuses": None}},
        result_edits=lambda bound: int(not bound[0].shape),
        out={"blind": True},
        doc="the k greatest along dim, and where they are",
        samples=("a.topk(2)", "a.topk(1, 0, largest=False)"),
    ),
    _unique_row("_unique2(Tensor self)", "Unique2Backward0", _unique_kernel, "_unique2"),
    _unique_row("unique_dim(Tensor self, int dim)", "UniqueDimBackward0", _unique_dim_kernel, "unique_dim"),
    _unique_row(
        "_unique_consecutive(Tensor self, int? dim=None)",
        "UniqueConsecutiveBackward0",
        _consecutive_kernel,
        "unique_consecutive",
    ),
    composite(
        "unique(Tensor self, bool sorted=True, bool return_inverse=False, bool return_counts=False, int? dim=None)",
        unique,
        doc="the different values, in order",
    ),
    composite(
        "unique_consecutive(Tensor self, bool return_inverse=False, bool return_counts=False, int? dim=None)",
        unique_consecutive,
        doc="the values without neighbours that repeat",
    ),
]
