"""Files that are missing, unreadable or not text."""

import io
import sys
from pathlib import Path

import pytest

from detachsim.lang import read
from detachsim.lang.reading import LARGEST_FILE, decode
from detachsim.lang.syntax import Mistake, ScenarioError


def _mistake(path: str) -> Mistake:
    with pytest.raises(ScenarioError) as caught:
        read(path)
    (mistake,) = caught.value.mistakes
    return mistake


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfsteps: []\n")
    assert read(str(path)).text == "steps: []\n"
    assert read(str(path)).name == str(path)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"steps: []")))
    source = read("-")
    assert (source.name, source.text) == ("<stdin>", "steps: []")


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ScenarioError) as caught:
        read("-")
    assert caught.value.mistakes[0].message == "standard input is closed"


def test_a_missing_file_has_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "detach.yaml").write_text("x")
    mistake = _mistake(str(tmp_path / "detahc.yaml"))
    assert mistake.message == "there is no such file"
    assert mistake.hint == f"did you mean `{tmp_path / 'detach.yaml'}`?"


def test_a_link_to_nothing_is_not_its_own_neighbour(tmp_path: Path) -> None:
    (tmp_path / "detach.yaml").symlink_to("nowhere.yaml")
    assert _mistake(str(tmp_path / "detach.yaml")).hint is None


def test_a_directory(tmp_path: Path) -> None:
    assert _mistake(str(tmp_path)).message == "this is a directory, not a scenario file"


def test_a_name_with_a_null() -> None:
    assert _mistake("a\0b").message == "this is not the name of a file"


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"", "the file is empty", (1, 1)),
        (b" \n\n", "the file is empty", (1, 1)),
        (b"a: b\nc: \xff\n", "the file is not UTF-8: byte 0xff at position 8", (2, 4)),
        (b"\xef\xbb\xbfc: \xff\n", "the file is not UTF-8: byte 0xff at position 6", (1, 4)),
        (b"\xef\xbb", "the file is not UTF-8: byte 0xef at position 0", (1, 1)),
        (b"\xff\xfea\0", "the file is UTF-16, but a scenario is UTF-8", (1, 1)),
        (b"\xfe\xff\0a", "the file is UTF-16, but a scenario is UTF-8", (1, 1)),
        (b"s\0t\0", "the file is UTF-16, but a scenario is UTF-8", (1, 1)),
        (b"\0s\0t", "the file is UTF-16, but a scenario is UTF-8", (1, 1)),
        (b"a" * (LARGEST_FILE + 1), "the file is larger than 16 MB", (1, 1)),
    ],
)
def test_bytes_that_are_no_scenario(data: bytes, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(ScenarioError) as caught:
        decode("f.yaml", data)
    (mistake,) = caught.value.mistakes
    assert mistake.message == message
    assert (mistake.span.line, mistake.span.column) == place
