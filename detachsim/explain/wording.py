"""The small words of explanations: lists of names, numbers of steps, and code in a sentence."""

import re
from collections.abc import Iterable
from math import prod


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    parts = list(dict.fromkeys(words))
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def steps(numbers: Iterable[str]) -> str:
    """Return ``step 3`` or ``steps 3 and 5``; of many only the first two and the last."""
    parts = list(dict.fromkeys(numbers))
    if len(parts) == 1:
        return f"step {parts[0]}"
    if len(parts) > 4:
        parts = [*parts[:2], f"{len(parts) - 3} more", parts[-1]]
    return f"steps {listed(parts)}"


def short(text: str, room: int = 60) -> str:
    """Return the first line of ``text``, or as much of it as fits."""
    line, _, rest = text.partition("\n")
    if len(line) > room or rest:
        return line[: room - 3].rstrip() + "..."
    return line


def root_spelled(code: str) -> str:
    """Return the expression that a line of code starts a backward pass from; empty if there are several, or none."""
    if found := re.fullmatch(r"(.+)\.backward\(.*\)", code):
        return found[1]
    found = re.search(r"autograd\.grad\((?!\[)(.+)", code)
    depth = 0
    for place, sign in enumerate(found[1] if found else ""):
        depth += (sign in "([{") - (sign in ")]}")
        if found and (depth < 0 or (sign == "," and not depth)):
            return found[1][:place]
    return ""


def view_called(whose: str, shape: tuple[int, ...], base: tuple[int, ...]) -> str:
    """Return what to call a view without a name: a part of its base, or the whole of it in another shape."""
    return f"{'a view' if prod(shape) >= prod(base) else 'a part'} of {whose}"


def unnamed(op: str) -> str:
    """Return what to call a tensor without a name and without a base that has one."""
    return f"the unnamed result of {plain_op(op)}"


def plain_op(op: str) -> str:
    """Return an op's name without what tells its overload or its kernel from others."""
    return op.removesuffix("_kernel").removesuffix("_scalar")


# Ops that one writes with a sign, or that stand behind a call of another name.
_OPERATIONS = {
    "add": "the addition",
    "sub": "the subtraction",
    "rsub": "the subtraction",
    "mul": "the product",
    "div": "the division",
    "reciprocal": "the division",
    "pow": "the power",
    "neg": "the negation",
    "select": "indexing",
    "slice": "indexing",
    "index": "indexing",
    "_to_copy": "the conversion",
    "_to_whole": "the conversion",
    "mm": "the matrix product",
    "mv": "the matrix product",
    "bmm": "the matrix product",
    "addmm": "the linear map",
    "linear": "the linear map",
}


def op_called(op: str, code: str = "") -> str:
    """Return an op as it is written in ``code``: ``.data`` is no call, and a sign has a word."""
    if op == "data":
        return ".data"
    plain = plain_op(op)
    if f"{plain}(" in code or plain not in _OPERATIONS:
        return f"{plain}()"
    return _OPERATIONS[plain]
