"""The backward pass: a queue of ready nodes, highest sequence number first, and no recursion.

A node is ready when every node that sends it a gradient has run. ``AccumulateGrad`` has the highest number of
all, so a leaf is served
as soon as its last contribution has arrived; after an error, leaves that were served keep what they got.
"""

from collections.abc import Sequence
from sys import getrefcount
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.gradients import Gradients
from detachsim.engine.hooks import run_hooks
from detachsim.engine.memory import is_dense, overlaps_itself
from detachsim.engine.node import AccumulateGrad, AsStrided, CopySlices, Node, SavedOutput
from detachsim.engine.op import POINTWISE
from detachsim.engine.operand import Operand, unwrap, wrap
from detachsim.engine.queue import pop, push
from detachsim.engine.saved import MIXED, freed_error, release, unpack_arrays, unpack_tensors
from detachsim.engine.slices import as_strided_backward, copy_slices_backward
from detachsim.engine.tensor import Tensor, fresh, make_inference, meta, strides
from detachsim.engine.views import bump, requires_grad

if TYPE_CHECKING:
    from detachsim.engine.session import Session

# A gradient: a plain array, or a tensor while a graph of the backward pass is recorded.
Gradient = Any
Edge = tuple[Node, int]


class Pass:
    """One backward pass: what waits for what, and what has arrived."""

    __slots__ = (
        "arrived",
        "captured",
        "captures",
        "create_graph",
        "gradients",
        "keep_graph",
        "needed",
        "ready",
        "session",
        "waiting",
    )

    def __init__(self, session: "Session", *, keep_graph: bool, create_graph: bool) -> None:
        self.session = session
        self.keep_graph = keep_graph
        self.create_graph = create_graph
        self.waiting: dict[Node, int] = {}
        self.arrived: dict[Node, list[Gradient]] = {}
        self.ready: list[Node] = []
        self.gradients = Gradients()
        # Only for a pass towards given inputs: which nodes run, and which gradients are taken on the way.
        self.needed: set[Node] | None = None
        self.captures: dict[Node, list[tuple[int, int]]] = {}
        self.captured: dict[int, Gradient] = {}


def run_backward(
    session: "Session",
    roots: Sequence[Edge],
    gradients: Sequence[Tensor],
    *,
    keep_graph: bool,
    create_graph: bool,
    inputs: Sequence[tuple[Node | None, int]] | None = None,
    accumulate: bool = True,
) -> list[Tensor | None]:
    """Send ``gradients`` into ``roots`` and run the graph.

    With ``inputs`` only the paths to them run; with ``accumulate`` off, their gradients are returned (``None``
    for one that was not
    reached) instead of being accumulated. Raises ``TorchError``; leaves that were served by then keep their gradient.
    """
    work = Pass(session, keep_graph=keep_graph, create_graph=create_graph)
    _count_dependencies(work, [node for node, _ in roots])
    if inputs is not None:
        _restrict(work, [node for node, _ in roots], inputs, accumulate)
    before = session.grad_enabled, session.grad_idle, session.backward_node
    session.grad_enabled = create_graph and not session.inference
    session.grad_idle = create_graph and session.inference
    try:
        # The seeds of one root node arrive together; a root may also wait for another root's gradient.
        for (node, number), gradient in zip(roots, gradients, strict=True):
            if not create_graph:
                work.gradients.note(gradient)
            _arrive(work, node, number, gradient if create_graph else gradient.array)
        for node in dict.fromkeys(node for node, _ in roots):
            if work.waiting.get(node, 0) == 0:
                push(work.ready, node)
        _loop(work)
    except TorchError:
        if session.anomaly:
            _warn_anomaly(session, session.backward_node)
        raise
    finally:
        session.grad_enabled, session.grad_idle, session.backward_node = before
    if inputs is None or accumulate:
        return []
    return [_as_tensor(work, work.captured.get(i), inputs[i]) for i in range(len(inputs))]


def _as_tensor(work: Pass, gradient: Gradient, edge: tuple[Node | None, int]) -> Tensor | None:
    if gradient is None or isinstance(gradient, Tensor):
        return gradient
    node, number = edge
    assert node is not None
    dtype = node.outputs()[number][1]
    return work.gradients.result(np.asarray(gradient), dtype, inference=work.session.inference)


