"""Running random scenarios in detachsim and in PyTorch, and what they disagree about."""

import time
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings

from detachsim.oracle.process import Oracle
from detachsim.oracle.verify import differences_text, verify
from tests.fuzz.judging import is_rounding
from tests.fuzz.loading import NAME, loaded
from tests.fuzz.scenarios import scenario_texts


class Comparison:
    """How many scenarios ran, and the text and first difference of each that disagrees, those of rounding apart."""

    def __init__(self) -> None:
        self.count = 0
        self.reports: list[str] = []
        self.roundings: list[str] = []


def compare_random(oracles: Sequence[Oracle], examples: int, number: int, seconds: float) -> Comparison:
    """Ask the oracles in turn about so many scenarios of seed ``number``, for so many seconds at most.

    Nothing is shrunk here, which may take long; ``tools/fuzz.py --shrink`` does it.
    """
    made = Comparison()
    began = time.monotonic()

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenario_texts())
    def compare(text: str) -> None:
        if time.monotonic() - began > seconds:
            return
        made.count += 1
        scenario, text = loaded(text)
        verification = verify(oracles[made.count % len(oracles)], scenario)
        if verification.outcome == "differs":
            found = made.roundings if is_rounding(verification.differences) else made.reports
            found.append(text + differences_text(NAME, verification.differences, "torch"))

    compare()
    return made
