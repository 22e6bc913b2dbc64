"""What an index of tensors chooses: which places, in which layout, and PyTorch's errors for places that are not."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.empties import placed
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import broadcast_strides, sorted_by
from detachsim.ops.numeric import require_dim


def index_key(indices: Sequence[Array | None]) -> tuple[Any, ...]:
    """Return numpy's index for PyTorch's: a ``None`` there means all of a dim."""
    return tuple(slice(None) if index is None else _as_index(index) for index in indices)


def _as_index(index: Array) -> Array:
    if index.dtype == np.bool_:
        return index
    return index.astype(bool) if index.dtype == np.uint8 else index


def index_kernel(self: Array, indices: Sequence[Array | None]) -> Array:
    """The elements at tensor indices, copied into PyTorch's layout."""
    made = np.array(self[index_key(checked(self, indices))], order="C")
    return made if made.ndim < 2 else sorted_by(made, _strides_of_choice(self, indices, made.size))


def _strides_of_choice(self: Array, indices: Sequence[Array | None], size: int) -> list[tuple[int, ...]]:
    """Return the strides that PyTorch's loop over the ``size`` chosen elements takes in ``self`` and in each index.

    What the indices choose stands where they stand, or first where they stand apart.
    """
    steps = self.strides if self.size else placed(self).strides
    places: list[Array] = []
    chosen: list[bool] = []
    for index in indices:
        if index is None:
            chosen.append(False)
        elif index.dtype in (np.bool_, np.uint8):
            places += np.nonzero(index)
            chosen += [True] * index.ndim
        else:
            places.append(index)
            chosen.append(True)
    chosen += [False] * (self.ndim - len(chosen))
    shape = np.broadcast_shapes(*(place.shape for place in places))
    first, last = chosen.index(True), len(chosen) - chosen[::-1].index(True)
    others = [dim for dim, is_chosen in enumerate(chosen) if not is_chosen]
    ahead = first if all(chosen[first:last]) else 0
    before, after = others[:ahead], others[ahead:]
    if not size and all(place.shape == shape for place in places) and all(self.shape[dim] == 1 for dim in others):
        return []  # Nothing is in rows, if all that goes through the loop is of one shape.
    return [
        (*(steps[dim] for dim in before), *(0 for _ in shape), *(steps[dim] for dim in after)),
        *(
            (
                # An index has the other dims as dims of size 1, whose strides count where the result's are of size 1.
                *(place.nbytes * (self.shape[dim] == 1) for dim in before),
                *broadcast_strides(place if place.size else placed(place), shape),
                *(place.itemsize * (self.shape[dim] == 1) for dim in after),
            )
            for place in places
        ),
    ]


def checked(self: Array, indices: Sequence[Array | None], *, ranges: bool = True) -> Sequence[Array | None]:
    """Raise PyTorch's errors for indices of shapes that do not meet and (``ranges``) out of range.

    Returns the indices; where they choose no element, nobody asks whether they are in range, and places that are there
    stand for them.
    """
    if len(indices) > self.ndim:
        raise TorchError("index_put_many", ndim=self.ndim, count=len(indices))
    dim = 0
    # The places that each index names, with its dim's size; a mask of several dims stands for as many.
    named: list[tuple[Array, int]] = []
    rest: list[int] = []
    for index in indices:
        size = self.shape[dim] if dim < self.ndim else 0
        if index is None:
            rest.append(size)
            dim += 1
            continue
        if index.dtype in (np.bool_, np.uint8):
            require_mask_shape(self, dim, index)
            for places, size in zip(np.nonzero(index), index.shape, strict=True):
                named.append((places, size))
            dim += index.ndim
            continue
        named.append((index, size))
        dim += 1
    try:
        shape = np.broadcast_shapes(*(index.shape for index, _ in named))
    except ValueError:
        shapes = ", ".join(str(list(index.shape)) for index, _ in named)
        raise TorchError("index_broadcast", shapes=shapes) from None
    if dim > self.ndim:
        raise TorchError("index_put_many", ndim=self.ndim, count=dim)
    if 0 not in shape and any(size == 0 for _, size in named):
        raise TorchError("index_empty")
    if 0 in (*shape, *rest, *self.shape[dim:]):
        return [
            index if index is None or index.dtype in (np.bool_, np.uint8) else np.zeros(shape, np.int64)
            for index in indices
        ]
    if ranges:
        _refuse_outside(named, shape)
    return indices


