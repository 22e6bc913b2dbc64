"""Special functions: erf and its kin, the gamma family, logit, Bessel functions."""

import math
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.op import Op
from detachsim.ops import special_functions
from detachsim.ops.element_types import promoted
from detachsim.ops.numeric import precise
from detachsim.ops.row import FLOAT, composite, pointwise

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
_SQRT_PI_OVER_TWO = math.sqrt(math.pi) / 2


_log = precise(np.log)


def logit(self: Array, eps: float | None = None) -> Array:
    values = self
    if eps is not None:
        low, high = self.dtype.type(eps), self.dtype.type(1 - eps)
        values = np.where(values < low, low, np.where(values > high, high, values))
    return _log(values / (1 - values))


def _refuse_wide(session: Any, op: Any, bound: list[Any]) -> None:
    if bound[1] is not None:
        require_fit(session, promoted(op, bound) if bound[0].dtype.is_floating else dtypes.float32, bound[1])


def logit_backward(ops: Any, grad: Any, self: Any, eps: float | None) -> Any:
    """The gradient of logit: 0 where self was clamped; without eps, nan outside of 0 and 1."""
    low, high = (0.0, 1.0) if eps is None else (eps, 1.0 - eps)
    inside = ops.logical_and(self >= low, self <= high)
    outside = ops.zeros_of(grad)
    if eps is None:
        outside = ops.masked_fill(outside, outside == 0.0, math.nan)
    return ops.where(inside, grad / (self * (1.0 - self)), outside)


def i1_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of i1: 1/2 at 0."""
    dtype = (grad.dtype if isinstance(grad, np.ndarray | np.generic) else grad.tensor.dtype).name
    if dtype in ("float16", "bfloat16"):
        raise TorchError("not_implemented_for", kernel="i1_backward", dtype=dtypes.BY_NAME[dtype].scalar)
    tiny = float(np.finfo(dtype).eps)
    large = ops.abs(self) > tiny
    safe = ops.where(large, self, tiny)
    subtrahend = result * ops.reciprocal(safe)
    slope = ops.i0(safe) - subtrahend
    return grad * ops.where(large, slope, 0.5)


def _check_polygamma(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0] < 0:
        raise TorchError("polygamma_order")


def _polygamma(n: int, self: Array) -> Array:
    return special_functions.polygamma(n, self)


def _function(name: str, node: str, formula: str, doc: str, where: str = "mt") -> Op:
    return pointwise(
        f"{name}(Tensor self)",
        node,
        precise(getattr(special_functions, name)),
        promote=FLOAT,
        grad={"self": formula},
        inplace=True,
        where=where,
        doc=doc,
        samples=(f"a.{name}()",) if where else (),
    )


HELPERS = {"logit_backward": logit_backward, "i1_backward": i1_backward}

ROWS = [
    _function("erf", "ErfBackward0", f"{_TWO_OVER_SQRT_PI!r} * exp(-pow(self, 2)) * grad", "error function"),
    _function("erfc", "ErfcBackward0", f"-{_TWO_OVER_SQRT_PI!r} * exp(-pow(self, 2)) * grad", "1 - erf(self)"),
    _function(
        "erfinv",
        "ErfinvBackward0",
        f"{_SQRT_PI_OVER_TWO!r} * exp(pow(erfinv(self), 2)) * grad",
        "the inverse of erf",
    ),
    _function("lgamma", "LgammaBackward0", "grad * digamma(self)", "logarithm of the gamma function"),
    _function("digamma", "DigammaBackward0", "grad * polygamma(1, self)", "derivative of lgamma"),
    pointwise(
        "polygamma(int n, Tensor self)",
        "PolygammaBackward0",
        _polygamma,
        promote=FLOAT,
        where="t",
        grad={"self": "grad * polygamma(n + 1, self)"},
        check=_check_polygamma,
        doc="digamma, differentiated n times",
        samples=("torch.polygamma(1, a)",),
    ),
    composite(
        "polygamma.method(Tensor self, int n)",
        lambda ops, self, n: ops.polygamma(n, self),
        where="m",
        doc="digamma, differentiated n times",
        samples=("a.polygamma(1)",),
    ),
    _function("i0", "I0Backward0", "grad * i1(self)", "modified Bessel function of order 0"),
    _function("i1", "SpecialI1Backward0", "i1_backward(grad, self, result)", "Bessel function of order 1", where=""),
    pointwise(
        "logit(Tensor self, float? eps=None)",
        "LogitBackward0",
        logit,
        promote=FLOAT,
        grad={"self": "logit_backward(grad, self, eps)"},
        refuses=_refuse_wide,
        inplace=True,
        out={"fits": "castable", "text": "inplace_cast"},
        doc="log(self / (1 - self)), the inverse of sigmoid",
        samples=("a.logit()", "a.logit(0.3)"),
    ),
]
