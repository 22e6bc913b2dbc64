"""The hooks of modules: functions that are called before and after a module runs, forward or backward."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.hooks import HookHandle
from detachsim.engine.node_hooks import register_after
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import grad_fn, requires_grad
from detachsim.ops.collections import Dictionary, items_of
from detachsim.ops.module_hooks import handed_over
from detachsim.ops.python_calls import call_given, method

if TYPE_CHECKING:
    from detachsim.ops.nn.base import Module


class Hook:
    """A hook, and how it wants to be called."""

    __slots__ = ("always", "function", "with_kwargs")

    def __init__(self, function: Any, *, with_kwargs: bool = False, always: bool = False) -> None:
        self.function, self.with_kwargs, self.always = function, with_kwargs, always

    def call(self, *args: Any) -> Any:
        """Call it; what is no function is refused only now, as by Python."""
        return call_given(self.function, *args)


class Hooks:
    """The hooks of one module: before and after it runs, and before and after its backward pass."""

    def __init__(self) -> None:
        self.before: list[Hook] = []
        self.after: list[Hook] = []
        self.backward_before: list[Hook] = []
        self.backward: list[Hook] = []
        # Whether the backward hooks are full ones, once there are any.
        self.full: bool | None = None

    def __bool__(self) -> bool:
        return bool(self.before or self.after or self.backward_before or self.backward)


def _add(hooks: list[Hook], hook: Hook, prepend: bool) -> HookHandle:
    hooks.insert(0 if prepend else len(hooks), hook)
    return HookHandle(hooks, hook)


def register_forward_hook(
    module: "Module", hook: Any, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
) -> HookHandle:
    """Let a function be called with the module, its arguments and its result."""
    return _add(module.hooks.after, Hook(hook, with_kwargs=with_kwargs, always=always_call), prepend)


def register_forward_pre_hook(
    module: "Module", hook: Any, *, prepend: bool = False, with_kwargs: bool = False
) -> HookHandle:
    """Let a function be called with the module and its arguments."""
    return _add(module.hooks.before, Hook(hook, with_kwargs=with_kwargs), prepend)


def register_full_backward_hook(module: "Module", hook: Any, prepend: bool = False) -> HookHandle:
    """Let a function be called with the module, the gradients of its inputs and those of its outputs."""
    if module.hooks.full is False:
        raise TorchError("module_hooks_mixed")
    module.hooks.full = True
    return _add(module.hooks.backward, Hook(hook), prepend)


def register_full_backward_pre_hook(module: "Module", hook: Any, prepend: bool = False) -> HookHandle:
    """Let a function be called with the module and the gradients of its outputs, before its backward pass."""
    return _add(module.hooks.backward_before, Hook(hook), prepend)


def register_backward_hook(module: "Module", hook: Any) -> HookHandle:
    """Let a function be called with the gradients of the last node alone."""
    if module.hooks.full is True:
        raise TorchError("module_hooks_mixed")
    module.hooks.full = False
    return _add(module.hooks.backward, Hook(hook), False)


def _older_forward_hook(module: "Module", hook: Any) -> HookHandle:
    return register_forward_hook(module, hook)


def _older_forward_pre_hook(module: "Module", hook: Any) -> HookHandle:
    return register_forward_pre_hook(module, hook)


def _older_full_backward_hook(module: "Module", hook: Any) -> HookHandle:
    return register_full_backward_hook(module, hook)


def _by_dialect(newer: Callable[..., Any], older: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return a method whose keywords older dialects don't know, or (``None``) which they don't have."""
    name = newer.__name__
    if older is not None:
        older.__qualname__ = f"Module.{name}"
    newer.__qualname__ = f"Module.{name}"

    def call(session: Session, module: "Module", *args: Any, **kwargs: Any) -> Any:
        if session.dialect == NEWEST:
            return method(newer)(session, module, *args, **kwargs)
        if older is None:
            text = f"'{type(module).__name__}' object has no attribute '{name}'"
            raise TorchError("python", type="AttributeError", text=text)
        return method(older)(session, module, *args, **kwargs)

    return call


