"""Steps that compute, bind, edit and delete: what each does to the names and tensors of a run."""

from collections.abc import Sequence
from typing import Any, assert_never

from detachsim.engine import autograd
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.lang.syntax import (
    Assign,
    AugmentedAssign,
    BackwardStep,
    Call,
    DelStep,
    DetachStep,
    Expression,
    InplaceStep,
    OpStep,
    Target,
    TensorStep,
)
from detachsim.ops.collections import items_of
from detachsim.run import sequences
from detachsim.run.edits import Editor
from detachsim.run.evaluation import Evaluator
from detachsim.run.names import Names
from detachsim.run.passes import gradients_given, inputs_given
from detachsim.run.values import type_name

Statement = TensorStep | OpStep | DetachStep | InplaceStep | BackwardStep | DelStep

DELETED = object()
"""Stands for the value of a name that is no more."""

Binding = tuple[str, Any, Any]
"""A name, what it stands for now (``DELETED``: nothing), and what it stood for."""


class Statements:
    """Carries out the statements of one run, and notes which names they bind."""

    def __init__(self, session: Session, names: Names, evaluator: Evaluator) -> None:
        self.session = session
        self.names = names
        self.evaluator = evaluator
        self.editor = Editor(session, names, evaluator)
        self.bindings: list[Binding] = []

    def bound(self) -> list[Binding]:
        """Return what names were bound to since this was asked last."""
        bindings, self.bindings = self.bindings, []
        return bindings

    def execute(self, step: Statement) -> None:
        """Carry out one step."""
        match step:
            case TensorStep():
                self._bind(step.name, self._make_tensor(step))
            case OpStep():
                value = self._value(step.value)
                if step.target is not None:
                    self._assign(step.target, value)
            case DetachStep():
                value = self._value(step.value)
                self._bind(step.name, self.evaluator.call_method(value, "detach", [], {}))
            case InplaceStep():
                self._edit(step)
            case BackwardStep():
                self._backward(step)
            case DelStep():
                for name in step.names:
                    if name not in self.names:
                        raise TorchError("python", type="NameError", text=f"name '{name}' is not defined")
                    self.bindings.append((name, DELETED, self.names.unbind(name)))
            case _:
                assert_never(step)

    def _value(self, expression: Expression) -> Any:
        return self.evaluator.evaluate(expression.tree)

    def _bind(self, name: str, value: Any) -> None:
        self.bindings.append((name, value, self.names.bind(name, value)))

    def _assign(self, target: Target, value: Any) -> None:
        if isinstance(target, str):
            self._bind(target, value)
            return
        # As Python does: what stands before a part that can't be taken apart is bound by then.
        for part, item in zip(target, self._unpacked(value, len(target)), strict=True):
            self._assign(part, item)

    def _unpacked(self, value: Any, count: int) -> Sequence[Any]:
        if isinstance(value, Tensor):
            value = sequences.unbound(self.session, value)
        items = items_of(value)
        if items is None:
            raise TorchError("python", type="TypeError", text=f"cannot unpack non-iterable {type_name(value)} object")
        if len(items) > count:
            raise TorchError("python", type="ValueError", text=f"too many values to unpack (expected {count})")
        if len(items) < count:
            text = f"not enough values to unpack (expected {count}, got {len(items)})"
            raise TorchError("python", type="ValueError", text=text)
        return items

    def _make_tensor(self, step: TensorStep) -> Any:
        from detachsim.engine.dtypes import BY_NAME

        value = self._value(step.data)
        dtype = None if step.dtype is None else BY_NAME[step.dtype.removeprefix("torch.")]
        if step.literal:
            return self.session.call("tensor", value, dtype=dtype, requires_grad=step.requires_grad)
        if not isinstance(value, Tensor):
            if dtype is None and not step.requires_grad:
                return value
            missing = "to" if dtype is not None else "requires_grad_"
            text = f"'{type_name(value)}' object has no attribute '{missing}'"
            raise TorchError("python", type="AttributeError", text=text)
        if dtype is not None:
            value = self.session.call("to", value, dtype)
        if step.requires_grad:
            self.evaluator.call_method(value, "requires_grad_", [], {})
        return value

    def _edit(self, step: InplaceStep) -> None:
        match step.statement:
            case Call(target=target, value=value):
                result = self._value(value)
                if target is not None:
                    self._assign(target, result)
            case Assign(target=part, value=value):
                self.editor.store(part, self._value(value))
            case AugmentedAssign():
                rebound = self.editor.augment(step.statement)
                if rebound is not None:
                    self._bind(*rebound)
            case _:
                assert_never(step.statement)

    def _backward(self, step: BackwardStep) -> None:
        roots = [self._value(root) for root in step.roots]
        if not step.several and not isinstance(roots[0], Tensor):
            text = f"'{type_name(roots[0])}' object has no attribute 'backward'"
            raise TorchError("python", type="AttributeError", text=text)
        gradient: Any = None
        if step.gradient is not None:
            seeds = [None if part is None else self._seed(step, part) for part in step.gradient]
            gradient = seeds if step.several else gradients_given(seeds[0])
        inputs: Any = None
        if step.inputs is not None:
            inputs = [self._value(part) for part in step.inputs]
            inputs = inputs_given(self.session, inputs if step.inputs_list else inputs[0])
        autograd.backward(
            self.session,
            roots,
            gradient,
            retain_graph=step.retain_graph,
            create_graph=step.create_graph,
            inputs=inputs,
        )

    def _seed(self, step: BackwardStep, part: Expression) -> Any:
        value = self._value(part)
        return self.session.call("tensor", value) if step.gradient_literal else value
