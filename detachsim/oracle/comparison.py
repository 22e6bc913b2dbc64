"""When two transcripts agree: everything exactly, except for the last digit of a number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from detachsim.oracle.transcript import Facts, RunLines, StepLines, Transcript

# Numbers with a decimal point and digits behind it, or an exponent. Whole numbers (versions, shapes, ``2.``) are not
# among them: they are right or wrong.
DECIMAL = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d+(?:e[-+]?\d+)?|\d+\.?e[-+]?\d+)(?![\w.])")

RELATIVE_TOLERANCE = 1e-6
"""Two numbers are equal when they differ by no more than this part of them, or by one of the last printed digit."""


# What ends a tensor's text besides its values and dtype; compared as facts of their own.
SUFFIX = re.compile(r",\s+(?:requires_grad=True|grad_fn=<.*>)\)$")


@dataclass(frozen=True, slots=True)
class Difference:
    """A step at which two sides differ. A side that has no such step is ``None``.

    ``facts`` are the differences that were not printed: a name, a property of its tensor, our value and theirs.
    """

    choices: str
    ours: StepLines | None
    theirs: StepLines | None
    facts: tuple[tuple[str, str, object, object], ...] = ()

    @property
    def number(self) -> str:
        """The step's number, on the side that has the step."""
        step = self.ours or self.theirs
        return step.number if step is not None else ""


def differences(ours: Transcript, theirs: Transcript, *, exact: bool = False) -> list[Difference]:
    """Return the steps at which two transcripts differ, in order; ``exact`` allows no other digit in a line."""
    found: list[Difference] = []
    empty = RunLines("", ())
    for our_run, their_run in zip_longest(ours.runs, theirs.runs, fillvalue=empty):
        choices = our_run.choices or their_run.choices
        known: dict[str, Facts] = {}
        for our_step, their_step in zip_longest(our_run.steps, their_run.steps):
            facts = tuple(unlike_facts(our_step, their_step, known))
            if facts or not steps_agree(our_step, their_step, exact=exact):
                found.append(Difference(choices, our_step, their_step, facts))
    return found


def unlike_facts(
    ours: StepLines | None, theirs: StepLines | None, known: dict[str, Facts]
) -> Iterator[tuple[str, str, object, object]]:
    """Yield the facts of a step in which our side contradicts theirs; ``known`` is what theirs told before."""
    if ours is None or theirs is None or not theirs.states_known:
        return
    known.update(theirs.states)
    for name, facts in ours.states.items():
        told = known.get(name, {})
        for fact, our_value in facts.items():
            if fact in told and not facts_agree(our_value, told[fact]):
                yield name, fact, our_value, told[fact]


def facts_agree(ours: object, theirs: object) -> bool:
    """Say whether two values of a property are the same; texts of tensors but for the last digits and the spaces."""
    if not isinstance(ours, str) or not isinstance(theirs, str):
        return ours == theirs
    one, other = (
        "".join(SUFFIX.sub(")", text).removeprefix("Parameter containing:").removeprefix("torch.").split())
        for text in (ours, theirs)
    )
    return texts_agree(one, other)


def steps_agree(ours: StepLines | None, theirs: StepLines | None, *, exact: bool) -> bool:
    """Say whether both sides did the same step and printed the same."""
    if ours == theirs:
        return True
    if exact or ours is None or theirs is None or ours.number != theirs.number or len(ours.lines) != len(theirs.lines):
        return False
    return all(map(texts_agree, ours.lines, theirs.lines))


def texts_agree(ours: str, theirs: str) -> bool:
    """Say whether two texts are equal but for the last digits of numbers, and the spaces that align them."""
    if ours == theirs:
        return True
    our_numbers, their_numbers = DECIMAL.findall(ours), DECIMAL.findall(theirs)
    if len(our_numbers) != len(their_numbers):
        return False
    our_rest, their_rest = ("".join(DECIMAL.sub("#", text).split()) for text in (ours, theirs))
    return our_rest == their_rest and all(map(numbers_agree, our_numbers, their_numbers))


def numbers_agree(ours: str, theirs: str) -> bool:
    """Say whether two printed numbers stand for the same one."""
    if ours == theirs:
        return True
    one, other = float(ours), float(theirs)
    # A little more than one digit, since the difference of two decimals is not exact.
    allowed = max(1.01 * last_digit(ours), 1.01 * last_digit(theirs), RELATIVE_TOLERANCE * abs(other))
    return abs(one - other) <= allowed


def last_digit(number: str) -> float:
    """Return what one of the last printed digit of a number is worth (``1.25`` gives 0.01)."""
    digits, _, exponent = number.partition("e")
    decimals = len(digits.partition(".")[2])
    return float(f"1e{int(exponent or 0) - decimals}")
