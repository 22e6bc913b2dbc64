"""Choosing and placing elements along a dim or by a mask: gather, scatter, index ops, masked_fill, take."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.layout import AS_MADE, AS_OPERANDS
from detachsim.engine.memory import ANYTHING, FILLING, NOTHING, PLACING, Overlap, overlaps_itself
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh, strides
from detachsim.engine.views import requires_grad
from detachsim.ops.numeric import converted, require_dim, shaped, wrap_dim
from detachsim.ops.row import composite, general
from detachsim.ops.shape import require_expandable


def _key(self: Array, axis: int, index: Array) -> tuple[Array, ...]:
    """Return numpy's index for the elements that ``index`` names along ``axis``."""
    grid: list[Array] = list(np.ogrid[tuple(slice(size) for size in index.shape)])
    grid[axis] = index
    return tuple(grid)


def _crop(src: Array, index: Array) -> Array:
    return src[tuple(slice(size) for size in index.shape)]


def gather(self: Array, dim: int, index: Array, sparse_grad: bool = False) -> Array:
    axis = wrap_dim(dim, self.ndim)
    source, where = np.atleast_1d(self), np.atleast_1d(index)
    return shaped(np.array(source[_key(source, axis, where)]), index.shape)


def _placed(self: Array, dim: int, index: Array, src: Any, accumulate: np.ufunc | None) -> Array:
    axis = wrap_dim(dim, self.ndim)
    made = np.array(np.atleast_1d(self))
    where = np.atleast_1d(index)
    if where.size:
        values = _crop(np.atleast_1d(src), where) if isinstance(src, np.ndarray) else converted(src, self)
        key = _key(made, axis, where)
        if accumulate is None:
            made[key] = values
        else:
            accumulate.at(made, key, values)
    return shaped(made, self.shape)


def scatter_src(self: Array, dim: int, index: Array, src: Array) -> Array:
    return _placed(self, dim, index, np.asarray(src), None)


def scatter_value(self: Array, dim: int, index: Array, value: float) -> Array:
    return _placed(self, dim, index, value, None)


def scatter_add(self: Array, dim: int, index: Array, src: Array) -> Array:
    return _placed(self, dim, index, np.asarray(src), np.add)


_DEPRECATED_REDUCE = {"add": np.add, "multiply": np.multiply}


def scatter_with(self: Array, dim: int, index: Array, src: Any, reduce: str) -> Array:
    return _placed(self, dim, index, src, _DEPRECATED_REDUCE[reduce])


