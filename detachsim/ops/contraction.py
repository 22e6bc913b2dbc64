"""Contractions: linear layers, inner and outer products, tensordot, kron, cross, chains of products, trace."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.parser import type_word
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.element_types import require_same_type
from detachsim.ops.linear import refuse_bool
from detachsim.ops.numeric import numel, require_dim, wrap_dim
from detachsim.ops.row import composite, general


def linear(ops: Any, input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias, by the number of dimensions, as PyTorch does."""
    if (input.ndim == 0 or weight.ndim == 0) and not ops.is_old:
        raise TorchError("linear_dims", left=input.ndim, right=weight.ndim)
    if bias is None:
        return ops.matmul(input, ops.t(weight))
    if input.ndim == 2:
        return ops.addmm(bias, input, ops.t(weight))
    listed = bias.ndim == 1 or ops.is_old  # a number is added
    if listed and ((input.ndim == 1 and not ops.is_old) or (input.ndim > 1 and _in_order(input))):
        flat = ops.view(input, (numel(input.shape[:-1]), input.shape[-1]))
        return ops.view(ops.addmm(bias, flat, ops.t(weight)), (*input.shape[:-1], weight.shape[0]))
    return ops.add_(ops.matmul(input, ops.t(weight)), bias)


def _in_order(input: Any) -> bool:
    array = input if isinstance(input, np.ndarray) else input.tensor.array
    return bool(array.flags.c_contiguous)


def _check_outer(session: Any, op: Op, bound: list[Any]) -> None:
    for name, tensor in zip(("self", "vec2"), bound, strict=True):
        if tensor.array.ndim != 1:
            raise TorchError("vector_argument", op="outer", name=name, ndim=tensor.array.ndim)


def outer(ops: Any, self: Any, vec2: Any) -> Any:
    """Every element of self times every element of vec2."""
    return ops.mul(ops.reshape(self, (self.shape[0], 1)), vec2)


def _same_type(ops: Any, self: Any, other: Any) -> None:
    if not ops.is_old and not isinstance(self, np.ndarray) and self.tensor.dtype is not other.tensor.dtype:
        raise TorchError("tensordot_dtype")


def inner(ops: Any, self: Any, other: Any) -> Any:
    """Sums of products over the last dim of both."""
    if self.ndim == 0 or other.ndim == 0:
        return ops.mul(self, other)
    if self.shape[-1] != other.shape[-1]:
        raise TorchError("inner_sizes", left=list(self.shape), right=list(other.shape))
    _same_type(ops, self, other)
    return contract(ops, self, other, (-1,), (-1,))


def tensordot(ops: Any, a: Any, b: Any, dims: Any = 2) -> Any:
    """Sums of products over several dims: the last of a with the first of b, or those of two lists."""
    if isinstance(dims, Operand):
        dims = _dims_of(dims.tensor)
    if not isinstance(dims, (int, list, tuple)):
        raise TorchError("tensordot_dims", dims=dims)
    if isinstance(dims, int):
        if dims < 0:
            raise TorchError("tensordot_negative", dims=dims)
        if dims > min(a.ndim, b.ndim) and not ops.is_old:
            raise TorchError("tensordot_many", dims=dims)
        return contract(ops, a, b, tuple(range(-dims, 0)), tuple(range(dims)))
    if len(dims) != 2:
        what = "too many values to unpack (expected 2)"
        if len(dims) < 2:
            what = f"not enough values to unpack (expected 2, got {len(dims)})"
        raise TorchError("python", type="ValueError", text=what)
    return contract(ops, a, b, _listed(dims[0], "dims_self", 3), _listed(dims[1], "dims_other", 4))


def _dims_of(dims: Tensor) -> Any:
    """Return what a tensor of dims stands for: how many there are, or two lists."""
    if dims.array.size <= 1:
        return int(dims.array.item())
    if dims.shape[0] != 2:
        raise TorchError("tensordot_tensor", size=dims.shape[0])
    return dims.array.tolist()


def _listed(dims: Any, name: str, place: int) -> tuple[int, ...]:
    where = {"op": "tensordot", "name": name, "place": place, "wanted": "tuple of ints"}
    if not isinstance(dims, (list, tuple)):
        raise TorchError("argument_type", found=type_word(dims), **where)
    for position, dim in enumerate(dims):
        if not isinstance(dim, int):
            raise TorchError("argument_element", found=type_word(dim), position=position, **where)
    return tuple(dims)


