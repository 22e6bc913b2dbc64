"""Random programs over the engine alone, what must hold after every step of them, and that each of it can fail."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from detachsim.engine import dispatch, formulas, inplace, saved
from detachsim.engine.backward import run_backward
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.node import Node, SavedInput, SavedOutput
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, alias, fresh, new_version, offset, restride, strides
from detachsim.engine.views import grad_fn, gradient_edge, requires_grad
from detachsim.ops.table import library

# Each view, as an op with its arguments and as numpy makes it.
VIEWS: dict[str, tuple[tuple[Any, ...], Callable[[Array], Array]]] = {
    "first": (("getitem", 0), lambda array: array[0]),
    "last": (("getitem", slice(-1, None)), lambda array: array[-1:]),
    "turn": (("t",), lambda array: array.T),
    "flat": (("view", -1), lambda array: array.reshape(-1)),
    "row": (("unsqueeze", 0), lambda array: array[None]),
}
# Each edit as numpy makes it of the old values and another tensor's.
EDITS: dict[str, Callable[[Array, Array], Any]] = {
    "add_": np.add,
    "mul_": np.multiply,
    "zero_": lambda array, other: np.zeros_like(array),
    "sigmoid_": lambda array, other: 1 / (1 + np.exp(-array)),
    "exp_": lambda array, other: np.exp(array),
}
POINTWISE = ("sigmoid", "exp", "neg", "sin", "clone")
MOST_TENSORS = 12


class Programs(RuleBasedStateMachine):
    """Tensors of up to two dimensions, made, viewed, detached, edited and sent backward in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(library())
        self.session.watch = self.ran
        self.tensors: list[Tensor] = []
        self.counts: dict[int, int] = {}
        # What shows another tensor's memory, and how.
        self.shown: list[tuple[Tensor, Tensor, Callable[[Array], Array]]] = []
        # Numbers that grow too large say nothing about sharing.
        self.errors = np.seterr(all="ignore")

    def teardown(self) -> None:
        np.seterr(**self.errors)

    def ran(self, node: Node, incoming: list[Any], results: list[Any]) -> None:
        """A node that has run must have found what it saved as it was."""
        if type(node) is Node:
            for entry in node.saved or ():
                if isinstance(entry, SavedInput):
                    assert entry.tensor.version.value == entry.expected
                elif isinstance(entry, SavedOutput):
                    assert entry.version.value == entry.expected

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Run an op; an error of PyTorch's is an outcome like others."""
        try:
            return self.session.call(name, *args, **kwargs)
        except TorchError:
            return None

    def keep(self, tensor: Any) -> None:
        if isinstance(tensor, Tensor) and len(self.tensors) < MOST_TENSORS:
            self.tensors.append(tensor)

    def pick(self, number: int) -> Tensor:
        return self.tensors[number % len(self.tensors)]

    @initialize(grad=st.booleans())
    def begin(self, grad: bool) -> None:
        self.leaf(grad)

    @rule(grad=st.booleans())
    def leaf(self, grad: bool) -> None:
        self.keep(self.call("tensor", [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]], requires_grad=grad))

    @rule(number=st.integers(0, 50), op=st.sampled_from(POINTWISE))
    def compute(self, number: int, op: str) -> None:
        source = self.pick(number)
        made = self.call(op, source)
        if made is not None:
            assert made.storage is not source.storage
            assert made.version.value == 0
        self.keep(made)

    @rule(number=st.integers(0, 50), other=st.integers(0, 50), op=st.sampled_from(("mul", "add")))
    def combine(self, number: int, other: int, op: str) -> None:
        self.keep(self.call(op, self.pick(number), self.pick(other)))

    @rule(number=st.integers(0, 50), kind=st.sampled_from(sorted(VIEWS)), grad=st.booleans())
    def view(self, number: int, kind: str, grad: bool) -> None:
        source = self.pick(number)
        (op, *args), show = VIEWS[kind]
        with self.session.grad_mode(grad):
            made = self.call(op, source, *args)
        if made is not None:
            assert made.storage is source.storage
            assert made.version is source.version
            assert made.view.base is (source if source.view is None else source.view.base)
            self.shown.append((made, source, show))
        self.keep(made)

    @rule(number=st.integers(0, 50))
    def detach(self, number: int) -> None:
        source = self.pick(number)
        made = self.call("detach", source)
        assert made.version is source.version
        assert made.view is None
        assert not requires_grad(made)
        self.shown.append((made, source, lambda array: array))
        self.keep(made)

    @rule(number=st.integers(0, 50))
    def data(self, number: int) -> None:
        source = self.pick(number)
        made = alias(source, source.array, version=new_version())
        self.shown.append((made, source, lambda array: array))
        self.keep(made)

    @rule(number=st.integers(0, 50), other=st.integers(0, 50), op=st.sampled_from(sorted(EDITS)), grad=st.booleans())
    def edit(self, number: int, other: int, op: str, grad: bool) -> None:
        target = self.pick(number)
        before, memory, values = target.version.value, target.storage.array.copy(), target.array.copy()
        second = self.pick(other)
        operand = second.array.copy()
        args = (second,) if op in ("add_", "mul_") else ()
        with self.session.grad_mode(grad):
            made = self.call(op, target, *args)
        if made is None:
            # Refused: nothing has happened.
            assert target.version.value == before
            np.testing.assert_array_equal(target.storage.array, memory)
        else:
            assert made is target
            assert target.version.value == before + 1
            np.testing.assert_allclose(target.array, EDITS[op](values, operand), rtol=1e-5)
            if grad and args and requires_grad(second):
                assert requires_grad(target)

    @rule(number=st.integers(0, 50), index=st.integers(-1, 1), value=st.floats(-2, 2, width=32))
    def assign(self, number: int, index: int, value: float) -> None:
        self.call("setitem", self.pick(number), index, value)

    @precondition(lambda self: any(requires_grad(tensor) for tensor in self.tensors))
    @rule(number=st.integers(0, 50), keep=st.booleans(), create=st.booleans())
    def backward(self, number: int, keep: bool, create: bool) -> None:
        tensor = self.pick(number)
        versions = {id(t): t.version.value for t in self.tensors}
        values = [t.array.copy() for t in self.tensors]
        try:
            node, place = gradient_edge(self.session, tensor)
            if node is None:
                return
            seed = fresh(np.ones(tensor.shape, tensor.array.dtype), tensor.dtype)
            run_backward(self.session, [(node, place)], [seed], keep_graph=keep or create, create_graph=create)
        except TorchError:
            pass
        # Backward edits nothing but gradients.
        assert versions == {id(t): t.version.value for t in self.tensors}
        for tensor, array in zip(self.tensors, values, strict=True):
            np.testing.assert_array_equal(tensor.array, array)

    @rule(number=st.integers(0, 50), op=st.sampled_from(("exp", "sigmoid", "sin")))
    def spoil(self, number: int, op: str) -> None:
        """Edit what a node has just saved, behind autograd's back: it must refuse to run."""
        source = self.pick(number)
        made = self.call(op, source)
        if made is None or made.node is None or made.node.next[0] is None:
            return
        kept = source if op == "sin" else made
        if self.call("add_", self.call("detach", kept), 1.0) is None:
            return
        seed = fresh(np.ones(made.shape, made.array.dtype), made.dtype)
        with pytest.raises(TorchError):
            run_backward(self.session, [(made.node, 0)], [seed], keep_graph=True, create_graph=False)

    @rule(number=st.integers(0, 50))
    def look(self, number: int) -> None:
        tensor = self.pick(number)
        before = tensor.version.value
        with contextlib.suppress(TorchError):
            node = grad_fn(self.session, tensor)
            # What was rebuilt once is right until the next edit.
            assert grad_fn(self.session, tensor) is node
        assert tensor.version.value == before

    @invariant()
    def counters_never_fall(self) -> None:
        for tensor in self.tensors:
            seen = self.counts.get(id(tensor.version), 0)
            assert tensor.version.value >= seen
            self.counts[id(tensor.version)] = tensor.version.value

    @invariant()
    def aliases_agree(self) -> None:
        """What a tensor shows is what its memory holds at its place, and a view's counter is its base's."""
        for tensor in self.tensors:
            assert np.shares_memory(tensor.array, tensor.storage.array)
            held = restride(tensor.storage.array, tensor.shape, strides(tensor.array), offset(tensor))
            np.testing.assert_array_equal(tensor.array, held)
            if tensor.view is not None:
                assert tensor.view.base.storage is tensor.storage
                assert tensor.view.base.version is tensor.version
                assert tensor.view.base.view is None

    @invariant()
    def a_views_values_are_its_sources(self) -> None:
        for made, source, show in self.shown:
            np.testing.assert_array_equal(made.array, show(source.array))

    @invariant()
    def gradients_have_their_tensors_shapes(self) -> None:
        for tensor in self.tensors:
            if tensor.grad is not None:
                assert tensor.grad.shape == tensor.shape
                assert tensor.grad.dtype is tensor.dtype
                assert tensor.grad.storage is not tensor.storage

    @invariant()
    def leaves_stay_leaves(self) -> None:
        """A tensor with a node has no flag of its own, and only what has a floating type requires grad."""
        for tensor in self.tensors:
            assert tensor.node is None or not tensor.requires
            assert tensor.dtype.is_floating or not requires_grad(tensor)

    @invariant()
    def grads_mode_is_left_as_it_was(self) -> None:
        assert self.session.grad_enabled
        assert self.session.backward_node is None


