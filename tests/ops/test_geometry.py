"""Views' strides, and changes of a tensor's own shape; measured on PyTorch 2.13.0."""

import numpy as np
import pytest

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, offset, strides
from detachsim.engine.views import grad_fn
from detachsim.ops.table import library


@pytest.fixture
def session() -> Session:
    return Session(library())


@pytest.fixture
def h(session: Session) -> Tensor:
    leaf = session.call("tensor", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    made: Tensor = session.call("clone", leaf)
    return made


def test_t_in_place_gives_the_tensor_its_own_node(session: Session, h: Tensor) -> None:
    before = h.node
    session.call("t_", h)
    assert (h.shape, strides(h.array), h.version.value) == ((3, 2), (1, 3), 1)
    assert h.node is not None
    assert (h.node.name, h.node.next[0]) == ("TBackward1", before)


def test_t_in_place_on_a_view_leaves_the_base_its_node(session: Session, h: Tensor) -> None:
    before, view = h.node, session.call("getitem", h, slice(None, 1))
    session.call("t_", view)
    assert h.node is before
    node = grad_fn(session, view)
    assert node is not None
    assert node.next[0] is not None
    assert (node.name, node.next[0].name) == ("TBackward1", "SliceBackward0")


def test_other_views_are_rebuilt_after_it(session: Session, h: Tensor) -> None:
    view = session.call("getitem", h, slice(None, 1))
    session.call("unsqueeze_", h, 0)
    node = grad_fn(session, view)
    assert node is not None
    assert node.next[0] is not None
    assert (node.name, node.next[0].name) == ("AsStridedBackward0", "UnsqueezeBackward1")


def test_resize_refuses_what_requires_grad(session: Session, h: Tensor) -> None:
    with pytest.raises(TorchError, match="resize_requires_grad"):
        session.call("resize_", h, (3, 2))


def test_resize_counts_only_for_another_shape(session: Session) -> None:
    x = session.call("ones", (2, 3))
    session.call("resize_", x, (2, 3))
    assert x.version.value == 0
    session.call("resize_", x, (3, 2))
    assert x.version.value == 1


@pytest.mark.parametrize(
    ("name", "args", "shape", "steps", "start"),
    [
        ("transpose", (0, 1), (3, 2), (1, 3), 0),
        ("unsqueeze", (0,), (1, 2, 3), (6, 3, 1), 0),
        ("expand", ((2, 2, 3),), (2, 2, 3), (0, 3, 1), 0),
        ("diagonal", (1,), (2,), (4,), 1),
        ("unfold", (1, 2, 1), (2, 2, 2), (3, 1, 1), 0),
        ("narrow", (1, 1, 2), (2, 2), (3, 1), 1),
        ("select", (0, 1), (3,), (1,), 3),
        ("as_strided", ((2,), (1,), 2), (2,), (1,), 2),
    ],
)
def test_layout_of_a_view(
    session: Session, h: Tensor, name: str, args: tuple[object, ...], shape: object, steps: object, start: int
) -> None:
    view = session.call(name, h, *args)
    assert (view.shape, strides(view.array), offset(view)) == (shape, steps, start)
    assert view.view is not None


@pytest.mark.parametrize("name", ["cat", "stack"])
def test_joined_tensors_are_contiguous(session: Session, h: Tensor, name: str) -> None:
    turned = session.call("t", h)
    assert session.call(name, [turned, turned]).array.flags.c_contiguous


@pytest.mark.parametrize("name", ["clone", "zeros_like", "sort"])
def test_copies_keep_the_layout(session: Session, h: Tensor, name: str) -> None:
    made = session.call(name, session.call("t", h))
    assert strides((made[0] if isinstance(made, tuple) else made).array) == (1, 3)


def test_gradients_of_overlapping_views_add_up(session: Session) -> None:
    from detachsim.engine.backward import run_backward
    from detachsim.engine.views import gradient_edge

    a = session.call("tensor", [1.0, 2.0, 3.0], requires_grad=True)
    total = session.call("sum", session.call("as_strided", a, (2, 2), (1, 1)))
    seed = session.call("ones", ())
    node, number = gradient_edge(session, total)
    assert node is not None
    run_backward(session, [(node, number)], [seed], keep_graph=False, create_graph=False)
    assert a.grad is not None
    assert np.array_equal(a.grad.array, [1, 2, 1])
