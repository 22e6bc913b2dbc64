"""Modules that hold modules: Sequential, ModuleList and ModuleDict."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import Dictionary, View, items_of
from detachsim.ops.nn.base import Module, build, call_module
from detachsim.ops.nn.registering import add_module, assign
from detachsim.ops.python_calls import method


def integer(index: Any) -> int:
    if isinstance(index, Tensor) and index.array.size == 1 and not index.dtype.is_floating:
        index = index.array.item()
    if not isinstance(index, int):
        text = f"'{type(index).__name__}' object cannot be interpreted as an integer"
        raise TorchError("python", type="TypeError", text=text)
    return index


class _List(Module):
    """Modules in an order, with their places as names."""

    def fill(self, modules: Sequence[Any]) -> None:
        """Take modules in, under their places; refuses what is no module."""
        for place, module in enumerate(modules):
            add_module(self, str(place), module)

    def refill(self, modules: Sequence[Any]) -> None:
        """Take modules in instead of those that are there."""
        self.child_table = {}
        self.fill(modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.child_table.values()))

    def _name(self, index: Any) -> str:
        names = list(self.child_table)
        place = integer(index)
        if not -len(names) <= place < len(names):
            raise TorchError("module_range", index=place)
        return names[place]

    def item(self, index: Any) -> Any:
        """Return one module, or for a slice a container of several."""
        if isinstance(index, slice):
            return self._slice(index)
        return self.child_table[self._name(index)]

    def _slice(self, index: slice) -> "Module":
        raise NotImplementedError

    def empty_copy(self) -> "_List":
        """Return a container of the same class with nothing in it."""
        made: _List = build(self.session, type(self))
        return made

    def set_item(self, index: Any, module: Any) -> None:
        """Put a module in the place of another."""
        assign(self, self._name(index), module)

    def length(self) -> int:
        """Return how many modules there are."""
        return len(self.child_table)

    def insert(self, index: int, module: Any) -> "Module | None":
        """Put a module before another."""
        modules = list(self)
        modules.insert(index, module)
        self.refill(modules)
        return None

    def append(self, module: Any) -> "Module":
        """Put a module at the end."""
        add_module(self, str(len(self.child_table)), module)
        return self

    def extend(self, modules: Any) -> "Module":
        """Put several modules at the end."""
        for module in items_of(modules) or ():
            self.append(module)
        return self

    def pop(self, key: Any) -> Any:
        """Take a module out, and return it."""
        name = self._name(key)
        found = self.child_table[name]
        self.refill([module for other, module in self.child_table.items() if other != name])
        return found

    METHODS: ClassVar[dict[str, Any]] = {
        **Module.METHODS,
        "__getitem__": method(item),
        "__setitem__": method(set_item),
        "__len__": method(length),
    }


class Sequential(_List):
    """Runs its modules one after another."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], Dictionary) and args[0].kind == "OrderedDict":
            for name, module in args[0].items():
                add_module(self, name, module)
        else:
            self.fill(args)

    def forward(self, input: Any) -> Any:
        """Run the modules."""
        for module in self:
            input = call_module(self.session, module, input)
        return input

    def _slice(self, index: slice) -> Module:
        """Return the modules of a range under the names that they have here."""
        made = self.empty_copy()
        made.child_table = dict(list(self.child_table.items())[index])
        return made

    def insert(self, index: int, module: Any) -> Module:
        """Put a module before another."""
        if not isinstance(module, Module):
            raise TorchError("sequential_insert")
        count = len(self.child_table)
        if not -count <= index <= count:
            raise TorchError("sequential_insert_range", index=index)
        super().insert(index, module)
        return self

    def extend(self, sequential: Any) -> Module:
        """Put several modules at the end."""
        return super().extend(sequential)

    METHODS: ClassVar[dict[str, Any]] = {
        **_List.METHODS,
        **{function.__name__: method(function) for function in (insert, extend, _List.append, _List.pop)},
    }


