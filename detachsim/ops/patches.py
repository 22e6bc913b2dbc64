"""Pictures cut into patches and put together again: unfold, fold, pixel_shuffle, channel_shuffle."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.convolution_kernels import output_size, windows
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.numeric import numel, require_dim
from detachsim.ops.row import composite, general

Ints = Sequence[int]


def to_columns(self: Array, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Array:
    """One column for each place of the window."""
    batched = self if self.ndim == 4 else self[None]
    count = output_size(batched.shape[2:], kernel_size, stride, padding, dilation)
    padded = np.pad(batched, [(0, 0), (0, 0), *((p, p) for p in padding)])
    seen = windows(padded, kernel_size, stride, dilation, count)
    made = seen.transpose(0, 1, 4, 5, 2, 3).reshape(
        batched.shape[0], batched.shape[1] * numel(kernel_size), numel(count)
    )
    return np.ascontiguousarray(made if self.ndim == 4 else made[0])


def from_columns(
    self: Array, output_size_: Ints, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints
) -> Array:
    """Add the columns up where their windows were."""
    batched = self if self.ndim == 3 else self[None]
    count = output_size(output_size_, kernel_size, stride, padding, dilation)
    channels = batched.shape[1] // numel(kernel_size)
    parts = batched.reshape(batched.shape[0], channels, *kernel_size, *count)
    made = np.zeros(
        (batched.shape[0], channels, *(n + 2 * p for n, p in zip(output_size_, padding, strict=True))), self.dtype
    )
    for row, column in np.ndindex(*kernel_size):
        rows = slice(row * dilation[0], row * dilation[0] + (count[0] - 1) * stride[0] + 1, stride[0])
        columns = slice(column * dilation[1], column * dilation[1] + (count[1] - 1) * stride[1] + 1, stride[1])
        made[:, :, rows, columns] += parts[:, :, row, column]
    inside = made[:, :, padding[0] : padding[0] + output_size_[0], padding[1] : padding[1] + output_size_[1]]
    return np.ascontiguousarray(inside if self.ndim == 3 else inside[0])


def _pair(value: Any) -> tuple[int, int]:
    values = (value,) if isinstance(value, int) else tuple(value)
    return values[0], values[-1]


_LEAST = {
    "kernel_size": ("window_zero", "kernel size", "kernel"),
    "stride": ("window_zero", "stride", "stride"),
    "dilation": ("window_zero", "dilation", "dilation"),
    "padding": ("window_padding", "", ""),
}


def _windows(order: Sequence[str], **given: Any) -> list[tuple[int, int]]:
    """Return the measures of windows as pairs, after a look at each in the order that PyTorch has."""
    pairs = {name: _pair(value) for name, value in given.items()}
    for name in order:
        key, words, short = _LEAST[name]
        height, width = pairs[name]
        if min(height, width) < (key == "window_zero"):
            raise TorchError(key, what=words, short=short, height=height, width=width)
    return list(pairs.values())


def _refuse_whole(kernel: str, input: Any) -> None:
    if input.tensor.dtype is not dtypes.boolean:
        refuse_integers(kernel, input)


def unfold(ops: Any, input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """One column for each place of a sliding window."""
    kernel, spread, pad, step = _windows(
        ("kernel_size", "dilation", "padding", "stride"),
        kernel_size=kernel_size,
        dilation=dilation,
        padding=padding,
        stride=stride,
    )
    for dim in (1, 2):
        require_dim(dim, input.ndim)
    if input.ndim not in (3, 4) or 0 in input.shape[-3:]:
        raise TorchError("unfold_input", sizes=list(input.shape))
    count = output_size(input.shape[-2:], kernel, step, pad, spread)
    if min(count) < 1:
        raise TorchError(
            "unfold_small",
            input=", ".join(map(str, input.shape[-2:])),
            kernel=", ".join(map(str, kernel)),
            dilation=", ".join(map(str, spread)),
            padding=", ".join(map(str, pad)),
            stride=", ".join(map(str, step)),
            output=", ".join(map(str, count)),
        )
    _refuse_whole("im2col_out_cpu", input)
    return ops.im2col(input, kernel, spread, pad, step)


def fold(
    ops: Any,
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """Columns added up where their windows were."""
    size, kernel, spread, pad, step = _windows(
        ("kernel_size", "stride", "dilation", "padding"),
        output_size=output_size,
        kernel_size=kernel_size,
        dilation=dilation,
        padding=padding,
        stride=stride,
    )
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise TorchError("fold_input", sizes=list(input.shape))
    if input.shape[-2] % numel(kernel):
        raise TorchError(
            "fold_channels", channels=input.shape[-2], kernel=", ".join(map(str, kernel)), product=numel(kernel)
        )
    count = _count(size, kernel, step, pad, spread)
    if input.shape[-1] != numel(count):
        raise TorchError(
            "fold_places",
            size=", ".join(map(str, size)),
            kernel=", ".join(map(str, kernel)),
            dilation=", ".join(map(str, spread)),
            padding=", ".join(map(str, pad)),
            stride=", ".join(map(str, step)),
            expected=f"{count[0]} * {count[1]} = {numel(count)}",
            found=input.shape[-1],
        )
    _refuse_whole("col2im_out_cpu", input)
    return ops.col2im(input, size, kernel, spread, pad, step)


_count = output_size


# Channels and pixels


def shuffle(self: Array, upscale_factor: int) -> Array:
    *lead, channels, rows, columns = self.shape
    r = upscale_factor
    cut = self.reshape(*lead, channels // (r * r), r, r, rows, columns)
    n = len(lead)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return np.ascontiguousarray(cut.transpose(order)).reshape(*lead, channels // (r * r), rows * r, columns * r)


def unshuffle(self: Array, downscale_factor: int) -> Array:
    if self.size == 0:
        return self.copy()  # PyTorch leaves it as it is
    *lead, channels, rows, columns = self.shape
    r = downscale_factor
    cut = self.reshape(*lead, channels, rows // r, r, columns // r, r)
    n = len(lead)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return np.ascontiguousarray(cut.transpose(order)).reshape(*lead, channels * r * r, rows // r, columns // r)


def _check_shuffle(session: Any, op: Op, bound: list[Any]) -> None:
    self, factor = bound[0], bound[1]
    if self.array.ndim < 3:
        raise TorchError("pixel_dims", op=op.name, ndim=self.array.ndim)
    if factor <= 0:
        raise TorchError("pixel_factor", op=op.name, word=op.parameters[1].name, factor=factor)
    if op.name == "pixel_shuffle":
        if self.shape[-3] % (factor * factor):
            raise TorchError("pixel_channels", channels=self.shape[-3], square=factor * factor)
        return
    for word, dim in (("height", -2), ("width", -1)):
        if self.shape[dim] % factor:
            raise TorchError("pixel_size", word=word, dim=dim, size=self.shape[dim], factor=factor)


def exchange(self: Array, groups: int) -> Array:
    batch, channels, *rest = self.shape
    cut = self.reshape(batch, groups, channels // groups, *rest)
    return np.ascontiguousarray(cut.swapaxes(1, 2)).reshape(self.shape)


def _check_exchange(session: Any, op: Op, bound: list[Any]) -> None:
    self, groups = bound
    if self.array.ndim < 3:
        raise TorchError("channel_dims", sizes=list(self.shape))
    if groups <= 0:
        raise TorchError("channel_groups", groups=groups)
    if self.shape[1] % groups:
        raise TorchError("channel_count", channels=self.shape[1], groups=groups)


_WINDOW = "int[] kernel_size, int[] dilation, int[] padding, int[] stride"
_GIVEN = "kernel_size, dilation, padding, stride"


def no_derivative_of_shuffle(ops: Any) -> Any:
    """Raise 1.13's refusal to differentiate ``channel_shuffle``."""
    raise TorchError("not_differentiable", op="channel_shuffle")


