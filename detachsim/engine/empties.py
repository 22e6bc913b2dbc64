"""Arrays without elements, which have strides and a place in memory all the same.

numpy leaves the strides of an empty array of its own at 0, and moves a slice without elements to the beginning. PyTorch
counts the strides of a new tensor as if every size were at least 1, and a view of nothing lies where it was cut. So
strides of 0 alone mean here that nobody has said anything yet, and ``placed`` says it.
"""

from collections.abc import Sequence

import numpy as np

from detachsim.engine.dtypes import Array


def rows(shape: Sequence[int], step: int) -> tuple[int, ...]:
    """Return the strides of a shape in rows, the last one ``step``."""
    made: list[int] = []
    for length in reversed(shape):
        made.append(step)
        step *= max(length, 1)
    return tuple(reversed(made))


def strides_of_nothing(array: Array) -> tuple[int, ...]:
    """Return the strides of an empty array in bytes."""
    return array.strides if any(array.strides) else rows(array.shape, array.itemsize)


def placed(array: Array) -> Array:
    """Return an empty array with the strides that PyTorch would have given it."""
    return array if any(array.strides) else with_strides(array, rows(array.shape, array.itemsize))


def with_strides(array: Array, strides: Sequence[int], start: int = 0, shape: tuple[int, ...] | None = None) -> Array:
    """Return an empty array with other strides, ``start`` bytes further on in memory.

    Strides that are all 0, as those of an expanded tensor are, end in one byte instead, which is no step either.
    """
    if not any(strides) and array.itemsize > 1:
        strides = (*strides[:-1], 1)
    return np.asarray(_Place(array, array.shape if shape is None else shape, tuple(strides), start))


class _Place:
    """Where an empty array lies, in numpy's own words. Nobody will read what is there, so any place will do.

    ``base`` is the array that it is a view of, as it is with numpy's own object of this kind.
    """

    __slots__ = ("__array_interface__", "base")

    def __init__(self, owner: Array, shape: tuple[int, ...], strides: tuple[int, ...], start: int) -> None:
        known = owner.__array_interface__
        place = (known["data"][0] + start, False)
        self.base = owner
        self.__array_interface__ = {**known, "shape": shape, "strides": strides, "data": place}


def cut(array: Array, axis: int, start: int | None, stop: int | None, step: int = 1) -> Array:
    """Return a slice along an axis; one without elements lies where it was cut."""
    made: Array = array[(slice(None),) * axis + (slice(start, stop, step),)]
    if made.size:
        return made
    strides = list(strides_of_nothing(array) if not array.size else array.strides)
    first = slice(start, stop, step).indices(array.shape[axis])[0] * strides[axis]
    first += array.__array_interface__["data"][0] - made.__array_interface__["data"][0]
    strides[axis] *= step
    return with_strides(made, strides, first)
