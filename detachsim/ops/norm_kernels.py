"""The kernels of layer_norm, batch_norm and group_norm, rounded at each step as PyTorch's are.

Each forward kernel gives the result and, as PyTorch's do, the mean and the reciprocal deviation, which the backward
kernel uses. Half types are computed in float32. The order of the steps is measured on 2.13.0.
"""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.fused import fused
from detachsim.ops.numeric import numel
from detachsim.ops.reduction import sum_dims
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

Parts = tuple[Array, Array, Array]


def _work(*arrays: Array | None) -> list[Any]:
    """Return half types as float32."""
    return [array.astype(np.float32) if array is not None and array.itemsize < 4 else array for array in arrays]


def _as(like: Array, *arrays: Array) -> Any:
    return tuple(np.asarray(array).astype(like.dtype, copy=False) for array in arrays)


def _reciprocal(value: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 / value)


def _moments(rows: Array) -> tuple[Array, Array]:
    if rows.shape[1] * rows.itemsize <= LONGEST_MOMENTS and rows.size:
        return moments(rows)
    wide = rows.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = wide.sum(axis=1) / rows.shape[1]
        variance = np.square(wide - mean[:, None]).sum(axis=1) / rows.shape[1]
    return mean.astype(rows.dtype), variance.astype(rows.dtype)


# layer_norm


def layer_norm(
    input: Array, normalized_shape: tuple[int, ...], weight: Array | None, bias: Array | None, eps: float
) -> Parts:
    lead = input.shape[: input.ndim - len(normalized_shape)]
    x, factor, addend = _work(input, weight, bias)
    rows = np.ascontiguousarray(x).reshape(numel(lead), numel(normalized_shape))
    mean, variance = _moments(rows)
    rstd = _reciprocal(np.sqrt(variance + rows.dtype.type(eps)))
    made = rows - mean[:, None]
    if factor is None and addend is not None:
        made = fused(made, rstd[:, None], addend.reshape(-1))
    else:
        made = made * rstd[:, None]
        if factor is not None and addend is not None:
            made = fused(made, factor.reshape(-1), addend.reshape(-1))
        elif factor is not None:
            made = made * factor.reshape(-1)
    shape = (*lead, *(1,) * len(normalized_shape))
    result: Parts = _as(input, made.reshape(input.shape), mean.reshape(shape), rstd.reshape(shape))
    return result


def layer_norm_backward(
    grad_out: Array,
    input: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    bias: Array | None,
    normalized_shape: tuple[int, ...],
    eps: float,
) -> Parts:
    lead = numel(input.shape[: input.ndim - len(normalized_shape)])
    grad, x, centre, scale, factor = _work(grad_out, input, mean, rstd, weight)
    grad, x = (np.ascontiguousarray(array).reshape(lead, numel(normalized_shape)) for array in (grad, x))
    centre, scale = centre.reshape(-1, 1), scale.reshape(-1, 1)
    if factor is not None:
        factors = np.broadcast_to(factor.reshape(-1), grad.shape)
        with_x, alone = lane_dot(grad * x, factors, NARROW)[:, None], lane_dot(grad, factors, NARROW)[:, None]
        scaled = scale * grad * factors
    else:
        with_x, alone = lane_dot(grad, x, NARROW)[:, None], lane_sum(grad, NARROW)[:, None]
        scaled = scale * grad
    share = _reciprocal(x.dtype.type(x.shape[1])).astype(x.dtype)
    slope = fused(alone, centre, -with_x) * scale * scale * scale * share
    shift = fused(-slope, centre, -(alone * scale * share))
    to_x = fused(slope, x, scaled) + shift
    made = fused(scale, x, -scale * centre)
    to_weight, to_bias = running_fused(grad.T, made.T), running(grad.T)
    shape = normalized_shape
    # Copies: a gradient that is a view is never added to in place.
    gradients = (to_x.reshape(input.shape), to_weight.reshape(shape), to_bias.reshape(shape))
    result: Parts = _as(input, *(gradient.copy() for gradient in gradients))
    return result


# batch_norm


