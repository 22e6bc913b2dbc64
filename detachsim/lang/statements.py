"""What a statement's text is: an expression, with or without names for its result, or an assignment to a part."""

import ast
import keyword
import re
from typing import Literal, NamedTuple

from detachsim.lang.expressions import explain_syntax_error, extent, parse, parse_statement
from detachsim.lang.syntax import Target
from detachsim.lang.words import Fault, Word

_BINDING = re.compile(r"([A-Za-z_]\w*(?:[ \t]*,[ \t]*[A-Za-z_]\w*)*[ \t]*,?)[ \t]*=(?!=)\s*", re.ASCII)
_TARGETS = re.compile(r"([\w\s,()\[\]*.]+)=(?!=)", re.ASCII)
_NAME = re.compile(r"\w+", re.ASCII)

_AUGMENTED: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}  # fmt: skip

_REFUSED: dict[type[ast.stmt], tuple[str, str | None]] = {
    ast.Import: ("an import", "torch, `F`, `nn` and `optim` are always there"),
    ast.ImportFrom: ("an import", "torch, `F`, `nn` and `optim` are always there"),
    ast.With: ("a `with` block", "write the block's name as the kind: `- no_grad:` with its steps below"),
    ast.For: ("a `for` loop", "write `- repeat: COUNT` with `steps:` below"),
    ast.While: ("a `while` loop", "write `- repeat: COUNT` with `steps:` below"),
    ast.If: ("an `if`", "a scenario has no branches"),
    ast.FunctionDef: ("a function definition", "a hook is written as a `lambda`"),
    ast.ClassDef: ("a class definition", None),
    ast.Delete: ("a `del`", "write `- del: NAME`"),
    ast.Assert: ("an `assert`", "write `- expect: {EXPR: value}`"),
    ast.AnnAssign: ("an annotation", "leave it out"),
    ast.Raise: ("a `raise`", None),
    ast.Try: ("a `try`", "write `raises: TEXT` on the step that raises"),
    ast.Pass: ("a `pass`", "leave the step out"),
    ast.Return: ("a `return`", None),
    ast.Global: ("a `global`", None),
}
_OTHER = ("this statement", None)
# The words that begin a statement with a colon in it.
_COMPOUND: dict[str, type[ast.stmt]] = {
    "if": ast.If, "for": ast.For, "while": ast.While, "def": ast.FunctionDef, "class": ast.ClassDef, "with": ast.With,
    "try": ast.Try,
}  # fmt: skip


class Part(NamedTuple):
    """A part of a statement's text, and its offset there."""

    text: str
    offset: int


class Statement(NamedTuple):
    """A statement taken apart.

    ``form`` is ``call`` (the value is bound to ``bound``, whose ``names`` stand in the text, if there are any),
    ``assign`` or ``augmented``; ``target`` is set for the last two.
    """

    form: Literal["call", "assign", "augmented"]
    names: tuple[Word, ...]
    bound: Target | None
    target: Part | None
    operator: str
    value: Part


def split(text: str, faults: list[Fault]) -> Statement | None:
    """Take a statement's text apart, or return ``None`` after adding to ``faults``. The parts are not checked."""
    if found := _BINDING.match(text):
        names: tuple[Word, ...]
        if found[1].isidentifier():
            names = (Word(found[1], 0, found.end(1)),)
        else:
            names = tuple(Word(word[0], word.start(), word.end()) for word in _NAME.finditer(found[1]))
        if not any(keyword.iskeyword(word.text) for word in names) and _has_no_second_assignment(text, found.end()):
            words = tuple(word.text for word in names)
            bound = words if "," in found[1] else words[0]
            return Statement("call", names, bound, None, "", Part(text[found.end() :], found.end()))
    elif parse(text, []) is not None:
        return Statement("call", (), None, None, "", Part(text, 0))
    module = parse_statement(text)
    if module is None:
        faults.append(_why_unreadable(text))
        return None
    if len(module.body) != 1:
        message = "a step holds one statement" if module.body else "a statement is missing here"
        faults.append(Fault(0, len(text), message, "write a step for each" if module.body else None))
        return None
    return _take_apart(text, module.body[0], faults)


