"""What a scenario may ask of a node: its name, hooks on it, where it leads, and what it has saved."""

from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.names import class_name, full_name
from detachsim.engine.node import AccumulateGrad, Node, extras
from detachsim.engine.node_hooks import register_after, register_before
from detachsim.engine.op import Op
from detachsim.engine.saved import unpack_one
from detachsim.engine.session import Session
from detachsim.ops.collections import Dictionary
from detachsim.run.tensors import hook_function

_HOOKS = {"register_hook": register_after, "register_prehook": register_before}

METHODS = frozenset(("name", *_HOOKS))

# Saved tensors that PyTorch calls otherwise than the table, by node and label; those without a name are kept in
# another form there.
_NAMES: dict[tuple[str, str], str] = {
    ("LinalgCholeskyExBackward0", "result"): "L",
    ("LinalgInvExBackward0", "result"): "inverse",
    ("LinalgSolveTriangularBackward0", "A"): "self",
    ("LogSigmoidBackward0", "result1"): "buffer",
    ("RreluWithNoiseBackward0", "result1"): "noise",
    ("ScaledDotProductFlashAttentionForCpuBackward0", "mask"): "attn_mask",
    ("ScaledDotProductFlashAttentionForCpuBackward0", "result"): "output",
    ("EmbeddingBagBackward0", "result3"): "",
    ("LinalgDetBackward0", "result1"): "",
    ("LinalgSlogdetBackward0", "result2"): "",
    ("LinalgSolveExBackward0", "result1"): "",
    ("LinalgSolveExBackward0", "result2"): "",
    **{("TrilinearBackward0", f"i{one}_{other}"): "" for one in (1, 2, 3) for other in (1, 2, 3)},
}


def saved_names(op: Op) -> dict[str, str]:
    """Return the attributes that show the saved tensors of an op's node, each with its label."""
    found = {}
    for label, position, _ in op.plan.saved:
        name = _NAMES.get((op.grad_fn, label))
        if name is None:
            name = op.outputs[~position] if position < 0 and ~position < len(op.outputs) else label
        if name:
            found[f"_saved_{name}"] = label
    return found


def read(session: Session, node: Node, name: str) -> Any:
    """Return an attribute of a node, ``NotImplemented`` where it has none of that name; raises ``TorchError``."""
    if name == "next_functions":
        return tuple(
            (child, number if child is not None else 0) for child, number in zip(node.next, node.next_nr, strict=True)
        )
    if name == "variable" and isinstance(node, AccumulateGrad):
        return node.tensor
    if session.dialect == "torch-1.7":
        return NotImplemented
    if name == "metadata":
        kept = extras(node)
        kept.metadata = kept.metadata or Dictionary({})
        return kept.metadata
    label = saved_names(node.op).get(name) if type(node) is Node else None
    if label is None:
        return NotImplemented
    found = unpack_one(session, node, label)
    if isinstance(found, np.ndarray | np.generic):
        raise LimitError(f"`{name}` is a number here, whose type is not kept")
    return found


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
