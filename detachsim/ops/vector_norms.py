"""The norms of vectors and the distance of two."""

import math
from typing import Any

import numpy as np

from detachsim.engine.broadcasting import require_broadcast
from detachsim.engine.dtypes import Array, DType, promote
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.ops.arithmetic import refuse_bools
from detachsim.ops.numeric import PRECISE_LIMIT, dims, numel, wrap_dim
from detachsim.ops.row import ARITHMETIC, CAST, KEEP, composite, general
from detachsim.ops.statistics import unsqueezed
from detachsim.ops.vector_sums import running, sum_of_squares


def vector_norm(self: Array, ord: float = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    axes = dims(dim, self.ndim)
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
    self, order, dim = bound[0], bound[1], bound[2]
    if not self.dtype.is_floating:
        raise TorchError("vector_norm_dtype", dtype=self.dtype.scalar)
    if self.array.size == 0 and (order < 0 or order == math.inf):
        if not dim:
            raise TorchError("vector_norm_empty", order=_spell_order(order))
        for given in (dim,) if isinstance(dim, int) else dim:
            if self.shape[wrap_dim(given, self.array.ndim)] == 0:
                raise TorchError("vector_norm_empty_dim", order=_spell_order(order), dim=given)
    check_wanted_type("linalg.vector_norm", self.dtype, bound[op.dtype_position])
    dims(dim, self.array.ndim)


def check_wanted_type(op: str, dtype: DType, wanted: DType | None) -> None:
    """Refuse a type for the result that does not hold the elements' own."""
    if wanted is None:
        return
    if not wanted.is_floating:
        raise TorchError("norm_wanted", op=op, dtype=wanted.scalar)
    if promote(dtype, wanted) is not wanted:
        raise TorchError("norm_narrow", op=op, dtype=dtype.scalar, wanted=wanted.scalar)


def _spell_order(order: float) -> str:
    return f"{order:g}"


def vector_norm_backward(ops: Any, grad: Any, self: Any, order: float, result: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a norm; 0 where the norm is 0."""
    if self.shape and not keepdim:
        axes = dims(dim, len(self.shape))
        if dim or keepdim:
            grad, result = unsqueezed(ops, grad, axes), unsqueezed(ops, result, axes)
    if order == 0:
        return None
    if order == 1:
        return ops.sgn(self) * grad
    if order == 2:
        return grad * ops.masked_fill_(self / result, result == 0, 0)
    if math.isinf(order):
        size = ops.abs(self)
        mask = ops.logical_or(size == result, ops.isnan(self))
        axes = dims(dim, len(self.shape))
        count = mask.sum(axis=axes, keepdims=True) if isinstance(mask, np.ndarray | np.generic) else None
        if count is not None:
            count = np.asarray(count, dtype=self.dtype).reshape(np.shape(result)) if not dim else count
            return np.sign(self) * ((grad / np.asarray(count, dtype=self.dtype)) * mask)
        counted = ops.sum_dim(mask, tuple(dim) if dim else (), True) if self.shape else ops.sum(mask)
        return ops.sgn(self) * ((grad / counted) * mask)
    if order < 1:
        steep = ops.masked_fill_(ops.pow_(ops.abs(self), order - 1), self == 0, 0)
        scaled = ops.sgn(self) * steep
        outer = ops.pow(result, 1 - order)
        return scaled * grad * outer
    steep = ops.pow_(ops.abs(self), order - 1 if order < 2 else order - 2)
    scaled = (ops.sgn(self) if order < 2 else self) * steep
    scale = ops.masked_fill_(grad / ops.pow(result, order - 1), result == 0, 0)
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


def _norm_edits(bound: list[Any]) -> int:
    # The norm of nothing is filled in; of single numbers it is the absolute value, written to the result.
    self, _, dim = bound[:3]
    if not self.shape:
        return int(dim is None or dim == ())
    return int(not self.array.size or all(self.shape[axis] == 1 for axis in dims(dim, len(self.shape))))


def _older_norm_edits(bound: list[Any]) -> int:
    return int(not bound[0].array.size)


def _check_older_norm(session: Any, op: Op, bound: list[Any]) -> None:
    wanted = bound[4] if len(bound) > 4 else None
    for what, dtype in (("input dtype", bound[0].dtype), ("the desired output dtype", wanted)):
        if dtype is not None and not dtype.is_floating and (wanted is None or dtype is wanted):
            raise TorchError("older_norm_dtype", what=what, dtype=dtype.scalar)


def _refuse_truth(session: Any, op: Op, bound: list[Any]) -> None:
    """Refuse a truth value as the order of a norm, which no kernel of 1.13 takes for a number."""
    if op.name != "dist":
        dims(bound[2], bound[0].array.ndim)
    order = next(value for value, parameter in zip(bound, op.parameters, strict=True) if parameter.name == "p")
    if isinstance(order, bool) and bound[0].array.size:
        raise TorchError("norm_truth")


def older_norm(ops: Any, self: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The p-norm as 1.13 finds it: over all dims by their numbers, or, for the Frobenius norm, by none."""
    if isinstance(p, str):
        if p == "nuc":
            if dtype is not None:
                raise TorchError("nuclear_dtype")
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
        refuses=_refuse_truth,
        result_edits=_older_norm_edits,
        out={"name": "linalg_vector_norm"},
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


HELPERS = {
    "vector_norm_backward": vector_norm_backward,
    "dist_backward": dist_backward,
}


ROWS = [
    general(
        "linalg_vector_norm(Tensor self, Number ord=2, int[]? dim=None, bool keepdim=False, *, dtype? dtype=None)",
        "LinalgVectorNormBackward0",
        vector_norm,
        promote=CAST,
        where="l",
        grad={"self": "vector_norm_backward(grad, self, ord, result, dim, keepdim)"},
        check=_check_norm,
        result_edits=_norm_edits,
        older={"torch-1.13": {"result_edits": _older_norm_edits}},
        doc="the norm of self taken as a vector",
    ),
    _norm_of_dims("norm_dim", "NormBackward1", ""),
    _norm_of_dims("norm_dim_dtype", "NormBackward3", ", *, dtype? dtype=None"),
    composite(
        "norm(Tensor self, any p='fro', int[]? dim=None, bool keepdim=False, dtype? dtype=None)",
        norm,
        older={"torch-1.13": {"kernel": older_norm}},
        out={"name": "linalg_vector_norm"},
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
        older={"torch-1.13": {"refuses": _refuse_truth}},
        doc="the p-norm of self - other",
        samples=("a.dist(b)", "a.dist(b, 1)"),
    ),
]
