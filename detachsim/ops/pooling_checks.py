"""What pools ask of their windows, in PyTorch's order, over two dims or three."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.ops.pooling_kernels import Ints, geometry

_WORDS = {2: "two", 3: "three"}


def one_for_each(ops: Any, op: str, name: str, value: Any, dims: int) -> Sequence[int]:
    """Return an argument as one int for each dim; a single one stands for all."""
    values = (value,) if isinstance(value, int) else tuple(value)
    if len(values) not in (1, dims):
        # PyTorch's two authors, and a slip that was mended after 1.13.
        either = "" if op == "avg_pool3d" else "either "
        verb = f"must be {either}" if name == "dilation" else f"must {either}be "
        if ops.is_old and op != f"avg_pool{dims}d" and name == "padding":
            verb = "must be either be "
        omitted = "omitted, " if name == "stride" else ""
        raise TorchError("pool_list", op=op, name=name, verb=verb, omitted=omitted, count=_WORDS[dims])
    refuse_wide(values)
    return values if len(values) == dims else values * dims


def refuse_wide(values: Sequence[int]) -> None:
    """Refuse numbers that no 32 bits hold."""
    if any(not -(2**31) <= value < 2**31 for value in values):
        raise TorchError("pool_wide")


def asked_for(self: Any, output_size: Any, dims: int, refusal: str, **details: Any) -> tuple[int, ...]:
    """Return how many windows are wanted along each dim: None for as many as there are elements."""
    wanted = (output_size,) * dims if isinstance(output_size, int) else tuple(output_size)
    if len(wanted) != dims:
        raise TorchError(refusal, dims=dims, **details)
    return tuple(self.shape[i - dims] if wanted[i] is None else wanted[i] for i in range(dims))


def refuse_windows(session: Any, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> None:
    """Refuse windows that no input has."""
    new = session.dialect == NEWEST
    for k, s, p, d in zip(kernel, stride, padding, dilation, strict=True):
        if s == 0:
            raise TorchError("pool_stride")
        if p < 0:
            raise TorchError("pool_pad", padding=p)
        # C rounds the half of a negative number up.
        if p > int(((k - 1) * (d if new else 1) + 1) / 2):
            raise TorchError("pool_padding", padding=p, kernel=k, dilation=d)
    sides = "THW"[-len(kernel) :]
    for what, word, sizes in (
        ("kernel size", "k", kernel),
        ("stride", "d", stride),
        ("dilation", "dilation", dilation),
    ):
        if min(sizes) <= 0:
            shown = " ".join(f"{word}{side}: {size}" for side, size in zip(sides, sizes, strict=True))
            raise TorchError("pool_measure", what=what, sizes=shown)


def refuse_padding(kernel: Ints, padding: Ints) -> None:
    """Refuse padding of more than half of the kernel, however wide it is spread."""
    if all(p <= k // 2 for k, p in zip(kernel, padding, strict=True)):
        return
    if len(kernel) == 2:
        shown = f"padW = {padding[1]}, padH = {padding[0]}, kW = {kernel[1]}, kH = {kernel[0]}"
    else:
        sized = [
            f"{word}{side}: {sizes['THW'.index(side)]}"
            for word, sizes in (("k", kernel), ("pad", padding))
            for side in "TWH"
        ]
        shown = " ".join(sized)
    raise TorchError("pool_half", shown=shown)


def refuse_small(self: Any, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool) -> None:
    """Refuse an input that has no window."""
    count = geometry(self.array, kernel, stride, padding, dilation, ceil_mode)
    if min(count) < 1:
        channels, *size = self.shape[-len(kernel) - 1 :]
        input, output = ("x".join(map(str, (channels, *sizes))) for sizes in (size, count))
        raise TorchError("pool_small", input=input, output=output)
