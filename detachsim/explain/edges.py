"""Statements that keep away from where a function or its slope is infinite; text in, text out."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress

from detachsim.explain.rewriting import BINDING, primary
from detachsim.records import record

Part = ast.expr | ast.keyword

_NAMESPACES = ("torch", "F")
# What to take a function of instead, and what that does. A clamp has the gradient 0 beyond its bounds; what it is of
# must take a method.
_ABOVE_0 = ("keep away from 0", "{} + 1.0e-6")
_WITHIN_1 = ("keep away from -1 and 1", "{}.clamp(-0.999999, 0.999999)")
_NOT_HUGE = ("keep below the largest number of its type", "{}.clamp(max={most})")
_NOT_HUGE_EITHER_WAY = ("keep below the largest number of its type", "{}.clamp(-{most}, {most})")
_EDGES = {
    **dict.fromkeys(("sqrt", "rsqrt", "log", "log2", "log10", "reciprocal"), _ABOVE_0),
    **dict.fromkeys(("acos", "asin", "atanh", "arccos", "arcsin", "arctanh", "erfinv"), _WITHIN_1),
    **dict.fromkeys(("acosh", "arccosh"), ("keep away from 1", "{} + 1.0e-6")),
    **dict.fromkeys(("exp", "expm1"), _NOT_HUGE),
    **dict.fromkeys(("sinh", "cosh"), _NOT_HUGE_EITHER_WAY),
    "log1p": ("keep away from -1", "{} + 1.0e-6"),
    "logit": ("keep away from 0 and 1", "{}.clamp(1.0e-6, 0.999999)"),
}
# What the exponential of is still far from the largest number.
_MOST = {"float16": 10, "float64": 700}
_MOST_OF_OTHERS = 80


@record
class Rewritten:
    """A statement written otherwise, and what that does."""

    title: str
    text: str


def kept_away(value: str, dtype: str = "") -> Iterator[Rewritten]:
    """Yield the statements that take one of the functions of ``value`` at a safe distance from its edge.

    ``dtype`` is the type of the statement's result.
    """
    statement = _Statement(value)
    for operand, brackets, (title, template) in _operands(statement.tree):
        taken = statement.text(operand)
        if template.startswith("{}."):
            taken = primary(taken)
        inside = template.format(taken, most=_MOST.get(dtype, _MOST_OF_OTHERS))
        closed = brackets and not template.startswith("{}.")
        yield Rewritten(title, statement.put(operand, f"({inside})" if closed else inside))


def masked_before(value: str) -> str | None:
    """Return a statement whose ``where`` chooses before a root, a logarithm or a division is taken, too."""
    statement = _Statement(value)
    for node in statement.nodes():
        match node:
            case ast.Call(func=ast.Name(id="where") | ast.Attribute(attr="where"), args=[condition, chosen, other]):
                pass
            case _:
                continue
        for branch in (chosen, other):
            for operand, _, edge in _operands(branch):
                if edge != _ABOVE_0:
                    continue
                taken = statement.text(operand)
                parts = [taken, f"torch.ones_like({taken})"]
                given = ", ".join([statement.text(condition), *(parts if branch is chosen else parts[::-1])])
                return statement.put(operand, f"torch.where({given})")
    return None


def in_one(value: str) -> Iterator[Rewritten]:
    """Yield the statements with one function in the place of two, of which the inner one goes too far."""
    statement = _Statement(value)
    arguments: list[Part]
    for node in statement.nodes():
        match _called(node):
            case ("log", ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Add(), right=inner), []):
                outer = "log1p"
            case ("log", ast.BinOp(left=inner, op=ast.Add(), right=ast.Constant(value=1 | 1.0)), []):
                outer = "log1p"
            case ("log" | "log1p" as outer, inner, []):
                pass
            case _:
                continue
        match outer, _called(inner):
            case "log1p", ("exp", operand, []):
                function, arguments = "F.softplus", [operand]
            case "log", ("sigmoid", operand, []):
                function, arguments = "F.logsigmoid", [operand]
            case "log", ("softmax", operand, rest):
                function, arguments = "F.log_softmax", [operand, *rest]
            case "log", ("sum", total, [_, *_] as rest) if (found := _called(total)) is not None and found[0] == "exp":
                function, arguments = "torch.logsumexp", [found[1], *rest]
            case _:
                continue
        given = ", ".join(statement.text(argument) for argument in arguments)
        yield Rewritten(f"let {function}() do both", statement.put(node, f"{function}({given})"))


class _Statement:
    """A statement and the tree of its expression; ``None`` where it has none that can be read."""

    def __init__(self, value: str) -> None:
        self.value = value
        bound = re.match(BINDING, value)
        self.start = bound.start(2) if bound is not None else 0
        self.tree: ast.expr | None = None
        if value[self.start :].isascii():  # places are counted in bytes
            with suppress(SyntaxError):
                self.tree = ast.parse(value[self.start :], mode="eval").body

    def nodes(self) -> Iterator[ast.AST]:
        return iter(()) if self.tree is None else ast.walk(self.tree)

    def text(self, node: Part) -> str:
        return self.value[self.start + node.col_offset : self.start + (node.end_col_offset or 0)]

    def put(self, node: ast.AST, text: str) -> str:
        """Return the statement with other text in the place of a node."""
        assert isinstance(node, ast.expr)
        return self.value[: self.start + node.col_offset] + text + self.value[self.start + (node.end_col_offset or 0) :]


def _called(node: ast.AST) -> tuple[str, ast.expr, list[Part]] | None:
    """Return the name of what is called, its first operand (of a method, its owner), and the other arguments."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=space), attr=name) as function, args=args, keywords=named):
            if space not in _NAMESPACES:
                return name, function.value, [*args, *named]
            return (name, args[0], [*args[1:], *named]) if args else None
        case ast.Call(func=ast.Name(id=name), args=[operand, *rest], keywords=named):
            return name, operand, [*rest, *named]
        case ast.Call(func=ast.Attribute(value=operand, attr=name), args=args, keywords=named):
            return name, operand, [*args, *named]
    return None


def _is_below_1(exponent: ast.expr) -> bool:
    """Whether a power has an infinite slope at 0: its exponent is written as a fraction or as a negative number."""
    match exponent:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return True
        case ast.Constant(value=float(number)):
            return number < 1
    return False


def _operands(tree: ast.expr | None) -> Iterator[tuple[ast.expr, bool, tuple[str, str]]]:
    """Yield what functions with an edge are taken of, whether a sum needs brackets there, and how to keep away."""
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.BinOp(left=operand, op=ast.Pow(), right=exponent) if _is_below_1(exponent):
                yield operand, not isinstance(operand, ast.BinOp), _ABOVE_0
            case ast.BinOp(op=ast.Div(), right=operand) if not isinstance(operand, ast.Constant):
                yield operand, not isinstance(operand, ast.BinOp), _ABOVE_0
            case _:
                match _called(node):
                    case ("pow", operand, [ast.expr() as power]) if _is_below_1(power):
                        edge = _ABOVE_0
                    case (name, operand, []) if name in _EDGES:
                        edge = _EDGES[name]
                    case _:
                        continue
                owned = isinstance(node, ast.Call) and operand not in node.args
                yield operand, owned and not isinstance(operand, ast.BinOp), edge
