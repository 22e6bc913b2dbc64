"""Activations made of straight pieces: hardtanh, relu6, leaky_relu, prelu, threshold and the shrinking ones."""

from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.layout import AS_FIRST
from detachsim.engine.memory import Overlap
from detachsim.engine.op import Op
from detachsim.ops.element_types import floats_only, no_bools, require_same_type
from detachsim.ops.numeric import larger, smaller
from detachsim.ops.row import composite, general, pointwise


def functional(name: str, parameters: str = "", doc: str = "", samples: tuple[str, ...] = ()) -> Op:
    """Return the row of ``F.NAME`` with the keyword ``inplace``, which chooses the in-place variant."""

    def run(ops: Any, self: Any, *arguments: Any) -> Any:
        *plain, inplace = arguments
        return ops[f"{name}_" if inplace else name](self, *plain)

    separator = ", " if parameters else ""
    return composite(
        f"{name}.functional(Tensor self{separator}{parameters}, bool inplace=False)",
        run,
        where="F",
        doc=doc,
        samples=samples,
    )


def _zero(like: Any) -> Any:
    return np.asarray(like).dtype.type(0)


def leaky_relu(self: Array, negative_slope: float = 0.01) -> Array:
    return np.where(self > 0, self, self * self.dtype.type(negative_slope))


def leaky_relu_backward(grad_output: Array, self: Array, negative_slope: float, self_is_result: bool) -> Array:
    if self_is_result and negative_slope < 0:
        raise TorchError("leaky_relu_inplace_slope")
    return np.where(self > 0, grad_output, grad_output * np.asarray(grad_output).dtype.type(negative_slope))


def hardtanh(self: Array, min_val: float = -1, max_val: float = 1) -> Array:
    kind = self.dtype.type
    least, most = (int(value) if self.dtype.kind in "iu" else value for value in (min_val, max_val))
    return smaller(larger(self, kind(least)), kind(most))


def _check_hardtanh(session: Any, op: Op, bound: list[Any]) -> None:
    # The function in place is C++'s own, which does not look at them.
    if bound[1] > bound[2] and not op.mutates and session.dialect == NEWEST:
        raise TorchError("hardtanh_bounds")
    if bound[0].dtype is dtypes.boolean:
        raise TorchError("hardtanh_bool")
    if not bound[0].dtype.is_floating:
        for value in bound[1:3]:
            require_fit(session, dtypes.int64, value)
        if bound[0].dtype is dtypes.uint8 and min(int(bound[1]), int(bound[2])) < 0:
            raise TorchError("hardtanh_unsigned")
        for value in bound[1:3]:
            require_fit(session, bound[0].dtype, int(value))


def hardtanh_backward(grad_output: Array, self: Array, min_val: float, max_val: float) -> Array:
    return np.where((self <= min_val) | (self >= max_val), _zero(grad_output), grad_output)


def hardsigmoid(self: Array) -> Array:
    kind = self.dtype.type
    return np.minimum(np.maximum(self + kind(3), kind(0)), kind(6)) / kind(6)


def hardsigmoid_backward(grad_output: Array, self: Array) -> Array:
    # A float32 in PyTorch's kernel, for float64 too.
    sixth = np.asarray(grad_output).dtype.type(np.float32(1 / 6))
    return np.where((self > -3) & (self < 3), grad_output * sixth, _zero(grad_output))


def hardswish(self: Array) -> Array:
    kind = self.dtype.type
    return self * np.minimum(np.maximum(self + kind(3), kind(0)), kind(6)) / kind(6)


def hardswish_backward(grad_output: Array, self: Array) -> Array:
    inner = grad_output * (self / 3 + 0.5)
    return np.where(self <= -3, _zero(grad_output), np.where(self < 3, inner, grad_output))


def hardswish_second(ops: Any, grad: Any, grad_output: Any, self: Any) -> Any:
    """The slope of hardswish's gradient: 1/3 between -3 and 3."""
    return ops.where(ops.logical_and(self > -3.0, self < 3.0), grad * grad_output / 3, ops.zeros_of(grad))


def softshrink(self: Array, lambd: float = 0.5) -> Array:
    edge = self.dtype.type(lambd)
    return np.where(self > edge, self - edge, np.where(self < -edge, self + edge, self * self.dtype.type(0)))


