"""Statements written otherwise: out of place, with tensors instead of numbers; text in, text out."""

import re
from collections.abc import Collection

NAME = r"(?<![\w.])[A-Za-z_]\w*"
# What puts something into a list.
FILLING = r"^(\w+)\.(?:append|extend|insert)\("
BINDING = r"^(\w+)\s*=(?!=)\s*(.+)$"
_METHOD = r"^(?:(\w+)\s*=\s*)?(\w+)\.(\w+?)_\((.*)\)$"
_FUNCTION = r"^(?:(\w+)\s*=\s*)?((?:\w+\.)*\w+?)_\((\w+)(.*)\)$"
_AUGMENTED = r"^(\w+)\s*(\*\*|//|[-+*/@%])=\s*(.+)$"
_PRIMARY = r"^[\w.]+(\([^()]*\)|\[[^\[\]]*\]|\.\w+)*$"
# An argument with at most one call inside.
_ARGUMENT = r"((?:[^(),]|\([^()]*\))+)"
_OPTIONS = r"(?:,\s*\w+=[\w.]+)*"
_TENSOR_OF = rf"(?<![\w.])(?:torch\.)?tensor\((?!\[){_ARGUMENT}{_OPTIONS}\)"
_TENSOR_OF_LIST = rf"(?<![\w.])(?:torch\.)?tensor\(\[([^\[\]]*)\]{_OPTIONS}\)"
_FLOAT_OF = rf"(?<![\w.])float\({_ARGUMENT}\)"


def primary(expression: str) -> str:
    """Return an expression that takes a method behind it."""
    return expression if re.match(_PRIMARY, expression) else f"({expression})"


def out_of_place(value: str) -> str | None:
    """Return the statement that makes a new tensor where ``value`` edits one."""
    if found := re.match(_AUGMENTED, value):
        name, sign, rest = found.groups()
        return f"{name} = {name} {sign} {rest if re.match(_PRIMARY, rest) else f'({rest})'}"
    if found := re.match(_METHOD, value):
        target, name, op, rest = found.groups()
        if name in ("F", "torch"):
            found_function = re.match(_FUNCTION, value)
            if found_function is None:
                return None
            target, function, name, rest = found_function.groups()
            return f"{target or name} = {function}({name}{rest})"
        made = {"zero": f"torch.zeros_like({name})", "fill": f"torch.full_like({name}, {rest})"}.get(op)
        return f"{target or name} = {made or f'{name}.{op}({rest})'}"
    return None


def with_tensors(value: str, lists: Collection[str] = ()) -> str:
    """Return a statement that goes on with tensors where ``value`` takes their numbers out or copies them.

    ``lists`` are the names of lists.
    """
    for name in lists:
        value = re.sub(rf"(?<![\w.])(?:torch\.)?tensor\({name}{_OPTIONS}\)", f"torch.stack({name})", value)
    value = value.replace(".item()", "")
    value = re.sub(_FLOAT_OF, r"\1", value)
    value = re.sub(_TENSOR_OF, r"\1", value)
    return re.sub(_TENSOR_OF_LIST, _stacked, value)


def _stacked(found: re.Match[str]) -> str:
    """Return the tensor that ``torch.tensor`` makes of a list, with the graph of those in it."""
    items = [item.strip() for item in found[1].split(",")]
    return f"torch.stack([{', '.join(f'torch.tensor({item})' if _is_number(item) else item for item in items)}])"


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", text) is not None
