"""Pointwise ops of several operands: addcmul, addcdiv, lerp, xlogy, copysign and the like."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.fused import fused
from detachsim.engine.layout import AS_FIRST, WITH_NUMBER
from detachsim.engine.memory import FILLING
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.engine.views import requires_grad
from detachsim.ops.arithmetic import sign
from detachsim.ops.element_types import element_type, no_bools
from detachsim.ops.numeric import converted, precise, precise_each
from detachsim.ops.row import COMPOSITE, FLOAT, composite, inplace, pointwise


def addcmul(self: Array, tensor1: Array, tensor2: Array, value: float = 1) -> Array:
    return fused(converted(value, tensor1) * tensor1, tensor2, self)


def _check_addcmul(session: Any, op: Op, bound: list[Any]) -> None:
    dtype = result_type(bound[:3])
    require_fit(session, dtypes.float32 if dtype.is_reduced else dtype, bound[3])


def addcdiv(self: Array, tensor1: Array, tensor2: Array, value: float = 1) -> Array:
    return self + converted(value, tensor1) * tensor1 / tensor2


def _check_addcdiv(session: Any, op: Op, bound: list[Any]) -> None:
    if not bound[1].dtype.is_floating and not bound[2].dtype.is_floating:
        raise TorchError("addcdiv_integers")


def number_over(ops: Any, value: float, tensor: Any) -> Any:
    """value / tensor, which PyTorch writes into a tensor of the same type: that of integers has no room for it."""
    dtype = element_type(tensor)
    if not dtype.is_floating:
        raise TorchError("inplace_cast", result="Float", output=dtype.scalar)
    return value / tensor


def lerp(self: Array, end: Array, weight: Any) -> Array:
    share = np.asarray(weight, dtype=self.dtype)
    # From the nearer end, so that a weight of 1 gives the end exactly.
    gap = end - self
    return np.where(np.abs(share) < 0.5, fused(gap, share, self), fused(gap, share - share.dtype.type(1), end))


def _check_lerp(session: Any, op: Op, bound: list[Any]) -> None:
    self = bound[0]
    for name, value in (("end", bound[1]), ("weight", bound[2])):
        if not hasattr(value, "dtype") or value.dtype is self.dtype:
            continue
        # A weight without dims gives way to the others, as a number does.
        if name == "end" or value.array.ndim or session.dialect != NEWEST:
            raise TorchError("lerp_dtype", name=name, expected=self.dtype.cpp, found=value.dtype.cpp)


def _refuse_lerp(session: Any, op: Op, bound: list[Any]) -> None:
    of_tensor = hasattr(bound[2], "dtype")
    dtype = result_type(bound) if of_tensor else bound[0].dtype
    if not dtype.is_floating:
        kernel = "lerp_kernel_tensor" if of_tensor else "lerp_kernel_scalar"
        raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)


_log = precise(np.log)


def xlogy(self: Any, other: Any) -> Array:
    kind = np.result_type(self, other)  # a plain number has none of its own
    left, right = np.asarray(self, kind), np.asarray(other, kind)
    return np.where(np.isnan(right), right, np.where(left == 0, kind.type(0), left * _log(right)))


def xlogy_backward(ops: Any, grad: Any, self: Any, other: Any) -> Any:
    """The gradient of xlogy's first argument: 0 where that is 0 and the logarithm has no value."""
    undefined = ops.logical_and(self == 0.0, other <= 0.0)
    return ops.masked_fill(ops.xlogy(grad, other), undefined, 0.0)


def xlogy_number_backward(ops: Any, grad: Any, self: Any, other: float) -> Any:
    """As ``xlogy_backward``, for the logarithm of a plain number."""
    scaled = ops.xlogy_Scalar_Other(grad, other)
    return scaled if other > 0 else ops.masked_fill(scaled, self == 0.0, 0.0)


def copysign_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """grad with the sign that the op changed; 0 at 0."""
    return grad * ops.masked_fill(result / self, self == 0.0, 0.0)


def heaviside(self: Array, values: Array) -> Array:
    return np.where(np.isnan(self), self * 0, np.where(self == 0, values, self > 0)).astype(np.asarray(self).dtype)


def _check_heaviside(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].dtype is not bound[1].dtype:
        raise TorchError("heaviside_dtypes")


