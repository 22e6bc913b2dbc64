"""Whether anybody but the pass itself holds a gradient, so that it may be taken or added to."""

from sys import getrefcount
from typing import Any

import numpy as np

from detachsim.engine.memory import overlaps_itself


def _references(slots: list[Any], number: int) -> int:
    return getrefcount(slots[number])


# How many references to an object Python counts when nothing but one list holds it.
_ALONE = _references([object()], 0)


def is_alone(slots: list[Any], number: int, *, memory: bool = True) -> bool:
    """Whether nothing but ``slots`` holds a gradient, so that it may be taken, or (``memory``) added to."""
    if _references(slots, number) != _ALONE:
        return False
    array = slots[number]
    if isinstance(array, np.generic):
        return True  # numpy's own number in the place of an array without dims
    if type(array) is not np.ndarray:
        return False
    if not memory:
        return not overlaps_itself(array) and array.flags.writeable
    if array.base is not None:
        return False  # a view holds its base, and so its memory twice
    return bool(array.flags.forc) and array.flags.writeable
