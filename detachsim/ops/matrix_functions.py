"""Functions made of factorizations: the pseudoinverse, the exponential, condition and rank."""

import math
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.limits import require_small
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand, unwrap
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.loss import refuse_gradient
from detachsim.ops.matrices import (
    MATRIX,
    POSITIVE,
    are_finite,
    check_matrix,
    check_shape,
    require_numbers,
    singular_place,
    transposed,
)
from detachsim.ops.matrix_norms import ORDERS, matrix_norm
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite, general


def pseudoinverse(self: Array, rcond: Any = None, hermitian: bool = False, atol: Any = None, rtol: Any = None) -> Array:
    rows, columns = self.shape[-2:]
    if self.size == 0:
        return np.zeros((*self.shape[:-2], columns, rows), self.dtype)
    finite = are_finite(self)
    wide = np.where(finite, self, 0).astype(np.float64)
    left, values, right = np.linalg.svd(wide, full_matrices=False, hermitian=hermitian)
    least = _least(self, values, rtol if rcond is None else rcond, atol)
    with np.errstate(divide="ignore"):
        inverse = np.where(values > least[..., None], 1 / values, 0)
    made = right.swapaxes(-1, -2) @ (inverse[..., None] * left.swapaxes(-1, -2))
    return np.where(finite.swapaxes(-1, -2), made, np.nan).astype(self.dtype)


def _least(matrices: Array, values: Array, rtol: Any, atol: Any) -> Array:
    """Return above what a singular value counts: a limit, or a share of the largest of its matrix."""
    rtol, atol = (limit.array if isinstance(limit, Tensor) else limit for limit in (rtol, atol))
    if rtol is None:
        usual = max(matrices.shape[-2:]) * np.finfo(matrices.dtype).eps
        rtol = usual if atol is None else np.where(np.asarray(atol) > 0, 0.0, usual)
    atol = np.zeros(()) if atol is None else np.asarray(atol)
    largest = values.max(axis=-1)
    broadcast_shape(np.shape(rtol), largest.shape)
    share = np.asarray(rtol * largest)
    broadcast_shape(atol.shape, share.shape)
    return np.asarray(np.maximum(atol, share))


def _check_pseudoinverse(session: Any, op: Op, bound: list[Any]) -> None:
    tensor, rcond, hermitian, atol, rtol = bound
    limits = {"atol": atol, "rtol": rtol if rcond is None else rcond}
    refuse_gradient(session, "linalg_pinv", **{n: v for n, v in limits.items() if isinstance(v, Tensor)})
    if tensor.array.ndim < 2 or not tensor.dtype.is_floating or tensor.dtype.is_reduced:
        raise TorchError("pinv_input", dtype=tensor.dtype.scalar, sizes=list(tensor.shape))
    if hermitian:
        check_shape("linalg.eigh", tensor)
    else:
        require_numbers(tensor)
    require_small(tensor.shape)


