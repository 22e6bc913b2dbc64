"""Where an index of numbers points along a dim, and whether it may."""

import numpy as np

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


def places_along(self: Array, axis: int, index: Array) -> tuple[Array, ...]:
    """Return numpy's index for the elements that ``index`` names along ``axis``."""
    grid: list[Array] = list(np.ogrid[tuple(slice(size) for size in index.shape)])
    grid[axis] = index
    return tuple(grid)
