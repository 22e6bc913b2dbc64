"""How much a scenario may ask for: it is a teaching program, and a mistyped number must not take minutes."""

from detachsim.engine.errors import LimitError

MAX_ELEMENTS = 50_000_000
"""One tensor may hold this many elements, and an op read this many of one that is expanded."""


def require_few(elements: int) -> None:
    """Refuse a tensor of more elements than are allowed."""
    if elements > MAX_ELEMENTS:
        raise LimitError(
            f"a tensor of {elements:,} elements is more than the {MAX_ELEMENTS:,} that one tensor may hold"
        )
