"""Modules with parameters: linear layers, embeddings, normalizations and convolutions."""

import math
from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.nn.base import Module, constant, initialized, layer_size, options, tensors, uniform, weight_bound

# How often batch normalization ran: PyTorch counts in an int64 tensor.
_COUNTER = dtypes.int64


class Linear(Module):
    """input @ weight.T + bias."""

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        kind = dtype or dtypes.float32
        weight = uniform(self.session, layer_size(out_features, in_features), kind, weight_bound(in_features))
        bound = 1 / math.sqrt(in_features) if in_features else 0.0
        self.parameter_table = {
            "weight": weight,
            "bias": uniform(self.session, (out_features,), kind, bound) if bias else None,
        }

    def forward(self, input: Any) -> Any:
        """Run the layer."""
        table = self.parameter_table
        return self.session.call("linear", input, table["weight"], table["bias"])

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        bias = self.parameter_table["bias"] is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={bias}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {**options("in_features", "out_features"), **tensors("weight", "bias")}


class Bilinear(Module):
    """One bilinear form of two inputs for each output."""

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        size = layer_size(out_features, in1_features, in2_features)
        bound = 1 / math.sqrt(in1_features)
        kind = dtype or dtypes.float32
        self.parameter_table = {
            "weight": uniform(self.session, size, kind, bound),
            "bias": uniform(self.session, (out_features,), kind, bound) if bias else None,
        }

    def forward(self, input1: Any, input2: Any) -> Any:
        """Run the layer."""
        table = self.parameter_table
        return self.session.call("bilinear", input1, input2, table["weight"], table["bias"])

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.parameter_table['bias'] is not None}"
        )

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("in1_features", "in2_features", "out_features"),
        **tensors("weight", "bias"),
    }


class Embedding(Module):
    """A table of vectors, looked up by integers."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> None:
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise TorchError("padding_range")
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        size = layer_size(num_embeddings, embedding_dim)
        weight = initialized(self.session.generator.normal(size), dtypes.float32)
        if padding_idx is not None:
            weight.array[padding_idx] = 0
            weight.version.value += 1
        self.parameter_table = {"weight": weight}

    def forward(self, input: Any) -> Any:
        """Look the vectors up."""
        return self.session.call("embedding", input, self.parameter_table["weight"], self.padding_idx)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_embeddings", "embedding_dim", "padding_idx"),
        **tensors("weight"),
    }


class LayerNorm(Module):
    """Normalization over the last dims."""

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...] | list[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        kind = dtype or dtypes.float32
        self.parameter_table = {
            "weight": constant(self.normalized_shape, kind, 1.0) if elementwise_affine else None,
            "bias": constant(self.normalized_shape, kind, 0.0) if elementwise_affine and bias else None,
        }

    def forward(self, input: Any) -> Any:
        """Normalize."""
        table = self.parameter_table
        return self.session.call("layer_norm", input, self.normalized_shape, table["weight"], table["bias"], self.eps)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.parameter_table['bias'] is not None}"
        )

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("normalized_shape", "eps", "elementwise_affine"),
        **tensors("weight", "bias"),
    }


class GroupNorm(Module):
    """Normalization over groups of channels."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        kind = dtype or dtypes.float32
        self.parameter_table = {
            "weight": constant((num_channels,), kind, 1.0) if affine else None,
            "bias": constant((num_channels,), kind, 0.0) if affine else None,
        }

    def forward(self, input: Any) -> Any:
        """Normalize."""
        table = self.parameter_table
        return self.session.call("group_norm", input, self.num_groups, table["weight"], table["bias"], self.eps)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        bias = self.parameter_table["bias"] is not None
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={bias}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_groups", "num_channels", "eps", "affine"),
        **tensors("weight", "bias"),
    }