def _count_dependencies(work: Pass, roots: list[Node]) -> None:
    """Count, for every node that the roots reach, how many edges lead to it."""
    waiting = work.waiting
    stack = list(dict.fromkeys(roots))
    entered = set(stack)
    while stack:
        for child in stack.pop().next:
            if child is None:
                continue
            if child in waiting:
                waiting[child] += 1
            else:
                waiting[child] = 1
                if child not in entered:
                    stack.append(child)


def _restrict(work: Pass, roots: list[Node], inputs: Sequence[tuple[Node | None, int]], accumulate: bool) -> None:
    """Mark the nodes on a path from the roots to ``inputs``."""
    targets: set[Node] = set()
    for index, (node, number) in enumerate(inputs):
        if node is None:
            continue
        targets.add(node)
        if not accumulate:
            work.captures.setdefault(node, []).append((number, index))
    needed = set(targets) if accumulate else set()
    # Depth first, children before parents: a node is needed when one of its children is an input or needed.
    state: dict[Node, bool] = {}
    for root in roots:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                if any(child is not None and (child in targets or child in needed) for child in node.next):
                    needed.add(node)
                continue
            if node in state:
                continue
            state[node] = True
            stack.append((node, True))
            stack.extend((child, False) for child in node.next if child is not None and child not in state)
    work.needed = needed


def _arrive(work: Pass, node: Node, number: int, gradient: Gradient) -> None:
    """Add a gradient to what has arrived at output ``number`` of ``node``; ``None`` is no gradient."""
    slots = work.arrived.get(node)
    if slots is None:
        count = 1 if node.extras is None or node.extras.outputs is None else len(node.extras.outputs)
        if count == 1:
            work.arrived[node] = [gradient]
            return
        slots = work.arrived[node] = [None] * count
    if gradient is None:
        return
    if slots[number] is None:
        slots[number] = gradient
    elif work.create_graph:
        session = work.session
        slots[number] = session.call(session.library.operators["+"], slots[number], gradient)
    elif node.outputs()[number][1] is dtypes.bfloat16:
        slots[number] = dtypes.round_bfloat16(slots[number] + gradient)
    elif _is_alone(slots, number) and work.session.dialect == NEWEST:
        present = slots[number] = np.asarray(slots[number])
        np.add(present, gradient, out=present)
        work.gradients.version(present).value += 1
    else:
        slots[number] = np.asarray(slots[number] + gradient)


def _references(slots: list[Any], number: int) -> int:
    return getrefcount(slots[number])


# How many references to an object Python counts when nothing but one list holds it.
_ALONE = _references([object()], 0)
_VIEW = np.zeros(2)[:1]
_BASE_ALONE = getrefcount(_VIEW.base)


def _is_alone(slots: list[Any], number: int, *, memory: bool = True) -> bool:
    """Whether nothing but ``slots`` holds a gradient, so that it may be taken, or (``memory``) added to."""
    if _references(slots, number) != _ALONE:
        return False
    array = slots[number]
    if isinstance(array, np.generic):
        return True  # numpy's own number in the place of an array without dims
    if type(array) is not np.ndarray:
        return False
    if not memory:
        return not overlaps_itself(array) and array.flags.writeable
    if array.base is not None and (type(array.base) is not np.ndarray or getrefcount(array.base) != _BASE_ALONE):
        return False
    return bool(array.flags.forc) and array.flags.writeable


