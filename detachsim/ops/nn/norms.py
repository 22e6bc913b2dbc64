"""Normalizing layers: LayerNorm, RMSNorm, GroupNorm, BatchNorm and InstanceNorm."""

from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.nn import init
from detachsim.ops.nn.base import Module, dims_of, options, tensors
from detachsim.ops.python_calls import method


def _bias_text(module: Module) -> str:
    """Say whether a module has a bias, which the repr of older dialects does not."""
    return f", bias={module.held('bias') is not None}" if module.session.dialect == NEWEST else ""


class _Norm(Module):
    """A layer whose weight starts as ones and whose bias starts as zeros, if it has them."""

    def reset_parameters(self) -> None:
        """Fill the weight with ones, and the bias with zeros."""
        for name, fill in (("weight", init.ones), ("bias", init.zeros)):
            tensor = self.parameter_table.get(name)
            if tensor is not None:
                fill(self.session, tensor)
            elif self.is_affine and (name == "weight" or self.session.dialect != NEWEST):
                # Later releases know layers without a bias.
                method = "fill_" if name == "weight" else "zero_"
                text = f"'NoneType' object has no attribute '{method}'"
                raise TorchError("python", type="AttributeError", text=text)

    @property
    def is_affine(self) -> bool:
        """Whether the layer was made with a weight."""
        return bool(getattr(self, "affine", False) or getattr(self, "elementwise_affine", False))


def _shape(normalized_shape: Any) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class LayerNorm(_Norm):
    """Normalization over the last dims."""

    newer = frozenset(("bias",))

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.parameter_table = {
            "weight": self.empty(self.normalized_shape, device, dtype) if elementwise_affine else None,
            "bias": self.empty(self.normalized_shape, device, dtype) if elementwise_affine and bias else None,
        }
        self.fill_new()

    def forward(self, input: Any) -> Any:
        """Normalize."""
        weight, bias = self.held("weight"), self.held("bias")
        return self.functional("layer_norm", input, self.normalized_shape, weight, bias, self.eps)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        text = f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        return f"{text}{_bias_text(self)}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("normalized_shape", "eps", "elementwise_affine"),
        **tensors("weight", "bias"),
    }


class RMSNorm(_Norm):
    """Division by the root of the mean square over the last dims."""

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.parameter_table = {
            "weight": self.empty(self.normalized_shape, device, dtype) if elementwise_affine else None
        }
        self.fill_new()

    def forward(self, x: Any) -> Any:
        """Normalize."""
        return self.functional("rms_norm", x, self.normalized_shape, self.held("weight"), self.eps)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("normalized_shape", "eps", "elementwise_affine"),
        **tensors("weight"),
    }


class GroupNorm(_Norm):
    """Normalization over groups of channels."""

    newer = frozenset(("bias",))

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise TorchError("group_norm_channels", channels=num_channels, groups=num_groups)
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.parameter_table = {
            "weight": self.empty(num_channels, device, dtype) if affine else None,
            "bias": self.empty(num_channels, device, dtype) if affine and bias else None,
        }
        self.fill_new()

    def forward(self, input: Any) -> Any:
        """Normalize."""
        weight, bias = self.held("weight"), self.held("bias")
        return self.functional("group_norm", input, self.num_groups, weight, bias, self.eps)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        text = f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
        return f"{text}{_bias_text(self)}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_groups", "num_channels", "eps", "affine"),
        **tensors("weight", "bias"),
    }


