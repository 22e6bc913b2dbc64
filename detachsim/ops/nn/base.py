"""What every module has: parameters, buffers, children, training mode, and how it prints.

A module is a plain Python object that belongs to one session. ``call(session, args, kwargs)`` runs it. What a scenario
may read or call is in its class's ``ATTRIBUTES`` (name to a function of session and module) and ``METHODS``
(name to a function of session, module and the arguments).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, alias, fresh, meta
from detachsim.ops.creation import checked_size
from detachsim.ops.optimizers import clear_gradient
from detachsim.ops.python_calls import call_python, method


def parameter(data: Tensor, requires_grad: bool = True) -> Tensor:
    """Return an ``nn.Parameter`` over the memory and the counter of ``data``: a leaf."""
    if requires_grad and not data.dtype.is_floating:
        raise TorchError("factory_requires_grad")
    made = alias(data, data.array)
    made.requires = requires_grad
    meta(made).parameter = True
    return made


def initialized(array: Array, dtype: DType) -> Tensor:
    """Return a parameter of a new layer: its values were put there in place, so its counter is at 1."""
    tensor = fresh(array, dtype)
    tensor.version.value = 1
    return parameter(tensor)


def layer_size(*size: Any) -> tuple[int, ...]:
    """Return the size of a layer's parameter; raises PyTorch's errors for one that cannot be."""
    for place, length in enumerate(size, start=1):
        if not isinstance(length, int):
            text = (
                f"empty(): argument 'size' failed to unpack the object at pos {place} with error "
                f'"type must be tuple of ints,but got {type(length).__name__}"'
            )
            raise TorchError("python", type="TypeError", text=text)
    return checked_size(size)


def uniform(session: Session, size: Sequence[int], dtype: DType, bound: float) -> Tensor:
    """Return a parameter with random values between ``-bound`` and ``bound``."""
    return initialized(session.generator.uniform(tuple(size), dtype.name, -bound, bound), dtype)


def constant(size: Sequence[int], dtype: DType, value: float) -> Tensor:
    """Return a parameter of one value."""
    return initialized(np.full(layer_size(*size), value, dtype=dtype.numpy), dtype)


def weight_bound(fan_in: int) -> float:
    """Return the bound of a new layer's weights (Kaiming's, for a slope of the root of 5), given its inputs' number."""
    gain = math.sqrt(2.0 / (1 + math.sqrt(5) ** 2))
    return math.sqrt(3.0) * (gain / math.sqrt(fan_in)) if fan_in else 0.0


