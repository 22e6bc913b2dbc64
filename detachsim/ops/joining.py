"""Joining and splitting: cat, stack."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.geometry import at_least
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import ARITHMETIC, composite, general


def cat(tensors: Sequence[Array], dim: int = 0) -> Array:
    kept = [array for array in tensors if array.shape != (0,)] or list(tensors[:1])
    return np.asarray(np.concatenate(kept, axis=wrap_dim(dim, kept[0].ndim)), order="C")


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
            pieces.append(ops.zeros_sized(grad, (0,)))
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
    wrap_dim(bound[1], tensors[0].array.ndim + 1)
    for index, tensor in enumerate(tensors):
        if tensor.shape != tensors[0].shape:
            raise TorchError("stack_sizes", first=list(tensors[0].shape), other=list(tensor.shape), index=index)


def _unsqueezed(tensors: Sequence[Any], function: Any, ops: Any) -> list[Any]:
    return [function(ops, tensor) for tensor in tensors]


def hstack(ops: Any, tensors: Sequence[Any]) -> Any:
    """Tensors joined side by side."""
    _refuse_none("hstack", tensors)
    made = _unsqueezed(tensors, at_least(1), ops)
    return ops.cat(made, 0 if made[0].ndim == 1 else 1)


def vstack(ops: Any, tensors: Sequence[Any]) -> Any:
    """Tensors joined one below the other."""
    _refuse_none("vstack", tensors)
    return ops.cat(_unsqueezed(tensors, at_least(2), ops), 0)


def dstack(ops: Any, tensors: Sequence[Any]) -> Any:
    """Tensors joined along the third dim."""
    _refuse_none("dstack", tensors)
    return ops.cat(_unsqueezed(tensors, at_least(3), ops), 2)


def column_stack(ops: Any, tensors: Sequence[Any]) -> Any:
    """Tensors joined side by side, rows taken as columns."""
    _refuse_none("column_stack", tensors)
    made = [ops.reshape(tensor, (tensor.size, 1)) if tensor.ndim <= 1 else tensor for tensor in tensors]
    return hstack(ops, made)


def _refuse_none(name: str, tensors: Sequence[Any]) -> None:
    if not tensors:
        raise TorchError("stack_none", op=name)


def block_diag(ops: Any, tensors: Sequence[Any]) -> Any:
    """Matrices along a diagonal, zeros elsewhere."""
    return ops._block_diag(list(tensors))


def _block_diag_kernel(tensors: Sequence[Array]) -> Array:
    blocks = [np.atleast_2d(array) for array in tensors] or [np.zeros((1, 0), np.float32)]
    rows, columns = sum(block.shape[0] for block in blocks), sum(block.shape[1] for block in blocks)
    made = np.zeros((rows, columns), dtype=blocks[0].dtype)
    row = column = 0
    for block in blocks:
        made[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return made


def block_diag_backward(ops: Any, grad: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """Cut the blocks out of the gradient."""
    pieces: list[Any] = []
    row = column = 0
    for shape in shapes:
        height, width = ((1, 1), (1, *shape), shape)[len(shape)]
        piece = ops.slice(ops.slice(grad, 0, row, row + height, 1), 1, column, column + width, 1)
        pieces.append(piece if len(shape) == 2 else ops.view(piece, shape))
        row, column = row + height, column + width
    return pieces


def _check_block_diag(session: Any, op: Op, bound: list[Any]) -> None:
    for index, tensor in enumerate(bound[0]):
        if tensor.array.ndim > 2:
            raise TorchError("block_diag_dims", index=index, shape=list(tensor.shape))


def cartesian_prod(ops: Any, tensors: Sequence[Any]) -> Any:
    """All combinations of the elements of vectors."""
    for tensor in tensors:
        if tensor.ndim != 1:
            raise TorchError("cartesian_dims", sizes=list(tensor.shape))
    if len(tensors) == 1:
        return tensors[0]
    grids = [ops.flatten(grid) for grid in ops.meshgrid(tuple(tensors), indexing="ij")]
    return ops.stack(grids, 1)


def stack_backward(ops: Any, grad: Any, dim: int) -> list[Any]:
    """Take the gradient apart again."""
    axis = wrap_dim(dim, grad.ndim)
    return [ops.select(grad, axis, index) for index in range(grad.shape[axis])]


HELPERS = {
    "stack_backward": stack_backward,
    "block_diag_backward": block_diag_backward,
    "cat_backward": cat_backward,
    "narrow_plain": narrow_plain,
}

ROWS = [
    general(
        "cat(Tensor[] tensors, int dim=0)",
        "CatBackward0",
        cat,
        where="t",
        promote=ARITHMETIC,
        grad={"tensors": "cat_backward(grad, tensors_size, dim)"},
        check=_check_cat,
        out={"fits": "castable", "text": "out_cat", "alone": True},
        doc="tensors joined along a dim",
        samples=("torch.cat([a, b])",),
    ),
    general(
        "stack(Tensor[] tensors, int dim=0)",
        "StackBackward0",
        lambda tensors, dim=0: np.asarray(np.stack(tensors, axis=wrap_dim(dim, tensors[0].ndim + 1)), order="C"),
        where="t",
        promote=ARITHMETIC,
        grad={"tensors": "stack_backward(grad, dim)"},
        check=_check_stack,
        out={"fits": "castable", "text": "out_cat", "alone": True},
        doc="tensors of one shape joined along a new dim",
        samples=("torch.stack([a, b])",),
    ),
    *(
        composite(
            f"{name}(Tensor[] tensors, int dim=0)",
            lambda ops, tensors, dim=0: ops.cat(list(tensors), dim),
            where="t",
            out={"name": "cat"},
            doc="the same as cat",
        )
        for name in ("concat", "concatenate")
    ),
    *(
        composite(
            f"{name}(Tensor[] tensors)",
            function,
            where="t",
            out={"name": "cat"},
            doc=f"tensors joined {words}",
            samples=(f"torch.{name}([a, b])",),
        )
        for name, function, words in (
            ("hstack", hstack, "side by side"),
            ("vstack", vstack, "one below the other"),
            ("row_stack", vstack, "one below the other"),
            ("dstack", dstack, "along the third dim"),
            ("column_stack", column_stack, "side by side, vectors as columns"),
        )
    ),
    composite("block_diag(Tensor* tensors)", block_diag, where="t", doc="matrices along a diagonal"),
    general(
        "_block_diag(Tensor[] tensors)",
        "BlockDiagBackward0",
        _block_diag_kernel,
        where="",
        promote=ARITHMETIC,
        grad={"tensors": "block_diag_backward(grad, tensors_size)"},
        check=_check_block_diag,
        doc="matrices along a diagonal, zeros elsewhere",
    ),
    composite("cartesian_prod(Tensor* tensors)", cartesian_prod, where="t", doc="all combinations of elements"),
]
