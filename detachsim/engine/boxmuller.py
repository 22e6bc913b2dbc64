"""Box and Muller's way from uniform to normal numbers, rounded as PyTorch's vectorised CPU kernel rounds it.

float32 logarithms, sines and cosines are the polynomials of Stephen Moshier's Cephes library (``logf.c``,
``sinf.c``), with fused multiplications and additions where the compiled kernel has them.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detachsim.engine.fused import fused32, fused64

Array = NDArray[Any]

_HALF = 8
_BATCH_BLOCKS = 1 << 10

_LOG_POLYNOMIAL = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
# ln 2 and pi / 4 in parts: the first ones have few bits, so that their products are exact.
_LN2_HIGH, _LN2_LOW = 0.693359375, -2.12194440e-4
_QUARTER_PI_PARTS = (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)
_SQRT_HALF = 0.707106781186547524
_FOUR_OVER_PI = 1.27323954473516
_COS_POLYNOMIAL = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_SIN_POLYNOMIAL = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)


def normal_from_uniform(uniform: Array, mean: float, std: float) -> Array:
    """Return normal numbers from uniform ones in [0, 1): blocks of sixteen, lengths first, then turns.

    ``uniform`` is one-dimensional, float32 or float64, of whole blocks; the result has its dtype.
    """
    blocks = uniform.reshape(-1, 2, _HALF)
    normal = np.empty_like(blocks)
    one_batch = _batch_double if uniform.dtype == np.float64 else _batch_float
    for start in range(0, len(blocks), _BATCH_BLOCKS):
        batch = blocks[start : start + _BATCH_BLOCKS]
        normal[start : start + _BATCH_BLOCKS] = one_batch(1 - batch[:, 0], batch[:, 1], mean, std)
    return normal.reshape(-1)


def _batch_double(lengths: Array, turns: Array, mean: float, std: float) -> Array:
    radius = np.sqrt(-2.0 * _each(math.log, lengths))
    angle = 2.0 * math.pi * turns
    return fused64(np.stack((radius * _each(math.cos, angle), radius * _each(math.sin, angle)), axis=1), std, mean)


def _each(function: Callable[[float], float], values: Array) -> Array:
    """Apply a function of the C library, which PyTorch asks here; numpy's own is another one on some processors."""
    return np.array([function(value) for value in values.ravel().tolist()], np.float64).reshape(values.shape)


def _batch_float(lengths: Array, turns: Array, mean: float, std: float) -> Array:
    radius = np.sqrt(np.float32(-2.0) * _log(lengths))
    sine, cosine = _sine_and_cosine(np.float32(2.0 * math.pi) * turns)
    return fused32(np.stack((radius * cosine, radius * sine), axis=1), np.float32(std), np.float32(mean))


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    first, *others = coefficients
    total = fused32(x, np.float32(first), np.float32(others[0]))
    for coefficient in others[1:]:
        total = fused32(total, x, np.float32(coefficient))
    return total


def _log(x: Array) -> Array:
    """Natural logarithm of positive float32 numbers."""
    fraction, exponent = np.frexp(x)
    small = fraction < np.float32(_SQRT_HALF)
    exponent = (exponent - small).astype(np.float32)
    fraction = np.where(small, fraction + fraction, fraction) - np.float32(1.0)
    square = fraction * fraction
    tail = _polynomial(_LOG_POLYNOMIAL, fraction) * fraction
    tail = fused32(tail, square, exponent * np.float32(_LN2_LOW))
    tail -= np.float32(0.5) * square
    return fused32(exponent, np.float32(_LN2_HIGH), fraction + tail)


def _sine_and_cosine(angle: Array) -> tuple[Array, Array]:
    """Sine and cosine of float32 angles that are not negative."""
    octant = (angle * np.float32(_FOUR_OVER_PI)).astype(np.int32) + 1 & ~1
    rest = angle
    turned = octant.astype(np.float32)
    for part in _QUARTER_PI_PARTS:
        rest = fused32(turned, np.float32(-part), rest)
    square = rest * rest
    even = _polynomial(_COS_POLYNOMIAL, square) * square
    even = fused32(even, square, np.float32(-0.5) * square) + np.float32(1.0)
    odd = _polynomial(_SIN_POLYNOMIAL, square) * square
    odd = fused32(odd, rest, rest)
    swapped = octant & 2 != 0
    sine = np.where(swapped, even, odd)
    cosine = np.where(swapped, odd, even)
    np.negative(sine, out=sine, where=octant & 4 != 0)
    np.negative(cosine, out=cosine, where=(octant - 2) & 4 == 0)
    return sine, cosine
