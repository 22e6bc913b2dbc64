"""When a question arises in a run, and who answers it: events go in, diagnoses come out at the step in question."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from detachsim.events import (
    Event,
    GradAccumulated,
    MemoryEdited,
    NodeRan,
    Raised,
    Read,
    RunBegan,
    RunEnded,
    StepBegan,
    StepEnded,
    TensorBound,
)
from detachsim.explain.diagnosis import Diagnosis
from detachsim.explain.history import History
from detachsim.explain.wording import listed
from detachsim.records import replace

if TYPE_CHECKING:
    from detachsim.explain.fixes import Workshop
    from detachsim.explain.rerun import Rerun
    from detachsim.explain.silent import Stale
    from detachsim.explain.warning import Spoiled

_ROUND = r"\[\d+\]"

# In so many rounds of a loop a question is answered, if the answer is a new one.
ROUNDS = 3


class Explainer:
    """Follows the events of a file's runs, and answers what they ask.

    What can only be answered by comparing with another run is answered if there is a ``rerun``; up to ``fixes``
    fixes that work are found for each diagnosis, but a run of more than ``patience`` steps is not repeated for them.
    """

    def __init__(self, rerun: "Rerun | None" = None, fixes: int = 0, patience: int = 2000) -> None:
        self._rerun = rerun
        self._patience = patience
        self._fixes = fixes
        self._workshop: Workshop | None = None
        self._stale: list[Stale] = []
        self._given: list[tuple[str, str]] = []
        # The gradients of a run in which saved values are kept, once somebody wants to know.
        self._right: dict[str, list[tuple[str, str]]] | None = None
        self._nonfinite = ""
        self._found_origin = False
        self.history = History()
        self.choices: tuple[tuple[str, str], ...] = ()
        self._told: set[tuple[str, object]] = set()
        self._rounds: dict[tuple[str, str, tuple[str, ...]], int] = {}
        # What each edit has spoiled, by the identity of its event, which lives as long as its step is being told.
        self.spoiled: dict[int, list[Spoiled]] = {}

    def observe(self, event: Event) -> Iterator[Diagnosis]:
        """Take note of an event, and yield the diagnoses that it calls for."""
        if isinstance(event, StepBegan):
            self.spoiled.clear()
        elif isinstance(event, RunBegan):
            self.history = History()
            self.choices = event.choices
            self._told = set()
            self._rounds = {}
            self._stale, self._given, self._nonfinite, self._found_origin = [], [], "", False
            self._right = None
        if isinstance(event, StepEnded):
            if self._rerun is not None:
                yield from self._compared(event.number, self._rerun)
            if not event.raised and self._steps_optimizer() and self._asked("optimizer", ()):
                yield from self._new(self._left_out())
        self.history.add(event)
        if isinstance(event, MemoryEdited):
            if event.storage in self.history.fresh:
                from detachsim.explain.warning import spoiled_by

                self.spoiled[id(event)] = spoiled_by(self.history, event)
        elif isinstance(event, Raised):
            if event.key == "nan" and self._rerun is not None and not self._found_origin:
                self._nonfinite = "the gradient"
            elif self._asked("error", ()):
                yield from self._new(self._error(event))
        elif isinstance(event, Read):
            if event.attribute == "grad" and event.value == "None" and self._asked("grad", event.names):
                yield from self._new(self._none(event))
        elif self._rerun is not None:
            self._suspect(event)

    def _suspect(self, event: Event) -> None:
        """Note what a backward pass does that may come from wrong values."""
        if isinstance(event, NodeRan):
            if event.node in self.history.saves_of and self.history.edited_behind:
                from detachsim.explain.silent import stale_of

                self._stale.extend(stale_of(self.history, event.node))
        elif isinstance(event, GradAccumulated):
            self._given.append((f"{listed(event.names) or 'an unnamed tensor'}.grad", event.gradient))
            if not self._nonfinite and ("nan" in event.gradient or "inf" in event.gradient):
                self._nonfinite = f"{listed(event.names) or 'a leaf'}.grad"
        elif isinstance(event, TensorBound):
            self._given.append((event.name, event.tensor.text))

    def _compared(self, step: str, rerun: "Rerun") -> Iterator[Diagnosis]:
        """Yield what the step's gradients are, compared with those of another run."""
        if step != self.history.step:
            return
        stale, self._stale = self._stale, []
        given, self._given = self._given, []
        victim, self._nonfinite = self._nonfinite, ""
        if stale and given:
            from detachsim.explain.silent import explain_stale, gradients_by_step

            if self._right is None:
                self._right = gradients_by_step(rerun.kept(self.choices, checked=True))
            right = self._right.get(step, [])
            yield from self._new(explain_stale(self.history, stale, given, right))
        if victim and not self._found_origin:
            from detachsim.explain.nonfinite import explain_nonfinite

            origins = rerun.first_nonfinite(self.choices)
            if origins:
                self._found_origin = True
                yield from self._new(explain_nonfinite(self.history, origins, victim))

    def _asked(self, question: str, names: tuple[str, ...]) -> bool:
        """Whether a question is still to be answered: in a loop, the answers of the first rounds are enough."""
        key = (question, re.sub(_ROUND, "", self.history.step), names)
        count = self._rounds[key] = self._rounds.get(key, 0) + 1
        return count <= ROUNDS

    def _steps_optimizer(self) -> bool:
        step = self.history.open[-1]
        return step.kind == "inplace" and ".step(" in self.history.code(step.number)

    def _left_out(self) -> Diagnosis | None:
        from detachsim.explain.optimizers import explain_left_out

        return explain_left_out(self.history)

    def _error(self, event: Raised) -> Diagnosis:
        from detachsim.explain.refused import explain_error

        return explain_error(self.history, event)

    def _none(self, event: Read) -> Diagnosis | None:
        from detachsim.explain.missing import explain_none

        return explain_none(self.history, event.tensor, event.names)

    def _new(self, found: Diagnosis | None) -> Iterator[Diagnosis]:
        """Yield a diagnosis that was not made yet in this run: a repeated question has the same answer."""
        if found is None:
            return
        # A loop asks the same in every round.
        cause = tuple((re.sub(_ROUND, "", one.step), one.role) for one in found.because if one.role != "read")
        names = next((one.names for one in found.because if one.role == "read"), ())
        key = (found.code, (cause, names))
        if key in self._told:
            return
        self._told.add(key)
        yield self.with_fixes(replace(found, choices=self.choices))

    def with_fixes(self, found: Diagnosis, wanted: str = "") -> Diagnosis:
        """Return a diagnosis with the fixes that work, if fixes are wanted; ``wanted`` is the gradient asked for."""
        if self._rerun is None or not self._fixes or self._rerun.length > self._patience:
            return found
        if self._workshop is None:
            from detachsim.explain.fixes import Workshop

            self._workshop = Workshop(self._rerun)
        return replace(found, fixes=self._workshop.fixes(found, self.history, self._fixes, wanted))


# Who asks for an explanation waits longer than who runs a scenario.
PATIENT = 50_000


def diagnose(events: Iterable[Event], rerun: "Rerun | None" = None, fixes: int = 0) -> list[Diagnosis]:
    """Return the diagnoses of all the runs that ``events`` tell."""
    explainer = Explainer(rerun, fixes, PATIENT)
    return [found for event in events for found in explainer.observe(event)]


def explain_name(events: Iterable[Event], name: str, rerun: "Rerun | None" = None, fixes: int = 0) -> list[Diagnosis]:
    """Return, for each run, why the gradient of what ``name`` stands for at the end is None, or whence it came.

    A run that never binds ``name`` to a tensor has no answer.
    """
    from detachsim.explain.missing import explain_gradient

    name = name.removesuffix(".grad")
    answers: list[Diagnosis] = []
    explainer = Explainer()
    solver = Explainer(rerun, fixes, PATIENT)
    for event in events:
        for _ in explainer.observe(event):
            pass
        if isinstance(event, RunEnded) and (found := explain_gradient(explainer.history, name)) is not None:
            solver.history = explainer.history
            answers.append(solver.with_fixes(replace(found, choices=explainer.choices), f"{name}.grad"))
    return answers
