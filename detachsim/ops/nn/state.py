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


def state_dict(module: "Module") -> Dictionary:
    """Return all parameters and buffers, each detached: the same memory, the same counter."""
    return Dictionary(
        {name: alias(tensor, tensor.array) for name, tensor in _entries(module)},
        "OrderedDict",
    )


def load_state_dict(module: "Module", state_dict: Any, strict: bool = True) -> Loaded:
    """Copy the values of a state dict into a module's own tensors; names that do not match are an error."""
    if not isinstance(state_dict, Dictionary):
        raise TorchError("state_dict_type", type=_class_text(state_dict))
    entries = _entries(module)
    table = state_dict.table
    names = {name for name, _ in entries}
    missing = [name for name, _ in entries if name not in table]
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


def _entries(module: "Module") -> list[tuple[str, Tensor]]:
    """Return parameters and buffers by name, in the order of the modules; one that is shared comes under each name."""
    return [
        (f"{path}.{name}" if path else name, tensor)
        for path, owner in module.walk()
        for name, tensor in (*owner.parameter_table.items(), *owner.buffer_table.items())
        if tensor is not None
    ]


def _class_text(value: Any) -> str:
    name = type(value).__name__
    return "<class 'torch.Tensor'>" if isinstance(value, Tensor) else f"<class '{name}'>"
