"""Fitting arguments to signatures as PyTorch's own parser does, and what it says where none fits.

Note [PyTorch's parser]. The signatures of a function are tried in their order, the deprecated ones last, and the first
that takes the arguments is the one that runs. A signature looks at its parameters one after another, each against the
next positional argument or the keyword of its name, and at what is left of the keywords in the end. It looks at a
list's first item alone; the others are found to be wrong when the list is taken to pieces. Where nothing fits, the
error is that of the one signature which has room for so many arguments; where several or none have, all are listed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detachsim.engine.devices import check_device
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.operand import unwrap
from detachsim.engine.signatures import Entry, Parameter, Signature
from detachsim.engine.tensor import Tensor

# The functions that take a number where their signature says Tensor.
TAKE_NUMBERS = frozenset(
    (
        *("add", "add_", "sub", "sub_", "subtract", "subtract_", "mul", "mul_", "multiply", "multiply_"),
        *("div", "div_", "divide", "divide_", "true_divide", "true_divide_", "floor_divide", "floor_divide_"),
        *("to", "copy", "copy_"),
    )
)


@dataclass(slots=True)
class Fit:
    """Arguments that fit ``signature``: a value for each parameter that was given one, by its name.

    ``certain`` says that their types alone made them fit, ``new`` that it is the newest PyTorch's parser.
    """

    signature: Signature
    values: dict[str, Any] = field(default_factory=dict)
    certain: bool = True
    new: bool = True


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why arguments do not fit: ``kind`` is ``type``, ``missing``, ``many`` or ``keyword``."""

    kind: str
    position: int = 0
    value: Any = None
    by_name: bool = False


def type_word(value: Any) -> str:
    """Return the name of a value's type as PyTorch says it."""
    value = unwrap(value)
    if isinstance(value, Tensor):
        return "Parameter" if value.meta is not None and getattr(value.meta, "parameter", False) else "Tensor"
    if isinstance(value, np.generic):
        return f"numpy.{type(value).__name__}"
    return getattr(value, "type_name", None) or type(value).__name__


# Python's own classes, which stand for dtypes.
CLASSES = ("int", "float", "bool")


def parse(entry: Entry, args: Sequence[Any], kwargs: Mapping[str, Any], dialect: str) -> Fit:
    """Return the first signature that fits with what it makes of the arguments; raises PyTorch's ``TypeError``.

    ``args`` are without the tensor that a method is called on.
    """
    reasons: list[Misfit] = []
    new = dialect == NEWEST
    numbers = entry.name in TAKE_NUMBERS
    for signature in entry.signatures:
        made = _fit(signature, args, kwargs, numbers, new)
        if isinstance(made, Fit):
            _take_to_pieces(entry.name, made, dialect)
            return made
        reasons.append(made)
    count = len(args) + len(kwargs)
    roomy = [
        (signature, reason)
        for signature, reason in zip(entry.signatures, reasons, strict=True)
        if len(entry.signatures) == 1
        or (signature.fewest <= count <= len(signature.parameters) and not signature.deprecated)
    ]
    if len(roomy) == 1:
        signature, reason = roomy[0]
        raise _type_error(_reason_text(entry.name, signature, reason, args, kwargs, dialect), dialect)
    texts = [signature.text for signature in entry.signatures if not signature.deprecated]
    raise _type_error(invalid_combination(entry.name, texts, args, kwargs, items=new), dialect)


def _type_error(text: str, dialect: str = NEWEST) -> TorchError:
    # What older ones cut it off at.
    return TorchError("python", type="TypeError", text=text if dialect == NEWEST else text[:1023])


