"""``x[...]`` and ``x[...] = v``: which views and ops an index stands for."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import fits, require_fit
from detachsim.engine.layout import AS_FIRST, AS_MADE
from detachsim.engine.memory import ANYTHING, Overlap, overlaps_itself, refuse_any_overlap
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.from_lists import from_data
from detachsim.ops.index_kernels import checked, index_kernel, index_key, index_put, place_of, require_mask_shape
from detachsim.ops.row import composite, general


def _check_index(session: Any, op: Any, bound: list[Any]) -> None:
    for index in bound[1]:
        if index is None:
            continue
        whole = (dtypes.int64, dtypes.int32) if session.dialect == NEWEST else (dtypes.int64,)
        if index.dtype not in (*whole, dtypes.boolean, dtypes.uint8):
            raise TorchError("index_dtype")
        if index.dtype is dtypes.uint8:
            session.warn("index_uint8")


def _check_index_put(session: Any, op: Any, bound: list[Any]) -> None:
    target, indices, values, accumulate = bound
    if len(indices) > target.array.ndim:
        raise TorchError("index_put_many", ndim=target.array.ndim, count=len(indices))
    chosen = any(index is not None for index in indices)
    if not chosen and not accumulate and values.array.size == 1:
        # PyTorch takes this for a mask, which it then has not got.
        raise TorchError("index_put_no_mask" if target.array.ndim else "index_put_no_mask_type")
    if op.mutates:
        if overlaps_itself(target.array):
            session.warn("index_put_expanded")
        if not accumulate and _is_one_mask(indices) and values.array.size == 1:
            # PyTorch fills such a mask with a number.
            dim, mask = next((dim, index) for dim, index in enumerate(indices) if index is not None)
            require_mask_shape(target.array, dim, mask.array)
            if mask.dtype is not dtypes.boolean:
                if session.dialect == NEWEST:
                    raise TorchError("masked_fill_dtype", dtype=mask.dtype.cpp)
                session.warn("masked_fill_uint8")
            if overlaps_itself(target.array):
                session.warn("masked_fill_expanded")
            require_fit(session, target.dtype, values.array.item())
            return
        refuse_any_overlap(target, [values, indices])
    _check_index(session, op, bound)
    arrays = [None if index is None else index.array for index in indices]
    place_of(target.array, index_key(checked(target.array, arrays, ranges=False)), values.array)
    if target.dtype is not values.dtype:
        raise TorchError("index_put_dtypes", left=target.dtype.scalar, right=values.dtype.scalar)
    if not chosen and target.array.size:
        raise TorchError("index_put_nothing")


def _is_one_mask(indices: Sequence[Tensor | None]) -> bool:
    given = [index for index in indices if index is not None]
    return len(given) == 1 and given[0].dtype in (dtypes.boolean, dtypes.uint8)


def _as_tuple(session: Any, index: Any) -> tuple[Any, ...]:
    """Return an index as a tuple; a list that holds more than plain numbers stands for one, as in old numpy."""
    if isinstance(index, tuple):
        return index
    if isinstance(index, list | str) and len(index) < _LONGEST_TUPLE and any(map(_is_no_number, index)):
        if session.dialect == "torch-2.13":
            session.warn("index_sequence")
        return tuple(index)
    return (index,)


def _is_no_number(item: Any) -> bool:
    return item is None or item is Ellipsis or isinstance(item, Operand | list | tuple | slice | str)


# A longer list never stands for a tuple.
_LONGEST_TUPLE = 32


def _specified(items: tuple[Any, ...]) -> int:
    """Return how many dims an index takes up."""
    used = 0
    for item in items:
        if item is None or item is Ellipsis or isinstance(item, bool):
            continue
        used += item.ndim if _is_mask(item) else 1
    return used


def _is_mask(item: Any) -> bool:
    return isinstance(item, Operand) and item.tensor.dtype in (dtypes.boolean, dtypes.uint8)


def _bound(value: Any) -> Any:
    tensor = value.tensor if isinstance(value, Operand) else value
    if isinstance(tensor, Tensor) and not tensor.dtype.is_floating and tensor.array.ndim == 0:
        return int(tensor.array.item())
    if value is None:
        return None
    if not isinstance(value, int):
        raise TorchError("slice_type")
    # Python takes any number here, and cuts it to 64 bits.
    return max(-(2**63), min(int(value), 2**63 - 1))


def _index_tensor(self: Any, item: Any) -> Any:
    """Return a list as an index tensor: truth values stay, numbers become int64."""
    numbers: list[Any] = []
    data = _plain(item, numbers)
    boolean = bool(numbers) and all(isinstance(number, bool) for number in numbers)
    return Operand(self.session, from_data(self.session, data, dtypes.boolean if boolean else dtypes.int64))


def _plain(item: Any, numbers: list[Any]) -> Any:
    """Return an index with numbers in the place of tensors of one element; ``numbers`` collects all there are."""
    if isinstance(item, list | tuple):
        return [_plain(entry, numbers) for entry in item]
    if isinstance(item, str):
        raise TorchError("data_text")
    if isinstance(item, Operand):
        if item.tensor.dtype.is_floating or item.tensor.array.size != 1:
            raise TorchError("index_of_many")
        item = item.tensor.array.item()
    if not isinstance(item, int | float):
        from detachsim.engine.parser import type_word

        raise TorchError("infer_dtype", type=type_word(item))
    numbers.append(item)
    return item


def apply_views(ops: Any, self: Any, index: Any) -> tuple[Any, list[Any]]:
    """Apply what is a view in an index (ints, ranges, ``None``); return the view, and a tensor or ``None`` for
    each of its dims up to the last tensor."""
    items = _as_tuple(self.session, index)
    specified = _specified(items)
    if specified > self.ndim:
        raise TorchError("index_many", ndim=self.ndim)
    original_ndim = self.ndim
    dim = 0
    tensors: dict[int, Any] = {}
    for position, item in enumerate(items):
        if isinstance(item, list | tuple | str):
            item = _index_tensor(self, item)
        if item is None:
            self = ops.unsqueeze(self, dim)
            dim += 1
        elif item is Ellipsis:
            dim += original_ndim - specified
        elif isinstance(item, bool):
            self = ops.unsqueeze(self, dim)
            tensors[dim] = _flag(self, item)
            dim += 1
        elif isinstance(item, int):
            self = select_item(ops, self, dim, item, position)
        elif isinstance(item, slice):
            self = slice_item(ops, self, dim, item)
            dim += 1
        elif isinstance(item, Operand):
            kind = item.tensor.dtype
            if item.ndim == 0 and kind.category != dtypes.FLOATING:
                if _is_mask(item):
                    self = ops.unsqueeze(self, dim)
                    tensors[dim] = _flag(self, bool(item.tensor.array.item()))
                    dim += 1
                else:
                    self = select_item(ops, self, dim, int(item.tensor.array.item()), position)
                continue
            tensors[dim] = item
            # A mask of several dims stands for as many index tensors; 1.13 looked for what follows at its second dim.
            used = item.ndim if _is_mask(item) and self.session.dialect == NEWEST else 1
            for extra in range(1, used):
                tensors[dim + extra] = _CONTINUED
            dim += used
        else:
            from detachsim.engine.parser import type_word

            raise TorchError("index_type", type=type_word(item))
    last = max(tensors, default=-1)
    found = [tensors.get(place) for place in range(last + 1)]
    return self, [item for item in found if item is not _CONTINUED]


# Marks a dim that a mask before it takes up.
_CONTINUED = object()


def _flag(self: Any, value: bool) -> Operand:
    """Return what picks a new dim of size 1, or nothing of it."""
    return Operand(self.session, fresh(np.zeros(int(value), np.int64), dtypes.int64))


def _length(self: Any, dim: int) -> int:
    """Return the size of a dim; behind a second ellipsis, which stands for as many dims as the first, there is none."""
    return int(self.shape[dim]) if dim < self.ndim else 0


def select_item(ops: Any, self: Any, dim: int, index: int, real_dim: int) -> Any:
    """Select one slice, with the words that ``x[i]`` has for an index out of range."""
    if self.ndim == 0 and index == 0:
        raise TorchError("index_zero_dim")
    size = _length(self, dim)
    if not fits(dtypes.int64, index):
        raise TorchError("too_long")
    if not -size <= index < size:
        raise TorchError("index_range", index=index, dim=real_dim, size=size)
    return ops.select(self, dim, index)


def slice_item(ops: Any, self: Any, dim: int, item: slice, *, keep: bool = False) -> Any:
    """Apply a range; one that takes everything leaves no node unless it stands alone (``keep``)."""
    start, stop, step = _bound(item.start), _bound(item.stop), _bound(item.step)
    if step is not None and step <= 0:
        raise TorchError("slice_step_zero" if step == 0 else "slice_step")
    if self.ndim == 0:
        raise TorchError("slice_zero_dim")
    size = _length(self, dim)
    # Older releases saw that only of an end that was written down.
    to_end = stop is None or stop >= size if self.session.dialect == "torch-2.13" else stop == size
    if start in (None, 0) and to_end and step in (None, 1) and not keep:
        return self
    if dim >= self.ndim:
        raise TorchError("dim_range", low=-self.ndim, high=self.ndim - 1, dim=dim)
    stop = size if stop is None else stop
    return ops.slice(self, dim, 0 if start is None else start, stop, 1 if step is None else step)


def getitem(ops: Any, self: Any, index: Any) -> Any:
    """``self[index]``: a view where the index has no tensor in it, else a copy."""
    if index is None:
        return ops.unsqueeze(self, 0)
    if index is Ellipsis:
        return ops.alias(self)
    if isinstance(index, int) and not isinstance(index, bool):
        return select_item(ops, self, 0, index, 0)
    if isinstance(index, slice):
        return slice_item(ops, self, 0, index, keep=True)
    result, tensors = apply_views(ops, self, index)
    if tensors:
        return ops.index(result, tensors)
    return ops.alias(self) if result is self else result


def setitem(ops: Any, self: Any, index: Any, value: Any) -> None:
    """``self[index] = value``, by ``fill_`` or ``copy_`` on a view, or ``index_put_`` for tensor indices."""
    value = _assignable(self, value)
    if index is False:
        return
    tensors: list[Any] = []
    if index is Ellipsis:
        target = self
    elif index is None or index is True:
        target = ops.unsqueeze(self, 0)
    elif isinstance(index, int):
        target = select_item(ops, self, 0, index, 0)
    elif isinstance(index, slice):
        target = slice_item(ops, self, 0, index)
    else:
        target, tensors = apply_views(ops, self, index)
    if tensors:
        ops.index_put_(target, tensors, _without_leading_ones(ops, value))
    else:
        _assign(ops, target, value)


def _assignable(self: Any, value: Any) -> Any:
    """Return what is assigned as a tensor; raises PyTorch's error for what is neither tensor nor number."""
    if isinstance(value, Operand):
        return value
    if not isinstance(value, bool | int | float):
        from detachsim.engine.parser import type_word

        raise TorchError("assign_type", type=type_word(value), scalar=self.tensor.dtype.scalar)
    dtype = self.tensor.dtype
    if isinstance(value, int) and not fits(dtypes.int64, value):
        raise TorchError("too_long")
    require_fit(self.session, dtype, value, single=True)
    source = dtypes.float64 if isinstance(value, float) else dtypes.int64
    return Operand(self.session, fresh(dtypes.cast(np.asarray(value, source.numpy), source, dtype), dtype))


