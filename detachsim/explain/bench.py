"""What fixes are made with: a diagnosis, the steps of its run, and the text of the scenario."""

from collections.abc import Iterator

from detachsim.events import StepBegan
from detachsim.explain.diagnosis import Because, Diagnosis
from detachsim.explain.history import History
from detachsim.explain.mending import Change, Draft
from detachsim.records import record


@record
class Candidate:
    """A change to try: what it is called, the step it changes, and that step afterwards (empty: taken out)."""

    title: str
    step: str
    replacement: str
    changes: tuple[Change, ...]


class Bench:
    """A diagnosis, what its run did, and the text of the scenario, with the ways to change it."""

    def __init__(self, found: Diagnosis, history: History, text: str) -> None:
        self.found = found
        self.history = history
        self.steps = history.steps
        self.draft = Draft(text)

    def evidence(self, *roles: str) -> list[Because]:
        return [one for one in self.found.because if one.role in roles and one.step in self.steps]

    def step(self, number: str) -> StepBegan:
        return self.steps[number]

    def value(self, number: str) -> str:
        return self.draft.value(self.steps[number].span)

    def one(self, title: str, number: str, replacement: str, *changes: Change | None) -> Iterator[Candidate]:
        """Yield a candidate if each of its changes can be made."""
        made = tuple(change for change in changes if change is not None)
        if made and len(made) == len(changes):
            yield Candidate(title, number, replacement, made)

    def replaced(self, title: str, number: str, kind: str, value: str) -> Iterator[Candidate]:
        change = self.draft.replace(self.steps[number], kind, value)
        yield from self.one(title, number, f"{kind}: {value}", change)