def older_softshrink(self: Array, lambd: float = 0.5) -> Array:
    """softshrink as before 2.13: 0 of nan, and no negative 0."""
    return np.where(np.abs(self) > lambd, softshrink(self, lambd), self.dtype.type(0))


def hardshrink(self: Array, lambd: float = 0.5) -> Array:
    return np.where((self >= -lambd) & (self <= lambd), self.dtype.type(0), self)


def shrink_backward(grad_output: Array, self: Array, lambd: float) -> Array:
    return np.where((self >= -lambd) & (self <= lambd), _zero(grad_output), grad_output)


def _check_softshrink(session: Any, op: Op, bound: list[Any]) -> None:
    if not bound[0].dtype.is_floating:
        kernel = "softshrink_check" if session.dialect == NEWEST else "softshrink_cpu"
        raise TorchError("not_implemented_for", kernel=kernel, dtype=bound[0].dtype.scalar)
    if not bound[1] >= 0:
        raise TorchError(
            "softshrink_lambda",
            largest=f"{bound[0].dtype.largest:g}",
            dtype=bound[0].dtype.scalar,
            found=f"{bound[1]:g}",
        )


def _check_threshold(session: Any, op: Op, bound: list[Any]) -> None:
    for number in bound[1:]:
        require_fit(session, bound[0].dtype, number)


def threshold(self: Array, threshold: float, value: float) -> Array:
    least, other = (np.asarray(number).astype(self.dtype) for number in (threshold, value))
    return np.where(self <= least, other, self)


def prelu(ops: Any, self: Any, weight: Any) -> Any:
    """self where it is positive, else weight * self, with one weight or one for each channel."""
    left, right = self.tensor.dtype, weight.tensor.dtype
    if left is not right and not ops.is_old:
        raise TorchError("prelu_dtypes", left=left.scalar, right=right.scalar)
    if weight.size != 1:
        if self.ndim == 0:
            raise TorchError("prelu_zero_dim")
        channels = self.shape[1] if self.ndim > 1 else 1
        if channels != weight.size:
            raise TorchError("prelu_channels", parameters=weight.size, channels=channels)
    if weight.ndim > 1:
        raise TorchError("prelu_weight_dims", ndim=weight.ndim)
    if ops.is_old:
        if left is not right and not (left is dtypes.bfloat16 and right is dtypes.float32):
            raise TorchError("prelu_dtypes", left=left.scalar, right=right.scalar)
        if not left.is_floating or left is dtypes.float16:
            raise TorchError("not_implemented_for", kernel="prelu_cpu", dtype=left.scalar)
        return ops.whole_prelu(self, weight)
    if not left.is_floating:
        raise TorchError("not_implemented_for", kernel="prelu_cpu", dtype=left.scalar)
    if weight.ndim != self.ndim:
        shape = [1] * self.ndim
        if self.ndim > 1:
            shape[1] = weight.size
        weight = ops.reshape(weight, tuple(shape))
    return ops.prelu_kernel(self, weight)


def prelu_kernel_backward(grad_output: Array, self: Array, weight: Array) -> tuple[Array, Array]:
    positive = self > 0
    return np.where(positive, grad_output, weight * grad_output), np.where(
        positive, _zero(grad_output), self * grad_output
    )


def prelu_gradients(ops: Any, grad: Any, self: Any, weight: Any) -> Any:
    """The two gradients of prelu, whose input and weight have to be of one type still."""
    require_same_type("found_dtype", self, weight)
    return ops.prelu_kernel_backward(grad, self, weight)


def _along_channels(self: Array, weight: Array) -> Array:
    return weight if weight.size == 1 else weight.reshape((1, -1) + (1,) * (self.ndim - 2))


def whole_prelu(self: Array, weight: Array) -> Array:
    return np.asarray(np.where(self > 0, self, _along_channels(self, weight) * self)).reshape(self.shape)


def whole_prelu_backward(grad_output: Array, self: Array, weight: Array) -> tuple[Array, Array]:
    require_same_type("found_dtype", self, weight)
    to_self, to_weight = prelu_kernel_backward(grad_output, self, _along_channels(self, weight))
    axes = tuple(axis for axis in range(self.ndim) if axis != 1 or weight.size == 1)
    return to_self.reshape(self.shape), to_weight.sum(axis=axes).reshape(weight.shape)