def _loop(work: Pass) -> None:
    session = work.session
    ready, waiting, arrived, needed = work.ready, work.waiting, work.arrived, work.needed
    facts = session.facts
    create_graph, keep_graph = work.create_graph, work.keep_graph
    watch = session.watch
    anomaly = session.anomaly
    # In a chain one node makes one other ready: that one waits here with its gradient, not in the queue.
    following: Node | None = None
    handed: list[Gradient] = []
    while ready or following is not None:
        if following is not None:
            node, following = following, None
            gradients = handed
        else:
            node = pop(ready)
            gradients = arrived.pop(node)
        if anomaly:
            session.backward_node = node
        hooked = node.extras is not None and (node.extras.hooks or node.extras.retained)
        if needed is not None:
            goes_on = node in needed
            if hooked and not goes_on and session.dialect == NEWEST:
                run_hooks(session, node, gradients, create_graph, work.gradients)
            if node in work.captures:
                for number, index in work.captures[node]:
                    if gradients[number] is not None and not create_graph:
                        # Instead of numpy's own number one array, which two inputs may both get.
                        gradients[number] = np.asarray(gradients[number])
                    work.captured[index] = gradients[number]
            if not goes_on:
                continue
        if hooked:
            run_hooks(session, node, gradients, create_graph, work.gradients)
        if type(node) is AccumulateGrad:
            if gradients[0] is not None:
                _accumulate(work, node, gradients)
            continue
        try:
            if create_graph or type(node) is not Node:
                results = call_node(session, node, gradients, create_graph)
                _validate(session, node, results, create_graph)
            else:
                results = _call_simply(session, node, gradients)
            edits = node.op.gradient_edits if type(node) is Node else node.gradient_edits
            if edits:
                _count_edits(work, node, results, edits)
        except IndexError as error:
            # A saved index was edited past its counter, through ``.data``.
            raise TorchError("index_edited", text=str(error).replace("axis", "dimension")) from None
        if watch is not None:
            watch(node, gradients, results)
        freed = False
        if not keep_graph:
            if type(node) is CopySlices:
                release(node)
                freed = True
            elif node.saved:
                node.saved = None
                freed = True
        if facts is not None:
            facts.append(("ran", node, freed))
        if anomaly and session.check_nan:
            _refuse_nan(node, results)
        del gradients
        handed = []
        numbers = node.next_nr
        for index, child in enumerate(node.next):
            if child is None:
                continue
            if needed is not None and child not in needed and child not in work.captures:
                continue
            # Handed over: who gets it may find that nobody else holds it.
            gradient, results[index] = results[index], None
            count = waiting[child] - 1
            if child not in arrived:
                if child.extras is not None and child.extras.outputs is not None:
                    _arrive(work, child, numbers[index], gradient)
                elif count == 0 and following is None and not ready:
                    following, handed = child, [gradient]
                    continue
                else:
                    arrived[child] = [gradient]
            elif gradient is not None:
                _arrive(work, child, numbers[index], gradient)
            if count:
                waiting[child] = count
                continue
            if following is not None:
                arrived[following] = handed
                handed = []
                push(ready, following)
                following = None
            push(ready, child)
        gradient = None
        del results


def _call_simply(session: "Session", node: Node, gradients: list[Gradient]) -> list[Gradient]:
    """Run an ordinary node's formulas on arrays and fit what they give, for the ops that most graphs are made of.

    What it does not know (several outputs, lists, half types) it leaves to ``call_node``.
    """
    simple = node.op.simple
    if simple is None:
        simple = node.op.make_simple()
    gradient = gradients[0]
    values: Any = MIXED
    if simple and gradient is not None:
        saved = node.saved
        entry = saved[0] if saved is not None and len(saved) == 1 else None
        # One output of its own that nobody edited is the commonest thing to have saved: no call for it.
        if type(entry) is SavedOutput and entry.version.value == entry.expected:
            values = (entry.array,)
        elif not node.op.saves:
            values = ()
        else:
            values = unpack_arrays(session, node)
    results: list[Gradient]
    if values is MIXED or node.dtype.is_reduced:
        results = call_node(session, node, gradients, False)
        _validate(session, node, results, False)
        return results
    meta = node.meta
    results = []
    for function, child in zip(simple, node.next, strict=True):
        if child is None:
            results.append(None)
            continue
        made = function(gradient, *values, *meta)
        dtype = child.dtype
        if (
            made is not None
            and type(child) is Node
            and child.extras is None
            and made.shape == child.shape
            and made.dtype is dtype.numpy
            and not dtype.is_reduced
        ):
            results.append(made)
        else:
            results.append(_fit(session, node, len(results), made, False))
    return results


