"""Smooth activations: elu and its kin, gelu, silu, mish, softplus, logsigmoid, softsign, tanhshrink, glu."""

import math
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fused import fused
from detachsim.engine.layout import IN_ROWS
from detachsim.engine.op import Op
from detachsim.ops.activation import sigmoid
from detachsim.ops.element_types import floats_only
from detachsim.ops.numeric import one, precise, smaller, wrap_dim, zero
from detachsim.ops.piecewise import functional
from detachsim.ops.row import composite, general, pointwise
from detachsim.ops.special_functions import erf

# The two numbers of selu, which keep mean 0 and variance 1.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946
_SQRT_HALF = math.sqrt(0.5)
_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
# gelu(approximate="tanh"): tanh of _GELU_SCALE * (x + _GELU_CUBE * x ** 3).
_GELU_SCALE = math.sqrt(2 / math.pi)
_GELU_CUBE = 0.044715


# Every step is rounded, as in PyTorch's kernels; only these functions are computed with more digits.
_tanh, _exp, _expm1, _log1p = precise(np.tanh), precise(np.exp), precise(np.expm1), precise(np.log1p)


def elu(self: Array, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Array:
    return np.where(self <= 0, _expm1(smaller(self, zero(self.dtype)) * input_scale) * (alpha * scale), self * scale)


def elu_backward(
    grad_output: Array, alpha: float, scale: float, input_scale: float, is_result: bool, self_or_result: Array
) -> Array:
    if is_result and alpha < 0:
        raise TorchError("elu_inplace_slope")
    slope = alpha * scale
    low = np.minimum(self_or_result, 0)
    if is_result:
        below = grad_output * input_scale * (low + slope)
    else:
        below = grad_output * input_scale * slope * _exp(low * input_scale)
    return np.where(self_or_result <= 0, below, grad_output * scale)


def single_reciprocal(ops: Any, alpha: float) -> float:
    """1 / alpha, alpha rounded to float32 as in celu's gradient."""
    return 1 / float(np.float32(alpha))


def elu_second(
    ops: Any, grad: Any, grad_output: Any, alpha: float, scale: float, input_scale: float, is_result: bool, value: Any
) -> Any:
    """The slope of elu's gradient, which is 0 where self is positive."""
    below = grad * grad_output * input_scale
    if not is_result:
        below = ops.elu_backward(below, alpha, scale, input_scale, is_result, value)
    return below * ops.as_type(value < 0.0, grad)


def _check_celu(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1] == 0:
        raise TorchError("celu_alpha")


def _bend(self: Array) -> Array:
    kind = self.dtype.type
    return _tanh(kind(_GELU_SCALE) * fused(self * self * self, kind(_GELU_CUBE), self))


def gelu(self: Array, approximate: str = "none") -> Array:
    if approximate == "tanh":
        return 0.5 * self * (1 + _bend(self))
    return self * 0.5 * (1 + erf(np.asarray(self * _SQRT_HALF)))


def gelu_backward(grad_output: Array, self: Array, approximate: str = "none") -> Array:
    if approximate == "tanh":
        bend, kind = _bend(self), self.dtype.type
        slope = kind(_GELU_SCALE) * fused(self * self, 3 * kind(_GELU_CUBE), one(self.dtype))
        return grad_output * (0.5 * (1 + bend) + 0.5 * self * fused(-bend, bend, one(self.dtype)) * slope)
    density = _exp(self * self * -0.5) * (_TWO_OVER_SQRT_PI * _SQRT_HALF * 0.5)
    return grad_output * (0.5 * (1 + erf(np.asarray(self * _SQRT_HALF))) + self * density)


def gelu_second(ops: Any, grad: Any, grad_output: Any, self: Any, approximate: str) -> Any:
    """The slope of gelu's gradient."""
    if approximate == "tanh":
        inner = (self + ops.pow(self, 3) * _GELU_CUBE) * _GELU_SCALE
        bend = ops.tanh(inner)
        narrow = 1 / ops.cosh(inner)
        half = self * 0.5
        rest = 1 - bend * bend
        slope = (self * (3 * _GELU_CUBE) * self + 1) * _GELU_SCALE
        level = rest * 0.5 * slope
        turn = -narrow * bend
        turn = (narrow * 2) * turn * slope
        turned = half * slope * turn
        curved = half * rest * (self * (6 * _GELU_CUBE) * _GELU_SCALE)
        second = level * 2 + turned + curved
    else:
        squared = self * self
        density = ops.exp(squared * -0.5) * (_TWO_OVER_SQRT_PI * _SQRT_HALF * 0.5)
        subtrahend = squared * density
        second = density * 2 - subtrahend
    return grad * grad_output * second


def _check_gelu(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1] not in ("none", "tanh"):
        raise TorchError("gelu_approximate")
    floats_only("GeluKernelImpl")(session, op, bound)


def silu(self: Array) -> Array:
    return self / (1 + _exp(-self))


def silu_backward(ops: Any, grad: Any, self: Any) -> Any:
    """grad * s * (1 + self * (1 - s)), s the sigmoid of self."""
    if _is_one_step(self):
        return ops.silu_backward_kernel(grad, self)
    s = ops.sigmoid(self)
    slope = self * (1 - s) + 1
    return grad * s * slope


def silu_backward_kernel(grad_output: Array, self: Array) -> Array:
    s = sigmoid(self)
    return grad_output * s * fused(self, 1 - s, one(self.dtype))


def _is_one_step(value: Any) -> bool:
    """Whether a gradient is computed by one kernel, since no graph of it is recorded."""
    return isinstance(value, np.ndarray) or not value.session.grad_enabled


def mish(self: Array) -> Array:
    return self * _tanh(_log1p(_exp(self)))


def mish_backward(ops: Any, grad: Any, self: Any) -> Any:
    """grad * (t + self * s * (1 - t * t)), s the sigmoid of self and t the tanh of its softplus."""
    if _is_one_step(self):
        return ops.mish_backward_kernel(grad, self)
    s = ops.sigmoid(self)
    t = ops.tanh(ops.log1p(ops.exp(self)))
    return grad * (t + self * s * (1 - t * t))


def mish_backward_kernel(grad_output: Array, self: Array) -> Array:
    s, t = sigmoid(self), _tanh(_log1p(_exp(self)))
    return grad_output * fused(self * s, fused(-t, t, one(self.dtype)), t)


def softplus(self: Array, beta: float = 1, threshold: float = 20) -> Array:
    scaled = self * beta
    return np.where(scaled > threshold, self, _log1p(_exp(np.minimum(scaled, threshold))) / beta)


def softplus_backward(grad_output: Array, self: Array, beta: float, threshold: float) -> Array:
    scaled = self * beta
    grown = _exp(np.minimum(scaled, threshold))
    return np.where(scaled > threshold, grad_output, grad_output * grown / (grown + 1))


def softplus_second(ops: Any, grad: Any, grad_output: Any, self: Any, beta: float, threshold: float) -> Any:
    """The slope of softplus's gradient, 0 above the threshold."""
    scaled = self * beta
    slope = ops.sigmoid_backward(grad * grad_output, ops.sigmoid(scaled))
    return slope * ops.as_type(scaled < float(threshold), grad) * beta


def log_sigmoid(self: Array) -> tuple[Array, Array]:
    """Return the logarithm, and the exponential in it, which the gradient uses."""
    buffer = _exp(-np.abs(self))
    return np.minimum(self, 0) - _log1p(buffer), np.asarray(buffer)


def log_sigmoid_backward(grad_output: Array, self: Array, buffer: Array) -> Array:
    rest = buffer / (1 + buffer)
    return np.where(self < 0, 1 - rest, rest) * grad_output


def log_sigmoid_second(ops: Any, grad: Any, grad_output: Any, self: Any) -> Any:
    """The slope of logsigmoid's gradient."""
    s = ops.sigmoid(self)
    return grad * grad_output * (s - 1) * s


def softsign(ops: Any, self: Any) -> Any:
    """self / (1 + |self|)."""
    return ops.div(self, ops.add(ops.abs(self), 1))


def tanhshrink(ops: Any, self: Any) -> Any:
    """self - tanh(self)."""
    return ops.sub(self, ops.tanh(self))


def _halves(values: Array, dim: int) -> tuple[Array, Array]:
    left, right = np.split(values, 2, axis=dim)
    return left, right


def glu(self: Array, dim: int = -1) -> Array:
    left, right = _halves(self, dim)
    return left * sigmoid(right)


def glu_backward(grad_output: Array, self: Array, dim: int) -> Array:
    left, right = _halves(self, dim)
    s = sigmoid(right)
    return np.concatenate([grad_output * s, (1 - s) * s * left * grad_output], axis=dim)


def glu_second(ops: Any, grad: Any, grad_output: Any, self: Any, dim: int) -> Any:
    """The slope of glu's gradient."""
    axis = wrap_dim(dim, len(self.shape))
    size = self.shape[axis] // 2
    left, right = ops.slice(self, axis, 0, size, 1), ops.slice(self, axis, size, 2 * size, 1)
    s = ops.sigmoid(right)
    rest = 1 - s
    slope = s * rest
    to_left, to_right = ops.slice(grad, axis, 0, size, 1), ops.slice(grad, axis, size, 2 * size, 1)
    both = to_right * left
    first = to_right * grad_output * slope
    subtrahend = s * slope
    curve = slope * rest - subtrahend
    addend = to_left * grad_output * slope
    second = both * grad_output * curve + addend
    return ops.cat([first, second], axis)


def glu_grad_second(ops: Any, grad: Any, self: Any, dim: int) -> Any:
    """The gradient of glu's gradient for the gradient that came in: both halves of grad times glu's slopes."""
    axis = wrap_dim(dim, len(self.shape))
    size = self.shape[axis] // 2
    ones = ops.ones_of(ops.slice(self, axis, 0, size, 1))
    parts = grad * ops.glu_backward(ones, self, axis)
    right = ops.slice(parts, axis, size, 2 * size, 1)
    return ops.slice(parts, axis, 0, size, 1) + right


def _check_glu(session: Any, op: Op, bound: list[Any]) -> None:
    shape = bound[0].array.shape
    if not shape:
        raise TorchError("glu_zero_dim")
    axis = wrap_dim(bound[1], len(shape))
    if shape[axis] % 2:
        raise TorchError("glu_odd", dim=axis, size=shape[axis])
    floats_only("glu_cpu")(session, op, bound)


def _selu(in_place: str) -> Any:
    return lambda ops, self: ops[f"elu{in_place}"](self, _SELU_ALPHA, _SELU_SCALE)


HELPERS = {
    "elu_second": elu_second,
    "single_reciprocal": single_reciprocal,
    "gelu_second": gelu_second,
    "silu_backward": silu_backward,
    "mish_backward": mish_backward,
    "softplus_second": softplus_second,
    "log_sigmoid_second": log_sigmoid_second,
    "glu_second": glu_second,
    "glu_grad_second": glu_grad_second,
}

ROWS = [
    pointwise(
        "elu(Tensor self, Number alpha=1, Number scale=1, Number input_scale=1)",
        "EluBackward0",
        elu,
        where="",
        grad={"self": "elu_backward(grad, alpha, scale, input_scale, False, self)"},
        refuses=floats_only("elu_cpu"),
        inplace=True,
        inplace_where="",
        inplace_grad_fn="EluBackward1",
        inplace_grad={"self": "elu_backward(grad, alpha, scale, input_scale, True, result)"},
        doc="self where it is positive, else alpha * (exp(self) - 1)",
    ),
    functional("elu", "Number alpha=1", samples=("F.elu(a)", "F.elu(a - 0.5, 2.0)")),
    composite(
        "elu_.functional(Tensor self, Number alpha=1, Number scale=1, Number input_scale=1)",
        lambda ops, self, alpha=1, scale=1, input_scale=1: ops.elu_(self, alpha, scale, input_scale),
        where="F",
    ),
    pointwise(
        "elu_backward(Tensor grad_output, Number alpha, Number scale, Number input_scale, bool is_result, "
        "Tensor self_or_result)",
        "EluBackwardBackward0",
        elu_backward,
        where="",
        grad={
            "grad_output": "elu_backward(grad, alpha, scale, input_scale, is_result, self_or_result)",
            "self_or_result": "elu_second(grad, grad_output, alpha, scale, input_scale, is_result, self_or_result)",
        },
        doc="the gradient of elu, selu and celu",
    ),
    composite(
        "selu(Tensor self)", _selu(""), where="tF", doc="elu with two numbers of its own", samples=("F.selu(a)",)
    ),
    composite("selu_(Tensor self)", _selu("_"), where="tF"),
    functional("selu"),
    pointwise(
        "celu(Tensor self, Number alpha=1)",
        "CeluBackward0",
        lambda self, alpha=1: elu(self, alpha, 1, 1 / alpha),
        where="tF",
        grad={"self": "elu_backward(grad, alpha, 1, single_reciprocal(alpha), False, self)"},
        check=_check_celu,
        refuses=floats_only("elu_cpu"),
        inplace=True,
        inplace_where="tF",
        inplace_grad_fn="CeluBackward1",
        inplace_grad={"self": "elu_backward(grad, alpha, 1, single_reciprocal(alpha), True, result)"},
        doc="self where it is positive, else alpha * (exp(self / alpha) - 1)",
        samples=("F.celu(a)", "F.celu(a - 0.5, 2.0)"),
    ),
    functional("celu", "Number alpha=1"),
    pointwise(
        "gelu(Tensor self, *, str approximate='none')",
        "GeluBackward0",
        gelu,
        where="F",
        grad={"self": "gelu_backward(grad, self, approximate)"},
        check=_check_gelu,
        out={"text": "out_found"},
        doc="self * the normal distribution's cumulative function",
        samples=("F.gelu(a)", "F.gelu(a, approximate='tanh')"),
    ),
    pointwise(
        "gelu_backward(Tensor grad_output, Tensor self, str approximate='none')",
        "GeluBackwardBackward0",
        gelu_backward,
        where="",
        grad={
            "grad_output": "gelu_backward(grad, self, approximate)",
            "self": "gelu_second(grad, grad_output, self, approximate)",
        },
        doc="the gradient of gelu",
    ),
    pointwise(
        "silu(Tensor self)",
        "SiluBackward0",
        silu,
        where="F",
        grad={"self": "silu_backward(grad, self)"},
        refuses=floats_only("silu_cpu"),
        inplace=True,
        inplace_where="",
        doc="self * sigmoid(self)",
        samples=("F.silu(a)",),
    ),
    functional("silu"),
    pointwise("silu_backward_kernel(Tensor grad_output, Tensor self)", "", silu_backward_kernel, where=""),
    pointwise(
        "mish(Tensor self)",
        "MishBackward0",
        mish,
        where="F",
        grad={"self": "mish_backward(grad, self)"},
        refuses=floats_only("mish_cpu"),
        inplace=True,
        inplace_where="",
        doc="self * tanh(softplus(self))",
        samples=("F.mish(a)",),
    ),
    functional("mish"),
    pointwise("mish_backward_kernel(Tensor grad_output, Tensor self)", "", mish_backward_kernel, where=""),
    pointwise(
        "softplus(Tensor self, Number beta=1, Number threshold=20)",
        "SoftplusBackward0",
        softplus,
        where="F",
        grad={"self": "softplus_backward(grad, self, beta, threshold)"},
        refuses=floats_only("softplus_cpu"),
        out={"text": "out_found"},
        doc="log(1 + exp(beta * self)) / beta",
        samples=("F.softplus(a)", "F.softplus(a, 2, 1)"),
    ),
    pointwise(
        "softplus_backward(Tensor grad_output, Tensor self, Number beta, Number threshold)",
        "SoftplusBackwardBackward0",
        softplus_backward,
        where="",
        grad={
            "grad_output": "softplus_backward(grad, self, beta, threshold)",
            "self": "softplus_second(grad, grad_output, self, beta, threshold)",
        },
        doc="the gradient of softplus: grad * sigmoid(beta * self)",
    ),
    pointwise(
        "logsigmoid(Tensor self)",
        "LogSigmoidBackward0",
        log_sigmoid,
        where="F",
        grad={"self": "log_sigmoid_backward(grad, self, result1)"},
        hidden=1,
        refuses=floats_only("log_sigmoid_cpu"),
        layout=IN_ROWS,
        older={"torch-1.13": {"result_edits": 1}},
        out={"name": "log_sigmoid_forward", "text": "out_triangular", "resizes": ""},
        doc="log(sigmoid(self))",
        samples=("F.logsigmoid(a)",),
    ),
    pointwise(
        "log_sigmoid_backward(Tensor grad_output, Tensor self, Tensor buffer)",
        "LogSigmoidBackwardBackward0",
        log_sigmoid_backward,
        where="",
        grad={
            "grad_output": "log_sigmoid_backward(grad, self, buffer)",
            "self": "log_sigmoid_second(grad, grad_output, self)",
        },
        doc="the gradient of logsigmoid: grad * sigmoid(-self)",
    ),
    composite("softsign(Tensor self)", softsign, where="F", doc="self / (1 + |self|)", samples=("F.softsign(a)",)),
    composite("tanhshrink(Tensor self)", tanhshrink, where="F", doc="self - tanh(self)", samples=("F.tanhshrink(a)",)),
    general(
        "glu(Tensor self, int dim=-1)",
        "GluBackward0",
        glu,
        where="F",
        grad={"self": "glu_backward(grad, self, dim)"},
        check=_check_glu,
        doc="the first half of self * sigmoid of the second half",
        samples=("F.glu(torch.cat([a, b]), 0)",),
    ),
    general(
        "glu_backward(Tensor grad_output, Tensor self, int dim)",
        "GluBackwardBackward0",
        glu_backward,
        where="",
        grad={
            "grad_output": "glu_grad_second(grad, self, dim)",
            "self": "glu_second(grad, grad_output, self, dim)",
        },
        doc="the gradient of glu",
    ),
]
