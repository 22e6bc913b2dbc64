"""The errors of arguments that fit no signature, as PyTorch words them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detachsim.engine.errors import TorchError
from detachsim.engine.signature import REQUIRED, Mismatch, Parameter, bind, is_int
from detachsim.engine.spelled import Spelled, invalid_combination, spelled, type_word
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.op import Op, OverloadSet

_TYPE_WORDS = {
    "Tensor": "Tensor",
    "Number|Tensor": "Tensor",
    "Number": "Number",
    "PromotingNumber": "Number",
    "MaskTensor": "Tensor",
    "Tensor[]": "tuple of Tensors",
    "IndexTensor[]": "tuple of Tensors",
    "Tensor*": "tuple of Tensors",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "dtype": "torch.dtype",
    "int[]": "tuple of ints",
    "size": "tuple of ints",
    "any": "object",
}


def argument_error(
    overloads: "OverloadSet",
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    mismatches: list[Mismatch],
    *,
    method: bool,
    dialect: str,
) -> TorchError:
    """Return the ``TypeError`` for a call that no row of ``overloads`` takes."""
    name = overloads.name
    rows = (overloads.within("m") if method else overloads).ops
    for row, mismatch in zip(rows, mismatches, strict=True):
        if (text := _item_of_other_type(row.name, row.parameters, mismatch, dialect)) is not None:
            return TorchError("python", type="TypeError", text=text)
    options: Sequence[Spelled] = spelled(name, "m" if method else "t", dialect)
    if options:
        # PyTorch spells Tensor also where some functions take a number.
        numbers = {p.name for row in rows for p in row.parameters if p.type == "Number|Tensor"}
        options = [option.with_numbers(numbers) for option in options]
        return _none_fits(name, options, args, kwargs, method=method, dialect=dialect)
    own = [index for index, row in enumerate(rows) if method or "t" in row.where]
    if len(rows) == 1 or len(own) == 1:
        index = own[0] if len(own) == 1 else 0
        return _single(name, rows[index].parameters, args, kwargs, mismatches[index], method=method, dialect=dialect)
    texts = [f"({_signature(row, method=method)})" for row in rows]
    given = args[1:] if method else args
    text = invalid_combination(name, texts, given, kwargs, items=dialect == "torch-2.13")
    return TorchError("python", type="TypeError", text=text)


def _none_fits(
    name: str,
    options: Sequence[Spelled],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    method: bool,
    dialect: str,
) -> TorchError:
    """Return the error of a function of several signatures: of one alone if only that has room for the arguments."""
    bound = [bind(option.parameters, args, kwargs) for option in options]
    if any(
        option.has_names and not isinstance(values, Mismatch) for option, values in zip(options, bound, strict=True)
    ):
        values = [*args, *kwargs.values()]
        wanted = next((value for value in reversed(values) if isinstance(value, str)), None)
        tensor = next((value for value in values if isinstance(value, Tensor)), None)
        if wanted is not None and tensor is not None:
            dims = ", ".join(["None"] * tensor.array.ndim)
            return TorchError("python", type="RuntimeError", text=f"Name '{wanted}' not found in Tensor[{dims}].")
    roomy = [
        (option, values)
        for option, values in zip(options, bound, strict=True)
        if option.has_place_for(len(args) + len(kwargs))
    ]
    option, mismatch = roomy[0] if len(roomy) == 1 else (None, None)
    if option is not None and isinstance(mismatch, Mismatch):
        return _single(name, option.parameters, args, kwargs, mismatch, method=method, dialect=dialect)
    given = args[1:] if method else args
    texts = [option.text for option in options]
    text = invalid_combination(name, texts, given, kwargs, items=dialect == "torch-2.13")
    return TorchError("python", type="TypeError", text=text)


# What 1.13 calls symbolic already; 2.13 says ints everywhere.
_SYMBOLIC = frozenset(
    (
        *("as_strided", "as_strided_", "expand", "repeat", "reshape", "resize_", "view"),
        *("empty", "full", "new_empty", "new_empty_strided", "new_full", "new_ones", "new_zeros", "ones", "zeros"),
    )
)


def _type_word(name: str, parameter: Parameter, dialect: str) -> str:
    """Return a parameter's type as PyTorch calls it."""
    if parameter.type in ("size", "int[]") and dialect != "torch-2.13" and name in _SYMBOLIC:
        return "tuple of SymInts"
    return _TYPE_WORDS[parameter.type]


