"""What hands tensors into and out of modules with full backward hooks: a node in which their gradients meet."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine.graph import make_node
from detachsim.engine.node import Node
from detachsim.engine.session import Session
from detachsim.engine.tensor import CUSTOM, DEFAULT, MULTI_OUTPUT, Tensor, alias
from detachsim.engine.views import as_view, requires_grad
from detachsim.ops.row import view


def handed_over(session: Session, tensors: Sequence[Tensor]) -> tuple[list[Tensor], Node]:
    """Return a view of each tensor that requires grad, the others as they are, and the node that all views share."""
    op = session.library.sets["module_hook"].ops[0]
    made = [alias(tensor, tensor.array) for tensor in tensors]
    wanted = [requires_grad(tensor) for tensor in tensors]
    for tensor, output in zip(tensors, made, strict=True):
        as_view(session, tensor, output)
        assert output.view is not None
        if output.view.creation == DEFAULT:
            output.view.creation = MULTI_OUTPUT if sum(wanted) > 1 else CUSTOM
    node = make_node(session, op, [list(tensors)], [list(tensors)], made)
    outputs = [output if want else tensor for tensor, output, want in zip(tensors, made, wanted, strict=True)]
    if session.facts is not None:
        session.facts.append(("op", op, [list(tensors)], outputs, node))
    return outputs, node


def passed_on(ops: Any, grads: Sequence[Any], sizes: Sequence[tuple[int, ...]]) -> list[Any]:
    """The gradients as they are; zeros for one that has not come."""
    present = next(grad for grad in grads if grad is not None)
    return [ops.zeros_sized(present, size) if grad is None else grad for grad, size in zip(grads, sizes, strict=True)]


HELPERS = {"passed_on": passed_on}

ROWS = [
    view(
        "module_hook(Tensor[] tensors)",
        "BackwardHookFunctionBackward",
        list,
        where="",
        grad={"tensors": "passed_on(grads, tensors_size)"},
        differentiable_outputs=2,
        several=True,
        doc="the tensors that a module with backward hooks takes or gives",
    ),
]
