"""Expressions over tensors, and questions that the tests of the table ask about a graph."""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.backward import run_backward
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.names import class_name
from detachsim.engine.node import AccumulateGrad, Node
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, fresh
from detachsim.engine.views import gradient_edge, requires_grad
from detachsim.ops.table import library, whole_library
from detachsim.run.evaluation import Evaluator as RunEvaluator
from detachsim.run.names import Names
from detachsim.run.values import Function

SAVED = Path(__file__).parent.parent / "data" / "saved.json"

_BUILTINS = ("torch", "F", "SETITEM", "float", "slice")


class UnknownOp(Exception):
    """The table has no such op, or not under that spelling."""


class Evaluator:
    """Evaluates expressions such as ``torch.where(a > 0.5, a, b)`` as a scenario's are."""

    def __init__(self, session: Session, names: Mapping[str, Any]) -> None:
        def setitem(owner: Tensor, index: Any, value: Any) -> Tensor:
            session.call("setitem", owner, index, value)
            return owner

        helpers = {"SETITEM": Function("SETITEM", setitem), "slice": Function("slice", slice)}
        known = Names()
        known.update(helpers | dict(names))
        self.evaluator = RunEvaluator(session, known)

    def run(self, text: str) -> Any:
        """Return an expression's value; raises ``TorchError`` as PyTorch would, ``UnknownOp`` for gaps in the table."""
        try:
            return self.evaluator.evaluate(parsed(text))
        except TorchError as error:
            if error.spell("torch-2.13")[0] in ("AttributeError", "NameError"):
                raise UnknownOp(text) from error
            raise


@cache
def parsed(text: str) -> ast.expr:
    """Return the tree of an expression."""
    return ast.parse(text, mode="eval").body


def names_of(text: str) -> list[str]:
    """Return the tensors' names in an expression, in alphabetical order."""
    names = {node.id for node in ast.walk(parsed(text)) if isinstance(node, ast.Name)}
    return sorted(names - {*_BUILTINS, "inf", "nan"})


# Inputs


def positive(shape: Sequence[int], number: int) -> Array:
    """Return the measurements' distinct numbers between 0.2 and 0.9; ``number`` counts the inputs from 1."""
    count = int(np.prod(shape, dtype=int))
    base = np.arange(count, dtype=np.float32)
    return (np.float32(0.2) + np.float32(0.7) * ((base * 7 + number * 3) % (count + 2)) / (count + 2)).reshape(shape)


def build(specs: Mapping[str, Any], dtype: DType = dtypes.float32) -> dict[str, Tensor]:
    """Return the inputs that ``saved.json`` describes."""
    made: dict[str, Tensor] = {}
    count = 0
    for name, spec in specs.items():
        if isinstance(spec, list):
            count += 1
            made[name] = leaf(positive(spec, count), dtype)
            continue
        ((kind, value),) = spec.items()
        if kind == "spd":
            made[name] = leaf(np.eye(value) * 2 + 0.3, dtype)
        elif kind == "long":
            made[name] = leaf(np.array(value), dtypes.int64)
        elif kind == "bool":
            made[name] = leaf(np.array(value), dtypes.boolean)
        else:
            made[name] = leaf(np.array(value), dtype)
    return made


def leaf(array: Any, dtype: DType) -> Tensor:
    """Return a leaf of given values."""
    return fresh(np.array(array, dtype=dtype.numpy), dtype)


def may_require(spec: Any) -> bool:
    """Whether an input of ``saved.json`` may require grad."""
    return isinstance(spec, list) or "spd" in spec


def new_session(**options: Any) -> Session:
    """Return a session that ignores warnings."""
    return Session(library(options.get("dialect", NEWEST)), **options)


# Questions about a graph


