"""What every module has: parameters, buffers, children, training mode, and how it prints.

A module is a plain Python object that belongs to one session. ``call(session, args, kwargs)`` runs it. What a scenario
may read or call is in its class's ``ATTRIBUTES`` (name to a function of session and module) and ``METHODS``
(name to a function of session, module and the arguments).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.arguments import admit
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.leaves import requires_grad_
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, alias, fresh, make_inference, meta
from detachsim.ops.collections import Generated, type_name
from detachsim.ops.creation import checked_size
from detachsim.ops.nn.casting import METHODS as CAST_METHODS
from detachsim.ops.nn.hooks import METHODS as HOOK_METHODS
from detachsim.ops.nn.hooks import Hooks, call_hooked
from detachsim.ops.nn.registering import METHODS as REGISTER_METHODS
from detachsim.ops.nn.registering import assign
from detachsim.ops.nn.state import load_state_dict, state_dict
from detachsim.ops.optim.base import clear_gradient
from detachsim.ops.python_calls import call_given, call_python, called, method


def parameter(data: Tensor, requires_grad: bool = True) -> Tensor:
    """Return an ``nn.Parameter`` over the memory and the counter of ``data``: a leaf."""
    if requires_grad and not data.dtype.is_floating:
        raise TorchError("factory_requires_grad")
    made = alias(data, data.array)
    made.requires = requires_grad
    meta(made).parameter = True
    return made


def build(session: Session, kind: Any, *args: Any, **kwargs: Any) -> Any:
    """Return a module that belongs to a session."""
    made = kind.__new__(kind)
    made.session = session
    made.__init__(*args, **kwargs)
    return made


def call_module(session: Session, module: Any, *args: Any, **kwargs: Any) -> Any:
    """Run what a module holds as a module; raises Python's error for what is none."""
    if not isinstance(module, Module):
        raise TorchError("python", type="TypeError", text=f"'{type_name(module)}' object is not callable")
    return module.call(session, args, kwargs)


def _not_callable(self: "Module", *args: Any) -> Any:
    """Refuse to run, as PyTorch does."""
    raise TorchError("module_forward", module=type(self).__name__)


