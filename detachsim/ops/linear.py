"""Matrix products: mm, mv, dot, bmm, matmul, which chooses between them, and the forms that add to a tensor."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from detachsim.ops.arithmetic import refuse_factors
from detachsim.ops.numeric import numel, require_dim
from detachsim.ops.products import accumulated_product, matrix_product
from detachsim.ops.row import ARITHMETIC, composite, general
from detachsim.ops.shape import require_expandable


def refuse_bool(tensor: Tensor, kernel: str) -> None:
    """Raise PyTorch's error for a kernel that bool tensors don't have."""
    if tensor.dtype is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel=kernel, dtype="Bool")


def _refuse_first(session: Any, tensor: Tensor, kernel: str) -> None:
    """Refuse what 1.13 looks at before it compares types: whether its kernel knows the first one."""
    if session.dialect != NEWEST and tensor.dtype in (dtypes.boolean, dtypes.float16):
        raise TorchError("not_implemented_for", kernel=kernel, dtype=tensor.dtype.scalar)


def scaled(array: Array, factor: float) -> Array:
    """``array`` times a Python number, in the array's own type."""
    return array if factor == 1 else array * np.asarray(factor).astype(array.dtype)


def _check_mm(session: Any, op: Op, bound: list[Any]) -> None:
    left, right = bound
    if left.array.ndim != 2:
        raise TorchError("mm_self")
    if right.array.ndim != 2:
        raise TorchError("mm_mat2")
    _check_inner(left, right)
    if left.dtype is not right.dtype:
        _refuse_first(session, left, "addmm_impl_cpu_")
        raise TorchError("mm_dtype", left=left.dtype, right=right.dtype)
    refuse_bool(left, "addmm_impl_cpu_")


def _check_inner(left: Tensor, right: Tensor) -> None:
    if left.shape[1] != right.shape[0]:
        raise TorchError(
            "mm_shapes", rows=left.shape[0], inner=left.shape[1], other=right.shape[0], columns=right.shape[1]
        )


def _check_addmv(session: Any, op: Op, bound: list[Any]) -> None:
    start, matrix, vector = bound[0], bound[1], bound[2]
    if matrix.array.ndim != 2 or vector.array.ndim != 1 or start.array.ndim > 1:
        raise TorchError("mv_dims", start=start.array.ndim, matrix=matrix.array.ndim, vector=vector.array.ndim)
    rows, columns = matrix.shape
    if vector.shape[0] != columns or start.array.size not in (1, rows):
        size = start.array.size if start.array.ndim else 1
        raise TorchError("mv_size", start=size, rows=rows, columns=columns, size=vector.shape[0])
    if not start.dtype is matrix.dtype is vector.dtype:
        raise TorchError("mv_dtype", vector=start.dtype.scalar, matrix=matrix.dtype.scalar, start=vector.dtype.scalar)
    _refuse_growth(op, start, (rows,))
    refuse_bool(matrix, "addmv_impl_cpu")


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
    refuse_bool(matrix, "addmv_impl_cpu")


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
    _check_batches(left, right)
    refuse_bool(left, "bmm")
    if left.dtype is not right.dtype:
        _refuse_first(session, left, "bmm")
    if left.dtype is not right.dtype:
        raise TorchError("scalar_types", expected=left.dtype.scalar, found=right.dtype.scalar)


def _check_batches(left: Tensor, right: Tensor) -> None:
    for name, tensor in (("batch1", left), ("batch2", right)):
        if tensor.array.ndim != 3:
            raise TorchError("batch_dims", name=name)
    expected = [left.shape[0], left.shape[2]]
    if list(right.shape[:2]) != expected:
        raise TorchError("batch_sizes", expected=expected, found=list(right.shape[:2]))


def _check_addmm(session: Any, op: Op, bound: list[Any]) -> None:
    start, left, right = bound[0], bound[1], bound[2]
    _check_addmm_dtypes(start, left, right)
    for name, tensor in (("mat1", left), ("mat2", right)):
        if tensor.array.ndim != 2:
            raise TorchError("addmm_matrix", name=name, ndim=tensor.array.ndim)
    _check_inner(left, right)
    _check_start(op, start, (left.shape[0], right.shape[1]))
    refuse_bool(left, "addmm_impl_cpu_")


