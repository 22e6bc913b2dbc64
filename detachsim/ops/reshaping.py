"""Other shapes over the same memory: the size that is left open, and whether strides can give a shape at all."""

from collections.abc import Sequence

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.empties import rows, with_strides
from detachsim.engine.errors import TorchError
from detachsim.ops.numeric import numel


def infer_size(shape: Sequence[int], size: int) -> tuple[int, ...]:
    """Return ``shape`` with its -1 worked out for ``size`` elements; raises PyTorch's errors."""
    unknown: list[int] = []
    for index, wanted in enumerate(shape):
        if wanted == -1 and unknown:
            raise TorchError("shape_two_unknown")
        if wanted == -1:
            unknown.append(index)
        elif wanted < 0:
            raise TorchError("shape_negative", size=wanted, index=index, shape=list(shape))
    known = numel([wanted for wanted in shape if wanted != -1])
    if not unknown:
        if known != size:
            raise TorchError("shape_invalid", shape=list(shape), size=size)
        return tuple(shape)
    if known == 0:
        if size == 0:
            raise TorchError("shape_ambiguous", shape=list(shape))
        raise TorchError("shape_invalid", shape=list(shape), size=size)
    if size % known:
        raise TorchError("shape_invalid", shape=list(shape), size=size)
    result = list(shape)
    result[unknown[0]] = size // known
    return tuple(result)


def view_or_none(self: Array, size: Sequence[int]) -> Array | None:
    """Return a view of another shape, ``None`` where that needs a copy."""
    shape = infer_size(size, self.size)
    if not self.size:
        return self[...] if shape == self.shape else with_strides(self, rows(shape, self.itemsize), shape=shape)
    if self.flags.c_contiguous and 1 not in self.shape:
        return self.reshape(shape)
    steps = _steps_of_view(self.shape, self.strides, shape) if self.ndim else (self.itemsize,) * len(shape)
    return None if steps is None else np.lib.stride_tricks.as_strided(self, shape, steps)


def _steps_of_view(shape: Sequence[int], steps: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...] | None:
    """Return the strides of a view of the shape ``wanted``, ``None`` where no strides could give it.

    Dims that lie one after another in memory are one run, and a dim of size 1 is part of any. Each run is shared out
    among the last of the wanted dims, which must come out even.
    """
    made: list[int] = []
    left = list(wanted)
    step, length = steps[-1], 1
    for dim in reversed(range(len(shape))):
        length *= shape[dim]
        if dim and (shape[dim - 1] == 1 or steps[dim - 1] == length * step):
            continue
        filled = 1
        while left and (filled < length or left[-1] == 1):
            made.append(filled * step)
            filled *= left.pop()
        if filled != length:
            return None
        if dim:
            step, length = steps[dim - 1], 1
    return None if left else tuple(reversed(made))
