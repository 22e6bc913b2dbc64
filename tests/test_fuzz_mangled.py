"""Random scenarios, whole and broken: whatever a file holds, detachsim never fails itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.fuzz.mangling import COMMANDS, mangled_bytes, mangled_texts, outcome_of, scrambled_texts

EXAMPLES = int(os.environ.get("DETACHSIM_MANGLED_EXAMPLES", "40"))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "texts", [mangled_texts(), scrambled_texts(), mangled_bytes()], ids=["text", "values", "bytes"]
)
def test_no_text_makes_detachsim_fail(texts: SearchStrategy[str | bytes], command: str) -> None:
    @seed(0)
    @settings(max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts)
    def runs(text: str | bytes) -> None:
        status, trace = outcome_of(text, command=command)
        assert trace == "", text
        assert status in (0, 1, 2)

    runs()


def test_a_broken_file_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(b"steps:\n- op: t1 = \x00(\n- print: t1.__class__\n")
    done = subprocess.run([sys.executable, "-m", "detachsim", "run", path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
