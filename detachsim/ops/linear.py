"""Matrix products: mm, mv, dot, outer, bmm and matmul, which chooses between them."""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite, general


def matrix_product(self: Array, other: Array) -> Array:
    """The product of two arrays; half types compute in float32 and round once."""
    if self.dtype == np.float16:
        return np.matmul(self.astype(np.float32), other.astype(np.float32)).astype(np.float16)
    return np.matmul(self, other)


def _check_mm(session: Any, op: Op, bound: list[Any]) -> None:
    left, right = bound
    if left.array.ndim != 2:
        raise TorchError("mm_self")
    if right.array.ndim != 2:
        raise TorchError("mm_mat2")
    if left.shape[1] != right.shape[0]:
        raise TorchError(
            "mm_shapes", rows=left.shape[0], inner=left.shape[1], other=right.shape[0], columns=right.shape[1]
        )
    if left.dtype is not right.dtype:
        raise TorchError("mm_dtype", left=left.dtype.cpp, right=right.dtype.cpp)


def _check_mv(session: Any, op: Op, bound: list[Any]) -> None:
    matrix, vector = bound
    if matrix.shape[1] != vector.shape[0]:
        raise TorchError("mv_shapes", rows=matrix.shape[0], columns=matrix.shape[1], size=vector.shape[0])


def _check_dot(session: Any, op: Op, bound: list[Any]) -> None:
    left, right = bound
    if left.array.ndim != 1 or right.array.ndim != 1:
        raise TorchError("dot_dims", left=left.array.ndim, right=right.array.ndim)
    if left.shape != right.shape:
        raise TorchError("dot_sizes", left=left.shape[0], right=right.shape[0])


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
        return ops.squeeze(ops.mm(ops.unsqueeze(self, 0), other), 0)
    if left == 2 and right == 2:
        return ops.mm(self, other)
    if right <= 2:
        # Fold the batch into rows.
        folded = ops.reshape(self, (-1, self.shape[-1]))
        product = ops.mm(folded, other) if right == 2 else ops.mv(folded, other)
        return ops._unsafe_view(product, (*self.shape[:-1], *other.shape[1:]))
    rows = self.shape[-2] if left > 1 else 1
    batch = np.broadcast_shapes(self.shape[:-2], other.shape[:-2])
    lhs = self if left > 1 else ops.unsqueeze(self, 0)
    flat_left = ops.reshape(ops.expand(lhs, (*batch, rows, self.shape[-1])), (numel(batch), rows, self.shape[-1]))
    flat_right = ops.reshape(ops.expand(other, (*batch, *other.shape[-2:])), (numel(batch), *other.shape[-2:]))
    shape = (*batch, rows, other.shape[-1]) if left > 1 else (*batch, other.shape[-1])
    return ops._unsafe_view(ops.bmm(flat_left, flat_right), shape)


ROWS = [
    general(
        "mm(Tensor self, Tensor mat2)",
        "MmBackward0",
        matrix_product,
        grad={"self": "mm(grad, t(mat2))", "mat2": "mm(t(self), grad)"},
        check=_check_mm,
        doc="the product of two matrices",
        samples=("a.mm(b)",),
    ),
    general(
        "mv(Tensor self, Tensor vec)",
        "MvBackward0",
        matrix_product,
        grad={"self": "outer(grad, vec)", "vec": "mv(t(self), grad)"},
        check=_check_mv,
        doc="the product of a matrix and a vector",
        samples=("a.mv(b)",),
    ),
    general(
        "dot(Tensor self, Tensor tensor)",
        "DotBackward0",
        matrix_product,
        grad={"self": "grad * tensor", "tensor": "grad * self"},
        check=_check_dot,
        doc="the sum of the products of two vectors' elements",
        samples=("a.dot(b)",),
    ),
    general(
        "bmm(Tensor self, Tensor mat2)",
        "BmmBackward0",
        matrix_product,
        grad={"self": "bmm(grad, transpose(mat2, 1, 2))", "mat2": "bmm(transpose(self, 1, 2), grad)"},
        doc="the products of two batches of matrices",
        samples=("a.bmm(b)",),
    ),
    composite(
        "outer(Tensor self, Tensor vec2)",
        lambda ops, self, vec2: ops.mul(ops.unsqueeze(self, 1), vec2),
        doc="every element of one vector times every element of the other",
        samples=("a.outer(b)",),
    ),
    composite(
        "matmul(Tensor self, Tensor other)",
        matmul,
        doc="the matrix product, by the numbers of dimensions",
        samples=("a @ b",),
    ),
]