def _count_edits(work: Pass, node: Node, results: list[Gradient], edits: Sequence[tuple[int, int]]) -> None:
    """Let the counters of new gradients show how often PyTorch edits them while it makes them."""
    for edge, count in edits:
        child = node.next[edge]
        gradient = results[edge]
        if child is None or gradient is None or child.dtype is not node.dtype:
            continue  # a cast is a new tensor
        if type(node) is Node and node.op.kind == POINTWISE and gradient.shape != node.shape:
            continue  # and so is a sum
        if not work.create_graph:
            if isinstance(gradient, np.generic):  # of no dims
                gradient = results[edge] = np.asarray(gradient)
            work.gradients.version(gradient).value = count
        elif not gradient.version.value:
            gradient.version.value = count


def call_node(session: "Session", node: Node, gradients: list[Gradient], create_graph: bool) -> list[Gradient]:
    """Run one node: one gradient (or ``None``) for each of its edges, not yet fitted to the shape of what it
    goes to."""
    if type(node) is not Node:
        if isinstance(node, CopySlices):
            if node.inner is None:
                raise freed_error(session, node)
            return copy_slices_backward(session, node, gradients[0], create_graph, call_node)
        if isinstance(node, AsStrided):
            return [as_strided_backward(session, node, gradients[0], create_graph)]
    op = node.op
    if create_graph:
        return _call_on_tensors(session, node, gradients)
    values = unpack_arrays(session, node)
    if node.dtype.is_reduced or values is MIXED:
        return _call_by_steps(session, node, gradients)
    first: Any = gradients[0]
    if op.differentiable_outputs > 1:
        if all(gradient is None for gradient in gradients):
            return [None] * len(node.next)
        first = tuple(gradients)
    elif first is None:
        return [None] * len(node.next)
    results: list[Gradient] = [None] * len(node.next)
    for edges, function in op.array_functions:
        if len(edges) == 1 and len(node.next) == len(op.plan.edges):
            edge = edges[0]
            if node.next[edge] is not None:
                made = function(first, *values, *node.meta)
                # The gradients of a list of one tensor are a list, too.
                results[edge] = made[0] if type(made) is list else made
        else:
            _spread(node, edges, function(first, *values, *node.meta), results)
    return results


def _spread(node: Node, edges: tuple[int, ...], made: Any, results: list[Gradient]) -> None:
    """Put what a joint formula made, or the formula of a list argument, at its edges."""
    if len(node.next) != len(node.op.plan.edges):
        # The one list argument takes as many edges as it has tensors; single arguments come before it.
        for index, gradient in enumerate(made, start=edges[0]):
            results[index] = gradient if node.next[index] is not None else None
        return
    parts = made if isinstance(made, (tuple, list)) else (made,)
    for edge, gradient in zip(edges, parts, strict=True):
        results[edge] = gradient if node.next[edge] is not None else None


def _call_by_steps(session: "Session", node: Node, gradients: list[Gradient]) -> list[Gradient]:
    """Run the formulas op by op, without a graph: each step promotes and rounds as PyTorch's does.

    On plain arrays this would differ for half types, which round after every op, and for operands of several types.
    """
    facts, session.facts = session.facts, None
    try:
        tensors = [
            None if gradient is None else fresh(np.asarray(gradient), dtype)
            for gradient, (_, dtype) in zip(gradients, node.outputs(), strict=True)
        ]
        results = _call_on_tensors(session, node, tensors)
    finally:
        session.facts = facts
    return [result.array if isinstance(result, Tensor) else result for result in results]


def _call_on_tensors(session: "Session", node: Node, gradients: list[Gradient]) -> list[Gradient]:
    from detachsim.engine.dispatch import functions

    op = node.op
    values = [wrap(session, value) for value in unpack_tensors(session, node)]
    results: list[Gradient] = [None] * len(node.next)
    if all(gradient is None for gradient in gradients):
        return results
    if op.differentiable_outputs > 1:
        first: Any = tuple(None if g is None else Operand(session, g) for g in gradients)
    else:
        if gradients[0] is None:
            return results
        first = Operand(session, gradients[0])
    for edges, function in op.functions(functions(session)):
        single = len(edges) == 1 and len(node.next) == len(op.plan.edges)
        if single and node.next[edges[0]] is None:
            continue
        made = unwrap(function(first, *values, *node.meta))
        if single:
            results[edges[0]] = made[0] if type(made) is list else made
        else:
            _spread(node, edges, made, results)
    return results


