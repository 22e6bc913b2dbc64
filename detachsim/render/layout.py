"""Where each line of the step-by-step view stands: columns, indents, wrapping and the few signs around the text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from detachsim.render.lines import (
    ComparedFact,
    Comparison,
    Ending,
    Fact,
    Heading,
    Headline,
    Line,
    Message,
    Output,
    Piece,
    RunHeading,
    Text,
    Tone,
    Value,
    Verdict,
)
from detachsim.render.visible import visible
from detachsim.render.wrapping import chop, columns, wrap

Paint: TypeAlias = Callable[[str, Tone], str]

# Step numbers stand in the first columns, wider inside a block by what the block's code is indented;
# then the kind, then the code, and below the code everything else.
_NUMBER, _INDENT, _KIND = 4, 4, 10
# What is left of the text's width must suffice for a few words, however narrow the terminal.
_NARROWEST = 24

_KINDS: dict[str, Tone] = {"tensor": "create", "detach": "cut", "inplace": "edit", "backward": "backward"}
_SEVERITIES: dict[str, tuple[Tone, str]] = {
    "warning": ("warning", ""),
    "expected": ("good", ", as expected"),
    "error": ("error", ""),
}


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs that are not text: Unicode where the reader's terminal has it, ASCII elsewhere."""

    arrow: str
    bar: str
    bar_on: str
    alarm: str
    rule: str
    differs: str
    more: str


UNICODE = Signs(arrow=" → ", bar="│ ", bar_on="┊ ", alarm="┃ ", rule="─", differs="≠", more="…")
ASCII = Signs(arrow=" -> ", bar="| ", bar_on=": ", alarm="! ", rule="-", differs="*", more="...")