register_backward_hook.__qualname__ = "Module.register_backward_hook"
METHODS = {
    "register_forward_hook": _by_dialect(register_forward_hook, _older_forward_hook),
    "register_forward_pre_hook": _by_dialect(register_forward_pre_hook, _older_forward_pre_hook),
    "register_full_backward_hook": _by_dialect(register_full_backward_hook, _older_full_backward_hook),
    "register_full_backward_pre_hook": _by_dialect(register_full_backward_pre_hook, None),
    "register_backward_hook": method(register_backward_hook),
}


# Running a module between them


def call_hooked(module: "Module", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run a module between its hooks: what one returns replaces the arguments, or the result."""
    called: set[int] = set()
    given, named, result = tuple(args), dict(kwargs), None
    try:
        given, named = _called_before(module, given, named)
        full = None
        if (module.hooks.backward and module.hooks.full) or module.hooks.backward_before:
            full = FullHooks(module)
            given = full.take(given)
        result = module.run(given, named)
        for hook in list(module.hooks.after):
            called.add(id(hook))
            result = _called_after(hook, module, given, named, result)
        if full is not None:
            result = full.give(result)
        if module.hooks.backward and not module.hooks.full:
            _hook_last_node(module, given, result)
        return result
    except TorchError:
        for hook in list(module.hooks.after):
            if hook.always and id(hook) not in called:
                try:
                    result = _called_after(hook, module, given, named, result)
                except TorchError as error:
                    text = error.spell(module.session.dialect)[1]
                    module.session.warn("module_hook_silenced", text=text)
        raise


def _called_before(
    module: "Module", given: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    for hook in list(module.hooks.before):
        if hook.with_kwargs:
            changed = hook.call(module, given, Dictionary(named))
            if changed is None:
                continue
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise TorchError("module_pre_hook", found=repr(changed))
            given = tuple(items_of(changed[0]) or ())
            named = changed[1].table if isinstance(changed[1], Dictionary) else named
        else:
            changed = hook.call(module, given)
            if changed is not None:
                given = changed if isinstance(changed, tuple) else (changed,)
    return given, named


def _called_after(hook: Hook, module: "Module", given: tuple[Any, ...], named: dict[str, Any], result: Any) -> Any:
    extra = (Dictionary(named),) if hook.with_kwargs else ()
    changed = hook.call(module, given, *extra, result)
    return result if changed is None else changed


class FullHooks:
    """The backward hooks of one run of a module: what it took and gave meets in two nodes."""

    def __init__(self, module: "Module") -> None:
        self.module = module
        self.hooks = list(module.hooks.backward) if module.hooks.full else []
        self.before = list(module.hooks.backward_before)
        self.arrived: Any = None
        self.inputs: list[Any] = []
        self.input_places: list[int] | None = None
        self.outputs = 0
        self.output_places: list[int] = []

    def take(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments as the module is to see them."""
        self.inputs = list(given)
        made = self._handed_over(given, self._after_inputs)
        if made is None:
            return given
        self.input_places = [place for place, value in enumerate(given) if isinstance(value, Tensor)]
        return made

    def give(self, result: Any) -> Any:
        """Return the result as the caller is to see it."""
        if not isinstance(result, (Tensor, tuple)):
            self.module.session.warn("module_hook_result", type=type(result).__name__)
        given = result if isinstance(result, tuple) else (result,)
        self.outputs = len(given)
        self.output_places = [place for place, value in enumerate(given) if isinstance(value, Tensor)]
        made = self._handed_over(given, self._after_outputs)
        if made is None:
            return result
        return made if isinstance(result, tuple) else made[0]

    def _handed_over(self, values: tuple[Any, ...], hook: Callable[..., Any]) -> tuple[Any, ...] | None:
        session = self.module.session
        tensors = [value for value in values if isinstance(value, Tensor)]
        if not session.grad_enabled or not any(map(requires_grad, tensors)):
            return None
        made, node = handed_over(session, tensors)
        register_after(node, hook, "hook")
        following = iter(made)
        return tuple(next(following) if isinstance(value, Tensor) else value for value in values)

    def _after_outputs(self, given: tuple[Any, ...], arrived: tuple[Any, ...]) -> Any:
        """Keep the gradients of the outputs for the hooks, which may be called right now."""
        self.arrived = _spread(self.output_places, arrived, self.outputs)
        for hook in self.before:
            changed = hook.call(self.module, self.arrived)
            if changed is None:
                continue
            found = _length(changed)
            if found != self.outputs:
                raise TorchError("module_backward_pre_count", found=found, expected=self.outputs)
            self.arrived = changed
        arrived_now = self.arrived
        if self.input_places is None:
            if self.module.session.dialect == NEWEST:
                self.module.session.warn("module_hook_outputs_alone")
            for hook in self.hooks:
                changed = hook.call(self.module, (None,) * len(self.inputs), self.arrived)
                if changed is not None and not (isinstance(changed, tuple) and all(one is None for one in changed)):
                    raise TorchError("module_hook_not_none")
            self.arrived = None
        return self._picked(arrived_now, self.output_places)

    def _after_inputs(self, given: tuple[Any, ...], arrived: tuple[Any, ...]) -> Any:
        """Call the hooks with the gradients of inputs and outputs."""
        if self.arrived is None:
            # The gradient came to the inputs by another way than through the outputs.
            return None
        assert self.input_places is not None
        seen: Any = _spread(self.input_places, [self._filled(*pair) for pair in enumerate(given)], len(self.inputs))
        for hook in self.hooks:
            changed = hook.call(self.module, seen, self.arrived)
            if changed is None:
                continue
            found = _length(changed)
            if found != len(self.inputs):
                raise TorchError("module_backward_count", found=found, expected=len(self.inputs))
            seen = changed
        self.arrived = None
        picked = self._picked(seen, self.input_places)
        return tuple(
            None if none is None and self._is_filled(place) else one
            for place, (one, none) in enumerate(zip(picked, given, strict=True))
        )

    def _is_filled(self, place: int) -> bool:
        assert self.input_places is not None
        return not requires_grad(self.inputs[self.input_places[place]])

    def _filled(self, place: int, gradient: Any) -> Any:
        """Return a gradient; zeros for a tensor that needs none."""
        if gradient is not None or not self._is_filled(place):
            return gradient
        assert self.input_places is not None
        with self.module.session.unrecorded():
            return self.module.session.call("zeros_like", self.inputs[self.input_places[place]])

    def _picked(self, values: Any, places: list[int]) -> tuple[Any, ...]:
        if isinstance(values, Tensor):
            return tuple(self.module.session.call("getitem", values, place) for place in places)
        items = list(values)
        return tuple(items[place] for place in places)


def _spread(places: Sequence[int], values: Sequence[Any], count: int) -> tuple[Any, ...]:
    """Return a tuple with values at places, else ``None``."""
    found = dict(zip(places, values, strict=True))
    return tuple(found.get(place) for place in range(count))


def _length(value: Any) -> int:
    if isinstance(value, Tensor) and value.array.ndim:
        return value.shape[0]
    if isinstance(value, Tensor):
        raise TorchError("python", type="TypeError", text="len() of a 0-d tensor")
    try:
        return len(value)
    except TypeError as error:
        raise TorchError("python", type="TypeError", text=str(error)) from None


# Hooks on the last node alone


def _hook_last_node(module: "Module", given: tuple[Any, ...], result: Any) -> None:
    first = result
    while not isinstance(first, Tensor):
        first = first[0]
    node = grad_fn(module.session, first)
    if node is None:
        return
    for hook in list(module.hooks.backward):
        name = getattr(hook.function, "name", "")
        register_after(node, lambda inputs, outputs, hook=hook: hook.call(module, inputs, outputs), name)
    key = _missing(module.session, given, result, node)
    if key:
        module.session.warn(key)


def _missing(session: Session, given: tuple[Any, ...], result: Any, node: Any) -> str:
    """Return the key of the warning about what such a hook will not see; empty where it sees everything."""
    results = (result,) if isinstance(result, Tensor) else result
    if not all(isinstance(one, Tensor) for one in results):
        return "module_hook_outputs"
    if not all(isinstance(one, Tensor) for one in given):
        return "module_hook_inputs"
    nodes = {found for one in results if (found := grad_fn(session, one)) is not None}
    if nodes != {node} and len(nodes) < 2:
        return "module_hook_nested"
    if len(nodes) > 1:
        return "module_hook_several"
    before = {found for one in given if (found := grad_fn(session, one)) is not None}
    return "" if before == set(node.next) else "module_hook_inner"
