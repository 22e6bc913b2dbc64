"""The explanation pages: the scenario of each shows its code, and the mended one asks nothing any more."""

import re

import pytest

from detachsim.explain import pages
from detachsim.explain.explainer import diagnose, explain_name
from tests.explain.scenarios import run, trials

CODES = pages.codes()
_BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def blocks(code: str) -> list[str]:
    text = pages.page(code)
    assert text is not None
    return _BLOCK.findall(text)


def test_there_are_pages() -> None:
    assert len(CODES) > 20


@pytest.mark.parametrize("code", CODES)
def test_the_scenario_of_a_page_shows_its_code(code: str) -> None:
    scenario = blocks(code)[0]
    events = run(scenario)
    if code == "N0":
        found = explain_name(events, "a.grad")
    else:
        found = diagnose(events, trials(scenario))
    assert [one.code for one in found] == [code]


@pytest.mark.parametrize("code", [code for code in CODES if len(blocks(code)) > 1])
def test_the_mended_scenario_of_a_page_asks_nothing(code: str) -> None:
    scenario = blocks(code)[1]
    assert diagnose(run(scenario), trials(scenario)) == []


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_its_parts(code: str) -> None:
    text = pages.page(code)
    assert text is not None
    assert text.startswith(f"# {code}: ")
    heads = ["The smallest scenario that shows it", "What PyTorch says", "How to mend it"]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == heads


def test_a_code_may_be_written_small() -> None:
    assert pages.page("v1") == pages.page("V1")
    assert pages.page("Z9") is None
    assert pages.page("../V1") is None