SETTINGS = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
Programs.TestCase.settings = SETTINGS
TestPrograms = Programs.TestCase


# Faults that the machine must notice


def _count_down(session: Session, tensor: Tensor) -> None:
    tensor.version.value -= 1


def _copying(source: Tensor, array: Array, **options: Any) -> Tensor:
    return alias(source, array.copy(), **options)


def _with_own_counter(source: Tensor, array: Array, **options: Any) -> Tensor:
    return alias(source, array, version=new_version())


def _unchecked(session: Session, node: Node) -> list[Any]:
    entries: list[Any] = [getattr(entry, "tensor", entry) for entry in node.saved or ()]
    return [None if entry is None else getattr(entry, "array", entry) for entry in entries]


def _edited_too_early(session: Session, tensor: Tensor, requires: bool) -> None:
    if tensor.node is None and requires_grad(tensor) and session.grad_enabled:
        tensor.array += 1
        raise TorchError("leaf_inplace")


def _forgetting(session: Session, tensor: Tensor, node: Node) -> None:
    """Record nothing of an edit."""


FAULTS: dict[str, list[tuple[Any, str, Any]]] = {
    "counters fall": [(inplace, "bump", _count_down)],
    "counters stand still": [(inplace, "bump", lambda session, tensor: None)],
    "views are copies": [(dispatch, "alias", _copying)],
    "views have counters of their own": [(dispatch, "alias", _with_own_counter)],
    "edits of saved tensors pass": [
        (formulas, "unpack_arrays", _unchecked),
        (saved, "_check_in_dialect_order", lambda session, node: None),
    ],
    "a refused edit is done": [(dispatch, "check_inplace", _edited_too_early)],
    "edits are not recorded": [(inplace, "rebase_history", _forgetting)],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name, wrong in FAULTS[fault]:
        monkeypatch.setattr(owner, name, wrong)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        run_state_machine_as_test(
            Programs, settings=settings(SETTINGS, phases=[Phase.generate], max_examples=3000, print_blob=False)
        )
