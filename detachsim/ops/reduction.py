"""Reductions: sum, mean, prod, max, min."""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import dims, numel, wrap_dim
from detachsim.ops.row import CAST, general


def sum_dims(self: Array, axes: tuple[int, ...], keepdim: bool = False) -> Array:
    """Sum over ``axes``; integers and bools become int64."""
    if self.dtype.kind in "biu":
        return np.add.reduce(self, axis=axes, dtype=np.int64, keepdims=keepdim)
    if self.dtype == np.float16:
        return np.add.reduce(self, axis=axes, dtype=np.float32, keepdims=keepdim).astype(np.float16)
    return np.add.reduce(self, axis=axes, keepdims=keepdim)


def sum_all(self: Array, dtype: DType | None = None) -> Array:
    return sum_dims(self, tuple(range(self.ndim)))


def sum_dim(self: Array, dim: Any = None, keepdim: bool = False, dtype: DType | None = None) -> Array:
    return sum_dims(self, dims(dim, self.ndim), keepdim)


def sum_to_size(self: Array, size: tuple[int, ...]) -> Array:
    lead = self.ndim - len(size)
    axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(size) if n == 1 and self.shape[i + lead] != 1)
    return np.asarray(sum_dims(self, axes, True)).reshape(size)


def mean_all(self: Array, dtype: DType | None = None) -> Array:
    return mean_dim(self, None, False, dtype)


def mean_dim(self: Array, dim: Any = None, keepdim: bool = False, dtype: DType | None = None) -> Array:
    values = self
    axes = dims(dim, self.ndim)
    count = numel([self.shape[axis] for axis in axes])
    total = sum_dims(values, axes, keepdim)
    return np.true_divide(total, np.asarray(count, dtype=total.dtype))


def _check_mean(session: Any, op: Op, bound: list[Any]) -> None:
    dtype = bound[-1] or bound[0].dtype
    if not dtype.is_floating:
        raise TorchError("mean_dtype", dtype=dtype.scalar)


def unsqueeze_reduced(ops: Any, grad: Any, dim: Any, shape: tuple[int, ...], keepdim: bool) -> Any:
    """Put back the dims that a reduction took away, with size 1."""
    if keepdim or not shape:
        return grad
    for axis in sorted(dims(dim, len(shape))):
        grad = ops.unsqueeze(grad, axis)
    return grad


