"""Statistics: std and var, with and without the mean."""

import math
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import PRECISE_LIMIT, dims, numel
from detachsim.ops.reduction import mean_dim
from detachsim.ops.row import composite, general


def variance(self: Array, dim: Any = None, correction: float | None = None, keepdim: bool = False) -> Array:
    """Return variances in float64, the mean of all elements rounded to self's type first, as PyTorch has it."""
    axes = dims(dim, self.ndim)
    count = numel([self.shape[axis] for axis in axes])
    if self.dtype == np.float64 and 0 < count <= _FEW and self.size <= PRECISE_LIMIT:
        squares = _squares(self, axes)
        if keepdim:
            squares = squares.reshape([1 if axis in axes else size for axis, size in enumerate(self.shape)])
        with np.errstate(all="ignore"):
            return np.asarray(squares / np.float64(max(0.0, count - (1 if correction is None else correction))))
    wide = self.astype(np.float64)
    mean = wide.mean(axis=axes, keepdims=True) if count else np.full((1,) * self.ndim, np.nan)
    if len(axes) == self.ndim and self.dtype == np.float32:
        mean = mean_dim(self, None, True).astype(np.float64).reshape(mean.shape)
    squares = np.square(wide - mean).sum(axis=axes, keepdims=keepdim)
    divisor = max(0.0, count - (1 if correction is None else correction))
    with np.errstate(all="ignore"):
        return np.asarray(squares / np.float64(divisor))


# So many float64 numbers are summed with PyTorch's roundings; float32 is summed in float64 there, too.
_FEW = 256


def _squares(self: Array, axes: tuple[int, ...]) -> Array:
    """Add up squared distances from the mean: of all elements in two passes, of others by Welford's updates."""
    kept = [axis for axis in range(self.ndim) if axis not in axes]
    rows = self.transpose(*kept, *axes).reshape(*(self.shape[axis] for axis in kept), -1)
    if not kept:
        gaps = rows - mean_dim(self, None, False)
        return np.asarray(np.add.accumulate(gaps * gaps)[-1])
    mean, squares = np.zeros(rows.shape[:-1]), np.zeros(rows.shape[:-1])
    for place in range(rows.shape[-1]):
        gap = rows[..., place] - mean
        mean = mean + gap / (place + 1)
        squares = squares + gap * (rows[..., place] - mean)
    return squares


def var(self: Array, dim: Any = None, correction: float | None = None, keepdim: bool = False) -> Array:
    return variance(self, dim, correction, keepdim).astype(self.dtype)


def std(self: Array, dim: Any = None, correction: float | None = None, keepdim: bool = False) -> Array:
    return np.sqrt(variance(self, dim, correction, keepdim)).astype(self.dtype)


def var_mean(
    self: Array, dim: Any = None, correction: float | None = None, keepdim: bool = False
) -> tuple[Array, Array]:
    return var(self, dim, correction, keepdim), _mean(self, dim, keepdim)


def std_mean(
    self: Array, dim: Any = None, correction: float | None = None, keepdim: bool = False
) -> tuple[Array, Array]:
    return std(self, dim, correction, keepdim), _mean(self, dim, keepdim)


def _mean(self: Array, dim: Any, keepdim: bool) -> Array:
    axes = dims(dim, self.ndim)
    if not numel([self.shape[axis] for axis in axes]):
        return np.full(variance(self, dim, 0, keepdim).shape, np.nan, self.dtype)
    return np.asarray(self.astype(np.float64).mean(axis=axes, keepdims=keepdim)).astype(self.dtype)


