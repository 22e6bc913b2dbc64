"""Elimination for small float32 matrices, in the order of LAPACK's, which decides the last digit of what is printed."""

import numpy as np

from detachsim.engine.dtypes import Array

# Larger matrices, and other types, are numpy's, which computes in float64 throughout.
SMALL = 4


def is_small(matrix: Array) -> bool:
    """Whether a matrix is worth elimination by hand."""
    return matrix.dtype == np.float32 and matrix.shape[-1] <= SMALL


def factor(matrix: Array) -> tuple[Array, list[int], int]:
    """Return L and U in one matrix, the order of the rows, and the sign of that order."""
    work = matrix.copy()
    size = len(work)
    order = list(range(size))
    sign = 1
    for k in range(size):
        pivot = k + int(np.argmax(np.abs(work[k:, k])))
        if pivot != k:
            work[[k, pivot]] = work[[pivot, k]]
            order[k], order[pivot] = order[pivot], order[k]
            sign = -sign
        if work[k, k] != 0:
            work[k + 1 :, k] = work[k + 1 :, k] / work[k, k]
            work[k + 1 :, k + 1 :] -= np.multiply.outer(work[k + 1 :, k], work[k, k + 1 :])
    return work, order, sign


def determinant(matrix: Array) -> Array:
    """Return the determinant of one matrix."""
    # PyTorch hands its rows over as columns.
    work, _, sign = factor(np.ascontiguousarray(matrix.T))
    product = matrix.dtype.type(1)
    for value in np.diagonal(work):
        product = product * value
    return np.asarray(product * sign, dtype=matrix.dtype)


def solve(matrix: Array, right: Array, *, nudged: bool = False) -> Array:
    """Solve for one matrix; ``right`` is a vector or a matrix. A singular one must be ``nudged``: then a pivot of 0
    counts as the smallest step from 1."""
    work, order, _ = factor(matrix)
    if nudged:
        diagonal = np.diagonal(work)
        np.fill_diagonal(work, np.where(diagonal == 0, np.finfo(matrix.dtype).eps, diagonal))
    made = right[order].copy()
    for i in range(len(work)):
        made[i + 1 :] -= np.multiply.outer(work[i + 1 :, i], made[i])
    for i in reversed(range(len(work))):
        made[i] = made[i] * (matrix.dtype.type(1) / work[i, i])
        made[:i] -= np.multiply.outer(work[:i, i], made[i])
    return made


def first_zero(matrix: Array) -> int:
    """Return the place, from 1, of the first zero on the diagonal of U; 0 where the matrix is not singular."""
    work, _, _ = factor(matrix)
    zeros = np.flatnonzero(np.diagonal(work) == 0)
    return int(zeros[0]) + 1 if zeros.size else 0
