"""Random scenarios, against the PyTorch that is installed.

``tools/fuzz.py`` runs many more of them. ``DETACHSIM_FUZZ_EXAMPLES``, ``DETACHSIM_FUZZ_SEED`` and
``DETACHSIM_FUZZ_SECONDS`` say how many, from where, and for how long at most.
"""

import os

import pytest

from detachsim.oracle.process import Oracle
from tests.fuzz.comparing import compare_random

pytest.importorskip("torch")

EXAMPLES = int(os.environ.get("DETACHSIM_FUZZ_EXAMPLES", "3000"))
SEED = int(os.environ.get("DETACHSIM_FUZZ_SEED", "0"))
SECONDS = float(os.environ.get("DETACHSIM_FUZZ_SECONDS", "150"))


def test_random_scenarios_agree() -> None:
    # The second process tells what names stand for as well.
    with Oracle() as plain, Oracle(states=True) as full:
        found = compare_random((plain, full), EXAMPLES, SEED, SECONDS)
    assert found.count >= min(EXAMPLES, 20)
    # What docs/differences.md names is rare, and so is what nobody has found yet.
    assert len(found.reports) <= found.count // 200, f"{len(found.reports)} differ:\n" + min(found.reports, key=len)
    assert len(found.roundings) <= found.count // 50, f"{len(found.roundings)} round:\n" + min(found.roundings, key=len)
