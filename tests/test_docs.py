"""What the documents show: every console block is run and compared, every scenario is run."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell import detachsim, environment

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str) -> list[tuple[str, str]]:
    """Return the fenced blocks of one language in all documents, each with a name for its test."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            found.append((f"{path.name}:{text.count(chr(10), 0, match.start()) + 1}", match[1]))
    return found


CONSOLES, YAMLS = blocks("console"), blocks("yaml")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scenarios and a ``detachsim`` command, where examples may write what they want."""
    place = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "scenarios", place / "scenarios")
    command = place / "bin" / "detachsim"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m detachsim "$@"\n')
    command.chmod(0o755)
    return place


def entries(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with the output that the document shows under it."""
    assert block.startswith("$ ")
    for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = entry.partition("\n")
        yield command, output


@pytest.mark.parametrize("block", [text for _, text in CONSOLES], ids=[name for name, _ in CONSOLES])
def test_a_console_block_shows_what_happens(block: str, workplace: Path) -> None:
    variables = environment()
    variables["PATH"] = f"{workplace / 'bin'}:{variables['PATH']}"
    status = 0
    for command, expected in entries(block):
        if command == "echo $?":
            assert expected == f"{status}\n"
            continue
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=workplace,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        status = done.returncode
        assert re.sub(r"in \d+\.\d\ds", "in 0.14s", done.stdout) == expected, command


def test_there_are_blocks_to_run() -> None:
    assert {name.split(":")[0] for name, _ in CONSOLES} >= {"README.md"}
    assert {name.split(":")[0] for name, _ in YAMLS} >= {"language.md"}


@pytest.mark.parametrize("block", [text for _, text in YAMLS], ids=[name for name, _ in YAMLS])
def test_a_scenario_in_a_document_does_what_it_says(block: str) -> None:
    done = detachsim("run", "-", stdin=block)
    assert (done.stderr, done.returncode) == ("", 0), done.stdout


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target
