"""The state dicts of optimizers: what is kept for each parameter, under numbers, and the options of the groups."""

from itertools import chain
from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import Dictionary, type_name

if TYPE_CHECKING:
    from detachsim.ops.optim.base import Optimizer


def state_dict(self: "Optimizer") -> Dictionary:
    """Return state and options with the parameters' numbers instead of themselves."""
    numbers: dict[Tensor, int] = {}
    groups = []
    for group in self.param_groups:
        for tensor in group.table["params"]:
            numbers.setdefault(tensor, len(numbers))
        kept = {key: value for key, value in group.table.items() if key != "params"}
        groups.append(Dictionary({**kept, "params": [numbers[tensor] for tensor in group.table["params"]]}))
    state = {numbers[tensor]: entry for tensor, entry in self.state.table.items()}
    return Dictionary({"state": Dictionary(state), "param_groups": groups})


def load_state_dict(self: "Optimizer", state_dict: Any) -> None:
    """Take state and options over from a state dict; tensors of the parameters' own type are shared with it."""
    if not isinstance(state_dict, Dictionary):
        kind, new = type_name(state_dict), self.session.dialect == NEWEST
        text = f"'{kind}' object has no attribute 'copy'" if new else f"'{kind}' object is not subscriptable"
        raise TorchError("python", type="AttributeError" if new else "TypeError", text=text)
    saved = [_copied(group) for group in state_dict.get_item("param_groups")]
    if len(saved) != len(self.param_groups):
        raise TorchError("optimizer_load_groups")
    mine = [group.table["params"] for group in self.param_groups]
    theirs = [group.table["params"] for group in saved]
    if any(len(one) != len(other) for one, other in zip(mine, theirs, strict=True)):
        raise TorchError("optimizer_load_sizes")
    tensors = dict(zip(chain.from_iterable(theirs), chain.from_iterable(mine), strict=True))
    state = Dictionary({}, "defaultdict")
    for key, entry in state_dict.get_item("state").table.items():
        tensor = tensors.get(key)
        state.table[key if tensor is None else tensor] = entry if tensor is None else _fitted(self, tensor, entry)
    for group, params in zip(saved, mine, strict=True):
        group.table["params"] = params
    # PyTorch has other lists and dictionaries now; whoever holds the old ones no longer sees the steps.
    self.param_groups, self.state = saved, state
    if self.session.dialect != NEWEST:
        self.defaults.table.setdefault("differentiable", False)


load_state_dict.__qualname__ = "Optimizer.load_state_dict"


def _copied(value: Any) -> Any:
    """Return a copy of options, as deep as they go."""
    if isinstance(value, Dictionary):
        return Dictionary({key: _copied(part) for key, part in value.table.items()}, value.kind)
    return list(value) if isinstance(value, list) else value


def _fitted(optimizer: "Optimizer", tensor: Tensor, entry: Any) -> Dictionary:
    """Return what was kept for a parameter, in the parameter's own type but for the count of steps."""
    session: Session = optimizer.session
    made = {}
    for name, value in entry.table.items():
        cast = isinstance(value, Tensor) and name != "step" and tensor.dtype.is_floating
        made[name] = session.call("to", value, tensor.dtype) if cast else value
    return Dictionary(made)
