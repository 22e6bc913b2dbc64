"""The losses of classes: nll_loss, cross_entropy and what they are made of."""

import math
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.loss import check_reduction, chosen_reduction, refuse_gradient
from detachsim.ops.row import composite, general
from detachsim.ops.summation import ordered_sum
from detachsim.ops.vector_sums import cascade_sum


def _picked(target: Array, ignore_index: int, weight: Array | None, dtype: Any) -> tuple[Array, Array]:
    """Return the class of each element, 0 where it is ignored, and what it weighs."""
    kept = target != ignore_index
    classes = np.where(kept, target, 0).astype(np.int64)
    weights = np.ones(target.shape, dtype) if weight is None else weight[classes]
    return classes, np.where(kept, weights, weights.dtype.type(0))


# So many losses are added in the order of PyTorch's kernel.
_FEW = 1024


def _total(values: Array) -> Array:
    if values.size <= _FEW:
        return cascade_sum(values)
    return np.asarray(ordered_sum(np.asarray(values, order="C"), tuple(range(values.ndim))))


def _along(self: Array, classes: Array) -> tuple[int, Array]:
    """Return the dim of the classes, and the classes with that dim."""
    axis = 0 if self.ndim == 1 else 1
    return axis, np.expand_dims(classes, axis)


def nll(self: Array, target: Array, weight: Array | None, reduction: str, ignore_index: int) -> tuple[Array, Array]:
    """Return the loss, and the weights' sum, which the gradient divides by."""
    target = target.reshape(()) if self.ndim == 1 else target
    classes, weights = _picked(target, ignore_index, weight, self.dtype)
    axis, index = _along(self, classes)
    losses = -np.take_along_axis(self, index, axis=axis).squeeze(axis) * weights
    # What is ignored counts 0, whatever its number is.
    losses = np.where(target != ignore_index, losses, self.dtype.type(0))
    if reduction == "none":
        return losses, np.zeros((), self.dtype)
    total, whole = _total(losses), _total(weights)
    return total if reduction == "sum" else np.asarray(total / whole), whole


def nll_backward(
    grad_output: Array,
    self: Array,
    target: Array,
    weight: Array | None,
    reduction: str,
    ignore_index: int,
    total_weight: Array,
) -> Array:
    if self.ndim == 1 == target.ndim and self.shape != target.shape:
        # One target in a list for scores without a batch: PyTorch finds out only here.
        raise TorchError("nll_backward_sizes", input=list(self.shape), target=list(target.shape))
    target = target.reshape(()) if self.ndim == 1 else target
    classes, weights = _picked(target, ignore_index, weight, self.dtype)
    axis, index = _along(self, classes)
    share = -weights * grad_output
    if reduction == "mean":
        share = share / total_weight
    made = np.zeros_like(self)
    # An ignored element gives nothing to class 0, where it was put.
    share = np.where(target != ignore_index, share, self.dtype.type(0))
    np.put_along_axis(made, index, np.expand_dims(share, axis).astype(self.dtype), axis=axis)
    return made


def _check_target(target: Any) -> None:
    if target.dtype.name not in ("int64", "uint8"):
        raise TorchError("nll_target_dtype", dtype=target.dtype.scalar)


def _refuse_weight(session: Any, weight: Any) -> None:
    refuse_gradient(session, "nll_loss_forward", weight=weight and weight.tensor)


def _check_nll(session: Any, op: Op, bound: list[Any]) -> None:
    self, target, weight, ignore_index = bound[0], bound[1], bound[2], bound[4]
    refuse_gradient(session, "nll_loss2d_forward" if op.name == "nll_2d_kernel" else "nll_loss_forward", weight=weight)
    older = session.dialect != NEWEST
    if not older:
        _check_target(target)
    shape = self.array.shape
    classes = shape[0] if len(shape) == 1 else shape[1]
    if weight is not None and (weight.array.ndim != 1 or weight.array.size != classes):
        raise TorchError("nll_weight", classes=classes, shape=list(weight.array.shape))
    if not self.dtype.is_floating or (older and self.dtype is dtypes.float16):
        kernel = "nll_loss2d_forward_out_frame" if op.name == "nll_2d_kernel" else "nll_loss_out_frame"
        raise TorchError("not_implemented_for", kernel=kernel, dtype=self.dtype.scalar)
    if older:
        _check_target(target)
    if weight is not None and weight.dtype is not self.dtype:
        raise TorchError("scalar_type", expected=self.dtype.scalar, found=weight.dtype.scalar)
    values = target.array
    wrong = (values != ignore_index) & ((values < 0) | (values >= classes))
    if wrong.any():
        raise TorchError("nll_bounds", target=int(values[wrong].ravel()[0]))


