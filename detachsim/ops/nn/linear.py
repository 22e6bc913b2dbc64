"""Layers that multiply by a matrix: Linear and Bilinear; and PReLU, which learns a slope."""

import math
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn import init
from detachsim.ops.nn.base import Module, options, tensors


def fill_weight_and_bias(session: Session, table: dict[str, Tensor | None], *, convolution: bool = False) -> None:
    """Fill a layer as PyTorch does linear layers and convolutions: both evenly, by the number of inputs."""
    weight, bias = table["weight"], table["bias"]
    if weight is None:
        # Python's, of the first thing that PyTorch asks of the weight.
        asked = "shape" if session.dialect != NEWEST or not convolution else "is_contiguous"
        raise TorchError("python", type="AttributeError", text=f"'NoneType' object has no attribute '{asked}'")
    init.kaiming_uniform(session, weight, a=math.sqrt(5))
    if bias is not None:
        fan_in = weight.shape[1] * math.prod(weight.shape[2:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0
        init.uniform(session, bias, -bound, bound)


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
        return self.functional("linear", input, self.held("weight"), self.held("bias"))

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        bias = self.held("bias") is not None
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
        return self.functional("bilinear", input1, input2, self.held("weight"), self.held("bias"))

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
        return self.functional("prelu", input, self.held("weight"))

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"num_parameters={self.num_parameters}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {**options("num_parameters"), **tensors("weight")}


CLASSES: tuple[type[Module], ...] = (Linear, Bilinear, PReLU)
