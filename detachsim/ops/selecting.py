"""Choosing and placing slices along a dim by their numbers: index_select and its kin, take, put, one_hot."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.layout import AS_FIRST
from detachsim.engine.memory import NOTHING, PLACING, Overlap, overlaps_itself, refuse_overlap
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh, strides
from detachsim.ops.numeric import converted, require_dim, shaped, wrap_dim
from detachsim.ops.partial_writes import note_elements, note_places, note_slices
from detachsim.ops.places import is_outside, length_along, refuse_outside
from detachsim.ops.row import composite, general


def as_type(ops: Any, value: Any, like: Any) -> Any:
    """``value`` as ``like``'s type."""
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value, dtype=like.dtype)
    return ops.to(value, like.tensor.dtype)


def index_select(self: Array, dim: int, index: Array) -> Array:
    axis = wrap_dim(dim, self.ndim)
    if self.ndim == 0:
        return self.copy()
    return np.asarray(np.take(self, np.atleast_1d(index), axis=axis), order="C")


def index_add(self: Array, dim: int, index: Array, source: Array, alpha: float = 1) -> Array:
    axis = wrap_dim(dim, self.ndim)
    if not self.size and self.ndim > 1:
        return self.copy()
    made = np.array(np.atleast_1d(self))
    values = np.atleast_1d(source)
    if alpha != 1:
        values = values * np.asarray(alpha, dtype=values.dtype)
    if values.ndim < made.ndim:
        values = np.expand_dims(values, axis)
    key: Any = (slice(None),) * axis + (np.atleast_1d(index),)
    np.add.at(made, key, values)
    return shaped(made, self.shape)


def older_index_add(self: Array, dim: int, index: Array, source: Array, alpha: float = 1) -> Array:
    """The same, slice after slice, each of which broadcasts, as 1.13 did it."""
    axis = wrap_dim(dim, self.ndim)
    places = np.atleast_1d(index)
    if source.ndim == 0 and places.size != 1:
        require_dim(0, 0)
    if self.ndim < 2:
        return index_add(self, dim, index, source, alpha)
    made = np.array(self)
    for target, piece in slice_pairs(made, axis, places, source):
        target += piece if alpha == 1 else piece * np.asarray(alpha, dtype=piece.dtype)
    return made


def slice_pairs(made: Array, axis: int, places: Array, source: Array) -> Iterator[tuple[Array, Array]]:
    """Yield what is at each place along an axis and the slice of source for it, which broadcasts."""
    for number, place in enumerate(places):
        target = made[(slice(None),) * axis + (place, ...)]
        piece = source[(slice(None),) * axis + (number, ...)] if source.ndim else source
        shape = broadcast_shape(target.shape, piece.shape)
        if shape != target.shape:
            raise TorchError("inplace_broadcast", output=list(target.shape), broadcast=list(shape))
        yield target, piece


def index_copy(self: Array, dim: int, index: Array, source: Array) -> Array:
    axis = wrap_dim(dim, self.ndim)
    if not source.size:
        return self.copy()
    made = np.array(np.atleast_1d(self))
    values = np.atleast_1d(source)
    if values.ndim < made.ndim:
        values = np.expand_dims(values, axis)
    made[(slice(None),) * axis + (np.atleast_1d(index),)] = values
    return shaped(made, self.shape)


def index_fill(self: Array, dim: int, index: Array, value: Any) -> Array:
    axis = wrap_dim(dim, self.ndim)
    made = np.array(np.atleast_1d(self))
    if not made.size:
        return made
    made[(slice(None),) * axis + (np.atleast_1d(index),)] = converted(value, self)
    return shaped(made, self.shape)


def index_select_back(ops: Any, grad: Any, dim: int, index: Any, source: Any) -> Any:
    """The part of a gradient at ``index``, in ``source``'s shape."""
    if source.ndim == 0:
        return ops.index_select(grad, dim, ops.squeeze_dim(index, 0) if index.ndim else index)
    return ops.expand(ops.index_select(grad, dim, index), source.shape)


