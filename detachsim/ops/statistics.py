"""Statistics: std, var, norm, dist, quantile."""

import math
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import require_broadcast
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import fresh
from detachsim.ops.arithmetic import refuse_bools
from detachsim.ops.numeric import PRECISE_LIMIT, dims, numel, wrap_dim
from detachsim.ops.reduction import mean_dim
from detachsim.ops.row import ARITHMETIC, CAST, KEEP, composite, general
from detachsim.ops.vector_sums import running, sum_of_squares


def _axes(self: Array, dim: Any) -> tuple[int, ...]:
    return dims(dim, self.ndim)


def variance(self: Array, dim: Any = None, correction: float | None = None, keepdim: bool = False) -> Array:
    """Return variances in float64, the mean of all elements rounded to self's type first, as PyTorch has it."""
    axes = _axes(self, dim)
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
    axes = _axes(self, dim)
    if not numel([self.shape[axis] for axis in axes]):
        return np.full(variance(self, dim, 0, keepdim).shape, np.nan, self.dtype)
    return np.asarray(self.astype(np.float64).mean(axis=axes, keepdims=keepdim)).astype(self.dtype)


def _check_variance(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, correction = bound[0], bound[1], bound[2]
    if not self.dtype.is_floating:
        raise TorchError("std_dtype", op="std and var" if "mean" not in op.name else op.name)
    axes = dims(dim, self.array.ndim)
    count = numel([self.shape[axis] for axis in axes]) if self.array.ndim else 1
    if session.dialect == "torch-2.13" and count - (1 if correction is None else correction) <= 0:
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
    grad = grad if keepdim or len(shape) == 1 else _unsqueeze(ops, grad, axes)
    freedom = numel([shape[axis] for axis in axes]) - corrected
    return (_over(2.0, freedom) * grad) * (self - ops.mean_dim(self, tuple(axes), True))


def _over(value: float, freedom: float) -> float:
    if freedom == 0:
        return math.inf
    return value / freedom


def _unsqueeze(ops: Any, value: Any, axes: tuple[int, ...]) -> Any:
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
    return [
        composite(
            f"{name}.dim(Tensor self, int[]? dim, bool unbiased=True, bool keepdim=False)",
            lambda ops, self, dim, unbiased=True, keepdim=False: ops[f"{name}_correction"](
                self, dim, correction=1 if unbiased else 0, keepdim=keepdim
            ),
            where=where,
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
            doc=doc,
            samples=(f"{call}){pick}", f"{call}{comma}dim=0, correction=0){pick}"),
        ),
        composite(
            f"{name}(Tensor self, bool unbiased=True)",
            lambda ops, self, unbiased=True: ops[f"{name}_correction"](self, None, correction=1 if unbiased else 0),
            where=where,
            doc=f"{doc} of all elements",
            samples=(f"{call}{comma}unbiased=False){pick}",),
        ),
    ]


def vector_norm(self: Array, ord: float = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    axes = _axes(self, dim)
    if math.isinf(ord):
        sizes = np.abs(self)
        return np.asarray((np.max if ord > 0 else np.min)(sizes, axis=axes, keepdims=keepdim)).astype(self.dtype)
    if ord == 0:
        return np.asarray((self != 0).sum(axis=axes, keepdims=keepdim)).astype(self.dtype)
    wide = self.astype(np.float32) if self.dtype == np.float16 else self
    if wide.size > PRECISE_LIMIT:
        powers = np.abs(wide) ** ord
        return np.asarray(powers.sum(axis=axes, keepdims=keepdim) ** (1.0 / ord)).astype(self.dtype)
    total = _sum_of_powers(wide, ord, axes)
    if ord == 2:
        total = np.sqrt(total)
    elif ord != 1:
        root = wide.dtype.type(1) / wide.dtype.type(ord)
        total = np.power(total.astype(np.float64), np.float64(root)).astype(wide.dtype)
    if keepdim:
        total = total.reshape([1 if axis in axes else size for axis, size in enumerate(self.shape)])
    return total.astype(self.dtype)


def _sum_of_powers(self: Array, order: float, axes: tuple[int, ...]) -> Array:
    """Add up powers of sizes one after the other, squares of contiguous rows eight at a time, as PyTorch does."""
    kept = [axis for axis in range(self.ndim) if axis not in axes]
    shape = [self.shape[axis] for axis in kept]
    rows = np.asarray(self.transpose(*kept, *axes)).reshape(numel(shape), numel([self.shape[axis] for axis in axes]))
    if rows.shape[1] == 0:
        return np.zeros(shape, self.dtype)
    if order == 2:
        if axes and max(axes) == self.ndim - 1 and self.flags.c_contiguous:
            return sum_of_squares(rows).reshape(shape)
        powers = rows * rows
    else:
        sizes = np.abs(rows)
        powers = sizes if order == 1 else np.power(sizes.astype(np.float64), order).astype(self.dtype)
    return running(powers).reshape(shape)


def _check_norm(session: Any, op: Op, bound: list[Any]) -> None:
    wanted = bound[op.dtype_position]
    if wanted is not None and not wanted.is_floating:
        raise TorchError("vector_norm_wanted", dtype=wanted.scalar)
    self, order, dim = bound[0], bound[1], bound[2]
    if not self.dtype.is_floating:
        raise TorchError("vector_norm_dtype", dtype=self.dtype.scalar)
    axes = dims(dim, self.array.ndim)
    if self.array.size == 0 and (order < 0 or math.isinf(order)):
        if not dim:
            raise TorchError("vector_norm_empty", order=_spell_order(order))
        for axis in axes:
            if self.shape[axis] == 0:
                raise TorchError("vector_norm_empty_dim", order=_spell_order(order), dim=axis)


def _spell_order(order: float) -> str:
    return f"{order:g}"


def vector_norm_backward(ops: Any, grad: Any, self: Any, order: float, result: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a norm; 0 where the norm is 0."""
    if self.shape and not keepdim:
        axes = dims(dim, len(self.shape))
        if dim or keepdim:
            grad, result = _unsqueeze(ops, grad, axes), _unsqueeze(ops, result, axes)
    if order == 0:
        return None
    if order == 1:
        return ops.sgn(self) * grad
    if order == 2:
        return grad * ops.masked_fill(self / result, result == 0, 0)
    if math.isinf(order):
        size = ops.abs(self)
        mask = ops.logical_or(size == result, ops.isnan(self))
        axes = dims(dim, len(self.shape))
        count = mask.sum(axis=axes, keepdims=True) if isinstance(mask, np.ndarray | np.generic) else None
        if count is not None:
            count = np.asarray(count, dtype=self.dtype).reshape(np.shape(result)) if not dim else count
            return np.sign(self) * ((grad / np.asarray(count, dtype=self.dtype)) * mask)
        counted = ops.sum_dim(mask, tuple(axes), True) if dim else ops.sum(mask)
        return ops.sgn(self) * ((grad / counted) * mask)
    if order < 1:
        scaled = ops.masked_fill(ops.sgn(self) * ops.pow(ops.abs(self), order - 1), self == 0, 0)
        return scaled * grad * ops.pow(result, 1 - order)
    if order < 2:
        scaled = ops.sgn(self) * ops.pow(ops.abs(self), order - 1)
    else:
        scaled = self * ops.pow(ops.abs(self), order - 2)
    scale = ops.masked_fill(grad / ops.pow(result, order - 1), result == 0, 0)
    return scaled * scale


def norm(ops: Any, self: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The p-norm of a tensor taken as a vector."""
    if p == "nuc":
        return ops.linalg_matrix_norm(self, p, tuple(range(self.ndim)) if dim is None else dim, keepdim, dtype=dtype)
    if isinstance(p, str):
        if p != "fro":
            raise TorchError("norm_order", order=p)
        p = 2
    return ops.linalg_vector_norm(self, 2 if p is None else p, dim, keepdim, dtype=dtype)


def older_vector_norm(self: Array, order: float, dim: Any, keepdim: bool, dtype: Any = None) -> Array:
    if self.size or not math.isinf(order):
        return vector_norm(self, order, dim, keepdim)
    # Of nothing, the largest and the smallest are 0 as well.
    return vector_norm(self, 2, dim, keepdim)


def _check_older_norm(session: Any, op: Op, bound: list[Any]) -> None:
    wanted = bound[4] if len(bound) > 4 else None
    for what, dtype in (("input dtype", bound[0].dtype), ("the desired output dtype", wanted)):
        if dtype is not None and not dtype.is_floating and (wanted is None or dtype is wanted):
            raise TorchError("older_norm_dtype", what=what, dtype=dtype.scalar)


def older_norm(ops: Any, self: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The p-norm as 1.13 finds it: over all dims by their numbers, or, for the Frobenius norm, by none."""
    if isinstance(p, str):
        if p == "nuc":
            if dim is None and self.ndim != 2:
                raise TorchError("nuclear_ndim", ndim=self.ndim, s="" if self.ndim == 1 else "s")
            if dim is not None and len(dim) != 2:
                raise TorchError("nuclear_dims")
            return ops.linalg_matrix_norm(self, p, (-2, -1) if dim is None else dim, keepdim)
        if p != "fro":
            raise TorchError("norm_order", order=p)
        if dtype is not None:
            raise TorchError("frobenius_dtype")
        if dim is not None and len(dim) > 1:
            if len(dim) > 2:
                raise TorchError("frobenius_dims", count=len(dim))
            return ops.sqrt(ops.sum_dim(self * self, dim, keepdim))
        return ops.norm_dim(self, 2, dim or (), keepdim)
    axes = tuple(range(self.ndim)) if dim is None else dim
    if dtype is not None:
        return ops.norm_dim_dtype(self, p, axes, keepdim, dtype=dtype)
    return ops.norm_dim(self, 2 if p is None else p, axes, keepdim)


def _norm_of_dims(name: str, node: str, dtype: str) -> Op:
    return general(
        f"{name}(Tensor self, Number p, int[] dim, bool keepdim=False{dtype})",
        node,
        older_vector_norm,
        promote=CAST if dtype else KEEP,
        where="",
        grad={"self": "vector_norm_backward(grad, self, p, result, dim, keepdim)"},
        check=_check_older_norm,
        doc="the norm along dims, as older releases have it",
    )


def dist(self: Array, other: Array, p: float = 2) -> Array:
    return vector_norm(np.asarray(self - other), p)


def dist_backward(ops: Any, grad: Any, self: Any, other: Any, p: float, result: Any) -> Any:
    """The gradient of a distance for its first argument."""
    return vector_norm_backward(ops, grad, self - other, p, result, None, False)


def _check_dist(session: Any, op: Op, bound: list[Any]) -> None:
    left, right = bound[0], bound[1]
    refuse_bools(left, right)
    require_broadcast((left, right))
    if not (dtype := result_type((left, right))).is_floating:
        raise TorchError("norm_dtype", dtype=dtype.scalar)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _check_quantile(self: Any, q: Any, dim: int | None) -> None:
    """What is asked for before a tensor q is looked at; a number is looked at first."""
    if not isinstance(q, Operand) and not 0 <= q <= 1:
        raise TorchError("quantile_range", q=f"{q:g}")
    if not self.tensor.dtype.is_floating or self.tensor.dtype.is_reduced:
        raise TorchError("quantile_dtype")
    if isinstance(q, Operand) and q.ndim > 1 and self.size:
        raise TorchError("quantile_points")
    if self.size == 0:
        raise TorchError("quantile_empty")
    wrap_dim(0 if dim is None else dim, self.ndim)


def _quantile(ignore_nan: bool) -> Any:
    def function(
        ops: Any, self: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
    ) -> Any:
        _check_quantile(self, q, dim)
        points = _points(self, q)
        if interpolation not in _INTERPOLATIONS:
            raise TorchError("quantile_interpolation", interpolation=interpolation)
        axis = wrap_dim(0 if dim is None else dim, self.ndim)
        if self.tensor.array.size == 0:
            raise TorchError("quantile_empty")
        shape = _reduced_shape(self.shape, dim, axis, keepdim)
        if dim is None:
            rows = ops.flatten(self)
        elif axis == self.ndim - 1:
            rows = self
        else:
            rows = ops.transpose(ops.unsqueeze(self, -1), axis, -1)
        ordered = ops.sort(rows, -1)[0]
        ordered = ops.view(ordered, (*shape, ordered.shape[-1]))
        ranks = _ranks(ordered.tensor.array, points.ravel(), ignore_nan)
        ranks = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}.get(interpolation, lambda r: r)(ranks)
        below = ops.gather(ordered, -1, _index(self, ranks))
        if interpolation in ("linear", "midpoint"):
            weights = np.full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - np.floor(ranks)
            above = ops.gather(ordered, -1, _index(self, np.ceil(ranks)))
            weight = Operand(self.session, fresh(weights.astype(ordered.dtype), self.tensor.dtype))
            below = ops.lerp_(below, above, weight)
        if points.ndim == 0:
            return ops.squeeze_(below, -1)
        return ops.squeeze_(ops.transpose_(ops.unsqueeze_(below, 0), 0, -1), -1)

    return function


def _points(self: Any, q: Any) -> Array:
    if not self.tensor.dtype.is_floating or self.tensor.dtype.is_reduced:
        raise TorchError("quantile_dtype")
    if isinstance(q, Operand):
        points: Array = q.tensor.array
        if points.ndim > 1:
            raise TorchError("quantile_points")
        if q.tensor.dtype is not self.tensor.dtype:
            raise TorchError("quantile_points_dtype")
        if not ((points >= 0) & (points <= 1)).all():
            raise TorchError("quantile_points_range")
        return points
    if not 0 <= q <= 1:
        raise TorchError("quantile_range", q=f"{q:g}")
    return np.asarray(q, dtype=self.tensor.array.dtype)


def _reduced_shape(shape: tuple[int, ...], dim: int | None, axis: int, keepdim: bool) -> tuple[int, ...]:
    if dim is None:
        return (1,) * len(shape) if keepdim else ()
    if not shape:
        return ()
    return (*shape[:axis], *((1,) if keepdim else ()), *shape[axis + 1 :])


def _ranks(ordered: Array, points: Array, ignore_nan: bool) -> Array:
    """Return where the quantiles stand in the sorted rows, between two elements in general."""
    missing = np.isnan(ordered)
    if ignore_nan:
        present = (~missing).sum(axis=-1, keepdims=True) - 1
        return np.maximum(points * present.astype(points.dtype), 0)
    last = ordered.shape[-1] - 1
    ranks = np.broadcast_to(points * points.dtype.type(last), (*ordered.shape[:-1], points.size))
    return np.where(missing.any(axis=-1, keepdims=True), points.dtype.type(last), ranks)


def _index(self: Any, ranks: Array) -> Operand:
    return Operand(self.session, fresh(ranks.astype(np.int64), dtypes.int64))


HELPERS = {
    "var_backward": var_backward,
    "std_backward": std_backward,
    "moments_backward": moments_backward,
    "vector_norm_backward": vector_norm_backward,
    "dist_backward": dist_backward,
}

ROWS = [
    *_moments("std", "StdBackward0", std, "the standard deviation"),
    *_moments("var", "VarBackward0", var, "the variance"),
    *_moments("std_mean", "StdMeanBackward0", std_mean, "the standard deviation and the mean"),
    *_moments("var_mean", "VarMeanBackward0", var_mean, "the variance and the mean"),
    general(
        "linalg_vector_norm(Tensor self, Number ord=2, int[]? dim=None, bool keepdim=False, *, dtype? dtype=None)",
        "LinalgVectorNormBackward0",
        vector_norm,
        promote=CAST,
        where="l",
        grad={"self": "vector_norm_backward(grad, self, ord, result, dim, keepdim)"},
        check=_check_norm,
        doc="the norm of self taken as a vector",
    ),
    _norm_of_dims("norm_dim", "NormBackward1", ""),
    _norm_of_dims("norm_dim_dtype", "NormBackward3", ", *, dtype? dtype=None"),
    composite(
        "norm(Tensor self, any p='fro', int[]? dim=None, bool keepdim=False, dtype? dtype=None)",
        norm,
        older={"torch-1.13": {"kernel": older_norm}},
        doc="the p-norm of all elements, or along dim",
        samples=("a.norm()", "a.norm(1)", "a.norm(3)", "a.norm(dim=0)", "a.norm(float('inf'))"),
    ),
    general(
        "dist(Tensor self, Tensor other, Number p=2)",
        "DistBackward0",
        dist,
        promote=ARITHMETIC,
        grad={
            "self": "dist_backward(grad, self, other, p, result)",
            "other": "-dist_backward(grad, self, other, p, result)",
        },
        check=_check_dist,
        doc="the p-norm of self - other",
        samples=("a.dist(b)", "a.dist(b, 1)"),
    ),
    *(
        composite(
            f"{name}(Tensor self, Number|Tensor q, int? dim=None, bool keepdim=False, *, str interpolation='linear')",
            _quantile(name == "nanquantile"),
            doc="the value below which a share q of the elements lies",
            samples=(f"a.{name}(0.5)", f"a.{name}(0.3, dim=0)"),
        )
        for name in ("quantile", "nanquantile")
    ),
]
