"""What ``numpy()`` gives: an array over a tensor's memory, whose edits no version counter sees."""

from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Storage, Tensor, fresh
from detachsim.engine.views import requires_grad
from detachsim.run.values import type_name

ERRORS = (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError)


class Origin:
    """Where an array's values come from: a tensor, over whose memory it lies or from whose array it was computed.

    ``id`` is the id that events give to the array.
    """

    __slots__ = ("id", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.id = 0


class NumpyArray(np.ndarray[Any, Any]):
    """A numpy array that a scenario has a name for; it prints as numpy prints its own."""

    origin: Origin | None = None

    def __array_finalize__(self, source: Any) -> None:
        """Take over where the values came from: numpy calls this for each slice, copy and result."""
        if isinstance(source, NumpyArray):
            self.origin = source.origin

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))

    def __str__(self) -> str:
        return str(self.view(np.ndarray))

    type_name: ClassVar[str] = "numpy.ndarray"
    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        name: lambda session, array, name=name: getattr(array, name) for name in ("shape", "dtype", "ndim", "size", "T")
    }
    METHODS: ClassVar[dict[str, Any]] = (
        {
            name: lambda session, array, *args, name=name, **kwargs: run(getattr(array, name), *args, **kwargs)
            for name in ("copy", "tolist", "item", "reshape")
        }
        | {
            name: lambda session, array, *args, name=name, **kwargs: reduced(getattr(array, name), *args, **kwargs)
            for name in ("sum", "mean", "max", "min", "std")
        }
        | {
            "__len__": lambda session, array: run(array.__len__),
            "__getitem__": lambda session, array, index: run(array.__getitem__, index),
            "__setitem__": lambda session, array, index, value: run(array.__setitem__, index, value),
        }
    )


NumpyArray.__name__ = "numpy.ndarray"  # as errors call its type


def run(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function of numpy's; its errors are the scenario's."""
    values = [arg.array.view(np.ndarray) if isinstance(arg, Tensor) else arg for arg in args]
    try:
        return function(*values, **kwargs)
    except ERRORS as error:
        raise TorchError("python", type=type(error).__name__, text=str(error)) from None


def reduced(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a reduction, whose result without dims is a number: of our own kind of array numpy leaves it an array."""
    made = run(function, *args, **kwargs)
    return made if np.ndim(made) else made[()]


def to_numpy(session: Session, tensor: Tensor, *, force: bool = False) -> NumpyArray:
    """``tensor.numpy()``: the same memory, without a counter."""
    if session.grad_enabled and requires_grad(tensor) and not force:
        raise TorchError("numpy_requires_grad")
    if tensor.dtype is dtypes.bfloat16:
        raise TorchError("numpy_bfloat16")
    made = tensor.array.view(NumpyArray)
    made.origin = Origin(tensor)
    if session.facts is not None:
        session.facts.append(("array", tensor, made.origin))
    return made


def from_numpy(session: Session, array: Any) -> Tensor:
    """``torch.from_numpy(array)``: a tensor over the array's memory, with a counter of its own."""
    if not isinstance(array, np.ndarray):
        raise TorchError("array_type", type=type_name(array))
    origin = array.origin if isinstance(array, NumpyArray) else None
    memory, dtype = array.view(np.ndarray), dtypes.BY_NUMPY[array.dtype]
    shared = origin is not None and lies_over(array, origin.tensor.storage)
    made = fresh(memory, dtype)
    if origin is not None and shared:
        made.storage = origin.tensor.storage
    if origin is not None and session.facts is not None:
        session.facts.append(("from_numpy", origin, made, shared))
    return made


def with_tensor(session: Session, symbol: str, function: Any, left: Any, right: Any) -> Any:
    """Return an operator's value of a tensor and an array, by numpy's rules; ``NotImplemented`` where there is none.

    numpy takes the tensor's own array, and its result becomes a tensor outside the graph. An array on the left leaves
    it to the tensor, which only knows how to be the divisor.
    """
    tensor, array = (left, right) if isinstance(left, Tensor) else (right, left)
    if symbol == "!=":
        return True
    if symbol == "==":
        # Arrays are compared as tensors since PyTorch takes them for such.
        return session.call("eq", tensor, from_numpy(session, array)) if session.dialect == NEWEST else False
    if symbol in ("<", "<=", ">", ">="):
        return NotImplemented
    if left is array:
        if symbol == "+":
            raise TorchError("array_concatenation")
        if symbol != "/":
            return NotImplemented
        tensor, function = session.call("reciprocal", tensor), np.multiply
    made = run(function, to_numpy(session, tensor).view(np.ndarray), array)
    if session.dialect == NEWEST:
        session.warn("array_wrap")
    made = np.asarray(made)
    return from_numpy(session, made.astype(np.uint8) if made.dtype == np.bool_ else made)


def lies_over(array: Any, storage: Storage) -> bool:
    """Whether an array looks at a memory."""
    return bool(np.may_share_memory(array, storage.array))


def note_edit(session: Session, op: str, array: Any) -> None:
    """Take note of an edit of an array, if it has a tensor's memory: it moves no version counter."""
    origin = array.origin if isinstance(array, NumpyArray) else None
    if session.facts is not None and origin is not None and lies_over(array, origin.tensor.storage):
        session.facts.append(("array_edit", op, array, origin))
