"""Modules that hold modules or parameters: Sequential, ModuleList and ParameterList."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import items_of
from detachsim.ops.nn.base import Module, parameter, type_text
from detachsim.ops.python_calls import method


def _integer(index: Any) -> int:
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
            self.add(str(place), module)

    def add(self, name: str, module: Any) -> None:
        """Take a module in under a name."""
        if module is not None and not isinstance(module, Module):
            raise TorchError("module_type", type=type_text(module))
        self.child_table[name] = module

    def refill(self, modules: Sequence[Any]) -> None:
        """Take modules in instead of those that are there."""
        self.child_table = {}
        self.fill(modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.child_table.values()))

    def _name(self, index: Any) -> str:
        names = list(self.child_table)
        place = _integer(index)
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
        made = type(self).__new__(type(self))
        made.session = self.session
        Module.__init__(made)
        return made

    def set_item(self, index: Any, module: Any) -> None:
        """Put a module in the place of another."""
        name = self._name(index)
        if not isinstance(module, Module):
            raise TorchError(
                "module_assign",
                value=type_text(module),
                kind="child module",
                name=name,
                wanted="torch.nn.Module",
            )
        self.child_table[name] = module

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
        self.add(str(len(self.child_table)), module)
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
        self.fill(args)

    def forward(self, input: Any) -> Any:
        """Run the modules."""
        for module in self:
            input = module.call(self.session, (input,), {})
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
        if modules is None:
            return
        items = items_of(modules)
        if items is None:
            from detachsim.engine.parser import type_word

            raise TorchError("module_list_type", type=type_word(modules))
        self.fill(items)

    def forward(self, *args: Any) -> Any:
        """Refuse to run, as PyTorch does."""
        text = f'Module [{type(self).__name__}] is missing the required "forward" function'
        raise TorchError("python", type="NotImplementedError", text=text)

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
        **{function.__name__: method(function) for function in (_List.insert, _List.extend, _List.append, _List.pop)},
    }


class ParameterList(Module):
    """Holds parameters; a tensor that is none becomes one."""

    def __init__(self, values: Any = None) -> None:
        super().__init__()
        for value in items_of(values) or ():
            self.append(value)

    def append(self, value: Any) -> Module:
        """Put a parameter at the end."""
        if not isinstance(value, Tensor):
            raise LookupError("only tensors are held here")
        is_parameter = value.meta is not None and value.meta.parameter
        self.parameter_table[str(len(self.parameter_table))] = value if is_parameter else parameter(value)
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.parameter_table.values()))

    def item(self, index: Any) -> Any:
        """Return one parameter."""
        values = list(self.parameter_table.values())
        place = _integer(index)
        if not -len(values) <= place < len(values):
            raise TorchError("module_range", index=place)
        return values[place]

    def length(self) -> int:
        """Return how many parameters there are."""
        return len(self.parameter_table)

    def _child_lines(self) -> list[str]:
        lines = []
        for name, value in self.parameter_table.items():
            assert value is not None
            sizes = "x".join(str(length) for length in value.shape)
            lines.append(f"({name}): Parameter containing: [torch.{value.dtype.name} of size {sizes}]")
        return lines

    def __repr__(self) -> str:
        lines = self._child_lines()
        return "\n".join(["ParameterList(", *(f"    {line}" for line in lines), ")"]) if lines else "ParameterList()"

    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {
        **Module.METHODS,
        "__getitem__": method(item),
        "__len__": method(length),
        "append": method(append),
    }


CLASSES: tuple[type[Module], ...] = (Sequential, ModuleList, ParameterList)
