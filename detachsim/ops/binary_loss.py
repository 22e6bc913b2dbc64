"""Binary cross entropy, of probabilities and of logits."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.loss import (
    LEGACY,
    averaged,
    check_reduction,
    chosen_reduction,
    reduced,
    reduction_edits,
    refuse_gradient,
    size_text,
)
from detachsim.ops.numeric import precise
from detachsim.ops.row import FLOAT, composite, general

# Keeps the divisors of the gradients from 0.
_EPSILON = 1e-12

# How often a gradient is edited while it is weighed and divided.
_WEIGHED = "(weight is not None) + (reduction == 'mean')"

_exp, _log, _log1p = precise(np.exp), precise(np.log), precise(np.log1p)


def bce(self: Array, target: Array, weight: Array | None, reduction: str) -> Array:
    losses = _bce_each(self, target)
    return reduced(losses if weight is None else losses * weight, reduction)


def _bce_each(self: Array, target: Array) -> Array:
    # The logarithms stop at -100, so that a sure and wrong answer costs a finite number.
    return (target - 1) * np.maximum(_log1p(-self), -100) - target * np.maximum(_log(self), -100)


def _check_bce(session: Any, op: Op, bound: list[Any]) -> None:
    self, target = bound[0], bound[1]
    if target.dtype is not self.dtype:
        raise TorchError("found_dtype", found=target.dtype.scalar, expected=self.dtype.scalar)
    if not self.dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="binary_cross_entropy", dtype=self.dtype.scalar)
    refuse_gradient(session, "binary_cross_entropy", weight=bound[2])
    if self.dtype.is_reduced and session.dialect != NEWEST:
        raise TorchError("not_implemented_for", kernel="binary_cross_entropy", dtype=self.dtype.scalar)
    wrong = [np.asarray(~((value.array >= 0) & (value.array <= 1))) for value in (self, target)]
    if session.dialect != NEWEST:
        wrong[1][...] = False  # it was not looked at yet
    first = np.argmax(wrong[0] | wrong[1]) if self.array.size else 0
    for name, places in zip(("input", "target"), wrong, strict=True):
        if self.array.size and places.ravel()[first]:
            raise TorchError("bce_range", name=name)


def bce_backward_kernel(grad_output: Array, self: Array, target: Array, weight: Array | None, reduction: str) -> Array:
    kind = np.asarray(self).dtype.type
    made = grad_output * (self - target) / np.maximum((1 - self) * self, kind(_EPSILON))
    if weight is not None:
        made = made * weight
    return np.asarray(made / kind(max(self.size, 1)) if reduction == "mean" else made)


def _weighed(ops: Any, values: Any, weight: Any, reduction: str = "none") -> Any:
    """Weigh a gradient and divide it by what a mean was taken of: in place, as PyTorch does."""
    if weight is not None:
        values = ops.mul_(values, weight)
    return ops.div_scalar_(values, float(max(values.size, 1))) if reduction == "mean" else values


def bce_target_backward(ops: Any, grad: Any, self: Any, target: Any, weight: Any, reduction: str) -> Any:
    """The gradient of binary cross entropy for its target."""
    return _weighed(ops, ops.mul_(ops.neg_(ops.logit(self)), grad), weight, reduction)


def older_bce_target_backward(ops: Any, grad: Any, self: Any, target: Any, weight: Any, reduction: str) -> Any:
    """The gradient of binary cross entropy for its target, as a difference of logarithms."""
    rest = ops.sub_(ops.fill_(ops.ones_of(self), 1.0), self)
    return _weighed(ops, ops.mul_(ops.sub_(ops.log_(rest), ops.log(self)), grad), weight, reduction)


def bce_grad_second(ops: Any, grad: Any, self: Any, target: Any, weight: Any, reduction: str) -> Any:
    """The gradient of binary cross entropy's gradient for the gradient that came in."""
    spread = 1 - self + _EPSILON
    spread = (self + _EPSILON) * spread
    made = _weighed(ops, ops.mul_((self - target) / spread, grad), weight)
    return averaged(made, self.shape, reduction)


