"""What the documents show: every console block is run and compared, every scenario is run."""

import re
from pathlib import Path

import pytest

from tests.shell import detachsim
from tools.write_docs import DOCUMENTS, fenced, make_workplace, replay


def blocks(language: str) -> list[tuple[str, str]]:
    """Return the fenced blocks of one language in all documents, each with a name for its test."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in fenced(language, text):
            found.append((f"{path.name}:{text.count(chr(10), 0, match.start()) + 1}", match[1]))
    return found


CONSOLES, YAMLS = blocks("console"), blocks("yaml")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("docs")
    make_workplace(place)
    return place


@pytest.mark.parametrize("block", [text for _, text in CONSOLES], ids=[name for name, _ in CONSOLES])
def test_a_console_block_shows_what_happens(block: str, workplace: Path) -> None:
    assert replay(block, workplace) == block, "tools.write_docs writes what is printed now"


def test_there_are_blocks_to_run() -> None:
    assert {name.split(":")[0] for name, _ in CONSOLES} >= {"README.md"}
    assert {name.split(":")[0] for name, _ in YAMLS} >= {"README.md", "language.md"}


@pytest.mark.parametrize("block", [text for _, text in YAMLS], ids=[name for name, _ in YAMLS])
def test_a_scenario_in_a_document_does_what_it_says(block: str) -> None:
    done = detachsim("run", "-", stdin=block)
    assert (done.stderr, done.returncode) == ("", 0), done.stdout


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target
