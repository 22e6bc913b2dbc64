"""Reductions that pick elements: max, min, amax, argmax, median, mode, kthvalue."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops import selection_order
from detachsim.ops.element_types import no_bools, where_dims, where_elements
from detachsim.ops.numeric import dims, wrap_dim
from detachsim.ops.row import general


def extreme_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """Share the gradient evenly between all elements equal to the chosen value."""
    values = self if isinstance(self, np.ndarray) else self.tensor.array
    chosen = result if isinstance(result, np.ndarray | np.generic) else result.tensor.array
    mask = (self != self) if np.isnan(chosen).any() else (self == result)
    count = int((np.isnan(values) if np.isnan(chosen).any() else values == chosen).sum())
    return ops.masked_fill_Tensor(ops.zeros_of(self), mask, grad / ops.constant(grad, float(count)))


def constant(ops: Any, like: Any, value: float) -> Any:
    """A 0-d tensor of ``like``'s type, outside the graph."""
    if isinstance(like, np.ndarray | np.generic):
        return np.asarray(value, dtype=like.dtype)
    return ops.new_full(like, (), value)


def restore(ops: Any, value: Any, dim: Any, ndim: int, keepdim: bool) -> Any:
    """Put back the dims that a reduction took away, by one ``view``."""
    if keepdim or ndim == 0:
        return value
    # An empty list of dims stands for all of them, but restores none.
    axes = () if dim == () else dims((dim,) if isinstance(dim, int) else dim, ndim)
    shape = list(value.shape)
    for axis in sorted(axes):
        shape.insert(axis, 1)
    return (ops.reshape if ops.is_old else ops.view)(value, tuple(shape))


