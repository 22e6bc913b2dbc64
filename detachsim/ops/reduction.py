"""Reductions that add up or multiply: sum, mean, prod, and what they count."""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import PRECISE_LIMIT, dims, numel, shaped, wrap_dim
from detachsim.ops.row import CAST, composite, general
from detachsim.ops.summation import ordered_sum
from detachsim.ops.vector_sums import lane_product


def sum_dims(self: Array, axes: tuple[int, ...], keepdim: bool = False) -> Array:
    """Sum over ``axes`` as PyTorch does; integers and bools become int64."""
    kind = self.dtype.kind
    if kind != "f":
        whole: Any = np.sum(self, axis=axes, dtype=np.int64, keepdims=keepdim)
        return np.asarray(whole)
    if self.dtype == np.float16:
        return sum_dims(self.astype(np.float32), axes, keepdim).astype(np.float16)
    total = ordered_sum(self, axes)
    if keepdim:
        return shaped(total, tuple(1 if axis in axes else size for axis, size in enumerate(self.shape)))
    return total


def sum_all(self: Array, dtype: DType | None = None) -> Array:
    return sum_dims(self, tuple(range(self.ndim)))


def sum_dim(self: Array, dim: Any = None, keepdim: bool = False, dtype: DType | None = None) -> Array:
    axes = dims(dim, self.ndim)
    if not self.ndim:
        return self + 0 if self.dtype.kind == "f" else self.astype(np.int64)
    return np.asarray(sum_dims(self, axes, keepdim), order="C")


