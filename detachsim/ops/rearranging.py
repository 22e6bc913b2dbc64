"""Copies in another arrangement: repeat, roll, flip, rot90, tril, triu, diag."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_FIRST, AS_MADE, as_first, copied
from detachsim.engine.memory import ANYTHING, Overlap
from detachsim.engine.op import Op
from detachsim.ops.numeric import dims as wrap_dims
from detachsim.ops.numeric import numel, require_dim, wrap_dim
from detachsim.ops.row import composite, general


def repeat(self: Array, repeats: Sequence[int]) -> Array:
    if len(repeats) < self.ndim:
        raise TorchError("repeat_dims")
    shape = (1,) * (len(repeats) - self.ndim) + self.shape
    size = [count * length for count, length in zip(repeats, shape, strict=True)]
    for length in size:
        if length < 0:
            raise TorchError("negative_dim", size=length, shape=size)
    return np.asarray(np.tile(self.reshape(shape), tuple(repeats)), order="C").reshape(size)


def repeat_backward(ops: Any, grad: Any, repeats: Sequence[int], shape: tuple[int, ...]) -> Any:
    """Sum the gradients of all copies."""
    if numel(repeats) == 0:
        return ops.zeros_sized(grad, shape)
    lead = len(repeats) - len(shape)
    if lead and not shape:
        return ops.sum(grad)
    for _ in range(lead):
        grad = ops.sum_dim(grad, (0,), False)
    size: list[int] = []
    summed: list[int] = []
    for count, length in zip(repeats[lead:], shape, strict=True):
        if count != 1:
            summed.append(len(size))
            size.append(count)
        size.append(length)
    return ops.sum_dim(ops.reshape(grad, tuple(size)), tuple(summed), False) if summed else grad


def tile(ops: Any, self: Any, dims: Sequence[int]) -> Any:
    """repeat, where missing counts are 1."""
    return ops.repeat(self, (1,) * (self.ndim - len(dims)) + tuple(dims))


def repeat_interleave(ops: Any, self: Any, repeats: int, dim: int | None = None, output_size: Any = None) -> Any:
    """Each element repeated in place."""
    source = ops.flatten(self) if dim is None else self
    axis = wrap_dim(0 if dim is None else dim, self.ndim if dim is not None else 1)
    if repeats < 0:
        raise TorchError("repeat_negative")
    length = (source.shape or (1,))[axis] * repeats
    if output_size not in (None, length) and not ops.is_old:
        raise TorchError("repeat_output_size", expected=length, found=output_size)
    spread = ops.unsqueeze(source, axis + 1)
    shape = list(spread.shape)
    shape[axis + 1] = repeats
    return ops.flatten(ops.clone(ops.expand(spread, tuple(shape)), memory_format="contiguous"), axis, axis + 1)


def older_repeat_interleave(ops: Any, self: Any, repeats: int, dim: int | None = None, output_size: Any = None) -> Any:
    """Each element repeated, as 1.13 does it."""
    return repeat_interleave_each(ops, self, ops.tensor([repeats], dtype=_int64()), dim, output_size)


def _refuse_counts(dtype: DType) -> None:
    if dtype.name not in ("int64", "int32"):
        raise TorchError("not_implemented_for", kernel="repeat_interleave_cpu", dtype=dtype.scalar)


def repeat_interleave_each(ops: Any, self: Any, repeats: Any, dim: int | None = None, output_size: Any = None) -> Any:
    """Each element repeated as often as its number says."""
    source = ops.flatten(self) if dim is None else self
    counts: Array = repeats.tensor.array
    if counts.ndim > 1:
        raise TorchError("repeat_counts_dims")
    axis = require_dim(0 if dim is None else dim, source.ndim)
    length = source.shape[axis]
    if counts.ndim == 1 and counts.size not in (1, length):
        raise TorchError("repeat_counts", count=counts.size, dim=dim or 0, size=length)
    _refuse_counts(repeats.tensor.dtype)
    if counts.ndim == 0 or (counts.ndim == 1 and counts.size == 1):
        counts = np.full(length, int(counts.reshape(-1)[0]))
    places = _places(counts, output_size)
    return ops.index_select(source, axis, ops.tensor(places.tolist(), dtype=_int64()))


def _int64() -> Any:
    from detachsim.engine.dtypes import int64

    return int64


def _repeated_places(self: Array, output_size: int | None = None) -> Array:
    if self.ndim != 1:
        raise TorchError("repeat_vector")
    return _places(self, output_size).astype(self.dtype)


def _places(counts: Array, output_size: int | None) -> Array:
    """Return each place as often as its number says, ``output_size`` of them."""
    if counts.size and output_size is not None:
        if output_size < 0:
            raise TorchError("negative_dim", size=output_size, shape=[output_size])
        if counts.sum() != output_size:
            raise TorchError("repeat_allocated")
    if (counts < 0).any():
        raise TorchError("repeat_counts_negative")
    return np.repeat(np.arange(counts.size, dtype=np.int64), counts)


def roll(self: Array, shifts: Sequence[int], dims: Sequence[int] = ()) -> Array:
    if len(dims) != 1 or len(shifts) != 1:
        if len(shifts) == 0:
            raise TorchError("roll_shifts")
        if len(dims) == 0 and len(shifts) == 1:
            made = np.empty(self.shape, self.dtype)
            made.reshape(-1)[...] = np.roll(self.reshape(-1), shifts[0])
            return made
        if len(shifts) != len(dims):
            raise TorchError("roll_align", shifts=len(shifts), dims=len(dims))
    axes = tuple(require_dim(dim, self.ndim) for dim in dims)
    return np.asarray(np.roll(self, tuple(shifts), axes), order="C") if self.ndim else self.copy()


def roll_backward(ops: Any, grad: Any, shifts: Sequence[int], dims: Sequence[int]) -> Any:
    """Roll back."""
    return ops.roll(grad, tuple(-shift for shift in reversed(shifts)), tuple(reversed(dims)))


def flip(self: Array, dims: Sequence[int]) -> Array:
    axes = wrap_dims(dims, self.ndim) if dims else ()
    made = np.empty_like(self)  # laid out as self is
    made[...] = np.flip(self, axes) if self.ndim else self
    return made


def _flip_edits(bound: list[Any]) -> int:
    # Where nothing is to be turned round, PyTorch copies.
    self, dims = bound
    axes = wrap_dims(dims, len(self.shape)) if dims and self.shape else ()
    return int(not self.array.size or all(self.shape[axis] == 1 for axis in axes))


def _turn_edits(bound: list[Any]) -> int:
    # PyTorch flips, and for a quarter exchanges the dims of that in place; a whole turn is a copy.
    self, k, dims = bound
    first, second = dims or (0, 1)
    flipped = {1: (second,), 2: (first, second), 3: (first,)}.get(k % 4)
    return k % 2 + (0 if flipped is None else _flip_edits([self, flipped]))


def _flip_along(least: int, axis: int) -> Any:
    def function(ops: Any, self: Any) -> Any:
        if self.ndim < least:
            raise TorchError("flip_dims", least=least)
        return ops.flip(self, (axis,))

    return function


def rot90(self: Array, k: int = 1, dims: Sequence[int] | None = None) -> Array:
    dims = (0, 1) if dims is None else dims
    if len(dims) != 2:
        raise TorchError("rot90_dims", count=len(dims))
    if self.ndim < 2:
        raise TorchError("rot90_ndim", ndim=self.ndim)
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == self.ndim:
        raise TorchError("rot90_same", first=dims[0], second=dims[1])
    for dim in dims:
        if not -self.ndim <= dim < self.ndim:
            raise TorchError("rot90_range", dim=dim)
    first, second = (wrap_dim(dim, self.ndim) for dim in dims)
    turns = k % 4
    if turns == 1:
        return _flip_then_transpose(self, second, first, second)
    if turns == 2:
        return as_first(np.array(np.flip(self, (first, second)), order="C"), self)
    if turns == 3:
        return _flip_then_transpose(self, first, first, second)
    return np.array(self, order="C")


def _flip_then_transpose(self: Array, axis: int, first: int, second: int) -> Array:
    # PyTorch flips a copy, which lies as self does, and exchanges the dims of that copy in place.
    return copied(as_first(np.array(np.flip(self, axis), order="C"), self).swapaxes(first, second))


def _triangle(name: str) -> Op:
    function: Any = np.tril if name == "tril" else np.triu

    def check(session: Any, op: Op, bound: list[Any]) -> None:
        ndim = bound[0].array.ndim
        if ndim < 2:
            dims = "Dimension out of range (expected to be in range of [-1, 0], but got -2)"
            none = "Dimension specified as -2 but tensor has no dimensions"
            raise TorchError("triangle_dims", op=name, range=dims if ndim else none)

    def kernel(self: Array, diagonal: int = 0) -> Array:
        return np.asarray(function(self, diagonal), order="C")

    return general(
        f"{name}(Tensor self, int diagonal=0)",
        f"{name.capitalize()}Backward0",
        kernel,
        grad={"self": f"{name}(grad, diagonal)"},
        check=check,
        inplace=True,
        overlap=Overlap(itself=True, inputs=ANYTHING),  # only zeros are written
        out={"blind": True},
        doc=f"the {'lower' if name == 'tril' else 'upper'} triangle, zeros elsewhere",
        samples=(f"(a * torch.ones(2, 3)).{name}()",),
    )


HELPERS = {"repeat_backward": repeat_backward, "roll_backward": roll_backward}

ROWS = [
    general(
        "repeat(Tensor self, size repeats)",
        "RepeatBackward0",
        repeat,
        where="m",
        grad={"self": "repeat_backward(grad, repeats, self_size)"},
        result_edits=1,
        doc="self over and over along each dim, copied",
        samples=("a.repeat(2, 1)",),
    ),
    composite("tile(Tensor self, size dims)", tile, doc="self over and over, copied", samples=("a.tile(2)",)),
    composite(
        "repeat_interleave.self_int(Tensor self, int repeats, int? dim=None, *, int? output_size=None)",
        repeat_interleave,
        older={"torch-1.13": {"kernel": older_repeat_interleave}},
        doc="each element several times in a row",
        samples=("a.repeat_interleave(2)",),
    ),
    composite(
        "repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *, int? output_size=None)",
        repeat_interleave_each,
        doc="each element as often as its number in repeats says",
    ),
    general(
        "repeat_interleave.Tensor(Tensor repeats, *, int? output_size=None)",
        "",
        _repeated_places,
        where="t",
        check=lambda session, op, bound: _refuse_counts(bound[0].dtype),
        doc="the places 0, 1, 2 …, each as often as its number in repeats says",
    ),
    general(
        "roll(Tensor self, int[] shifts, int[] dims=())",
        "RollBackward0",
        roll,
        grad={"self": "roll_backward(grad, shifts, dims)"},
        result_edits=lambda bound: int(not bound[0].array.size),
        doc="the elements moved along dims, those that fall out put back at the other end",
        samples=("a.roll(1)", "a.roll(1, 0)"),
    ),
    general(
        "flip(Tensor self, size dims)",
        "FlipBackward0",
        flip,
        grad={"self": "flip(grad, dims)"},
        layout=AS_FIRST,
        result_edits=_flip_edits,
        doc="the order reversed along dims, copied",
        samples=("a.flip(0)", "a.flip(-1)"),
    ),
    composite("fliplr(Tensor self)", _flip_along(2, 1), doc="the columns in reverse order"),
    composite("flipud(Tensor self)", _flip_along(1, 0), doc="the rows in reverse order"),
    general(
        "rot90(Tensor self, int k=1, int[]? dims=None)",
        "Rot90Backward0",
        rot90,
        grad={"self": "rot90(grad, -k, dims)"},
        layout=AS_MADE,
        result_edits=_turn_edits,
        doc="turned by 90 degrees k times in the plane of two dims",
    ),
    _triangle("tril"),
    _triangle("triu"),
]
