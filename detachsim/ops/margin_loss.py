"""The other losses, most of them made of ops that are recorded: kl_div, margins, triplets, likelihoods."""

import math
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import require_broadcast
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.ops.loss import (
    LEGACY,
    check_reduction,
    chosen_reduction,
    reduce_with,
    reduced,
    refuse_gradient,
    size_text,
)
from detachsim.ops.numeric import precise_each
from detachsim.ops.row import FIRST, FLOAT, composite, general
from detachsim.ops.vector_norms import vector_norm

_EPSILON = 1e-12


def kl_div(
    ops: Any,
    self: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """The Kullback-Leibler divergence, of logarithmic probabilities."""
    if size_average is not None or reduce is not None:
        reduction = chosen_reduction(self, size_average, reduce, reduction)
        kind = reduction
    else:
        if reduction == "mean":
            self.session.warn("kl_div_mean")
        kind = "sum" if reduction == "batchmean" else reduction
        check_reduction(kind)
    if not (self.tensor.dtype.is_floating and target.tensor.dtype.is_floating):
        raise TorchError("kl_div_integers")
    # The right-hand side first, as C++ evaluates it: the order in which backward runs follows from that.
    if log_target:
        difference = target - self
        losses = ops.exp(target) * difference
    else:
        product = target * self
        losses = ops.xlogy(target, target) - product
    made = reduce_with(ops, losses, kind)
    if reduction == "batchmean" and self.ndim:
        made = ops.div(made, self.shape[0])
    return made


@precise_each
def _soft_margin_each(self: Array, target: Array) -> Array:
    return np.log1p(np.exp(-target * self))


def soft_margin(self: Array, target: Array, reduction: str) -> Array:
    return reduced(_soft_margin_each(self, target), reduction)


@precise_each
def _soft_margin_slope(self: Array, target: Array) -> Array:
    grown = np.exp(-target * self)
    return -target * grown / (1 + grown)


def soft_margin_backward(grad_output: Array, self: Array, target: Array, reduction: str) -> Array:
    slope = _soft_margin_slope(self, target) * grad_output
    return np.asarray(slope / slope.dtype.type(max(self.size, 1)) if reduction == "mean" else slope)


def _check_soft_margin(session: Any, op: Op, bound: list[Any]) -> None:
    refuse_gradient(session, "soft_margin_loss", target=bound[1])
    self, target = bound[0].dtype, bound[1].dtype
    if target is dtypes.boolean and self is dtypes.boolean:
        raise TorchError("bool_neg")
    # PyTorch computes in memory of self's shape.
    shape = require_broadcast(bound[:2])
    if shape != bound[0].shape:
        raise TorchError("inplace_broadcast", output=list(bound[0].shape), broadcast=list(shape))
    if not self.is_floating:
        # The result of exp is written to a tensor of self's type.
        wide = result_type(bound[:2])
        result = (wide if wide.is_floating else dtypes.float32).scalar
        raise TorchError("bool_neg" if self is dtypes.boolean else "inplace_cast", result=result, output=self.scalar)


def soft_margin_slope_sum(ops: Any, grad: Any, grad_output: Any, self: Any, target: Any, reduction: str) -> Any:
    """The gradient of soft_margin_loss's gradient for the gradient that came in."""
    if reduction == "none":
        return ops.soft_margin_backward(grad, self, target, reduction)
    return ops.sum(ops.soft_margin_backward(ops.ones_of(grad_output), self, target, reduction) * grad)


def soft_margin_second(ops: Any, grad: Any, self: Any, target: Any, reduction: str) -> Any:
    """The slope of soft_margin_loss's gradient."""
    grown = ops.exp(self * -target)
    more = grown + 1
    square = more * more
    made = grad * (target * target) * grown / square
    # In place, as PyTorch does, which the counter shows.
    return ops.div_scalar_(made, float(max(self.size, 1))) if reduction == "mean" else made


def soft_margin_loss(
    ops: Any,
    self: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """log(1 + exp(-target * self))."""
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    check_reduction(reduction)
    return ops.soft_margin_kernel(self, target, reduction)


def hinge_embedding_loss(
    ops: Any,
    self: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """self where target is 1, max(0, margin - self) where it is -1."""
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    check_reduction(reduction)
    zeros = ops.zeros_like(self)
    # A number minus a tensor is, in C++, an edit of a tensor that is filled with the number.
    room = ops.clamp_min_(ops.sub_(ops.fill_(ops.empty_like(self), margin), self), 0)
    far = ops.where(ops.ne(target, 1), room, zeros)
    near = ops.where(ops.ne(target, -1), self, zeros)
    return reduce_with(ops, far + near, reduction)


def margin_ranking_loss(
    ops: Any,
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """max(0, -target * (input1 - input2) + margin)."""
    reduction = chosen_reduction(input1, size_average, reduce, reduction)
    check_reduction(reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise TorchError(
            "margin_ranking_dims",
            input1=size_text(input1.shape),
            input2=size_text(input2.shape),
            target=size_text(target.shape),
        )
    difference = input1 - input2  # before the negation: which of the two refuses bools can be seen
    product = -target * difference
    floating = product.tensor.dtype.is_floating
    losses = ops.clamp_min_(product + margin if floating else ops.add(product, float(margin)), 0)
    if reduction == "mean" and not losses.tensor.dtype.is_floating:
        losses = ops.to(losses, dtypes.float32)
    return reduce_with(ops, losses, reduction)


def pairwise_distance(ops: Any, x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The p-norm of x1 - x2 along the last dim, a little moved away from 0."""
    difference = x1 - x2
    # A float added to integers makes floats of them, and PyTorch makes one of any number here.
    eps = float(eps)
    floating = difference.tensor.dtype.is_floating
    difference = ops.add_scalar(difference, eps) if floating else ops.add(difference, eps)
    return ops.norm_scalar(difference, p, (max(x1.ndim, x2.ndim) - 1,), keepdim)


def triplet_margin_loss(
    ops: Any,
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """max(0, distance of anchor and positive - distance of anchor and negative + margin)."""
    reduction = chosen_reduction(anchor, size_average, reduce, reduction)
    check_reduction(reduction)
    if margin <= 0 and not ops.is_old:
        raise TorchError("triplet_margin", margin=margin)
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise TorchError("triplet_dims", anchor=anchor.ndim, positive=positive.ndim, negative=negative.ndim)
    near = pairwise_distance(ops, anchor, positive, p, eps)
    far = pairwise_distance(ops, anchor, negative, p, eps)
    if swap:
        far = ops.minimum(far, pairwise_distance(ops, positive, negative, p, eps))
    return reduce_with(ops, ops.clamp_min(near + margin - far, 0), reduction)


def cosine_embedding_loss(
    ops: Any,
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """1 - cosine where target is 1, max(0, cosine - margin) where it is -1."""
    reduction = chosen_reduction(input1, size_average, reduce, reduction)
    check_reduction(reduction)
    axis = target.ndim
    if axis > 1:
        raise TorchError("cosine_target")
    if input1.ndim != axis + 1 or input2.ndim != axis + 1:
        raise TorchError(
            "cosine_inputs", target=axis, expected=axis + 1, one=list(input1.shape), other=list(input2.shape)
        )
    product = ops.sum_dim(input1 * input2, (axis,))
    size1 = ops.sum_dim(input1 * input1, (axis,)) + _EPSILON
    size2 = ops.sum_dim(input2 * input2, (axis,)) + _EPSILON
    cosine = product / ops.sqrt_(size1 * size2)
    zeros = ops.zeros_like(cosine)
    near = ops.where(ops.eq(target, 1), 1 - cosine, zeros)
    far = ops.where(ops.eq(target, -1), ops.clamp_min_(cosine - margin, 0), zeros)
    return reduce_with(ops, near + far, reduction)


def poisson_nll_loss(
    ops: Any,
    self: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Minus the logarithmic likelihood of a Poisson distribution."""
    reduction = chosen_reduction(self, size_average, reduce, reduction)
    check_reduction(reduction)
    # The right-hand side first, as in kl_div.
    if log_input:
        product = target * self
        losses = ops.exp(self) - product
    else:
        losses = self - target * ops.log(ops.add_scalar(self, eps))
    if full:
        last = ops.log(target * (2 * math.pi)) * 0.5
        stirling = target * ops.log(target) - target + last
        losses = ops.add_(losses, ops.masked_fill(stirling, ops.le(target, 1), 0))
    return reduce_with(ops, losses, reduction)


def gaussian_nll_loss(
    ops: Any,
    self: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: Any = 1e-6,
    reduction: str = "mean",
) -> Any:
    """Minus the logarithmic likelihood of a normal distribution."""
    if isinstance(var, float):
        var = ops.mul(ops.ones_like(self), var)
    elif self.ndim and self.shape[:-1] == var.shape:
        var = ops.unsqueeze(var, -1)
    var = ops.clone(var)
    with self.session.grad_mode(False):
        ops["m clamp_"](var, min=eps)
    losses = ops.mul(ops.add(ops.log(var), ops.div(ops.pow(ops.sub(self, target), 2), var)), 0.5)
    if full:
        losses = ops.add_(losses, 0.5 * math.log(2 * math.pi))
    return reduce_with(ops, losses, reduction)


_PLAIN = f"{LEGACY}str reduction='mean'"

HELPERS = {"soft_margin_slope_sum": soft_margin_slope_sum, "soft_margin_second": soft_margin_second}

ROWS = [
    composite(
        f"kl_div(Tensor self, Tensor target, {_PLAIN}, bool log_target=False)",
        kl_div,
        where="F",
        doc="the Kullback-Leibler divergence, of logarithmic probabilities",
        samples=("F.kl_div(a, b, reduction='sum')", "F.kl_div(a, b, reduction='batchmean', log_target=True)"),
    ),
    general(
        "soft_margin_kernel(Tensor self, Tensor target, str reduction)",
        "SoftMarginLossBackward0",
        soft_margin,
        promote=FIRST,
        where="",
        grad={"self": "soft_margin_backward(grad, self, target, reduction)"},
        check=_check_soft_margin,
        result_edits=1,
        doc="log(1 + exp(-target * self)), reduced",
    ),
    general(
        "soft_margin_backward(Tensor grad_output, Tensor self, Tensor target, str reduction)",
        "SoftMarginLossBackwardBackward0",
        soft_margin_backward,
        promote=FLOAT,
        where="",
        check=lambda session, op, bound: require_broadcast((bound[2], bound[1])),
        grad={
            "grad_output": "soft_margin_slope_sum(grad, grad_output, self, target, reduction)",
            "self": "soft_margin_second(grad * grad_output, self, target, reduction)",
        },
        gradient_edits={"self": "reduction == 'mean'"},
        doc="the gradient of soft_margin_loss",
    ),
    composite(
        f"soft_margin_loss(Tensor self, Tensor target, {_PLAIN})",
        soft_margin_loss,
        where="F",
        doc="log(1 + exp(-target * self))",
        samples=("F.soft_margin_loss(a, torch.ones_like(a))",),
    ),
    composite(
        f"hinge_embedding_loss(Tensor self, Tensor target, float margin=1.0, {_PLAIN})",
        hinge_embedding_loss,
        where="F",
        doc="self where target is 1, max(0, margin - self) where it is -1",
    ),
    composite(
        f"margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float margin=0, {_PLAIN})",
        margin_ranking_loss,
        where="F",
        doc="max(0, -target * (input1 - input2) + margin)",
        samples=("F.margin_ranking_loss(a, b, -c)",),
    ),
    composite(
        "pairwise_distance(Tensor x1, Tensor x2, float p=2.0, float eps=1e-06, bool keepdim=False)",
        pairwise_distance,
        where="tF",
        doc="the p-norm of x1 - x2 along the last dim",
        samples=("F.pairwise_distance(a, b)",),
    ),
    general(
        "norm_scalar(Tensor self, Number p, int[] dim, bool keepdim)",
        "NormBackward1",
        vector_norm,
        where="",
        grad={"self": "vector_norm_backward(grad, self, p, result, dim, keepdim)"},
        doc="the p-norm along dim",
    ),
    composite(
        "triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, float margin=1.0, float p=2, "
        f"float eps=1e-06, bool swap=False, {_PLAIN})",
        triplet_margin_loss,
        where="F",
        doc="max(0, distance of anchor and positive - distance of anchor and negative + margin)",
        samples=("F.triplet_margin_loss(a, b, c)",),
    ),
    composite(
        f"cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, float margin=0, {_PLAIN})",
        cosine_embedding_loss,
        where="F",
        doc="1 - cosine where target is 1, max(0, cosine - margin) where it is -1",
    ),
    composite(
        "poisson_nll_loss(Tensor self, Tensor target, bool log_input=True, bool full=False, bool? size_average=None, "
        "float eps=1e-08, bool? reduce=None, str reduction='mean')",
        poisson_nll_loss,
        where="F",
        doc="minus the logarithmic likelihood of a Poisson distribution",
        samples=("F.poisson_nll_loss(a, b)",),
    ),
    composite(
        "gaussian_nll_loss(Tensor self, any target, Number|Tensor var, bool full=False, any eps=1e-06, "
        "str reduction='mean')",
        gaussian_nll_loss,
        where="F",
        doc="minus the logarithmic likelihood of a normal distribution",
        samples=("F.gaussian_nll_loss(a, b, c)",),
    ),
]