def refused_statement(word: str) -> tuple[str, str | None]:
    """Return what a statement that begins with ``word`` is called, and what a scenario has for it."""
    return _REFUSED[_COMPOUND[word]]


def names_bound_by(text: str) -> tuple[str, ...]:
    """Return the names that a statement seems to bind, though Python may not be able to read the rest of it."""
    found = _TARGETS.match(text)
    return tuple(name for name in _NAME.findall(found[1]) if name.isidentifier()) if found else ()


def _has_no_second_assignment(text: str, start: int) -> bool:
    # `a = b = c`: rare enough that looking for a lone `=` outside brackets is left to Python.
    return "=" not in text[start:] or parse(text[start:], []) is not None


def _why_unreadable(text: str) -> Fault:
    bound = _BINDING.match(text)
    for word in _NAME.finditer(bound[1]) if bound else ():
        if keyword.iskeyword(word[0]):
            message = f"`{word[0]}` is a word of Python's own, and can't be a name"
            return Fault(word.start(), word.end(), message, "choose another name")
    faults: list[Fault] = []
    try:
        ast.parse(text)
    except SyntaxError as error:
        return explain_syntax_error(text, error)
    except (RecursionError, MemoryError, SystemError, OverflowError, ValueError):
        pass
    parse(text, faults)
    return faults[0] if faults else Fault(0, len(text), "Python can't read this")


def _take_apart(text: str, node: ast.stmt, faults: list[Fault]) -> Statement | None:
    match node:
        case ast.Expr():
            return Statement("call", (), None, None, "", Part(text, 0))
        case ast.Assign(targets=[ast.Name() | ast.Tuple() | ast.List() as target]):
            words: list[Word] = []
            bound = _bound(text, target, words, faults)
            if bound is None:
                return None
            if not words:
                faults.append(Fault(0, len(text), "there is no name to bind"))
                return None
            return Statement("call", tuple(words), bound, None, "", _after(text, target, "="))
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target]):
            return Statement("assign", (), None, _part(text, target), "", _after(text, target, "="))
        case ast.Assign(targets=targets) if len(targets) > 1:
            faults.append(Fault(0, len(text), "a step makes one assignment", "write a step for each"))
        case ast.AugAssign(target=target, op=op) if type(op) in _AUGMENTED:
            operator = _AUGMENTED[type(op)]
            value = _after(text, target, operator + "=")
            return Statement("augmented", (), None, _part(text, target), operator, value)
        case ast.AugAssign():
            faults.append(Fault(0, len(text), "the operators `<<=` and `>>=` are not part of the language"))
        case _:
            what, hint = _REFUSED.get(type(node), _OTHER)
            faults.append(Fault(0, len(text), f"{what} is not part of the language", hint))
    return None


def _bound(text: str, target: ast.expr, words: list[Word], faults: list[Fault]) -> Target | None:
    """Return what a value is bound to, with its names added to ``words``; ``None`` after adding to ``faults``."""
    start, end = extent(text, target)
    if isinstance(target, ast.Name):
        words.append(Word(target.id, start, end))
        return target.id
    if isinstance(target, (ast.Tuple, ast.List)):
        parts = [_bound(text, item, words, faults) for item in target.elts]
        return None if None in parts else tuple(part for part in parts if part is not None)
    what = "a starred name" if isinstance(target, ast.Starred) else "this"
    hint = "write names: `a, b = …` or `out, (h, c) = …`"
    faults.append(Fault(start, end, f"{what} can't be bound together with others", hint))
    return None


def _part(text: str, node: ast.expr) -> Part:
    start, end = extent(text, node)
    return Part(text[start:end], start)


def _after(text: str, target: ast.expr, sign: str) -> Part:
    """Return what stands behind ``sign``, the first one after the target and the brackets that close around it."""
    position = text.index(sign, extent(text, target)[1]) + len(sign)
    while position < len(text) and text[position].isspace():
        position += 1
    return Part(text[position:], position)
