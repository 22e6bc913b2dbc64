"""Trigonometric and hyperbolic functions beyond sin, cos and tanh."""

import math
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_FIRST
from detachsim.engine.op import Op
from detachsim.ops.element_types import element_type, floats_only
from detachsim.ops.numeric import precise, precise_each
from detachsim.ops.row import FLOAT, pointwise


def sinc(self: Array) -> Array:
    # The angle is rounded to the tensor's type before the sine, as PyTorch does.
    angle = np.asarray(self * np.asarray(math.pi, dtype=self.dtype))
    return np.where(self == 0, self.dtype.type(1), precise(np.sin)(angle) / np.where(self == 0, 1, angle)).astype(
        self.dtype, copy=False
    )


def sinc_backward(ops: Any, grad: Any, self: Any) -> Any:
    """The gradient of sinc: 0 at 0."""
    angle = self * math.pi
    scaled = self * self * math.pi
    sine = ops.sin(angle)
    slope = grad * ((angle * ops.cos(angle) - sine) / scaled)
    return ops.where(scaled == 0.0, ops.zeros_of(grad), slope)


def atan2_backward(ops: Any, grad: Any, self: Any, other: Any, needs: tuple[bool, ...]) -> tuple[Any, Any]:
    """The gradients of atan2: 0 where both are 0, before 2.13 nan."""
    if element_type(self) is dtypes.boolean:
        raise TorchError("bool_neg")  # which it takes of self, whether that has a gradient or not
    square = other * other
    square = self * self + square
    inverse = ops.reciprocal(square)
    if not ops.is_old:
        inverse = ops.masked_fill(inverse, square == 0.0, 0.0)
    return grad * other * inverse if needs[0] else None, grad * -self * inverse if needs[1] else None


def no_inplace_derivative(ops: Any, name: str) -> Any:
    """Raise PyTorch's refusal to differentiate an in-place op."""
    raise TorchError("no_derivative", op=f"inplace version of {name}")


def _function(name: str, node: str, kernel: Any, formula: str, doc: str, sample: str = "", **fields: Any) -> Op:
    return pointwise(
        f"{name}(Tensor self)",
        node,
        kernel,
        promote=FLOAT,
        grad={"self": formula},
        inplace=True,
        doc=doc,
        samples=(sample or f"a.{name}()",),
        **fields,
    )


def _inverse(name: str, node: str, kernel: Any, formula: str, doc: str, sample: str = "") -> Op:
    # In place, 2.13 makes a node whose backward is refused.
    return _function(
        name,
        f"{node}Backward0",
        kernel,
        formula,
        doc,
        sample,
        inplace_grad_fn=f"{node}Backward1",
        inplace_grad={"self": f"no_inplace_derivative('{name}')"},
    )


HELPERS = {
    "sinc_backward": sinc_backward,
    "atan2_backward": atan2_backward,
    "no_inplace_derivative": no_inplace_derivative,
}

ROWS = [
    _function("tan", "TanBackward0", precise(np.tan), "grad * (pow(result, 2) + 1)", "tangent of self in radians"),
    _function("asin", "AsinBackward0", precise(np.arcsin), "grad * rsqrt(-self * self + 1)", "inverse sine"),
    _function("acos", "AcosBackward0", precise(np.arccos), "grad * -rsqrt(-self * self + 1)", "inverse cosine"),
    _function("atan", "AtanBackward0", precise(np.arctan), "grad / (self * self + 1)", "inverse tangent"),
    _function("sinh", "SinhBackward0", precise(np.sinh), "grad * cosh(self)", "hyperbolic sine"),
    _function("cosh", "CoshBackward0", precise(np.cosh), "grad * sinh(self)", "hyperbolic cosine"),
    _inverse("asinh", "Asinh", precise(np.arcsinh), "grad * rsqrt(pow(self, 2) + 1)", "inverse hyperbolic sine"),
    _inverse(
        "acosh",
        "Acosh",
        precise(np.arccosh),
        "grad * rsqrt(self * self - 1)",
        "inverse hyperbolic cosine",
        "(a + 1).acosh()",
    ),
    _inverse("atanh", "Atanh", precise(np.arctanh), "grad * 1 / (1 - pow(self, 2))", "inverse hyperbolic tangent"),
    _function("sinc", "SincBackward0", sinc, "sinc_backward(grad, self)", "sin(pi * self) / (pi * self), 1 at 0"),
    pointwise(
        "deg2rad(Tensor self)",
        "Deg2RadBackward0",
        lambda self: np.multiply(self, np.asarray(math.pi / 180, dtype=self.dtype)),
        promote=FLOAT,
        grad={"self": f"grad * {math.pi / 180!r}"},
        older={"torch-1.13": {"grad": {"self": f"mul(grad, {math.pi / 180!r})"}}},
        inplace=True,
        layout=AS_FIRST,
        inside="deg2rad",
        result_edits=1,
        doc="degrees to radians",
        samples=("a.deg2rad()",),
    ),
    pointwise(
        "rad2deg(Tensor self)",
        "Rad2DegBackward0",
        lambda self: np.multiply(self, np.asarray(180 / math.pi, dtype=self.dtype)),
        promote=FLOAT,
        grad={"self": f"grad * {180 / math.pi!r}"},
        older={"torch-1.13": {"grad": {"self": f"mul(grad, {180 / math.pi!r})"}}},
        inplace=True,
        layout=AS_FIRST,
        inside="rad2deg",
        result_edits=1,
        doc="radians to degrees",
        samples=("a.rad2deg()",),
    ),
    pointwise(
        "atan2(Tensor self, Tensor other)",
        "Atan2Backward0",
        precise_each(np.arctan2),
        promote=FLOAT,
        grad={"self, other": "atan2_backward(grad, self, other, needs)"},
        inplace=True,
        doc="the angle of the point (other, self)",
        samples=("a.atan2(b)",),
    ),
    pointwise(
        "hypot(Tensor self, Tensor other)",
        "HypotBackward0",
        precise_each(np.hypot),
        grad={"self": "grad * self / result", "other": "grad * other / result"},
        refuses=floats_only("hypot_cpu"),
        inplace=True,
        doc="sqrt(self ** 2 + other ** 2)",
        samples=("a.hypot(b)",),
    ),
]
