"""Matrix products and what is built on them: the errors, which way matmul goes, and the order of additions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.products import accumulated_product, matrix_product
from tests.ops.harness import Evaluator, graph, leaf, new_session

Shapes = dict[str, tuple[int, ...]]

# Expression, shapes of its inputs (an integer type with a trailing i), PyTorch's error.
ERRORS: list[tuple[str, Shapes, str]] = [
    ("a @ b", {"a": (2, 3), "b": (2, 3)}, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
    ("a @ b", {"a": (2, 3), "b": (2,)}, "size mismatch, got input (2), mat (2x3), vec (2)"),
    ("a @ b", {"a": (2,), "b": (3, 2)}, "mat1 and mat2 shapes cannot be multiplied (1x2 and 3x2)"),
    ("a @ b", {"a": (), "b": (2, 3)}, "both arguments to matmul need to be at least 1D, but they are 0D and 2D"),
    (
        "a @ b",
        {"a": (2, 2, 3), "b": (2, 2, 3)},
        "Expected size for first two dimensions of batch2 tensor to be: [2, 3] but got: [2, 2].",
    ),
    (
        "a @ b",
        {"a": (2, 2, 3), "b": (3, 3, 3)},
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    ("a.mm(b)", {"a": (3,), "b": (3, 2)}, "self must be a matrix"),
    ("a.mm(b)", {"a": (2, 3), "b": (3,)}, "mat2 must be a matrix"),
    ("a.mv(b)", {"a": (2, 3), "b": (2, 3)}, "vector + matrix @ vector expected, got 1, 2, 2"),
    ("a.dot(b)", {"a": (2, 3), "b": (3,)}, "1D tensors expected, but got 2D and 1D tensors"),
    ("a.bmm(b)", {"a": (2, 3), "b": (2, 3)}, "batch1 must be a 3D tensor"),
    ("torch.outer(a, b)", {"a": (2, 2), "b": (2,)}, "outer: Expected 1-D argument self, but got 2-D"),
    (
        "F.linear(a, b, c)",
        {"a": (2, 3), "b": (4, 3), "c": (3,)},
        "The expanded size of the tensor (4) must match the existing size (3) at non-singleton dimension 1.  Target "
        "sizes: [2, 4].  Tensor sizes: [3]",
    ),
    (
        "a @ b.double()",
        {"a": (2, 3), "b": (3, 2)},
        "expected m1 and m2 to have the same dtype, but got: float != double",
    ),
    (
        "a @ b.long()",
        {"a": (2, 3), "b": (3, 2)},
        "expected m1 and m2 to have the same dtype, but got: float != long int",
    ),
    (
        "torch.addmm(a.double(), b, c)",
        {"a": (2, 2), "b": (2, 3), "c": (3, 2)},
        "self and mat2 must have the same dtype, but got Double and Float",
    ),
    (
        "torch.einsum('ij,jk->ik', a, b)",
        {"a": (2, 3), "b": (2, 3)},
        "einsum(): subscript j has size 2 for operand 1 which does not broadcast with previously seen size 3",
    ),
    (
        "torch.einsum('ij->ijk', a)",
        {"a": (2, 3)},
        "einsum(): output subscript k does not appear in the equation for any input operand",
    ),
    ("torch.einsum('i,j', a)", {"a": (2,)}, "einsum(): fewer operands were provided than specified in the equation"),
    (
        "torch.linalg.det(a)",
        {"a": (2, 3)},
        "linalg.det: A must be batches of square matrices, but they are 2 by 3 matrices",
    ),
    (
        "torch.linalg.inv(a * 0)",
        {"a": (2, 2)},
        "linalg.inv: The diagonal element 1 is zero, the inversion could not be completed because the input matrix is "
        "singular.",
    ),
    (
        "F.conv2d(a, b)",
        {"a": (1, 1, 3, 3), "b": (1, 2, 2, 2)},
        "Given groups=1, weight of size [1, 2, 2, 2], expected input[1, 1, 3, 3] to have 2 channels, but got 1 "
        "channels instead",
    ),
    (
        "F.conv2d(a, b)",
        {"a": (1, 1, 3, 3), "b": (1, 1, 4, 4)},
        "Calculated padded input size per channel: (3 x 3). Kernel size: (4 x 4). Kernel size can't be greater than "
        "actual input size",
    ),
    (
        "F.max_pool2d(a, 5)",
        {"a": (1, 1, 4, 4)},
        "Given input size: (1x4x4). Calculated output size: (1x0x0). Output size is too small",
    ),
    ("F.embedding(torch.tensor([3]), a)", {"a": (3, 2)}, "index out of range in self"),
]

# Which way matmul goes depends on what requires grad (PyTorch's rule for folding a batch into rows).
GRAPHS: list[tuple[str, Shapes, str, str]] = [
    ("a @ b", {"a": (2, 2, 3), "b": (3, 2)}, "ab", "UnsafeViewBackward0(MmBackward0(ViewBackward0(a),b))"),
    (
        "a @ b",
        {"a": (2, 3), "b": (2, 3, 2)},
        "b",
        "UnsafeViewBackward0(BmmBackward0(None,ViewBackward0(ExpandBackward0(b))))",
    ),
    (
        "a @ b",
        {"a": (2, 3), "b": (2, 3, 2)},
        "a",
        "CloneBackward0(TransposeBackward0(UnsafeViewBackward0(MmBackward0(None,TBackward0(a)))))",
    ),
    (
        "torch.linalg.multi_dot([a, b, c])",
        {"a": (2, 3), "b": (3, 2), "c": (2, 9)},
        "c",
        "ViewBackward0(MmBackward0(None,c))",
    ),
    (
        "torch.linalg.multi_dot([a, b, c])",
        {"a": (9, 3), "b": (3, 2), "c": (2, 1)},
        "c",
        "ViewBackward0(MmBackward0(None,MmBackward0(None,c)))",
    ),
]


def leaves(shapes: Shapes, required: str = "") -> dict[str, Tensor]:
    made = {}
    for number, (name, shape) in enumerate(shapes.items()):
        count = int(np.prod(shape, dtype=int))
        made[name] = leaf(np.linspace(0.2, 0.9, count).reshape(shape) + 0.1 * number, dtypes.float32)
        made[name].requires = name in required
    return made


@pytest.mark.parametrize(("text", "shapes", "message"), ERRORS)
def test_error(text: str, shapes: Shapes, message: str) -> None:
    with pytest.raises(TorchError) as caught:
        Evaluator(new_session(), leaves(shapes)).run(text)
    assert caught.value.spell("torch-2.13")[1] == message


@pytest.mark.parametrize(("text", "shapes", "required", "expected"), GRAPHS)
def test_graph(text: str, shapes: Shapes, required: str, expected: str) -> None:
    session = new_session()
    names = leaves(shapes, required)
    assert graph(session, Evaluator(session, names).run(text).node, names) == expected


def test_a_vector_times_a_matrix_was_squeezed_in_place() -> None:
    names = leaves({"a": (2,), "b": (2, 3)}, "ab")
    made = Evaluator(new_session(), names).run("a @ b")
    assert (made.version.value, made.view, made.node.name) == (1, None, "SqueezeBackward4")


def in_order(left: Any, right: Any, start: Any) -> Any:
    """Add one rounded product after another."""
    total = start
    for k in range(left.shape[-1]):
        term = left[:, k : k + 1] * right[k : k + 1]
        total = term if total is None else total + term
    return total


@pytest.mark.parametrize("terms", [2, 3, 10, 33])
@pytest.mark.parametrize("start", [False, True])
def test_small_float32_products_are_added_in_order(terms: int, start: bool) -> None:
    random = np.random.RandomState(terms)
    left, right = random.randn(3, terms).astype("f"), random.randn(terms, 4).astype("f")
    begin = random.randn(4).astype("f") if start else None
    assert np.array_equal(accumulated_product(begin, left, right), in_order(left, right, begin))


def by_rows(function: Callable[..., Any], terms: int) -> Any:
    random = np.random.RandomState(terms)
    left, right = random.randn(4, terms).astype("f"), random.randn(5, terms).astype("f")
    return function(left, right.T), left.astype(float) @ right.T.astype(float)


@pytest.mark.parametrize("terms", [1, 4, 7, 64, 200])
def test_products_of_rows_with_rows(terms: int) -> None:
    made, exact = by_rows(matrix_product, terms)
    np.testing.assert_allclose(made, exact, rtol=1e-4, atol=1e-5)
