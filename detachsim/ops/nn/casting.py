"""Giving a module's tensors another element type: ``to``, ``double`` and their like."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from detachsim.engine import dtypes
from detachsim.engine.arguments import admit
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.element_types import named_type
from detachsim.ops.python_calls import method

if TYPE_CHECKING:
    from detachsim.ops.nn.base import Module


def cast(module: "Module", dtype: DType, *, only_floating: bool = True) -> "Module":
    """Give all parameters, their gradients and the buffers another type.

    A parameter stays the tensor that it is, as does its gradient: they get other memory. A buffer is replaced.
    """

    def stays(tensor: Tensor) -> bool:
        return tensor.dtype is dtype or (only_floating and not tensor.dtype.is_floating)

    for _, each in module.distinct_modules():
        for tensor in each.parameter_table.values():
            if tensor is not None and not stays(tensor):
                _move(module.session, tensor, dtype)
            if tensor is not None and tensor.grad is not None and not stays(tensor.grad):
                _move(module.session, tensor.grad, dtype)
        for name, buffer in each.buffer_table.items():
            if buffer is not None and not stays(buffer):
                each.buffer_table[name] = fresh(dtypes.cast(buffer.array, buffer.dtype, dtype), dtype)
    return module


def _move(session: Session, tensor: Tensor, dtype: DType) -> None:
    """Give a tensor memory of another type, as ``tensor.data = tensor.to(dtype)`` does."""
    if tensor.requires and not dtype.is_floating:
        raise TorchError("assign_data_dtype")
    if tensor.meta is not None:
        tensor.meta.accumulator = None  # the graphs made so far keep that of the old type
    made = fresh(dtypes.cast(tensor.array, tensor.dtype, dtype), dtype)
    tensor.array, tensor.storage, tensor.dtype = made.array, made.storage, dtype
    if session.facts is not None:
        session.facts.append(("flag", tensor, "data", "tensor"))


def to(session: Session, module: "Module", *args: Any, **kwargs: Any) -> "Module":
    """Give the floating tensors the type that is asked for; there is one device."""
    first, named = admit(session, "m", "to", args, kwargs)
    for value in (*first, *named.values()):
        dtype = value.dtype if isinstance(value, Tensor) else value
        if isinstance(dtype, DType):
            if not dtype.is_floating:
                raise TorchError("module_to_dtype", dtype=dtype)
            return cast(module, dtype)
    return module


def type_(module: "Module", dst_type: Any) -> "Module":
    """Give all tensors the type that is asked for, those of integers too."""
    return cast(module, named_type(dst_type), only_floating=False)


type_.__qualname__ = "Module.type"


def _caster(name: str, dtype: DType | None) -> Callable[..., Any]:
    def change(module: "Module") -> "Module":
        return module if dtype is None else cast(module, dtype)

    change.__qualname__ = f"Module.{name}"
    return method(change)


METHODS: dict[str, Callable[..., Any]] = {
    "float": _caster("float", dtypes.float32),
    "double": _caster("double", dtypes.float64),
    "half": _caster("half", dtypes.float16),
    "bfloat16": _caster("bfloat16", dtypes.bfloat16),
    "cpu": _caster("cpu", None),
    "type": method(type_),
    "to": to,
}
