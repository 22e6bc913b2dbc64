"""Random numbers, against the PyTorch that is installed: to the last bit on a processor with AVX2 or AVX512."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from detachsim.engine.generator import Generator, put

torch = pytest.importorskip("torch")

FLOATS = ("float32", "float64", "float16", "bfloat16")
EXACT = torch.backends.cpu.get_cpu_capability() in {"AVX2", "AVX512"}
SIZES = (0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 100, 1000, 20000)
SEEDS = (0, 42, -7, 2**40 + 3)


def check(ours: Any, real: Any) -> None:
    tensor = real.detach()
    array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    assert ours.dtype == array.dtype
    if EXACT or array.dtype.kind != "f":
        assert np.array_equal(ours, array)
    else:
        # PyTorch's other kernels round some steps differently.
        coarse = {torch.bfloat16: 1e-2, torch.float16: 1e-3}.get(tensor.dtype, 1e-5)
        np.testing.assert_allclose(ours, array, rtol=coarse, atol=coarse)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(dtype: str, seed: int) -> None:
    kind = getattr(torch, dtype)
    generator = Generator(seed)
    torch.manual_seed(seed)
    for size in SIZES:
        shape = (size,)
        check(generator.uniform(shape, dtype), torch.rand(size, dtype=kind))
        check(generator.uniform(shape, dtype, -0.3, 1.9), torch.empty(size, dtype=kind).uniform_(-0.3, 1.9))
        check(generator.normal(shape, dtype), torch.randn(size, dtype=kind))
        check(generator.normal(shape, dtype, 0.3, 1.7), torch.empty(size, dtype=kind).normal_(0.3, 1.7))
        check(generator.exponential(shape, dtype, 1.5), torch.empty(size, dtype=kind).exponential_(1.5))
        chances = generator.uniform(shape, dtype)
        real_chances = torch.rand(size, dtype=kind)
        check(generator.bernoulli_each(chances), torch.bernoulli(real_chances).bool())


@pytest.mark.parametrize("seed", SEEDS)
def test_integers_and_choices(seed: int) -> None:
    generator = Generator(seed)
    torch.manual_seed(seed)
    for size in SIZES:
        shape = (size,)
        for low, high in ((0, 10), (-5, 3), (0, 2**28 - 1), (0, 2**28), (-(2**62), 2**62), (-(2**63), 2**63 - 1)):
            check(generator.integers(shape, low, high), torch.randint(low, high, shape))
        check(generator.permutation(size), torch.randperm(size))
        for probability in (0.0, 0.3, 1.0):
            check(generator.bernoulli(shape, probability), torch.empty(shape, dtype=torch.bool).bernoulli_(probability))


@pytest.mark.parametrize("probability", [0.1, 0.25, 0.5])
def test_dropout(probability: float) -> None:
    given = torch.linspace(-1, 1, 40)
    torch.manual_seed(3)
    kept = Generator(3).bernoulli((40,), 1 - probability).astype(np.float32)
    ours = given.numpy() * (kept / np.float32(1 - probability))
    check(ours, torch.nn.functional.dropout(given, probability))


def test_linear_draws_its_weight_and_then_its_bias() -> None:
    torch.manual_seed(11)
    layer = torch.nn.Linear(6, 4)
    generator = Generator(11)
    bound = math.sqrt(3.0) * (math.sqrt(2.0 / (1 + math.sqrt(5.0) ** 2)) / math.sqrt(6))
    check(generator.uniform((4, 6), "float32", -bound, bound), layer.weight)
    bound = 1 / math.sqrt(6)
    check(generator.uniform((4,), "float32", -bound, bound), layer.bias)


VIEWS: tuple[Callable[[Any], Any], ...] = (
    lambda t: t,
    lambda t: t.T,
    lambda t: t[::2],
    lambda t: t[:, 1:],
    lambda t: t[:, ::2].T,
)


def test_filling_a_tensor_of_any_strides() -> None:
    torch.manual_seed(5)
    generator = Generator(5)
    for view in VIEWS:
        real, ours = torch.zeros(6, 7), np.zeros((6, 7), dtype=np.float32)
        view(real).uniform_()
        target = view(ours)
        put(target, generator.uniform(target.shape))
        check(ours, real)
        view(real).normal_()
        contiguous = view(real).is_contiguous()
        put(target, generator.normal(target.shape, contiguous=contiguous))
        check(ours, real)


def test_a_new_generator_has_the_default_seed() -> None:
    assert torch.Generator().initial_seed() == Generator().seed
    check(Generator().uniform((5,)), torch.rand(5, generator=torch.Generator()))


def test_a_great_many_numbers() -> None:
    torch.manual_seed(2)
    generator = Generator(2)
    size = (1 << 18) + 3
    check(generator.normal((size,)), torch.randn(size))
    check(generator.uniform((size,), "float64"), torch.rand(size, dtype=torch.float64))
    check(generator.uniform((3,)), torch.rand(3))
