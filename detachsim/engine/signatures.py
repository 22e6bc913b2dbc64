"""The signatures that PyTorch's functions take their arguments by, as ``texts/signatures.txt`` has them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType

from detachsim.engine.dialects import NEWEST

_FOLDER = Path(__file__).with_name("texts")
_PART = re.compile(r"^([\w:<>*]+?)(?:\[(\d*)\])?(\?)? (\w+)(?:=(.*))?$")
_HEAD = re.compile(r"\n(?! )")
_FLAG = re.compile(r" if (\w+) (\d+)")

# What PyTorch calls the types of its signatures in messages, where it has another word.
WORDS = {
    "Scalar": "Number",
    "int64_t": "int",
    "SymInt": "int",
    "double": "float",
    "IntArrayRef": "tuple of ints",
    "SymIntArrayRef": "tuple of ints",
    "TensorList": "tuple of Tensors",
    "c10::List<::std::optional<Tensor>>": "tuple of Tensors",
    "c10::List<c10::optional<Tensor>>": "tuple of Tensors",
    "ArrayRef<double>": "tuple of floats",
    "ScalarList": "tuple of Scalars",
    "ScalarType": "torch.dtype",
    "Layout": "torch.layout",
    "MemoryFormat": "torch.memory_format",
    "Device": "torch.device",
    "Generator": "torch.Generator",
    "Storage": "torch.Storage",
    "PyObject*": "object",
    "std::string_view": "str",
    "c10::string_view": "str",
    "Dimname": "name",
    "DimnameList": "tuple of names",
}
# numpy's names, which PyTorch takes as well.
_OTHER_NAMES = {"dim": ("axis",), "keepdim": ("keepdims",), "input": ("x", "a", "x1"), "other": ("x2",)}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: ``kind`` is PyTorch's own type, ``word`` what it is called in messages.

    ``length`` is how many items a list has if a single value may stand for it, else 0.
    """

    name: str
    kind: str
    word: str
    length: int
    takes_none: bool
    has_default: bool
    keyword_only: bool
    other_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; ``text`` as PyTorch prints it. One that is deprecated is never printed."""

    text: str
    parameters: tuple[Parameter, ...]
    positional: int
    fewest: int
    deprecated: bool

    @property
    def takes_ints(self) -> bool:
        """Whether its one positional parameter, a list of ints, may be written without brackets."""
        return self.positional == 1 and self.parameters[0].kind in ("IntArrayRef", "SymIntArrayRef")


@dataclass(frozen=True, slots=True)
class PythonSignature:
    """The head of a function that PyTorch has in Python; ``flags`` are arguments (name, place) that must be true."""

    bind: Callable[..., dict[str, object]]
    defaults: dict[str, object]
    flags: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """How one function takes arguments: ``count`` of them and no names, or by its signatures."""

    name: str
    count: int = -1
    signatures: tuple[Signature, ...] = ()
    python: tuple[PythonSignature, ...] = ()


class Required:
    """What an argument of 1.13 that must be given defaults to."""

    def __repr__(self) -> str:
        return "<required parameter>"


REQUIRED = Required()


@cache
def _read(file: str) -> str:
    return "\n" + (_FOLDER / file).read_text(encoding="utf-8")


def _find(file: str, key: str) -> list[str]:
    """Return the lines of a function. A run needs few of the thousands, so that the file is not taken to pieces."""
    text = _read(file)
    start = text.find(f"\n{key}\n    ")
    if start < 0:
        return []
    start += len(key) + 2
    end = _HEAD.search(text, start)
    return [line[4:] for line in text[start : end.start() if end else None].splitlines()]


@cache
def entry(place: str, name: str, dialect: str) -> Entry | None:
    """Return how a function takes arguments: a method (``m``), one of torch (``t``), of torch.nn.functional (``F``), of
    torch.linalg (``l``, its name with ``linalg_`` before it) or a constructor of torch.optim (``o``)."""
    new = dialect == NEWEST
    key = f"{place} {name}"
    lines = ([] if new else _find("signatures_1_13.txt", key)) or _find("signatures.txt", key)
    if not lines:
        return None
    if lines[0].startswith("= "):
        return entry(*lines[0][2:].split(), dialect)
    if lines[0] in ("noargs", "onearg"):
        return Entry(name, count=int(lines[0] == "onearg"))
    if lines[0].startswith("def "):
        return Entry(name, python=tuple(map(_python, lines)))
    return Entry(name, signatures=tuple(_signature(line, new=new) for line in lines))


def _signature(text: str, *, new: bool) -> Signature:
    text, _, deprecated = text.partition("|")
    parameters: list[Parameter] = []
    shown: list[str] = []
    keyword_only = False
    for part in text[1:-1].split(", "):
        if part == "*":
            keyword_only = True
            shown.append(part)
        elif part:
            match = _PART.match(part)
            assert match is not None, part
            kind, length, optional, name, default = match.groups()
            word = WORDS.get(kind, kind)
            if kind.startswith("SymInt") and not new:
                word = word.replace("int", "SymInt")
            parameters.append(
                Parameter(
                    name,
                    kind,
                    word,
                    int(length or 0),
                    optional is not None or default == "None",
                    default is not None,
                    keyword_only,
                    _OTHER_NAMES.get(name, ()),
                )
            )
            shown.append(f"{word} {name}" + (f" = {default}" if new and default is not None else ""))
    return Signature(
        f"({', '.join(shown)})",
        tuple(parameters),
        sum(not p.keyword_only for p in parameters),
        sum(not p.has_default for p in parameters),
        bool(deprecated),
    )


def _python(line: str) -> PythonSignature:
    head = line[: line.rindex(")") + 1]
    space: dict[str, FunctionType] = {}
    exec(
        f"def made{head[head.index('(') :]}: return locals()", {"required": REQUIRED}, space
    )  # our own table's text, never a scenario's
    made = space["made"]
    made.__qualname__ = head[4 : head.index("(")]
    named = made.__code__.co_varnames[: made.__code__.co_argcount]
    defaults = dict(zip(reversed(named), reversed(made.__defaults__ or ()), strict=False))
    return PythonSignature(
        made, defaults | (made.__kwdefaults__ or {}), tuple((name, int(place)) for name, place in _FLAG.findall(line))
    )
