"""``torch.autograd.backward`` and ``torch.autograd.grad``: their arguments, checks and defaults around the
backward pass."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import batches, dtypes
from detachsim.engine.backward import run_backward
from detachsim.engine.backward_pass import Edge
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.gradient_fit import expandable, sum_to
from detachsim.engine.hooks import retain_grad
from detachsim.engine.node import Node
from detachsim.engine.parser import type_word
from detachsim.engine.tensor import Tensor, fresh, make_inference
from detachsim.engine.views import gradient_edge, requires_grad
from detachsim.printing import size_text

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def backward(
    session: "Session",
    tensors: Sequence[Tensor],
    gradients: Sequence[Any] | None,
    *,
    retain_graph: Any = None,
    create_graph: Any = False,
    inputs: Sequence[Any] | None = None,
) -> None:
    """Accumulate into the leaves' ``.grad``.

    ``gradients`` is ``None`` or holds a tensor (or ``None``) for each of ``tensors``. Raises ``TorchError``.
    """
    if inputs is not None and len(inputs) == 0:
        raise TorchError("inputs_empty")
    seeds = _make_gradients(session, tensors, gradients)
    keep, create = _flag(create_graph if retain_graph is None else retain_graph), _flag(create_graph)
    roots = _root_edges(session, tensors, seeds)
    edges: list[tuple[Node | None, int]] | None = None
    if inputs is not None:
        edges = []
        for tensor in inputs:
            _require_tensor(tensor)
            # The edge first, which gives a view of an edited base its node: so it keeps its gradient, too.
            edges.append(gradient_edge(session, tensor))
            retain_grad(session, tensor)
    if create and session.dialect != "torch-1.7":
        session.warn_once("create_graph")
    _run(session, "backward", tensors, roots, seeds, keep, create, edges, accumulate=True)


def grad(
    session: "Session",
    outputs: Sequence[Any],
    inputs: Sequence[Any],
    gradients: Sequence[Any] | None = None,
    *,
    only_inputs: bool = True,
    retain_graph: Any = None,
    create_graph: Any = False,
    allow_unused: Any = None,
    is_grads_batched: Any = False,
    materialize_grads: Any = False,
) -> tuple[Tensor | None, ...]:
    """Return the gradients of ``outputs`` with respect to ``inputs``; no ``.grad`` changes. Raises ``TorchError``.

    With ``is_grads_batched`` each of ``gradients`` is several along a first dim, and so are the results.
    """
    if allow_unused is None:
        allow_unused = materialize_grads
    if materialize_grads and allow_unused is False:
        raise TorchError("materialize_conflict")
    if not inputs and session.dialect == NEWEST:
        raise TorchError("grad_inputs_empty")
    if not only_inputs:
        session.warn("only_inputs")
    seeds = _make_gradients(session, outputs, gradients, batched=is_grads_batched)
    rows = batches.rows(seeds) if is_grads_batched else [seeds]
    keep, create = _flag(create_graph if retain_graph is None else retain_graph), _flag(create_graph)
    allow_unused = _flag(allow_unused)
    roots = [_root_edges(session, outputs, row) for row in rows]
    if not inputs:
        raise TorchError("grad_inputs_empty")
    edges: list[tuple[Node | None, int]] = []
    for tensor in inputs:
        _require_tensor(tensor)
        if not requires_grad(tensor):
            raise TorchError("grad_input_not_required")
        edges.append(gradient_edge(session, tensor))
    if is_grads_batched and create:
        raise LimitError("torch.autograd.grad with is_grads_batched=True and create_graph=True")
    found = [
        _run(session, "grad", outputs, starts, row, keep or row is not rows[-1], create, edges, accumulate=False)
        for row, starts in zip(rows, roots, strict=True)
    ]
    results = batches.stacked(found) if is_grads_batched else found[0]
    for index, result in enumerate(results):
        if result is None and not allow_unused:
            raise TorchError("unused", index=index)
        if result is None and materialize_grads:
            source = inputs[index]
            results[index] = session.call("zeros_like", source, requires_grad=create)
    return tuple(results)


def _flag(value: Any) -> bool:
    """Return a flag as the engine of PyTorch reads it: as a number that fits a byte."""
    if isinstance(value, Tensor):
        if value.dtype.is_floating or value.array.size != 1:
            raise TorchError("index_of_many")
        value = int(value.array.item())
    if not isinstance(value, int):
        text = f"'{type_word(value)}' object cannot be interpreted as an integer"
        raise TorchError("python", type="TypeError", text=text)
    if not 0 <= value <= 255:
        side = "less than minimum" if value < 0 else "greater than maximum"
        raise TorchError("python", type="OverflowError", text=f"unsigned byte integer is {side}")
    return value != 0


def _require_tensor(value: Any) -> None:
    if not isinstance(value, Tensor):
        from detachsim.engine.parser import type_word

        raise TorchError("grad_input_type", type=type_word(value))


def _run(
    session: "Session",
    call: str,
    tensors: Sequence[Tensor],
    roots: list[Edge],
    seeds: list[Tensor],
    keep: bool,
    create_graph: bool,
    edges: list[tuple[Node | None, int]] | None,
    *,
    accumulate: bool,
) -> list[Tensor | None]:
    facts = session.facts
    if facts is not None:
        facts.append(("backward", call, list(tensors), [node for node, _ in roots], create_graph, keep))
    completed = False
    try:
        results = run_backward(
            session, roots, seeds, keep_graph=keep, create_graph=create_graph, inputs=edges, accumulate=accumulate
        )
        completed = True
    finally:
        if facts is not None:
            facts.append(("backward_ended", completed))
    return results


def _make_gradients(
    session: "Session", outputs: Sequence[Any], gradients: Sequence[Any] | None, *, batched: bool = False
) -> list[Any]:
    """Return one seed gradient for each output, ones for a scalar without one; ``None`` for what requires no grad."""
    given: Sequence[Any] = (None,) * len(outputs) if gradients is None else gradients
    seeds: list[Any] = []
    for output, gradient in zip(outputs, given, strict=False):
        if not isinstance(output, Tensor):
            key = "not_a_root" if gradient is None else "no_root_for_gradient"
            raise TorchError(key, type=type_word(output).rpartition(".")[2])
        if isinstance(gradient, Tensor):
            shape = batches.shape_of_row(gradient) if batched else gradient.shape
            if shape != output.shape:
                raise TorchError(
                    "grads_batch_shape" if batched else "grad_shape",
                    grad_index=_place(session, given, gradient),
                    grad=size_text(shape[1:] if batched else shape),
                    index=_place(session, outputs, output),
                    output=size_text(output.shape),
                )
            seeds.append(gradient)
        elif gradient is None:
            if requires_grad(output):
                if output.array.size != 1:
                    raise TorchError("nonscalar")
                seed = fresh(np.ones(output.shape, output.dtype.numpy), output.dtype)
                if session.inference:
                    make_inference(seed)
                seeds.append(seed)
            else:
                seeds.append(None)
        else:
            raise TorchError("grad_element_type", type=type_word(gradient).rpartition(".")[2])
    if len(seeds) != len(outputs):
        raise TorchError("gradient_count", tensors=len(outputs), gradients=len(seeds))
    return seeds


def _place(session: "Session", items: Sequence[Any], wanted: Tensor) -> int:
    """Return what Python's ``index`` does, with which PyTorch looks for a tensor among others.

    It compares what comes before by ``==``, which is an error for tensors of other shapes or of several elements.
    """
    for place, item in enumerate(items):
        if item is wanted:
            return place
        if isinstance(item, Tensor):
            same: Tensor = session.call("eq", item, wanted)
            if same.array.size != 1:
                raise TorchError("bool_many" if same.array.size else "bool_none")
            if same.array.item():
                return place
    raise AssertionError("the tensor is not among them")


def _root_edges(session: "Session", tensors: Sequence[Tensor], seeds: list[Any]) -> list[Edge]:
    """Return where the pass starts, and fit the seeds to their roots' types; raises for a root without a graph."""
    edges: list[Edge] = []
    for index, tensor in enumerate(tensors):
        node, number = gradient_edge(session, tensor)
        if node is None:
            raise TorchError("no_grad_fn", index=index)
        edges.append((node, number))
    for index, ((node, number), seed) in enumerate(zip(edges, seeds, strict=True)):
        if seed is None:
            raise TorchError("gradient_none", index=index)
        # What the node was made for: the tensor may have got other memory since, by ``.data =``.
        seeds[index] = _fitted(session, index, seed, *node.outputs()[number])
    return edges


def _fitted(session: "Session", index: int, seed: Tensor, shape: tuple[int, ...], dtype: DType) -> Tensor:
    if seed.shape != shape:
        if not expandable(shape, seed.shape):
            raise TorchError("root_incompatible", index=index, found=list(seed.shape), expected=list(shape))
        seed = sum_to(session, seed, shape)
    if seed.dtype is dtype:
        return seed
    if requires_grad(seed):
        return session.call("to", seed, dtype)  # type: ignore[no-any-return]
    return fresh(dtypes.cast(seed.array, seed.dtype, dtype), dtype)
