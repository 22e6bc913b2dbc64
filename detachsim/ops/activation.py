"""Activations, and the gradients that have nodes of their own."""

import math
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fused import fused
from detachsim.ops.numeric import larger, one, precise, zero
from detachsim.ops.row import FLOAT, pointwise


def sigmoid(self: Array) -> Array:
    # Every other step is rounded, as in PyTorch's kernels.
    return np.reciprocal(np.add(_exp_of_minus(self), one(self.dtype)))


_exp_of_minus = precise(lambda self: np.exp(np.negative(self)), lambda values: [math.exp(-value) for value in values])


def sigmoid_backward(grad_output: Array, output: Array) -> Array:
    return np.multiply(np.multiply(grad_output, np.subtract(one(output.dtype), output)), output)


def tanh_backward(grad_output: Array, output: Array) -> Array:
    if output.dtype == np.float64:
        return grad_output * fused(np.negative(output), output, one(output.dtype))
    return grad_output * _tanh_slope(output)


# Multiplied and subtracted with one rounding.
_tanh_slope = precise(lambda result: 1 - result * result, lambda values: [1.0 - value * value for value in values])


def relu(self: Array) -> Array:
    return larger(self, zero(self.dtype))


def _check_relu(session: Any, op: Any, bound: list[Any]) -> None:
    if bound[0].dtype is dtypes.boolean:
        raise TorchError("relu_bool")


def threshold_backward(grad_output: Array, self: Array, threshold: float) -> Array:
    return np.where(self <= np.array(threshold, self.dtype), zero(grad_output.dtype), grad_output)


ROWS = [
    pointwise(
        "sigmoid(Tensor self)",
        "SigmoidBackward0",
        sigmoid,
        promote=FLOAT,
        where="mtF",
        grad={"self": "sigmoid_backward(grad, result)"},
        inplace=True,
        shown={"self": "grad * (1 - result) * result"},
        doc="1 / (1 + exp(-self))",
        samples=("a.sigmoid()",),
    ),
    pointwise(
        "sigmoid_backward(Tensor grad_output, Tensor output)",
        "SigmoidBackwardBackward0",
        sigmoid_backward,
        where="",
        grad={
            "grad_output": "sigmoid_backward(grad, output)",
            "output": "grad * grad_output * (-2 * output + 1)",
        },
        doc="the gradient of sigmoid: grad * (1 - result) * result",
    ),
    pointwise(
        "tanh(Tensor self)",
        "TanhBackward0",
        precise(np.tanh),
        promote=FLOAT,
        where="mtF",
        grad={"self": "tanh_backward(grad, result)"},
        inplace=True,
        shown={"self": "grad * (1 - result ** 2)"},
        doc="hyperbolic tangent",
        samples=("a.tanh()",),
    ),
    pointwise(
        "tanh_backward(Tensor grad_output, Tensor output)",
        "TanhBackwardBackward0",
        tanh_backward,
        where="",
        grad={"grad_output": "tanh_backward(grad, output)", "output": "grad * (-2 * output * grad_output)"},
        doc="the gradient of tanh: grad * (1 - result * result)",
    ),
    pointwise(
        "relu(Tensor self)",
        "ReluBackward0",
        relu,
        where="mtF",
        grad={"self": "threshold_backward(grad, result, 0)"},
        check_dtypes=_check_relu,
        inplace=True,
        shown={"self": "grad where result > 0, else 0"},
        older={
            "torch-1.7": {
                "grad": {"self": "threshold_backward(grad, self, 0)"},
                "shown": {"self": "grad where self > 0, else 0"},
                "inplace_grad": {"self": "threshold_backward(grad, result, 0)"},
                "inplace_grad_fn": "ReluBackward1",
            }
        },
        doc="max(self, 0); its gradient at 0 is 0",
        samples=("a.relu()",),
    ),
    pointwise(
        "threshold_backward(Tensor grad_output, Tensor self, Number threshold)",
        "ThresholdBackwardBackward0",
        threshold_backward,
        where="",
        grad={"grad_output": "threshold_backward(grad, self, threshold)", "self": "zeros_of(grad)"},
        doc="the gradient of relu: grad where self is above the threshold, else 0",
    ),
]
