"""Running the programs: as steps of a scenario on our engine."""

import ast
import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from detachsim.events import Printed, Raised, Warned
from detachsim.lang import load
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.run import execute
from tests.engine.programs import PROGRAMS

RECORDED = Path(__file__).parent.parent / "data" / "programs.json"
START = "x = torch.tensor([1., 2., 3.], requires_grad=True)\n"


def source(name: str) -> str:
    """Return a program as Python's text; a line that must raise is the call ``fails(…)`` of its text."""
    lines = (START + textwrap.dedent(PROGRAMS[name]).strip("\n")).splitlines()
    return "\n".join(_marked(line) for line in lines)


def _marked(line: str) -> str:
    bare = line.lstrip()
    if not bare.startswith("! "):
        return line
    return f"{line[: len(line) - len(bare)]}fails({bare[2:]!r})"


def printed(name: str, dialect: str | None = None) -> list[str]:
    """Return what a program prints, warns and raises on our engine."""
    # JSON is YAML, too.
    text = json.dumps({"title": name, "steps": list(_steps(ast.parse(source(name)).body))}, indent=1)
    scenario = load(Source(name, text), VOCABULARY)
    lines = []
    for event in execute(scenario, dialect=dialect, detail=False):  # type: ignore[arg-type]
        match event:
            case Printed():
                lines.append(event.text)
            case Warned():
                lines.append(f"{event.category}: {event.text}")
            case Raised():
                lines.append(f"{event.type}: {event.text}")
                assert event.caught, lines[-1]
            case _:
                pass
    return lines


def _steps(body: Iterable[ast.stmt]) -> Iterable[dict[str, Any]]:
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name(id="fails"), args=[ast.Constant(value=str(text))])):
                (step,) = _steps(ast.parse(text).body)
                yield {**step, "raises": True}
            case ast.Expr(value=ast.Call(func=ast.Name(id="show"), args=args)):
                yield {"print": [ast.unparse(arg) for arg in args]}
            case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Attribute(attr=mode)))], body=inner):
                yield {mode: list(_steps(inner))}
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=root, attr="backward"), args=args, keywords=words)):
                yield _backward(root, args, words)
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(value=owner, attr="detach"))
            ):
                yield {"detach": f"{name} = {ast.unparse(owner)}"}
            case _:
                yield {"inplace" if _edits(statement) else "op": ast.unparse(statement).replace("(g,) =", "g, =")}


def _backward(root: ast.expr, args: list[ast.expr], words: list[ast.keyword]) -> dict[str, Any]:
    options: dict[str, Any] = {word.arg or "": _option(word.value) for word in words}
    if ast.unparse(root) == "torch.autograd":
        if len(args) > 1:
            options["gradient"] = _option(args[1])
        return {"backward": _option(args[0]), **options}
    return {"backward": ast.unparse(root), **options}


def _option(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List):
        return [ast.unparse(item) for item in node.elts]
    return ast.unparse(node)


def _edits(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AugAssign):
        return True
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], (ast.Subscript, ast.Attribute)):
        return True
    value = getattr(statement, "value", None)
    called = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr.endswith("_")
    return called and not isinstance(statement, ast.AugAssign)


def recorded() -> dict[str, list[str]]:
    """Return what PyTorch printed for each program."""
    lines: dict[str, list[str]] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return lines
