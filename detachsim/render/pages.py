"""The explanation pages on a terminal: paragraphs and lists fill its width, headings and code stay as they are."""

from collections.abc import Iterator

from detachsim.render.lines import Piece
from detachsim.render.wrapping import wrap


def page_text(page: str, width: int) -> str:
    """Return a page of Markdown in rows of at most ``width`` columns; code and headings may be wider."""
    rows: list[str] = []
    for line, flows in _whole_lines(page):
        lead = "- " if line.startswith("- ") else ""
        rows.extend(hung(lead, line.removeprefix(lead), width) if flows else [line])
    return "".join(f"{row}\n" for row in rows)


def hung(lead: str, text: str, width: int) -> Iterator[str]:
    """Yield ``text`` in rows that stand beside and below ``lead``."""
    for row in wrap((Piece(text),), width - len(lead)):
        yield lead + "".join(piece.text for piece in row)
        lead = " " * len(lead)


def _whole_lines(page: str) -> list[tuple[str, bool]]:
    """Return the lines of a page, those of a paragraph or of an item joined, each with whether it is such a text."""
    lines: list[tuple[str, bool]] = []
    code = goes_on = False
    for line in page.splitlines():
        if line.startswith("```"):
            code = not code
        flows = not code and line != "" and not line.startswith(("#", "```"))
        if goes_on and flows and not line.startswith("- "):
            lines[-1] = (f"{lines[-1][0]} {line.strip()}", True)
        else:
            lines.append((line, flows))
        goes_on = flows
    return lines
