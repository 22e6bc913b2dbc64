"""Windows for signals, which fall from the middle to both ends, by those who thought of them: Hann, Hamming …"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.bessel_functions import modified_first_kind
from detachsim.ops.creation import checked_size
from detachsim.ops.from_lists import as_leaf
from detachsim.ops.row import factory

if TYPE_CHECKING:
    from detachsim.engine.session import Session

# What makes a window of whole numbers from 0: it gets them, and the number of steps from end to end.
Shape = Callable[..., Tensor]


def cosine(session: "Session", places: Tensor, steps: int, alpha: float, beta: float) -> Tensor:
    """Turn places into alpha minus beta cosines, step by step as PyTorch rounds."""
    call = session.call
    wave = call("cos_", call("mul_", places, math.pi * 2.0 / steps))
    return call("add_", call("mul_", wave, -beta), alpha)


def blackman(session: "Session", places: Tensor, steps: int) -> Tensor:
    """Turn places into a sum of two cosines."""
    call = session.call
    angle = call("mul_", places, math.pi / steps)
    fast = call("mul_", call("cos_", call("mul", angle, 4)), 0.08)
    slow = call("mul_", call("cos_", call("mul", angle, 2)), 0.5)
    return call("add", call("sub", fast, slow), 0.42)


def triangle(session: "Session", places: Tensor, steps: int) -> Tensor:
    """Turn places into a line up and a line down."""
    call = session.call
    made: Tensor = call("mul_", places, 2.0 / steps)
    half = (steps >> 1) + 1
    rest = call("narrow", made, 0, half, steps + 1 - half)
    call("add_", call("mul_", rest, -1), 2)
    return made


def kaiser(session: "Session", places: Tensor, steps: int, beta: float) -> Tensor:
    """Turn places into Bessel functions of a half circle."""
    kind = places.dtype
    if kind is dtypes.float16 and session.dialect != NEWEST:
        raise TorchError("not_implemented_for", kernel="kaiser_window_cpu", dtype=kind.scalar)
    wide = np.dtype(np.float64 if kind is dtypes.float64 else np.float32)
    x: Array = places.array.astype(wide) * np.array(2.0 / steps, wide) - np.array(1, wide)
    inner = np.array(beta, wide) * np.sqrt(np.fmax(0, 1 - x * x))
    values = modified_first_kind(inner.astype(np.float64), 0) / modified_first_kind(np.array(beta, np.float64), 0)
    return fresh(dtypes.cast(values, dtypes.float64, kind), kind)


def _window(name: str, shape: Shape) -> Callable[..., Tensor]:
    """Return what makes a window of a shape, which takes numbers of its own between its arguments and its type."""

    def make(session: "Session", length: int, periodic: bool, *rest: Any) -> Tensor:
        *numbers, dtype, requires_grad = rest
        kind: DType = dtype or dtypes.float32
        if not kind.is_floating:
            raise TorchError("window_dtype", op=name, dtype=kind.cpp)
        if length < 0:
            raise TorchError("window_length", op=name, length=length)
        if length < 2:
            return as_leaf(session, fresh(np.ones(length, kind.numpy), kind), requires_grad)
        # One that is to be repeated is a longer one without its end, which stays in memory.
        count = length + 1 if periodic else length
        checked_size((count,), kind.itemsize)
        with session.grad_mode(False), session.unrecorded():
            whole = shape(session, session.call("arange", count, dtype=kind), count - 1, *numbers)
        made = fresh(whole.array, kind)
        made.array = whole.array[:length]
        return as_leaf(session, made, requires_grad)

    return make


_OPTIONS = "*, dtype? dtype=None, bool requires_grad=False"


def _rows(name: str, shape: Shape, doc: str, *defaults: float, numbers: tuple[str, ...] = ()) -> list[Op]:
    """Return a row for each number of arguments: the length, whether it is periodic, and what shapes it."""
    make = _window(name, shape)

    def of_length(session: "Session", length: int, *rest: Any) -> Tensor:
        return make(session, length, True, *defaults, *rest)

    rows = [factory(f"{name}(int window_length, {_OPTIONS})", of_length, doc=doc)]
    for given in range(len(numbers) + 1):

        def of_numbers(session: "Session", length: int, periodic: bool, *rest: Any, given: int = given) -> Tensor:
            return make(session, length, periodic, *rest[:given], *defaults[given:], *rest[given:])

        words = "".join(f", float {word}" for word in numbers[:given])
        label = "_".join(("periodic", *numbers[:given]))
        rows.append(factory(f"{name}.{label}(int window_length, bool periodic{words}, {_OPTIONS})", of_numbers))
    return rows


def hann(session: "Session", places: Tensor, steps: int) -> Tensor:
    """Turn places into half of 1 minus a cosine."""
    return cosine(session, places, steps, 0.5, 0.5)


ROWS: list[Op] = [
    *_rows("hann_window", hann, "half of 1 minus a cosine"),
    *_rows("hamming_window", cosine, "alpha minus beta cosines", 0.54, 0.46, numbers=("alpha", "beta")),
    *_rows("blackman_window", blackman, "a sum of two cosines"),
    *_rows("bartlett_window", triangle, "a line up and a line down"),
    *_rows("kaiser_window", kaiser, "the Bessel function of a half circle", 12.0, numbers=("beta",)),
]
