"""Dropout: random zeros in training, the rest scaled up."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.generator import put
from detachsim.engine.operand import Operand
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.row import composite


def _marks(session: Session, like: Tensor, probability: float, scale: float) -> Operand:
    """Return ``scale`` with one probability, else 0, drawn in the order of the tensor's memory."""
    if not like.dtype.is_floating:
        raise TorchError("inplace_cast", result="Float", output=like.dtype.scalar)
    made = np.empty_like(like.array)
    put(made, session.generator.bernoulli(like.array.shape, probability))
    wide = np.dtype(np.float64 if made.dtype == np.float64 else np.float32)
    made = dtypes.cast(np.true_divide(made.astype(wide), np.asarray(scale, wide)), dtypes.BY_NUMPY[wide], like.dtype)
    return Operand(session, fresh(made, like.dtype))


def dropout(ops: Any, self: Any, p: float, train: bool, inplace: bool) -> Any:
    """self, or in training self with each element zeroed with probability p and the rest divided by 1 - p."""
    if p == 0 or not train or self.size == 0:
        return self
    multiply = ops.mul_ if inplace else ops.mul
    if p == 1:
        return multiply(self, Operand(self.session, fresh(np.zeros((), self.dtype), self.tensor.dtype)))
    return multiply(self, _marks(self.session, self.tensor, 1 - p, 1 - p))


def _functional(ops: Any, self: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    if not 0 <= p <= 1:
        raise TorchError("dropout_probability", value=p)
    return dropout(ops, self, p, training, inplace)


def _plain(inplace: bool) -> Any:
    def run(ops: Any, self: Any, p: float, train: bool) -> Any:
        if not 0 <= p <= 1:
            raise TorchError("dropout_probability_torch", p=f"{p:g}")
        return dropout(ops, self, p, train, inplace)

    return run


ROWS = [
    composite(
        "dropout(Tensor self, float p, bool train)",
        _plain(False),
        where="t",
        doc="in training, self with random elements zeroed and the rest scaled up",
    ),
    composite(
        "dropout.functional(Tensor self, float p=0.5, bool training=True, bool inplace=False)",
        _functional,
        where="F",
        doc="in training, self with random elements zeroed and the rest scaled up",
        samples=("F.dropout(a, 0.5, False)",),
    ),
    composite("dropout_(Tensor self, float p, bool train)", _plain(True), where="t"),
]