def contract(ops: Any, left: Any, right: Any, left_dims: Sequence[int], right_dims: Sequence[int]) -> Any:
    """PyTorch's tensordot: permute and reshape both to matrices, and multiply those."""
    if len(left_dims) != len(right_dims):
        raise TorchError("tensordot_lists")
    _same_type(ops, left, right)
    first, second = left, right
    inner_size = 1
    for one, other in zip(left_dims, right_dims, strict=True):
        a = left.shape[require_dim(one, left.ndim)]
        b = right.shape[require_dim(other, right.ndim)]
        if b == 1:
            first = _summed(ops, first, one)
        elif a == 1:
            second = _summed(ops, second, other)
        elif a != b:
            raise TorchError("tensordot_sizes", first=a, first_dim=one, second=b, second_dim=other)
        else:
            inner_size *= a
    taken = _distinct(left_dims, left.ndim), _distinct(right_dims, right.ndim)
    kept = [axis for axis in range(left.ndim) if axis not in taken[0]]
    rest = [axis for axis in range(right.ndim) if axis not in taken[1]]
    shape = (*(left.shape[axis] for axis in kept), *(right.shape[axis] for axis in rest))
    first = ops.permute(first, (*kept, *left_dims))
    second = ops.permute(second, (*right_dims, *rest))
    if numel(shape) == 1 and not ops.is_old:
        if _in_order(first) and _in_order(second):
            return ops.reshape(ops.dot(ops.flatten(first), ops.flatten(second)), shape)
        return ops.reshape(ops.sum(ops.mul(ops.squeeze(first), ops.squeeze(second))), shape)
    rows = numel([left.shape[axis] for axis in kept])
    columns = numel([right.shape[axis] for axis in rest])
    product = ops.mm(ops.reshape(first, (rows, inner_size)), ops.reshape(second, (inner_size, columns)))
    return ops.reshape(product, shape)


def _summed(ops: Any, value: Any, dim: int) -> Any:
    """Sum along a dim that is 1 on the other side, in the elements' own type."""
    return ops.sum_dim(value, (dim,), True, dtype=None if ops.is_old else value.tensor.dtype)


def _distinct(dims: Sequence[int], ndim: int) -> list[int]:
    wrapped: list[int] = []
    for dim in dims:
        axis = wrap_dim(dim, ndim)
        if axis in wrapped:
            raise TorchError("dim_twice", dim=axis)
        wrapped.append(axis)
    return wrapped


def kron(ops: Any, self: Any, other: Any) -> Any:
    """The Kronecker product: every element of self times all of other."""
    ndim = max(self.ndim, other.ndim)
    ours = (1,) * (ndim - self.ndim) + tuple(self.shape)
    theirs = (1,) * (ndim - other.ndim) + tuple(other.shape)
    left = ops._unsafe_view(self, tuple(size for length in ours for size in (length, 1)))
    right = ops._unsafe_view(other, tuple(size for length in theirs for size in (1, length)))
    return ops._unsafe_view(ops.mul(left, right), tuple(a * b for a, b in zip(ours, theirs, strict=True)))


def cross_product(self: Array, other: Array, dim: int = -1) -> Array:
    left, right = np.broadcast_arrays(np.moveaxis(self, dim, 0), np.moveaxis(other, dim, 0))
    parts = [left[i - 2] * right[i - 1] - left[i - 1] * right[i - 2] for i in range(3)]
    return np.moveaxis(np.stack(parts), 0, wrap_dim(dim, max(self.ndim, other.ndim))).copy(order="C")


def _check_cross(session: Any, op: Op, bound: list[Any]) -> None:
    left, right, dim = bound
    if left.array.ndim != right.array.ndim:
        raise TorchError("cross_dims")
    sizes = left.shape[require_dim(dim, left.array.ndim)], right.shape[require_dim(dim, right.array.ndim)]
    if sizes != (3, 3):
        raise TorchError("cross_sizes", dim=dim, left=sizes[0], right=sizes[1])
    broadcast_shape(left.shape, right.shape)
    refuse_bool(left, "cross")
    if left.dtype is not right.dtype:
        raise TorchError("scalar_types", expected=left.dtype.scalar, found=right.dtype.scalar)


