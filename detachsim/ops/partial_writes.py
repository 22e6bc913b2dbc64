"""What an edit at indices has written when it meets one that is out of range: PyTorch looks at each as it comes."""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.places import length_along, places_along


def note_slices(error: TorchError, op: Op, bound: list[Any]) -> TorchError:
    """Note on an error the slices along a dim that ``index_add_`` has written."""
    self, dim, index, source, *rest = _plain(bound)
    axis = wrap_dim(dim, self.ndim)
    index = index.reshape(-1)
    count = int(np.argmax((index < 0) | (index >= length_along(self, axis))))
    source = np.take(source, range(count), axis) if source.ndim else source
    error.written = op.kernel(self, dim, index[:count], source, *rest)
    return error


def note_elements(error: TorchError, op: Op, bound: list[Any]) -> TorchError:
    """Note on an error the elements that ``op`` (``scatter_``, ``index_fill_`` …) has written, row by row."""
    self, dim, index, source, *rest = _plain(bound)
    if not self.size:
        return error
    axis = wrap_dim(dim, self.ndim)
    target: Array = np.atleast_1d(self)
    size = target.shape[axis]
    where: Array = np.atleast_1d(index)
    if op.name.startswith("index_"):  # one index for each slice
        if op.name.startswith("index_fill"):
            where = np.where((where < 0) & (where >= -size), where + size, where)
        shape = [where.size if dim == axis else length for dim, length in enumerate(target.shape)]
        where = np.broadcast_to(where.reshape([-1 if dim == axis else 1 for dim in range(target.ndim)]), shape)
    wrong = (where < 0) | (where >= size)
    count = int(np.argmax(wrong))
    numbers = np.arange(target.size).reshape(target.shape)
    chosen = numbers[places_along(target, axis, np.where(wrong, 0, where))].reshape(-1)[:count]
    if isinstance(source, np.ndarray) and source.ndim:
        source = source[tuple(slice(size) for size in where.shape)].reshape(-1)[:count]
    error.written = op.kernel(target.reshape(-1), 0, chosen, source, *rest).reshape(self.shape)
    return error


def note_places(error: TorchError, op: Op, bound: list[Any]) -> TorchError:
    """Note on an error the places of the whole memory that ``put_`` has written."""
    self, index, source, *rest = _plain(bound)
    index = index.reshape(-1)
    count = int(np.argmax((index < -self.size) | (index >= self.size)))
    error.written = op.kernel(self, index[:count], source.reshape(-1)[:count], *rest)
    return error


def _plain(bound: list[Any]) -> list[Any]:
    return [value.array if isinstance(value, Tensor) else value for value in bound]
