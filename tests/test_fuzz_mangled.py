"""Random scenarios, whole and broken: whatever a file holds, detachsim never fails itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.fuzz.mangling import mangled_texts, outcome_of

EXAMPLES = int(os.environ.get("DETACHSIM_MANGLED_EXAMPLES", "150"))


@pytest.mark.parametrize("format", ["plain", "torch", "json"])
def test_no_text_makes_detachsim_fail(format: str) -> None:
    @seed(0)
    @settings(max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mangled_texts())
    def runs(text: str) -> None:
        status, trace = outcome_of(text, format=format)
        assert trace == "", text
        assert status in (0, 1, 2)

    runs()


def test_a_broken_file_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(b"steps:\n- op: t1 = \x00(\n- print: t1.__class__\n")
    done = subprocess.run([sys.executable, "-m", "detachsim", "run", path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
