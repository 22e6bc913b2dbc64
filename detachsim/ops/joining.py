"""Joining and splitting: cat, stack."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import ARITHMETIC, general


def cat(tensors: Sequence[Array], dim: int = 0) -> Array:
    kept = [array for array in tensors if array.shape != (0,)] or list(tensors[:1])
    return np.concatenate(kept, axis=wrap_dim(dim, kept[0].ndim))


def _check_cat(session: Any, op: Op, bound: list[Any]) -> None:
    tensors, dim = bound
    if not tensors:
        raise TorchError("cat_empty")
    for index, tensor in enumerate(tensors):
        if tensor.array.ndim == 0:
            raise TorchError("cat_zero_dim", index=index)
    kept = [(index, tensor.shape) for index, tensor in enumerate(tensors) if tensor.shape != (0,)]
    if not kept:
        return
    first = kept[0][1]
    axis = wrap_dim(dim, len(first))
    for index, shape in kept[1:]:
        if len(shape) != len(first):
            raise TorchError("cat_dims", left=len(first), right=len(shape))
        for other, (expected, found) in enumerate(zip(first, shape, strict=True)):
            if other != axis and expected != found:
                raise TorchError("cat_sizes", dim=axis, expected=expected, found=found, index=index)


def cat_backward(ops: Any, grad: Any, shapes: Sequence[tuple[int, ...]], dim: int) -> list[Any]:
    """Cut the gradient into the pieces that were joined."""
    pieces: list[Any] = []
    start = 0
    for shape in shapes:
        if shape == (0,):
            pieces.append(ops.slice(grad, 0, 0, 0) if grad.ndim == 1 else None)
            continue
        size = shape[wrap_dim(dim, len(shape))]
        pieces.append(ops.narrow_plain(grad, dim, start, size))
        start += size
    return pieces


def narrow_plain(ops: Any, self: Any, dim: int, start: int, length: int) -> Any:
    """A range of a given length along dim."""
    return ops.slice(self, dim, start, start + length, 1)


def _check_stack(session: Any, op: Op, bound: list[Any]) -> None:
    tensors = bound[0]
    if not tensors:
        raise TorchError("stack_empty")
    for index, tensor in enumerate(tensors):
        if tensor.shape != tensors[0].shape:
            raise TorchError("stack_sizes", first=list(tensors[0].shape), other=list(tensor.shape), index=index)


HELPERS = {"cat_backward": cat_backward, "narrow_plain": narrow_plain}

ROWS = [
    general(
        "cat(Tensor[] tensors, int dim=0)",
        "CatBackward0",
        cat,
        where="t",
        promote=ARITHMETIC,
        grad={"tensors": "cat_backward(grad, tensors_size, dim)"},
        check=_check_cat,
        doc="tensors joined along a dim",
        samples=("torch.cat([a, b])",),
    ),
    general(
        "stack(Tensor[] tensors, int dim=0)",
        "StackBackward0",
        lambda tensors, dim=0: np.stack(tensors, axis=wrap_dim(dim, tensors[0].ndim + 1)),
        where="t",
        promote=ARITHMETIC,
        grad={"tensors": "unbind(grad, dim)"},
        check=_check_stack,
        doc="tensors of one shape joined along a new dim",
        samples=("torch.stack([a, b])",),
    ),
]
