"""What all optimizers share: parameter groups, state, gradients that are cleared, and the walk of a step.

What a scenario may read or call is in ``ATTRIBUTES`` and ``METHODS`` of the class.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.calls import truth
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.signatures import REQUIRED
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.collections import Dictionary, Spell, items_of, type_name
from detachsim.ops.nn.homes import type_text
from detachsim.ops.nn.registering import is_parameter
from detachsim.ops.optim.options import bound, check_fused, check_option, in_order, refuse_tensors
from detachsim.ops.optim.state import load_state_dict, state_dict
from detachsim.ops.python_calls import call_given, method

# One edit of a parameter: the op, its arguments after the parameter, and its options.
Edit = tuple[str, tuple[Any, ...], dict[str, Any]]


class Optimizer:
    """``state`` holds what is kept for each parameter from step to step, under PyTorch's names.

    A subclass says in ``edits`` how one parameter changes. It computes there with ops of the table, so that every
    type is rounded as in PyTorch, and yields the edits of the parameter itself: only these are steps of the story.
    """

    session: Session
    # How many steps a schedule of the learning rate has seen; None while there is no schedule.
    steps_seen: int | None = None
    # The options that the constructor checks, in PyTorch's order.
    checked: ClassVar[str] = "lr eps betas weight_decay"
    # The order of ``defaults`` where it is not the constructor's, and what it was in 1.13 where it was another.
    order: ClassVar[str] = ""
    older_order: ClassVar[str] = ""
    # Options that no argument sets.
    fixed: ClassVar[dict[str, Any]] = {}
    # Whether 1.13 counts the steps in a plain number.
    plain_steps: ClassVar[bool] = False
    # What can be recorded for a GPU, and on which devices, as the refusal says it.
    captured: ClassVar[str] = "params and state_steps"
    devices: ClassVar[str] = "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']"
    # The same with ``foreach``, where all parameters are changed together.
    captured_together: ClassVar[str] = ""
    devices_together: ClassVar[str] = "['cuda', 'xpu', 'hpu', 'privateuseone']"
    called: ClassVar[dict[str, str]] = {"step": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = bound(self, args, kwargs)
        params = given.pop("params")
        self.check(given)
        newest = self.session.dialect == NEWEST
        order = self.order if newest else self.older_order or self.order
        self._begin(params, in_order(given | self.fixed if newest else given, order))
        check_fused(self.session, self.defaults.table)

    def check(self, options: dict[str, Any]) -> None:
        """Refuse options that cannot be; what the optimizer keeps in another form is exchanged."""
        for name in self.checked.split():
            check_option(self.session, name, options[name])
        refuse_tensors(options)

    def _begin(self, params: Any, defaults: dict[str, Any]) -> None:
        """Take in the parameters, and what their groups have unless they say otherwise."""
        if isinstance(params, Tensor):
            raise TorchError("optimizer_tensor", type=f"torch.{params.dtype.scalar}Tensor")
        items = listed(params)
        if not items:
            raise TorchError("optimizer_empty")
        self.defaults = Dictionary(defaults)
        self.param_groups: list[Dictionary] = []
        self.state = Dictionary({}, "defaultdict")
        for group in items if isinstance(items[0], Dictionary) else [Dictionary({"params": items})]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Any) -> None:
        """Take a group of parameters in, with options of its own and the optimizer's for the others."""
        old = self.session.dialect != NEWEST
        if not isinstance(param_group, Dictionary):
            raise TorchError("optimizer_group", type=_class_text(param_group))
        group = param_group.table
        params = param_group.get_item("params")
        items = [params] if isinstance(params, Tensor) else listed(params)
        named = [item for item in items if isinstance(item, tuple) and len(item) == 2 and not old]
        if named and len(named) < len(items):
            raise TorchError("optimizer_names")
        tensors = group["params"] = [tensor for _, tensor in named] if named else items
        if named:
            group["param_names"] = [name for name, _ in named]
        for tensor in tensors:
            self._check_parameter(tensor)
        for name, value in self.defaults.table.items():
            group.setdefault(name, value)
        if group["lr"] is REQUIRED:
            raise TorchError("optimizer_no_lr")
        if len(set(tensors)) < len(tensors):
            self.session.warn("optimizer_duplicates")
        for other in self.param_groups:
            if ("param_names" in group) != ("param_names" in other.table):
                raise TorchError("optimizer_groups_named", which="with" if named else "without")
        if any(not set(tensors).isdisjoint(other.table["params"]) for other in self.param_groups):
            raise TorchError("optimizer_groups_share")
        self.param_groups.append(param_group)

    def _check_parameter(self, tensor: Any) -> None:
        if not isinstance(tensor, Tensor):
            raise TorchError("optimizer_type", type=type_text(tensor, self.session.dialect))
        if tensor.node is not None and not (tensor.meta is not None and tensor.meta.retain_hooked):
            raise TorchError("optimizer_nonleaf")

    def spelled(self, spell: Spell) -> str:
        """Return ``repr`` of it."""
        lines = [f"{type(self).__name__} ("]
        for index, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {index}")
            for key in _sorted_keys(group):
                if key != "params":
                    lines.append(f"    {_formatted(key, spell)}: {_formatted(group.table[key], spell)}")
            lines.append("")
        lines[-1] = ")"
        return "\n".join(lines)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Take the gradients of all parameters away, or set them to zero."""
        for group in self.param_groups:
            for tensor in group.table["params"]:
                clear_gradient(self.session, tensor, set_to_none)

    def step(self, closure: Any = None) -> Any:
        """Change every parameter that has a gradient."""
        session = self.session
        if self.steps_seen is not None:
            self.steps_seen += 1
        loss = None
        if closure is not None:
            with session.grad_mode(True):
                loss = call_given(closure)
        with session.grad_mode(bool(self.defaults.table.get("differentiable"))):
            for group in self.param_groups:
                self.gather(group.table["params"])
                for tensor in group.table["params"]:
                    if tensor.grad is not None:
                        self._change(tensor, tensor.grad, group.table)
        return loss

    def _change(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> None:
        """Run the edits of one parameter; nothing is recorded but them."""
        session, facts = self.session, self.session.facts
        with session.unrecorded():
            if options.get("maximize"):
                gradient = session.call("neg", gradient)
            for op, arguments, given in self.edits(tensor, gradient, options):
                if options.get("fused"):
                    self._edit_uncounted(tensor, facts, op, *arguments, **given)
                    continue
                session.facts = facts
                session.call(op, tensor, *arguments, **given)
                session.facts = None

    def _edit_uncounted(self, tensor: Tensor, facts: Any, op: str, *arguments: Any, **given: Any) -> None:
        """Edit a parameter as PyTorch's fused kernels do: its version stays."""
        version = tensor.version.value
        self.session.call(op, tensor, *arguments, **given)
        tensor.version.value = version
        if facts is not None:
            row = self.session.library.find(op).ops[0]
            read = [value for value in arguments if isinstance(value, Tensor)]
            facts.append(("edit", row, [tensor, *read], version, version, None))

    def gather(self, tensors: list[Tensor]) -> None:
        """Look up what a step needs before it begins, since a parameter may be among ``tensors`` twice."""

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield the edits that change one parameter."""
        raise NotImplementedError

    def kept(self, tensor: Tensor, **zeros: Any) -> dict[str, Any]:
        """Return what is kept for a parameter; at first, ``step`` and the given names, each filled with its number.

        A tensor is kept as it is.
        """
        entry: dict[str, Any] = self.state.get_item(tensor).table
        if not entry:
            plain = self.plain_steps and self.session.dialect != NEWEST
            entry["step"] = 0 if plain else fresh(np.zeros((), np.float32), dtypes.float32)
            for name, value in zeros.items():
                entry[name] = value if isinstance(value, Tensor) else self.session.call("full_like", tensor, value)
        return entry

    def advanced(self, entry: dict[str, Any], options: dict[str, Any]) -> float:
        """Count one more step, and return how many there were; refuse to be recorded for a GPU."""
        if options.get("capturable"):
            together = options.get("foreach")
            tensors = self.captured_together if together else self.captured
            devices = self.devices_together if together else self.devices
            raise TorchError("optimizer_capturable", tensors=tensors or self.captured, devices=devices)
        if isinstance(entry["step"], int):
            entry["step"] += 1
            return float(entry["step"])
        self.session.call("add_", entry["step"], 1)
        return float(entry["step"].array)

    def decayed(self, tensor: Tensor, gradient: Tensor, weight_decay: float) -> Tensor:
        """Return the gradient with the parameter's share of it."""
        if weight_decay == 0:
            return gradient
        made: Tensor = self.session.call("add", gradient, tensor, alpha=weight_decay)
        return made

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {
        "param_groups": lambda session, optimizer: optimizer.param_groups,
        "state": lambda session, optimizer: optimizer.state,
        "defaults": lambda session, optimizer: optimizer.defaults,
    }
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {}