def sum_backward(ops: Any, grad: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """Give every element that was summed the gradient of its sum."""
    return ops.expand(unsqueeze_reduced(ops, grad, dim, shape, keepdim), shape)


def mean_backward(ops: Any, grad: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """As for a sum, divided by how many elements went into each mean."""
    count = numel([shape[axis] for axis in dims(dim, len(shape))])
    return sum_backward(ops, grad, shape, dim, keepdim) / count


def prod_all(self: Array) -> Array:
    return np.multiply.reduce(self, axis=None, dtype=np.int64 if self.dtype.kind in "biu" else self.dtype)


def prod_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of a product, exact where elements are 0."""
    if self.ndim == 0:
        return ops.clone(grad)
    values = self if isinstance(self, np.ndarray) else self.tensor.array
    zeros = int((values == 0).sum())
    if zeros == 0:
        return grad * result / self
    if zeros > 1:
        return ops.zeros_like(self)
    others = ops.masked_fill(self, self == 0, 1.0)
    return ops.where(self == 0, grad * ops.prod(others), ops.zeros_of(self))


def extreme_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """Share the gradient evenly between all elements equal to the extreme."""
    mask = self == result
    if isinstance(mask, np.ndarray | np.generic):
        return mask * (grad / np.asarray(mask.sum(), dtype=np.asarray(grad).dtype))
    return mask * (grad / ops.sum(mask))


def selected_backward(ops: Any, grad: Any, dim: int, indices: Any, shape: tuple[int, ...], keepdim: bool) -> Any:
    """Give the gradient to the element that each slice selected."""
    if not keepdim and shape:
        grad = ops.unsqueeze(grad, dim)
        indices = ops.unsqueeze(indices, dim)
    return ops.scatter_zeros(grad, shape, dim, indices)


def scatter_zeros(grad: Array, size: tuple[int, ...], dim: int, index: Array) -> Array:
    made = np.zeros(size, dtype=grad.dtype)
    if not size:
        return np.asarray(grad).reshape(())
    np.put_along_axis(made, index, grad, axis=dim)
    return made


def _extreme(name: str) -> Any:
    function = np.max if name == "max" else np.min
    return lambda self: function(self)


def _extreme_dim(name: str) -> Any:
    def kernel(self: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
        if self.ndim == 0:
            return self.copy(), np.zeros((), np.int64)
        axis = wrap_dim(dim, self.ndim)
        indices = np.expand_dims((np.argmax if name == "max" else np.argmin)(self, axis=axis), axis)
        values = np.take_along_axis(self, indices, axis=axis)
        if not keepdim:
            values, indices = values.squeeze(axis), indices.squeeze(axis)
        return np.array(values), np.array(indices, dtype=np.int64)

    return kernel


def _check_extreme(session: Any, op: Op, bound: list[Any]) -> None:
    self = bound[0]
    if len(bound) == 1:
        if self.array.size == 0:
            raise TorchError("reduce_empty", op=op.name)
    else:
        axis = wrap_dim(bound[1], self.array.ndim)
        if self.array.size == 0 and self.array.shape[axis] == 0:
            raise TorchError("reduce_empty_dim", op=op.name, dim=axis)


def _extremes(name: str, node: str) -> list[Op]:
    return [
        general(
            f"{name}(Tensor self)",
            f"{node}Backward1",
            _extreme(name),
            grad={"self": "extreme_backward(grad, self, result)"},
            check=_check_extreme,
            doc=f"the {name}imum of all elements; ties share the gradient",
            samples=(f"a.{name}()",),
        ),
        general(
            f"{name}.dim(Tensor self, int dim, bool keepdim=False)",
            f"{node}Backward0",
            _extreme_dim(name),
            grad={"self": "selected_backward(grad, dim, result1, self_size, keepdim)"},
            outputs=("values", "indices"),
            check=_check_extreme,
            doc=f"the {name}imum along dim and where it is; the first of ties gets the gradient",
            samples=(f"a.{name}(0)",),
        ),
    ]


HELPERS = {
    "unsqueeze_reduced": unsqueeze_reduced,
    "sum_backward": sum_backward,
    "mean_backward": mean_backward,
    "prod_backward": prod_backward,
    "extreme_backward": extreme_backward,
    "selected_backward": selected_backward,
}

ROWS = [
    general(
        "sum(Tensor self, *, dtype? dtype=None)",
        "SumBackward0",
        sum_all,
        promote=CAST,
        grad={"self": "expand(grad, self_size)"},
        doc="the sum of all elements",
        samples=("a.sum()",),
    ),
    general(
        "sum.dim(Tensor self, int[]? dim, bool keepdim=False, *, dtype? dtype=None)",
        "SumBackward1",
        sum_dim,
        promote=CAST,
        grad={"self": "sum_backward(grad, self_size, dim, keepdim)"},
        doc="sums along dim",
        samples=("a.sum(0)", "a.sum(dim=0, keepdim=True)"),
    ),
    general(
        "sum_to_size(Tensor self, size size)",
        "SumBackward1",
        sum_to_size,
        grad={"self": "expand(grad, self_size)"},
        where="m",
        doc="sums over the dims in which size is 1 or missing",
        samples=("a.sum_to_size(1)",),
    ),
    general(
        "mean(Tensor self, *, dtype? dtype=None)",
        "MeanBackward0",
        mean_all,
        promote=CAST,
        grad={"self": "mean_backward(grad, self_size, None, False)"},
        check=_check_mean,
        doc="the mean of all elements",
        samples=("a.mean()",),
    ),
    general(
        "mean.dim(Tensor self, int[]? dim, bool keepdim=False, *, dtype? dtype=None)",
        "MeanBackward1",
        mean_dim,
        promote=CAST,
        grad={"self": "mean_backward(grad, self_size, dim, keepdim)"},
        check=_check_mean,
        doc="means along dim",
        samples=("a.mean(0)", "a.mean(dim=0, keepdim=True)"),
    ),
    general(
        "prod(Tensor self)",
        "ProdBackward0",
        prod_all,
        grad={"self": "prod_backward(grad, self, result)"},
        doc="the product of all elements",
        samples=("a.prod()",),
    ),
    *_extremes("max", "Max"),
    *_extremes("min", "Min"),
    general(
        "scatter_zeros(Tensor grad, int[] size, int dim, Tensor index)",
        "ValueSelectingReductionBackward0",
        scatter_zeros,
        where="",
        grad={"grad": "gather_plain(grad, dim, index)"},
        doc="zeros of a size with grad at index along dim",
    ),
    general(
        "gather_plain(Tensor self, int dim, Tensor index)",
        "GatherBackward0",
        lambda self, dim, index: np.take_along_axis(self, index, axis=dim) if self.ndim else self.copy(),
        where="",
        grad={"self": "scatter_zeros(grad, self_size, dim, index)"},
        doc="the elements at index along dim",
    ),
]
