"""The values of a scenario that are neither tensors nor Python's own: sizes, functions, nodes."""

from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.parser import CLASSES
from detachsim.engine.signatures import entry
from detachsim.ops.collections import type_name


class Size(tuple[int, ...]):
    """``torch.Size``: a tuple of ints that prints under its own name."""


PYTHONS = "builtins"
# Where PyTorch's signatures know the functions of a namespace.
PLACES = {"torch": "t", "torch.nn.functional": "F", "torch.linalg": "l", "torch.special": "s"}


class Function:
    """Something that can be called: a lambda of the scenario, or what is called ``name`` in a namespace."""

    __slots__ = ("call", "name", "space")

    def __init__(self, name: str, call: Callable[..., Any], space: str = "__main__") -> None:
        self.name = name
        self.call = call
        self.space = space

    @property
    def type_name(self) -> str:
        """What errors call its type: a class, a function in C, or one in Python."""
        if self.name[0].isupper() or (self.space == PYTHONS and self.name in CLASSES):
            return "type"
        known = entry(PLACES.get(self.space, ""), self.name, NEWEST)
        in_c = self.space == PYTHONS or (known is not None and not known.python)
        return "builtin_function_or_method" if in_c else "function"


class Device:
    """Where a tensor's memory is, which is the one place there is."""

    type_name = "torch.device"
    METHODS: ClassVar[dict[str, Any]] = {}
    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        "type": lambda session, device: "cpu",
        "index": lambda session, device: None,
    }

    def __str__(self) -> str:
        return "cpu"

    def __repr__(self) -> str:
        return "device(type='cpu')"


CPU = Device()


class GradMode:
    """What ``torch.set_grad_enabled`` returns."""

    type_name = "set_grad_enabled"

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __repr__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.mode})"


# What errors call the type of a value that fits nowhere, PyTorch's and Python's own.
Size.__name__ = "torch.Size"
Function.__name__ = "function"

__all__ = ["CPU", "Device", "Function", "GradMode", "Size", "type_name"]