def _zero_grad(session: Session, optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
    # Up to 1.13 the gradients stayed, and became zeros.
    if not args and not kwargs and session.dialect != NEWEST:
        kwargs = {"set_to_none": False}
    method(Optimizer.zero_grad)(session, optimizer, *args, **kwargs)


Optimizer.METHODS = {
    "step": method(Optimizer.step),
    "zero_grad": _zero_grad,
    "add_param_group": method(Optimizer.add_param_group),
    "state_dict": method(state_dict),
    "load_state_dict": method(load_state_dict),
}


def listed(values: Any) -> list[Any]:
    """Return the items of what can be iterated."""
    items = items_of(values)
    if items is None:
        text = f"'{type_name(values)}' object is not iterable"
        raise TorchError("python", type="TypeError", text=text)
    return items


def _class_text(value: Any) -> str:
    """Return the text of a value's type."""
    if isinstance(value, Tensor):
        return f"<class '{'torch.nn.parameter.Parameter' if is_parameter(value) else 'torch.Tensor'}'>"
    return f"<class '{type_name(value)}'>"


def clear_gradient(session: Session, tensor: Tensor, set_to_none: bool) -> None:
    """Take one gradient away, or cut it from its graph and set it to zero."""
    gradient = tensor.grad
    if gradient is None or tensor.meta is None:
        return
    if truth(set_to_none):
        tensor.meta.grad = None
        if session.facts is not None:
            session.facts.append(("flag", tensor, "grad", "None"))
        return
    gradient.node = None
    gradient.requires = False
    session.call("zero_", gradient)


def _sorted_keys(group: Dictionary) -> list[Any]:
    try:
        return sorted(group.table)
    except TypeError as error:  # a scenario may put keys of any type there
        raise TorchError("python", type="TypeError", text=str(error)) from None


def _formatted(value: Any, spell: Spell) -> str:
    """Return what an f-string makes of a value."""
    if isinstance(value, Tensor) and value.array.ndim == 0 and not is_parameter(value):
        return str(value.array.item())
    return value if isinstance(value, str) else spell(value)
