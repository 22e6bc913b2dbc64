"""Dropout: random zeros in training, the rest scaled up; of single elements, of whole channels, or as selu wants it."""

import math
from typing import Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.generator import put
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.row import composite

# What a dropped element becomes in alpha dropout: the limit of selu for small numbers, without its sign.
_ALPHA = 1.7580993408473766


def _marks(self: Any, probability: float, *, channels: bool) -> Tensor:
    """Return 1 with one probability, else 0: for each element, in the order of the memory, or for each channel.

    Before 2.0 the elements came row by row, wherever they lay.
    """
    like = self.tensor
    if channels:
        if like.array.ndim < 2:
            raise TorchError("feature_dropout_dims")
        made = np.empty((*like.shape[:2], *(1 for _ in like.shape[2:])), like.array.dtype)
    else:
        made = np.empty_like(like.array, order="K" if self.session.dialect == NEWEST else "C")
    put(made, self.session.generator.bernoulli(made.shape, probability))
    return fresh(made, like.dtype)


def _drop(
    ops: Any, self: Any, p: float, train: bool, *, inplace: bool = False, channels: bool = False, alpha: bool = False
) -> Any:
    """self, or in training self with each element or channel dropped with probability p and the rest scaled up."""
    if p == 0 or not train or self.size == 0:
        return self
    multiply = ops.mul_ if inplace else ops.mul
    if p == 1:
        return multiply(self, Operand(self.session, fresh(np.zeros((), self.dtype), self.tensor.dtype)))
    noise = _marks(self, 1 - p, channels=channels)
    call = self.session.call
    with self.session.unrecorded():
        if not alpha:
            noise = call("div_", noise, 1 - p)
        else:
            scale = 1.0 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
            shift = call("add_", call("mul_", call("add", noise, -1), _ALPHA * scale), _ALPHA * scale * p)
            noise = call("mul_", noise, scale)
    made = multiply(self, Operand(self.session, noise))
    return ops.add_(made, Operand(self.session, shift)) if alpha else made


def _check(p: Any) -> None:
    if not isinstance(p, (int, float)):
        text = f"'<' not supported between instances of '{type(p).__name__}' and 'float'"
        raise TorchError("python", type="TypeError", text=text)
    if p < 0 or p > 1:
        raise TorchError("dropout_probability", value=p)


def _functional(**how: bool) -> Any:
    def run(ops: Any, self: Any, p: float, training: bool, inplace: bool = False) -> Any:
        _check(p)
        return _drop(ops, self, p, training, inplace=inplace, **how)

    return run


def _functional_1d(ops: Any, self: Any, p: float, training: bool, inplace: bool = False) -> Any:
    _check(p)
    if self.ndim not in (2, 3):
        raise TorchError("dropout_1d", ndim=self.ndim)
    if self.ndim == 3:
        return _drop(ops, self, p, training, inplace=inplace, channels=True)
    lone = ops.unsqueeze_(self, 0) if inplace else ops.unsqueeze(self, 0)
    made = _drop(ops, lone, p, training, inplace=inplace, channels=True)
    return ops.squeeze_(made, 0) if inplace else ops.squeeze(made, 0)


def _functional_2d(ops: Any, self: Any, p: float, training: bool, inplace: bool = False) -> Any:
    _check(p)
    if self.ndim not in (3, 4):
        self.session.warn("dropout_2d", ndim=self.ndim)
    if self.ndim == 3:
        self.session.warn("dropout_2d_channels")
    return _drop(ops, self, p, training, inplace=inplace, channels=True)


def _functional_3d(ops: Any, self: Any, p: float, training: bool, inplace: bool = False) -> Any:
    _check(p)
    if self.ndim not in (4, 5):
        self.session.warn("dropout_3d", ndim=self.ndim)
    if self.ndim == 5 or self.session.dialect == "torch-1.7":
        return _drop(ops, self, p, training, inplace=inplace, channels=True)
    lone = ops.unsqueeze_(self, 0) if inplace else ops.unsqueeze(self, 0)
    made = _drop(ops, lone, p, training, inplace=inplace, channels=True)
    return ops.squeeze_(made, 0) if inplace else ops.squeeze(made, 0)


def _plain(**how: bool) -> Any:
    def run(ops: Any, self: Any, p: float, train: bool) -> Any:
        if not 0 <= p <= 1:
            raise TorchError("dropout_probability_torch", p=f"{p:g}")
        return _drop(ops, self, p, train, **how)

    return run


def _both(name: str, doc: str, **how: bool) -> list[Op]:
    """Return the rows of ``torch.NAME`` and of its in-place variant."""
    return [
        composite(f"{name}(Tensor self, float p, bool train)", _plain(**how), where="t", doc=doc),
        composite(f"{name}_(Tensor self, float p, bool train)", _plain(inplace=True, **how), where="t"),
    ]


def _in_functional(name: str, function: Any, doc: str, training: bool = True) -> Op:
    return composite(
        f"{name}(Tensor input, any p=0.5, bool training={training}, bool inplace=False)",
        function,
        where="F",
        doc=doc,
        samples=(f"F.{name.partition('.')[0]}(a, 0.5, False)",),
    )


_ELEMENTS = "in training, self with random elements zeroed and the rest scaled up"
_CHANNELS = "in training, self with random channels zeroed and the rest scaled up"
_ALPHA_ELEMENTS = "in training, self with random elements at selu's limit, mean and deviation kept"
_ALPHA_CHANNELS = "in training, self with random channels at selu's limit, mean and deviation kept"

ROWS = [
    *_both("dropout", _ELEMENTS),
    *_both("feature_dropout", _CHANNELS, channels=True),
    *_both("alpha_dropout", _ALPHA_ELEMENTS, alpha=True),
    *_both("feature_alpha_dropout", _ALPHA_CHANNELS, channels=True, alpha=True),
    _in_functional("dropout.functional", _functional(), _ELEMENTS),
    _in_functional("alpha_dropout.functional", _functional(alpha=True), _ALPHA_ELEMENTS, training=False),
    _in_functional(
        "feature_alpha_dropout.functional", _functional(channels=True, alpha=True), _ALPHA_CHANNELS, training=False
    ),
    _in_functional("dropout1d", _functional_1d, _CHANNELS),
    _in_functional("dropout2d", _functional_2d, _CHANNELS),
    _in_functional("dropout3d", _functional_3d, _CHANNELS),
]
