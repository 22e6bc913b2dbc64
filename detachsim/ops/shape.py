"""Views and shapes: view, reshape, transpose, permute, squeeze, expand, select, slice, unbind."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array, bfloat16
from detachsim.engine.empties import cut, with_strides
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.limits import require_no_negative
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.slices import require_inside, spread, spread_tensor
from detachsim.engine.tensor import Tensor, memory_of, offset, restride, strides
from detachsim.ops.numeric import dims, numel, wrap_dim
from detachsim.ops.reshaping import infer_size, view_or_none
from detachsim.ops.row import alias, composite, general, view


def view_kernel(self: Array, size: Sequence[int]) -> Array:
    made = view_or_none(self, size)
    if made is None:
        raise TorchError("view_stride")
    return made


def reshape(ops: Any, self: Any, shape: Sequence[int]) -> Any:
    """A view where the strides allow it, else a copy."""
    if isinstance(self, np.generic):
        self = np.asarray(self)
    array = self if isinstance(self, np.ndarray) else self.tensor.array
    size = infer_size(shape, array.size)
    if array.flags.c_contiguous and not ops.is_old:
        return ops.view(self, size)
    made = view_or_none(array, shape)
    if made is not None:
        return ops._reshape_alias(self, size, strides(made))
    return ops._unsafe_view(ops.clone(self, memory_format="contiguous"), size)


def _check_expand(session: Any, op: Op, bound: list[Any]) -> None:
    _refuse_fewer_dims(bound[0], bound[1])


def require_expandable(tensor: Tensor, size: Sequence[int]) -> None:
    """Raise what ``tensor.expand(size)`` would raise."""
    _refuse_fewer_dims(tensor, size)
    expand(tensor.array, size)


def _refuse_fewer_dims(tensor: Tensor, size: Sequence[int]) -> None:
    if len(size) < tensor.array.ndim:
        raise TorchError(
            "expand_dims",
            tensor_type=tensor.dtype.tensor_type,
            sizes=list(tensor.shape),
            shape=list(size),
            given=len(size),
            ndim=tensor.array.ndim,
        )


def expand(self: Array, size: Sequence[int], implicit: bool = False) -> Array:
    lead = len(size) - self.ndim
    shape = list(size)
    steps = [0] * len(size)
    # From the last dim on, and none of a tensor without dims, as PyTorch does: negative sizes are found out later.
    for dim in reversed(range(len(size) if self.ndim else 0)):
        existing = self.shape[dim - lead] if dim >= lead else 1
        if size[dim] == -1:
            if dim < lead:
                raise TorchError("expand_leading", size=-1, dim=dim)
            shape[dim] = existing
        if shape[dim] == existing:
            # A new dim that is not repeated gets the stride that it would have in order.
            steps[dim] = self.strides[dim - lead] if dim >= lead else shape[dim + 1] * steps[dim + 1]
        elif existing != 1:
            raise TorchError(
                "expand_size", size=shape[dim], existing=existing, dim=dim, shape=list(size), sizes=list(self.shape)
            )
    if not 0 <= prod(shape) < 2**63:
        raise TorchError("numel_overflow")
    require_no_negative(shape)
    if 0 in shape:
        return with_strides(self, steps, shape=tuple(shape))
    return np.lib.stride_tricks.as_strided(self, tuple(shape), tuple(steps))


def transpose(self: Array, dim0: int, dim1: int) -> Array:
    first, second = wrap_dim(dim0, self.ndim), wrap_dim(dim1, self.ndim)
    return self.swapaxes(first, second) if self.ndim else self[...]


def t(self: Array, op: str = "t") -> Array:
    if self.ndim > 2:
        raise TorchError("t_dims", op=op, ndim=self.ndim)
    return self.swapaxes(0, 1) if self.ndim == 2 else self[...]


def permute(self: Array, dims: Sequence[int]) -> Array:
    if len(dims) != self.ndim:
        raise TorchError("permute_dims", ndim=self.ndim, given=len(dims))
    order = [wrap_dim(dim, self.ndim) for dim in dims]
    if len(set(order)) < len(order):
        raise TorchError("permute_twice")
    return self.transpose(order)


def inverse_permutation(ops: Any, grad: Any, order: Sequence[int]) -> Any:
    """Undo a permutation."""
    wrapped = [dim % len(order) for dim in order]
    return ops.permute(grad, tuple(wrapped.index(dim) for dim in range(len(wrapped))))


def squeeze(self: Array) -> Array:
    return self.squeeze()


def squeeze_dim(self: Array, dim: int) -> Array:
    axis = wrap_dim(dim, self.ndim)
    return self.squeeze(axis) if self.ndim and self.shape[axis] == 1 else self[...]


def squeeze_dims(self: Array, dim: Sequence[int]) -> Array:
    axes = tuple(axis for axis in dims(dim, self.ndim) if self.shape[axis] == 1) if dim else ()
    return self.squeeze(axes) if axes else self[...]


def unsqueeze_to(ops: Any, grad: Any, shape: tuple[int, ...]) -> Any:
    """Give back the dims of size 1 that a squeeze took away, one ``unsqueeze`` each."""
    for axis, size in enumerate(shape):
        if size == 1 and (grad.ndim <= axis or grad.shape[axis] != 1 or grad.ndim < len(shape)):
            grad = ops.unsqueeze(grad, axis)
    return grad


def unsqueeze_dims(ops: Any, grad: Any, dim: Any, shape: tuple[int, ...]) -> Any:
    """Give back the dims of size 1 that a squeeze of given dims took away."""
    if not shape:
        return grad
    for axis in sorted(dims(dim if isinstance(dim, tuple) else (dim,), len(shape))):
        if shape[axis] == 1:
            grad = ops.unsqueeze(grad, axis)
    return grad


def unsqueeze(self: Array, dim: int) -> Array:
    axis = wrap_dim(dim, self.ndim + 1)
    stride = self.shape[axis] * self.strides[axis] if axis < self.ndim else self.itemsize
    shape = (*self.shape[:axis], 1, *self.shape[axis:])
    return np.lib.stride_tricks.as_strided(self, shape, (*self.strides[:axis], stride, *self.strides[axis:]))


def select(self: Array, dim: int, index: int) -> Array:
    if self.ndim == 0:
        raise TorchError("select_zero_dim")
    axis = wrap_dim(dim, self.ndim)
    size = self.shape[axis]
    if not -size <= index < size:
        raise TorchError("select_range", index=index, sizes=list(self.shape), dim=axis)
    return self[(slice(None),) * axis + (index, ...)]


def slice_kernel(self: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Array:
    if self.ndim == 0:
        raise TorchError("slice_zero_dim")
    axis = wrap_dim(dim, self.ndim)
    if step <= 0:
        raise TorchError("slice_op_step")
    return cut(self, axis, start, end, step)


def select_backward(ops: Any, grad: Any, shape: tuple[int, ...], dim: int, index: int) -> Any:
    """Zeros with the gradient in the selected slice."""
    return ops._select_backward(grad, shape, dim, index)


def put_select(grad: Array, size: Sequence[int], dim: int, index: int) -> Array:
    made = np.zeros(size, dtype=np.asarray(grad).dtype)
    made[(slice(None),) * wrap_dim(dim, len(size)) + (index,)] = grad
    return made


def put_slice(grad: Array, size: Sequence[int], dim: int, start: int | None, end: int | None, step: int) -> Array:
    made = np.zeros(size, dtype=grad.dtype)
    made[(slice(None),) * wrap_dim(dim, len(size)) + (slice(start, end, step),)] = grad
    return made


def unbind(self: Array, dim: int = 0) -> list[Array]:
    axis = wrap_dim(dim, self.ndim)
    if self.ndim == 0:
        raise TorchError("dim_none", dim=axis)
    return [self[(slice(None),) * axis + (index, ...)] for index in range(self.shape[axis])]


def unbind_backward(ops: Any, grads: Sequence[Any], shape: tuple[int, ...], dim: int) -> Any:
    """Stack the gradients of the pieces, zeros for a piece that nobody used."""
    present = next(grad for grad in grads if grad is not None)
    return ops.stack([ops.zeros_of(present) if grad is None else grad for grad in grads], dim)


def flatten(ops: Any, self: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Join the dims from start_dim to end_dim into one."""
    ndim = self.ndim
    start, end = wrap_dim(start_dim, ndim), wrap_dim(end_dim, ndim)
    if start > end:
        raise TorchError("flatten_order")
    if ndim == 0:
        return ops.reshape(self, (1,))
    if start == end:
        return self
    shape = self.shape
    return ops.reshape(self, (*shape[:start], numel(shape[start : end + 1]), *shape[end + 1 :]))


