"""Which disagreements of random scenarios are of rounding alone: numbers with a point, in texts that are else the same.

PyTorch's vector kernels round transcendental functions differently from machine to machine, and a scenario may make
anything of the last digit: a difference of two nearly equal numbers, a division by what should be 0. Versions, shapes,
indices, names, warnings and errors hold no such numbers.
"""

import re
from collections.abc import Sequence

from detachsim.oracle.comparison import Difference, facts_agree, steps_agree

NUMBER = re.compile(r"[-+]?\b(?:\d+\.\d*(?:e[-+]?\d+)?|inf\b|nan\b)")


def is_rounding(differences: Sequence[Difference]) -> bool:
    """Say whether two transcripts differ in numbers with a point only."""
    return all(map(_is_rounding, differences))


def _is_rounding(difference: Difference) -> bool:
    ours, theirs = difference.ours, difference.theirs
    if ours is None or theirs is None or len(ours.lines) != len(theirs.lines):
        return False
    if not steps_agree(ours, theirs, exact=False) and any(
        masked(one) != masked(other) for one, other in zip(ours.lines, theirs.lines, strict=True)
    ):
        return False
    return all(
        isinstance(one, str) and isinstance(other, str) and (facts_agree(masked(one), masked(other)))
        for _, _, one, other in difference.facts
    )


def masked(text: str) -> str:
    """Return a text without its numbers with a point, and without the spaces that align them."""
    return "".join(NUMBER.sub("#", text).split())
