"""``text % value``: Python's own formats of numbers, tensors and what else a scenario holds."""

import re
from typing import Any

from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.run import sequences, tensors
from detachsim.run.spelling import printed, represented
from detachsim.run.values import type_name

_DIGITS = re.compile(r"\d+")


class _Shown:
    """What a format sees of a value whose text is not Python's own."""

    def __init__(self, session: Session, value: Any) -> None:
        self._session = session
        self._value = value

    def __str__(self) -> str:
        return printed(self._session, self._value)

    def __repr__(self) -> str:
        return represented(self._session, self._value)


class _ShownTensor(_Shown):
    def __float__(self) -> float:
        return float(tensors.number(self._session, self._value, float))

    def __int__(self) -> int:
        return int(tensors.number(self._session, self._value, int))

    def __str__(self) -> str:
        return represented(self._session, self._value)

    def __getitem__(self, key: str) -> Any:
        # That it is there makes a tensor a mapping to formats, so that one without places takes it.
        return self._session.call("getitem", self._value, key)

    def __index__(self) -> int:
        try:
            return sequences.as_index(self._value)
        except TorchError:
            raise TypeError from None  # formats say so in their own words


def fill(session: Session, text: str, value: Any) -> str:
    """Return ``text % value``. Raises ``TorchError``, and ``LimitError`` for a text that would be too long."""
    widths = [number for number in value if isinstance(number, int)] if "*" in text and isinstance(value, tuple) else []
    if any(abs(int(width)) > sequences.MAX_ITEMS for width in (*_DIGITS.findall(text), *widths)):
        raise LimitError(f"a str of more than {sequences.MAX_ITEMS:,} items")
    seen = tuple(_seen(session, item) for item in value) if isinstance(value, tuple) else _seen(session, value)
    try:
        return text % seen
    except (TypeError, ValueError, OverflowError) as error:
        raise TorchError("python", type=type(error).__name__, text=str(error)) from None


def _seen(session: Session, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    base = _ShownTensor if isinstance(value, Tensor) else _Shown
    # By the name of the value's own type, which Python's errors tell.
    return type(type_name(value), (base,), {})(session, value)
