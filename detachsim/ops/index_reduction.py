"""Slices reduced at places along a dim: index_reduce, and the gradients that it shares with scatter_reduce."""

from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array, boolean
from detachsim.engine.errors import TorchError
from detachsim.engine.memory import PLACING
from detachsim.engine.op import Op
from detachsim.ops.numeric import shaped, wrap_dim
from detachsim.ops.places import is_outside, length_along
from detachsim.ops.row import general
from detachsim.ops.selecting import check_slices, check_vector, slice_pairs

_REDUCTIONS: dict[str, np.ufunc] = {
    "prod": np.multiply,
    "mean": np.add,
    "amax": np.maximum,
    "amin": np.minimum,
}


def neutral(dtype: Any, reduce: str) -> Any:
    """What a reduction begins with where the elements that were there do not count."""
    if dtype.kind != "f" and reduce in ("amax", "amin"):
        if dtype.kind == "b":
            return reduce == "amin"
        info = np.iinfo(dtype)
        return info.min if reduce == "amax" else info.max
    return {"prod": 1, "amax": -np.inf, "amin": np.inf}.get(reduce, 0)


def averages(total: Array, counts: Array) -> Array:
    """Return sums over how many there were, whole numbers for those."""
    counts = np.maximum(counts, 1)
    made = total // counts if total.dtype.kind != "f" else total / counts.astype(total.dtype)
    return np.asarray(made).astype(total.dtype)


def index_reduce(self: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool = True) -> Array:
    axis = wrap_dim(dim, self.ndim)
    if self.ndim > 1 and not source.ndim:  # 1.13 looked no sooner
        raise TorchError("select_zero_dim")
    made, values, places = np.array(np.atleast_1d(self)), np.atleast_1d(source), np.atleast_1d(index)
    key: Any = (slice(None),) * axis + (places,)
    if not include_self:
        made[key] = neutral(made.dtype, reduce)
    for target, piece in slice_pairs(made, axis, places, values):
        _REDUCTIONS[reduce](target, piece, out=target)
    if reduce == "mean":
        counts = np.full(made.shape, 1, np.int64)
        if not include_self:
            counts[key] = 0
        np.add.at(counts, key, 1)
        made = averages(made, counts)
    return shaped(made, self.shape)


def reduction_gradients(
    ops: Any,
    grad: Any,
    self: Any,
    src: Any,
    reduce: str,
    result: Any,
    *,
    include_self: bool,
    name: str,
    take: Callable[[Any], Any],
    add: Callable[[Any, Any], Any],
    again: Callable[[Any, Any], Any],
) -> tuple[Any, Any]:
    """The gradients of what was reduced at places, for what was there and for what came.

    ``take`` looks places up, ``add`` adds to them, ``again`` multiplies as the op called ``name`` did.
    """
    if reduce == "mean":
        counts = add(ops.ones_of(grad) if include_self else ops.zeros_of(grad), ops.ones_of(src))
        counts = ops.masked_fill(counts, counts == 0, 1)
        mine, each = grad / counts, take(counts)
        return mine, take(grad) / each
    if reduce != "prod":
        mine_is = ops.as_type(self == result, grad)
        theirs_is = ops.as_type(src == take(result), grad)
        shares = grad / add(mine_is, theirs_is)
        return mine_is * shares, theirs_is * take(shares)
    mine = ops.masked_fill(self, self == 0, 1)
    to_mine = grad * again(mine, src) / mine
    zero = src == 0
    zeros = take(add(ops.zeros_of(self), ops.as_type(zero, grad)))
    only_zero = ops.logical_and(zero, zeros == 1)
    # An element that is the only 0 at its place gets the product of the others.
    others = again(self, ops.masked_fill(src, only_zero, 1))
    divisor = ops.masked_fill(src, zero, 1)
    shared = take(grad * result) / divisor
    theirs = ops.where(only_zero, take(grad * others), shared)
    if not isinstance(zeros, np.ndarray | np.generic) and grad.session.grad_enabled and (zeros.tensor.array > 1).any():
        theirs = ops.refused_later(theirs, name)
    return to_mine, theirs


def index_reduce_backward(
    ops: Any,
    grad: Any,
    self: Any,
    dim: int,
    index: Any,
    source: Any,
    reduce: str,
    include_self: bool,
    result: Any,
) -> tuple[Any, Any]:
    """The gradients of self and of source, by the kind of reduction."""
    mine, theirs = reduction_gradients(
        ops,
        grad,
        self,
        source,
        reduce,
        result,
        include_self=include_self,
        name="index_reduce",
        take=lambda value: ops.index_select(value, dim, index),
        add=lambda base, value: ops.index_add(base, dim, index, value),
        again=lambda base, value: ops.index_reduce(base, dim, index, value, reduce, include_self=include_self),
    )
    return mine if include_self else ops.index_fill_int_Scalar(mine, dim, index, 0), theirs


def refuse_second(ops: Any, name: str) -> Any:
    """Raise PyTorch's error for the second gradient of a product with several zeros at one place."""
    raise TorchError("reduction_zeros", op=name, what="source" if name == "index_reduce" else "src")


def _check(session: Any, op: Op, bound: list[Any]) -> None:
    reduce = bound[4]
    if reduce not in _REDUCTIONS:
        raise TorchError("index_reduce_mode", reduce=reduce)
    check_slices(session, "index_reduce", bound)
    check_vector(session, bound)


def _refuse_outside(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index, include_self = bound[0].array, bound[1], bound[2].array, bound[5]
    axis = wrap_dim(dim, self.ndim)
    # After the memory was looked at.
    session.warn_once("index_reduce_beta")
    length = length_along(self, axis)
    if not include_self:
        if bound[0].dtype is boolean:
            raise TorchError("not_implemented_for", kernel="index_reduce_func_exclude_input_init", dtype=boolean.scalar)
        # What does not count is overwritten first, where indices from the end are right.
        for place in index.reshape(-1):
            if not -length <= place < length:
                raise TorchError("index_range", index=int(place), dim=axis, size=length)
    if bound[0].dtype is boolean and self.ndim < 2:  # larger ones are reduced slice by slice, by an op that takes them
        raise TorchError("not_implemented_for", kernel="index_func_", dtype=boolean.scalar)
    if not index.size:
        return
    if self.ndim > 1 and not self.shape[axis]:
        raise TorchError("select_range", index=0, sizes=list(self.shape), dim=axis)
    if is_outside(index, length):
        raise TorchError("index_select_range")


HELPERS = {"index_reduce_backward": index_reduce_backward, "refuse_second": refuse_second}

ROWS: list[Op] = [
    general(
        "index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce, *, bool include_self=True)",
        "IndexReduceBackward0",
        index_reduce,
        grad={
            "self, source": "index_reduce_backward(grad, self, dim, index, source, reduce, include_self, result)",
        },
        inplace=True,
        overlap=PLACING,
        check=_check,
        refuses=_refuse_outside,
        doc="self with the slices of source reduced at index along dim",
        samples=(
            "a.index_reduce(0, torch.zeros(a.shape[0]).long(), b, 'prod')",
            "a.index_reduce(0, torch.arange(a.shape[0]), b, 'amax')",
            "a.index_reduce(0, torch.zeros(a.shape[0]).long(), b, 'mean', include_self=False)",
        ),
    ),
    general(
        "refused_later(Tensor self, str name)",
        "torch::autograd::Error",
        lambda self, name: np.array(self),
        grad={"self": "refuse_second(name)"},
        where="",
        doc="self, whose gradient is refused when somebody asks for it",
    ),
]