class _BatchNorm(Module):
    """Normalization of each channel over the batch, with running statistics for use outside training."""

    expected: ClassVar[str]
    ndims: ClassVar[tuple[int, ...]]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        kind = dtype or dtypes.float32
        self.parameter_table = {
            "weight": constant((num_features,), kind, 1.0) if affine else None,
            "bias": constant((num_features,), kind, 0.0) if affine else None,
        }
        tracked = track_running_stats
        self.buffer_table = {
            "running_mean": _buffer((num_features,), kind, 0.0) if tracked else None,
            "running_var": _buffer((num_features,), kind, 1.0) if tracked else None,
            "num_batches_tracked": _buffer((), _COUNTER, 0) if tracked else None,
        }

    def forward(self, input: Any) -> Any:
        """Normalize, and in training mode take the batch's statistics into the running ones."""
        if isinstance(input, Tensor) and input.array.ndim not in self.ndims:
            raise TorchError("batch_norm_dims", expected=self.expected, ndim=input.array.ndim)
        mean, variance = self.buffer_table["running_mean"], self.buffer_table["running_var"]
        count = self.buffer_table["num_batches_tracked"]
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and count is not None:
            self.session.call("add_", count, 1)
            if self.momentum is None:
                momentum = 1.0 / float(count.array)
        table = self.parameter_table
        uses_batch = self.training or mean is None
        return self.session.call(
            "batch_norm",
            input,
            mean if not self.training or self.track_running_stats else None,
            variance if not self.training or self.track_running_stats else None,
            table["weight"],
            table["bias"],
            uses_batch,
            momentum,
            self.eps,
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        bias = self.parameter_table["bias"] is not None
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, bias={bias}, "
            f"track_running_stats={self.track_running_stats}"
        )

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_features", "eps", "momentum", "affine", "track_running_stats"),
        **tensors("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
    }


def _buffer(size: tuple[int, ...], dtype: DType, value: float) -> Tensor:
    """Return a tensor that a layer keeps besides its parameters; its values were put there in place."""
    tensor = fresh(np.full(size, value, dtype=dtype.numpy), dtype)
    tensor.version.value = 1
    return tensor


class BatchNorm1d(_BatchNorm):
    """Batch normalization of rows of features, or of sequences."""

    expected, ndims = "2D or 3D", (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalization of images."""

    expected, ndims = "4D", (4,)


class _Convolution(Module):
    """A convolution over ``dims`` dimensions."""

    dims: ClassVar[int]
    op: ClassVar[str]

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
        super().__init__()
        if groups <= 0:
            raise TorchError("conv_positive_groups")
        for name, count in (("in_channels", in_channels), ("out_channels", out_channels)):
            if count % groups:
                raise TorchError("conv_groups", name=name)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = self._repeated(kernel_size)
        self.stride, self.dilation = self._repeated(stride), self._repeated(dilation)
        self.padding = padding if isinstance(padding, str) else self._repeated(padding)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise TorchError("conv_padding_text", value=padding)
            if padding == "same" and any(step != 1 for step in self.stride):
                raise TorchError("conv_same_stride")
        fan_in = in_channels // groups * math.prod(self.kernel_size)
        kind = dtype or dtypes.float32
        size = layer_size(out_channels, in_channels // groups, *self.kernel_size)
        self.parameter_table = {
            "weight": uniform(self.session, size, kind, weight_bound(fan_in)),
            "bias": uniform(self.session, (out_channels,), kind, 1 / math.sqrt(fan_in)) if bias else None,
        }

    def _repeated(self, value: Any) -> tuple[int, ...]:
        return (value,) * self.dims if isinstance(value, int) else tuple(value)

    def forward(self, input: Any) -> Any:
        """Run the layer."""
        table = self.parameter_table
        return self.session.call(
            self.op, input, table["weight"], table["bias"], self.stride, self.padding, self.dilation, self.groups
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them, only those that differ from the usual."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self.dims:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.dims:
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.parameter_table["bias"] is not None else text + ", bias=False"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"),
        **tensors("weight", "bias"),
    }


class Conv1d(_Convolution):
    """A convolution over sequences."""

    dims, op = 1, "conv1d"


class Conv2d(_Convolution):
    """A convolution over images."""

    dims, op = 2, "conv2d"


CLASSES: tuple[type[Module], ...] = (
    Linear,
    Bilinear,
    Embedding,
    LayerNorm,
    GroupNorm,
    BatchNorm1d,
    BatchNorm2d,
    Conv1d,
    Conv2d,
)
