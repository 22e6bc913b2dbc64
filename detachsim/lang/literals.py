"""Which expressions are data written out: a number, or a list of anything."""

import ast
from collections.abc import Set

_TORCH_NUMBERS = frozenset(("inf", "nan", "pi", "e"))


def is_literal(tree: ast.expr, bound: Set[str]) -> bool:
    """Whether ``torch.tensor(…)`` has to be written around an expression to make a tensor of it."""
    return isinstance(tree, (ast.List, ast.Tuple)) or is_number(tree, bound)


def is_number(tree: ast.expr, bound: Set[str]) -> bool:
    """Whether an expression is made of numbers alone; ``bound`` names are none."""
    match tree:
        case ast.Constant(value=value):
            return isinstance(value, (bool, int, float))
        case ast.UnaryOp(operand=operand):
            return is_number(operand, bound)
        case ast.BinOp(left=left, right=right):
            return is_number(left, bound) and is_number(right, bound)
        case ast.Name(id=name):
            return name in ("inf", "nan") and name not in bound
        case ast.Attribute(value=ast.Name(id="torch"), attr=name):
            return name in _TORCH_NUMBERS
        case ast.Call(func=ast.Name(id="float" | "int" | "bool" | "abs" as name), args=args, keywords=[]):
            return name not in bound and all(is_number(a, bound) or _is_string(a) for a in args)
    return False


def _is_string(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Constant) and isinstance(tree.value, str)
