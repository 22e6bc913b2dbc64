"""The graphs of first, second and third gradients of every sample of the table, node by node against real PyTorch; and
which edits between one backward pass and the next PyTorch forbids."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from detachsim.engine import dtypes
from detachsim.engine.autograd import grad
from detachsim.engine.errors import TorchError
from detachsim.engine.names import full_name
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, strides
from detachsim.engine.views import grad_fn, requires_grad
from tests.ops.harness import Evaluator, inputs_for, leaf, new_session, positive, samples, tensors_of

torch = pytest.importorskip("torch")

LEVELS = 3
# A graph of so many nodes is looked at no further.
MOST = 1500

# The few samples whose graphs differ, by what the inputs are.
DIFFERS: dict[str, str] = {
    text: "the same numbers by other steps: the formula of PyTorch's second derivative is not known"
    for _, text in samples()
    if "grid_sample" in text and "nearest" not in text
}

CASES = [
    (text, shapes)
    for text in dict.fromkeys(text for _, text in samples())
    if not re.search(r"multinomial|empty", text)
    for shapes in inputs_for(text, limit=2)
]

Inputs = dict[str, tuple[list[Any], tuple[int, ...], str]]


def inputs_of(shapes: dict[str, tuple[int, ...]]) -> Inputs:
    """Return the inputs' elements, shapes and types: floats, but ``i`` whole numbers and ``m`` a mask."""
    made: Inputs = {}
    for number, (name, shape) in enumerate(shapes.items(), start=1):
        count = int(np.prod(shape, dtype=int))
        if name in ("i", "m"):
            made[name] = [place % 2 for place in range(count)], shape, "int64" if name == "i" else "bool"
        else:
            made[name] = positive(shape, number).astype(float).ravel().tolist(), shape, "float32"
    return made


def walk(roots: Sequence[Any], edges: Callable[[Any], Sequence[Any]], name: Callable[[Any], str]) -> list[Any]:
    """Return every node that the roots lead to, once, with the places and output numbers of what it leads to."""
    places: dict[int, int] = {}
    nodes: list[Any] = []

    def place(node: Any) -> int:
        if id(node) not in places:
            places[id(node)] = len(nodes)
            nodes.append(node)
        return places[id(node)]

    rows: list[Any] = [None if root is None else place(root) for root in roots]
    for node in nodes:
        rows.append((name(node), [None if child is None else (place(child), number) for child, number in edges(node)]))
        if len(rows) > MOST:
            break
    return rows


def theirs(text: str, inputs: Inputs, form: str, edited: str | None = None) -> list[Any]:
    torch.manual_seed(0)
    leaves = {}
    for name, (elements, shape, kind) in inputs.items():
        leaves[name] = torch.tensor(elements, dtype=torch.float64).reshape(shape).to(getattr(torch, kind))
        leaves[name].requires_grad_(kind == "float32")
    names = {"torch": torch, "F": torch.nn.functional, "inf": float("inf"), "nan": float("nan"), **leaves}
    wanted = [tensor for tensor in leaves.values() if tensor.requires_grad]
    found: list[Any] = []
    try:
        made = eval(text, names)
        outputs = [made] if isinstance(made, torch.Tensor) else list(made)
        for _ in range(1 if edited else LEVELS):
            roots = [item for item in outputs if isinstance(item, torch.Tensor) and item.requires_grad]
            if not roots:
                return found
            outputs = torch.autograd.grad(_total(roots, form), wanted, create_graph=True, allow_unused=True)
            found.append(
                [
                    *walk(
                        [None if one is None else one.grad_fn for one in outputs],
                        lambda node: node.next_functions,
                        lambda node: node.name(),
                    ),
                    *(
                        None
                        if one is None
                        else (one._version, tuple(one.shape), one.stride(), one.requires_grad, one._is_view())
                        for one in outputs
                    ),
                ]
            )
        if edited:
            with torch.no_grad():
                leaves[edited].detach().add_(0.125)
            again = [one for one in outputs if one is not None and one.requires_grad]
            if again:
                torch.autograd.grad(_total(again, form), wanted, allow_unused=True)
    except Exception as error:
        found.append(f"{type(error).__name__}: {error}")
    return found


