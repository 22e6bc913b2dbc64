"""The only map from names to values, with its reverse: which names stand for a tensor, or see a memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from detachsim.engine.returns import ReturnType
from detachsim.engine.tensor import Storage, Tensor
from detachsim.run.arrays import NumpyArray

# Of a longer list the items are not told by name, and among more names a gradient is not looked for.
MOST_ITEMS = 100
MOST_NAMES = 300


def tensors_in(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors that ``name`` gives access to, each spelled as a scenario would write it."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, ReturnType):
        yield from zip((f"{name}.{field}" for field in value.fields), value, strict=True)
    elif isinstance(value, (list, tuple)):
        if len(value) <= MOST_ITEMS:
            yield from ((f"{name}[{index}]", item) for index, item in enumerate(value) if isinstance(item, Tensor))
    elif named := getattr(type(value), "named_tensors", None):
        for path, tensor in (*named(value), *named(value, buffers=True)):
            yield name + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split(".")), tensor


class Names(dict[str, Any]):
    """The names of a run. ``bind`` and ``unbind`` keep the reverse maps; reading is a plain dict's."""

    def __init__(self) -> None:
        super().__init__()
        # Each by the identity of what is named, which the names keep alive.
        self._by_tensor: dict[int, dict[str, Tensor]] = {}
        self._by_storage: dict[int, dict[str, Tensor]] = {}
        self._entries: dict[str, list[tuple[str, Tensor]]] = {}
        self._arrays: dict[str, NumpyArray] = {}

    def bind(self, name: str, value: Any) -> Any:
        """Let ``name`` stand for ``value``; return what it stood for before (``None`` if nothing)."""
        before = self.unbind(name) if name in self else None
        self[name] = value
        entries = list(tensors_in(name, value))
        if entries:
            self._entries[name] = entries
            for shown, tensor in entries:
                self._by_tensor.setdefault(id(tensor), {})[shown] = tensor
                self._by_storage.setdefault(id(tensor.storage), {})[shown] = tensor
        elif isinstance(value, NumpyArray):
            self._arrays[name] = value
        return before

    def unbind(self, name: str) -> Any:
        """Forget ``name`` and return what it stood for."""
        value = self.pop(name)
        self._arrays.pop(name, None)
        for shown, tensor in self._entries.pop(name, ()):
            _drop(self._by_tensor, id(tensor), shown)
            _drop(self._by_storage, id(tensor.storage), shown)
        return value

    def moved(self) -> None:
        """Sort the memories anew after a tensor was given other memory (``.data =``)."""
        self._by_storage.clear()
        for entries in self._entries.values():
            for shown, tensor in entries:
                self._by_storage.setdefault(id(tensor.storage), {})[shown] = tensor

    def rearranged(self) -> None:
        """Look again for the tensors inside of modules, one of which was given another."""
        for name, value in list(self.items()):
            if hasattr(type(value), "named_tensors"):
                self.bind(name, value)

    def refilled(self, items: list[Any]) -> None:
        """Look again for the tensors in a list, which has got others."""
        for name in [name for name, value in self.items() if value is items]:
            self.bind(name, items)

    def of(self, tensor: Tensor) -> tuple[str, ...]:
        """Return the names of this very tensor; a gradient without one is called after its tensor (``x.grad``)."""
        held = self._by_tensor.get(id(tensor))
        if held is not None:
            return tuple(held)
        if len(self._entries) > MOST_NAMES:
            return ()
        for entries in self._entries.values():
            for shown, owner in entries:
                if owner.meta is not None and owner.meta.grad is tensor:
                    return (f"{shown}.grad",)
        return ()

    def over(self, storage: Storage) -> Iterator[tuple[str, Tensor]]:
        """Yield every name over a memory, with its tensor, in the order in which they were bound."""
        yield from self._by_storage.get(id(storage), {}).items()

    def arrays_over(self, array: Any) -> tuple[str, ...]:
        """Return the names of numpy arrays over the memory of an array, a tensor's or another one."""
        return tuple(name for name, known in self._arrays.items() if np.may_share_memory(known, array))

    def sharing(self, tensor: Tensor, name: str) -> tuple[str, ...]:
        """Return the other names that see the memory of ``tensor``."""
        others = tuple(other for other, _ in self.over(tensor.storage) if other != name)
        return (*others, *self.arrays_over(tensor.storage.array)) if self._arrays else others

    def sharing_array(self, array: NumpyArray, name: str) -> tuple[str, ...]:
        """Return the other names that see the memory of an array which a tensor gave."""
        if array.origin is None or not np.may_share_memory(array, array.origin.tensor.storage.array):
            return ()
        tensors = tuple(other for other, _ in self.over(array.origin.tensor.storage))
        return (*tensors, *(other for other in self.arrays_over(array) if other != name))


def _drop(index: dict[int, dict[str, Tensor]], key: int, shown: str) -> None:
    """Take one name out of a reverse map, whose entry goes with its last name."""
    held = index.get(key, {})
    held.pop(shown, None)
    if not held:
        index.pop(key, None)