def as_strided(memory: Array, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Array:
    """A view with any geometry over a storage's memory, which is one dimension."""
    return restride(memory, tuple(size), tuple(stride), storage_offset or 0)


def check_as_strided(session: Any, op: Any, bound: list[Any]) -> None:
    tensor, size, stride, storage_offset = bound
    start = offset(tensor) if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise TorchError("as_strided_lengths")
    if any(step < 0 for step in stride):
        raise TorchError("as_strided_negative", strides=list(stride))
    if start >= 0 and any(n < 0 for n in size) and 0 not in size:
        raise TorchError("as_strided_overflow", sizes=list(size), strides=list(stride))
    require_inside(size, stride, start, memory_of(tensor).size, tensor.dtype.itemsize)
    require_no_negative(size)


def as_strided_gradient(
    ops: Any,
    grad: Any,
    shape: tuple[int, ...],
    steps: tuple[int, ...],
    offset: int,
    size: Sequence[int],
    stride: Sequence[int],
    start: int | None,
) -> Any:
    """Zeros with the gradient at the places that the view looks at."""
    base, view = (shape, steps, offset), (tuple(size), tuple(stride), offset if start is None else start)
    if isinstance(grad, np.ndarray | np.generic):
        return spread(np.asarray(grad), base, view)
    return Operand(grad.session, spread_tensor(grad.session, grad.tensor, base, view))


def _check_view_dtype(session: Any, op: Any, bound: list[Any]) -> None:
    tensor, dtype = bound
    size, wanted = tensor.dtype.itemsize, dtype.itemsize
    names = {"source": tensor.dtype.scalar, "target": dtype.scalar}
    if size != wanted:
        if not tensor.array.ndim:
            raise TorchError("view_dtype_zero_dim", **names)
        *steps, last = strides(tensor.array)
        if last != 1:
            raise TorchError("view_dtype_stride", found=last, **names)
        places = [("size(-1)", tensor.shape[-1]), ("storage_offset()", offset(tensor))]
        for what, number in [*places, *((f"stride({dim})", step) for dim, step in enumerate(steps))]:
            if number * size % wanted:
                raise TorchError("view_dtype_divisible", what=what, ratio=wanted // size, found=number, **names)
    if bfloat16 in (tensor.dtype, dtype) and dtype is not tensor.dtype:
        raise LimitError("the bits of bfloat16 read as another type, or another type's as bfloat16")


HELPERS = {
    "as_strided_gradient": as_strided_gradient,
    "select_backward": select_backward,
    "inverse_permutation": inverse_permutation,
    "unsqueeze_to": unsqueeze_to,
    "unsqueeze_dims": unsqueeze_dims,
    "unbind_backward": unbind_backward,
}

ROWS = [
    alias(
        "view.dtype(Tensor self, dtype dtype)",
        lambda self, dtype: self.view(dtype.numpy),
        where="m",
        remade=True,
        check=_check_view_dtype,
        doc="the same memory read as another type",
    ),
    view(
        "view(Tensor self, size size)",
        "ViewBackward0",
        view_kernel,
        where="m",
        grad={"self": "reshape(grad, self_size)"},
        doc="the same memory in another shape",
        samples=("a.view(-1)",),
    ),
    composite(
        "reshape(Tensor self, size shape)",
        reshape,
        doc="another shape: a view where possible, else a copy",
        samples=("a.reshape(-1)",),
    ),
    view(
        "_reshape_alias(Tensor self, size size, int[] stride)",
        "ReshapeAliasBackward0",
        lambda self, size, stride: np.lib.stride_tricks.as_strided(
            self, size, tuple(step * self.itemsize for step in stride)
        ),
        where="",
        grad={"self": "reshape(grad, self_size)"},
        doc="the same memory in another shape, where the tensor is not contiguous",
    ),
    alias(
        "_unsafe_view(Tensor self, size size)",
        view_kernel,
        grad_fn="UnsafeViewBackward0",
        where="",
        grad={"self": "reshape(grad, self_size)"},
        doc="the same memory in another shape, with a counter of its own",
    ),
    view(
        "expand(Tensor self, size size, *, bool implicit=False)",
        "ExpandBackward0",
        expand,
        where="m",
        grad={"self": "sum_to(grad, self_size)"},
        check=_check_expand,
        doc="a view in which dims of size 1 are repeated without memory of their own",
        samples=("a.expand(2, 3)",),
    ),
    view(
        "transpose(Tensor self, int dim0, int dim1)",
        "TransposeBackward0",
        transpose,
        grad={"self": "transpose(grad, dim0, dim1)"},
        doc="two dims exchanged",
        samples=("a.transpose(0, 1)",),
    ),
    view(
        "t(Tensor self)",
        "TBackward0",
        t,
        grad={"self": "t(grad)"},
        doc="a matrix with rows and columns exchanged",
        samples=("a.t()",),
    ),
    view(
        "permute(Tensor self, size dims)",
        "PermuteBackward0",
        permute,
        grad={"self": "inverse_permutation(grad, dims)"},
        doc="the dims in another order",
        samples=("a.permute(1, 0)",),
    ),
    view(
        "squeeze(Tensor self)",
        "SqueezeBackward0",
        squeeze,
        grad={"self": "unsqueeze_to(grad, self_size)"},
        doc="without the dims of size 1",
        samples=("a.squeeze()",),
    ),
    view(
        "squeeze.dim(Tensor self, int dim)",
        "SqueezeBackward1",
        squeeze_dim,
        grad={"self": "unsqueeze_dims(grad, dim, self_size)"},
        doc="without dim, if its size is 1",
        samples=("a.squeeze(0)",),
    ),
    view(
        "squeeze.dims(Tensor self, int[] dim)",
        "SqueezeBackward2",
        squeeze_dims,
        grad={"self": "unsqueeze_dims(grad, dim, self_size)"},
        older={"torch-1.13": {"where": ""}},
        doc="without the dims that have size 1",
    ),
    view(
        "unsqueeze(Tensor self, int dim)",
        "UnsqueezeBackward0",
        unsqueeze,
        grad={"self": "squeeze_dim(grad, dim)"},
        doc="a new dim of size 1",
        samples=("a.unsqueeze(0)",),
    ),
    view(
        "select(Tensor self, int dim, int index)",
        "SelectBackward0",
        select,
        grad={"self": "_select_backward(grad, self_size, dim, index)"},
        doc="one slice along dim",
        samples=("a.select(0, 1)",),
    ),
    general(
        "_select_backward(Tensor grad_output, int[] size, int dim, int index)",
        "SelectBackwardBackward0",
        put_select,
        where="",
        grad={"grad_output": "select(grad, dim, index)"},
        doc="zeros of a size with a gradient in one slice",
    ),
    view(
        "slice(Tensor self, int dim=0, int? start=None, int? end=None, int step=1)",
        "SliceBackward0",
        slice_kernel,
        where="",
        grad={"self": "_slice_backward(grad, self_size, dim, start, end, step)"},
        doc="a range along dim",
    ),
    general(
        "_slice_backward(Tensor grad_output, int[] size, int dim, int? start, int? end, int step)",
        "SliceBackwardBackward0",
        put_slice,
        where="",
        grad={"grad_output": "slice(grad, dim, start, end, step)"},
        doc="zeros of a size with a gradient in a range",
    ),
    view(
        "alias(Tensor self)",
        "AliasBackward0",
        lambda self: self[...],
        where="",
        grad={"self": "grad"},
        doc="a view of everything",
    ),
    view(
        "unbind(Tensor self, int dim=0)",
        "UnbindBackward0",
        unbind,
        grad={"self": "unbind_backward(grads, self_size, dim)"},
        differentiable_outputs=2,
        several=True,
        doc="all slices along dim, each a view",
        samples=("a.unbind()[0]",),
    ),
    view(
        "as_strided(Tensor self, int[] size, int[] stride, int? storage_offset=None)",
        "AsStridedBackward0",
        as_strided,
        grad={"self": "as_strided_gradient(grad, self_size, self_stride, self_offset, size, stride, storage_offset)"},
        gradient_edits={"self": 1},
        older={"torch-1.13": {"gradient_edits": {"self": 2}}},
        on_storage=True,
        check=check_as_strided,
        doc="a view with any shape and strides over the same memory",
        samples=("a.as_strided((2,), (1,))",),
    ),
    composite(
        "flatten(Tensor self, int start_dim=0, int end_dim=-1)",
        flatten,
        doc="several dims joined into one",
        samples=("a.flatten()",),
    ),
    composite("view_as(Tensor self, Tensor other)", lambda ops, self, other: ops.view(self, other.shape), where="m"),
    composite(
        "expand_as(Tensor self, Tensor other)", lambda ops, self, other: ops.expand(self, other.shape), where="m"
    ),
    composite(
        "reshape_as(Tensor self, Tensor other)", lambda ops, self, other: ops.reshape(self, other.shape), where="m"
    ),
    composite(
        "numpy_T(Tensor self)",
        lambda ops, self: ops.permute(self, tuple(reversed(range(self.ndim)))),
        where="",
        doc="all dims in reverse order, which is what x.T runs",
    ),
]
