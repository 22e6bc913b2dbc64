"""layer_norm, rms_norm and group_norm, and what all normalizations have in common."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops import norm_kernels
from detachsim.ops.element_types import refuse_integers, require_same_type
from detachsim.ops.norm_slopes import Normalized, ones
from detachsim.ops.numeric import numel, require_dim
from detachsim.ops.row import FIRST, FLOAT, composite, general

Axes = tuple[int, ...]
PARAMETERS = "Tensor? weight=None, Tensor? bias=None"


# layer_norm


def _layer_axes(x: Any, normalized_shape: Axes) -> tuple[Axes, Axes]:
    split = len(x.shape) - len(normalized_shape)
    return tuple(range(split, len(x.shape))), tuple(range(split))


def layer_norm_backward(
    ops: Any, grad: Any, input: Any, mean: Any, rstd: Any, normalized_shape: Axes, weight: Any, bias: Any, eps: float
) -> tuple[Any, Any, Any]:
    """The gradients of layer_norm for its input, weight and bias."""
    require_same_type("scalar_type", input, weight, mixed=True)
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
    """The gradients of layer_norm's gradients, row by row, in PyTorch's steps."""
    shape = input.shape
    rows, count = numel(shape[: len(shape) - len(normalized_shape)]), float(numel(normalized_shape))
    flat = (rows, numel(normalized_shape))
    x, grad = ops.reshape(input, flat), ops.reshape(grad_out, flat)
    middle, scale = ops.reshape(mean, (rows, 1)), ops.reshape(rstd, (rows, 1))
    factor = ones(ops, x, (1,)) if weight is None else ops.reshape(weight, (1, flat[1]))
    to_weight, to_bias = (
        None if part is None or weight is None else ops.reshape(part, (1, flat[1])) for part in grads[1:]
    )
    to_x = None if grads[0] is None else ops.reshape(grads[0], flat)
    centred = x - ops.as_type(middle, x)
    each = Normalized(ops, centred, ops.as_type(scale, x), lambda values: ops.sum_dim(values, (1,), True), count)
    to_input = to_parameter = None
    if to_x is not None:
        scaled = grad * factor
        along = each.total(scaled * centred)
        to_input = each.curvature(scaled, along, each.total(scaled), to_x, lambda: to_x * scaled)
    if to_weight is not None:
        to_input = each.added(to_input, each.turned(lambda: grad * to_weight, lambda: each.total(grad * to_weight)))
    if to_input is not None:
        to_input = ops.reshape(to_input, shape)
    if to_x is not None and weight is not None:
        to_parameter = each.pulled(to_x, ones(ops, x, ()))
        to_parameter = ops.reshape(ops.sum_dim(grad * to_parameter, (0,)), weight.shape)
    if to_x is not None and weight is None and grads[2] is not None:
        raise TorchError("undefined_tensor", place=1, name="other")  # PyTorch looks for the bias beside a weight only
    to_grad = each.to_grad(to_x, to_weight, to_bias, lambda values: each.pulled(values, factor))
    if to_grad is not None:
        to_grad = ops.reshape(ops.expand(to_grad, flat), shape)
    return to_grad, to_input, None, None, to_parameter, None


def layer_norm(
    ops: Any,
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Any:
    """input with mean 0 and variance 1 in the last dims, times weight plus bias."""
    return ops.native_layer_norm(input, tuple(normalized_shape), weight, bias, eps)


# group_norm


def group_norm_backward(
    ops: Any,
    grads: tuple[Any, Any, Any],
    input: Any,
    middle: Any,
    rstd: Any,
    weight: Any,
    num_groups: int,
    needs: Any,
) -> tuple[Any, Any, Any]:
    """The gradients of group_norm for its input, weight and bias.

    For a graph they come from ops that can be differentiated, and go through the means and deviations that the
    forward pass has kept: so these have gradients themselves.
    """
    require_same_type("scalar_type", input, weight, mixed=True)
    grad, to_middle, to_rstd = grads
    if weight is None and needs[2]:
        raise TorchError("group_norm_bias")
    if isinstance(input, np.ndarray) and to_middle is None and to_rstd is None:
        return norm_kernels.group_norm_backward(grad, input, middle, rstd, weight, num_groups)
    items, channels = input.shape[:2]
    each = channels // num_groups
    shape, column = (items, num_groups, each, numel(input.shape[2:])), (items, num_groups, 1, 1)
    x, mean, scale = ops.reshape(input, shape), ops.reshape(middle, column), ops.reshape(rstd, column)
    to_x = to_weight = to_bias = along = alone = None
    if grad is not None:
        grad = ops.reshape(grad, shape)
        along = ops.unsqueeze_(ops.sum_dim(grad * x, (3,)), -1)
        alone = ops.unsqueeze_(ops.sum_dim(grad, (3,)), -1)
    if needs[0]:
        factor = None if weight is None else ops.reshape(weight, (1, num_groups, each, 1))
        cube = scale * scale * scale
        to_variance = None
        if to_rstd is not None:
            to_variance = ops.view(to_rstd, column)
            to_variance = cube * -0.5 * to_variance
        if grad is not None:
            to_x = _group_slope(ops, grad, along, alone, x, mean, scale, cube, factor, 1.0 / numel(shape[2:]))
        if to_middle is not None and to_variance is not None:
            part = _moments_backward(ops, to_variance, ops.view(to_middle, column), x)
            to_x = part if to_x is None else ops.add_(to_x, part)
        if to_x is not None:
            to_x = ops.reshape(to_x, input.shape)
    if needs[1] and grad is not None:
        to_weight = ops.reshape(ops.sum_dim((along - alone * mean) * scale, (0,)), weight.shape)
    if needs[2] and grad is not None:
        to_bias = ops.reshape(ops.sum_dim(alone, (0,)), weight.shape)
    return to_x, to_weight, to_bias


def _group_slope(
    ops: Any,
    grad: Any,
    along: Any,
    alone: Any,
    x: Any,
    mean: Any,
    scale: Any,
    cube: Any,
    factor: Any,
    share: float,
) -> Any:
    """The gradient of group_norm for its input: a straight line of x for each group."""
    slope = scale if factor is None else scale * factor
    tilt, shift = (
        ops.unsqueeze_(ops.sum_dim(part if factor is None else part * factor, (2,)), -2) for part in (along, alone)
    )
    tilt = (shift * mean - tilt) * cube * share
    shift = shift * scale * share
    shift = -tilt * mean - shift
    tilted = tilt * x
    return slope * grad + tilted + shift


def _moments_backward(ops: Any, to_variance: Any, to_mean: Any, x: Any) -> Any:
    """The gradient of the variance and the mean of each group."""
    count = numel(x.shape[2:])
    centred = x - ops.mean_dim(x, (2, 3), True)
    made = to_variance * (2.0 / count) * centred
    return made + ops.expand(to_mean, x.shape) / float(count)


def group_norm(
    ops: Any,
    input: Any,
    num_groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Any:
    """input with mean 0 and variance 1 in each group of channels, times weight plus bias."""
    _, channels = (input.shape[require_dim(dim, input.ndim)] for dim in (0, 1))
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


# rms_norm, which is made of ops that are recorded


def rms_norm(ops: Any, input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """input divided by the root of its mean square in the last dims, times weight."""
    shape = tuple(normalized_shape)
    if not shape:
        raise TorchError("layer_norm_empty")
    if weight is not None and weight.shape != shape:
        raise TorchError("layer_norm_parameter", name="weight", found=list(weight.shape), shape=list(shape))
    if len(shape) > input.ndim:
        raise TorchError("rms_norm_dims", least=len(shape), ndim=input.ndim)
    if input.shape[input.ndim - len(shape) :] != shape:
        expected = f"[*{', '.join(str(size) for size in shape)}]"
        raise TorchError("layer_norm_input", shape=list(shape), expected=expected, found=list(input.shape))
    dtype = input.tensor.dtype
    if weight is not None and weight.tensor.dtype is not dtype:
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


HELPERS = {
    "layer_norm_backward": layer_norm_backward,
    "layer_norm_second": layer_norm_second,
    "group_norm_backward": group_norm_backward,
}


def refuse_mixed(input: Any, *parameters: Any) -> None:
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
    if first is not None and first.dtype is not input.dtype and session.dialect == NEWEST:
        # Whether types are mixed is asked before anything else.
        refuse_mixed(input, weight, bias)
    _require_shapes(input, shape, weight, bias)
    refuse_mixed(input, weight, bias)
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="LayerNormKernelImpl", dtype=bound[0].dtype.scalar)


def _check_layer_gradient(session: Any, op: Op, bound: list[Any]) -> None:
    grad_out, input, _, _, weight, bias, shape, _ = bound
    _require_shapes(input, shape, weight, bias)
    if grad_out.array.size != input.array.size:
        raise LimitError("a layer_norm whose input has got another size since")


def _require_shapes(input: Tensor, shape: Axes, weight: Tensor | None, bias: Tensor | None) -> None:
    if not shape:
        raise TorchError("layer_norm_empty")
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and parameter.shape != shape:
            raise TorchError("layer_norm_parameter", name=name, found=list(parameter.shape), shape=list(shape))
    ndim = input.array.ndim
    if len(shape) > ndim or input.shape[ndim - len(shape) :] != shape:
        expected = f"[*, {', '.join(str(size) for size in shape)}]"
        raise TorchError("layer_norm_input", shape=list(shape), expected=expected, found=list(input.shape))


def _check_group(session: Any, op: Op, bound: list[Any]) -> None:
    refuse_mixed(*bound[:3])
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="GroupNormKernelImpl", dtype=bound[0].dtype.scalar)


ROWS = [
    composite(
        f"layer_norm(Tensor input, int[] normalized_shape, {PARAMETERS}, float eps=1e-05, bool cudnn_enable=True)",
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
        check=_check_layer_gradient,
        doc="the gradients of layer_norm",
    ),
    composite(
        f"group_norm(Tensor input, int num_groups, {PARAMETERS}, float eps=1e-05, bool cudnn_enabled=True)",
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
        differentiable_outputs=3,
        promote=FIRST,
        where="",
        grad={"input, weight, bias": "group_norm_backward(grads, input, result1, result2, weight, num_groups, needs)"},
        check=_check_group,
        doc="group_norm after its checks",
    ),
    composite(
        "rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None)",
        rms_norm,
        where="tF",
        older={"torch-1.13": {"where": ""}},
        doc="input divided by the root of its mean square in the last dims, times weight",
        samples=("F.rms_norm(a, (3,))", "F.rms_norm(a, (3,), b)"),
    ),
]
