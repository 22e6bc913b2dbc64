"""How values are printed: ``str`` and f-strings, as Python and PyTorch do it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from detachsim.engine.errors import TorchError
from detachsim.engine.hooks import HookHandle
from detachsim.engine.names import class_name, object_name
from detachsim.engine.node import Node
from detachsim.engine.returns import ReturnType
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, require_counter
from detachsim.engine.views import grad_fn, requires_grad
from detachsim.printing import format_text, named_tuple_text, size_text, tensor_text
from detachsim.run.values import Device, Function, Size


def tensor_repr(session: Session, tensor: Tensor, *, rebuild: bool) -> str:
    """Return what PyTorch prints for a tensor.

    With ``rebuild``, as a scenario's own ``print``, a view's stale node is rebuilt, which may raise in older
    dialects; without, only the cached node is looked at and nothing changes.
    """
    name = node_name(session, tensor, rebuild=rebuild)
    if rebuild and tensor.array.ndim:
        require_counter(tensor)  # PyTorch prints its parts, which are views
    return tensor_text(
        tensor.array,
        tensor.dtype.name,
        grad_fn=name,
        requires_grad=name is None and requires_grad(tensor),
        parameter=is_parameter(tensor),
        options=session.print_options,
    )


def is_parameter(tensor: Tensor) -> bool:
    """Whether a tensor is an ``nn.Parameter``."""
    return tensor.meta is not None and getattr(tensor.meta, "parameter", False)


def node_name(session: Session, tensor: Tensor, *, rebuild: bool) -> str | None:
    """Return the name in ``grad_fn=<…>``: ``Invalid`` for a view that has none any more (2.13)."""
    if rebuild:
        try:
            node = grad_fn(session, tensor)
        except TorchError:
            if session.dialect != "torch-2.13":
                raise
            return "Invalid"
    else:
        node = tensor.node
    return None if node is None else class_name(session.dialect, node)


def printed(session: Session, value: Any) -> str:
    """Return ``f"{value}"``."""
    if isinstance(value, Tensor):
        if value.array.ndim == 0 and not is_parameter(value):
            return format_text(value.array, value.dtype.name, "")
        return tensor_repr(session, value, rebuild=True)
    if isinstance(value, (str, Device, np.ndarray, np.generic, np.dtype)):
        return str(value)
    return represented(session, value)


def represented(session: Session, value: Any, *, rebuild: bool = True) -> str:
    """Return ``repr(value)``."""
    if isinstance(value, Tensor):
        return tensor_repr(session, value, rebuild=rebuild)
    if isinstance(value, Size):
        return size_text(value)
    if isinstance(value, ReturnType):
        fields = [
            (name, represented(session, item, rebuild=rebuild)) for name, item in zip(value.fields, value, strict=True)
        ]
        return named_tuple_text(value.type_name, fields)
    if isinstance(value, tuple):
        inner = ", ".join(represented(session, item, rebuild=rebuild) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(represented(session, item, rebuild=rebuild) for item in value)}]"
    if isinstance(value, Node):
        return f"<{object_name(session.dialect, value)} object at 0x…>"
    if isinstance(value, Function):
        return (
            f"<function {value.name} at 0x…>"
            if value.name == "<lambda>"
            else f"<built-in method {value.name} of type object at 0x…>"
        )
    if isinstance(value, HookHandle):
        return "<torch.utils.hooks.RemovableHandle object at 0x…>"
    if (spelled := getattr(type(value), "spelled", None)) is not None:
        return str(spelled(value, lambda item: represented(session, item, rebuild=rebuild)))
    return repr(value)


def shown_details(session: Session, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return what fills an error's text, values of a scenario as Python would print them."""
    return {name: printed(session, value) if _is_own(value) else value for name, value in details.items()}


def _is_own(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_is_own, value))
    return isinstance(value, (Tensor, Function, Node)) or hasattr(type(value), "spelled")
