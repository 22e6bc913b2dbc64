"""Which classes of modules and optimizers a scenario can make."""

from collections.abc import Callable, Iterable
from typing import Any


def constructors(space: str) -> dict[str, Callable[..., Any]]:
    """Return what makes the values of ``torch.nn`` or ``torch.optim``, by name; each takes the session first."""
    return {}


def classes() -> Iterable[Any]:
    """Return the classes whose ATTRIBUTES and METHODS an expression may use."""
    return ()
