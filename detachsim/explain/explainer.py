"""When a question arises in a run, and who answers it: events go in, diagnoses come out at the step in question."""

import re
from collections.abc import Iterable, Iterator

from detachsim.events import Event, Raised, Read, RunBegan, RunEnded
from detachsim.explain.diagnosis import Diagnosis
from detachsim.explain.history import History

_ROUND = re.compile(r"\[\d+\]")


class Explainer:
    """Follows the events of a file's runs, and answers what they ask."""

    def __init__(self) -> None:
        self.history = History()
        self.choices: tuple[tuple[str, str], ...] = ()
        self._told: set[tuple[str, object]] = set()

    def observe(self, event: Event) -> Iterator[Diagnosis]:
        """Take note of an event, and yield the diagnoses that it calls for."""
        if isinstance(event, RunBegan):
            self.history = History()
            self.choices = event.choices
            self._told = set()
        self.history.add(event)
        if isinstance(event, Raised):
            yield from self._new(self._error(event))
        elif isinstance(event, Read) and event.attribute == "grad" and event.value == "None":
            yield from self._new(self._none(event))

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
        cause = tuple((_ROUND.sub("", one.step), one.role) for one in found.because)
        names = next((one.names for one in found.because if one.role == "read"), ())
        key = (found.code, (cause, names))
        if key in self._told:
            return
        self._told.add(key)
        yield _chosen(found, self.choices)


def _chosen(found: Diagnosis, choices: tuple[tuple[str, str], ...]) -> Diagnosis:
    from dataclasses import replace

    return replace(found, choices=choices) if choices else found


def diagnose(events: Iterable[Event]) -> list[Diagnosis]:
    """Return the diagnoses of all the runs that ``events`` tell."""
    explainer = Explainer()
    return [found for event in events for found in explainer.observe(event)]


def explain_name(events: Iterable[Event], name: str) -> list[Diagnosis]:
    """Return, for each run, why the gradient of what ``name`` stands for at the end is None, or whence it came.

    A run that never binds ``name`` to a tensor has no answer.
    """
    from detachsim.explain.missing import explain_gradient

    name = name.removesuffix(".grad")
    answers: list[Diagnosis] = []
    explainer = Explainer()
    for event in events:
        for _ in explainer.observe(event):
            pass
        if isinstance(event, RunEnded) and (found := explain_gradient(explainer.history, name)) is not None:
            answers.append(_chosen(found, explainer.choices))
    return answers
