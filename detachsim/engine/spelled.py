"""The signatures that PyTorch lists where arguments fit none of them, and the wording of that error."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from detachsim.engine.signature import REQUIRED, Parameter
from detachsim.engine.tensor import Tensor

_FOLDER = Path(__file__).with_name("texts")
_DEFAULT = re.compile(r" = [^,)]+(?=[,)])")
_PART = re.compile(r"^(.+?) (\w+)(?: = (.+))?$")

# PyTorch's words for types, in ours; what a scenario has no value for is taken as it comes.
_TYPES = {
    "Tensor": "Tensor",
    "Number": "Number",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "name": "str",
    "torch.dtype": "dtype",
    "tuple of Tensors": "Tensor[]",
    "tuple of ints": "int[]",
    "tuple of SymInts": "int[]",
}


@dataclass(frozen=True, slots=True)
class Spelled:
    """One signature: ``text`` as PyTorch prints it, and what it says."""

    text: str
    parameters: tuple[Parameter, ...]
    has_names: bool

    def has_place_for(self, count: int) -> bool:
        """Whether ``count`` arguments are neither too few nor too many."""
        return sum(p.default is REQUIRED for p in self.parameters) <= count <= len(self.parameters)

    def with_numbers(self, names: Container[str]) -> "Spelled":
        """Return the signature with numbers allowed for the tensors of these names."""
        parameters = (
            replace(p, type="Number|Tensor") if p.type == "Tensor" and p.name in names else p for p in self.parameters
        )
        return replace(self, parameters=tuple(parameters))


@cache
def _read(file: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the signatures of a file by name and place."""
    found: dict[tuple[str, str], list[str]] = {}
    lines: list[str] = []
    for line in (_FOLDER / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            lines.append(line.strip())
        elif not line.startswith("#"):
            name, place = line.split()
            lines = found.setdefault((name, place), [])
    return {key: tuple(value) for key, value in found.items()}


@cache
def spelled(name: str, place: str, dialect: str) -> tuple[Spelled, ...]:
    """Return the signatures of a method (``m``) or a function of torch (``t``); none where there is just one."""
    new = dialect == "torch-2.13"
    older = {} if new else _read("signatures_1_13.txt")
    texts = older.get((name, place))
    if texts is None:
        texts = _read("signatures.txt").get((name, place), ())
    return tuple(_parsed(text, method=place == "m", defaults=new) for text in texts)


def _parsed(text: str, *, method: bool, defaults: bool) -> Spelled:
    parts = [part for part in text[1:-1].split(", ") if part]
    parameters = [Parameter("self", "Tensor", False, REQUIRED, False)] if method else []
    positional = parts[: parts.index("*")] if "*" in parts else parts
    for index, part in enumerate(parts):
        match = _PART.match(part)
        if match is None:
            continue
        kind, name, default = match.groups()
        if len(positional) == 1 and index == 0 and _TYPES.get(kind) == "int[]":
            ours = "size"
        else:
            ours = _TYPES.get(kind, "any")
        parameters.append(
            Parameter(name, ours, default == "None", REQUIRED if default is None else None, index >= len(positional))
        )
    has_names = any(part.startswith(("name ", "tuple of names ")) for part in parts)
    return Spelled(text if defaults else _DEFAULT.sub("", text), tuple(parameters), has_names)


def type_word(value: Any) -> str:
    """Return the name of a value's type as PyTorch says it."""
    if isinstance(value, Tensor):
        return "Tensor"
    return getattr(value, "type_name", None) or type(value).__name__


def invalid_combination(
    name: str, options: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any], *, items: bool
) -> str:
    """Return the whole text for arguments that fit none of ``options``, signatures as they are printed.

    ``args`` are without the tensor that a method is called on; ``items`` says that the types inside a list are named.
    """
    start = f"{name}() received an invalid combination of arguments - got "
    # PyTorch's own order of keywords is that of a hash table, which is for few of them the reverse.
    given = dict(reversed(list(kwargs.items())))
    if len(options) == 1:
        return f"{start}{_marked(options[0], args, given, items=items)}, but expected {options[0]}"
    text = "".join(f"{type_word(value)}, " for value in args)
    text += "".join(f"{key}={type_word(value)}, " for key, value in given.items())
    lines = [f"{start}({text[:-2] if args else text}), but expected one of:"]
    for option in options:
        lines.append(f" * {option}")
        arguments = _arguments(option)
        expected = len(arguments) - (any(key == "out" for _, key in arguments) and "out" not in given)
        if len(args) + len(given) != expected:
            continue
        unknown = [key for key in given if key not in {key for _, key in arguments}]
        if unknown:
            reason = f"keywords were incorrect: {', '.join(unknown)}"
        else:
            reason = f"arguments have invalid types: {_marked(option, args, given, items=items)}"
        lines.append(f"      didn't match because some of the {reason}")
    return "\n".join(lines) + "\n"


def _arguments(option: str) -> list[tuple[str, str]]:
    """Return types and names as PyTorch takes them from the text: up to the last space, and the rest."""
    parts = (part.rpartition(" ") for part in option[1:-1].split(", "))
    return [(kind, name) for kind, _, name in parts]


def _marked(option: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, items: bool) -> str:
    """Return the arguments' types, those between exclamation marks that are not the option's."""
    arguments = _arguments(option)
    shown: list[str] = []
    for index in range(len(args) + len(kwargs)):
        kind, name = arguments[index] if index < len(arguments) else ("", "")
        if index < len(args):
            value, label = args[index], ""
        elif name in kwargs:
            value, label = kwargs[name], f"{name}="
        else:
            name = list(kwargs)[index - len(args)]
            value, label = kwargs[name], f"{name}="
        word = type_word(value)
        fits = word == kind or (kind == "float" and word == "int")
        if items and isinstance(value, list):
            word = f"list of [{', '.join(map(type_word, value))}]"
        elif items and isinstance(value, tuple):
            word = f"tuple of ({', '.join(map(type_word, value))})"
        shown.append(f"{label}{word}" if fits else f"!{label}{word}!")
    text = "".join(f"{part}, " for part in shown)
    return f"({text[:-2] if args else text})"
