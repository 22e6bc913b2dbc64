"""What an index and an assignment to one stand for, fact by fact; measured on PyTorch 2.13.0 and 1.13.0."""

from typing import Any

import numpy as np
import pytest

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import grad_fn
from detachsim.ops.table import library


def start(dialect: str = "torch-2.13") -> tuple[Session, Tensor, list[str]]:
    """Return a session, a 2x3 non-leaf in it, and where its warnings go."""
    warnings: list[str] = []
    session = Session(library(dialect), dialect, sink=lambda key, details: warnings.append(key))
    leaf = session.call("tensor", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    return session, session.call("clone", leaf), warnings


def graph(session: Session, tensor: Tensor) -> list[str]:
    """Return the names of the nodes from a tensor back, first edges only, without the numbers and the leaf."""
    names: list[str] = []
    node = grad_fn(session, tensor)
    while node is not None and node.next:
        names.append(node.name.removeprefix("torch::autograd::").replace("Backward0", ""))
        node = node.next[0]
    return names[:-1]


@pytest.mark.parametrize(
    ("index", "nodes"),
    [
        (0, ["Select"]),
        ((0, 1), ["Select", "Select"]),
        (slice(None), ["Slice"]),
        ((slice(None), 1), ["Select"]),
        ((slice(1, None), slice(1, None)), ["Slice", "Slice"]),
        ((slice(0, 2), slice(0, 3)), ["Alias"]),
        (..., ["Alias"]),
        ((), ["Alias"]),
        (None, ["Unsqueeze"]),
        (True, ["Index", "Unsqueeze"]),
        ([0, 1], ["Index"]),
    ],
)
def test_nodes_of_an_index(index: Any, nodes: list[str]) -> None:
    session, h, _ = start()
    assert graph(session, session.call("getitem", h, index)) == nodes


def test_older_dialects_keep_the_slice_of_a_whole_dim() -> None:
    session, h, _ = start("torch-1.13")
    assert graph(session, session.call("getitem", h, (slice(None), 1))) == ["Select", "Slice"]


@pytest.mark.parametrize(
    ("index", "value", "node"),
    [
        (0, 5.0, "CopySlices"),
        ((0, 1), 5.0, "CopySlices"),
        (None, 5.0, "CopySlices"),
        (slice(None), 5.0, "FillBackward3"),
        (..., 5.0, "FillBackward3"),
        ((slice(None), slice(None)), 5.0, "FillBackward3"),
        ([0, 1], 5.0, "IndexPutBackward0"),
    ],
)
def test_node_of_an_assignment(index: Any, value: float, node: str) -> None:
    session, h, _ = start()
    session.call("setitem", h, index, value)
    assert graph(session, h)[0].replace("IndexPut", "IndexPutBackward0") in (node, node.replace("Backward0", ""))
    assert h.version.value == 1


def test_a_list_of_lists_stands_for_a_tuple_with_a_warning() -> None:
    session, h, warnings = start()
    assert session.call("getitem", h, [[0, 1], [1, 2]]).array.tolist() == [2.0, 6.0]
    assert warnings == ["index_sequence"]


def test_an_expanded_tensor_is_written_through_with_a_warning() -> None:
    session, _, warnings = start()
    x = session.call("ones", (3,))
    session.call("setitem", session.call("expand", x, (2, 3)), session.call("tensor", [[0]]), 2.0)
    assert x.array.tolist() == [2.0, 2.0, 2.0]
    assert warnings == ["index_put_expanded"]


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (2, "index 2 is out of bounds for dimension 0 with size 2"),
        ((0, 3), "index 3 is out of bounds for dimension 1 with size 3"),
        ((0, 0, 0), "too many indices for tensor of dimension 2"),
        (slice(None, None, -1), "step must be greater than zero"),
        (
            1.0,
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
            "(got float)",
        ),
        (([0, 1], [0, 1, 2]), "shape mismatch: indexing tensors could not be broadcast together with shapes [2], [3]"),
    ],
)
def test_errors_of_an_index(index: Any, text: str) -> None:
    session, h, _ = start()
    with pytest.raises(TorchError) as error:
        session.call("getitem", h, index)
    assert error.value.spell("torch-2.13")[1] == text


def test_places_of_nonzero_are_laid_out_dim_by_dim() -> None:
    session, h, _ = start()
    places = session.call("nonzero", h)
    assert places.array.strides == (8, 48)
    assert places.array.tolist()[1] == [0, 1]


def test_topk_takes_equal_elements_as_nth_element_leaves_them() -> None:
    session, _, _ = start()
    values = session.call("tensor", [3.0, 1.0, 2.0, 1.0, 3.0])
    assert session.call("topk", values, 2)[1].array.tolist() == [4, 0]
    assert int(session.call("kthvalue", values, 2)[1].array) == 3
    assert np.array_equal(session.call("sort", values, descending=True)[1].array, [0, 4, 2, 1, 3])
