"""Random scenarios, against the PyTorch that is installed.

``tools/fuzz.py`` runs many more of them. ``DETACHSIM_FUZZ_EXAMPLES``, ``DETACHSIM_FUZZ_SEED`` and
``DETACHSIM_FUZZ_SECONDS`` say how many, from where, and for how long at most.
"""

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from detachsim.oracle.process import Oracle
from detachsim.oracle.verify import differences_text, verify
from tests.fuzz.judging import is_rounding
from tests.fuzz.loading import NAME, loaded
from tests.fuzz.scenarios import scenario_texts

pytest.importorskip("torch")

EXAMPLES = int(os.environ.get("DETACHSIM_FUZZ_EXAMPLES", "400"))
SEED = int(os.environ.get("DETACHSIM_FUZZ_SEED", "0"))
SECONDS = float(os.environ.get("DETACHSIM_FUZZ_SECONDS", "90"))


@pytest.fixture(scope="module")
def oracles() -> Iterator[tuple[Oracle, Oracle]]:
    """Two processes for all scenarios, the second of which tells what names stand for as well."""
    with Oracle() as plain, Oracle(states=True) as full:
        yield plain, full


def test_random_scenarios_agree(oracles: tuple[Oracle, Oracle]) -> None:
    began = time.monotonic()
    count = 0
    reports: list[str] = []
    roundings: list[str] = []

    # Nothing is shrunk here, which may take long; ``tools/fuzz.py --shrink`` does it.
    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenario_texts())
    def compare(text: str) -> None:
        nonlocal count
        if time.monotonic() - began > SECONDS:
            return
        count += 1
        scenario, text = loaded(text)
        verification = verify(oracles[count % 2], scenario)
        if verification.outcome == "differs":
            found = roundings if is_rounding(verification.differences) else reports
            found.append(text + differences_text(NAME, verification.differences, "torch"))

    compare()
    assert count >= min(EXAMPLES, 20)
    assert len(reports) <= count // 50, f"{len(reports)} of {count} differ:\n" + min(reports, key=len)
    # What docs/differences.md says of rounding is rare.
    assert len(roundings) <= count // 100, f"{len(roundings)} of {count} round:\n" + min(roundings, key=len)
