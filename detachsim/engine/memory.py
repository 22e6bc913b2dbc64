"""Overlapping memory: what PyTorch refuses to write to."""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor


def refuse_overlap(target: Tensor, inputs: list[Any]) -> None:
    """Raise where ``target`` overlaps itself, or an input in part; the very same layout is fine."""
    array = target.array
    if overlaps_itself(array):
        raise TorchError("overlap_self")
    for value in inputs:
        if isinstance(value, Tensor) and value.storage is target.storage and partly_overlaps(array, value.array):
            raise TorchError("overlap_input")


def overlaps_itself(array: Array) -> bool:
    """Whether a stride of 0 makes several elements one; other overlaps PyTorch does not look for."""
    return array.size > 1 and any(
        stride == 0 and size > 1 for size, stride in zip(array.shape, array.strides, strict=True)
    )


def partly_overlaps(target: Array, value: Array) -> bool:
    """Whether two layouts share some memory without being the same layout."""
    if target.size == 0 or value.size == 0:
        return False
    start, end = _bounds(target)
    other_start, other_end = _bounds(value)
    if start >= other_end or other_start >= end:
        return False
    same = start == other_start and target.shape == value.shape and target.strides == value.strides
    if same:
        return False
    # PyTorch looks only at tensors whose elements fill a stretch of memory; others it lets pass.
    return is_dense(target) and is_dense(value)


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
