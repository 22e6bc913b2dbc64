"""Learning rate schedules: each changes the rate of an optimizer's groups step by step, from what it is now."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.ops.collections import items_of
from detachsim.ops.optim.base import Optimizer, number
from detachsim.ops.python_calls import call_given, maker, method


class Schedule:
    """What all schedules share. A subclass gives in ``next_rate`` the rate that follows on a group's."""

    session: Session

    def __init__(self, optimizer: Any, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            from detachsim.engine.parser import type_word

            raise TorchError("schedule_optimizer", type=type_word(optimizer))
        self.optimizer = optimizer
        self.groups = [group.table for group in optimizer.param_groups]
        for index, group in enumerate(self.groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise TorchError("schedule_initial", index=index)
        self.base_rates = [group["initial_lr"] for group in self.groups]
        self.last_epoch = last_epoch
        self.initial = True
        self.count = 0
        optimizer.steps_seen = optimizer.steps_seen or 0
        self._advance()
        self.initial = False

    def __repr__(self) -> str:
        return f"<torch.optim.lr_scheduler.{type(self).__name__} object at 0x…>"

    def step(self) -> None:
        """Go on to the next rate."""
        if self.count == 1 and not self.optimizer.steps_seen:
            self.session.warn("schedule_order")
        self._advance()

    def _advance(self) -> None:
        self.count += 1
        self.last_epoch += 1
        rates = [self.next_rate(place, group) for place, group in enumerate(self.groups)]
        for group, rate in zip(self.groups, rates, strict=True):
            group["lr"] = rate
        self.last_rates = rates

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        raise NotImplementedError

    def get_last_lr(self) -> list[Any]:
        """Return the rates that were set last."""
        return list(self.last_rates)

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {
        "last_epoch": lambda session, schedule: schedule.last_epoch,
        "base_lrs": lambda session, schedule: list(schedule.base_rates),
    }
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {"step": method(step), "get_last_lr": method(get_last_lr)}


class StepLR(Schedule):
    """The rate times gamma every so many epochs."""

    def __init__(self, optimizer: Any, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        falls = self.last_epoch != 0 and self.last_epoch % self.step_size == 0
        return number(group["lr"]) * self.gamma if falls else group["lr"]


class MultiStepLR(Schedule):
    """The rate times gamma at given epochs."""

    def __init__(self, optimizer: Any, milestones: Any, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.milestones, self.gamma = Counter(items_of(milestones) or ()), gamma
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        times = self.milestones[self.last_epoch]
        return number(group["lr"]) * self.gamma**times if times else group["lr"]


class ConstantLR(Schedule):
    """A part of the rate for so many epochs, and then the whole."""

    def __init__(self, optimizer: Any, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        if factor > 1.0 or factor < 0:
            raise TorchError("schedule_factor", word="Constant")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        if self.last_epoch == 0:
            return number(group["lr"]) * self.factor
        return group["lr"] if self.last_epoch != self.total_iters else number(group["lr"]) * (1.0 / self.factor)


class LinearLR(Schedule):
    """From one part of the rate to another, evenly over so many epochs."""

    def __init__(
        self,
        optimizer: Any,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if start_factor > 1.0 or start_factor <= 0:
            raise TorchError("schedule_start")
        if end_factor > 1.0 or end_factor < 0:
            raise TorchError("schedule_factor", word="Ending")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        rate, epoch = number(group["lr"]), self.last_epoch
        if epoch == 0:
            return rate * self.start_factor
        if self.initial or epoch > self.total_iters:
            return rate
        whole = self.end_factor - self.start_factor
        return rate * (1.0 + whole / (self.total_iters * self.start_factor + (epoch - 1) * whole))


class ExponentialLR(Schedule):
    """The rate times gamma every epoch."""

    def __init__(self, optimizer: Any, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        return group["lr"] if self.initial else number(group["lr"]) * self.gamma


class CosineAnnealingLR(Schedule):
    """Down to ``eta_min`` along half a wave, and up again."""

    def __init__(self, optimizer: Any, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.period, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        rate, base, epoch = number(group["lr"]), number(self.base_rates[place]), self.last_epoch
        if self.initial:
            return rate
        if (epoch - 1 - self.period) % (2 * self.period) == 0:
            return rate + (base - self.eta_min) * (1 - math.cos(math.pi / self.period)) / 2
        here = 1 + math.cos(math.pi * epoch / self.period)
        before = 1 + math.cos(math.pi * (epoch - 1) / self.period)
        return here / before * (rate - self.eta_min) + self.eta_min


class _ByFunction(Schedule):
    """Takes one function for all groups, or one for each."""

    def __init__(self, optimizer: Any, lr_lambda: Any, last_epoch: int = -1) -> None:
        groups = len(optimizer.param_groups)
        if isinstance(lr_lambda, (list, tuple)):
            if len(lr_lambda) != groups:
                raise TorchError("schedule_lambdas", expected=groups, found=len(lr_lambda))
            self.functions = list(lr_lambda)
        else:
            self.functions = [lr_lambda] * groups
        super().__init__(optimizer, last_epoch)

    def factor(self, place: int) -> Any:
        """Return what a group's function gives for ``last_epoch``."""
        return call_given(self.functions[place], self.last_epoch)


class LambdaLR(_ByFunction):
    """The first rate times what a function gives for the epoch."""

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        return number(self.base_rates[place]) * self.factor(place)


class MultiplicativeLR(_ByFunction):
    """The rate times what a function gives for the epoch."""

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        return group["lr"] if self.initial else number(group["lr"]) * self.factor(place)


CLASSES: tuple[type[Schedule], ...] = (
    StepLR,
    MultiStepLR,
    ConstantLR,
    LinearLR,
    ExponentialLR,
    CosineAnnealingLR,
    LambdaLR,
    MultiplicativeLR,
)

CONSTRUCTORS: dict[str, Callable[..., Any]] = {made.__name__: maker(made) for made in CLASSES}
