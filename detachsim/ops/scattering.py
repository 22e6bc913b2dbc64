"""Taking elements by an index for each, and placing them so: gather, scatter and its reductions."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.memory import PLACING
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops.index_reduction import averages, neutral, reduction_gradients
from detachsim.ops.numeric import converted, shaped, wrap_dim
from detachsim.ops.partial_writes import note_elements
from detachsim.ops.places import length_along, places_along, refuse_outside
from detachsim.ops.row import general


def _crop(src: Array, index: Array) -> Array:
    return src[tuple(slice(size) for size in index.shape)]


def gather(self: Array, dim: int, index: Array, sparse_grad: bool = False) -> Array:
    axis = wrap_dim(dim, self.ndim)
    if not index.size:
        return np.empty(index.shape, self.dtype)  # nothing is asked for, so that the dims need not fit
    source, where = np.atleast_1d(self), np.atleast_1d(index)
    return shaped(np.array(source[places_along(source, axis, where)]), index.shape)


def _placed(self: Array, dim: int, index: Array, src: Any, accumulate: np.ufunc | None) -> Array:
    axis = wrap_dim(dim, self.ndim)
    made = np.array(np.atleast_1d(self))
    where = np.atleast_1d(index)
    if where.size:
        values = _crop(np.atleast_1d(src), where) if isinstance(src, np.ndarray) else converted(src, self)
        key = places_along(made, axis, where)
        if accumulate is None:
            made[key] = values
        else:
            accumulate.at(made, key, values)
    return shaped(made, self.shape)


def scatter_src(self: Array, dim: int, index: Array, src: Array) -> Array:
    return _placed(self, dim, index, np.asarray(src), None)


def scatter_value(self: Array, dim: int, index: Array, value: float) -> Array:
    return _placed(self, dim, index, value, None)


def scatter_add(self: Array, dim: int, index: Array, src: Array) -> Array:
    return _placed(self, dim, index, np.asarray(src), np.add)


_DEPRECATED_REDUCE = {"add": np.add, "multiply": np.multiply}


def scatter_with(self: Array, dim: int, index: Array, src: Any, reduce: str) -> Array:
    return _placed(self, dim, index, src, _DEPRECATED_REDUCE[reduce])


_REDUCTIONS: dict[str, np.ufunc] = {
    "sum": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def scatter_reduce(self: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool = True) -> Array:
    start = self if include_self else scatter_value(self, dim, index, neutral(self.dtype, reduce))
    made = _placed(start, dim, index, np.asarray(src), _REDUCTIONS[reduce])
    if reduce == "mean":
        counts = np.ones(self.shape, np.int64)
        if not include_self:
            counts = scatter_value(counts, dim, index, 0)
        made = averages(made, _placed(counts, dim, index, np.ones(np.shape(src), np.int64), np.add))
    return made


def scatter_reduce_backward(
    ops: Any,
    grad: Any,
    self: Any,
    dim: int,
    index: Any,
    src: Any,
    reduce: str,
    include_self: bool,
    result: Any,
) -> tuple[Any, Any]:
    """The gradients of self and of src, by the kind of reduction."""
    if reduce == "sum":
        mine, theirs = grad, ops.gather(grad, dim, index)
    else:
        mine, theirs = reduction_gradients(
            ops,
            grad,
            self,
            src,
            reduce,
            result,
            include_self=include_self,
            name="scatter_reduce",
            take=lambda value: ops.gather(value, dim, index),
            add=lambda base, value: ops.scatter_add(base, dim, index, value),
            again=lambda base, value: ops.scatter_reduce(base, dim, index, value, reduce, include_self=include_self),
        )
    return mine if include_self else ops.scatter_value(mine, dim, index, 0), theirs


def _check_index_dtype(session: Any, name: str, index: Tensor) -> None:
    if index.dtype is not dtypes.int64 and (index.dtype is not dtypes.int32 or session.dialect != NEWEST):
        raise TorchError("index_long_int", op=name)


def _check_gather(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index = bound[0].array, bound[1], bound[2].array
    axis = wrap_dim(dim, self.ndim)
    if index.size == 0:
        return
    _check_index_dtype(session, "gather", bound[2])
    if max(index.ndim, 1) != max(self.ndim, 1):
        raise TorchError("gather_dims", other="input")
    for other in range(index.ndim):
        if other != axis and self.ndim and index.shape[other] > self.shape[other]:
            raise TorchError("gather_sizes", at=other, index=list(index.shape), shape=list(self.shape), dim=axis)
    refuse_outside(index, length_along(self, axis), axis)


def _check_scatter(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, index, src = bound[0].array, bound[1], bound[2].array, bound[3]
    if len(bound) == 5 and isinstance(src, Tensor) and session.dialect == NEWEST:
        session.warn("scatter_reduce_src")
    axis = wrap_dim(dim, self.ndim)
    if index.size:
        _check_index_dtype(session, "scatter", bound[2])
    if isinstance(src, Tensor) and src.dtype is not bound[0].dtype:
        raise TorchError("scatter_dtype")
    if index.size == 0:
        return
    if max(index.ndim, 1) != max(self.ndim, 1):
        raise TorchError("gather_dims", other="self")
    shape, where = self.shape or (1,), index.shape or (1,)
    wrong = any(other != axis and size > shape[other] for other, size in enumerate(where))
    details = {"index": list(index.shape), "shape": list(self.shape), "dim": axis}
    if isinstance(src, Tensor):
        given = src.array.shape
        # The sizes are asked for before anybody counts the dims.
        wrong = wrong or any(
            size > (given[wrap_dim(other, len(given))] if given else 1) for other, size in enumerate(where)
        )
        if len(where) != max(len(given), 1):
            raise TorchError("gather_dims", other="src")
        if wrong:
            raise TorchError("scatter_sizes", **details, src=list(src.array.shape))
    elif wrong:
        raise TorchError("scatter_sizes_value", **details)


def _refuse_scatter(session: Any, op: Op, bound: list[Any]) -> None:
    """Refuse what PyTorch looks at only after the memory that is written to."""
    self, dim, index, src = bound[0].array, bound[1], bound[2].array, bound[3]
    if len(bound) > 4 and isinstance(bound[4], str):
        _check_reduce(session, op.name, bound[4])
    if index.size == 0:
        return
    if self.dtype == np.bool_ and bound[4:5] == ["mean"]:
        raise TorchError("not_implemented_for", kernel="scatter_gather_tensor_cpu_reduce_mean", dtype="Bool")
    axis = wrap_dim(dim, self.ndim)
    if not isinstance(src, Tensor):
        # A number is looked at when it is written for the first time.
        refuse_outside(index.reshape(-1)[:1], length_along(self, axis), axis)
        require_fit(session, bound[0].dtype, src)
    try:
        refuse_outside(index, length_along(self, axis), axis)
    except TorchError as error:
        raise error if op.name.startswith("scatter_reduce") else note_elements(error, op, bound) from None


def _check_reduce(session: Any, name: str, reduce: str) -> None:
    if name.startswith("scatter_reduce"):
        if reduce not in _REDUCTIONS:
            raise TorchError("scatter_reduce_mode", reduce=reduce)
        if session.dialect == "torch-1.13":
            session.warn("scatter_reduce_beta")
    elif reduce not in _DEPRECATED_REDUCE:
        raise TorchError("scatter_mode")


_GATHERED = "gather(grad, dim, index)"


HELPERS = {
    "scatter_reduce_backward": scatter_reduce_backward,
}

ROWS = [
    general(
        "gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False)",
        "GatherBackward0",
        gather,
        grad={"self": "scatter_add(zeros_sized(grad, self.shape), dim, index, grad)"},
        gradient_edits={"self": 1},
        check=_check_gather,
        out={"alone": True},
        doc="the elements at index along dim",
        samples=("a.gather(0, torch.argsort(a, 0))",),
    ),
    general(
        "scatter.src(Tensor self, int dim, Tensor index, Tensor src)",
        "ScatterBackward0",
        scatter_src,
        grad={"self": "scatter_value(grad, dim, index, 0)", "src": _GATHERED},
        older={"torch-1.7": {"edits_clone": True}},
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        refuses=_refuse_scatter,
        doc="self with the elements of src put at index along dim",
        samples=("a.scatter(0, torch.argsort(a, 0), b)",),
    ),
    general(
        "scatter.value(Tensor self, int dim, Tensor index, Number value)",
        "ScatterBackward1",
        scatter_value,
        grad={"self": "scatter_value(grad, dim, index, 0)"},
        older={"torch-1.7": {"edits_clone": True}},
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        refuses=_refuse_scatter,
        doc="self with value put at index along dim",
        samples=("a.scatter(0, torch.argmax(a, 0, True), 1.)",),
    ),
    general(
        "scatter.reduce(Tensor self, int dim, Tensor index, Tensor src, *, str reduce)",
        "torch::autograd::NotImplemented",
        scatter_with,
        grad={"self, src": "not_implemented('scatter')"},
        inplace_grad={"self, src": "not_implemented('scatter_')"},
        bare_edges=True,
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        refuses=_refuse_scatter,
        doc="self with the elements of src added or multiplied at index along dim",
    ),
    general(
        "scatter.value_reduce(Tensor self, int dim, Tensor index, Number value, *, str reduce)",
        "torch::autograd::NotImplemented",
        scatter_with,
        grad={"self": "not_implemented('scatter')"},
        inplace_grad={"self": "not_implemented('scatter_')"},
        bare_edges=True,
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        refuses=_refuse_scatter,
        doc="self with value added or multiplied at index along dim",
    ),
    general(
        "scatter_add(Tensor self, int dim, Tensor index, Tensor src)",
        "ScatterAddBackward0",
        scatter_add,
        grad={"self": "grad", "src": _GATHERED},
        older={"torch-1.7": {"edits_clone": True}},
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        refuses=_refuse_scatter,
        doc="self with the elements of src added at index along dim",
        samples=("a.scatter_add(0, torch.argsort(a, 0), b)",),
    ),
    general(
        "scatter_reduce(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True)",
        "ScatterReduceBackward0",
        scatter_reduce,
        grad={
            "self, src": "scatter_reduce_backward(grad, self, dim, index, src, reduce, include_self, result)",
        },
        inplace=True,
        overlap=PLACING,
        check=_check_scatter,
        refuses=_refuse_scatter,
        doc="self with the elements of src reduced at index along dim",
        samples=("a.scatter_reduce(0, torch.argsort(a, 0), b, 'amax')",),
    ),
]
