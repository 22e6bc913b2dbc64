"""The formulas of every row, against differences of its own kernel: once, and twice through ``create_graph``."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from tests.ops.harness import Evaluator, backward, inputs_for, leaf, new_session, sample_inputs, samples, tensors_of

STEP = 1e-6
CASES = [(name, text) for name, text in samples()]

Values = Mapping[str, Array]


def weights(shape: Sequence[int], number: int) -> Array:
    """Return fixed numbers of both signs, to send into an output."""
    count = int(np.prod(shape, dtype=int))
    made: Array = 0.3 + np.sin(np.arange(count) * 1.7 + number)
    return made.reshape(shape)


def leaves_of(values: Values, diffable: Sequence[str]) -> dict[str, Tensor]:
    leaves = {}
    for name, array in values.items():
        leaves[name] = leaf(array, dtypes.BY_NUMPY[array.dtype])
        leaves[name].requires = name in diffable
    return leaves


def weighted(text: str, values: Values) -> float:
    """Return the sum of all floating outputs, each element times its weight."""
    outputs = tensors_of(Evaluator(new_session(), leaves_of(values, ())).run(text))
    return float(sum((o.array * weights(o.shape, n)).sum() for n, o in enumerate(outputs) if o.dtype.is_floating))


def gradients(text: str, values: Values, diffable: Sequence[str]) -> dict[str, Array]:
    """Return the gradients of ``weighted`` by backward."""
    session = new_session()
    leaves = leaves_of(values, diffable)
    outputs = [o for o in tensors_of(Evaluator(session, leaves).run(text)) if o.dtype.is_floating]
    backward(session, outputs, [leaf(weights(o.shape, n), o.dtype) for n, o in enumerate(outputs)])
    return {name: _array(leaves[name].grad, values[name]) for name in diffable}


def second(text: str, values: Values, diffable: Sequence[str]) -> dict[str, Array] | None:
    """Return the gradients of the weighted sum of ``gradients``; nothing where they don't require grad."""
    session = new_session()
    leaves = leaves_of(values, diffable)
    inputs = [leaves[name] for name in diffable]
    outputs = [o for o in tensors_of(Evaluator(session, leaves).run(text)) if o.dtype.is_floating]
    seeds = [leaf(weights(o.shape, n), o.dtype) for n, o in enumerate(outputs)]
    first = backward(session, outputs, seeds, create_graph=True, inputs=inputs, accumulate=False)
    found = [(n, grad) for n, grad in enumerate(first) if grad is not None and requires_grad(grad)]
    if not found:
        return None
    again = [leaf(weights(grad.shape, 10 + n), grad.dtype) for n, grad in found]
    backward(session, [grad for _, grad in found], again)
    return {name: _array(leaves[name].grad, values[name]) for name in diffable}


def _array(grad: Tensor | None, like: Array) -> Array:
    return np.zeros_like(like) if grad is None else grad.array


def differences(function: Callable[[Values], float], values: Values, name: str) -> Array:
    """Return the gradient of ``function`` by ``values[name]``, by central differences."""
    made = np.zeros_like(values[name])
    for place in np.ndindex(made.shape):
        sides = []
        for sign in (1, -1):
            moved = values[name].copy()
            moved[place] += sign * STEP
            sides.append(function({**values, name: moved}))
        made[place] = (sides[0] - sides[1]) / (2 * STEP)
    return made


@cache
def assignments(text: str) -> tuple[dict[str, tuple[int, ...]], ...]:
    return tuple(inputs_for(text, limit=2))


def differentiable(text: str) -> list[tuple[dict[str, Array], list[str]]]:
    """Return inputs in float64 for which the expression has a gradient, and their names."""
    found = []
    for shapes in assignments(text):
        values = {name: tensor.array for name, tensor in sample_inputs(shapes, dtypes.float64).items()}
        diffable = [name for name, array in values.items() if array.dtype == np.float64]
        outputs = tensors_of(Evaluator(new_session(), leaves_of(values, diffable)).run(text))
        if any(requires_grad(output) for output in outputs) and all(
            o.dtype is dtypes.float64 for o in outputs if o.dtype.is_floating
        ):
            found.append((values, diffable))
    return found


@pytest.mark.parametrize(("name", "text"), CASES)
def test_every_sample_runs(name: str, text: str) -> None:
    assert assignments(text), "no inputs that the op takes"


@pytest.mark.parametrize(("name", "text"), CASES)
def test_gradient(name: str, text: str) -> None:
    for values, diffable in differentiable(text):
        found = _try(gradients, text, values, diffable)
        if found is None:
            continue
        for each in diffable:
            wanted = differences(lambda moved: weighted(text, moved), values, each)
            np.testing.assert_allclose(found[each], wanted, rtol=1e-5, atol=1e-6, err_msg=each)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_second_gradient(name: str, text: str) -> None:
    for values, diffable in differentiable(text):
        found = _try(second, text, values, diffable)
        if found is None:
            continue

        def slope(moved: Values, diffable: Sequence[str] = diffable) -> float:
            made = gradients(text, moved, diffable)
            return float(sum((made[each] * weights(made[each].shape, 10 + n)).sum() for n, each in enumerate(diffable)))

        for each in diffable:
            wanted = differences(slope, values, each)
            np.testing.assert_allclose(found[each], wanted, rtol=1e-4, atol=1e-5, err_msg=each)


def _try(function: Callable[..., Any], *args: Any) -> Any:
    """Run ``function``; what PyTorch itself has no formula for is nothing to compare."""
    try:
        return function(*args)
    except TorchError as error:
        if error.key in ("not_differentiable", "no_derivative"):
            return None
        raise