_REDUCTIONS: dict[str, np.ufunc] = {
    "sum": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def scatter_reduce(self: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool = True) -> Array:
    start = self
    if not include_self:
        neutral = {"prod": 1, "amax": -np.inf, "amin": np.inf}.get(reduce, 0)
        if self.dtype.kind != "f" and reduce in ("amax", "amin"):
            info = np.iinfo(self.dtype)
            neutral = info.min if reduce == "amax" else info.max
        start = scatter_value(self, dim, index, neutral)
    made = _placed(start, dim, index, np.asarray(src), _REDUCTIONS[reduce])
    if reduce == "mean":
        counts = np.ones(self.shape, np.int64)
        if not include_self:
            counts = scatter_value(counts, dim, index, 0)
        counts = np.maximum(_placed(counts, dim, index, np.ones(np.shape(src), np.int64), np.add), 1)
        made = (made // counts if made.dtype.kind != "f" else made / counts.astype(made.dtype)).astype(made.dtype)
    return made


def scatter_reduce_backward(
    ops: Any,
    grad: Any,
    self: Any,
    dim: int,
    index: Any,
    src: Any,
    reduce: str,
    include_self: bool,
    result: Any,
) -> tuple[Any, Any]:
    """The gradients of self and of src, by the kind of reduction."""
    if reduce == "sum":
        mine, theirs = grad, ops.gather(grad, dim, index)
    elif reduce == "mean":
        counts = ops.ones_of(grad) if include_self else ops.zeros_of(grad)
        counts = ops.scatter_add(counts, dim, index, ops.ones_of(src))
        counts = ops.masked_fill(counts, counts == 0, 1)
        mine = grad / counts
        theirs = ops.gather(grad, dim, index) / ops.gather(counts, dim, index)
    elif reduce == "prod":
        mine, theirs = _product_backward(ops, grad, self, dim, index, src, include_self, result)
    else:
        mine_is = ops.as_type(self == result, grad)
        theirs_is = ops.as_type(src == ops.gather(result, dim, index), grad)
        shares = grad / ops.scatter_add(mine_is, dim, index, theirs_is)
        mine, theirs = mine_is * shares, theirs_is * ops.gather(shares, dim, index)
    if not include_self:
        mine = ops.scatter_value(mine, dim, index, 0)
    return mine, theirs


def _product_backward(
    ops: Any, grad: Any, self: Any, dim: int, index: Any, src: Any, include_self: bool, result: Any
) -> tuple[Any, Any]:
    mine = ops.masked_fill(self, self == 0, 1)
    total = ops.scatter_reduce(mine, dim, index, src, "prod", include_self=include_self)
    zero = src == 0
    zeros = ops.gather(ops.scatter_add(ops.zeros_of(self), dim, index, ops.as_type(zero, grad)), dim, index)
    only_zero = ops.logical_and(zero, zeros == 1)
    others = ops.scatter_reduce(self, dim, index, ops.masked_fill(src, only_zero, 1), "prod", include_self=include_self)
    theirs = ops.where(
        only_zero,
        ops.gather(grad * others, dim, index),
        ops.gather(grad * result, dim, index) / ops.masked_fill(src, zero, 1),
    )
    return (grad * total) / mine, theirs


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
    made = np.array(np.atleast_1d(self))
    values = np.atleast_1d(source)
    if alpha != 1:
        values = values * np.asarray(alpha, dtype=values.dtype)
    if values.ndim < made.ndim:
        values = np.expand_dims(values, axis)
    key: Any = (slice(None),) * axis + (np.atleast_1d(index),)
    np.add.at(made, key, values)
    return shaped(made, self.shape)


def index_copy(self: Array, dim: int, index: Array, source: Array) -> Array:
    axis = wrap_dim(dim, self.ndim)
    made = np.array(np.atleast_1d(self))
    values = np.atleast_1d(source)
    if values.ndim < made.ndim:
        values = np.expand_dims(values, axis)
    made[(slice(None),) * axis + (np.atleast_1d(index),)] = values
    return shaped(made, self.shape)


def index_fill(self: Array, dim: int, index: Array, value: Any) -> Array:
    axis = wrap_dim(dim, self.ndim)
    made = np.array(np.atleast_1d(self))
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
    if indices.tensor.dtype is not dtypes.int64 and indices.tensor.dtype is not dtypes.int32:
        raise TorchError("take_along_dtype", dtype=indices.tensor.dtype.scalar)
    if dim is None:
        return ops.gather(ops.view(self, (-1,)), 0, ops.view(indices, (-1,)))
    if self.ndim != indices.ndim:
        raise TorchError("take_along_dims", ndim=self.ndim, indices=indices.ndim)

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


def masked_fill(self: Array, mask: Array, value: Any) -> Array:
    filling = np.asarray(value)
    if not isinstance(value, np.ndarray):
        filling = filling.astype(self.dtype)
    elif filling.dtype != self.dtype:
        filling = dtypes.cast(filling, dtypes.BY_NUMPY[filling.dtype], dtypes.BY_NUMPY[self.dtype])
    return np.asarray(np.where(mask, filling, self), order="C")


def masked_select(self: Array, mask: Array) -> Array:
    shape = broadcast_shape(mask.shape, self.shape)
    return np.array(np.broadcast_to(self, shape)[np.broadcast_to(mask.astype(bool, copy=False), shape)])


def masked_select_backward(ops: Any, grad: Any, self: Any, mask: Any) -> Any:
    """Put the gradients back where the mask took the elements."""
    shape = broadcast_shape(self.shape, mask.shape)
    return ops.masked_scatter(ops.zeros_sized(grad, shape), ops.expand(mask, shape), grad)


def masked_scatter(self: Array, mask: Array, source: Array) -> Array:
    shape = broadcast_shape(mask.shape, self.shape)
    made = np.array(np.broadcast_to(self, shape))
    chosen = np.broadcast_to(mask, shape)
    count = int(np.count_nonzero(chosen))
    if source.size < count:
        raise TorchError("masked_scatter_source")
    made[chosen] = np.asarray(source).reshape(-1)[:count]
    return made


def masked_scatter_backward(grad_output: Array, mask: Array, sizes: Sequence[int]) -> Array:
    made = np.zeros(tuple(sizes), dtype=grad_output.dtype)
    taken = masked_select(grad_output, mask)
    made.reshape(-1)[: taken.size] = taken
    return made


def masked_scatter_backward_backward(ops: Any, grad: Any, mask: Any, shape: tuple[int, ...]) -> Any:
    """The gradients of the elements that the mask took."""
    return ops.masked_scatter(ops.zeros_sized(grad, shape), mask, grad)


def nonzero(ops: Any, self: Any, as_tuple: bool = False) -> Any:
    """The places of the elements that are not 0."""
    array = self.tensor.array
    if as_tuple:
        return ops.unbind(ops.nonzero(ops.unsqueeze(self, 0) if array.ndim == 0 else self), 1)
    return ops._nonzero(self)


def _nonzero_kernel(self: Array) -> Array:
    if self.ndim == 0:
        return np.zeros((int(self != 0), 0), np.int64)
    # Laid out dim by dim, as PyTorch does.
    return np.array(np.stack(np.nonzero(self)).astype(np.int64).T, order="K")


def _check_index_dtype(session: Any, name: str, index: Tensor) -> None:
    if index.dtype is not dtypes.int64 and (index.dtype is not dtypes.int32 or session.dialect != NEWEST):
        raise TorchError("index_long_int", op=name)


def _refuse_outside(index: Array, size: int, axis: int) -> None:
    outside = index[(index < 0) | (index >= size)]
    if outside.size:
        raise TorchError("gather_range", index=int(outside.flat[0]), dim=axis, size=size)


def _length(array: Array, axis: int) -> int:
    return array.shape[axis] if array.ndim else 1


def _check_gather(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index = bound[0].array, bound[1], bound[2].array
    axis = wrap_dim(dim, self.ndim)
    _check_index_dtype(session, "gather", bound[2])
    if index.size == 0:
        return
    if max(index.ndim, 1) != max(self.ndim, 1):
        raise TorchError("gather_dims", other="input")
    for other in range(index.ndim):
        if other != axis and self.ndim and index.shape[other] > self.shape[other]:
            raise TorchError("gather_sizes", at=other, index=list(index.shape), shape=list(self.shape), dim=axis)
    _refuse_outside(index, _length(self, axis), axis)


def _check_scatter(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index = bound[0].array, bound[1], bound[2].array
    axis = wrap_dim(dim, self.ndim)
    _check_index_dtype(session, "scatter", bound[2])
    src = bound[3]
    if isinstance(src, Tensor) and src.dtype is not bound[0].dtype:
        raise TorchError("scatter_dtype")
    if not isinstance(src, Tensor):
        require_fit(session, bound[0].dtype, src)
    if len(bound) > 4 and isinstance(bound[4], str):
        _check_reduce(session, op.name, bound[4], isinstance(src, Tensor))
    if index.size == 0:
        return
    if max(index.ndim, 1) != max(self.ndim, 1):
        raise TorchError("gather_dims", other="self")
    if isinstance(src, Tensor) and max(index.ndim, 1) != max(src.array.ndim, 1):
        if 1 <= src.array.ndim < index.ndim:
            # It is asked for the sizes of index's dims before anybody counts them.
            wrap_dim(src.array.ndim, src.array.ndim)
        raise TorchError("gather_dims", other="src")
    shape = self.shape or (1,)
    where = index.shape or (1,)
    wrong = any(other != axis and where[other] > shape[other] for other in range(len(where)))
    if isinstance(src, Tensor):
        given = src.array.shape or (1,)
        if wrong or any(size > other for size, other in zip(where, given, strict=True)):
            raise TorchError(
                "scatter_sizes",
                index=list(index.shape),
                shape=list(self.shape),
                dim=axis,
                src=list(src.array.shape),
            )
    elif wrong:
        raise TorchError("scatter_sizes_value", index=list(index.shape), shape=list(self.shape), dim=axis)
    _refuse_outside(index, _length(self, axis), axis)


def _check_reduce(session: Any, name: str, reduce: str, tensor: bool) -> None:
    if name.startswith("scatter_reduce"):
        if reduce not in _REDUCTIONS:
            raise TorchError("scatter_reduce_mode", reduce=reduce)
        if session.dialect == "torch-1.13":
            session.warn_once("scatter_reduce_beta")
    else:
        if reduce not in _DEPRECATED_REDUCE:
            raise TorchError("scatter_mode")
        if tensor:
            session.warn_once("scatter_reduce_src")


def _check_index_select(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index = bound[0].array, bound[1], bound[2].array
    axis = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        raise TorchError("index_select_vector")
    if bound[2].dtype not in (dtypes.int64, dtypes.int32):
        raise TorchError("index_select_dtype")
    if self.ndim == 0 and index.size != 1:
        raise TorchError("index_select_scalar", count=index.size)
    outside = index[(index < 0) | (index >= _length(self, axis))]
    if not outside.size:
        return
    if axis == 1 and self.size:
        raise TorchError("index_select_columns", index=int(outside.flat[0]), size=self.shape[axis])
    if self.ndim < 2 or self.size:
        raise TorchError("index_select_range")
    if self.shape[axis] == 0:
        raise TorchError("index_select_empty")
    raise TorchError("index_select_bounds", index=int(outside.flat[0]), size=self.shape[axis])


def _check_index_add(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index, source = bound[0].array, bound[1], bound[2].array, bound[3].array
    axis = wrap_dim(dim, self.ndim)
    count = index.size
    if index.ndim > 1:
        kind = bound[2].dtype.scalar
        raise TorchError("index_add_vector", dims=index.ndim, dtype=kind, sizes=list(index.shape))
    if bound[2].dtype not in (dtypes.int64, dtypes.int32):
        raise TorchError("index_add_index_dtype", dtype=bound[2].dtype.scalar)
    if bound[0].dtype is not bound[3].dtype:
        raise TorchError("index_add_dtype", left=bound[0].dtype.scalar, right=bound[3].dtype.scalar)
    if (source.ndim and self.ndim != source.ndim) or _without(self.shape, axis) != _without(source.shape, axis):
        raise TorchError("index_add_shape", shape=list(self.shape), source=list(source.shape))
    if source.ndim and count != source.shape[axis]:
        raise TorchError("index_add_count", count=count, size=source.shape[axis], dim=axis)
    _refuse_outside(index, _length(self, axis), axis)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def _check_index_copy(session: Any, op: Op, bound: list[Any]) -> None:
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
            left=list(_without(self.shape, axis)),
            dim=axis,
            right=list(_without(source.shape, axis)),
        )
    if source.ndim and index.size != source.shape[axis]:
        raise TorchError("index_copy_count", count=index.size, size=source.shape[axis])
    outside = index[(index < -_length(self, axis)) | (index >= _length(self, axis))]
    if outside.size:
        raise TorchError("index_copy_range", index=int(outside.flat[0]), dim=axis, size=_length(self, axis))


def _check_index_fill(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index, value = bound[0].array, bound[1], bound[2].array, bound[3]
    axis = wrap_dim(dim, self.ndim)
    if isinstance(value, Tensor) and value.array.ndim:
        raise TorchError("index_fill_value", ndim=value.array.ndim)
    if not isinstance(value, Tensor):
        require_fit(session, bound[0].dtype, value)
    if op.mutates and overlaps_itself(self):
        session.warn("index_fill_expanded")
    if bound[2].dtype is not dtypes.int64:
        raise TorchError("index_fill_dtype")
    if index.ndim > 1:
        raise TorchError("index_fill_vector")
    size = _length(self, axis)
    if size == 0 and index.size:
        # PyTorch first makes a view with the indices' number of places, which reaches beyond the memory.
        sizes = [index.size if dim == axis else length for dim, length in enumerate(self.shape)]
        steps = [0 if dim == axis else step for dim, step in enumerate(strides(self))]
        reach = 1 + sum((length - 1) * step for length, step in zip(sizes, steps, strict=True))
        itemsize = bound[0].dtype.itemsize
        raise TorchError("set_storage", sizes=sizes, strides=steps, itemsize=itemsize, needed=reach * itemsize)
    outside = index[(index < -size) | (index >= size)]
    if outside.size:
        raise TorchError("index_range", index=int(outside.flat[0]), dim=axis, size=size)


def _check_index(op: Op, index: Tensor) -> None:
    if index.dtype is not dtypes.int64:
        raise TorchError("take_dtype", op=op.name.rstrip("_"), dtype=index.dtype.scalar)


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
    if bound[0].array.size == 0 and bound[1].array.size:
        raise TorchError("put_empty")
    _check_take(session, op, bound)


def _check_masked_fill(session: Any, op: Op, bound: list[Any]) -> None:
    value = bound[2]
    recorded = session.grad_enabled and isinstance(value, Tensor) and requires_grad(value)
    if recorded and not op.mutates and not bound[0].dtype.is_floating:
        raise TorchError("autograd_dtype", dtype=bound[0].dtype.scalar)
    if isinstance(value, Tensor) and value.array.ndim:
        raise TorchError("masked_fill_value", ndim=value.array.ndim)
    if op.mutates and overlaps_itself(bound[0].array):
        session.warn("masked_fill_expanded")
    if bound[1].dtype is not dtypes.boolean:
        if session.dialect != "torch-2.13":
            if bound[1].dtype is dtypes.uint8:
                session.warn("masked_fill_uint8")
        else:
            raise TorchError("masked_fill_dtype", dtype=bound[1].dtype.cpp)
    # A mask out of place meets the tensor from the left.
    first, second = (0, 1) if op.mutates else (1, 0)
    shape = broadcast_shape(bound[first].shape, bound[second].shape)
    if op.mutates and shape != bound[0].shape:
        raise TorchError("inplace_broadcast", output=list(bound[0].shape), broadcast=list(shape))
    if not isinstance(value, Tensor):
        require_fit(session, bound[0].dtype, value)


def _check_masked_select(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1].dtype is dtypes.uint8 and session.dialect != "torch-2.13":
        session.warn("masked_select_uint8")
    elif bound[1].dtype is not dtypes.boolean:
        raise TorchError("masked_select_dtype")
    broadcast_shape(bound[1].shape, bound[0].shape)


def _check_masked_scatter(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].dtype is not bound[2].dtype:
        raise TorchError("masked_scatter_dtypes", left=bound[0].dtype.scalar, right=bound[2].dtype.scalar)
    if bound[1].dtype is not dtypes.boolean:
        raise TorchError("masked_scatter_mask", dtype=bound[1].dtype.scalar)
    if op.mutates:
        require_expandable(bound[1], bound[0].shape)
    else:
        broadcast_shape(bound[1].shape, bound[0].shape)


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
    "scatter_reduce_backward": scatter_reduce_backward,
    "as_type": as_type,
    "index_select_back": index_select_back,
    "index_fill_value_backward": index_fill_value_backward,
    "distinct": distinct,
    "masked_select_backward": masked_select_backward,
    "masked_scatter_backward_backward": masked_scatter_backward_backward,
}

_GATHERED = "gather(grad, dim, index)"

ROWS = [
    general(
        "gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False)",
        "GatherBackward0",
        gather,
        grad={"self": "scatter_add(zeros_sized(grad, self.shape), dim, index, grad)"},
        gradient_edits={"self": 1},
        check=_check_gather,
        doc="the elements at index along dim",
        samples=("a.gather(0, torch.argsort(a, 0))",),
    ),
    general(
        "scatter.src(Tensor self, int dim, Tensor index, Tensor src)",
        "ScatterBackward0",
        scatter_src,
        grad={"self": "scatter_value(grad, dim, index, 0)", "src": _GATHERED},
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        doc="self with the elements of src put at index along dim",
        samples=("a.scatter(0, torch.argsort(a, 0), b)",),
    ),
    general(
        "scatter.value(Tensor self, int dim, Tensor index, Number value)",
        "ScatterBackward1",
        scatter_value,
        grad={"self": "scatter_value(grad, dim, index, 0)"},
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        doc="self with value put at index along dim",
        samples=("a.scatter(0, torch.argmax(a, 0, True), 1.)",),
    ),
    general(
        "scatter.reduce(Tensor self, int dim, Tensor index, Tensor src, *, str reduce)",
        "ScatterBackward2",
        scatter_with,
        grad={"self": "no_derivative('scatter')"},
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        doc="self with the elements of src added or multiplied at index along dim",
    ),
    general(
        "scatter.value_reduce(Tensor self, int dim, Tensor index, Number value, *, str reduce)",
        "ScatterBackward3",
        scatter_with,
        grad={"self": "no_derivative('scatter')"},
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        doc="self with value added or multiplied at index along dim",
    ),
    general(
        "scatter_add(Tensor self, int dim, Tensor index, Tensor src)",
        "ScatterAddBackward0",
        scatter_add,
        grad={"self": "grad", "src": _GATHERED},
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        doc="self with the elements of src added at index along dim",
        samples=("a.scatter_add(0, torch.argsort(a, 0), b)",),
    ),
    general(
        "scatter_reduce(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True)",
        "ScatterReduceBackward0",
        scatter_reduce,
        grad={
            "self, src": "scatter_reduce_backward(grad, self, dim, index, src, reduce, include_self, result)",
        },
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        doc="self with the elements of src reduced at index along dim",
        samples=("a.scatter_reduce(0, torch.argsort(a, 0), b, 'amax')",),
    ),
    general(
        "index_select(Tensor self, int dim, Tensor index)",
        "IndexSelectBackward0",
        index_select,
        grad={"self": "index_add(zeros_sized(grad, self_size), dim, index, grad)"},
        gradient_edits={"self": 1},
        check=_check_index_select,
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
        inplace=True,
        overlap=PLACING,
        check=_check_index_add,
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
        inplace=True,
        overlap=PLACING,
        check=_check_index_copy,
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
        inplace=True,
        overlap=Overlap(itself=True, inputs=NOTHING, numbers=True),
        check=_check_index_fill,
        layout=AS_OPERANDS,
        doc="self with value in the slices at index along dim",
    ),
    general(
        "index_fill.int_Scalar(Tensor self, int dim, Tensor index, Number value)",
        "IndexFillBackward0",
        index_fill,
        grad={"self": "index_fill_int_Scalar(grad, dim, index, 0)"},
        inplace=True,
        overlap=Overlap(itself=True, inputs=NOTHING, numbers=True),
        check=_check_index_fill,
        layout=AS_OPERANDS,
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
        doc="the elements at index, self taken as one row",
        samples=("a.take(torch.tensor([0, 2]))",),
    ),
    general(
        "put(Tensor self, Tensor index, Tensor source, bool accumulate=False)",
        "PutBackward0",
        put,
        grad={
            "self": "grad if accumulate else put(grad, index, zeros_sized(grad, source_size), False)",
            "source": "reshape(take(grad, index), source_size)",
        },
        inplace=True,
        overlap=PLACING,
        check=_check_put,
        layout=AS_OPERANDS,
        doc="self, taken as one row, with the elements of source at index",
        samples=("a.put(torch.tensor([0]), b.flatten()[:1])",),
    ),
    composite(
        "take_along_dim(Tensor self, Tensor indices, int? dim=None)",
        take_along_dim,
        doc="the elements at indices along dim, both broadcast",
        samples=("torch.take_along_dim(a, torch.argsort(a, 0), 0)",),
    ),
    general(
        "masked_fill.Tensor(Tensor self, MaskTensor mask, Tensor value)",
        "MaskedFillBackward1",
        masked_fill,
        grad={
            "self": "masked_fill_Scalar(grad, mask, 0)",
            "value": "sum(where(mask, grad, zeros_of(grad)))",
        },
        check=_check_masked_fill,
        overlap=FILLING,
        inplace=True,
        doc="self with value where mask is true",
        samples=("a.masked_fill(a > 0.5, b.sum())",),
    ),
    general(
        "masked_fill.Scalar(Tensor self, MaskTensor mask, Number value)",
        "MaskedFillBackward0",
        masked_fill,
        grad={"self": "masked_fill_Scalar(grad, mask, 0)"},
        check=_check_masked_fill,
        overlap=FILLING,
        inplace=True,
        doc="self with value where mask is true",
        samples=("a.masked_fill(a > 0.5, 0.)",),
    ),
    general(
        "masked_select(Tensor self, MaskTensor mask)",
        "MaskedSelectBackward0",
        masked_select,
        grad={"self": "masked_select_backward(grad, self, mask)"},
        gradient_edits={"self": 1},
        check=_check_masked_select,
        doc="the elements where mask is true, in one row",
        samples=("a.masked_select(a > 0.5)",),
    ),
    general(
        "masked_scatter(Tensor self, MaskTensor mask, Tensor source)",
        "MaskedScatterBackward0",
        masked_scatter,
        grad={
            "self": "masked_fill_Scalar(grad, mask, 0)",
            "source": "_masked_scatter_backward(grad, mask, source_size)",
        },
        check=_check_masked_scatter,
        inplace=True,
        overlap=Overlap(inputs=ANYTHING),
        doc="self with the elements of source, one after the other, where mask is true",
        samples=("a.masked_scatter(a > 0.5, b)",),
    ),
    general(
        "_masked_scatter_backward(Tensor grad_output, MaskTensor mask, int[] sizes)",
        "MaskedScatterBackwardBackward0",
        masked_scatter_backward,
        where="",
        grad={"grad_output": "masked_scatter_backward_backward(grad, mask, grad_output_size)"},
        doc="the gradients where mask is true, in a shape",
    ),
    general(
        "_nonzero(Tensor self)",
        "",
        _nonzero_kernel,
        where="",
        layout=AS_MADE,
        doc="the places of elements that are not 0",
    ),
    composite("nonzero(Tensor self, *, bool as_tuple=False)", nonzero, doc="the places of the elements that are not 0"),
    composite(
        "argwhere(Tensor self)", lambda ops, self: ops._nonzero(self), doc="the places of elements that are not 0"
    ),
    composite(
        "where.condition(Tensor condition)",
        lambda ops, condition: nonzero(ops, condition, True),
        where="t",
        doc="the places where condition is not 0, one tensor for each dim",
    ),
    composite(
        "one_hot(Tensor tensor, int num_classes=-1)",
        one_hot,
        where="F",
        doc="a new last dim with 1 at the class and 0 elsewhere",
    ),
]