def _fit(
    signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any], numbers: bool, new: bool
) -> Fit | Misfit:
    given = len(args)
    one_by_one = signature.takes_ints and given > 0 and _is_index(args[0])
    # Older ones look for that int only later, and pass over what stands behind a list.
    if given > signature.positional and not (one_by_one if new else signature.takes_ints):
        return Misfit("many")
    fit = Fit(signature, new=new)
    used = names_used = 0
    for position, parameter in enumerate(signature.parameters):
        by_name = used >= given
        if by_name:
            value = kwargs.get(parameter.name, _NOTHING)
            for other in parameter.other_names:
                if value is _NOTHING:
                    value = kwargs.get(other, _NOTHING)
        elif parameter.keyword_only:
            return Misfit("many")
        else:
            value = args[used]
        if value is _NOTHING:
            if not parameter.has_default:
                return Misfit("missing", position)
            continue
        if value is None and parameter.takes_none:
            fit.values[parameter.name] = None
        elif _accepts(parameter, value, numbers, fit, position):
            fit.values[parameter.name] = value
        elif one_by_one and position == 0:
            fit.values[parameter.name] = tuple(args)
            fit.certain = False
            used = given
            continue
        else:
            return Misfit("type", position, value, by_name)
        if by_name:
            names_used += 1
        else:
            used += 1
    if used < given and new:
        return Misfit("many")
    if names_used < len(kwargs):
        return Misfit("keyword")
    return fit


_NOTHING = object()


def _accepts(parameter: Parameter, value: Any, numbers: bool, fit: Fit, position: int) -> bool:
    kind = parameter.kind
    if kind == "Tensor":
        return isinstance(value, Tensor) or (numbers and isinstance(value, (int, float)))
    if parameter.word == "tuple of Tensors":
        return _is_tensor_list(value, position)
    if type(value) not in _PLAIN:
        fit.certain = False
    if kind in ("IntArrayRef", "SymIntArrayRef"):
        if isinstance(value, (list, tuple)):
            return not value or _is_index(value[0])
        return parameter.length > 0 and (_is_index(value) if fit.new else _is_plain_int(value))
    return _KINDS[kind](value)


# What is taken or refused whatever its value is; of a tensor, a list or a function that depends on more than the type.
_PLAIN = frozenset((bool, int, float, str, DType))


def _is_tensor_list(value: Any, position: int) -> bool:
    if not isinstance(value, (list, tuple)):
        return False
    for index, item in enumerate(value):
        if not isinstance(item, Tensor):
            # Even where another signature would take it.
            text = f"expected Tensor as element {index} in argument {position}, but got {type_word(item)}"
            raise _type_error(text)
    return True


