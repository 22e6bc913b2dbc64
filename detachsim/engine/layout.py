"""How PyTorch lays out in memory what an op computes.

Elementwise ops lay it out as the first operand that says something lies, where numpy takes rows as soon as one operand
has them. Source: ATen's ``TensorIterator``, which sorts the dims by the operands' strides, from the last dim on, and
asks a next operand only where one repeats its elements along a dim; operands that all lie alike it does not sort. What
begins as a copy lies as what it copies (ATen's ``empty_like``). Most other ops write rows.

numpy and PyTorch both take rows for rows whatever the strides of dims of size 1 are, but PyTorch shows them, and copies
some.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.empties import placed, strides_of_nothing, with_strides
from detachsim.engine.memory import is_dense

Strides = tuple[int, ...]


# The layouts that a row may have: that of the operands, among them a number where PyTorch makes a tensor of it, of the
# first, rows, columns, or whatever its kernel makes.
AS_OPERANDS, WITH_NUMBER, AS_FIRST, IN_ROWS = "as operands", "as operands and a number", "as the first", "in rows"
IN_COLUMNS, AS_MADE = "in columns", "as made"


_NUMBER = np.zeros(())


def laid_out(result: Any, layout: str, operands: Sequence[Any]) -> Any:
    """Return what a kernel computed in PyTorch's layout, the elements as they are; ``operands`` are its arguments.

    What is no array, or has no dims to order, comes back as it is.
    """
    if isinstance(result, (tuple, list)):
        return [laid_out(part, layout, operands) for part in result]
    if type(result) is not np.ndarray or layout == AS_MADE:
        return result
    if layout == AS_FIRST:
        return as_first(result, operands[0]) if result.shape == operands[0].shape else result
    if result.ndim < 2:
        return result
    if layout == WITH_NUMBER:
        operands = (*operands, _NUMBER)
    if layout == IN_ROWS:
        # A copy even where only the strides of dims of size 1 are odd, which numpy takes for rows all the same.
        return result if result.strides == _packed(result, range(result.ndim)) else result.copy()
    if layout == IN_COLUMNS:
        *batches, row, column = range(result.ndim)
        return in_order(result, (*batches, column, row))
    if not result.size:
        return _empty_laid_out(result, operands)
    arrays = [array for array in operands if isinstance(array, np.ndarray)]
    if result.flags.c_contiguous and 1 not in result.shape and all(array.flags.c_contiguous for array in arrays):
        return result
    return _with_strides(result, _elementwise_strides(result, arrays))


def sorted_by(result: Array, operands: Sequence[Strides]) -> Array:
    """Return a result laid out as elementwise ops lay it out, of operands with these strides over its dims."""
    order = _order(result.shape, operands)
    return _with_strides(result, _packed(result, order)) if result.size else _empty_in_order(result, order)


def cast(array: Array, source: DType, target: DType) -> Array:
    """Return ``array`` of another type, laid out as PyTorch lays out a copy; the same object where nothing changes."""
    made = dtypes.cast(array, source, target)
    return made if made is array else as_first(made, array)


def as_first(result: Array, first: Array) -> Array:
    """Return an array of ``first``'s shape laid out as a copy of ``first``."""
    if not first.size:
        steps = strides_of_nothing(first)
        return with_strides(result, tuple(step // first.itemsize * result.itemsize for step in steps))
    if first.flags.c_contiguous and 1 not in first.shape:
        return result
    if is_dense(first):
        scale = result.itemsize
        return _with_strides(result, tuple(step // first.itemsize * scale for step in first.strides))
    return _with_strides(result, _packed(result, _order(result.shape, [first.strides])))


# A batch of pictures whose channels lie next to each other, of which PyTorch has kernels of their own.
_CHANNELS_LAST = (0, 2, 3, 1)


def _is_channels_last(array: Array) -> bool:
    wanted = _packed(array, _CHANNELS_LAST)
    triples = zip(array.shape, array.strides, wanted, strict=True)
    return all(size == 1 or step == packed for size, step, packed in triples)


def _elementwise_strides(result: Array, arrays: Sequence[Array]) -> Strides:
    """Return the strides of an elementwise op's result."""
    shape = result.shape
    if all(array.shape == shape for array in arrays):
        if all(array.flags.c_contiguous for array in arrays):
            return _packed(result, range(len(shape)))
        if len(shape) == 4 and all(_is_channels_last(array) for array in arrays):
            return _packed(result, _CHANNELS_LAST)
        units = {tuple(step // array.itemsize for step in array.strides) for array in arrays}
        if len(units) == 1 and is_dense(arrays[0]):
            return tuple(step * result.itemsize for step in units.pop())
    return _packed(result, _order(shape, [broadcast_strides(array, shape) for array in arrays if array.ndim]))


def _with_strides(result: Array, strides: Strides) -> Array:
    """Return the same elements in memory of their own with these strides, which leave no gap."""
    if result.strides == strides and result.base is None:
        return result
    made = np.ndarray(result.shape, result.dtype, strides=strides)
    made[...] = result
    return made


def copied(array: Array) -> Array:
    """Return the same elements in memory of their own, laid out as ``array`` is, which leaves no gap."""
    return _with_strides(array, array.strides) if array.size else array


def in_order(array: Array, dims: Sequence[int]) -> Array:
    """Return the same elements in memory of their own, ``dims`` from the slowest to the fastest."""
    return _with_strides(array, _packed(array, dims))


def _empty_laid_out(result: Array, operands: Sequence[Any]) -> Array:
    """Return an empty result in PyTorch's layout: in rows, unless operands of another shape make it look at strides."""
    arrays = [array if array.size else placed(array) for array in operands if isinstance(array, np.ndarray)]
    shape = result.shape
    if all(array.shape == shape for array in arrays):
        return result
    return _empty_in_order(result, _order(shape, [broadcast_strides(array, shape) for array in arrays]))


def _empty_in_order(result: Array, order: Sequence[int]) -> Array:
    """Return an empty result with its dims in ``order``, whose sizes count here as they are."""
    shape = result.shape
    if list(order) == sorted(order):
        return result
    strides = [0] * len(shape)
    step = result.itemsize
    for dim in reversed(order):
        strides[dim] = step
        step *= shape[dim]
    return with_strides(result, strides)


def _packed(array: Array, order: Sequence[int]) -> Strides:
    """Return the strides of an array's elements without gaps, its dims in ``order`` from the slowest to the fastest."""
    strides = [0] * array.ndim
    step = array.itemsize
    for dim in reversed(order):
        strides[dim] = step
        step *= max(array.shape[dim], 1)
    return tuple(strides)


def broadcast_strides(array: Array, shape: tuple[int, ...]) -> Strides:
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