def shared_backward(ops: Any, grad: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """Share the gradient of each extreme along ``dim`` evenly between the elements equal to it."""
    ndim = self.ndim
    axes = dims((dim,) if isinstance(dim, int) else dim, ndim)
    grad = restore(ops, grad, dim, ndim, keepdim)
    if isinstance(self, np.ndarray | np.generic):
        mask = np.asarray(self == restore(ops, result, dim, ndim, keepdim))
        counts = mask.sum(axis=axes, keepdims=True) if ndim else mask
        return (grad / counts.astype(grad.dtype)) * mask
    mask = self == restore(ops, ops.detach(result), dim, ndim, keepdim)
    return (grad / ops.sum_dim(mask, axes, True)) * mask if ndim else (grad / ops.sum(mask)) * mask


def aminmax_backward(ops: Any, grads: Any, self: Any, low: Any, high: Any, dim: int | None, keepdim: bool) -> Any:
    """The gradients of both extremes together."""
    total = None
    for grad, result in zip(grads, (low, high), strict=True):
        if grad is not None:
            part = shared_backward(ops, grad, self, result, dim, keepdim)
            total = part if total is None else ops.add_(total, part)
    return total


def selected_backward(ops: Any, grad: Any, dim: int, indices: Any, shape: tuple[int, ...], keepdim: bool) -> Any:
    """Give the gradient to the element that each slice selected."""
    if not shape:
        return grad
    if not keepdim:
        grad, indices = ops.unsqueeze(grad, dim), ops.unsqueeze(indices, dim)
    return ops.scatter_src(ops.zeros_sized(grad, shape), dim, indices, grad)


def zeros_sized(ops: Any, like: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of a shape and of ``like``'s type, outside the graph."""
    if isinstance(like, np.ndarray | np.generic):
        return np.zeros(shape, dtype=like.dtype)
    return ops.new_zeros(like, shape)


def _extreme(name: str) -> Any:
    function = np.max if name == "max" else np.min
    return lambda self: function(self)


def _taken(self: Array, axis: int, indices: Array, keepdim: bool) -> tuple[Array, Array]:
    """Return the elements at ``indices`` (with ``axis`` of size 1) and the indices."""
    values = np.take_along_axis(self, indices, axis=axis)
    if not keepdim:
        values, indices = values.squeeze(axis), indices.squeeze(axis)
    return np.asarray(values, order="C").reshape(values.shape), np.asarray(indices, order="C").reshape(indices.shape)


def _extreme_dim(name: str) -> Any:
    find = np.argmax if name == "max" else np.argmin

    def kernel(self: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
        axis = wrap_dim(dim, self.ndim)
        if self.ndim == 0:
            return self.copy(), np.zeros((), np.int64)
        return _taken(self, axis, np.expand_dims(find(self, axis=axis), axis), keepdim)

    return kernel


def _check_extreme(session: Any, op: Op, bound: list[Any]) -> None:
    self = bound[0]
    if len(bound) == 1:
        if self.array.size == 0:
            raise TorchError("reduce_empty", op=op.name)
    else:
        _refuse_empty_dims(op.name, self.array, (bound[1],))


def _refuse_empty_dims(name: str, array: Array, dim: Any, *, as_given: bool = False) -> None:
    """Refuse to reduce a dim without elements; where there may be several, PyTorch names them as they were given."""
    for given in dim:
        axis = wrap_dim(given, array.ndim)
        if array.ndim and array.size == 0 and array.shape[axis] == 0:
            raise TorchError("reduce_empty_dim", op=name, dim=given if as_given else axis)


def _selection_edits(bound: list[Any]) -> int:
    # A dim that is kept lets the kernel write into the result itself.
    self, _, keepdim = bound
    return 1 if not self.shape else 0 if keepdim else 2


def _extremes(name: str, node: str) -> list[Op]:
    return [
        general(
            f"{name}(Tensor self)",
            f"{node}Backward1",
            _extreme(name),
            grad={"self": "extreme_backward(grad, self, result)"},
            gradient_edits={"self": 1},
            check=_check_extreme,
            result_edits=1,
            out={"fits": "castable", "text": "out_extreme"},
            doc=f"the {name}imum of all elements; ties share the gradient",
            samples=(f"a.{name}()",),
        ),
        general(
            f"{name}.dim(Tensor self, int dim, bool keepdim=False)",
            f"{node}Backward0",
            _extreme_dim(name),
            grad={"self": "selected_backward(grad, dim, result1, self_size, keepdim)"},
            gradient_edits={"self": 2},
            outputs=("values", "indices"),
            check=_check_extreme,
            result_edits=_selection_edits,
            out={"blind": True, "alone": True},
            doc=f"the {name}imum along dim and where it is; the first of ties gets the gradient",
            samples=(f"a.{name}(0)", f"a.{name}(dim=0, keepdim=True)"),
        ),
    ]


def _amax(name: str) -> Any:
    function = np.max if name == "amax" else np.min

    def kernel(self: Array, dim: Any = (), keepdim: bool = False) -> Array:
        if self.ndim == 0:
            dims(dim, 0)
            return self.copy()
        return np.asarray(function(self, axis=dims(dim, self.ndim), keepdims=keepdim), order="C")

    return _shaped(kernel)


def _shaped(kernel: Any) -> Any:
    """Let ``ascontiguousarray`` not make a 0-d result one-dimensional."""

    def call(self: Array, dim: Any = (), keepdim: bool = False) -> Array:
        made = kernel(self, dim, keepdim)
        axes = dims(dim, self.ndim)
        return np.asarray(made).reshape(()) if not keepdim and len(axes) == self.ndim else np.asarray(made)

    return call


def _check_amax(session: Any, op: Op, bound: list[Any]) -> None:
    array, dim = bound[0].array, bound[1]
    if array.size == 0:
        if not dim:
            raise TorchError("reduce_empty", op=op.name)
        _refuse_empty_dims(op.name, array, dim, as_given=True)


def _amin_edits(bound: list[Any]) -> int:
    # The minimum of int64 has a kernel of its own.
    return 0 if bound[0].dtype.name == "int64" else 1


def _amaxes(name: str, node: str, word: str) -> Op:
    return general(
        f"{name}(Tensor self, int[] dim=(), bool keepdim=False)",
        f"{node}Backward0",
        _amax(name),
        grad={"self": "shared_backward(grad, self, result, dim, keepdim)"},
        check=_check_amax,
        result_edits=_amin_edits if name == "amin" else 1,
        out={"text": "out_amax", "blind": True},
        doc=f"the {word} along dims; ties share the gradient",
        samples=(f"a.{name}()", f"a.{name}(0)", f"a.{name}(dim=0, keepdim=True)"),
    )


def aminmax(self: Array, dim: int | None = None, keepdim: bool = False) -> tuple[Array, Array]:
    axes = () if dim is None else (wrap_dim(dim, self.ndim),)
    low, high = _amax("amin")(self, axes, keepdim), _amax("amax")(self, axes, keepdim)
    return low, high


def _check_aminmax(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim = bound[0].array, bound[1]
    axes = () if dim is None else (wrap_dim(dim, self.ndim),)
    if self.size == 0 and (not axes or self.shape[axes[0]] == 0):
        if axes:
            raise TorchError("aminmax_empty_dim", dim=axes[0])
        raise TorchError("aminmax_empty")


def _arg(name: str) -> Any:
    find = np.argmax if name == "argmax" else np.argmin

    def kernel(self: Array, dim: int | None = None, keepdim: bool = False) -> Array:
        if dim is None:
            made = np.asarray(find(self), dtype=np.int64)
            return made.reshape((1,) * self.ndim) if keepdim else made
        axis = wrap_dim(dim, self.ndim)
        if self.ndim == 0:
            return np.zeros((), np.int64)
        return np.asarray(find(self, axis=axis, keepdims=keepdim), dtype=np.int64)

    return kernel


def _check_arg(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim = bound[0].array, bound[1]
    if dim is not None:
        _refuse_empty_dims(op.name, self, (dim,))
    elif self.size == 0:
        raise TorchError("reduce_empty_arg", op=op.name)


def _refuse_bools(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].dtype is dtypes.boolean:
        raise TorchError("arg_bool", op=op.name)


def _arg_edits(bound: list[Any]) -> int:
    # Along a dim of size 1 PyTorch fills the result with 0.
    self, dim, _ = bound
    return int(dim is not None and self.shape != () and self.shape[wrap_dim(dim, len(self.shape))] == 1)


def _args(name: str, word: str) -> Op:
    return general(
        f"{name}(Tensor self, int? dim=None, bool keepdim=False)",
        "",
        _arg(name),
        check=_check_arg,
        check_dtypes=_refuse_bools,
        older={"torch-1.13": {"check_dtypes": None, "refuses": where_elements(no_bools(f"{name}_cpu"))}},
        result_edits=_arg_edits,
        out={"blind": True},
        doc=f"where the {word} is; the first of ties",
        samples=(f"a.{name}()", f"a.{name}(0)"),
    )


def median(self: Array) -> Array:
    flat = np.sort(self, axis=None)
    if flat.size == 0:
        # nan, or what C makes of it in a type of integers.
        return dtypes.cast(np.asarray(np.nan, np.float64), dtypes.float64, dtypes.BY_NUMPY[self.dtype])
    if flat.dtype.kind == "f" and np.isnan(flat[-1]):
        return np.asarray(flat[-1])
    return np.asarray(flat[(flat.size - 1) // 2])


def nanmedian(self: Array) -> Array:
    if self.dtype.kind != "f":
        return median(self)
    kept = self[~np.isnan(self)]
    return median(kept) if kept.size else np.asarray(np.nan, dtype=self.dtype)


def _along(self: Array, dim: int, choose: Any, keepdim: bool) -> tuple[Array, Array]:
    """Apply ``choose(row)``, which gives an index, to every row along ``dim``."""
    axis = wrap_dim(dim, self.ndim)
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    rows = np.moveaxis(self, axis, -1)
    found = np.empty(rows.shape[:-1], np.int64)
    for place in np.ndindex(found.shape):
        found[place] = choose(rows[place])
    return _taken(self, axis, np.expand_dims(found, axis), keepdim)


def _choose_median(ignore_nan: bool) -> Any:
    def choose(row: Array) -> int:
        nan = np.isnan(row) if row.dtype.kind == "f" else np.zeros(row.shape, bool)
        if nan.any() and not ignore_nan:
            return int(np.argmax(nan))
        middle = (len(row) - 1 - int(nan.sum())) // 2
        # Of equal values the one that a stable sort puts there.
        return int(np.argsort(row, kind="stable")[max(middle, 0)])

    return choose


def median_dim(self: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    return _along(self, dim, _choose_median(False), keepdim)


def nanmedian_dim(self: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    return _along(self, dim, _choose_median(True), keepdim)


def _choose_mode(row: Array) -> int:
    values = row.tolist()
    order: list[int] = np.argsort(row, kind="stable").tolist()
    if len(order) <= selection_order.LONG:
        order = list(range(len(order)))
        selection_order.sort(order, 0, len(order), lambda i, j: bool(values[i] < values[j]))
    best, most, count = 0, 0, 0
    for position, place in enumerate(order, 1):
        count += 1
        if position == len(order) or values[place] != values[order[position]]:
            if count > most:
                best, most = place, count
            count = 0
    return best


def mode(self: Array, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    return _along(self, dim, _choose_mode, keepdim)


def kthvalue(self: Array, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:

    def choose(row: Array) -> int:
        values = row.tolist()
        nan = [value != value for value in values]
        order = list(range(len(values)))

        def after(i: int, j: int) -> bool:
            return (nan[i] and not nan[j]) or bool(values[i] > values[j])

        selection_order.quick_select(order, k - 1, after)
        return order[k - 1]

    return _along(self, dim, choose, keepdim)


def _check_dim(session: Any, op: Op, bound: list[Any]) -> None:
    dim = next(bound[i] for i, parameter in enumerate(op.parameters) if parameter.name == "dim")
    # One function of PyTorch's finds both medians, and speaks as the first.
    _refuse_empty_dims(op.name.removeprefix("nan"), bound[0].array, (dim,))


def _check_kth(session: Any, op: Op, bound: list[Any]) -> None:
    _check_dim(session, op, bound)
    array, k, dim = bound[0].array, bound[1], bound[2]
    axis = wrap_dim(dim, array.ndim)
    if not 0 < k <= (array.shape[axis] if array.ndim else 1):
        raise TorchError("kthvalue_range", dim=axis)


_SELECTED = {"self": "selected_backward(grad, dim, result1, self_size, keepdim)"}
_PAIR = ("values", "indices")

HELPERS = {
    "extreme_backward": extreme_backward,
    "shared_backward": shared_backward,
    "aminmax_backward": aminmax_backward,
    "selected_backward": selected_backward,
    "zeros_sized": zeros_sized,
    "constant": constant,
}

ROWS = [
    *_extremes("max", "Max"),
    *_extremes("min", "Min"),
    _amaxes("amax", "Amax", "maximum"),
    _amaxes("amin", "Amin", "minimum"),
    general(
        "aminmax(Tensor self, *, int? dim=None, bool keepdim=False)",
        "AminmaxBackward0",
        aminmax,
        grad={"self": "aminmax_backward(grads, self, result0, result1, dim, keepdim)"},
        gradient_edits={"self": "all(grad is not None for grad in grads)"},
        outputs=("min", "max"),
        differentiable_outputs=2,
        check=_check_aminmax,
        result_edits=lambda bound: 1 if bound[1] is None else _selection_edits(bound),
        older={
            "torch-1.13": {
                "grad_fn": "torch::autograd::NotImplemented",
                "grad": {"self": "not_implemented('aminmax')"},
                "bare_edges": True,
            }
        },
        doc="both extremes; ties share the gradient",
        samples=("a.aminmax()", "torch.aminmax(a, dim=0)"),
    ),
    _args("argmax", "maximum"),
    _args("argmin", "minimum"),
    general(
        "median(Tensor self)",
        "MedianBackward0",
        median,
        grad={"self": "extreme_backward(grad, self, result)"},
        gradient_edits={"self": 1},
        refuses=where_elements(no_bools("median_cpu")),
        result_edits=lambda bound: int(not bound[0].array.size),
        doc="the middle value, the lower of two; ties share the gradient",
        samples=("a.median()",),
    ),
    general(
        "median.dim(Tensor self, int dim, bool keepdim=False)",
        "MedianBackward1",
        median_dim,
        grad=_SELECTED,
        gradient_edits={"self": 2},
        outputs=_PAIR,
        check=_check_dim,
        refuses=no_bools("median_out"),
        inside="median",
        result_edits=1,
        out={"text": "out_median", "blind": True},
        doc="the middle value along dim, and where it is",
        samples=("a.median(0)",),
    ),
    general(
        "nanmedian(Tensor self)",
        "NanmedianBackward0",
        nanmedian,
        grad={"self": "extreme_backward(grad, self, result)"},
        gradient_edits={"self": 1},
        refuses=where_elements(no_bools("median_cpu")),
        result_edits=lambda bound: int(not bound[0].array.size),
        doc="the middle value of those that are not nan",
        samples=("a.nanmedian()",),
    ),
    general(
        "nanmedian.dim(Tensor self, int dim, bool keepdim=False)",
        "NanmedianBackward1",
        nanmedian_dim,
        grad=_SELECTED,
        gradient_edits={"self": 2},
        outputs=_PAIR,
        check=_check_dim,
        refuses=no_bools("median_out"),
        inside="nanmedian",
        result_edits=1,
        doc="the middle value along dim of those that are not nan, and where it is",
    ),
    general(
        "mode(Tensor self, int dim=-1, bool keepdim=False)",
        "ModeBackward0",
        mode,
        grad=_SELECTED,
        gradient_edits={"self": 2},
        outputs=_PAIR,
        check=_check_dim,
        result_edits=lambda bound: 0 if bound[0].shape and bound[2] else 2,
        out={"text": "out_mode", "blind": True},
        doc="the most frequent value along dim, and where it is last",
        samples=("a.mode()",),
    ),
    general(
        "kthvalue(Tensor self, int k, int dim=-1, bool keepdim=False)",
        "KthvalueBackward0",
        kthvalue,
        grad=_SELECTED,
        gradient_edits={"self": 2},
        outputs=_PAIR,
        check=_check_kth,
        refuses=where_dims(no_bools("kthvalue_cpu")),
        inside="kthvalue",
        result_edits=1,
        out={"text": "out_kthvalue", "blind": True},
        doc="the k-th smallest value along dim, and where it is",
        samples=("a.kthvalue(1)",),
    ),
]
