"""Comparisons, boolean ops, and what chooses between values: clamp, where."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.op import POINTWISE, Op
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Tensor
from detachsim.ops.extremum import refuse_scalar_clamp, require_castable
from detachsim.ops.numeric import converted, larger, smaller
from detachsim.ops.row import ARITHMETIC, COMPARE, inplace, pointwise


def _comparison(name: str, kernel: Any, doc: str, symbol: str) -> list[Op]:
    """Return a comparison, and its in-place variants, which unlike it have nodes: nothing flows through them."""
    node = f"{name.capitalize()}Backward"
    note = f"The in-place variant of {name}."
    return [
        pointwise(
            f"{name}(Tensor self, Number|Tensor other)",
            "",
            kernel,
            promote=COMPARE,
            doc=doc,
            samples=(f"a {symbol} b",),
        ),
        inplace(
            f"{name}_(Tensor self, Tensor other)",
            f"{node}1",
            kernel,
            kind=POINTWISE,
            promote=COMPARE,
            grad={"self": "zeros_of(grad)", "other": "zeros_of(grad)"},
            doc=note,
        ),
        inplace(
            f"{name}_.Scalar(Tensor self, Number other)",
            f"{node}0",
            lambda self, other: kernel(self, np.asarray(other)),
            kind=POINTWISE,
            promote=COMPARE,
            grad={"self": "zeros_of(grad)"},
            doc=note,
        ),
    ]


def clamp(self: Array, min: float | None = None, max: float | None = None) -> Array:
    low = None if min is None else converted(min, self)
    high = None if max is None else converted(max, self)
    # Where both bounds cross, PyTorch gives the upper one.
    result = self if low is None else larger(self, low)
    return result.copy() if high is None and low is None else result if high is None else smaller(result, high)


def _check_clamp(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1] is None and bound[2] is None:
        raise TorchError("clamp_none")
    result = result_type([value for value in bound if value is not None])
    for value in bound[1:]:
        if value is not None:
            require_fit(session, result, value)
    if op.mutates:
        require_castable(result, bound[0].dtype)


def _refuse_clamp(session: Any, op: Op, bound: list[Any]) -> None:
    refuse_scalar_clamp(session, result_type([value for value in bound if value is not None]), *bound[1:])


def clamp_backward(ops: Any, grad: Any, self: Any, min: float | None, max: float | None) -> Any:
    """grad where self is within the bounds, the bounds included."""
    if min is not None and max is not None:
        inside = ops.logical_and(self >= min, self <= max)
    else:
        inside = self >= min if min is not None else self <= max
    return ops.where(inside, grad, ops.zeros_of(grad))


def _check_condition(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].dtype is dtypes.uint8:
        session.warn_once("where_uint8")
    elif bound[0].dtype is not dtypes.boolean:
        raise TorchError("where_condition", dtype=bound[0].dtype.scalar)
    for value in bound[1:]:
        if not isinstance(value, Tensor):
            require_fit(session, result_type(bound[1:]), value, single=True)


def zeros_of(ops: Any, value: Any) -> Any:
    """Zeros with the shape and type of ``value``, outside the graph."""
    return np.zeros_like(value) if isinstance(value, np.ndarray | np.generic) else ops.zeros_like(value)


HELPERS = {"clamp_backward": clamp_backward, "zeros_of": zeros_of}

ROWS = [
    *_comparison("lt", np.less, "self < other", "<"),
    *_comparison("le", np.less_equal, "self <= other", "<="),
    *_comparison("gt", np.greater, "self > other", ">"),
    *_comparison("ge", np.greater_equal, "self >= other", ">="),
    *_comparison("eq", np.equal, "self == other", "=="),
    *_comparison("ne", np.not_equal, "self != other", "!="),
    pointwise(
        "logical_and(Tensor self, Tensor other)",
        "",
        np.logical_and,
        promote=COMPARE,
        inplace=True,
        unguarded=True,
        result_edits=1,
        out={"fits": "castable", "text": "inplace_cast"},
        doc="whether both are not 0",
        samples=("a.logical_and(b)",),
    ),
    pointwise(
        "logical_or(Tensor self, Tensor other)",
        "",
        np.logical_or,
        promote=COMPARE,
        inplace=True,
        unguarded=True,
        result_edits=1,
        out={"fits": "castable", "text": "inplace_cast"},
        doc="whether one of the two is not 0",
        samples=("a.logical_or(b)",),
    ),
    pointwise(
        "logical_not(Tensor self)",
        "",
        np.logical_not,
        promote=COMPARE,
        inplace=True,
        unguarded=True,
        result_edits=1,
        out={"fits": "castable", "text": "inplace_cast"},
        doc="whether self is 0",
        samples=("a.logical_not()",),
    ),
    pointwise(
        "clamp(Tensor self, PromotingNumber? min=None, PromotingNumber? max=None)",
        "ClampBackward1",
        clamp,
        grad={"self": "clamp_backward(grad, self, min, max)"},
        check=_check_clamp,
        refuses=_refuse_clamp,
        inplace=True,
        out={"text": "out_found"},
        doc="self, kept within min and max; the gradient is 1 at the bounds",
        samples=("a.clamp(0.3, 0.6)", "a.clamp(min=0.3)", "a.clamp(max=0.6)"),
    ),
    pointwise(
        "where.self(MaskTensor condition, Number|Tensor self, Number|Tensor other)",
        "WhereBackward0",
        np.where,
        promote=ARITHMETIC,
        where="t",
        grad={
            "self": "where(condition, grad, zeros_of(grad))",
            "other": "where(condition, zeros_of(grad), grad)",
        },
        check=_check_condition,
        out={"text": "out_where"},
        doc="self where condition is true, other elsewhere",
        samples=("torch.where(a > 0.5, a, b)",),
    ),
]
