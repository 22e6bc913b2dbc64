"""layer_norm, rms_norm and group_norm, and what all normalizations have in common."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops import norm_kernels
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.numeric import numel
from detachsim.ops.row import FIRST, FLOAT, composite, general

Axes = tuple[int, ...]
PARAMETERS = "Tensor? weight=None, Tensor? bias=None"


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


# group_norm


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


# rms_norm, which is made of ops that are recorded


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
    if first is not None and first.dtype is not input.dtype:
        # Whether types are mixed is asked before anything else.
        refuse_mixed(input, weight, bias)
    if not shape:
        raise TorchError("layer_norm_empty")
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and parameter.shape != shape:
            raise TorchError("layer_norm_parameter", name=name, found=list(parameter.shape), shape=list(shape))
    ndim = input.array.ndim
    if len(shape) > ndim or input.shape[ndim - len(shape) :] != shape:
        expected = f"[*, {', '.join(str(size) for size in shape)}]"
        raise TorchError("layer_norm_input", shape=list(shape), expected=expected, found=list(input.shape))
    refuse_mixed(input, weight, bias)
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="LayerNormKernelImpl", dtype=bound[0].dtype.scalar)


def _check_group(session: Any, op: Op, bound: list[Any]) -> None:
    refuse_mixed(*bound[:3])
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="GroupNormKernelImpl", dtype=bound[0].dtype.scalar)


ROWS = [
    composite(
        f"layer_norm(Tensor input, int[] normalized_shape, {PARAMETERS}, float eps=1e-05)",
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
        f"group_norm(Tensor input, int num_groups, {PARAMETERS}, float eps=1e-05)",
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
        "rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None)",
        rms_norm,
        where="tF",
        older={"torch-1.13": {"where": ""}},
        doc="input divided by the root of its mean square in the last dims, times weight",
        samples=("F.rms_norm(a, (3,))", "F.rms_norm(a, (3,), b)"),
    ),
]
