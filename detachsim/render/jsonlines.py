"""The event stream as JSON, one object a line; ``docs/events.md`` is its description."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from detachsim.events import BuffersFreed, Event, VersionMismatch

VERSION = 1


def render(events: Iterable[Event]) -> Iterator[str]:
    """Yield one line for each event; the first object also has the ``version`` of the format."""
    encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(", ", ": ")).encode
    first: dict[str, Any] = {"version": VERSION}
    for event in events:
        yield f"{encode(first | {'event': type(event).__name__} | _members(event))}\n"
        first = {}


def _members(record: Any) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in _field_names(type(record))}


_NAMES: dict[type, tuple[str, ...]] = {}


def _field_names(kind: type) -> tuple[str, ...]:
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple(field.name for field in fields(kind))
    return names


def _plain(value: Any) -> Any:
    """Return ``value`` in the types that JSON has; a number that JSON cannot spell becomes its text.

    A record inside an event becomes an object that names its kind, where the kind can vary.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _non_finite(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    assert is_dataclass(value), f"an event holds a {type(value).__name__}"
    if isinstance(value, VersionMismatch | BuffersFreed):
        return {"kind": type(value).__name__} | _members(value)
    return _members(value)


def _non_finite(value: float) -> str:
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"
