"""Special functions in numpy: erf and its kin, the gamma family, Bessel functions, all in float64."""

import math
from collections.abc import Callable

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.ops.bessel_functions import modified_first_kind

# Bernoulli numbers B2, B4 … over (2k)!, for the Euler-Maclaurin formula.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
# From here on the asymptotic series are exact to the last digit.
_FAR = 15.0


def _elementwise(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """Return a function of Python floats as one of arrays; the result has the argument's type."""
    each = np.frompyfunc(function, 1, 1)

    def call(x: Array) -> Array:
        return np.asarray(each(np.asarray(x, dtype=np.float64)), dtype=np.float64).astype(x.dtype)

    call.__name__ = function.__name__
    return call


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        # A pole at 0 and the negative integers, or too large.
        return math.inf


def _erfinv(y: float) -> float:
    if not -1.0 < y < 1.0:
        return math.copysign(math.inf, y) if abs(y) == 1.0 else math.nan
    if y == 0.0:
        return y
    size = abs(y)
    # A start that is right to three digits (after Winitzki), then steps of Halley's method.
    tail = math.log1p(-size * size)
    half = 2 / (math.pi * 0.147) + tail / 2
    x = math.sqrt(math.sqrt(half * half - tail / 0.147) - half)
    for _ in range(4):
        # Near 1 the complement keeps the digits that erf has lost.
        error = (1.0 - size) - math.erfc(x) if size > 0.5 else math.erf(x) - size
        step = error * math.sqrt(math.pi) / 2 * math.exp(x * x)
        x -= step / (1 + x * step)
    return math.copysign(x, y)


erf = _elementwise(math.erf)
erfc = _elementwise(math.erfc)
lgamma = _elementwise(_lgamma)
erfinv = _elementwise(_erfinv)


def _as(x: Array, result: Array) -> Array:
    """Return a result in the type and layout of ``x``."""
    made = np.empty_like(x)
    made[...] = result
    return made


def digamma(x: Array) -> Array:
    """The derivative of lgamma: an infinity at 0, nan at the negative integers."""
    values = np.asarray(x, dtype=np.float64)
    negative = values < 0
    # Reflection: digamma(1 - x) - pi / tan(pi x), the angle taken from the fraction alone.
    fraction = values - np.floor(values)
    reflected = np.where(negative, 1.0 - values, values)
    result = _digamma_positive(reflected)
    result = np.where(negative, result - math.pi / np.tan(math.pi * fraction), result)
    result = np.where(negative & (fraction == 0), np.nan, result)
    result = np.where(values == 0, np.copysign(np.inf, -values), result)
    return _as(x, result)


def _digamma_positive(x: Array) -> Array:
    total = np.zeros_like(x)
    shifted = x.copy()
    while True:
        near = shifted < _FAR
        if not near.any():
            break
        total = np.where(near, total - 1.0 / shifted, total)
        shifted = np.where(near, shifted + 1.0, shifted)
    inverse = 1.0 / (shifted * shifted)
    series = np.zeros_like(x)
    for k in range(len(_BERNOULLI), 0, -1):
        series = (series + _BERNOULLI[k - 1] / (2 * k)) * inverse
    return np.asarray(total + (np.log(shifted) - 0.5 / shifted - series))


def zeta(s: float, q: Array) -> Array:
    """The Hurwitz zeta function for s above 1: the sum of (q + k) ** -s."""
    start = np.asarray(q, dtype=np.float64)
    total = np.zeros_like(start)
    shifted = start.copy()
    for _ in range(int(_FAR) + int(s)):
        total = total + shifted**-s
        shifted = shifted + 1.0
    total = total + shifted ** (1 - s) / (s - 1) + 0.5 * shifted**-s
    factor = s
    power = shifted ** (-s - 1)
    for k, number in enumerate(_BERNOULLI, start=1):
        total = total + number / math.factorial(2 * k) * factor * power
        factor *= (s + 2 * k - 1) * (s + 2 * k)
        power = power / (shifted * shifted)
    return np.where((start <= 0) & (start == np.floor(start)), np.inf, total)


def polygamma(n: int, x: Array) -> Array:
    """The derivative of digamma, n times."""
    if n == 0:
        return digamma(x)
    values = np.asarray(x, dtype=np.float64)
    if n == 1:
        return trigamma(x)
    # PyTorch's zeta has no value at infinity.
    result = np.where(values == np.inf, np.nan, (-1.0) ** (n + 1) * math.factorial(n) * zeta(n + 1.0, values))
    return _as(x, result)


def trigamma(x: Array) -> Array:
    """The derivative of digamma, as exact as PyTorch's, which takes six steps and then few terms, all in x's type."""
    kind = x.dtype.type if x.dtype == np.float64 else np.float32
    values = x.astype(kind)
    reflects = values < 0.5
    pi = kind(math.pi)
    sine = np.sin(pi * values)
    shifted = np.where(reflects, 1 - values, values)
    total = np.where(reflects, -(pi * pi) / (sine * sine), kind(0))
    for _ in range(6):
        total = total + 1 / (shifted * shifted)
        shifted = shifted + 1
    inverse = 1 / (shifted * shifted)
    series = 1 + 1 / (2 * shifted) + inverse * (kind(1 / 6) - inverse * (kind(1 / 30) - inverse * kind(1 / 42)))
    total = total + series / shifted
    return _as(x, np.where(reflects, -total, total))


def i0(x: Array) -> Array:
    """The modified Bessel function of order 0."""
    return _as(x, modified_first_kind(x, 0))


def i1(x: Array) -> Array:
    """The modified Bessel function of order 1."""
    return _as(x, modified_first_kind(x, 1))


# What is nearly 0 or nearly 1


def _erfcx(x: float) -> float:
    if math.isnan(x):
        return x
    if x < -26.7:
        return math.inf
    if x < 20:
        return math.exp(x * x) * math.erfc(x)
    # A continued fraction; what is left out is below the last digit.
    rest = 0.0
    for k in range(20, 0, -1):
        rest = k / 2 / (x + rest)
    return 1 / (math.sqrt(math.pi) * (x + rest)) if x != math.inf else 0.0


def _log_ndtr(x: float) -> float:
    scaled = x * math.sqrt(0.5)
    if x < -1:
        value = _erfcx(-scaled)
        return math.log(value / 2) - scaled * scaled if value > 0 else -math.inf
    return math.log1p(-math.erfc(scaled) / 2)


def _ndtri(p: float) -> float:
    if not 0 < p < 1:
        return -math.inf if p == 0 else math.inf if p == 1 else math.nan
    if p >= 0.5:
        return 0.0 if p == 0.5 else -_ndtri(1 - p)
    # Newton's method on the logarithm, from the left, where each step stays on that side.
    x = -math.sqrt(-2 * math.log(p))
    for _ in range(60):
        cumulative = math.erfc(-x * math.sqrt(0.5)) / 2
        density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        if density == 0:
            break
        step = (math.log(cumulative) - math.log(p)) * cumulative / density
        x -= step
        if abs(step) <= 1e-16 * max(abs(x), 1e-300):
            break
    return x


erfcx = _elementwise(_erfcx)
log_ndtr = _elementwise(_log_ndtr)
ndtri = _elementwise(_ndtri)


# The gamma function, cut off


def lower_gamma(a: float, x: float) -> float:
    """The share of the gamma function's integral that lies below x."""
    return _incomplete_gamma(a, x)[0]


def upper_gamma(a: float, x: float) -> float:
    """The share of the gamma function's integral that lies above x."""
    return _incomplete_gamma(a, x)[1]


def _incomplete_gamma(a: float, x: float) -> tuple[float, float]:
    if math.isnan(a) or math.isnan(x) or a < 0 or x < 0:
        return math.nan, math.nan
    if a == 0:
        return (1.0, 0.0) if x > 0 else (math.nan, math.nan)
    if x == 0:
        return 0.0, 1.0
    if math.isinf(a):
        return (math.nan, math.nan) if math.isinf(x) else (0.0, 1.0)
    if math.isinf(x):
        return 1.0, 0.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        k = a
        while term > total * 1e-17:
            k += 1
            term *= x / k
            total += term
        return scale * total, 1 - scale * total
    # A continued fraction, from the front (after Lentz).
    b = x + 1 - a
    c, d = 1e300, 1 / b
    fraction = d
    for k in range(1, 10000):
        factor = -k * (k - a)
        b += 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return 1 - scale * fraction, scale * fraction


def hurwitz(s: float, q: float) -> float:
    """The sum of (q + k) ** -s, as PyTorch takes it where that has no value."""
    if not math.isfinite(s) or not math.isfinite(q) or s < 1:
        return math.nan
    if s == 1:
        return math.inf
    if q <= 0:
        if q == math.floor(q):
            return math.inf
        if s != math.floor(s):
            return math.nan
    total = 0.0
    while q < _FAR:
        total += q**-s
        q += 1
    total += q ** (1 - s) / (s - 1) + 0.5 * q**-s
    factor = s
    power = q ** (-s - 1)
    for k, number in enumerate(_BERNOULLI, start=1):
        total += number / math.factorial(2 * k) * factor * power
        factor *= (s + 2 * k - 1) * (s + 2 * k)
        power /= q * q
    return total