def _check_variance(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, correction = bound[0], bound[1], bound[2]
    if not self.dtype.is_floating:
        raise TorchError("std_dtype", op="std and var" if "mean" not in op.name else op.name)
    axes = dims(dim, self.array.ndim)
    count = numel([self.shape[axis] for axis in axes]) if self.array.ndim else 1
    free = count - (1 if correction is None else correction)
    if session.dialect == "torch-2.13" and (free <= 0 or not self.array.size):
        session.warn("std_freedom", op=op.name)


def var_backward(ops: Any, grad: Any, self: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """The gradient of a variance: twice the distance from the mean, over the degrees of freedom."""
    corrected = 1 if correction is None else correction
    shape = self.shape
    if not shape or not dim:
        freedom = numel(shape) - corrected
        if ops.is_old and freedom == 0:
            return grad * math.inf  # of a shape that fits nothing but a number
        if freedom <= 0 and not ops.is_old:
            return grad * ops.where_self(self == ops.mean(self), math.nan, math.inf)
        return (_over(2.0, freedom) * grad) * (self - ops.mean(self))
    axes = dims(dim, len(shape))
    grad = grad if keepdim or len(shape) == 1 else unsqueezed(ops, grad, axes)
    freedom = numel([shape[axis] for axis in axes]) - corrected
    return (_over(2.0, freedom) * grad) * (self - ops.mean_dim(self, tuple(axes), True))


def _over(value: float, freedom: float) -> float:
    if freedom == 0:
        return math.inf
    return value / freedom


def unsqueezed(ops: Any, value: Any, axes: tuple[int, ...]) -> Any:
    """Give a reduced value its dims back."""
    for axis in sorted(axes):
        value = ops.unsqueeze(value, axis)
    return value


def std_backward(ops: Any, grad: Any, self: Any, result: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """The gradient of a standard deviation; 0 where it is 0."""
    scaled = ops.masked_fill(grad / (result * 2), result == 0, 0)
    return var_backward(ops, scaled, self, dim, correction, keepdim)


def moments_backward(
    ops: Any, grads: Any, self: Any, result: Any, dim: Any, correction: float | None, keepdim: bool
) -> Any:
    """The gradients of a variance (or, given its result, a standard deviation) and of a mean together."""
    spread, mean = grads
    total = None
    if spread is not None:
        if result is None:
            total = var_backward(ops, spread, self, dim, correction, keepdim)
        else:
            total = std_backward(ops, spread, self, result, dim, correction, keepdim)
    if mean is not None:
        part = ops.mean_backward(mean, self.shape, dim if self.shape else None, keepdim)
        total = part if total is None else total + part
    return total


def _variance_edits(bound: list[Any]) -> int:
    # PyTorch fills the result where it has one number of a wide type, or nothing to take a variance of.
    self, dim = bound[:2]
    axes = dims(dim, len(self.shape))
    wide = self.dtype.name in ("float32", "float64")
    return int(not self.array.size or (wide and all(size == 1 or axis in axes for axis, size in enumerate(self.shape))))


def _moments(name: str, node: str, kernel: Any, doc: str) -> list[Op]:
    both = name.endswith("_mean")
    with_result = name.startswith("std")
    if both:
        saved = "result0" if with_result else "None"
        formula = f"moments_backward(grads, self, {saved}, dim, correction, keepdim)"
    elif with_result:
        formula = "std_backward(grad, self, result, dim, correction, keepdim)"
    else:
        formula = "var_backward(grad, self, dim, correction, keepdim)"
    where = "t" if both else "mt"
    call = f"torch.{name}(a" if both else f"a.{name}("
    comma = ", " if both else ""
    pick = "[0]" if both else ""

    def along(ops: Any, self: Any, dim: Any, unbiased: bool = True, keepdim: bool = False) -> Any:
        row = "along" if self.session.dialect == "torch-1.7" and not both else "correction"
        return ops[f"{name}_{row}"](self, dim, correction=1 if unbiased else 0, keepdim=keepdim)

    # What 1.7 had for some dims: a row of its own.
    apart = general(
        f"{name}_along(Tensor self, int[]? dim=None, *, Number? correction=None, bool keepdim=False)",
        f"{node[:-1]}1",
        kernel,
        where="",
        grad={"self": formula},
        check=_check_variance,
        doc=doc,
    )
    cast: dict[str, Any] = {} if both else {"fits": "castable", "text": "inplace_cast"}
    over_itself = {} if both else {**cast, "blind": True}
    return [
        *([] if both else [apart]),
        composite(
            f"{name}.dim(Tensor self, int[]? dim, bool unbiased=True, bool keepdim=False)",
            along,
            where=where,
            out=over_itself,
            doc=f"{doc} along dim",
            samples=(f"{call}{comma}0, False){pick}",),
        ),
        general(
            f"{name}.correction(Tensor self, int[]? dim=None, *, Number? correction=None, bool keepdim=False)",
            node,
            kernel,
            where=where,
            grad={"self": formula},
            differentiable_outputs=2 if both else 1,
            check=_check_variance,
            result_edits=(lambda bound: int(not bound[0].array.size)) if both else _variance_edits,
            inside=lambda bound: "sum" if not both and bound[0].array.size and _variance_edits(bound) else "",
            out=over_itself,
            doc=doc,
            samples=(f"{call}){pick}", f"{call}{comma}dim=0, correction=0){pick}"),
        ),
        composite(
            f"{name}(Tensor self, bool unbiased=True)",
            lambda ops, self, unbiased=True: ops[f"{name}_correction"](self, None, correction=1 if unbiased else 0),
            where=where,
            out=cast,
            doc=f"{doc} of all elements",
            samples=(f"{call}{comma}unbiased=False){pick}",),
        ),
    ]


HELPERS = {
    "var_backward": var_backward,
    "std_backward": std_backward,
    "moments_backward": moments_backward,
}

ROWS = [
    *_moments("std", "StdBackward0", std, "the standard deviation"),
    *_moments("var", "VarBackward0", var, "the variance"),
    *_moments("std_mean", "StdMeanBackward0", std_mean, "the standard deviation and the mean"),
    *_moments("var_mean", "VarMeanBackward0", var_mean, "the variance and the mean"),
]
