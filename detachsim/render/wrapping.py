"""How long text is broken into lines, counting the columns that a terminal gives each character."""

import unicodedata
from collections.abc import Iterator

from detachsim.render.lines import Piece, Text


def columns(text: str) -> int:
    """Return how many columns ``text`` takes: two for a Chinese character, none for a combining accent."""
    if text.isascii():
        return len(text)
    return sum(map(columns_of, text))


def columns_of(character: str) -> int:
    """Return how many columns one character takes."""
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def chop(text: str, width: int) -> Iterator[str]:
    """Cut ``text`` into stretches of at most ``width`` columns (but at least a character), wherever that may be."""
    if text.isascii():
        yield from (text[start : start + width] for start in range(0, max(len(text), 1), width))
        return
    start = used = 0
    for place, character in enumerate(text):
        size = columns_of(character)
        if used + size > width and place > start:
            yield text[start:place]
            start, used = place, 0
        used += size
    yield text[start:]


def wrap(pieces: Text, width: int) -> list[Text]:
    """Break ``pieces`` at spaces (Chinese anywhere) into rows of at most ``width`` columns.

    A word that is longer than a whole row is cut. Line breaks in the text are kept, and so are
    spaces within a row, however many; those around a break are not.
    """
    text = "".join([piece.text for piece in pieces])
    if "\n" not in text and columns(text) <= width:
        return [pieces]
    breaks = _ascii_breaks if text.isascii() else _breaks
    rows: list[Text] = []
    start = 0
    for line in text.split("\n"):
        rows.extend(
            _between(pieces, start + first, start + last) for first, last in breaks(line.rstrip(" "), max(width, 1))
        )
        start += len(line) + 1
    return rows


def _between(pieces: Text, first: int, last: int) -> Text:
    """Return the part of ``pieces`` from character ``first`` to before ``last`` of their whole text."""
    row: list[Piece] = []
    start = 0
    for text, tone in pieces:
        end = start + len(text)
        if start < last and end > first:
            row.append(Piece(text[max(first - start, 0) : last - start], tone))
        start = end
    return tuple(row)


def _ascii_breaks(line: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield where each row of ``line`` begins and ends, one column being one character."""
    start = 0
    word = len(line) - len(line.lstrip(" "))
    while len(line) - start > width:
        first = max(start, word)
        space = line.rfind(" ", first, start + width + 1)
        end = after = space if space > first else start + width
        while end == space and line[end - 1] == " ":
            end = space = end - 1
        yield start, end
        while line[after] == " ":
            after += 1
        start = after
    yield start, len(line)


def _breaks(line: str, width: int) -> Iterator[tuple[int, int]]:
    """As ``_ascii_breaks``, for characters of every width: a row may also end before a wide one.

    Chinese and Japanese are written without spaces; punctuation stays with the character before it.
    """
    start = used = 0
    end = after = 0
    begun = False
    for place, character in enumerate(line):
        size = columns_of(character)
        if character == " ":
            if begun and line[place - 1] != " ":
                end = place
            if begun:
                after = place + 1
        else:
            if begun and size == 2 and after != place and not unicodedata.category(character).startswith("P"):
                end = after = place
            begun = True
        used += size
        while used > width and place > start and not (begun and character == " "):
            if end <= start:
                end = after = place
            yield start, end
            start = after
            used = columns(line[start : place + 1])
            end = start
    yield start, len(line)