def _warn_cross(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[2] is None and session.dialect == NEWEST:
        session.warn_once("cross_default")


def cross(ops: Any, self: Any, other: Any, dim: int | None = None) -> Any:
    """The cross product along dim, by default the first of size 3."""
    if dim is None:
        dim = next((axis for axis, size in enumerate(self.shape) if size == 3), None)
        if dim is None:
            raise TorchError("cross_no_dim")
    return ops.linalg_cross(self, other, dim=dim)


def multi_dot(ops: Any, tensors: Sequence[Any]) -> Any:
    """The product of several matrices in the order that costs least; the first and the last may be vectors."""
    count = len(tensors)
    if count < 2:
        raise TorchError("multi_dot_count", count=count)
    matrices = list(tensors)
    shapes = [tensor.shape for tensor in tensors]
    shape: tuple[int, ...] = ()
    for end, index, dim in (("first", 0, 0), ("last", -1, 1)):
        if tensors[index].ndim == 1:
            matrices[index] = ops.unsqueeze(tensors[index], dim)
        elif tensors[index].ndim == 2:
            shape += (tensors[index].shape[dim],)
        else:
            raise TorchError("multi_dot_end", end=end, ndim=tensors[index].ndim)
    for index in range(1, count - 1):
        if tensors[index].ndim != 2:
            raise TorchError("multi_dot_middle", index=index, ndim=tensors[index].ndim)
    _check_chain(matrices, shapes)
    return ops.view(_multiply_chain(ops, matrices), shape)


def _check_chain(matrices: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> None:
    for index in range(1, len(matrices)):
        left, right = matrices[index - 1], matrices[index]
        first, other = matrices[0].tensor.dtype, right.tensor.dtype
        if first is not other:
            raise TorchError("multi_dot_dtype", first=first.cpp, index=index, other=other.cpp)
        if left.shape[1] != right.shape[0]:
            raise TorchError(
                "multi_dot_sizes",
                left=index - 1,
                right=index,
                left_shape=list(shapes[index - 1]),
                right_shape=list(shapes[index]),
            )


def _multiply_chain(ops: Any, matrices: Sequence[Any]) -> Any:
    count = len(matrices)
    sizes = [matrix.shape[0] for matrix in matrices] + [matrices[-1].shape[1]]
    cost = [[0] * count for _ in range(count)]
    split = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for first in range(count - length):
            last = first + length
            choices = [
                (cost[first][k] + cost[k + 1][last] + sizes[first] * sizes[k + 1] * sizes[last + 1], k)
                for k in range(first, last)
            ]
            best = min(price for price, _ in choices)
            # With three matrices PyTorch prefers the left pair at equal cost, with more the first split.
            ties = [k for price, k in choices if price == best]
            cost[first][last], split[first][last] = best, ties[-1] if count == 3 else ties[0]

    def product(first: int, last: int) -> Any:
        if first == last:
            return matrices[first]
        middle = split[first][last]
        return ops.mm(product(first, middle), product(middle + 1, last))

    return product(0, count - 1)


def chain_matmul(ops: Any, matrices: Sequence[Any]) -> Any:
    """The product of several matrices, as multi_dot."""
    if not matrices:
        raise TorchError("chain_none")
    for matrix in matrices:
        if matrix.ndim != 2:
            raise TorchError("chain_dims", ndim=matrix.ndim)
    return matrices[0] if len(matrices) == 1 else multi_dot(ops, matrices)


def _warn_chain(session: Any, op: Op, bound: list[Any]) -> None:
    session.warn_once("chain_deprecated")


def _check_trace(session: Any, op: Op, bound: list[Any]) -> None:
    refuse_bool(bound[0], "trace")
    if bound[0].array.ndim != 2:
        raise TorchError("trace_dims", ndim=bound[0].array.ndim)


def trace(self: Array) -> Array:
    diagonal = np.diagonal(self)
    if diagonal.dtype.kind in "biu":
        return np.add.reduce(diagonal, dtype=np.int64)
    if not diagonal.size:
        return np.zeros((), diagonal.dtype)
    return np.asarray(np.add.accumulate(diagonal, dtype=np.float64)[-1]).astype(diagonal.dtype)


def trace_backward(ops: Any, grad: Any, shape: tuple[int, ...]) -> Any:
    """The gradient on the diagonal, zeros elsewhere."""
    size = numel(shape)
    step = shape[1] + 1
    # Before 2.0 it came back to the first column of a tall matrix.
    places: Any = np.arange(0, size if ops.is_old else min(shape) * step, step)
    if isinstance(grad, Operand):
        places = Operand(grad.session, fresh(places, dtypes.int64))
    # PyTorch fills the zeros, too, which the counter shows.
    made = ops.fill_(ops.zeros_sized(grad, (size,)), 0.0)
    return ops.view(ops.index_fill__int_Tensor(made, 0, places, grad), shape)


Dims = tuple[int, ...]


def trilinear(
    i1: Array,
    i2: Array,
    i3: Array,
    i1_2: Array,
    i1_3: Array,
    i2_1: Array,
    i2_3: Array,
    i3_1: Array,
    i3_2: Array,
    expand1: Dims,
    expand2: Dims,
    expand3: Dims,
    sumdim: Dims,
) -> Array:
    """The product of three factors of which each lacks the dims of ``expand``, summed over ``sumdim``."""
    first, second, third, result = (
        "".join(letter for dim, letter in enumerate("boij") if dim not in lost)
        for lost in (expand1, expand2, expand3, sumdim)
    )
    return np.einsum(f"{first},{second},{third}->{result}", i1, i2, i3).astype(i1.dtype, copy=False)


def trilinear_product(
    ops: Any, i1: Any, i2: Any, i3: Any, expand1: Dims, expand2: Dims, expand3: Dims, sumdim: Dims
) -> Any:
    """``_trilinear`` of three factors."""
    require_same_type("scalar_types", i1, i2, i3)
    return ops._trilinear(i1, i2, i3, i1, i1, i2, i2, i3, i3, expand1, expand2, expand3, sumdim)


def bilinear(ops: Any, input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """input1 @ weight[k] @ input2 for each output k, and bias."""
    given = {"input1": input1, "input2": input2, "weight": weight} | ({} if bias is None else {"bias": bias})
    types = {name: value.tensor.dtype for name, value in given.items()}
    if len(set(types.values())) > 1 and not ops.is_old:
        raise TorchError("bilinear_dtypes", types=", ".join(f"{name}: {dtype.cpp}" for name, dtype in types.items()))
    if input1.ndim != input2.ndim:
        raise TorchError("bilinear_dims", left=input1.ndim, right=input2.ndim)
    lead = tuple(input1.shape[:-1])
    for dim, (left, right) in enumerate(zip(lead, input2.shape[:-1], strict=True)):
        if left != right:
            raise TorchError("bilinear_batch", dim=dim, left=left, right=right)
    for place, (name, tensor) in enumerate((("input1", input1), ("input2", input2)), 1):
        asked = [(tensor, -1), (weight, place)]
        for value, dim in asked if ops.is_old else reversed(asked):
            require_dim(dim, value.ndim)
        if tensor.shape[-1] != weight.shape[place]:
            raise TorchError("bilinear_sizes", name=name, found=tensor.shape[-1], expected=weight.shape[place])
    outputs = weight.shape[0]
    if bias is not None and bias.shape[require_dim(0, bias.ndim)] != outputs:
        raise TorchError("bilinear_sizes", name="bias", found=bias.shape[0], expected=outputs)
    first = ops.reshape(input1, (-1, input1.shape[-1]))
    second = ops.reshape(input2, (-1, input2.shape[-1]))
    made = trilinear_product(ops, first, weight, second, (1, 3), (0,), (1, 2), (2, 3))
    made = ops.reshape(made, (*lead, outputs))
    return made if bias is None else ops.add(made, bias)


HELPERS = {"trace_backward": trace_backward, "trilinear_product": trilinear_product}

ROWS = [
    composite(
        "linear(Tensor input, Tensor weight, Tensor? bias=None)",
        linear,
        where="F",
        doc="input @ weight.T + bias",
        samples=("F.linear(a, b)", "F.linear(a, b, c)"),
    ),
    composite(
        "bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None)",
        bilinear,
        where="tF",
        doc="input1 @ weight[k] @ input2 for each output k, and bias",
        samples=("F.bilinear(a, b, torch.stack([a, b]).reshape(1, 3, -1)[:, :3, :3])",),
    ),
    # A factor is saved when a gradient of one of the other two needs it, so it stands here once for each of them.
    general(
        "_trilinear(Tensor i1, Tensor i2, Tensor i3, Tensor i1_2, Tensor i1_3, Tensor i2_1, Tensor i2_3, "
        "Tensor i3_1, Tensor i3_2, int[] expand1, int[] expand2, int[] expand3, int[] sumdim)",
        "TrilinearBackward0",
        trilinear,
        where="",
        grad={
            "i1": "trilinear_product(grad, i2_1, i3_1, sumdim, expand2, expand3, expand1)",
            "i2": "trilinear_product(i1_2, grad, i3_2, expand1, sumdim, expand3, expand2)",
            "i3": "trilinear_product(i1_3, i2_3, grad, expand1, expand2, sumdim, expand3)",
        },
        check=lambda session, op, bound: refuse_bool(bound[0], "bmm"),
        doc="products of three factors, summed for a bilinear form",
    ),
    composite(
        "outer(Tensor self, Tensor vec2)",
        outer,
        check=_check_outer,
        out={"name": "mul", "fits": "castable", "text": "inplace_cast", "alone": True},
        doc="every element of one vector times every element of the other",
        samples=("a.outer(b)",),
    ),
    composite(
        "ger(Tensor self, Tensor vec2)",
        outer,
        check=_check_outer,
        out={"name": "mul", "fits": "castable", "text": "inplace_cast", "alone": True},
        doc="outer, under its older name",
        samples=("a.ger(b)",),
    ),
    composite(
        "inner(Tensor self, Tensor other)",
        inner,
        out={"history": "copied", "text": "out_tensordot"},
        doc="sums of products over the last dim of both",
        samples=("torch.inner(a, b)",),
    ),
    composite(
        "tensordot(Tensor a, Tensor b, any dims=2)",
        tensordot,
        where="t",
        out={"history": "copied", "text": "out_tensordot"},
        doc="sums of products over several dims",
        samples=("torch.tensordot(a, b, 1)", "torch.tensordot(a, b, ([0], [0]))"),
    ),
    composite(
        "kron(Tensor self, Tensor other)",
        kron,
        out={"name": "mul", "fits": "castable", "text": "inplace_cast", "edits": 0},
        doc="every element of self times all of other",
        samples=("torch.kron(a, b)",),
    ),
    composite(
        "cross(Tensor self, Tensor other, int? dim=None)",
        cross,
        check=_warn_cross,
        out={"name": "linalg_cross"},
        doc="the cross product of vectors of three elements",
        samples=("torch.cross(a, b, dim=-1)",),
    ),
    general(
        "linalg_cross(Tensor self, Tensor other, *, int dim=-1)",
        "LinalgCrossBackward0",
        cross_product,
        where="l",
        grad={
            "self": "linalg_cross(other, grad, dim=dim)",
            "other": "linalg_cross(grad, self, dim=dim)",
        },
        check=_check_cross,
        doc="the cross product of vectors of three elements",
        samples=("torch.linalg.cross(a, b)",),
    ),
    composite(
        "linalg_multi_dot(Tensor[] tensors)",
        multi_dot,
        where="l",
        out={"name": "mm", "text": "out_multi_dot"},
        doc="the product of several matrices in the order that costs least",
        samples=("torch.linalg.multi_dot([a, b])",),
    ),
    composite(
        "chain_matmul(Tensor* matrices=())",
        chain_matmul,
        where="t",
        check=_warn_chain,
        out={"name": "mm"},
        doc="the product of several matrices, as linalg.multi_dot",
    ),
    general(
        "trace(Tensor self)",
        "TraceBackward0",
        trace,
        grad={"self": "trace_backward(grad, self_size)"},
        gradient_edits={"self": 2},
        check=_check_trace,
        doc="the sum of a matrix's diagonal",
        samples=("a.trace()",),
    ),
]
