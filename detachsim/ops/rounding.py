"""Rounding, remainders and divisions that round."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import require_shapes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops.element_types import floats_only, no_bools, promoted
from detachsim.ops.row import ARITHMETIC, FLOAT, composite, pointwise


def _whole(function: Any) -> Any:
    """Return a rounding function that leaves integers as they are."""

    def kernel(self: Array) -> Array:
        return self.copy() if self.dtype.kind in "iu" else function(self)

    return kernel


def round_decimals(self: Array, decimals: int) -> Array:
    scale = self.dtype.type(10.0 ** abs(decimals))
    return np.rint(self * scale) / scale if decimals >= 0 else np.rint(self / scale) * scale


def frac(self: Array) -> Array:
    return self - np.trunc(self)


def remainder(self: Array, other: Array) -> Array:
    """The rest of a division that rounds down; it has the divisor's sign."""
    if np.asarray(self).dtype.kind in "iu":
        return np.remainder(self, other)
    rest = np.fmod(self, other)
    return np.where((rest != 0) & ((other < 0) != (rest < 0)), rest + other, rest)


def divide_rounding(self: Array, other: Array, rounding_mode: str) -> Array:
    if np.asarray(self).dtype.kind in "iu":
        quotient = np.floor_divide(self, other)
        if rounding_mode == "trunc":
            inexact = (quotient * other != self) & ((self < 0) != (other < 0))
            quotient = quotient + inexact.astype(quotient.dtype)
        return quotient
    return np.trunc(np.true_divide(self, other)) if rounding_mode == "trunc" else np.floor_divide(self, other)


def check_integer_divisor(session: Any, op: Op, bound: list[Any]) -> None:
    """Raise PyTorch's error for an integer division by 0."""
    _check_divisor(op, bound, bound[1])


def _check_integer_self(session: Any, op: Op, bound: list[Any]) -> None:
    _check_divisor(op, bound, bound[0])


def _check_divisor(op: Op, bound: list[Any], divisor: Any) -> None:
    if promoted(op, bound).category != dtypes.INTEGRAL:
        return
    values = divisor.array if isinstance(divisor, Tensor) else np.asarray(divisor)
    if values.all():
        return
    tensors = [value for value in bound[:2] if isinstance(value, Tensor)]
    require_shapes(bound[0] if op.mutates else None, tensors)
    if not all(tensor.array.size for tensor in tensors):
        return
    if op.mutates and values.shape == bound[0].array.shape:
        # PyTorch's loop has come as far as the first 0.
        done = int(np.flatnonzero(values == 0)[0])
        target = bound[0].array
        made = op.kernel(target.ravel()[:done], values.ravel()[:done], *bound[2:])
        for place, value in zip(np.ndindex(target.shape), made, strict=False):
            target[place] = value
    raise TorchError("zero_division")


def _check_mode(session: Any, op: Op, bound: list[Any]) -> None:
    mode = bound[2]
    if mode not in ("trunc", "floor"):
        raise TorchError("rounding_mode", mode=mode)
    if promoted(op, bound).scalar == "Bool":
        raise TorchError("not_implemented_for", kernel=f"div_{mode}_cpu", dtype="Bool")
    check_integer_divisor(session, op, bound)


def rounded_quotient(ops: Any, self: Any, other: Any, mode: str) -> Any:
    """self / other, rounded."""
    return ops.div_Tensor_mode(self, other, rounding_mode=mode)


def rounded_div_backward(ops: Any, grad: Any, *operands: Any) -> Any:
    """The gradient of a rounded quotient: 0. The operands are named because PyTorch saves them all the same."""
    return ops.zeros_of(grad)


def not_implemented(ops: Any, name: str) -> Any:
    """Raise PyTorch's refusal to differentiate an op."""
    raise TorchError("not_differentiable", op=f"aten::{name}")


def _refused(name: str) -> dict[str, str]:
    return {"self": f"not_implemented('{name}')"}


def _refused_both(name: str) -> dict[str, str]:
    return {"self, other": f"not_implemented('{name}')"}


_NOT_IMPLEMENTED = "torch::autograd::NotImplemented"


def _refuse_decimals(session: Any, op: Op, bound: list[Any]) -> None:
    # Without decimals it is the kernel of plain rounding.
    floats_only("round_cpu" if bound[1] else "round_vml_cpu")(session, op, bound)


def _copied_integers(bound: list[Any]) -> int:
    return 0 if bound[0].dtype.is_floating else 1


def _rounding(name: str, node: str, function: Any, doc: str) -> Op:
    return pointwise(
        f"{name}(Tensor self)",
        node,
        _whole(function),
        grad={"self": "zeros_of(grad)"},
        refuses=no_bools(f"{name}_vml_cpu"),
        inplace=True,
        result_edits=_copied_integers,
        out={"text": "out_found"},
        doc=doc,
        samples=(f"a.{name}()",),
    )


HELPERS = {
    "rounded_quotient": rounded_quotient,
    "rounded_div_backward": rounded_div_backward,
    "not_implemented": not_implemented,
}

