"""Whether a Python number fits the element type that it is to be written into, which some ops ask and others don't."""

import math
from typing import TYPE_CHECKING

import numpy as np

from detachsim.engine.dtypes import BOOLEAN, DType
from detachsim.engine.errors import TorchError

if TYPE_CHECKING:
    from detachsim.engine.session import Session

# What the check calls the types: C++'s own names, as the compiler spells the template's argument.
_NAMES = {
    "float32": "float",
    "float64": "double",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "int64": "int64_t",
    "int32": "int",
    "int16": "int16_t",
    "int8": "int8_t",
    "uint8": "uint8_t",
}


def fits(dtype: DType, value: float) -> bool:
    """Say whether ``value`` can be written into ``dtype``, be it rounded: everything is a truth value, infinity floats.

    A negative whole number fits an unsigned type as what it wraps to, if it goes round once only.
    """
    if dtype.category == BOOLEAN or isinstance(value, bool):
        return True
    if dtype.is_floating:
        return not math.isfinite(value) or abs(value) <= dtype.largest
    bounds = np.iinfo(dtype.numpy)
    if not math.isfinite(value):
        return False
    is_whole = isinstance(value, int)
    if bounds.min == 0 and is_whole and value < 0:
        return -value <= bounds.max
    # int64's largest number is no float, so that the comparison is one with the float above it.
    return bounds.min <= value <= (bounds.max if is_whole else float(bounds.max))


def require_fit(session: "Session", dtype: DType, value: float, *, single: bool = False) -> None:
    """Refuse a number that does not fit; the filling of a ``single`` element makes a small float infinite instead."""
    if fits(dtype, value) or (single and dtype.is_reduced and session.dialect == "torch-2.13"):
        return
    name = _NAMES[dtype.name]
    if session.dialect != "torch-2.13":
        name = name.replace("c10::", "at::")
    raise TorchError("number_overflow", type=name)