class ModuleList(_List):
    """Holds modules, and runs none of them."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def extend(self, modules: Any) -> Module:
        """Put several modules at the end."""
        items = items_of(modules)
        if items is None:
            raise TorchError("module_list_type", type=type_word(modules))
        for module in items:
            self.append(module)
        return self

    def _slice(self, index: slice) -> Module:
        """Return the modules of a range, numbered anew."""
        made = self.empty_copy()
        made.fill(list(self)[index])
        return made

    def _child_lines(self) -> list[str]:
        """Give equal neighbours one entry, with their number; before 2.13 each has its own."""
        if self.session.dialect != NEWEST:
            return super()._child_lines()
        groups: list[tuple[int, int, str]] = []
        for index, child in enumerate(self):
            text = repr(child)
            if groups and groups[-1][2] == text:
                groups[-1] = (groups[-1][0], index, text)
            else:
                groups.append((index, index, text))
        lines: list[str] = []
        for first, last, text in groups:
            entry = f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}"
            lines += entry.split("\n")
        return lines

    METHODS: ClassVar[dict[str, Any]] = {
        **_List.METHODS,
        **{function.__name__: method(function) for function in (_List.insert, extend, _List.append, _List.pop)},
    }


class ModuleDict(Module):
    """Holds modules under names, and runs none of them."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.child_table))

    def item(self, key: Any) -> Any:
        """Return the module under a name; raises Python's ``KeyError``."""
        return Dictionary(self.child_table).get_item(key)

    def set_item(self, key: Any, module: Any) -> None:
        """Put a module under a name."""
        add_module(self, key, module)

    def length(self) -> int:
        """Return how many modules there are."""
        return len(self.child_table)

    def clear(self) -> None:
        """Take all modules out."""
        self.child_table.clear()

    def pop(self, key: Any) -> Any:
        """Take a module out, and return it."""
        found = self.item(key)
        del self.child_table[key]
        return found

    def _dictionary(self) -> Dictionary:
        """Return the names and modules as what holds them in PyTorch."""
        return Dictionary(self.child_table, "dict" if self.session.dialect == NEWEST else "OrderedDict")

    def keys(self) -> View:
        """Return the names."""
        return self._dictionary().keys()

    def values(self) -> View:
        """Return the modules."""
        return self._dictionary().values()

    def items(self) -> View:
        """Return pairs of a name and a module."""
        return self._dictionary().items()

    def update(self, modules: Any) -> None:
        """Put several modules under their names."""
        for key, module in pairs_of(modules, "ModuleDict.update", "ModuleDict"):
            add_module(self, key, module)

    METHODS: ClassVar[dict[str, Any]] = {
        **Module.METHODS,
        "__getitem__": method(item),
        "__setitem__": method(set_item),
        "__len__": method(length),
        **{function.__name__: method(function) for function in (clear, pop, keys, values, items, update)},
    }


def pairs_of(given: Any, caller: str, owner: str, *, sort: bool = False) -> list[tuple[Any, Any]]:
    """Return what a dictionary, a module like one or a list of pairs has, as pairs of a name and a value.

    With ``sort``, those of a plain dictionary come by their names.
    """
    items = items_of(given)
    if items is None:
        raise TorchError("container_update", caller=caller, type=type_word(given))
    if "items" in getattr(type(given), "METHODS", {}):
        pairs = list(given.items())
        return sorted(pairs) if sort and getattr(given, "kind", "OrderedDict") == "dict" else pairs
    for place, item in enumerate(items):
        if items_of(item) is None and not isinstance(item, Tensor):
            raise TorchError("container_pair", owner=owner, place=place, type=type_word(item))
        if len(item) != 2:
            raise TorchError("container_pair_length", owner=owner, place=place, length=len(item))
    return [tuple(item) for item in items]


CLASSES: tuple[type[Module], ...] = (Sequential, ModuleList, ModuleDict)
