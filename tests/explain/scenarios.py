"""Scenarios as short texts, run for the tests of explanations."""

from detachsim.events import Event
from detachsim.explain.diagnosis import Diagnosis
from detachsim.explain.explainer import diagnose
from detachsim.lang import load
from detachsim.lang.syntax import Scenario
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.run import execute
from detachsim.run.trials import Trials


def loaded(text: str) -> Scenario:
    """Load a text as a scenario."""
    return load(Source("scenario.yaml", text), VOCABULARY)


def run(text: str) -> list[Event]:
    """Run a text and return its events."""
    return list(execute(loaded(text)))


def trials(text: str) -> Trials:
    """Return what can run a text again."""
    return Trials(loaded(text))


def steps(*lines: str) -> str:
    """Return a scenario of steps, each written as ``kind: value`` and further lines of options."""
    return "steps:\n" + "".join("  - " + line.replace("\n", "\n    ") + "\n" for line in lines)


def leaf(name: str, data: str = "[1.0, 2.0]") -> str:
    """Return the step that makes a leaf which requires grad."""
    return f"tensor: {name} = {data}\nrequires_grad: true"


def diagnosed(text: str, fixes: int = 0) -> list[Diagnosis]:
    """Return the diagnoses of a text."""
    return diagnose(run(text), trials(text), fixes)
