"""Learning rate schedules: each changes the rate of an optimizer's groups step by step, from what it is now."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.session import Session
from detachsim.ops.collections import Dictionary, type_name
from detachsim.ops.optim.base import Optimizer, listed
from detachsim.ops.optim.options import number
from detachsim.ops.python_calls import call_given, method


class Adjuster:
    """What changes the rates of an optimizer's groups. ``settings`` are what its state dict begins with, in order."""

    session: Session
    optimizer: Optimizer
    last_rates: list[Any]
    last_epoch: Any
    settings: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.ATTRIBUTES = {**cls.ATTRIBUTES, **{name: _reader(name) for name in cls.settings}}

    def __repr__(self) -> str:
        return f"<torch.optim.lr_scheduler.{type(self).__name__} object at 0x…>"

    def check_optimizer(self, optimizer: Any) -> None:
        """Refuse what is no optimizer."""
        if not isinstance(optimizer, Optimizer):
            raise TorchError("schedule_optimizer", type=type_word(optimizer))

    def get_last_lr(self) -> list[Any]:
        """Return the rates that were set last."""
        return list(self.last_rates)

    def rewind(self) -> None:
        """Take the first step back; what combines schedules makes it again, of one of them."""
        self.last_epoch -= 1

    def state(self) -> dict[str, str]:
        """Return what a state dict holds: the attribute of ours for each name of PyTorch's."""
        return {name: name for name in self.settings}

    def state_dict(self) -> Dictionary:
        """Return everything but the optimizer."""
        return Dictionary({name: _plain(getattr(self, own)) for name, own in self.state().items()})

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over what another schedule's state dict holds."""
        state = self.state()
        if not isinstance(state_dict, Dictionary):
            text = f"'{type_name(state_dict)}' object is not iterable"
            raise TorchError("python", type="TypeError", text=text)
        for name, value in state_dict.items():
            setattr(self, state.get(name, name), list(value) if isinstance(value, list) else value)

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {}
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {
        "get_last_lr": method(get_last_lr),
        "state_dict": method(state_dict),
        "load_state_dict": method(load_state_dict),
    }


def _reader(name: str) -> Callable[[Session, Any], Any]:
    return lambda session, adjuster: _plain(getattr(adjuster, name))


def _plain(value: Any) -> Any:
    """Return a setting as a scenario sees it."""
    if isinstance(value, Counter):
        return Dictionary(dict(value), "Counter")
    return list(value) if isinstance(value, list) else value


