"""``detachsim explain``: its text, its JSON, its pages and the scenarios that it mends."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from detachsim.explain import pages
from tests.explain.scenarios import leaf, steps
from tests.shell import detachsim

EDIT = """\
steps:
  - tensor: a = [1.0, 2.0]
    requires_grad: true
  - op: out = a.sigmoid()
  - detach: c = out
  - inplace: c.zero_()
  - backward: out.sum()
    raises: modified
"""


@pytest.fixture
def edit(tmp_path: Path) -> Path:
    path = tmp_path / "edit.yaml"
    path.write_text(EDIT, encoding="utf-8")
    return path


def test_the_labels_stand_under_the_exact_places(edit: Path) -> None:
    told = detachsim("explain", "edit.yaml", "--width", "100", cwd=edit.parent)
    assert told.returncode == 0
    assert (
        told.stdout.split("   = fix 1")[0]
        == """\
V1 step 5: c.zero_() in step 4 edited out, which SigmoidBackward0 saved in step 2 and needs here.
  > edit.yaml:7:15
4 |   - op: out = a.sigmoid()
  |         ----------------- step 2: SigmoidBackward0 saves out at version 0: the gradient of a is
  |                           grad * (1 - result) * result, where result is out
5 |   - detach: c = out
  |             ------- step 3: c shares memory and version counter with out, by detach()
6 |   - inplace: c.zero_()
  |              ^^^^^^^^^ step 4: c.zero_() edits it through c: version 0 to 1
7 |   - backward: out.sum()
  |               --------- step 5: SigmoidBackward0 needs it at version 0, but it is at version 1
"""
    )


def test_the_json_is_as_documented(edit: Path) -> None:
    told = detachsim("explain", str(edit), "--format", "json")
    report = json.loads(told.stdout)
    assert report["version"] == 1
    (found,) = report["diagnoses"]
    assert set(found) == {"code", "step", "headline", "because", "fixes"}
    assert (found["code"], found["step"]) == ("V1", "5")
    assert found["because"] == [
        {"step": "2", "role": "saved", "names": ["out"], "version_before": 0, "version_after": 0},
        {"step": "3", "role": "aliased", "names": ["c"], "version_before": None, "version_after": None},
        {"step": "4", "role": "edited", "names": ["c"], "version_before": 0, "version_after": 1},
        {"step": "5", "role": "needed", "names": ["out"], "version_before": 0, "version_after": 1},
    ]
    assert found["fixes"][0] == {
        "title": "give c memory of its own",
        "step": "3",
        "replacement": "op: c = out.detach().clone()",
        "outcome": "the run succeeds: a.grad = tensor([0.1966, 0.1050])",
    }


def test_nothing_to_explain(tmp_path: Path) -> None:
    path = tmp_path / "right.yaml"
    path.write_text(steps(leaf("a"), "backward: a.sum()", "print: a.grad"), encoding="utf-8")
    assert detachsim("explain", str(path)).stdout.startswith("Nothing to explain")
    assert json.loads(detachsim("explain", str(path), "--format", "json").stdout) == {"version": 1, "diagnoses": []}


def test_a_fix_prints_the_mended_scenario(edit: Path) -> None:
    told = detachsim("explain", str(edit), "--fix", "1")
    assert told.stdout == EDIT.replace("detach: c = out", "op: c = out.detach().clone()").replace(
        "    raises: modified\n", ""
    )
    assert detachsim("run", "-", stdin=told.stdout).returncode == 0
    missing = detachsim("explain", str(edit), "--fix", "99")
    assert (missing.returncode, "There is no fix 99" in missing.stderr) == (2, True)


def test_a_name_is_answered_on_demand(edit: Path) -> None:
    text = detachsim("explain", str(edit), "--name", "c.grad").stdout
    assert text.startswith("N1 step 5: c.grad is None: step 3 (c = out.detach()) cut it off.")
    unknown = detachsim("explain", str(edit), "--name", "z")
    assert (unknown.returncode, "No tensor is called 'z'" in unknown.stderr) == (2, True)


def test_codes_have_pages() -> None:
    assert detachsim("explain", "v2").stdout.startswith("# V2: ")
    assert "V1  a saved tensor was edited in place\n" in detachsim("explain", "--list").stdout
    unknown = detachsim("explain", "Z9")
    assert (unknown.returncode, "There is no code 'Z9'" in unknown.stderr) == (2, True)
    assert detachsim("explain").returncode == 2


@pytest.mark.parametrize("width", [40, 80, 200])
def test_pages_fit_the_terminal(width: int) -> None:
    shown = detachsim("explain", "V1", COLUMNS=str(width)).stdout
    assert shown.split() == (pages.page("V1") or "").split()
    text = [line for line in shown.partition("## The smallest")[0].splitlines()[1:] if line]
    assert all(len(line) <= width for line in text)
    # Only the last row of a paragraph has room for one more word.
    assert all(len(f"{row} {after.split()[0]}") > width for row, after in pairwise(text) if not row.endswith("."))
    listed = detachsim("explain", "--list", COLUMNS="40").stdout.splitlines()
    assert listed[:2] == ["B1  a second backward through the same", "    nodes"]


def test_a_wrong_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("steps: 3\n", encoding="utf-8")
    assert detachsim("explain", str(path)).returncode == 2
    assert detachsim("explain", str(tmp_path / "missing.yaml")).returncode == 2
