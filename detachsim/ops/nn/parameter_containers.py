"""Modules that hold parameters: ParameterList and ParameterDict."""

from collections.abc import Iterator
from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import Dictionary, Generated, View, items_of
from detachsim.ops.nn.base import Module, build, parameter
from detachsim.ops.nn.containers import integer, pairs_of
from detachsim.ops.nn.homes import type_text
from detachsim.ops.nn.registering import assign, is_parameter
from detachsim.ops.python_calls import method


class _Parameters(Module):
    """Values under names, of which a tensor that is no parameter becomes one."""

    def store(self, name: str, value: Any) -> None:
        """Put a value under a name."""
        assign(self, name, parameter(value) if isinstance(value, Tensor) and not is_parameter(value) else value)

    def read(self, name: str) -> Any:
        """Return the value under a name; raises Python's ``AttributeError``."""
        found = self.find(name)
        if found is self:
            text = f"'{type(self).__name__}' object has no attribute '{name}'"
            raise TorchError("python", type="AttributeError", text=text)
        return found

    def entries(self) -> list[tuple[Any, Any]]:
        """Return pairs of a name and a value."""
        raise NotImplementedError

    def type_of(self, tensor: Tensor) -> str:
        """Return how a tensor's type prints."""
        return repr(tensor.dtype)

    def extra_repr(self) -> str:
        """Return a line for each value."""
        return "\n".join(f"  ({name}): {self._line(value)}" for name, value in self.entries())

    def _line(self, value: Any) -> str:
        if not isinstance(value, Tensor):
            return f"Object of type: {type_word(value)}"
        sizes = "x".join(str(length) for length in value.shape)
        kind = "Parameter" if is_parameter(value) else "Tensor"
        return f"{kind} containing: [{self.type_of(value)} of size {sizes}]"


class ParameterList(_Parameters):
    """Holds parameters in an order, with their places as names."""

    def __init__(self, values: Any = None) -> None:
        super().__init__()
        self.count = 0
        if values is not None:
            self.extend(values)

    def __iter__(self) -> Iterator[Any]:
        return iter([value for _, value in self.entries()])

    def entries(self) -> list[tuple[Any, Any]]:
        """Return pairs of a place and a value."""
        return [(place, self.read(str(place))) for place in range(self.count)]

    def _name(self, index: Any) -> str:
        place = integer(index)
        if not -self.count <= place < self.count:
            raise TorchError("module_range", index=place)
        return str(place % self.count)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse to run, as PyTorch does."""
        raise TorchError("container_call", module="ParameterList")

    def item(self, index: Any) -> Any:
        """Return one value, or for a slice a list of several."""
        if not isinstance(index, slice):
            return self.read(self._name(index))
        return build(self.session, ParameterList, list(self)[index])

    def set_item(self, index: Any, param: Any) -> None:
        """Put a value in the place of another."""
        self.store(self._name(index), param)

    def length(self) -> int:
        """Return how many values there are."""
        return self.count

    def append(self, value: Any) -> Module:
        """Put a value at the end."""
        self.count += 1
        self.set_item(self.count - 1, value)
        return self

    def extend(self, values: Any) -> Module:
        """Put several values at the end."""
        items = items_of(values)
        if items is None:
            raise TorchError("parameter_list_type", type=type_word(values))
        for value in items:
            self.append(value)
        return self

    METHODS: ClassVar[dict[str, Any]] = {
        **Module.METHODS,
        "__getitem__": method(item),
        "__setitem__": method(set_item),
        "__len__": method(length),
        "append": method(append),
        "extend": method(extend),
    }


class ParameterDict(_Parameters):
    """Holds parameters under names."""

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self.names: dict[Any, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.names))

    def entries(self) -> list[tuple[Any, Any]]:
        """Return pairs of a name and a value."""
        return [(name, self.item(name)) for name in self.names]

    def type_of(self, tensor: Tensor) -> str:
        """Return how a tensor's type prints."""
        return type_text(tensor, self.session.dialect)

    def _key(self, key: Any) -> str:
        if not isinstance(key, str):
            raise TorchError("parameter_key", type=type_word(key))
        return key

    def forward(self, input: Any) -> Any:
        """Refuse to run, as PyTorch does."""
        raise TorchError("container_call", module="ParameterDict")

    def item(self, key: Any) -> Any:
        """Return the value under a name."""
        return self.read(self._key(key))

    def set_item(self, key: Any, value: Any) -> None:
        """Put a value under a name."""
        self.names[key] = None
        self.store(self._key(key), value)

    def length(self) -> int:
        """Return how many values there are."""
        return len(self.names)

    def pop(self, key: Any) -> Any:
        """Take a value out, and return it."""
        found = self.item(key)
        del self.names[key]
        for table in (self.parameter_table, self.buffer_table, self.child_table, self.others):
            table.pop(key, None)
        return found

    def popitem(self) -> tuple[Any, Any]:
        """Take the last value out, and return it with its name."""
        if not self.names:
            raise TorchError("python", type="KeyError", text="'popitem(): dictionary is empty'")
        name = list(self.names)[-1]
        return name, self.pop(name)

    def clear(self) -> None:
        """Take all values out."""
        for name in list(self.names):
            self.pop(name)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value under a name, else ``default``."""
        return self.item(key) if key in self.names else default

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return the value under a name, where ``default`` is put if there is none."""
        if key not in self.names:
            self.set_item(key, default)
        return self.item(key)

    def keys(self) -> View:
        """Return the names."""
        return Dictionary(dict(self.names)).keys()

    def values(self) -> Generated:
        """Give the values."""
        return Generated("ParameterDict.values.<locals>.<genexpr>", [value for _, value in self.entries()])

    def items(self) -> Generated:
        """Give pairs of a name and a value."""
        return Generated("ParameterDict.items.<locals>.<genexpr>", self.entries())

    def update(self, parameters: Any) -> None:
        """Put several values under their names."""
        for key, value in pairs_of(parameters, "ParametersDict.update", "ParameterDict", sort=True):
            self.set_item(key, value)

    METHODS: ClassVar[dict[str, Any]] = {
        **Module.METHODS,
        "__getitem__": method(item),
        "__setitem__": method(set_item),
        "__len__": method(length),
        **{
            function.__name__: method(function)
            for function in (pop, popitem, clear, get, setdefault, keys, values, items, update)
        },
    }


ParameterDict.forward.__qualname__ = "ParameterDict.__call__"

CLASSES: tuple[type[Module], ...] = (ParameterList, ParameterDict)
