"""Diagonals and sliding windows: diagonal, diag, diag_embed, unfold, and ops that put slices back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_FIRST
from detachsim.engine.op import Op
from detachsim.engine.views import requires_grad
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import GENERAL, composite, general, view


def diagonal(self: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    first, second = wrap_dim(dim1, self.ndim), wrap_dim(dim2, self.ndim)
    if first == second:
        raise TorchError("diagonal_same", first=dim1, second=dim2)
    rows, columns = self.shape[first], self.shape[second]
    size = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    start = np.asarray(self)
    if size:
        row, column = (0, offset) if offset >= 0 else (-offset, 0)
        key: list[Any] = [slice(None)] * self.ndim
        key[first], key[second] = slice(row, row + 1), slice(column, column + 1)
        start = self[tuple(key)]
    kept = [axis for axis in range(self.ndim) if axis not in (first, second)]
    shape = (*(self.shape[axis] for axis in kept), size)
    strides = (*(self.strides[axis] for axis in kept), self.strides[first] + self.strides[second])
    return np.lib.stride_tricks.as_strided(start, shape, strides)


def put_diagonal(grad_output: Array, input_sizes: Sequence[int], offset: int, dim1: int, dim2: int) -> Array:
    made = np.zeros(input_sizes, dtype=grad_output.dtype)
    diagonal(made, offset, dim1, dim2)[...] = grad_output
    return made


def diag_embed(self: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    ndim = self.ndim + 1
    first, second = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if first == second:
        raise TorchError("diagonal_same", first=dim1, second=dim2)
    size = self.shape[-1] + abs(offset)
    shape = list(self.shape[:-1])
    for axis in sorted((first, second)):
        shape.insert(axis, size)
    made = np.zeros(shape, dtype=self.dtype)
    diagonal(made, offset, first, second)[...] = self
    return made


def diag(ops: Any, self: Any, diagonal: int = 0) -> Any:
    """The diagonal of a matrix, or a matrix with a diagonal."""
    if self.ndim not in (1, 2):
        raise TorchError("diag_dims", ndim=self.ndim)
    return ops.diag_embed(self, diagonal) if self.ndim == 1 else ops.diagonal_copy(self, diagonal)


def diag_copy(self: Array, diagonal_: int = 0) -> Array:
    if self.ndim not in (1, 2):
        raise TorchError("diag_dims", ndim=self.ndim)
    return np.diag(self, diagonal_) if self.ndim == 1 else np.array(diagonal(self, diagonal_))


def diag_backward(ops: Any, grad: Any, shape: tuple[int, ...], diagonal_: int) -> Any:
    """The gradient of 1.13's diag: a diagonal again, or zeros around one."""
    if len(shape) == 1 or shape[0] == shape[1]:
        return ops.diag(grad, diagonal_)
    return ops.diagonal_backward(grad, shape, diagonal_, 0, 1)


