"""Hooks on tensors: they see a gradient, and may replace it, before the node runs."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.node import AccumulateGrad, Keeper, Node, extras
from detachsim.engine.tensor import Tensor, fresh, meta
from detachsim.engine.views import grad_fn, requires_grad

if TYPE_CHECKING:
    from detachsim.engine.gradients import Gradients
    from detachsim.engine.session import Session

Hook = Callable[[Tensor], Any]


class HookHandle:
    """What ``register_hook`` returns; ``remove()`` takes the hook away again."""

    __slots__ = ("hook", "hooks")

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self.hooks = hooks
        self.hook = hook

    def remove(self) -> None:
        """Unregister the hook; a second call does nothing."""
        self.hooks[:] = [entry for entry in self.hooks if entry is not self.hook]


HookHandle.__name__ = "RemovableHandle"  # as errors call its type


class Registered:
    """A hook and the name that PyTorch's errors give it."""

    __slots__ = ("function", "name")

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function = function
        self.name = name


def register_hook(session: "Session", tensor: Tensor, function: Hook, name: str) -> HookHandle:
    """Register a hook on the node that ``tensor`` has now; an in-place change later leaves it there.

    A tensor's hooks are one list, which goes to its node with the first of them. What comes after joins that list,
    wherever it is, until the tensor is seen with another node; before 2.13 for good.
    """
    if not requires_grad(tensor):
        raise TorchError("hook_requires_grad")
    info = meta(tensor)
    hooks = next((hooks for hooks in info.prehooks if type(hooks) is list), None)
    if hooks is None:
        hooks = []
        try:
            node = grad_fn(session, tensor)
        except TorchError:
            # The list is the tensor's by then: later hooks join it without a look at the node, and never run.
            info.prehooks.append(hooks)
            raise
        _attach(tensor, node, hooks)
    entry = Registered(function, name)
    hooks.append(entry)
    return HookHandle(hooks, entry)


def _attach(tensor: Tensor, node: Node | None, hook: Any) -> None:
    """Let a node run a hook (a list of them, or what keeps a gradient); a tensor that is or becomes a leaf has its
    own, too."""
    info = meta(tensor)
    info.prehooks.append(hook)
    if node is not None:
        extras(node).hooks.setdefault(tensor.output_nr, []).append(hook)
    elif info.accumulator is not None and (leaf := info.accumulator()) is not None:
        extras(leaf).hooks[0] = info.prehooks


def register_post_accumulate_hook(
    session: "Session", tensor: Tensor, function: Callable[[Tensor], Any], name: str
) -> HookHandle:
    """Register a function that is called with the leaf after its ``.grad`` was updated."""
    if not requires_grad(tensor):
        raise TorchError("hook_requires_grad")
    if grad_fn(session, tensor) is not None:
        raise TorchError("hook_nonleaf")
    hooks = meta(tensor).post_hooks

    def checked(leaf: Tensor) -> Tensor:
        """Return what the next hook is called with: ``leaf`` itself, unless the function returned another tensor."""
        returned = function(leaf)
        if returned is None or returned is leaf:
            return leaf
        if not isinstance(returned, Tensor):
            from detachsim.engine.parser import type_word

            raise TorchError("hook_type", type=type_word(returned))
        if returned.dtype is not leaf.dtype:
            before, after = leaf.dtype.tensor_type, returned.dtype.tensor_type
            raise TorchError("hook_dtype", name=name, before=before, after=after)
        if returned.shape != leaf.shape:
            raise TorchError("hook_size", name=name)
        return returned

    hooks.append(checked)
    return HookHandle(hooks, checked)


def retain_grad(session: "Session", tensor: Tensor) -> None:
    """Let a non-leaf keep its gradient; a leaf does so anyway, and what has no node cached counts as one."""
    from weakref import ref

    if not requires_grad(tensor):
        raise TorchError("retain_grad")
    info = meta(tensor)
    if tensor.node is None or info.retain_hooked:
        return
    node = grad_fn(session, tensor)
    assert node is not None
    info.retain_hooked = True
    if session.dialect == NEWEST:
        extras(node).retained[tensor.output_nr] = ref(tensor)
    else:
        _attach(tensor, node, Keeper(tensor, node))


