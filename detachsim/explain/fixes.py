"""Fixes that were tried: each candidate is run, and offered only if the run then succeeds."""

from collections.abc import Iterable, Iterator

from detachsim.events import Event, ExpectationFailed, Raised
from detachsim.explain.bench import Candidate
from detachsim.explain.candidates import candidates
from detachsim.explain.cuts import reached
from detachsim.explain.diagnosis import Diagnosis, Fix
from detachsim.explain.history import History
from detachsim.explain.mending import Draft, apply
from detachsim.explain.nonfinite import is_nonfinite
from detachsim.explain.rerun import Choices, Rerun
from detachsim.explain.wording import listed, short
from detachsim.records import record

# More than this is not tried for one diagnosis.
MOST_TRIED = 10
# What the broken scenario expected, a mended one may not: so often its expectations are adapted.
_ADAPTED = 4
# What asks for a gradient that a step read: answered when there is one.
_ASKED_FOR_GRAD = ("N1", "N2", "N3", "N4", "N5", "N6", "N7", "N10")
# Where the gradient that the program was meant to give is known: that of the forward pass as it ran.
_INTENDED = ("V1", "V2", "V3")


@record
class Outcome:
    """What a run came to: the gradients at its end, who got one in each pass, its diagnoses by code, its errors."""

    grads: tuple[tuple[str, str], ...]
    served: tuple[frozenset[str], ...]
    codes: tuple[str, ...]
    uncaught: bool


class Workshop:
    """Tries fixes for the diagnoses of one scenario."""

    def __init__(self, rerun: Rerun) -> None:
        self._rerun = rerun
        self._before: dict[Choices, Outcome] = {}
        self._meant: dict[Choices, dict[str, str]] = {}

    def fixes(self, found: Diagnosis, history: History, most: int, wanted: str = "") -> tuple[Fix, ...]:
        """Return up to ``most`` fixes that work, those first that give the gradient that was meant.

        With ``wanted`` (``a.grad``) a fix works when this is not None at the end.
        """
        good: list[Fix] = []
        other: list[Fix] = []
        seen: set[str] = set()
        tried = 0
        for candidate in candidates(found, history, self._rerun.text):
            if tried == MOST_TRIED or len(good) >= most:
                break
            text = apply(self._rerun.text, candidate.changes)
            if text in seen:
                continue
            seen.add(text)
            tried += 1
            fix, meant = self._try(found, history, candidate, text, wanted)
            if fix is not None:
                (good if meant else other).append(fix)
        return tuple((good + other)[:most])

    def _try(
        self, found: Diagnosis, history: History, candidate: Candidate, text: str, wanted: str
    ) -> tuple[Fix | None, bool]:
        tried = self._run(text, found.choices)
        if tried is None:
            return None, False
        text, outcome = tried
        if not self._succeeds(found, outcome, wanted):
            return None, False
        says, meant = self._says(found, outcome)
        missed = _missed(history, outcome) if found.code == "B1" else ""
        if missed:
            says, meant = f"{says}; {missed}", False
        return Fix(candidate.title, candidate.step, candidate.replacement, says, text), meant

    def _run(self, text: str, choices: Choices) -> tuple[str, Outcome] | None:
        """Run a text, and take out what it expects no more; return the text and its outcome."""
        for _ in range(_ADAPTED):
            events = self._rerun.mended(text, choices)
            if events is None:
                return None
            failed = [event for event in events if isinstance(event, ExpectationFailed)]
            adapted = _adapt(text, failed)
            if not failed:
                return text, _outcome(events)
            if adapted is None or adapted == text:
                return None
            text = adapted
        return None

    def _succeeds(self, found: Diagnosis, outcome: Outcome, wanted: str) -> bool:
        before = self._original(found.choices)
        if outcome.uncaught:
            return False
        if found.code in _ASKED_FOR_GRAD and _asked(found):
            # Another question may come up instead, such as why a result that took the leaf's place keeps none.
            given = {name for name, _ in outcome.grads}
            return len(outcome.codes) <= len(before.codes) and _asked(found) <= given
        if wanted:
            return len(outcome.codes) <= len(before.codes) and any(name == wanted for name, _ in outcome.grads)
        if found.code in ("F1", "F2"):
            finite = [text for _, text in outcome.grads if not is_nonfinite(text)]
            return len(finite) == len(outcome.grads) > 0
        if found.code == "V2":
            meant = self._intended(found.choices)
            return len(outcome.codes) <= len(before.codes) and all(
                meant.get(name, text) == text for name, text in outcome.grads
            )
        fewer = outcome.codes.count(found.code) < before.codes.count(found.code)
        return fewer and len(outcome.codes) < len(before.codes)

    def _says(self, found: Diagnosis, outcome: Outcome) -> tuple[str, bool]:
        """Return what came of a fix, and whether its gradients are those that were meant."""
        asked = _asked(found)
        shown = [(name, text) for name, text in outcome.grads if text and (name in asked or _is_own(name))]
        shown.sort(key=lambda grad: grad[0] not in asked)
        grads = [f"{name} = {' '.join(text.split())}" for name, text in shown[:4]]
        says = "the run succeeds" + (f": {', '.join(grads)}" if grads else "")
        if found.code not in _INTENDED:
            return says, True
        meant = self._intended(found.choices)
        # That of a parameter may well differ: it is for its optimizer to change, and to compute with again.
        differ = [name for name, text in outcome.grads if _is_own(name) and meant.get(name, text) != text]
        if not differ:
            return says, True
        was = listed(f"{name} = {' '.join(meant[name].split())}" for name in differ[:2])
        return f"{says}; not the gradient of the forward pass as it ran, which is {was}", False

    def _original(self, choices: Choices) -> Outcome:
        if choices not in self._before:
            self._before[choices] = _outcome(self._rerun.mended(self._rerun.text, choices) or [])
        return self._before[choices]

    def _intended(self, choices: Choices) -> dict[str, str]:
        if choices not in self._meant:
            self._meant[choices] = dict(_outcome(self._rerun.kept(choices, checked=False)).grads)
        return self._meant[choices]


