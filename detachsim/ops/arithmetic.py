"""Arithmetic: add, sub, mul, div, pow and their kin."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import require_broadcast
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.fused import fused
from detachsim.engine.layout import AS_MADE, AS_OPERANDS, laid_out
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Tensor
from detachsim.ops.element_types import element_type, no_bools
from detachsim.ops.numeric import precise
from detachsim.ops.row import FLOAT, pointwise


def add(self: Array, other: Array, alpha: float = 1) -> Array:
    if alpha == 1:
        return np.add(self, other)
    if self.dtype in (np.float32, np.float64):
        return fused(other, self.dtype.type(alpha), self)
    factor = np.asarray(alpha).astype(other.dtype)  # a negative one wraps in uint8, as in C
    return np.add(self, np.multiply(other, factor))


def sub(self: Array, other: Array, alpha: float = 1) -> Array:
    return np.subtract(self, other) if alpha == 1 else add(self, other, -alpha)


def rsub(self: Array, other: Array, alpha: float = 1) -> Array:
    other = np.asarray(other, dtype=np.asarray(self).dtype)
    return laid_out(np.asarray(sub(other, self, alpha)), AS_OPERANDS, [other, self])  # other is sub's first operand


def sign(self: Array) -> Array:
    """-1, 0 or 1; of nan 0, of a bool itself."""
    if self.dtype == np.bool_:
        return self.copy()
    return np.nan_to_num(np.sign(self), nan=0.0) if self.dtype.kind == "f" else np.sign(self)


def power_number(self: Array, exponent: float) -> Array:
    """A power with a plain exponent; PyTorch has ways of its own for the common ones, which show at 0, -0 and inf."""
    if exponent == 0:
        return np.ones_like(self)
    if exponent == 1:
        return self.copy()
    if self.dtype.kind == "f":
        if exponent == 2:
            return self * self
        if exponent == 3:
            return self * self * self
        if exponent == 0.5:
            return np.sqrt(self)
        if exponent == -0.5:
            return np.reciprocal(np.sqrt(self))
        if exponent == -1:
            return np.reciprocal(self)
        if exponent == -2:
            return np.reciprocal(self * self)
    if self.dtype == np.float32:
        return _power_of_number(self, exponent)
    return power(self, np.asarray(exponent).astype(self.dtype))


def _power_of_number(self: Array, exponent: float) -> Array:
    """A power in float32: what does not fill pairs of vectors is computed one by one, with the exponent in float64."""
    wide = self.astype(np.float64)
    made = np.asarray(np.power(wide, np.float64(exponent))).astype(np.float32)
    whole = self.size // _PAIRED * _PAIRED
    if whole and not made.flags.c_contiguous:
        return power(self, np.asarray(exponent, np.float32))
    if whole:
        made.reshape(-1)[:whole] = np.power(wide.reshape(-1)[:whole], np.float64(np.float32(exponent)))
    return made


# So many float32 numbers are two vectors.
_PAIRED = 32


def power(self: Array, exponent: Any) -> Array:
    if isinstance(exponent, int | float):  # in formulas
        return power_number(np.asarray(self), exponent)
    base, exponent = np.asarray(self), np.asarray(exponent)
    if base.dtype == np.float32 or exponent.dtype == np.float32:
        return np.power(base.astype(np.float64), exponent.astype(np.float64)).astype(np.float32)
    if base.dtype.kind in "bi" and exponent.dtype.kind == "i" and (exponent < 0).any():
        # Whole numbers have whole powers only: 1 and -1 have negative ones, others give 0.
        odd = np.where(exponent % 2 != 0, base, 1)
        return np.where(exponent < 0, np.where(np.abs(base) == 1, odd, 0), np.power(base, np.maximum(exponent, 0)))
    return np.power(base, exponent)


def refuse_factors(kind: DType, **factors: Any) -> None:
    """Refuse numbers to multiply by that are of a higher category than the result."""
    for name, factor in factors.items():
        if isinstance(factor, bool) and kind is not dtypes.boolean:
            raise TorchError("factor_bool", name=name)
        if isinstance(factor, float) and not kind.is_floating:
            raise TorchError("factor_float", name=name)


def _refuse_alpha(session: Any, op: Any, bound: list[Any]) -> None:
    alpha = bound[2]
    if alpha == 1 and type(alpha) is int:
        return
    kind = result_type(bound[:2])
    refuse_factors(kind, alpha=alpha)
    require_fit(session, kind, alpha)


def refuse_bools(*operands: Any) -> None:
    """Raise PyTorch's error for a difference of bools."""
    bools = [
        value.dtype is dtypes.boolean if isinstance(value, Tensor) else isinstance(value, bool) for value in operands
    ]
    if any(bools):
        raise TorchError("bool_sub" if all(bools) else "bool_sub_one")


