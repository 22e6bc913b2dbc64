"""Running an op that edits its input, its memory or its geometry."""

from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import require_shapes
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.graph import make_node, save_input, start_node
from detachsim.engine.kernels import arguments, drawn
from detachsim.engine.memory import ONE_BY_ONE_LIMIT, may_overlap, positions_in_order, refuse_overlap
from detachsim.engine.node import Node, Saved, SavedInput, SavedOutput
from detachsim.engine.op import POINTWISE, Op
from detachsim.engine.tensor import Tensor, alias, fresh, memory_of, offset
from detachsim.engine.views import (
    bump,
    check_inplace,
    rebase_history,
    replace_node,
    requires_grad,
)

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def run_inplace(session: "Session", op: Op, bound: list[Any], recording: bool) -> Tensor:
    target: Tensor = bound[0]
    node: Node | None = None
    values, dtype = arguments(op, bound)
    if recording:
        node = start_node(session, op, bound)
        saved_inputs = _save_inplace_inputs(session, op, node, bound, values)
    in_order = _refuse_inplace(session, op, target, bound, dtype)
    before = target.version.value
    if in_order and target.array.size <= ONE_BY_ONE_LIMIT:
        if op.kind != POINTWISE:
            op.kernel(*values)  # raises where shapes don't meet
        _edit_one_by_one(session, op, target, bound)
    else:
        result = _inplace_result(session, op, target, values)
        if may_overlap(target.array.shape, target.array.strides):
            # Several elements are one memory: only what changed may be written, or the rest would write it back.
            changed = target.array != result
            target.array[changed] = result[changed]
        else:
            np.copyto(target.array, result, casting="unsafe")
    bump(session, target)
    if session.facts is not None:
        session.facts.append(("edit", op, [bound[i] for i in op.tensor_positions], before, target.version.value, node))
    if node is not None:
        node.shape = target.array.shape
        node.dtype = target.dtype
        # Should the next line fail, there is no output to save.
        node.saved = None if any(position < 0 for _, position, _ in op.plan.saved) else tuple(saved_inputs)
        rebase_history(session, target, node)
        node.saved = _finish_inplace_saves(op, saved_inputs, target)
    return target


def run_restride(session: "Session", op: Op, bound: list[Any]) -> Tensor:
    """Give a tensor another geometry over its memory (``t_``): its own node follows, its base's does not."""
    target: Tensor = bound[0]
    requires = requires_grad(target)
    check_inplace(session, target, requires)
    node = start_node(session, op, bound) if session.grad_enabled and requires else None
    source = memory_of(target) if op.on_storage else target.array
    rest = bound[1:] if not op.on_storage or bound[-1] is not None else [*bound[1:-1], offset(target)]
    made = op.kernel(source, *rest)
    before = target.version.value
    target.array = made
    bump(session, target)
    if session.facts is not None:
        session.facts.append(("edit", op, [target], before, target.version.value, node))
    if node is not None:
        node.shape = made.shape
        node.dtype = target.dtype
        node.saved = ()
        replace_node(session, target, node, restrided=True)
    return target


def _refuse_inplace(session: "Session", op: Op, target: Tensor, bound: list[Any], dtype: DType | None) -> bool:
    """Refuse what PyTorch refuses to write, in its order: overlap, shapes, casts.

    Returns whether memory overlaps in a way that it lets pass, so that the order of the elements matters.
    """
    shared = refuse_overlap(op.overlap, target, [bound[i] for i in op.tensor_positions[1:]])
    if op.kind == POINTWISE:
        if len(op.tensor_positions) > 1:
            require_shapes(target, [bound[i] for i in op.tensor_positions])
        if dtype is not None and not dtypes.can_cast(dtype, target.dtype):
            raise TorchError("inplace_cast", result=dtype.scalar, output=target.dtype.scalar)
    if op.refuses is not None:
        op.refuses(session, op, bound)
    return shared and op.elementwise


def _inplace_result(session: "Session", op: Op, target: Tensor, values: list[Any]) -> Array:
    """Compute what is to be written."""
    result = np.asarray(drawn(session, op, [target], values) if op.random else op.kernel(*values))
    if result.shape != target.array.shape:
        raise TorchError("inplace_broadcast", output=list(target.array.shape), broadcast=list(result.shape))
    if target.dtype is dtypes.bfloat16 or result.dtype != target.array.dtype:
        source = dtypes.BY_NUMPY[result.dtype]
        if target.dtype is not source:
            result = dtypes.cast(result, source, target.dtype)
    return result


def _edit_one_by_one(session: "Session", op: Op, target: Tensor, bound: list[Any]) -> None:
    """Edit memory that overlaps: each element sees what was written before it, as in PyTorch's loops."""
    shape = target.array.shape
    # A tensor without dims counts less in promotion, so it stays as it is.
    spread = {
        position: np.broadcast_to(bound[position].array, shape)
        for position in op.tensor_positions
        if isinstance(bound[position], Tensor) and bound[position].array.ndim
    }
    spread[0] = target.array
    single = list(bound)
    for position in positions_in_order(list(spread.values())):
        window = tuple(slice(index, index + 1) for index in position)
        for place, array in spread.items():
            single[place] = alias(bound[place], array[window])
        values, _ = arguments(op, single)
        np.copyto(single[0].array, _inplace_result(session, op, single[0], values), casting="unsafe")


def _save_inplace_inputs(session: "Session", op: Op, node: Node, bound: list[Any], values: list[Any]) -> list[Saved]:
    """Save the inputs of an in-place op before it overwrites one of them; its own results come later."""
    saved: list[Saved] = []
    for _, position, guard in op.plan.saved:
        if position < 0 or (guard >= 0 and node.next[guard] is None):
            saved.append(None)
        elif position == 0:
            target: Tensor = bound[0]
            copy = fresh(target.array.copy(), target.dtype)
            if requires_grad(target):
                clone = session.library.find(session.library.clone).ops[0]
                make_node(
                    session, clone, [target, *(parameter.default for parameter in clone.parameters[1:])], [], [copy]
                )
            saved.append(SavedInput(copy))
        else:
            saved.append(save_input(bound[position], values[position]))
    return saved


def _finish_inplace_saves(op: Op, saved: list[Saved], target: Tensor) -> tuple[Saved, ...]:
    for index, (_, position, _) in enumerate(op.plan.saved):
        if position < 0:
            saved[index] = SavedOutput(target, inplace=True)
    return tuple(saved) if any(entry is not None for entry in saved) else ()
