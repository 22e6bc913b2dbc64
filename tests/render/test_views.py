"""The step-by-step views: what they show of whole runs, exactly, and that they say the same."""

import re
from pathlib import Path
from typing import get_args

import pytest

from detachsim.events import Event
from detachsim.render import plain, terminal
from detachsim.render.wrapping import columns
from tests.render.streams import STREAMS

EXPECTED = Path(__file__).parent / "expected"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

every_stream = pytest.mark.parametrize("name", STREAMS)


def in_terminal(name: str, width: int = 80, *, color: bool = False, ascii: bool = False) -> str:
    return "".join(terminal.render(STREAMS[name](), width=width, color=color, ascii=ascii))


def test_the_streams_hold_every_event() -> None:
    seen = {type(event) for stream in STREAMS.values() for event in stream()}
    assert seen == set(get_args(Event))


@every_stream
def test_plain_shows_exactly_this(name: str) -> None:
    expected = (EXPECTED / f"{name}.plain.txt").read_text(encoding="utf-8")
    assert "".join(plain.render(STREAMS[name]())) == expected


@every_stream
def test_a_terminal_without_colour_shows_exactly_this(name: str) -> None:
    assert in_terminal(name) == (EXPECTED / f"{name}.terminal.txt").read_text(encoding="utf-8")


@every_stream
def test_colour_changes_nothing_but_colour(name: str) -> None:
    colored = in_terminal(name, color=True)
    assert ESCAPE.sub("", colored) == in_terminal(name)
    assert ESCAPE.search(colored)


@every_stream
def test_a_terminal_says_the_same_words_as_plain(name: str) -> None:
    """Rows broken elsewhere and cut table cells aside, the two have the same words in the same order."""
    shown = in_terminal(name, width=100, ascii=True)
    told = "".join(plain.render(STREAMS[name]()))
    assert shown.replace("|", "").split() == told.replace("|", "").split()


@every_stream
@pytest.mark.parametrize("width", [20, 33, 40, 60, 80, 120])
def test_no_row_is_wider_than_the_terminal(name: str, width: int) -> None:
    for row in in_terminal(name, width).split("\n"):
        assert columns(row) <= width, row


def test_the_table_of_a_narrow_terminal_is_stacked() -> None:
    assert "\n≠ outcome\n  CUT=out.detach()\n    RuntimeError: one of the variables…\n" in in_terminal("varied", 40)


@every_stream
def test_an_ascii_terminal_gets_ascii(name: str) -> None:
    assert in_terminal(name, ascii=True).isascii()


@every_stream
def test_text_comes_step_by_step_and_in_whole_lines(name: str) -> None:
    chunks = list(plain.render(STREAMS[name]()))
    assert len(chunks) > 5
    assert all(chunk.endswith("\n") for chunk in chunks)


@every_stream
def test_plain_is_plain(name: str) -> None:
    text = "".join(plain.render(STREAMS[name]()))
    assert text.isascii()
    assert all(row == row.rstrip() for row in text.split("\n"))


def test_nothing_is_asked_of_the_events_before_it_is_shown() -> None:
    """A view is pulled: after the heading and first step are out, only the second step has been begun."""
    pulled = 0

    def counted() -> object:
        nonlocal pulled
        for event in STREAMS["detached_edit"]():
            pulled += 1
            yield event

    chunks = plain.render(counted())  # type: ignore[arg-type]
    assert next(chunks).startswith("Editing a detached tensor")
    assert pulled == 1
    assert "a = torch.tensor" in next(chunks)
    assert pulled == 5
