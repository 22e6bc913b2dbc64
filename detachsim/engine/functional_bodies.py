"""The bodies of the functions of ``torch.nn.functional``, but for losses."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine.calls import Calls
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import int64
from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.tensor import Tensor, fresh
from detachsim.engine.torch_bodies import norm
from detachsim.engine.views import requires_grad


def _either(first: str, *names: str) -> Callable[..., None]:
    """Return the body of a function that edits its input or does not: ``first`` with an underscore, or without."""

    def body(c: Calls, input: Any, inplace: Any, **rest: Any) -> None:
        c.call(f"{first}_" if c.true(inplace) else first, input, *(rest[name] for name in names))

    return body


def _hardtanh(c: Calls, input: Any, min_val: Any, max_val: Any, inplace: Any) -> None:
    if c.dialect == NEWEST:
        c.certain = False
        if c.less(max_val, min_val, ">"):
            raise TorchError("hardtanh_bounds")
    c.call("n hardtanh_" if c.true(inplace) else "n hardtanh", input, min_val, max_val)


def _direct(function: str, *names: str) -> Callable[..., None]:
    """Return the body of a function that only hands its arguments on."""

    def body(c: Calls, **given: Any) -> None:
        c.call(function, *(given[name] for name in names))

    return body


def _softmax(name: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, dim: Any, _stacklevel: Any, dtype: Any) -> None:
        if dim is None:
            c.attribute(input, "dim")
            c.index(_stacklevel)
        if name == "softmin":
            input = _negated(input)
        method = "softmax" if name == "softmin" else name
        c.attribute(input, method)
        if dim is not None:
            named = {} if dtype is None else {"dtype": dtype}
            c.method(input, method, dim, **named)

    return body


def _negated(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return -value
    if not isinstance(value, Tensor):
        text = f"bad operand type for unary -: '{type_word(value)}'"
        raise TorchError("python", type="TypeError", text=text)
    return value


def _dropout(function: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, p: Any, training: Any, inplace: Any) -> None:
        if c.less(p, 0.0) or c.less(1.0, p, ">"):
            raise TorchError("dropout_probability", value=p)
        if function == "t feature_dropout":
            c.attribute(input, "dim")
        c.call(f"{function}_" if c.true(inplace) else function, input, p, training)

    return body


def _gumbel_softmax(c: Calls, logits: Any, tau: Any, hard: Any, eps: Any, dim: Any) -> None:
    c.call("t empty_like", logits)


def _several(value: Any, count: int = 2) -> tuple[Any, ...]:
    """Return what PyTorch makes of a number for each of so many dims."""
    if isinstance(value, Tensor):
        if value.array.ndim == 0:
            raise TorchError("python", type="TypeError", text="iteration over a 0-d tensor")
        return tuple(fresh(np.asarray(row), value.dtype) for row in value.array)
    return tuple(value) if isinstance(value, (list, tuple, str)) else (value,) * count


def _whole(value: Any) -> int:
    return int(value.array.item()) if isinstance(value, Tensor) else value


def _windows(function: str, *names: str) -> Callable[..., dict[str, Any]]:
    """Return the body of a function of pairs, each of which a number may stand for, but no list of one."""

    def body(c: Calls, input: Any, **given: Any) -> dict[str, Any]:
        pairs = [_several(given[name]) for name in names]
        c.certain = all(isinstance(given[name], int) for name in names)
        c.call(function, input, *pairs)
        if function == "n im2col" and c.dialect == NEWEST and c.session.grad_enabled and requires_grad(input):
            c.size(input, -1, -2)  # which its node keeps
        for name, pair in zip(names, pairs, strict=True):
            if len(pair) != 2:
                raise TorchError("window_pair", name=name, count=len(pair))
        return {name: tuple(map(_whole, pair)) for name, pair in zip(names, pairs, strict=True)}

    return body


def _lp_pool(dims: int) -> Callable[..., None]:
    def body(c: Calls, input: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: Any) -> None:
        if dims > 1:
            c.unpack(_several(kernel_size, dims), dims)
        infinite = isinstance(norm_type, float) and math.isinf(norm_type)
        c.attribute(input, "abs" if infinite and c.dialect == NEWEST else "pow")

    return body


def _local_response_norm(c: Calls, input: Any, size: Any, **rest: Any) -> dict[str, Any] | None:
    c.attribute(input, "dim")
    if input.array.ndim < 3:
        raise TorchError("local_response_dims", ndim=input.array.ndim)
    if input.array.size == 0:
        return {"size": 1}  # it is not looked at
    c.operate("//", size, 2)
    return None


def _adaptive_pool(function: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, output_size: Any, return_indices: Any = False) -> None:
        _adaptive(c, function, input, output_size)

    return body


def _adaptive(c: Calls, function: str, input: Any, output_size: Any) -> None:
    c.attribute(input, "size")
    if not isinstance(output_size, int):
        count = c.length(output_size)
        if len(c.shape(input)) <= count:
            raise TorchError("adaptive_pool_dims", least=count + 1)
        if isinstance(output_size, (list, tuple)):
            output_size = [1 if item is None else item for item in output_size]
    c.call(function, input, output_size)


def _batch_norm(c: Calls, input: Any, training: Any, **given: Any) -> None:
    if c.true(training):
        c.attribute(input, "size")
    eps = given["eps"]
    c.certain = False
    if c.dialect == NEWEST and c.true(training) and not c.less(0.0, eps, ">"):
        raise TorchError("batch_norm_eps", how="positive during training", eps=eps)
    if c.dialect == NEWEST and c.less(eps, 0.0):
        raise TorchError("batch_norm_eps", how="non-negative", eps=eps)
    names = ("weight", "bias", "running_mean", "running_var")
    c.call("t batch_norm", input, *(given[n] for n in names), training, given["momentum"], given["eps"], True)


def _instance_norm(c: Calls, input: Any, use_input_stats: Any, **given: Any) -> None:
    if c.true(use_input_stats):
        c.attribute(input, "size")
        shape = c.shape(input)
        if math.prod(shape[2:]) == 1:
            raise TorchError("instance_norm_elements", size=f"torch.Size({list(shape)})")
    names = ("weight", "bias", "running_mean", "running_var")
    c.call("t instance_norm", input, *(given[n] for n in names), use_input_stats, given["momentum"], given["eps"], True)


def _group_norm(c: Calls, input: Any, num_groups: Any, weight: Any, bias: Any, eps: Any) -> None:
    c.attribute(input, "dim")
    ndim = len(c.shape(input))
    if ndim < 2 and c.dialect == NEWEST:
        raise TorchError("group_norm_dims", ndim=ndim)
    if ndim < 2:
        # 1.13 asks for the sizes without looking whether they are there.
        raise TorchError("dim_range", low=-1, high=0, dim=1) if ndim else TorchError("dim_none", dim=0)
    c.operate("//", ndim, num_groups)
    if isinstance(num_groups, Tensor):
        if not num_groups.dtype.is_floating and not num_groups.array.all():
            raise TorchError("zero_division")
        c.true(num_groups)
    c.call("t group_norm", input, num_groups, weight, bias, eps)


def _glu(c: Calls, input: Any, dim: Any) -> None:
    c.attribute(input, "dim")
    if not c.shape(input):
        raise TorchError("glu_zero_dim")
    c.call("n glu", input, dim)


def _embedding(
    c: Calls,
    input: Any,
    weight: Any,
    padding_idx: Any,
    max_norm: Any,
    norm_type: Any,
    scale_grad_by_freq: Any,
    sparse: Any,
) -> None:
    if padding_idx is not None:
        c.less(0, padding_idx, ">")
        place = padding_idx.array.item() if isinstance(padding_idx, Tensor) else padding_idx
        if place:
            c.attribute(weight, "size")
            if weight.array.ndim == 0:
                raise TorchError("dim_none", dim=0)
            rows = len(weight.array)
            if not -rows <= place < rows:
                raise TorchError("padding_range")
    else:
        padding_idx = -1
    if max_norm is not None:
        c.attribute(input, "contiguous")
        c.call("t embedding_renorm_", weight, input, max_norm, norm_type)
    c.call("t embedding", weight, input, padding_idx, scale_grad_by_freq, sparse)


def _embedding_bag(
    c: Calls, input: Any, weight: Any, offsets: Any, per_sample_weights: Any, padding_idx: Any, **rest: Any
) -> None:
    c.attribute(weight, "dtype")
    c.certain = False
    if weight.dtype is int64:
        c.attribute(input, "is_floating_point")
        if input.dtype.is_floating:
            c.warnings.append(("bag_order", {}))
            input, weight = weight, input
    c.attribute(input, "dim" if per_sample_weights is None else "size")
    if per_sample_weights is not None:
        c.attribute(per_sample_weights, "size")
        if per_sample_weights.shape != input.shape:
            raise TorchError("bag_weights", found=list(per_sample_weights.shape), expected=list(input.shape))
    ndim = weight.array.ndim
    if ndim != 2 and c.dialect == NEWEST:
        raise TorchError("bag_table", ndim=ndim)
    _require_bags(c, input, offsets)
    mode, scaled, sparse = rest["mode"], rest["scale_grad_by_freq"], rest["sparse"]
    if mode not in ("sum", "mean", "max"):
        raise TorchError("bag_mode")
    if mode == "max" and (c.true(scaled) or c.true(sparse)):
        what = "scaling the gradient by the frequency" if c.true(scaled) else "sparse weights"
        raise TorchError("bag_max", what=what)
    if rest["max_norm"] is not None:
        c.call("t embedding_renorm_", weight, input, rest["max_norm"], rest["norm_type"])
    if per_sample_weights is not None and mode != "sum":
        raise TorchError("bag_weights_mode", mode=mode)
    last = rest["include_last_offset"] if input.array.ndim == 1 or c.dialect != NEWEST else False
    c.call("t embedding_bag", weight, input, input, scaled, 0, sparse, per_sample_weights, last, padding_idx)


def _require_bags(c: Calls, input: Tensor, offsets: Any) -> None:
    if input.array.ndim == 2:
        if offsets is not None:
            raise TorchError(
                "bag_offsets_given", type="torch.Tensor" if isinstance(offsets, Tensor) else type_word(offsets)
            )
    elif input.array.ndim != 1:
        raise TorchError("bag_input", ndim=input.array.ndim)
    else:
        if offsets is not None:
            c.attribute(offsets, "dim")
        if offsets is None or offsets.array.ndim != 1:
            raise TorchError("bag_offsets", found=" but got None" if offsets is None else "")


def _normalize(c: Calls, input: Any, p: Any, dim: Any, eps: Any, out: Any) -> None:
    c.attribute(input, "norm")
    norm(c, input, p, dim, True, None)
    c.call("m clamp_min", eps)


def _pool(function: str, indexed: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, kernel_size: Any, stride: Any, return_indices: Any, **rest: Any) -> None:
        stride = [] if stride is None else stride
        name = f"{indexed}_with_indices" if c.true(return_indices) else function
        c.call(name, input, kernel_size, stride, rest["padding"], rest["dilation"], rest["ceil_mode"])

    return body


def _methods(name: str) -> Callable[..., None]:
    def body(c: Calls, input: Any) -> None:
        c.attribute(input, name)

    return body


FUNCTIONAL_BODIES: dict[str, Callable[..., dict[str, Any] | None]] = {
    "F relu": _either("t relu"),
    "F relu6": _either("n relu6"),
    "F selu": _either("t selu"),
    "F silu": _either("n silu"),
    "F mish": _either("n mish"),
    "F hardsigmoid": _either("n hardsigmoid"),
    "F hardswish": _either("n hardswish"),
    "F celu": _either("t celu", "alpha"),
    "F elu": _either("n elu", "alpha"),
    "F leaky_relu": _either("n leaky_relu", "negative_slope"),
    "F rrelu": _either("t rrelu", "lower", "upper", "training"),
    "F hardtanh": _hardtanh,
    "F threshold": _either("t threshold", "threshold", "value"),
    "F dropout": _dropout("t dropout"),
    "F dropout1d": _dropout("t feature_dropout"),
    "F dropout2d": _dropout("t feature_dropout"),
    "F dropout3d": _dropout("t feature_dropout"),
    "F alpha_dropout": _dropout("t alpha_dropout"),
    "F feature_alpha_dropout": _dropout("t feature_alpha_dropout"),
    "F gumbel_softmax": _gumbel_softmax,
    "F adaptive_avg_pool2d": _adaptive_pool("n adaptive_avg_pool2d"),
    "F adaptive_avg_pool3d": _adaptive_pool("n adaptive_avg_pool3d"),
    "F adaptive_max_pool2d": _adaptive_pool("n adaptive_max_pool2d"),
    "F adaptive_max_pool3d": _adaptive_pool("n adaptive_max_pool3d"),
    "F adaptive_max_pool1d": _direct("t adaptive_max_pool1d", "input", "output_size"),
    "F unfold": _windows("n im2col", "kernel_size", "dilation", "padding", "stride"),
    "F fold": _windows("n col2im", "output_size", "kernel_size", "dilation", "padding", "stride"),
    "F lp_pool1d": _lp_pool(1),
    "F lp_pool2d": _lp_pool(2),
    "F lp_pool3d": _lp_pool(3),
    "F local_response_norm": _local_response_norm,
    "F batch_norm": _batch_norm,
    "F instance_norm": _instance_norm,
    "F group_norm": _group_norm,
    "F layer_norm": _direct("t layer_norm", "input", "normalized_shape", "weight", "bias", "eps"),
    "F rms_norm": _direct("t rms_norm", "input", "normalized_shape", "weight", "eps"),
    "F pad": _direct("n pad", "input", "pad", "mode", "value"),
    "F glu": _glu,
    "F embedding": _embedding,
    "F embedding_bag": _embedding_bag,
    "F normalize": _normalize,
    "F softmax": _softmax("softmax"),
    "F log_softmax": _softmax("log_softmax"),
    "F softmin": _softmax("softmin"),
    "F sigmoid": _methods("sigmoid"),
    "F tanh": _methods("tanh"),
    "F tanhshrink": _methods("tanh"),
    "F softsign": _methods("abs"),
    "F max_pool1d": _pool("t max_pool1d", "t max_pool1d"),
    "F max_pool2d": _pool("t max_pool2d", "n max_pool2d"),
    "F max_pool3d": _pool("t max_pool3d", "n max_pool3d"),
}
