"""The losses that compare numbers, and what all losses have in common: reductions, sizes, warnings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape, require_broadcast
from detachsim.engine.calls import truth
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_OPERANDS
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.engine.views import requires_grad
from detachsim.ops.element_types import floats_only
from detachsim.ops.numeric import numel
from detachsim.ops.row import ARITHMETIC, KEEP, composite, general
from detachsim.ops.summation import ordered_sum

LEGACY = "bool? size_average=None, bool? reduce=None, "


def size_text(shape: tuple[int, ...]) -> str:
    """Return a shape as Python prints a ``torch.Size``."""
    return f"torch.Size({list(shape)})"


def chosen_reduction(self: Any, size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """Return the reduction that the arguments ask for, with the warning for the old ones."""
    if size_average is not None or reduce is not None:
        adds, averages = (value is None or truth(value) for value in (reduce, size_average))
        reduction = "none" if not adds else "mean" if averages else "sum"
        self.session.warn("legacy_reduction", reduction=reduction)
    return reduction


def check_reduction(reduction: str) -> None:
    """Raise PyTorch's error for a reduction that there is not."""
    if reduction not in ("none", "mean", "sum"):
        raise TorchError("loss_reduction", reduction=reduction)


def warn_of_sizes(self: Any, target: Any) -> None:
    """Warn of a target that will be broadcast."""
    if target.shape != self.shape:
        self.session.warn("loss_sizes", target=size_text(target.shape), input=size_text(self.shape))


def broadcast(ops: Any, *tensors: Any) -> list[Any]:
    """Return tensors of one shape; those that have it already as they are."""
    shape: tuple[int, ...] = tensors[0].shape
    for tensor in tensors[1:]:
        shape = broadcast_shape(shape, tensor.shape)
    return [tensor if tensor.shape == shape else ops.expand(tensor, shape) for tensor in tensors]


def reduced(values: Array, reduction: str) -> Array:
    """Reduce the losses of the elements, in PyTorch's order of additions."""
    if reduction == "none":
        return values
    total = np.asarray(ordered_sum(np.asarray(values, order="C"), tuple(range(values.ndim))))
    return total if reduction == "sum" else np.asarray(total / np.asarray(values.size, total.dtype))


def reduce_with(ops: Any, loss: Any, reduction: str) -> Any:
    """Reduce losses by ops that are recorded."""
    return ops.mean(loss) if reduction == "mean" else ops.sum(loss) if reduction == "sum" else loss


# Losses of the difference of two tensors: the loss, its slope and its curvature, of the difference d and a parameter p.


def averaged(values: Any, shape: tuple[int, ...], reduction: str) -> Any:
    """Divide a gradient by the number of elements that a mean was taken of."""
    return values / float(max(numel(shape), 1)) if reduction == "mean" else values


def reduction_edits(self: Any, target: Any, reduction: str) -> int:
    """Return how often PyTorch's kernel edits a loss that it reduces into the memory of its result."""
    return 0 if reduction == "none" else 2 if self.shape or target.shape else 1


