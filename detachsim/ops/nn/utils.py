"""``torch.nn.utils``: clipping gradients, and parameters as one vector. Each function takes the session first."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, alias, new_version
from detachsim.ops.collections import Generated, items_of
from detachsim.ops.python_calls import function


def _tensors(parameters: Any) -> list[Any]:
    """Return parameters, of which there may be one, as a list."""
    items = [parameters] if isinstance(parameters, Tensor) else items_of(parameters)
    if items is None:
        text = f"'{type(parameters).__name__}' object is not iterable"
        raise TorchError("python", type="TypeError", text=text)
    return items


def clip_grad_norm(
    session: Session,
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Any:
    """Scale all gradients so that their common norm is no larger than ``max_norm``; return what it was."""
    call = session.call
    tensors = _tensors(parameters)
    old = session.dialect != "torch-2.13"
    if isinstance(parameters, Generated) and not tensors and not old:
        session.warn("clip_nothing")
    gradients = [found for tensor in tensors if (found := _gradient(session, tensor)) is not None]
    norm_type = float(norm_type)
    with session.grad_mode(False):
        with session.unrecorded():
            if not gradients:
                for tensor in () if old else tensors:
                    _gradient(session, tensor)
                return call("tensor", 0.0)
            norms = [call("linalg_vector_norm", gradient, norm_type) for gradient in _by_type(gradients)]
            total = call("linalg_vector_norm", call("stack", norms), norm_type)
            if error_if_nonfinite and not call("isfinite", total).array:
                raise TorchError("clip_nonfinite", norm_type=norm_type)
            share = call("clamp", call("mul", call("reciprocal", call("add", total, 1e-6)), float(max_norm)), max=1.0)
        for tensor in () if old else tensors:
            _gradient(session, tensor)
        for gradient in _by_type(gradients):
            call("mul_", gradient, share)
    return total


def clip_grad_value(session: Session, parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Bound every element of all gradients."""
    bound = float(clip_value)
    with session.grad_mode(False):
        gradients = [found for tensor in _tensors(parameters) if (found := _gradient(session, tensor)) is not None]
        if session.dialect != "torch-2.13":
            # Up to 1.13 the edit went past the counter.
            for gradient in gradients:
                session.call("clamp_", alias(gradient, gradient.array, version=new_version()), -bound, bound)
            return
        if not gradients:
            raise TorchError("clip_no_gradients")
        for gradient in gradients:
            session.call("clamp_min_", gradient, -bound)
            session.call("clamp_max_", gradient, bound)


def _gradient(session: Session, tensor: Tensor) -> Tensor | None:
    """Return ``tensor.grad``, with the warning for one that is no leaf."""
    found = tensor.grad
    if found is None and tensor.node is not None and not (tensor.meta is not None and tensor.meta.retain_hooked):
        session.warn("nonleaf_grad")
    return found


def _by_type(tensors: list[Tensor]) -> list[Tensor]:
    """Return tensors group by group: PyTorch treats those of one type together."""
    kinds = list(dict.fromkeys(tensor.dtype for tensor in tensors))
    return sorted(tensors, key=lambda tensor: kinds.index(tensor.dtype))


def parameters_to_vector(session: Session, parameters: Any) -> Any:
    """Return all elements of all parameters in one dimension."""
    return session.call("cat", [session.call("view", tensor, -1) for tensor in _tensors(parameters)])


def vector_to_parameters(session: Session, vec: Any, parameters: Any) -> None:
    """Let parameters be pieces of a vector's memory."""
    start = 0
    for tensor in _tensors(parameters):
        stop = start + tensor.array.size
        piece = alias(vec, vec.array[start:stop].reshape(tensor.shape), version=new_version())
        tensor.array, tensor.storage, tensor.dtype = piece.array, piece.storage, piece.dtype
        if session.facts is not None:
            session.facts.append(("flag", tensor, "data", "tensor"))
        start = stop


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "clip_grad_norm_": function(clip_grad_norm, "clip_grad_norm_"),
    "clip_grad_value_": function(clip_grad_value, "clip_grad_value_"),
    "parameters_to_vector": function(parameters_to_vector),
    "vector_to_parameters": function(vector_to_parameters),
}
