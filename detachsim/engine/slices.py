"""The gradients of ``CopySlices`` and ``AsStrided``: a part of a base's memory, edited or looked at.

Both work on a stretch of memory laid out as the base is. Source: PyTorch's notes on ``CopySlices`` and ``as_strided``
backward, checked against 2.13.0.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.memory import copy_in_order, may_overlap, overlaps_itself
from detachsim.engine.node import AsStrided, CopySlices, Node
from detachsim.engine.tensor import restride

if TYPE_CHECKING:
    from detachsim.engine.session import Session

CallNode = Callable[["Session", Node, list[Any], bool], list[Any]]


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
    view = restride(memory, node.view_shape, node.view_stride, start)
    results = call_node(session, inner, [view.copy()], False)
    if node.next[0] is not None:
        if results[0] is None:
            view[...] = 0
        else:
            copy_in_order(view, np.asarray(results[0]))
        results[0] = base
    return results


def as_strided_backward(session: "Session", node: AsStrided, gradient: Any, create_graph: bool) -> Any:
    """Return the gradient of the base that a view looks at: zeros, and the view's gradient at its place."""
    if gradient is None:
        return None
    start = node.view_offset - node.base_offset
    if create_graph:
        call = session.call
        extent = max(_extent(node.base_shape, node.base_stride), start + _extent(node.view_shape, node.view_stride))
        memory = call("new_zeros", gradient, (extent,))
        call("copy_", call("as_strided", memory, node.view_shape, node.view_stride, start), gradient)
        return call("as_strided", memory, node.base_shape, node.base_stride, 0)
    return spread(gradient, node.base_shape, node.base_stride, node.view_shape, node.view_stride, start)


def spread(
    gradient: Array,
    base_shape: tuple[int, ...],
    base_stride: tuple[int, ...],
    view_shape: tuple[int, ...],
    view_stride: tuple[int, ...],
    start: int,
) -> Array:
    """Return a base-shaped array of zeros with ``gradient`` added where the view looks."""
    extent = max(_extent(base_shape, base_stride), start + _extent(view_shape, view_stride))
    memory = np.zeros(extent, dtype=gradient.dtype)
    view = restride(memory, view_shape, view_stride, start)
    if may_overlap(view_shape, view_stride):
        places = restride(np.arange(extent), view_shape, view_stride, start)
        np.add.at(memory, places.ravel(), np.asarray(gradient).ravel())
    else:
        view[...] = gradient
    base = restride(memory, base_shape, base_stride, 0)
    if overlaps_itself(base):
        # Several elements of the base are one: each gets its share.
        counts = np.zeros(extent, dtype=gradient.dtype)
        np.add.at(counts, restride(np.arange(extent), base_shape, base_stride, 0).ravel(), 1)
        memory /= np.maximum(counts, 1)
    return base


def _extent(shape: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """Return how many elements of memory a geometry spans."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
