"""batch_norm, and instance_norm, which is made of it."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fused import fused
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops import norm_kernels
from detachsim.ops.element_types import require_same_type
from detachsim.ops.loss import size_text
from detachsim.ops.norm_slopes import Normalized, ones
from detachsim.ops.normalization import PARAMETERS, refuse_mixed
from detachsim.ops.numeric import numel, wrap_dim
from detachsim.ops.row import FIRST, FLOAT, composite, general


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
    require_same_type(
        "layer_norm_double" if input.dtype == np.float64 else "layer_norm_mixed", input, weight, mixed=True
    )
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
    ndim, count = input.ndim, float(numel((input.shape[0], *input.shape[2:])))

    def spread(value: Any) -> Any:
        """Let the channels of a parameter meet those of the input."""
        for _ in range(ndim - 2):
            value = ops.unsqueeze(value, 1)
        return value

    def whole(value: Any) -> Any:
        return None if weight is None or value is None else ops.expand(spread(value), input.shape)

    def total(values: Any, keepdim: bool = True) -> Any:
        values = ops.sum_dim(values, (0,), keepdim)
        for dim in range(values.ndim - 1, 1 if keepdim else 0, -1):
            values = ops.sum_dim(values, (dim,), keepdim)
        return values

    to_x, to_weight, to_bias = grads[0], whole(grads[1]), whole(grads[2])
    factor = ones(ops, input, ()) if weight is None else whole(weight)
    centred = input - ops.unsqueeze(spread(ops.as_type(save_mean, input) if training else running_mean), 0)
    scale = ops.as_type(save_invstd, input) if training else ops.pow(running_var + eps, -0.5)
    each = Normalized(ops, centred, ops.unsqueeze(spread(scale), 0), total, count)
    grad_along, grad_total = total(grad_out * centred), total(grad_out)
    to_input = to_parameter = None
    if to_x is not None and training:
        curve = each.curvature(grad_out, grad_along, grad_total, to_x, lambda: grad_out * to_x)
        to_input = factor * curve
    if to_weight is not None:
        if training:
            moved = to_weight * each.turned(lambda: grad_out, lambda: grad_total)
        else:
            moved = to_weight * each.scale * grad_out
        to_input = each.added(to_input, moved)
    if to_x is not None and weight is not None:
        if training:
            to_parameter = to_x * each.pulled(grad_out, ones(ops, input, ()))
        else:
            to_parameter = to_x * grad_out * each.scale
        to_parameter = total(to_parameter, keepdim=False)

    def pull(values: Any) -> Any:
        return each.pulled(values, factor) if training else values * each.scale * factor

    return each.to_grad(to_x, to_weight, to_bias, pull), to_input, to_parameter, None, None


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
    if training and input.ndim == 0:
        raise TorchError("python", type="IndexError", text="tuple index out of range")
    if training and numel((input.shape[0], *input.shape[2:])) == 1:
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
    if input.size == 0 and input.ndim > 1:
        made = ops.clone(input)
        made = made if weight is None else made * ops.select(weight, 0, 0)
        return made if bias is None else made + ops.select(bias, 0, 0)
    channels = input.shape[1] if input.ndim > 1 else 0  # PyTorch looks for the dim when it has looked at all else
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, value in given.items():
        if value is not None and value.size != channels:
            raise TorchError("batch_norm_elements", name=name, expected=channels, found=value.size)
        if value is None and name.startswith("running") and not training:
            raise TorchError("batch_norm_running", name=name)
    wrap_dim(1, input.ndim)
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


def _check_batch(session: Any, op: Op, bound: list[Any]) -> None:
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="batch_norm", dtype=bound[0].dtype.scalar)
    refuse_mixed(*bound[:5])


HELPERS = {
    "batch_norm_backward": batch_norm_backward,
    "batch_norm_second": batch_norm_second,
}


ROWS = [
    composite(
        f"batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, {PARAMETERS}, bool training=False, "
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
        f"instance_norm(Tensor input, Tensor? running_mean=None, Tensor? running_var=None, {PARAMETERS}, "
        "bool use_input_stats=True, float momentum=0.1, float eps=1e-05)",
        instance_norm,
        where="F",
        doc="batch_norm with each image a batch of its own",
        samples=("F.instance_norm(torch.stack([a, b]).reshape(1, 2, 3))",),
    ),
]
