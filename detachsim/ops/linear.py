"""Matrix products: mm, mv, dot, bmm, and matmul, which chooses between them."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from detachsim.ops.numeric import numel, require_dim
from detachsim.ops.products import matrix_product
from detachsim.ops.row import composite, general


def refuse_bool(tensor: Tensor, kernel: str) -> None:
    """Raise PyTorch's error for a kernel that bool tensors don't have."""
    if tensor.dtype is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel=kernel, dtype="Bool")


def refuse_bool_factors(left: Tensor, right: Tensor, kernel: str) -> None:
    """Raise the error of a product's kernel, which is called only where there are elements to multiply."""
    if left.array.size and right.array.size:
        refuse_bool(left, kernel)


def _refuse_first(session: Any, tensor: Tensor, kernel: str) -> None:
    """Refuse what 1.13 looks at before it compares types: whether its kernel knows the first one."""
    if session.dialect != NEWEST and tensor.dtype in (dtypes.boolean, dtypes.float16):
        raise TorchError("not_implemented_for", kernel=kernel, dtype=tensor.dtype.scalar)


def _check_mm(session: Any, op: Op, bound: list[Any]) -> None:
    left, right = bound
    if left.array.ndim != 2:
        raise TorchError("mm_self")
    if right.array.ndim != 2:
        raise TorchError("mm_mat2")
    check_inner(left, right)
    if left.dtype is not right.dtype:
        _refuse_first(session, left, "addmm_impl_cpu_")
        raise TorchError("mm_dtype", left=left.dtype, right=right.dtype)
    refuse_bool_factors(left, right, "addmm_impl_cpu_")


def check_inner(left: Tensor, right: Tensor) -> None:
    """Refuse matrices that do not meet in size."""
    if left.shape[1] != right.shape[0]:
        raise TorchError(
            "mm_shapes", rows=left.shape[0], inner=left.shape[1], other=right.shape[0], columns=right.shape[1]
        )


def _check_mv(session: Any, op: Op, bound: list[Any]) -> None:
    matrix, vector = bound
    require_dim(0, matrix.array.ndim)
    if matrix.array.ndim != 2 or vector.array.ndim != 1:
        raise TorchError("mv_dims", start=1, matrix=matrix.array.ndim, vector=vector.array.ndim)
    rows, columns = matrix.shape
    if columns != vector.shape[0]:
        raise TorchError("mv_size", start=rows, rows=rows, columns=columns, size=vector.shape[0])
    if matrix.dtype is not vector.dtype:
        _refuse_first(session, matrix, "addmv_impl_cpu")
        kind = vector.dtype.scalar
        raise TorchError("mv_dtype", vector=kind, matrix=matrix.dtype.scalar, start=kind)
    refuse_bool_factors(matrix, vector, "addmv_impl_cpu")


def _check_dot(session: Any, op: Op, bound: list[Any]) -> None:
    left, right = bound
    if left.array.ndim != 1 or right.array.ndim != 1:
        raise TorchError("dot_dims", left=left.array.ndim, right=right.array.ndim)
    if left.dtype is not right.dtype:
        raise TorchError("dot_dtype", left=left.dtype.scalar, right=right.dtype.scalar)
    if left.shape != right.shape:
        raise TorchError("dot_sizes", left=left.shape[0], right=right.shape[0])
    refuse_bool(left, "dot")


def _check_bmm(session: Any, op: Op, bound: list[Any]) -> None:
    left, right = bound
    check_batches(left, right)
    refuse_bool_factors(left, right, "bmm")
    if left.dtype is not right.dtype:
        _refuse_first(session, left, "bmm")
    if left.dtype is not right.dtype:
        raise TorchError("scalar_types", expected=left.dtype.scalar, found=right.dtype.scalar)


def check_batches(left: Tensor, right: Tensor) -> None:
    """Refuse batches of matrices that do not meet in size, and what is none."""
    for name, tensor in (("batch1", left), ("batch2", right)):
        if tensor.array.ndim != 3:
            raise TorchError("batch_dims", name=name)
    expected = [left.shape[0], left.shape[2]]
    if list(right.shape[:2]) != expected:
        raise TorchError("batch_sizes", expected=expected, found=list(right.shape[:2]))


