"""Cutting a tensor into pieces: split, chunk, tensor_split, and their kin."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine.dtypes import Array, int64
from detachsim.engine.empties import cut
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import PIECE
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import composite, general, view


def _pieces(self: Array, axis: int, sizes: Sequence[int]) -> list[Array]:
    made: list[Array] = []
    start = 0
    for size in sizes:
        made.append(cut(self, axis, start, start + size))
        start += size
    return made


def _split_sizes(length: int, split_size: int) -> list[int]:
    """Return the sizes of pieces, of which only the last may be smaller."""
    if split_size == 0:
        return [0]
    count = max((length + split_size - 1) // split_size, 1)
    return [split_size] * (count - 1) + [length - split_size * (count - 1)]


def split(self: Array, split_size: int, dim: int = 0) -> list[Array]:
    if self.ndim == 0:
        raise TorchError("split_zero_dim", op="split")
    if split_size < 0:
        raise TorchError("split_negative", size=split_size)
    axis = wrap_dim(dim, self.ndim)
    if split_size == 0 and self.shape[axis]:
        raise TorchError("split_zero", size=self.shape[axis])
    return _pieces(self, axis, _split_sizes(self.shape[axis], split_size))


def split_with_sizes(self: Array, split_sizes: Sequence[int], dim: int = 0) -> list[Array]:
    if self.ndim == 0:
        raise TorchError("split_zero_dim", op="split")
    axis = wrap_dim(dim, self.ndim)
    if any(size < 0 for size in split_sizes):
        raise TorchError("split_sizes_negative", sizes=list(split_sizes))
    if sum(split_sizes) != self.shape[axis]:
        raise TorchError("split_sizes_sum", size=self.shape[axis], dim=dim, sizes=list(split_sizes))
    return _pieces(self, axis, split_sizes)


def split_backward(ops: Any, grads: Sequence[Any], sizes: Sequence[int], dim: int, shape: tuple[int, ...]) -> Any:
    """Join the gradients of the pieces, zeros for a piece that nobody used."""
    axis = wrap_dim(dim, len(shape))
    present = next(grad for grad in grads if grad is not None)
    parts = [
        ops.zeros_sized(present, (*shape[:axis], size, *shape[axis + 1 :])) if grad is None else grad
        for grad, size in zip(grads, sizes, strict=True)
    ]
    return ops.cat(parts, axis)


def even_sizes(ops: Any, shape: tuple[int, ...], split_size: int, dim: int) -> list[int]:
    """The sizes of the pieces of a split."""
    return _split_sizes(shape[wrap_dim(dim, len(shape))], split_size)


def chunk(ops: Any, self: Any, chunks: int, dim: int = 0) -> Any:
    """At most so many pieces, all but the last of one size."""
    if self.ndim == 0:
        raise TorchError("split_zero_dim", op="chunk")
    if chunks <= 0:
        raise TorchError("chunk_count", chunks=chunks)
    length = self.shape[wrap_dim(dim, self.ndim)]
    size = (length + chunks - 1) // chunks
    if size == 0 and length == 0:
        return ops.split_with_sizes(self, (0,) * chunks, dim)
    return ops.split_Tensor(self, size, dim)


def tensor_split(ops: Any, self: Any, indices_or_sections: Any, dim: int = 0) -> Any:
    """So many pieces, or pieces that begin at indices; each an ordinary slice."""
    if self.ndim == 0:
        raise TorchError("tensor_split_zero_dim")
    if isinstance(indices_or_sections, Operand):
        if indices_or_sections.tensor.dtype is not int64:
            raise TorchError("tensor_split_dtype", dtype=indices_or_sections.tensor.dtype.scalar)
        if indices_or_sections.ndim > 1:
            raise TorchError("tensor_split_dims", ndim=indices_or_sections.ndim)
    axis = wrap_dim(dim, self.ndim)
    length = self.shape[axis]
    if isinstance(indices_or_sections, Operand):
        listed = indices_or_sections.tensor.array.tolist()
        indices_or_sections = listed if isinstance(listed, int) else tuple(listed)
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections <= 0:
            raise TorchError("tensor_split_sections", sections=sections)
        least, larger = divmod(length, sections)
        ends: list[int] = []
        for number in range(sections):
            ends.append((ends[-1] if ends else 0) + least + (1 if number < larger else 0))
        starts = [0, *ends[:-1]]
    else:
        starts, ends = [0, *indices_or_sections], [*indices_or_sections, length]
    return tuple(ops.slice(self, axis, start, end, 1) for start, end in zip(starts, ends, strict=True))


def _split_along(name: str, least: int) -> Any:
    def function(ops: Any, self: Any, indices_or_sections: Any) -> Any:
        if self.ndim < least:
            raise TorchError("hsplit_dims", op=name, least=least, ndim=self.ndim)
        axis = {"hsplit": 0 if self.ndim == 1 else 1, "vsplit": 0, "dsplit": 2}[name]
        if isinstance(indices_or_sections, int):
            sections = indices_or_sections
            if sections == 0 or self.shape[axis] % sections:
                raise TorchError("hsplit_sizes", op=name, dim=axis, size=self.shape[axis], sections=sections)
        return tensor_split(ops, self, indices_or_sections, axis)

    return function


def _splits(name: str, least: int, word: str) -> Op:
    return composite(
        f"{name}(Tensor self, any indices_or_sections)",
        _split_along(name, least),
        doc=f"cut along the {word} dim",
    )


HELPERS = {"split_backward": split_backward, "even_sizes": even_sizes}

ROWS = [
    view(
        "split.Tensor(Tensor self, int split_size, int dim=0)",
        "SplitBackward0",
        split,
        grad={"self": "split_backward(grads, even_sizes(self_size, split_size, dim), dim, self_size)"},
        differentiable_outputs=2,
        several=True,
        older={"torch-1.7": {"several": PIECE}},
        doc="pieces of a size along dim, each a view",
        samples=("a.split(1)[0]", "a.split(2, dim=-1)[1]"),
    ),
    general(
        "unsafe_split(Tensor self, int split_size, int dim=0)",
        "UnsafeSplitBackward0",
        split,
        where="",
        grad={"self": "split_backward(grads, even_sizes(self_size, split_size, dim), dim, self_size)"},
        differentiable_outputs=2,
        several=True,
        doc="pieces that may be edited, since PyTorch takes nobody to look at the whole again",
    ),
    composite(
        "split.sizes(Tensor self, int[] split_size, int dim=0)",
        lambda ops, self, split_size, dim=0: ops.split_with_sizes(self, split_size, dim),
        doc="pieces of given sizes along dim, each a view",
    ),
    view(
        "split_with_sizes(Tensor self, int[] split_sizes, int dim=0)",
        "SplitWithSizesBackward0",
        split_with_sizes,
        grad={"self": "split_backward(grads, split_sizes, dim, self_size)"},
        differentiable_outputs=2,
        several=True,
        older={"torch-1.7": {"several": PIECE}},
        doc="pieces of given sizes along dim, each a view",
        samples=("a.split([1, 2], -1)[1]",),
    ),
    composite(
        "chunk(Tensor self, int chunks, int dim=0)",
        chunk,
        doc="at most so many pieces along dim, each a view",
        samples=("a.chunk(2, -1)[0]",),
    ),
    composite(
        "tensor_split(Tensor self, any indices_or_sections, int dim=0)",
        tensor_split,
        doc="so many pieces along dim, each a view that may be edited",
        samples=("a.tensor_split(2, -1)[0]",),
    ),
    _splits("hsplit", 1, "second"),
    _splits("vsplit", 2, "first"),
    _splits("dsplit", 3, "third"),
]
