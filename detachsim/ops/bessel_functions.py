"""Bessel functions and their kin in numpy, in float64: by Fourier series, integrals, and series for large arguments."""

import math

import numpy as np

from detachsim.engine.dtypes import Array

# Up to here the Fourier coefficients are exact to the last digit, from here on Hankel's series are.
_FAR = 30.0
_POINTS = 256
_EULER = 0.5772156649015329


def _oscillating(x: Array) -> Array:
    """Return the Bessel functions of the first kind of all orders below 100, the orders first, for x up to 30."""
    angles = 2 * math.pi * np.arange(_POINTS) / _POINTS
    waves = np.exp(1j * np.minimum(np.abs(x), _FAR)[..., None] * np.sin(angles))
    return np.moveaxis(np.fft.fft(waves, axis=-1).real / _POINTS, -1, 0)[:100]


def _hankel(x: Array, order: int) -> tuple[Array, Array]:
    """Return J and Y of an order for large x."""
    far = np.maximum(np.abs(x), _FAR)
    even, odd, term = np.ones_like(far), np.zeros_like(far), np.ones_like(far)
    for k in range(1, 20):
        term = term * (4 * order * order - (2 * k - 1) ** 2) / (8 * k * far)
        if k % 2:
            odd = odd + (-1) ** (k // 2) * term
        else:
            even = even + (-1) ** (k // 2) * term
    phase = far - (order / 2 + 0.25) * math.pi
    size = np.sqrt(2 / (math.pi * far))
    sine, cosine = np.sin(phase), np.cos(phase)
    return size * (even * cosine - odd * sine), size * (even * sine + odd * cosine)


def first_kind(x: Array, order: int) -> Array:
    """J of order 0 or 1."""
    values = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        made = np.where(np.abs(values) <= _FAR, _oscillating(values)[order], _hankel(values, order)[0])
    made = np.where(np.isinf(values), np.nan, made)
    return made * np.sign(values) if order else made


def second_kind(x: Array, order: int) -> Array:
    """Y of order 0 or 1: nothing below 0, minus infinity at 0."""
    values = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        waves = _oscillating(values)
        total = (np.log(values / 2) + _EULER - order) * waves[order]
        for k in range(1, 49):
            total = total - (-1) ** k * (2 * k + order) / (k * (k + order)) * waves[2 * k + order]
        near = 2 / math.pi * total - (2 * waves[0] / (math.pi * values) if order else 0.0)
        made = np.where(values <= _FAR, near, _hankel(values, order)[1])
    made = np.where(np.isinf(values), np.nan, made)
    return np.where(values == 0, -np.inf, np.where(values < 0, np.nan, made))


def modified_second_kind(x: Array, order: float, *, scaled: bool = False) -> Array:
    """K of any order, times exp(x) if ``scaled``: nothing below 0, infinity at 0."""
    values = np.asarray(x, dtype=np.float64)
    steps = np.arange(0.0, 30.0, 1 / 32)
    with np.errstate(all="ignore"):
        depth = values[..., None] * (np.cosh(steps) - float(scaled))
        waves = np.exp(-depth) * np.cosh(order * steps)
        made = (np.nansum(waves, axis=-1) - waves[..., 0] / 2) / 32
    made = np.where(np.isnan(values), np.nan, np.where(np.isinf(values), 0.0, made))
    return np.where(values == 0, np.inf, np.where(values < 0, np.nan, made))


def modified_first_kind(x: Array, order: int, *, scaled: bool = False) -> Array:
    """I of order 0 or 1, times exp(-abs(x)) if ``scaled``."""
    values = np.asarray(x, dtype=np.float64)
    size = np.abs(values)
    near = np.minimum(size, _FAR)
    quarter = near * near / 4
    term = np.ones_like(near) if order == 0 else near / 2
    small = term.copy()
    for k in range(1, 80):
        term = term * quarter / (k * (k + order))
        small = small + term
    far = np.maximum(size, _FAR)
    term = np.ones_like(far)
    series = term.copy()
    for k in range(1, 24):
        term = term * ((2 * k - 1) ** 2 - 4 * order * order) / (8 * k * far)
        series = series + term
    large = series / np.sqrt(2 * math.pi * far)
    with np.errstate(over="ignore"):
        if scaled:
            small = small * np.exp(-near)
        else:
            # Half of the exponent at a time, since exp alone overflows first.
            large = np.exp(far / 2) * (np.exp(far / 2) * large)
    result = np.where(size <= _FAR, small, large)
    if order:
        result = np.copysign(result, values)
    return np.where(np.isnan(values), values, result)


def spherical(x: Array) -> Array:
    """sin(x) / x, 1 at 0."""
    values = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        made = np.where(values == 0, 1.0, np.sin(values) / values)
    return np.where(np.isinf(values), 0.0, made)


def airy(x: Array) -> Array:
    """The solution of y'' = x y that vanishes far to the right."""
    values = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        size = np.abs(values)
        zeta = 2 / 3 * size**1.5
        right = np.sqrt(size / 3) / math.pi * modified_second_kind(zeta, 1 / 3)
        phase = zeta + math.pi / 4
        even, odd, term = np.ones_like(zeta), np.zeros_like(zeta), np.ones_like(zeta)
        for k in range(1, 12):
            term = term * (6 * k - 5) * (6 * k - 3) * (6 * k - 1) / (216 * k * (2 * k - 1) * zeta)
            if k % 2:
                odd = odd + (-1) ** (k // 2) * term
            else:
                even = even + (-1) ** (k // 2) * term
        left = (np.sin(phase) * even - np.cos(phase) * odd) / (math.sqrt(math.pi) * size**0.25)
    near = np.clip(values, -9.0, 2.0)
    cube = near**3
    first, second = np.ones_like(near), near.copy()
    sums = [first.copy(), second.copy()]
    for k in range(1, 60):
        first = first * cube / ((3 * k - 1) * (3 * k))
        second = second * cube / ((3 * k) * (3 * k + 1))
        sums = [sums[0] + first, sums[1] + second]
    middle = 0.3550280538878172 * sums[0] - 0.2588194037928068 * sums[1]
    made = np.where(values > 2, right, np.where(values < -9, left, middle))
    return np.where(np.isinf(values), np.nan, made)
