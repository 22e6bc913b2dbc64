"""Steps in, events out: the interpreter of scenarios."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detachsim.events import Event
    from detachsim.lang.syntax import Dialect, Scenario

__all__ = ["execute"]


def execute(scenario: "Scenario", *, dialect: "Dialect | None" = None, detail: bool = True) -> "Iterator[Event]":
    """Run every variant of ``scenario`` and yield its events as they happen.

    ``dialect`` goes over the file's own. Without ``detail`` only what a script would print, warn and raise is told,
    and what the expectations came to, which is faster.
    """
    from detachsim.run.variants import run_variants

    return run_variants(scenario, dialect or scenario.dialect, detail=detail)