def sum_to(ops: Any, self: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: sum over the dims in which ``shape`` has size 1 or nothing."""
    if not shape:
        return ops.sum(self)
    if self.shape == shape:
        return self
    lead = self.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and self.shape[i + lead] != 1)
    if axes:
        self = ops.sum_dim(self, axes, True)
    return ops.view(self, shape) if lead else self


def sum_to_size(ops: Any, self: Any, size: tuple[int, ...]) -> Any:
    """Sums over the dims in which size is 1 or missing."""
    shape = self.shape
    lead = len(shape) - len(size)
    if lead < 0 or any(n not in (1, shape[i + lead]) for i, n in enumerate(size)):
        raise TorchError("sum_to_size", size=_braces(size), shape=_braces(shape))
    return sum_to(ops, self, tuple(size))


def _braces(shape: Any) -> str:
    return f"[{', '.join(str(size) for size in shape)}]"


def mean_all(self: Array, dtype: DType | None = None) -> Array:
    return mean_dim(self, None, False, dtype)


def mean_dim(self: Array, dim: Any = None, keepdim: bool = False, dtype: DType | None = None) -> Array:
    axes = dims(dim, self.ndim)
    count = numel([self.shape[axis] for axis in axes]) if self.ndim else 1
    wide = self.astype(np.float32) if self.dtype == np.float16 else self
    total = sum_dims(wide, axes if self.ndim else (), keepdim)
    return np.asarray(np.true_divide(total, np.asarray(count, dtype=total.dtype)), order="C").reshape(total.shape)


def _check_mean(session: Any, op: Op, bound: list[Any]) -> None:
    dtype = bound[-1] or bound[0].dtype
    if not dtype.is_floating:
        if bound[-1] is not None:
            raise TorchError("mean_output_dtype", dtype=dtype.scalar)
        raise TorchError("mean_dtype", dtype=dtype.scalar)


def unsqueeze_reduced(ops: Any, grad: Any, dim: Any, shape: tuple[int, ...], keepdim: bool) -> Any:
    """Put back the dims that a reduction took away, with size 1; nothing where no dim was named, since all were."""
    if keepdim or not shape or dim is None or dim in ((), []):
        return grad
    for axis in sorted(dims((dim,) if isinstance(dim, int) else dim, len(shape))):
        grad = ops.unsqueeze(grad, axis)
    return grad


def sum_backward(ops: Any, grad: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """Give every element that was summed the gradient of its sum."""
    return ops.expand(unsqueeze_reduced(ops, grad, dim, shape, keepdim), shape)


def mean_backward(ops: Any, grad: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """As for a sum, divided by how many elements went into each mean."""
    count = numel([shape[axis] for axis in dims(dim, len(shape))]) if shape else 1
    return sum_backward(ops, grad, shape, dim, keepdim) / count


def nansum(self: Array, dim: Any = None, keepdim: bool = False, dtype: DType | None = None) -> Array:
    values = np.where(np.isnan(self), self.dtype.type(0), self) if self.dtype.kind == "f" else self
    return sum_dim(values, dim, keepdim)


def _refuse_whole_sum(session: Any, op: Op, bound: list[Any]) -> None:
    """Refuse integers as the sum of floats, whose kernel 1.13 looks for."""
    self, wanted = bound[0], bound[-1]
    if self.dtype.is_floating and wanted is not None and not wanted.is_floating:
        raise TorchError("not_implemented_for", kernel="nansum_cpu", dtype=wanted.scalar)


def nanmean(ops: Any, self: Any, dim: Any = None, keepdim: bool = False, dtype: DType | None = None) -> Any:
    """The mean of the elements that are not nan."""
    if not self.tensor.dtype.is_floating:
        raise TorchError("nanmean_dtype", dtype=self.tensor.dtype.scalar)
    if dtype is not None and not dtype.is_floating and not ops.is_old:
        raise TorchError("nanmean_wanted", dtype=dtype.scalar)
    count = ops.sum(ops.logical_not(ops.isnan(ops.detach(self))), dim, keepdim)
    return ops.nansum(self, dim, keepdim, dtype=dtype) / count


def _multiplied(self: Array, axis: int) -> Array:
    """Multiply along ``axis``, one element after the other where there are few."""
    if self.dtype.kind != "f":
        return np.multiply.reduce(self, axis=axis, dtype=np.int64)
    if self.dtype == np.float16:
        return _multiplied(self.astype(np.float32), axis).astype(np.float16)
    length = self.shape[axis]
    if length <= 2 or self.size > PRECISE_LIMIT:
        return np.multiply.reduce(self, axis=axis)
    if self.strides[axis] == self.itemsize:
        rows = np.moveaxis(self, axis, -1)
        return lane_product(rows.reshape(-1, length)).reshape(rows.shape[:-1])
    return np.take(np.multiply.accumulate(self, axis=axis), -1, axis=axis)


def prod_all(self: Array, dtype: DType | None = None) -> Array:
    return np.asarray(_multiplied(self.reshape(-1), 0))


def prod_dim(self: Array, dim: int, keepdim: bool = False, dtype: DType | None = None) -> Array:
    axis = wrap_dim(dim, self.ndim)
    if self.ndim == 0:
        return self + 0 if self.dtype.kind == "f" else self.astype(np.int64)
    made = np.asarray(_multiplied(self, axis), order="C")
    return np.expand_dims(made, axis).copy() if keepdim else made.reshape(np.delete(self.shape, axis))


def prod_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of a product, exact where elements are 0."""
    if self.ndim == 0:
        return grad
    zeros = int((_array(self) == 0).sum())
    if zeros == 0:
        return grad * (result / self)
    if zeros > 1 and (isinstance(self, np.ndarray) or not self.session.grad_enabled):
        # Only where no graph of the gradient is made, PyTorch multiplies nothing then.
        return ops.zeros_of(self)
    flat = ops.reshape(self, (-1,))
    return ops.reshape(prod_safe_backward(ops, grad, flat, 0), self.shape)


def prod_dim_backward(ops: Any, grad: Any, self: Any, result: Any, dim: int, keepdim: bool) -> Any:
    """As ``prod_backward``, for each product along ``dim``."""
    if self.ndim == 0:
        return grad
    axis = wrap_dim(dim, self.ndim)
    if not keepdim:
        grad, result = ops.unsqueeze(grad, axis), ops.unsqueeze(result, axis)
    if not (_array(self) == 0).any():
        return grad * (result / self)
    return prod_safe_backward(ops, grad, self, axis)


def prod_safe_backward(ops: Any, grad: Any, self: Any, axis: int) -> Any:
    """The product of all others for each element, from the left times from the right."""
    length = self.shape[axis]
    if length == 1:
        return grad
    ones = ops.ones_of(ops.slice(self, axis, 0, 1, 1))
    left = ops.cumprod(ops.cat([ones, ops.slice(self, axis, 0, length - 1, 1)], axis), axis)
    reverse = ops.flip(ops.slice(self, axis, 1, length, 1), (axis,))
    right = ops.flip(ops.cumprod(ops.cat([ones, reverse], axis), axis), (axis,))
    return grad * (left * right)


def _array(value: Any) -> Array:
    return value if isinstance(value, np.ndarray | np.generic) else value.tensor.array  # type: ignore[return-value]


def ones_of(ops: Any, value: Any) -> Any:
    """Ones with the shape and type of ``value``, outside the graph."""
    return np.ones_like(value) if isinstance(value, np.ndarray | np.generic) else ops.ones_like(value)


def _boolean(name: str) -> Any:
    def kernel(self: Array, dim: Any = None, keepdim: bool = False) -> Array:
        if dim == ():  # no dim, where most reductions take this for all of them
            made = self != 0
            return made.astype(np.uint8) if self.dtype == np.uint8 else made
        axes = dims((dim,) if isinstance(dim, int) else dim, self.ndim)
        made = np.asarray(
            (np.all if name == "all" else np.any)(self, axis=axes, keepdims=keepdim) if self.ndim else self.astype(bool)
        )
        # Of bytes PyTorch answers with a byte.
        return made.astype(np.uint8) if self.dtype == np.uint8 else made

    return kernel


def _booleans(name: str, doc: str) -> list[Op]:
    kernel = _boolean(name)
    return [
        general(
            f"{name}(Tensor self)",
            "",
            kernel,
            result_edits=1,
            out={"text": "out_truth"},
            doc=f"whether {doc} is not 0",
            samples=(f"a.{name}()",),
        ),
        general(
            f"{name}.dim(Tensor self, int dim, bool keepdim=False)",
            "",
            kernel,
            result_edits=1,
            out={"text": "out_truth", "blind": True},
            samples=(f"a.{name}(0)",),
        ),
        general(
            f"{name}.dims(Tensor self, int[]? dim=None, bool keepdim=False)",
            "",
            kernel,
            result_edits=1,
            out={"text": "out_truth"},
        ),
    ]


def count_nonzero(self: Array, dim: Any = None) -> Array:
    axes = dims((dim,) if isinstance(dim, int) else dim, self.ndim)
    return np.asarray(np.add.reduce(self != 0, axis=axes, dtype=np.int64) if self.ndim else np.int64(self != 0))


HELPERS = {
    "sum_to": sum_to,
    "unsqueeze_reduced": unsqueeze_reduced,
    "sum_backward": sum_backward,
    "mean_backward": mean_backward,
    "prod_backward": prod_backward,
    "prod_dim_backward": prod_dim_backward,
    "ones_of": ones_of,
}

ROWS = [
    general(
        "sum(Tensor self, *, dtype? dtype=None)",
        "SumBackward0",
        sum_all,
        promote=CAST,
        grad={"self": "expand(grad, self_size)"},
        result_edits=1,
        doc="the sum of all elements",
        samples=("a.sum()", "a.sum(dtype=torch.float64)"),
    ),
    general(
        "sum.dim(Tensor self, int[]? dim, bool keepdim=False, *, dtype? dtype=None)",
        "SumBackward1",
        sum_dim,
        promote=CAST,
        grad={"self": "sum_backward(grad, self_size, dim, keepdim)"},
        result_edits=1,
        out={"adopts": True, "blind": True},
        doc="sums along dim",
        samples=("a.sum(0)", "a.sum(dim=0, keepdim=True)", "a.sum(-1)"),
    ),
    composite(
        "sum_to_size(Tensor self, size size)",
        sum_to_size,
        where="m",
        doc="sums over the dims in which size is 1 or missing",
        samples=("a.sum_to_size(1)",),
    ),
    general(
        "nansum(Tensor self, int[]? dim=None, bool keepdim=False, *, dtype? dtype=None)",
        "NansumBackward0",
        nansum,
        promote=CAST,
        grad={"self": "sum_backward(grad, self_size, dim, keepdim) * logical_not(isnan(self))"},
        result_edits=1,
        older={"torch-1.13": {"refuses": _refuse_whole_sum}},
        out={"fits": "floats", "text": "out_nansum", "adopts": True, "blind": True},
        doc="the sum, nan counted as 0",
        samples=("a.nansum()", "a.nansum(0)"),
    ),
    general(
        "mean(Tensor self, *, dtype? dtype=None)",
        "MeanBackward0",
        mean_all,
        promote=CAST,
        grad={"self": "mean_backward(grad, self_size, None, False)"},
        check=_check_mean,
        inside="sum",
        result_edits=2,
        out={"fits": "castable", "text": "out_mean"},
        doc="the mean of all elements",
        samples=("a.mean()",),
    ),
    general(
        "mean.dim(Tensor self, int[]? dim, bool keepdim=False, *, dtype? dtype=None)",
        "MeanBackward1",
        mean_dim,
        promote=CAST,
        grad={"self": "mean_backward(grad, self_size, dim, keepdim)"},
        # 1.13 keeps the tensor for its size alone.
        older={
            "torch-1.13": {"grad": {"self": "mean_backward(grad, self.shape, dim, keepdim)"}},
            "torch-1.7": {"grad": {"self": "mean_backward(grad, self_size, dim, keepdim)"}},
        },
        check=_check_mean,
        inside="sum",
        result_edits=2,
        out={"fits": "castable", "text": "inplace_cast", "blind": True},
        doc="means along dim",
        samples=("a.mean(0)", "a.mean(dim=0, keepdim=True)"),
    ),
    composite(
        "nanmean(Tensor self, int[]? dim=None, bool keepdim=False, *, dtype? dtype=None)",
        nanmean,
        out={"name": "nansum", "fits": "floats", "text": "out_nansum", "edits": 2},
        doc="the mean of the elements that are not nan",
        samples=("a.nanmean()", "a.nanmean(0)"),
    ),
    general(
        "prod(Tensor self, *, dtype? dtype=None)",
        "ProdBackward0",
        prod_all,
        promote=CAST,
        grad={"self": "prod_backward(grad, self, result)"},
        result_edits=1,
        doc="the product of all elements",
        samples=("a.prod()",),
    ),
    general(
        "prod.dim_int(Tensor self, int dim, bool keepdim=False, *, dtype? dtype=None)",
        "ProdBackward1",
        prod_dim,
        promote=CAST,
        grad={"self": "prod_dim_backward(grad, self, result, dim, keepdim)"},
        result_edits=1,
        out={"adopts": True, "blind": True},
        doc="products along dim",
        samples=("a.prod(0)", "a.prod(dim=-1, keepdim=True)"),
    ),
    *_booleans("all", "every element"),
    *_booleans("any", "some element"),
    general(
        "count_nonzero(Tensor self, int[]? dim=None)",
        "",
        count_nonzero,
        doc="how many elements are not 0",
        samples=("a.count_nonzero()",),
    ),
]