def _pair(
    name: str,
    node: str,
    parameter: str,
    loss: Any,
    slope: Any,
    kernel_name: str,
    *,
    like_self: bool = False,
    reduces_in_place: bool = False,
    summed: bool = False,
    older: Mapping[str, Any] = MappingProxyType({}),
) -> list[Op]:
    """Return the rows of a loss and of its gradient.

    ``like_self``: the loss has self's type, whatever target's is; ``reduces_in_place``: see ``reduction_edits``;
    ``summed``: the gradient's gradient is a sum that its formula takes, not the engine;
    ``older``: fields of the loss's row in 1.13.
    """
    extra = f", float {parameter}" if parameter else ""
    argument = f", {parameter}" if parameter else ""
    backward_name = f"{name}_same_backward" if like_self else f"{name}_backward"
    older_edits = {"result_edits": lambda bound: int(bound[2] != "none")} if reduces_in_place else {}

    def kernel(self: Array, target: Array, reduction: str, p: float = 0) -> Array:
        if like_self:
            difference = _computed(self, target) - _computed(target, self)
            return reduced(np.asarray(loss(difference, p)), reduction).astype(self.dtype, copy=False)
        return reduced(np.asarray(loss(self - target, p)), reduction)

    def backward(grad_output: Array, self: Array, target: Array, reduction: str, p: float = 0) -> Array:
        # The gradient has self's type, whatever target's is.
        self, target, grad_output = (_computed(value, self) for value in (self, target, grad_output))
        kind = np.asarray(self).dtype.type
        norm = kind(1 / max(self.size, 1)) if reduction == "mean" else kind(1)
        return np.asarray(slope(self - target, p, norm, grad_output))

    return [
        general(
            f"{name}_kernel(Tensor self, Tensor target, str reduction{extra})",
            f"{node}Backward0",
            kernel,
            promote=KEEP if like_self else ARITHMETIC,
            where="",
            grad={
                "self": f"{backward_name}(grad, self, target, reduction{argument})",
                "target": f"{backward_name}(grad, target, self, reduction{argument})",
            },
            refuses=_check_like_self if like_self else floats_only(kernel_name),
            layout=AS_OPERANDS,
            result_edits=(lambda bound: reduction_edits(*bound[:3])) if reduces_in_place else 0,
            older={"torch-1.13": {**older_edits, **older}},
            doc=f"{name}, reduced",
        ),
        general(
            f"{name}_backward(Tensor grad_output, Tensor self, Tensor target, str reduction{extra})",
            f"{node}BackwardBackward0",
            lambda grad_output, self, *rest: backward(grad_output, self, *rest).astype(self.dtype, copy=False),
            where="",
            check=lambda session, op, bound: require_broadcast(bound[1:3]),
            grad={
                "grad_output": f"{name}_slope_sum(grad, grad_output, self, target, reduction{argument})"
                if summed
                else f"{name}_backward(grad, self, target, reduction{argument})",
                "self": f"{name}_second(grad * grad_output, self, target, reduction{argument})",
                "target": f"-{name}_second(grad * grad_output, self, target, reduction{argument})",
            },
            gradient_edits={"self": "reduction == 'mean'"},
            doc=f"the gradient of {name}",
        ),
    ]


def _computed(value: Array, like: Array) -> Array:
    """Return an operand in the type in which a gradient is computed."""
    return np.asarray(value, np.float64 if np.float64 in (value.dtype, like.dtype) else np.float32)


def _slope_sum(name: str) -> Any:
    """Return the gradient of a loss's gradient for the gradient that came in, as a product of its own."""

    def function(
        ops: Any, grad: Any, grad_output: Any, self: Any, target: Any, reduction: str, *parameter: float
    ) -> Any:
        backward = ops[f"{name}_backward"]
        if reduction == "none":
            return backward(grad, self, target, reduction, *parameter)
        return ops.sum(backward(ops.ones_of(grad_output), self, target, reduction, *parameter) * grad)

    return function


def _second(name: str) -> Any:
    def function(ops: Any, grad: Any, self: Any, target: Any, reduction: str, p: float = 0) -> Any:
        made = _CURVES[name](ops, grad, self, target, p)
        # In place, as PyTorch does, which the counter shows.
        return ops.div_scalar_(made, float(max(numel(self.shape), 1))) if reduction == "mean" else made

    return function


def _mse(d: Array, p: float) -> Array:
    return d * d


def _smooth_l1(d: Array, p: float) -> Array:
    size, kind = np.abs(d), d.dtype.type
    beta = kind(p)
    return np.where(size < beta, kind(0.5) * size * size / beta, size - kind(0.5) * beta)


def _l1(d: Array, p: float) -> Array:
    return np.abs(d)


def _huber(d: Array, p: float) -> Array:
    size, kind = np.abs(d), d.dtype.type
    delta = kind(p)
    return np.where(size <= delta, kind(0.5) * size * size, delta * (size - kind(0.5) * delta))


def _mse_slope(d: Array, p: float, norm: Any, grad: Array) -> Array:
    return norm * 2 * d * grad


def _l1_slope(d: Array, p: float, norm: Any, grad: Array) -> Array:
    return norm * np.sign(d) * grad


