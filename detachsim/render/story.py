"""The story of a run: which of the facts a reader is told, in which order and in which words.

The step-by-step views spell what comes from here, so that they all say the same. A newcomer must
not drown, hence the choice: what has no name is told only where it matters, and reads not at all.
"""

from collections.abc import Iterable, Iterator

from detachsim.events import (
    Event,
    RunBegan,
    RunEnded,
    RunsCompared,
    StepBegan,
    StepEnded,
)
from detachsim.explain.diagnosis import Diagnosis
from detachsim.explain.explainer import Explainer
from detachsim.render.answers import answer
from detachsim.render.comparison import compare
from detachsim.render.lines import (
    Ending,
    Fact,
    Gap,
    Heading,
    Headline,
    Line,
    Note,
    RunHeading,
)
from detachsim.render.memory import Memory
from detachsim.render.rounds import Rounds, told_no_more
from detachsim.render.sentences import quiet, say
from detachsim.render.telling import Telling

_TALK = ("print", "say")


def tell(events: Iterable[Event], *, whole: bool = False, explainer: Explainer | None = None) -> Iterator[list[Line]]:
    """Yield the lines of one step (or heading, or ending) at a time, as the events come.

    ``explainer`` answers the questions that arise; one that can run the scenario again finds more.

    Of a ``repeat``, the first rounds are told in full, and later only what is new or printed; ``whole`` tells all.
    """
    explainer = explainer or Explainer()
    run = _Run(None, whole, explainer)
    for event in events:
        run.answers.extend(explainer.observe(event))
        match event:
            case RunBegan():
                yield from run.finish_step()
                before, run = run.began, _Run(event, whole, explainer)
                yield _heading(event, before)
            case RunEnded():
                yield from run.finish_step()
                yield [run.ending(event)]
            case RunsCompared(runs):
                yield [compare(runs)]
            case StepBegan():
                yield from run.finish_step()
                run.open(event)
            case StepEnded():
                yield from run.finish_step()
                yield from run.close()
            case _:
                run.pending.append(event)


def _heading(run: RunBegan, before: RunBegan | None) -> list[Line]:
    lines: list[Line] = []
    again = before is not None and before.choices and before.file == run.file and run.choices
    if not again:
        details = run.dialect if run.seed is None else f"{run.dialect}, seed {run.seed}"
        title = run.title if run.title is not None else run.file.replace("\\", "/").rpartition("/")[2]
        lines.append(Heading(title, run.about, details))
    if run.choices:
        lines.append(RunHeading(", ".join(f"{name}={text}" for name, text in run.choices)))
    return lines


class _Run:
    """One run as it unfolds: the open steps, the facts not yet told, and what earlier steps left behind."""

    def __init__(self, began: RunBegan | None, whole: bool, explainer: Explainer) -> None:
        self.began = began
        self.explainer = explainer
        self.answers: list[Diagnosis] = []
        self.rounds = None if whole else Rounds()
        self.pending: list[Event] = []
        self.steps: list[StepBegan] = []
        self.memory = Memory()
        self.untold = False
        self.last_kind = ""
        self.failures = 0
        self.uncaught: tuple[str, str] | None = None

    def open(self, step: StepBegan) -> None:
        self.steps.append(step)
        self.untold = True

    def close(self) -> Iterator[list[Line]]:
        """Leave the innermost open step; yield how much was left out of it, if it was a loop."""
        step = self.steps.pop()
        if step.kind != "repeat" or self.rounds is None:
            return
        depth = len(self.steps)
        if not any(outer.kind == "repeat" for outer in self.steps) and (count := self.rounds.finish()):
            self.last_kind = step.kind
            yield [Gap(), Fact(depth, say(quiet(told_no_more(count))))]

    def finish_step(self) -> Iterator[list[Line]]:
        """Yield the lines of the innermost open step as far as they are not told yet."""
        if not self.steps or not (self.untold or self.pending or self.answers):
            return
        step = self.steps[-1]
        depth = len(self.steps) - 1
        lines: list[Line] = []
        headed = self.untold
        if headed:
            close = step.kind in _TALK and self.last_kind in _TALK
            lines.append(Headline(depth, step.number, step.kind, step.code, close))
            if step.note:
                lines.append(Note(depth, step.note))
            self.untold = False
        events, self.pending = self.pending, []
        telling = Telling(step.number, depth, events, self.memory, self.explainer)
        lines.extend(telling.lines())
        answers, self.answers = self.answers, []
        for found in answers:
            lines.extend(answer(found, depth))
        self.failures += telling.failures
        if telling.uncaught is not None:
            self.uncaught = (step.number, telling.uncaught)
        if self.rounds is not None:
            lines = self.rounds.shorten(step.number, lines)
        if lines:
            if headed:
                self.last_kind = step.kind
            yield lines

    def ending(self, end: RunEnded) -> Ending:
        """Say what the run came to. In a ``vary`` an error is an outcome like others."""
        count = f"{end.steps} step{'' if end.steps == 1 else 's'}"
        failed = f"{self.failures} expectation{'' if self.failures == 1 else 's'} failed"
        if end.outcome != "completed":
            step, type = self.uncaught or ("", end.outcome.partition(":")[0])
            unexpected = "" if end.status == 0 else " that no step expects"
            text = f"{f'Step {step} ended the run' if step else 'The run ended'} with an error{unexpected}: {type}."
            if self.failures:
                text += f" Before that, {failed}."
        elif self.failures:
            text = f"Ran {count}, but {failed}."
        else:
            text = f"Ran {count}, and everything went as the scenario says."
        return Ending(end.status == 0, f"{text} Exit status {end.status}.")
