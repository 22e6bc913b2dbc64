"""ReduceLROnPlateau: the rate falls when a number that is watched no longer gets better."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.optim.options import number
from detachsim.ops.optim.schedules import Adjuster
from detachsim.ops.python_calls import method

_ORDER = (
    "factor default_min_lr min_lrs patience cooldown eps last_epoch _last_lr mode_worse mode threshold threshold_mode "
    "best cooldown_counter num_bad_epochs"
)
_OLDER_ORDER = (
    "factor min_lrs patience verbose cooldown cooldown_counter mode threshold threshold_mode best num_bad_epochs "
    "mode_worse eps last_epoch _last_lr"
)


class ReduceLROnPlateau(Adjuster):
    """The rate times ``factor`` after more than ``patience`` epochs without a better number."""

    settings = tuple(name for name in _ORDER.split() if name != "_last_lr")
    verbose = False

    def __init__(
        self,
        optimizer: Any,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise TorchError("plateau_factor")
        self.check_optimizer(optimizer)
        self.optimizer = optimizer
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.threshold, self.threshold_mode, self.mode = threshold, threshold_mode, mode
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        groups = len(optimizer.param_groups)
        self.min_lrs = [min_lr] * groups if self.default_min_lr is not None else list(min_lr)
        if len(self.min_lrs) != groups:
            raise TorchError("plateau_least", expected=groups, found=len(min_lr))
        for what, value, known in (
            ("mode", mode, ("min", "max")),
            ("threshold mode", threshold_mode, ("rel", "abs")),
        ):
            if value not in known:
                # Python joins texts alone.
                raise TorchError("plateau_mode", what=what, value="" + value)
        self.mode_worse = self.best = math.inf if mode == "min" else -math.inf
        self.last_epoch = self.cooldown_counter = self.num_bad_epochs = 0
        self.last_rates = self._rates()

    def _rates(self) -> list[Any]:
        return [group.table["lr"] for group in self.optimizer.param_groups]

    def state(self) -> dict[str, str]:
        """Return what a state dict holds, in the order in which PyTorch makes it."""
        own = {"_last_lr": "last_rates"}
        if self.session.dialect == NEWEST:
            return {name: own.get(name, name) for name in _ORDER.split()}
        names = _OLDER_ORDER.split() if self.last_epoch else _OLDER_ORDER.split()[:-1]
        return {name: own.get(name, name) for name in names}

    def get_last_lr(self) -> list[Any]:
        """Return the rates that were set last, which 1.13 does not tell."""
        if self.session.dialect != NEWEST:
            text = "'ReduceLROnPlateau' object has no attribute 'get_last_lr'"
            raise TorchError("python", type="AttributeError", text=text)
        return super().get_last_lr()

    def step(self, metrics: Any) -> None:
        """Look at the number of one more epoch."""
        if isinstance(metrics, Tensor) and metrics.array.size != 1:
            raise TorchError("scalar_conversion")
        current = float(number(metrics))
        self.last_epoch += 1
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self.last_rates = self._rates()

    def _is_better(self, current: float) -> bool:
        # How much better it has to be is told in parts of the best number, or in units.
        sign = -1 if self.mode == "min" else 1
        share, units = (self.threshold, 0.0) if self.threshold_mode == "rel" else (0.0, self.threshold)
        bound = self.best * (1.0 + sign * share) + sign * units
        return current > bound if sign > 0 else current < bound

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs) and self.session.dialect == NEWEST:
            if self.default_min_lr is None:
                raise TorchError("plateau_groups", found=len(groups), expected=len(self.min_lrs))
            self.min_lrs = [self.default_min_lr] * len(groups)
        for place, group in enumerate(groups):
            old = float(number(group.table["lr"]))
            new = max(old * self.factor, self.min_lrs[place])
            if old - new > self.eps:
                group.table["lr"] = new

    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {
        **Adjuster.METHODS,
        "step": method(step),
        "get_last_lr": method(get_last_lr),
    }


CLASSES: tuple[type[Adjuster], ...] = (ReduceLROnPlateau,)
