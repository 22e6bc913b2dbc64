"""Where an index of numbers points along a dim, and whether it may."""

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError


def refuse_outside(index: Array, size: int, axis: int) -> None:
    """Raise PyTorch's error for the first of an index's numbers that is no place of a dim of ``size``."""
    outside = index[(index < 0) | (index >= size)]
    if outside.size:
        raise TorchError("gather_range", index=int(outside.flat[0]), dim=axis, size=size)


def is_outside(index: Array, size: int) -> bool:
    """Whether one of an index's numbers is no place of a dim of ``size``."""
    return bool(((index < 0) | (index >= size)).any())


def length_along(array: Array, axis: int) -> int:
    """Return the size of a dim, 1 for a tensor that has none."""
    return array.shape[axis] if array.ndim else 1
