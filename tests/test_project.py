"""What holds for the files of the project: the two commands that set it up, and what no file may mention."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def fenced(text: str, language: str) -> list[str]:
    """Return the fenced blocks of one language in a text in Markdown."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def setup_commands() -> list[str]:
    """Return the commands of the README that make what they need, those in its blocks for ``sh``."""
    return "".join(fenced(README.read_text(encoding="utf-8"), "sh")).splitlines()


def test_the_readme_sets_everything_up_with_two_commands() -> None:
    assert setup_commands() == ["python3 dev.py detachsim run scenarios/detach", "python3 dev.py pytest"]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert setup_commands()[1] in lines


@pytest.mark.parametrize("hook", re.findall(r"entry: (.*)", (ROOT / ".pre-commit-config.yaml").read_text("utf-8")))
def test_pre_commit_runs_what_ci_runs(hook: str) -> None:
    assert hook in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_an_old_python_can_read_dev_py() -> None:
    ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 5))


def test_dev_py_knows_the_extras() -> None:
    tree = ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"))
    (extras,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "EXTRAS"
    )
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {extra for needed in extras.values() for extra in needed} <= set(declared)


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git work tree")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


# Spelled in parts, so that this file does not mention them either.
FORBIDDEN = re.compile(
    "|".join(["/" + "work/", "/" + "root/", "/" + "home/", "/" + r"tmp/\w", "pyth" + "onhosted", "py" + "pi.org"])
)


def test_no_file_mentions_one_machine() -> None:
    for path in tracked_files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not FORBIDDEN.search(line), f"{path}:{number}: {line.strip()}"
