"""Memory: clone, detach, copies, casts, fills."""

from typing import Any

import numpy as np

from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.layout import AS_FIRST, AS_MADE, as_first
from detachsim.engine.memory import COPYING, ELEMENTWISE, FILLING, overlaps_itself
from detachsim.engine.op import Op
from detachsim.engine.tensor import strides
from detachsim.engine.views import requires_grad
from detachsim.ops.row import CAST, alias, composite, general, inplace


def _copy_source(self: Array, other: Array | float, non_blocking: bool = False) -> Array:
    other = np.asarray(other)
    shape = broadcast_shape(self.shape, other.shape)
    if shape != self.shape:
        raise TorchError("inplace_broadcast", output=list(self.shape), broadcast=list(shape))
    return np.broadcast_to(other, shape)


def _check_fill(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1].array.ndim:
        raise TorchError("fill_dims", ndim=bound[1].array.ndim)
    if session.dialect != "torch-2.13":
        require_fit(session, bound[0].dtype, bound[1].array.item())
    elif overlaps_itself(bound[0].array):
        # Later releases fill from a tensor as they copy; a plain number may still be written everywhere.
        raise TorchError("overlap_self")


def _check_fill_number(session: Any, op: Op, bound: list[Any]) -> None:
    require_fit(session, bound[0].dtype, bound[1], single=bound[0].array.size == 1)


def _check_fill_dims(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1].array.ndim:
        raise TorchError("fill_dims", ndim=bound[1].array.ndim)
    if session.grad_enabled and requires_grad(bound[1]) and not bound[0].dtype.is_floating:
        raise TorchError("autograd_dtype", dtype=bound[0].dtype.scalar)


