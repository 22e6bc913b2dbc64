"""When two transcripts agree: everything exactly, except for the last digit of a number."""

import re
from dataclasses import dataclass
from itertools import zip_longest

from detachsim.oracle.transcript import RunLines, StepLines, Transcript

# Numbers with a decimal point and digits behind it, or an exponent. Whole numbers (versions, shapes, ``2.``) are not
# among them: they are right or wrong.
DECIMAL = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d+(?:e[-+]?\d+)?|\d+\.?e[-+]?\d+)(?![\w.])")

RELATIVE_TOLERANCE = 1e-6
"""Two numbers are equal when they differ by no more than this part of them, or by one of the last printed digit."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A step at which two transcripts differ. A side that has no such step is ``None``."""

    choices: str
    ours: StepLines | None
    theirs: StepLines | None

    @property
    def number(self) -> str:
        """The step's number, on the side that has the step."""
        step = self.ours or self.theirs
        return step.number if step is not None else ""


def differences(ours: Transcript, theirs: Transcript, *, exact: bool = False) -> list[Difference]:
    """Return the steps at which two transcripts differ, in order; ``exact`` allows no other digit."""
    found: list[Difference] = []
    empty = RunLines("", ())
    for our_run, their_run in zip_longest(ours.runs, theirs.runs, fillvalue=empty):
        for our_step, their_step in zip_longest(our_run.steps, their_run.steps):
            if not steps_agree(our_step, their_step, exact=exact):
                found.append(Difference(our_run.choices or their_run.choices, our_step, their_step))
    return found


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
