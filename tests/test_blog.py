"""The four programs of the tutorial, under every dialect, against what PyTorch printed.

``tests/data/blog/NAME.py`` is the program as the tutorial has it; ``NAME.VERSION.out`` is what it printed: for 1.7
the tutorial's own output (warnings moved to the line that caused them, the notebook's frames left out), otherwise
recorded from that PyTorch.
"""

from pathlib import Path

import pytest

from tests.shell import detachsim

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "tests" / "data" / "blog"


@pytest.mark.parametrize("version", ["1.7", "1.13", "2.13"])
@pytest.mark.parametrize("name", ["backward", "detach", "detached-root", "edit"])
def test_program_prints_what_pytorch_prints(name: str, version: str) -> None:
    scenario = ROOT / "scenarios" / "detach" / f"{name}.yaml"
    done = detachsim("run", "--format", "torch", "--dialect", f"torch-{version}", scenario)
    assert done.stdout == (RECORDS / f"{name}.{version}.out").read_text(encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["backward", "detach", "detached-root", "edit"])
def test_the_golden_file_is_the_tutorials_own_output(name: str) -> None:
    golden = ROOT / "scenarios" / "detach" / f"{name}.torch.out"
    assert golden.read_bytes() == (RECORDS / f"{name}.1.7.out").read_bytes()
