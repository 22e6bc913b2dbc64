"""A gradient fitted to what it goes to: broadcasting undone, cast."""

from typing import TYPE_CHECKING

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.gradients import Gradient
from detachsim.engine.node import Node
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def fit_all(session: "Session", node: Node, results: list[Gradient], create_graph: bool) -> None:
    """Fit each gradient to what it goes to, in place."""
    for index, gradient in enumerate(results):
        results[index] = fit(session, node, index, gradient, create_graph)


def fit(session: "Session", node: Node, index: int, gradient: Gradient, create_graph: bool) -> Gradient:
    """Fit a gradient to the shape and type of what it goes to: undo broadcasting, cast."""
    child = node.next[index]
    if gradient is None or child is None:
        return None
    if child.extras is None or child.extras.outputs is None:
        shape, dtype = child.shape, child.dtype
    else:
        shape, dtype = child.extras.outputs[node.next_nr[index]]
    if gradient.shape != shape:
        if not expandable(shape, gradient.shape):
            raise TorchError(
                "grad_incompatible", name=node.name, index=index, found=list(gradient.shape), expected=list(shape)
            )
        gradient = sum_to(session, gradient, shape)
    if not dtype.is_floating:
        raise TorchError("gradient_dtype")
    if create_graph:
        return gradient if gradient.dtype is dtype else session.call("to", gradient, dtype)
    if dtype is dtypes.bfloat16 and node.dtype is dtype and dtypes.is_bfloat16(gradient):
        return gradient
    if gradient.dtype is not dtype.numpy or dtype is dtypes.bfloat16:
        return dtypes.cast(np.asarray(gradient), dtypes.BY_NUMPY[gradient.dtype], dtype)
    if node.dtype is dtypes.bfloat16:
        return np.array(gradient)  # cast, although the memory looks the same
    return gradient


def expandable(shape: tuple[int, ...], desired: tuple[int, ...]) -> bool:
    """Whether a tensor of ``shape`` broadcasts to ``desired``."""
    if len(shape) > len(desired):
        return False
    return all(size in (1, wanted) for size, wanted in zip(reversed(shape), reversed(desired), strict=False))


def sum_to(session: "Session", gradient: Gradient, shape: tuple[int, ...]) -> Gradient:
    """Undo broadcasting: sum a gradient over the dimensions in which ``shape`` was expanded."""
    lead = len(gradient.shape) - len(shape)
    axes = tuple(range(lead)) + tuple(
        i + lead for i, size in enumerate(shape) if size == 1 and gradient.shape[i + lead] != 1
    )
    if isinstance(gradient, Tensor):
        if not shape:
            return session.call("sum", gradient)
        if axes:
            gradient = session.call("sum", gradient, axes, True)
        return session.call("view", gradient, shape) if lead else gradient
    total = np.asarray(session.library.sum_kernel(gradient, axes, True))
    if shape and lead:
        return total.reshape(shape)  # a view, as in PyTorch
    return total.reshape(shape).copy() if total.base is not None or not shape else total
