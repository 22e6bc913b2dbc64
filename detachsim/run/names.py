"""The only map from names to values, with its reverse: which names stand for a tensor, or see a memory."""

from collections.abc import Iterator
from typing import Any

from detachsim.engine.tensor import Storage, Tensor


class Names(dict[str, Any]):
    """The names of a run. ``bind`` and ``unbind`` keep the reverse maps; reading is a plain dict's."""

    def __init__(self) -> None:
        super().__init__()
        self._by_tensor: dict[int, list[str]] = {}
        self._by_storage: dict[int, dict[str, Tensor]] = {}

    def bind(self, name: str, value: Any) -> Any:
        """Let ``name`` stand for ``value``; return what it stood for before (``None`` if nothing)."""
        before = self.unbind(name) if name in self else None
        self[name] = value
        if isinstance(value, Tensor):
            self._by_tensor.setdefault(id(value), []).append(name)
            self._by_storage.setdefault(id(value.storage), {})[name] = value
        return before

    def unbind(self, name: str) -> Any:
        """Forget ``name`` and return what it stood for."""
        value = self.pop(name)
        if isinstance(value, Tensor):
            held = self._by_tensor[id(value)]
            held.remove(name)
            if not held:
                del self._by_tensor[id(value)]
            seen = self._by_storage[id(value.storage)]
            del seen[name]
            if not seen:
                del self._by_storage[id(value.storage)]
        return value

    def moved(self) -> None:
        """Sort the memories anew after a tensor was given other memory (``.data =``)."""
        self._by_storage.clear()
        for name, value in self.items():
            if isinstance(value, Tensor):
                self._by_storage.setdefault(id(value.storage), {})[name] = value

    def of(self, tensor: Tensor) -> tuple[str, ...]:
        """Return the names of this very tensor; of a gradient or base without a name, how a scenario would
        write it."""
        return tuple(self._by_tensor.get(id(tensor), ()))

    def over(self, storage: Storage) -> Iterator[tuple[str, Tensor]]:
        """Yield every name over a memory, with its tensor, in the order in which they were bound."""
        yield from self._by_storage.get(id(storage), {}).items()

    def sharing(self, tensor: Tensor, name: str) -> tuple[str, ...]:
        """Return the other names that see the memory of ``tensor``."""
        return tuple(other for other, _ in self.over(tensor.storage) if other != name)
