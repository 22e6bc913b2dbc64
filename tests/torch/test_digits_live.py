"""Results of additions, multiplications, divisions and roots, and their gradients, against PyTorch to the last bit.

On processors other than those that were measured, two numbers may differ by a few of the last places. Rows stay
shorter than the vectors of any processor, except where the kernels have one build for all of them.
"""

import re

import numpy as np
import pytest

from detachsim.engine.dtypes import BY_NAME
from detachsim.engine.tensor import Tensor, fresh
from tests.ops.harness import Evaluator, backward, leaf, new_session, tensors_of
from tests.torch.processor import is_measured

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

ROUNDS = 25
POINTWISE = """
    a / b | a * b + c | (a - b) / c | a ** 2 | a ** 3 | 2 / (a * a + 1) | a.reciprocal() | a.sub(b, alpha=0.3)
    torch.lerp(a, b, 0.3) | torch.lerp(a, b, 0.7) | torch.lerp(a, b, c) | torch.addcmul(a, b, c, value=0.7)
    torch.addcdiv(a, b, c, value=0.7) | torch.where(a > 0, a * b, b / a) | a.clamp(-0.5, 0.5) | F.hardswish(a)
    F.hardsigmoid(a) | F.softsign(a) | F.leaky_relu(a, 0.3) | torch.remainder(a, b) | torch.fmod(a, b)
    F.mse_loss(a, b) | F.l1_loss(a, b) | F.smooth_l1_loss(a, b) | F.huber_loss(a, b, delta=0.5) | a.diff()
"""
REDUCTIONS = """
    a.sum() | a.sum(0) | a.sum(-1) | a.mean() | a.mean(0) | a.var() | a.var(0) | a.std(-1) | a.var(0, unbiased=False)
    a.norm() | a.norm(dim=0) | a.norm(dim=-1) | a.norm(1) | a.prod() | a.prod(0) | a.prod(-1) | a.cumsum(0)
    a.cumprod(-1) | a.amax(0) | a.nanmean() | a.flatten().quantile(0.3) | torch.dist(a, b) | F.pairwise_distance(a, b)
    torch.cosine_similarity(a, b, dim=0) | torch.hypot(a, b)
"""
NORMALIZATIONS = """
    F.layer_norm(a, (a.shape[-1],)) | F.layer_norm(a, (a.shape[-1],), w, v) | F.layer_norm(a, (a.shape[-1],), w)
    F.batch_norm(a, None, None, training=True) | F.batch_norm(a, None, None, w, v, training=True)
    F.group_norm(a, 1) | F.group_norm(a, 1, w, v)
"""


def words(text: str) -> list[str]:
    return [part.strip() for line in text.strip().splitlines() for part in line.split("|")]


def are_equal(one: np.ndarray, other: np.ndarray) -> bool:
    if is_measured():
        return [float(value).hex() for value in np.ravel(one)] == [float(value).hex() for value in np.ravel(other)]
    places = 16 * np.finfo(other.dtype).eps
    return bool(np.allclose(one, other, rtol=places, atol=places, equal_nan=True))


def compare(text: str, shapes: dict[str, tuple[int, ...]], dtype: str, rng: np.random.Generator) -> None:
    arrays = {name: (rng.standard_normal(shape) * 1.5).astype(dtype) for name, shape in shapes.items()}
    theirs = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    result = eval(text, {"torch": torch, "F": torch.nn.functional, **theirs})
    seed = torch.tensor(rng.standard_normal(tuple(result.shape)).astype(dtype))
    wanted = torch.autograd.grad(result, list(theirs.values()), seed)

    ours: dict[str, Tensor] = {}
    for name, array in arrays.items():
        ours[name] = leaf(array, BY_NAME[dtype])
        ours[name].requires = True
    session = new_session()
    (made,) = tensors_of(Evaluator(session, ours).run(text))
    seeds = [fresh(seed.numpy().copy(), BY_NAME[dtype])]
    found = backward(session, [made], seeds, inputs=list(ours.values()), accumulate=False)

    assert are_equal(made.array, result.detach().numpy()), arrays
    for name, one, other in zip(arrays, found, wanted, strict=True):
        assert one is not None
        assert are_equal(one.array, other.numpy()), (name, arrays)


def names(text: str) -> list[str]:
    return sorted({name for name in "abcvw" if re.search(rf"(?<![\w.]){name}(?![\w(])", text)})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("text", words(POINTWISE) + words(REDUCTIONS))
def test_arithmetic(text: str, dtype: str) -> None:
    rng = np.random.default_rng(1)
    for shape in ((3,), (5,), (3, 4), (2, 3, 2), (2, 7)):
        for _ in range(ROUNDS // 5):
            compare(text, dict.fromkeys(names(text), shape), dtype, rng)


@pytest.mark.parametrize("text", words(NORMALIZATIONS))
def test_normalizations(text: str) -> None:
    rng = np.random.default_rng(2)
    for shape in ((2, 3), (4, 5), (7, 6)):
        parameters = {name: (shape[1],) for name in names(text) if name in "vw"}
        for _ in range(ROUNDS):
            compare(text, {"a": shape, **parameters}, "float32", rng)


@pytest.mark.parametrize("text", [text for text in words(NORMALIZATIONS) if "layer" not in text])
def test_normalizations_of_images(text: str) -> None:
    rng = np.random.default_rng(3)
    for shape in ((1, 3, 4), (2, 3, 2, 2), (3, 2, 3)):
        parameters = {name: (shape[1],) for name in names(text) if name in "vw"}
        for _ in range(ROUNDS):
            compare(text, {"a": shape, **parameters}, "float32", rng)


@pytest.mark.parametrize("size", [8, 9, 17, 32, 40, 100])
@pytest.mark.parametrize("text", ["F.layer_norm(a, (a.shape[-1],))", "a.norm(dim=-1)", "a.prod(-1)", "a.sum(-1)"])
def test_long_rows(text: str, size: int) -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        compare(text, {"a": (3, size)}, "float32", rng)


N = -1
PRODUCTS: dict[str, dict[str, tuple[int, ...]]] = {
    "torch.dot(a, b)": {"a": (N,), "b": (N,)},
    "a @ b": {"a": (3, N), "b": (N, 2)},
    "a @ b.t()": {"a": (3, N), "b": (6, N)},
    "F.linear(a, b, c)": {"a": (4, N), "b": (5, N), "c": (5,)},
    "torch.bmm(a, b)": {"a": (2, 3, N), "b": (2, N, 3)},
    "torch.trace(a @ b)": {"a": (3, N), "b": (N, 3)},
}


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 8, 9, 10])
@pytest.mark.parametrize("text", PRODUCTS)
def test_products(text: str, size: int) -> None:
    rng = np.random.default_rng(5)
    shapes = {
        name: tuple(size if length == N else length for length in shape) for name, shape in PRODUCTS[text].items()
    }
    for _ in range(10):
        compare(text, shapes, "float32", rng)
