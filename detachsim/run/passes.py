"""The ways into a backward pass: the functions of ``torch.autograd`` and a tensor's own method."""

from typing import Any

from detachsim.engine import autograd
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import items_of
from detachsim.run.values import type_name


def grad(
    session: Session,
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: Any = None,
    create_graph: Any = False,
    only_inputs: bool = True,
    allow_unused: Any = None,
    is_grads_batched: Any = False,
    materialize_grads: Any = None,
) -> Any:
    """``torch.autograd.grad``."""
    if materialize_grads is not None and session.dialect != "torch-2.13":
        text = "grad() got an unexpected keyword argument 'materialize_grads'"
        raise TorchError("python", type="TypeError", text=text)
    return autograd.grad(
        session,
        sequence(outputs),
        sequence(inputs),
        gradients_given(grad_outputs),
        only_inputs=only_inputs,
        retain_graph=retain_graph,
        create_graph=create_graph,
        allow_unused=allow_unused,
        is_grads_batched=bool(is_grads_batched),
        materialize_grads=False if materialize_grads is None else materialize_grads,
    )


def backward(
    session: Session,
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: Any = None,
    create_graph: Any = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """``torch.autograd.backward``."""
    if grad_variables is not None:
        session.warn("grad_variables")
        if grad_tensors is not None:
            raise TorchError("grad_variables_both")
        grad_tensors = grad_variables
    autograd.backward(
        session,
        sequence(tensors),
        gradients_given(grad_tensors),
        retain_graph=retain_graph,
        create_graph=create_graph,
        inputs=inputs_given(session, inputs),
    )


def backward_from(
    session: Session,
    tensor: Tensor,
    gradient: Any = None,
    retain_graph: Any = None,
    create_graph: Any = False,
    inputs: Any = None,
) -> None:
    """``tensor.backward(…)``, which a hook or a ``print`` may call; a step of its own is a ``backward``."""
    backward(session, tensor, gradient, retain_graph, create_graph, inputs=inputs)


def inputs_given(session: Session, inputs: Any) -> tuple[Any, ...] | None:
    """Return ``inputs`` of a backward pass, nothing for all leaves.

    Older dialects ask for the length before they look for a single tensor.
    """
    if inputs is None:
        return None
    if session.dialect == "torch-1.7":
        text = "backward() got an unexpected keyword argument 'inputs'"
        raise TorchError("python", type="TypeError", text=text)
    if session.dialect != NEWEST and length_of(session, inputs) == 0:
        raise TorchError("inputs_empty")
    return sequence(inputs)


def gradients_given(value: Any) -> tuple[Any, ...] | None:
    """Return gradients as PyTorch takes them: none, one, or several; raises Python's error for anything else."""
    return None if value is None else sequence(value)


def sequence(value: Any) -> tuple[Any, ...]:
    """Return a tensor as the only one of several, several as a tuple; raises Python's error for anything else."""
    if isinstance(value, Tensor):
        return (value,)
    items = items_of(value)
    if items is None:
        raise TorchError("not_iterable", type=type_name(value))
    return tuple(items)


def length_of(session: Session, value: Any) -> int:
    """Return ``len(value)``."""
    if isinstance(value, Tensor):
        if value.array.ndim == 0:
            raise TorchError("python", type="TypeError", text="len() of a 0-d tensor")
        return len(value.array)
    methods = getattr(type(value), "METHODS", {})
    if "__len__" in methods:
        return int(methods["__len__"](session, value))
    if isinstance(value, (list, tuple, str)):
        return len(value)
    raise TorchError("python", type="TypeError", text=f"object of type '{type_name(value)}' has no len()")