def left_factor_grad(ops: Any, grad: Any, right: Any, size: tuple[int, ...], stride: tuple[int, ...]) -> Any:
    """The gradient of the left factor of a product of matrices, in the layout of that factor: by rows or by columns."""
    if stride == (1, size[0]):
        return ops.t(ops.mm(right, ops.t(grad)))
    return ops.mm(grad, ops.t(right))


def right_factor_grad(ops: Any, grad: Any, left: Any, size: tuple[int, ...], stride: tuple[int, ...]) -> Any:
    """The gradient of the right factor, likewise: the weight of a linear layer comes transposed, so by columns."""
    if stride == (1, size[0]):
        return ops.t(ops.mm(ops.t(grad), left))
    return ops.mm(ops.t(left), grad)


def _folds(left: Any, right: Any) -> bool:
    """Whether PyTorch folds the batch of the larger tensor into its rows, and multiplies by the smaller one once."""
    larger_first = left.ndim >= right.ndim
    large, small = (left, right) if larger_first else (right, left)
    if not (large.ndim >= 3 and small.ndim <= 2):
        return False
    # Otherwise the gradient of the smaller tensor would be as large as the larger one.
    if not isinstance(small, np.ndarray) and requires_grad(small.tensor):
        return True
    if left.ndim == 2:
        return False
    array = large if isinstance(large, np.ndarray) else large.tensor.array
    if array.size == 0:
        return True
    if not larger_first:
        array = array.swapaxes(-1, -2)
    return all(array.strides[i] == array.strides[i + 1] * array.shape[i + 1] for i in range(array.ndim - 2))


def matmul(ops: Any, self: Any, other: Any) -> Any:
    """Choose the product by the numbers of dimensions, as PyTorch does."""
    left, right = self.ndim, other.ndim
    if left == 0 or right == 0:
        raise TorchError("matmul_dims", left=left, right=right)
    if left == 1 and right == 1:
        return ops.dot(self, other)
    if left == 2 and right == 1:
        return ops.mv(self, other)
    if left == 1 and right == 2:
        return ops.squeeze_product(ops.mm(ops.unsqueeze(self, 0), other))
    if left == 2 and right == 2:
        return ops.mm(self, other)
    if _folds(self, other):
        return _folded_matmul(ops, self, other)
    return _batched_matmul(ops, self, other)


def _folded_matmul(ops: Any, self: Any, other: Any) -> Any:
    swapped = other.ndim > self.ndim
    large, small = (ops.transpose(other, -2, -1), self) if swapped else (self, other)
    if swapped and small.ndim == 2:
        small = ops.t(small)
    lead = large.shape[:-1]
    folded = ops.reshape(large, (numel(lead), large.shape[-1]))
    if small.ndim == 1:
        return ops._unsafe_view(ops.mv(folded, small), lead)
    product = ops._unsafe_view(ops.mm(folded, small), (*lead, small.shape[1]))
    return ops.contiguous(ops.transpose(product, -2, -1)) if swapped else product


def _batched_matmul(ops: Any, self: Any, other: Any) -> Any:
    if self.ndim == 3 == other.ndim and self.shape[0] != other.shape[0] and not isinstance(self, np.ndarray):
        # A batch of one that requires grad takes the folding way, too.
        if self.shape[0] == 1 and requires_grad(self.tensor):
            return matmul(ops, ops.squeeze_dim(self, 0), other)
        if other.shape[0] == 1 and requires_grad(other.tensor):
            return matmul(ops, self, ops.squeeze_dim(other, 0))
    rows = self.shape[-2] if self.ndim > 1 else 1
    inner = self.shape[-1]
    batch = broadcast_shape(self.shape[:-2], other.shape[:-2])
    count = numel(batch)
    left = ops.reshape(ops.expand(self, (*batch, rows, inner)), (count, rows, inner))
    if other.ndim == 1:
        size = other.shape[0]
        right = ops.unsqueeze(ops.reshape(ops.expand(other, (*batch, size)), (count, size)), 2)
        return ops._unsafe_view(ops.squeeze_dim(ops.bmm(left, right), -1), (*batch, rows))
    height, columns = other.shape[-2:]
    right = ops.reshape(ops.expand(other, (*batch, height, columns)), (count, height, columns))
    shape = (*batch, rows, columns) if self.ndim > 1 else (*batch, columns)
    return ops._unsafe_view(ops.bmm(left, right), shape)


