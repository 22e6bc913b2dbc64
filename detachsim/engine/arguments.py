"""From the arguments of a scenario's call to the row that takes them, or to PyTorch's ``TypeError``."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine.bodies import ask_body
from detachsim.engine.calls import truth
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import BY_NAME, boolean, float64, int64
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.parser import Fit, parse, refuse_names
from detachsim.engine.promotion import result_type
from detachsim.engine.signature import Mismatch, bind
from detachsim.engine.signatures import Entry, PythonSignature, Signature, entry
from detachsim.engine.tensor import Tensor, fresh

if TYPE_CHECKING:
    from detachsim.engine.library import OverloadSet
    from detachsim.engine.op import Op
    from detachsim.engine.session import Session


# What makes a tensor of one of numpy's numbers, of its type; to all else it is Python's.
_TAKE_ARRAYS = ("tensor", "as_tensor")


def _as_number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def choose(
    session: "Session", overloads: "OverloadSet", args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple["Op", list[Any], bool]:
    """Return the row of a method or function that takes the arguments, a value for each of its parameters, and
    whether their types alone decided it; raises PyTorch's ``TypeError``."""
    place, dialect = overloads.place, session.dialect
    if overloads.name not in _TAKE_ARRAYS:
        args = [_as_number(value) for value in args]
        kwargs = {name: _as_number(value) for name, value in kwargs.items()}
    known = entry(place, overloads.name, dialect)
    certain = True
    fit: Fit | None = None
    given: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    if known is not None:
        if known.python:
            given, defaults = bind_python(known.python, args, kwargs)
            certain = ask_body(session, place, overloads.name, given)
        elif known.count >= 0:
            _count(known, place, args[1:] if place == "m" else args, kwargs, dialect)
        else:
            fit = parse(known, args[1:] if place == "m" else args, kwargs, dialect)
            certain = fit.certain and not fit.signature.deprecated
            if fit.signature.deprecated:
                _warn_of(session, known, fit.signature)
            refuse_names(known.name, fit, args[0] if args else None)
    if "out" in kwargs:
        # Of no concern to rows: see Note [out=] in ``outputs``.
        kwargs = {name: value for name, value in kwargs.items() if name != "out"}
    for op in overloads.ops:
        bound = bind(op.parameters, args, kwargs)
        if not isinstance(bound, Mismatch):
            return op, bound, certain
    if fit is not None:
        values = _with_tensors(fit, _plain_values(fit))
        owner = args[:1] if place == "m" else ()
        for op in overloads.ops:
            bound = bind(op.parameters, owner, _renamed(fit, values, op, len(owner)))
            if not isinstance(bound, Mismatch):
                return op, bound, False
    if given:
        for op in overloads.ops:
            bound = bind(op.parameters, (), _as_flags(given, defaults, op))
            if not isinstance(bound, Mismatch):
                return op, bound, False
    raise LimitError(f"{overloads.name}() is not simulated with these arguments")


def admit(
    session: "Session", place: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], owner: Any = None
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Return the arguments of a function that is no row of the table, by place as far as they go; raises PyTorch's
    ``TypeError``. ``args`` are without ``owner``, the tensor that a method is called on."""
    dialect = session.dialect
    known = entry(place, name, dialect)
    if known is None:
        return args, kwargs
    if known.python:
        given, _ = bind_python(known.python, [owner, *args] if place == "m" else args, kwargs)
        ask_body(session, place, name, given)
    elif known.count >= 0:
        _count(known, place, args, kwargs, dialect)
    else:
        fit = parse(known, args, kwargs, dialect)
        refuse_names(name, fit, owner)
        values = _plain_values(fit)
        first: list[Any] = []
        for parameter in fit.signature.parameters:
            if parameter.name not in values or parameter.keyword_only:
                break
            first.append(values.pop(parameter.name))
        return first, values
    return args, kwargs


# What changes nothing where all is done on the CPU, and at once.
_NO_EFFECT = frozenset({"device", "non_blocking", "async", "out"})


def _renamed(fit: Fit, values: Mapping[str, Any], op: "Op", start: int) -> dict[str, Any]:
    """Return the values by the names that a row has for PyTorch's parameters: the same, or what stands there."""
    names = {p.name for p in op.parameters}
    given: dict[str, Any] = {}
    for position, parameter in enumerate(fit.signature.parameters):
        name = parameter.name
        if name not in values or (name in _NO_EFFECT and name not in names):
            continue
        if name == "input" and "self" in names and fit.signature.deprecated:
            name = "self"
        elif name not in names and not parameter.keyword_only and position + start < len(op.parameters):
            name = op.parameters[position + start].name
        given[name] = values[parameter.name]
    return given


