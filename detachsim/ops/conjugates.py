"""What complex numbers would need, of real ones: real, conj, angle."""

import math
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_FIRST
from detachsim.engine.memory import FILLING
from detachsim.engine.op import POINTWISE, Op
from detachsim.ops.row import COMPARE, FLOAT, composite, inplace, pointwise


def angle(self: Array) -> Array:
    kind = self.dtype.type
    return np.where(np.isnan(self), self, np.where(self < 0, kind(math.pi), kind(0)))


def angle_backward(ops: Any, grad: Any) -> Any:
    """The angle of a real number does not move."""
    return ops.zeros_of(grad)


def _imaginary(ops: Any, self: Any) -> Any:
    raise TorchError("imag")


def _itself(name: str, doc: str, where: str = "mt") -> Op:
    return composite(f"{name}(Tensor self)", lambda ops, self: self, where=where, doc=doc)


HELPERS = {"angle_backward": angle_backward}

ROWS: list[Op] = [
    _itself("real", "self, which is real", "t"),
    composite("imag(Tensor self)", _imaginary, where="t", doc="refused, since no number is complex"),
    _itself("conj", "self, which is real"),
    _itself("conj_physical", "self, which is real"),
    inplace(
        "conj_physical_(Tensor self)",
        "ConjPhysicalBackward1",
        lambda self: self,
        kind=POINTWISE,
        where="mt",
        grad={"self": "grad"},
        overlap=FILLING,
        doc="an edit that changes no real number, and counts as any other",
    ),
    _itself("resolve_conj", "self, which is no conjugate"),
    _itself("resolve_neg", "self, which is not negated"),
    pointwise(
        "angle(Tensor self)",
        "AngleBackward0",
        angle,
        promote=FLOAT,
        grad={"self": "angle_backward(grad)"},
        doc="pi for negative numbers, 0 for others",
        samples=("a.angle()",),
    ),
    pointwise(
        "isreal(Tensor self)",
        "",
        lambda self: np.ones(self.shape, bool),
        promote=COMPARE,
        layout=AS_FIRST,
        result_edits=1,
        doc="true, since no number is complex",
        samples=("a.isreal()",),
    ),
]
