"""The functions and constants that an expression can name: those of the table by namespace, autograd's,
Python's own."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.arguments import admit
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.library import OverloadSet
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn import distance_losses
from detachsim.ops.python_calls import maker
from detachsim.run import derivatives, gradient_checks, tensors
from detachsim.run.anomaly import set_anomaly_enabled, set_detect_anomaly
from detachsim.run.arrays import from_numpy
from detachsim.run.broadcasting import broadcast_shapes
from detachsim.run.constructors import constructors
from detachsim.run.newer import torch_lacks
from detachsim.run.passes import backward, grad, length_of
from detachsim.run.print_options import set_printoptions
from detachsim.run.uniques import unique_consecutive
from detachsim.run.values import PLACES, PYTHONS, Function, GradMode, Size, type_name

# What a bare name at the start of a dotted one stands for.
NAMESPACES = {"torch": "torch", "F": "torch.nn.functional", "nn": "torch.nn", "optim": "torch.optim"}

CONSTANTS: dict[str, Any] = {
    **dtypes.BY_NAME,
    "inf": math.inf,
    "nan": math.nan,
    "pi": math.pi,
    "e": math.e,
}


def manual_seed(session: Session, seed: Any) -> Any:
    """``torch.manual_seed``, which takes what ``int`` takes."""
    number = _python_function(session, "int").call(seed)
    if not -(2**63) <= number < 2**64:
        raise TorchError("seed_range")
    return session.generator.manual_seed(number)


def _absolute(session: Session, value: Any) -> Any:
    if isinstance(value, Tensor):
        return session.call("abs", value)
    if isinstance(value, (int, float, np.ndarray, np.number)):
        return abs(value)
    raise TorchError("python", type="TypeError", text=f"bad operand type for abs(): '{type_name(value)}'")


def _number(kind: Callable[[Any], Any]) -> Callable[[Session, Any], Any]:
    return lambda session, value: tensors.number(session, value, kind)


# Python's own functions, each with what it does to one value where Python itself does not know it.
PYTHON: dict[str, tuple[Callable[..., Any], Callable[[Session, Any], Any]]] = {
    "len": (len, length_of),
    "float": (float, _number(float)),
    "int": (int, _number(int)),
    "bool": (bool, lambda session, value: tensors.truth(value)),
    "abs": (abs, _absolute),
}


def _python_function(session: Session, name: str) -> Function:
    function, of_value = PYTHON[name]

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and (isinstance(args[0], Tensor) or name in ("len", "abs")):
            return of_value(session, args[0])
        try:
            return function(*args, **kwargs)
        except (TypeError, ValueError, OverflowError) as error:
            raise TorchError("python", type=type(error).__name__, text=str(error)) from None

    return Function(name, call, PYTHONS)


def set_grad_enabled(session: Session, mode: Any) -> GradMode:
    """``torch.set_grad_enabled``: the mode to the end of the block that sets one; inference mode only keeps it."""
    if not isinstance(mode, bool):
        wanted = {"wanted": "bool", "found": type_name(mode)}
        raise TorchError("argument_type", op="set_grad_enabled", name="enabled", place=1, **wanted)
    session.grad_enabled, session.grad_idle = mode and not session.inference, mode and session.inference
    return GradMode(mode)


FUNCTIONS: dict[str, dict[str, Callable[..., Any]]] = {
    "torch": {
        "manual_seed": manual_seed,
        "is_grad_enabled": lambda session: session.grad_enabled or session.grad_idle,
        "set_grad_enabled": set_grad_enabled,
        "set_printoptions": set_printoptions,
        "get_default_dtype": lambda session: dtypes.float32,
        "is_inference_mode_enabled": lambda session: session.inference,
        "is_anomaly_enabled": lambda session: session.anomaly,
        "is_anomaly_check_nan_enabled": lambda session: session.check_nan,
        "set_anomaly_enabled": set_anomaly_enabled,
        "from_numpy": from_numpy,
        "is_tensor": lambda session, obj: isinstance(obj, Tensor),
        "is_floating_point": lambda session, input: input.dtype.is_floating,
        "numel": lambda session, input: int(input.array.size),
        "is_complex": lambda session, input: False,
        "is_inference": lambda session, input: input.inference,
        "is_signed": lambda session, input: tensors.METHODS["is_signed"](session, input),
        "is_conj": lambda session, input: False,
        "is_neg": lambda session, input: False,
        "get_device": lambda session, input: -1,
        "detach_": lambda session, input: tensors.METHODS["detach_"](session, input),
        "is_nonzero": lambda session, input: tensors.truth(input),
        "is_same_size": lambda session, input, other: input.shape == other.shape,
        "unique_consecutive": unique_consecutive,
        "broadcast_shapes": lambda session, *shapes: broadcast_shapes(*shapes),
        "result_type": lambda session, *operands, **named: _result_type(*operands, *named.values()),
        "promote_types": lambda session, type1, type2: dtypes.promote(type1, type2),
        "can_cast": lambda session, from_, to: dtypes.can_cast(from_, to),
        "Size": lambda session, *given, **named: _size(*given, **named),
    },
    "torch.autograd": {
        "grad": grad,
        "backward": backward,
        "set_detect_anomaly": maker(set_detect_anomaly),
        **gradient_checks.FUNCTIONS,
    },
    "torch.autograd.functional": derivatives.FUNCTIONS,
    "torch.nn.functional": distance_losses.FUNCTIONS,
}


def _size(*given: Any, **named: Any) -> Size:
    """``torch.Size``, which tells wrong arguments in the words of the tuple that it is."""
    if named:
        raise TorchError("python", type="TypeError", text="tuple() takes no keyword arguments")
    if len(given) > 1:
        raise TorchError("python", type="TypeError", text=f"tuple expected at most 1 argument, got {len(given)}")
    sizes = given[0] if given else ()
    if isinstance(sizes, Tensor):
        if sizes.array.ndim == 0:
            raise TorchError("python", type="TypeError", text="iteration over a 0-d tensor")
        if sizes.array.ndim > 1 or sizes.dtype.is_floating:
            raise TorchError("size_item", position=0, type="Tensor")
        return Size(sizes.array.tolist())
    if not isinstance(sizes, (list, tuple, str)):
        raise TorchError("python", type="TypeError", text=f"'{type_name(sizes)}' object is not iterable")
    for position, item in enumerate(sizes):
        if not isinstance(item, int):
            raise TorchError("size_item", position=position, type=type_name(item))
    return Size(int(item) for item in sizes)


def _result_type(left: Any, right: Any) -> Any:
    from detachsim.engine.promotion import result_type

    return result_type((left, right))


def _function(session: Session, space: str, name: str, function: Callable[..., Any]) -> Function:
    """Return a function that is no row of the table, with PyTorch's errors for its arguments, or Python's."""

    def call(*args: Any, **kwargs: Any) -> Any:
        taken, named = admit(session, PLACES.get(space, ""), name, args, kwargs)
        try:
            return function(session, *taken, **named)
        except TypeError as error:
            text = str(error)
            if "()" not in text or "argument" not in text:
                raise
            text = f"{name}(){text[text.index('()') + 2 :]}"
            raise TorchError("python", type="TypeError", text=text) from None

    return Function(name, call, space)


def find_function(session: Session, path: tuple[str, ...]) -> Any:
    """Return the function or constant of a bare or dotted name, ``None`` where there is none."""
    if len(path) == 1:
        name = path[0]
        if name in PYTHON:
            return _python_function(session, name)
        if name in ("inf", "nan"):
            return CONSTANTS[name]
        return _in_namespace(session, "torch", name) or _in_namespace(session, "torch.nn.functional", name)
    space = ".".join((NAMESPACES.get(path[0], path[0]), *path[1:-1]))
    if space == "torch" and path[-1] in CONSTANTS and path[-1] not in ("float", "int"):
        return CONSTANTS[path[-1]]
    if space == "torch" and path[-1] in ("float", "int"):
        return dtypes.BY_NAME[path[-1]]
    return _in_namespace(session, space, path[-1])


# The modules that 1.13 does not have yet.
_NEWER_CLASSES = frozenset(("CircularPad1d", "CircularPad2d", "RMSNorm", "ZeroPad1d"))


def _in_namespace(session: Session, space: str, name: str) -> Function | None:
    own = FUNCTIONS.get(space, {}).get(name)
    if own is not None and not (space == "torch" and torch_lacks(session.dialect, name)):
        return _function(session, space, name, own)
    makers = constructors(space)
    if name in makers and (name not in _NEWER_CLASSES or session.dialect == NEWEST):
        if space == "torch":
            return _function(session, space, name, makers[name])
        return Function(name, partial(makers[name], session), space)
    letter = PLACES.get(space)
    if letter is None:
        return None
    # linalg and special have names of their own for ops that torch has under other names.
    overloads = session.library.get(_PREFIXES.get(space, "") + name)
    if overloads is None or not any(letter in op.where for op in overloads.ops):
        return None
    if letter == "F" and name in ("sigmoid", "tanh") and session.dialect != "torch-2.13":
        return Function(name, partial(_call_deprecated, session, overloads.within(letter)), space)
    return Function(name, partial(_call_rows, session, overloads.within(letter)), space)


def _call_rows(session: Session, overloads: OverloadSet, *args: Any, **kwargs: Any) -> Any:
    return overloads.call(session, args, kwargs)


def _call_deprecated(session: Session, overloads: OverloadSet, *args: Any, **kwargs: Any) -> Any:
    """Call a function that torch.nn.functional warned of for a time."""
    if len(args) + ("input" in kwargs) == 1 and not kwargs.keys() - {"input"}:
        session.warn("functional_deprecated", name=overloads.name)
    return overloads.call(session, args, kwargs)


_PREFIXES = {"torch.linalg": "linalg_", "torch.special": "special_"}
