"""How much a scenario may ask for: it is a teaching program, and a mistyped number must not take minutes."""

from collections.abc import Sequence
from math import prod

from detachsim.engine.errors import LimitError

MAX_ELEMENTS = 50_000_000
"""One tensor may hold this many elements, and an op read this many of one that is expanded."""

MAX_FACTORED = 1000
"""Matrices of this many rows and columns can be taken apart in about a second."""


def require_few(elements: int) -> None:
    """Refuse a tensor of more elements than are allowed."""
    if elements > MAX_ELEMENTS:
        raise LimitError(
            f"a tensor of {elements:,} elements is more than the {MAX_ELEMENTS:,} that one tensor may hold"
        )


def require_small(shape: Sequence[int]) -> None:
    """Refuse to take matrices apart that are so large, or so many, that it would take minutes."""
    if prod(shape) * min(shape[-2:]) > MAX_FACTORED**3:
        raise LimitError(f"taking matrices of the shape {list(shape)} apart would take minutes")
