"""Forward hooks: functions of the scenario that a module calls before and after it runs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detachsim.engine.errors import TorchError
from detachsim.engine.hooks import HookHandle

if TYPE_CHECKING:
    from detachsim.ops.nn.base import Module


def register(hooks: list[Any], hook: Any) -> HookHandle:
    """Add a hook, and return what removes it."""
    entry = (hook,)
    hooks.append(entry)
    return HookHandle(hooks, entry)


def call_hooked(module: "Module", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run a module between its hooks: what one returns replaces the arguments, or the result."""
    given = tuple(args)
    for (hook,) in list(module.pre_hooks):
        changed = _called(hook, module, given)
        if changed is not None:
            given = changed if isinstance(changed, tuple) else (changed,)
    result = module.run(given, kwargs)
    for (hook,) in list(module.hooks):
        changed = _called(hook, module, given, result)
        if changed is not None:
            result = changed
    return result


def _called(hook: Any, *args: Any) -> Any:
    if not hasattr(hook, "call"):
        text = f"'{type(hook).__name__}' object is not callable"
        raise TorchError("python", type="TypeError", text=text)
    return hook.call(*args)
