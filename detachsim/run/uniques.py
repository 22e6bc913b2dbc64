"""``torch.unique_consecutive`` as a function, which returns other things than it was asked for."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.calls import truth
from detachsim.engine.session import Session
from detachsim.engine.tensor import fresh

_FLAGS = ("return_inverse", "return_counts")
_NAMES = ("input", *_FLAGS, "dim")


def unique_consecutive(session: Session, *args: Any, **kwargs: Any) -> Any:
    """Return the values, and what PyTorch takes for wanted.

    It looks for the flags where ``torch.unique`` has them, one place further, so that a flag by its place counts for
    the next one; what was not asked for by its right place is then empty.
    """
    given = dict(zip(_NAMES, args, strict=False)) | kwargs
    taken = dict(zip(("input", "return_counts", "return_inverse"), args, strict=False)) | kwargs
    self, dim = given["input"], given.get("dim")
    asked = [name for name in _FLAGS if truth(given.get(name, False))]
    if dim is not None and (dim != 0 or self.array.ndim != 1):
        asked = list(_FLAGS)  # what compares slices finds all
    values = session.call("unique_consecutive", self, *(name in asked for name in _FLAGS), dim)
    made: dict[str, Any] = {}
    if asked:
        values, *rest = values
        made = dict(zip(asked, rest, strict=True))
    wanted = [name for name in _FLAGS if truth(taken.get(name, False))]
    if not wanted:
        return values
    return (values, *(made.get(name, fresh(np.zeros(0, np.int64), dtypes.int64)) for name in wanted))
