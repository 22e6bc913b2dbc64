"""The constructors of ``torch.optim``: every optimizer by name; each takes the session first."""

from collections.abc import Callable
from typing import Any

from detachsim.ops.optim.adam_relatives import Adamax, NAdam, RAdam
from detachsim.ops.optim.adaptive import Adadelta, Adagrad, Adam, AdamW, RMSprop
from detachsim.ops.optim.base import Optimizer
from detachsim.ops.optim.descent import ASGD, SGD, Rprop
from detachsim.ops.python_calls import maker

CLASSES: tuple[type[Optimizer], ...] = (
    SGD,
    Adam,
    AdamW,
    RMSprop,
    Adagrad,
    Adadelta,
    Adamax,
    NAdam,
    RAdam,
    ASGD,
    Rprop,
)

CONSTRUCTORS: dict[str, Callable[..., Any]] = {made.__name__: maker(made) for made in CLASSES}