def prelu_second(ops: Any, grads: Any, grad_output: Any, self: Any, weight: Any) -> tuple[Any, Any, Any]:
    """The gradients of prelu's gradients, which are straight pieces, too."""
    to_self, to_weight = grads
    zero = ops.zeros_of(self)
    # Unlike the gradients themselves, PyTorch 2.13 counts 0 as positive here.
    positive = self > 0.0 if ops.is_old else self >= 0.0
    below = None if to_weight is None else to_weight * self
    if to_self is not None:
        below = to_self * weight if below is None else to_self * weight + below
    return (
        ops.where(positive, zero if to_self is None else to_self, below),
        ops.fill_(ops.zeros_of(self), 0.0) if to_weight is None else ops.where(positive, zero, grad_output * to_weight),
        ops.zeros_of(self) if to_self is None else ops.where(positive, zero, grad_output * to_self),
    )


def _shrink(name: str, node: str, kernel: Callable[..., Any], where: str, doc: str, **checks: Any) -> list[Op]:
    return [
        pointwise(
            f"{name}(Tensor self, Number lambd=0.5)",
            f"{node}Backward0",
            kernel,
            where=where,
            grad={"self": f"{name}_backward(grad, self, lambd)"},
            out={"text": "out_found"},
            doc=doc,
            samples=(f"F.{name}(a, 0.4)",),
            **checks,
        ),
        pointwise(
            f"{name}_backward(Tensor grad_output, Tensor self, Number lambd)",
            f"{node}BackwardBackward0",
            shrink_backward,
            where="",
            grad={"grad_output": f"{name}_backward(grad, self, lambd)", "self": "zeros_of(grad)"},
            doc=f"the gradient of {name}: grad outside of -lambd and lambd",
        ),
    ]


HELPERS = {"hardswish_second": hardswish_second, "prelu_gradients": prelu_gradients, "prelu_second": prelu_second}

