"""Giving a module parameters, buffers and modules under names of one's own, and finding them by dotted names."""

from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn.homes import type_text
from detachsim.ops.python_calls import method

if TYPE_CHECKING:
    from detachsim.ops.nn.base import Module


def register_buffer(self: "Module", name: Any, tensor: Any, persistent: bool = True) -> None:
    """Keep a tensor that is no parameter; only a persistent one is part of the state dict."""
    _check_name(self, "buffer", name, self.buffer_table)
    if tensor is not None and not isinstance(tensor, Tensor):
        wanted = "torch Tensor"
        raise TorchError("module_register", value=_text(self, tensor), kind="buffer", name=name, wanted=wanted)
    self.buffer_table[name] = tensor
    (self.transient.discard if persistent else self.transient.add)(name)


def register_parameter(self: "Module", name: Any, param: Any) -> None:
    """Keep a parameter."""
    _check_name(self, "parameter", name, self.parameter_table)
    if param is not None and not is_parameter(param):
        wanted = "torch.nn.Parameter"
        raise TorchError("module_register", value=_text(self, param), kind="parameter", name=name, wanted=wanted)
    if param is not None and param.node is not None:
        raise TorchError("module_register_nonleaf", name=name)
    self.parameter_table[name] = param


def add_module(self: "Module", name: Any, module: Any) -> None:
    """Keep a module inside."""
    if not is_module(module) and module is not None:
        raise TorchError("module_type", type=_text(self, module))
    _check_name(self, "module", name, self.child_table)
    self.child_table[name] = module


def register_module(self: "Module", name: Any, module: Any) -> None:
    """Keep a module inside."""
    add_module(self, name, module)


def _check_name(module: "Module", kind: str, name: Any, table: dict[str, Any]) -> None:
    """Refuse a name that can't be one, or that stands for something else already."""
    if not isinstance(name, str):
        raise TorchError("module_name_type", kind=kind, type=_text(module, name))
    if "." in name:
        raise TorchError("module_name_dot" if kind != "module" else "module_name_dot_got", kind=kind, name=name)
    if name == "":
        raise TorchError("module_name_empty", kind=kind)
    if has_attribute(module, name) and name not in table:
        raise TorchError("module_name_taken", name=name)


def assign(self: "Module", name: str, value: Any) -> None:
    """``module.name = value``: parameters and modules are kept as such, and are replaced by their like or None."""
    parameters, children, buffers = self.parameter_table, self.child_table, self.buffer_table
    if is_parameter(value):
        if name in self.computed:
            raise LimitError(f"an assignment to `{name}`, which is computed")
        if name in type(self).METHODS:
            raise TorchError("module_name_taken", name=name)
        _forget(name, self.others, buffers, children)
        parameters[name] = value
        setattr(self, name, value)
    elif name in parameters:
        _refuse(self, "parameter", name, value, "torch.nn.Parameter")
        parameters[name] = None
    elif is_module(value):
        _forget(name, self.others, buffers)
        children[name] = value
    elif name in children:
        _refuse(self, "child module", name, value, "torch.nn.Module")
        children[name] = None
    elif name in buffers:
        if not isinstance(value, Tensor):
            wanted = "torch.nn.Buffer, torch.Tensor" if self.session.dialect == NEWEST else "torch.Tensor"
            _refuse(self, "buffer", name, value, wanted)
        buffers[name] = value
    elif name in self.computed:
        raise LimitError(f"an assignment to `{name}`, which is computed")
    elif name in type(self).ATTRIBUTES and hasattr(self, name):
        setattr(self, name, value)
    else:
        self.others[name] = value


def _forget(name: str, *tables: dict[str, Any]) -> None:
    for table in tables:
        table.pop(name, None)


def _refuse(module: "Module", kind: str, name: str, value: Any, wanted: str) -> None:
    if value is not None:
        raise TorchError("module_assign", value=_text(module, value), kind=kind, name=name, wanted=wanted)


def get_submodule(self: "Module", target: str) -> "Module":
    """Return the module that a dotted name leads to."""
    found = self
    for name in target.split(".") if target else ():
        inner = _attribute(found, name)
        if not is_module(inner):
            raise TorchError("module_lacks_kind", name=name, kind="an nn.Module")
        found = inner
    return found


def get_parameter(self: "Module", target: str) -> Tensor:
    """Return the parameter that a dotted name leads to."""
    path, _, name = target.rpartition(".")
    found = _attribute(get_submodule(self, path), name)
    if not is_parameter(found):
        raise TorchError("module_lacks_kind", name=name, kind="an nn.Parameter")
    made: Tensor = found
    return made


def get_buffer(self: "Module", target: str) -> Tensor | None:
    """Return the buffer that a dotted name leads to."""
    path, _, name = target.rpartition(".")
    owner = get_submodule(self, path)
    _attribute(owner, name)
    if name not in owner.buffer_table:
        raise TorchError("module_lacks_kind", name=name, kind="a buffer")
    return owner.buffer_table[name]


def has_attribute(module: "Module", name: str) -> bool:
    """Whether ``module.name`` is something, if only a method."""
    kind = type(module)
    declared = name in kind.METHODS or (name in kind.ATTRIBUTES and hasattr(module, name))
    return declared or module.find(name) is not module


def _attribute(module: "Module", name: str) -> Any:
    if not has_attribute(module, name):
        raise TorchError("module_lacks", module=type(module).__name__, name=name)
    reader = type(module).ATTRIBUTES.get(name)
    return reader(module.session, module) if reader is not None else module.find(name)


def is_parameter(value: Any) -> bool:
    """Whether a value is an ``nn.Parameter``."""
    return isinstance(value, Tensor) and value.meta is not None and value.meta.parameter


def is_module(value: Any) -> bool:
    """Whether a value is a module."""
    from detachsim.ops.nn.base import Module

    return isinstance(value, Module)


def _text(module: "Module", value: Any) -> str:
    return type_text(value, module.session.dialect)


FUNCTIONS = (
    register_buffer,
    register_parameter,
    add_module,
    register_module,
    get_submodule,
    get_parameter,
    get_buffer,
)
for _function in FUNCTIONS:
    _function.__qualname__ = f"Module.{_function.__name__}"

METHODS = {function.__name__: method(function) for function in FUNCTIONS}