def _validate(session: "Session", node: Node, results: list[Gradient], create_graph: bool) -> None:
    """Fit each gradient to what it goes to, in place."""
    for index, gradient in enumerate(results):
        results[index] = _fit(session, node, index, gradient, create_graph)


def _fit(session: "Session", node: Node, index: int, gradient: Gradient, create_graph: bool) -> Gradient:
    """Fit a gradient to the shape and type of what it goes to: undo broadcasting, cast."""
    child = node.next[index]
    if gradient is None or child is None:
        return None
    if child.extras is None or child.extras.outputs is None:
        shape, dtype = child.shape, child.dtype
    else:
        shape, dtype = child.extras.outputs[node.next_nr[index]]
    if gradient.shape != shape:
        if not expandable(shape, gradient.shape):
            raise TorchError(
                "grad_incompatible", name=node.name, index=index, found=list(gradient.shape), expected=list(shape)
            )
        gradient = sum_to(session, gradient, shape)
    if not dtype.is_floating:
        raise TorchError("gradient_dtype")
    if create_graph:
        return gradient if gradient.dtype is dtype else session.call("to", gradient, dtype)
    if gradient.dtype is not dtype.numpy or dtype is dtypes.bfloat16:
        return dtypes.cast(np.asarray(gradient), dtypes.BY_NUMPY[gradient.dtype], dtype)
    if node.dtype is dtypes.bfloat16:
        return np.array(gradient)  # cast, although the memory looks the same
    return gradient


def expandable(shape: tuple[int, ...], desired: tuple[int, ...]) -> bool:
    """Whether a tensor of ``shape`` broadcasts to ``desired``."""
    if len(shape) > len(desired):
        return False
    return all(size in (1, wanted) for size, wanted in zip(reversed(shape), reversed(desired), strict=False))


def sum_to(session: "Session", gradient: Gradient, shape: tuple[int, ...]) -> Gradient:
    """Undo broadcasting: sum a gradient over the dimensions in which ``shape`` was expanded."""
    lead = len(gradient.shape) - len(shape)
    axes = tuple(range(lead)) + tuple(
        i + lead for i, size in enumerate(shape) if size == 1 and gradient.shape[i + lead] != 1
    )
    if isinstance(gradient, Tensor):
        if not shape:
            return session.call("sum", gradient)
        if axes:
            gradient = session.call("sum", gradient, axes, True)
        return session.call("view", gradient, shape) if lead else gradient
    total = np.asarray(session.library.sum_kernel(gradient, axes, True))
    return total.reshape(shape)


def _refuse_nan(node: Node, results: list[Gradient]) -> None:
    for index, gradient in enumerate(results):
        if gradient is None:
            continue
        array = gradient.array if isinstance(gradient, Tensor) else gradient
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise TorchError("nan", name=node.name, index=index)


def _warn_anomaly(session: "Session", node: Node | None) -> None:
    """Warn which forward call is at fault, and which call of an outer backward pass made that one."""
    from detachsim.engine.names import full_name

    key = "anomaly_trace"
    while node is not None:
        info = node.extras
        if info is None or not info.traced:
            session.warn("anomaly_no_trace", name=full_name(session.dialect, node))
            return
        session.warn(key, name=full_name(session.dialect, node))
        key, node = "anomaly_parent", info.parent


