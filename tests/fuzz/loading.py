"""Reading a random scenario, without the steps that are no part of the language."""

from typing import Any

from detachsim.lang import load
from detachsim.lang.syntax import Scenario, ScenarioError
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY

NAME = "fuzz.yaml"


def loaded(text: str) -> tuple[Scenario, str]:
    """Return a scenario and its text, without each step that holds a mistake: a word that detachsim does not know, a
    name that only such a step would have bound."""
    import yaml

    document: dict[str, Any] = yaml.safe_load(text)
    while True:
        try:
            return load(Source(NAME, text), VOCABULARY), text
        except ScenarioError as error:
            lines = text.split("\n")[: error.mistakes[0].span.line]
            place = sum(line.startswith("- ") for line in lines) - 1
            del document["steps"][place]
        text = yaml.safe_dump(document, sort_keys=False, width=1000, allow_unicode=True)