def _smooth_l1_slope(d: Array, p: float, norm: Any, grad: Array) -> Array:
    return np.where(d <= -p, -norm, np.where(d >= p, norm, norm * d / d.dtype.type(p))) * grad


def _huber_slope(d: Array, p: float, norm: Any, grad: Array) -> Array:
    edge = ((norm * grad).astype(np.float64) * p).astype(d.dtype)  # PyTorch's delta is a float64
    return np.where(d <= -p, -edge, np.where(d >= p, edge, norm * d * grad))


def _curve(ops: Any, grad: Any, self: Any, target: Any, p: float) -> Any:
    if isinstance(target, np.ndarray) and target.dtype == np.bool_:
        raise TorchError("bool_sub_one")
    return grad * (ops.abs(self - target) < p)


_CURVES: dict[str, Any] = {
    "mse_loss": lambda ops, grad, self, target, p: grad * 2,
    "l1_loss": lambda ops, grad, self, target, p: ops.zeros_of(grad),
    "smooth_l1_loss": lambda ops, grad, self, target, p: _curve(ops, grad, self, target, p) / p,
    "huber_loss": _curve,
}


def _require_weight(weight: Any, self: Any) -> None:
    if weight is not None and weight.shape != self.shape:
        raise TorchError("loss_weight_sizes")


def _weighted(ops: Any, losses: Any, weight: Any, reduction: str, *, by_weight: bool) -> Any:
    weighted = ops.mul(losses, weight)
    if reduction == "none":
        return weighted
    if reduction not in ("sum", "mean"):
        raise TorchError("loss_reduction_mode", reduction=reduction)
    if reduction == "mean" and not by_weight:
        return ops.mean(weighted)
    total = ops.sum(weighted)
    return ops.div(total, ops.sum(weight)) if reduction == "mean" else total


def _is_plain(target: Any) -> bool:
    """Whether a loss is made of plain arithmetic, as 1.7 did where its target requires grad."""
    return target.session.dialect == "torch-1.7" and requires_grad(target.tensor)