class Module:
    """A module. Subclasses fill the tables in ``__init__``, after ``super().__init__()``, and define ``forward``."""

    session: Session

    def __init__(self) -> None:
        self.training = True
        self.parameter_table: dict[str, Tensor | None] = {}
        self.buffer_table: dict[str, Tensor | None] = {}
        self.child_table: dict[str, Module | None] = {}
        # The buffers that a state dict leaves out.
        self.transient: set[str] = set()
        self.hooks = Hooks()
        # What is computed anew whenever it is read, in the place of a parameter.
        self.computed: dict[str, Callable[[], Any]] = {}
        # Attributes that the class does not have by itself.
        self.others: dict[str, Any] = {}

    def __init_subclass__(cls) -> None:
        cls.SETTERS = {name: _setter(name) for name in cls.ATTRIBUTES}
        if cls.reset_parameters is not Module.reset_parameters:
            reset = {"reset_parameters": lambda session, module: call_python(module.reset_parameters, (), {})}
            cls.METHODS = {**cls.METHODS, **reset}

    # How a scenario sees it

    def call(self, session: Session, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run the module on its arguments, with its hooks."""
        if self.hooks:
            return call_hooked(self, args, kwargs)
        return self.run(args, kwargs)

    def run(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run the module without its hooks."""
        if self.newer_arguments and self.session.dialect != NEWEST:
            self._refuse_newer(kwargs)
        forward: Callable[..., Any] = self.forward
        return call_python(forward, args, kwargs, called(type(self), "forward"))

    def _refuse_newer(self, kwargs: Mapping[str, Any]) -> None:
        """Refuse keywords that ``forward`` of older dialects does not have."""
        unknown = next((name for name in kwargs if name in self.newer_arguments), None)
        if unknown is not None:
            text = f"{type(self).__name__}.forward() got an unexpected keyword argument '{unknown}'"
            raise TorchError("python", type="TypeError", text=text)

    # The arguments of ``forward`` that older dialects do not have.
    newer_arguments: ClassVar[tuple[str, ...]] = ()

    # Each subclass has its own arguments.
    forward: Any = _not_callable

    def functional(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function with what a scenario may have given wrongly: of ``torch.nn.functional`` if it is there, of
        torch where the name says so (``torch.tanh``), or a method of the first argument (``.flatten``)."""
        space, _, bare = name.rpartition(".")
        overloads = self.session.library.find(bare)
        if name.startswith("."):
            places = "m"
            if not isinstance(args[0], Tensor):
                text = f"'{type_name(args[0])}' object has no attribute '{bare}'"
                raise TorchError("python", type="AttributeError", text=text)
        else:
            places = "t" if space else "Ft"
        place = next((place for place in places if any(place in op.where for op in overloads.ops)), "")
        return (overloads.within(place) if place else overloads).call(self.session, args, kwargs)

    def extra_repr(self) -> str:
        """Return what stands between the parentheses for a module without children."""
        return ""

    def __repr__(self) -> str:
        extra, children = self.extra_repr(), self._child_lines()
        lines = [*(extra.split("\n") if extra else ()), *children]
        if not children and len(lines) < 2:
            return f"{type(self).__name__}({extra})"
        return "\n".join([f"{type(self).__name__}(", *(f"  {line}" for line in lines), ")"])

    def _child_lines(self) -> list[str]:
        lines: list[str] = []
        for name, child in self.child_table.items():
            lines += f"({name}): {child!r}".split("\n")
        return lines

    # Walking through it

    def walk(self, prefix: str = "") -> Iterator[tuple[str, "Module"]]:
        """Yield the module itself and every module inside it, each with its dotted name, as often as it is there."""
        yield prefix, self
        for name, child in self.child_table.items():
            if child is not None:
                yield from child.walk(f"{prefix}.{name}" if prefix else name)

    def named_tensors(
        self, *, buffers: bool = False, prefix: str = "", recurse: bool = True
    ) -> list[tuple[str, Tensor]]:
        """Return all parameters (or buffers) with their dotted names, each tensor once."""
        found: dict[int, tuple[str, Tensor]] = {}
        for path, module in self.walk(prefix) if recurse else [(prefix, self)]:
            table = module.buffer_table if buffers else module.parameter_table
            for name, tensor in table.items():
                if tensor is not None:
                    found.setdefault(id(tensor), (f"{path}.{name}" if path else name, tensor))
        return list(found.values())

    def all_parameters(self) -> list[Tensor]:
        """Return all parameters, each once."""
        return [tensor for _, tensor in self.named_tensors()]

    def parameters(self, recurse: bool = True) -> Generated:
        """Give all parameters."""
        found = self.named_tensors(recurse=recurse)
        return Generated("Module.parameters", [tensor for _, tensor in found])

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Generated:
        """Give all parameters with their names."""
        return Generated("Module.named_parameters", self.named_tensors(prefix=prefix, recurse=recurse))

    def buffers(self, recurse: bool = True) -> Generated:
        """Give all buffers, such as running means."""
        found = self.named_tensors(buffers=True, recurse=recurse)
        return Generated("Module.buffers", [tensor for _, tensor in found])

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Generated:
        """Give all buffers with their names."""
        return Generated("Module.named_buffers", self.named_tensors(buffers=True, prefix=prefix, recurse=recurse))

    def children(self) -> Generated:
        """Give the modules directly inside."""
        return Generated("Module.children", [child for _, child in self._distinct_children()])

    def named_children(self) -> Generated:
        """Give the modules directly inside with their names."""
        return Generated("Module.named_children", self._distinct_children())

    def _distinct_children(self) -> list[tuple[str, "Module"]]:
        found: dict[int, tuple[str, Module]] = {}
        for name, child in self.child_table.items():
            if child is not None:
                found.setdefault(id(child), (name, child))
        return list(found.values())

    def distinct_modules(self, prefix: str = "") -> list[tuple[str, "Module"]]:
        """Return the module and all modules inside with their names, each once."""
        found: dict[int, tuple[str, Module]] = {}
        for name, module in self.walk(prefix):
            found.setdefault(id(module), (name, module))
        return list(found.values())

    def modules(self) -> Generated:
        """Give the module and all modules inside."""
        return Generated("Module.modules", [module for _, module in self.distinct_modules()])

    def named_modules(self, prefix: str = "") -> Generated:
        """Give the module and all modules inside with their names."""
        return Generated("Module.named_modules", self.distinct_modules(prefix))

    # Changing it

    def reset_parameters(self) -> None:
        """Fill the parameters with what a new layer has; a class with parameters says how."""

    def fill_new(self) -> None:
        """Fill the parameters of a new layer, which is no edit that a story tells of.

        Those that inference mode makes are inference tensors, as all others there.
        """
        if self.session.inference:
            for tensor in (*self.parameter_table.values(), *self.buffer_table.values()):
                if tensor is not None:
                    make_inference(tensor)
        with self.session.unrecorded():
            self.reset_parameters()

    def empty(self, size: Any, device: Any, dtype: Any) -> Tensor:
        """Return a parameter that is still to be filled; what ``torch.empty`` refuses is refused."""
        return parameter(self.allocate("empty", size, device, dtype))

    def allocate(self, by: str, size: Any, device: Any, dtype: Any) -> Tensor:
        """Return zeros; what PyTorch's function refuses by which they are made is refused."""
        (sizes, *_), options = admit(self.session, "t", by, (size,), {"device": device, "dtype": dtype})
        kind = options.get("dtype") or dtypes.float32
        return fresh(np.zeros(checked_size(sizes), dtype=kind.numpy), kind)

    def train(self, mode: bool = True) -> "Module":
        """Switch to training mode, or out of it."""
        if not isinstance(mode, bool):
            raise TorchError("module_mode")
        for _, module in self.walk():
            module.training = mode
        return self

    def eval(self) -> "Module":
        """Switch out of training mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> "Module":
        """Set whether the parameters require grad."""
        for tensor in self.all_parameters():
            requires_grad_(self.session, tensor, requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Take all parameters' gradients away, or set them to zero."""
        for tensor in self.all_parameters():
            clear_gradient(self.session, tensor, set_to_none)

    def apply(self, fn: Any) -> "Module":
        """Call a function with each module inside, and then with the module itself."""
        for _, child in self._distinct_children():
            child.apply(fn)
        call_given(fn, self)
        return self

    def assign(self, name: str, value: Any) -> None:
        """Do what ``module.name = value`` does."""
        assign(self, name, value)

    def find(self, name: str) -> Any:
        """Return what an attribute that the class has not declared was set to; ``self`` where there is none."""
        for table in (self.parameter_table, self.buffer_table, self.child_table, self.others):
            if name in table:
                return table[name]
        return self

    def held(self, name: str) -> Any:
        """Return a parameter, a buffer, or what stands in its place; raises Python's ``AttributeError``."""
        if name in self.computed:
            return self.computed[name]()
        found = self.find(name)
        if found is self:
            text = f"'{type(self).__name__}' object has no attribute '{name}'"
            raise TorchError("python", type="AttributeError", text=text)
        return found

    # The format of its part of a state dict, and the tensors that older formats do not have.
    state_version: ClassVar[int] = 1
    newer_state: ClassVar[tuple[str, ...]] = ()

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {
        "training": lambda session, module: module.training
    }
    SETTERS: ClassVar[dict[str, Callable[[Session, Any, Any], None]]] = {}
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {}


def dims_of(value: Any) -> int:
    """Return how many dims an input has; raises Python's error for what is no tensor."""
    return as_tensor(value, "dim").array.ndim


def as_tensor(value: Any, attribute: str) -> Tensor:
    """Return an input of which PyTorch reads an attribute next; raises Python's error for what is no tensor."""
    if not isinstance(value, Tensor):
        text = f"'{type_name(value)}' object has no attribute '{attribute}'"
        raise TorchError("python", type="AttributeError", text=text)
    return value


def _zero_grad(session: Session, module: Module, *args: Any, **kwargs: Any) -> None:
    if not args and not kwargs and session.dialect != "torch-2.13":
        # Up to 1.13 the gradients stayed, and became zeros.
        kwargs = {"set_to_none": False}
    method(Module.zero_grad)(session, module, *args, **kwargs)


Module.METHODS = {
    "zero_grad": _zero_grad,
    **CAST_METHODS,
    "forward": lambda session, module, *args, **kwargs: module.run(args, kwargs),
    **HOOK_METHODS,
    **REGISTER_METHODS,
    "state_dict": method(state_dict),
    "load_state_dict": method(load_state_dict),
    **{
        function.__name__: method(function)
        for function in (
            Module.parameters,
            Module.named_parameters,
            Module.buffers,
            Module.named_buffers,
            Module.children,
            Module.named_children,
            Module.modules,
            Module.named_modules,
            Module.train,
            Module.eval,
            Module.requires_grad_,
            Module.apply,
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


def _setter(name: str) -> Callable[[Session, Any, Any], None]:
    return lambda session, module, value: assign(module, name, value)


def _tensor_reader(name: str) -> Callable[[Session, Any], Any]:
    return lambda session, module: module.held(name)
