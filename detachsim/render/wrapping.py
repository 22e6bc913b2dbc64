"""How long text is broken into lines, counting the columns that a terminal gives each character."""

import unicodedata
from collections.abc import Iterator

from detachsim.render.lines import Piece, Text


def columns(text: str) -> int:
    """Return how many columns ``text`` takes: two for a Chinese character, none for a combining accent."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of_character, text))


def _columns_of_character(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def chop(text: str, width: int) -> Iterator[str]:
    """Cut ``text`` into stretches of at most ``width`` columns, wherever that may be."""
    while columns(text) > width:
        taken = used = 0
        for character in text:
            used += _columns_of_character(character)
            if used > width and taken:
                break
            taken += 1
        yield text[:taken]
        text = text[taken:]
    yield text


def wrap(pieces: Text, width: int) -> list[list[Piece]]:
    """Break ``pieces`` at spaces (Chinese anywhere) into rows of at most ``width`` columns.

    A word that is longer than a whole row is cut. Line breaks in the text are kept.
    """
    rows: list[list[Piece]] = []
    for line in _lines(pieces):
        row: list[Piece] = []
        used = 0
        for spaced, word in _words(line):
            size = sum(columns(piece.text) for piece in word)
            gap = 1 if spaced and row else 0
            if row and used + gap + size > width:
                rows.append(row)
                row, used, gap = [], 0, 0
            for text, tone in word:
                if gap:
                    text, gap = f" {text}", 0
                parts = [text] if used + columns(text) <= width else list(chop(text, width))
                for part in parts[:-1]:
                    rows.append([*row, Piece(part, tone)])
                    row, used = [], 0
                row.append(Piece(parts[-1], tone))
                used += columns(parts[-1])
        rows.append(row)
    return rows


def _lines(pieces: Text) -> list[list[Piece]]:
    """Split ``pieces`` at the line breaks that they hold."""
    lines: list[list[Piece]] = [[]]
    for text, tone in pieces:
        first, *others = text.split("\n")
        lines[-1].append(Piece(first, tone))
        lines.extend([Piece(other, tone)] for other in others)
    return lines


def _words(line: list[Piece]) -> Iterator[tuple[bool, list[Piece]]]:
    """Yield what may not be broken, each with whether a space stood before it.

    A word can have several pieces: a name and the comma after it.
    """
    word: list[Piece] = []
    spaced = False
    for text, tone in line:
        for place, stretch in enumerate(text.split(" ")):
            if place:
                if word:
                    yield spaced, word
                word, spaced = [], True
            first, *others = (stretch,) if stretch.isascii() else _breakable(stretch)
            if first:
                word.append(Piece(first, tone))
            for part in others:
                if word:
                    yield spaced, word
                word, spaced = [Piece(part, tone)], False
    if word:
        yield spaced, word


def _breakable(text: str) -> Iterator[str]:
    """Cut ``text`` before each wide character, since Chinese and Japanese are written without spaces.

    Punctuation stays with the character before it.
    """
    start = 0
    for place, character in enumerate(text):
        wide = _columns_of_character(character) == 2
        if place > start and wide and not unicodedata.category(character).startswith("P"):
            yield text[start:place]
            start = place
    yield text[start:]
