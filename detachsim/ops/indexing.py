"""``x[...]`` and ``x[...] = v``: which views and ops an index stands for."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import fresh
from detachsim.ops.row import composite, general, pointwise


def index_key(indices: Sequence[Array | None]) -> tuple[Any, ...]:
    """Return numpy's index for PyTorch's: a ``None`` there means all of a dim."""
    return tuple(slice(None) if index is None else _as_index(index) for index in indices)


def _as_index(index: Array) -> Array:
    if index.dtype == np.bool_:
        return index
    return index.astype(bool) if index.dtype == np.uint8 else index


def index_kernel(self: Array, indices: Sequence[Array | None]) -> Array:
    return np.array(self[index_key(_checked(self, indices))])


def _checked(self: Array, indices: Sequence[Array | None]) -> Sequence[Array | None]:
    """Raise PyTorch's errors for indices out of range or of shapes that do not meet."""
    dim = 0
    shapes: list[tuple[int, ...]] = []
    for position, index in enumerate(indices):
        if index is None:
            dim += 1
            continue
        if index.dtype in (np.bool_, np.uint8):
            for offset, size in enumerate(index.shape):
                if dim + offset >= self.ndim or self.shape[dim + offset] != size:
                    raise TorchError(
                        "mask_shape",
                        mask=list(index.shape),
                        index=position + offset,
                        sizes=list(self.shape),
                        dim=dim + offset,
                    )
            dim += index.ndim
            shapes.append((int(np.count_nonzero(index)),))
            continue
        size = self.shape[dim]
        outside = index[(index >= size) | (index < -size)]
        if outside.size:
            raise TorchError("index_range", index=int(outside.flat[0]), dim=dim, size=size)
        shapes.append(index.shape)
        dim += 1
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise TorchError("index_broadcast", shapes=", ".join(str(list(shape)) for shape in shapes)) from None
    return indices


def index_backward(values: Array, size: Sequence[int], indices: Sequence[Array | None]) -> Array:
    made = np.zeros(size, dtype=np.asarray(values).dtype)
    np.add.at(made, index_key(indices), values)
    return made


def index_put(self: Array, indices: Sequence[Array | None], values: Array, accumulate: bool = False) -> Array:
    made = self.copy()
    key = index_key(_checked(self, indices))
    target = made[key].shape
    try:
        value = np.broadcast_to(values, target).astype(made.dtype)
    except ValueError:
        raise TorchError("index_value_shape", value=list(values.shape), result=list(target)) from None
    if accumulate:
        np.add.at(made, key, value)
    else:
        made[key] = value
    return made


def expand_dims(index: Any, ndim: int) -> tuple[Any, ...]:
    """Return the index as a tuple without its ellipsis; raises PyTorch's error for too many indices."""
    items = index if isinstance(index, tuple) else (index,)
    used = 0
    for item in items:
        if item is None or item is Ellipsis or isinstance(item, bool):
            continue
        used += item.tensor.array.ndim if _is_mask(item) else 1
    if used > ndim:
        raise TorchError("index_many", ndim=ndim)
    if not any(item is Ellipsis for item in items):
        return items
    place = next(i for i, item in enumerate(items) if item is Ellipsis)
    rest = tuple(item for item in items[place + 1 :] if item is not Ellipsis)
    return (*items[:place], *([slice(None)] * (ndim - used)), *rest)


def _is_mask(item: Any) -> bool:
    return isinstance(item, Operand) and item.tensor.dtype in (dtypes.boolean, dtypes.uint8)


def _bound(value: Any) -> Any:
    return int(value.tensor.array.item()) if isinstance(value, Operand) else value


def _index_tensor(self: Any, item: Any) -> Any:
    """Return a list or array-like index as a tensor."""
    array = np.array(item) if len(item) else np.array([], dtype=np.int64)
    if array.dtype.kind == "f" or array.dtype == object:
        raise TorchError("index_type", type="list" if array.dtype == object else "float")
    dtype = dtypes.boolean if array.dtype == np.bool_ else dtypes.int64
    return Operand(self.session, fresh(array.astype(dtype.numpy), dtype))


