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
from detachsim.ops import norm_kernels
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.loss import size_text
from detachsim.ops.numeric import numel, wrap_dim
from detachsim.ops.row import FIRST, FLOAT, composite, general

Axes = tuple[int, ...]


def normalized_second(
    ops: Any,
    grads: tuple[Any, Any, Any],
    grad: Any,
    x: Any,
    middle: Any,
    scale: Any,
    weight: Any,
    axes: Axes,
    others: Axes,
) -> tuple[Any, Any, Any]:
    """The gradients of a normalization's three gradients, for the gradient that came in, for x and for the weight.

    ``weight`` and the gradients of the parameters have x's dims; ``axes`` are normalized, and for the parameters
    ``others`` are summed.
    """

    def mean(value: Any) -> Any:
        return ops.mean_dim(value, axes, True)

    to_x, to_weight, to_bias = grads
    made = (x - middle) * scale
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


def layer_norm_backward(
    ops: Any, grad: Any, input: Any, mean: Any, rstd: Any, normalized_shape: Axes, weight: Any, bias: Any, eps: float
) -> tuple[Any, Any, Any]:
    """The gradients of layer_norm for its input, weight and bias."""
    made: tuple[Any, Any, Any] = ops.native_layer_norm_backward(
        grad, input, mean, rstd, weight, bias, normalized_shape, eps
    )
    return made


def layer_norm_second(
    ops: Any,
    grads: tuple[Any, Any, Any],
    grad_out: Any,
    input: Any,
    mean: Any,
    rstd: Any,
    weight: Any,
    normalized_shape: Axes,
) -> tuple[Any, ...]:
    """The gradients of layer_norm's gradients."""
    axes, others = _layer_axes(input, normalized_shape)
    to_grad, to_input, to_weight = normalized_second(ops, grads, grad_out, input, mean, rstd, weight, axes, others)
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


def _batch_axes(x: Any) -> Axes:
    return tuple(axis for axis in range(x.ndim) if axis != 1)


def batch_norm_backward(
    ops: Any,
    grad: Any,
    input: Any,
    weight: Any,
    running_mean: Any,
    running_var: Any,
    save_mean: Any,
    save_invstd: Any,
    training: bool,
    eps: float,
) -> tuple[Any, Any, Any]:
    """The gradients of batch_norm for its input, weight and bias."""
    made: tuple[Any, Any, Any] = ops.native_batch_norm_backward(
        grad, input, weight, running_mean, running_var, save_mean, save_invstd, training, eps
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
    save_mean: Any,
    save_invstd: Any,
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
            ops,
            (to_x, to_weight, to_bias),
            grad_out,
            input,
            spread(save_mean),
            spread(save_invstd),
            factor,
            axes,
            axes,
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
    mean, square = norm_kernels.channel_moments(x)
    variance = square / square.dtype.type(x.size // x.shape[1] - 1)
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


def group_norm_backward(
    ops: Any, grad: Any, input: Any, middle: Any, rstd: Any, weight: Any, num_groups: int, eps: float, needs: Any
) -> tuple[Any, Any, Any]:
    """The gradients of group_norm for its input, weight and bias: for a graph, from ops that can be differentiated."""
    if isinstance(input, np.ndarray):
        if weight is None and needs[2]:
            raise TorchError("group_norm_bias")
        return norm_kernels.group_norm_backward(grad, input, middle, rstd, weight, num_groups)
    shape = input.shape
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
    dtype = input.tensor.dtype
    if weight is not None and weight.tensor.dtype is not dtype and weight.tensor.dtype.is_floating:
        input.session.warn("rms_norm_mismatch", input=dtype.cpp, weight=weight.tensor.dtype.cpp)
    refuse_integers("rms_norm", input)
    # The half types are computed in float32.
    wide = ops.to(input, dtypes.float32) if dtype.is_reduced else input
    if eps is None:
        eps = float(np.finfo(wide.dtype).eps)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    scale = ops.rsqrt(ops.add_scalar(ops.mean_dim(ops.pow(wide, 2), axes, True), eps))
    made = ops.mul(wide, scale)
    if weight is not None:
        made = ops.mul(made, weight)
    return ops.contiguous(ops.to(made, dtype))


def normalize(ops: Any, input: Any, p: float | None = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """input divided by its norm along dim, which counts eps at least."""
    size = ops.clamp_min(ops.norm(input, 2.0 if p is None else p, dim, True), eps)
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
    first = bias if weight is None else weight
    if first is not None and first.dtype is not input.dtype:
        # Whether types are mixed is asked before anything else.
        _refuse_mixed(input, weight, bias)
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
        norm_kernels.layer_norm,
        hidden=2,
        promote=FIRST,
        where="",
        grad={
            "input, weight, bias": "layer_norm_backward(grad, input, result1, result2, normalized_shape, weight, bias, "
            "eps)",
        },
        check=_check_layer,
        doc="layer_norm after its checks",
    ),
    general(
        "native_layer_norm_backward(Tensor grad_out, Tensor input, Tensor? mean, Tensor? rstd, Tensor? weight, "
        "Tensor? bias, int[] normalized_shape, float eps)",
        "NativeLayerNormBackwardBackward0",
        norm_kernels.layer_norm_backward,
        promote=FLOAT,
        where="",
        grad={
            "grad_out, input, mean, rstd, weight, bias": "layer_norm_second(grads, grad_out, input, mean, rstd, "
            "weight, normalized_shape)",
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
        norm_kernels.batch_norm,
        hidden=2,
        promote=FIRST,
        where="",
        grad={
            "input, weight, bias": "batch_norm_backward(grad, input, weight, running_mean, running_var, result1, "
            "result2, training, eps)",
        },
        check=_check_batch,
        doc="batch_norm after its checks, without its running statistics",
    ),
    general(
        "native_batch_norm_backward(Tensor grad_out, Tensor input, Tensor? weight, Tensor? running_mean, "
        "Tensor? running_var, Tensor save_mean, Tensor save_invstd, bool training, float eps)",
        "NativeBatchNormBackwardBackward0",
        norm_kernels.batch_norm_backward,
        promote=FLOAT,
        where="",
        grad={
            "grad_out, input, weight, running_mean, running_var": "batch_norm_second(grads, grad_out, input, weight, "
            "running_mean, running_var, save_mean, save_invstd, training, eps)",
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
        norm_kernels.group_norm,
        hidden=2,
        promote=FIRST,
        where="",
        grad={
            "input, weight, bias": "group_norm_backward(grad, input, result1, result2, weight, num_groups, eps, needs)"
        },
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
        "normalize(Tensor input, float? p=2.0, int[]? dim=1, float eps=1e-12)",
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