def fill_diagonal_(ops: Any, self: Any, fill_value: float, wrap: bool = False) -> Any:
    """The diagonal takes fill_value; with wrap, it begins anew below a square."""
    if self.ndim < 2:
        raise TorchError("fill_diagonal_dims")
    if self.ndim > 2 and len(set(self.shape)) > 1:
        raise TorchError("fill_diagonal_sizes")
    steps = strides(self.tensor.array)
    count = min(self.shape)
    ops.fill_(ops.as_strided(self, (count,), (sum(steps),)), fill_value)
    columns = self.shape[-1]
    if wrap and self.ndim == 2 and self.shape[0] > columns + 1:
        more = -(-self.size // sum(steps)) - count
        ops.fill_(ops.as_strided(self, (more,), (sum(steps),), steps[0] * (columns + 1)), fill_value)
    return self


def to(ops: Any, self: Any, dtype: DType, copy: bool = False) -> Any:
    """self itself where the type is right, else a copy of that type."""
    if self.tensor.dtype is dtype and not copy:
        return self
    return ops._to_copy(self, dtype) if dtype.is_floating else ops._to_whole(self, dtype)


def _cast_method(name: str, dtype: str) -> Op:
    from detachsim.engine.dtypes import BY_NAME

    return composite(
        f"{name}(Tensor self)",
        lambda ops, self: to(ops, self, BY_NAME[dtype]),
        where="m",
        doc=f"self as {dtype}",
        samples=(f"a.{name}()",),
    )


def clone(self: Array, memory_format: str | None = None) -> Array:
    """A copy laid out as self is, or, with ``"contiguous"``, in the order of its elements."""
    made = self.copy()
    return as_first(made, self) if memory_format is None else made


def contiguous(ops: Any, self: Any) -> Any:
    """self itself where its elements stand in order, else a copy."""
    return self if self.tensor.array.flags.c_contiguous else ops.clone(self, memory_format="contiguous")


def new_empty_strided(ops: Any, self: Any, size: Any, stride: Any) -> Any:
    """A new tensor with given strides and the type of self."""
    count = 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if 0 not in size else 0
    memory = ops.new_zeros(self, (count,))
    return ops.detach(ops.as_strided(memory, size, stride, 0))


ROWS = [
    # What ``out=`` leaves behind where PyTorch computes behind autograd's back.
    general(
        "_unseen_output(Tensor self, Tensor out, str op)",
        "torch::autograd::NotImplemented",
        lambda self, out, op: out,
        where="",
        bare_edges=True,
        grad={"self, out": "not_implemented(op)"},
    ),
    general(
        "clone(Tensor self, *, str? memory_format=None)",
        "CloneBackward0",
        clone,
        grad={"self": "grad"},
        inside="copy_",
        result_edits=1,
        layout=AS_MADE,
        doc="a copy with memory of its own, still in the graph",
        samples=("a.clone()",),
    ),
    alias(
        "detach(Tensor self)",
        lambda self: self,
        doc="the same memory and counter, cut from the graph",
        samples=("a.detach()",),
    ),
    composite("contiguous(Tensor self)", contiguous, where="m", doc="self, copied if its elements are not in order"),
    inplace(
        "copy_(Tensor self, Number|Tensor other, bool non_blocking=False)",
        "torch::autograd::CopyBackwards",
        _copy_source,
        grad={"self": "zeros_of(grad)", "other": "grad"},
        floats_only=True,
        elementwise=True,
        overlap=COPYING,
        older={"torch-1.13": {"overlap": ELEMENTWISE}},
        doc="self takes the values of other",
    ),
    inplace(
        "fill_(Tensor self, Number value)",
        "FillBackward2",
        lambda self, value: np.full(self.shape, np.array(value).astype(self.dtype)),
        where="mt",
        grad={"self": "zeros_of(grad)"},
        check=_check_fill_number,
        overlap=FILLING,
        doc="every element takes value",
    ),
    inplace(
        "fill_.Tensor(Tensor self, Tensor value)",
        "FillBackward3",
        lambda self, value: np.full(self.shape, value),
        where="mt",
        grad={"self": "zeros_of(grad)", "value": "sum(grad)"},
        overlap=FILLING,
        check=_check_fill,
    ),
    general(
        "fill(Tensor self, Number value)",
        "FillBackward0",
        lambda self, value: np.full_like(self, np.array(value).astype(self.dtype)),
        where="t",
        grad={"self": "zeros_of(grad)"},
        check=_check_fill_number,
        layout=AS_FIRST,
        result_edits=1,
        doc="self's shape, every element value",
        samples=("torch.fill(a, 2.0)",),
    ),
    general(
        "fill.Tensor(Tensor self, Tensor value)",
        "FillBackward1",
        lambda self, value: np.full_like(self, value),
        where="t",
        grad={"self": "zeros_of(grad)", "value": "sum(grad)"},
        check=_check_fill_dims,
        layout=AS_FIRST,
        result_edits=1,
        samples=("torch.fill(a, b.sum())",),
    ),
    composite(
        "fill_diagonal_(Tensor self, Number fill_value, bool wrap=False)",
        fill_diagonal_,
        where="m",
        doc="the diagonal takes fill_value",
    ),
    inplace(
        "zero_(Tensor self)",
        "ZeroBackward0",
        np.zeros_like,
        where="mt",
        grad={"self": "zeros_of(grad)"},
        overlap=FILLING,
        doc="every element becomes 0",
    ),
    general(
        "_to_copy(Tensor self, dtype dtype)",
        "ToCopyBackward0",
        lambda self, dtype: self.copy(),
        where="",
        promote=CAST,
        grad={"self": "grad"},
        inside="copy_",
        result_edits=1,
        layout=AS_FIRST,
        doc="a copy of another type",
    ),
    general(
        "_to_whole(Tensor self, dtype dtype)",
        "",
        lambda self, dtype: self.copy(),
        where="",
        promote=CAST,
        result_edits=1,
        layout=AS_FIRST,
        doc="a copy of a type that has no gradients",
    ),
    composite("to(Tensor self, dtype dtype, *, bool copy=False)", to, where="m", doc="self as another type"),
    composite(
        "to.device(Tensor self, *, dtype? dtype=None, bool copy=False)",
        lambda ops, self, dtype=None, copy=False: to(ops, self, dtype or self.tensor.dtype, copy),
        where="m",
    ),
    composite(
        "to.other(Tensor self, Tensor other, *, bool copy=False)",
        lambda ops, self, other, copy=False: to(ops, self, other.tensor.dtype, copy),
        where="m",
    ),
    composite(
        "type_as(Tensor self, Tensor other)", lambda ops, self, other: to(ops, self, other.tensor.dtype), where="m"
    ),
    _cast_method("float", "float32"),
    _cast_method("double", "float64"),
    _cast_method("half", "float16"),
    _cast_method("bfloat16", "bfloat16"),
    _cast_method("long", "int64"),
    _cast_method("int", "int32"),
    _cast_method("short", "int16"),
    _cast_method("char", "int8"),
    _cast_method("byte", "uint8"),
    _cast_method("bool", "bool"),
    composite("new_empty_strided(Tensor self, int[] size, int[] stride)", new_empty_strided, where=""),
    composite("cpu(Tensor self)", lambda ops, self: self, where="m", doc="self, which is on the CPU already"),
]
