"""Logic: bits, shifts, tests for nan and infinity, closeness, equality, where."""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_MADE, AS_OPERANDS, as_first, laid_out
from detachsim.engine.op import Op
from detachsim.ops.element_types import integers_only, whole_numbers_only
from detachsim.ops.row import COMPARE, composite, pointwise


def _bitwise(name: str, kernel: Any, symbol: str, refuses: Any) -> list[Op]:
    return [
        pointwise(
            f"{name}(Tensor self, Number|Tensor other)",
            "",
            kernel,
            refuses=refuses,
            inplace=True,
            doc=f"self {symbol} other, bit by bit",
        ),
        pointwise(f"{name}.Scalar_Tensor(Number|Tensor self, Tensor other)", "", kernel, refuses=refuses, where="t"),
    ]


def left_shift(self: Array, other: Array) -> Array:
    bits = self.dtype.itemsize * 8
    inside = (other >= 0) & (other < bits)
    return np.where(inside, np.left_shift(self, np.where(inside, other, 0)), 0).astype(self.dtype)


def right_shift(self: Array, other: Array) -> Array:
    bits = self.dtype.itemsize * 8
    return np.right_shift(self, np.where((other >= 0) & (other < bits), other, bits - 1)).astype(self.dtype)


def _check_invert(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="bitwise_not_cpu", dtype=bound[0].dtype.scalar)


def _check_invert_operator(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].dtype.is_floating:
        raise TorchError("invert_dtype")


def _test(name: str, function: Any, doc: str) -> Op:
    def kernel(self: Array) -> Array:
        if self.dtype.kind == "f":
            return laid_out(np.asarray(function(self)), AS_OPERANDS, (self,))
        made = np.full(self.shape, name == "isfinite")
        return as_first(made, self) if name in ("isfinite", "isinf") else laid_out(made, AS_OPERANDS, (self,))

    return pointwise(f"{name}(Tensor self)", "", kernel, promote=COMPARE, layout=AS_MADE, doc=doc)


def isclose(ops: Any, self: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether |self - other| is at most atol + rtol * |other|; PyTorch adds each such condition in place."""
    close = ops._isclose(self, other, rtol, atol, equal_nan)
    close.tensor.version.value += (rtol != 0 or atol != 0) + (equal_nan and self.tensor.dtype.is_floating)
    return close


def _isclose(self: Array, other: Array, rtol: float, atol: float, equal_nan: bool) -> Array:
    equal = np.equal(self, other)
    if self.dtype.kind == "b" and rtol == atol == 0:
        return equal
    if self.dtype.kind != "f":
        left, right = self.astype(np.float64), other.astype(np.float64)
    else:
        left, right = self, other
    allowed = np.abs(right * rtol) + atol
    difference = np.abs(left - right)
    close = equal | (np.isfinite(difference) & (difference <= allowed))
    return close | (np.isnan(left) & np.isnan(right)) if equal_nan else close


def _check_close(session: Any, op: Op, bound: list[Any]) -> None:
    self, other, rtol, atol = bound[:4]
    if self.dtype is not other.dtype:
        raise TorchError("did_not_match", left=self.dtype.scalar, right=other.dtype.scalar)
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not value >= 0:
            raise TorchError("close_tolerance", name=name, value=f"{value:g}")


def allclose(
    ops: Any, self: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close."""
    return bool(ops.isclose(self, other, rtol, atol, equal_nan).tensor.array.all())


def equal(ops: Any, self: Any, other: Any) -> bool:
    """Whether both have the same shape and elements."""
    return bool(self.shape == other.shape and np.array_equal(self.tensor.array, other.tensor.array))


ROWS = [
    *_bitwise("bitwise_and", np.bitwise_and, "&", integers_only("bitwise_and_cpu")),
    *_bitwise("bitwise_or", np.bitwise_or, "|", integers_only("bitwise_or_cpu")),
    *_bitwise("bitwise_xor", np.bitwise_xor, "^", integers_only("bitwise_xor_cpu")),
    pointwise(
        "bitwise_not(Tensor self)",
        "",
        np.invert,
        check_dtypes=_check_invert,
        inplace=True,
        out={"text": "out_found"},
        doc="every bit of self turned round",
    ),
    pointwise(
        "invert(Tensor self)",
        "",
        np.invert,
        where="",
        check_dtypes=_check_invert_operator,
        doc="~self, which is bitwise_not with an error of its own",
    ),
    *_bitwise("bitwise_left_shift", left_shift, "<<", whole_numbers_only("lshift_cpu")),
    *_bitwise("bitwise_right_shift", right_shift, ">>", whole_numbers_only("rshift_cpu")),
    pointwise(
        "logical_xor(Tensor self, Tensor other)",
        "",
        np.logical_xor,
        promote=COMPARE,
        inplace=True,
        unguarded=True,
        result_edits=1,
        out={"fits": "castable", "text": "inplace_cast"},
        doc="whether just one of the two is not 0",
        samples=("a.logical_xor(b)",),
    ),
    _test("isnan", np.isnan, "whether an element is nan"),
    _test("isinf", np.isinf, "whether an element is an infinity"),
    _test("isfinite", np.isfinite, "whether an element is a finite number"),
    _test("isposinf", np.isposinf, "whether an element is the positive infinity"),
    _test("isneginf", np.isneginf, "whether an element is the negative infinity"),
    pointwise(
        "signbit(Tensor self)",
        "",
        lambda self: np.signbit(self) if self.dtype.kind == "f" else np.asarray(self < 0),
        promote=COMPARE,
        out={"text": "out_signbit"},
        doc="whether an element has a minus sign",
        samples=("a.signbit()",),
    ),
    pointwise(
        "_isclose(Tensor self, Tensor other, float rtol, float atol, bool equal_nan)",
        "",
        _isclose,
        promote=COMPARE,
        where="",
        check=_check_close,
        doc="whether two are close, element by element",
    ),
    composite(
        "isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False)",
        isclose,
        doc="whether |self - other| is at most atol + rtol * |other|",
        samples=("a.isclose(b)",),
    ),
    composite(
        "allclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False)",
        allclose,
        where="mt",
        doc="whether all elements are close, as a Python bool",
    ),
    composite(
        "equal(Tensor self, Tensor other)", equal, where="mt", doc="whether two tensors are the same, as a Python bool"
    ),
    composite(
        "where.method(Tensor self, Tensor condition, Number|Tensor other)",
        lambda ops, self, condition, other: ops.where_self(condition, self, other),
        where="m",
        out={"text": "out_where"},
        doc="self where condition is true, other elsewhere",
    ),
]