def run_hooks(session: "Session", node: Node, gradients: list[Any], create_graph: bool, memories: "Gradients") -> None:
    """Run the hooks of a node's outputs in order, then store retained gradients; changes ``gradients`` in place."""
    info = node.extras
    assert info is not None
    for number, groups in list(info.hooks.items()):  # hooks may register others, which wait for the next pass
        for hooks in list(groups):
            if type(hooks) is Keeper:
                _keep(session, node, hooks, gradients[number], create_graph)
                continue
            for entry in list(hooks):
                gradients[number] = _run_one(session, node, number, entry, gradients[number], create_graph, memories)
    for number, holder in list(info.retained.items()):
        tensor = holder()
        if tensor is not None and gradients[number] is not None:
            _store_retained(session, tensor, gradients[number], create_graph)


def _keep(session: "Session", node: Node, keeper: Keeper, gradient: Any, create_graph: bool) -> None:
    """Store a gradient as before 2.13, unless what is to keep it has moved to another node since."""
    tensor = keeper.tensor()
    if tensor is None or (node is not keeper.node and type(node) is not AccumulateGrad):
        return
    if gradient is None:
        # What it is copied from, or what is added to the gradient that is there.
        place, name = (0, "self") if tensor.grad is None else (1, "other")
        raise TorchError("undefined_tensor", place=place, name=name)
    _store_retained(session, tensor, gradient, create_graph)


def _run_one(
    session: "Session",
    node: Node,
    number: int,
    entry: Registered,
    gradient: Any,
    create_graph: bool,
    memories: "Gradients",
) -> Any:
    dtype = node.outputs()[number][1]
    given = gradient
    if not create_graph and gradient is not None:
        given = memories.tensor(np.asarray(gradient), dtype, inference=session.inference)
    returned = entry.function(given)
    if session.settle is not None:
        session.settle()
    if returned is None:
        # An edit in the hook itself has changed the memory, which the array still shows.
        return gradient if create_graph or gradient is None else given.array
    if gradient is None:
        raise TorchError("hook_none")
    refuse_other(entry.name, given, returned)
    if create_graph:
        return returned
    if returned is not given and returned.array is given.array:
        # An alias of the gradient is a tensor of its own: whoever holds the gradient does not hold it.
        returned.array = returned.array[...]
    memories.note(returned)
    return returned.array


def refuse_other(name: str, before: Any, after: Any) -> None:
    """Raise PyTorch's error for what a hook may not give in the place of a gradient."""
    if after is None:
        return
    if before is None:
        raise TorchError("hook_none")
    if not isinstance(after, Tensor):
        from detachsim.engine.parser import type_word

        raise TorchError("hook_type", type=type_word(after))
    if after.dtype is not before.dtype:
        raise TorchError("hook_dtype", name=name, before=before.dtype.tensor_type, after=after.dtype.tensor_type)
    if after.shape != before.shape:
        raise TorchError("hook_size", name=name)


def _store_retained(session: "Session", tensor: Tensor, gradient: Any, create_graph: bool) -> None:
    info = meta(tensor)
    present = info.grad
    if present is not None:
        given = gradient if create_graph else fresh(np.asarray(gradient), tensor.dtype)
        with nullcontext() if create_graph else session.unrecorded():
            info.grad = session.call(session.library.operators["+"], present, given)
    elif create_graph:
        info.grad = session.call("clone", gradient)
    else:
        # In the shape that the gradient had there: the tensor may have got another one since.
        info.grad = fresh(np.ascontiguousarray(gradient).copy().reshape(np.shape(gradient)), tensor.dtype)
    if session.facts is not None:
        session.facts.append(("retain", tensor, gradient if create_graph else np.array(gradient)))