def pinv_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of the pseudoinverse P of A: three products, of which two vanish where A is invertible."""
    flipped, incoming = transposed(ops, result), transposed(ops, grad)
    if self.shape[-2] <= self.shape[-1]:
        inner = ops.matmul(incoming, result)
        outer = ops.matmul(inner, flipped)
        fourth = ops.matmul(flipped, result)
        fourth = ops.matmul(fourth, incoming - ops.matmul(inner, self))
        third = ops.matmul(ops.matmul(self, result), outer)
        return -transposed(ops, ops.matmul(result, inner)) + outer - third + fourth
    inner = ops.matmul(result, incoming)
    outer = ops.matmul(flipped, inner)
    fourth = ops.matmul(ops.matmul(outer, result), self)
    rest = incoming - ops.matmul(self, inner)
    second = ops.matmul(ops.matmul(rest, result), flipped)
    return -transposed(ops, ops.matmul(inner, result)) + second + outer - fourth


# The exponential

# Matrices are halved until their norm is below 1; then so many terms of the series give all digits of float64.
_TERMS = 20


def exponential(self: Array) -> Array:
    if self.size == 0:
        return self.copy()
    wide = self.astype(np.float64)
    norm = float(np.abs(wide).sum(axis=-1).max())
    halvings = max(0, math.ceil(math.log2(norm)) + 1) if math.isfinite(norm) and norm > 0 else 0
    scaled = wide / 2.0**halvings
    made = term = np.broadcast_to(np.eye(self.shape[-1]), self.shape)
    for k in range(1, _TERMS):
        term = term @ scaled / k
        made = made + term
    for _ in range(halvings):
        made = made @ made
    return made.astype(self.dtype)


def _check_exponential(session: Any, op: Op, bound: list[Any]) -> None:
    check_shape("linalg.matrix_exp", bound[0])
    check_matrix("linalg.matrix_exp" if session.dialect == NEWEST else "matrix_exp", bound[0])
    if bound[0].dtype is dtypes.float16 and bound[0].array.size and session.dialect != NEWEST:
        kernel = "exp_vml_cpu" if bound[0].shape[-1] == 1 else "log2_vml_cpu"
        raise TorchError("not_implemented_for", kernel=kernel, dtype="Half")


def exponential_backward(ops: Any, grad: Any, self: Any) -> Any:
    """A corner of the exponential of a matrix of twice the size: A.T on the diagonal, grad beside it."""
    size = self.shape[-1]
    flipped = transposed(ops, self)
    low, high = (0, size), (size, 2 * size)
    if isinstance(self, np.ndarray):
        whole = np.zeros((*self.shape[:-2], 2 * size, 2 * size), self.dtype)
        for (top, bottom), (left, right), part in ((low, low, flipped), (high, high, flipped), (low, high, grad)):
            whole[..., top:bottom, left:right] = part
        return exponential(whole)[..., :size, size:]
    whole = ops.new_zeros(self, (*self.shape[:-2], 2 * size, 2 * size))
    for rows, columns, part in ((low, low, flipped), (high, high, flipped), (low, high, grad)):
        ops.copy_(ops.slice(ops.slice(whole, -2, *rows, 1), -1, *columns, 1), part)
    return ops.slice(ops.slice(ops.linalg_matrix_exp(whole), -2, *low, 1), -1, *high, 1)


# Numbers of a matrix


def condition(ops: Any, A: Any, p: Any = None) -> Any:
    """How much the solution of an equation with A may grow: the norm of A times that of its inverse."""
    if isinstance(p, Operand):
        p = p.tensor.array.item()
    if isinstance(p, str):
        check_shape(f"linalg.cond(ord={p})", A.tensor)
    elif A.ndim < 2:
        raise TorchError("cond_dims")
    if p is not None and p not in ("fro", *ORDERS):
        raise TorchError("cond_order", order=p if isinstance(p, str) else f"{p:g}")
    if A.size == 0:
        return ops.new_zeros(A, A.shape[:-2])
    if p is None or p in (2, -2):
        values = ops.linalg_svdvals(A)
        first, last = (ops.slice(values, -1, *ends, 1) for ends in ((0, 1), (values.shape[-1] - 1, values.shape[-1])))
        return ops.squeeze_dim(last / first if p == -2 else first / last, -1)
    check_shape(f"linalg.cond(ord={p})", A.tensor)
    if p == "nuc":
        check_matrix("linalg.svd", A.tensor)
    # PyTorch fills the inverse of singular matrices with infinity, in place, so that no gradient can pass.
    singular = singular_place(A.tensor.array) is not None
    inverse = ops.new_full(A, A.shape, math.inf) if singular else ops.linalg_inv(A)
    if not singular:
        ops.masked_fill_(inverse, ops.isnan(ops.detach(A)), math.inf)
    return ops.nan_to_num_(matrix_norm(ops, A, p) * matrix_norm(ops, inverse, p), math.inf, math.inf, -math.inf)


def rank(ops: Any, A: Any, tol: Any = None, hermitian: bool = False, atol: Any = None, rtol: Any = None) -> Any:
    """How many singular values are not as good as 0."""
    tensor: Tensor = A.tensor
    if tensor.array.ndim < 2:
        raise TorchError("matrix_dims", op="torch.linalg.matrix_rank", name="input")
    if tol is not None:
        atol, rtol = tol, 0.0
    if rtol is None and (not tensor.dtype.is_floating or tensor.dtype.is_reduced):
        raise TorchError("matrix_rank_dtype")
    batch = tensor.shape[:-2]
    count = np.zeros(batch, np.int64)
    if tensor.array.size:
        matrices = ops.detach(A)
        values = np.abs((ops.linalg_eigvalsh if hermitian else ops.linalg_svdvals)(matrices).tensor.array)
        least = _least(tensor.array, values, *(unwrap(limit) for limit in (rtol, atol)))
        count = np.asarray((values > least[..., None]).sum(axis=-1), np.int64)
        if count.shape != batch and numel(batch):
            A.session.warn("out_resized", found=list(batch), wanted=list(count.shape))
    result = fresh(count, dtypes.int64)
    result.version.value = 1  # PyTorch writes the counts to memory that it has made before
    return Operand(A.session, result)


def vector_dot(ops: Any, x: Any, y: Any, dim: int = -1) -> Any:
    """Sums of products along dim."""
    left, right = x.tensor.dtype, y.tensor.dtype
    if not left.is_floating:
        raise TorchError("matrix_dtype", op="linalg.vecdot", dtype=left.scalar)
    if left is not right:
        raise TorchError("vecdot_dtype", left=left.scalar, right=right.scalar)
    if x.ndim == 1 == y.ndim:
        return ops.vdot(x, y)
    return ops.sum_dim(x * y, (dim,))


HELPERS = {"pinv_backward": pinv_backward, "exponential_backward": exponential_backward}


def _exponentials() -> list[Op]:
    kernel = general(
        "linalg_matrix_exp(Tensor self)",
        "LinalgMatrixExpBackward0",
        exponential,
        where="l",
        grad={"self": "exponential_backward(grad, self)"},
        check=_check_exponential,
        doc="the exponential of a matrix",
        samples=(f"torch.linalg.matrix_exp({MATRIX})",),
    )
    alias = composite(
        "matrix_exp(Tensor self)", lambda ops, self: ops.linalg_matrix_exp(self), doc="the exponential of a matrix"
    )
    return [kernel, alias]


ROWS = [
    general(
        "linalg_pinv(Tensor self, any rcond=None, bool hermitian=False, *, any atol=None, any rtol=None)",
        "LinalgPinvBackward0",
        pseudoinverse,
        where="l",
        grad={"self": "pinv_backward(grad, self, result)"},
        check=_check_pseudoinverse,
        out={"fits": "castable", "text": "out_castable_linalg"},
        doc="the pseudoinverse",
        samples=(
            f"torch.linalg.pinv({POSITIVE})",
            f"torch.linalg.pinv(torch.cat([{POSITIVE}, {POSITIVE}[:1]]))",
            f"torch.linalg.pinv(torch.cat([{POSITIVE}, {POSITIVE}[:, :1]], 1))",
        ),
    ),
    composite(
        "pinverse(Tensor self, float rcond=1e-15)",
        lambda ops, self, rcond=1e-15: ops.linalg_pinv(self, rtol=rcond),
        out={"name": "linalg_pinv"},
        doc="the pseudoinverse",
        samples=(f"torch.pinverse({POSITIVE})",),
    ),
    *_exponentials(),
    composite(
        "linalg_cond(Tensor A, any p=None)",
        condition,
        where="l",
        out={"history": "copied", "fits": "castable", "text": "out_castable_linalg"},
        doc="the condition number",
        samples=(f"torch.linalg.cond({MATRIX})",),
    ),
    composite(
        "linalg_matrix_rank(Tensor A, any tol=None, bool hermitian=False, *, any atol=None, any rtol=None)",
        rank,
        where="l",
        out={"history": "no history"},
        doc="how many singular values are not 0",
    ),
    composite(
        "linalg_vecdot(Tensor x, Tensor y, *, int dim=-1)",
        vector_dot,
        where="l",
        out={"name": "sum", "text": "out_vecdot"},
        doc="sums of products along dim",
        samples=("torch.linalg.vecdot(a, b)",),
    ),
]
