"""Running results along a dim: cumsum, cumprod, cummax, cummin, logcumsumexp, diff."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import wrap_dim, zero
from detachsim.ops.row import CAST, composite, general


def _accumulated(self: Array, dim: int, ufunc: np.ufunc) -> Array:
    return np.asarray(_running_results(self, dim, ufunc), order="C")


def _running_results(self: Array, dim: int, ufunc: np.ufunc) -> Array:
    """Accumulate in float64 (int64 for integers) and round each step, as PyTorch does."""
    axis = wrap_dim(dim, self.ndim)
    if self.dtype.kind != "f":
        return self.astype(np.int64) if self.ndim == 0 else ufunc.accumulate(self, axis=axis, dtype=np.int64)
    if self.ndim == 0:
        return self.copy()
    if self.dtype == np.float16:
        return ufunc.accumulate(self.astype(np.float32), axis=axis).astype(np.float16)
    return ufunc.accumulate(self.astype(np.float64), axis=axis).astype(self.dtype)


def _refuses_bools(name: str) -> Any:
    def check(session: Any, op: Op, bound: list[Any]) -> None:
        # Of bools the sums are integers, unless bools are asked for.
        if (bound[2] or (bound[0].dtype if op.mutates else None)) is not dtypes.boolean:
            return
        if bound[0].array.ndim and bound[0].array.size:
            raise TorchError("not_implemented_for", kernel=f"{name}_out_cpu", dtype="Bool")

    return check


def _check_running(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, wanted = bound
    wrap_dim(dim, self.array.ndim)
    if op.mutates and wanted not in (None, self.dtype):
        raise TorchError("inplace_type", input=self.dtype.cpp, output=wanted.cpp)


def cumsum(self: Array, dim: int, dtype: DType | None = None) -> Array:
    made = _accumulated(self, dim, np.add)
    # PyTorch begins with a 0, which takes the sign from zeros that it is added to; without dims it copies.
    return made + zero(made.dtype) if self.ndim else made


def cumprod(self: Array, dim: int, dtype: DType | None = None) -> Array:
    return _accumulated(self, dim, np.multiply)


def cumsum_backward(ops: Any, grad: Any, dim: int) -> Any:
    """Each element went into its own sum and all later ones."""
    if grad.size <= 1 or grad.shape[dim] == 1:
        return grad
    return ops.flip(ops.cumsum(ops.flip(grad, (dim,)), dim), (dim,))


def cumprod_backward(ops: Any, grad: Any, self: Any, result: Any, dim: int) -> Any:
    """The gradient of running products, exact where elements are 0."""
    if self.size <= 1:
        return grad if self.ndim == 0 or self.size else ops.zeros_of(grad)
    axis = wrap_dim(dim, self.ndim)
    length = self.shape[axis]
    if length == 1:
        return grad
    values = self if isinstance(self, np.ndarray) else self.tensor.array
    if not (values == 0).any():
        return cumsum_backward(ops, result * grad, axis) / self
    # For each element, the products of all others up to each later place, times the gradients there.
    made = ops.zeros_of(self)
    for position in range(length):
        ones = ops.ones_of(ops.slice(self, axis, 0, 1, 1))
        if position == 0:
            others = ops.cat([ones, ops.cumprod(ops.slice(self, axis, 1, length, 1), axis)], axis)
        else:
            others = ops.prod_dim_int(ops.slice(self, axis, 0, position, 1), axis, True)
            if position < length - 1:
                later = ops.cumprod(ops.slice(self, axis, position + 1, length, 1), axis)
                others = ops.cat([others, ops.expand(others, later.shape) * later], axis)
        part = ops.sum_dim(ops.slice(grad, axis, position, length, 1) * others, (axis,))
        place = ops.select(made, axis, position)
        if isinstance(place, np.ndarray):
            place[...] = part
        else:
            ops.copy_(place, part)
    return made


def _running(name: str) -> Any:
    greater = name == "cummax"

    def kernel(self: Array, dim: int) -> tuple[Array, Array]:
        if self.ndim == 0:
            return self.copy(), np.zeros((), np.int64)
        axis = wrap_dim(dim, self.ndim)
        rows = np.moveaxis(self, axis, 0)
        values, indices = np.empty(rows.shape, self.dtype), np.empty(rows.shape, np.int64)
        for position in range(len(rows)):
            if position == 0:
                values[0], indices[0] = rows[0], 0
                continue
            last = values[position - 1]
            # The last of equal elements counts; nan, once met, stays, and so does its newest place.
            newer = (rows[position] >= last if greater else rows[position] <= last) | (rows[position] != rows[position])
            values[position] = np.where(newer, rows[position], last)
            indices[position] = np.where(newer, position, indices[position - 1])
        return (
            np.asarray(np.moveaxis(values, 0, axis), order="C"),
            np.asarray(np.moveaxis(indices, 0, axis), order="C"),
        )

    return kernel


def running_backward(ops: Any, grad: Any, self: Any, dim: int, indices: Any) -> Any:
    """Each gradient goes to the element that was the extreme there."""
    if self.size == 0:
        return self
    return ops.scatter_add(ops.zeros_of(self), dim, indices, grad)


def _check_extreme(session: Any, op: Op, bound: list[Any]) -> None:
    ndim, dim = bound[0].array.ndim, bound[1]
    if ndim:
        wrap_dim(dim, ndim)
    elif dim not in (0, -1) and session.dialect == NEWEST:
        raise TorchError("cumulative_number", name=op.name, dim=dim)


def _runnings(name: str, node: str, word: str) -> Op:
    return general(
        f"{name}(Tensor self, int dim)",
        node,
        _running(name),
        grad={"self": "running_backward(grad, self, dim, result1)"},
        gradient_edits={"self": 2},
        outputs=("values", "indices"),
        check=_check_extreme,
        inside=name,
        result_edits=1,
        out={"text": "out_scalar_type", "blind": True},
        doc=f"the {word} so far along dim, and where it is; the last of ties gets the gradient",
        samples=(f"a.{name}(0)",),
    )


def logcumsumexp(self: Array, dim: int) -> Array:
    axis = wrap_dim(dim, self.ndim)
    if self.ndim == 0:
        return self.copy()
    return np.logaddexp.accumulate(self.astype(np.float64), axis=axis).astype(self.dtype, order="C")


def logcumsumexp_backward(ops: Any, grad: Any, self: Any, result: Any, dim: int) -> Any:
    """The gradient, its positive and its negative part apart so that logarithms exist."""
    if grad.ndim == 0 or grad.size == 0:
        return grad
    lowest = -(grad.tensor.dtype if hasattr(grad, "tensor") else dtypes.BY_NUMPY[grad.dtype]).largest

    def reverse(logarithm: Any) -> Any:
        flipped = ops.logcumsumexp(ops.flip(logarithm - result, (dim,)), dim)
        return ops.exp(ops.flip(flipped, (dim,)) + self)

    with np.errstate(all="ignore"):
        # Before 2.13 each part has a logarithm of its own.
        above = ops.log(grad if ops.is_old else ops.abs(grad))
        below = ops.log(-grad) if ops.is_old else above
        floor = ops.constant_like(grad, lowest)
        positive = ops.where(grad > 0, above, floor)
        negative = ops.where(grad < 0, below, floor)
        return reverse(positive) - reverse(negative)


def constant_like(ops: Any, like: Any, value: float) -> Any:
    """A tensor of one value in ``like``'s shape and type, outside the graph."""
    if isinstance(like, np.ndarray | np.generic):
        return np.full_like(like, value)
    return ops.full_like(like, value)


