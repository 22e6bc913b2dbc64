"""The errors of arguments that fit no signature, as PyTorch words them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detachsim.engine.errors import TorchError
from detachsim.engine.signature import REQUIRED, Mismatch, Parameter
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


def type_name(value: Any) -> str:
    """Return the name of a value's type as Python says it."""
    if isinstance(value, Tensor):
        return "Tensor"
    return type(value).__name__


def argument_error(
    overloads: "OverloadSet",
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    mismatches: list[Mismatch],
    *,
    method: bool,
) -> TorchError:
    """Return the ``TypeError`` for a call that no row of ``overloads`` takes."""
    name = overloads.name
    if len(overloads.ops) == 1:
        return _single(overloads.ops[0], args, kwargs, mismatches[0], method=method)
    given = [_given(value) for value in (args[1:] if method else args)]
    given += [f"{key}={_given(value)}" for key, value in kwargs.items()]
    text = f"{name}() received an invalid combination of arguments - got ({', '.join(given)}{', ' if kwargs else ''})"
    lines = "\n".join(f" * ({_signature(op, method=method)})" for op in overloads.ops)
    return TorchError("python", type="TypeError", text=f"{text}, but expected one of:\n{lines}\n")


def _given(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return f"{kind} of [{', '.join(type_name(item) for item in value)}]" if value else f"{kind} of []"
    return type_name(value)


def _single(
    op: "Op", args: Sequence[Any], kwargs: Mapping[str, Any], mismatch: Mismatch, *, method: bool
) -> TorchError:
    name = op.name
    parameters = op.parameters[1:] if method else op.parameters
    position = mismatch.position if method else mismatch.position + 1
    if mismatch.kind == "type":
        parameter = op.parameters[mismatch.position]
        label = "input" if parameter.name == "self" else parameter.name
        where = f"(position {position})" if not parameter.keyword_only and mismatch.name not in kwargs else ""
        wanted = f"must be {_TYPE_WORDS[parameter.type]}, not {type_name(mismatch.value)}"
        text = f"{name}(): argument '{label}' {where + ' ' if where else ''}{wanted}"
    elif mismatch.kind == "missing":
        missing = [
            f'"{"input" if p.name == "self" else p.name}"'
            for p in op.parameters[mismatch.position :]
            if p.default is REQUIRED and p.name not in kwargs
        ]
        text = f"{name}() missing {len(missing)} required positional arguments: {', '.join(missing)}"
    elif mismatch.kind == "many":
        count = sum(not p.keyword_only for p in parameters)
        given = len(args) - 1 if method else len(args)
        if not parameters:
            text = f"TensorBase.{name}() takes no arguments ({given} given)"
        else:
            noun = "argument" if count == 1 else "arguments"
            text = f"{name}() takes {count} positional {noun} but {given} {'was' if given == 1 else 'were'} given"
    elif mismatch.kind == "twice":
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
