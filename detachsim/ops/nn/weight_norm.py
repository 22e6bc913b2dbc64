"""``torch.nn.utils.weight_norm``, the old one and that of ``parametrizations``: a weight as length and direction.

Each function takes the session first.
"""

from collections.abc import Callable
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, alias, new_version
from detachsim.ops.nn.base import Module, build, parameter
from detachsim.ops.nn.hooks import Hook
from detachsim.ops.nn.parametrize import register_parametrization, require_parametrizations
from detachsim.ops.nn.registering import register_parameter
from detachsim.ops.python_calls import function

# The names under which lengths, directions and what computes from them are kept.
NAMES = ("weight_g", "weight_v", "original0", "original1", "parametrizations")


class WeightNorm:
    """The hook of the old ``weight_norm``, which computes the weight anew before each run."""

    def __init__(self, name: str, dim: int) -> None:
        self.name, self.dim = name, dim

    def weight(self, module: Module) -> Any:
        """Return the weight that length and direction make."""
        length, direction = (module.held(f"{self.name}_{part}") for part in "gv")
        return module.session.call("_weight_norm", direction, length, self.dim)

    def call(self, module: Module, given: Any) -> None:
        """Give the module its weight."""
        module.assign(self.name, self.weight(module))


def _data(tensor: Tensor) -> Tensor:
    """Return ``tensor.data``."""
    return alias(tensor, tensor.array, version=new_version())


def _norms(session: Session, weight: Tensor, dim: int) -> Any:
    with session.grad_mode(False):
        return session.call("norm_except_dim", weight, 2, dim)


def _find(module: Module, name: str) -> Hook | None:
    hooks = module.hooks.before
    return next((hook for hook in hooks if isinstance(hook.function, WeightNorm) and hook.function.name == name), None)


def weight_norm(session: Session, module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Let a weight be computed from a length and a direction, which are parameters instead of it."""
    if session.dialect == NEWEST:
        session.warn("weight_norm_old")
    if _find(module, name) is not None:
        raise TorchError("weight_norm_twice", name=name)
    hook = WeightNorm(name, -1 if dim is None else dim)
    weight = module.held(name)
    del module.parameter_table[name]
    register_parameter(module, f"{name}_g", parameter(_norms(session, weight, hook.dim)))
    register_parameter(module, f"{name}_v", parameter(_data(weight)))
    hook.call(module, ())
    module.hooks.before.append(Hook(hook))
    return module


def remove_weight_norm(session: Session, module: Any, name: str = "weight") -> Any:
    """Let a weight be a parameter again."""
    found = _find(module, name)
    if found is None:
        raise TorchError("weight_norm_missing", name=name, module=repr(module))
    weight = found.function.weight(module)
    module.others.pop(name, None)
    for part in "gv":
        del module.parameter_table[f"{name}_{part}"]
    module.assign(name, parameter(_data(weight)))
    module.hooks.before.remove(found)
    return module


# As a parametrization


class _WeightNorm(Module):
    """The direction of one tensor with the length of another."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        """Compute the weight."""
        return self.session.call("_weight_norm", weight_v, weight_g, self.dim)


def parametrized_weight_norm(session: Session, module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Let a weight be computed from a length and a direction whenever it is read."""
    require_parametrizations(session, "weight_norm", NEWEST)
    weight = module.find(name)
    if not isinstance(weight, Tensor):
        raise TorchError("parametrize_missing", module=repr(module), name=name)
    norm = build(session, _WeightNorm, dim)
    originals = {
        "original0": parameter(_norms(session, weight, norm.dim)),
        "original1": parameter(session.call("detach", weight)),
    }
    return register_parametrization(session, module, name, norm, originals)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "weight_norm": function(weight_norm),
    "remove_weight_norm": function(remove_weight_norm),
}
PARAMETRIZATIONS: dict[str, Callable[..., Any]] = {"weight_norm": function(parametrized_weight_norm, "weight_norm")}
