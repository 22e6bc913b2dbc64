"""What the equivalent PyTorch script prints: its lines, its warnings, its errors, and nothing else."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from detachsim.events import (
    BackwardBegan,
    BackwardEnded,
    Event,
    ExpectationFailed,
    ExpectationMet,
    FlagChanged,
    FlowStopped,
    GradAccumulated,
    HistoryRebased,
    MemoryEdited,
    NameDeleted,
    NodeRan,
    NodeRecorded,
    Printed,
    Raised,
    Read,
    RunBegan,
    RunEnded,
    RunsCompared,
    StepBegan,
    StepEnded,
    TensorBound,
    TensorCreated,
    ValueBound,
    Warned,
)


def render(events: Iterable[Event]) -> Iterator[str]:
    """Yield the transcript, line by line as the events come; each run of a ``vary`` after its choices."""
    for event in events:
        match event:
            case Printed(text):
                yield f"{text}\n"
            case Warned(category, text):
                yield f"{category}: {text}\n"
            case Raised(type, text):
                yield f"{type}: {text}\n"
            case RunBegan(choices=choices):
                if choices:
                    yield f"# {', '.join(f'{name}={text}' for name, text in choices)}\n"
            case (
                StepBegan()
                | TensorBound()
                | ValueBound()
                | NameDeleted()
                | TensorCreated()
                | NodeRecorded()
                | MemoryEdited()
                | HistoryRebased()
                | FlagChanged()
                | BackwardBegan()
                | NodeRan()
                | GradAccumulated()
                | FlowStopped()
                | BackwardEnded()
                | Read()
                | ExpectationFailed()
                | ExpectationMet()
                | StepEnded()
                | RunEnded()
                | RunsCompared()
            ):
                pass
            case _:
                assert_never(event)
