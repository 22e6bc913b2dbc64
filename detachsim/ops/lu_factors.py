"""LU: the factors, what is solved with them, and their gradients."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.calls import truth
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_MADE, IN_COLUMNS, laid_out
from detachsim.engine.op import Op
from detachsim.engine.operand import unwrap
from detachsim.engine.parser import type_word
from detachsim.engine.returns import named_tuple
from detachsim.engine.views import requires_grad
from detachsim.ops.loss import refuse_gradient
from detachsim.ops.matrices import MATRIX, check_shape, refuse_half, transposed
from detachsim.ops.numeric import require_dim
from detachsim.ops.row import composite, general

# Elimination


def _eliminate(matrix: Array) -> tuple[Array, list[int]]:
    """Return both factors in one matrix, and which row was exchanged with each, from 1."""
    work, few = matrix.copy(), min(matrix.shape)
    pivots: list[int] = []
    for k in range(few):
        place = k + int(np.argmax(np.abs(work[k:, k])))
        pivots.append(place + 1)
        if place != k:
            work[[k, place]] = work[[place, k]]
        if work[k, k] != 0:
            work[k + 1 :, k] = work[k + 1 :, k] / work[k, k]
            work[k + 1 :, k + 1 :] -= np.multiply.outer(work[k + 1 :, k], work[k, k + 1 :])
    return work, pivots


def lu_factor(A: Array, pivot: bool = True, check_errors: bool = False) -> tuple[Array, Array, Array]:
    lead, (rows, columns) = A.shape[:-2], A.shape[-2:]
    few = min(rows, columns)
    factors, pivots = np.empty_like(A, order="C"), np.empty((*lead, few), np.int32)
    info = np.zeros(lead, np.int32)
    for place in np.ndindex(lead):
        work, pivots[place] = _eliminate(A[place])
        factors[place] = work
        zeros = np.flatnonzero(np.diagonal(work) == 0)
        info[place] = zeros[0] + 1 if zeros.size else 0
    return laid_out(factors, IN_COLUMNS, ()), pivots, info


def _permutation(pivots: Array, rows: int) -> Array:
    """Return the matrices that undo the exchanges of rows."""
    made = np.zeros((*pivots.shape[:-1], rows, rows))
    for place in np.ndindex(pivots.shape[:-1]):
        order = list(range(rows))
        for k, other in enumerate(pivots[place][:rows]):
            order[k], order[other - 1] = order[other - 1], order[k]
        made[(*place, order, np.arange(rows))] = 1
    return made


def lu_unpack(
    LU_data: Array, LU_pivots: Array, unpack_data: bool = True, unpack_pivots: bool = True
) -> tuple[Array, Array, Array]:
    rows, columns = LU_data.shape[-2:]
    few = min(rows, columns)
    nothing = np.zeros(0, LU_data.dtype)
    permutation = _permutation(LU_pivots, rows).astype(LU_data.dtype) if unpack_pivots else nothing
    if not unpack_data:
        return permutation, nothing, nothing
    lower = np.tril(LU_data[..., :few], -1) + np.eye(rows, few, dtype=LU_data.dtype)
    return permutation, lower, np.triu(LU_data[..., :few, :])


def lu(A: Array, pivot: bool = True) -> tuple[Array, Array, Array]:
    factors, pivots, _ = lu_factor(A)
    return lu_unpack(factors, pivots)


def _check_lu(session: Any, op: Op, bound: list[Any]) -> None:
    name = "linalg.lu" if op.name == "linalg_lu" else "torch.lu_factor"
    if bound[0].array.ndim < 2:
        raise TorchError("lu_dims", op=name, sizes=list(bound[0].shape))
    refuse_half("lu_cpu", bound[0], skips_empty=True)
    if not bound[1]:
        factors = op.name == "linalg_lu_factor_ex" or session.dialect != NEWEST
        raise TorchError("lu_pivot", op="linalg.lu_factor" if factors else "linalg.lu")


def _require_whole(factors: Array, info: Array) -> None:
    for number, place in enumerate(np.ndindex(info.shape)):
        if info[place]:
            batch = f"(Batch element {number}): " if info.ndim else ""
            raise TorchError("lu_factor_zero", batch=batch, place=int(info[place]))


def factored(ops: Any, A: Any, pivot: bool = True) -> Any:
    """Both factors in one matrix, and the exchanges; singular matrices are refused."""
    factors, pivots, info = ops.linalg_lu_factor_ex(A, pivot=pivot)
    _require_whole(factors.tensor.array, info.tensor.array)
    return factors, pivots


def old_lu(ops: Any, self: Any, pivot: Any = True, get_infos: Any = False) -> Any:
    """linalg.lu_factor under its older name."""
    if not isinstance(pivot, bool):
        raise TorchError("lu_pivot_type", type=type_word(pivot))
    self.session.warn_once("lu_deprecated")
    factors, pivots, info = ops.linalg_lu_factor_ex(self, pivot=pivot)
    if not truth(unwrap(get_infos)):
        return factors, pivots
    # The function below it, whose name shows.
    return named_tuple("_lu_with_info", ("LU", "pivots", "info"), (factors, pivots, info))


# Gradients


def _lu_gradient(ops: Any, lower_grad: Any, upper_grad: Any, P: Any, L: Any, U: Any) -> Any:
    """The gradient of A = P @ L @ U. What each factor changes is what its triangle of L^-1 @ P.T @ dA @ U^-1 says."""
    rows, columns = L.shape[-2], U.shape[-1]
    left: dict[str, Any] = {"left": False, "unitriangular": False}
    if rows == columns:
        inner = None
        if lower_grad is not None:
            inner = ops.tril(ops.matmul(transposed(ops, L), lower_grad), -1)
        if upper_grad is not None:
            above = ops.triu(ops.matmul(upper_grad, transposed(ops, U)))
            inner = above if inner is None else inner + above
        inner = ops.linalg_solve_triangular(transposed(ops, U), inner, upper=False, **left)
        inner = ops.linalg_solve_triangular(transposed(ops, L), inner, upper=True, left=True, unitriangular=True)
        return ops.matmul(P, inner)
    if rows < columns:
        return ops.matmul(P, _wide_gradient(ops, lower_grad, upper_grad, L, U))
    return ops.matmul(P, _tall_gradient(ops, lower_grad, upper_grad, L, U))


def _wide_gradient(ops: Any, lower_grad: Any, upper_grad: Any, L: Any, U: Any) -> Any:
    """As above, where only the first columns of U are a square."""
    few, columns = U.shape[-2:]
    inner = None
    if upper_grad is not None:
        inner = ops.matmul(ops.triu(upper_grad), transposed(ops, U))
    if lower_grad is not None:
        below = ops.matmul(transposed(ops, L), lower_grad)
        inner = below if inner is None else below - inner
    elif inner is not None:
        inner = -inner
    square = transposed(ops, ops.slice(U, -1, 0, few, 1))
    inner = ops.linalg_solve_triangular(square, ops.tril(inner, -1), upper=False, left=False, unitriangular=False)
    unit: dict[str, Any] = {"upper": True, "left": True, "unitriangular": True}
    if upper_grad is None:
        inner = ops.linalg_solve_triangular(transposed(ops, L), inner, **unit)
        return ops.cat([inner, ops.zeros_sized(inner, (*U.shape[:-1], columns - few))], -1)
    inner = inner + ops.triu(ops.slice(upper_grad, -1, 0, few, 1))
    whole = ops.cat([inner, ops.slice(upper_grad, -1, few, columns, 1)], -1)
    return ops.linalg_solve_triangular(transposed(ops, L), whole, **unit)


def _tall_gradient(ops: Any, lower_grad: Any, upper_grad: Any, L: Any, U: Any) -> Any:
    """As above, where only the first rows of L are a square."""
    rows, few = L.shape[-2:]
    inner = None
    if upper_grad is not None:
        inner = ops.matmul(upper_grad, transposed(ops, U))
    if lower_grad is not None:
        below = ops.matmul(transposed(ops, L), ops.tril(lower_grad, -1))
        inner = -below if inner is None else inner - below
    square = transposed(ops, ops.slice(L, -2, 0, few, 1))
    inner = ops.linalg_solve_triangular(square, ops.triu(inner), upper=True, left=True, unitriangular=True)
    flat: dict[str, Any] = {"upper": False, "left": False, "unitriangular": False}
    if lower_grad is None:
        inner = ops.linalg_solve_triangular(transposed(ops, U), inner, **flat)
        return ops.cat([inner, ops.zeros_sized(inner, (*L.shape[:-2], rows - few, few))], -2)
    inner = inner + ops.tril(ops.slice(lower_grad, -2, 0, few, 1), -1)
    whole = ops.cat([inner, ops.slice(lower_grad, -2, few, rows, 1)], -2)
    return ops.linalg_solve_triangular(transposed(ops, U), whole, **flat)


def lu_backward(ops: Any, grads: Sequence[Any], P: Any, L: Any, U: Any) -> Any:
    return _lu_gradient(ops, grads[0], grads[1], P, L, U)


def lu_factor_backward(ops: Any, grad: Any, LU: Any, pivots: Any) -> Any:
    """As for ``linalg.lu``: the triangles of the one gradient are those of the factors."""
    P, L, U = ops.lu_unpack(LU, pivots)
    few = L.shape[-1]
    lower, upper = ops.slice(grad, -1, 0, few, 1), ops.slice(grad, -2, 0, few, 1)
    return _lu_gradient(ops, lower, upper, P, L, U)


def lu_unpack_backward(ops: Any, grads: Sequence[Any], shape: Sequence[int]) -> Any:
    """The triangles, put together again."""
    lower, upper = grads
    rows, columns = shape[-2:]
    few = min(rows, columns)
    if lower is None and upper is None:
        return None
    if rows == columns or (upper is None and rows > columns) or (lower is None and rows < columns):
        above = None if upper is None else ops.triu(upper)
        strict = None if lower is None else ops.tril(lower, -1)
        return above if strict is None else strict if above is None else strict + above
    if rows > columns:
        above = ops.triu(upper)
        if lower is None:
            return ops.cat([above, ops.zeros_sized(above, (*shape[:-2], rows - few, columns))], -2)
        top = ops.tril(ops.slice(lower, -2, 0, few, 1), -1) + above
        return ops.cat([top, ops.slice(lower, -2, few, rows, 1)], -2)
    above = None if upper is None else ops.triu(ops.slice(upper, -1, 0, few, 1))
    strict = ops.tril(lower, -1)
    if above is None:
        return ops.cat([strict, ops.zeros_sized(strict, (*shape[:-2], rows, columns - few))], -1)
    front = strict + above
    return ops.cat([front, ops.slice(upper, -1, few, columns, 1)], -1)


# Equations


def lu_solution(LU: Array, pivots: Array, B: Array, left: bool = True, adjoint: bool = False) -> Array:
    from detachsim.ops.factorizations import triangular_solution

    if not left:
        return laid_out(lu_solution(LU, pivots, B.swapaxes(-1, -2), True, not adjoint), IN_COLUMNS, ()).swapaxes(-1, -2)
    order = _permutation(pivots, LU.shape[-1]).astype(LU.dtype)
    if adjoint:
        first = triangular_solution(LU.swapaxes(-1, -2), B, False)
        second = triangular_solution(LU.swapaxes(-1, -2), first, True, True, True)
        return laid_out(order @ second, IN_COLUMNS, ())
    first = triangular_solution(LU, order.swapaxes(-1, -2) @ B, False, True, True)
    return laid_out(triangular_solution(LU, first, True), IN_COLUMNS, ())


def _check_lu_solve(session: Any, op: Op, bound: list[Any]) -> None:
    LU, pivots, B, left = bound[:4]
    name = "linalg.lu_solve"
    refuse_gradient(session, "linalg_lu_solve", pivots=pivots)
    if not LU.dtype.is_floating:
        raise TorchError("matrix_dtype", op=f"torch.{name}", dtype=LU.dtype.scalar)
    if LU.dtype is not B.dtype:
        raise TorchError("lu_solve_dtype", left=LU.dtype.scalar, right=B.dtype.scalar)
    if pivots.dtype.name != "int32":
        raise TorchError("lu_solve_pivots")
    check_shape(f"torch.{name}", LU)
    rows, columns = LU.shape[-2:]
    if B.array.ndim < 2:
        raise TorchError("matrix_dims", op=name, name="B")
    other, width = B.shape[-2:]
    if (other if left else width) != rows:
        raise TorchError(
            "lu_solve_shapes",
            equation="AX = B" if left else "XA = B",
            rows=rows,
            columns=columns,
            other=other,
            width=width,
        )
    if pivots.shape[require_dim(-1, pivots.array.ndim)] != rows:
        raise TorchError("lu_solve_count")
    refuse_half("linalg.lu_solve_cpu", LU, skips_empty=True)


def lu_solve_backward(
    ops: Any,
    grad: Any,
    LU: Any,
    pivots: Any,
    result: Any,
    left: bool,
    adjoint: bool,
    needs: Sequence[bool],
) -> tuple[Any, Any]:
    """The right side solves the transposed equation; each factor gets its triangle of what the matrix would get."""
    to_right = ops.linalg_lu_solve(LU, pivots, grad, left=left, adjoint=not adjoint) if needs[1] else None
    if not needs[0]:
        return None, to_right
    P, L, U = ops.lu_unpack(LU, pivots)

    def flipped(value: Any, wanted: bool = True) -> Any:
        return transposed(ops, value) if wanted else value

    if left != adjoint:
        incoming = flipped(grad, not left)
        inner = -ops.matmul(incoming, flipped(result, left))
        inner = ops.linalg_solve_triangular(flipped(U), inner, upper=False, left=True, unitriangular=False)
        right = ops.matmul(inner, flipped(U))
        below = ops.tril(ops.linalg_solve_triangular(flipped(L), right, upper=True, left=True, unitriangular=True), -1)
        return below + ops.triu(inner), to_right
    inner = ops.matmul(flipped(P), flipped(result, not left))
    inner = -ops.matmul(ops.matmul(inner, flipped(grad, left)), P)
    inner = ops.linalg_solve_triangular(flipped(L), inner, upper=True, left=False, unitriangular=True)
    right = ops.matmul(flipped(L), inner)
    above = ops.triu(ops.linalg_solve_triangular(flipped(U), right, upper=False, left=False, unitriangular=False))
    return ops.tril(inner, -1) + above, to_right


def old_lu_solve(ops: Any, self: Any, LU_data: Any, LU_pivots: Any) -> Any:
    """linalg.lu_solve under its older name."""
    self.session.warn_once("lu_solve_deprecated")
    return ops.linalg_lu_solve(LU_data, LU_pivots, self)


def _check_unpack(session: Any, op: Op, bound: list[Any]) -> None:
    if session.grad_enabled and requires_grad(bound[0]):
        require_dim(-2, bound[0].array.ndim)  # its node keeps the sizes
    if bound[0].array.ndim < 2:
        raise TorchError("lu_unpack_dims", shape=list(bound[0].shape))
    if not bound[3]:
        return
    if bound[1].dtype.name != "int32":
        raise TorchError("lu_unpack_pivots")
    pivots = bound[1].array
    if pivots.size and not 1 <= pivots.min() <= pivots.max() <= bound[0].shape[-2]:
        raise TorchError("lu_unpack_range")


HELPERS = {
    "lu_backward": lu_backward,
    "lu_factor_backward": lu_factor_backward,
    "lu_unpack_backward": lu_unpack_backward,
    "lu_solve_backward": lu_solve_backward,
}

ROWS = [
    general(
        "linalg_lu(Tensor A, *, bool pivot=True)",
        "LinalgLuBackward0",
        lu,
        where="l",
        grad={"A": "lu_backward(grads, result0, result1, result2)"},
        outputs=("P", "L", "U"),
        constant_outputs=1,
        differentiable_outputs=2,
        check=_check_lu,
        doc="A = P @ L @ U, P a permutation, L and U triangles",
        samples=(
            f"torch.linalg.lu({MATRIX})[1:]",
            f"torch.linalg.lu(torch.cat([{MATRIX}, b.reshape(1, -1)[:, :2]]))[1:]",
            f"torch.linalg.lu(torch.cat([{MATRIX}, b.reshape(-1, 1)[:2]], 1))[1:]",
        ),
    ),
    general(
        "linalg_lu_factor_ex(Tensor A, *, bool pivot=True, bool check_errors=False)",
        "LinalgLuFactorExBackward0",
        lu_factor,
        where="l",
        grad={"A": "lu_factor_backward(grad, result0, result1)"},
        outputs=("LU", "pivots", "info"),
        check=_check_lu,
        layout=AS_MADE,
        doc="both factors in one matrix, the exchanges of rows, and where a pivot is 0",
        samples=(f"torch.linalg.lu_factor_ex({MATRIX})",),
    ),
    composite(
        "linalg_lu_factor(Tensor A, *, bool pivot=True)",
        factored,
        where="l",
        outputs=("LU", "pivots"),
        out={"name": "linalg_lu_factor_ex"},
        doc="both factors in one matrix, and the exchanges of rows",
        samples=(
            f"torch.linalg.lu_factor({MATRIX})",
            f"torch.linalg.lu_factor(torch.cat([{MATRIX}, b.reshape(1, -1)[:, :2]]))",
            f"torch.linalg.lu_factor(torch.cat([{MATRIX}, b.reshape(-1, 1)[:2]], 1))",
        ),
    ),
    composite(
        "lu(Tensor self, any pivot=True, any get_infos=False)",
        old_lu,
        doc="linalg.lu_factor under its older name",
        samples=(f"torch.lu({MATRIX})",),
    ),
    general(
        "lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data=True, bool unpack_pivots=True)",
        "LuUnpackBackward0",
        lu_unpack,
        where="t",
        grad={"LU_data": "lu_unpack_backward(grads, LU_data_size)"},
        outputs=("P", "L", "U"),
        constant_outputs=1,
        differentiable_outputs=2,
        check=_check_unpack,
        doc="the factors, each in a matrix of its own",
        samples=(
            f"torch.lu_unpack({MATRIX}, {MATRIX}.int().sum(0).clamp(2, 2).int())",
            "torch.lu_unpack(torch.cat([a.reshape(1, -1)] * 5), torch.full((a.numel(),), 5, dtype=torch.int32)[:5])",
        ),
    ),
    general(
        "linalg_lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left=True, bool adjoint=False)",
        "LinalgLuSolveBackward0",
        lu_solution,
        where="l",
        grad={"LU, B": "lu_solve_backward(grad, LU, pivots, result, left, adjoint, needs)"},
        check=_check_lu_solve,
        layout=AS_MADE,
        doc="the solution X of P @ L @ U @ X = B",
        samples=tuple(
            f"torch.linalg.lu_solve({MATRIX}, torch.tensor([2, 2], dtype=torch.int32), {right}{options})"
            for right, options in (
                ("b.reshape(-1, 1)[:2]", ""),
                ("b.reshape(-1, 1)[:2]", ", adjoint=True"),
                ("b.reshape(1, -1)[:, :2]", ", left=False"),
                ("b.reshape(1, -1)[:, :2]", ", left=False, adjoint=True"),
            )
        ),
    ),
    composite(
        "lu_solve(Tensor self, Tensor LU_data, Tensor LU_pivots)",
        old_lu_solve,
        out={"name": "linalg_lu_solve"},
        doc="linalg.lu_solve under its older name",
        samples=(f"torch.lu_solve(b.reshape(-1, 1)[:2], {MATRIX}, torch.tensor([2, 2], dtype=torch.int32))",),
    ),
]