def apply_views(ops: Any, self: Any, index: Any) -> tuple[Any, list[Any]]:
    """Apply what is a view in an index (ints, ranges, ``None``); return the view, and a tensor or ``None`` for each of its dims."""
    original = self
    if isinstance(index, list):
        index = (_index_tensor(self, index),)
    ndim = self.ndim
    if ndim == 0 and isinstance(index, int) and not isinstance(index, bool):
        raise TorchError("index_zero_dim")
    items = expand_dims(index, ndim)
    if ndim == 0 and any(isinstance(item, slice) for item in items):
        raise TorchError("slice_zero_dim")
    dim = 0
    source_dim = 0
    tensors: list[Any] = []
    several = isinstance(index, tuple) or index is Ellipsis
    for item in items:
        if isinstance(item, list | tuple):
            item = _index_tensor(self, item)
        if item is None:
            self = ops.unsqueeze(self, dim)
            tensors.append(None)
            dim += 1
        elif isinstance(item, bool):
            self = ops.unsqueeze(self, dim)
            tensors.append(Operand(original.session, fresh(np.array([item]), dtypes.boolean)))
            dim += 1
        elif isinstance(item, int):
            size = self.shape[dim]
            if not -size <= item < size:
                raise TorchError("index_range", index=item, dim=source_dim, size=size)
            self = ops.select(self, dim, item)
            source_dim += 1
        elif isinstance(item, slice):
            self = _range(ops, self, dim, item, keep=not several)
            tensors.append(None)
            dim += 1
            source_dim += 1
        elif isinstance(item, Operand):
            kind = item.tensor.dtype
            if kind.is_floating:
                raise TorchError("index_dtype")
            if item.ndim == 0 and kind.category == dtypes.INTEGRAL and kind is not dtypes.uint8:
                self = ops.select(self, dim, int(item.tensor.array.item()))
                source_dim += 1
                continue
            if item.ndim == 0:
                self = ops.unsqueeze(self, dim)
                flag = fresh(item.tensor.array.reshape(1).astype(bool), dtypes.boolean)
                tensors.append(Operand(original.session, flag))
                dim += 1
                continue
            tensors.append(item)
            width = item.ndim if _is_mask(item) else 1
            tensors.extend([None] * 0)
            dim += width
            source_dim += width
        else:
            raise TorchError("index_type", type=type(item).__name__)
    return self, tensors


def _range(ops: Any, self: Any, dim: int, item: slice, *, keep: bool) -> Any:
    """Apply a range; one that takes everything leaves no node in an index of several items."""
    start, stop, step = _bound(item.start), _bound(item.stop), _bound(item.step)
    if step is not None and step <= 0:
        raise TorchError("slice_step_zero" if step == 0 else "slice_step")
    whole = (start in (None, 0)) and (stop is None or stop >= self.shape[dim]) and step in (None, 1)
    if whole and not keep:
        return self
    return ops.slice(self, dim, start, stop, 1 if step is None else step)


def getitem(ops: Any, self: Any, index: Any) -> Any:
    """``self[index]``: a view where the index has no tensor in it, else a copy."""
    result, tensors = apply_views(ops, self, index)
    if any(tensor is not None for tensor in tensors):
        while tensors and tensors[-1] is None:
            tensors.pop()
        return ops.index(result, tensors)
    return ops.alias(self) if result is self else result


def setitem(ops: Any, self: Any, index: Any, value: Any) -> None:
    """``self[index] = value``, by ``fill_`` or ``copy_`` on a view, or ``index_put_`` for tensor indices."""
    number = not isinstance(value, Operand)
    if number:
        if isinstance(value, bool | int | float):
            value = Operand(self.session, fresh(np.array(value, dtype=self.tensor.dtype.numpy), self.tensor.dtype))
        else:
            raise TorchError("assign_type", type=type(value).__name__, tensor_type=self.tensor.dtype.tensor_type)
    if _takes_all(index, self.shape):
        target: Any = self
        tensors: list[Any] = []
    else:
        target, tensors = apply_views(ops, self, index)
    if any(tensor is not None for tensor in tensors):
        while tensors and tensors[-1] is None:
            tensors.pop()
        ops.index_put_(target, tensors, _to_dtype(ops, value, target))
        return
    if value.ndim == 0:
        ops.fill_(target, value)
    else:
        ops.copy_(target, _without_leading_ones(ops, value, target.ndim))


