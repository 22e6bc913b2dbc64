"""Random programs over the engine alone, and what must hold after every step of them."""

import contextlib
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from detachsim.engine.backward import run_backward
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, alias, fresh, new_version, offset, restride, strides
from detachsim.engine.views import grad_fn, gradient_edge, requires_grad
from detachsim.ops.table import library

VIEWS = ("first", "last", "turn", "flat", "row")
EDITS = ("add_", "mul_", "zero_", "sigmoid_", "exp_")
POINTWISE = ("sigmoid", "exp", "neg", "sin", "clone")
MOST_TENSORS = 12


class Programs(RuleBasedStateMachine):
    """Tensors of up to two dimensions, made, viewed, detached, edited and sent backward in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(library())
        self.tensors: list[Tensor] = []
        self.counts: dict[int, int] = {}
        # Numbers that grow too large say nothing about sharing.
        self.errors = np.seterr(all="ignore")

    def teardown(self) -> None:
        np.seterr(**self.errors)

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
        self.keep(self.call(op, self.pick(number)))

    @rule(number=st.integers(0, 50), other=st.integers(0, 50), op=st.sampled_from(("mul", "add")))
    def combine(self, number: int, other: int, op: str) -> None:
        self.keep(self.call(op, self.pick(number), self.pick(other)))

    @rule(number=st.integers(0, 50), kind=st.sampled_from(VIEWS), grad=st.booleans())
    def view(self, number: int, kind: str, grad: bool) -> None:
        source = self.pick(number)
        with self.session.grad_mode(grad):
            match kind:
                case "first":
                    made = self.call("getitem", source, 0)
                case "last":
                    made = self.call("getitem", source, slice(-1, None))
                case "turn":
                    made = self.call("t", source)
                case "flat":
                    made = self.call("view", source, -1)
                case _:
                    made = self.call("unsqueeze", source, 0)
        if made is not None:
            assert made.storage is source.storage
            assert made.version is source.version
        self.keep(made)

    @rule(number=st.integers(0, 50))
    def detach(self, number: int) -> None:
        source = self.pick(number)
        made = self.call("detach", source)
        assert made.version is source.version
        assert not requires_grad(made)
        self.keep(made)

    @rule(number=st.integers(0, 50))
    def data(self, number: int) -> None:
        source = self.pick(number)
        self.keep(alias(source, source.array, version=new_version()))

    @rule(number=st.integers(0, 50), other=st.integers(0, 50), op=st.sampled_from(EDITS), grad=st.booleans())
    def edit(self, number: int, other: int, op: str, grad: bool) -> None:
        target = self.pick(number)
        before, memory = target.version.value, target.storage.array.copy()
        args = (self.pick(other),) if op in ("add_", "mul_") else ()
        with self.session.grad_mode(grad):
            made = self.call(op, target, *args)
        if made is None:
            # Refused: nothing has happened.
            assert target.version.value == before
            np.testing.assert_array_equal(target.storage.array, memory)
        else:
            assert made is target
            assert target.version.value == before + 1

    @rule(number=st.integers(0, 50), index=st.integers(-1, 1), value=st.floats(-2, 2, width=32))
    def assign(self, number: int, index: int, value: float) -> None:
        self.call("setitem", self.pick(number), index, value)

    @precondition(lambda self: any(requires_grad(tensor) for tensor in self.tensors))
    @rule(number=st.integers(0, 50), keep=st.booleans(), create=st.booleans())
    def backward(self, number: int, keep: bool, create: bool) -> None:
        tensor = self.pick(number)
        versions = {id(t): t.version.value for t in self.tensors}
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

    @rule(number=st.integers(0, 50))
    def look(self, number: int) -> None:
        with contextlib.suppress(TorchError):
            grad_fn(self.session, self.pick(number))

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
            held = restride(tensor.storage.array, tensor.shape, strides(tensor.array), offset(tensor))
            np.testing.assert_array_equal(tensor.array, held)
            if tensor.view is not None:
                assert tensor.view.base.storage is tensor.storage
                assert tensor.view.base.version is tensor.version
                assert tensor.view.base.view is None

    @invariant()
    def gradients_have_their_tensors_shapes(self) -> None:
        for tensor in self.tensors:
            if tensor.grad is not None:
                assert tensor.grad.shape == tensor.shape
                assert tensor.grad.dtype is tensor.dtype
                assert tensor.grad.storage is not tensor.storage

    @invariant()
    def grads_mode_is_left_as_it_was(self) -> None:
        assert self.session.grad_enabled


Programs.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestPrograms = Programs.TestCase