def _assign(ops: Any, target: Any, value: Any) -> None:
    """Copy ``value`` to ``target``, its leading dims of size 1 dropped where the shapes differ."""
    if target.shape == value.shape:
        ops.copy_(target, value)
    elif value.ndim == 0:
        ops.fill_(target, value)
    else:
        value = ops.view(value, _shape_without_leading_ones(value.shape))
        ops.copy_(target, value if value.shape == target.shape else ops.expand(value, target.shape))


def _shape_without_leading_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    first = next((place for place, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]


def _without_leading_ones(ops: Any, value: Any) -> Any:
    shape = _shape_without_leading_ones(value.shape)
    return value if shape == value.shape else ops.view(value, shape)


def values_zero(ops: Any, grad: Any) -> Any:
    """A 0-d zero of the gradient's type, to blot out what was overwritten."""
    return np.zeros((), dtype=grad.dtype) if isinstance(grad, np.ndarray) else ops.new_zeros(grad, ())


HELPERS = {"values_zero": values_zero}

ROWS = [
    general(
        "index(Tensor self, IndexTensor[] indices)",
        "IndexBackward0",
        index_kernel,
        where="",
        grad={"self": "_index_put_impl(zeros_sized(grad, self_size), indices, grad, True)"},
        gradient_edits={"self": 1},
        check=_check_index,
        layout=AS_MADE,
        doc="the elements at tensor indices, copied",
        samples=("a[torch.tensor([0, 1])]", "a[a > 0.5]", "a[[0, 1, 0]]"),
    ),
    general(
        "_index_put_impl(Tensor self, IndexTensor[] indices, Tensor values, bool accumulate=False)",
        "IndexPutImplBackward0",
        index_put,
        where="",
        grad={
            "self": "grad if accumulate else index_put(grad, indices, values_zero(grad), False)",
            "values": "index(grad, indices)",
        },
        doc="self with values added at tensor indices, as gradients are",
    ),
    general(
        "index_put(Tensor self, IndexTensor[] indices, Tensor values, bool accumulate=False)",
        "IndexPutBackward0",
        index_put,
        grad={
            "self": "grad if accumulate else index_put(grad, indices, values_zero(grad), False)",
            "values": "index(grad, indices)",
        },
        check=_check_index_put,
        overlap=Overlap(itself=True, inputs=ANYTHING),
        older={"torch-1.7": {"edits_clone": True}},
        inplace=True,
        layout=AS_FIRST,
        doc="self with values at tensor indices",
        samples=("a.index_put((torch.tensor([0]),), b[0])",),
    ),
    composite("getitem(Tensor self, any index)", getitem, where="", doc="what self[index] runs"),
    composite("setitem(Tensor self, any index, any value)", setitem, where="", doc="what self[index] = value runs"),
]