class Schedule(Adjuster):
    """What changes the rates by the number of epochs. A subclass gives in ``next_rate`` what follows on a group's."""

    # 1.13's state dicts say whether a schedule tells of its steps; those that this simulates do not.
    verbose = False
    called_outside = False

    def __init__(self, optimizer: Any, last_epoch: int = -1) -> None:
        self.check_optimizer(optimizer)
        self.optimizer = optimizer
        for index, group in enumerate(self.groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise TorchError("schedule_initial", index=index)
        self.base_rates = [group["initial_lr"] for group in self.groups]
        self.last_epoch = last_epoch
        # Up to 1.13 each new schedule counted the optimizer's steps anew.
        optimizer.steps_seen = (optimizer.steps_seen or 0) if self.session.dialect == NEWEST else 0
        self.begin()

    def begin(self) -> None:
        """Make the first step."""
        self.initial = True
        self.count = 0
        self.advance()
        self.initial = False

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The groups of the optimizer."""
        return [group.table for group in self.optimizer.param_groups]

    @property
    def lowest(self) -> float:
        """The rate that a wave goes down to unless another one is given: a whole number before 2.0."""
        return 0.0 if self.session.dialect == NEWEST else 0

    def step(self, epoch: Any = None) -> None:
        """Go on to the next rate, or, as long ago, to that of an epoch."""
        if self.count == 1 and not self.optimizer.steps_seen:
            self.session.warn("schedule_order")
        if epoch is None:
            self.advance()
            return
        self.session.warn("schedule_epoch")
        self.count += 1
        self.jump(epoch)

    def jump(self, epoch: Any) -> None:
        """Set the rates of an epoch."""
        self.last_epoch = epoch
        bases = [number(rate) for rate in self.base_rates]
        self.set_rates([self.rate_at(place, *pair) for place, pair in enumerate(zip(bases, self.groups, strict=True))])

    def advance(self) -> None:
        """Count an epoch, and set what its rates are."""
        self.count += 1
        self.last_epoch += 1
        self.set_rates([self.next_rate(place, group) for place, group in enumerate(self.groups)])

    def set_rates(self, rates: list[Any]) -> None:
        """Give every group its rate."""
        for group, rate in zip(self.groups, rates, strict=True):
            group["lr"] = rate
        self.last_rates = rates

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        raise NotImplementedError

    def rate_at(self, place: int, base: float, group: dict[str, Any]) -> Any:
        """Return the rate at ``last_epoch`` from the first one, where that can be told without the steps between."""
        return self.next_rate(place, group)

    def state(self) -> dict[str, str]:
        """Return what a state dict holds."""
        new = self.session.dialect == NEWEST
        return {
            **super().state(),
            "base_lrs": "base_rates",
            "last_epoch": "last_epoch",
            **({} if new else {"verbose": "verbose"}),
            "_step_count": "count",
            **({"_is_initial": "initial"} if new else {}),
            "_get_lr_called_within_step": "called_outside",
            "_last_lr": "last_rates",
        }

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {
        "last_epoch": lambda session, schedule: schedule.last_epoch,
        "base_lrs": lambda session, schedule: list(schedule.base_rates),
    }
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {**Adjuster.METHODS, "step": method(step)}


Schedule.step.__qualname__ = "LRScheduler.step"


class StepLR(Schedule):
    """The rate times gamma every so many epochs."""

    settings = ("step_size", "gamma")

    def __init__(self, optimizer: Any, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        falls = self.last_epoch != 0 and self.last_epoch % self.step_size == 0
        return number(group["lr"]) * self.gamma if falls else group["lr"]

    def rate_at(self, place: int, base: float, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``, from its first one."""
        return base * self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(Schedule):
    """The rate times gamma at given epochs."""

    settings = ("milestones", "gamma")

    def __init__(self, optimizer: Any, milestones: Any, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.milestones, self.gamma = Counter(() if milestones is None else listed(milestones)), gamma
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        times = self.milestones[self.last_epoch]
        return number(group["lr"]) * self.gamma**times if times else group["lr"]

    def rate_at(self, place: int, base: float, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``, from its first one."""
        return base * self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch)


class ConstantLR(Schedule):
    """A part of the rate for so many epochs, and then the whole."""

    settings = ("factor", "total_iters")

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

    def rate_at(self, place: int, base: float, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``, from its first one."""
        return base * (self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor))


class LinearLR(Schedule):
    """From one part of the rate to another, evenly over so many epochs."""

    settings = ("start_factor", "end_factor", "total_iters")

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

    def rate_at(self, place: int, base: float, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``, from its first one."""
        done = min(self.total_iters, self.last_epoch) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class ExponentialLR(Schedule):
    """The rate times gamma every epoch."""

    settings = ("gamma",)

    def __init__(self, optimizer: Any, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        return group["lr"] if self.initial else number(group["lr"]) * self.gamma

    def rate_at(self, place: int, base: float, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``, from its first one."""
        return base * self.gamma**self.last_epoch


class CosineAnnealingLR(Schedule):
    """Down to ``eta_min`` along half a wave, and up again."""

    settings = ("T_max", "eta_min")

    def __init__(self, optimizer: Any, T_max: int, eta_min: float | None = None, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, self.lowest if eta_min is None else eta_min
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        rate, base, epoch = number(group["lr"]), number(self.base_rates[place]), self.last_epoch
        if self.initial:
            return rate
        if (epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            return rate + (base - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
        here = 1 + math.cos(math.pi * epoch / self.T_max)
        before = 1 + math.cos(math.pi * (epoch - 1) / self.T_max)
        return here / before * (rate - self.eta_min) + self.eta_min

    def rate_at(self, place: int, base: float, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``, from its first one."""
        wave = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return self.eta_min + (base - self.eta_min) * wave / 2


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
        self.check_functions()
        super().__init__(optimizer, last_epoch)

    def check_functions(self) -> None:
        """Refuse functions that cannot be called, where the schedule looks at them first."""

    def state(self) -> dict[str, str]:
        """Return what a state dict holds; functions are left out."""
        return {**super().state(), "lr_lambdas": "unsaved"}

    @property
    def unsaved(self) -> list[None]:
        """What stands for the functions in a state dict."""
        return [None] * len(self.functions)

    @unsaved.setter
    def unsaved(self, value: list[None]) -> None:
        """Leave the functions as they are."""

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

    def check_functions(self) -> None:
        """Refuse what cannot be called; 1.13 found out when it called it."""
        for function in self.functions:
            if not hasattr(function, "call") and self.session.dialect == NEWEST:
                raise TorchError("schedule_function", type=type_name(function))

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        return group["lr"] if self.initial else number(group["lr"]) * self.factor(place)


class PolynomialLR(Schedule):
    """Down to 0 over so many epochs, along a power."""

    settings = ("total_iters", "power")

    def __init__(self, optimizer: Any, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        if (
            self.initial if self.session.dialect == NEWEST else self.last_epoch == 0
        ) or self.last_epoch > self.total_iters:
            return group["lr"]
        left, before = (1.0 - epoch / self.total_iters for epoch in (self.last_epoch, self.last_epoch - 1))
        return number(group["lr"]) * (left / before) ** self.power

    def rate_at(self, place: int, base: float, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``, from its first one."""
        return base * (1.0 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power


BY_EPOCH: tuple[type[Schedule], ...] = (
    StepLR,
    MultiStepLR,
    ConstantLR,
    LinearLR,
    ExponentialLR,
    CosineAnnealingLR,
    LambdaLR,
    MultiplicativeLR,
    PolynomialLR,
)
