"""Which classes of modules and optimizers a scenario can make; their own modules are read when one is named."""

from collections.abc import Callable
from typing import Any


def constructors(space: str) -> dict[str, Callable[..., Any]]:
    """Return what makes the values of ``torch.nn`` or ``torch.optim``, by name; each takes the session first."""
    if space == "torch.nn":
        from detachsim.ops import modules

        return modules.CONSTRUCTORS
    if space == "torch.optim":
        from detachsim.ops import optimizers

        return optimizers.CONSTRUCTORS
    return {}


def classes() -> tuple[Any, ...]:
    """Return the classes whose ATTRIBUTES and METHODS an expression may use."""
    from detachsim.ops import collections, modules, optimizers

    return (*modules.CLASSES, *optimizers.CLASSES, *collections.CLASSES)