def index_fill_value_backward(ops: Any, grad: Any, dim: int, index: Any) -> Any:
    """The sum of the gradients at the places that took the value, each counted once."""
    return ops.sum(ops.index_select(grad, dim, ops.distinct(index)))


def distinct(ops: Any, index: Any) -> Any:
    """The different indices."""
    if isinstance(index, np.ndarray | np.generic):
        return np.unique(index)
    return ops._unique2(index)[0]


def take(self: Array, index: Array) -> Array:
    return np.asarray(self.reshape(-1)[index])


def put(self: Array, index: Array, source: Array, accumulate: bool = False) -> Array:
    made = np.array(self, order="C")
    flat = made.reshape(-1)
    if accumulate:
        np.add.at(flat, index.reshape(-1), np.asarray(source).reshape(-1))
    else:
        flat[index.reshape(-1)] = np.asarray(source).reshape(-1)
    return made


def take_along_dim(ops: Any, self: Any, indices: Any, dim: int | None = None) -> Any:
    """gather, with both broadcast against each other in the other dims."""
    if dim is None:
        return ops.gather(ops.view(self, (-1,)), 0, ops.view(indices, (-1,)))
    if self.ndim != indices.ndim:
        raise TorchError("take_along_dims", ndim=self.ndim, indices=indices.ndim)
    if indices.tensor.dtype is not dtypes.int64:
        raise TorchError("take_along_dtype", dtype=indices.tensor.dtype.scalar)

    axis = require_dim(wrap_dim(dim, self.ndim), self.ndim)

    def without(shape: tuple[int, ...]) -> tuple[int, ...]:
        return (*shape[:axis], 1, *shape[axis + 1 :])

    other = list(broadcast_shape(without(self.shape), without(indices.shape)))
    mine, theirs = list(other), list(other)
    mine[axis], theirs[axis] = self.shape[axis], indices.shape[axis]
    if ops.is_old:
        return ops.gather(ops.expand(self, tuple(mine)), axis, ops.expand(indices, tuple(theirs)))
    # PyTorch takes indices along a dim by its size, which makes a copy of them.
    places = np.mod(np.broadcast_to(indices.tensor.array, theirs), max(self.shape[axis], 1))
    index = Operand(self.session, fresh(np.array(places), indices.tensor.dtype))
    return ops.gather(ops.expand(self, tuple(mine)), axis, index)


