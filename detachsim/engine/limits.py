"""How much a scenario may ask for: it is a teaching program, and a mistyped number must not take minutes."""

from collections.abc import Sequence
from math import prod

from detachsim.engine.errors import LimitError

MAX_ELEMENTS = 50_000_000
"""One tensor may hold this many elements, and an op read this many of one that is expanded."""

MAX_FACTORED = 1000
"""Matrices of this many rows and columns can be taken apart in about a second."""

MAX_PRODUCTS = 10**11
"""A product of matrices of this many multiplications takes seconds."""
MAX_DRAWS = 1_000_000
"""So do as many random numbers that have to be drawn one after another,"""
MAX_WINDOWS = 200_000
"""and as many windows of different sizes."""
MAX_DIFFERENCES = 10_000
"""So does a function that is run twice for each of so many elements."""
MAX_STEPS = 1_000_000
"""A polynomial is made of those of lower degrees in as many steps."""


def require_few(elements: int) -> None:
    """Refuse a tensor of more elements than are allowed."""
    if elements > MAX_ELEMENTS:
        raise LimitError(
            f"a tensor of {elements:,} elements is more than the {MAX_ELEMENTS:,} that one tensor may hold"
        )


def require_no_negative(shape: Sequence[int]) -> None:
    """Refuse the views of a size below 0 that PyTorch makes where another size is 0: numpy has none."""
    if min(shape, default=0) < 0:
        raise LimitError(f"a tensor of the negative size {tuple(shape)}")


def require_small(shape: Sequence[int]) -> None:
    """Refuse to take matrices apart that are so large, or so many, that it would take minutes."""
    if prod(shape) * min(shape[-2:]) > MAX_FACTORED**3:
        raise LimitError(f"taking matrices of the shape {list(shape)} apart would take minutes")


def require_few_products(left: Sequence[int], right: Sequence[int]) -> None:
    """Refuse to multiply matrices of two shapes that are so large that it would take minutes."""
    if prod(left) * (right[-1] if len(right) > 1 else 1) > MAX_PRODUCTS:
        raise LimitError(f"the product of {list(left)} and {list(right)} would take minutes")


def require_few_draws(count: int) -> None:
    """Refuse to draw so many random numbers one after another that it would take minutes."""
    if count > MAX_DRAWS:
        raise LimitError(f"drawing {count:,} numbers one after another would take minutes")


def require_few_windows(counts: Sequence[int]) -> None:
    """Refuse to cut a tensor into so many windows of different sizes that it would take minutes."""
    if prod(counts) > MAX_WINDOWS:
        raise LimitError(f"{prod(counts):,} windows would take minutes")


def require_few_steps(degree: int) -> None:
    """Refuse a polynomial of so high a degree that the steps to it would take minutes."""
    if degree > MAX_STEPS:
        raise LimitError(f"a polynomial of the degree {degree:,} would take minutes")


def require_few_differences(count: int) -> None:
    """Refuse to take small steps of so many elements that it would take minutes."""
    if count > MAX_DIFFERENCES:
        raise LimitError(f"the differences for small steps of {count:,} elements would take minutes")