ROWS = [
    functional("relu"),
    pointwise(
        "leaky_relu(Tensor self, Number negative_slope=0.01)",
        "LeakyReluBackward0",
        leaky_relu,
        where="F",
        grad={"self": "leaky_relu_backward(grad, self, negative_slope, False)"},
        refuses=floats_only("leaky_relu_cpu"),
        inplace=True,
        inplace_where="F",
        inplace_grad_fn="LeakyReluBackward1",
        inplace_grad={"self": "leaky_relu_backward(grad, result, negative_slope, True)"},
        doc="self where it is positive, else negative_slope * self",
        samples=("F.leaky_relu(a)", "F.leaky_relu(a - 0.5, 0.2)"),
    ),
    functional("leaky_relu", "Number negative_slope=0.01"),
    pointwise(
        "leaky_relu_backward(Tensor grad_output, Tensor self, Number negative_slope, bool self_is_result)",
        "LeakyReluBackwardBackward0",
        leaky_relu_backward,
        where="",
        grad={
            "grad_output": "leaky_relu_backward(grad, self, negative_slope, self_is_result)",
            "self": "zeros_of(grad)",
        },
        doc="the gradient of leaky_relu: grad where self is positive, else negative_slope * grad",
    ),
    pointwise(
        "hardtanh(Tensor self, Number min_val=-1, Number max_val=1)",
        "HardtanhBackward0",
        hardtanh,
        where="F",
        grad={"self": "hardtanh_backward(grad, self, min_val, max_val)"},
        check=_check_hardtanh,
        inplace=True,
        inplace_where="F",
        layout=AS_FIRST,
        inside="hardtanh",
        result_edits=1,
        doc="self, kept within min_val and max_val; the gradient is 0 at the bounds",
        samples=("F.hardtanh(a)", "F.hardtanh(a, 0.3, 0.6)"),
    ),
    functional("hardtanh", "Number min_val=-1, Number max_val=1"),
    pointwise(
        "hardtanh_backward(Tensor grad_output, Tensor self, Number min_val, Number max_val)",
        "HardtanhBackwardBackward0",
        hardtanh_backward,
        where="",
        grad={"grad_output": "hardtanh_backward(grad, self, min_val, max_val)", "self": "zeros_of(grad)"},
        doc="the gradient of hardtanh: grad between the bounds, else 0",
    ),
    composite(
        "relu6(Tensor self, bool inplace=False)",
        lambda ops, self, inplace=False: ops["hardtanh_" if inplace else "hardtanh"](self, 0, 6),
        where="F",
        layout=AS_FIRST,
        doc="self, kept within 0 and 6",
        samples=("F.relu6(a)",),
    ),
    composite("relu6_(Tensor self)", lambda ops, self: ops.hardtanh_(self, 0, 6), where=""),
    pointwise(
        "hardsigmoid(Tensor self)",
        "HardsigmoidBackward0",
        hardsigmoid,
        where="F",
        grad={"self": "hardsigmoid_backward(grad, self)"},
        refuses=floats_only("hardsigmoid_cpu"),
        inplace=True,
        inplace_where="",
        doc="(self + 3) / 6, kept within 0 and 1",
        samples=("F.hardsigmoid(a)",),
    ),
    functional("hardsigmoid"),
    pointwise(
        "hardsigmoid_backward(Tensor grad_output, Tensor self)",
        "torch::autograd::NotImplemented",
        hardsigmoid_backward,
        where="",
        bare_edges=True,
        grad={"grad_output, self": "not_implemented('hardsigmoid_backward')"},
        doc="the gradient of hardsigmoid; PyTorch has none of its own for it",
    ),
    pointwise(
        "hardswish(Tensor self)",
        "HardswishBackward0",
        hardswish,
        where="F",
        grad={"self": "hardswish_backward(grad, self)"},
        refuses=floats_only("hardswish_cpu"),
        inplace=True,
        inplace_where="",
        doc="self * hardsigmoid(self)",
        samples=("F.hardswish(a)",),
    ),
    functional("hardswish"),
    pointwise(
        "hardswish_backward(Tensor grad_output, Tensor self)",
        "HardswishBackwardBackward0",
        hardswish_backward,
        where="",
        grad={
            "grad_output": "hardswish_backward(grad, self)",
            "self": "hardswish_second(grad, grad_output, self)",
        },
        doc="the gradient of hardswish: grad * (self / 3 + 1/2) between -3 and 3",
    ),
    *_shrink(
        "softshrink",
        "Softshrink",
        softshrink,
        "F",
        "self moved towards 0 by lambd",
        check=_check_softshrink,
        older={"torch-1.13": {"kernel": older_softshrink}},
    ),
    *_shrink(
        "hardshrink",
        "Hardshrink",
        hardshrink,
        "mtF",
        "self, but 0 between -lambd and lambd",
        refuses=floats_only("hardshrink_cpu"),
    ),
    pointwise(
        "threshold(Tensor self, Number threshold, Number value)",
        "ThresholdBackward0",
        threshold,
        where="tF",
        grad={"self": "threshold_backward(grad, self, threshold)"},
        check=_check_threshold,
        inplace=True,
        overlap=Overlap(itself=True),
        inplace_where="tF",
        inplace_grad_fn="ThresholdBackward1",
        refuses=no_bools("threshold_cpu"),
        doc="self where it is above the threshold, else value",
        samples=("F.threshold(a, 0.3, 0.0)",),
    ),
    functional("threshold", "Number threshold, Number value"),
    composite(
        "prelu(Tensor self, Tensor weight)",
        prelu,
        where="mtF",
        doc="self where it is positive, else weight * self",
        samples=("F.prelu(a - 0.5, b.mean())",),
    ),
    pointwise(
        "prelu_kernel(Tensor self, Tensor weight)",
        "PreluKernelBackward0",
        lambda self, weight: np.where(self > 0, self, weight * self),
        where="",
        grad={"self, weight": "prelu_gradients(grad, self, weight)"},
        doc="prelu with a weight that broadcasts",
    ),
    pointwise(
        "prelu_kernel_backward(Tensor grad_output, Tensor self, Tensor weight)",
        "PreluKernelBackwardBackward0",
        prelu_kernel_backward,
        where="",
        grad={"grad_output, self, weight": "prelu_second(grads, grad_output, self, weight)"},
        differentiable_outputs=2,
        doc="the two gradients of prelu",
    ),
    general(
        "whole_prelu(Tensor self, Tensor weight)",
        "PreluBackward0",
        whole_prelu,
        where="",
        grad={"self, weight": "whole_prelu_backward(grad, self, weight)"},
        doc="prelu of 1.13, with a weight for each channel",
    ),
    general(
        "whole_prelu_backward(Tensor grad_output, Tensor self, Tensor weight)",
        "PreluBackwardBackward0",
        whole_prelu_backward,
        where="",
        grad={"grad_output, self, weight": "prelu_second(grads, grad_output, self, weight)"},
        differentiable_outputs=2,
        doc="the two gradients of 1.13's prelu",
    ),
]
