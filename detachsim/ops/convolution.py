"""Convolutions of one to three dimensions, their transposes, and their gradients, which are convolutions themselves."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.convolution_kernels import Ints, convolution, convolution_backward_kernel, transposed_size
from detachsim.ops.element_types import require_same_type
from detachsim.ops.row import composite, general


def convolution_backward(ops: Any, grad: Any, *rest: Any) -> tuple[Any, ...]:
    """The gradients of input, weight and bias, ``None`` where the mask, the last argument, asks for none."""
    input, weight, *_, needs = rest
    if needs[0]:
        require_same_type("scalar_type", input, weight)
    made = ops.convolution_backward_kernel(grad, *rest)
    return tuple(part if needed else None for part, needed in zip(made, rest[-1], strict=True))


def convolution_second(
    ops: Any,
    grads: Sequence[Any],
    grad_output: Any,
    input: Any,
    weight: Any,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> tuple[Any, Any, Any]:
    """The gradients of a convolution's gradients, which are convolutions again, in PyTorch's steps."""
    to_input, to_weight, to_bias = grads
    same = (None, stride, padding, dilation, transposed, output_padding, groups)
    parts = []
    if input.size and to_input is not None:
        parts.append(ops.convolution(to_input, weight, *same))
    if input.size and to_weight is not None:
        parts.append(ops.convolution(input, to_weight, *same))
    if to_bias is not None:
        spread = ops.view(to_bias, (1, to_bias.shape[0], *(1,) * (grad_output.ndim - 2)))
        parts.append(ops.expand(spread, grad_output.shape))
    slope = weight_slope = None
    for part in parts:
        slope = part if slope is None else slope + part
    if input.size and to_input is not None:
        weight_slope = _weight_slope(
            ops, grad_output, to_input, weight.shape[2:], (stride, padding, dilation, transposed, groups)
        )
    input_slope = None
    if input.size and to_weight is not None:
        extra = list(output_padding)
        if not transposed:
            places = zip(weight.shape[2:], dilation, padding, stride, grad_output.shape[2:], strict=True)
            reached = [(k - 1) * d - 2 * p + s * (n - 1) + 1 for k, d, p, s, n in places]
            extra = [
                size - seen if size != seen else given
                for size, seen, given in zip(input.shape[2:], reached, extra, strict=True)
            ]
        options = (None, stride, padding, dilation, not transposed, tuple(extra), groups)
        input_slope = _cut(ops, ops.convolution(grad_output, to_weight, *options), input.shape[2:])
    return slope, input_slope, weight_slope


def _weight_slope(ops: Any, grad_output: Any, to_input: Any, kernel: Ints, options: Any) -> Any:
    """Convolve gradients with each other, the batch in the place of the channels and the dilation of the stride."""
    stride, padding, dilation, transposed, groups = options
    swapped = (None, dilation, padding, stride, False, (0,) * len(kernel), 1)
    left, right = ops.transpose(grad_output, 0, 1), ops.transpose(to_input, 0, 1)
    if groups == 1:
        pair = (left, right) if transposed else (right, left)
        made = ops.convolution(*pair, *swapped)
    else:
        pieces = []
        for group in range(groups):
            part, other = (_group(ops, tensor, groups, group) for tensor in (right, left))
            pair = (other, part) if transposed else (part, other)
            pieces.append(ops.convolution(*pair, *swapped))
        made = ops.cat(pieces, 1)
    return _cut(ops, ops.transpose(made, 0, 1), kernel)


def _group(ops: Any, tensor: Any, groups: int, group: int) -> Any:
    size = tensor.shape[0] // groups
    return ops.slice(tensor, 0, size * group, size * (group + 1), 1)


def _cut(ops: Any, made: Any, sizes: Ints) -> Any:
    """Take off what a strided kernel has left unseen."""
    for dim, size in enumerate(sizes, start=2):
        if made.shape[dim] > size:
            made = ops.slice(made, dim, 0, size, 1)
    return made


def _check_convolution(session: Any, op: Op, bound: list[Any]) -> None:
    input, weight, bias, stride, padding, dilation, transposed, output_padding, groups = bound
    dims = len(stride)
    if bias is not None and bias.dtype is not input.dtype:
        raise TorchError("conv_bias_dtype", input=input.dtype.cpp, bias=bias.dtype.cpp)
    if groups <= 0:
        raise TorchError("conv_groups_zero")
    if any(size < 0 for size in padding):
        raise TorchError("conv_padding")
    if any(size < 0 for size in output_padding):
        raise TorchError("conv_output_negative")
    if any(size <= 0 for size in stride):
        raise TorchError("conv_stride")
    if any(size < 0 for size in dilation):
        raise TorchError("conv_dilation_negative")
    if input.array.ndim != weight.array.ndim:
        raise TorchError(
            "conv_other_dims",
            dims=weight.array.ndim,
            weight=list(weight.shape),
            ndim=input.array.ndim,
            input=list(input.shape),
        )
    if weight.shape[0] < groups:
        raise TorchError("conv_weight_few", groups=groups, weight=list(weight.shape))
    if weight.shape[0] % groups:
        raise TorchError("conv_weight_groups", groups=groups, weight=list(weight.shape))
    if transposed:
        _check_transposed(input, weight, bias, groups)
        if not _is_nothing(input, weight):
            _check_measures(input, weight, stride, padding, dilation, output_padding)
            _check_types(input, weight, convolution_kernel(bound))
        return
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
    if 0 in dilation:
        raise TorchError("conv_dilation", dilation=[*[1] * (2 - dims), *dilation])
    if not _is_nothing(input, weight):
        _check_types(input, weight, convolution_kernel(bound))


def convolution_kernel(bound: list[Any]) -> str:
    """Return the name of the kernel that PyTorch convolves with, or of what makes columns for it."""
    _, weight, _, stride, padding, dilation, transposed, _, _ = bound
    dims = len(stride)
    if transposed:
        return f"slow_conv_transpose{max(dims, 2)}d_out_cpu"
    if any(step != 1 for step in dilation):
        return "slow_conv_dilated<>"
    if dims < 3:
        return "slow_conv2d_cpu"
    is_product = {*weight.shape[2:], *stride} == {1} and set(padding) == {0}
    return "slow_conv3d_cpu" if is_product else "compute_columns3d"


def _is_nothing(input: Any, weight: Any) -> bool:
    """Whether there is nothing to compute; only the batch and the channels may be missing."""
    missing = [1] * (4 - input.array.ndim)
    sizes = [*missing, *input.shape[2:]]
    if input.array.size == 0:
        if input.shape[0] and input.shape[1]:
            raise TorchError("conv_empty", sizes=[*input.shape[:2], *sizes])
        return True
    if 0 in weight.shape[2:]:
        height, width = (1, *weight.shape[2:])[-2:]
        raise TorchError("conv_kernel_empty", height=height, width=width)
    return False


def _check_types(input: Any, weight: Any, kernel: str) -> None:
    """The element types that the kernels refuse."""
    if input.dtype is dtypes.boolean or (
        "transpose" in kernel and not input.dtype.is_floating and input.dtype.rank < 4
    ):
        raise TorchError("not_implemented_for", kernel=kernel, dtype=input.dtype.scalar)
    if input.dtype is not weight.dtype:
        raise TorchError("scalar_types", expected=input.dtype.scalar, found=weight.dtype.scalar)


def _check_transposed(input: Any, weight: Any, bias: Any, groups: int) -> None:
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


def _check_measures(input: Any, weight: Any, stride: Ints, padding: Ints, dilation: Ints, output_padding: Ints) -> None:
    """What the kernel of a transpose refuses; that over one dim is the one over two, the first of size 1."""
    flat = len(stride) == 1
    if 0 in dilation:
        raise TorchError("conv_dilation", dilation=", ".join(_named("dilation", [*[1] * flat, *dilation])))
    if any(e >= s and e >= d for e, s, d in zip(output_padding, stride, dilation, strict=True)):
        named = {"output_padding": [*[0] * flat, *output_padding]}
        named |= {"stride": [*[1] * flat, *stride], "dilation": [*[1] * flat, *dilation]}
        measures = " ".join(text for name, values in named.items() for text in _named(name, values))
        raise TorchError("conv_output_padding", measures=measures)
    made = transposed_size(input.shape[2:], weight.shape[2:], stride, padding, dilation, output_padding)
    if min(made) < 1:
        sizes, outputs = (" x ".join(map(str, [*[1] * flat, *each])) for each in (input.shape[2:], made))
        raise TorchError("conv_output_small", sizes=sizes, outputs=outputs)


def _named(measure: str, values: Ints) -> list[str]:
    sides = ("depth", "height", "width")[-len(values) :]
    return [f"{measure}_{side}: {value}" for side, value in zip(sides, values, strict=True)]


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
    # 1.13 looks at the type of the bias this early for pictures alone.
    plain = not transposed and not isinstance(options["padding"], str) and (dims == 2 or not ops.is_old)
    if plain and bias is not None and bias.tensor.dtype is not input.tensor.dtype:
        raise TorchError("conv_bias_dtype", input=input.tensor.dtype.cpp, bias=bias.tensor.dtype.cpp)
    if input.ndim not in (dims + 1, dims + 2):
        raise TorchError("conv_input_dims", unbatched=dims + 1, batched=dims + 2, op=op, sizes=list(input.shape))
    padding = options["padding"]
    if isinstance(padding, str) and padding not in ("same", "valid"):
        raise TorchError("conv_padding_name", value=padding)
    batched = input.ndim == dims + 2
    if not batched:
        input = ops.unsqueeze(input, 0)
    count = weight.ndim - 2
    if count < 1:
        raise TorchError("conv_weight_dims")
    if options["groups"] <= 0:
        raise TorchError("conv_groups_zero")
    if padding == "same":
        for name in ("stride", "dilation"):
            if not isinstance(options[name], int) and len(options[name]) not in (1, count):
                raise TorchError("conv_same_list", name=name, count=count)
    stride = _expanded("stride", options["stride"], dims, count)
    if not isinstance(padding, str):
        padding = _expanded("padding", padding, dims, count)
    dilation = _expanded("dilation", options["dilation"], dims, count)
    if isinstance(padding, str):
        input, padding = _named_padding(ops, input, weight, padding, stride, dilation)
    extra = _expanded("output_padding", options.get("output_padding", 0), dims, count)
    made = ops.convolution(input, weight, bias, stride, padding, dilation, transposed, extra, options["groups"])
    return made if batched else ops.squeeze_dim(made, 0)


def _named_padding(ops: Any, input: Any, weight: Any, name: str, stride: Ints, dilation: Ints) -> tuple[Any, Any]:
    if name == "valid":
        return input, (0,) * len(stride)
    if any(step != 1 for step in stride):
        raise TorchError("conv_same_strided")
    totals = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    if any(total % 2 for total in totals):
        # The odd element goes to the end, by hand.
        pairs = [side for total in reversed(totals) for side in (0, total % 2)]
        input = ops.constant_pad_nd(input, tuple(pairs))
    return input, tuple(total // 2 for total in totals)


def _warn_same(session: Any, op: Op, bound: list[Any]) -> None:
    input, weight, padding, dilation = bound[0], bound[1], bound[4], bound[5]
    dims = int(op.name[-2])
    if padding != "same" or weight.array.ndim < 3 or input.array.ndim not in (dims + 1, dims + 2):
        return
    kernel = weight.shape[2:]
    if not isinstance(dilation, int) and len(dilation) not in (1, len(kernel)):
        return  # an error follows
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


HELPERS = {"convolution_backward": convolution_backward, "convolution_second": convolution_second}

ROWS = [
    general(
        "convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] dilation, "
        "bool transposed, int[] output_padding, int groups)",
        "ConvolutionBackward0",
        convolution,
        where="",
        grad={
            "input, weight, bias": "convolution_backward(grad, input, weight, stride, padding, dilation, transposed, "
            "output_padding, groups, needs)"
        },
        check=_check_convolution,
        doc="a convolution or its transpose",
    ),
    general(
        "convolution_backward_kernel(Tensor grad_output, Tensor input, Tensor weight, int[] stride, int[] padding, "
        "int[] dilation, bool transposed, int[] output_padding, int groups, any mask)",
        "ConvolutionBackwardBackward0",
        convolution_backward_kernel,
        where="",
        grad={
            "grad_output, input, weight": "convolution_second(grads, grad_output, input, weight, stride, padding, "
            "dilation, transposed, output_padding, groups)"
        },
        differentiable_outputs=3,
        doc="the gradients of a convolution or its transpose",
    ),
    _plain("conv1d", 1),
    _plain("conv2d", 2),
    _plain("conv3d", 3),
    _transposed("conv_transpose1d", 1),
    _transposed("conv_transpose2d", 2),
    _transposed("conv_transpose3d", 3),
]
