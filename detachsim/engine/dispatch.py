"""Running one op: promotion, kernel, result, version, node. The path that every op takes, and a short one for
small pointwise ops."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import cast, laid_out
from detachsim.engine.limits import MAX_ELEMENTS, require_few
from detachsim.engine.memory import ONE_BY_ONE_LIMIT, may_overlap, positions_in_order, refuse_overlap
from detachsim.engine.node import Node, Saved, SavedInput, SavedOutput, extras
from detachsim.engine.op import ALIAS, CAST, COMPARE, COMPOSITE, FACTORY, FIRST, FLOAT, KEEP, POINTWISE, VIEW, Op
from detachsim.engine.operand import namespace, unwrap
from detachsim.engine.operand import wrap as wrap_operands
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Tensor, alias, flat_memory, fresh, make_inference, new_version, offset, strides
from detachsim.engine.views import (
    as_view,
    bump,
    check_inplace,
    gradient_edge,
    rebase_history,
    refuse_stale_view,
    replace_node,
    requires_grad,
    trace,
)

if TYPE_CHECKING:
    from detachsim.engine.session import Session

_new_node = Node.__new__


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
    if op.check is not None:
        op.check(session, op, bound)
    if op.kind == COMPOSITE:
        results = unwrap(op.kernel(functions(session), *[wrap_operands(session, value) for value in bound]))
        return _named(op, results) if op.outputs else results
    if op.mutates:
        if op.kind == VIEW:
            return _run_restride(session, op, bound)
        return _run_inplace(session, op, bound, recording)
    tensors = [bound[i] for i in op.tensor_positions]
    if op.kind in (VIEW, ALIAS):
        return _run_view(session, op, bound, recording)
    if op.kind == FACTORY:
        made: Tensor = op.kernel(session, *bound)
        if session.facts is not None:
            session.facts.append(("op", op, (), (made,), None))
        return made
    if tensors and isinstance(tensors[0], Tensor) and tensors[0].array.size > MAX_ELEMENTS:
        require_few(tensors[0].array.size)  # an expanded tensor may have any number of elements
    values, dtype = arguments(op, bound)
    if op.kind == POINTWISE and len(tensors) > 1:
        require_broadcast(tensors)
    if op.refuses is not None:
        op.refuses(session, op, bound)
    result = _drawn(session, op, bound, values) if op.random else op.kernel(*values)
    outputs = wrap(laid_out(result, op.layout, values), dtype)
    if session.inference:
        for output in outputs:
            make_inference(output)
    elif op.result_edits and not _is_seen(op, bound):
        for output in outputs:
            output.version.value = op.result_edits
    node: Node | None = None
    if recording:
        if any(output.dtype.is_floating for output in outputs):
            node = make_node(session, op, bound, values, outputs)
        else:
            _refuse_integers(op, bound, outputs[0])
    if op.hidden:
        outputs = outputs[: -op.hidden]
    if session.facts is not None:
        session.facts.append(("op", op, tensors, outputs, node))
    return _as_returned(op, outputs, result)


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


def require_broadcast(operands: Sequence[Any]) -> tuple[int, ...]:
    """Return the shape in which tensors meet (other operands have none); raises PyTorch's error where they do not."""
    shape: tuple[int, ...] | None = None
    for operand in operands:
        if not isinstance(operand, Tensor):
            continue
        other = operand.array.shape
        if shape is None or shape == other:
            shape = other
            continue
        shape = broadcast_shape(shape, other)
    return shape or ()


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
    for position in op.plan.edges:
        value = bound[position]
        if isinstance(value, Tensor):
            if requires_grad(value):
                return True
        elif isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) and requires_grad(v) for v in value):
            return True
    return False


