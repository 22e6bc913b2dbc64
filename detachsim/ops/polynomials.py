"""Orthogonal polynomials: those of Chebyshev, Hermite, Laguerre and Legendre, none of which has a gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_OPERANDS, WITH_NUMBER
from detachsim.engine.limits import MAX_STEPS, require_few_steps
from detachsim.engine.op import FLOAT, Op
from detachsim.ops.element_types import promoted
from detachsim.ops.row import pointwise

# The polynomials of degree 0 and 1, and the next of two: ``step(x, last, before, degree)``.
Start = Callable[[Array], Array]
Step = Callable[[Array, Array, Array, int], Array]
# The polynomial of a degree at a point where PyTorch takes no steps, else None.
Closed = Callable[[Any, int], Any]


def _evaluated(start: Start, step: Step, closed: Closed | None = None) -> Callable[[Array, Array], Array]:
    """Return a kernel: each element of n is a degree, cut to a whole number; below 0 the polynomial is 0.

    Of a degree above 6 or 8 PyTorch takes what is ``closed`` in place of steps.
    """

    def call(x: Array, n: Array) -> Array:
        points, degrees = np.broadcast_arrays(x, n)
        made = np.zeros(points.shape, points.dtype)
        flat_points, flat_degrees, flat = points.reshape(-1), degrees.reshape(-1), made.reshape(-1)
        with np.errstate(all="ignore"):
            for index, degree in enumerate(flat_degrees):
                # C turns what is no number, or too large a one, into the least of all.
                whole = int(degree) if abs(degree) < 2.0**63 else -1
                if whole >= 0:
                    point = flat_points[index : index + 1]
                    value = None if closed is None else closed(point[0], whole)
                    flat[index] = _at(point, whole, start, step)[0] if value is None else value
        return made

    return call


def _at(x: Array, degree: int, start: Start, step: Step) -> Array:
    before, last = np.ones_like(x), start(x)
    if degree == 0:
        return before
    for k in range(1, degree):
        if np.isnan(last[0]):
            break
        if k == MAX_STEPS:
            require_few_steps(degree)
        before, last = last, step(x, last, before, k)
    return last


def _twice(x: Array, last: Array, before: Array, k: int) -> Array:
    return (x + x) * last - before


def _shifted(x: Array, last: Array, before: Array, k: int) -> Array:
    return (x + x - 1 + (x + x - 1)) * last - before


def _chebyshev_t(x: Any, n: int) -> Any:
    if abs(x) == 1:
        return 1 if x > 0 else _sign(n)
    return np.cos(n * np.arccos(x)) if n > 6 and abs(x) < 1 else None


def _chebyshev_u(x: Any, n: int) -> Any:
    if abs(x) == 1:
        return n + 1 if x > 0 else _sign(n) * (n + 1)
    angle = np.arccos(x)
    return np.sin((n + 1) * angle) / np.sin(angle) if n > 8 and abs(x) < 1 else None


def _chebyshev_v(x: Any, n: int) -> Any:
    if abs(x) == 1:
        return 1 if x > 0 else _sign(n) * (2 * n + 1)
    angle = np.arccos(x)
    return np.cos(x.dtype.type(n + 0.5) * angle) / np.cos(angle / 2) if n > 8 and abs(x) < 1 else None


def _chebyshev_w(x: Any, n: int) -> Any:
    if abs(x) == 1:
        return 2 * n + 1 if x > 0 else _sign(n)
    angle = np.arccos(x)
    return np.sin(x.dtype.type(n + 0.5) * angle) / np.sin(angle / 2) if n > 8 and abs(x) < 1 else None


def _sign(n: int) -> int:
    return -1 if n % 2 else 1


def _moved(closed: Closed) -> Closed:
    """Return what the shifted polynomial of a kind is: the same, at 2 x - 1."""
    return lambda x, n: closed(x + x - 1, n)


def _legendre(x: Any, n: int) -> Any:
    return None if abs(x) != 1 else 1 if x > 0 else _sign(n)


_POLYNOMIALS: dict[str, tuple[Start, Step] | tuple[Start, Step, Closed]] = {
    "chebyshev_polynomial_t": (lambda x: x, _twice, _chebyshev_t),
    "chebyshev_polynomial_u": (lambda x: x + x, _twice, _chebyshev_u),
    "chebyshev_polynomial_v": (lambda x: x + x - 1, _twice, _chebyshev_v),
    "chebyshev_polynomial_w": (lambda x: x + x + 1, _twice, _chebyshev_w),
    "shifted_chebyshev_polynomial_t": (lambda x: x + x - 1, _shifted, _moved(_chebyshev_t)),
    "shifted_chebyshev_polynomial_u": (lambda x: x + x - 1 + (x + x - 1), _shifted, _moved(_chebyshev_u)),
    "shifted_chebyshev_polynomial_v": (lambda x: x + x - 1 + (x + x - 1) - 1, _shifted, _moved(_chebyshev_v)),
    "shifted_chebyshev_polynomial_w": (lambda x: x + x - 1 + (x + x - 1) + 1, _shifted, _moved(_chebyshev_w)),
    "hermite_polynomial_h": (lambda x: x + x, lambda x, last, before, k: (x + x) * last - (k + k) * before),
    "hermite_polynomial_he": (lambda x: x, lambda x, last, before, k: x * last - k * before),
    "laguerre_polynomial_l": (
        lambda x: 1 - x,
        lambda x, last, before, k: ((k + k + (1 - x)) * last - k * before) / (k + 1),
    ),
    "legendre_polynomial_p": (
        lambda x: x,
        lambda x, last, before, k: ((k + k + 1) * x * last - k * before) / (k + 1),
        _legendre,
    ),
}


def no_halves(kernel: str) -> Callable[..., None]:
    """Refuse the half types, in the name of PyTorch's kernel."""

    def check(session: Any, op: Any, bound: list[Any]) -> None:
        dtype = promoted(op, bound)
        if dtype.is_reduced:
            raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)

    return check


def _rows(name: str, kernel: Callable[..., Any]) -> list[Op]:
    signatures = (
        f"special_{name}(Tensor x, Tensor n)",
        f"special_{name}.x_scalar(PromotingNumber x, Tensor n)",
        f"special_{name}.n_scalar(Tensor x, PromotingNumber n)",
    )
    samples = (f"torch.special.{name}(a, 3)", f"torch.special.{name}(a, torch.arange(a.numel()).reshape(a.shape))")

    def call(x: Any, n: Any) -> Array:
        if not isinstance(x, np.ndarray):
            x = np.asarray(x, n.dtype)
        return kernel(x, np.asarray(n))

    return [
        pointwise(
            signature,
            "",
            call,
            promote=FLOAT,
            where="s",
            layout=WITH_NUMBER if place else AS_OPERANDS,
            refuses=no_halves(f"{name}_cpu"),
            doc=f"the {name.replace('_', ' ')} of degree n at x",
            samples=() if place == 1 else samples[1 - place // 2 :][:1],
        )
        for place, signature in enumerate(signatures)
    ]


ROWS: list[Op] = [row for name, both in _POLYNOMIALS.items() for row in _rows(name, _evaluated(*both))]