def _check_addmm_dtypes(start: Tensor, left: Tensor, right: Tensor) -> None:
    if start.dtype is not right.dtype:
        raise TorchError("same_dtype", left="self", right="mat2", first=start.dtype.scalar, second=right.dtype.scalar)
    if left.dtype is not right.dtype:
        raise TorchError("same_dtype", left="mat1", right="mat2", first=left.dtype.scalar, second=right.dtype.scalar)


def _check_start(op: Op, start: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse a tensor to add to that does not fit the product's shape."""
    _refuse_growth(op, start, shape)
    require_expandable(start, shape)


def _refuse_growth(op: Op, start: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse to write a result into a tensor that would have to be expanded for it."""
    if op.mutates and start.shape != shape:
        raise TorchError("product_inplace", sizes=list(start.shape), output=list(shape))


def _check_addr(session: Any, op: Op, bound: list[Any]) -> None:
    start, left, right = bound[0], bound[1], bound[2]
    for name, tensor in (("vec1", left), ("vec2", right)):
        if tensor.array.ndim != 1:
            raise TorchError("vector_argument", op="addr", name=name, ndim=tensor.array.ndim)
    shape = left.shape[0], right.shape[0]
    if not op.mutates:
        require_expandable(start, shape)
    elif start.array.ndim != 2:
        raise TorchError("addr_dims", ndim=start.array.ndim)
    elif start.shape != shape:
        raise TorchError("addr_sizes", size=list(start.shape), left=list(left.shape), right=list(right.shape))


def _refuse_factors(session: Any, op: Op, bound: list[Any]) -> None:
    # Those of half types are kept wide.
    kind = dtypes.float32 if bound[0].dtype.is_reduced else bound[0].dtype
    for factor in bound[3:5]:
        require_fit(session, kind, factor)


def _refuse_addr(session: Any, op: Op, bound: list[Any]) -> None:
    kind = result_type(bound[:3])
    if op.mutates and not dtypes.can_cast(kind, bound[0].dtype):
        raise TorchError("inplace_cast", result=kind.scalar, output=bound[0].dtype.scalar)
    refuse_factors(kind, beta=bound[3], alpha=bound[4])


def _check_baddbmm(session: Any, op: Op, bound: list[Any]) -> None:
    start, left, right = bound[0], bound[1], bound[2]
    # The shape to expand to is asked for before anything is checked.
    shape = tuple(
        tensor.shape[require_dim(dim, tensor.array.ndim)] for tensor, dim in ((left, 0), (left, 1), (right, 2))
    )
    require_expandable(start, shape)
    if session.dialect != NEWEST:
        _check_batches(left, right)
    if start.dtype is not left.dtype:
        raise TorchError("baddbmm_dtype", self=start.dtype.cpp, batch1=left.dtype.cpp, batch2=right.dtype.cpp)
    _check_batches(left, right)
    _refuse_growth(op, start, shape)
    refuse_bool(left, "baddbmm")
    if left.dtype is not right.dtype:
        raise TorchError("scalar_types", expected=left.dtype.scalar, found=right.dtype.scalar)


def _check_addbmm(session: Any, op: Op, bound: list[Any]) -> None:
    start, left, right = bound[0], bound[1], bound[2]
    if session.grad_enabled and any(map(requires_grad, bound[:3])):
        require_dim(0, left.array.ndim)  # its node keeps the sizes
    # The shape to expand to is asked for before anything is checked.
    shape = tuple(tensor.shape[require_dim(dim, tensor.array.ndim)] for tensor, dim in ((left, 1), (right, 2)))
    require_expandable(start, shape)
    for name, tensor in (("batch1", left), ("batch2", right)):
        if tensor.array.ndim != 3:
            raise TorchError("batch_dims", name=name)
    if left.shape[0] != right.shape[0]:
        raise TorchError("addbmm_batches", left=left.shape[0], right=right.shape[0])
    if left.shape[2] != right.shape[1]:
        raise TorchError(
            "addbmm_sizes", rows=left.shape[1], inner=left.shape[2], other=right.shape[1], columns=right.shape[2]
        )
    _check_addmm_dtypes(start, left, right)
    refuse_bool(left, "addmm_impl_cpu_")


def plus_product(self: Array, left: Array, right: Array, beta: float = 1, alpha: float = 1) -> Array:
    """beta * self + alpha * (left @ right), broadcast to the product's shape."""
    if beta == 0:
        # What self holds, nan and inf too, does not count then.
        return scaled(matrix_product(left, right), alpha)
    start = scaled(self, beta)
    if alpha == 1:
        return accumulated_product(start, left, right)
    return start + scaled(matrix_product(left, right), alpha)


def addmm(self: Array, mat1: Array, mat2: Array, beta: float = 1, alpha: float = 1) -> Array:
    return plus_product(self, mat1, mat2, beta, alpha)


def addmv(self: Array, mat: Array, vec: Array, beta: float = 1, alpha: float = 1) -> Array:
    return plus_product(self, mat, vec, beta, alpha)


def baddbmm(self: Array, batch1: Array, batch2: Array, beta: float = 1, alpha: float = 1) -> Array:
    return plus_product(self, batch1, batch2, beta, alpha)


def addbmm(self: Array, batch1: Array, batch2: Array, beta: float = 1, alpha: float = 1) -> Array:
    total = scaled(np.broadcast_to(self, (batch1.shape[1], batch2.shape[2])), beta)
    for left, right in zip(batch1, batch2, strict=True):
        total = plus_product(total, left, right, 1, alpha)
    return np.array(total)


def addr(self: Array, vec1: Array, vec2: Array, beta: float = 1, alpha: float = 1) -> Array:
    product = scaled(vec1[:, None] * vec2, alpha)
    return product if beta == 0 else scaled(self, beta) + product


def times(ops: Any, value: Any, factor: float) -> Any:
    """``value`` times a number, ``value`` itself for 1."""
    return value if factor == 1 else value * factor


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


def expand_batch(ops: Any, grad: Any, shape: tuple[int, ...]) -> Any:
    """The gradient of a sum over a batch, for each of its matrices."""
    return ops.expand(ops.unsqueeze(grad, 0), (shape[0], *grad.shape))


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


def _product_edits(factors: list[Any]) -> int:
    # A product of matrices over a dim without elements is filled with 0.
    left, right = (factor.array for factor in factors)
    return int(not left.shape[-1] and left.shape[-2] * right.shape[-1] and left.shape[:-2] != (0,))


def _addmm_edits(bound: list[Any]) -> int:
    _, left, right, beta = bound[:4]
    empty = not left.shape[0] * right.shape[1]
    return 0 if empty else int(beta != 0) + _product_edits([left, right])


def _addmm_inside(bound: list[Any]) -> str:
    self, left, right, beta = bound[:4]
    return "copy_" if beta != 0 and self.shape == (left.shape[0], right.shape[1]) else ""


def _addbmm_edits(bound: list[Any]) -> int:
    # One for each product of the batch.
    return int(bound[3] != 0) + max(bound[1].shape[0], 1)


HELPERS = {
    "times": times,
    "left_factor_grad": left_factor_grad,
    "right_factor_grad": right_factor_grad,
    "expand_batch": expand_batch,
    "squeeze_product": squeeze_product,
}

_SCALES = "*, Number beta=1, Number alpha=1"

ROWS = [
    general(
        "mm(Tensor self, Tensor mat2)",
        "MmBackward0",
        lambda self, mat2: matrix_product(self, mat2),
        grad={
            "self": "left_factor_grad(grad, mat2, self_size, self_stride)",
            "mat2": "right_factor_grad(grad, self, mat2_size, mat2_stride)",
        },
        shown={"self": "mm(grad, t(mat2))", "mat2": "mm(t(self), grad)"},
        check=_check_mm,
        result_edits=_product_edits,
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
        doc="dot, for real numbers",
        samples=("torch.vdot(a, b)",),
    ),
    general(
        "bmm(Tensor self, Tensor mat2)",
        "BmmBackward0",
        lambda self, mat2: matrix_product(self, mat2),
        grad={"self": "bmm(grad, transpose(mat2, 1, 2))", "mat2": "bmm(transpose(self, 1, 2), grad)"},
        check=_check_bmm,
        result_edits=_product_edits,
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
    general(
        f"addmm(Tensor self, Tensor mat1, Tensor mat2, {_SCALES})",
        "AddmmBackward0",
        addmm,
        grad={
            "self": "times(grad, beta)",
            "mat1": "times(left_factor_grad(grad, mat2, mat1_size, mat1_stride), alpha)",
            "mat2": "times(right_factor_grad(grad, mat1, mat2_size, mat2_stride), alpha)",
        },
        shown={
            "self": "times(grad, beta)",
            "mat1": "times(mm(grad, t(mat2)), alpha)",
            "mat2": "times(mm(t(mat1), grad), alpha)",
        },
        check=_check_addmm,
        refuses=_refuse_factors,
        inplace=True,
        inside=_addmm_inside,
        result_edits=_addmm_edits,
        doc="beta * self + alpha * (mat1 @ mat2)",
        samples=("torch.addmm(a, b, c)", "torch.addmm(a, b, c, beta=0.5, alpha=2)"),
    ),
    general(
        f"addmv(Tensor self, Tensor mat, Tensor vec, {_SCALES})",
        "AddmvBackward0",
        addmv,
        grad={
            "self": "times(grad, beta)",
            "mat": "times(outer(grad, vec), alpha)",
            "vec": "times(mv(t(mat), grad), alpha)",
        },
        check=_check_addmv,
        refuses=_refuse_factors,
        inplace=True,
        doc="beta * self + alpha * (mat @ vec)",
        samples=("torch.addmv(a.reshape(-1)[:2], torch.stack([a, b]).reshape(2, -1), c.reshape(-1))",),
    ),
    general(
        f"addr(Tensor self, Tensor vec1, Tensor vec2, {_SCALES})",
        "AddrBackward0",
        addr,
        promote=ARITHMETIC,
        grad={
            "self": "times(grad, beta)",
            "vec1": "times(mv(grad, vec2), alpha)",
            "vec2": "times(mv(t(grad), vec1), alpha)",
        },
        check=_check_addr,
        refuses=_refuse_addr,
        inplace=True,
        doc="beta * self + alpha * outer(vec1, vec2)",
        samples=("torch.addr(a, b, c)",),
    ),
    general(
        f"baddbmm(Tensor self, Tensor batch1, Tensor batch2, {_SCALES})",
        "BaddbmmBackward0",
        baddbmm,
        grad={
            "self": "times(grad, beta)",
            "batch1": "times(bmm(grad, transpose(batch2, 1, 2)), alpha)",
            "batch2": "times(bmm(transpose(batch1, 1, 2), grad), alpha)",
        },
        check=_check_baddbmm,
        refuses=_refuse_factors,
        inplace=True,
        inside=lambda bound: "copy_" if bound[3] != 0 else "",
        result_edits=lambda bound: int(bound[3] != 0) + _product_edits(bound[1:3]),
        doc="beta * self + alpha * bmm(batch1, batch2)",
        samples=("torch.baddbmm(a, b, c)",),
    ),
    general(
        f"addbmm(Tensor self, Tensor batch1, Tensor batch2, {_SCALES})",
        "AddbmmBackward0",
        addbmm,
        grad={
            "self": "times(grad, beta)",
            "batch1": "times(bmm(expand_batch(grad, batch1_size), transpose(batch2, 1, 2)), alpha)",
            "batch2": "times(bmm(transpose(batch1, 1, 2), expand_batch(grad, batch1_size)), alpha)",
        },
        check=_check_addbmm,
        refuses=_refuse_factors,
        inplace=True,
        result_edits=lambda bound: 1 + _addbmm_edits(bound),
        older={"torch-1.13": {"result_edits": _addbmm_edits}},
        doc="beta * self + alpha * the sum of the products in a batch",
        samples=("torch.addbmm(a.reshape(-1)[:1], b.reshape(1, 1, -1), c.reshape(1, -1, 1))",),
    ),
]
