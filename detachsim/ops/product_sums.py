"""Products of matrices and vectors that are added to a tensor: addmm, addmv, addr, baddbmm and addbmm."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.memory import ANYTHING, Overlap
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from detachsim.ops.arithmetic import refuse_factors
from detachsim.ops.linear import check_batches, check_inner, product_edits, refuse_bool_factors
from detachsim.ops.numeric import require_dim
from detachsim.ops.products import accumulated_product, matrix_product
from detachsim.ops.row import ARITHMETIC, general
from detachsim.ops.shape import require_expandable


def scaled(array: Array, factor: float) -> Array:
    """``array`` times a Python number, in the array's own type."""
    return array if factor == 1 else array * np.asarray(factor).astype(array.dtype)


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
    refuse_bool_factors(matrix, vector, "addmv_impl_cpu")


def _check_addmm(session: Any, op: Op, bound: list[Any]) -> None:
    start, left, right = bound[0], bound[1], bound[2]
    _check_addmm_dtypes(start, left, right)
    for name, tensor in (("mat1", left), ("mat2", right)):
        if tensor.array.ndim != 2:
            raise TorchError("addmm_matrix", name=name, ndim=tensor.array.ndim)
    check_inner(left, right)
    _check_start(op, start, (left.shape[0], right.shape[1]))
    refuse_bool_factors(left, right, "addmm_impl_cpu_")


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
        check_batches(left, right)
    if start.dtype is not left.dtype:
        raise TorchError("baddbmm_dtype", self=start.dtype.cpp, batch1=left.dtype.cpp, batch2=right.dtype.cpp)
    check_batches(left, right)
    _refuse_growth(op, start, shape)
    refuse_bool_factors(left, right, "baddbmm")
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
    refuse_bool_factors(left, right, "addmm_impl_cpu_")


def plus_product(self: Array, left: Array, right: Array, beta: float = 1, alpha: float = 1) -> Array:
    """beta * self + alpha * (left @ right), broadcast to the product's shape."""
    if beta == 0:
        # What self holds, nan and inf too, does not count then.
        return scaled(matrix_product(left, right), alpha)
    start = scaled(self, beta)
    if alpha == 1:
        return accumulated_product(start, left, right)
    return start + scaled(matrix_product(left, right), alpha)


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


def expand_batch(ops: Any, grad: Any, shape: tuple[int, ...]) -> Any:
    """The gradient of a sum over a batch, for each of its matrices."""
    return ops.expand(ops.unsqueeze(grad, 0), (shape[0], *grad.shape))


def _addmm_edits(bound: list[Any]) -> int:
    _, left, right, beta = bound[:4]
    empty = not left.shape[0] * right.shape[1]
    return 0 if empty else int(beta != 0) + product_edits([left, right])


def _addmm_inside(bound: list[Any]) -> str:
    self, left, right, beta = bound[:4]
    return "copy_" if beta != 0 and self.shape == (left.shape[0], right.shape[1]) else ""


def _addbmm_edits(bound: list[Any]) -> int:
    # One for each product of the batch.
    return int(bound[3] != 0) + max(bound[1].shape[0], 1)


HELPERS = {"times": times, "expand_batch": expand_batch}

_SCALES = "*, Number beta=1, Number alpha=1"

# PyTorch's library is handed the memory as it is.
_UNASKED = Overlap(itself=True, inputs=ANYTHING)

ROWS: list[Op] = [
    general(
        f"addmm(Tensor self, Tensor mat1, Tensor mat2, {_SCALES})",
        "AddmmBackward0",
        plus_product,
        grad={
            "self": "times(grad, beta)",
            "mat1": "times(left_factor_grad(grad, mat2, mat1_size, mat1_stride), alpha)",
            "mat2": "times(right_factor_grad(grad, mat1, mat2_size, mat2_stride), alpha)",
        },
        shown={
            "self": "grad * beta",
            "mat1": "grad @ mat2.T * alpha",
            "mat2": "mat1.T @ grad * alpha",
        },
        check=_check_addmm,
        refuses=_refuse_factors,
        inplace=True,
        overlap=_UNASKED,
        inside=_addmm_inside,
        result_edits=_addmm_edits,
        doc="beta * self + alpha * (mat1 @ mat2)",
        samples=("torch.addmm(a, b, c)", "torch.addmm(a, b, c, beta=0.5, alpha=2)"),
    ),
    general(
        f"addmv(Tensor self, Tensor mat, Tensor vec, {_SCALES})",
        "AddmvBackward0",
        plus_product,
        grad={
            "self": "times(grad, beta)",
            "mat": "times(outer(grad, vec), alpha)",
            "vec": "times(mv(t(mat), grad), alpha)",
        },
        check=_check_addmv,
        refuses=_refuse_factors,
        inplace=True,
        overlap=_UNASKED,
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
        out={"fits": "castable", "text": "inplace_cast", "beside": True},
        doc="beta * self + alpha * outer(vec1, vec2)",
        samples=("torch.addr(a, b, c)",),
    ),
    general(
        f"baddbmm(Tensor self, Tensor batch1, Tensor batch2, {_SCALES})",
        "BaddbmmBackward0",
        plus_product,
        grad={
            "self": "times(grad, beta)",
            "batch1": "times(bmm(grad, transpose(batch2, 1, 2)), alpha)",
            "batch2": "times(bmm(transpose(batch1, 1, 2), grad), alpha)",
        },
        check=_check_baddbmm,
        refuses=_refuse_factors,
        inplace=True,
        overlap=_UNASKED,
        inside=lambda bound: "copy_" if bound[3] != 0 else "",
        result_edits=lambda bound: int(bound[3] != 0) + product_edits(bound[1:3]),
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
        overlap=_UNASKED,
        result_edits=lambda bound: 1 + _addbmm_edits(bound),
        older={"torch-1.13": {"result_edits": _addbmm_edits}},
        out={"text": "out_addbmm", "resizes": "", "blind": True},
        doc="beta * self + alpha * the sum of the products in a batch",
        samples=("torch.addbmm(a.reshape(-1)[:1], b.reshape(1, 1, -1), c.reshape(1, -1, 1))",),
    ),
]
