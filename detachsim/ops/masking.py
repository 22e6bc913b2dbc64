"""Choosing and placing elements by a mask, and the places of what is not 0."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.empties import with_strides
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.layout import AS_MADE, in_order
from detachsim.engine.memory import ANYTHING, FILLING, Overlap, overlaps_itself, refuse_overlap
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite, general
from detachsim.ops.shape import require_expandable


def _truth(mask: Array) -> Array:
    """Return a mask as truth values: of the older masks of other types, which were checked, the first byte counts."""
    return mask if mask.dtype == np.bool_ else _bytes(mask, 0) != 0


def _bytes(mask: Array, place: int) -> Array:
    rows = np.ascontiguousarray(mask)
    return rows.view(np.uint8).reshape(*mask.shape, mask.itemsize)[..., place]


def _check_bytes(mask: Tensor) -> None:
    """Refuse what 1.13 reads as neither true nor false; of other types it reads the first byte."""
    if mask.array.size:
        # bfloat16 is kept as the upper half of a float32.
        first = _bytes(mask.array, 2 if mask.dtype is dtypes.bfloat16 else 0)
        if (first > 1).any():
            raise TorchError("mask_bytes")


def masked_fill(self: Array, mask: Array, value: Any) -> Array:
    filling = np.asarray(value)
    if not isinstance(value, np.ndarray):
        filling = filling.astype(self.dtype)
    elif filling.dtype != self.dtype:
        filling = dtypes.cast(filling, dtypes.BY_NUMPY[filling.dtype], dtypes.BY_NUMPY[self.dtype])
    return np.asarray(np.where(_truth(mask), filling, self), order="C")


def masked_select(self: Array, mask: Array) -> Array:
    shape = broadcast_shape(mask.shape, self.shape)
    return np.array(np.broadcast_to(self, shape)[np.broadcast_to(_truth(mask), shape)])


def masked_select_backward(ops: Any, grad: Any, self: Any, mask: Any) -> Any:
    """Put the gradients back where the mask took the elements."""
    shape = broadcast_shape(self.shape, mask.shape)
    return ops.masked_scatter(ops.zeros_sized(grad, shape), ops.expand(mask, shape), grad)


def masked_scatter(self: Array, mask: Array, source: Array) -> Array:
    shape = broadcast_shape(mask.shape, self.shape)
    made = np.array(np.broadcast_to(self, shape))
    chosen = np.broadcast_to(_truth(mask), shape)
    count = int(np.count_nonzero(chosen))
    if source.size < count:
        raise TorchError("masked_scatter_source")
    made[chosen] = np.asarray(source).reshape(-1)[:count]
    return made


def masked_scatter_backward(grad_output: Array, mask: Array, sizes: Sequence[int]) -> Array:
    made = np.zeros(tuple(sizes), dtype=grad_output.dtype)
    taken = masked_select(grad_output, mask)
    made.reshape(-1)[: taken.size] = taken
    return made


def older_masked_scatter_backward(ops: Any, grad: Any, mask: Any, sizes: Sequence[int]) -> Any:
    """The same by three ops, as 1.13 did it: chosen, filled up with zeros, in the shape of the source."""
    made = ops.masked_select(grad, mask)
    missing = numel(sizes) - made.size
    if missing > 0:
        made = ops.cat((made, ops.zeros_sized(made, (missing,))))
    return ops.view(made, tuple(sizes))


def masked_scatter_backward_backward(ops: Any, grad: Any, mask: Any, shape: tuple[int, ...]) -> Any:
    """The gradients of the elements that the mask took."""
    return ops.masked_scatter(ops.zeros_sized(grad, shape), mask, grad)


def nonzero(ops: Any, self: Any, as_tuple: bool = False) -> Any:
    """The places of the elements that are not 0."""
    array = self.tensor.array
    if as_tuple:
        return ops.unbind(ops.nonzero(ops.unsqueeze(self, 0) if array.ndim == 0 else self), 1)
    return ops._nonzero(self)


def _nonzero_kernel(self: Array) -> Array:
    count = int(np.count_nonzero(self))
    if not count or not self.ndim:
        return with_strides(np.zeros((count, self.ndim), np.int64), (8, 8 * count))
    # Laid out dim by dim, as PyTorch does.
    return in_order(np.stack(np.nonzero(self)).astype(np.int64).T, (1, 0))


def _check_masked_fill(session: Any, op: Op, bound: list[Any]) -> None:
    value = bound[2]
    recorded = session.grad_enabled and isinstance(value, Tensor) and requires_grad(value)
    if not op.mutates:
        broadcast_shape(bound[1].shape, bound[0].shape)
    if isinstance(value, Tensor) and value.array.ndim:
        raise TorchError("masked_fill_value", ndim=value.array.ndim)
    if bound[1].dtype is not dtypes.boolean:
        if session.dialect != "torch-2.13":
            if bound[1].dtype is dtypes.uint8:
                session.warn("masked_fill_uint8")
        else:
            raise TorchError("masked_fill_dtype", dtype=bound[1].dtype.cpp)
    if op.mutates:
        if overlaps_itself(bound[0].array):
            session.warn("masked_fill_expanded")
        shape = broadcast_shape(bound[0].shape, bound[1].shape)
        if shape != bound[0].shape:
            raise TorchError("inplace_broadcast", output=list(bound[0].shape), broadcast=list(shape))
    require_fit(session, bound[0].dtype, value.array.item() if isinstance(value, Tensor) else value)
    _check_bytes(bound[1])
    if recorded and not op.mutates and not bound[0].dtype.is_floating:
        raise TorchError("autograd_dtype", dtype=bound[0].dtype.scalar)


def _check_masked_select(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1].dtype is dtypes.uint8 and session.dialect != "torch-2.13":
        session.warn("masked_select_uint8")
    elif bound[1].dtype is not dtypes.boolean:
        raise TorchError("masked_select_dtype")
    broadcast_shape(bound[1].shape, bound[0].shape)
    _check_bytes(bound[1])


def _check_masked_scatter(session: Any, op: Op, bound: list[Any]) -> None:
    if op.mutates:
        refuse_overlap(op.overlap, bound[0], ())
    else:
        broadcast_shape(bound[1].shape, bound[0].shape)
    if bound[0].dtype is not bound[2].dtype:
        raise TorchError("masked_scatter_dtypes", left=bound[0].dtype.scalar, right=bound[2].dtype.scalar)
    if op.mutates:
        require_expandable(bound[1], bound[0].shape)
    if bound[1].dtype is dtypes.uint8:
        session.warn("masked_scatter_uint8")
    if bound[1].dtype is not dtypes.boolean and session.dialect == NEWEST:
        raise TorchError("masked_scatter_mask", dtype=bound[1].dtype.scalar)
    _check_bytes(bound[1])


HELPERS = {
    "older_masked_scatter_backward": older_masked_scatter_backward,
    "masked_select_backward": masked_select_backward,
    "masked_scatter_backward_backward": masked_scatter_backward_backward,
}

ROWS = [
    general(
        "masked_fill.Tensor(Tensor self, MaskTensor mask, Tensor value)",
        "MaskedFillBackward1",
        masked_fill,
        grad={
            "self": "masked_fill_Scalar(grad, mask, 0)",
            "value": "sum(masked_select(grad, mask))",
        },
        older={"torch-1.7": {"edits_clone": True}},
        check=_check_masked_fill,
        overlap=FILLING,
        inplace=True,
        doc="self with value where mask is true",
        samples=("a.masked_fill(a > 0.5, b.sum())",),
    ),
    general(
        "masked_fill.Scalar(Tensor self, MaskTensor mask, Number value)",
        "MaskedFillBackward0",
        masked_fill,
        grad={"self": "masked_fill_Scalar(grad, mask, 0)"},
        check=_check_masked_fill,
        overlap=FILLING,
        older={"torch-1.7": {"edits_clone": True}},
        inplace=True,
        doc="self with value where mask is true",
        samples=("a.masked_fill(a > 0.5, 0.)",),
    ),
    general(
        "masked_select(Tensor self, MaskTensor mask)",
        "MaskedSelectBackward0",
        masked_select,
        grad={"self": "masked_select_backward(grad, self, mask)"},
        gradient_edits={"self": 1},
        check=_check_masked_select,
        out={"text": "out_selected", "blind": True, "alone": True},
        doc="the elements where mask is true, in one row",
        samples=("a.masked_select(a > 0.5)",),
    ),
    general(
        "masked_scatter(Tensor self, MaskTensor mask, Tensor source)",
        "MaskedScatterBackward0",
        masked_scatter,
        grad={
            "self": "masked_fill_Scalar(grad, mask, 0)",
            "source": "_masked_scatter_backward(grad, mask, source_size)",
        },
        older={
            "torch-1.7": {"edits_clone": True},
            "torch-1.13": {
                "grad": {
                    "self": "masked_fill_Scalar(grad, mask, 0)",
                    "source": "older_masked_scatter_backward(grad, mask, source_size)",
                }
            },
        },
        check=_check_masked_scatter,
        inplace=True,
        overlap=Overlap(inputs=ANYTHING),
        doc="self with the elements of source, one after the other, where mask is true",
        samples=("a.masked_scatter(a > 0.5, b)",),
    ),
    general(
        "_masked_scatter_backward(Tensor grad_output, MaskTensor mask, int[] sizes)",
        "MaskedScatterBackwardBackward0",
        masked_scatter_backward,
        where="",
        grad={"grad_output": "masked_scatter_backward_backward(grad, mask, grad_output_size)"},
        doc="the gradients where mask is true, in a shape",
    ),
    general(
        "_nonzero(Tensor self)",
        "",
        _nonzero_kernel,
        where="",
        layout=AS_MADE,
        doc="the places of elements that are not 0",
    ),
    composite(
        "nonzero(Tensor self, *, bool as_tuple=False)",
        nonzero,
        out={"history": "no history", "text": "out_nonzero"},
        doc="the places of the elements that are not 0",
    ),
    composite(
        "argwhere(Tensor self)", lambda ops, self: ops._nonzero(self), doc="the places of elements that are not 0"
    ),
    composite(
        "where.condition(Tensor condition)",
        lambda ops, condition: nonzero(ops, condition, True),
        where="t",
        out={"text": "out_where"},
        doc="the places where condition is not 0, one tensor for each dim",
    ),
]