def _item_of_other_type(name: str, parameters: Sequence[Parameter], mismatch: Mismatch, dialect: str) -> str | None:
    """Return the error of a list whose first item is right, which PyTorch takes before it looks at the others."""
    if mismatch.kind != "type":
        return None
    parameter, value = parameters[mismatch.position], mismatch.value
    if not isinstance(value, (list, tuple)) or not value:
        return None
    if parameter.type in ("size", "int[]") and is_int(value[0]):
        at = next(index for index, item in enumerate(value) if not is_int(item))
        word, found = _type_word(name, parameter, dialect), type_word(value[at])
        if dialect == "torch-2.13":
            reason = f'failed to unpack the object at pos {at + 1} with error "type must be {word},but got {found}"'
        else:
            reason = f"must be {word}, but found element of type {found} at pos {at + 1}"
        return f"{name}(): argument '{parameter.name}' {reason}"
    if parameter.type == "Tensor[]":
        at = next(index for index, item in enumerate(value) if not isinstance(item, Tensor))
        return f"expected Tensor as element {at} in argument {mismatch.position}, but got {type_word(value[at])}"
    return None


def _single(
    name: str,
    all_parameters: Sequence[Parameter],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    mismatch: Mismatch,
    *,
    method: bool,
    dialect: str,
) -> TorchError:
    """Return the error of a function of one signature."""
    parameters = all_parameters[1:] if method else all_parameters
    position = mismatch.position if method else mismatch.position + 1
    count = sum(not p.keyword_only for p in parameters)
    given = len(args) - 1 if method else len(args)
    ints = count == 1 and parameters[0].type == "size" and (is_int(args[-given]) if given else False)
    # How many there are is looked at first.
    kind = "many" if given > count and not ints else mismatch.kind
    if kind == "type":
        parameter = all_parameters[mismatch.position]
        label = "input" if parameter.name == "self" else parameter.name
        where = f"(position {position})" if not parameter.keyword_only and mismatch.name not in kwargs else ""
        wanted = f"must be {_type_word(name, parameter, dialect)}, not {type_word(mismatch.value)}"
        text = f"{name}(): argument '{label}' {where + ' ' if where else ''}{wanted}"
    elif kind == "missing":
        missing = [
            f'"{"input" if p.name == "self" else p.name}"'
            for p in all_parameters[mismatch.position :]
            if p.default is REQUIRED and p.name not in kwargs
        ]
        text = f"{name}() missing {len(missing)} required positional arguments: {', '.join(missing)}"
    elif kind == "many":
        fewest = sum(p.default is REQUIRED for p in parameters)
        if not parameters:
            owner = "TensorBase" if dialect == "torch-2.13" else "_TensorBase"
            text = f"{owner}.{name}() takes no arguments ({given} given)"
        elif fewest != count:
            text = f"{name}() takes from {fewest} to {count} positional arguments but {given} were given"
        else:
            noun = "argument" if count == 1 else "arguments"
            text = f"{name}() takes {count} positional {noun} but {given} {'was' if given == 1 else 'were'} given"
    elif kind == "twice":
        text = f"{name}() got multiple values for argument '{mismatch.name}'"
    else:
        text = f"{name}() got an unexpected keyword argument '{mismatch.name}'"
    return TorchError("python", type="TypeError", text=text)


def _signature(op: "Op", *, method: bool) -> str:
    parts: list[str] = []
    starred = False
    for parameter in op.parameters[1:] if method else op.parameters:
        if parameter.keyword_only and not starred:
            parts.append("*")
            starred = True
        parts.append(_parameter(parameter))
    return ", ".join(parts)


def _parameter(parameter: Parameter) -> str:
    name = "input" if parameter.name == "self" else parameter.name
    word = _TYPE_WORDS[parameter.type]
    if parameter.default is REQUIRED:
        return f"{word} {name}"
    return f"{word} {name} = {parameter.default}"
