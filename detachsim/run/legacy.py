"""The constructors from before ``torch.tensor``: ``torch.Tensor``, ``torch.LongTensor`` and so on.

One takes numbers in nested lists, another tensor of its type, which it shares, or sizes of memory that nobody filled.
Source: measured on 2.13.0.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.parser import invalid_combination
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.engine.texts.creation import LEGACY_SIGNATURES
from detachsim.ops.collections import items_of
from detachsim.ops.from_lists import from_data
from detachsim.run.values import Size, type_name


def _made(dtype: DType | None, session: Session, *args: Any, device: Any = None, **named: Any) -> Tensor:
    """Return a new tensor of a constructor's type, ``None`` for that of all. Raises ``TorchError``."""
    rest = dict(named)
    given = (*args, *(rest.pop(name) for name in ("data", "other", "size") if name in named))
    value = given[0] if given else []
    if rest or (len(given) > 1 and not _is_whole(value)):
        new = session.dialect == NEWEST
        signatures = [text if new else text.replace(" = None", "") for text in LEGACY_SIGNATURES]
        text = invalid_combination("new", signatures, args, named, items=new)
        raise TorchError("python", type="TypeError", text=text)
    if isinstance(value, Tensor):
        if dtype not in (None, value.dtype):
            raise TorchError("legacy_other_type", expected=dtype.cpp, found=value.dtype.cpp)
        shared: Tensor = session.call("alias", value)
        return shared
    kind = dtype or dtypes.float32
    if _is_whole(value) or isinstance(value, Size):
        return _of_size(session, kind, value if isinstance(value, Size) else given)
    if not isinstance(value, (str, np.ndarray)):
        items = items_of(value)
        if items is None:
            raise TorchError("legacy_data", type=type_name(value))
        value = items
    return from_data(session, value, kind)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _of_size(session: Session, dtype: DType, size: tuple[Any, ...]) -> Tensor:
    for place, length in enumerate(size):
        if not isinstance(length, int):
            raise TorchError("legacy_size", place=place + 1, type=type_name(length))
    made: Tensor = session.call("empty", *size, dtype=dtype)
    return made


CONSTRUCTORS: dict[str, Callable[..., Tensor]] = {
    "Tensor": partial(_made, None),
    **{f"{dtype.scalar}Tensor": partial(_made, dtype) for dtype in dtypes.ALL},
}