def _is_plain_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_index(value: Any) -> bool:
    """Whether Python takes a value as an index: an int, or a tensor of one integer."""
    if isinstance(value, Tensor):
        return value.array.size == 1 and not value.dtype.is_floating
    return _is_plain_int(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.array.ndim == 0 and not _requires_grad(value)
    return isinstance(value, (int, float))


def _is_int(value: Any) -> bool:
    if isinstance(value, Tensor):
        whole = not value.dtype.is_floating and value.dtype.name != "bool"
        return value.array.ndim == 0 and whole
    return _is_plain_int(value)


def _requires_grad(tensor: Tensor) -> bool:
    from detachsim.engine.views import requires_grad

    return requires_grad(tensor)


def _is_dtype(value: Any) -> bool:
    return isinstance(value, DType) or getattr(value, "name", None) in CLASSES


def _never(value: Any) -> bool:
    return False


# What each type takes besides None. The language has no values of those that take nothing.
_KINDS: dict[str, Callable[[Any], bool]] = {
    "Scalar": _is_number,
    "double": _is_number,
    "complex": _is_number,
    "int64_t": _is_int,
    "SymInt": _is_index,
    "bool": lambda value: isinstance(value, bool),
    "ScalarType": _is_dtype,
    "std::string_view": lambda value: isinstance(value, str),
    "c10::string_view": lambda value: isinstance(value, str),
    "std::string": lambda value: isinstance(value, str),
    "Device": lambda value: isinstance(value, str) or _is_plain_int(value) or _is_device(value),
    "DeviceIndex": _is_plain_int,
    "Dimname": lambda value: value is None or isinstance(value, str),
    "DimnameList": lambda value: (
        isinstance(value, str)
        or (isinstance(value, (list, tuple)) and all(item is None or isinstance(item, str) for item in value[:1]))
    ),
    "ScalarList": lambda value: isinstance(value, (list, tuple)) and all(_is_number(item) for item in value),
    "ArrayRef<double>": lambda value: (
        isinstance(value, (list, tuple)) and all(isinstance(item, (int, float)) for item in value[:1])
    ),
    "PyObject*": lambda value: True,
    "PyObject": lambda value: True,
    "Generator": lambda value: getattr(value, "type_name", None) == "torch._C.Generator",
}
for _kind in ("Layout", "MemoryFormat", "Storage", "Stream", "DispatchKeySet", "QScheme"):
    _KINDS[_kind] = _never


def _is_device(value: Any) -> bool:
    return getattr(value, "type_name", None) == "torch.device"


def _take_to_pieces(name: str, fit: Fit, dialect: str) -> None:
    """Look at all the items of a list and at the names of devices, as PyTorch does only now."""
    for parameter in fit.signature.parameters:
        value = fit.values.get(parameter.name)
        if parameter.kind == "Device" and value is not None:
            check_device(value, dialect)
            fit.certain = False
        if parameter.kind not in ("IntArrayRef", "SymIntArrayRef", "ArrayRef<double>"):
            continue
        if not isinstance(value, (list, tuple)):
            continue
        for index, item in enumerate(value):
            reason = _item_reason(parameter, index, item, dialect)
            if reason:
                raise _type_error(f"{name}(): argument '{parameter.name}' {reason}")


def _item_reason(parameter: Parameter, index: int, item: Any, dialect: str) -> str:
    """Return why an item of a list is no number that PyTorch takes, an empty text if it is one."""
    if parameter.kind == "ArrayRef<double>":
        fits = isinstance(item, (int, float)) or (isinstance(item, Tensor) and item.array.size == 1)
        text = f"must be {parameter.word}, but found element of type {type_word(item)} at pos {index + 1}"
        return "" if fits else text
    is_int = _is_index(item) or isinstance(item, bool)
    if is_int and (isinstance(item, Tensor) or -(2**63) <= item < 2**63):
        return ""
    found = type_word(item)
    if dialect == NEWEST:
        error = "Overflow when unpacking long long" if is_int else f'type must be {parameter.word},but got {found}"'
        return f'failed to unpack the object at pos {index + 1} with error "{error}'
    word = parameter.word.replace("ints", "SymInts") if parameter.kind == "SymIntArrayRef" else parameter.word
    return f"must be {word}, but found element of type {found} at pos {index + 1}"


def _reason_text(
    name: str, signature: Signature, reason: Misfit, args: Sequence[Any], kwargs: Mapping[str, Any], dialect: str
) -> str:
    """Return what a single signature says of arguments that do not fit."""
    parameters = signature.parameters
    given, most = len(args), signature.positional
    if reason.kind == "many":
        if signature.fewest != most:
            return f"{name}() takes from {signature.fewest} to {most} positional arguments but {given} were given"
        noun = "argument" if most == 1 else "arguments"
        return f"{name}() takes {most} positional {noun} but {given} {'was' if given == 1 else 'were'} given"
    if reason.kind == "missing":
        missing = [f'"{p.name}"' for p in parameters[reason.position :] if not p.has_default]
        # PyTorch has it the wrong way round.
        noun = "arguments" if len(missing) == 1 else "argument"
        return f"{name}() missing {len(missing)} required positional {noun}: {', '.join(missing)}"
    if reason.kind == "keyword":
        places = {p.name: position for position, p in enumerate(parameters)}
        for key in kwargs:
            if key not in places:
                return f"{name}() got an unexpected keyword argument '{key}'"
            if places[key] < given:
                return f"{name}() got multiple values for argument '{key}'"
        return "invalid keyword arguments"
    parameter = parameters[reason.position]
    where = "" if reason.by_name else f" (position {reason.position + 1})"
    value, found = reason.value, f"not {type_word(reason.value)}"
    lists = parameter.kind in ("IntArrayRef", "SymIntArrayRef", "ArrayRef<double>")
    if lists and isinstance(value, (list, tuple)) and not reason.by_name and dialect == NEWEST:
        found = f"but found element of type {type_word(value[0])} at pos 0"
    return f"{name}(): argument '{parameter.name}'{where} must be {parameter.word}, {found}"


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
        unknown = _unknown(options[0], given)
        if unknown:
            return (
                f"{name}() received an invalid combination of arguments - got unrecognized keyword arguments: {unknown}"
            )
        shown = _marked(options[0], args, given, items=items) if _has_as_many(options[0], args, given) else ""
        return f"{start}{shown or _plain(args, given)}, but expected {options[0]}"
    lines = [f"{start}{_plain(args, given)}, but expected one of:"]
    for option in options:
        lines.append(f" * {option}")
        if not _has_as_many(option, args, given):
            continue
        unknown = _unknown(option, given)
        if unknown:
            reason = f"keywords were incorrect: {unknown}"
        else:
            reason = f"arguments have invalid types: {_marked(option, args, given, items=items)}"
        lines.append(f"      didn't match because some of the {reason}")
    return "\n".join(lines) + "\n"


def _plain(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    text = "".join(f"{type_word(value)}, " for value in args)
    text += "".join(f"{key}={type_word(value)}, " for key, value in kwargs.items())
    return f"({text[:-2] if args else text})"


def _has_as_many(option: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    return len(args) + len(kwargs) == len(_arguments(option))


def _unknown(option: str, kwargs: Mapping[str, Any]) -> str:
    """Return the keywords that the option has not got among its last: as many as there are keywords."""
    arguments = _arguments(option)
    known = {key for _, key in arguments[max(len(arguments) - len(kwargs), 0) :]}
    return ", ".join(key for key in kwargs if key not in known)


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
            # As Python writes a tuple, a single item has a comma behind it.
            word = f"tuple of ({', '.join(map(type_word, value))}{',' * (len(value) == 1)})"
        shown.append(f"{label}{word}" if fits else f"!{label}{word}!")
    text = "".join(f"{part}, " for part in shown)
    return f"({text[:-2] if args else text})"


# What has a signature for named dimensions, and refuses them.
_NO_NAMES = frozenset(
    (
        *("all", "any", "argsort", "gather", "index_add", "index_copy", "index_copy_", "index_select"),
        *("scatter", "scatter_add", "sort", "squeeze_"),
    )
)


def refuse_names(name: str, fit: Fit, tensor: Any) -> None:
    """Refuse the name of a dimension, as PyTorch does for a tensor whose dimensions have none."""
    # Those of ``transpose`` are looked up from the last to the first.
    for parameter in reversed(fit.signature.parameters):
        if parameter.kind not in ("Dimname", "DimnameList") or parameter.name not in fit.values:
            continue
        value = fit.values[parameter.name]
        names = value if isinstance(value, (list, tuple)) else [value]
        for item in names:
            if item is not None and not isinstance(item, str):
                text = f"expected None or string for Dimname but got {type_word(item)}"
                raise TorchError("python", type="TypeError", text=text)
        if name in _NO_NAMES:
            raise TorchError("dimname_unsupported", name=name)
        for item in names:
            if item is None:
                raise TorchError("dimname_none")
            first = tensor[0] if isinstance(tensor, (list, tuple)) and tensor else tensor
            ndim = first.array.ndim if isinstance(first, Tensor) else 0
            raise TorchError("dimname_unknown", name=item, dims=", ".join(["None"] * ndim))
