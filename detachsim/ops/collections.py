"""Python's own collections as PyTorch hands them out: generators of parameters, state dicts, parameter groups.

Each prints as in Python, given what spells one item. What a scenario may call is in ``METHODS``, as for modules.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import numpy as np

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.python_calls import method

Spell = Callable[[Any], str]


def type_name(value: Any) -> str:
    """Return the name of a value's type as Python's own messages say it."""
    if isinstance(value, Tensor):
        return "Parameter" if value.meta is not None and value.meta.parameter else "Tensor"
    if isinstance(value, np.generic):
        return f"numpy.{type(value).__name__}"
    return getattr(value, "type_name", None) or type(value).__name__


class Generated:
    """What a generator function of PyTorch's returned: its items come once."""

    type_name = "generator"

    def __init__(self, name: str, items: Iterable[Any]) -> None:
        self.name = name
        self._items = iter(items)

    def __iter__(self) -> Iterator[Any]:
        return self._items

    def spelled(self, spell: Spell) -> str:
        """Return ``repr`` of it."""
        return f"<generator object {self.name} at 0x…>"


class View:
    """The keys, values or items of a dictionary."""

    def __init__(self, type_name: str, items: list[Any]) -> None:
        self.type_name = type_name
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def length(self) -> int:
        """Return how many there are."""
        return len(self._items)

    def spelled(self, spell: Spell) -> str:
        """Return ``repr`` of it."""
        return f"{self.type_name}([{', '.join(map(spell, self._items))}])"

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {}
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {"__len__": method(length)}


class Dictionary:
    """A dictionary: of a kind that Python has (``dict``, ``OrderedDict``, ``Counter``, ``defaultdict`` of dicts)."""

    __slots__ = ("kind", "table")

    def __init__(self, table: dict[Any, Any], kind: str = "dict") -> None:
        self.table = table
        self.kind = kind

    @property
    def type_name(self) -> str:
        """The name of its type, as errors say it."""
        return self.kind

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.table))

    def get_item(self, key: Any) -> Any:
        """Return what stands under a key; raises Python's ``KeyError``."""
        if key not in self.table:
            if self.kind == "defaultdict":
                return self.table.setdefault(key, Dictionary({}))
            shown = key if isinstance(key, str) else str(key)
            raise TorchError("python", type="KeyError", text=repr(shown) if isinstance(key, str) else shown)
        return self.table[key]

    def __bool__(self) -> bool:
        return bool(self.table)

    def set_item(self, key: Any, value: Any) -> None:
        """Store something under a key; raises Python's error for what can't be one."""
        if isinstance(key, (list, Dictionary, slice)):
            raise TorchError("python", type="TypeError", text=f"unhashable type: '{type_name(key)}'")
        self.table[key] = value

    def pop(self, key: Any, *default: Any) -> Any:
        """Take out what stands under a key, and return it, else the default."""
        if key not in self.table and default:
            return default[0]
        found = self.get_item(key)
        self.table.pop(key, None)
        return found

    def copy(self) -> "Dictionary":
        """Return another dictionary with the same items."""
        return Dictionary(dict(self.table), self.kind)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what stands under a key, else ``default``."""
        return self.table.get(key, default)

    def length(self) -> int:
        """Return how many keys there are."""
        return len(self.table)

    def keys(self) -> View:
        """Return the keys."""
        return View(f"{self._prefix}dict_keys", list(self.table))

    def values(self) -> View:
        """Return what stands under the keys."""
        return View(f"{self._prefix}dict_values", list(self.table.values()))

    def items(self) -> View:
        """Return pairs of a key and what stands under it."""
        return View(f"{self._prefix}dict_items", list(self.table.items()))

    @property
    def _prefix(self) -> str:
        return "o" if self.kind == "OrderedDict" else ""

    def spelled(self, spell: Spell) -> str:
        """Return ``repr`` of it."""
        pairs = "{" + ", ".join(f"{spell(key)}: {spell(value)}" for key, value in self.table.items()) + "}"
        if self.kind == "defaultdict":
            return f"defaultdict(<class 'dict'>, {pairs})"
        if self.kind == "dict":
            return pairs
        if self.kind == "Counter":
            return f"Counter({pairs})"
        if not self.table:
            return "OrderedDict()"
        if sys.version_info < (3, 12):
            pairs = "[" + ", ".join(f"({spell(key)}, {spell(value)})" for key, value in self.table.items()) + "]"
        return f"OrderedDict({pairs})"

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {}
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {
        "__getitem__": method(get_item),
        "__setitem__": method(set_item),
        "__len__": method(length),
        **{function.__name__: method(function) for function in (get, keys, values, items, pop, copy)},
    }


CLASSES: tuple[type[Any], ...] = (View, Dictionary)


def items_of(value: Any) -> list[Any] | None:
    """Return the items of what can be iterated, but for tensors; ``None`` for what can't be."""
    if isinstance(value, (list, tuple, str)):
        return list(value)
    if not isinstance(value, Tensor) and hasattr(type(value), "__iter__"):
        return list(value)
    return None