class Layout:
    """Spells lines for a width.

    ``paint`` colours a stretch of text (or leaves it). With ``fold`` code, values and printed text
    that are too wide are cut to fit; without it they stay whole, and only sentences are wrapped. ``show`` makes
    a text that comes from the scenario safe to show.
    """

    def __init__(
        self, width: int, signs: Signs, paint: Paint, *, fold: bool, show: Callable[[str], str] = visible
    ) -> None:
        self._width = width
        self._signs = signs
        self._paint = paint
        self._fold = fold
        self._show = show
        self._first = True

    def spell(self, lines: list[Line]) -> str:
        """Return ``lines`` as text, each ending in a line break."""
        rows = [row for line in lines for row in self._rows(line)]
        return "".join(f"{row}\n" for row in rows)

    def _rows(self, line: Line) -> Iterator[str]:
        match line:
            case Heading():
                yield from self._heading(line)
            case RunHeading(choices):
                yield from self._run_heading(choices)
            case Headline():
                yield from self._headline(line)
            case Fact(depth, text):
                yield from self._sentence(text, self._indent(depth))
            case Value(depth, label, text):
                yield from self._value(label, text, self._indent(depth))
            case Output(depth, text):
                yield from self._output(text, self._indent(depth))
            case Message():
                yield from self._message(line)
            case Verdict():
                yield from self._verdict(line)
            case Ending():
                yield ""
                yield from self._sentence((Piece(line.text, "good" if line.good else "error"),), "")
            case Comparison():
                yield from self._comparison(line)
            case _:
                assert_never(line)

    # Headings.

    def _heading(self, line: Heading) -> Iterator[str]:
        if not self._first:
            yield ""
            yield ""
        self._first = False
        title, details = self._show(line.title), line.details
        gap = self._width - columns(title) - columns(details)
        if "\n" in title or gap < 2:
            yield from self._sentence((Piece(title, "title"),), "")
            yield self._paint(details, "quiet")
        else:
            yield self._paint(title, "title") + " " * gap + self._paint(details, "quiet")
        yield self._paint(self._signs.rule * self._width, "quiet")
        if line.about:
            yield from self._sentence((Piece(line.about.strip("\n"), "note"),), "")

    def _run_heading(self, choices: str) -> Iterator[str]:
        yield ""
        lead = self._signs.rule * 2
        text = f" {self._show(choices)} "
        rest = max(self._width - len(lead) - columns(text), 2)
        yield self._paint(lead, "quiet") + self._paint(text, "title") + self._paint(self._signs.rule * rest, "quiet")

    def _headline(self, line: Headline) -> Iterator[str]:
        if not line.close:
            yield ""
        number = self._show(line.number).ljust(_NUMBER + _INDENT * line.depth - 1) + " "
        kind = line.kind.ljust(_KIND - 1) + " "
        head = self._paint(number, "number") + self._paint(kind, _KINDS.get(line.kind, "quiet"))
        used = len(number) + len(kind)
        for code in line.code:
            for row in self._cut(code, used):
                yield head + self._paint(row, "code")
                head = " " * used
        if not line.code:
            yield head.rstrip()

    # What a step tells.

    def _indent(self, depth: int) -> str:
        return " " * (_NUMBER + _INDENT * depth + _KIND)

    def _room(self, used: int) -> int:
        return max(self._width - used, _NARROWEST)

    def _cut(self, text: str, used: int) -> Iterator[str]:
        """Yield the rows of ``text``, which stands after ``used`` columns."""
        for row in self._show(text).split("\n"):
            if self._fold:
                yield from chop(row, self._room(used))
            else:
                yield row

    def _sentence(self, text: Text, indent: str, hang: int = 0) -> Iterator[str]:
        """Yield ``text`` wrapped between words, the rows after the first ``hang`` columns further in."""
        pieces = tuple(
            Piece(self._signs.arrow, tone) if tone == "arrow" else Piece(self._show(part), tone) for part, tone in text
        )
        used = len(indent)
        rows = wrap(pieces, self._room(used + hang))
        for place, row in enumerate(rows):
            yield indent + " " * (hang if place else 0) + "".join(self._paint(part, tone) for part, tone in row)

    def _value(self, label: Text, text: str, indent: str) -> Iterator[str]:
        shown = [Piece(self._show(part), tone) for part, tone in label]
        head = indent + "".join(self._paint(part, tone) for part, tone in shown)
        used = len(indent) + sum(columns(part) for part, _ in shown)
        for row in self._cut(text, used):
            yield head + self._paint(row, "value")
            head = " " * used

    def _output(self, text: str, indent: str) -> Iterator[str]:
        signs = self._signs
        for line in self._show(text).split("\n"):
            bar = signs.bar
            for row in self._cut(line, len(indent) + len(bar)):
                shown = (
                    self._paint(bar, "quiet") + self._paint(row, "printed")
                    if row
                    else self._paint(bar.rstrip(), "quiet")
                )
                yield indent + shown
                bar = signs.bar_on

    def _message(self, line: Message) -> Iterator[str]:
        tone, remark = _SEVERITIES[line.severity]
        indent = self._indent(line.depth)
        alarm = self._paint(self._signs.alarm, "error") if line.severity == "error" else ""
        pieces = (Piece(f"{line.head}{remark}:", tone), Piece(" "), Piece(line.text, "text"))
        used = len(indent) + (len(self._signs.alarm) if alarm else 0)
        rows = wrap(tuple(Piece(self._show(part), one) for part, one in pieces), self._room(used + 2))
        for place, row in enumerate(rows):
            yield indent + alarm + " " * (2 if place else 0) + "".join(self._paint(part, one) for part, one in row)

    def _verdict(self, line: Verdict) -> Iterator[str]:
        indent = self._indent(line.depth) + self._paint(self._signs.alarm, "error")
        used = len(self._indent(line.depth)) + len(self._signs.alarm)
        head = f"expectation failed (line {line.line}): {self._show(line.subject)}"
        for pieces in wrap((Piece(head, "error"),), self._room(used)):
            yield indent + "".join(self._paint(part, tone) for part, tone in pieces)
        for label, text in (("  expected  ", line.expected), ("  actual    ", line.actual)):
            for row in self._cut(text, used + len(label)):
                yield indent + self._paint(label, "quiet") + self._paint(row, "value")
                label = " " * len(label)

    # The table at the end.

    def _comparison(self, line: Comparison) -> Iterator[str]:
        """Yield a table of three columns: the fact, the run, what the fact was; equal facts take one row."""
        signs = self._signs
        mark = len(signs.differs) + 1
        labels = [self._show(label).replace("\n", " ") for label in line.runs]
        every = f"all {len(labels)} runs"
        subject_width = max(columns(fact.subject) for fact in line.facts) + 2
        label_width = min(max(columns(label) for label in (*labels, every)) + 2, max(self._width // 3, 12))
        used = mark + subject_width + label_width
        yield ""
        yield ""
        yield self._paint("Comparison of the runs", "title") + self._paint(
            f"   {signs.differs} marks what differs", "quiet"
        )
        yield self._paint(signs.rule * self._width, "quiet")
        for fact in line.facts:
            yield from self._compared(fact, labels if fact.differs else [every], used, subject_width, label_width)

    def _compared(
        self, fact: ComparedFact, labels: list[str], used: int, subject_width: int, label_width: int
    ) -> Iterator[str]:
        signs = self._signs
        subject = self._show(fact.subject)
        mark = (signs.differs if fact.differs else "").ljust(len(signs.differs) + 1)
        head = self._paint(mark, "mark") + self._paint(_pad(subject, subject_width), "name")
        for label, value in zip(labels, fact.values, strict=False):
            shown = _short(label, label_width - 2, signs.more)
            label_cell = self._paint(_pad(shown, label_width), "quiet")
            for row in self._cell(value, self._room(used)):
                yield (head + label_cell + self._paint(row, "value" if fact.differs else "quiet")).rstrip()
                head, label_cell = " " * (used - label_width), " " * label_width

    def _cell(self, text: str, room: int) -> Iterator[str]:
        for row in self._show(text).split("\n"):
            yield _short(row, room, self._signs.more)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def _short(text: str, room: int, more: str) -> str:
    """Return ``text``, or as much of it as there is room for, and the sign for more."""
    if columns(text) <= room:
        return text
    return next(chop(text, room - columns(more))).rstrip() + more
