"""Largest elements put back where they stood: max_unpool1d, max_unpool2d, max_unpool3d."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import unwrap
from detachsim.engine.picture_bodies import unpooled_size
from detachsim.ops.creation import checked_size
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite, general


def put_back(self: Array, indices: Array, output_size: Sequence[int], *windows: Any) -> Array:
    """Zeros of another size with each element at its index in its plane or volume; of several, the last stays."""
    dims = len(output_size)
    lead = self.shape[:-dims]
    made = np.zeros((numel(lead), numel(output_size)), self.dtype)
    inner = numel(self.shape[-dims:])
    if made.size:
        np.put_along_axis(made, indices.reshape(len(made), inner), self.reshape(len(made), inner), axis=1)
    return made.reshape(*lead, *output_size)


def _check_unpool(session: Any, op: Op, bound: list[Any]) -> None:
    self, indices, size = bound[:3]
    dims = 3 if op.name == "_max_unpool3d" else 2
    if dims == 2:
        _require_whole(indices, "unpool_dtype")
        if len(size) != 2:
            raise TorchError("unpool_two", count=len(size))
    if self.array.ndim not in (dims + 1, dims + 2):
        raise TorchError("unpool_dims", dims=dims, least=dims + 1, most=dims + 2, found=self.array.ndim)
    if dims == 3:
        _require_whole(indices, "unpool_volume_dtype")
        for word, value in (("output_size", size), ("stride", bound[3]), ("padding", bound[4])):
            if len(value) != 3:
                raise TorchError("unpool_three", word=word, count=len(value))
    if self.shape != indices.shape:
        raise TorchError("unpool_shape", expected=list(self.shape), found=list(indices.shape))
    for dim, length in list(enumerate(self.shape))[-dims - 1 :]:
        if length == 0:
            raise TorchError("unpool_empty", dims=dims, sizes=list(self.shape), dim=dim)
    if dims == 3 and min(bound[3]) <= 0:
        raise TorchError("unpool_stride", stride=list(bound[3]))
    checked_size((*self.shape[:-dims], *size))
    if self.array.size == 0 or numel(size) == 0:
        return
    if not self.dtype.is_floating or (self.dtype.is_reduced and session.dialect != NEWEST):
        raise TorchError("not_implemented_for", kernel=f"max_unpool{dims}d", dtype=self.dtype.scalar)
    wrong = indices.array[(indices.array < 0) | (indices.array >= numel(size))]
    if wrong.size:
        raise TorchError("unpool_index", index=int(wrong[-1]), size="x".join(map(str, size)))


def _require_whole(indices: Any, key: str) -> None:
    if indices.dtype is not dtypes.int64:
        raise TorchError(key, dtype=indices.dtype.scalar)


def _unpool(dims: int) -> Callable[..., Any]:
    def max_unpool(
        ops: Any,
        input: Any,
        indices: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Any:
        given = (unwrap(value) for value in (kernel_size, stride, padding, output_size))
        size, steps, edges = unpooled_size(dims, input.shape, *given)
        if dims == 3:
            return ops._max_unpool3d(input, indices, size, steps, edges)
        if dims == 2:
            return ops._max_unpool2d(input, indices, size)
        made = ops._max_unpool2d(ops.unsqueeze(input, -1), ops.unsqueeze(indices, -1), (*size, 1))
        return ops.squeeze_dim(made, -1)

    return max_unpool


_GIVEN = "any kernel_size, any stride=None, any padding=0, any output_size=None"


def _row(dims: int, sample: str) -> Op:
    return composite(
        f"max_unpool{dims}d(Tensor input, Tensor indices, {_GIVEN})",
        _unpool(dims),
        where="F",
        doc="the largest elements of windows where they stood, and zeros",
        samples=(sample,),
    )


ROWS: list[Op] = [
    _row(1, "F.max_unpool1d(a.reshape(1, -1), torch.argsort(a.reshape(1, -1)), 2)"),
    _row(2, "F.max_unpool2d(a.reshape(1, 1, -1), torch.argsort(a.reshape(1, 1, -1)), (1, 2))"),
    _row(3, "F.max_unpool3d(a.reshape(1, 1, 1, -1), torch.argsort(a.reshape(1, 1, 1, -1)), (1, 1, 2))"),
    general(
        "_max_unpool2d(Tensor self, Tensor indices, int[] output_size)",
        "MaxUnpool2DBackward0",
        put_back,
        where="",
        grad={"self": "gather_places(grad, indices, 2)"},
        check=_check_unpool,
        doc="max_unpool2d after the sizes are known",
    ),
    general(
        "_max_unpool3d(Tensor self, Tensor indices, int[] output_size, int[] stride, int[] padding)",
        "MaxUnpool3DBackward0",
        put_back,
        where="",
        grad={"self": "gather_places(grad, indices, 3)"},
        check=_check_unpool,
        doc="max_unpool3d after the sizes are known",
    ),
]
