"""Exponentials, logarithms and roots beyond exp, log and sqrt."""

import math
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fused import fused
from detachsim.engine.layout import IN_ROWS
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.ops.arithmetic import power
from detachsim.ops.element_types import element_type, floats_only
from detachsim.ops.numeric import precise
from detachsim.ops.row import FLOAT, composite, pointwise


def rsqrt(self: Array) -> Array:
    return np.reciprocal(np.sqrt(self))


def older_rpow(ops: Any, self: Any, other: Any) -> Any:
    """other ** self as 1.13 runs it: it makes a tensor of the number first."""
    return ops.pow(ops.tensor(other, dtype=result_type((other, self.tensor))), self)


_exp, _exp2, _log1p = precise(np.exp), precise(np.exp2), precise(np.log1p)


def logaddexp(self: Array, other: Array) -> Array:
    return np.maximum(self, other) + _log1p(_exp(-_gap(self, other)))


def logaddexp2(self: Array, other: Array) -> Array:
    largest = np.maximum(self, other)
    return fused(_log1p(_exp2(-_gap(self, other))), largest.dtype.type(1 / math.log(2)), largest)


def _gap(self: Array, other: Array) -> Array:
    """Return the distance of two numbers; that of equal infinities is 0."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(self) & (self == other), self.dtype.type(0), np.abs(self - other))


def number_power(self: Any, exponent: Array) -> Array:
    return power(np.asarray(self), exponent)


def number_pow_backward(ops: Any, grad: Any, self: Any, exponent: Any, result: Any) -> Any:
    """The gradient of a power's exponent for a plain base: 0 where the base is 0 and the exponent is not negative."""
    base = float(self if not hasattr(self, "tensor") else self.tensor.array)
    if base == 0:
        return grad * ops.where(exponent >= 0.0, ops.zeros_of(result), result * -np.inf)
    return grad * (result * float(np.log(base)) if base > 0 else result * np.nan)


def square(ops: Any, self: Any) -> Any:
    """self to the power of 2."""
    return ops.pow(self, 2)


def square_(ops: Any, self: Any) -> Any:
    """self to the power of 2, in place."""
    return ops.pow_(self, 2)


def _refuse_bools(session: Any, op: Op, bound: list[Any]) -> None:
    if result_type(bound) is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel="pow", dtype=dtypes.boolean.scalar)


def difference(ops: Any, left: Any, right: Any) -> Any:
    """left - right, which PyTorch refuses of bools."""
    if dtypes.boolean in (element_type(left), element_type(right)):
        raise TorchError("bool_sub_one")
    return left - right


HELPERS = {"number_pow_backward": number_pow_backward, "difference": difference}

ROWS = [
    pointwise(
        "exp2(Tensor self)",
        "Exp2Backward0",
        precise(np.exp2),
        promote=FLOAT,
        grad={"self": "grad * result * 0.6931471805599453"},
        inplace=True,
        doc="2 to the power of self",
        samples=("a.exp2()",),
    ),
    pointwise(
        "expm1(Tensor self)",
        "Expm1Backward0",
        precise(np.expm1),
        promote=FLOAT,
        grad={"self": "grad * (result + 1)"},
        inplace=True,
        doc="exp(self) - 1",
        samples=("a.expm1()",),
    ),
    pointwise(
        "log2(Tensor self)",
        "Log2Backward0",
        precise(np.log2),
        promote=FLOAT,
        grad={"self": "grad / (self * 0.6931471805599453)"},
        inplace=True,
        doc="logarithm to the base 2",
        samples=("a.log2()",),
    ),
    pointwise(
        "log10(Tensor self)",
        "Log10Backward0",
        precise(np.log10),
        promote=FLOAT,
        grad={"self": "grad / (self * 2.302585092994046)"},
        inplace=True,
        doc="logarithm to the base 10",
        samples=("a.log10()",),
    ),
    pointwise(
        "log1p(Tensor self)",
        "Log1PBackward0",
        precise(np.log1p),
        promote=FLOAT,
        grad={"self": "grad / (self + 1)"},
        inplace=True,
        doc="log(1 + self)",
        samples=("a.log1p()",),
    ),
    pointwise(
        "rsqrt(Tensor self)",
        "RsqrtBackward0",
        rsqrt,
        promote=FLOAT,
        grad={"self": "-0.5 * grad * pow(result, 3)"},
        inplace=True,
        doc="1 / sqrt(self)",
        samples=("a.rsqrt()",),
    ),
    composite(
        "square(Tensor self)",
        square,
        where="mt",
        out={"name": "pow", "fits": "castable", "text": "inplace_cast"},
        doc="self ** 2",
        samples=("a.square()",),
    ),
    composite("square_(Tensor self)", square_, where="mt", doc="The in-place variant of square."),
    pointwise(
        "logaddexp(Tensor self, Tensor other)",
        "LogaddexpBackward0",
        logaddexp,
        promote=FLOAT,
        grad={
            "self": "grad / (exp(difference(other, self)) + 1)",
            "other": "grad / (exp(difference(self, other)) + 1)",
        },
        refuses=floats_only("logaddexp_cpu"),
        doc="log(exp(self) + exp(other))",
        samples=("torch.logaddexp(a, b)",),
    ),
    pointwise(
        "logaddexp2(Tensor self, Tensor other)",
        "Logaddexp2Backward0",
        logaddexp2,
        promote=FLOAT,
        grad={
            "self": "grad / (pow(2, difference(other, self)) + 1)",
            "other": "grad / (pow(2, difference(self, other)) + 1)",
        },
        refuses=floats_only("logaddexp2_cpu"),
        doc="log2(2 ** self + 2 ** other)",
        samples=("torch.logaddexp2(a, b)",),
    ),
    pointwise(
        "pow.Scalar(PromotingNumber self, Tensor exponent)",
        "PowBackward2",
        number_power,
        where="t",
        grad={"exponent": "number_pow_backward(grad, self, exponent, result)"},
        refuses=_refuse_bools,
        layout=IN_ROWS,
        inside="pow",
        result_edits=1,
        doc="a number to the power of exponent",
        samples=("torch.pow(2, a)",),
    ),
    composite(
        "rpow(Tensor self, Number other)",
        lambda ops, self, other: ops.pow(other, self),
        where="",
        older={"torch-1.13": {"kernel": older_rpow}},
        doc="other ** self, which is what a number to the power of a tensor runs",
        samples=("2 ** a",),
    ),
]
