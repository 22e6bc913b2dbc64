"""A multiplication and an addition rounded once, as the processors' fused instruction rounds them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SPLITTER = 2.0**27 + 1.0


def fused32(left: Array, right: Array | np.float32, addend: Array | np.float32) -> Array:
    """Return ``left * right + addend`` in float32; float64 holds the product of two float32 numbers exactly."""
    total: Array = np.multiply(left, right, dtype=np.float64) + addend
    return total.astype(np.float32)


def fused64(left: Array, right: Array | float, addend: Array | float) -> Array:
    """Return ``left * right + addend`` in float64, with what the product and the sum lost added at the end.

    The exact losses are Dekker's and Knuth's.
    """
    product: Array = left * right
    left_high, right_high = _high(left), _high(right)
    left_low, right_low = left - left_high, right - right_high
    lost = ((left_high * right_high - product) + left_high * right_low + left_low * right_high) + left_low * right_low
    total: Array = product + addend
    shift = total - product
    lost = lost + (product - (total - shift)) + (addend - shift)
    # An infinite number has lost nothing, and what is said of a huge one has overflowed.
    return np.asarray(np.where(np.isfinite(lost), total + lost, total))


def fused(left: Array, right: Any, addend: Any) -> Array:
    """Return ``left * right + addend``, rounded once where PyTorch's kernels have the instruction for it."""
    if left.dtype == np.float32:
        return fused32(left, right, addend)
    if left.dtype == np.float64:
        return fused64(left, right, addend)
    return np.asarray(left * right + addend)


def _high(number: Any) -> Any:
    """Return the upper half of a number's bits."""
    scaled = number * _SPLITTER
    return scaled - (scaled - number)
