"""Equations and inverses told with what went wrong (``linalg.inv_ex``), least squares, and those of tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_MADE, IN_COLUMNS, laid_out
from detachsim.engine.op import Op
from detachsim.ops import lu
from detachsim.ops.factorizations import triangular_solution
from detachsim.ops.matrices import (
    MATRIX,
    POSITIVE,
    check_square,
    check_system,
    inverse,
    refuse_half,
    refuse_low_precision,
    refuse_singular,
    solution,
    transposed,
)
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite, general

# Those that say what went wrong


def _first_zeros(A: Array) -> Array:
    """Return the place of the first zero pivot of each matrix, from 1; 0 where there is none."""
    info = np.zeros(A.shape[:-2], np.int32)
    for place in np.ndindex(info.shape):
        info[place] = lu.first_zero(A[place])
    return info


def inverse_ex(A: Array, check_errors: bool = False) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        return laid_out(inverse(A), IN_COLUMNS, ()), _first_zeros(A)


def _check_inverse_ex(session: Any, op: Op, bound: list[Any]) -> None:
    check_square("linalg.inv", bound[0])
    refuse_low_precision("linalg.inv", bound[0])
    if bound[1]:
        refuse_singular("matrix_singular", "linalg.inv_ex", bound[0].array)


def solution_ex(A: Array, B: Array, left: bool = True, check_errors: bool = False) -> tuple[Array, Array, Array]:
    with np.errstate(all="ignore"):
        return solution(A, B, left), _first_zeros(A), np.array(A)


def _check_solve_ex(session: Any, op: Op, bound: list[Any]) -> None:
    check_system(*bound[:3])
    if bound[3]:
        refuse_singular("solve_singular", "torch.linalg.solve_ex", bound[0].array)


def cholesky_ex(A: Array, upper: bool = False, check_errors: bool = False) -> tuple[Array, Array]:
    source = A.swapaxes(-1, -2) if upper else A
    made, info = np.tril(source), np.zeros(A.shape[:-2], np.int32)
    for place in np.ndindex(info.shape):
        info[place] = _cholesky_of(made[place])
    return laid_out(made.swapaxes(-1, -2) if upper else made, IN_COLUMNS, ()), info


def _cholesky_of(work: Array) -> int:
    """Factor one lower triangle in place, as far as it goes; return the order of the minor that is not positive."""
    try:
        made = np.linalg.cholesky(work)
    except np.linalg.LinAlgError:
        made = work * np.nan
    if not np.isnan(made).any():
        work[...] = made
        return 0
    for k in range(len(work)):
        work[k, k] -= work[k, :k] @ work[k, :k]
        # nan is not positive either.
        if not work[k, k] > 0:
            return k + 1
        work[k, k] = np.sqrt(work[k, k])
        work[k + 1 :, k] = (work[k + 1 :, k] - work[k + 1 :, :k] @ work[k, :k]) / work[k, k]
    return 0


def _check_cholesky_ex(session: Any, op: Op, bound: list[Any]) -> None:
    A, upper, check_errors = bound
    check_square("linalg.cholesky", A)
    refuse_half("cholesky_cpu", A, skips_empty=True)
    if not check_errors:
        return
    _, info = cholesky_ex(A.array, upper)
    for number, order in enumerate(info.reshape(-1)):
        if order:
            batch = "" if A.array.ndim == 2 else f"(Batch element {number}): "
            raise TorchError("cholesky_positive", op="linalg.cholesky_ex", batch=batch, order=int(order))


# Triangles, under an older name


def old_triangular_solution(
    self: Array, A: Array, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> tuple[Array, Array]:
    matrix = A.swapaxes(-1, -2) if transpose else A
    made = triangular_solution(matrix, self, upper != transpose, True, unitriangular)
    lead = made.shape[:-2]
    return laid_out(made, IN_COLUMNS, ()), laid_out(np.broadcast_to(A, (*lead, *A.shape[-2:])), IN_COLUMNS, ())


def _check_old_triangular(session: Any, op: Op, bound: list[Any]) -> None:
    self, A = bound[:2]
    for name, tensor in (("b", self), ("A", A)):
        if tensor.array.ndim < 2:
            raise TorchError("triangular_dims", name=name, ndim=tensor.array.ndim)
    if self.dtype is not A.dtype:
        raise TorchError("triangular_dtype", left=self.dtype.scalar, right=A.dtype.scalar)
    rows, columns = A.shape[-2:]
    if rows != columns:
        raise TorchError("triangular_square", rows=rows, columns=columns)
    if self.shape[-2] != columns:
        raise TorchError("triangular_sizes", size=rows, rows=self.shape[-2], columns=self.shape[-1])
    session.warn_once("triangular_deprecated")
    refuse_half("triangular_solve_cpu", self)


def triangular_solve_backward(
    ops: Any,
    grads: Sequence[Any],
    self: Any,
    A: Any,
    result: Any,
    upper: bool,
    transpose: bool,
    unitriangular: bool,
    needs: Sequence[bool],
) -> tuple[Any, Any]:
    """As for ``linalg.solve_triangular``, and the gradient of the copy of A, which is that of A."""
    to_right = to_matrix = None
    if grads[0] is not None:
        to_right = ops.triangular_solve(grads[0], A, upper=upper, transpose=not transpose, unitriangular=unitriangular)[
            0
        ]
        if needs[1]:
            if transpose:
                to_matrix = -ops.matmul(result, transposed(ops, to_right))
            else:
                to_matrix = -ops.matmul(to_right, transposed(ops, result))
            to_matrix = ops.triu(to_matrix, int(unitriangular)) if upper else ops.tril(to_matrix, -int(unitriangular))
    if grads[1] is not None and needs[1]:
        to_matrix = grads[1] if to_matrix is None else to_matrix + grads[1]
    return to_right if needs[0] else None, to_matrix


# Least squares

_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def least_squares(
    self: Array, b: Array, rcond: float | None = None, driver: str | None = None
) -> tuple[Array, Array, Array, Array]:
    rows, columns = self.shape[-2:]
    vector = _is_vector(self.shape, b.shape)
    right = b[..., None] if vector else b
    lead = np.broadcast_shapes(self.shape[:-2], right.shape[:-2])
    matrices = np.broadcast_to(self, (*lead, rows, columns))
    rights = np.broadcast_to(right, (*lead, *right.shape[-2:]))
    limit = np.finfo(self.dtype).eps * max(rows, columns) if rcond is None else rcond
    width = right.shape[-1]
    made = np.zeros((*lead, columns, width), self.dtype)
    few = min(rows, columns)
    rank, singular = np.zeros(lead, np.int64), np.zeros((*lead, few), self.dtype)
    residuals = np.zeros((*lead, width), self.dtype)
    for place in np.ndindex(lead):
        wide = matrices[place].astype(np.float64)
        if not np.isfinite(wide).all():
            made[place] = np.nan
            continue
        values = np.linalg.svd(wide, compute_uv=False) if few else np.zeros(0)
        found = np.linalg.pinv(wide, rcond=limit) @ rights[place].astype(np.float64)
        made[place] = found
        rank[place] = int((values > limit * values.max()).sum()) if few else 0
        singular[place] = values
        residuals[place] = ((wide @ found - rights[place]) ** 2).sum(axis=0)
    nothing = np.zeros(0, self.dtype)
    full = (
        driver in ("gels", "gelsd", "gelss") and rows > columns and (driver == "gels" or bool((rank == columns).all()))
    )
    return (
        made[..., 0].copy() if vector else laid_out(made, IN_COLUMNS, ()),
        residuals if full else nothing,
        np.zeros(0, np.int64) if driver == "gels" else rank,
        singular if driver in ("gelsd", "gelss") else nothing,
    )


def _is_vector(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return len(a) - 1 == len(b) and b == a[:-1]


def _check_least_squares(session: Any, op: Op, bound: list[Any]) -> None:
    A, B, rcond, driver = bound
    if A.array.ndim < 2:
        raise TorchError("lstsq_input")
    if B.array.ndim < 1:
        raise TorchError("lstsq_other")
    difference = A.array.ndim - B.array.ndim
    if A.dtype is not B.dtype:
        raise TorchError("lstsq_dtype", left=A.dtype.scalar, right=B.dtype.scalar)
    if not 0 <= difference <= 1:
        raise TorchError("lstsq_dims", difference=difference)
    vector = _is_vector(A.shape, B.shape)
    unlike = difference == 1 and not vector
    if unlike and (B.array.ndim == 1 or session.dialect != NEWEST):
        raise TorchError("lstsq_rows", other=-1)
    if not vector and A.shape[-2] != B.shape[-2]:
        raise TorchError("lstsq_rows", other=-2)
    if driver is not None and driver not in _DRIVERS:
        raise TorchError("lstsq_driver")
    if rcond is None and (not A.dtype.is_floating or A.dtype.is_reduced):
        raise TorchError("lstsq_floats")  # the usual one is made of the type's precision
    if unlike:
        raise TorchError("lstsq_rows", other=-1)
    if not A.dtype.is_floating or A.dtype.is_reduced:
        raise TorchError("not_implemented_for", kernel="linalg_lstsq_cpu", dtype=A.dtype.scalar)


def least_squares_backward(
    ops: Any, grads: Sequence[Any], self: Any, b: Any, result: Any, needs: Sequence[bool]
) -> tuple[Any, Any]:
    """The gradient by way of the pseudoinverse P: the solution is P @ b."""
    grad = grads[0]
    if grad is None:
        return None, None
    vector = _is_vector(tuple(self.shape), tuple(b.shape))
    right = ops.unsqueeze(b, -1) if vector else b
    if vector:
        grad = ops.unsqueeze(grad, -1)
    pseudo = ops.linalg_pinv(self)
    to_matrix = to_right = None
    if needs[0]:
        to_matrix = ops.pinv_backward(ops.matmul(grad, transposed(ops, right)), self, pseudo)
    if needs[1]:
        to_right = ops.matmul(transposed(ops, pseudo), grad)
        if vector:
            to_right = ops.squeeze_dim(to_right, -1)
    return to_matrix, to_right


# Tensors as matrices


def tensor_inverse(ops: Any, A: Any, ind: int = 2) -> Any:
    """The inverse of what the dims before ``ind`` and those from it on make a matrix of."""
    if ind <= 0:
        raise TorchError("tensorinv_ind", ind=ind)
    if ind > A.ndim:
        raise TorchError("tensorinv_slice", ind=ind, ndim=A.ndim)
    first, last = A.shape[:ind], A.shape[ind:]
    if numel(first) != numel(last):
        raise TorchError("tensorinv_sizes", last=numel(last), first=numel(first))
    square = ops.reshape(A, (numel(last), numel(first)))
    if A.tensor.dtype.is_floating:
        refuse_singular("matrix_singular", "inv", square.tensor.array)  # PyTorch has another name for it here
    made = ops.linalg_inv(square)
    return ops.reshape(made, (*last, *first))


def tensor_solution(ops: Any, A: Any, B: Any, dims: Sequence[int] | None = None) -> Any:
    """The solution of what A makes of the dims that it has more than B."""
    if dims is not None:
        A = ops.movedim(A, tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    if A.ndim < B.ndim:
        raise TorchError("sizes_backwards")
    last, count = A.shape[B.ndim :], numel(B.shape)
    if numel(last) != count:
        raise TorchError("tensorsolve_sizes", last=numel(last), first=count)
    square = ops.reshape(A, (count, count))
    return ops.reshape(ops.linalg_solve(square, ops.flatten(B)), tuple(last))


def old_qr(ops: Any, self: Any, some: bool = True) -> Any:
    """linalg.qr under its older name."""
    self.session.warn_once("qr_deprecated")
    return ops.linalg_qr(self, "reduced" if some else "complete")


HELPERS = {
    "triangular_solve_backward": triangular_solve_backward,
    "least_squares_backward": least_squares_backward,
}

_TALL = f"torch.cat([{POSITIVE}, b.reshape(1, -1)[:, :2]])"

ROWS = [
    general(
        "linalg_inv_ex(Tensor A, *, bool check_errors=False)",
        "LinalgInvExBackward0",
        inverse_ex,
        where="l",
        grad={"A": "inverse_backward(grad, result0)"},
        outputs=("inverse", "info"),
        check=_check_inverse_ex,
        layout=AS_MADE,
        doc="the inverse, and where a pivot is 0",
        samples=(f"torch.linalg.inv_ex({MATRIX})",),
    ),
    general(
        "linalg_solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False)",
        "LinalgSolveExBackward0",
        solution_ex,
        where="l",
        hidden=1,
        grad={"A, B": "solve_backward(grad, A, result0, result2, B_size, left, needs)"},
        outputs=("result", "info"),
        check=_check_solve_ex,
        layout=AS_MADE,
        out={"name": "_linalg_solve_ex"},
        doc="the solution X of A @ X = B, and where a pivot is 0",
        samples=(f"torch.linalg.solve_ex({MATRIX}, b.reshape(-1)[:2])",),
    ),
    general(
        "linalg_cholesky_ex(Tensor A, *, bool upper=False, bool check_errors=False)",
        "LinalgCholeskyExBackward0",
        cholesky_ex,
        where="l",
        grad={"A": "cholesky_backward(grad, result0, upper)"},
        outputs=("L", "info"),
        check=_check_cholesky_ex,
        layout=AS_MADE,
        doc="the lower triangle L of A = L @ L.T, and which minor is not positive",
        samples=(f"torch.linalg.cholesky_ex({POSITIVE})", f"torch.linalg.cholesky_ex({POSITIVE}, upper=True)"),
    ),
    general(
        "triangular_solve(Tensor self, Tensor A, bool upper=True, bool transpose=False, bool unitriangular=False)",
        "TriangularSolveBackward0",
        old_triangular_solution,
        grad={
            "self, A": "triangular_solve_backward(grads, self, A, result0, upper, transpose, unitriangular, needs)",
        },
        outputs=("solution", "cloned_coefficient"),
        differentiable_outputs=2,
        check=_check_old_triangular,
        layout=AS_MADE,
        doc="linalg.solve_triangular under its older name",
        samples=(
            f"torch.triangular_solve(b.reshape(-1, 1)[:2], {MATRIX})[0]",
            f"torch.triangular_solve(b.reshape(-1, 1)[:2], {MATRIX}, upper=False, transpose=True)",
        ),
    ),
    general(
        "linalg_lstsq(Tensor self, Tensor b, float? rcond=None, *, str? driver=None)",
        "LinalgLstsqBackward0",
        least_squares,
        where="l",
        grad={"self, b": "least_squares_backward(grads, self, b, result0, needs)"},
        outputs=("solution", "residuals", "rank", "singular_values"),
        differentiable_outputs=2,
        older={
            "torch-1.13": {
                "differentiable_outputs": 1,
                "grad": {"self, b": "least_squares_backward((grad,), self, b, result0, needs)"},
            }
        },
        check=_check_least_squares,
        layout=AS_MADE,
        doc="the solution X that makes A @ X - B smallest",
        samples=(
            f"torch.linalg.lstsq({_TALL}, c.reshape(-1)[:1] * torch.ones_like({_TALL}))[0]",
            f"torch.linalg.lstsq({POSITIVE}, b.reshape(-1, 1)[:2])[0]",
        ),
    ),
    composite(
        "linalg_tensorinv(Tensor A, int ind=2)",
        tensor_inverse,
        where="l",
        out={"history": "copied", "fits": "castable", "text": "out_castable"},
        doc="the inverse of a tensor as a matrix",
        samples=(f"torch.linalg.tensorinv({MATRIX}, ind=1)",),
    ),
    composite(
        "linalg_tensorsolve(Tensor A, Tensor B, any dims=None)",
        tensor_solution,
        where="l",
        out={"history": "copied", "fits": "castable", "text": "out_castable"},
        doc="the solution of an equation with a tensor as a matrix",
        samples=(f"torch.linalg.tensorsolve({MATRIX}, b.reshape(-1)[:2])",),
    ),
    composite(
        "linalg_diagonal(Tensor A, *, int offset=0, int dim1=-2, int dim2=-1)",
        lambda ops, A, offset=0, dim1=-2, dim2=-1: ops.diagonal(A, offset, dim1, dim2),
        where="l",
        doc="the diagonal of each matrix",
        samples=(f"torch.linalg.diagonal({MATRIX})",),
    ),
    composite(
        "qr(Tensor self, bool some=True)",
        old_qr,
        outputs=("Q", "R"),
        doc="linalg.qr under its older name",
    ),
]
