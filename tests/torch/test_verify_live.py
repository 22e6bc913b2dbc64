"""Scenarios, exported scripts and the worker, against the PyTorch that is installed."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from detachsim.golden import read_golden, torch_path
from detachsim.lang import load, read
from detachsim.lang.syntax import Scenario
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.export import script
from detachsim.oracle.process import Oracle, release
from detachsim.oracle.verify import verify
from detachsim.oracle.worker import ONCE
from tests.torch.older import EACH_PYTHON
from tests.torch.processor import is_measured, report_of

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))
EXPORTS = sorted((ROOT / "tests" / "data" / "export").glob("*.yaml"))
REGRESSIONS = sorted((ROOT / "tests" / "torch" / "regressions").glob("*.yaml"))
PROGRAMS = sorted((ROOT / "tests" / "data" / "blog").glob("*.py"))


def name_of(path: Path) -> str:
    return path.stem


def loaded(path: Path) -> Scenario:
    return load(read(str(path)), VOCABULARY)


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """One process for all tests, which tells what names stand for as well."""
    with Oracle(states=True) as oracle:
        yield oracle


@pytest.fixture(scope="module")
def plain_oracle() -> Iterator[Oracle]:
    """One process for all tests, which tells what is printed and no more."""
    with Oracle() as oracle:
        yield oracle


@pytest.mark.parametrize("path", EXPORTS, ids=name_of)
def test_scenario_agrees(oracle: Oracle, path: Path) -> None:
    assert report_of(path.name, verify(oracle, loaded(path))) == ""


@pytest.mark.parametrize("path", REGRESSIONS, ids=name_of)
def test_regression_agrees_and_was_recorded_right(plain_oracle: Oracle, path: Path) -> None:
    scenario = loaded(path)
    if scenario.dialect != plain_oracle.dialect:
        return  # the tests of that release ask it
    verification = verify(plain_oracle, scenario)
    assert report_of(path.name, verification) == ""
    if is_measured():
        assert verification.theirs.text() == read_golden(torch_path(path))


@pytest.mark.parametrize("python", EACH_PYTHON)
def test_scenarios_agree_with_each_torch(python: str) -> None:
    with Oracle(python, states=True) as oracle:
        for path in SCENARIOS:
            scenario = loaded(path)
            if release(scenario.dialect) > release(oracle.dialect):
                continue  # it may use what that PyTorch does not have yet
            verification = verify(oracle, scenario)
            assert report_of(path.name, verification) == ""
            if scenario.dialect == oracle.dialect:
                assert verification.theirs.text() == read_golden(torch_path(path))


@pytest.mark.parametrize("path", [*SCENARIOS, *EXPORTS], ids=name_of)
def test_telling_states_changes_nothing(oracle: Oracle, plain_oracle: Oracle, path: Path) -> None:
    assert oracle.transcript(loaded(path)) == plain_oracle.transcript(loaded(path))


@pytest.mark.parametrize("path", [ROOT / "scenarios" / "detach" / "edit.yaml", *EXPORTS], ids=name_of)
def test_exported_script_prints_the_transcript(plain_oracle: Oracle, tmp_path: Path, path: Path) -> None:
    exported = tmp_path / "exported.py"
    exported.write_text(script(loaded(path)), encoding="utf-8")
    done = subprocess.run([sys.executable, exported], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stdout == plain_oracle.transcript(loaded(path)).text()
    assert done.stderr == ""


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_tutorial_was_recorded_right(plain_oracle: Oracle, capsys: pytest.CaptureFixture[str], path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, category, *place: print(
            f"{category.__name__}: {message}".split(" (Triggered internally at")[0]
        )
        try:
            exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), {})
        except RuntimeError as error:
            print(f"RuntimeError: {error}")
    version = plain_oracle.dialect.removeprefix("torch-")
    assert capsys.readouterr().out == path.with_suffix(f".{version}.out").read_text(encoding="utf-8")


# What causes each of the warnings that come once, and some that come each time.
CAUSES = """\
(one * one).backward(create_graph=True)
float(one)
torch.ones(2, 3, 4).T
torch.tensor(1.0).T; one.mT; one.H; one.mH
torch.where(bytes, two, two)
torch.meshgrid(two, two)
torch.cross(torch.ones(3, 3), torch.ones(3, 3))
torch.cholesky(torch.eye(2))
torch.qr(torch.eye(2))
torch.lu(torch.eye(2))
torch.lu_solve(torch.eye(2), *torch.linalg.lu_factor(torch.eye(2)))
torch.triangular_solve(torch.eye(2), torch.eye(2))
torch.searchsorted(torch.ones(3, 3).T, torch.ones(3, 3))
torch.nn.functional.conv1d(torch.ones(1, 1, 5), torch.ones(1, 1, 2), padding="same")
wide = torch.ones(3, 2, requires_grad=True); wide.grad = torch.ones(2, 3).t(); (wide * 3).sum().backward()
two.storage().size()
one.detach().reshape(1).index_reduce(0, torch.tensor([0]), torch.ones(1), "amax")
torch.add(two, 1, two)
one.adjoint()
(one * 1).grad
two[bytes]
torch.nn.functional.softmax(two)
torch.nn.functional.mse_loss(two, torch.ones(2, 1))
torch.tensor(two)
torch.ones(1).std()
torch.ones(1).expand(2).masked_fill_(bytes.bool(), 0.0)
"""

TWICE = f"""\
import warnings
import torch

warnings.simplefilter("always")
warnings.showwarning = lambda message, *place: print(str(message).split("\\n")[0])
one = torch.tensor(1.0, requires_grad=True)
two = torch.ones(2)
bytes = torch.tensor([1, 0], dtype=torch.uint8)
for time in range(2):
    print("--")
{"".join(f"    {line}" + chr(10) for line in CAUSES.splitlines())}"""


def test_which_warnings_come_once_in_a_process() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True)
    _, first, second = (part.splitlines() for part in done.stdout.split("--\n"))
    gone = [line for line in first if line not in second]
    assert gone
    assert all(line.startswith(ONCE) for line in gone)
    assert not any(line.startswith(ONCE) for line in second)
    assert len(second) >= 6
    for text in ONCE:
        assert any(line.startswith(text) for line in gone), f"nothing caused {text!r}"
