"""What a run printed, step by step: the form in which detachsim and PyTorch are compared."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from detachsim.events import Event, Printed, Raised, RunBegan, StepBegan, Warned


@dataclass(frozen=True, slots=True)
class StepLines:
    """What came out between the beginning of one step and that of the next; a line may hold line breaks."""

    number: str
    lines: tuple[str, ...]


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

    def begin(self, number: str) -> None:
        """Go on to the next step."""
        self._close()
        self.number = number

    def say(self, line: str) -> None:
        """Add a line to the step."""
        self.lines.append(line)

    def end(self, failure: str | None = None) -> RunLines:
        """Return the run, which is over."""
        self._close()
        return RunLines(self.choices, tuple(self.finished), failure)

    def _close(self) -> None:
        if self.number is not None:
            self.finished.append(StepLines(self.number, tuple(self.lines)))
            self.lines = []


def transcript_of(events: Iterable[Event]) -> Transcript:
    """Return the transcript of a simulation."""
    runs: list[RunLines] = []
    recorder: Recorder | None = None
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
                recorder.say(f"{type}: {text}" if text else type)
            case _:
                pass
    if recorder is not None:
        runs.append(recorder.end())
    return Transcript(tuple(runs))
