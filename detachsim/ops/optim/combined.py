"""Schedules made of others: one after the other (``SequentialLR``), or all of them at once (``ChainedScheduler``)."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.ops.collections import Dictionary
from detachsim.ops.optim.plateau import ReduceLROnPlateau
from detachsim.ops.optim.schedules import Adjuster
from detachsim.ops.python_calls import method


class Combined(Adjuster):
    """What hands its steps on to other schedules; ``purpose`` is what for, as the refusal of none says it."""

    schedules: Sequence[Any]
    purpose: ClassVar[str] = ""

    def check_schedules(self, optimizer: Any) -> None:
        """Refuse none, what is no schedule, and schedules of other optimizers."""
        name = type(self).__name__
        if len(self.schedules) < 1:
            raise TorchError("combined_none", name=name, purpose=self.purpose)
        for index, schedule in enumerate(self.schedules):
            if not isinstance(schedule, Adjuster):
                raise TorchError("combined_kind", name=name, index=index)
            if isinstance(schedule, ReduceLROnPlateau):
                raise TorchError("combined_plateau", name=name, index=index)
            if schedule.optimizer is not optimizer:
                raise TorchError(
                    "combined_optimizer",
                    name=name,
                    kind=type(schedule).__name__,
                    index=index,
                    found=schedule.optimizer,
                    wanted=type(optimizer).__name__,
                )

    def rewind(self) -> None:
        """Take back the steps that the schedules made when they were built; 1.13 knows no schedules in schedules."""
        if self.session.dialect != NEWEST:
            super().rewind()
            return
        for schedule in self.schedules:
            schedule.rewind()

    def begin(self) -> None:
        """Make the first step."""
        self.step()

    def jump(self, epoch: Any) -> None:
        """Refuse to be set to an epoch, as PyTorch does without a word."""
        raise TorchError("python", type="NotImplementedError", text="")

    def step(self) -> None:
        """Go on to the next rate."""
        raise NotImplementedError

    def state_dict(self) -> Dictionary:
        """Return everything but the optimizer, with the state dicts of the schedules at the end."""
        made = super().state_dict()
        made.table["_schedulers"] = [schedule.state_dict() for schedule in self.schedules]
        return made

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over what another schedule's state dict holds."""
        rest = dict(state_dict.items())
        for schedule, state in zip(self.schedules, rest.pop("_schedulers"), strict=False):
            schedule.load_state_dict(state)
        super().load_state_dict(Dictionary(rest))

    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {
        **Adjuster.METHODS,
        "state_dict": method(state_dict),
        "load_state_dict": method(load_state_dict),
    }


class SequentialLR(Combined):
    """One schedule after the other: each begins at its milestone."""

    def __init__(self, optimizer: Any, schedulers: Any, milestones: Any, last_epoch: int = -1) -> None:
        self.schedules = schedulers
        if self.session.dialect == NEWEST:
            self.check_schedules(optimizer)
        for index, schedule in enumerate(schedulers):
            if schedule.optimizer is not optimizer:
                raise TorchError("sequential_optimizer", index=index)
        if len(milestones) != len(schedulers) - 1:
            raise TorchError("sequential_milestones", schedules=len(schedulers), milestones=len(milestones))
        self.milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.table["lr"] = group.table["initial_lr"]
        for schedule in schedulers:
            schedule.rewind()
        first = schedulers[bisect_right(milestones, 0) if self.session.dialect == NEWEST else 0]
        first.begin()
        self.last_rates = first.get_last_lr()

    def step(self) -> None:
        """Go on to the next rate, of the schedule whose turn it is."""
        self.last_epoch += 1
        place = bisect_right(self.milestones, self.last_epoch)
        schedule = self.schedules[place]
        if place == 0 or self.milestones[place - 1] != self.last_epoch:
            schedule.step()
        elif self.session.dialect == NEWEST:
            schedule.jump(0)
        else:
            schedule.step(0)
        self.last_rates = schedule.get_last_lr()

    def state(self) -> dict[str, str]:
        """Return what a state dict holds."""
        return {"_milestones": "milestones", "last_epoch": "last_epoch", "_last_lr": "last_rates"}

    ATTRIBUTES: ClassVar[dict[str, Callable[..., Any]]] = {
        "last_epoch": lambda session, schedule: schedule.last_epoch,
    }
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {**Combined.METHODS, "step": method(step)}


class ChainedScheduler(Combined):
    """All schedules at once, each on what the one before it gave."""

    purpose = " to be chained"
    newer = ("optimizer",)

    def __init__(self, schedulers: Any, optimizer: Any = None) -> None:
        self.schedules = schedulers
        if self.session.dialect == NEWEST:
            self.check_schedules(optimizer or (schedulers[0].optimizer if schedulers else None))
        elif optimizer is not None:
            text = "ChainedScheduler.__init__() takes 2 positional arguments but 3 were given"
            raise TorchError("python", type="TypeError", text=text)
        for index in range(1, len(schedulers)):
            if schedulers[index].optimizer is not schedulers[0].optimizer:
                raise TorchError("chained_optimizer", index=index)
        self.optimizer = schedulers[0].optimizer
        self._read_rates()

    def _read_rates(self) -> None:
        self.last_rates = [group.table["lr"] for group in self.optimizer.param_groups]

    def step(self) -> None:
        """Let each schedule go on."""
        for schedule in self.schedules:
            schedule.step()
        self._read_rates()

    def state(self) -> dict[str, str]:
        """Return what a state dict holds."""
        return {"_last_lr": "last_rates"}

    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {**Combined.METHODS, "step": method(step)}


CLASSES: tuple[type[Adjuster], ...] = (SequentialLR, ChainedScheduler)