def mse_loss(
    ops: Any,
    self: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    """The mean of the squared differences."""
    warn_of_sizes(self, target)
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    left, right = broadcast(ops, self, target)
    _require_weight(weight, self)
    if weight is not None:
        return _weighted(ops, ops.pow(ops.sub(left, right), 2), weight, reduction, by_weight=True)
    check_reduction(reduction)
    if _is_plain(target):
        return reduce_with(ops, ops.pow(ops.sub(self, target), 2), reduction)
    return ops.mse_loss_kernel(left, right, reduction)


def l1_loss(
    ops: Any,
    self: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    """The mean of the absolute differences."""
    warn_of_sizes(self, target)
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    left, right = broadcast(ops, self, target)
    _require_weight(weight, self)
    if weight is not None:
        return _weighted(ops, ops.abs(ops.sub(left, right)), weight, reduction, by_weight=True)
    check_reduction(reduction)
    if _is_plain(target):
        return reduce_with(ops, ops.abs(ops.sub(self, target)), reduction)
    if self.session.dialect == "torch-1.7":
        return ops.l1_loss_kernel(left, right, reduction)
    return reduce_with(ops, ops.abs(ops.sub(left, right)), reduction)


def smooth_l1_loss(
    ops: Any,
    self: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """Squared differences below beta, absolute ones above."""
    warn_of_sizes(self, target)
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    left, right = broadcast(ops, self, target)
    check_reduction(reduction)
    if beta == 0:
        return reduce_with(ops, ops.abs(ops.sub(left, right)), reduction)
    if beta < 0:
        raise TorchError("smooth_l1_beta")
    return ops.smooth_l1_loss_kernel(left, right, reduction, beta)


def huber_loss(
    ops: Any, self: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Any:
    """Half of the squared differences up to delta, absolute ones above."""
    warn_of_sizes(self, target)
    left, right = broadcast(ops, self, target)
    _require_weight(weight, self)
    if weight is None:
        check_reduction(reduction)
    if delta <= 0:
        raise TorchError("huber_delta")
    if weight is not None:
        losses = ops.huber_loss_kernel(left, right, "none", delta)
        return _weighted(ops, losses, weight, reduction, by_weight=False)
    return ops.huber_loss_kernel(left, right, reduction, delta)


def _check_like_self(session: Any, op: Op, bound: list[Any]) -> None:
    """Refuse a target whose type does not fit into self's, to which the losses are written."""
    result = result_type(bound[:2])
    if not dtypes.can_cast(result, bound[0].dtype):
        raise TorchError("inplace_cast", result=result.scalar, output=bound[0].dtype.scalar)
    floats_only("huber_cpu")(session, op, bound)


def _same_backward(name: str) -> Any:
    """Return the gradient of a loss that wants both types to be the same."""

    def function(ops: Any, grad: Any, self: Any, target: Any, reduction: str, *rest: float) -> Any:
        left, right = (value.dtype if isinstance(value, np.ndarray) else value.tensor.dtype for value in (self, target))
        if left != right:
            names = [getattr(kind, "scalar", None) or dtypes.BY_NUMPY[kind].scalar for kind in (right, left)]
            raise TorchError("found_dtype", found=names[0], expected=names[1])
        return getattr(ops, f"{name}_backward")(grad, self, target, reduction, *rest)

    return function


def refuse_gradient(session: Any, op: str, **arguments: Any) -> None:
    """Raise PyTorch's error for an argument that requires grad where it has no gradient."""
    for name, tensor in arguments.items():
        if tensor is not None and session.grad_enabled and requires_grad(tensor):
            raise TorchError("not_differentiable_argument", op=op, argument=name)


# Binary cross entropy


HELPERS = {
    **{f"{name}_same_backward": _same_backward(name) for name in ("huber_loss", "mse_loss")},
    **{f"{name}_slope_sum": _slope_sum(name) for name in _CURVES},
    **{f"{name}_second": _second(name) for name in _CURVES},
}

ROWS = [
    *_pair(
        "mse_loss",
        "MseLoss",
        "",
        _mse,
        _mse_slope,
        "mse_cpu",
        reduces_in_place=True,
        older={
            "grad": {
                "self": "mse_loss_same_backward(grad, self, target, reduction)",
                "target": "mse_loss_same_backward(grad, target, self, reduction)",
            }
        },
    ),
    # What 1.7 had for a target without a gradient.
    *_pair("l1_loss", "L1Loss", "", _l1, _l1_slope, "l1_cpu"),
    *_pair(
        "smooth_l1_loss", "SmoothL1Loss", "beta", _smooth_l1, _smooth_l1_slope, "smooth_l1_cpu", reduces_in_place=True
    ),
    *_pair("huber_loss", "HuberLoss", "delta", _huber, _huber_slope, "huber_cpu", like_self=True, summed=True),
    composite(
        f"mse_loss(Tensor self, Tensor target, {LEGACY}str reduction='mean', Tensor? weight=None)",
        mse_loss,
        where="F",
        doc="the mean of the squared differences",
        samples=("F.mse_loss(a, b)", "F.mse_loss(a, b, reduction='sum')", "F.mse_loss(a, b, reduction='none')"),
    ),
    composite(
        f"l1_loss(Tensor self, Tensor target, {LEGACY}str reduction='mean', Tensor? weight=None)",
        l1_loss,
        where="F",
        doc="the mean of the absolute differences",
        samples=("F.l1_loss(a, b)",),
    ),
    composite(
        f"smooth_l1_loss(Tensor self, Tensor target, {LEGACY}str reduction='mean', float beta=1.0)",
        smooth_l1_loss,
        where="F",
        doc="squared differences below beta, absolute ones above",
        samples=("F.smooth_l1_loss(a, b)", "F.smooth_l1_loss(a, b, beta=0.1)"),
    ),
    composite(
        "huber_loss(Tensor self, Tensor target, str reduction='mean', float delta=1.0, Tensor? weight=None)",
        huber_loss,
        where="F",
        doc="half of the squared differences up to delta, absolute ones above",
        samples=("F.huber_loss(a, b)", "F.huber_loss(a, b, delta=0.1)"),
    ),
]
