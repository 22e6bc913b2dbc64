"""Connectionist temporal classification: how improbable it is that steps spell a target, blanks and repeats left out.

A target of length L is spelled with a blank before, between and after its labels, 2 L + 1 signs. ``forwards`` and
``backwards`` add up, sign by sign, the probabilities of all ways to get there, and on from there.
"""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.loss import check_reduction, reduce_with
from detachsim.ops.row import composite, general

Lengths = tuple[int, ...]


def _signs(targets: Array, lengths: Lengths, blank: int) -> list[Array]:
    """Return what each target of the batch is spelled with."""
    made, start = [], 0
    for item, length in enumerate(lengths):
        labels = targets[item, :length] if targets.ndim > 1 else targets[start : start + length]
        start += length
        signs = np.full(2 * length + 1, blank)
        signs[1::2] = labels
        made.append(signs)
    return made


def _steps(log_probs: Array, signs: Array) -> Array:
    """Return the logarithms of the probabilities of all ways to each sign, step by step."""
    count = len(signs)
    made = np.full((len(log_probs), count), -np.inf)
    if not len(log_probs):
        return made
    made[0, :2] = log_probs[0, signs[:2]]
    # From two signs before, but not from a blank, nor from the same label.
    skips = np.zeros(count, bool)
    skips[2:] = signs[2:] != signs[:-2]
    for step in range(1, len(log_probs)):
        before = made[step - 1]
        one = np.concatenate([[-np.inf], before[:-1]])
        two = np.where(skips, np.concatenate([[-np.inf, -np.inf], before])[:count], -np.inf)
        made[step] = np.logaddexp(np.logaddexp(before, one), two) + log_probs[step, signs]
    return made


def ctc(
    log_probs: Array,
    targets: Array,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int,
    zero_infinity: bool,
) -> tuple[Array, Array]:
    """Return the loss of each item of the batch, and the steps forwards, for the gradient."""
    longest = 2 * max(target_lengths, default=0) + 1
    losses = np.full(len(input_lengths), np.inf)
    kept = np.full((len(input_lengths), log_probs.shape[0], longest), -np.inf)
    for item, signs in enumerate(_signs(targets, target_lengths, blank)):
        length = input_lengths[item]
        forwards = _steps(log_probs[:length, item].astype(np.float64), signs)
        kept[item, :length, : len(signs)] = forwards
        if not length:
            losses[item] = 0.0 if len(signs) == 1 else np.inf
        else:
            losses[item] = -np.logaddexp.reduce(forwards[-1, -2:])
    return losses.astype(log_probs.dtype), kept.astype(log_probs.dtype)


def ctc_gradient(
    grad_output: Array,
    log_probs: Array,
    targets: Array,
    input_lengths: Lengths,
    target_lengths: Lengths,
    neg_log_likelihood: Array,
    log_alpha: Array,
    blank: int,
    zero_infinity: bool,
) -> Array:
    made = np.zeros(log_probs.shape, np.float64)
    for item, signs in enumerate(_signs(targets, target_lengths, blank)):
        length, loss = input_lengths[item], float(neg_log_likelihood[item])
        if zero_infinity and loss == np.inf:
            continue
        here = log_probs[:length, item].astype(np.float64)
        forwards = log_alpha[item, :length, : len(signs)].astype(np.float64)
        backwards = _steps(here[::-1], signs[::-1])[::-1, ::-1]
        both = np.full(here.shape, -np.inf)
        for place, sign in enumerate(signs):
            both[:, sign] = np.logaddexp(both[:, sign], forwards[:, place] + backwards[:, place])
        with np.errstate(invalid="ignore", over="ignore"):
            made[:length, item] = (np.exp(here) - np.exp(both + loss - here)) * float(grad_output[item])
    return made.astype(log_probs.dtype)


def _lengths(given: Any, name: str) -> Lengths:
    if isinstance(given, Operand):
        if given.tensor.dtype.is_floating or given.tensor.dtype is dtypes.boolean:
            raise TorchError("ctc_integral", name=name)
        return tuple(int(length) for length in given.tensor.array.reshape(-1))
    return tuple(given)


