"""Convolutions of one to three dimensions, their transposes, and their gradients, which are convolutions themselves."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import numel
from detachsim.ops.products import matrix_product
from detachsim.ops.row import composite, general

Ints = Sequence[int]


def output_size(size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> tuple[int, ...]:
    """Return how many places the kernel has in each dimension."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )


def windows(array: Array, kernel: Ints, stride: Ints, dilation: Ints, count: Ints) -> Array:
    """Return a view with every place of the kernel: leading dims, places, kernel."""
    lead = array.ndim - len(kernel)
    steps = array.strides[lead:]
    return np.lib.stride_tricks.as_strided(
        array,
        (*array.shape[:lead], *count, *kernel),
        (
            *array.strides[:lead],
            *(step * s for step, s in zip(steps, stride, strict=True)),
            *(step * d for step, d in zip(steps, dilation, strict=True)),
        ),
        writeable=False,
    )


def _columns(input: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """Return, for each group, one row for each place of the kernel: batch, group, place, channels by kernel."""
    count = output_size(input.shape[2:], kernel, stride, padding, dilation)
    padded = np.pad(input, [(0, 0), (0, 0), *((p, p) for p in padding)])
    seen = windows(padded, kernel, stride, dilation, count)
    dims = len(kernel)
    batch, channels = input.shape[:2]
    seen = seen.reshape(batch, groups, channels // groups, *count, *kernel)
    order = (0, 1, *range(3, 3 + dims), 2, *range(3 + dims, 3 + 2 * dims))
    return seen.transpose(order).reshape(batch, groups, numel(count), channels // groups * numel(kernel))


def correlate(input: Array, weight: Array, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The convolution itself, which in machine learning does not turn the kernel round."""
    kernel = weight.shape[2:]
    count = output_size(input.shape[2:], kernel, stride, padding, dilation)
    outputs = weight.shape[0]
    columns = _columns(input, kernel, stride, padding, dilation, groups)
    rows = weight.reshape(groups, outputs // groups, -1)
    product = matrix_product(rows[None], columns.swapaxes(-1, -2))
    return np.ascontiguousarray(product).reshape(input.shape[0], outputs, *count)


def input_gradient(
    grad: Array, weight: Array, size: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """Send each output's gradient back to the inputs that the kernel saw there; ``size`` is the inputs'."""
    kernel = weight.shape[2:]
    dims = len(kernel)
    batch, outputs = grad.shape[:2]
    channels = weight.shape[1] * groups
    count = grad.shape[2:]
    wide = tuple(
        max(n + 2 * p, (c - 1) * s + d * (k - 1) + 1)
        for n, p, c, s, d, k in zip(size, padding, count, stride, dilation, kernel, strict=True)
    )
    made = np.zeros((batch, channels, *wide), dtype=grad.dtype)
    flat = grad.reshape(batch, groups, outputs // groups, -1)
    for place in np.ndindex(*kernel):
        part = weight[(slice(None), slice(None), *place)].reshape(groups, outputs // groups, channels // groups)
        sent = matrix_product(part.swapaxes(-1, -2)[None], flat).reshape(batch, channels, *count)
        where = tuple(
            slice(place[i] * dilation[i], place[i] * dilation[i] + (count[i] - 1) * stride[i] + 1, stride[i])
            for i in range(dims)
        )
        made[(slice(None), slice(None), *where)] += sent
    inside = tuple(slice(p, p + n) for p, n in zip(padding, size, strict=True))
    return np.ascontiguousarray(made[(slice(None), slice(None), *inside)])


def weight_gradient(
    grad: Array, input: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient of the kernel: each output's gradient times what the kernel saw there."""
    batch, outputs = grad.shape[:2]
    columns = _columns(input, kernel, stride, padding, dilation, groups)
    # The kernel may leave a rest of the input unseen.
    places = numel(grad.shape[2:])
    flat = grad.reshape(batch, groups, outputs // groups, places)
    total = matrix_product(flat, columns[:, :, :places])
    return np.add.reduce(total, axis=0).reshape(outputs, input.shape[1] // groups, *kernel)


def convolution(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> Array:
    dtype = input.dtype
    if dtype == np.float16:
        input, weight = input.astype(np.float32), weight.astype(np.float32)
    if transposed:
        size = _transposed_size(input.shape[2:], weight.shape[2:], stride, padding, dilation, output_padding)
        made = input_gradient(input, weight, size, stride, padding, dilation, groups)
    else:
        made = correlate(input, weight, stride, padding, dilation, groups)
    if bias is not None:
        made = made + bias.reshape(-1, *(1,) * (made.ndim - 2))
    return made.astype(dtype, copy=False)


def _transposed_size(
    size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, extra: Ints
) -> tuple[int, ...]:
    return tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, k, s, p, d, e in zip(size, kernel, stride, padding, dilation, extra, strict=True)
    )


def convolution_backward(
    ops: Any,
    grad: Any,
    input: Any,
    weight: Any,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    groups: int,
    needs: Sequence[bool],
) -> tuple[Any, Any, Any]:
    """The gradients of input, weight and bias, each only where it is needed."""
    options = (stride, padding, dilation, groups)
    kernel = tuple(weight.shape[2:])
    to_input = to_weight = to_bias = None
    if needs[0]:
        if transposed:
            to_input = ops.conv_forward(grad, weight, *options)
        else:
            to_input = ops.conv_input_gradient(grad, weight, tuple(input.shape[2:]), *options)
    if needs[1]:
        pair = (input, grad) if transposed else (grad, input)
        to_weight = ops.conv_weight_gradient(*pair, kernel, *options)
    if needs[2]:
        to_bias = ops.sum_dim(grad, (0, *range(2, grad.ndim)), False)
    return to_input, to_weight, to_bias


def _check_convolution(session: Any, op: Op, bound: list[Any]) -> None:
    input, weight, bias, stride, padding, dilation, transposed, output_padding, groups = bound
    dims = len(stride)
    if bias is not None and bias.dtype is not input.dtype:
        raise TorchError("conv_bias_dtype", input=input.dtype.cpp, bias=bias.dtype.cpp)
    if groups <= 0:
        raise TorchError("conv_groups_zero")
    if any(size < 0 for size in padding):
        raise TorchError("conv_padding")
    if any(size <= 0 for size in stride):
        raise TorchError("conv_stride")
    if any(size <= 0 for size in dilation):
        raise TorchError("conv_dilation", dilation=list(dilation))
    if input.array.ndim != weight.array.ndim:
        raise TorchError(
            "conv_other_dims",
            dims=weight.array.ndim,
            weight=list(weight.shape),
            ndim=input.array.ndim,
            input=list(input.shape),
        )
    if transposed:
        _check_transposed(input, weight, bias, stride, dilation, output_padding, groups)
        _check_elements(input, weight, f"slow_conv_transpose{max(dims, 2)}d_out_cpu")
        return
    if weight.shape[0] % groups:
        raise TorchError("conv_weight_groups", groups=groups, weight=list(weight.shape))
    if input.shape[1] != weight.shape[1] * groups:
        raise TorchError(
            "conv_channels",
            how=f"groups={groups}",
            weight=list(weight.shape),
            input=list(input.shape),
            expected=weight.shape[1] * groups,
            found=input.shape[1],
        )
    if bias is not None and (bias.array.ndim != 1 or bias.shape[0] != weight.shape[0]):
        raise TorchError(
            "conv_bias", how="", weight=list(weight.shape), expected=weight.shape[0], bias=list(bias.shape)
        )
    padded = [input.shape[2 + i] + 2 * padding[i] for i in range(dims)]
    kernel = [dilation[i] * (weight.shape[2 + i] - 1) + 1 for i in range(dims)]
    if any(have < want for have, want in zip(padded, kernel, strict=True)):
        raise TorchError("conv_kernel", input=" x ".join(map(str, padded)), kernel=" x ".join(map(str, kernel)))
    _check_elements(input, weight, "compute_columns3d" if dims == 3 else "slow_conv2d_cpu")


def _check_elements(input: Any, weight: Any, kernel: str) -> None:
    """What the kernels themselves refuse: nothing to look at, and element types."""
    missing = [1] * (4 - input.array.ndim)
    sizes = [*missing, *input.shape[2:]]
    if input.array.size == 0:
        if input.shape[0] and input.shape[1]:
            raise TorchError("conv_empty", sizes=[*input.shape[:2], *sizes])
        return
    if 0 in weight.shape[2:]:
        height, width = (1, *weight.shape[2:])[-2:]
        raise TorchError("conv_kernel_empty", height=height, width=width)
    if input.dtype is dtypes.boolean or (
        "transpose" in kernel and not input.dtype.is_floating and input.dtype.rank < 4
    ):
        raise TorchError("not_implemented_for", kernel=kernel, dtype=input.dtype.scalar)
    if input.dtype is not weight.dtype:
        raise TorchError("scalar_types", expected=input.dtype.scalar, found=weight.dtype.scalar)


def _check_transposed(
    input: Any, weight: Any, bias: Any, stride: Ints, dilation: Ints, output_padding: Ints, groups: int
) -> None:
    if input.shape[1] != weight.shape[0]:
        raise TorchError(
            "conv_channels",
            how="transposed=1",
            weight=list(weight.shape),
            input=list(input.shape),
            expected=weight.shape[0],
            found=input.shape[1],
        )
    outputs = weight.shape[1] * groups
    if bias is not None and (bias.array.ndim != 1 or bias.shape[0] != outputs):
        raise TorchError(
            "conv_bias", how="transposed=1, ", weight=list(weight.shape), expected=outputs, bias=list(bias.shape)
        )
    if any(e >= s and e >= d for e, s, d in zip(output_padding, stride, dilation, strict=True)):
        pad = [1] * (2 - len(stride))
        raise TorchError(
            "conv_output_padding",
            output=[*(0 for _ in pad), *output_padding],
            stride=[*pad, *stride],
            dilation=[*pad, *dilation],
        )


def _expanded(name: str, values: Any, dims: int, count: int) -> tuple[int, ...]:
    """Return an option for each of the weight's ``count`` dims; a number stands for the op's own ``dims``."""
    if isinstance(values, int):
        values = (values,) * dims
    if len(values) == 1:
        return tuple(values) * count
    if len(values) != count:
        raise TorchError("conv_list", name=name, count=count, values=list(values))
    return tuple(values)


def _convolve(
    ops: Any, op: str, dims: int, input: Any, weight: Any, bias: Any, transposed: bool, **options: Any
) -> Any:
    """Add a batch of one where there is none, and bring the options to one form."""
    plain = not transposed and not isinstance(options["padding"], str) and not ops.is_old
    if plain and bias is not None and bias.tensor.dtype is not input.tensor.dtype:
        raise TorchError("conv_bias_dtype", input=input.tensor.dtype.cpp, bias=bias.tensor.dtype.cpp)
    if input.ndim not in (dims + 1, dims + 2):
        raise TorchError("conv_input_dims", unbatched=dims + 1, batched=dims + 2, op=op, sizes=list(input.shape))
    batched = input.ndim == dims + 2
    if not batched:
        input = ops.unsqueeze(input, 0)
    count = weight.ndim - 2
    if count < 1:
        raise TorchError("conv_weight_dims")
    stride = _expanded("stride", options["stride"], dims, count)
    dilation = _expanded("dilation", options["dilation"], dims, count)
    padding = options["padding"]
    if isinstance(padding, str):
        input, padding = _named_padding(ops, input, weight, padding, stride, dilation)
    padding = _expanded("padding", padding, dims, count)
    extra = _expanded("output_padding", options.get("output_padding", 0), dims, count)
    made = ops.convolution(input, weight, bias, stride, padding, dilation, transposed, extra, options["groups"])
    return made if batched else ops.squeeze_dim(made, 0)


def _named_padding(ops: Any, input: Any, weight: Any, name: str, stride: Ints, dilation: Ints) -> tuple[Any, Any]:
    if name == "valid":
        return input, 0
    if name != "same":
        raise TorchError("conv_padding_name", value=name)
    if any(step != 1 for step in stride):
        raise TorchError("conv_same_strided")
    totals = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    if any(total % 2 for total in totals):
        # The odd element goes to the end, by hand.
        pairs = [side for total in reversed(totals) for side in (0, total % 2)]
        input = ops.constant_pad_nd(input, tuple(pairs))
    return input, tuple(total // 2 for total in totals)


def _warn_same(session: Any, op: Op, bound: list[Any]) -> None:
    weight, padding, dilation = bound[1], bound[4], bound[5]
    if padding != "same" or weight.array.ndim < 3:
        return
    kernel = weight.shape[2:]
    spread = _expanded("dilation", dilation, len(kernel), len(kernel))
    if any((k - 1) * d % 2 for k, d in zip(kernel, spread, strict=True)):
        session.warn_once("conv_same_copy")


def _sample(name: str, dims: int) -> str:
    shape = f"{'1, ' * (dims + 1)}-1"
    return f"F.{name}(a.reshape({shape}), b.reshape({shape}))"


def _plain(name: str, dims: int) -> Op:
    def function(
        ops: Any,
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        return _convolve(
            ops,
            name,
            dims,
            input,
            weight,
            bias,
            False,
            stride=(stride,) * dims if isinstance(stride, int) else stride if len(stride) > 1 else tuple(stride) * dims,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )

    return composite(
        f"{name}(Tensor input, Tensor weight, Tensor? bias=None, int[] stride=1, any padding=0, int[] dilation=1, "
        "int groups=1)",
        function,
        where="tF",
        check=_warn_same,
        doc=f"a convolution over {dims} dimension{'s' if dims > 1 else ''}",
        samples=(_sample(name, dims),),
    )


def _transposed(name: str, dims: int) -> Op:
    def function(
        ops: Any,
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Any:
        return _convolve(
            ops,
            name,
            dims,
            input,
            weight,
            bias,
            True,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            dilation=dilation,
            groups=groups,
        )

    return composite(
        f"{name}(Tensor input, Tensor weight, Tensor? bias=None, int[] stride=1, int[] padding=0, "
        "int[] output_padding=0, int groups=1, int[] dilation=1)",
        function,
        where="tF",
        doc=f"the transpose of {name.replace('_transpose', '')}",
        samples=(_sample(name, dims),),
    )


HELPERS = {"convolution_backward": convolution_backward}

_OPTIONS = "int[] stride, int[] padding, int[] dilation, int groups"
_GIVEN = "stride, padding, dilation, groups"

ROWS = [
    general(
        "convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] dilation, "
        "bool transposed, int[] output_padding, int groups)",
        "ConvolutionBackward0",
        convolution,
        where="",
        grad={
            "input, weight, bias": "convolution_backward(grad, input, weight, stride, padding, dilation, transposed, "
            "groups, needs)"
        },
        check=_check_convolution,
        doc="a convolution or its transpose",
    ),
    general(
        f"conv_forward(Tensor input, Tensor weight, {_OPTIONS})",
        "ConvolutionBackwardBackward0",
        lambda input, weight, stride, padding, dilation, groups: correlate(
            input, weight, stride, padding, dilation, groups
        ),
        where="",
        grad={
            "input": f"conv_input_gradient(grad, weight, input_size[2:], {_GIVEN})",
            "weight": f"conv_weight_gradient(grad, input, weight_size[2:], {_GIVEN})",
        },
        doc="the gradient of a transposed convolution's input",
    ),
    general(
        f"conv_input_gradient(Tensor grad_output, Tensor weight, int[] size, {_OPTIONS})",
        "ConvolutionBackwardBackward0",
        lambda grad_output, weight, size, stride, padding, dilation, groups: input_gradient(
            grad_output, weight, size, stride, padding, dilation, groups
        ),
        where="",
        grad={
            "grad_output": f"conv_forward(grad, weight, {_GIVEN})",
            "weight": f"conv_weight_gradient(grad_output, grad, weight_size[2:], {_GIVEN})",
        },
        doc="the gradient of a convolution's input",
    ),
    general(
        f"conv_weight_gradient(Tensor grad_output, Tensor input, int[] kernel, {_OPTIONS})",
        "ConvolutionBackwardBackward0",
        lambda grad_output, input, kernel, stride, padding, dilation, groups: weight_gradient(
            grad_output, input, kernel, stride, padding, dilation, groups
        ),
        where="",
        grad={
            "grad_output": f"conv_forward(input, grad, {_GIVEN})",
            "input": f"conv_input_gradient(grad_output, grad, input_size[2:], {_GIVEN})",
        },
        doc="the gradient of a convolution's weight",
    ),
    _plain("conv1d", 1),
    _plain("conv2d", 2),
    _plain("conv3d", 3),
    _transposed("conv_transpose1d", 1),
    _transposed("conv_transpose2d", 2),
    _transposed("conv_transpose3d", 3),
]