def _outcome(events: Iterable[Event]) -> Outcome:
    from detachsim.explain.explainer import Explainer

    explainer = Explainer()
    codes: list[str] = []
    uncaught = False
    for event in events:
        codes.extend(found.code for found in explainer.observe(event))
        if isinstance(event, Raised) and not event.caught:
            uncaught = True
    history = explainer.history
    served = [frozenset(name for event in one.received for name in event.names[:1]) for one in history.passes]
    return Outcome(tuple(_grads(history)), tuple(served), tuple(codes), uncaught)


def _missed(history: History, outcome: Outcome) -> str:
    """Say which leaves a backward pass reaches no more; empty if each still gets its gradient."""
    for place, one in enumerate(history.passes):
        if one.began.call == "grad":  # which gives its gradients to nobody
            continue
        served = [event.names for event in one.received]
        if not one.completed:
            served += [history.names(leaf) for root in one.roots for leaf in reached(history, root)]
        now = outcome.served[place] if place < len(outcome.served) else frozenset()
        lost = sorted({names[0] for names in served if names} - now)
        if lost:
            return f"{short(history.code(one.step))} does not reach {listed(lost)} then"
    return ""


def _asked(found: Diagnosis) -> set[str]:
    """Return the gradients that a step read and found to be None."""
    return {f"{name}.grad" for one in found.because if one.role == "read" for name in one.names}


def _is_own(grad: str) -> bool:
    """Whether a gradient is that of one of the scenario's own names, and not of a module's parameter."""
    return grad.count(".") == 1


def _grads(history: History) -> Iterator[tuple[str, str]]:
    """Yield every gradient with its name: those of a scenario's own names first, then those of parameters."""
    for name, tensor in history.bound.items():
        if tensor in history.grads:
            yield f"{name}.grad", history.grads[tensor]
    for tensor, grad in history.grads.items():
        names = history.names(tensor)
        if names and names[0] not in history.bound:
            yield f"{names[0]}.grad", grad


def _adapt(text: str, failed: list[ExpectationFailed]) -> str | None:
    """Take expectations that a mended scenario does not meet out of it."""
    draft = Draft(text)
    changes = []
    for event in failed:
        if event.kind == "expect":
            change = draft.without_step(event.span.line)
        else:
            change = draft.without_option(event.span.line, event.kind)
        if change is None:
            return None
        changes.append(change)
    return apply(text, tuple(dict.fromkeys(changes)))
