"""``detachsim graph`` and ``detachsim memory``, as a user runs them."""

import re
from pathlib import Path

import pytest

from tests.shell import ROOT, detachsim

EDIT = ROOT / "scenarios" / "detach" / "edit.yaml"
FAILING = ROOT / "tests" / "data" / "pictures" / "failing.yaml"
VARY = ROOT / "tests" / "data" / "pictures" / "vary.yaml"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

both = pytest.mark.parametrize("command", ["graph", "memory"])


@both
def test_a_failing_scenario_is_drawn_as_far_as_it_got(command: str) -> None:
    done = detachsim(command, FAILING)
    assert (done.returncode, done.stderr) == (0, "")
    assert "after step 8, the last, which raised\nRuntimeError" in done.stdout or "RuntimeError" in done.stdout
    assert "stale" in done.stdout


@both
def test_a_step_is_chosen(command: str) -> None:
    done = detachsim(command, EDIT, "--step", "6")
    assert done.returncode == 0
    assert "after step 6\n" in done.stdout
    assert "stale" not in done.stdout


@both
def test_a_step_that_did_not_run_is_refused(command: str) -> None:
    done = detachsim(command, FAILING, "--step", "9")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no step 9 ran; those that did are 1, 2, 3, 4, 5, 5.1, 5.2, 6, 7, 8." in done.stderr
    assert "The run ended with an error: RuntimeError." in done.stderr


@both
def test_a_run_is_chosen(command: str) -> None:
    first, second = detachsim(command, VARY), detachsim(command, VARY, "--run", "2")
    assert "CUT=out.detach()" in first.stdout
    assert "CUT=out.data" in second.stdout
    wrong = detachsim(command, VARY, "--run", "5")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "the scenario has 4 runs" in wrong.stderr


@both
def test_a_wrong_file_is_reported(command: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("steps:\n  - opp: a = 1\n", encoding="utf-8")
    for wrong in (path, tmp_path / "missing.yaml"):
        done = detachsim(command, wrong)
        assert (done.returncode, done.stdout) == (2, "")
        assert wrong.name in done.stderr


@both
def test_the_scenario_may_come_from_standard_input(command: str) -> None:
    done = detachsim(command, "-", stdin=EDIT.read_text(encoding="utf-8"))
    assert (done.returncode, done.stdout) == (0, detachsim(command, EDIT).stdout)


@both
@pytest.mark.parametrize("width", [40, 60, 100])
def test_no_row_is_wider_than_the_terminal(command: str, width: int) -> None:
    done = detachsim(command, EDIT, "--width", str(width))
    assert max(map(len, done.stdout.splitlines())) <= width


@both
def test_colour_changes_nothing_but_colour(command: str) -> None:
    plain, colored = detachsim(command, EDIT), detachsim(command, EDIT, "--color", "always")
    assert ESCAPE.search(colored.stdout)
    assert ESCAPE.sub("", colored.stdout) == plain.stdout
    assert "\x1b" not in plain.stdout


@both
def test_a_terminal_without_unicode_gets_ascii(command: str) -> None:
    done = detachsim(command, EDIT, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "\\u" not in done.stdout


@pytest.mark.parametrize(
    ("suffix", "beginning"),
    [("svg", "<svg "), ("dot", "digraph "), ("gv", "digraph "), ("mmd", "---\n"), ("txt", "Editing ")],
)
def test_the_suffix_chooses_the_format(suffix: str, beginning: str, tmp_path: Path) -> None:
    path = tmp_path / f"edit.{suffix}"
    done = detachsim("graph", EDIT, "-o", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert path.read_text(encoding="utf-8").startswith(beginning)


@pytest.mark.parametrize(
    ("format", "beginning"), [("svg", "<svg "), ("dot", "digraph "), ("mermaid", "---\n"), ("tree", "Edit")]
)
def test_a_format_is_chosen(format: str, beginning: str) -> None:
    done = detachsim("graph", EDIT, "--format", format)
    assert done.returncode == 0
    assert done.stdout.startswith(beginning)


def test_the_option_goes_over_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "edit.svg"
    assert detachsim("graph", EDIT, "--format", "dot", "-o", path).returncode == 0
    assert path.read_text(encoding="utf-8").startswith("digraph ")


def test_a_suffix_without_a_format_is_refused(tmp_path: Path) -> None:
    done = detachsim("graph", EDIT, "-o", tmp_path / "edit.png")
    assert done.returncode == 2
    assert "The suffix '.png' stands for no format; .txt, .dot, .gv, .mmd, .svg do." in done.stderr
    assert not list(tmp_path.iterdir())
    for option, name in ((["--format", "svg"], "edit.png"), ([], "edit")):
        assert detachsim("graph", EDIT, *option, "-o", tmp_path / name).returncode == 0


def test_a_file_that_cannot_be_written_is_a_mistake_of_the_command_line(tmp_path: Path) -> None:
    done = detachsim("graph", EDIT, "-o", tmp_path / "missing" / "edit.svg")
    assert done.returncode == 2
    assert "Cannot write" in done.stderr


def test_memory_goes_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "memory.txt"
    assert detachsim("memory", EDIT, "-o", path).returncode == 0
    assert path.read_text(encoding="utf-8") == detachsim("memory", EDIT).stdout
