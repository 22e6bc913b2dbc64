"""Golden files: comparing, the diff, and who may write what."""

import os
from pathlib import Path

import pytest

from detachsim import golden
from tests.shell import detachsim

SCENARIO = "steps:\n  - tensor: a = [1.0, 2.0]\n  - print: a * 2\n"


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario with both of its golden files."""
    monkeypatch.delenv("CI", raising=False)
    path = tmp_path / "product.yaml"
    path.write_text(SCENARIO)
    golden.torch_path(path).write_text("a * 2: tensor([2., 4.])\n")
    golden.compare(path, update=True)
    return path


def test_names() -> None:
    assert golden.plain_path("a/b.yaml") == Path("a/b.out")
    assert golden.torch_path("a/b.c.yml") == Path("a/b.c.torch.out")


def test_what_did_not_change_passes(scenario: Path) -> None:
    assert golden.compare(scenario) == golden.Verdict("passed", "")


def test_the_folder_does_not_matter(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(scenario.parent)
    assert golden.compare(scenario.name).outcome == "passed"


def test_a_difference_is_a_unified_diff(scenario: Path) -> None:
    path = golden.torch_path(scenario)
    path.write_text("a * 2: tensor([2., 5.])\n")
    verdict = golden.compare(scenario)
    assert verdict.outcome == "failed"
    assert verdict.report.splitlines() == [
        f"--- {path}",
        "+++ what came out",
        "@@ -1 +1 @@",
        "-a * 2: tensor([2., 5.])",
        "+a * 2: tensor([2., 4.])",
    ]


@pytest.mark.parametrize("path_of", [golden.plain_path, golden.torch_path])
def test_a_missing_golden_file_fails_and_is_not_made(scenario: Path, path_of: object) -> None:
    assert callable(path_of)
    path = path_of(scenario)
    path.unlink()
    verdict = golden.compare(scenario)
    assert verdict.outcome == "failed"
    assert f"{path}: there is no such golden file" in verdict.report
    assert not path.exists()


def test_update_rewrites_the_plain_file_only(scenario: Path) -> None:
    plain, torch = golden.plain_path(scenario), golden.torch_path(scenario)
    right = plain.read_text()
    plain.write_text("old\n")
    torch.write_text("old\n")
    verdict = golden.compare(scenario, update=True)
    assert verdict.outcome == "failed"
    assert (plain.read_text(), torch.read_text()) == (right, "old\n")
    assert sorted(os.listdir(scenario.parent)) == ["product.out", "product.torch.out", "product.yaml"]


def test_nothing_is_written_where_ci_is_set(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    golden.plain_path(scenario).write_text("old\n")
    monkeypatch.setenv("CI", "true")
    assert golden.compare(scenario, update=True).outcome == "failed"
    assert golden.plain_path(scenario).read_text() == "old\n"
    done = detachsim("test", "--update", scenario, CI="1")
    assert done.returncode == 2
    assert golden.plain_path(scenario).read_text() == "old\n"


def test_an_empty_ci_counts_as_none(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    golden.plain_path(scenario).write_text("old\n")
    monkeypatch.setenv("CI", "")
    assert golden.compare(scenario, update=True).outcome == "updated"


def test_an_expectation_that_fails_cannot_be_recorded(scenario: Path) -> None:
    scenario.write_text(SCENARIO + "  - expect: {a: [1.0, 3.0]}\n")
    golden.compare(scenario, update=True)
    verdict = golden.compare(scenario)
    assert verdict.outcome == "failed"
    assert f"{scenario}:4:" in verdict.report


def test_a_write_that_fails_leaves_the_old_file(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = golden.plain_path(scenario)

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    before = path.read_text()
    with pytest.raises(golden.GoldenFileError, match=r"product\.out: this golden file can't be written"):
        golden.write_atomically(path, "new")
    assert path.read_text() == before
    assert sorted(os.listdir(path.parent)) == ["product.out", "product.torch.out", "product.yaml"]


# --- the command -------------------------------------------------------------------------------------------------


def test_the_last_line_counts(scenario: Path) -> None:
    (scenario.parent / "other.yaml").write_text("steps:\n  - say: hello\n")
    done = detachsim("test", scenario.parent)
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 failed in ")
    assert done.returncode == 1


def test_update_makes_the_missing_file(scenario: Path) -> None:
    golden.plain_path(scenario).unlink()
    done = detachsim("test", "--update", scenario.name, cwd=scenario.parent)
    assert done.stdout.splitlines()[0] == "product.out: made"
    assert done.stdout.splitlines()[-1].startswith("0 passed, 0 failed, 1 updated in ")
    assert done.returncode == 0
    assert detachsim("test", scenario).returncode == 0


def test_the_folder_scenarios_is_the_usual_one(scenario: Path) -> None:
    scenario.parent.rename(scenario.parent.with_name("scenarios"))
    assert detachsim("test", cwd=scenario.parent.parent).returncode == 0


def test_a_golden_file_that_is_a_folder(scenario: Path) -> None:
    golden.plain_path(scenario).unlink()
    golden.plain_path(scenario).mkdir()
    (scenario.parent / "other.yaml").write_text("steps:\n  - say: hello\n")
    for option in ([], ["--update"]):
        done = detachsim("test", *option, ".", cwd=scenario.parent)
        assert done.stderr == "product.out: this golden file can't be read: Is a directory\n"
        assert done.returncode == 2
        assert "other.torch.out: there is no such golden file" in done.stdout


def test_no_scenarios_are_an_error(tmp_path: Path) -> None:
    done = detachsim("test", cwd=tmp_path)
    assert "There is no folder 'scenarios' here." in done.stderr
    assert done.returncode == 2
    assert detachsim("test", tmp_path).returncode == 2


def test_a_scenario_with_mistakes_fails(scenario: Path) -> None:
    scenario.write_text("steps:\n  - tensr: a = 1\n")
    done = detachsim("test", scenario)
    assert done.returncode == 2
    assert done.stdout.startswith("0 passed, 1 failed in ")
    assert f"{scenario}:2:5" in done.stderr


def test_the_scenarios_of_the_project() -> None:
    done = detachsim("test", cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stdout
