"""What a run printed, step by step: the form in which detachsim and PyTorch are compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from detachsim.events import (
    Event,
    GradAccumulated,
    MemoryEdited,
    Printed,
    Raised,
    RunBegan,
    StepBegan,
    TensorBound,
    TensorState,
    Warned,
)

Facts: TypeAlias = Mapping[str, object]
"""What is known of a tensor, by property: ``version``, ``grad_fn``, ``text`` and so on."""


@dataclass(frozen=True, slots=True)
class StepLines:
    """What came out between the beginning of one step and that of the next; a line may hold line breaks.

    ``states`` are facts about the tensors that names stand for at the end of it, as far as they are new.
    ``states_known`` says whether this side still tells them.
    """

    number: str
    lines: tuple[str, ...]
    states: Mapping[str, Facts] = field(default_factory=dict, compare=False)
    states_known: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class RunLines:
    """What came out of one run. ``failure`` says why it was never finished (PyTorch hung or crashed), if so."""

    choices: str
    steps: tuple[StepLines, ...]
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What came out of a scenario: one run, or one for each combination of its ``vary``."""

    runs: tuple[RunLines, ...]

    @property
    def failure(self) -> str | None:
        """Say why a run was never finished; None if all were."""
        return next((run.failure for run in self.runs if run.failure is not None), None)

    def text(self) -> str:
        """Return the whole, as ``detachsim run --format torch`` prints it."""
        lines: list[str] = []
        for run in self.runs:
            if run.choices:
                lines.append(f"# {run.choices}")
            for step in run.steps:
                lines += step.lines
        return "".join(f"{line}\n" for line in lines)


@dataclass(slots=True)
class Recorder:
    """Collects what is said, under the step that began last."""

    choices: str
    finished: list[StepLines] = field(default_factory=list)
    number: str | None = None
    lines: list[str] = field(default_factory=list)
    states: dict[str, dict[str, object]] = field(default_factory=dict)
    states_known: bool = True

    def begin(self, number: str) -> None:
        """Go on to the next step."""
        self._close()
        self.number = number

    def say(self, line: str) -> None:
        """Add a line to the step."""
        self.lines.append(line)

    def know(self, name: str, facts: Facts) -> None:
        """Add facts about the tensor that a name stands for; the newest count."""
        self.states.setdefault(name, {}).update(facts)

    def end(self, failure: str | None = None) -> RunLines:
        """Return the run, which is over."""
        self._close()
        return RunLines(self.choices, tuple(self.finished), failure)

    def _close(self) -> None:
        if self.number is not None:
            self.finished.append(StepLines(self.number, tuple(self.lines), self.states, self.states_known))
            self.lines, self.states = [], {}


def transcript_of(events: Iterable[Event]) -> Transcript:
    """Return the transcript of a simulation."""
    runs: list[RunLines] = []
    recorder: Recorder | None = None
    uncounted: set[str] = set()  # inference tensors
    for event in events:
        if isinstance(event, RunBegan):
            if recorder is not None:
                runs.append(recorder.end())
            recorder = Recorder(", ".join(f"{name}={text}" for name, text in event.choices))
        if recorder is None:
            continue
        match event:
            case StepBegan(number=number):
                recorder.begin(number)
            case Printed(text):
                recorder.say(text)
            case Warned(category, text):
                recorder.say(f"{category}: {text}")
            case Raised(type, text):
                recorder.say(f"{type}: {text}")
            case TensorBound(name=name, tensor=tensor):
                recorder.know(name, facts_of(tensor))
                (uncounted.add if tensor.version is None else uncounted.discard)(name)
            case MemoryEdited(names=names, seen_by=seen_by, counter=counter, after=after):
                # Through a view without a name the counter may have moved, or that of ``.data``: nothing is known.
                for name in {*seen_by, *names}:
                    for fact in ("text", "version"):
                        recorder.states.get(name, {}).pop(fact, None)
                for name in names if counter else ():  # a numpy array has none
                    if name not in uncounted:
                        recorder.know(name, {"version": after})
            case GradAccumulated(names=names, total=total):
                # A hook may have thrown the gradient away since.
                for name in names:
                    recorder.know(name, {"grad": None if total == "None" else total})
            case _:
                pass
    if recorder is not None:
        runs.append(recorder.end())
    return Transcript(tuple(runs))


def facts_of(tensor: TensorState) -> dict[str, object]:
    """Return what a tensor's state says, under the names that the worker uses."""
    return {
        "text": tensor.text,
        "shape": list(tensor.shape),
        "stride": list(tensor.stride),
        "offset": tensor.offset,
        "dtype": tensor.dtype,
        "requires_grad": tensor.requires_grad,
        "is_leaf": tensor.is_leaf,
        "retains_grad": tensor.retains_grad,
        "version": tensor.version,
        "grad_fn": tensor.grad_fn,
    }
