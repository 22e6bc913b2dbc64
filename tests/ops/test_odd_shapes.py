"""Every sample of the table on shapes that it was not written for: a result, or an error in PyTorch's words."""

import itertools

import numpy as np
import pytest

from detachsim.engine import dtypes
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.views import requires_grad
from tests.ops.harness import Evaluator, backward, names_of, new_session, sample_inputs, samples, tensors_of

SHAPES = [(), (0,), (1,), (3,), (2, 3), (2, 0), (2, 2), (2, 2, 2), (1, 2, 4, 4)]
TEXTS = list(dict.fromkeys(text for _, text in samples() if 0 < len(names_of(text)) <= 3))


def run(text: str, shapes: dict[str, tuple[int, ...]], dtype: DType) -> None:
    """Run a sample and its backward pass; an error of Python's own is not caught."""
    session = new_session()
    inputs = sample_inputs(shapes, dtype)
    for tensor in inputs.values():
        tensor.requires = tensor.dtype.is_floating
    wanted = [tensor for tensor in inputs.values() if tensor.requires]
    try:
        roots = [tensor for tensor in tensors_of(Evaluator(session, inputs).run(text)) if requires_grad(tensor)]
        if roots:
            backward(session, roots, create_graph=True, inputs=wanted, accumulate=False)
    except (TorchError, LimitError):
        pass


@pytest.mark.parametrize("text", TEXTS)
def test_errors_are_pytorchs(text: str) -> None:
    names = names_of(text)
    with np.errstate(all="ignore"):
        for shapes in itertools.product(SHAPES, repeat=len(names)):
            if len(set(shapes)) > 2:
                continue
            for dtype in (dtypes.float32, dtypes.int64):
                run(text, dict(zip(names, shapes, strict=True)), dtype)


def test_a_huge_order_is_refused_at_once() -> None:
    with pytest.raises(LimitError):
        Evaluator(new_session(), {}).run("torch.mvlgamma(torch.tensor([3.]), 2147483648)")
