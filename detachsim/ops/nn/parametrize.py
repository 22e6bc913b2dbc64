"""Weights that a module computes from other tensors whenever they are read: ``torch.nn.utils.parametrizations``."""

from collections.abc import Mapping
from typing import Any

from detachsim.engine.dialects import NEWEST, dialects_back_to
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn.base import Module, build
from detachsim.ops.nn.containers import ModuleDict, ModuleList
from detachsim.ops.nn.registering import is_parameter


class ParametrizationList(ModuleList):
    """What computes one weight, with the tensors that it is computed from."""

    originals: tuple[str, ...] = ()

    def forward(self) -> Any:
        """Compute the weight."""
        return next(iter(self)).call(self.session, tuple(self.held(name) for name in self.originals), {})


def require_parametrizations(session: Session, name: str, oldest: str) -> None:
    """Refuse a function that the dialect does not have yet; ``oldest`` is the first that has it."""
    if oldest in dialects_back_to(session.dialect)[:-1] or (oldest == NEWEST != session.dialect):
        text = f"module 'torch.nn.utils.parametrizations' has no attribute '{name}'"
        raise TorchError("python", type="AttributeError", text=text)


def register_parametrization(
    session: Session, module: Module, name: str, parametrization: Module, originals: Mapping[str, Tensor]
) -> Module:
    """Let a weight be computed from ``originals``, by name, whenever it is read."""
    if not isinstance(module.find(name), Tensor):
        raise TorchError("parametrize_missing", module=repr(module), name=name)
    parametrization.train(module.training)
    made = build(session, ParametrizationList, [parametrization])
    made.originals = tuple(originals)
    for key, tensor in originals.items():
        (made.parameter_table if is_parameter(tensor) else made.buffer_table)[key] = tensor
    made.call(session, (), {})  # a look at what it gives, which may move what it keeps
    for table in (module.parameter_table, module.buffer_table):
        table.pop(name, None)
    if "parametrizations" not in module.child_table:
        module.child_table["parametrizations"] = build(session, ModuleDict)
        kind = type(module)
        module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), {"__doc__": kind.__doc__})
    tables: Any = module.child_table["parametrizations"]
    tables.set_item(name, made)
    module.computed[name] = lambda: made.call(session, (), {})
    return module
