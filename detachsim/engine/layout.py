"""How PyTorch lays out in memory what an op computes.

Elementwise ops lay it out as the first operand that says something lies, where numpy takes rows as soon as one operand
has them. Source: ATen's ``TensorIterator``, which sorts the dims by the operands' strides, from the last dim on, and
asks a next operand only where one repeats its elements along a dim. Most other ops write rows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array, DType

Strides = tuple[int, ...]


# The layouts that a row may have: that of the operands, rows, columns, or whatever its kernel makes.
AS_OPERANDS, IN_ROWS, IN_COLUMNS, AS_MADE = "as operands", "in rows", "in columns", "as made"


def laid_out(result: Any, layout: str, operands: Sequence[Any]) -> Any:
    """Return what a kernel computed in PyTorch's layout, the elements as they are; ``operands`` are its arguments.

    What is no array, or has no two dims to order, comes back as it is.
    """
    if isinstance(result, (tuple, list)):
        return [laid_out(part, layout, operands) for part in result]
    if type(result) is not np.ndarray or result.ndim < 2 or layout == AS_MADE:
        return result
    if layout == IN_ROWS:
        # A copy even where only the strides of dims of size 1 are odd, which numpy takes for rows all the same.
        return result if result.strides == _rows(result) else result.copy()
    if layout == IN_COLUMNS:
        # Stride by stride, since numpy makes up those of dims of size 1.
        step = result.itemsize
        made = np.ndarray(
            result.shape, result.dtype, strides=(*_rows(result)[:-2], step, step * max(result.shape[-2], 1))
        )
        made[...] = result
        return made
    arrays = [array for array in operands if isinstance(array, np.ndarray) and array.ndim]
    if result.flags.c_contiguous and all(array.flags.c_contiguous for array in arrays):
        return result
    order = _order(result.shape, [_broadcast_strides(array, result.shape) for array in arrays])
    strides = [0] * result.ndim
    step = result.itemsize
    for dim in reversed(order):
        strides[dim] = step
        step *= max(result.shape[dim], 1)
    if result.strides == tuple(strides) and result.base is None:
        return result
    made = np.ndarray(result.shape, result.dtype, strides=strides)
    made[...] = result
    return made


def cast(array: Array, source: DType, target: DType) -> Array:
    """Return ``array`` of another type, laid out as PyTorch lays out a copy; the same object where nothing changes."""
    made = dtypes.cast(array, source, target)
    return made if made is array or array.flags.c_contiguous else laid_out(made, AS_OPERANDS, [array])


def _rows(array: Array) -> Strides:
    """Return the strides that an array's elements have in rows."""
    steps = [array.itemsize]
    for length in reversed(array.shape[1:]):
        steps.append(steps[-1] * max(length, 1))
    return tuple(reversed(steps))


def _broadcast_strides(array: Array, shape: tuple[int, ...]) -> Strides:
    """Return an operand's strides over the result's dims, 0 where it repeats its elements."""
    lead = len(shape) - array.ndim
    sizes = zip(array.shape, shape[lead:], array.strides, strict=True)
    return (*(0,) * lead, *(0 if size == 1 != wanted else step for size, wanted, step in sizes))


def _order(shape: tuple[int, ...], operands: Sequence[Strides]) -> list[int]:
    """Return the dims from the slowest to the fastest, by an insertion sort as PyTorch's: not all can be compared."""
    fastest = list(reversed(range(len(shape))))
    for start in range(1, len(fastest)):
        place = start
        for other in reversed(range(start)):
            sign = _compare(shape, operands, fastest[other], fastest[place])
            if sign > 0:
                fastest[other], fastest[place] = fastest[place], fastest[other]
                place = other
            elif sign < 0:
                break
    return fastest[::-1]


def _compare(shape: tuple[int, ...], operands: Sequence[Strides], dim: int, other: int) -> int:
    """Say whether ``dim`` is to be slower than ``other`` (1), faster (-1), or nobody knows (0)."""
    for strides in operands:
        if strides[dim] == 0 or strides[other] == 0:
            continue
        if strides[dim] != strides[other]:
            return 1 if strides[dim] > strides[other] else -1
        if shape[dim] > shape[other]:
            return 1
    return 0
