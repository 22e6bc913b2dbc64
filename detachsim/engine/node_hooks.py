"""Hooks on nodes: they see all that a node gets, or also what it gives, as tuples, and may replace it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.hooks import HookHandle, Registered, refuse_other
from detachsim.engine.node import Node, extras
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.gradients import Gradients
    from detachsim.engine.session import Session


def register_before(node: Node, function: Callable[..., Any], name: str) -> HookHandle:
    """Register a function that is called with what a node got, before it runs."""
    return _register(extras(node).before, function, name)


def register_after(node: Node, function: Callable[..., Any], name: str) -> HookHandle:
    """Register a function that is called with what a node gives and what it got, once it ran."""
    return _register(extras(node).after, function, name)


def _register(entries: list[Any], function: Callable[..., Any], name: str) -> HookHandle:
    entry = Registered(function, name)
    entries.append(entry)
    return HookHandle(entries, entry)


def run_hooks_before(
    session: "Session", node: Node, gradients: list[Any], create_graph: bool, memories: "Gradients"
) -> None:
    """Run the hooks that see what a node got, after those of its tensors; changes ``gradients``."""
    assert node.extras is not None
    dtypes = [dtype for _, dtype in node.outputs()]
    for entry in list(node.extras.before):
        arrived = _as_seen(session, gradients, dtypes, create_graph, memories)
        _replace(gradients, arrived, _returned(session, entry, arrived), entry.name, create_graph, memories)


def run_hooks_after(
    session: "Session",
    node: Node,
    gradients: list[Any],
    results: list[Any],
    create_graph: bool,
    memories: "Gradients",
) -> None:
    """Run the hooks that see what a node got and what it gives; changes ``results``."""
    assert node.extras is not None
    got = [dtype for _, dtype in node.outputs()]
    gives = [
        node.dtype if child is None else child.outputs()[number][1]
        for child, number in zip(node.next, node.next_nr, strict=True)
    ]
    for entry in list(node.extras.after):
        arrived = _as_seen(session, gradients, got, create_graph, memories)
        given = _as_seen(session, results, gives, create_graph, memories)
        _replace(results, given, _returned(session, entry, given, arrived), entry.name, create_graph, memories)


def _as_seen(
    session: "Session", gradients: list[Any], dtypes: Sequence[DType], create_graph: bool, memories: "Gradients"
) -> tuple[Any, ...]:
    """Return gradients as the tensors that a hook sees."""
    if create_graph:
        return tuple(gradients)
    return tuple(
        None if gradient is None else memories.tensor(np.asarray(gradient), dtype, inference=session.inference)
        for gradient, dtype in zip(gradients, dtypes, strict=True)
    )


def _returned(session: "Session", entry: Registered, *seen: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a hook puts in the place of the first of what it has seen, which is that itself for ``None``."""
    function: Callable[..., Any] = entry.function  # before a node runs it sees one tuple, after it two
    returned = function(*seen)
    if session.settle is not None:
        session.settle()
    if returned is None:
        return seen[0]
    if type(returned) is not tuple:
        from detachsim.engine.parser import type_word

        raise TorchError("hook_tuple", type=type_word(returned))
    if len(returned) != len(seen[0]):
        raise TorchError("hook_count", name=entry.name, found=len(returned), expected=len(seen[0]))
    return returned


def _replace(
    gradients: list[Any],
    seen: tuple[Any, ...],
    returned: tuple[Any, ...],
    name: str,
    create_graph: bool,
    memories: "Gradients",
) -> None:
    """Let what a hook returned go on in the place of what it saw, an edited one by its memory."""
    for place, (before, after) in enumerate(zip(seen, returned, strict=True)):
        if after is not before:
            refuse_other(name, before, after)
            if isinstance(after, Tensor) and not create_graph:
                memories.note(after)
        gradients[place] = after if create_graph or after is None else after.array