def ctc_loss(
    ops: Any,
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """How improbable it is that the steps of log_probs spell the targets."""
    check_reduction(reduction)
    inputs, lengths = _lengths(input_lengths, "input_lengths"), _lengths(target_lengths, "target_lengths")
    batched = log_probs.ndim == 3
    if not batched:
        log_probs = ops.unsqueeze(log_probs, 1)
    losses = ops._ctc_loss(log_probs, ops.long(targets), inputs, lengths, blank, zero_infinity)
    if zero_infinity:
        nothing = Operand(losses.session, fresh(np.zeros((), losses.dtype), losses.tensor.dtype))
        losses = ops.where(losses == np.inf, nothing, losses)
    if reduction == "mean":
        counts = np.maximum(np.array(lengths, np.int64), 1).astype(losses.dtype)
        shape = counts.reshape(target_lengths.shape) if isinstance(target_lengths, Operand) else counts
        losses = losses / Operand(losses.session, fresh(shape, losses.tensor.dtype))
    made = reduce_with(ops, losses, reduction)
    return ops.squeeze_dim(made, 0) if reduction == "none" and not batched else made


def _check_ctc(session: Any, op: Op, bound: list[Any]) -> None:
    log_probs, targets, inputs, lengths, blank, _ = bound
    probabilities: Tensor = log_probs
    kernel = "ctc_loss_allocate_outputs" if session.dialect == NEWEST else "ctc_loss_cpu"
    if not probabilities.array.size and session.dialect == NEWEST:
        raise TorchError("ctc_empty")
    if not probabilities.dtype.is_floating or probabilities.dtype.is_reduced:
        raise TorchError("not_implemented_for", kernel="ctc_loss_cpu", dtype=probabilities.dtype.scalar)
    if probabilities.array.ndim != 3:
        raise TorchError("ctc_dims", ndim=probabilities.array.ndim, kernel=kernel)
    steps, batch, classes = probabilities.shape
    if not 0 <= blank < classes:
        raise TorchError("ctc_blank")
    for name, given in (("input_lengths", inputs), ("target_lengths", lengths)):
        if len(given) != batch:
            raise TorchError("ctc_lengths", name=name)
    if targets.array.ndim == 1:
        if targets.array.size != sum(lengths):
            raise TorchError("ctc_targets", kernel=kernel, expected=sum(lengths), dim=0, found=targets.array.size)
    else:
        if targets.shape[0] != batch:
            raise TorchError("ctc_targets", kernel=kernel, expected=batch, dim=0, found=targets.shape[0])
        if targets.shape[1] < max(lengths, default=0):
            raise TorchError("ctc_targets_short", kernel=kernel, expected=max(lengths), found=targets.shape[1])
    if max(inputs, default=0) > steps:
        raise TorchError(
            "ctc_input_length", kernel=kernel, most=steps, found=next(length for length in inputs if length > steps)
        )
    used = np.concatenate([signs[1::2] for signs in _signs(targets.array, lengths, blank)] or [np.zeros(0, int)])
    if used.size and (used.min() < 0 or used.max() >= classes):
        raise LimitError("labels that are no classes, for which PyTorch reads memory of something else")


_LENGTHS = "int[] input_lengths, int[] target_lengths"
_GIVEN = "input_lengths, target_lengths, result0, result1, blank, zero_infinity"

ROWS: list[Op] = [
    composite(
        "ctc_loss(Tensor log_probs, Tensor targets, any input_lengths, any target_lengths, int blank=0, "
        "str reduction='mean', bool zero_infinity=False)",
        ctc_loss,
        where="F",
        doc="how improbable it is that the steps of log_probs spell the targets",
        # The gradient is that of probabilities that add up to 1.
        samples=(
            "F.ctc_loss(torch.stack([a, b], -1).log_softmax(-1).reshape(-1, 1, 2), torch.tensor([[1]]), [2], [1])",
        ),
    ),
    general(
        f"_ctc_loss(Tensor log_probs, Tensor targets, {_LENGTHS}, int blank, bool zero_infinity)",
        "CtcLossBackward0",
        ctc,
        where="",
        grad={"log_probs": f"ctc_gradient(grad, log_probs, targets, {_GIVEN})"},
        check=_check_ctc,
        hidden=1,
        doc="ctc_loss of each item",
    ),
    general(
        f"ctc_gradient(Tensor grad_output, Tensor log_probs, Tensor targets, {_LENGTHS}, Tensor neg_log_likelihood, "
        "Tensor log_alpha, int blank, bool zero_infinity)",
        "torch::autograd::NotImplemented",
        ctc_gradient,
        where="",
        bare_edges=True,
        grad={"grad_output, log_probs, neg_log_likelihood, log_alpha": "not_implemented('_ctc_loss_backward')"},
        doc="the gradient of ctc_loss; PyTorch has none of its own for it",
    ),
]