def tensors_of(value: Any) -> list[Tensor]:
    """Return the tensors that an expression gave."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, (tuple, list)):
        return [item for item in value if isinstance(item, Tensor)]
    return []


def graph(session: Session, node: Node | None, leaves: Mapping[str, Tensor], depth: int = 0) -> str:
    """Return a graph as ``AddBackward0(a,None)``, leaves by name."""
    if node is None:
        return "None"
    if isinstance(node, AccumulateGrad):
        return next((name for name, tensor in leaves.items() if tensor is node.tensor), "leaf?")
    name = class_name(session.dialect, node)
    if depth > 6:
        return f"{name}(...)"
    return f"{name}({','.join(graph(session, child, leaves, depth + 1) for child in node.next)})"


def backward(
    session: Session,
    outputs: Sequence[Tensor],
    gradients: Sequence[Tensor] | None = None,
    *,
    keep_graph: bool = False,
    create_graph: bool = False,
    inputs: Sequence[Tensor] | None = None,
    accumulate: bool = True,
) -> list[Tensor | None]:
    """Run backward from every output that requires grad, with ones unless gradients are given."""
    roots, seeds = [], []
    for index, output in enumerate(outputs):
        if not requires_grad(output):
            continue
        node, number = gradient_edge(session, output)
        if node is None:
            continue
        roots.append((node, number))
        seeds.append(leaf(np.ones(output.shape), output.dtype) if gradients is None else gradients[index])
    edges = None if inputs is None else [gradient_edge(session, tensor) for tensor in inputs]
    return run_backward(
        session,
        roots,
        seeds,
        keep_graph=keep_graph or create_graph,
        create_graph=create_graph,
        inputs=edges,
        accumulate=accumulate,
    )


def error_of(action: Any) -> str | None:
    """Return ``Type: message`` of the error of ``action()``, ``None`` where there is none."""
    try:
        action()
    except TorchError as error:
        return ": ".join(error.spell("torch-2.13"))
    return None


def edit(session: Session, tensor: Tensor, times: int = 1) -> None:
    """Move a tensor's counter through ``detach()`` without changing its values."""
    alias = session.call("detach", tensor)
    with session.grad_mode(False):
        for _ in range(times):
            try:
                session.call("copy_", alias, session.call("clone", alias))
            except TorchError:
                session.call("fill_", alias, alias.array.ravel()[0].item())


def cases() -> dict[str, Any]:
    """Return the measured op forms by name."""
    forms: dict[str, Any] = json.loads(SAVED.read_text(encoding="utf-8"))["ops"]
    return forms


# Samples of the table's rows


def samples() -> list[tuple[str, str]]:
    """Return every sample of the table with the name of its op."""
    found = [
        (op.name, text) for overloads in whole_library().sets.values() for op in overloads.ops for text in op.samples
    ]
    return list(dict.fromkeys(found))


# One shape for all inputs, or one for each, tried in turn: an op takes those that it can.
SHAPES: tuple[Any, ...] = (
    (3,),
    (2, 3),
    (2, 2),
    [(2, 3), (3, 2)],
    [(2, 3), (3,)],
    [(3,), (3, 2)],
    [(2, 3), (1, 3)],
    (2, 2, 2),
    [(2, 2), (2, 3), (3, 2)],
    [(2, 4), (3, 4), (3,)],
    [(1, 2, 4), (2, 2, 2), (2,)],
    [(1, 1, 4, 4), (1, 1, 2, 2), (1,)],
    (1, 2, 4, 4),
    (1, 2, 4),
    (),
)


def inputs_for(text: str, limit: int = 3) -> Iterator[dict[str, tuple[int, ...]]]:
    """Yield up to ``limit`` assignments of shapes to an expression's names that the op accepts."""
    names = names_of(text)
    found: list[dict[str, tuple[int, ...]]] = []
    for candidate in SHAPES:
        shapes = [candidate] * len(names) if isinstance(candidate, tuple) else candidate
        if len(shapes) < len(names):
            shapes = [*shapes, *[shapes[-1]] * (len(names) - len(shapes))]
        assigned = dict(zip(names, shapes, strict=False))
        if assigned in found:
            continue
        session = new_session()
        try:
            Evaluator(session, sample_inputs(assigned)).run(text)
        except TorchError:
            continue
        found.append(assigned)
        yield assigned
        if len(found) == limit:
            return


def sample_inputs(shapes: Mapping[str, Sequence[int]], dtype: DType = dtypes.float32) -> dict[str, Tensor]:
    """Return the inputs of a sample: ``i`` small integers, ``m`` a mask, the others distinct positive floats."""
    made: dict[str, Tensor] = {}
    for number, (name, shape) in enumerate(shapes.items(), start=1):
        count = int(np.prod(shape, dtype=int))
        if name == "i":
            made[name] = leaf((np.arange(count) % 2).reshape(shape), dtypes.int64)
        elif name == "m":
            made[name] = leaf((np.arange(count) % 2 == 0).reshape(shape), dtypes.boolean)
        else:
            made[name] = leaf(positive(shape, number), dtype)
    return made