def bind_python(
    heads: Sequence[PythonSignature], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments by name, bound as Python does, and what they default to; raises Python's ``TypeError``."""
    for head in heads:
        if all(truth(kwargs.get(name, args[at] if at < len(args) else False)) for name, at in head.flags):
            break
    try:
        return head.bind(*args, **kwargs), head.defaults
    except TypeError as error:
        raise TorchError("python", type="TypeError", text=str(error)) from None


def _as_flags(given: Mapping[str, Any], defaults: Mapping[str, Any], op: "Op") -> dict[str, Any]:
    """Return the arguments of a function in Python for a row.

    What the body does not hand on to C++ it only asks whether it is true, and what the row has not got may say nothing.
    """
    names = [p.name for p in op.parameters]
    numbers = {p.name for p in op.parameters if p.type in ("int", "float", "int[]")}
    flags = {p.name: p.optional for p in op.parameters if p.type == "bool"}
    named: dict[str, Any] = {}
    for position, (name, value) in enumerate(given.items()):
        if position == 0:
            named[names[0]] = value
        elif name not in names and position < len(names) and names[position] not in given:
            named[names[position]] = value
        elif name in flags:
            named[name] = None if value is None and flags[name] else truth(value)
        elif name in numbers and isinstance(value, Tensor) and value.array.size == 1:
            named[name] = value.array.item()
        elif name in names or (name != "out" and value is not defaults.get(name, given)):
            named[name] = value
    return named


def _count(known: Entry, place: str, args: Sequence[Any], kwargs: Mapping[str, Any], dialect: str) -> None:
    """Refuse what does not fit a function that takes no argument, or just one."""
    owner = "torch" if place == "t" else "TensorBase" if dialect == NEWEST else "_TensorBase"
    if kwargs:
        text = "takes no keyword arguments"
    elif len(args) != known.count:
        wanted = "no arguments" if known.count == 0 else "exactly one argument"
        text = f"takes {wanted} ({len(args)} given)"
    else:
        return
    raise TorchError("python", type="TypeError", text=f"{owner}.{known.name}() {text}")


def _warn_of(session: "Session", known: Entry, deprecated: Signature) -> None:
    """Warn of a signature that PyTorch wants nobody to use any more, which it does once, whatever the function."""
    others = "".join(f"\n\t{known.name}{other.text}" for other in known.signatures if not other.deprecated)
    session.warn_once("deprecated_overload", name=known.name, signature=deprecated.text, others=others)


def _with_tensors(fit: Fit, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with a tensor for a number that stands for one, as in ``torch.add(1, t)`` or ``t.to(0.5)``.

    Rows take numbers themselves for ``other``.
    """
    made = dict(values)
    for parameter in fit.signature.parameters:
        number = values.get(parameter.name)
        if parameter.kind != "Tensor" or parameter.name == "other" or not isinstance(number, (int, float)):
            continue
        if isinstance(number, bool):
            dtype = boolean
        elif parameter.name == "input":
            # A number gives way to tensors.
            dtype = result_type([value for value in values.values() if isinstance(value, (int, float, Tensor))])
        else:
            dtype = int64 if isinstance(number, int) else float64
        made[parameter.name] = fresh(np.array(number, dtype.numpy), dtype)
    return made


def _plain_values(fit: Fit) -> dict[str, Any]:
    """Return the values as PyTorch hands them on: numbers for tensors that stand for one, no default ``None``."""
    values: dict[str, Any] = {}
    for parameter in fit.signature.parameters:
        if parameter.name not in fit.values:
            continue
        value = fit.values[parameter.name]
        if value is None and parameter.has_default:
            continue
        if parameter.kind in ("int64_t", "SymInt", "Scalar", "double") and isinstance(value, Tensor):
            value = value.array.item()
        elif parameter.kind in ("IntArrayRef", "SymIntArrayRef") and isinstance(value, (list, tuple, Tensor)):
            items = [value] if isinstance(value, Tensor) else value
            value = tuple(int(item.array.item()) if isinstance(item, Tensor) else int(item) for item in items)
        elif parameter.kind == "ScalarType" and getattr(value, "name", None) in BY_NAME:
            value = BY_NAME[{"int": "int64", "float": "float64"}.get(value.name, value.name)]
        values[parameter.name] = value
    return values
