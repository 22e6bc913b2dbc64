"""The order in which PyTorch's own vector kernels add up rows: softmax, normalizations, losses, norms.

Unlike ``summation``, which is ``torch.sum``, each of these walks along one row after the other: whole vectors side by
side, and what is left over in a way of its own. Measured on PyTorch 2.13 for float32; rows are the last dim of a
matrix.
"""

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.fused import fused

# So many bytes has a vector of the kernels that are built for AVX2 alone, and of those with a build for AVX-512.
NARROW, WIDE = 32, 64

_LEVEL_BITS = 4
_LEVELS = 8


def running(rows: Array) -> Array:
    """Add up strictly in order."""
    if not rows.shape[1]:
        return np.zeros(len(rows), rows.dtype)
    return np.asarray(np.add.accumulate(rows, axis=1)[:, -1])


def running_by_four(left: Array, right: Array, total: Array) -> Array:
    """Add products to ``total`` in order: the compiler takes four at a time, and multiplies and adds the last ones with
    one rounding."""
    whole = left.shape[1] // 4 * 4
    if whole:
        total = running(np.concatenate([total[:, None], left[:, :whole] * right[:, :whole]], axis=1))
    for column in range(whole, left.shape[1]):
        total = fused(left[:, column], right[:, column], total)
    return total


def running_fused(left: Array, right: Array) -> Array:
    """Add up products strictly in order, each multiplied and added with one rounding."""
    total = np.zeros(len(left), left.dtype)
    for column in range(left.shape[1]):
        total = fused(left[:, column], right[:, column], total)
    return total


def lane_sum(rows: Array, vector: int) -> Array:
    """Add up vectors of ``vector`` bytes, then their lanes by halves; fewer elements than one vector in order."""
    width = vector // rows.itemsize
    if rows.shape[1] < width:
        return running(rows)
    lanes, rest = _whole_vectors(rows, width)
    left = rest.shape[1]
    if left:
        lanes[:, :left] += rest
    return _halved(lanes)


def lane_dot(left: Array, right: Array, vector: int) -> Array:
    """Add up products as ``lane_sum``; only what is left over is multiplied and added with one rounding."""
    width = vector // left.itemsize
    length = left.shape[1]
    if length < width:
        return running(left * right)
    whole = length // width * width
    lanes, _ = _whole_vectors(left[:, :whole] * right[:, :whole], width)
    if whole < length:
        rest = length - whole
        lanes[:, :rest] = fused(left[:, whole:], right[:, whole:], lanes[:, :rest])
    return _halved(lanes)


def _whole_vectors(rows: Array, width: int, *, squared: bool = False) -> tuple[Array, Array]:
    """Return the whole vectors of each row (or their squares), added up lane by lane, and what is left over."""
    count = rows.shape[1] // width
    vectors = rows[:, : count * width].reshape(len(rows), count, width)
    if squared:
        vectors = vectors * vectors
    return np.array(np.add.accumulate(vectors, axis=1)[:, -1]), rows[:, count * width :]


def _halved(lanes: Array) -> Array:
    while lanes.shape[1] > 1:
        half = lanes.shape[1] // 2
        lanes = lanes[:, :half] + lanes[:, half:]
    return lanes[:, 0]


def sum_of_squares(rows: Array) -> Array:
    """Add up squares as the kernel of norms does for rows that lie in order in memory.

    The lanes of whole vectors come first, in order.
    """
    width = NARROW // rows.itemsize
    total = np.zeros(len(rows), rows.dtype)
    rest = rows
    if rows.shape[1] >= width:
        lanes, rest = _whole_vectors(rows, width, squared=True)
        total = running(lanes)
    return running_by_four(rest, rest, total)


def lane_product(rows: Array) -> Array:
    """Multiply rows that lie in order in memory: four vectors side by side, those in pairs, then lanes and the rest in
    order."""
    width = NARROW // rows.itemsize
    groups = rows.shape[1] // (4 * width)
    whole = groups * 4 * width
    factors = rows
    if groups:
        vectors = rows[:, :whole].reshape(len(rows), groups, 4, width)
        lanes = np.multiply.accumulate(vectors, axis=1)[:, -1]
        paired = (lanes[:, 0] * lanes[:, 1]) * (lanes[:, 2] * lanes[:, 3])
        factors = np.concatenate([paired, rows[:, whole:]], axis=1)
    return np.asarray(np.multiply.accumulate(factors, axis=1)[:, -1])


def cascade_sum(values: Array) -> Array:
    """Add up one row as the losses of classes do: sixteen at a time go to the next of eight accumulators, and the first
    element of all to the last one."""
    levels = [values.dtype.type(0)] * _LEVELS
    for index, value in enumerate(values.ravel()):
        levels[0] = levels[0] + value
        for level in range(_LEVELS - 1):
            if index >> (level * _LEVEL_BITS) & 15:
                break
            levels[level + 1] = levels[level + 1] + levels[level]
            levels[level] = values.dtype.type(0)
    total = levels[0]
    for partial in levels[1:]:
        total = total + partial
    return np.asarray(total)


def moments(rows: Array) -> tuple[Array, Array]:
    """Return the mean and the variance (over all elements) of each row, by Welford's updates.

    Whole vectors are updated lane by lane, the rest one by one; then each lane is joined to the rest. Longer rows than
    sixteen vectors PyTorch takes in chunks, which ``LONGEST_MOMENTS`` leaves out.
    """
    kind = rows.dtype.type
    width = NARROW // rows.itemsize
    count = rows.shape[1] // width
    mean, squares = np.zeros(len(rows), rows.dtype), np.zeros(len(rows), rows.dtype)
    rest = rows[:, count * width :]
    for column in range(rest.shape[1]):
        value = rest[:, column]
        gap = value - mean
        mean = mean + gap / kind(column + 1)
        squares = squares + gap * (value - mean)
    if count:
        lane_mean, lane_squares = rows[:, :width], np.zeros((len(rows), width), rows.dtype)
        for number in range(1, count):
            value = rows[:, number * width : (number + 1) * width]
            gap = value - lane_mean
            lane_mean = fused(gap, kind(1) / kind(number + 1), lane_mean)
            lane_squares = fused(gap, value - lane_mean, lane_squares)
        for lane in range(width):
            seen = rest.shape[1] + lane * count
            share = kind(count) / kind(seen + count)
            gap = lane_mean[:, lane] - mean
            mean = fused(share, gap, mean)
            squares = squares + fused(gap * gap * share, kind(seen), lane_squares[:, lane])
    return mean, squares / kind(rows.shape[1])


LONGEST_MOMENTS = 16 * NARROW
"""So many bytes of a row ``moments`` takes."""
