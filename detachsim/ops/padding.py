"""``F.pad`` and its modes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.op import Op
from detachsim.ops.numeric import converted
from detachsim.ops.row import composite, general


def constant_pad_nd(self: Array, pad: Sequence[int], value: float = 0) -> Array:
    if len(pad) % 2:
        raise TorchError("pad_even_constant", count=len(pad))
    if len(pad) // 2 > self.ndim:
        raise TorchError("pad_long", count=len(pad), ndim=self.ndim)
    if not pad:
        return self.copy()
    cut: list[slice] = [slice(None)] * self.ndim
    widths = [(0, 0)] * self.ndim
    for number in range(len(pad) // 2):
        axis = self.ndim - 1 - number
        before, after = pad[2 * number], pad[2 * number + 1]
        size = self.shape[axis]
        if size + min(before, 0) + min(after, 0) < 0:
            raise TorchError("narrow_length")
        cut[axis] = slice(max(-before, 0), size - max(-after, 0))
        widths[axis] = (max(before, 0), max(after, 0))
    return np.asarray(np.pad(self[tuple(cut)], widths, constant_values=converted(value, self)), order="C")


def _check_constant(session: Any, op: Op, bound: list[Any]) -> None:
    require_fit(session, bound[0].dtype, bound[2])


def constant_pad_backward(ops: Any, grad: Any, pad: Sequence[int]) -> Any:
    """Cut the padding off again."""
    return ops.constant_pad_nd(grad, tuple(-width for width in pad), 0)


def _widths(ndim: int, padding: Sequence[int]) -> list[tuple[int, int]]:
    widths = [(0, 0)] * ndim
    for number in range(len(padding) // 2):
        widths[ndim - 1 - number] = (padding[2 * number], padding[2 * number + 1])
    return widths


def _sources(shape: Sequence[int], padding: Sequence[int], mode: str) -> tuple[Array, ...]:
    """Return, for each dim, from where each element of the padded tensor comes, as an open mesh."""
    places = []
    for size, (before, after) in zip(shape, _widths(len(shape), padding), strict=True):
        wanted = np.arange(-before, size + after)
        if mode == "reflect":
            wanted = np.abs(wanted)
            wanted = np.where(wanted >= size, 2 * (size - 1) - wanted, wanted)
        places.append(np.clip(wanted, 0, max(size - 1, 0)))
    return np.ix_(*places)


def _mirrored(mode: str) -> Any:
    def kernel(self: Array, padding: Sequence[int]) -> Array:
        return np.array(self[_sources(self.shape, padding, mode)])

    return kernel


def _mirrored_backward(mode: str) -> Any:
    def kernel(grad_output: Array, self: Array, padding: Sequence[int]) -> Array:
        made = np.zeros(self.shape, dtype=grad_output.dtype)
        np.add.at(made, _sources(self.shape, padding, mode), grad_output)
        return made

    return kernel


def _check_reflect(session: Any, op: Op, bound: list[Any]) -> None:
    shape, padding = bound[0].shape, bound[1]
    for number in range(len(padding) // 2):
        axis = len(shape) - 1 - number
        before, after = padding[2 * number], padding[2 * number + 1]
        if before >= shape[axis] or after >= shape[axis]:
            raise TorchError(
                "pad_reflect", number=4 + 2 * number, before=before, after=after, dim=axis, shape=list(shape)
            )


def _modes(mode: str, word: str, count: int) -> list[Op]:
    """Return the row of one mode for so many padded dims, and of its backward."""
    name, node = f"{word}_pad{count}d", f"{word.title().replace('_', '')}Pad{count}DBackward"
    return [
        general(
            f"{name}(Tensor self, int[] padding)",
            f"{node}0",
            _mirrored(mode),
            where="",
            grad={"self": f"{name}_backward(grad, self, padding)"},
            check=_check_reflect if mode == "reflect" else None,
            doc=f"padded in {count} dims, mode {mode}",
        ),
        general(
            f"{name}_backward(Tensor grad_output, Tensor self, int[] padding)",
            f"{node}Backward0",
            _mirrored_backward(mode),
            where="",
            grad={"grad_output": f"{name}(grad, padding)", "self": "zeros_sized(grad, self_size)"},
            gradient_edits={"self": 1},
            doc=f"the gradients of what was padded, mode {mode}",
        ),
    ]


def pad_circular(ops: Any, self: Any, padding: Sequence[int]) -> Any:
    """Padding that continues at the other end, copied piece by piece as PyTorch does."""
    shape = list(self.shape)
    ndim = len(padding) // 2
    first = len(shape) - ndim
    size = list(shape)
    for number in range(ndim):
        axis = len(shape) - 1 - number
        before, after = padding[2 * number], padding[2 * number + 1]
        if before > shape[axis] or after > shape[axis]:
            raise TorchError("pad_wraps")
        size[axis] += before + after
    out = ops.new_zeros(self, tuple(size))
    target, source = out, self
    for number in range(ndim):
        axis = len(shape) - 1 - number
        before, after = padding[2 * number], padding[2 * number + 1]
        target = ops.slice(target, axis, max(before, 0), size[axis] - max(after, 0), 1)
        source = ops.slice(source, axis, max(-before, 0), shape[axis] - max(-after, 0), 1)
    ops.copy_(target, source)
    for axis in range(first, len(shape)):
        number = len(shape) - 1 - axis
        before, after = padding[2 * number], padding[2 * number + 1]
        length = size[axis]
        if before > 0:
            end = length - max(after, 0)
            ops.copy_(ops.slice(out, axis, 0, before, 1), ops.slice(out, axis, end - before, end, 1))
        if after > 0:
            start = max(before, 0)
            ops.copy_(ops.slice(out, axis, length - after, length, 1), ops.slice(out, axis, start, start + after, 1))
    return out


def pad(ops: Any, input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """input with elements added at its ends, or, for negative numbers, taken away."""
    if mode not in ("constant", *_WORDS):
        raise TorchError("pad_mode", mode=mode)
    if len(pad) % 2:
        raise TorchError("pad_even")
    if len(pad) > 2 * input.ndim:
        raise TorchError("pad_long_F", count=len(pad), ndim=input.ndim)
    if mode == "constant":
        return ops.constant_pad_nd(input, pad, 0 if value is None else value)
    if value is not None and value != 0:
        raise TorchError("pad_value", mode=mode)
    count = len(pad) // 2
    if count in (1, 2, 3) and input.ndim in (count + 1, count + 2):
        if mode == "circular":
            return pad_circular(ops, input, pad)
        return ops[f"{_WORDS[mode]}_pad{count}d"](input, pad)
    raise TorchError("pad_unsupported", size=len(pad), ndim=input.ndim)


_WORDS = {"reflect": "reflection", "replicate": "replication", "circular": "circular"}

HELPERS = {"constant_pad_backward": constant_pad_backward}

ROWS = [
    general(
        "constant_pad_nd(Tensor self, int[] pad, Number value=0)",
        "ConstantPadNdBackward0",
        constant_pad_nd,
        where="t",
        grad={"self": "constant_pad_backward(grad, pad)"},
        check=_check_constant,
        result_edits=2,
        doc="self with a constant added at its ends",
    ),
    composite(
        "pad(Tensor input, int[] pad, str mode='constant', float? value=None)",
        pad,
        where="F",
        doc="input with elements added at its ends",
        samples=("F.pad(a, (1, 1))", "F.pad(a, (1, 0), value=2.)"),
    ),
    *(
        row
        for mode, word in (("reflect", "reflection"), ("replicate", "replication"))
        for count in (1, 2, 3)
        for row in _modes(mode, word, count)
    ),
]