def _accumulate(work: Pass, node: AccumulateGrad, slots: list[Gradient]) -> None:
    """Add the gradient in ``slots`` to the leaf's ``.grad``, as PyTorch does: take it, copy it, or add in place."""
    session, create_graph = work.session, work.create_graph
    mine = not create_graph and _is_alone(slots, 0, memory=False)
    gradient = slots[0]
    tensor = node.tensor
    if not requires_grad(tensor):
        # It required grad when the graph was built.
        return
    if tensor.node is not None and session.dialect == "torch-1.7":
        raise TorchError("leaf_moved")
    info = meta(tensor)
    present = info.grad
    if present is None:
        info.grad = _first_gradient(work, gradient, node.dtype, tensor, mine=mine)
    elif create_graph:
        info.grad = session.call(session.library.operators["+"], present, gradient)
    elif present.array.shape != gradient.shape or present.dtype is not node.dtype or overlaps_itself(present.array):
        # What the user put there: PyTorch's addition takes or refuses it as any other.
        session.call("add_", present, fresh(np.asarray(gradient), node.dtype))
    else:
        total = present.array + gradient
        np.copyto(present.array, _rounded(total, present.dtype), casting="unsafe")
        bump(session, present)
    if present is not None and info.grad is not None and not _obeys_layout(info.grad.array, tensor.array):
        # PyTorch has this warning in two places, and each gives it once.
        session.warn_once(
            "grad_layout_create_graph" if create_graph else "grad_layout",
            grad=list(info.grad.shape),
            grad_strides=list(strides(info.grad.array)),
            leaf=list(tensor.shape),
            leaf_strides=list(strides(tensor.array)),
        )
    if session.facts is not None:
        # A copy: whoever held the gradient itself would change what may be taken or added to.
        session.facts.append(("accumulate", tensor, gradient if create_graph else np.array(gradient)))
    if info.post_hooks:
        # Each hook gets what the one before has returned, and only then PyTorch refuses that one returned something.
        given, replaced = tensor, False
        for hook in list(info.post_hooks):
            returned = hook(given)
            replaced = replaced or returned is not given
            given = returned
        if replaced:
            raise TorchError("post_hook_type")


def _first_gradient(work: Pass, gradient: Gradient, dtype: DType, leaf: Tensor, *, mine: bool) -> Tensor:
    """Return what becomes the ``.grad`` of a leaf that has none.

    A tensor that nobody else holds is taken as it is, if it lies in memory as the leaf does; PyTorch does not ask
    whose the memory is, which may be the seed's. Others are copied into memory laid out as the leaf's, which counts as
    an edit, or, where the leaf has gaps or overlaps, cloned.
    """
    session = work.session
    dense = is_dense(leaf.array)
    if work.create_graph:
        if not dense:
            return session.call("clone", gradient)  # type: ignore[no-any-return]
        # To whom is told what happened it is one step, a copy.
        facts, session.facts = session.facts, None
        try:
            made = session.call("new_empty_strided", gradient, leaf.shape, strides(leaf.array))
            session.call("copy_", made, gradient)
        finally:
            session.facts = facts
        if facts is not None and made.node is not None:
            facts.append(("op", made.node.op, (None, gradient), (made,), made.node))
        return made  # type: ignore[no-any-return]
    array = np.asarray(gradient)
    if mine and _obeys_layout(array, leaf.array):
        return work.gradients.tensor(array, dtype, inference=session.inference, view=False)
    if dense:
        copy = np.empty_like(leaf.array, order="K")
        if array.shape != leaf.shape or dtype is not leaf.dtype:
            # The leaf got other memory by ``.data =`` since.
            session.call("copy_", fresh(copy, leaf.dtype), fresh(array, dtype))
            dtype = leaf.dtype
        else:
            np.copyto(copy, array)
    else:
        copy = np.array(array, order="C")
    made = fresh(copy, dtype)
    made.version.value = int(dense)
    if session.inference:
        make_inference(made)
    return made


def _rounded(array: Array, dtype: DType) -> Array:
    return dtypes.round_bfloat16(array) if dtype is dtypes.bfloat16 else array


def _obeys_layout(gradient: Array, leaf: Array) -> bool:
    """Whether a gradient lies in memory as its leaf does, or plainly where the leaf has gaps or overlaps.

    PyTorch compares no shapes, and takes a stride of 0 in a dim of size 1 for a sign that somebody looks at the memory.
    """
    if not is_dense(leaf):
        return bool(gradient.flags.c_contiguous)
    # The leaf may have got memory of another type since.
    mine, theirs = gradient.itemsize, leaf.itemsize
    return all(
        step * theirs == other * mine if size != 1 else step != 0
        for size, step, other in zip(gradient.shape, gradient.strides, leaf.strides, strict=False)
    )
