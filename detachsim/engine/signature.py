"""Signatures of ops, in PyTorch's schema notation, and the binding of arguments to them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor

REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    ``type`` is one of ``Tensor``, ``Number`` (a Python number), ``PromotingNumber`` (one that takes part in
    promotion), ``Number|Tensor``, ``MaskTensor`` (a tensor that takes no part in promotion), ``Tensor[]``,
    ``IndexTensor[]`` (tensors or ``None``), ``int``, ``float``, ``bool``, ``str``, ``dtype``, ``Tensor*`` (tensors
    one by one or as one list, the last parameter), ``int[]`` (a list; a single int is taken as a list of one),
    ``size`` (ints one by one or as one list, only as the last positional parameter), ``any``. ``optional`` allows
    ``None``.
    """

    name: str
    type: str
    optional: bool
    default: Any
    keyword_only: bool

    @property
    def takes_tensor(self) -> bool:
        """Whether a tensor (or a list of tensors) may stand here."""
        return "Tensor" in self.type

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` is of the parameter's type."""
        if value is None:
            return self.optional or self.type == "any"
        return _ACCEPTS[self.type](value)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why arguments do not fit a signature: ``kind`` is ``type``, ``missing``, ``many``, ``keyword`` or ``twice``."""

    kind: str
    position: int
    name: str
    value: Any = None


def is_number(value: Any) -> bool:
    """Whether ``value`` is a Python number (a bool is one, as in PyTorch)."""
    return isinstance(value, (int, float))


def is_int(value: Any) -> bool:
    """Whether ``value`` can stand for an int: a Python int, no bool, or a 0-d integer tensor."""
    if isinstance(value, Tensor):
        return value.array.ndim == 0 and not value.dtype.is_floating
    return isinstance(value, int) and not isinstance(value, bool)


def _is_ints(value: Any) -> bool:
    return is_int(value) or (isinstance(value, (list, tuple)) and all(is_int(item) for item in value))


_ACCEPTS: dict[str, Callable[[Any], bool]] = {
    "Tensor": lambda value: isinstance(value, Tensor),
    "Number": lambda value: (
        is_number(value) or (isinstance(value, Tensor) and value.array.ndim == 0 and not value.requires)
    ),
    "PromotingNumber": lambda value: _ACCEPTS["Number"](value),
    "Number|Tensor": lambda value: isinstance(value, Tensor) or is_number(value),
    "MaskTensor": lambda value: isinstance(value, Tensor),
    "Tensor[]": lambda value: isinstance(value, (list, tuple)) and all(isinstance(item, Tensor) for item in value),
    "Tensor*": lambda value: isinstance(value, (list, tuple)) and all(isinstance(item, Tensor) for item in value),
    "IndexTensor[]": lambda value: isinstance(value, (list, tuple)),
    "int": is_int,
    "float": is_number,
    "bool": lambda value: isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "dtype": lambda value: isinstance(value, DType),
    "int[]": _is_ints,
    "size": _is_ints,
    "any": lambda value: True,
}

_SIGNATURE = re.compile(r"^(\w+)(?:\.(\w+))?\((.*)\)$")
_PARAMETER = re.compile(r"^([\w|]+(?:\[\]|\*)?)(\?)?\s+(\w+)(?:\s*=\s*(.+))?$")


@cache
def parse_signature(text: str) -> tuple[str, tuple[Parameter, ...]]:
    """Return the name and parameters of ``name.overload(Type name, *, Type name=default)``."""
    match = _SIGNATURE.match(text)
    if match is None:
        raise AssertionError(f"not a signature: {text}")
    parameters: list[Parameter] = []
    keyword_only = False
    for part in _split(match[3]):
        if part == "*":
            keyword_only = True
            continue
        pieces = _PARAMETER.match(part)
        if pieces is None:
            raise AssertionError(f"not a parameter: {part} in {text}")
        kind, optional, name, default = pieces.groups()
        parameters.append(
            Parameter(
                name,
                kind,
                optional is not None,
                REQUIRED if default is None else _DEFAULTS[default] if default in _DEFAULTS else _number(default),
                keyword_only,
            )
        )
    return match[1], tuple(parameters)


_DEFAULTS: dict[str, Any] = {"None": None, "True": True, "False": False, "()": ()}


def _number(text: str) -> Any:
    if text[0] in "'\"":
        return text[1:-1]
    try:
        return int(text)
    except ValueError:
        return float(text)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


# What functions call their first argument, and numpy's names, which PyTorch takes as well.
_OTHER_NAMES = {"self": "input", "dim": "axis", "keepdim": "keepdims"}


def bind(parameters: tuple[Parameter, ...], args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any] | Mismatch:
    """Return one value for each parameter, or why the arguments do not fit."""
    bound: list[Any] = []
    used = 0
    given = len(args)
    names_used = 0
    for position, parameter in enumerate(parameters):
        value: Any = REQUIRED
        if used < given and not parameter.keyword_only:
            value = args[used]
            if (parameter.type == "size" and is_int(value)) or (
                parameter.type == "Tensor*" and isinstance(value, Tensor)
            ):
                value = tuple(args[used:])
                used = given
            else:
                used += 1
            if parameter.name in kwargs:
                return Mismatch("twice", position, parameter.name)
        elif kwargs:
            if parameter.name in kwargs:
                value = kwargs[parameter.name]
                names_used += 1
            elif (other := _OTHER_NAMES.get(parameter.name)) is not None and other in kwargs:
                value = kwargs[other]
                names_used += 1
        if value is REQUIRED:
            if parameter.default is REQUIRED:
                return Mismatch("missing", position, parameter.name)
            bound.append(parameter.default)
            continue
        if not parameter.accepts(value):
            return Mismatch("type", position, parameter.name, value)
        kind = parameter.type
        if kind == "int[]" or kind == "size":
            value = (_as_int(value),) if is_int(value) else None if value is None else tuple(_as_int(v) for v in value)
        elif kind == "int" and value is not None:
            value = _as_int(value)
        elif kind == "float" and value is not None:
            value = float(value)
        elif kind in ("Number", "PromotingNumber", "Number|Tensor"):
            if isinstance(value, int):
                check_scalar(value)
            elif kind != "Number|Tensor" and isinstance(value, Tensor):
                value = value.array.item()
        bound.append(value)
    if used < given:
        return Mismatch("many", used, "", args[used])
    if names_used < len(kwargs):
        known = {p.name for p in parameters}
        unknown = next((name for name in kwargs if name not in known), next(iter(kwargs)))
        return Mismatch("keyword", len(parameters), unknown)
    return bound


def _as_int(value: Any) -> int:
    number = int(value.array.item()) if isinstance(value, Tensor) else value
    if not -(2**63) <= number < 2**63:
        raise TorchError("too_long")
    return number


def check_scalar(value: int) -> None:
    """Refuse a whole number that no 64 bits hold, as PyTorch does where it takes any number."""
    if value >= 2**64:
        raise TorchError("scalar_too_long", problem="int too big to convert")
    if value < -(2**63):
        raise TorchError("scalar_too_long", problem="can't convert negative int to unsigned")
