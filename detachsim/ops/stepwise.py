"""Normalizations of few elements with every step rounded, in the order of PyTorch's kernels.

A gradient that is 0 in exact arithmetic is some 1e-8 in PyTorch, and which one depends on each of these steps.
Measured on PyTorch 2.13; rows are the last dim of a matrix.
"""

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.fused import fused
from detachsim.ops.numeric import PRECISE_LIMIT
from detachsim.ops.vector_sums import (
    LONGEST_MOMENTS,
    NARROW,
    lane_dot,
    lane_sum,
    moments,
    running,
    running_by_four,
    running_fused,
)


def takes_rows(rows: Array) -> bool:
    """Whether rows are few and short enough for ``layer_norm``."""
    return 0 < rows.size <= PRECISE_LIMIT and rows.shape[1] * rows.itemsize <= LONGEST_MOMENTS


def takes_batch(x: Array) -> bool:
    """Whether samples and channels are few enough for ``batch_norm``."""
    if not 0 < x.size <= PRECISE_LIMIT:
        return False
    # Without positions it walks along the samples.
    return x.size > len(x) * x.shape[1] or len(x) * x.itemsize <= LONGEST_MOMENTS


def takes_groups(rows: Array) -> bool:
    """Whether samples, groups, channels and positions are few enough for ``group_norm``."""
    return takes_rows(rows.reshape(-1, rows.shape[2] * rows.shape[3])) if rows.size else False


def _statistics(rows: Array, eps: float) -> tuple[Array, Array]:
    """Return mean and reciprocal deviation of each row as columns."""
    mean, variance = moments(rows)
    scale = np.reciprocal(np.sqrt(variance + rows.dtype.type(eps)))
    return mean[:, None], scale[:, None]


def layer_norm(rows: Array, weight: Array | None, bias: Array | None, eps: float) -> Array:
    """Return the rows with mean 0 and variance 1, times weight plus bias."""
    mean, scale = _statistics(rows, eps)
    made = (rows - mean) * scale
    if weight is not None and bias is not None:
        return fused(made, weight, bias)
    if weight is not None:
        made = made * weight
    return made if bias is None else made + bias


