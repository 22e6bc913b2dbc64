"""The constructors of ``torch.optim``: every optimizer by name; each takes the session first."""

from collections.abc import Callable
from typing import Any

from detachsim.ops.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from detachsim.ops.optim.base import Optimizer
from detachsim.ops.optim.descent import SGD
from detachsim.ops.python_calls import maker

CLASSES: tuple[type[Optimizer], ...] = (SGD, Adam, AdamW, RMSprop, Adagrad)

CONSTRUCTORS: dict[str, Callable[..., Any]] = {made.__name__: maker(made) for made in CLASSES}