def _nll_rows(name: str, node: str) -> list[Op]:
    return [
        general(
            f"{name}_kernel(Tensor self, Tensor target, Tensor? weight, str reduction, int ignore_index)",
            f"{node}Backward0",
            nll,
            hidden=1,
            where="",
            grad={"self": f"{name}_backward(grad, self, target, weight, reduction, ignore_index, result1)"},
            check=_check_nll,
            doc="minus self at the target's class, weighted and reduced",
        ),
        general(
            f"{name}_backward(Tensor grad_output, Tensor self, Tensor target, Tensor? weight, str reduction, "
            "int ignore_index, Tensor total_weight)",
            f"{node}BackwardBackward0",
            nll_backward,
            where="",
            grad={
                "grad_output": f"{name}_kernel(grad, target, weight, reduction, ignore_index)",
                "self": "zeros_of(grad)",
            },
            doc="the gradient of nll_loss: minus the weight at the target's class",
        ),
    ]


def nll_of(ops: Any, self: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    """nll_loss for every number of dims."""
    if self.ndim < 1:
        raise TorchError("nll_dims", ndim=self.ndim)
    if self.ndim == 1:
        _refuse_weight(self.session, weight)
    if self.ndim == 1 and target.ndim == 1 and ops.is_old:
        if self.shape != target.shape:
            raise TorchError("nll_one_target_size", input=list(self.shape), target=list(target.shape))
        # 1.13 reads the first of as many targets as there are classes.
        return ops.nll_kernel(self, ops.select(target, 0, 0), weight, reduction, ignore_index)
    if self.ndim == 1 and target.ndim == 1:
        _check_target(target.tensor)
        if target.shape[0] != 1:
            raise TorchError("nll_one_target", size=target.shape[0])
        return ops.nll_kernel(self, target, weight, reduction, ignore_index)
    given = target.shape[0] if target.ndim else 0
    if self.ndim > 1 and self.shape[0] != given:
        raise TorchError("nll_batch", input=self.shape[0], target=given)
    if self.ndim <= 2:
        _refuse_weight(self.session, weight)
        if target.ndim > 1:
            raise TorchError("nll_many_targets")
        return ops.nll_kernel(self, target, weight, reduction, ignore_index)
    if self.ndim == 4 and target.ndim != 3:
        raise TorchError("nll_spatial", ndim=target.ndim)
    if target.shape[1:] != self.shape[2:]:
        expected = [self.shape[0], *self.shape[2:]]
        raise TorchError("nll_target_size", expected=expected, found=list(target.shape))
    if self.ndim == 4:
        return ops.nll_2d_kernel(self, target, weight, reduction, ignore_index)
    rest = 1
    for size in self.shape[2:]:
        rest *= size
    flat = ops.reshape(self, (self.shape[0], self.shape[1], 1, rest))
    made = ops.nll_2d_kernel(flat, ops.reshape(target, (self.shape[0], 1, rest)), weight, reduction, ignore_index)
    return ops.reshape(made, (self.shape[0], *self.shape[2:])) if reduction == "none" else made


def nll_loss(
    ops: Any,
    self: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Minus the logarithmic probability of the target's class."""
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    check_reduction(reduction)
    return nll_of(ops, self, target, weight, reduction, ignore_index)


def cross_entropy(
    ops: Any,
    self: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """nll_loss of log_softmax, for classes or for probabilities of classes."""
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    check_reduction(reduction)
    axis = 0 if self.ndim == 1 else 1
    if self.shape == target.shape:
        if not target.tensor.dtype.is_floating:
            raise TorchError("cross_entropy_target_dtype", dtype=target.tensor.dtype.scalar)
        if ignore_index >= 0:
            raise TorchError("cross_entropy_ignore_index")
        if self.ndim == 0:
            raise TorchError("dim_none", dim=axis)
        _check_smoothing(label_smoothing)
        _check_weight(self, weight, axis)
        return _of_probabilities(ops, self, target, weight, reduction, label_smoothing, axis)
    _check_smoothing(label_smoothing)
    if label_smoothing > 0:
        return _smoothed(ops, self, target, weight, reduction, ignore_index, label_smoothing, axis)
    return nll_of(ops, ops.log_softmax(self, axis), target, weight, reduction, ignore_index)


def _check_smoothing(label_smoothing: float) -> None:
    if label_smoothing > 1:  # less than none is none
        raise TorchError("label_smoothing", found=f"{label_smoothing:g}")


def _check_weight(self: Any, weight: Any, axis: int) -> None:
    if weight is not None and (weight.ndim != 1 or weight.size != self.shape[axis]):
        raise TorchError("cross_entropy_weight", classes=self.shape[axis], shape=list(weight.shape))


def _of_probabilities(
    ops: Any, self: Any, target: Any, weight: Any, reduction: str, label_smoothing: float, axis: int
) -> Any:
    logs = ops.log_softmax(self, axis)
    classes = self.shape[axis]
    if label_smoothing > 0:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    losses = logs * target
    if weight is not None:
        losses = losses * _across(ops, weight, self.ndim, axis)
    if reduction == "none":
        return -ops.sum_dim(losses, (axis,))
    if self.size == 0 and reduction == "mean":
        return -ops.fill_(ops.sum(losses), math.nan)
    total = -ops.sum(losses)
    return total if reduction == "sum" else total / (self.size // classes)


def _across(ops: Any, weight: Any, ndim: int, axis: int) -> Any:
    """Return the weights of the classes with a dim for each dim of the input."""
    shape = [1] * ndim
    shape[axis] = weight.size
    return ops.view(weight, tuple(shape)) if ndim > 1 else weight


def _smoothed(
    ops: Any,
    self: Any,
    target: Any,
    weight: Any,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
    axis: int,
) -> Any:
    logs = ops.log_softmax(self, axis)
    classes = self.shape[axis]
    chosen = nll_of(ops, logs, target, weight, reduction, ignore_index)
    weighted = logs if weight is None else logs * _across(ops, weight, self.ndim, axis)
    everywhere = -ops.sum_dim(weighted, (axis,))
    ignored = ops.eq(target, ignore_index)
    if ops.is_old:
        ops.setitem(everywhere, ignored, 0.0)
    else:
        everywhere = ops.masked_fill_(everywhere, ignored, 0)
    if reduction == "sum":
        everywhere = ops.sum(everywhere)
    elif reduction == "mean":
        kept = ops.logical_not(ignored)
        if weight is None and ops.is_old:
            everywhere = ops.mean(ops.masked_select(everywhere, kept))
            return chosen * (1 - label_smoothing) + everywhere * (label_smoothing / classes)
        if weight is None:
            count = ops.sum(kept)
        else:
            count = ops.sum(ops.index_select(weight, 0, ops.masked_select(target, kept)))
        everywhere = ops.div(ops.sum(everywhere), count)
    return chosen * (1 - label_smoothing) + everywhere * (label_smoothing / classes)


ROWS = [
    *_nll_rows("nll", "NllLoss"),
    *_nll_rows("nll_2d", "NllLoss2D"),
    composite(
        "nll_loss(Tensor self, Tensor target, Tensor? weight=None, bool? size_average=None, int ignore_index=-100, "
        "bool? reduce=None, str reduction='mean')",
        nll_loss,
        where="F",
        doc="minus the logarithmic probability of the target's class",
    ),
    composite(
        "cross_entropy(Tensor self, Tensor target, Tensor? weight=None, bool? size_average=None, "
        "int ignore_index=-100, bool? reduce=None, str reduction='mean', float label_smoothing=0.0)",
        cross_entropy,
        where="F",
        doc="nll_loss of log_softmax, for classes or for probabilities of classes",
        samples=("F.cross_entropy(a, b)",),
    ),
]
