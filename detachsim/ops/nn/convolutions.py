"""Convolutions and transposed convolutions over sequences, images and volumes."""

from typing import Any, ClassVar

from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.ops.collections import items_of
from detachsim.ops.nn.base import Module, dims_of, options, tensors
from detachsim.ops.nn.linear import fill_weight_and_bias

# How ``F.pad`` calls what a layer calls its way of padding.
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _AnyConvolution(Module):
    """What all convolutions have: a weight, a bias, and options repeated for each dimension."""

    dims: ClassVar[int]
    op: ClassVar[str]
    transposed: ClassVar[bool] = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        output_padding: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: DType | None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise TorchError("conv_positive_groups")
        for name, count in (("in_channels", in_channels), ("out_channels", out_channels)):
            if count % groups:
                raise TorchError("conv_groups", name=name)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = self._repeated(kernel_size)
        self.stride, self.dilation = self._repeated(stride), self._repeated(dilation)
        self.output_padding = self._repeated(output_padding)
        self.padding = padding if isinstance(padding, str) else self._repeated(padding)
        self.padding_mode = padding_mode
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise TorchError("conv_padding_text", value=padding)
            if padding == "same" and any(step != 1 for step in self.stride):
                raise TorchError("conv_same_stride")
        if padding_mode not in _PADDING_MODES:
            raise TorchError("conv_padding_mode", modes=repr(set(_PADDING_MODES)), value=padding_mode)
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.parameter_table = {
            "weight": self.empty((first, second // groups, *self.kernel_size), device, dtype),
            "bias": self.empty(out_channels, device, dtype) if bias else None,
        }
        self.fill_new()

    def _repeated(self, value: Any) -> tuple[int, ...]:
        items = items_of(value)
        return (value,) * self.dims if items is None else tuple(items)

    def reset_parameters(self) -> None:
        """Fill with random numbers."""
        fill_weight_and_bias(self.session, self.parameter_table, convolution=True)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them, only those that differ from the usual."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        usual = {
            "padding": (0,) * (len(self.padding) if isinstance(self.padding, str) else self.dims),
            "dilation": (1,) * self.dims,
            "output_padding": (0,) * self.dims,
            "groups": 1,
        }
        text += "".join(
            f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value
        )
        if self.held("bias") is None:
            text += ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"),
        **tensors("weight", "bias"),
    }


class _Convolution(_AnyConvolution):
    called: ClassVar[dict[str, str]] = {"__init__": "", "forward": ""}

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Any) -> Any:
        """Run the layer."""
        padding = self.padding
        if self.padding_mode != "zeros":
            input = self.functional("pad", input, self._both_sides(), mode=self.padding_mode)
            padding = (0,) * self.dims
        return self.functional(
            self.op, input, self.held("weight"), self.held("bias"), self.stride, padding, self.dilation, self.groups
        )

    def _both_sides(self) -> list[int]:
        """Return how far to pad, before and after, last dimension first."""
        sides: list[int] = []
        for place in reversed(range(self.dims)):
            if self.padding == "same":
                total = self.dilation[place] * (self.kernel_size[place] - 1)
                sides += [total // 2, total - total // 2]
            else:
                sides += [0, 0] if isinstance(self.padding, str) else [self.padding[place]] * 2
        return sides


class Conv1d(_Convolution):
    """A convolution over sequences."""

    dims, op = 1, "conv1d"


class Conv2d(_Convolution):
    """A convolution over images."""

    dims, op = 2, "conv2d"


class Conv3d(_Convolution):
    """A convolution over volumes."""

    dims, op = 3, "conv3d"


class _Transposed(_AnyConvolution):
    transposed = True
    called: ClassVar[dict[str, str]] = {"__init__": "", "forward": ""}

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise TorchError("conv_transposed_padding", module=type(self).__name__)
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Any, output_size: Any = None) -> Any:
        """Run the layer; of the sizes that its input may have come from, ``output_size`` chooses one."""
        extra = self.output_padding if output_size is None else self._missing(input, output_size)
        return self.functional(
            self.op,
            input,
            self.held("weight"),
            self.held("bias"),
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def _missing(self, input: Any, output_size: Any) -> list[int]:
        """Return how much larger than the smallest possible size the output is to be."""
        ndim = dims_of(input)
        others = 2 if ndim == self.dims + 2 else 1
        sizes = output_size[others:] if len(output_size) == others + self.dims else output_size
        if len(sizes) != self.dims:
            raise TorchError(
                "conv_output_dims", dims=self.dims, ndim=ndim, both=others + self.dims, found=len(output_size)
            )
        least = [
            (input.shape[others + dim] - 1) * self.stride[dim]
            - 2 * self.padding[dim]
            + self.dilation[dim] * (self.kernel_size[dim] - 1)
            + 1
            for dim in range(self.dims)
        ]
        most = [size + step - 1 for size, step in zip(least, self.stride, strict=True)]
        if any(size < low or size > high for low, size, high in zip(least, sizes, most, strict=True)):
            shown = f"torch.Size({list(sizes)})" if type(sizes) not in (list, tuple) else sizes
            raise TorchError("conv_output_range", sizes=shown, least=least, most=most, given=list(input.shape[2:]))
        return [size - low for size, low in zip(sizes, least, strict=True)]


class ConvTranspose1d(_Transposed):
    """A transposed convolution over sequences."""

    dims, op = 1, "conv_transpose1d"


class ConvTranspose2d(_Transposed):
    """A transposed convolution over images."""

    dims, op = 2, "conv_transpose2d"


class ConvTranspose3d(_Transposed):
    """A transposed convolution over volumes."""

    dims, op = 3, "conv_transpose3d"


CLASSES: tuple[type[Module], ...] = (Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
