"""The second names of ops: ``greater`` for ``gt``, ``multiply`` for ``mul`` and so on."""

from copy import copy
from importlib import import_module

from detachsim.engine.op import Op
from detachsim.ops.row import FUNCTIONS_IN_PLACE

# Family, then the alias and what it stands for.
_ALIASES: dict[str, dict[str, str]] = {
    "arithmetic": {
        "subtract": "sub",
        "multiply": "mul",
        "true_divide": "div",
        "divide": "div",
        "negative": "neg",
        "absolute": "abs",
    },
    "rounding": {"divide": "div", "fix": "trunc"},
    "comparison": {
        "less": "lt",
        "less_equal": "le",
        "greater": "gt",
        "greater_equal": "ge",
        "not_equal": "ne",
        "less_": "lt_",
        "less_equal_": "le_",
        "greater_": "gt_",
        "greater_equal_": "ge_",
        "not_equal_": "ne_",
        "clip": "clamp",
    },
    "extremum": {"clip": "clamp"},
    "trigonometric": {
        "arcsin": "asin",
        "arccos": "acos",
        "arctan": "atan",
        "arcsinh": "asinh",
        "arccosh": "acosh",
        "arctanh": "atanh",
        "arctan2": "atan2",
    },
}


def renamed(op: Op, name: str) -> Op:
    """Return a row under another name, with what else it says unchanged."""
    made = copy(op)
    made.alias_of = op.label
    made.name = name
    made.signature = name + op.signature[len(op.name) :]
    made.doc = f"Another name of {op.name}."
    made.samples = ()
    made.out = {**op.out, "name": op.out.get("name", op.name)}
    if op.inplace and f"{name}_" not in FUNCTIONS_IN_PLACE:
        made.inplace_where = (op.inplace_where or "m").replace("t", "")
    return made


ROWS = [
    renamed(op, alias)
    for family, aliases in _ALIASES.items()
    for alias, target in aliases.items()
    for op in import_module(f"detachsim.ops.{family}").ROWS
    if op.name == target
]
