"""The recorded messages are what the PyTorch that is installed says."""

from pathlib import Path

import pytest
import yaml

from detachsim.lang import load
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.comparison import texts_agree
from detachsim.oracle.process import Oracle
from tests.torch.older import EACH_PYTHON

torch = pytest.importorskip("torch")

MESSAGES = Path(__file__).parents[1] / "messages" / "messages.yaml"


@pytest.mark.parametrize("python", EACH_PYTHON)
def test_recorded_messages_are_what_torch_says(python: str) -> None:
    wrong: list[str] = []
    with Oracle(python) as oracle:
        for entry in yaml.load(MESSAGES.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if "unreachable" in entry:
                continue
            source = Source(f"{entry['id']}.yaml", yaml.safe_dump({"steps": entry["steps"]}, sort_keys=False))
            (run,) = oracle.transcript(load(source, VOCABULARY)).runs
            lines = [line for step in run.steps for line in step.lines]
            recorded = entry.get(oracle.dialect, entry["torch-2.13"])
            if len(lines) != len(recorded) or not all(map(texts_agree, lines, recorded)):
                wrong.append(f"{entry['id']}: {lines} instead of {recorded}")
    assert wrong == []
