"""Every op form with an edit of each input and of the result, in every way, against the PyTorch that is installed."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from detachsim.lang import load
from detachsim.lang.syntax import Scenario, ScenarioError
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.process import Oracle
from detachsim.oracle.verify import verify
from tests.fuzz.matrix import scenarios
from tests.torch.processor import report_of

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """One process for all forms."""
    with Oracle() as oracle:
        yield oracle


def known() -> dict[str, Scenario]:
    """Return the scenarios of the forms that detachsim has."""
    found: dict[str, Scenario] = {}
    for name, text in scenarios():
        with suppress(ScenarioError):
            found[name] = load(Source(f"{name}.yaml", text), VOCABULARY)
    return found


CASES = known()


def test_most_forms_are_known() -> None:
    assert len(CASES) > 950


@pytest.mark.parametrize("name", CASES)
def test_edits_agree(oracle: Oracle, name: str) -> None:
    assert report_of(name, verify(oracle, CASES[name])) == ""
