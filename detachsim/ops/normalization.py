"""Normalization: layer_norm, batch_norm, group_norm, instance_norm, rms_norm, normalize, cosine_similarity."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fused import fused
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Tensor
from detachsim.ops import stepwise
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.loss import size_text
from detachsim.ops.numeric import PRECISE_LIMIT, numel, precise_each, wrap_dim
from detachsim.ops.row import FIRST, FLOAT, composite, general

Axes = tuple[int, ...]


def _centred(x: Array, axes: Axes, eps: float) -> tuple[Array, Array]:
    """Return x with mean 0 and variance 1 along ``axes``, and what it was scaled by."""
    centred = x - x.mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + eps)
    return centred * scale, scale


def _affine(x: Array, weight: Array | None, bias: Array | None) -> Array:
    if weight is not None:
        x = x * weight
    return x if bias is None else x + bias


def _slope(grad: Array, x: Array, axes: Axes, eps: float) -> tuple[Array, Array]:
    """Return the gradient of the normalized x for x, and the normalized x."""
    made, scale = _centred(x, axes, eps)
    mean = grad.mean(axis=axes, keepdims=True)
    return scale * (grad - mean - made * (grad * made).mean(axis=axes, keepdims=True)), made


def _wide(*arrays: Array | None) -> list[Any]:
    """Return small float32 arrays as float64, so that the result is rounded once."""
    small = all(array is None or array.size <= PRECISE_LIMIT for array in arrays)
    return [array.astype(np.float64) if small and array is not None else array for array in arrays]


def normalized_second(
    ops: Any, grads: tuple[Any, Any, Any], grad: Any, x: Any, weight: Any, axes: Axes, others: Axes, eps: float
) -> tuple[Any, Any, Any]:
    """The gradients of a normalization's three gradients, for the gradient that came in, for x and for the weight.

    ``weight`` and the gradients of the parameters have x's dims; ``axes`` are normalized, and for the parameters
    ``others`` are summed.
    """

    def mean(value: Any) -> Any:
        return ops.mean_dim(value, axes, True)

    to_x, to_weight, to_bias = grads
    centred = x - mean(x)
    scale = ops.rsqrt(mean(centred * centred) + eps)
    made = centred * scale
    scaled = grad if weight is None else grad * weight
    to_grad = to_input = to_parameter = None
    if to_x is not None:
        # The slope of a normalization is a symmetric matrix, so it acts on to_x as it does on a gradient.
        pulled = scale * (to_x - mean(to_x) - made * mean(to_x * made))
        to_grad = pulled if weight is None else pulled * weight
        to_parameter = grad * pulled
        if others:
            to_parameter = ops.sum_dim(to_parameter, others, True)
        moved = -scale * (to_x * mean(scaled * made) + scaled * mean(to_x * made))
        share = scale * (mean(to_x * scaled) - mean(to_x) * mean(scaled) - mean(to_x * made) * mean(scaled * made))
        to_input = scale * (moved - mean(moved) - made * mean(moved * made)) - made * scale * share
    if to_weight is not None:
        to_grad = to_weight * made if to_grad is None else to_grad + to_weight * made
        moved = to_weight * grad
        pulled = scale * (moved - mean(moved) - made * mean(moved * made))
        to_input = pulled if to_input is None else to_input + pulled
    if to_bias is not None:
        to_grad = ops.expand(to_bias, x.shape) if to_grad is None else to_grad + to_bias
    return to_grad, to_input, to_parameter


# layer_norm


def _layer_axes(x: Any, normalized_shape: Axes) -> tuple[Axes, Axes]:
    split = len(x.shape) - len(normalized_shape)
    return tuple(range(split, len(x.shape))), tuple(range(split))


@precise_each
def _layer_norm(x: Array, weight: Array | None, bias: Array | None, axes: Axes, eps: float) -> Array:
    return _affine(_centred(x, axes, eps)[0], weight, bias)


def native_layer_norm(
    input: Array, normalized_shape: Axes, weight: Array | None, bias: Array | None, eps: float
) -> Array:
    rows = _layer_rows(input, normalized_shape)
    if stepwise.takes_rows(rows):
        made = stepwise.layer_norm(rows, _flat(weight), _flat(bias), eps)
        return made.reshape(input.shape)
    return np.asarray(_layer_norm(input, weight, bias, _layer_axes(input, normalized_shape)[0], eps))


def _layer_rows(x: Array, normalized_shape: Axes) -> Array:
    return x.reshape(-1, numel(normalized_shape)) if x.size else x.reshape(0, 0)


def _flat(parameter: Array | None) -> Array | None:
    return None if parameter is None else parameter.reshape(-1)


def native_layer_norm_backward(
    grad_out: Array,
    input: Array,
    mean: None,
    rstd: None,
    weight: Array | None,
    bias: Array | None,
    normalized_shape: Axes,
    eps: float,
) -> tuple[Array, Array, Array]:
    rows = _layer_rows(input, normalized_shape)
    if stepwise.takes_rows(rows):
        to_x, to_weight, to_bias = stepwise.layer_norm_backward(grad_out.reshape(rows.shape), rows, _flat(weight), eps)
        shape = tuple(normalized_shape)
        return to_x.reshape(input.shape), to_weight.reshape(shape), to_bias.reshape(shape)
    axes, others = _layer_axes(input, normalized_shape)
    grad, x, factor = _wide(grad_out, input, weight)
    to_x, made = _slope(grad if factor is None else grad * factor, x, axes, eps)
    parts = (to_x, (grad * made).sum(axis=others), grad.sum(axis=others))
    first, second, third = (np.asarray(part).astype(input.dtype) for part in parts)
    return first, second, third


def layer_norm_backward(
    ops: Any, grad: Any, input: Any, normalized_shape: Axes, weight: Any, bias: Any, eps: float
) -> tuple[Any, Any, Any]:
    """The gradients of layer_norm for its input, weight and bias."""
    made: tuple[Any, Any, Any] = ops.native_layer_norm_backward(
        grad, input, None, None, weight, bias, normalized_shape, eps
    )
    return made


def layer_norm_second(
    ops: Any, grads: tuple[Any, Any, Any], grad_out: Any, input: Any, weight: Any, normalized_shape: Axes, eps: float
) -> tuple[Any, ...]:
    """The gradients of layer_norm's gradients."""
    axes, others = _layer_axes(input, normalized_shape)
    to_grad, to_input, to_weight = normalized_second(ops, grads, grad_out, input, weight, axes, others, eps)
    if weight is None or to_weight is None:
        to_weight = None
    else:
        to_weight = ops.reshape(to_weight, normalized_shape)
    return to_grad, to_input, None, None, to_weight, None


