"""Wrong scenarios and the whole text that is shown for each, from ``mistakes.txt``.

A case there is a line ``=== NAME``, the file, a line ``--- shown as``, and the text.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from detachsim.lang.syntax import Scenario, ScenarioError
from detachsim.render.mistakes import mistakes_text


def _cases() -> list[tuple[str, str, str]]:
    text = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8")
    cases: list[tuple[str, str, str]] = []
    for part in text.split("=== ")[1:]:
        name, _, rest = part.partition("\n")
        scenario, _, shown = rest.partition("\n--- shown as\n")
        cases.append((name, scenario + "\n", shown.rstrip("\n") + "\n"))
    return cases


@pytest.mark.parametrize(("scenario", "shown"), [pytest.param(s, t, id=name) for name, s, t in _cases()])
def test_mistakes_are_shown_as_written_down(load_text: Callable[[str], Scenario], scenario: str, shown: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(scenario)
    assert mistakes_text(caught.value, maximum=None) == shown