HELPERS = {"no_derivative_of_shuffle": no_derivative_of_shuffle}

ROWS: list[Op] = [
    composite(
        "unfold.functional(Tensor input, int[] kernel_size, int[] dilation=1, int[] padding=0, int[] stride=1)",
        unfold,
        where="F",
        doc="one column for each place of a sliding window",
        samples=("F.unfold(a.reshape(1, 1, -1), (1, 2))",),
    ),
    general(
        f"im2col(Tensor self, {_WINDOW})",
        "Im2ColBackward0",
        to_columns,
        where="",
        grad={"self": f"col2im(grad, self_size[-2:], {_GIVEN})"},
        result_edits=2,
        older={"torch-1.13": {"result_edits": 1, "grad": {"self": f"col2im(grad, self.shape[-2:], {_GIVEN})"}}},
        doc="F.unfold after its checks",
    ),
    composite(
        "fold(Tensor input, int[] output_size, int[] kernel_size, int[] dilation=1, int[] padding=0, int[] stride=1)",
        fold,
        where="F",
        doc="columns added up where their windows were",
        samples=("F.fold(a.reshape(1, 1, -1), (1, 3), (1, 1))",),
    ),
    general(
        f"col2im(Tensor self, int[] output_size, {_WINDOW})",
        "Col2ImBackward0",
        from_columns,
        where="",
        grad={"self": f"im2col(grad, {_GIVEN})"},
        result_edits=1,
        doc="F.fold after its checks",
    ),
    general(
        "pixel_shuffle(Tensor self, int upscale_factor)",
        "PixelShuffleBackward0",
        shuffle,
        where="tF",
        grad={"self": "pixel_unshuffle(grad, upscale_factor)"},
        check=_check_shuffle,
        doc="channels spread over a larger picture",
        samples=("F.pixel_shuffle(torch.stack([a, a, b, b]).reshape(1, 4, 1, -1), 2)",),
    ),
    general(
        "pixel_unshuffle(Tensor self, int downscale_factor)",
        "PixelUnshuffleBackward0",
        unshuffle,
        where="tF",
        grad={"self": "pixel_shuffle(grad, downscale_factor)"},
        check=_check_shuffle,
        doc="a picture gathered into more channels",
        samples=("F.pixel_unshuffle(torch.stack([a, b, a, b]).reshape(1, 2, 2, -1)[..., :2], 2)",),
    ),
    general(
        "channel_shuffle(Tensor self, int groups)",
        "ChannelShuffleBackward0",
        exchange,
        where="tF",
        grad={"self": "channel_shuffle(grad, self_size[1] // groups)"},
        older={
            "torch-1.13": {
                "grad_fn": "torch::autograd::NotImplemented",
                "grad": {"self": "no_derivative_of_shuffle()"},
                "bare_edges": True,
            }
        },
        check=_check_exchange,
        doc="the channels of several groups dealt out in turn",
        samples=("F.channel_shuffle(torch.stack([a, b, a, b]).reshape(1, 4, -1), 2)",),
    ),
]
