"""Random calls of every function, their arguments by PyTorch's signatures, against the PyTorch that is installed.

``DETACHSIM_CALLS`` and ``DETACHSIM_CALLS_SEED`` say how many, and from where; ``tools/fuzz.py --themes calls`` groups
what differs.
"""

import os
import random

import pytest

from detachsim.oracle.process import Oracle
from detachsim.oracle.verify import differences_text, verify
from tests.fuzz import calls
from tests.fuzz.judging import is_rounding
from tests.fuzz.loading import NAME, loaded
from tests.fuzz.writer import Writer

pytest.importorskip("torch")

COUNT = int(os.environ.get("DETACHSIM_CALLS", "600"))
SEED = os.environ.get("DETACHSIM_CALLS_SEED", "0")


def written(chosen: random.Random) -> str:
    """Return a scenario of one call."""

    def draw(strategy: object) -> object:
        raise AssertionError("a call is drawn from its own generator")

    writer = Writer(draw)
    calls.write_call(writer, random.Random(chosen.getrandbits(60)), *chosen.choice(calls.names()))
    return writer.text()


def test_random_calls_agree() -> None:
    chosen = random.Random(SEED)
    differing: list[str] = []
    with Oracle() as oracle:
        for _ in range(COUNT):
            scenario, text = loaded(written(chosen))
            try:
                found = verify(oracle, scenario)
            except Exception as error:  # one of Python's own is a disagreement, too
                differing.append(f"{text}{type(error).__name__}: {error}")
                continue
            if found.outcome == "differs" and not is_rounding(found.differences):
                differing.append(text + differences_text(NAME, found.differences, "torch"))
    # What is left, 1 in 400 when it was counted last, is mostly which of two errors of one call PyTorch finds first.
    assert len(differing) <= COUNT // 120, f"{len(differing)} of {COUNT} differ:\n" + min(differing, key=len)
