"""State dicts: a module's parameters and buffers by their dotted names, and taking them over from another module."""

from typing import TYPE_CHECKING, Any

from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor, alias
from detachsim.ops.collections import Dictionary

if TYPE_CHECKING:
    from detachsim.ops.nn.base import Module


class Loaded:
    """What ``load_state_dict`` returns."""

    type_name = "_IncompatibleKeys"

    def __init__(self, missing: list[str], unexpected: list[str]) -> None:
        self.missing, self.unexpected = missing, unexpected

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


def state_dict(module: "Module") -> StateDict:
    """Return all parameters and buffers, each detached: the same memory, the same counter."""
    return StateDict(
        {name: alias(tensor, tensor.array) for name, tensor in _entries(module)},
        {path: owner.state_version for path, owner in module.walk()},
    )


def load_state_dict(module: "Module", state_dict: Any, strict: bool = True) -> Loaded:
    """Copy the values of a state dict into a module's own tensors; names that do not match are an error."""
    if not isinstance(state_dict, Dictionary):
        raise TorchError("state_dict_type", type=_class_text(state_dict))
    entries = _entries(module)
    table = state_dict.table
    names = {name for name, _ in entries}
    newer = _newer_names(module, getattr(state_dict, "versions", {}))
    missing = [name for name, _ in entries if name not in table and name not in newer]
    unexpected = [name for name in table if name not in names]
    problems = []
    with module.session.grad_mode(False):
        for name, tensor in entries:
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


def _entries(module: "Module") -> list[tuple[str, Tensor]]:
    """Return parameters and buffers by name, in the order of the modules; one that is shared comes under each name."""
    return [
        (f"{path}.{name}" if path else name, tensor)
        for path, owner in module.walk()
        for name, tensor in (*owner.parameter_table.items(), *owner.buffer_table.items())
        if tensor is not None
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