def _check_unfold(session: Any, op: Op, bound: list[Any]) -> None:
    self, dimension, size, step = bound
    axis = wrap_dim(dimension, self.array.ndim)
    if size >= 0:
        return
    if session.dialect == NEWEST:
        raise TorchError("unfold_negative", size=size)
    if step <= 0:
        raise TorchError("unfold_step", step=step)
    sizes, strides = [*self.shape, size], [stride // self.array.itemsize for stride in self.array.strides]
    if self.array.ndim:
        sizes[axis] = (sizes[axis] - size) // step + 1
        strides = [*strides[:axis], strides[axis] * step, *strides[axis + 1 :], strides[axis]]
    raise TorchError("as_strided_overflow", sizes=sizes, strides=strides or [1])


def unfold(self: Array, dimension: int, size: int, step: int) -> Array:
    axis = wrap_dim(dimension, self.ndim)
    length = self.shape[axis] if self.ndim else 1
    if size > length:
        raise TorchError("unfold_size", dim=axis, length=length, size=size)
    if step <= 0:
        raise TorchError("unfold_step", step=step)
    if self.ndim == 0:
        return np.lib.stride_tricks.as_strided(self, (size,), (self.itemsize,))
    count = (length - size) // step + 1
    shape = (*self.shape[:axis], count, *self.shape[axis + 1 :], size)
    stride = self.strides[axis]
    strides = (*self.strides[:axis], stride * step, *self.strides[axis + 1 :], stride)
    return np.lib.stride_tricks.as_strided(self, shape, strides)


def unfold_backward(grad_in: Array, input_sizes: Sequence[int], dim: int, size: int, step: int) -> Array:
    made = np.zeros(input_sizes, dtype=grad_in.dtype)
    if not made.ndim:
        return np.asarray(grad_in.reshape(-1)[0])
    axis = wrap_dim(dim, made.ndim)
    places = unfold(np.arange(made.size).reshape(made.shape), axis, size, step)
    np.add.at(made.reshape(-1), places.reshape(-1), grad_in.reshape(-1))
    return made


def _put(self: Array, src: Array, part: Array, made: Array) -> Array:
    if part.shape != src.shape:
        raise TorchError("scatter_slice", src=list(src.shape), part=list(part.shape))
    part[...] = src
    return made


def select_scatter(self: Array, src: Array, dim: int, index: int) -> Array:
    from detachsim.ops.shape import select

    made = np.array(self)
    return _put(self, src, select(made, dim, index), made)


def slice_scatter(
    self: Array, src: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Array:
    from detachsim.ops.shape import slice_kernel

    if not self.ndim:
        raise TorchError("slice_zero_dim")
    made = np.array(self)
    return _put(self, src, slice_kernel(made, dim, start, end, step), made)


def diagonal_scatter(self: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    made = np.array(self)
    return _put(self, src, diagonal(made, offset, dim1, dim2), made)


_BACK = {"self": "diagonal_backward(grad, self_size, offset, dim1, dim2)"}


def _check_recorded(session: Any, op: Op, bound: list[Any]) -> None:
    if session.grad_enabled and requires_grad(bound[1]) and not bound[0].dtype.is_floating:
        op.kernel(bound[0].array, bound[1].array, *bound[2:])  # whose errors come first
        raise TorchError("autograd_dtype", dtype=bound[0].dtype.scalar)


def _scatter(signature: str, node: str, kernel: Any, view_call: str, doc: str) -> Op:
    name = signature[: signature.index("(")]
    arguments = view_call[view_call.index("(") + 5 :]
    return general(
        signature,
        node,
        kernel,
        grad={"self": f"{name}(grad, zeros_sized(grad, src_size){arguments}", "src": view_call},
        check=_check_recorded,
        layout=AS_FIRST,
        doc=doc,
    )


HELPERS = {"diag_backward": diag_backward}

ROWS = [
    view(
        "diagonal(Tensor self, int offset=0, int dim1=0, int dim2=1)",
        "DiagonalBackward0",
        diagonal,
        grad=_BACK,
        doc="a view of a diagonal",
        samples=("(a * torch.ones(2, 3)).diagonal()",),
    ),
    general(
        "diagonal_backward(Tensor grad_output, int[] input_sizes, int offset, int dim1, int dim2)",
        "DiagonalBackwardBackward0",
        put_diagonal,
        where="",
        grad={"grad_output": "diagonal(grad, offset, dim1, dim2)"},
        doc="zeros of a size with a gradient on a diagonal",
    ),
    general(
        "diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1)",
        "DiagEmbedBackward0",
        diag_embed,
        grad={"self": "diagonal(grad, offset, dim1, dim2)"},
        result_edits=2,
        doc="zeros with self on a diagonal",
        samples=("a.diag_embed()",),
    ),
    composite(
        "diag(Tensor self, int diagonal=0)",
        diag,
        older={
            "torch-1.13": {
                "kind": GENERAL,
                "kernel": diag_copy,
                "grad_fn": "DiagBackward0",
                "grad": {"self": "diag_backward(grad, self_size, diagonal)"},
                "result_edits": 1,
            }
        },
        out={"name": "diag_embed", "history": "unseen", "fits": "strict", "text": "out_diag"},
        doc="the diagonal of a matrix, or a matrix with a diagonal",
        samples=("a.diag()",),
    ),
    composite(
        "diagflat(Tensor self, int offset=0)",
        lambda ops, self, offset=0: ops.diag(ops.view(ops.contiguous(self), (-1,)), offset),
        doc="a matrix with all elements on its diagonal",
    ),
    view(
        "unfold(Tensor self, int dimension, int size, int step)",
        "UnfoldBackward0",
        unfold,
        check=_check_unfold,
        where="m",
        grad={"self": "unfold_backward(grad, self_size, dimension, size, step)"},
        doc="a view of all windows of a size along a dim",
        samples=("a.unfold(-1, 2, 1)",),
    ),
    general(
        "unfold_backward(Tensor grad_in, int[] input_sizes, int dim, int size, int step)",
        "UnfoldBackwardBackward0",
        unfold_backward,
        where="",
        grad={"grad_in": "unfold(grad, dim, size, step)"},
        doc="the sum of the gradients of all windows",
    ),
    _scatter(
        "select_scatter(Tensor self, Tensor src, int dim, int index)",
        "SelectScatterBackward0",
        select_scatter,
        "select(grad, dim, index)",
        "a copy of self with src in one slice",
    ),
    _scatter(
        "slice_scatter(Tensor self, Tensor src, int dim=0, int? start=None, int? end=None, int step=1)",
        "SliceScatterBackward0",
        slice_scatter,
        "slice(grad, dim, start, end, step)",
        "a copy of self with src in a range",
    ),
    _scatter(
        "diagonal_scatter(Tensor self, Tensor src, int offset=0, int dim1=0, int dim2=1)",
        "DiagonalScatterBackward0",
        diagonal_scatter,
        "diagonal(grad, offset, dim1, dim2)",
        "a copy of self with src on a diagonal",
    ),
]