def arguments(op: Op, bound: list[Any]) -> tuple[list[Any], DType | None]:
    """Return the kernel's arguments as arrays, promoted as the row says, and the result's type (``None``: the
    kernel's own)."""
    rule = op.promote
    values = list(bound)
    if rule == CAST:
        source = bound[0]
        asked = bound[op.dtype_position]
        target = asked or source.dtype
        values[0] = cast(source.array, source.dtype, target)
        return values, target if target.is_floating else asked
    if rule == KEEP:
        dtype = None
        for position in op.tensor_positions:
            value = bound[position]
            if isinstance(value, Tensor):
                values[position] = value.array
                if value.dtype is dtypes.bfloat16:
                    dtype = dtype or value.dtype
            elif isinstance(value, (list, tuple)):
                values[position] = [None if v is None else v.array for v in value]
                if value and value[0] is not None and value[0].dtype is dtypes.bfloat16:
                    dtype = dtype or value[0].dtype
        return values, dtype
    promoted = [i for i in op.tensor_positions if op.parameters[i].type != "MaskTensor"]
    operands = [bound[i] for i in (*promoted, *op.promoting_numbers) if bound[i] is not None]
    dtype = result_type(operands)
    if rule == FLOAT and not dtype.is_floating:
        dtype = dtypes.float32
    if dtype.is_reduced:
        return _half_arguments(op, bound, values, dtype, promoted), None if rule == COMPARE else dtype
    for position in op.tensor_positions:
        value = bound[position]
        if position not in promoted:
            values[position] = value.array
        elif isinstance(value, Tensor):
            values[position] = cast(value.array, value.dtype, dtype)
        elif isinstance(value, (list, tuple)):
            values[position] = [cast(item.array, item.dtype, dtype) for item in value]
        elif value is not None:
            values[position] = scalar(value, dtype)
    if rule == FIRST:
        return values, bound[0].dtype
    return values, None if rule == COMPARE else dtype


def _half_arguments(op: Op, bound: list[Any], values: list[Any], dtype: DType, promoted: list[int]) -> list[Any]:
    """Return the arguments for a half type: kernels compute in float32 and round once.

    What meets there is rounded to the half type first, except a number or 0-d tensor that is the second operand of an
    op that says ``opmath``.
    """

    def widened(value: Any, *, as_it_is: bool = False) -> Any:
        if isinstance(value, Tensor):
            array, source = value.array, value.dtype
        else:
            array, source = np.array(value, np.float64), dtypes.float64
        if source is not dtype and not (as_it_is and array.ndim == 0):
            array, source = cast(array, source, dtype), dtype
        return cast(array, source, dtypes.float32)

    for position in op.tensor_positions:
        value = bound[position]
        if position not in promoted:
            values[position] = value.array
        elif isinstance(value, (list, tuple)):
            values[position] = [widened(item) for item in value]
        elif value is not None:
            values[position] = widened(value, as_it_is=op.opmath and position == 1)
    for position in op.promoting_numbers:
        if isinstance(bound[position], float):
            values[position] = widened(bound[position]).item()
    return values


def scalar(value: float, dtype: DType) -> Array:
    """Return a Python number as a 0-d array, which numpy's ufuncs take faster than the number itself."""
    if dtype.category == dtypes.INTEGRAL:
        info = np.iinfo(dtype.numpy)
        if not info.min <= value <= info.max:
            # PyTorch wraps what does not fit, as C does.
            value = (int(value) - info.min) % (info.max - info.min + 1) + info.min
    return np.array(value, dtype=dtype.numpy)


def wrap(result: Any, dtype: DType | None) -> list[Tensor]:
    """Make tensors of a kernel's result; ``dtype`` is the type of its floating outputs where the kernel cannot
    know it."""
    if isinstance(result, (tuple, list)):
        return [_wrap_one(array, dtype) for array in result]
    return [_wrap_one(result, dtype)]


def _wrap_one(result: Any, dtype: DType | None) -> Tensor:
    array = np.asarray(result)
    kernel_dtype = dtypes.BY_NUMPY[array.dtype]
    if dtype is None or (dtype.is_floating and not kernel_dtype.is_floating):
        dtype = kernel_dtype  # such as the indices beside the values
    elif dtype is not kernel_dtype:
        array = dtypes.cast(array, kernel_dtype, dtype)
    if array.base is not None:
        array = array.copy()
    return fresh(array, dtype)


def _drawn(session: "Session", op: Op, bound: list[Any], values: list[Any]) -> Any:
    """Run a kernel that draws random numbers; arrays alone do not say for which of the half types."""
    generator = session.generator
    generator.target = next((value.dtype.name for value in bound if isinstance(value, Tensor)), "float32")
    return op.kernel(generator, *values)