def _to_dtype(ops: Any, value: Any, target: Any) -> Any:
    return value if value.tensor.dtype is target.tensor.dtype else ops.to(value, target.tensor.dtype)


def _without_leading_ones(ops: Any, value: Any, ndim: int) -> Any:
    shape = value.shape
    while len(shape) > ndim and shape[0] == 1:
        shape = shape[1:]
    return value if len(shape) == value.ndim else ops.view(value, shape)


def _takes_all(index: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index of ranges and ``...`` selects the whole tensor, so that no view is needed to assign."""
    items = index if isinstance(index, tuple) else (index,)
    if any(not (isinstance(item, slice) or item is Ellipsis) for item in items):
        return False
    if len([item for item in items if isinstance(item, slice)]) > len(shape):
        return False
    dims = iter(shape)
    for item in items:
        if item is Ellipsis:
            # What follows an ellipsis counts from the end; only a bare one is common, and it takes all.
            return len(items) == 1 or all(entry == slice(None) or entry is Ellipsis for entry in items)
        size = next(dims)
        start, stop, step = _bound(item.start), _bound(item.stop), _bound(item.step)
        if start not in (None, 0) or not (stop is None or stop >= size) or step not in (None, 1):
            return False
    return True


def _check_masked_fill(session: Any, op: Any, bound: list[Any]) -> None:
    if bound[1].dtype is not dtypes.boolean:
        raise TorchError("masked_fill_dtype", op=op.name if op.mutates else op.name + "_", dtype=bound[1].dtype.cpp)


ROWS = [
    general(
        "index(Tensor self, IndexTensor[] indices)",
        "IndexBackward0",
        index_kernel,
        where="",
        grad={"self": "index_backward(grad, self_size, indices)"},
        doc="the elements at tensor indices, copied",
        samples=("a[torch.tensor([0, 1])]",),
    ),
    general(
        "index_backward(Tensor values, int[] size, IndexTensor[] indices)",
        "IndexPutBackward0",
        index_backward,
        where="",
        grad={"values": "index(grad, indices)"},
        doc="zeros of a size with a gradient added at tensor indices",
    ),
    general(
        "index_put(Tensor self, IndexTensor[] indices, Tensor values, bool accumulate=False)",
        "IndexPutBackward0",
        index_put,
        grad={
            "self": "grad if accumulate else index_put(grad, indices, zeros_of(values_zero(grad)), False)",
            "values": "index(grad, indices)",
        },
        inplace=True,
        doc="self with values at tensor indices",
    ),
    pointwise(
        "masked_fill(Tensor self, MaskTensor mask, Number value)",
        "MaskedFillBackward0",
        lambda self, mask, value: np.where(mask, np.asarray(value, dtype=self.dtype), self),
        grad={"self": "masked_fill(grad, mask, 0)"},
        check=_check_masked_fill,
        inplace=True,
        doc="self with value where mask is true",
        samples=("a.masked_fill(a > 0.5, 0.)",),
    ),
    composite("getitem(Tensor self, any index)", getitem, where="", doc="what self[index] runs"),
    composite("setitem(Tensor self, any index, any value)", setitem, where="", doc="what self[index] = value runs"),
]


def values_zero(ops: Any, grad: Any) -> Any:
    """A 0-d zero of the gradient's type, to blot out what was overwritten."""
    return np.zeros((), dtype=grad.dtype) if isinstance(grad, np.ndarray) else ops.new_zeros(grad, ())


HELPERS = {"values_zero": values_zero}
