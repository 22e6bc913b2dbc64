"""The constructors of ``torch.optim.lr_scheduler``: every schedule by name; each takes the session first."""

from collections.abc import Callable
from typing import Any

from detachsim.ops.optim import combined, cycles, plateau, schedules
from detachsim.ops.python_calls import maker

CLASSES: tuple[type[schedules.Adjuster], ...] = (
    *schedules.BY_EPOCH,
    *cycles.CLASSES,
    *plateau.CLASSES,
    *combined.CLASSES,
)

CONSTRUCTORS: dict[str, Callable[..., Any]] = {made.__name__: maker(made) for made in CLASSES}
