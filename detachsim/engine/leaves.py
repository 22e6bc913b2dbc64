"""Whether a leaf requires grad, and changing that."""

from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor


def requires_grad_(session: Session, tensor: Tensor, requires_grad: Any = True) -> Tensor:
    """``tensor.requires_grad_()``, which a non-leaf that requires grad already takes without a word."""
    if not isinstance(requires_grad, bool):
        raise TorchError("requires_grad_type", type=type_word(requires_grad))
    if tensor.node is not None:
        if not requires_grad:
            raise TorchError("requires_grad_false")
        return tensor
    if requires_grad and not tensor.dtype.is_floating:
        raise TorchError("requires_grad_dtype")
    switch(session, tensor, requires_grad)
    return tensor


def set_requires_grad(session: Session, tensor: Tensor, value: Any) -> None:
    """``tensor.requires_grad = value``."""
    if not isinstance(value, bool):
        raise TorchError("requires_grad_bool")
    if tensor.node is not None:
        raise TorchError("requires_grad_true" if value else "requires_grad_false")
    if value and not tensor.dtype.is_floating:
        raise TorchError("requires_grad_set_dtype")
    switch(session, tensor, value)


def switch(session: Session, tensor: Tensor, value: bool) -> None:
    """Let a leaf require grad, or not."""
    if value and tensor.inference and not session.inference:
        raise TorchError("inference_requires_grad")
    if tensor.requires == value:
        return
    tensor.requires = value
    if session.facts is not None:
        session.facts.append(("flag", tensor, "requires_grad", str(value)))
