"""What a YAML scalar stands for: YAML 1.2's core schema, strict about what looks like a number but is a text."""

import re

from detachsim.lang.nodes import Scalar

NULLS = frozenset(("", "~", "null", "Null", "NULL"))
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# `017` is neither seventeen nor fifteen but a text: two versions of YAML disagree about it.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_RADIX = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
LONGEST_NUMBER = 400


def resolve(scalar: Scalar) -> bool | int | float | str | None:
    """Return the value of a scalar: what is quoted is a text, and so is a number of more than 400 digits."""
    text = scalar.value
    if not scalar.plain:
        return text
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if text[0] not in "+-.0123456789" or len(text) > LONGEST_NUMBER:
        return text
    if _INTEGER.match(text):
        return int(text)
    if _RADIX.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        return float(text)
    if found := _SPECIAL.match(text):
        if text.lower().endswith("inf"):
            return float("-inf") if found["sign"] == "-" else float("inf")
        return float("nan")
    return text


def is_missing(scalar: Scalar) -> bool:
    """Whether nothing is written where a value is wanted."""
    return scalar.plain and scalar.value == ""