def require_mask_shape(self: Array, dim: int, mask: Array) -> None:
    for offset, size in enumerate(mask.shape):
        if self.shape[require_dim(dim + offset, self.ndim)] != size:
            sizes = list(self.shape)
            raise TorchError("mask_shape", mask=list(mask.shape), index=offset, sizes=sizes, dim=dim + offset)


def _refuse_outside(named: Sequence[tuple[Array, int]], shape: tuple[int, ...]) -> None:
    """Raise for the first element that is asked for and not there; the dimension is which of the indices it was."""
    outside = [(index < -size) | (index >= size) for index, size in named]
    if not any(missing.any() for missing in outside):
        return
    first = int(np.argmax(np.logical_or.reduce(np.broadcast_arrays(*outside))))
    for place, ((index, size), missing) in enumerate(zip(named, outside, strict=True)):
        if np.broadcast_to(missing, shape).flat[first]:
            raise TorchError("index_range", index=int(np.broadcast_to(index, shape).flat[first]), dim=place, size=size)


def index_put(self: Array, indices: Sequence[Array | None], values: Array, accumulate: bool = False) -> Array:
    """A copy with values at tensor indices, or added there."""
    made = np.array(self)
    try:
        key = index_key(checked(self, indices))
    except TorchError as error:
        if error.key == "index_range":
            error.written = _put_before_failure(self, index_key(indices), values, accumulate)
        raise
    value = np.broadcast_to(values, place_of(made, key, values))
    if accumulate:
        np.add.at(made, key, value)
    else:
        made[key] = value
    return made


def _put_before_failure(self: Array, key: tuple[Any, ...], values: Array, accumulate: bool) -> Array:
    """Return what PyTorch's loop has written before it meets an index that is out of range."""
    # Where an index points past the end, a row of -1 lies behind the elements' numbers.
    numbers = np.full([size + _is_number_index(key, dim) for dim, size in enumerate(self.shape)], -1)
    numbers[tuple(slice(size) for size in self.shape)] = np.arange(self.size).reshape(self.shape)
    dim, inside = 0, []
    for item in key:
        if isinstance(item, np.ndarray) and item.dtype.kind == "i":
            size = self.shape[dim]
            inside.append(np.where((item < -size) | (item >= size), size, np.where(item < 0, item + size, item)))
        else:
            inside.append(item)
        dim += item.ndim if isinstance(item, np.ndarray) and item.dtype == np.bool_ else 1
    chosen = numbers[tuple(inside)]
    value = np.broadcast_to(values, chosen.shape).reshape(-1)
    chosen = chosen.reshape(-1)
    count = int(np.argmax(chosen < 0))
    made = np.array(self, order="C")
    flat = made.reshape(-1)
    if accumulate:
        np.add.at(flat, chosen[:count], value[:count])
    else:
        flat[chosen[:count]] = value[:count]
    return made


def place_of(self: Array, key: tuple[Any, ...], values: Array) -> tuple[int, ...]:
    """Return the shape of what an index chooses; raises PyTorch's error where the values do not fit."""
    # Whether the numbers in the index are in range is asked later, so they don't count here.
    key = tuple(
        np.zeros_like(item) if isinstance(item, np.ndarray) and item.dtype.kind == "i" else item for item in key
    )
    shape = [max(size, 1) if _is_number_index(key, dim) else size for dim, size in enumerate(self.shape)]
    target = np.broadcast_to(np.empty(()), shape)[key].shape
    if np.ndim(values) > len(target) or any(
        size not in (1, wanted) for size, wanted in zip(reversed(np.shape(values)), reversed(target), strict=False)
    ):
        raise TorchError("index_value_shape", value=list(np.shape(values)), result=list(target))
    return target


def _is_number_index(key: tuple[Any, ...], dim: int) -> bool:
    """Whether an index picks numbers along ``dim``; a mask takes up as many dims as it has."""
    place = 0
    for item in key:
        used = item.ndim if isinstance(item, np.ndarray) and item.dtype == np.bool_ else 1
        if place <= dim < place + used:
            return isinstance(item, np.ndarray) and item.dtype.kind == "i"
        place += used
    return False
