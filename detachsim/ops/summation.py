"""The order in which PyTorch adds up float numbers, so that small sums agree to the last bit.

A sum runs over rows of eight numbers at a time where the memory is contiguous, four such rows in turn, and each run
of sixteen additions goes to a next level of accumulators. Source: ATen's ``native/cpu/SumKernel.cpp`` in its AVX2
build, checked against 2.13.0.
"""

from collections.abc import Sequence

import numpy as np

from detachsim.engine.dtypes import Array

# Larger sums are left to numpy, whose pairwise order is as accurate.
ORDERED_LIMIT = 1 << 14
_VECTOR_BYTES = 32
_INTERLEAVED = 4
_RUN = 16
_LEVELS = 4


def ordered_sum(array: Array, axes: tuple[int, ...]) -> Array:
    """Return the sums of a float32 or float64 array over ``axes`` (non-negative), without those axes."""
    reduced = [axis for axis in axes if array.shape[axis] != 1]
    kept = [axis for axis in range(array.ndim) if axis not in axes]
    shape = tuple(array.shape[axis] for axis in kept)
    count = 1
    for axis in reduced:
        count *= array.shape[axis]
    if count <= _INTERLEAVED or not 0 < array.size <= ORDERED_LIMIT:
        # So few numbers are added one after the other, as numpy does, too; from 0 on, which makes a sum of -0 a 0.
        return np.add.reduce(array, axis=axes, initial=0.0) if axes else array + 0
    inner = _coalesced(array, reduced)
    rows = array.transpose(*kept, *(axis for axis in range(array.ndim) if axis in axes and axis not in reduced), *inner)
    itemsize = array.itemsize
    last_stride = array.strides[inner[-1]]
    width = _VECTOR_BYTES // itemsize
    *outer_sizes, length = _merged_sizes(array, inner)
    flat = rows.reshape(-1, int(np.prod(outer_sizes, dtype=np.int64)), length)
    total = np.zeros(flat.shape[0], array.dtype)
    contiguous_columns = len(kept) > 0 and not outer_sizes and last_stride != itemsize
    for index in range(flat.shape[1]):
        part = flat[:, index, :].T
        if last_stride == itemsize and length >= width:
            total = total + _contiguous_rows(part, width)
        elif contiguous_columns:
            total = total + _columns(part, _run_of_columns(array, kept), width, itemsize == _column_stride(array, kept))
        else:
            total = total + _row_sum(part)
    made = total.reshape(shape)
    return made if made.base is None else made.copy()  # a gradient shows whether it is a view


def _coalesced(array: Array, reduced: list[int]) -> list[int]:
    """Return the reduced axes, the fastest last."""
    return sorted(reduced, key=lambda axis: -abs(array.strides[axis]))


def _merged_sizes(array: Array, axes: Sequence[int]) -> list[int]:
    """Return the sizes of axes (slowest first) after those that follow each other in memory are joined."""
    sizes: list[int] = []
    strides: list[int] = []
    for axis in axes:
        size, stride = array.shape[axis], array.strides[axis]
        if sizes and strides[-1] == size * stride:
            sizes[-1] *= size
            strides[-1] = stride
        else:
            sizes.append(size)
            strides.append(stride)
    return sizes


def _column_stride(array: Array, kept: list[int]) -> int:
    axes = [axis for axis in kept if array.shape[axis] != 1]
    return array.strides[axes[-1]] if axes else 0


def _run_of_columns(array: Array, kept: list[int]) -> int:
    """Return how many neighbouring results one inner loop computes."""
    axes = [axis for axis in kept if array.shape[axis] != 1]
    return _merged_sizes(array, axes)[-1] if axes else 1


def _sequential(rows: Array) -> Array:
    """Add rows one after the other."""
    return np.add.accumulate(rows, axis=0)[-1] if len(rows) else np.zeros(rows.shape[1:], rows.dtype)


def _cascade(rows: Array) -> Array:
    """Add rows along axis 0, each run of sixteen to the next level of accumulators."""
    power = max(_LEVELS, max(len(rows) - 1, 1).bit_length() // _LEVELS)
    step = 1 << power
    levels: list[Array] = []
    for _ in range(_LEVELS - 1):
        full = len(rows) // step
        levels.append(_sequential(rows[full * step :]))
        if not full:
            rows = rows[:0]
            break
        grouped = rows[: full * step].reshape(full, step, *rows.shape[1:])
        rows = np.add.accumulate(grouped, axis=1)[:, -1]
    if len(rows):
        levels.append(_sequential(rows))
    total = levels[0]
    for level in levels[1:]:
        total = total + level
    return total


def _row_sum(rows: Array) -> Array:
    """Add rows along axis 0, four interleaved sums at a time."""
    groups = len(rows) // _INTERLEAVED
    if not groups:
        return _sequential(rows)
    partial = _cascade(rows[: groups * _INTERLEAVED].reshape(groups, _INTERLEAVED, *rows.shape[1:]))
    first = partial[0]
    for row in rows[groups * _INTERLEAVED :]:
        first = first + row
    return first + partial[1] + partial[2] + partial[3]


def _contiguous_rows(part: Array, width: int) -> Array:
    """Sum along axis 0 what is contiguous in memory: a vector's lanes side by side, the rest first."""
    vectors = len(part) // width
    lanes = _row_sum(part[: vectors * width].reshape(vectors, width, *part.shape[1:]))
    total = _sequential(part[vectors * width :])
    for lane in lanes:
        total = total + lane
    return total


def _columns(part: Array, run: int, width: int, contiguous: bool) -> Array:
    """Sum along axis 0 where neighbouring results are computed together: whole groups of four plainly, the rest
    interleaved."""
    total = np.empty(part.shape[1], part.dtype)
    unit = width if contiguous and run >= width else 1
    for start in range(0, part.shape[1], run):
        columns = part[:, start : start + run]
        grouped = run // (_INTERLEAVED * unit) * _INTERLEAVED * unit
        if grouped:
            total[start : start + grouped] = _cascade(columns[:, :grouped])
        if grouped < run:
            total[start + grouped : start + run] = _row_sum(columns[:, grouped:])
    return total
