"""What a scenario may ask of a node: its name, and hooks on it."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.names import class_name, full_name
from detachsim.engine.node import Node
from detachsim.engine.node_hooks import register_after, register_before
from detachsim.engine.session import Session
from detachsim.run.tensors import hook_function

_HOOKS = {"register_hook": register_after, "register_prehook": register_before}

METHODS = frozenset(("name", *_HOOKS))


def bound_method(session: Session, node: Node, name: str) -> Callable[[list[Any], dict[str, Any]], Any]:
    """Return one of the ``METHODS`` of a node; it takes arguments as functions written in C do."""

    def call(args: list[Any], kwargs: dict[str, Any]) -> Any:
        register = _HOOKS.get(name)
        wanted, words = (0, "no arguments") if register is None else (1, "exactly one argument")
        problem = "takes no keyword arguments" if kwargs else f"takes {words} ({len(args)} given)"
        if kwargs or len(args) != wanted:
            text = f"{class_name(session.dialect, node)}.{name}() {problem}"
            raise TorchError("python", type="TypeError", text=text)
        return full_name(session.dialect, node) if register is None else register(node, *hook_function(args[0]))

    return call