ROWS = [
    _rounding("floor", "FloorBackward0", np.floor, "the next integer down; its gradient is 0"),
    _rounding("ceil", "CeilBackward0", np.ceil, "the next integer up; its gradient is 0"),
    _rounding("trunc", "TruncBackward0", np.trunc, "the integer part; its gradient is 0"),
    _rounding("round", "RoundBackward0", np.rint, "the nearest integer, ties to even; its gradient is 0"),
    pointwise(
        "round.decimals(Tensor self, *, int decimals)",
        "RoundBackward1",
        round_decimals,
        grad={"self": "zeros_of(grad)"},
        refuses=_refuse_decimals,
        inplace=True,
        out={"text": "out_found"},
        doc="rounded to some decimals; its gradient is 0",
        samples=("a.round(decimals=1)",),
    ),
    pointwise(
        "frac(Tensor self)",
        "FracBackward0",
        frac,
        grad={"self": "grad"},
        refuses=floats_only("frac_cpu"),
        inplace=True,
        out={"text": "out_found"},
        doc="the part after the point",
        samples=("a.frac()",),
    ),
    pointwise(
        "fmod.Tensor(Tensor self, Tensor other)",
        "FmodBackward1",
        np.fmod,
        grad={"self": "grad", "other": "-grad * rounded_quotient(self, other, 'trunc')"},
        check=check_integer_divisor,
        refuses=no_bools("fmod_cpu"),
        inplace=True,
        doc="the rest of a division that rounds towards 0",
        samples=("a.fmod(b)",),
    ),
    pointwise(
        "fmod.Scalar(Tensor self, Number|Tensor other)",
        "FmodBackward0",
        np.fmod,
        grad={"self": "grad"},
        check=check_integer_divisor,
        refuses=no_bools("fmod_cpu"),
        inplace=True,
        doc="the rest of a division by a number that rounds towards 0",
        samples=("a.fmod(0.3)",),
    ),
    pointwise(
        "remainder.Tensor(Tensor self, Tensor other)",
        "RemainderBackward1",
        remainder,
        grad={"self": "grad", "other": "-grad * rounded_quotient(self, other, 'floor')"},
        check=check_integer_divisor,
        refuses=no_bools("remainder_cpu"),
        inplace=True,
        doc="self % other",
        samples=("a % b",),
    ),
    pointwise(
        "remainder.Scalar(Tensor self, Number|Tensor other)",
        "RemainderBackward0",
        remainder,
        grad={"self": "grad"},
        check=check_integer_divisor,
        refuses=no_bools("remainder_cpu"),
        inplace=True,
        doc="self % a number",
        samples=("a % 0.3",),
    ),
    pointwise(
        "remainder.Scalar_Tensor(Number|Tensor self, Tensor other)",
        _NOT_IMPLEMENTED,
        remainder,
        where="t",
        grad={"other": "not_implemented('remainder')"},
        check=check_integer_divisor,
        refuses=no_bools("remainder_cpu"),
        doc="a number % other; it has no derivative",
    ),
    composite("rremainder(Tensor self, Number other)", lambda ops, self, other: ops.remainder(other, self), where=""),
    pointwise(
        "floor_divide.Tensor(Tensor self, Tensor other)",
        _NOT_IMPLEMENTED,
        lambda self, other: divide_rounding(self, other, "floor"),
        grad=_refused_both("floor_divide"),
        inplace_grad=_refused_both("floor_divide_"),
        check=check_integer_divisor,
        refuses=no_bools("div_floor_cpu"),
        bare_edges=True,
        inplace=True,
        opmath=True,
        out={"history": "no history", "fits": "castable", "text": "inplace_cast"},
        doc="self // other; it has no derivative",
    ),
    pointwise(
        "floor_divide.Scalar(Tensor self, Number|Tensor other)",
        _NOT_IMPLEMENTED,
        lambda self, other: divide_rounding(self, other, "floor"),
        grad=_refused("floor_divide"),
        inplace_grad=_refused("floor_divide_"),
        check=check_integer_divisor,
        refuses=no_bools("div_floor_cpu"),
        bare_edges=True,
        inplace=True,
        opmath=True,
        out={"history": "no history", "fits": "castable", "text": "inplace_cast"},
        doc="self // a number; it has no derivative",
    ),
    pointwise(
        "rfloor_divide(Tensor self, Number|Tensor other)",
        _NOT_IMPLEMENTED,
        lambda self, other: divide_rounding(other, self, "floor"),
        where="",
        grad=_refused("floor_divide"),
        check=_check_integer_self,
        refuses=no_bools("div_floor_cpu"),
        doc="other // self, which is what a number // a tensor runs; it has no derivative",
    ),
    pointwise(
        "div.Tensor_mode(Tensor self, Number|Tensor other, *, str rounding_mode)",
        "DivBackward2",
        divide_rounding,
        promote=ARITHMETIC,
        grad={"self": "rounded_div_backward(grad, other)", "other": "rounded_div_backward(grad, self, other)"},
        check=_check_mode,
        inplace=True,
        opmath=True,
        doc="self / other, rounded towards 0 or down; its gradient is 0",
        samples=("a.div(b, rounding_mode='floor')", "a.div(b, rounding_mode='trunc')"),
    ),
    pointwise(
        "div.Tensor_plain(Tensor self, Number|Tensor other, *, str? rounding_mode)",
        "DivBackward2",
        lambda self, other, rounding_mode: np.true_divide(self, other),
        promote=FLOAT,
        grad={"self": "grad / other", "other": "-grad * ((self / other) / other)"},
        inplace=True,
        opmath=True,
        doc="self / other, said to be not rounded",
    ),
    composite(
        "rdiv(Tensor self, Number other)",
        lambda ops, self, other: ops.mul(ops.reciprocal(self), other),
        where="",
        doc="other / self, which is what a number divided by a tensor runs",
        samples=("2 / a",),
    ),
]
