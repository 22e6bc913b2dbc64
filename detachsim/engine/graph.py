"""The graph: the node of an op, with its edges, and what it saves."""

from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.node import ACCUMULATE_FIRST, Node, Saved, SavedInput, SavedOutput, extras
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor, offset, require_counter, strides
from detachsim.engine.views import (
    gradient_edge,
    requires_grad,
    trace,
)

if TYPE_CHECKING:
    from detachsim.engine.session import Session


_new_node = Node.__new__


def make_node(session: "Session", op: Op, bound: list[Any], values: list[Any], outputs: list[Tensor]) -> Node:
    """Record a node for ``outputs`` and make it their ``grad_fn``.

    ``values`` are the kernel's arguments, where a Python number already is a 0-d array.
    """
    node = start_node(session, op, bound)
    first = outputs[0]
    node.shape = first.array.shape
    node.dtype = first.dtype
    # What only the gradient formulas see may have a gradient itself.
    visible = outputs[: max(len(outputs) - op.hidden, op.differentiable_outputs)]
    if len(visible) > 1:
        extras(node).outputs = [(output.array.shape, output.dtype) for output in visible[op.constant_outputs :]]
    for number, output in enumerate(outputs, start=-op.constant_outputs):
        if (output.dtype.is_floating and 0 <= number < max(op.differentiable_outputs, 1)) or op.several:
            output.node = node
            output.output_nr = number
    node.saved = _save(op, node, bound, values, outputs)
    return node


def start_node(session: "Session", op: Op, bound: list[Any]) -> Node:
    """Return a node with its edges and plain numbers, nothing saved yet."""
    plan = op.plan
    node = _new_node(Node)
    node.op = op
    node.id = 0
    node.extras = None
    # Before the edges, as PyTorch does: rebuilding a view's node takes a number, too.
    if op.no_derivative and session.dialect == NEWEST:
        node.sequence = ACCUMULATE_FIRST  # it has no derivative: the sooner the error
    else:
        node.sequence = session.next_sequence
        session.next_sequence += 1
    nodes: list[Node | None] = []
    numbers: list[int] = []
    for position in plan.edges:
        value = bound[position]
        if op.bare_edges and not (isinstance(value, Tensor) and requires_grad(value)):
            continue
        if isinstance(value, Tensor):
            next_node, next_nr = gradient_edge(session, value)
            nodes.append(next_node)
            numbers.append(next_nr)
        elif isinstance(value, (list, tuple)):
            for item in value:
                next_node, next_nr = gradient_edge(session, item)
                nodes.append(next_node)
                numbers.append(next_nr)
        else:
            nodes.append(None)
            numbers.append(0)
    node.next = tuple(nodes)
    node.next_nr = tuple(numbers)
    if plan.meta:
        node.meta = tuple(_metadata(node, bound, position, kind) for _, position, kind in plan.meta)
    else:
        node.meta = ()
    if session.anomaly:
        trace(session, node)
    return node


def _metadata(node: Node, bound: list[Any], position: int, kind: str) -> Any:
    if kind == "needs":
        return tuple(edge is not None for edge in node.next)
    if kind == "value":
        return bound[position]
    if position < 0:
        return None  # the result's size: known once the kernel ran
    value = bound[position]
    if kind == "stride":
        return strides(value.array)
    if kind == "offset":
        return offset(value)
    if isinstance(value, (list, tuple)):
        return tuple(item.array.shape for item in value)
    return value.array.shape if isinstance(value, Tensor) else ()


def _save(op: Op, node: Node, bound: list[Any], values: list[Any], outputs: list[Tensor]) -> tuple[Saved, ...]:
    plan = op.plan
    if not plan.saved:
        return ()
    saved: list[Saved] = []
    for _, position, guard in plan.saved:
        if guard >= 0 and node.next[guard] is None:
            saved.append(None)
        elif position >= 0:
            saved.append(save_input(bound[position], values[position]))
        else:
            output = outputs[~position]
            saved.append(SavedInput(output) if output.node is None else SavedOutput(output))
    return tuple(saved) if any(entry is not None for entry in saved) else ()


def save_input(value: Any, number: Any) -> Saved:
    if isinstance(value, Tensor):
        if value.inference:
            raise TorchError("saves_inference")
        require_counter(value)
        return SavedInput(value)
    if isinstance(value, (list, tuple)):
        return [None if item is None else SavedInput(item) for item in value]
    return number  # type: ignore[no-any-return]  # a Python number as a 0-d array, or None
