"""The event stream as JSON, one object a line; ``docs/events.md`` is its description."""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from detachsim.events import Event, Evidence

VERSION = 1

_JSON = frozenset({str, int, bool, type(None)})
_EVIDENCE = frozenset(get_args(Evidence))


def render(events: Iterable[Event]) -> Iterator[str]:
    """Yield one line for each event; the first object also has the ``version`` of the format."""
    encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(", ", ": ")).encode
    first: dict[str, Any] = {"version": VERSION}
    for event in events:
        yield encode({**first, "event": type(event).__name__, **_members(event)}) + "\n"
        first = {}


def _members(record: Any) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in record.__match_args__}


def _plain(value: Any) -> Any:
    """Return ``value`` in the types that JSON has; a number that JSON cannot spell becomes its text.

    A record inside an event becomes an object that names its kind, where the kind can vary.
    """
    kind = type(value)
    if kind in _JSON:
        return value
    if kind is tuple:
        return [_plain(part) for part in value]
    if kind is float:
        return value if math.isfinite(value) else _non_finite(value)
    if kind in _EVIDENCE:
        return {"kind": kind.__name__, **_members(value)}
    return _members(value)


def _non_finite(value: float) -> str:
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"
