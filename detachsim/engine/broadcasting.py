"""The shape in which shapes meet."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor


def broadcast_shape(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    """Return the shape to which two shapes broadcast.

    Raises ``TorchError`` where they do not: PyTorch goes from the last dim on, and names the first at which they part.
    """
    ndim = max(len(left), len(right))
    one = (*(1,) * (ndim - len(left)), *left)
    other = (*(1,) * (ndim - len(right)), *right)
    for dim in reversed(range(ndim)):
        if one[dim] != other[dim] and one[dim] != 1 and other[dim] != 1:
            raise TorchError("broadcast", left=one[dim], right=other[dim], dim=dim)
    return tuple(b if a == 1 else a for a, b in zip(one, other, strict=True))


def require_shapes(target: Tensor | None, operands: Sequence[Any]) -> None:
    """Raise where operands do not meet in a shape, or not in that of the ``target`` of an edit."""
    shape = require_broadcast(operands)
    if target is not None and shape != target.array.shape:
        raise TorchError("inplace_broadcast", output=list(target.array.shape), broadcast=list(shape))


def require_broadcast(operands: Sequence[Any]) -> tuple[int, ...]:
    """Return the shape in which tensors meet (other operands have none); raises PyTorch's error where they do not."""
    shape: tuple[int, ...] | None = None
    for operand in operands:
        if not isinstance(operand, Tensor):
            continue
        other = operand.array.shape
        if shape is None or shape == other:
            shape = other
            continue
        shape = broadcast_shape(shape, other)
    return shape or ()
