"""Copies of modules: as deep as they go, so that nothing is shared with the one that was copied."""

from copy import copy
from typing import Any

from detachsim.engine.dtypes import cast
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.nn.base import Module, parameter
from detachsim.ops.nn.registering import is_parameter


def deep_copy(module: Module, known: dict[int, Any] | None = None) -> Module:
    """Return a copy with parameters, buffers and modules of its own; what stood twice in the module does so again."""
    known = {} if known is None else known
    if id(module) in known:
        found: Module = known[id(module)]
        return found
    made = known[id(module)] = copy(module)
    made.hooks, made.transient, made.others = copy(module.hooks), set(module.transient), dict(module.others)
    for name in ("parameter_table", "buffer_table"):
        table = getattr(module, name)
        setattr(made, name, {key: None if value is None else _copied(value, known) for key, value in table.items()})
    made.child_table = {
        key: None if child is None else deep_copy(child, known) for key, child in module.child_table.items()
    }
    return made


def _copied(tensor: Tensor, known: dict[int, Any]) -> Tensor:
    if id(tensor) not in known:
        made = fresh(cast(tensor.array, tensor.dtype, tensor.dtype).copy(), tensor.dtype)
        known[id(tensor)] = parameter(made, tensor.requires) if is_parameter(tensor) else made
    found: Tensor = known[id(tensor)]
    return found
