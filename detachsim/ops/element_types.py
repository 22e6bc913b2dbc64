"""Which element types an op takes: the checks, and PyTorch's refusal, which names the kernel that it looked for."""

from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.op import CAST
from detachsim.engine.parser import type_word
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Tensor

Check = Callable[..., None]


def promoted(op: Any, bound: list[Any]) -> DType:
    """Return the type that the operands of an op meet in, or become before it runs."""
    if op.promote == CAST and bound[op.dtype_position] is not None:
        wanted: DType = bound[op.dtype_position]
        return wanted
    positions = [i for i in op.tensor_positions if op.parameters[i].type != "MaskTensor"]
    positions += op.promoting_numbers
    return result_type([bound[i] for i in positions if bound[i] is not None])


def element_type(value: Any) -> DType:
    """Return the element type of what a formula works on: an array, or an operand while a graph is recorded."""
    return dtypes.BY_NUMPY[value.dtype] if isinstance(value, np.ndarray | np.generic) else value.tensor.dtype


def floats_only(kernel: str) -> Check:
    """Refuse integers and bools, in the name of PyTorch's kernel."""

    def check(session: Any, op: Any, bound: list[Any]) -> None:
        dtype = promoted(op, bound)
        if not dtype.is_floating:
            raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)

    return check


def refuse_integers(kernel: str, operand: Any) -> None:
    """Refuse an operand of integers or bools, in the name of PyTorch's kernel."""
    if not operand.tensor.dtype.is_floating:
        raise TorchError("not_implemented_for", kernel=kernel, dtype=operand.tensor.dtype.scalar)


def no_bools(kernel: str) -> Check:
    """Refuse bools."""

    def check(session: Any, op: Any, bound: list[Any]) -> None:
        dtype = promoted(op, bound)
        if dtype is dtypes.boolean:
            raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)

    return check


def where_elements(check: Check) -> Check:
    """Ask ``check`` only where there are elements: PyTorch gives what has none without calling its kernel."""

    def asked(session: Any, op: Any, bound: list[Any]) -> None:
        if holds_elements(op, bound):
            check(session, op, bound)

    return asked


def where_dims(check: Check) -> Check:
    """Ask ``check`` only where there are dims: PyTorch copies a number without calling its kernel."""

    def asked(session: Any, op: Any, bound: list[Any]) -> None:
        if bound[0].shape:
            check(session, op, bound)

    return asked


def holds_elements(op: Any, bound: list[Any]) -> bool:
    """Say whether every tensor among the arguments has elements."""
    tensors = (bound[i] for i in op.tensor_positions)
    return all(tensor.array.size for tensor in tensors if isinstance(tensor, Tensor))


def whole_numbers_only(kernel: str) -> Check:
    """Refuse floating types and bools."""

    def check(session: Any, op: Any, bound: list[Any]) -> None:
        dtype = promoted(op, bound)
        if dtype.category != dtypes.INTEGRAL:
            raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)

    return check


def integers_only(kernel: str) -> Check:
    """Refuse floating types."""

    def check(session: Any, op: Any, bound: list[Any]) -> None:
        dtype = promoted(op, bound)
        if dtype.is_floating:
            raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)

    return check


def named_type(value: Any) -> DType:
    """Return the type that ``.type()`` is asked for: a type, or the name of a class of tensors."""
    name = value.name if type_word(value) == "type" else value
    if isinstance(name, str):
        found = next((kind for kind in dtypes.ALL if name == f"torch.{kind.scalar}Tensor"), None)
        if found is None:
            raise TorchError("tensor_type_name", name=name)
        return found
    if not isinstance(value, DType):
        raise TorchError("tensor_type")
    return value


def require_same_type(key: str, *tensors: Any, mixed: bool = False) -> None:
    """Refuse, in a backward pass, tensors of which one has become another type since forward.

    ``key`` names the refusal, which tells the type of the first one and the one that differs. With ``mixed``, what
    belongs to a half type may be float32.
    """
    kinds = [_kind(tensor) for tensor in tensors if tensor is not None]
    for kind in kinds[1:]:
        if kind is not kinds[0] and not (mixed and kinds[0].is_reduced and kind is dtypes.float32):
            raise TorchError(key, expected=kinds[0].scalar, found=kind.scalar)


def _kind(tensor: Any) -> DType:
    """Return the type of an operand, or of the plain array that stands for it where no graph is made."""
    found: DType = tensor.tensor.dtype if hasattr(tensor, "tensor") else dtypes.BY_NUMPY[tensor.dtype]
    return found