class Module:
    """A module. Subclasses fill the tables in ``__init__``, after ``super().__init__()``, and define ``forward``."""

    session: Session

    def __init__(self) -> None:
        self.training = True
        self.parameter_table: dict[str, Tensor | None] = {}
        self.buffer_table: dict[str, Tensor | None] = {}
        self.child_table: dict[str, Module] = {}

    # How a scenario sees it

    def call(self, session: Session, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run the module on its arguments."""
        forward: Callable[..., Any] = self.forward  # type: ignore[attr-defined]  # each subclass has its own arguments
        return call_python(forward, args, kwargs)

    def extra_repr(self) -> str:
        """Return what stands between the parentheses for a module without children."""
        return ""

    def __repr__(self) -> str:
        lines = self._child_lines()
        extra = self.extra_repr()
        name = type(self).__name__
        if not lines:
            return f"{name}({extra})"
        return "\n".join([f"{name}({extra}", *(f"  {line}" for line in lines), ")"])

    def _child_lines(self) -> list[str]:
        lines: list[str] = []
        for name, child in self.child_table.items():
            lines += f"({name}): {child!r}".split("\n")
        return lines

    # Walking through it

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, "Module"]]:
        """Yield the module itself and every module inside it, each with its dotted name."""
        yield prefix, self
        for name, child in self.child_table.items():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def named_tensors(self, *, buffers: bool = False) -> list[tuple[str, Tensor]]:
        """Return all parameters (or buffers) with their dotted names, each tensor once."""
        found: dict[int, tuple[str, Tensor]] = {}
        for prefix, module in self.named_modules():
            table = module.buffer_table if buffers else module.parameter_table
            for name, tensor in table.items():
                if tensor is not None:
                    found.setdefault(id(tensor), (f"{prefix}.{name}" if prefix else name, tensor))
        return list(found.values())

    def parameters(self, recurse: bool = True) -> list[Tensor]:
        """Return all parameters."""
        if not recurse:
            return [tensor for tensor in self.parameter_table.values() if tensor is not None]
        return [tensor for _, tensor in self.named_tensors()]

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """Return all parameters with their names."""
        return self.named_tensors()

    def buffers(self) -> list[Tensor]:
        """Return all buffers, such as running means."""
        return [tensor for _, tensor in self.named_tensors(buffers=True)]

    def children(self) -> list["Module"]:
        """Return the modules directly inside."""
        return list(self.child_table.values())

    def modules(self) -> list["Module"]:
        """Return the module and all modules inside."""
        return [module for _, module in self.named_modules()]

    # Changing it

    def train(self, mode: bool = True) -> "Module":
        """Switch to training mode, or out of it."""
        if not isinstance(mode, bool):
            raise TorchError("module_mode")
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> "Module":
        """Switch out of training mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> "Module":
        """Set whether the parameters require grad."""
        for tensor in self.parameters():
            tensor.requires = requires_grad
            if self.session.facts is not None:
                self.session.facts.append(("flag", tensor, "requires_grad", str(requires_grad)))
        return self

    def cast(self, dtype: DType) -> "Module":
        """Give all floating parameters and buffers another type, each staying the tensor that it is."""
        for _, tensor in (*self.named_tensors(), *self.named_tensors(buffers=True)):
            if tensor.dtype.is_floating and tensor.dtype is not dtype:
                made = fresh(dtypes.cast(tensor.array, tensor.dtype, dtype), dtype)
                tensor.array, tensor.storage, tensor.dtype = made.array, made.storage, dtype
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Take all parameters' gradients away, or set them to zero."""
        for tensor in self.parameters():
            clear_gradient(self.session, tensor, set_to_none)

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {
        "training": lambda session, module: module.training
    }
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {}


def _zero_grad(session: Session, module: Module, *args: Any, **kwargs: Any) -> None:
    if not args and not kwargs and session.dialect != "torch-2.13":
        # Up to 1.13 the gradients stayed, and became zeros.
        kwargs = {"set_to_none": False}
    method(Module.zero_grad)(session, module, *args, **kwargs)


Module.METHODS = {
    "zero_grad": _zero_grad,
    "float": lambda session, module: module.cast(dtypes.float32),
    "double": lambda session, module: module.cast(dtypes.float64),
    "forward": lambda session, module, *args, **kwargs: module.call(session, args, kwargs),
    **{
        function.__name__: method(function)
        for function in (
            Module.parameters,
            Module.named_parameters,
            Module.buffers,
            Module.children,
            Module.modules,
            Module.train,
            Module.eval,
            Module.requires_grad_,
        )
    },
}


def options(*names: str) -> dict[str, Callable[[Session, Any], Any]]:
    """Return the attributes of a class whose options are plain Python attributes."""
    return {**Module.ATTRIBUTES, **{name: _reader(name) for name in names}}


def tensors(*names: str) -> dict[str, Callable[[Session, Any], Any]]:
    """Return the attributes for parameters and buffers of these names."""
    return {name: _tensor_reader(name) for name in names}


def _reader(name: str) -> Callable[[Session, Any], Any]:
    return lambda session, module: getattr(module, name)


def _tensor_reader(name: str) -> Callable[[Session, Any], Any]:
    def read(session: Session, module: Module) -> Tensor | None:
        table = module.parameter_table if name in module.parameter_table else module.buffer_table
        return table[name]

    return read