def bce_second(ops: Any, grad: Any, grad_output: Any, self: Any, target: Any, weight: Any, reduction: str) -> Any:
    """The slope of binary cross entropy's gradient."""
    above = self + _EPSILON
    below = 1 - self + _EPSILON
    spread = ops.pow(below, 2)
    spread = ops.pow(above, 2) * spread
    double = self * 2 * target
    curve = (self * self - double + target) / spread
    made = _weighed(ops, ops.mul_(curve, grad * grad_output), weight)
    return averaged(made, self.shape, reduction)


def bce_target_second(
    ops: Any, grad: Any, grad_output: Any, self: Any, target: Any, weight: Any, reduction: str
) -> Any:
    """The gradient of binary cross entropy's gradient for its target."""
    made = _weighed(ops, -grad * grad_output, weight)
    spread = ops.mul_(1 - self, self)
    if isinstance(spread, np.ndarray | np.generic):
        spread = np.maximum(spread, spread.dtype.type(_EPSILON))
    else:
        with self.session.grad_mode(False):
            ops.clamp_min_(spread, _EPSILON)
    return _weighed(ops, ops.div_(made, spread), None, reduction)


def binary_cross_entropy(
    ops: Any,
    self: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Cross entropy of probabilities of yes and no."""
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    check_reduction(reduction)
    if target.shape != self.shape:
        raise TorchError("bce_sizes", target=size_text(target.shape), input=size_text(self.shape))
    if weight is not None:
        weight = ops.expand(weight, broadcast_shape(target.shape, weight.shape))
    return ops.bce_kernel(self, target, weight, reduction)


def _log_sigmoid(values: Array) -> Array:
    return np.minimum(values, 0) - _log1p(_exp(-np.abs(values)))


def bce_logits(self: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: str) -> Array:
    log_sigmoid = _log_sigmoid(self)
    if pos_weight is not None:
        losses = (1 - target) * self - ((pos_weight - 1) * target + 1) * log_sigmoid
    else:
        losses = (1 - target) * self - log_sigmoid
    return reduced(np.asarray(losses if weight is None else losses * weight), reduction)


def _logits_edits(bound: list[Any]) -> int:
    # What is not reduced is made by one edit after the other.
    weight, reduction = bound[2], bound[4]
    return 0 if reduction != "none" else 4 + (weight is not None)


def _logits_edits_1_13(bound: list[Any]) -> int:
    return _logits_edits(bound) + (bound[4] == "none" and bound[3] is None)


def _check_bce_logits(session: Any, op: Op, bound: list[Any]) -> None:
    refuse_gradient(session, "binary_cross_entropy_with_logits", weight=bound[2], pos_weight=bound[3])
    if session.dialect != NEWEST:
        # 1.13 negates first, and adds to what it has in place.
        for dtype, text in ((bound[0].dtype, "bool_neg"), (bound[1].dtype, "bool_sub")):
            if dtype is dtypes.boolean:
                raise TorchError(text)
        if not bound[0].dtype.is_floating:
            raise TorchError("inplace_cast", result="Float", output=bound[0].dtype.scalar)
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="log_sigmoid_cpu", dtype=bound[0].dtype.scalar)
    if bound[1].dtype is dtypes.boolean:
        raise TorchError("bool_sub")
    if not bound[1].dtype.is_floating:
        raise TorchError("inplace_cast", result=bound[0].dtype.scalar, output=bound[1].dtype.scalar)


def bce_logits_backward(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    """The gradient of binary cross entropy with logits."""
    if pos_weight is None:
        made = (ops.sigmoid(self) - target) * grad
    else:
        positive = pos_weight * target
        made = ((positive + 1 - target) * ops.sigmoid(self) - positive) * grad
    return _weighed(ops, made if weight is None else made * weight, None, reduction)


def bce_logits_target_backward(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    """The gradient of binary cross entropy with logits for its target."""
    if pos_weight is None:
        made = -self * grad
    else:
        made = ops.logsigmoid(-self)
        made = ops.mul_(ops.sub_(made, ops.mul_(ops.logsigmoid(self), pos_weight)), grad)
    return _weighed(ops, made, weight, reduction)


def binary_cross_entropy_with_logits(
    ops: Any,
    self: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """Cross entropy of yes and no, of numbers before the sigmoid."""
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    check_reduction(reduction)
    if target.shape != self.shape:
        raise TorchError("bce_logits_sizes", target=size_text(target.shape), input=size_text(self.shape))
    return ops.bce_logits_kernel(self, target, weight, pos_weight, reduction)


HELPERS = {
    "bce_target_backward": bce_target_backward,
    "older_bce_target_backward": older_bce_target_backward,
    "bce_grad_second": bce_grad_second,
    "bce_second": bce_second,
    "bce_target_second": bce_target_second,
    "bce_logits_backward": bce_logits_backward,
    "bce_logits_target_backward": bce_logits_target_backward,
}


ROWS = [
    general(
        "bce_kernel(Tensor self, Tensor target, Tensor? weight, str reduction)",
        "BinaryCrossEntropyBackward0",
        bce,
        promote=FLOAT,
        where="",
        grad={
            "self": "bce_backward_kernel(grad, self, target, weight, reduction)",
            "target": "bce_target_backward(grad, self, target, weight, reduction)",
        },
        gradient_edits={"target": f"2 + {_WEIGHED}"},
        older={
            "torch-1.13": {
                "grad": {
                    "self": "bce_backward_kernel(grad, self, target, weight, reduction)",
                    "target": "older_bce_target_backward(grad, self, target, weight, reduction)",
                },
                "gradient_edits": {"target": f"5 + {_WEIGHED}"},
                "result_edits": lambda bound: (bound[3] != "none") + (bound[2] is not None),
            }
        },
        check=_check_bce,
        result_edits=lambda bound: reduction_edits(bound[0], bound[1], bound[3]) + (bound[2] is not None),
        doc="binary cross entropy, reduced",
    ),
    general(
        "bce_backward_kernel(Tensor grad_output, Tensor self, Tensor target, Tensor? weight, str reduction)",
        "BinaryCrossEntropyBackwardBackward0",
        bce_backward_kernel,
        promote=FLOAT,
        where="",
        grad={
            "grad_output": "bce_grad_second(grad, self, target, weight, reduction)",
            "self": "bce_second(grad, grad_output, self, target, weight, reduction)",
            "target": "bce_target_second(grad, grad_output, self, target, weight, reduction)",
        },
        gradient_edits={
            "self": "0 if reduction == 'mean' else 1 + (weight is not None)",
            "target": f"1 + {_WEIGHED}",
        },
        doc="the gradient of binary cross entropy",
    ),
    composite(
        f"binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None, {LEGACY}str reduction='mean')",
        binary_cross_entropy,
        where="F",
        doc="cross entropy of probabilities of yes and no",
        samples=("F.binary_cross_entropy(a, b)",),
    ),
    general(
        "bce_logits_kernel(Tensor self, Tensor target, Tensor? weight, Tensor? pos_weight, str reduction)",
        "BinaryCrossEntropyWithLogitsBackward0",
        bce_logits,
        promote=FLOAT,
        where="",
        grad={
            "self": "bce_logits_backward(grad, self, target, weight, pos_weight, reduction)",
            "target": "bce_logits_target_backward(grad, self, target, weight, pos_weight, reduction)",
        },
        gradient_edits={
            # Where a graph is recorded, PyTorch keeps what it computes for the rest of the gradient.
            "self": f"2 + 2 * (pos_weight is not None) + {_WEIGHED}",
            "target": f"2 * (pos_weight is not None) + {_WEIGHED}",
        },
        check=_check_bce_logits,
        result_edits=_logits_edits,
        older={"torch-1.13": {"result_edits": _logits_edits_1_13}},
        doc="binary cross entropy with logits, reduced",
    ),
    composite(
        f"binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, {LEGACY}"
        "str reduction='mean', Tensor? pos_weight=None)",
        binary_cross_entropy_with_logits,
        where="F",
        doc="cross entropy of yes and no, of numbers before the sigmoid",
        samples=("F.binary_cross_entropy_with_logits(a, b)",),
    ),
]
