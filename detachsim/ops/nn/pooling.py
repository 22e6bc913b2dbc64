"""Pooling layers."""

from typing import Any, ClassVar

from detachsim.engine.picture_bodies import spread_out
from detachsim.ops.nn.base import Module, options


class _Pool(Module):
    """Pooling: windows of ``kernel_size``, every ``stride`` elements."""

    op: ClassVar[str]


class _MaxPool(_Pool):
    called: ClassVar[dict[str, str]] = {"__init__": "_MaxPoolNd", "forward": ""}

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding, self.dilation = kernel_size, padding, dilation
        self.stride = kernel_size if stride is None else stride
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Any) -> Any:
        """Take the largest element of each window."""
        return self.functional(
            self.op,
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("kernel_size", "stride", "padding", "dilation", "ceil_mode")


class MaxPool1d(_MaxPool):
    """Max pooling over sequences."""

    op = "max_pool1d"


class MaxPool2d(_MaxPool):
    """Max pooling over images."""

    op = "max_pool2d"


class MaxPool3d(_MaxPool):
    """Max pooling over volumes."""

    op = "max_pool3d"


class _AvgPool(_Pool):
    called: ClassVar[dict[str, str]] = {"__init__": "", "forward": ""}

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Any) -> Any:
        """Take the mean of each window."""
        return self.functional(
            self.op, input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("kernel_size", "stride", "padding", "ceil_mode")


class AvgPool1d(_AvgPool):
    """Average pooling over sequences; one number stands for a tuple of one."""

    op = "avg_pool1d"

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        one = [
            value if isinstance(value, tuple) else (value,) for value in (self.kernel_size, self.stride, self.padding)
        ]
        return f"kernel_size={one[0]}, stride={one[1]}, padding={one[2]}"


class AvgPool2d(_AvgPool):
    """Average pooling over images."""

    op = "avg_pool2d"


class AvgPool3d(_AvgPool):
    """Average pooling over volumes."""

    op = "avg_pool3d"


class _MaxUnpool(Module):
    """The inverse of max pooling, as far as it goes: windows of ``kernel_size``, every ``stride`` elements."""

    dims: ClassVar[int]
    called: ClassVar[dict[str, str]] = {"__init__": "", "forward": ""}

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = spread_out(self.dims, kernel_size)
        self.stride = spread_out(self.dims, kernel_size if stride is None else stride)
        self.padding = spread_out(self.dims, padding)

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        """Put elements where they stood."""
        name = f"max_unpool{self.dims}d"
        return self.functional(name, input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("kernel_size", "stride", "padding")


class MaxUnpool1d(_MaxUnpool):
    """The inverse of max pooling over sequences."""

    dims = 1


class MaxUnpool2d(_MaxUnpool):
    """The inverse of max pooling over images."""

    dims = 2


class MaxUnpool3d(_MaxUnpool):
    """The inverse of max pooling over volumes."""

    dims = 3


CLASSES: tuple[type[Module], ...] = (
    *(MaxPool1d, MaxPool2d, MaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d),
    *(MaxUnpool1d, MaxUnpool2d, MaxUnpool3d),
)