def _total(roots: Sequence[Any], form: str) -> Any:
    total = None
    for root in roots:
        part = (root if form == "sum" else root * root).sum()
        total = part if total is None else total + part
    return total


def ours(text: str, inputs: Inputs, form: str, edited: str | None = None) -> list[Any]:
    session = new_session()
    session.generator.manual_seed(0)
    leaves = {}
    for name, (elements, shape, kind) in inputs.items():
        dtype = dtypes.BY_NAME[kind]
        leaves[name] = leaf(np.array(elements).reshape(shape), dtype)
        leaves[name].requires = dtype.is_floating
    wanted = [tensor for tensor in leaves.values() if tensor.requires]
    found: list[Any] = []
    try:
        outputs: Sequence[Any] = tensors_of(Evaluator(session, leaves).run(text))
        for _ in range(1 if edited else LEVELS):
            roots = [item for item in outputs if item is not None and requires_grad(item)]
            if not roots:
                return found
            total = _our_total(session, roots, form)
            outputs = grad(session, [total], wanted, create_graph=True, allow_unused=True)
            found.append(
                [
                    *walk(
                        [None if one is None else grad_fn(session, one) for one in outputs],
                        lambda node: list(zip(node.next, node.next_nr, strict=True)),
                        lambda node: full_name(session.dialect, node),
                    ),
                    *(None if one is None else _facts(one) for one in outputs),
                ]
            )
        if edited:
            with session.grad_mode(False):
                session.call("add_", session.call("detach", leaves[edited]), 0.125)
            again = [one for one in outputs if one is not None and requires_grad(one)]
            if again:
                grad(session, [_our_total(session, again, form)], wanted, allow_unused=True)
    except TorchError as error:
        found.append(": ".join(error.spell("torch-2.13")))
    return found


def _our_total(session: Session, roots: Sequence[Tensor], form: str) -> Tensor:
    total: Any = None
    for root in roots:
        part = session.call("sum", root if form == "sum" else session.call("mul", root, root))
        total = part if total is None else session.call("add", total, part)
    made: Tensor = total
    return made


def _facts(one: Tensor) -> tuple[Any, ...]:
    return one.version.value, one.shape, strides(one.array), requires_grad(one), one.view is not None


def differences(text: str, shapes: dict[str, tuple[int, ...]]) -> Iterator[str]:
    inputs = inputs_of(shapes)
    edits = [name for name, (_, _, kind) in inputs.items() if kind == "float32"]
    for form, edited in (("sum", None), ("square", None), *(("square", name) for name in edits)):
        mine, real = ours(text, inputs, form, edited), theirs(text, inputs, form, edited)
        for level, (left, right) in enumerate(zip(mine, real, strict=False), start=1):
            if left != right:
                first = next((i for i, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), -1)
                shown = (
                    (left, right) if isinstance(left, str) or isinstance(right, str) else (left[first], right[first])
                )
                yield f"{form}, {edited} edited, gradient {level}, entry {first}: {shown[0]}, PyTorch: {shown[1]}"
                break
        else:
            if len(mine) != len(real):
                yield f"{form}, {edited} edited: {mine[len(real) :]}, PyTorch: {real[len(mine) :]}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("text", "shapes"), CASES, ids=[f"{text} {shapes}" for text, shapes in CASES])
def test_gradients_have_the_graphs_of_pytorch(text: str, shapes: dict[str, tuple[int, ...]]) -> None:
    found = list(differences(text, shapes))
    if text in DIFFERS:
        assert found, "it agrees again and must leave the list"
    else:
        assert found == []
