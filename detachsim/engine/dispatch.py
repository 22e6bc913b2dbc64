"""Running one op: promotion, kernel, result, version, node. The path that every op takes; ``short`` has a shorter one
for small pointwise ops."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import require_broadcast
from detachsim.engine.empties import placed
from detachsim.engine.errors import TorchError
from detachsim.engine.graph import make_node
from detachsim.engine.inplace import run_inplace, run_restride
from detachsim.engine.kernels import arguments, drawn, wrap
from detachsim.engine.layout import laid_out
from detachsim.engine.limits import MAX_ELEMENTS, require_few
from detachsim.engine.node import Node
from detachsim.engine.op import ALIAS, COMPOSITE, FACTORY, POINTWISE, VIEW, Op
from detachsim.engine.operand import functions, unwrap
from detachsim.engine.operand import wrap as wrap_operands
from detachsim.engine.tensor import Tensor, alias, make_inference, memory_of, new_version, offset, require_counter
from detachsim.engine.views import (
    as_view,
    check_inplace,
    refuse_stale_view,
    requires_grad,
)

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def run(session: "Session", op: Op, bound: list[Any]) -> Any:
    """Run ``op`` with one value for each parameter.

    Returns a tensor, a tuple of tensors, or, for a composite op, whatever it makes. Raises ``TorchError``.
    """
    if op.mutates and not op.unguarded and _is_seen(op, bound):
        # Autograd refuses before the kernel looks at anything.
        check_inplace(session, bound[0], _edit_requires_grad(op, bound))
    recording = session.grad_enabled and bool(op.grad_fn) and _is_recorded(op, bound)
    if recording:
        _refuse_node(session, op, bound)
    if op.check_dtypes is not None:
        op.check_dtypes(session, op, bound)
    if op.mutates and op.kind not in (COMPOSITE, VIEW):
        return _run_edit(session, op, bound, recording)
    if op.check is not None:
        op.check(session, op, bound)
    if op.kind == COMPOSITE:
        results = unwrap(op.kernel(functions(session), *[wrap_operands(session, value) for value in bound]))
        return _named(op, results) if op.outputs else results
    if op.mutates:
        return run_restride(session, op, bound)
    tensors = [bound[i] for i in op.tensor_positions]
    if op.kind in (VIEW, ALIAS):
        return _run_view(session, op, bound, recording)
    if op.kind == FACTORY:
        made: Tensor = op.kernel(session, *bound)
        if session.facts is not None:
            # The tensors among the data give their values alone.
            session.facts.append(("op", op, bound, (made,), None))
        return made
    if tensors and isinstance(tensors[0], Tensor) and tensors[0].array.size > MAX_ELEMENTS:
        require_few(tensors[0].array.size)  # an expanded tensor may have any number of elements
    values, dtype = arguments(op, bound)
    if op.kind == POINTWISE and len(tensors) > 1:
        require_broadcast(tensors)
    if op.refuses is not None:
        op.refuses(session, op, bound)
    result = drawn(session, op, bound, values) if op.random else op.kernel(*values)
    outputs = wrap(laid_out(result, op.layout, values), dtype)
    if session.inference:
        for output in outputs:
            make_inference(output)
    elif (op.result_edits or op.inside) and not _is_seen(op, bound):
        if op.inside and session.grad_enabled and _any_requires_grad(op, bound):
            _run_inside(session, op, bound, outputs[0])
        edits = op.result_edits if isinstance(op.result_edits, int) else op.result_edits(bound)
        for output in outputs:
            output.version.value = edits
    node: Node | None = None
    if recording:
        if any(output.dtype.is_floating for output in outputs):
            node = make_node(session, op, bound, values, outputs)
        elif outputs:
            _refuse_integers(op, bound, outputs[0])
    if op.hidden:
        outputs = outputs[: -op.hidden]
    if session.facts is not None:
        session.facts.append(("op", op, tensors, outputs, node))
    return _as_returned(op, outputs, result)


def _run_edit(session: "Session", op: Op, bound: list[Any], recording: bool) -> Tensor:
    """Run an op in place; what it has written when it fails stays."""
    try:
        if op.check is not None:
            op.check(session, op, bound)
        return run_inplace(session, op, bound, recording)
    except TorchError as error:
        if error.written is not None:
            target: Tensor = bound[0]
            rounded = dtypes.round_bfloat16(error.written) if target.dtype is dtypes.bfloat16 else error.written
            np.copyto(target.array, rounded)
            error.written = None
        raise


def _run_inside(session: "Session", op: Op, bound: list[Any], output: Tensor) -> None:
    """Do what an op's kernel does under the eyes of autograd, which has passed by the op itself."""
    name = op.inside if isinstance(op.inside, str) else op.inside(bound)
    if name == "copy_":
        # What the kernel writes after it, autograd does not see.
        computed = output.array.copy()
        session.call("copy_", output, bound[0])
        output.array[...] = computed
    elif name:
        raise TorchError("out_requires_grad", op=name)


