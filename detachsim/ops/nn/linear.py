"""Layers that multiply by a matrix or look rows up: Linear, Bilinear, Embedding; and PReLU, which learns a slope."""

import math
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn import init
from detachsim.ops.nn.base import Module, options, tensors


def fill_weight_and_bias(session: Session, table: dict[str, Tensor | None]) -> None:
    """Fill a layer as PyTorch does linear layers and convolutions: both evenly, by the number of inputs."""
    weight, bias = table["weight"], table["bias"]
    init.kaiming_uniform(session, weight, a=math.sqrt(5))
    if bias is not None and weight is not None:
        fan_in = weight.shape[1] * math.prod(weight.shape[2:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0
        init.uniform(session, bias, -bound, bound)


def padding_row(padding_idx: int, rows: int, refusal: str) -> int:
    """Return the row that is padding, counted from the first; refuses one that is not there."""
    if (padding_idx > 0 and padding_idx >= rows) or padding_idx < -rows:
        raise TorchError(refusal)
    return padding_idx + rows if padding_idx < 0 else padding_idx


class Linear(Module):
    """input @ weight.T + bias."""

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.parameter_table = {
            "weight": self.empty((out_features, in_features), device, dtype),
            "bias": self.empty(out_features, device, dtype) if bias else None,
        }
        self.fill_new()

    def reset_parameters(self) -> None:
        """Fill with random numbers."""
        fill_weight_and_bias(self.session, self.parameter_table)

    def forward(self, input: Any) -> Any:
        """Run the layer."""
        table = self.parameter_table
        return self.functional("linear", input, table["weight"], table["bias"])

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
        self.parameter_table = {
            "weight": self.empty((out_features, in1_features, in2_features), device, dtype),
            "bias": self.empty(out_features, device, dtype) if bias else None,
        }
        self.fill_new()

    def reset_parameters(self) -> None:
        """Fill with random numbers."""
        if self.in1_features <= 0 and self.session.dialect == NEWEST:
            raise TorchError("bilinear_features", value=self.in1_features)
        bound = 1 / math.sqrt(self.in1_features)
        for tensor in self.parameter_table.values():
            if tensor is not None:
                init.uniform(self.session, tensor, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        """Run the layer."""
        table = self.parameter_table
        return self.functional("bilinear", input1, input2, table["weight"], table["bias"])

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
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None:
            padding_idx = padding_row(padding_idx, num_embeddings, "padding_range")
        self.padding_idx, self.max_norm, self.norm_type = padding_idx, max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.parameter_table = {"weight": self.empty((num_embeddings, embedding_dim), device, dtype)}
        self.fill_new()

    def reset_parameters(self) -> None:
        """Fill with random numbers, and the padding's row with zeros."""
        weight = init.normal(self.session, self.parameter_table["weight"])
        if self.padding_idx is not None:
            with self.session.grad_mode(False):
                self.session.call("fill_", self.session.call("getitem", weight, self.padding_idx), 0)

    def forward(self, input: Any) -> Any:
        """Look the vectors up."""
        return self.functional(
            "embedding",
            input,
            self.parameter_table["weight"],
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them, only those that differ from the usual."""
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        shown = [f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        return f"{self.num_embeddings}, {self.embedding_dim}{''.join(shown)}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_embeddings", "embedding_dim", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq"),
        **tensors("weight"),
    }


class PReLU(Module):
    """max(0, input) + weight * min(0, input), with a weight that is learnt."""

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.parameter_table = {"weight": self.empty(num_parameters, device, dtype)}
        self.fill_new()

    def reset_parameters(self) -> None:
        """Fill with the slope of a new layer."""
        init.constant(self.session, self.parameter_table["weight"], self.init)

    def forward(self, input: Any) -> Any:
        """Run the layer."""
        return self.functional("prelu", input, self.parameter_table["weight"])

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"num_parameters={self.num_parameters}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {**options("num_parameters"), **tensors("weight")}


CLASSES: tuple[type[Module], ...] = (Linear, Bilinear, Embedding, PReLU)
