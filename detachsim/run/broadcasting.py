"""``torch.broadcast_shapes``, which PyTorch writes in Python: what it does to shapes that hold anything."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.tensor import Tensor
from detachsim.run.values import Size


def broadcast_shapes(*given: Any) -> Size:
    """Return the shape in which shapes meet."""
    shapes = [(shape,) if isinstance(shape, int) else shape for shape in given if shape is not None]
    for shape in shapes:
        if not isinstance(shape, (list, tuple, str)):
            raise TorchError("broadcast_shapes_type", found=shape)
    made: list[Any] = [1] * max(map(len, shapes), default=0)
    for index, shape in enumerate(shapes):
        for dim in range(-1, -len(shape) - 1, -1):
            _meet(made, shape, dim, index)
    for place, length in enumerate(made):
        if not isinstance(length, int):
            raise TorchError("size_item", position=place, type=type_word(length))
    return Size(made)


def _meet(made: list[Any], shape: Sequence[Any], dim: int, index: int) -> None:
    length = shape[dim]
    if isinstance(length, Tensor):
        raise TorchError("broadcast_shapes_tensor")
    if length in (1, made[dim]):
        return
    if made[dim] != 1:
        raise TorchError("broadcast_shapes", length=length, dim=dim, index=index, shape=shape, expected=made)
    if not isinstance(length, (int, float)):
        text = f"'<' not supported between instances of '{type_word(length)}' and 'int'"
        raise TorchError("python", type="TypeError", text=text)
    if length < 0:
        raise TorchError("broadcast_shapes_negative")
    made[dim] = length