def nan_to_num(
    self: Array, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Array:
    if self.dtype.kind != "f":
        return self.copy()
    return np.nan_to_num(self, copy=True, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def _without_infinities(underscore: str) -> Any:
    r"""Return nan_to_num, or nan_to_num\_, with the largest numbers of self's type in the place of infinities."""

    def function(
        ops: Any, self: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
    ) -> Any:
        dtype = self.tensor.dtype
        if dtype.is_floating:
            posinf = dtype.largest if posinf is None else posinf
            neginf = -dtype.largest if neginf is None else neginf
        elif underscore:
            return ops.nan_to_num__whole(self)
        return ops[f"nan_to_num{underscore}_filled"](self, nan, posinf, neginf)

    return function


def nan_to_num_backward(ops: Any, grad: Any, self: Any) -> Any:
    """grad where self was a finite number, else 0."""
    return grad * ops.isfinite(self)


def ldexp(self: Array, other: Array) -> Array:
    return np.asarray(self * np.exp2(np.asarray(other, np.float64)).astype(self.dtype))


def _check_ldexp(session: Any, op: Op, bound: list[Any]) -> None:
    if op.mutates and not bound[0].dtype.is_floating:
        raise TorchError("ldexp_cast", output=bound[0].dtype.scalar)


def _refuse_ldexp(session: Any, op: Op, bound: list[Any]) -> None:
    left, right = bound
    shape = broadcast_shape(left.shape, right.shape)
    kinds = left.dtype.is_floating, right.dtype.is_floating
    if kinds == (True, False) and not op.mutates and left.array.size and shape != left.shape:
        # PyTorch makes a result of self's shape, and writes into it.
        session.warn("out_resized", found=list(left.shape), wanted=list(shape))
    if bound[1].dtype is dtypes.boolean and bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="ldexp_cpu_exp", dtype="Bool")


def older_ldexp_(ops: Any, self: Any, other: Any) -> Any:
    """ldexp in place as before 2.13, which writes into self what autograd has no way to record."""
    factor = ops.pow(2.0, other)
    if self.session.grad_enabled and any(requires_grad(value.tensor) for value in (self, factor)):
        raise TorchError("out_requires_grad", op="mul")
    return ops.mul_(self, factor)


def sgn_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of a sign: 0. The operands are named because PyTorch saves them all the same."""
    return ops.zeros_of(grad)


def float_power(ops: Any, self: Any, exponent: Any) -> Any:
    """The power of both in float64."""
    wide = [ops.to(value, dtypes.float64) if hasattr(value, "tensor") else float(value) for value in (self, exponent)]
    return ops.pow(*wide)


def float_power_(ops: Any, self: Any, exponent: Any) -> Any:
    """The power of both in float64, in place."""
    if self.tensor.dtype is not dtypes.float64:
        raise TorchError("float_power_inplace", dtype=self.tensor.dtype.scalar)
    return ops.pow_(self, ops.to(exponent, dtypes.float64) if hasattr(exponent, "tensor") else exponent)


def positive(ops: Any, self: Any) -> Any:
    """The tensor itself."""
    if self.tensor.dtype is dtypes.boolean:
        raise TorchError("bool_positive")
    return self


HELPERS = {
    "number_over": number_over,
    "xlogy_backward": xlogy_backward,
    "xlogy_number_backward": xlogy_number_backward,
    "copysign_backward": copysign_backward,
    "nan_to_num_backward": nan_to_num_backward,
    "sgn_backward": sgn_backward,
}

ROWS = [
    pointwise(
        "addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Number value=1)",
        "AddcmulBackward0",
        addcmul,
        grad={"self": "grad", "tensor1": "grad * (tensor2 * value)", "tensor2": "grad * (tensor1 * value)"},
        inplace=True,
        refuses=no_bools("addcmul_cpu_out"),
        opmath=True,
        check=_check_addcmul,
        doc="self + value * tensor1 * tensor2",
        samples=("a.addcmul(b, c)", "a.addcmul(b, c, value=2)"),
    ),
    pointwise(
        "addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Number value=1)",
        "AddcdivBackward0",
        addcdiv,
        promote=FLOAT,
        grad={
            "self": "grad",
            "tensor1": "grad * number_over(value, tensor2)",
            "tensor2": "-grad * (tensor1 * value / (tensor2 * tensor2))",
        },
        check=_check_addcdiv,
        inplace=True,
        doc="self + value * tensor1 / tensor2",
        samples=("a.addcdiv(b, c)", "a.addcdiv(b, c, value=2)"),
    ),
    pointwise(
        "lerp.Tensor(Tensor self, Tensor end, Tensor weight)",
        "LerpBackward1",
        lerp,
        grad={"self": "grad * (1 - weight)", "end": "grad * weight", "weight": "grad * (end - self)"},
        check=_check_lerp,
        refuses=_refuse_lerp,
        inplace=True,
        out={"text": "out_found"},
        doc="self + weight * (end - self)",
        samples=("a.lerp(b, c)",),
    ),
    pointwise(
        "lerp.Scalar(Tensor self, Tensor end, Number weight)",
        "LerpBackward0",
        lerp,
        grad={"self": "grad * (1 - weight)", "end": "grad * weight"},
        check=_check_lerp,
        refuses=_refuse_lerp,
        inplace=True,
        doc="self + weight * (end - self)",
        samples=("a.lerp(b, 0.3)",),
    ),
    pointwise(
        "xlogy.Tensor(Tensor self, Tensor other)",
        "XlogyBackward0",
        xlogy,
        promote=FLOAT,
        grad={"self": "xlogy_backward(grad, self, other)", "other": "grad * self / other"},
        inplace=True,
        doc="self * log(other), 0 where self is 0",
        samples=("torch.xlogy(a, b)",),
    ),
    pointwise(
        "xlogy.Scalar_Other(Tensor self, Number other)",
        "XlogyBackward2",
        xlogy,
        promote=FLOAT,
        grad={"self": "xlogy_number_backward(grad, self, other)"},
        layout=WITH_NUMBER,
        inplace=True,
        doc="self * log of a number",
        samples=("torch.xlogy(a, 2)",),
    ),
    pointwise(
        "xlogy.Scalar_Self(Number self, Tensor other)",
        "XlogyBackward1",
        xlogy,
        promote=FLOAT,
        where="t",
        grad={"other": "grad * self / other"},
        layout=WITH_NUMBER,
        doc="a number * log(other)",
        samples=("torch.xlogy(2, a)",),
    ),
    pointwise(
        "copysign.Tensor(Tensor self, Tensor other)",
        "CopysignBackward0",
        np.copysign,
        promote=FLOAT,
        grad={"self": "copysign_backward(grad, self, result)", "other": "zeros_of(grad)"},
        gradient_edits={"other": 1},
        inplace=True,
        doc="self with the sign of other",
        samples=("a.copysign(b)",),
    ),
    pointwise(
        "copysign.Scalar(Tensor self, Number|Tensor other)",
        "CopysignBackward1",
        np.copysign,
        promote=FLOAT,
        grad={"self": "copysign_backward(grad, self, result)"},
        inplace=True,
        doc="self with the sign of a number",
        samples=("a.copysign(-1)",),
    ),
    pointwise(
        "heaviside(Tensor self, Tensor values)",
        "torch::autograd::NotImplemented",
        heaviside,
        grad={"self, values": "not_implemented('heaviside')"},
        inplace_grad={"self, values": "not_implemented('heaviside_')"},
        bare_edges=True,
        check=_check_heaviside,
        inplace=True,
        doc="0 below 0, values at 0, 1 above; it has no derivative",
    ),
    *[
        composite(
            f"nan_to_num{underscore}(Tensor self, float? nan=None, float? posinf=None, float? neginf=None)",
            _without_infinities(underscore),
            out={"text": "out_nan_to_num"},
            doc="self with nan and infinities replaced by numbers",
            samples=() if underscore else ("a.nan_to_num()",),
        )
        for underscore in ("", "_")
    ],
    inplace(
        "nan_to_num_.whole(Tensor self)",
        "",
        np.array,
        where="",
        overlap=FILLING,
        doc="integers, written as they are wherever they lie",
    ),
    pointwise(
        "nan_to_num.filled(Tensor self, float? nan=None, float? posinf=None, float? neginf=None)",
        "NanToNumBackward0",
        nan_to_num,
        grad={"self": "nan_to_num_backward(grad, self)"},
        inplace=True,
        where="",
        layout=AS_FIRST,
        inside="nan_to_num",
        result_edits=1,
        out={"text": "out_nan_to_num"},
        doc="the same, infinities as they are told",
    ),
    pointwise(
        "ldexp(Tensor self, Tensor other)",
        "LdexpBackward0",
        precise_each(ldexp),
        promote=FLOAT,
        grad={"self": "grad * pow(2, other)", "other": "grad * result * 0.6931471805599453"},
        check_dtypes=_check_ldexp,
        refuses=_refuse_ldexp,
        inplace=True,
        older={
            "torch-1.13": {
                "kind": COMPOSITE,
                "kernel": lambda ops, self, other: ops.mul(self, ops.pow(2.0, other)),
                "grad_fn": "",
                "grad": {},
                "inplace": False,
            }
        },
        out={"fits": "castable", "text": "out_ldexp"},
        doc="self * 2 ** other",
        samples=("torch.ldexp(a, b)",),
    ),
    composite(
        "ldexp_(Tensor self, Tensor other)",
        older_ldexp_,
        where="",
        older={"torch-1.13": {"where": "mt"}},
        doc="ldexp in place, as older releases have it",
    ),
    pointwise(
        "sgn(Tensor self)",
        "SgnBackward0",
        sign,
        grad={"self": "sgn_backward(grad, self, result)"},
        inplace_grad={"self": "sgn_backward(grad, self, result)"},
        inplace=True,
        out={"text": "out_found"},
        doc="-1, 0 or 1; its gradient is 0",
        samples=("a.sgn()",),
    ),
    composite(
        "float_power(Number|Tensor self, Number|Tensor exponent)",
        float_power,
        where="mt",
        out={"name": "pow", "text": "out_float_power"},
        doc="the power in float64",
        samples=("a.float_power(2)", "a.float_power(b)", "torch.float_power(2, a)"),
    ),
    composite("float_power_(Tensor self, Number|Tensor exponent)", float_power_, where="m"),
    composite("positive(Tensor self)", positive, where="mt", doc="the tensor itself", samples=("+a",)),
]