def layer_norm(
    ops: Any, input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """input with mean 0 and variance 1 in the last dims, times weight plus bias."""
    return ops.native_layer_norm(input, tuple(normalized_shape), weight, bias, eps)


# batch_norm


def _channels(x: Any, parameter: Any) -> Any:
    """Return a parameter of one number for each channel with the dims of x."""
    return None if parameter is None else parameter.reshape((-1, *(1,) * (x.ndim - 2)))


def _batch_axes(x: Any) -> Axes:
    return tuple(axis for axis in range(x.ndim) if axis != 1)


@precise_each
def _batch_norm(
    x: Array, weight: Array | None, bias: Array | None, mean: Array | None, variance: Array | None, eps: float
) -> Array:
    if mean is None or variance is None:
        return _affine(_centred(x, _batch_axes(x), eps)[0], weight, bias)
    return _affine((x - mean) / np.sqrt(variance + eps), weight, bias)


def _by_position(x: Array) -> Array:
    """Return x by samples, channels and positions."""
    return x.reshape(*x.shape[:2], numel(x.shape[2:]))


def _batch_statistics(
    x: Array, running_mean: Array | None, running_var: Array | None, training: bool, eps: float
) -> tuple[Array, Array]:
    """Return the mean and the reciprocal deviation of each channel."""
    if training or running_mean is None or running_var is None:
        mean, squares = stepwise.batch_statistics(x)
        return mean, stepwise.batch_scale(squares, len(x) * x.shape[2], eps)
    return running_mean, np.reciprocal(np.sqrt(running_var + running_var.dtype.type(eps)))


def native_batch_norm(
    input: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    eps: float,
) -> Array:
    if stepwise.takes_batch(input):
        x = _by_position(input)
        mean, scale = _batch_statistics(x, running_mean, running_var, training, eps)
        return stepwise.batch_norm(x, weight, bias, mean, scale).reshape(input.shape)
    statistics = (None, None) if training else (running_mean, running_var)
    return np.asarray(_batch_norm(input, *(_channels(input, value) for value in (weight, bias, *statistics)), eps))


def native_batch_norm_backward(
    grad_out: Array,
    input: Array,
    weight: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    eps: float,
) -> tuple[Array, Array, Array]:
    if stepwise.takes_batch(input):
        x = _by_position(input)
        mean, scale = _batch_statistics(x, running_mean, running_var, training, eps)
        if not training and running_var is not None:
            scale = stepwise.batch_scale(running_var, 1, eps)
        parts = stepwise.batch_norm_backward(_by_position(grad_out), x, weight, mean, scale, training=training)
        return parts[0].reshape(input.shape), parts[1], parts[2]
    axes = _batch_axes(input)
    grad, x, factor, mean, variance = _wide(grad_out, input, weight, running_mean, running_var)
    scaled = grad if factor is None else grad * _channels(x, factor)
    if training:
        to_x, made = _slope(scaled, x, axes, eps)
    else:
        scale = 1 / np.sqrt(_channels(x, variance) + eps)
        to_x, made = scaled * scale, (x - _channels(x, mean)) * scale
    parts = (to_x, (grad * made).sum(axis=axes), grad.sum(axis=axes))
    first, second, third = (np.asarray(part).astype(input.dtype) for part in parts)
    return first, second, third


def batch_norm_backward(
    ops: Any, grad: Any, input: Any, weight: Any, running_mean: Any, running_var: Any, training: bool, eps: float
) -> tuple[Any, Any, Any]:
    """The gradients of batch_norm for its input, weight and bias."""
    made: tuple[Any, Any, Any] = ops.native_batch_norm_backward(
        grad, input, weight, running_mean, running_var, training, eps
    )
    return made


def batch_norm_second(
    ops: Any,
    grads: tuple[Any, Any, Any],
    grad_out: Any,
    input: Any,
    weight: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    eps: float,
) -> tuple[Any, ...]:
    """The gradients of batch_norm's gradients."""
    shape = (-1, *(1,) * (input.ndim - 2))

    def spread(value: Any) -> Any:
        return None if value is None else ops.reshape(value, shape)

    axes = _batch_axes(input)
    factor = spread(weight)
    to_x, to_weight, to_bias = grads[0], spread(grads[1]), spread(grads[2])
    if training:
        to_grad, to_input, to_parameter = normalized_second(
            ops, (to_x, to_weight, to_bias), grad_out, input, factor, axes, axes, eps
        )
    else:
        scale = ops.rsqrt(spread(running_var) + eps)
        made = (input - spread(running_mean)) * scale
        to_grad, to_input, to_parameter = ops.zeros_of(input), ops.zeros_of(input), None
        if to_x is not None:
            to_grad = to_grad + (to_x * scale if factor is None else to_x * scale * factor)
            to_parameter = ops.sum_dim(grad_out * to_x * scale, axes, True)
        if to_weight is not None:
            to_grad, to_input = to_grad + to_weight * made, to_input + to_weight * grad_out * scale
        if to_bias is not None:
            to_grad = to_grad + to_bias
    if weight is None or to_parameter is None:
        to_parameter = None
    else:
        to_parameter = ops.reshape(to_parameter, weight.shape)
    return to_grad, to_input, to_parameter, None, None


def batch_norm(
    ops: Any,
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """input with mean 0 and variance 1 in each channel, times weight plus bias."""
    if training and input.ndim and numel((input.shape[0], *input.shape[2:])) == 1:
        raise TorchError("batch_norm_values", size=size_text(input.shape))
    return _batch_norm_of(ops, input, running_mean, running_var, weight, bias, training, momentum, eps)


def _batch_norm_of(
    ops: Any,
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    channels = input.shape[wrap_dim(1, input.ndim)]
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, value in given.items():
        if value is not None and value.size != channels:
            raise TorchError("batch_norm_elements", name=name, expected=channels, found=value.size)
        if value is None and name.startswith("running") and not training:
            raise TorchError("batch_norm_running", name=name)
    if input.size == 0:
        made = ops.clone(input)
        made = made if weight is None else made * ops.select(weight, 0, 0)
        return made if bias is None else made + ops.select(bias, 0, 0)
    made = ops.native_batch_norm(input, weight, bias, running_mean, running_var, training, eps)
    if training:
        _update(input.tensor.array, running_mean, running_var, momentum)
    return made


def _update(x: Array, running_mean: Any, running_var: Any, momentum: float) -> None:
    """Move the running statistics towards the batch's, as PyTorch does: without raising their counters."""
    count = x.size // x.shape[1]
    if x.dtype == np.float16:
        x = x.astype(np.float32)
    if stepwise.takes_batch(x):
        mean, squares = stepwise.batch_statistics(_by_position(x))
        variance = squares / x.dtype.type(count - 1)
    else:
        axes = _batch_axes(x)
        (wide,) = _wide(x)
        mean, variance = wide.mean(axis=axes), wide.var(axis=axes) * (count / (count - 1))
    for running, value, rounded in ((running_mean, mean, 2), (running_var, variance, 1)):
        if running is not None:
            _move(running.tensor, value, momentum, rounded)


def _move(running: Tensor, value: Array, momentum: float, rounded: int) -> None:
    """Move a statistic by a share of the way, in float32 at least; the sum is rounded once or twice."""
    kind = dtypes.float32 if running.dtype.is_reduced else running.dtype
    share = kind.numpy.type(momentum)
    new, old = value.astype(kind.numpy), (kind.numpy.type(1) - share) * running.array.astype(kind.numpy)
    made = fused(new, share, old) if rounded == 1 else share * new + old
    running.array[...] = dtypes.cast(made, kind, running.dtype)


# group_norm and instance_norm


def native_group_norm(input: Array, weight: Array | None, bias: Array | None, num_groups: int, eps: float) -> Array:
    rows = _group_rows(input, num_groups)
    if stepwise.takes_groups(rows):
        made = stepwise.group_norm(rows, _by_group(weight, num_groups), _by_group(bias, num_groups), eps)
        return made.reshape(input.shape)
    return np.asarray(_group_norm(input, _channels(input, weight), _channels(input, bias), num_groups, eps))


def _group_rows(x: Array, num_groups: int) -> Array:
    """Return x by samples, groups, channels of a group, positions."""
    samples, channels = x.shape[:2]
    return x.reshape(samples, num_groups, channels // num_groups, numel(x.shape[2:]))


def _by_group(parameter: Array | None, num_groups: int) -> Array | None:
    return None if parameter is None else parameter.reshape(num_groups, -1)


@precise_each
def _group_norm(x: Array, weight: Array | None, bias: Array | None, num_groups: int, eps: float) -> Array:
    grouped = x.reshape(x.shape[0], num_groups, -1)
    return _affine(_centred(grouped, (2,), eps)[0].reshape(x.shape), weight, bias)


def group_norm_backward(
    ops: Any, grad: Any, input: Any, weight: Any, num_groups: int, eps: float
) -> tuple[Any, Any, Any]:
    """The gradients of group_norm for its input, weight and bias."""
    shape = input.shape
    if isinstance(input, np.ndarray):
        rows = _group_rows(input, num_groups)
        if stepwise.takes_groups(rows):
            parts = stepwise.group_norm_backward(grad.reshape(rows.shape), rows, _by_group(weight, num_groups), eps)
            return parts[0].reshape(shape), parts[1].reshape(-1), parts[2].reshape(-1)
    grouped = (shape[0], num_groups, numel(shape[1:]) // num_groups)
    axes = tuple(axis for axis in range(len(shape)) if axis != 1)

    def mean(value: Any) -> Any:
        return ops.mean_dim(value, (2,), True)

    x = ops.reshape(input, grouped)
    centred = x - mean(x)
    scale = ops.rsqrt(mean(centred * centred) + eps)
    made = centred * scale
    scaled = grad
    if weight is not None:
        scaled = grad * ops.reshape(weight, (-1, *(1,) * (len(shape) - 2)))
    scaled = ops.reshape(scaled, grouped)
    to_x = ops.reshape(scale * (scaled - mean(scaled) - made * mean(scaled * made)), shape)
    return to_x, ops.sum_dim(grad * ops.reshape(made, shape), axes), ops.sum_dim(grad, axes)


def group_norm(ops: Any, input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """input with mean 0 and variance 1 in each group of channels, times weight plus bias."""
    if input.ndim < 2:
        raise TorchError("group_norm_dims", ndim=input.ndim)
    channels = input.shape[1]
    if num_groups <= 0:
        raise TorchError("group_norm_positive", groups=num_groups)
    if channels % num_groups:
        raise TorchError("group_norm_groups", shape=list(input.shape), groups=num_groups)
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and (value.ndim != 1 or value.size != channels):
            # PyTorch tells the shape of the weight in both cases.
            found = [0] if weight is None else list(weight.shape)
            raise TorchError("group_norm_parameter", name=name, found=found, shape=list(input.shape))
    return ops.native_group_norm(input, weight, bias, num_groups, eps)


def instance_norm(
    ops: Any,
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """batch_norm with each image a batch of its own."""
    if use_input_stats and numel(input.shape[2:]) == 1:
        raise TorchError("instance_norm_elements", size=size_text(input.shape))
    if not use_input_stats and (running_mean is None or running_var is None):
        raise TorchError("instance_norm_running")
    batch, channels = input.shape[:2]

    def repeated(value: Any) -> Any:
        return None if value is None else ops.repeat(value, (batch,))

    weight, bias = repeated(weight), repeated(bias)
    mean, variance = repeated(running_mean), repeated(running_var)
    flat = ops.view(ops.contiguous(input), (1, batch * channels, *input.shape[2:]))
    made = _batch_norm_of(ops, flat, mean, variance, weight, bias, use_input_stats, momentum, eps)
    if use_input_stats:
        for running, each in ((running_mean, mean), (running_var, variance)):
            if running is not None:
                ops.copy_(running, ops.mean_dim(ops.view(each, (batch, channels)), (0,)))
    return ops.view(made, input.shape)


# What is made of ops that are recorded


def rms_norm(ops: Any, input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """input divided by the root of its mean square in the last dims, times weight."""
    shape = tuple(normalized_shape)
    if weight is not None and weight.shape != shape:
        raise TorchError("layer_norm_parameter", name="weight", found=list(weight.shape), shape=list(shape))
    if len(shape) > input.ndim:
        raise TorchError("rms_norm_dims", least=len(shape), ndim=input.ndim)
    if input.shape[input.ndim - len(shape) :] != shape:
        expected = f"[*{', '.join(str(size) for size in shape)}]"
        raise TorchError("layer_norm_input", shape=list(shape), expected=expected, found=list(input.shape))
    refuse_integers("rms_norm", input)
    dtype = input.tensor.dtype
    # The half types are computed in float32.
    wide = ops.to(input, dtypes.float32) if dtype.is_reduced else input
    if eps is None:
        eps = float(np.finfo(wide.dtype).eps)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    scale = ops.rsqrt(ops.add_scalar(ops.mean_dim(ops.pow(wide, 2), axes, True), eps))
    made = ops.mul(wide, scale)
    if weight is not None:
        if weight.tensor.dtype is not dtype and weight.tensor.dtype.is_floating:
            input.session.warn("rms_norm_mismatch", input=dtype.cpp, weight=weight.tensor.dtype.cpp)
        made = ops.mul(made, weight)
    return ops.contiguous(ops.to(made, dtype))


def normalize(ops: Any, input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """input divided by its norm along dim, which counts eps at least."""
    size = ops.clamp_min(ops.norm(input, p, dim, True), eps)
    return ops.div(input, ops.expand(size, input.shape))


def cosine_similarity(ops: Any, x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between x1 and x2 along dim."""
    # Tensors without dims count as much as others here.
    dtype = dtypes.promote(x1.tensor.dtype, x2.tensor.dtype)
    if not dtype.is_floating:
        raise TorchError("common_dtype", dtype=dtype.scalar)
    left, right = ops.to(x1, dtype), ops.to(x2, dtype)
    if left.shape != right.shape:
        shape = broadcast_shape(left.shape, right.shape)
        left, right = ops.expand(left, shape), ops.expand(right, shape)
    sizes = [ops.clone(ops.linalg_vector_norm(value, 2, (dim,), True)) for value in (left, right)]
    with x1.session.grad_mode(False):
        for size in sizes:
            ops.clamp_min_(size, eps)
    second = right / sizes[1]
    first = left / sizes[0]
    return ops.sum_dim(first * second, (dim,))


def older_cosine_similarity(ops: Any, x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine as 1.13 finds it, from squares and with a lower bound for them."""
    dtype = result_type((x1.tensor, x2.tensor))
    if not dtype.is_floating:
        raise TorchError("common_dtype", dtype=dtype.scalar)
    shape = broadcast_shape(x1.shape, x2.shape)
    left, right = (ops.expand(ops.to(value, dtype), shape) for value in (x1, x2))
    squares = [ops.sum_dim(ops.pow(value, 2), (dim,), True) for value in (left, right)]
    with x1.session.grad_mode(False):
        for square in squares:
            ops.clamp_min_(square, eps * eps)
    sizes = [ops.sqrt_(square) for square in squares]
    return ops.sum_dim((left / sizes[0]) * (right / sizes[1]), (dim,))


HELPERS = {
    "layer_norm_backward": layer_norm_backward,
    "layer_norm_second": layer_norm_second,
    "batch_norm_backward": batch_norm_backward,
    "batch_norm_second": batch_norm_second,
    "group_norm_backward": group_norm_backward,
}


def _refuse_mixed(input: Any, *parameters: Any) -> None:
    """Refuse parameters of another type than the input, but float32 for a half type; PyTorch asks the first one
    whether types are mixed, and the others differently for each answer."""
    kinds = [parameter.dtype for parameter in parameters if parameter is not None]
    if not kinds:
        return
    if kinds[0] is input.dtype:
        for kind in kinds:
            if kind is not input.dtype:
                raise TorchError("scalar_types", expected=input.dtype.scalar, found=kind.scalar)
    elif any(kind is not dtypes.float32 for kind in kinds):
        raise TorchError("layer_norm_mixed")
    elif not input.dtype.is_reduced:
        raise TorchError("layer_norm_double")


def _check_layer(session: Any, op: Op, bound: list[Any]) -> None:
    input, shape, weight, bias, _ = bound
    if not shape:
        raise TorchError("layer_norm_empty")
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and parameter.shape != shape:
            raise TorchError("layer_norm_parameter", name=name, found=list(parameter.shape), shape=list(shape))
    ndim = input.array.ndim
    if len(shape) > ndim or input.shape[ndim - len(shape) :] != shape:
        expected = f"[*, {', '.join(str(size) for size in shape)}]"
        raise TorchError("layer_norm_input", shape=list(shape), expected=expected, found=list(input.shape))
    _refuse_mixed(input, weight, bias)
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="LayerNormKernelImpl", dtype=bound[0].dtype.scalar)


def _check_batch(session: Any, op: Op, bound: list[Any]) -> None:
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="batch_norm", dtype=bound[0].dtype.scalar)
    _refuse_mixed(*bound[:5])


def _check_group(session: Any, op: Op, bound: list[Any]) -> None:
    _refuse_mixed(*bound[:3])
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="GroupNormKernelImpl", dtype=bound[0].dtype.scalar)


_PARAMETERS = "Tensor? weight=None, Tensor? bias=None"

ROWS = [
    composite(
        f"layer_norm(Tensor input, int[] normalized_shape, {_PARAMETERS}, float eps=1e-05)",
        layer_norm,
        where="tF",
        doc="input with mean 0 and variance 1 in the last dims, times weight plus bias",
        samples=("F.layer_norm(a, (3,))", "F.layer_norm(a, (3,), b, c)"),
    ),
    general(
        "native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps)",
        "NativeLayerNormBackward0",
        native_layer_norm,
        promote=FIRST,
        where="",
        grad={
            "input, weight, bias": "layer_norm_backward(grad, input, normalized_shape, weight, bias, eps)",
        },
        check=_check_layer,
        doc="layer_norm after its checks",
    ),
    general(
        "native_layer_norm_backward(Tensor grad_out, Tensor input, Tensor? mean, Tensor? rstd, Tensor? weight, "
        "Tensor? bias, int[] normalized_shape, float eps)",
        "NativeLayerNormBackwardBackward0",
        native_layer_norm_backward,
        promote=FLOAT,
        where="",
        grad={
            "grad_out, input, mean, rstd, weight, bias": "layer_norm_second(grads, grad_out, input, weight, "
            "normalized_shape, eps)",
        },
        differentiable_outputs=3,
        doc="the gradients of layer_norm",
    ),
    composite(
        f"batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, {_PARAMETERS}, bool training=False, "
        "float momentum=0.1, float eps=1e-05)",
        batch_norm,
        where="F",
        doc="input with mean 0 and variance 1 in each channel, times weight plus bias",
        samples=("F.batch_norm(torch.stack([a, b]), None, None, training=True)",),
    ),
    general(
        "native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, "
        "bool training, float eps)",
        "NativeBatchNormBackward0",
        native_batch_norm,
        promote=FIRST,
        where="",
        grad={
            "input, weight, bias": "batch_norm_backward(grad, input, weight, running_mean, running_var, training, eps)",
        },
        check=_check_batch,
        doc="batch_norm after its checks, without its running statistics",
    ),
    general(
        "native_batch_norm_backward(Tensor grad_out, Tensor input, Tensor? weight, Tensor? running_mean, "
        "Tensor? running_var, bool training, float eps)",
        "NativeBatchNormBackwardBackward0",
        native_batch_norm_backward,
        promote=FLOAT,
        where="",
        grad={
            "grad_out, input, weight, running_mean, running_var": "batch_norm_second(grads, grad_out, input, weight, "
            "running_mean, running_var, training, eps)",
        },
        differentiable_outputs=3,
        doc="the gradients of batch_norm",
    ),
    composite(
        f"group_norm(Tensor input, int num_groups, {_PARAMETERS}, float eps=1e-05)",
        group_norm,
        where="tF",
        doc="input with mean 0 and variance 1 in each group of channels, times weight plus bias",
        samples=("F.group_norm(torch.stack([a, b]).reshape(1, 2, 3), 1)",),
    ),
    general(
        "native_group_norm(Tensor input, Tensor? weight, Tensor? bias, int num_groups, float eps)",
        "NativeGroupNormBackward0",
        native_group_norm,
        promote=FIRST,
        where="",
        grad={"input, weight, bias": "group_norm_backward(grad, input, weight, num_groups, eps)"},
        check=_check_group,
        doc="group_norm after its checks",
    ),
    composite(
        f"instance_norm(Tensor input, Tensor? running_mean=None, Tensor? running_var=None, {_PARAMETERS}, "
        "bool use_input_stats=True, float momentum=0.1, float eps=1e-05)",
        instance_norm,
        where="F",
        doc="batch_norm with each image a batch of its own",
        samples=("F.instance_norm(torch.stack([a, b]).reshape(1, 2, 3))",),
    ),
    composite(
        "rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None)",
        rms_norm,
        where="tF",
        older={"torch-1.13": {"where": ""}},
        doc="input divided by the root of its mean square in the last dims, times weight",
        samples=("F.rms_norm(a, (3,))", "F.rms_norm(a, (3,), b)"),
    ),
    composite(
        "normalize(Tensor input, float p=2.0, int dim=1, float eps=1e-12)",
        normalize,
        where="F",
        doc="input divided by its norm along dim",
        samples=("F.normalize(a, dim=0)",),
    ),
    composite(
        "cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08)",
        cosine_similarity,
        where="tF",
        older={"torch-1.13": {"kernel": older_cosine_similarity}},
        doc="the cosine of the angle between x1 and x2 along dim",
        samples=("F.cosine_similarity(a, b, dim=0)",),
    ),
]
