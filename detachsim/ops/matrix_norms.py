"""Norms of matrices, by ``torch.linalg.norm`` and ``matrix_norm``."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.matrices import refuse_low_precision
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import composite
from detachsim.ops.vector_norms import check_wanted_type

# The norms of matrices, besides that of Frobenius, which is a vector's.
ORDERS = ("nuc", 2, -2, 1, -1, math.inf, -math.inf)


def linalg_norm(ops: Any, A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """A vector's or a matrix's norm."""
    dims = (dim,) if isinstance(dim, int) else dim
    if dims is not None and len(dims) not in (1, 2):
        raise TorchError("linalg_norm_given_dims", dims=list(dims))
    if ord is not None and dims is None and A.ndim not in (1, 2):
        raise TorchError("linalg_norm_dims", ndim=A.ndim)
    count = A.ndim if dims is None else len(dims)
    if isinstance(ord, str) or (ord is not None and count == 2):
        return matrix_norm(ops, A, ord, (-2, -1) if dims is None else dims, keepdim, dtype)
    return ops.linalg_vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype)


def matrix_norm(
    ops: Any, A: Any, ord: Any = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False, dtype: Any = None
) -> Any:
    """A norm of matrices: Frobenius, or the largest (smallest) sum of absolute values of a row or column."""
    if ord not in ("fro", *ORDERS):
        raise TorchError("matrix_norm_order", order=ord if isinstance(ord, str) else f"{ord:g}")
    if A.ndim < 2:
        raise TorchError("matrix_dims", op="linalg.matrix_norm", name="A")
    if not A.tensor.dtype.is_floating:
        raise TorchError("matrix_dtype", op="linalg.matrix_norm", dtype=A.tensor.dtype.scalar)
    if ord in ("nuc", 2, -2):
        refuse_low_precision("linalg.matrix_norm", A.tensor)
    if len(dim) != 2:
        raise TorchError("matrix_norm_dims", dims=" ".join(map(str, dim)))
    rows, columns = (wrap_dim(axis, A.ndim) for axis in dim)
    if rows == columns:
        raise TorchError("matrix_norm_same_dims", first=rows, second=columns)
    check_wanted_type("linalg.matrix_norm", A.tensor.dtype, dtype)
    if ord == "fro":
        return ops.linalg_vector_norm(A, 2, tuple(dim), keepdim, dtype=dtype)
    if ord in ("nuc", 2, -2):
        return _norm_of_singular_values(ops, A, ord, (rows, columns), keepdim, dtype)
    first, second = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = ops.linalg_vector_norm(A, 1, (first,), keepdim, dtype=dtype)
    if second > first and not keepdim:
        second -= 1
    return ops.amax(sums, (second,), keepdim) if ord > 0 else ops.amin(sums, (second,), keepdim)


def _norm_of_singular_values(ops: Any, A: Any, ord: Any, dim: tuple[int, int], keepdim: bool, dtype: Any) -> Any:
    """The sum of the singular values, or the largest or smallest of them."""
    order = [*(axis for axis in range(A.ndim) if axis not in dim), *dim]
    values = ops.linalg_svdvals(ops.permute(A if dtype is None else ops.to(A, dtype), tuple(order)))
    if ord == "nuc":
        made = ops.sum_dim(values, (-1,), keepdim)
    else:
        made = (ops.amax if ord > 0 else ops.amin)(values, (-1,), keepdim)
    if not keepdim:
        return made
    back = ops.unsqueeze(made, -1)
    return ops.permute(back, tuple(int(axis) for axis in np.argsort(order)))


ROWS: list[Op] = [
    composite(
        "linalg_norm(Tensor A, any ord=None, any dim=None, bool keepdim=False, *, dtype? dtype=None)",
        linalg_norm,
        where="l",
        out={"history": "copied", "text": "out_norm"},
        doc="a vector's or a matrix's norm",
        samples=("torch.linalg.norm(a)",),
    ),
    composite(
        "linalg_matrix_norm(Tensor A, any ord='fro', int[] dim=-2, bool keepdim=False, *, dtype? dtype=None)",
        lambda ops, A, ord="fro", dim=-2, keepdim=False, dtype=None: matrix_norm(
            ops, A, ord, (-2, -1) if dim == -2 else dim, keepdim, dtype
        ),
        where="l",
        out={"history": "copied", "text": "out_norm"},
        doc="a matrix's norm",
        samples=("torch.linalg.matrix_norm(torch.stack([a, a]))",),
    ),
]
