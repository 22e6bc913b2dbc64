"""What ``numpy()`` gives: an array over a tensor's memory, whose edits no version counter sees."""

from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, fresh
from detachsim.engine.views import requires_grad
from detachsim.run.values import type_name

ERRORS = (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError)


class NumpyArray(np.ndarray[Any, Any]):
    """A numpy array that a scenario has a name for; it prints as numpy prints its own."""

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))

    def __str__(self) -> str:
        return str(self.view(np.ndarray))

    type_name: ClassVar[str] = "numpy.ndarray"
    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        name: lambda session, array, name=name: getattr(array, name) for name in ("shape", "dtype", "ndim", "size", "T")
    }
    METHODS: ClassVar[dict[str, Any]] = {
        name: lambda session, array, *args, name=name, **kwargs: run(getattr(array, name), *args, **kwargs)
        for name in ("copy", "tolist", "item", "sum", "mean", "max", "min", "std", "reshape")
    } | {
        "__len__": lambda session, array: run(array.__len__),
        "__getitem__": lambda session, array, index: run(array.__getitem__, index),
        "__setitem__": lambda session, array, index, value: run(array.__setitem__, index, value),
    }


NumpyArray.__name__ = "numpy.ndarray"  # as errors call its type


def run(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function of numpy's; its errors are the scenario's."""
    values = [arg.array.view(np.ndarray) if isinstance(arg, Tensor) else arg for arg in args]
    try:
        return function(*values, **kwargs)
    except ERRORS as error:
        raise TorchError("python", type=type(error).__name__, text=str(error)) from None


def to_numpy(session: Session, tensor: Tensor, *, force: bool = False) -> NumpyArray:
    """``tensor.numpy()``: the same memory, without a counter."""
    if session.grad_enabled and requires_grad(tensor) and not force:
        raise TorchError("numpy_requires_grad")
    if tensor.dtype is dtypes.bfloat16:
        raise TorchError("numpy_bfloat16")
    return tensor.array.view(NumpyArray)


def from_numpy(session: Session, array: Any) -> Tensor:
    """``torch.from_numpy(array)``: a tensor over the array's memory, with a counter of its own."""
    if not isinstance(array, np.ndarray):
        raise TorchError("python", type="TypeError", text=f"expected np.ndarray (got {type_name(array)})")
    return fresh(array.view(np.ndarray), dtypes.BY_NUMPY[array.dtype])
