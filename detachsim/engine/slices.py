"""The gradients of ``CopySlices`` and ``AsStrided``: a part of a base's memory, edited or looked at.

Both work on a stretch of memory laid out as the base is. Source: PyTorch's notes on ``CopySlices`` and ``as_strided``
backward, checked against 2.13.0.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.memory import copy_in_order, may_overlap
from detachsim.engine.node import AsStrided, CopySlices, Node
from detachsim.engine.tensor import Tensor, fresh, restride

if TYPE_CHECKING:
    from detachsim.engine.session import Session

CallNode = Callable[["Session", Node, list[Any], bool], list[Any]]


def require_inside(size: Sequence[int], stride: Sequence[int], start: int, count: int, itemsize: int) -> None:
    """Raise PyTorch's error for a geometry that does not lie inside of a memory of ``count`` elements."""
    if start < 0:
        raise TorchError("as_strided_offset", offset=start)
    needed = start + 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if needed > count and 0 not in size:
        raise TorchError(
            "as_strided_bounds",
            sizes=list(size),
            strides=list(stride),
            offset=start,
            itemsize=itemsize,
            needed=needed * itemsize,
            size=count * itemsize,
        )


def copy_slices_backward(
    session: "Session", node: CopySlices, gradient: Any, create_graph: bool, call_node: CallNode
) -> list[Any]:
    """Return the gradients of an edited base: the edited part passes through the inner op's formulas, the rest
    goes by unchanged."""
    inner = node.inner
    assert inner is not None
    if gradient is None:
        return [None] * len(node.next)
    start = node.view_offset - node.base_offset
    if create_graph:
        call = session.call
        whole = call("new_empty_strided", gradient, node.base_shape, node.base_stride)
        call("copy_", whole, gradient)
        part = call("as_strided", whole, node.view_shape, node.view_stride, start)
        results = call_node(session, inner, [call("clone", part)], True)
        if node.next[0] is not None:
            if results[0] is None:
                call("zero_", part)
            else:
                call("copy_", part, results[0])
            results[0] = whole
        return results
    memory = np.zeros(_extent(node.base_shape, node.base_stride), dtype=gradient.dtype)
    base = restride(memory, node.base_shape, node.base_stride, 0)
    base[...] = gradient
    # The view may have got another place by ``.data =`` or ``set_``.
    require_inside(node.view_shape, node.view_stride, start, memory.size, node.dtype.itemsize)
    view = restride(memory, node.view_shape, node.view_stride, start)
    results = call_node(session, inner, [view.copy()], False)
    if node.next[0] is not None:
        if results[0] is None:
            view[...] = 0
        else:
            copy_in_order(view, np.asarray(results[0]))
        results[0] = base
    return results


# The shape, the strides and the offset of a tensor, in elements.
Geometry = tuple[tuple[int, ...], tuple[int, ...], int]


def as_strided_backward(session: "Session", node: AsStrided, gradient: Any, create_graph: bool) -> Any:
    """Return the gradient of the base that a view looks at: zeros, and the view's gradient at its place."""
    if gradient is None:
        return None
    base = (node.base_shape, node.base_stride, node.base_offset)
    view = (node.view_shape, node.view_stride, node.view_offset)
    return spread_tensor(session, gradient, base, view) if create_graph else spread(gradient, base, view)


def _memory_of(base: Geometry, view: Geometry) -> tuple[int, int, int]:
    """Return how much memory holds both, and where each begins in it."""
    first = min(base[2], view[2])
    starts = base[2] - first, view[2] - first
    return max(starts[0] + _extent(*base[:2]), starts[1] + _extent(*view[:2])), *starts


def spread(gradient: Array, base: Geometry, view: Geometry) -> Array:
    """Return a base-shaped array of zeros with ``gradient`` added where the view looks."""
    extent, base_start, view_start = _memory_of(base, view)
    memory = np.zeros(extent, dtype=gradient.dtype)
    if may_overlap(*view[:2]):
        places = restride(np.arange(extent), *view[:2], view_start)
        np.add.at(memory, places.ravel(), np.asarray(gradient).ravel())
    else:
        restride(memory, *view[:2], view_start)[...] = gradient
    if may_overlap(*base[:2]):
        # Several elements of the base are one: each gets its share.
        counts = np.zeros(extent, dtype=gradient.dtype)
        np.add.at(counts, restride(np.arange(extent), *base[:2], base_start).ravel(), 1)
        memory /= np.maximum(counts, 1)
    return restride(memory, *base[:2], base_start)


def spread_tensor(session: "Session", gradient: Tensor, base: Geometry, view: Geometry) -> Tensor:
    """Do the same by ops, whose nodes are recorded."""
    call = session.call
    extent, base_start, view_start = _memory_of(base, view)
    shape, steps, _ = view
    for dim in reversed(range(len(shape))):
        if steps[dim] == 0 and shape[dim] > 1:
            gradient = call("sum", gradient, (dim,), False)
            shape, steps = (*shape[:dim], *shape[dim + 1 :]), (*steps[:dim], *steps[dim + 1 :])
    memory: Tensor = call("new_zeros", gradient, (extent,))
    if session.dialect != NEWEST:
        memory.version.value += 1  # filled before it is written to
    if may_overlap(shape, steps):
        places = restride(np.arange(extent), shape, steps, view_start).ravel()
        call("index_add_", memory, 0, fresh(places, dtypes.int64), call("reshape", gradient, (-1,)))
    else:
        call("copy_", call("as_strided", memory, shape, steps, view_start), gradient)
    if may_overlap(*base[:2]):
        counts = np.zeros(extent, dtype=gradient.array.dtype)
        np.add.at(counts, restride(np.arange(extent), *base[:2], base_start).ravel(), 1)
        call("div_", memory, fresh(np.maximum(counts, 1), gradient.dtype))
    made: Tensor = call("as_strided", memory, *base[:2], base_start)
    return made


def _extent(shape: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """Return how many elements of memory a geometry spans."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
