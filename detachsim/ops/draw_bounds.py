"""Which whole numbers a type can hold: what PyTorch asks before it draws integers for a tensor."""

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session

# Up to 2 to this power a floating type has every whole number.
_EXACT_BITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
_MOST_HALF = 65504


def check_bounds(session: Session, dtype: DType, low: int, high: int) -> None:
    """Refuse numbers from ``low`` up to but without ``high`` that ``dtype`` can't hold; warn of those that it rounds.

    The text of the warning names a release that has come and gone.
    """
    if low >= high:
        raise TorchError("randint_bounds", low=low, high=high)
    for name, value in (("from", low), ("to - 1", high - 1)):
        bits = _EXACT_BITS.get(dtype.name)
        if bits is None:
            least, most = (0, 1) if dtype is dtypes.boolean else _limits(dtype)
        else:
            most = _MOST_HALF if dtype is dtypes.float16 else 1 << 64
            least = -most
        if not least <= value <= most:
            raise TorchError("draw_bounds", name=name, dtype=dtype.cpp)
        if bits is not None and abs(value) > 1 << bits:
            session.warn("draw_precision", name=name, bits=bits, dtype=dtype.cpp)


def _limits(dtype: DType) -> tuple[int, int]:
    info = np.iinfo(dtype.numpy)
    return int(info.min), int(info.max)


def check_permutation(dtype: DType, n: int) -> None:
    """Refuse a permutation of more numbers than ``dtype`` can hold."""
    if dtype is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel="randperm", dtype=dtype.scalar)
    bits = _EXACT_BITS.get(dtype.name)
    if bits is None:
        if n - 1 > _limits(dtype)[1]:
            raise TorchError("randperm_overflow", type=f"{dtype.name}_t")
    elif dtype is not dtypes.bfloat16 and n > (1 << bits) + 1:
        most = (1 << bits) + 1 if dtype is dtypes.float16 else f"2^{bits}+1"
        raise TorchError("randperm_precision", most=most, dtype=dtype.scalar)
