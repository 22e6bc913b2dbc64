"""State dicts: a module's parameters and buffers by their dotted names, and taking them over from another module."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.leaves import requires_grad_
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, alias
from detachsim.ops.collections import Dictionary
from detachsim.ops.nn.registering import assign as assign_attribute
from detachsim.ops.nn.registering import is_parameter

if TYPE_CHECKING:
    from detachsim.ops.nn.base import Module


class Loaded:
    """What ``load_state_dict`` returns."""

    type_name = "_IncompatibleKeys"

    def __init__(self, missing: list[str], unexpected: list[str]) -> None:
        self.missing, self.unexpected = missing, unexpected

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {
        "missing_keys": lambda session, loaded: loaded.missing,
        "unexpected_keys": lambda session, loaded: loaded.unexpected,
    }
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __repr__(self) -> str:
        if not self.missing and not self.unexpected:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing}, unexpected_keys={self.unexpected})"


class StateDict(Dictionary):
    """A state dict, which knows the format of each module whose tensors it holds."""

    __slots__ = ("versions",)

    def __init__(self, table: dict[str, Tensor], versions: dict[str, int]) -> None:
        super().__init__(table, "OrderedDict")
        self.versions = versions


def state_dict(module: "Module", *, prefix: str = "", keep_vars: bool = False) -> StateDict:
    """Return all parameters and buffers: themselves, or each detached: the same memory, the same counter."""
    return StateDict(
        {prefix + name: tensor if keep_vars else alias(tensor, tensor.array) for name, tensor, _ in _entries(module)},
        {prefix + path: owner.state_version for path, owner in module.walk()},
    )


state_dict.__qualname__ = "Module.state_dict"


def load_state_dict(module: "Module", state_dict: Any, strict: bool = True, assign: bool | None = None) -> Loaded:
    """Copy the values of a state dict into a module's own tensors; names that do not match are an error.

    With ``assign``, the values themselves become the module's.
    """
    if assign is not None and module.session.dialect != NEWEST:
        text = "Module.load_state_dict() got an unexpected keyword argument 'assign'"
        raise TorchError("python", type="TypeError", text=text)
    if not isinstance(state_dict, Dictionary):
        raise TorchError("state_dict_type", type=_class_text(state_dict))
    entries = _entries(module)
    table = state_dict.table
    names = {name for name, _, _ in entries}
    newer = _newer_names(module, getattr(state_dict, "versions", {}))
    missing = [name for name, _, _ in entries if name not in table and name not in newer]
    unexpected = [name for name in table if name not in names]
    problems = []
    with module.session.grad_mode(False):
        for name, tensor, owner in entries:
            if name not in table:
                continue
            value = table[name]
            if not isinstance(value, Tensor):
                problems.append(
                    f'While copying the parameter named "{name}", expected torch.Tensor or Tensor-like object from '
                    f"checkpoint but received {_class_text(value)}"
                )
            elif value.shape != tensor.shape:
                problems.append(
                    f"size mismatch for {name}: copying a param with shape torch.Size({list(value.shape)}) from "
                    f"checkpoint, the shape in current model is torch.Size({list(tensor.shape)})."
                )
            elif assign:
                _take_over(owner, name.rpartition(".")[2], tensor, value)
            else:
                module.session.call("copy_", tensor, value)
    if strict:
        for what, found in (("Unexpected", unexpected), ("Missing", missing)):
            if found:
                listed = ", ".join(f'"{name}"' for name in found)
                problems.insert(0, f"{what} key(s) in state_dict: {listed}. ")
    if problems:
        raise TorchError("state_dict", module=type(module).__name__, problems="\n\t".join(problems))
    return Loaded(missing, unexpected)


load_state_dict.__qualname__ = "Module.load_state_dict"


def _take_over(owner: "Module", name: str, tensor: Tensor, value: Tensor) -> None:
    """Let a value be a module's own, as a parameter in the place of one."""
    from detachsim.ops.nn.base import parameter

    if is_parameter(tensor):
        if is_parameter(value):
            requires_grad_(owner.session, value, tensor.requires)
        else:
            value = parameter(value, tensor.requires)
    assign_attribute(owner, name, value)


def _entries(module: "Module") -> list[tuple[str, Tensor, "Module"]]:
    """Return parameters and buffers by name, in the order of the modules, each with the one that it belongs to.

    One that is shared comes under each name.
    """
    return [
        (f"{path}.{name}" if path else name, tensor, owner)
        for path, owner in module.walk()
        for name, tensor in (*owner.parameter_table.items(), *owner.buffer_table.items())
        if tensor is not None and name not in owner.transient
    ]


def _newer_names(module: "Module", versions: dict[str, int]) -> set[str]:
    """Return the names that a state dict may lack, since its format is older than they are."""
    return {
        f"{path}.{name}" if path else name
        for path, owner in module.walk()
        if versions.get(path, 0) < owner.state_version
        for name in owner.newer_state
    }


def _class_text(value: Any) -> str:
    name = type(value).__name__
    return "<class 'torch.Tensor'>" if isinstance(value, Tensor) else f"<class '{name}'>"
