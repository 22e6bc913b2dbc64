"""Tensor texts, against the PyTorch that is installed."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detachsim import printing

torch = pytest.importorskip("torch")

RECORD = json.loads((Path(__file__).parents[1] / "data" / "printing.json").read_text(encoding="utf-8"))
DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")


def simulated(tensor: Any) -> str:
    values = tensor.detach()
    array = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    return printing.tensor_text(
        array,
        str(tensor.dtype).removeprefix("torch."),
        grad_fn=type(tensor.grad_fn).__name__ if tensor.grad_fn is not None else None,
        requires_grad=tensor.requires_grad,
        parameter=isinstance(tensor, torch.nn.Parameter),
    )


def random_tensor(draw: random.Random) -> Any:
    """Make a tensor that is likely to sit on an edge of the rules."""
    shape = [draw.choice((0, 1, 1, 2, 3, 5, 7, 12)) for _ in range(draw.randrange(5))]
    if draw.random() < 0.1:
        shape = draw.choice(([1000], [1001], [7, 150], [150, 7], [3, 400], [6, 6, 40], [8, 9, 10, 2]))
    dtype = draw.choice(DTYPES)
    size = int(np.prod(shape))
    spread = draw.choice((1, 1, 10, 1000, 1001, 1e5, 1e8, 2e8, 1e-3, 1e-5))
    numbers = [draw.uniform(-1, 1) * spread for _ in range(size)]
    if draw.random() < 0.5:
        numbers = [float(round(number)) for number in numbers]
    if draw.random() < 0.3:
        numbers = [abs(number) for number in numbers]
    if dtype in printing.FLOATING_DTYPES:
        for _ in range(draw.choice((0, 0, 1, 3)) if size else 0):
            numbers[draw.randrange(size)] = draw.choice((0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1e-4))
        tensor = torch.tensor(numbers, dtype=getattr(torch, dtype)).reshape(shape)
        ending = draw.randrange(4)
        if ending == 1:
            tensor.requires_grad_()
        elif ending == 2:
            tensor = torch.tanh_(tensor.requires_grad_() * 1) if draw.random() < 0.5 else tensor.requires_grad_().exp()
        elif ending == 3 and draw.random() < 0.3:
            tensor = torch.nn.Parameter(tensor, requires_grad=draw.random() < 0.5)
    else:
        bound = {"bool": 1, "int8": 127, "uint8": 255, "int16": 32767}.get(dtype, 10**9)
        low = 0 if dtype in {"uint8", "bool"} else -bound
        whole = [max(low, min(bound, int(number))) for number in numbers]
        tensor = torch.tensor(whole, dtype=getattr(torch, dtype)).reshape(shape)
    return tensor.transpose(0, -1) if len(shape) > 1 and draw.random() < 0.2 else tensor


@pytest.mark.parametrize("seed", range(20))
def test_random_tensors(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(40):
        tensor = random_tensor(draw)
        assert simulated(tensor) == str(tensor)


@pytest.mark.parametrize("case", RECORD["cases"], ids=[case["id"] for case in RECORD["cases"]])
def test_record_is_what_torch_prints(case: dict[str, Any]) -> None:
    *setup, last = case["code"].split("\n")
    names: dict[str, Any] = {"torch": torch}
    exec("\n".join(setup), names)
    printed = str(eval(last, names))
    assert printed.removesuffix("|") == case["expected"]


@pytest.mark.parametrize("spec", ["", ".2f", "08.3f", "e", "+", ">12"])
def test_formatting(spec: str) -> None:
    for dtype in ("float32", "float64", "float16"):
        tensor = torch.tensor(3.14159265, dtype=getattr(torch, dtype))
        assert printing.format_text(tensor.numpy(), dtype, spec) == format(tensor, spec)


@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (0,)])
def test_size(shape: tuple[int, ...]) -> None:
    assert printing.size_text(shape) == str(torch.zeros(shape).shape)


def test_refused_spec() -> None:
    for tensor in (torch.ones(1), torch.nn.Parameter(torch.ones(()))):
        with pytest.raises(TypeError) as real:
            format(tensor, ".2f")
        with pytest.raises(TypeError) as ours:
            printing.format_text(
                tensor.detach().numpy(), "float32", ".2f", parameter=isinstance(tensor, torch.nn.Parameter)
            )
        assert str(ours.value) == str(real.value)


def test_invalid_grad_fn() -> None:
    base = torch.ones(2, requires_grad=True) * 1
    with torch.no_grad():
        view = base[:1]
    base.mul_(2)
    assert str(view) == printing.tensor_text(view.detach().numpy(), "float32", grad_fn="<Invalid>")


@pytest.mark.parametrize("length", [40, 41, 50, 51, 52])
def test_suffix_at_the_end_of_a_line(length: int) -> None:
    def forward(ctx: object, given: Any) -> Any:
        return given * 1

    name = "F" * (length - len("Backward"))
    function = type(name, (torch.autograd.Function,), {"forward": staticmethod(forward)})
    for dtype in (torch.float32, torch.float64):
        for numbers in ([1.0, 1.0], [1.0] * 20):
            tensor = function.apply(torch.tensor(numbers, dtype=dtype, requires_grad=True))  # type: ignore[attr-defined]
            assert f"<{name}Backward>" in str(tensor)
            assert simulated(tensor) == str(tensor)