def _run_view(session: "Session", op: Op, bound: list[Any], recording: bool) -> Any:
    source = bound[0]
    if op.on_storage:
        made = op.kernel(
            flat_memory(source.storage.array), *bound[1:-1], offset(source) if bound[-1] is None else bound[-1]
        )
    else:
        made = op.kernel(source.array, *bound[1:])
    arrays = made if isinstance(made, (list, tuple)) else [made]
    alone = op.kind == ALIAS and (source.inference or op.grad_fn)
    own = new_version(tracked=not session.inference) if alone else None
    outputs = [alias(source, array, version=own) for array in arrays]
    for output in outputs:
        if output.array.dtype != source.array.dtype:
            output.dtype = dtypes.BY_NUMPY[output.array.dtype]
    node = None
    if op.kind == VIEW and not source.inference:
        for output in outputs:
            as_view(session, source, output, several=op.several)
    if recording and outputs and not source.inference:
        _refuse_integers(op, bound, outputs[0])
        node = make_node(session, op, bound, bound, outputs)
    if session.facts is not None:
        session.facts.append(("op", op, [source], outputs, node))
    return tuple(outputs) if isinstance(made, (list, tuple)) else outputs[0]


def make_node(session: "Session", op: Op, bound: list[Any], values: list[Any], outputs: list[Tensor]) -> Node:
    """Record a node for ``outputs`` and make it their ``grad_fn``.

    ``values`` are the kernel's arguments, where a Python number already is a 0-d array.
    """
    node = start_node(session, op, bound)
    first = outputs[0]
    node.shape = first.array.shape
    node.dtype = first.dtype
    visible = outputs[: -op.hidden] if op.hidden else outputs
    if len(visible) > 1:
        extras(node).outputs = [(output.array.shape, output.dtype) for output in visible]
    for number, output in enumerate(outputs):
        if (output.dtype.is_floating and number < max(op.differentiable_outputs, 1)) or op.several:
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
            saved.append(_save_input(bound[position], values[position]))
        else:
            output = outputs[~position]
            saved.append(SavedInput(output) if output.node is None else SavedOutput(output))
    return tuple(saved) if any(entry is not None for entry in saved) else ()


def _save_input(value: Any, number: Any) -> Saved:
    if isinstance(value, Tensor):
        if value.inference:
            raise TorchError("saves_inference")
        return SavedInput(value)
    if isinstance(value, (list, tuple)):
        return [None if item is None else SavedInput(item) for item in value]
    return number  # type: ignore[no-any-return]  # a Python number as a 0-d array, or None


def _run_inplace(session: "Session", op: Op, bound: list[Any], recording: bool) -> Tensor:
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
        node.saved = ()  # should the next line fail
        rebase_history(session, target, node)
        node.saved = _finish_inplace_saves(op, saved_inputs, target)
    return target


def _run_restride(session: "Session", op: Op, bound: list[Any]) -> Tensor:
    """Give a tensor another geometry over its memory (``t_``): its own node follows, its base's does not."""
    target: Tensor = bound[0]
    requires = requires_grad(target)
    check_inplace(session, target, requires)
    node = start_node(session, op, bound) if session.grad_enabled and requires else None
    source = flat_memory(target.storage.array) if op.on_storage else target.array
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
        replace_node(session, target, node)
    return target


def _refuse_inplace(session: "Session", op: Op, target: Tensor, bound: list[Any], dtype: DType | None) -> bool:
    """Refuse what PyTorch refuses to write, in its order: overlap, shapes, casts.

    Returns whether memory overlaps in a way that it lets pass, so that the order of the elements matters.
    """
    shared = refuse_overlap(op.overlap, target, [bound[i] for i in op.tensor_positions[1:]])
    if op.kind == POINTWISE:
        if len(op.tensor_positions) > 1:
            shape = require_broadcast([bound[i] for i in op.tensor_positions])
            if shape != target.array.shape:
                raise TorchError("inplace_broadcast", output=list(target.array.shape), broadcast=list(shape))
        if dtype is not None and not dtypes.can_cast(dtype, target.dtype):
            raise TorchError("inplace_cast", result=dtype.scalar, output=target.dtype.scalar)
    if op.refuses is not None:
        op.refuses(session, op, bound)
    return shared and op.elementwise


def _inplace_result(session: "Session", op: Op, target: Tensor, values: list[Any]) -> Array:
    """Compute what is to be written."""
    result = np.asarray(_drawn(session, op, [target], values) if op.random else op.kernel(*values))
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
            saved.append(_save_input(bound[position], values[position]))
    return saved


def _finish_inplace_saves(op: Op, saved: list[Saved], target: Tensor) -> tuple[Saved, ...]:
    for index, (_, position, _) in enumerate(op.plan.saved):
        if position < 0:
            saved[index] = SavedOutput(target, inplace=True)
    return tuple(saved) if any(entry is not None for entry in saved) else ()


def functions(session: "Session") -> dict[str, Any]:
    """Return the library's functions on operands for this session, made once a session."""
    if not session.functions:
        session.functions = namespace(session)
    return session.functions
