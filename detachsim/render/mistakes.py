"""How the mistakes of a scenario file are shown: place, message, the line with a caret under the wrong part, help."""

from detachsim.lang.syntax import Mistake, ScenarioError
from detachsim.marks import Span
from detachsim.render.lines import Piece
from detachsim.render.wrapping import columns_of, wrap

MOST_SHOWN = 1000  # all that a person or a machine can have made, but not those of a file that is none
TAB_WIDTH = 4
WIDEST_LINE = 160
_BOLD, _RED, _BLUE, _CYAN, _RESET = "\x1b[1m", "\x1b[1;31m", "\x1b[1;34m", "\x1b[36m", "\x1b[0m"


def mistakes_text(
    error: ScenarioError, *, color: bool = False, maximum: int | None = MOST_SHOWN, width: int | None = None
) -> str:
    """Return the text that shows all mistakes of a file, ending in a line break.

    At most ``maximum`` are shown in full (``None``: all), and the rest is counted. ``color`` adds ANSI colours.
    With a ``width``, messages are broken at its end; without, each is one line, which programs can read.
    """
    paint = _painted if color else _plain
    lines = error.source.text.split("\n")
    shown = error.mistakes if maximum is None else error.mistakes[: max(maximum, 1)]
    gutter = max((len(str(mistake.span.line)) for mistake in shown), default=1)
    parts = [_mistake_text(error.source.name, lines, mistake, gutter, paint, width) for mistake in shown]
    rest = len(error.mistakes) - len(shown)
    if rest > 0:
        parts.append(f"… and {rest} more {'mistake' if rest == 1 else 'mistakes'}\n")
    return "\n".join(parts)


def _mistake_text(
    name: str, lines: list[str], mistake: Mistake, gutter: int, paint: "_Paint", width: int | None
) -> str:
    span = mistake.span
    bar = " " * gutter
    place = f"{_one_line(name)}:{span.line}:{span.column}:"
    first, *rest = _rows(f"{place} {_one_line(mistake.message)}", width)
    told = first.removeprefix(place)
    head = f"{paint(place, _BOLD)}{paint(told, _RED)}" if told != first else paint(first, _BOLD)
    head += "\n" + "".join(f"{paint(row, _RED)}\n" for row in rest)
    text = lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(lines) else ""
    if text.strip():
        shown, before, size = _cells(text, span)
        number = paint(f"{span.line:>{gutter}} |", _BLUE)
        under = f"{paint(f'{bar} |', _BLUE)} {' ' * before}{paint('^' * size, _RED)}"
        head += f"{number} {shown}".rstrip() + f"\n{under}\n"
    if mistake.hint:
        lead = f"{bar} {paint('=', _BLUE)} {paint('help:', _CYAN)} "
        indent = " " * (len(bar) + len(" = help: "))
        room = None if width is None else width - len(indent)
        head += lead + f"\n{indent}".join(_rows(_one_line(mistake.hint), room)) + "\n"
    return head


def _rows(text: str, width: int | None) -> list[str]:
    """Return a text in rows of at most ``width`` columns, or in one."""
    return [text] if width is None else ["".join(piece.text for piece in row) for row in wrap((Piece(text),), width)]


def _cells(text: str, span: Span) -> tuple[str, int, int]:
    """Return a line as it is shown, the number of cells before the wrong part, and how many it takes."""
    start, end = span.column - 1, span.end_column - 1
    first = 0
    if len(text) > WIDEST_LINE:
        # A line too long for a screen is cut around the wrong part.
        first = max(0, min(start - WIDEST_LINE // 4, len(text) - WIDEST_LINE))
    last = min(len(text), first + WIDEST_LINE)
    cut_before, cut_after = "…" if first else "", "…" if last < len(text) else ""
    pieces = [_shown(character) for character in text[first:last]]
    widths = [sum(columns_of(character) for character in piece) for piece in pieces]
    inside = range(max(start - first, 0), min(max(end, start + 1), last) - first)
    before = len(cut_before) + sum(widths[: inside.start]) + max(start - max(len(text), first), 0)
    width = sum(widths[number] for number in inside if number < len(widths))
    return cut_before + "".join(pieces) + cut_after, before, max(width, 1)


def _shown(character: str) -> str:
    if character == "\t":
        return " " * TAB_WIDTH
    if character < " " or "\x7f" <= character < "\xa0" or character in "\u2028\u2029" or _is_direction(character):
        return "\N{REPLACEMENT CHARACTER}"
    return character


def _is_direction(character: str) -> bool:
    """Whether a character turns the direction of the text around it, which would move the caret."""
    return "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"


def _one_line(text: str) -> str:
    return "".join("\\n" if character == "\n" else _shown(character) for character in text)


class _Paint:
    """What colours a text, or leaves it."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, text: str, code: str) -> str:
        return f"{code}{text}{_RESET}" if self.color else text


_plain, _painted = _Paint(False), _Paint(True)