def _check_logcumsumexp(session: Any, op: Op, bound: list[Any]) -> None:
    wrap_dim(bound[1], bound[0].array.ndim)
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="logcumsumexp_out_cpu", dtype=bound[0].dtype.scalar)


def diff(ops: Any, self: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The differences between neighbours along dim, n times over."""
    if self.ndim == 0:
        raise TorchError("diff_zero_dim")
    if n < 0 and not ops.is_old:
        raise TorchError("diff_order", n=n)
    axis = wrap_dim(dim, self.ndim)
    parts = [part for part in (prepend, self, append) if part is not None]
    for part in parts:
        _check_beside(self, part, axis)
    if n == 0:
        return ops.copy_(ops.zeros_like(self), self)
    whole = ops.cat(parts, axis) if len(parts) > 1 else self
    for _ in range(min(n, whole.shape[axis])):
        length = whole.shape[axis]
        earlier = ops.narrow(whole, axis, 0, length - 1)
        later = ops.narrow(whole, axis, 1, length - 1)
        if whole.tensor.dtype.name == "bool":
            whole = ops.logical_xor(later, earlier)
        else:
            whole = later - earlier
    return whole


def _check_beside(self: Any, other: Any, axis: int) -> None:
    """Refuse what can't stand before or behind self along a dim."""
    if other.ndim != self.ndim:
        raise TorchError("diff_dims")
    for place, (size, found) in enumerate(zip(self.shape, other.shape, strict=True)):
        if place != axis and size != found:
            raise TorchError("diff_sizes", dim=place, size=size, found=found)


HELPERS = {
    "cumsum_backward": cumsum_backward,
    "cumprod_backward": cumprod_backward,
    "running_backward": running_backward,
    "logcumsumexp_backward": logcumsumexp_backward,
    "constant_like": constant_like,
}

ROWS = [
    general(
        "cumsum(Tensor self, int dim, *, dtype? dtype=None)",
        "CumsumBackward0",
        cumsum,
        promote=CAST,
        inplace=True,
        grad={"self": "cumsum_backward(grad, dim)"},
        check=_check_running,
        refuses=_refuses_bools("cumsum"),
        result_edits=lambda bound: int(not bound[0].shape or not bound[0].array.size),  # copied
        out={"adopts": True},
        doc="running sums along dim",
        samples=("a.cumsum(0)", "a.cumsum(-1)"),
    ),
    general(
        "cumprod(Tensor self, int dim, *, dtype? dtype=None)",
        "CumprodBackward0",
        cumprod,
        promote=CAST,
        inplace=True,
        grad={"self": "cumprod_backward(grad, self, result, dim)"},
        older={"torch-1.7": {"grad": {"self": "cumprod_backward(grad, self, cumprod(self, dim), dim)"}}},
        check=_check_running,
        refuses=_refuses_bools("cumprod"),
        result_edits=lambda bound: int(not bound[0].shape or not bound[0].array.size),  # copied
        out={"adopts": True},
        doc="running products along dim",
        samples=("a.cumprod(0)",),
    ),
    _runnings("cummax", "CummaxBackward0", "maximum"),
    _runnings("cummin", "CumminBackward0", "minimum"),
    general(
        "logcumsumexp(Tensor self, int dim)",
        "LogcumsumexpBackward0",
        logcumsumexp,
        grad={"self": "logcumsumexp_backward(grad, self, result, dim)"},
        check=_check_logcumsumexp,
        result_edits=lambda bound: int(not bound[0].shape),
        out={"text": "out_scalar_type"},
        doc="the logarithm of running sums of exponentials along dim",
        samples=("a.logcumsumexp(0)",),
    ),
    composite(
        "diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None)",
        diff,
        out={"name": "sub", "fits": "castable", "text": "inplace_cast"},
        doc="the differences between neighbours along dim",
        samples=("a.diff()",),
    ),
]
