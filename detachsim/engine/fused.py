"""A multiplication and an addition rounded once, as the processors' fused instruction rounds them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SPLITTER = 2.0**27 + 1.0


def fused32(left: Array, right: Array | np.float32, addend: Array | np.float32) -> Array:
    """Return ``left * right + addend`` in float32; float64 holds the product of two float32 numbers exactly."""
    total: Array = np.multiply(left, right, dtype=np.float64)
    total += addend
    return total.astype(np.float32)


def fused64(left: Array, right: float, addend: float) -> Array:
    """Return ``left * right + addend`` in float64, with what the product and the sum lost added at the end.

    The exact losses are Dekker's and Knuth's; only huge numbers, near the end of the range, overflow on the way.
    """
    product: Array = left * right
    left_high = _high(left)
    right_high = float(_high(np.float64(right)))
    left_low, right_low = left - left_high, right - right_high
    lost = ((left_high * right_high - product) + left_high * right_low + left_low * right_high) + left_low * right_low
    total: Array = product + addend
    shift = total - product
    lost += (product - (total - shift)) + (addend - shift)
    total += lost
    return total


def _high(number: Any) -> Any:
    """Return the upper half of a number's bits."""
    scaled = number * _SPLITTER
    return scaled - (scaled - number)
