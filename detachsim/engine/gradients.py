"""Which tensors the arrays of a backward pass are, when a hook, ``.grad`` or a caller gets to see them.

A pass adds up plain arrays. PyTorch passes tensors, so two looks at one gradient are looks at one memory and one
counter: a hook that edits it raises the version that ``.grad`` may show later, and a gradient that reaches two inputs
unchanged is returned as the same tensor twice.
"""

from typing import Any
from weakref import ref

import numpy as np

from detachsim.engine.dtypes import Array, DType
from detachsim.engine.tensor import (
    NO_GRAD,
    Storage,
    Tensor,
    Version,
    ViewInfo,
    alias,
    fresh,
    make_inference,
    new_version,
)

# A gradient: a plain array, or a tensor while a graph of the backward pass is recorded.
Gradient = Any


class Gradients:
    """The memories and counters of one pass, found by array; it keeps none of them alive, since a gradient that nobody
    else holds may be taken."""

    __slots__ = ("_memories", "_tensors")

    def __init__(self) -> None:
        self._memories: dict[int, tuple[ref[Array], ref[Storage] | None, Version]] = {}
        self._tensors: dict[int, ref[Tensor]] = {}

    def note(self, tensor: Tensor) -> None:
        """Note that a tensor's array goes on as a gradient: a pass begins with it, or a hook gave it."""
        owner = owner_of(tensor.array)
        self._memories[id(owner)] = (ref(owner), ref(tensor.storage), tensor.version)
        self._tensors[id(tensor.array)] = ref(tensor)

    def version(self, array: Array) -> Version:
        """Return the counter of an array's memory."""
        owner = owner_of(array)
        known = self._memories.get(id(owner))
        if known is not None and known[0]() is owner:
            return known[2]
        made = new_version()
        self._memories[id(owner)] = (ref(owner), None, made)
        return made

    def tensor(self, array: Array, dtype: DType, *, inference: bool, view: bool = True) -> Tensor:
        """Return an array as a tensor over its memory and without a node; a ``view`` where it looks at other memory."""
        seen = self._seen(array)
        if seen is not None:
            return seen
        if not array.flags.writeable:
            array = array.copy()
        made = fresh(array, dtype)
        made.version = self.version(array)
        owner = owner_of(array)
        known = self._memories[id(owner)]
        storage = known[1]() if known[1] is not None else None
        if storage is not None:
            made.storage = storage
        else:
            made.storage.array = owner
            self._memories[id(owner)] = (known[0], ref(made.storage), known[2])
        if inference:
            make_inference(made)
        elif view and owner is not array:
            base = self._seen(owner)
            if base is None:
                base = alias(made, owner)
                self._tensors[id(owner)] = ref(base)  # which the gradient may be that the view was made of
            made.view = ViewInfo(base, NO_GRAD, made.version.value)
        return made

    def _seen(self, array: Array) -> Tensor | None:
        """Return the tensor that somebody has got for an array."""
        known = self._tensors.get(id(array))
        seen = known() if known is not None else None
        return seen if seen is not None and seen.array is array else None

    def result(self, array: Array, dtype: DType, *, inference: bool) -> Tensor:
        """Return what a caller gets: the same tensor for the same array, each time."""
        made = self.tensor(array, dtype, inference=inference)
        self._tensors[id(array)] = ref(made)
        return made


def owner_of(array: Array) -> Array:
    """Return the array that holds the memory that ``array`` looks at."""
    base: Any = array.base
    while base is not None:
        if isinstance(base, np.ndarray):
            array = base
        # Between an array and one with other strides numpy puts an object of its own.
        base = getattr(base, "base", None)
    return array
