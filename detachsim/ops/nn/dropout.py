"""Dropout layers."""

from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.ops.nn.base import Module, options


class _Dropout(Module):
    """Drops at random while training."""

    op: ClassVar[str]
    called: ClassVar[dict[str, str]] = {"__init__": "_DropoutNd", "forward": ""}

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise TorchError("dropout_probability", value=p)
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        """Drop in training mode, else return the input."""
        return self.functional(self.op, input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"p={self.p}, inplace={self.inplace}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("p", "inplace")


class Dropout(_Dropout):
    """Sets elements to zero at random while training."""

    op = "dropout"


class Dropout1d(_Dropout):
    """Sets whole channels of sequences to zero at random while training."""

    op = "dropout1d"


class Dropout2d(_Dropout):
    """Sets whole channels of images to zero at random while training."""

    op = "dropout2d"


class Dropout3d(_Dropout):
    """Sets whole channels of volumes to zero at random while training."""

    op = "dropout3d"


class AlphaDropout(_Dropout):
    """Sets elements to selu's limit at random while training."""

    op = "alpha_dropout"


class FeatureAlphaDropout(_Dropout):
    """Sets whole channels to selu's limit at random while training."""

    op = "feature_alpha_dropout"


CLASSES: tuple[type[Module], ...] = (Dropout, Dropout1d, Dropout2d, Dropout3d, AlphaDropout, FeatureAlphaDropout)
