"""Statements written otherwise: out of place, away from 0, with tensors instead of numbers; text in, text out."""

import ast
import re
from collections.abc import Collection, Iterator

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


_SINGULAR = ("sqrt", "rsqrt", "log", "log2", "log10", "reciprocal")


def shifted(value: str) -> str | None:
    """Return a statement with a little added to what a root, a logarithm or a division is taken of."""
    start, tree = _expression(value)
    for operand, brackets in _singular_operands(tree):
        inside = f"{_text(value, start, operand)} + 1.0e-6"
        return _with(value, start, operand, f"({inside})" if brackets else inside)
    return None


def masked_before(value: str) -> str | None:
    """Return a statement whose ``where`` chooses before a root, a logarithm or a division is taken, too."""
    start, tree = _expression(value)
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Call(func=ast.Name(id="where") | ast.Attribute(attr="where"), args=[condition, chosen, other]):
                pass
            case _:
                continue
        for branch in (chosen, other):
            for operand, _ in _singular_operands(branch):
                taken = _text(value, start, operand)
                parts = [taken, f"torch.ones_like({taken})"]
                given = ", ".join([_text(value, start, condition), *(parts if branch is chosen else parts[::-1])])
                return _with(value, start, operand, f"torch.where({given})")
    return None


def _expression(value: str) -> tuple[int, ast.expr | None]:
    """Return where the expression of a statement begins, and its tree."""
    bound = re.match(BINDING, value)
    start = bound.start(2) if bound is not None else 0
    if not value[start:].isascii():  # places are counted in bytes
        return start, None
    try:
        return start, ast.parse(value[start:], mode="eval").body
    except SyntaxError:
        return start, None


def _singular_operands(tree: ast.expr | None) -> Iterator[tuple[ast.expr, bool]]:
    """Yield what a root, a logarithm or a division is taken of, and whether more than a name needs brackets there."""
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch" | "F"), attr=name) | ast.Name(id=name),
                          args=[operand]):  # fmt: skip
                if name in _SINGULAR:
                    yield operand, False
            case ast.Call(func=ast.Attribute(value=operand, attr=name), args=[]):
                if name in _SINGULAR:
                    yield operand, not isinstance(operand, ast.BinOp)
            case ast.BinOp(left=operand, op=ast.Pow(), right=ast.Constant(value=float(exponent))) if exponent < 1:
                yield operand, not isinstance(operand, ast.BinOp)
            case ast.BinOp(op=ast.Div(), right=operand) if not isinstance(operand, ast.Constant):
                yield operand, not isinstance(operand, ast.BinOp)
            case _:
                pass


def _text(value: str, start: int, node: ast.expr) -> str:
    return value[start + node.col_offset : start + (node.end_col_offset or 0)]


def _with(value: str, start: int, node: ast.expr, text: str) -> str:
    """Return a statement with other text in the place of a node."""
    return value[: start + node.col_offset] + text + value[start + (node.end_col_offset or 0) :]


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