def batch_norm(
    input: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    eps: float,
) -> Parts:
    x, factor, addend, mean, variance = _work(input, weight, bias, running_mean, running_var)
    if training:
        mean, square = channel_moments(x)
        scale = _inverse_deviation(square / x.dtype.type(x.size // x.shape[1]), eps)
    else:
        scale = _reciprocal(np.sqrt(variance + x.dtype.type(eps)))
    slope = scale if factor is None else scale * factor
    shift = fused(-mean, slope, x.dtype.type(0) if addend is None else addend)
    made = fused(x, _spread(slope, x), _spread(shift, x))
    empty = np.empty(0, x.dtype)
    result: Parts = _as(input, made, mean, scale) if training else _as(input, made, empty, empty)
    return result


def _spread(channels: Array, x: Array) -> Array:
    return channels.reshape(-1, *(1,) * (x.ndim - 2))


def _rows(x: Array) -> tuple[Array, int]:
    """Return x with one row for each item and channel, and how many items there are."""
    return np.ascontiguousarray(x).reshape(x.shape[0] * x.shape[1], numel(x.shape[2:])), x.shape[0]


def _inverse_deviation(variance: Array, eps: float) -> Array:
    return _reciprocal(np.sqrt(variance.astype(np.float64) + eps)).astype(variance.dtype)


def channel_moments(x: Array) -> tuple[Array, Array]:
    """Return the mean of each channel, and the sum of the squared distances from it."""
    (x,) = _work(x)
    kind = x.dtype.type
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    count = kind(x.size // x.shape[1])
    if _has_one_place(x):
        flat = x.reshape(x.shape[:2])
        mean = running(flat.T) / count
        delta = (flat - mean).T
        return mean, running_fused(delta, delta)
    mean = (x.sum(axis=axes, dtype=np.float64) / count).astype(kind)
    delta = x - _spread(mean, x)
    return mean, (delta * delta).sum(axis=axes, dtype=np.float64).astype(kind)


def _has_one_place(x: Array) -> bool:
    """Whether a channel of an item is one number: then PyTorch adds items one after the other."""
    return numel(x.shape[2:]) == 1


def batch_norm_backward(
    grad_out: Array,
    input: Array,
    weight: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    save_mean: Array,
    save_invstd: Array,
    training: bool,
    eps: float,
) -> Parts:
    grad, x, factor = _work(grad_out, input, weight)
    mean, scale = _work(save_mean, save_invstd)
    # PyTorch has kernels of their own for tensors whose elements are in order, which an expanded gradient's are not.
    in_order = grad.flags.c_contiguous and x.flags.c_contiguous
    if not training:
        mean, variance = _work(running_mean, running_var)
        scale = _inverse_deviation(variance, eps)
    centred = x - _spread(mean, x)
    one_place = _has_one_place(x)
    if not in_order:
        axes = tuple(axis for axis in range(x.ndim) if axis != 1)
        alone = np.asarray(sum_dims(grad, axes))
        with_x = (centred * grad).sum(axis=axes, dtype=np.float64)
    elif one_place:
        flat, flat_grad = centred.reshape(x.shape[:2]).T, grad.reshape(x.shape[:2]).T
        alone, with_x = running(flat_grad), running_fused(flat, flat_grad)
    else:
        rows, items = _rows(grad)
        alone = lane_sum(rows, NARROW).reshape(items, -1).sum(axis=0, dtype=np.float64)
        with_x = lane_dot(_rows(centred)[0], rows, NARROW).reshape(items, -1).sum(axis=0, dtype=np.float64)
    to_weight, to_bias = (with_x * scale).astype(x.dtype), alone.astype(x.dtype)
    if training:
        count = x.dtype.type(x.size // x.shape[1])
        slope = _spread(with_x.astype(x.dtype) * scale * scale / count, x)
        moved = grad - _spread((alone / count).astype(x.dtype), x)
        made = fused(-centred, slope, moved) if in_order else moved - centred * slope
        rest = x.shape[1] % (32 // x.itemsize)
        if one_place and in_order and rest:
            # The channels that fill no vector are rounded twice.
            made[:, -rest:] = (moved - centred * slope)[:, -rest:]
    else:
        made = grad
    made = made * _spread(scale, x)
    if factor is not None:
        made = made * _spread(factor, x)
    result: Parts = _as(input, made, to_weight, to_bias)
    return result


# group_norm


def group_norm(input: Array, weight: Array | None, bias: Array | None, num_groups: int, eps: float) -> Parts:
    x, factor, addend = _work(input, weight, bias)
    groups = (x.shape[0], num_groups)
    rows = np.ascontiguousarray(x).reshape(numel(groups), numel(x.shape[1:]) // num_groups)
    mean, variance = _moments(rows)
    wide = np.maximum(variance, 0).astype(np.float64) + eps
    scale = _reciprocal(np.sqrt(wide)).astype(x.dtype)
    if factor is None and addend is None:
        made = (rows - mean[:, None]) * scale[:, None]
    else:
        ones = np.ones(x.shape[1], x.dtype) if factor is None else factor
        slope = _each_channel(scale, x, num_groups) * ones
        start = np.zeros(x.shape[1], x.dtype) if addend is None else addend
        shift = fused(-slope, _each_channel(mean, x, num_groups), start)
        made = fused(x, _over_places(slope, x), _over_places(shift, x))
    result: Parts = _as(input, made.reshape(x.shape), mean.reshape(groups), scale.reshape(groups))
    return result


def _each_channel(groups: Array, x: Array, num_groups: int) -> Array:
    """Return a number of each group once for each of its channels, item by item."""
    return np.repeat(groups.reshape(x.shape[0], num_groups), x.shape[1] // num_groups, axis=1)


def _over_places(channels: Array, x: Array) -> Array:
    return channels.reshape(*x.shape[:2], *(1,) * (x.ndim - 2))


def group_norm_backward(
    grad: Array, input: Array, mean: Array, rstd: Array, weight: Array | None, num_groups: int
) -> Parts:
    grad_out, x, centre, scale, factor = _work(grad, input, mean, rstd, weight)
    items, channels = x.shape[:2]
    each = channels // num_groups
    grad_rows = _rows(grad_out)[0]
    with_x = lane_sum(grad_rows * _rows(x)[0], NARROW).reshape(items, channels)
    alone = lane_sum(grad_rows, NARROW).reshape(items, channels)
    ones = np.ones(channels, x.dtype) if factor is None else factor
    factors = np.tile(ones.reshape(num_groups, each), (items, 1))
    group_with_x = _over_channels(with_x.reshape(-1, each), factors)
    group_alone = _over_channels(alone.reshape(-1, each), factors)
    middle, spread = centre.reshape(-1), scale.reshape(-1)
    share = _reciprocal(x.dtype.type(each * numel(x.shape[2:]))).astype(x.dtype)
    slope = fused(group_alone, middle, -group_with_x) * spread * spread * spread * share
    shift = fused(-(group_alone * spread), share, -slope * middle)
    own = _each_channel(spread, x, num_groups)
    slopes, shifts = (_over_places(_each_channel(part, x, num_groups), x) for part in (slope, shift))
    to_x = fused(_over_places(own * ones, x), grad_out, slopes * x) + shifts
    to_weight, to_bias = np.zeros(channels, x.dtype), np.zeros(channels, x.dtype)
    centres = _each_channel(middle, x, num_groups)
    for item in range(items):
        to_weight = fused(fused(-alone[item], centres[item], with_x[item]), own[item], to_weight)
        to_bias = to_bias + alone[item]
    result: Parts = _as(input, to_x, to_weight, to_bias)
    return result


def _over_channels(parts: Array, factors: Array) -> Array:
    """Return the sum of each row's products: whole vectors lane by lane and the lanes in order, then the rest."""
    width = NARROW // parts.itemsize
    whole = parts.shape[1] // width * width
    total = np.zeros(len(parts), parts.dtype)
    if whole:
        lanes = np.zeros((len(parts), width), parts.dtype)
        for start in range(0, whole, width):
            lanes = fused(parts[:, start : start + width], factors[:, start : start + width], lanes)
        total = running(lanes)
    return running_by_four(parts[:, whole:], factors[:, whole:], total)
