"""Running one node: its formulas on arrays, or on tensors while a graph is recorded."""

from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine.gradient_fit import fit, fit_all
from detachsim.engine.gradients import Gradient
from detachsim.engine.node import AsStrided, CopySlices, Node, SavedOutput
from detachsim.engine.operand import Operand, functions, unwrap, wrap
from detachsim.engine.saved import MIXED, freed_error, unpack_arrays, unpack_tensors
from detachsim.engine.slices import as_strided_backward, copy_slices_backward
from detachsim.engine.tensor import Tensor, fresh

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def call_simply(session: "Session", node: Node, gradients: list[Gradient]) -> list[Gradient]:
    """Run an ordinary node's formulas on arrays and fit what they give, for the ops that most graphs are made of.

    What it does not know (several outputs, lists, half types) it leaves to ``call_node``.
    """
    simple = node.op.simple
    if simple is None:
        simple = node.op.make_simple()
    arguments = gradients[:1]
    values: Any = MIXED
    if simple and arguments[0] is not None:
        saved = node.saved
        entry = saved[0] if saved is not None and len(saved) == 1 else None
        # One output of its own that nobody edited is the commonest thing to have saved: no call for it.
        if type(entry) is SavedOutput and entry.version.value == entry.expected:
            values = None
            arguments.append(entry.array)
        elif not node.op.saves:
            values = None
        else:
            values = unpack_arrays(session, node)
    results: list[Gradient]
    if values is MIXED or node.dtype.is_reduced:
        results = call_node(session, node, gradients, False)
        fit_all(session, node, results, False)
        return results
    if values is not None:
        arguments += values
    if node.meta:
        arguments += node.meta
    results = []
    for child in node.next:
        if child is None:
            results.append(None)
            continue
        made = simple[len(results)](*arguments)
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
            results.append(fit(session, node, len(results), made, False))
    return results


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


def call_unfitting(session: "Session", node: Node, gradients: list[Gradient], error: ValueError) -> list[Gradient]:
    """Run a node whose formulas did not fit on arrays: ``.data = …`` gave a saved input another shape.

    Op by op, each op asks for the shapes first and raises PyTorch's error.
    """
    if type(node) is not Node or any(isinstance(gradient, Tensor) for gradient in gradients):
        raise error
    results = _call_by_steps(session, node, gradients)
    fit_all(session, node, results, False)
    return results


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
