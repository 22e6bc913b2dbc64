"""Statements that edit: assignment to an item or an attribute, and augmented assignment."""

import ast
import operator
from typing import Any

import numpy as np

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.lang.syntax import AugmentedAssign, Expression
from detachsim.ops.collections import Dictionary
from detachsim.ops.operators import AUGMENTED
from detachsim.run import arrays, sequences
from detachsim.run.evaluation import SIGNS, Evaluator
from detachsim.run.names import Names
from detachsim.run.tensors import SETTERS
from detachsim.run.values import type_name

_IN_PLACE = {
    "+": operator.iadd,
    "-": operator.isub,
    "*": operator.imul,
    "/": operator.itruediv,
    "//": operator.ifloordiv,
    "%": operator.imod,
    "**": operator.ipow,
    "@": operator.imatmul,
    "&": operator.iand,
    "|": operator.ior,
    "^": operator.ixor,
}


class Editor:
    """Carries out the edits of one run."""

    def __init__(self, session: Session, names: Names, evaluator: Evaluator) -> None:
        self.session = session
        self.names = names
        self.evaluator = evaluator

    def store(self, target: Expression, value: Any) -> None:
        """``x[i] = v`` or ``x.attribute = v``."""
        tree = target.tree
        if isinstance(tree, ast.Subscript):
            self._set_item(self.evaluator.evaluate(tree.value), self.evaluator.index(tree.slice), value)
        elif isinstance(tree, ast.Attribute):
            self._set_attribute(self.evaluator.evaluate(tree.value), tree.attr, value)
        else:
            raise AssertionError(f"no target: {target.text}")

    def _set_item(self, owner: Any, index: Any, value: Any) -> None:
        if isinstance(owner, Tensor):
            self.session.call("setitem", owner, index, value)
        elif isinstance(owner, list):
            sequences.set_item(self.session, owner, index, value)
            self.names.refilled(owner)
        elif (store := getattr(type(owner), "METHODS", {}).get("__setitem__")) is not None:
            if isinstance(owner, Dictionary):
                sequences.bounded([value], owner)
            store(self.session, owner, index, value)
            arrays.note_edit(self.session, "setitem", owner)
            self.names.rearranged()
        else:
            text = f"'{type_name(owner)}' object does not support item assignment"
            raise TorchError("python", type="TypeError", text=text)

    def _set_attribute(self, owner: Any, name: str, value: Any) -> None:
        if isinstance(owner, Tensor):
            setter = SETTERS.get(name)
            if setter is None:
                raise TorchError("not_writable", name=name)
            setter(self.session, owner, value)
            return
        setters = getattr(type(owner), "SETTERS", {})
        if name in setters:
            setters[name](self.session, owner, value)
            self.names.rearranged()
            return
        if (assign := getattr(type(owner), "assign", None)) is not None:
            assign(owner, name, value)
            self.names.rearranged()
            return
        text = f"'{type_name(owner)}' object has no attribute '{name}'"
        raise TorchError("python", type="AttributeError", text=text)

    def augment(self, statement: AugmentedAssign) -> tuple[str, Any] | None:
        """``x += v``: in place on a tensor, and what comes of it is stored where it was read.

        Returns the name that is to be bound anew, and to what.
        """
        tree = statement.target.tree
        evaluator = self.evaluator
        if isinstance(tree, ast.Name):
            value = self._augmented(statement.operator, evaluator.evaluate(tree), statement.value)
            return None if value is self.names.get(tree.id) else (tree.id, value)
        if isinstance(tree, ast.Subscript):
            owner, index = evaluator.evaluate(tree.value), evaluator.index(tree.slice)
            value = self._augmented(statement.operator, evaluator.subscript(owner, index), statement.value)
            self._set_item(owner, index, value)
        elif isinstance(tree, ast.Attribute):
            owner = evaluator.evaluate(tree.value)
            value = self._augmented(statement.operator, evaluator.read(owner, tree.attr), statement.value)
            self._set_attribute(owner, tree.attr, value)
        return None

    def _augmented(self, symbol: str, left: Any, right: Expression) -> Any:
        value = self.evaluator.evaluate(right.tree)
        if isinstance(left, list) and symbol in ("+", "*"):
            sequences.edit(self.session, symbol, left, value)
            self.names.refilled(left)
            return left
        if isinstance(value, np.generic) and isinstance(left, Tensor) and symbol != "@":
            value = value.item()
        if isinstance(left, np.ndarray) and not isinstance(value, Tensor):
            made = arrays.run(_IN_PLACE[symbol], left, value)
            arrays.note_edit(self.session, _IN_PLACE[symbol].__name__, left)
            return made
        if isinstance(left, Tensor) and symbol in AUGMENTED and isinstance(value, (Tensor, bool, int, float)):
            return self.session.call(AUGMENTED[symbol], left, value)
        return self.evaluator.binary(SIGNS[symbol], left, value, augmented=True)