def _check_sub(session: Any, op: Any, bound: list[Any]) -> None:
    refuse_bools(*bound[:2])


def _check_shapes(session: Any, op: Any, bound: list[Any]) -> None:
    """In the order in which rsub hands its operands to sub."""
    require_broadcast([bound[1], bound[0]])


def _check_neg(session: Any, op: Any, bound: list[Any]) -> None:
    if bound[0].dtype is dtypes.boolean:
        raise TorchError("bool_neg")


def _check_power(session: Any, op: Any, bound: list[Any]) -> None:
    """A whole number that is the tensor's exponent must not be negative; among tensors that gives 0 or 1."""
    dtype, exponent = result_type(bound[:2]), bound[1]
    if not dtype.is_floating and exponent < 0:
        raise TorchError("negative_integer_power")
    if op.mutates and session.dialect != NEWEST and not dtypes.can_cast(dtype, bound[0].dtype):
        raise TorchError("found_dtype", found=bound[0].dtype.scalar, expected=dtype.scalar)
    # 0 and 1 have ways of their own, which know no type; older releases did not take truth values for them.
    if dtype is dtypes.boolean and (exponent not in (0, 1) or session.dialect != NEWEST):
        raise TorchError("not_implemented_for", kernel="pow", dtype=dtype.scalar)
    if dtype.is_reduced or not dtype.is_floating:
        require_fit(session, dtype, exponent)


def zeros_like(ops: Any, value: Any) -> Any:
    """Return zeros of the same shape and type."""
    return ops.mul(value, 0.0) if not isinstance(value, np.ndarray) else np.zeros_like(value)


def pow_backward(ops: Any, grad: Any, self: Any, exponent: Any) -> Any:
    """The gradient of a power's base for a plain exponent."""
    value = exponent.item() if isinstance(exponent, np.ndarray) else exponent
    if value == 0:
        return ops.zeros_of(grad)
    return grad * (value * ops.pow(self, value - 1))


def pow_backward_self(ops: Any, grad: Any, self: Any, exponent: Any) -> Any:
    """The gradient of a power's base for a tensor exponent: 0 where the exponent is 0; it subtracts 1 from that."""
    if element_type(exponent) is dtypes.boolean:
        raise TorchError("bool_sub_one")
    return ops.where(exponent == 0.0, ops.zeros_of(grad), grad * (exponent * ops.pow(self, exponent - 1)))


def pow_backward_exponent(ops: Any, grad: Any, self: Any, exponent: Any, result: Any) -> Any:
    """The gradient of a power's exponent: 0 where the base is 0 and the exponent is not negative."""
    undefined = ops.logical_and(self == 0.0, exponent >= 0.0)
    return grad * ops.where(undefined, ops.zeros_of(result), result * ops.log(self))


HELPERS = {
    "pow_backward": pow_backward,
    "pow_backward_self": pow_backward_self,
    "pow_backward_exponent": pow_backward_exponent,
}

