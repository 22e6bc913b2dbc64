"""The backward pass: a queue of ready nodes, highest sequence number first, and no recursion.

A node is ready when every node that sends it a gradient has run. ``AccumulateGrad`` has the highest number of
all, so a leaf is served as soon as its last contribution has arrived; after an error, leaves that were served keep
what they got.
"""

from collections.abc import Sequence
from types import CodeType
from typing import TYPE_CHECKING

import numpy as np

from detachsim.engine.accumulation import accumulate
from detachsim.engine.backward_pass import Edge, Pass, arrive, count_dependencies, restrict
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.formulas import call_node, call_simply, call_unfitting
from detachsim.engine.gradient_fit import fit_all
from detachsim.engine.gradients import Gradient
from detachsim.engine.hooks import run_hooks
from detachsim.engine.names import full_name
from detachsim.engine.node import AccumulateGrad, CopySlices, Node
from detachsim.engine.node_hooks import run_hooks_after, run_hooks_before
from detachsim.engine.op import POINTWISE
from detachsim.engine.queue import pop, push
from detachsim.engine.saved import release
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.session import Session


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

    With ``inputs`` only the paths to them run; with ``accumulate`` off, their gradients are returned (``None`` for
    one that was not reached) instead of being accumulated. Raises ``TorchError``; leaves that were served by then
    keep their gradient.
    """
    work = Pass(session, keep_graph=keep_graph, create_graph=create_graph)
    count_dependencies(work, [node for node, _ in roots])
    if inputs is not None:
        restrict(work, [node for node, _ in roots], inputs, accumulate)
    # Of several roots those that lead to no input are passed over; a single one runs its hooks at least.
    passed_over = set()
    if work.needed is not None and len(roots) > 1:
        passed_over = {node for node, _ in roots} - work.needed - work.captures.keys()
    before = session.grad_enabled, session.grad_idle, session.backward_node
    session.grad_enabled = create_graph and not session.inference
    session.grad_idle = create_graph and session.inference
    try:
        # The seeds of one root node arrive together; a root may also wait for another root's gradient.
        for (node, number), gradient in zip(roots, gradients, strict=True):
            if node in passed_over:
                continue
            if not create_graph:
                work.gradients.note(gradient)
            arrive(work, node, number, gradient if create_graph else gradient.array)
        for node in dict.fromkeys(node for node, _ in roots):
            if work.waiting.get(node, 0) == 0 and node not in passed_over:
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
        hooked = node.extras is not None and node.extras.is_hooked
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
            run_hooks_before(session, node, gradients, create_graph, work.gradients)
        if type(node) is AccumulateGrad:
            if gradients[0] is not None:
                accumulate(work, node, gradients)
            if hooked:
                run_hooks_after(session, node, gradients, [], create_graph, work.gradients)
            continue
        try:
            if create_graph or type(node) is not Node:
                results = call_node(session, node, gradients, create_graph)
                fit_all(session, node, results, create_graph)
            else:
                results = call_simply(session, node, gradients)
        except IndexError as error:
            # A saved index was edited past its counter, through ``.data``.
            raise TorchError("index_edited", text=str(error).replace("axis", "dimension")) from None
        except ValueError as error:
            results = call_unfitting(session, node, gradients, error)
        edits = node.op.gradient_edits if type(node) is Node else node.edits_in(session.dialect)
        if edits:
            _count_edits(work, node, gradients, results, edits)
        if needed is not None:
            _drop_unneeded(work, node, results)
        if hooked:
            run_hooks_after(session, node, gradients, results, create_graph, work.gradients)
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
            _refuse_nan(session.dialect, node, results)
        del gradients
        handed = []
        numbers = node.next_nr
        for index, child in enumerate(node.next):
            if child is None:
                continue
            if needed is not None and child not in needed and child not in work.captures:
                continue  # it takes no part in the pass
            # Handed over: who gets it may find that nobody else holds it.
            gradient, results[index] = results[index], None
            count = waiting[child] - 1
            if child not in arrived:
                if child.extras is not None and child.extras.outputs is not None:
                    arrive(work, child, numbers[index], gradient)
                elif count == 0 and following is None and not ready:
                    following, handed = child, [gradient]
                    continue
                else:
                    arrived[child] = [gradient]
            elif gradient is not None:
                arrive(work, child, numbers[index], gradient)
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


def _drop_unneeded(work: Pass, node: Node, results: list[Gradient]) -> None:
    """Forget the gradients that no input of the pass needs, which PyTorch does not compute."""
    assert work.needed is not None
    for index, child in enumerate(node.next):
        if child not in work.needed and child not in work.captures:
            results[index] = None


def _count_edits(
    work: Pass,
    node: Node,
    gradients: list[Gradient],
    results: list[Gradient],
    edits: Sequence[tuple[int, int | CodeType]],
) -> None:
    """Let the counters of new gradients show how often PyTorch edits them while it makes them."""
    for edge, count in edits:
        if not isinstance(count, int):
            if work.create_graph:
                continue  # the formula itself has edited
            count = _number_of(count, node, gradients)
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


def _number_of(count: CodeType, node: Node, gradients: list[Gradient]) -> int:
    """Return how many edits a row's text comes to: it looks at plain numbers, and at whether a tensor is there."""
    names = node.op.plan.argument_names
    saved = node.saved or (None,) * (len(names) - len(node.meta))
    return int(
        eval(count, {"grads": gradients, **dict(zip(names, (*saved, *node.meta), strict=True))})
    )  # our own table's text


def _refuse_nan(dialect: str, node: Node, results: list[Gradient]) -> None:
    for index, gradient in enumerate(results):
        if gradient is None:
            continue
        array = gradient.array if isinstance(gradient, Tensor) else gradient
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise TorchError("nan", name=full_name(dialect, node), index=index)


def _warn_anomaly(session: "Session", node: Node | None) -> None:
    """Warn which forward call is at fault, and which call of an outer backward pass made that one."""

    key = "anomaly_trace"
    while node is not None:
        info = node.extras
        if info is None or not info.traced:
            session.warn("anomaly_no_trace", name=full_name(session.dialect, node))
            return
        session.warn(key, name=full_name(session.dialect, node))
        key, node = "anomaly_parent", info.parent
