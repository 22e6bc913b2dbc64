"""The arithmetic of matrix products: the order of additions of PyTorch's CPU library, which decides the last digit."""

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.limits import require_few_products

# Products of float32 with at most this many terms in each sum, and at most this many multiplications, are summed as
# PyTorch's library sums small ones, each product and each sum rounded: in order, but for two vectors and for rows and
# columns that both lie in order in memory. Measured on AMD's processors, where all bits agree; numpy's own product
# (which fuses each multiplication with its addition) differs in a third of all sums.
_FEW_TERMS = 64
_SMALL = 1 << 13
_LANES = 4


def matrix_product(left: Array, right: Array) -> Array:
    """The product of two arrays, as ``numpy.matmul`` takes them; half types compute in float32 and round once."""
    return accumulated_product(None, left, right)


def accumulated_product(start: Array | None, left: Array, right: Array) -> Array:
    """``start`` (broadcast to the result's shape) plus the product of two arrays, whose type is ``left``'s."""
    if left.dtype == np.float16:
        wide = None if start is None else start.astype(np.float32)
        return accumulated_product(wide, left.astype(np.float32), right.astype(np.float32)).astype(np.float16)
    if left.dtype == np.float32 and 1 < left.shape[-1] <= _FEW_TERMS and left.size * right.shape[-1] <= _SMALL:
        if left.ndim == 2 == right.ndim and start is None and right.shape[1] > 1 and right.flags.c_contiguous:
            return _sum(np.multiply(left.T[:, :, None], right[:, None, :], order="C"))
        return _small_product(start, left, right)
    if start is None and left.ndim == 2 == right.ndim and left.shape[1] == 1 and min(len(left), right.shape[1]) > 1:
        return left * right  # one term is no sum: a zero keeps its sign
    require_few_products(left.shape, right.shape)
    product = np.matmul(left, right)
    return product if start is None else start + product


def _small_product(start: Array | None, left: Array, right: Array) -> Array:
    rows = left[None] if left.ndim == 1 else left
    columns = right[:, None] if right.ndim == 1 else right
    if start is not None and right.ndim == 1 and start.ndim:
        start = start[..., None]
    # Terms first: numpy then adds whole matrices, one after another.
    ahead = range(max(rows.ndim, columns.ndim) - 2)
    terms = np.multiply(
        rows.transpose(rows.ndim - 1, *ahead, rows.ndim - 2)[..., None],
        columns.transpose(columns.ndim - 2, *ahead, columns.ndim - 1)[..., None, :],
        order="C",
    )
    across = columns.shape[-1] > 1 and columns.strides[-1] == columns.itemsize
    if left.ndim == 2 == right.ndim and len(left) > 1 and right.shape[1] > 1 and not across and _lies_in_rows(left):
        total = _sum_of_rows(terms, left)
    elif (by := _vector_side(rows, columns)) is not None:
        total = _sum_by_vector(terms, by)
    elif left.ndim == 1 == right.ndim:
        total = _sum_in_lanes(terms)
    elif start is not None and across and left.ndim == 2:
        total = _sum(np.concatenate([np.broadcast_to(start, terms.shape[1:])[None], terms]))
        start = None
    else:
        total = _sum(terms)
    if start is not None:
        total = start + total
    if right.ndim == 1:
        total = total[..., 0]
    return np.asarray(total[0] if left.ndim == 1 == right.ndim else total[..., 0, :] if left.ndim == 1 else total)


def _sum(terms: Array) -> Array:
    """Sum along the first dimension, strictly in order."""
    if terms[0].size > 1:
        made: Array = np.add.reduce(terms, axis=0)
        return made
    total: Array = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _vector_side(rows: Array, columns: Array) -> int | None:
    """Return the dim of the results of a matrix, whose rows lie in order in memory, and a vector."""
    if rows.ndim == 2 == columns.ndim:
        if columns.shape[1] == 1 and len(rows) >= _LANES and _lies_in_rows(rows):
            return 0
        if len(rows) == 1 and columns.shape[1] >= _LANES and _lies_in_rows(columns.T):
            return 1
    return None


def _sum_by_vector(terms: Array, dim: int) -> Array:
    """Sum for a matrix and a vector: whole groups of four rows with one to four terms ahead of the lanes, the last rows
    in order."""
    results = np.moveaxis(terms, dim + 1, 1)
    whole = results.shape[1] // _LANES * _LANES
    total = np.concatenate(
        [_sum_aligned(results[:, :whole], (len(terms) - 1) % _LANES + 1, _LANES), _sum(results[:, whole:])]
        if whole < results.shape[1]
        else [_sum_aligned(results, (len(terms) - 1) % _LANES + 1, _LANES)]
    )
    return np.moveaxis(total, 0, dim)


def _lies_in_rows(matrix: Array) -> bool:
    return matrix.strides[1] == matrix.itemsize and matrix.strides[0] > 0


def _sum_of_rows(terms: Array, left: Array) -> Array:
    """Sum as for rows and columns that both lie in order in memory, four results of a row at a time.

    Each row is summed in order up to where its memory is aligned for a vector, then in four lanes, then in order
    again. Of the last results, which are no four, the lanes are twice as many.
    """
    total = np.empty(terms.shape[1:], terms.dtype)
    start = left.__array_interface__["data"][0]
    ahead = -(start + np.arange(len(left)) * left.strides[0]) // left.itemsize % _LANES
    grouped = terms.shape[2] // _LANES * _LANES
    for count in set(ahead.tolist()):
        rows = ahead == count
        for columns, width in ((slice(grouped), _LANES), (slice(grouped, None), 2 * _LANES)):
            total[rows, columns] = _sum_aligned(terms[:, rows, columns], count, width)
    return total


def _sum_aligned(terms: Array, ahead: int, width: int) -> Array:
    whole = max(len(terms) - ahead, 0) // width * width
    if not whole or not terms[0].size:
        return _sum(terms)
    lanes = np.zeros((1 + whole // width, width, *terms.shape[1:]), terms.dtype)
    if ahead:
        lanes[0, 0] = _sum(terms[:ahead])
    lanes[1:] = terms[ahead : ahead + whole].reshape(-1, width, *terms.shape[1:])
    sums = _sum(lanes)
    if width > _LANES:
        sums = sums[:_LANES] + sums[_LANES:]
    total: Array = (sums[0] + sums[2]) + (sums[1] + sums[3])
    for term in terms[ahead + whole :]:
        total = total + term
    return total


def _sum_in_lanes(terms: Array) -> Array:
    """Sum as for the inner product of two vectors: sixteen at a time in four sums of four lanes, then what is left
    over in the first two sums, and single terms in the very first lane."""
    if len(terms) < _LANES:
        return _sum(terms)
    sums = np.zeros((4, _LANES, *terms.shape[1:]), terms.dtype)
    place = 0
    for count in (4, 2, 1):
        taken = (len(terms) - place) // (count * _LANES)
        taken = taken if count == 4 else min(taken, 1)
        for _ in range(taken):
            sums[:count] += terms[place : place + count * _LANES].reshape(count, _LANES, *terms.shape[1:])
            place += count * _LANES
    for term in terms[place:]:
        sums[0, 0] += term
    lanes = ((sums[0] + sums[1]) + sums[2]) + sums[3]
    return np.asarray((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]))
