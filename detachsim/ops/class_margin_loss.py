"""Margins between classes: multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops.loss import LEGACY, check_reduction, chosen_reduction, reduce_with, refuse_gradient
from detachsim.ops.numeric import require_dim
from detachsim.ops.row import composite, general


def _rows(self: Array) -> Array:
    return self if self.ndim > 1 else self.reshape(1, -1)


def _shortfalls(self: Array, target: Array, margin: float) -> Array:
    """By how much each class is nearer than ``margin`` to the right one, 0 for the right one itself."""
    rows, classes = _rows(self).astype(np.float64), target.reshape(-1)
    made = margin - np.take_along_axis(rows, classes[:, None], 1) + rows
    made = np.where(made > 0, made, 0)  # nan counts as nothing
    made[np.arange(len(rows)), classes] = 0
    return made


def _reduced(losses: Array, like: Array, reduction: str) -> Array:
    if reduction == "none":
        return np.asarray(losses if like.ndim > 1 else losses[0]).astype(like.dtype)
    total = losses.sum()
    return np.asarray(total / len(losses) if reduction == "mean" else total).astype(like.dtype)


def _spread(slopes: Array, grad_output: Array, like: Array, reduction: str) -> Array:
    scale = np.asarray(grad_output).reshape(-1, 1) if reduction == "none" else np.asarray(grad_output)
    made = slopes * scale
    if reduction == "mean":
        made = made / len(slopes)
    return np.asarray(made.reshape(like.shape)).astype(like.dtype)


def multi_margin(self: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: str) -> Array:
    losses = _shortfalls(self, target, margin) ** p
    if weight is not None:
        losses = losses * weight[target.reshape(-1)][:, None]
    return _reduced(losses.sum(1) / losses.shape[1], self, reduction)


def multi_margin_backward(
    grad_output: Array, self: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: str
) -> Array:
    short = _shortfalls(self, target, margin)
    slopes = (short > 0) * (p * short ** (p - 1)) / short.shape[1]
    if weight is not None:
        slopes = slopes * weight[target.reshape(-1)][:, None]
    slopes[np.arange(len(slopes)), target.reshape(-1)] -= slopes.sum(1)
    return _spread(slopes, grad_output, self, reduction)


def _check_types(self: Tensor, target: Tensor, kernel: str) -> None:
    if not self.dtype.is_floating or (self.dtype.is_reduced and "multilabel" in kernel):
        raise TorchError("not_implemented_for", kernel=kernel, dtype=self.dtype.scalar)
    if target.dtype is not dtypes.int64:
        raise TorchError("scalar_types", expected="Long", found=target.dtype.scalar)


def _check_multi_margin(session: Any, op: Op, bound: list[Any]) -> None:
    self, target, p, _, weight, _ = bound
    refuse_gradient(session, "multi_margin_loss", weight=weight)
    if p not in (1, 2):
        raise TorchError("multi_margin_order")
    if self.array.ndim > 2 or not self.array.size:
        raise TorchError("classes_input", sizes=list(self.shape))
    count = self.shape[0] if self.array.ndim > 1 else 1
    classes = self.shape[-1] if self.array.ndim else 1
    if target.array.ndim > 1 or target.array.size != count:
        raise TorchError("multi_margin_target", count=count, sizes=list(target.shape), shape=list(self.shape))
    _check_types(self, target, "multi_margin_loss_cpu_kernel")
    if weight is not None and weight.array.size != classes:
        raise TorchError("multi_margin_weight", classes=classes, sizes=list(weight.shape))
    if target.array.size and not ((target.array >= 0) & (target.array < classes)).all():
        raise TorchError("multi_margin_range")


def multi_margin_loss(
    ops: Any,
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """max(0, margin - right + other), over all other classes."""
    reduction = chosen_reduction(input, size_average, reduce, reduction)
    check_reduction(reduction)
    if p not in (1, 2):
        raise TorchError("multi_margin_python")
    if weight is not None and weight.ndim != 1:
        raise TorchError("multi_margin_python_weight")
    return ops.multi_margin_kernel(input, target, p, margin, weight, reduction)


# Several right classes


def _labels(target: Array) -> list[list[int]]:
    """Return the right classes of each row, up to the first negative number."""
    found = []
    for row in _rows(target).tolist():
        stop = next((place for place, label in enumerate(row) if label < 0), len(row))
        found.append(row[:stop])
    return found


def _pairs(self: Array, target: Array) -> Array:
    """Return, for each row and each right class in turn, the slopes of all classes, and the losses in a last column."""
    if self.shape != target.shape:  # which the check of the op has words for
        raise ValueError
    rows = _rows(self).astype(np.float64)
    slopes, losses = np.zeros(rows.shape), np.zeros(len(rows))
    for place, (row, labels) in enumerate(zip(rows, _labels(target), strict=True)):
        others = np.ones(len(row), bool)
        others[labels] = False
        for label in labels:
            short = np.where(others, 1 - row[label] + row, 0)
            losses[place] += short[short > 0].sum()
            slopes[place] += short > 0
            slopes[place, label] -= (short > 0).sum()
    return np.column_stack([slopes, losses]) / rows.shape[1]


def multilabel_margin(self: Array, target: Array, reduction: str) -> Array:
    return _reduced(_pairs(self, target)[:, -1], self, reduction)


def multilabel_margin_backward(grad_output: Array, self: Array, target: Array, reduction: str) -> Array:
    return _spread(_pairs(self, target)[:, :-1], grad_output, self, reduction)


def _check_multilabel(session: Any, op: Op, bound: list[Any]) -> None:
    self, target = bound[0], bound[1]
    if self.array.ndim > 2 or 0 in self.shape[-1:]:
        raise TorchError("classes_input", sizes=list(self.shape))
    if target.shape != self.shape:
        raise TorchError("multilabel_target", target=list(target.shape), input=list(self.shape))
    if target.array.size and not ((target.array >= -1) & (target.array < (self.shape or (1,))[-1])).all():
        raise TorchError("multilabel_range")
    _check_types(self, target, "multilabel_margin_loss_forward_out_frame")


def multilabel_margin_loss(
    ops: Any,
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """max(0, 1 - right + other), over all pairs of a right and another class."""
    reduction = chosen_reduction(input, size_average, reduce, reduction)
    check_reduction(reduction)
    return ops.multilabel_margin_kernel(input, target, reduction)


def multilabel_soft_margin_loss(
    ops: Any,
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """The mean cross entropy of yes and no over all classes."""
    reduction = chosen_reduction(input, size_average, reduce, reduction)
    near = ops.mul(target, ops.logsigmoid(input))
    far = ops.mul(ops.rsub(target, 1), ops.logsigmoid(ops.neg(input)))
    loss = ops.neg(ops.add(near, far))
    if weight is not None:
        loss = ops.mul(loss, weight)
    axis = input.ndim - 1
    # Of a number Python asks for the size of a dim that there is not.
    classes = input.shape[require_dim(axis, input.ndim)]
    made = ops.div(ops.sum_dim(loss, (axis,)), classes)
    if reduction not in ("none", "mean", "sum"):
        raise TorchError("reduction_not_valid", reduction=reduction)
    return reduce_with(ops, made, reduction)


_PLAIN = f"{LEGACY}str reduction='mean'"
_REFUSED = "torch::autograd::NotImplemented"
_MARGIN = "int p, float margin, Tensor? weight, str reduction"

ROWS: list[Op] = [
    composite(
        f"multi_margin_loss(Tensor input, Tensor target, int p=1, float margin=1.0, Tensor? weight=None, {_PLAIN})",
        multi_margin_loss,
        where="F",
        doc="max(0, margin - right + other), over all other classes",
        samples=("F.multi_margin_loss(a.reshape(-1, 1) * torch.ones(2), torch.zeros_like(a.flatten()).long())",),
    ),
    general(
        f"multi_margin_kernel(Tensor self, Tensor target, {_MARGIN})",
        "MultiMarginLossBackward0",
        multi_margin,
        where="",
        grad={"self": "multi_margin_backward(grad, self, target, p, margin, weight, reduction)"},
        check=_check_multi_margin,
        result_edits=1,
        doc="multi_margin_loss after its checks",
    ),
    general(
        f"multi_margin_backward(Tensor grad_output, Tensor self, Tensor target, {_MARGIN})",
        _REFUSED,
        multi_margin_backward,
        where="",
        bare_edges=True,
        grad={"grad_output, self": "not_implemented('multi_margin_loss_backward')"},
        doc="the gradient of multi_margin_loss; PyTorch has none of its own for it",
    ),
    composite(
        f"multilabel_margin_loss(Tensor input, Tensor target, {_PLAIN})",
        multilabel_margin_loss,
        where="F",
        doc="max(0, 1 - right + other), over all pairs of a right and another class",
        samples=("F.multilabel_margin_loss(a, torch.zeros_like(a).long())",),
    ),
    general(
        "multilabel_margin_kernel(Tensor self, Tensor target, str reduction)",
        "MultilabelMarginLossBackward0",
        multilabel_margin,
        where="",
        grad={"self": "multilabel_margin_backward(grad, self, target, reduction)"},
        check=_check_multilabel,
        doc="multilabel_margin_loss after its checks",
    ),
    general(
        "multilabel_margin_backward(Tensor grad_output, Tensor self, Tensor target, str reduction)",
        _REFUSED,
        multilabel_margin_backward,
        where="",
        bare_edges=True,
        check=lambda session, op, bound: _check_multilabel(session, op, bound[1:]),
        grad={"grad_output, self": "not_implemented('multilabel_margin_loss_backward')"},
        doc="the gradient of multilabel_margin_loss; PyTorch has none of its own for it",
    ),
    composite(
        f"multilabel_soft_margin_loss(Tensor input, Tensor target, Tensor? weight=None, {_PLAIN})",
        multilabel_soft_margin_loss,
        where="F",
        doc="the mean cross entropy of yes and no over all classes",
        samples=("F.multilabel_soft_margin_loss(a, b)",),
    ),
]
