"""Overlapping memory: what PyTorch refuses to write to, and in which order it writes what it does not refuse."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor, strides

# Which memory of its target an in-place op lets an input share.
SAME_LAYOUT, NOTHING, ANYTHING = "same layout", "nothing", "anything"

# More elements than this are not edited one by one, though their memory overlaps.
ONE_BY_ONE_LIMIT = 4096


class Overlap(NamedTuple):
    """What an in-place op looks for before it writes.

    ``itself``: elements of the target may be one place of memory. ``inputs``: what an input may share with the target.
    ``numbers``: an input without dims is read beforehand, as a number. ``copies``: where the input is the target's own
    elements there is nothing to write, and so nothing to refuse.
    """

    itself: bool = False
    inputs: str = SAME_LAYOUT
    numbers: bool = False
    copies: bool = False


ELEMENTWISE = Overlap()
COPYING = Overlap(copies=True)
FILLING = Overlap(itself=True, numbers=True)
PLACING = Overlap(inputs=NOTHING)


def refuse_overlap(rule: Overlap, target: Tensor, inputs: Sequence[Any]) -> bool:
    """Raise where an op refuses how its target overlaps itself or an input.

    Returns whether some of what it does not refuse overlaps: then the elements must be edited in PyTorch's order.
    """
    array = target.array
    if rule.copies and _is_same(target, inputs[0]):
        return False
    if not rule.itself and overlaps_itself(array):
        raise TorchError("overlap_self")
    if rule.inputs == NOTHING:
        refuse_any_overlap(target, [value for value in inputs if not (rule.numbers and _is_number(value))])
        return False
    shared = may_overlap(array.shape, array.strides)
    for value in inputs:
        if not isinstance(value, Tensor) or value.storage is not target.storage:
            continue
        other = value.array
        if (rule.numbers and _is_number(value)) or not _meet(array, other) or _same_layout(array, other):
            continue
        # PyTorch looks only at tensors whose elements fill a stretch of memory; others it lets pass.
        if rule.inputs == SAME_LAYOUT and is_dense(array) and is_dense(other):
            raise TorchError("overlap_input")
        shared = True
    return shared


def _is_number(value: Any) -> bool:
    return isinstance(value, Tensor) and not value.array.ndim


def refuse_any_overlap(target: Tensor, inputs: Sequence[Any]) -> None:
    """Raise where an input shares memory with ``target``, in the same layout too."""
    for value in inputs:
        for tensor in value if isinstance(value, (list, tuple)) else (value,):
            if not isinstance(tensor, Tensor) or tensor.storage is not target.storage:
                continue
            dense = is_dense(target.array) and is_dense(tensor.array)
            if tensor is target or (dense and _meet(target.array, tensor.array)):
                raise TorchError("overlap_input")


def overlaps_itself(array: Array) -> bool:
    """Whether a stride of 0 makes several elements one; other overlaps PyTorch does not look for."""
    return array.size > 1 and any(
        stride == 0 and size > 1 for size, stride in zip(array.shape, array.strides, strict=True)
    )


def may_overlap(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Whether two elements of a geometry may be one, as PyTorch judges it."""
    reach = 0
    for step, size in sorted((step, size) for step, size in zip(stride, shape, strict=True) if size > 1):
        if step <= reach:
            return True
        reach += step * (size - 1)
    return False


def copy_in_order(target: Array, values: Array) -> None:
    """Copy as PyTorch does: refuse a stride of 0, and let the last of several values for one place stay there."""
    if overlaps_itself(target):
        raise TorchError("overlap_self")
    if may_overlap(target.shape, target.strides):
        for position in positions_in_order([target, values]):
            target[position] = values[position]
    else:
        target[...] = values


def positions_in_order(arrays: Sequence[Array]) -> Iterator[tuple[int, ...]]:
    """Yield the positions of ``arrays[0]`` in the order in which PyTorch's loops visit them.

    The others broadcast to it. The innermost dim is that of the smallest strides, of which the first array that can
    tell two dims apart decides; equal strides give way to the shorter dim.
    """
    shape = arrays[0].shape
    steps = [np.broadcast_to(array, shape).strides for array in arrays]

    def is_before(inner: int, outer: int) -> bool | None:
        for step in steps:
            left, right = step[inner], step[outer]
            if left and right:
                if left != right:
                    return left < right
                if shape[inner] > shape[outer]:
                    return False
        return None

    order = list(reversed(range(len(shape))))
    for start in range(1, len(order)):
        place = start
        for earlier in reversed(range(start)):
            fits = is_before(order[earlier], order[place])
            if fits:
                break
            if fits is False:
                order[earlier], order[place] = order[place], order[earlier]
                place = earlier
    for visit in np.ndindex(*(shape[dim] for dim in reversed(order))):
        position = [0] * len(shape)
        for dim, index in zip(reversed(order), visit, strict=True):
            position[dim] = index
        yield tuple(position)


def _meet(left: Array, right: Array) -> bool:
    """Whether two stretches of memory have something in common."""
    if left.size == 0 or right.size == 0:
        return False
    start, end = _bounds(left)
    other_start, other_end = _bounds(right)
    return start < other_end and other_start < end


def _is_same(target: Tensor, value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.storage is target.storage
        and value.dtype is target.dtype
        and _same_layout(target.array, value.array)
    )


def _same_layout(left: Array, right: Array) -> bool:
    # PyTorch compares no sizes.
    return _bounds(left) == _bounds(right) and strides(left) == strides(right)


def _bounds(array: Array) -> tuple[int, int]:
    low, high = np.lib.array_utils.byte_bounds(array)
    return int(low), int(high)


def is_dense(array: Array) -> bool:
    """Whether the elements fill one stretch of memory, each in a place of its own, in any order of the dims."""
    if array.size == 0:
        return True
    expected = array.itemsize
    for stride, size in sorted(zip(array.strides, array.shape, strict=True)):
        if size == 1:
            continue
        if stride != expected:
            return False
        expected *= size
    return True
