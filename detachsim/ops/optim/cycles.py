"""Learning rate schedules that come back: CosineAnnealingWarmRestarts, and OneCycleLR, which moves the momentum too."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.ops.collections import Dictionary, items_of
from detachsim.ops.optim.options import number
from detachsim.ops.optim.schedules import Schedule
from detachsim.ops.python_calls import method


class CosineAnnealingWarmRestarts(Schedule):
    """Down to ``eta_min`` along half a wave, then from the top again, in periods that grow."""

    settings = ("T_0", "T_i", "T_mult", "eta_min", "T_cur")

    def __init__(
        self, optimizer: Any, T_0: int, T_mult: int = 1, eta_min: float | None = None, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise TorchError("schedule_period", name="positive integer T_0", value=T_0)
        if T_mult < 1 or not isinstance(T_mult, int):
            raise TorchError("schedule_period", name="integer T_mult >= 1", value=T_mult)
        self.T_0, self.T_i, self.T_mult = T_0, T_0, T_mult
        self.T_cur: float = last_epoch
        self.eta_min = self.lowest if eta_min is None else eta_min
        super().__init__(optimizer, last_epoch)

    def step(self, epoch: Any = None) -> None:
        """Go on to the next rate, or to that of an epoch, which may be a part of one.

        Whether the optimizer has made a step is not asked.
        """
        if epoch is None:
            self.advance()
            return
        if epoch < 0:
            raise TorchError("schedule_epoch_sign", epoch=epoch)
        self.last_epoch, self.T_cur, self.T_i = math.floor(epoch), epoch, self.T_0
        if epoch >= self.T_0:
            if self.T_mult == 1:
                self.T_cur = epoch % self.T_0
            else:
                done = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
                self.T_cur = epoch - self.T_0 * (self.T_mult**done - 1) / (self.T_mult - 1)
                self.T_i = self.T_0 * self.T_mult**done
        self.set_rates([self.next_rate(place, group) for place, group in enumerate(self.groups)])

    def advance(self) -> None:
        """Count an epoch, and set what its rates are; the first one begins the first period."""
        if self.initial:
            self.last_epoch = self.T_cur = max(self.last_epoch, 0)
        else:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult
        self.set_rates([self.next_rate(place, group) for place, group in enumerate(self.groups)])

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``."""
        base = number(self.base_rates[place])
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2

    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {**Schedule.METHODS, "step": method(step)}


class OneCycleLR(Schedule):
    """Up to ``max_lr`` and far down, over all steps once, while the momentum goes the other way."""

    settings = ("total_steps",)

    def __init__(
        self,
        optimizer: Any,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.85,
        max_momentum: Any = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _steps(total_steps, epochs, steps_per_epoch)
        whole = float(pct_start * self.total_steps)
        self.phases = [_phase(whole - 1, "initial_lr", "max_lr")]
        if three_phase:
            self.phases.append(_phase(2 * whole - 2, "max_lr", "initial_lr"))
        self.phases.append(_phase(self.total_steps - 1, "initial_lr" if three_phase else "max_lr", "min_lr"))
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise TorchError("schedule_share", value=pct_start)
        if anneal_strategy not in ("cos", "linear"):
            raise TorchError("schedule_anneal", value=anneal_strategy)
        self.anneal = anneal_strategy
        if last_epoch == -1:
            for group, rate in zip(self.groups, self._each("max_lr", max_lr), strict=True):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _begin_momentum(self, base: Any, most: Any, last_epoch: int) -> None:
        defaults = self.optimizer.defaults.table
        if "momentum" not in defaults and "betas" not in defaults:
            raise TorchError("schedule_momentum")
        self.use_beta1 = "betas" in defaults
        tops, bottoms = self._each("max_momentum", most), self._each("base_momentum", base)
        if last_epoch == -1:
            for group, top, bottom in zip(self.groups, tops, bottoms, strict=True):
                _set_momentum(group, top)
                group["max_momentum"], group["base_momentum"] = top, bottom

    def _each(self, name: str, given: Any) -> list[Any]:
        values = items_of(given)
        if values is None:
            return [given] * len(self.groups)
        if len(values) != len(self.groups):
            raise TorchError("schedule_values", expected=len(self.groups), name=name, found=len(values))
        return values

    def next_rate(self, place: int, group: dict[str, Any]) -> Any:
        """Return the rate of a group at ``last_epoch``, whose momentum is set."""
        if self.last_epoch > self.total_steps:
            raise TorchError("schedule_over", step=self.last_epoch, next=self.last_epoch + 1, total=self.total_steps)
        begin = 0.0
        reached = next((phase for phase in self.phases if self.last_epoch <= phase.table["end_step"]), self.phases[-1])
        for phase in self.phases[: self.phases.index(reached)]:
            begin = phase.table["end_step"]
        end, *names = reached.table.values()
        share = (self.last_epoch - begin) / (end - begin)
        if self.cycle_momentum:
            _set_momentum(group, self._between(group[names[2]], group[names[3]], share))
        return self._between(group[names[0]], group[names[1]], share)

    def state(self) -> dict[str, str]:
        """Return what a state dict holds."""
        own = {"total_steps": "total_steps", "_schedule_phases": "phases", "_anneal_func_type": "anneal"}
        own["cycle_momentum"] = "cycle_momentum"
        return own | ({"use_beta1": "use_beta1"} if self.cycle_momentum else {}) | super().state()

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _phase(end: float, start_lr: str, end_lr: str) -> Dictionary:
    """Return until which step a phase lasts, and from which to which values it leads.

    The momentum is lowest where the rate is highest.
    """
    momenta = ["base_momentum" if rate == "max_lr" else "max_momentum" for rate in (start_lr, end_lr)]
    return Dictionary(
        {
            "end_step": end,
            "start_lr": start_lr,
            "end_lr": end_lr,
            "start_momentum": momenta[0],
            "end_momentum": momenta[1],
        }
    )


def _steps(total: Any, epochs: Any, each: Any) -> int:
    if total is not None:
        given = {"total_steps": total}
    elif epochs is not None and each is not None:
        given = {"epochs": epochs, "steps_per_epoch": each}
    else:
        raise TorchError("schedule_steps")
    for name, value in given.items():
        if value <= 0 or not isinstance(value, int):
            raise TorchError("schedule_period", name=f"positive integer {name}", value=value)
    return math.prod(given.values())


def _set_momentum(group: dict[str, Any], value: float) -> None:
    """Set the momentum of a group, or Adam's first beta."""
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


CLASSES: tuple[type[Schedule], ...] = (CosineAnnealingWarmRestarts, OneCycleLR)