def _refuse_integers(op: Op, bound: list[Any], output: Tensor) -> None:
    """Refuse a history of integers, which may require grad since a fill or a comparison in place."""
    if output.dtype.is_floating:
        return
    if op.dtype_position >= 0 and op.parameters[op.dtype_position].optional:
        # Integers were asked for of a reduction, which is no conversion.
        raise TorchError("autograd_dtype", dtype=output.dtype.scalar)
    for position in op.plan.edges:
        value = bound[position]
        for tensor in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(tensor, Tensor) and not tensor.dtype.is_floating and requires_grad(tensor):
                raise TorchError("autograd_dtype", dtype=output.dtype.scalar)


def _as_returned(op: Op, outputs: Sequence[Tensor], result: Any) -> Any:
    if not isinstance(result, (tuple, list)) or (op.hidden and len(outputs) == 1):
        return outputs[0]
    return _named(op, outputs) if op.outputs else tuple(outputs)


def _named(op: Op, outputs: Sequence[Any]) -> Any:
    from detachsim.engine.returns import named_tuple

    return named_tuple(op.name, op.outputs, outputs)


def _edit_requires_grad(op: Op, bound: list[Any]) -> bool:
    """Whether an in-place change is one of the graph."""
    target: Tensor = bound[0]
    if requires_grad(target):
        return True
    return (target.dtype.is_floating or not op.floats_only) and _any_requires_grad(op, bound)


def _is_recorded(op: Op, bound: list[Any]) -> bool:
    """Whether an op makes a node, where nodes are made."""
    if op.mutates and op.kind != VIEW:
        return _edit_requires_grad(op, bound) and _is_seen(op, bound)
    return _any_requires_grad(op, bound) and _is_seen(op, bound)


def _refuse_node(session: "Session", op: Op, bound: list[Any]) -> None:
    """Raise what making a node would raise: PyTorch makes it, and saves inputs, before the kernel looks at anything."""
    plan = op.plan
    for position in plan.edges:
        value = bound[position]
        for tensor in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(tensor, Tensor):
                refuse_stale_view(session, tensor)
    for _, position, guard in plan.saved:
        if position < 0 or (position == 0 and op.mutates):  # what is edited is saved as a copy
            continue
        value, guarding = bound[position], bound[plan.edges[guard]]
        needed = guard < 0 or (isinstance(guarding, Tensor) and requires_grad(guarding))
        if needed and isinstance(value, Tensor) and value.inference:
            raise TorchError("saves_inference")


def _is_seen(op: Op, bound: list[Any]) -> bool:
    """Whether autograd sees an op at all: it passes one by whose tensors were all made in inference mode.

    A Python number in the place of a tensor is a tensor to PyTorch, and never one of these.
    """
    for position in op.tensor_positions:
        value = bound[position]
        if isinstance(value, Tensor):
            if not value.inference:
                return True
        elif isinstance(value, (list, tuple)):
            if any(isinstance(item, Tensor) and not item.inference for item in value):
                return True
        elif value is not None:
            return True
    return not op.tensor_positions


def _any_requires_grad(op: Op, bound: list[Any]) -> bool:
    # Of an op without derivative PyTorch asks every tensor.
    for position in op.plan.edges or op.tensor_positions:
        value = bound[position]
        if isinstance(value, Tensor):
            if requires_grad(value):
                return True
        elif isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) and requires_grad(v) for v in value):
            return True
    return False


def _run_view(session: "Session", op: Op, bound: list[Any], recording: bool) -> Any:
    source = bound[0]
    if op.on_storage:
        made = op.kernel(memory_of(source), *bound[1:-1], offset(source) if bound[-1] is None else bound[-1])
    else:
        array = source.array
        made = op.kernel(array if array.size else placed(array), *bound[1:])
    arrays = made if isinstance(made, (list, tuple)) else [made]
    alone = op.kind == ALIAS and (source.inference or op.grad_fn or (op.remade and session.inference))
    own = new_version(tracked=not session.inference) if alone else None
    outputs = [alias(source, array, version=own) for array in arrays]
    for output in outputs:
        if op.remade:
            output.inference = session.inference
        if output.array.dtype != source.array.dtype:
            output.dtype = dtypes.BY_NUMPY[output.array.dtype]
    node = None
    if op.kind == VIEW:
        require_counter(source)
    if op.kind == VIEW and not source.inference:
        for output in outputs:
            as_view(session, source, output, several=op.several)
    if recording and outputs and not source.inference:
        _refuse_integers(op, bound, outputs[0])
        node = make_node(session, op, bound, bound, outputs)
    if session.facts is not None:
        session.facts.append(("op", op, [source], outputs, node))
    return tuple(outputs) if isinstance(made, (list, tuple)) else outputs[0]
