"""The arithmetic of matrix products: the order of additions of PyTorch's CPU library, which decides the last digit."""

import numpy as np

from detachsim.engine.dtypes import Array

# Products of float32 with at most this many terms in each sum, and at most this many multiplications, are summed as
# PyTorch's library sums small ones: term by term, each product and each sum rounded. Measured on an AVX2 machine: all
# bits agree for up to three terms, and nearly all for more, where numpy's own product (which fuses each multiplication
# with its addition) differs in a third of all sums.
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
    if left.ndim == 1 == right.ndim or (not across and rows.shape[-2] > 2 and columns.shape[-1] > 2):
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


def _sum_in_lanes(terms: Array) -> Array:
    """Sum as for rows and columns that both lie in order in memory: four sums side by side, together, then the rest."""
    whole = len(terms) - len(terms) % _LANES
    if not whole:
        return _sum(terms)
    lanes = _sum(terms[:whole].reshape(-1, _LANES, *terms.shape[1:]))
    total: Array = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    for term in terms[whole:]:
        total = total + term
    return total
