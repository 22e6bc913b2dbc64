"""Layers that pad."""

from typing import Any, ClassVar

from detachsim.ops.nn.base import Module, options


class _Padding(Module):
    """Pads by a number on all sides, or by a number for each side."""

    called: ClassVar[dict[str, str]] = {"__init__": ""}
    dims: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self.dims) if isinstance(padding, int) else tuple(padding)
        self.value: float | None = None

    def forward(self, input: Any) -> Any:
        """Pad."""
        return self.functional("pad", input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"{self.padding}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("padding")


class _ConstantPadding(_Padding):
    mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"padding={self.padding}, value={self.value}"


class _ZeroPadding(_Padding):
    mode = "constant"

    def __init__(self, padding: Any) -> None:
        super().__init__(padding)
        self.value = 0.0


def _paddings() -> list[type[Module]]:
    """Return the layers that pad: one for each way and each number of dimensions."""
    kinds: tuple[tuple[str, type[_Padding], str], ...] = (
        ("ConstantPad", _ConstantPadding, "constant"),
        ("ZeroPad", _ZeroPadding, "constant"),
        ("ReflectionPad", _Padding, "reflect"),
        ("ReplicationPad", _Padding, "replicate"),
        ("CircularPad", _Padding, "circular"),
    )
    return [
        type(f"{name}{dims}d", (base,), {"__doc__": f"``F.pad`` as a module: {mode}.", "dims": dims, "mode": mode})
        for name, base, mode in kinds
        for dims in (1, 2, 3)
    ]


CLASSES: tuple[type[Module], ...] = tuple(_paddings())
