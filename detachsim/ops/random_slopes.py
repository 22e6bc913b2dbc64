"""rrelu: leaky_relu with a slope drawn at random for each element while training."""

from typing import Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.generator import Generator
from detachsim.engine.op import Op
from detachsim.ops.row import composite, general, pointwise


def rrelu_with_noise(
    generator: Generator, self: Array, lower: float, upper: float, training: bool
) -> tuple[Array, Array]:
    """self where it is positive, else by a slope; and the slopes, 1 where there is none."""
    if not training:
        slope = self.dtype.type((lower + upper) / 2)
        return np.where(self > 0, self, self * slope), np.zeros_like(self)
    noise = np.ones_like(self)
    # In rows, whatever the strides are: one number for each element that is not positive.
    bent = np.flatnonzero(self.ravel() <= 0)
    drawn = generator.uniform((bent.size,), "float64", lower, upper)
    np.put(noise, bent, drawn.astype(self.dtype))
    return np.where(self <= 0, self * noise, self), noise


def rrelu_with_noise_backward(
    grad_output: Array, self: Array, noise: Array, lower: float, upper: float, training: bool
) -> Array:
    """grad_output by the slopes that were drawn, or by the one between."""
    if training and upper - lower > _SAME_SLOPE:
        return grad_output * noise
    slope = grad_output.dtype.type((lower + upper) / 2)
    return np.where(self > 0, grad_output, grad_output * slope)


# Bounds this close are one slope to PyTorch.
_SAME_SLOPE = 1e-6


def _check(session: Any, op: Op, bound: list[Any]) -> None:
    self, lower, upper, training = bound
    if lower > upper:
        raise TorchError("rrelu_bounds")
    refuses_half = training or session.dialect != NEWEST
    if not self.dtype.is_floating or (refuses_half and self.dtype.name == "float16"):
        kernel = "rrelu_with_noise_out_cpu" if training else "leaky_relu_cpu"
        raise TorchError("not_implemented_for", kernel=kernel, dtype=self.dtype.scalar)


def _functional(
    ops: Any, input: Any, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Any:
    if inplace:
        raise LimitError("rrelu in place is not simulated")
    return ops.rrelu_with_noise(input, lower, upper, training)


_SLOPES = "float lower=0.125, float upper=0.3333333333333333, bool training=False"

ROWS = [
    general(
        "rrelu_with_noise(Tensor self, float lower, float upper, bool training)",
        "RreluWithNoiseBackward0",
        rrelu_with_noise,
        where="",
        random=True,
        hidden=1,
        grad={"self": "rrelu_with_noise_backward(grad, self, result1, lower, upper, training)"},
        check=_check,
        doc="self where it is positive, else by a slope drawn at random",
    ),
    pointwise(
        "rrelu_with_noise_backward(Tensor grad_output, Tensor self, Tensor noise, float lower, float upper, "
        "bool training)",
        "RreluWithNoiseBackwardBackward0",
        rrelu_with_noise_backward,
        where="",
        grad={
            "grad_output": "rrelu_with_noise_backward(grad, self, noise, lower, upper, training)",
            "self": "zeros_of(grad)",
        },
        doc="the gradient of rrelu",
    ),
    composite(
        f"rrelu(Tensor self, {_SLOPES})",
        lambda ops, self, lower=1.0 / 8, upper=1.0 / 3, training=False: ops.rrelu_with_noise(
            self, lower, upper, training
        ),
        where="t",
        doc="leaky_relu with a slope drawn at random for each element while training",
        samples=("torch.rrelu(a - 0.5)",),
    ),
    composite(
        f"rrelu.functional(Tensor input, {_SLOPES}, bool inplace=False)",
        _functional,
        where="F",
        doc="leaky_relu with a slope drawn at random for each element while training",
        samples=("F.rrelu(a - 0.5)",),
    ),
]