ROWS = [
    pointwise(
        "add(Tensor self, Number|Tensor other, *, Number alpha=1)",
        "AddBackward0",
        add,
        grad={"self": "grad", "other": "grad if alpha == 1 else grad * alpha"},
        inplace=True,
        refuses=_refuse_alpha,
        doc="self + alpha * other",
        samples=("a + b", "a + 2", "a.add(b, alpha=2)"),
    ),
    pointwise(
        "sub(Tensor self, Number|Tensor other, *, Number alpha=1)",
        "SubBackward0",
        sub,
        grad={"self": "grad", "other": "-grad if alpha == 1 else -grad * alpha"},
        inplace=True,
        check_dtypes=_check_sub,
        refuses=_refuse_alpha,
        doc="self - alpha * other",
        samples=("a - b", "a - 2", "a.sub(b, alpha=2)"),
    ),
    pointwise(
        "rsub.Tensor(Tensor self, Tensor other, *, Number alpha=1)",
        "RsubBackward0",
        rsub,
        grad={"self": "-grad if alpha == 1 else -grad * alpha", "other": "grad"},
        where="t",
        layout=AS_MADE,
        check=_check_shapes,
        check_dtypes=_check_sub,
        refuses=_refuse_alpha,
        doc="other - self",
        samples=("torch.rsub(a, b)", "torch.rsub(a, b, alpha=0.5)"),
    ),
    pointwise(
        "rsub(Tensor self, Number|Tensor other, *, Number alpha=1)",
        "RsubBackward1",
        rsub,
        grad={"self": "-grad if alpha == 1 else -grad * alpha"},
        where="t",
        check_dtypes=_check_sub,
        refuses=_refuse_alpha,
        doc="other - self, which is what a number minus a tensor runs",
        samples=("2 - a",),
    ),
    pointwise(
        "mul(Tensor self, Number|Tensor other)",
        "MulBackward0",
        np.multiply,
        grad={"self": "grad * other", "other": "grad * self"},
        inplace=True,
        opmath=True,
        doc="self * other",
        samples=("a * b", "a * 2", "2 * a", "a * a"),
    ),
    pointwise(
        "div(Tensor self, Number|Tensor other)",
        "DivBackward0",
        np.true_divide,
        promote=FLOAT,
        grad={"self": "grad / other", "other": "-grad * ((self / other) / other)"},
        inplace=True,
        opmath=True,
        doc="self / other",
        samples=("a / b", "a / 2"),
    ),
    pointwise(
        "reciprocal(Tensor self)",
        "ReciprocalBackward0",
        np.reciprocal,
        promote=FLOAT,
        grad={"self": "-grad * (result * result)"},
        inplace=True,
        doc="1 / self",
        samples=("a.reciprocal()",),
    ),
    pointwise(
        "neg(Tensor self)",
        "NegBackward0",
        np.negative,
        grad={"self": "-grad"},
        inplace=True,
        check_dtypes=_check_neg,
        out={"text": "out_found"},
        doc="-self",
        samples=("-a",),
    ),
    pointwise(
        "pow.Tensor_Scalar(Tensor self, PromotingNumber exponent)",
        "PowBackward0",
        power_number,
        grad={"self": "pow_backward(grad, self, exponent)"},
        inplace=True,
        shown={"self": "grad * exponent * self ** (exponent - 1)"},
        check_dtypes=_check_power,
        # Nothing is computed for these two: the result is filled, or copied.
        result_edits=lambda bound: 1 if bound[1] in (0, 1) else 0,
        doc="self to the power of a number",
        samples=("a ** 2", "a ** 0.5", "a ** -1"),
    ),
    pointwise(
        "pow.Tensor_Tensor(Tensor self, Tensor exponent)",
        "PowBackward1",
        power,
        grad={
            "self": "pow_backward_self(grad, self, exponent)",
            "exponent": "pow_backward_exponent(grad, self, exponent, result)",
        },
        inplace=True,
        shown={
            "self": "grad * exponent * self ** (exponent - 1)",
            "exponent": "grad * result * log(self)",
        },
        refuses=no_bools("pow"),
        doc="self to the power of exponent, element by element",
        samples=("a ** b",),
    ),
    pointwise(
        "abs(Tensor self)",
        "AbsBackward0",
        np.abs,
        grad={"self": "grad * sgn(self)"},
        inplace=True,
        refuses=no_bools("abs_cpu"),
        inside="abs",
        result_edits=1,
        out={"text": "out_found"},
        doc="absolute value; its gradient at 0 is 0",
        samples=("a.abs()",),
    ),
    pointwise(
        "sign(Tensor self)",
        "SignBackward0",
        sign,
        grad={"self": "zeros_of(grad)"},
        inplace=True,
        out={"text": "out_found"},
        doc="-1, 0 or 1; its gradient is 0",
        samples=("a.sign()",),
    ),
    pointwise(
        "exp(Tensor self)",
        "ExpBackward0",
        precise(np.exp),
        promote=FLOAT,
        grad={"self": "grad * result"},
        inplace=True,
        doc="e to the power of self",
        samples=("a.exp()",),
    ),
    pointwise(
        "log(Tensor self)",
        "LogBackward0",
        precise(np.log),
        promote=FLOAT,
        grad={"self": "grad / self"},
        inplace=True,
        doc="natural logarithm",
        samples=("a.log()",),
    ),
    pointwise(
        "sqrt(Tensor self)",
        "SqrtBackward0",
        np.sqrt,
        promote=FLOAT,
        grad={"self": "grad / (2 * result)"},
        inplace=True,
        doc="square root",
        samples=("a.sqrt()",),
    ),
    pointwise(
        "sin(Tensor self)",
        "SinBackward0",
        precise(np.sin),
        promote=FLOAT,
        grad={"self": "grad * cos(self)"},
        inplace=True,
        doc="sine of self in radians",
        samples=("a.sin()",),
    ),
    pointwise(
        "cos(Tensor self)",
        "CosBackward0",
        precise(np.cos),
        promote=FLOAT,
        grad={"self": "grad * -sin(self)"},
        inplace=True,
        doc="cosine of self in radians",
        samples=("a.cos()",),
    ),
]
