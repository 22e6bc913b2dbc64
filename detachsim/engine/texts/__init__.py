"""PyTorch's warnings and errors, each written once, beside its dialects.

One module for each family, read when the first text is needed. Sources: measured on PyTorch 2.13.0 and 1.13.0; for 1.7,
read in sources of its time.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from detachsim.engine.dialects import dialects_back_to
from detachsim.engine.texts.entry import Entry

FAMILIES = (
    "autograd",
    "edits",
    "conversions",
    "batches",
    "shapes",
    "operands",
    "linear",
    "reductions",
    "selecting",
    "training",
    "attention",
    "recurrent",
    "module_hooks",
    "windows",
    "matrices",
    "functional",
    "layout",
    "creation",
    "series",
    "outputs",
    "derivatives",
)


@cache
def texts() -> dict[str, Entry]:
    """Return all texts by key; a key that two families claim is a mistake of ours."""
    merged: dict[str, Entry] = {}
    for family in FAMILIES:
        entries: dict[str, Entry] = import_module(f"detachsim.engine.texts.{family}").TEXTS
        if twice := merged.keys() & entries.keys():
            raise AssertionError(f"texts claimed twice: {sorted(twice)}")
        merged.update(entries)
    return merged


def spell(key: str, dialect: str, details: Mapping[str, Any]) -> tuple[str, str]:
    """Return the type and the message of ``key`` in ``dialect``, its template filled with ``details``."""
    kind, text, older = texts()[key]
    for candidate in dialects_back_to(dialect):
        found = older.get(candidate, text)
        kind, text = found if isinstance(found, tuple) else (kind, found)
    return kind.format(**details), text.format(**details)
