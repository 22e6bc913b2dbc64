"""Random numbers, against what PyTorch 2.13 drew; ``tests/data/generator.json`` holds the record."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detachsim.engine.fused import fused32, fused64
from detachsim.engine.generator import Generator, put

RECORD = json.loads((Path(__file__).parent / "data" / "generator.json").read_text(encoding="utf-8"))
CASES = RECORD["cases"]
# Not exact where a logarithm or sine of the C library stands between; it may differ in the last bit.
TOLERANCES = {"float64": 1e-13, "float32": 2e-7, "float16": 1e-3, "bfloat16": 8e-3}


def label(case: dict[str, Any]) -> str:
    return f"{case['call']}-{case.get('dtype', '')}-{case['args']}-{case['size']}-seed{case['seed']}"


def draw(case: dict[str, Any]) -> np.ndarray[Any, Any]:
    generator, shape = Generator(case["seed"]), (case["size"],)
    match case["call"]:
        case "permutation":
            return generator.permutation(case["size"])
        case "bernoulli_each":
            return generator.bernoulli_each(np.linspace(0, 1, case["size"], dtype=case["dtype"]))
        case "integers" | "bernoulli" as call:
            return np.asarray(getattr(generator, call)(shape, *case["args"]))
        case call:
            return np.asarray(getattr(generator, call)(shape, case["dtype"], *case["args"]))


@pytest.mark.parametrize("case", CASES, ids=map(label, CASES))
def test_recorded_numbers(case: dict[str, Any]) -> None:
    drawn = draw(case)
    if case["call"] in {"normal", "exponential"}:
        np.testing.assert_allclose(drawn, case["values"], rtol=TOLERANCES[case["dtype"]])
    else:
        assert drawn.tolist() == case["values"]


def test_words() -> None:
    generator = Generator(5489)
    assert [generator.random() for _ in range(3)] == [3499211612, 581869302, 3890346734]
    assert Generator(5489).random64() == 3499211612 << 32 | 581869302


def test_without_a_seed_the_numbers_are_the_same_each_time() -> None:
    assert Generator().uniform((4,)).tolist() == Generator(67280421310721).uniform((4,)).tolist()


def test_only_32_bits_of_a_seed_count() -> None:
    assert Generator(3).random() == Generator(3 + (1 << 32)).random()


def test_seeding_forgets_the_second_of_a_pair() -> None:
    generator = Generator(1)
    first = generator.normal((1,)).tolist()
    assert generator.manual_seed(1).normal((1,)).tolist() == first


def test_the_second_of_a_pair_waits_across_calls() -> None:
    one_by_one, at_once = Generator(1), Generator(1)
    parts = [one_by_one.normal((1,)).item(), one_by_one.normal((1,)).item()]
    assert parts == at_once.normal((2,)).tolist()


def test_many_words_at_once_are_the_same_words() -> None:
    at_once, in_parts = Generator(9), Generator(9)
    size = (1 << 18) + 5
    parts = [in_parts.integers((count,), 0, 1000) for count in (7, size - 7)]
    assert np.array_equal(at_once.integers((size,), 0, 1000), np.concatenate(parts))
    assert at_once.random() == in_parts.random()


def test_put_fills_along_the_smallest_stride() -> None:
    storage = np.zeros((2, 3), dtype=np.float32)
    put(storage.T, np.arange(6, dtype=np.float32).reshape(3, 2))
    assert storage.tolist() == [[0, 1, 2], [3, 4, 5]]
    wide = np.zeros((2, 4), dtype=np.float32)
    put(wide[:, ::2], np.arange(4, dtype=np.float32))
    assert wide.tolist() == [[0, 0, 1, 0], [2, 0, 3, 0]]


def test_fused_rounds_once() -> None:
    # (1 + e)(1 - e) - 1 is -e², which a product rounded on its own loses.
    single, double = np.float32(2.0**-20), 2.0**-40
    left32 = np.array([np.float32(1) + single], dtype=np.float32)
    assert fused32(left32, np.float32(1) - single, np.float32(-1)).tolist() == [-(2.0**-40)]
    assert fused64(np.array([1.0 + double]), 1.0 - double, -1.0).tolist() == [-(2.0**-80)]