class _ChannelNorm(_Norm):
    """What BatchNorm and InstanceNorm share: a weight and a bias for each channel, and running statistics."""

    expected: ClassVar[str]
    ndims: ClassVar[tuple[int, ...]]
    track_default: ClassVar[bool]
    state_version = 2
    newer_state = ("num_batches_tracked",)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool | None = None,
        track_running_stats: bool | None = None,
        device: Any = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine = self.track_default if affine is None else affine
        tracked = self.track_running_stats = self.track_default if track_running_stats is None else track_running_stats
        self.parameter_table = {
            "weight": self.empty(num_features, device, dtype) if self.affine else None,
            "bias": self.empty(num_features, device, dtype) if self.affine and bias else None,
        }
        self.buffer_table = {
            "running_mean": self.allocate("zeros", num_features, device, dtype) if tracked else None,
            "running_var": self.allocate("ones", num_features, device, dtype) if tracked else None,
            # How often it ran: PyTorch counts in an int64 tensor.
            "num_batches_tracked": fresh(np.zeros((), np.int64), dtypes.int64) if tracked else None,
        }
        self.fill_new()

    def reset_running_stats(self) -> None:
        """Forget all batches."""
        for name, value in (("running_mean", 0), ("running_var", 1), ("num_batches_tracked", 0)):
            tensor = self.buffer_table[name]
            if tensor is not None:
                self.session.call("fill_", tensor, value)

    def reset_parameters(self) -> None:
        """Forget all batches, and fill weight and bias."""
        self.reset_running_stats()
        super().reset_parameters()

    def refuse_wrong_dims(self, input: Any) -> None:
        """Raise PyTorch's error for an input with other dimensions than the layer takes."""
        if dims_of(input) not in self.ndims:
            raise TorchError("batch_norm_dims", expected=self.expected, ndim=input.array.ndim)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        text = f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"
        return f"{text}{_bias_text(self)}, track_running_stats={self.track_running_stats}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_features", "eps", "momentum", "affine", "track_running_stats"),
        **tensors("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
    }
    METHODS: ClassVar[dict[str, Any]] = {**Module.METHODS, "reset_running_stats": method(reset_running_stats)}


class _BatchNorm(_ChannelNorm):
    """Normalization of each channel over the batch, with running statistics for use outside training."""

    newer = frozenset(("bias",))

    track_default = True
    called: ClassVar[dict[str, str]] = {"__init__": "_BatchNorm"}

    def forward(self, input: Any) -> Any:
        """Normalize, and in training mode take the batch's statistics into the running ones."""
        self.refuse_wrong_dims(input)
        mean, variance = self.buffer_table["running_mean"], self.buffer_table["running_var"]
        count = self.buffer_table["num_batches_tracked"]
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and count is not None:
            self.session.call("add_", count, 1)
            if self.momentum is None:
                momentum = 1.0 / float(count.array)
        uses_batch = self.training or (mean is None and variance is None)
        return self.functional(
            "batch_norm",
            input,
            mean if not self.training or self.track_running_stats else None,
            variance if not self.training or self.track_running_stats else None,
            self.held("weight"),
            self.held("bias"),
            uses_batch,
            momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalization of rows of features, or of sequences."""

    expected, ndims = "2D or 3D", (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalization of images."""

    expected, ndims = "4D", (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalization of volumes."""

    expected, ndims = "5D", (5,)


class _InstanceNorm(_ChannelNorm):
    """Normalization of each channel of each item on its own. An input without a batch is taken as one item."""

    newer = frozenset(("bias",))

    track_default = False
    called: ClassVar[dict[str, str]] = {"__init__": "_InstanceNorm"}

    def forward(self, input: Any) -> Any:
        """Normalize."""
        self.refuse_wrong_dims(input)
        dim = input.array.ndim - self.ndims[0]
        if input.shape[dim] != self.num_features:
            details = {"dim": dim, "expected": self.num_features, "found": input.shape[dim]}
            if self.affine:
                raise TorchError("instance_norm_features", **details)
            self.session.warn("instance_norm_unused", dim=dim)
        if dim == 0:
            return self.session.call("squeeze", self._normalized(self.session.call("unsqueeze", input, 0)), 0)
        return self._normalized(input)

    def _normalized(self, input: Tensor) -> Any:
        return self.functional(
            "instance_norm",
            input,
            self.buffer_table["running_mean"],
            self.buffer_table["running_var"],
            self.held("weight"),
            self.held("bias"),
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance normalization of sequences."""

    expected, ndims = "2D or 3D", (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Instance normalization of images."""

    expected, ndims = "3D or 4D", (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalization of volumes."""

    expected, ndims = "4D or 5D", (4, 5)


CLASSES: tuple[type[Module], ...] = (
    LayerNorm,
    RMSNorm,
    GroupNorm,
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