def squeeze_product(ops: Any, self: Any) -> Any:
    """The one row of a product, as a vector; PyTorch squeezes the product in place, which its counter shows."""
    squeezed = ops._squeezed_product(self)
    if not isinstance(squeezed, np.ndarray) and squeezed.tensor.version.tracked:
        squeezed.tensor.version.value += 1
    return squeezed


def product_edits(factors: list[Any]) -> int:
    """Return how often a product of matrices is edited: over a dim without elements it is filled with 0."""
    left, right = (factor.array for factor in factors)
    return int(not left.shape[-1] and left.shape[-2] * right.shape[-1] and left.shape[:-2] != (0,))


HELPERS = {
    "left_factor_grad": left_factor_grad,
    "right_factor_grad": right_factor_grad,
    "squeeze_product": squeeze_product,
}


ROWS = [
    general(
        "mm(Tensor self, Tensor mat2)",
        "MmBackward0",
        lambda self, mat2: matrix_product(self, mat2),
        grad={
            "self": "left_factor_grad(grad, mat2, self_size, self_stride)",
            "mat2": "right_factor_grad(grad, self, mat2_size, mat2_stride)",
        },
        shown={"self": "grad @ mat2.T", "mat2": "self.T @ grad"},
        check=_check_mm,
        result_edits=product_edits,
        doc="the product of two matrices",
        samples=("a.mm(b)",),
    ),
    general(
        "mv(Tensor self, Tensor vec)",
        "MvBackward0",
        lambda self, vec: matrix_product(self, vec).copy(),  # no view, which a gradient may not be
        grad={"self": "outer(grad, vec)", "vec": "mv(t(self), grad)"},
        check=_check_mv,
        result_edits=1,
        out={"text": "out_addmv", "blind": True},
        doc="the product of a matrix and a vector",
        samples=("a.mv(b)",),
    ),
    general(
        "dot(Tensor self, Tensor tensor)",
        "DotBackward0",
        lambda self, tensor: matrix_product(self, tensor),
        grad={"self": "grad * tensor", "tensor": "grad * self"},
        check=_check_dot,
        result_edits=1,
        out={"text": "out_dot"},
        doc="the sum of the products of two vectors' elements",
        samples=("a.dot(b)",),
    ),
    general(
        "vdot(Tensor self, Tensor other)",
        "VdotBackward0",
        lambda self, other: matrix_product(self, other),
        grad={"self": "grad * other", "other": "grad * self"},
        check=_check_dot,
        result_edits=1,
        out={"text": "out_dot"},
        doc="dot, for real numbers",
        samples=("torch.vdot(a, b)",),
    ),
    general(
        "bmm(Tensor self, Tensor mat2)",
        "BmmBackward0",
        lambda self, mat2: matrix_product(self, mat2),
        grad={"self": "bmm(grad, transpose(mat2, 1, 2))", "mat2": "bmm(transpose(self, 1, 2), grad)"},
        check=_check_bmm,
        result_edits=product_edits,
        out={"blind": True},
        doc="the products of two batches of matrices",
        samples=("a.bmm(b)",),
    ),
    composite(
        "matmul(Tensor self, Tensor other)",
        matmul,
        doc="the matrix product, by the numbers of dimensions",
        samples=("a @ b",),
    ),
    general(
        "_squeezed_product(Tensor self)",
        "SqueezeBackward4",
        lambda self: self[0].copy(),
        where="",
        grad={"self": "unsqueeze(grad, 0)"},
        older={"torch-1.13": {"grad_fn": "SqueezeBackward3"}},
        doc="a product of one row without its first dim",
    ),
]
