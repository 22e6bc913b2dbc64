"""Whether a value is what a scenario expects: shapes must match, numbers within a tolerance, all else exactly."""

import math
from typing import Any

import numpy as np

from detachsim.engine.dtypes import DType
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.run.spelling import represented
from detachsim.run.tensors import to_list


def differs(session: Session, value: Any, wanted: Any, atol: float, rtol: float) -> str | None:
    """Return ``None`` where ``value`` is as expected, else how to show what it is instead."""
    if _equals(_comparable(value), wanted, atol, rtol):
        return None
    return represented(session, value, rebuild=False)


def _comparable(value: Any) -> Any:
    if isinstance(value, Tensor):
        return to_list(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, DType):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return [_comparable(item) for item in value]
    return value


def _equals(actual: Any, wanted: Any, atol: float, rtol: float) -> bool:
    if isinstance(wanted, list) or isinstance(actual, list):
        return (
            isinstance(wanted, list)
            and isinstance(actual, list)
            and len(wanted) == len(actual)
            and all(_equals(a, w, atol, rtol) for a, w in zip(actual, wanted, strict=True))
        )
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return actual is wanted
    if isinstance(wanted, (int, float)) and isinstance(actual, (int, float)):
        return _near(float(actual), float(wanted), atol, rtol)
    if isinstance(wanted, str) and isinstance(actual, str) and actual.startswith("torch."):
        return actual in (wanted, f"torch.{wanted}")
    return type(actual) is type(wanted) and bool(actual == wanted)


def _near(actual: float, wanted: float, atol: float, rtol: float) -> bool:
    if math.isnan(actual) or math.isnan(wanted):
        return math.isnan(actual) and math.isnan(wanted)
    if math.isinf(actual) or math.isinf(wanted):
        return actual == wanted
    return abs(actual - wanted) <= atol + rtol * abs(wanted)


def expected_text(wanted: Any) -> str:
    """Return an expected YAML value as a short text."""
    if isinstance(wanted, list):
        return f"[{', '.join(expected_text(item) for item in wanted)}]"
    if wanted is None:
        return "None"
    return str(wanted)
