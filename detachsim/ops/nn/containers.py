"""Modules that hold modules: Sequential and ModuleList."""

from collections.abc import Sequence
from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn.base import Module
from detachsim.ops.python_calls import method


class _List(Module):
    """Modules in an order, with their places as names."""

    def _fill(self, modules: Sequence[Any]) -> None:
        for module in modules:
            if not isinstance(module, Module):
                raise TorchError("module_type", type=_full_name(module))
        self.child_table = {str(index): module for index, module in enumerate(modules)}

    def item(self, index: Any) -> Any:
        """Return one module, or for a slice a container of several."""
        modules = list(self.child_table.values())
        if isinstance(index, slice):
            made = type(self).__new__(type(self))
            made.session = self.session
            Module.__init__(made)
            made._fill(modules[index])
            return made
        if not isinstance(index, int):
            text = f"'{type(index).__name__}' object cannot be interpreted as an integer"
            raise TorchError("python", type="TypeError", text=text)
        if not -len(modules) <= index < len(modules):
            raise TorchError("module_range", index=index)
        return modules[index]

    def length(self) -> int:
        """Return how many modules there are."""
        return len(self.child_table)

    METHODS: ClassVar[dict[str, Any]] = {
        **Module.METHODS,
        "__getitem__": method(item),
        "__len__": method(length),
    }


def _full_name(value: Any) -> str:
    return "torch.FloatTensor" if isinstance(value, Tensor) else type(value).__name__


class Sequential(_List):
    """Runs its modules one after another."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        self._fill(args)

    def forward(self, input: Any) -> Any:
        """Run the modules."""
        for module in self.child_table.values():
            input = module.call(self.session, (input,), {})
        return input


class ModuleList(_List):
    """Holds modules, and runs none of them."""

    def __init__(self, modules: Any = ()) -> None:
        super().__init__()
        self._fill(tuple(modules) if isinstance(modules, (list, tuple)) else (modules,))

    def forward(self, *args: Any) -> Any:
        """Refuse to run, as PyTorch does."""
        text = 'Module [ModuleList] is missing the required "forward" function'
        raise TorchError("python", type="NotImplementedError", text=text)

    def _child_lines(self) -> list[str]:
        """Give equal neighbours one entry, with their number."""
        groups: list[tuple[int, int, str]] = []
        for index, child in enumerate(self.child_table.values()):
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


CLASSES: tuple[type[Module], ...] = (Sequential, ModuleList)
