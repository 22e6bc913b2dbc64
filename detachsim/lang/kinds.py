"""Whether the kind of a step tells the truth about its statement, and which kind would."""

import ast

from detachsim.lang.expressions import Analysis, extent
from detachsim.lang.statements import Statement
from detachsim.lang.traps import quoted
from detachsim.lang.words import Fault


def find_lie(kind: str, text: str, statement: Statement, value: Analysis) -> Fault | None:
    """Return what is untrue about a statement under ``op`` or ``inplace``, its places counted in ``text``."""
    offset = statement.value.offset
    if value.backward is not None:
        start, end = value.backward.start + offset, value.backward.end + offset
        message = f"`{kind}` must not call `.backward()`"
        return Fault(start, end, message, _backward_hint(value))
    if kind != "op":
        return None
    if statement.form != "call":
        assert statement.target is not None
        target = statement.target
        message = f"`op` must not edit, and this assigns to `{target.text}`"
        return Fault(target.offset, target.offset + len(target.text), message, f"write `{_entry('inplace', text)}`")
    if value.edit is not None:
        start, end = value.edit.start + offset, value.edit.end + offset
        message = f"`op` must not edit, and `{value.edit.text}()` does"
        return Fault(start, end, message, f"write `{_entry('inplace', text)}`")
    return _find_detach(text, statement, value)


def _find_detach(text: str, statement: Statement, value: Analysis) -> Fault | None:
    tree = value.tree
    if not isinstance(tree, ast.Call):
        return None
    function = tree.func
    source: ast.expr
    if isinstance(function, ast.Attribute) and function.attr == "detach":
        if isinstance(function.value, ast.Name) and function.value.id == "torch":
            if not tree.args:
                return None
            source = tree.args[0]
        else:
            source = function.value
    elif isinstance(function, ast.Name) and function.id == "detach" and tree.args:
        source = tree.args[0]
    else:
        return None
    start, end = extent(value.text, source)
    name = statement.names[0].text if len(statement.names) == 1 else "NAME"
    entry = _entry("detach", f"{name} = {value.text[start:end]}")
    offset = statement.value.offset
    message = "`op` must not hide a cut: its outermost call is `detach()`"
    return Fault(offset, offset + len(value.text), message, f"write `{entry}`")


def _backward_hint(value: Analysis) -> str:
    tree = value.tree
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute) and tree.func.attr == "backward":
        start, end = extent(value.text, tree.func.value)
        return f"write `{_entry('backward', value.text[start:end])}`"
    return "write a step of its own: `backward: EXPR`"


def _entry(kind: str, text: str) -> str:
    """Return a step as it is written in YAML, quoted where it has to be."""
    needs_quotes = ": " in text or " #" in text or text[:1] in "[{*&!|>%@`\"'" or "\n" in text
    return f"{kind}: {quoted(text) if needs_quotes else text}"