def _check_index_select(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index = bound[0].array, bound[1], bound[2].array
    axis = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        raise TorchError("index_select_vector")
    if bound[2].dtype not in (dtypes.int64, dtypes.int32):
        raise TorchError("index_select_dtype")
    if self.ndim == 0 and index.size != 1 and session.dialect == NEWEST:
        raise TorchError("index_select_scalar", count=index.size)
    outside = index[(index < 0) | (index >= length_along(self, axis))]
    if not outside.size:
        return
    if axis == 1 and self.size:
        raise TorchError("index_select_columns", index=int(outside.flat[0]), size=self.shape[axis])
    if self.ndim < 2 or self.size:
        raise TorchError("index_select_range")
    if self.shape[axis] == 0:
        raise TorchError("index_select_empty")
    raise TorchError("index_select_bounds", index=int(outside.flat[0]), size=self.shape[axis])


def check_slices(session: Any, name: str, bound: list[Any]) -> None:
    """Check what index_add and index_reduce are given."""
    self, dim, index, source = bound[0].array, bound[1], bound[2].array, bound[3].array
    axis = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        kind = bound[2].dtype.scalar
        raise TorchError("index_add_vector", op=name, dims=index.ndim, dtype=kind, sizes=list(index.shape))
    if bound[2].dtype not in (dtypes.int64, dtypes.int32):
        raise TorchError("index_add_index_dtype", op=name, dtype=bound[2].dtype.scalar)
    if bound[0].dtype is not bound[3].dtype:
        raise TorchError("index_add_dtype", op=name, left=bound[0].dtype.scalar, right=bound[3].dtype.scalar)
    if axis and axis >= source.ndim:
        raise TorchError("index_add_bounds", op=name, dim=axis, ndim=source.ndim)
    if index.size != (source.shape[axis] if source.ndim else 1):
        require_dim(axis, source.ndim)  # its text asks for the size of that dim
        raise TorchError("index_add_count", op=name, count=index.size, size=source.shape[axis], dim=axis)
    if session.dialect != NEWEST:
        return
    if self.ndim != source.ndim or _without(self.shape, axis) != _without(source.shape, axis):
        raise TorchError("index_add_shape", shape=list(self.shape), source=list(source.shape))


def check_vector(session: Any, bound: list[Any]) -> None:
    """Check what 1.13 looked at besides; it left the shapes of several dims to what it made of each slice."""
    ndim, source = bound[0].array.ndim, bound[3].array.ndim
    if session.dialect != NEWEST and ndim < 2 and source > 1:
        raise TorchError("older_index_add_vector", source=source, ndim=ndim)


def _check_index_add(session: Any, op: Op, bound: list[Any]) -> None:
    check_slices(session, "index_add", bound)
    check_vector(session, bound)
    require_fit(session, bound[3].dtype, bound[4])


def _refuse_index_add(session: Any, op: Op, bound: list[Any]) -> None:
    """Refuse indices after the memory was looked at, as scatter_add does where PyTorch leaves the work to that."""
    self, dim, index, _, alpha = bound
    axis, ndim, new = wrap_dim(dim, self.array.ndim), self.array.ndim, session.dialect == NEWEST
    if new and ndim > 1 and self.array.size == 0:
        return
    if new and ndim > 1 and axis in (0, ndim - 1) and alpha == 1 and index.dtype is dtypes.int64:
        try:
            refuse_outside(index.array, self.array.shape[axis], axis)
        except TorchError as error:
            raise note_elements(error, op, bound) from None
    elif is_outside(index.array, length_along(self.array, axis)):
        raise note_slices(TorchError("index_select_range"), op, bound)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def _refuse_index_copy(session: Any, op: Op, bound: list[Any]) -> None:
    """Look at index and source, which in place only follows after a look at the memory."""
    self, dim, index, source = bound[0].array, bound[1], bound[2].array, bound[3].array
    axis = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        raise TorchError("index_copy_vector", ndim=index.ndim)
    if source.ndim == 0 and index.size != 1:
        raise TorchError("index_copy_scalar", count=index.size)
    if source.ndim != self.ndim and source.ndim and self.ndim:
        raise TorchError("index_copy_dims", source=source.ndim, ndim=self.ndim)
    if bound[2].dtype is not dtypes.int64:
        raise TorchError("index_copy_index_dtype", dtype=bound[2].dtype.scalar)
    if bound[0].dtype is not bound[3].dtype:
        raise TorchError("index_copy_dtype", left=bound[0].dtype.scalar, right=bound[3].dtype.scalar)
    if _without(self.shape, axis) != _without(source.shape, axis):
        raise TorchError(
            "index_copy_slices",
            left=" ".join(map(str, _without(self.shape, axis))),
            dim=axis,
            right=" ".join(map(str, _without(source.shape, axis))),
        )
    if source.ndim and index.size != source.shape[axis]:
        raise TorchError("index_copy_count", count=index.size, size=source.shape[axis])
    outside = index[(index < 0) | (index >= length_along(self, axis))]
    if outside.size and source.size:
        error = TorchError("index_copy_range", index=int(outside.flat[0]), dim=axis, size=length_along(self, axis))
        raise note_elements(error, op, bound)


def _check_index_fill(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index, value = bound[0].array, bound[1], bound[2].array, bound[3]
    if isinstance(value, Tensor) and value.array.ndim:
        raise TorchError("index_fill_value", ndim=value.array.ndim)
    if bound[2].dtype is not dtypes.int64:
        raise TorchError("index_fill_dtype")
    if op.mutates and overlaps_itself(self):
        session.warn("index_fill_expanded")
    axis = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        raise TorchError("index_fill_vector")
    size = length_along(self, axis)
    if size == 0 and index.size:
        # PyTorch first makes a view with the indices' number of places, which reaches beyond the memory.
        sizes = [index.size if dim == axis else length for dim, length in enumerate(self.shape)]
        steps = [0 if dim == axis else step for dim, step in enumerate(strides(self))]
        reach = 1 + sum((length - 1) * step for length, step in zip(sizes, steps, strict=True))
        itemsize = bound[0].dtype.itemsize
        raise TorchError("set_storage", sizes=sizes, strides=steps, itemsize=itemsize, needed=reach * itemsize)
    require_fit(session, bound[0].dtype, value.array.item() if isinstance(value, Tensor) else value)
    outside = index[(index < -size) | (index >= size)]
    if outside.size and self.size:
        error = TorchError("index_range", index=int(outside.flat[0]), dim=axis, size=size)
        raise note_elements(error, op, bound)


def _check_index(op: Op, index: Tensor) -> None:
    if index.dtype is not dtypes.int64:
        # Even where put() edits a copy, it is put_() that speaks.
        raise TorchError("take_dtype", op="take" if op.name == "take" else "put_", dtype=index.dtype.scalar)


def _check_take(session: Any, op: Op, bound: list[Any]) -> None:
    self, index = bound[0].array, bound[1].array
    _check_index(op, bound[1])
    if self.size == 0 and index.size:
        raise TorchError("take_empty")
    outside = index[(index < -self.size) | (index >= self.size)]
    if outside.size:
        raise TorchError("take_range", index=int(outside.flat[0]), size=self.size)


def _check_put(session: Any, op: Op, bound: list[Any]) -> None:
    _check_index(op, bound[1])
    if bound[0].dtype is not bound[2].dtype:
        raise TorchError("put_dtype", left=bound[0].dtype.scalar, right=bound[2].dtype.scalar)
    if bound[1].array.size != bound[2].array.size:
        raise TorchError("put_count", index=bound[1].array.size, source=bound[2].array.size)
    if op.mutates:
        refuse_overlap(op.overlap, bound[0], [bound[2], bound[1]])
    if bound[0].array.size == 0 and bound[1].array.size:
        raise TorchError("put_empty")
    try:
        _check_take(session, op, bound)
    except TorchError as error:
        raise note_places(error, op, bound) from None


def one_hot(ops: Any, tensor: Any, num_classes: int = -1) -> Any:
    """A new last dim with 1 at the class and 0 elsewhere."""
    array = tensor.tensor.array
    if tensor.tensor.dtype is not dtypes.int64:
        raise TorchError("one_hot_dtype")
    if array.size == 0:
        if num_classes <= 0:
            raise TorchError("one_hot_empty")
    else:
        if array.min() < 0:
            raise TorchError("one_hot_negative")
        if num_classes == -1:
            num_classes = int(array.max()) + 1
        elif array.max() >= num_classes:
            raise TorchError("one_hot_small" if num_classes > 0 else "one_hot_classes")
    zeros = ops.zero_(ops.zeros((*array.shape, num_classes), dtype=dtypes.int64))
    return ops.scatter_(zeros, -1, ops.unsqueeze(tensor, -1), 1)


HELPERS = {
    "as_type": as_type,
    "index_select_back": index_select_back,
    "index_fill_value_backward": index_fill_value_backward,
    "distinct": distinct,
}

ROWS = [
    general(
        "index_select(Tensor self, int dim, Tensor index)",
        "IndexSelectBackward0",
        index_select,
        grad={"self": "index_add(zeros_sized(grad, self_size), dim, index, grad)"},
        gradient_edits={"self": 1},
        check=_check_index_select,
        out={"text": "out_selected", "alone": True},
        doc="the slices at index along dim",
        samples=("a.index_select(0, torch.tensor([0, 0]))",),
    ),
    general(
        "index_add(Tensor self, int dim, Tensor index, Tensor source, *, Number alpha=1)",
        "IndexAddBackward0",
        index_add,
        grad={
            "self": "grad",
            "source": "index_select_back(grad, dim, index, source) * alpha if alpha != 1 else "
            "index_select_back(grad, dim, index, source)",
        },
        older={"torch-1.7": {"edits_clone": True}, "torch-1.13": {"kernel": older_index_add}},
        inplace=True,
        overlap=PLACING,
        check=_check_index_add,
        refuses=_refuse_index_add,
        doc="self with the slices of source added at index along dim",
        samples=("a.index_add(0, torch.tensor([0]), b[:1])",),
    ),
    general(
        "index_copy(Tensor self, int dim, Tensor index, Tensor source)",
        "IndexCopyBackward0",
        index_copy,
        grad={
            "self": "index_fill_int_Scalar(grad, dim, index, 0)",
            "source": "index_select_back(grad, dim, index, source)",
        },
        older={"torch-1.7": {"edits_clone": True}},
        inplace=True,
        overlap=PLACING,
        check=lambda session, op, bound: wrap_dim(bound[1], bound[0].array.ndim),
        refuses=_refuse_index_copy,
        doc="self with the slices of source put at index along dim",
        samples=("a.index_copy(0, torch.tensor([0]), b[:1])",),
    ),
    general(
        "index_fill.int_Tensor(Tensor self, int dim, Tensor index, Tensor value)",
        "IndexFillBackward1",
        index_fill,
        grad={
            "self": "index_fill_int_Scalar(grad, dim, index, 0)",
            "value": "index_fill_value_backward(grad, dim, index)",
        },
        older={"torch-1.7": {"edits_clone": True}},
        inplace=True,
        overlap=Overlap(itself=True, inputs=NOTHING, numbers=True),
        check=_check_index_fill,
        layout=AS_FIRST,
        doc="self with value in the slices at index along dim",
    ),
    general(
        "index_fill.int_Scalar(Tensor self, int dim, Tensor index, Number value)",
        "IndexFillBackward0",
        index_fill,
        grad={"self": "index_fill_int_Scalar(grad, dim, index, 0)"},
        older={"torch-1.7": {"edits_clone": True}},
        inplace=True,
        overlap=Overlap(itself=True, inputs=NOTHING, numbers=True),
        check=_check_index_fill,
        layout=AS_FIRST,
        doc="self with value in the slices at index along dim",
        samples=("a.index_fill(0, torch.tensor([0]), 1.)",),
    ),
    general(
        "take(Tensor self, Tensor index)",
        "TakeBackward0",
        take,
        grad={"self": "put(zeros_of(self), index, grad, True)"},
        gradient_edits={"self": 1},
        check=_check_take,
        out={"text": "out_take", "alone": True},
        doc="the elements at index, self taken as one row",
        samples=("a.take(torch.tensor([0, 2]))",),
    ),
    general(
        "put(Tensor self, Tensor index, Tensor source, bool accumulate=False)",
        "PutBackward0",
        put,
        grad={
            "self": "grad if accumulate else put(grad, index, zeros_of(source), False)",
            "source": "reshape(take(grad, index), source.shape)",
        },
        inplace=True,
        overlap=PLACING,
        check=_check_put,
        layout=AS_FIRST,
        doc="self, taken as one row, with the elements of source at index",
        samples=("a.put(torch.tensor([0]), b.flatten()[:1])",),
    ),
    composite(
        "take_along_dim(Tensor self, Tensor indices, int? dim=None)",
        take_along_dim,
        out={"name": "gather"},
        doc="the elements at indices along dim, both broadcast",
        samples=("torch.take_along_dim(a, torch.argsort(a, 0), 0)",),
    ),
    composite(
        "one_hot(Tensor tensor, int num_classes=-1)",
        one_hot,
        where="F",
        doc="a new last dim with 1 at the class and 0 elsewhere",
    ),
]
