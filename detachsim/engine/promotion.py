"""Type promotion: which type the operands of an op meet in (``torch.result_type``)."""

from collections.abc import Iterable
from typing import Any

from detachsim.engine import dtypes
from detachsim.engine.dtypes import DType
from detachsim.engine.tensor import Tensor


def result_type(operands: Iterable[Any]) -> DType:
    """Return the type of a result from tensors and Python numbers.

    Tensors with dimensions decide; 0-d tensors and then numbers only where they are of a higher category
    (bool < integer < float). A Python float means float32, an int int64.
    """
    dimensioned: DType | None = None
    zero_dim: DType | None = None
    number: DType | None = None
    for value in operands:
        if isinstance(value, Tensor):
            if value.array.ndim:
                dimensioned = _join(dimensioned, value.dtype)
            else:
                zero_dim = _join(zero_dim, value.dtype)
        elif isinstance(value, (list, tuple)):
            for item in value:
                if item.array.ndim:
                    dimensioned = _join(dimensioned, item.dtype)
                else:
                    zero_dim = _join(zero_dim, item.dtype)
        else:
            number = _join(number, _number_type(value))
    return _combine(_combine(dimensioned, zero_dim), number) or dtypes.float32


def _number_type(value: Any) -> DType:
    if isinstance(value, bool):
        return dtypes.boolean
    return dtypes.int64 if isinstance(value, int) else dtypes.float32


def _join(left: DType | None, right: DType) -> DType:
    return right if left is None else dtypes.promote(left, right)


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    if higher is None:
        return lower
    if lower is None or higher.category >= lower.category:
        return higher
    return dtypes.promote(higher, lower)
