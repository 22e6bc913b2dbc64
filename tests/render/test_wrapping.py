"""Breaking text into rows, and making it safe to show."""

import random

import pytest

from detachsim.render.lines import Piece
from detachsim.render.visible import only_ascii, visible
from detachsim.render.wrapping import chop, columns, wrap


def rows(*parts: str, width: int = 10) -> list[str]:
    return ["".join(piece.text for piece in row) for row in wrap(tuple(Piece(part) for part in parts), width)]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("alpha beta gamma",), ["alpha beta", "gamma"]),
        (("",), [""]),
        (("a  b",), ["a  b"]),
        (("alpha    beta gamma",), ["alpha", "beta gamma"]),
        (("x" * 25,), ["x" * 10, "x" * 10, "x" * 5]),
        (("see ", "abcdefgh", ", then"), ["see", "abcdefgh,", "then"]),
        (("  lead and more",), ["  lead and", "more"]),
        (("one\n  two\n\nthree",), ["one", "  two", "", "three"]),
        (("当我们再训练网络的时候,可能",), ["当我们再训", "练网络的时", "候,可能"]),
        (("训练网络的。时候",), ["训练网络", "的。时候"]),
        (("使用 detach 函数",), ["使用", "detach 函", "数"]),
    ],
)
def test_rows(parts: tuple[str, ...], expected: list[str]) -> None:
    assert rows(*parts) == expected


def test_pieces_keep_what_they_are() -> None:
    pieces = (Piece("edits "), Piece("a_name", "name"), Piece(", which", "quiet"))
    assert wrap(pieces, 7) == [
        (Piece("edits"),),
        (Piece("a_name", "name"), Piece(",", "quiet")),
        (Piece("which", "quiet"),),
    ]


@pytest.mark.parametrize("letters", ["ab  c\n", "ab  c当,。\n"])
def test_no_row_is_too_wide_and_no_character_is_lost(letters: str) -> None:
    chance = random.Random(7)
    for _ in range(2000):
        parts = ["".join(chance.choices(letters, k=chance.randrange(12))) for _ in range(3)]
        width = chance.randrange(2, 12)
        broken = rows(*parts, width=width)
        assert all(columns(row) <= width for row in broken)
        assert "".join(broken).replace(" ", "") == "".join(parts).replace(" ", "").replace("\n", "")


@pytest.mark.parametrize("letters", ["ab c", "ab c当"])
def test_chopped_text_is_whole(letters: str) -> None:
    chance = random.Random(7)
    for _ in range(500):
        text = "".join(chance.choices(letters, k=chance.randrange(30)))
        width = chance.randrange(2, 9)
        parts = list(chop(text, width))
        assert "".join(parts) == text
        assert all(columns(part) <= width for part in parts)


def test_columns() -> None:
    assert columns("abc") == 3
    assert columns("张量") == 4
    assert columns("e\u0301") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("two\nlines", "two\nlines"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\r\t\x7f\x9b", "\\r\\t\\x7f\\x9b"),
        ("\u202e\u2028\ud800", "\\u202e\\u2028\\ud800"),
        ("张量 é\u00a0\u3000", "张量 é\u00a0\u3000"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_only_ascii() -> None:
    assert only_ascii("a → 张") == "a \\u2192 \\u5f20"
