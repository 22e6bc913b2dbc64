"""Source positions: where in a scenario file a piece of text stands."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line of a file.

    ``line`` and ``column`` count from 1, in characters; ``end_column`` is
    exclusive and at least ``column + 1``.
    """

    line: int
    column: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name, as the user gave it, and its whole text."""

    name: str
    text: str = field(repr=False)

    def line(self, number: int) -> str:
        """Return line ``number`` (from 1) without its line break; empty past the end."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""