def layer_norm_backward(grad: Array, rows: Array, weight: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Return the gradients for the rows, the weight and the bias."""
    mean, scale = _statistics(rows, eps)
    share = rows.dtype.type(1) / rows.dtype.type(rows.shape[1])
    if weight is None:
        dot, total = lane_dot(grad, rows, NARROW), lane_sum(grad, NARROW)
        scaled = scale * grad
    else:
        factors = np.broadcast_to(weight, grad.shape)
        dot, total = lane_dot(grad * rows, factors, NARROW), lane_dot(grad, factors, NARROW)
        scaled = scale * grad * weight
    dot, total = dot[:, None], total[:, None]
    slope = fused(total, mean, -dot) * scale * scale * scale * share
    shift = fused(-slope, mean, -(total * scale * share))
    made = fused(rows, scale, -mean * scale)
    return fused(slope, rows, scaled) + shift, running_fused(grad.T, made.T), running(grad.T)


def batch_statistics(x: Array) -> tuple[Array, Array]:
    """Return the mean of each channel, and the sum of its squared distances from it; ``x`` is of samples, channels and
    positions."""
    if x.shape[2] == 1:
        flat = x[:, :, 0]
        mean = running(flat.T) / x.dtype.type(len(flat))
        gaps = (flat - mean).T
        return mean, running_fused(gaps, gaps)
    mean = (x.sum(axis=(0, 2), dtype=np.float64) / (len(x) * x.shape[2])).astype(x.dtype)
    squares = np.square(x - mean[:, None])
    return mean, squares.sum(axis=(0, 2), dtype=np.float64).astype(x.dtype)


def batch_scale(squares: Array, count: int, eps: float) -> Array:
    """Return the reciprocal deviation of each channel of a batch."""
    variance = squares / squares.dtype.type(count)
    return np.asarray(1 / np.sqrt(variance.astype(np.float64) + eps)).astype(squares.dtype)


def batch_norm(x: Array, weight: Array | None, bias: Array | None, mean: Array, scale: Array) -> Array:
    """Return ``x`` with given statistics, times weight plus bias."""
    factor = scale if weight is None else scale * weight
    shift = fused(-mean, factor, np.zeros(1, x.dtype) if bias is None else bias)
    return fused(x, factor[:, None], shift[:, None])


def batch_norm_backward(
    grad: Array, x: Array, weight: Array | None, mean: Array, scale: Array, *, training: bool
) -> tuple[Array, Array, Array]:
    """Return the gradients for ``x``, the weight and the bias."""
    kind = x.dtype.type
    samples, channels, size = x.shape
    gaps = x - mean[:, None]
    # Whole vectors multiply and subtract with one rounding; without positions they are vectors of channels.
    whole = channels
    if size == 1:
        whole -= channels % (NARROW // x.itemsize)
        total, dot = running(grad[:, :, 0].T), running_fused(gaps[:, :, 0].T, grad[:, :, 0].T)
        to_weight, mean_grad = dot * scale, total / kind(samples)
    else:
        by_sample = lane_sum(grad.reshape(-1, size), NARROW).reshape(samples, channels)
        exact = by_sample.sum(axis=0, dtype=np.float64)
        total, mean_grad = exact.astype(x.dtype), (exact / (samples * size)).astype(x.dtype)
        by_sample = lane_dot(gaps.reshape(-1, size), grad.reshape(-1, size), NARROW).reshape(samples, channels)
        exact = by_sample.sum(axis=0, dtype=np.float64)
        dot, to_weight = exact.astype(x.dtype), (exact * scale).astype(x.dtype)
    to_x = grad
    if training:
        slope = (dot * scale * scale / kind(samples * size))[:, None]
        left = grad - mean_grad[:, None]
        to_x = left - gaps * slope
        to_x[:, :whole] = fused(-gaps[:, :whole], slope[:whole], left[:, :whole])
    to_x = to_x * scale[:, None]
    return to_x if weight is None else to_x * weight[:, None], to_weight, total


def group_norm(rows: Array, weight: Array | None, bias: Array | None, eps: float) -> Array:
    """Return rows of groups (samples, groups, channels of a group, positions) with mean 0 and variance 1, times the
    channels' weight plus bias; ``weight`` and ``bias`` have one dim for groups and one for channels."""
    mean, scale = _group_statistics(rows, eps)
    if weight is None and bias is None:
        return (rows - mean) * scale
    factor = scale if weight is None else scale * weight[..., None]
    shift = fused(-factor, mean, np.zeros(1, rows.dtype) if bias is None else bias[..., None])
    return fused(rows, factor, shift)


def _group_statistics(rows: Array, eps: float) -> tuple[Array, Array]:
    samples, groups = rows.shape[:2]
    mean, variance = moments(rows.reshape(samples * groups, -1))
    scale = np.asarray(1 / np.sqrt(variance.astype(np.float64) + eps)).astype(rows.dtype)
    shape = (samples, groups, 1, 1)
    return mean.reshape(shape), scale.reshape(shape)


def group_norm_backward(grad: Array, rows: Array, weight: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Return the gradients for the rows and, one for each group and channel, for weight and bias."""
    samples, groups, channels, size = rows.shape
    mean, scale = (value[..., 0, 0] for value in _group_statistics(rows, eps))
    share = rows.dtype.type(1) / rows.dtype.type(channels * size)
    shape = (samples, groups, channels)
    dots = lane_dot(grad.reshape(-1, size), rows.reshape(-1, size), NARROW).reshape(shape)
    totals = lane_sum(grad.reshape(-1, size), NARROW).reshape(shape)
    factors = np.broadcast_to(np.ones(1, rows.dtype) if weight is None else weight, shape).reshape(-1, channels)
    nothing = np.zeros(len(factors), rows.dtype)
    dot = running_by_four(dots.reshape(-1, channels), factors, nothing).reshape(samples, groups)
    total = running_by_four(totals.reshape(-1, channels), factors, nothing).reshape(samples, groups)
    slope = fused(total, mean, -dot) * scale * scale * scale * share
    shift = fused(-total * scale, share, -slope * mean)
    factor = scale[..., None] * factors.reshape(shape)
    to_rows = fused(factor[..., None], grad, slope[..., None, None] * rows) + shift[..., None, None]
    to_weight = np.zeros((groups, channels), rows.dtype)
    for sample in range(samples):
        gap = fused(-totals[sample], mean[sample, :, None], dots[sample])
        to_weight = fused(gap, scale[sample, :, None], to_weight)
    return to_rows, to_weight, np.asarray(np.add.accumulate(totals, axis=0)[-1])
