"""Where each line of the step-by-step view stands: columns, indents, wrapping and the few signs around the text."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, assert_never

from detachsim.records import record
from detachsim.render.lines import (
    ComparedFact,
    Comparison,
    Ending,
    Fact,
    Gap,
    Heading,
    Headline,
    Line,
    Message,
    Note,
    Output,
    Piece,
    RunHeading,
    Text,
    Tone,
    Value,
    Verdict,
)
from detachsim.render.sentences import say
from detachsim.render.visible import visible
from detachsim.render.wrapping import chop, columns, wrap

Paint: TypeAlias = Callable[[str, Tone], str]

# Step numbers stand in the first columns, wider inside a block by what the block's code is indented;
# then the kind, then the code, and below the code everything else.
_NUMBER, _INDENT, _KIND = 4, 4, 10
# Where the terminal leaves less than this beside the indent, the indent gives way.
_ENOUGH = 24

_KINDS: dict[str, Tone] = {"tensor": "create", "detach": "cut", "inplace": "edit", "backward": "backward"}
_SEVERITIES: dict[str, tuple[Tone, str]] = {
    "warning": ("warning", ""),
    "expected": ("good", ", as expected"),
    "error": ("error", ""),
}


@record
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

    ``paint`` colours a stretch of text; without it the text stays bare. With ``fold`` code, values and printed
    text that are too wide are cut to fit; without it they stay whole, and only sentences are wrapped. ``show``
    makes a text that comes from the scenario safe to show.
    """

    def __init__(
        self, width: int, signs: Signs, *, paint: Paint | None, fold: bool, show: Callable[[str], str] = visible
    ) -> None:
        self._width = width
        self._signs = signs
        self._paint = paint
        self._fold = fold
        self._show = show
        self._first = True

    def spell(self, lines: list[Line]) -> str:
        """Return ``lines`` as text, each row ending in a line break."""
        rows: list[str] = []
        for line in lines:
            rows.extend(self._rows(line))
        rows.append("")
        return "\n".join(rows)

    def _rows(self, line: Line) -> Iterable[str]:
        match line:
            case Fact(depth, text, hang):
                return self._sentence(text, self._indent(depth), " " * hang)
            case Value(depth, label, text):
                return self._value(label, text, self._indent(depth))
            case Headline():
                return self._headline(line)
            case Output(depth, text):
                return self._output(text, self._indent(depth))
            case Note(depth, text):
                return self._note(text, self._indent(depth))
            case Message():
                return self._message(line)
            case Verdict():
                return self._verdict(line)
            case Heading():
                return self._heading(line)
            case RunHeading(choices):
                return self._run_heading(choices)
            case Ending(good, text):
                return ["", *self._sentence((Piece(text, "good" if good else "error"),), "")]
            case Comparison():
                return self._comparison(line)
            case Gap():
                return [""]
            case _:
                assert_never(line)

    # The small things: colour, columns, wrapping.

    def _dye(self, text: str, tone: Tone) -> str:
        return text if self._paint is None or not text else self._paint(text, tone)

    def _row(self, indent: str, pieces: Text) -> str:
        if self._paint is None:
            return indent + "".join([text for text, _ in pieces])
        return indent + "".join([self._paint(text, tone) for text, tone in pieces])

    def _shown(self, text: Text) -> Text:
        """Return ``text`` with the signs of this layout, and safe to show."""
        show, arrow = self._show, self._signs.arrow
        whole = "".join([part for part, _ in text])
        if whole.isascii() and whole.isprintable():
            return text if self._paint is not None else (Piece(whole),)
        return tuple([Piece(arrow if tone == "arrow" else show(part), tone) for part, tone in text])

    def _indent(self, depth: int) -> str:
        return " " * max(min(_NUMBER + _INDENT * depth + _KIND, self._width - _ENOUGH), 2)

    def _room(self, used: int) -> int:
        return max(self._width - used, 1)

    def _fit(self, text: str, used: int) -> list[str]:
        """Return the rows of code or of a value, which stands after ``used`` columns."""
        shown = self._show(text)
        if not self._fold:
            return shown.split("\n")
        return ["".join([part for part, _ in row]) for row in wrap((Piece(shown),), self._room(used))]

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
            yield from self._sentence((Piece(details, "quiet"),), "")
        else:
            yield self._dye(title, "title") + " " * gap + self._dye(details, "quiet")
        yield self._dye(self._signs.rule * self._width, "quiet")
        if line.about:
            yield from self._sentence((Piece(line.about.strip("\n"), "note"),), "")

    def _run_heading(self, choices: str) -> Iterator[str]:
        rule = self._signs.rule
        yield ""
        lead, *others = wrap((Piece(f"{rule * 2} {self._show(choices)}", "title"),), self._width - 4)
        rest = max(self._width - sum(columns(text) for text, _ in lead) - 1, 0)
        yield self._row("", lead) + self._dye(" " + rule * rest, "quiet")
        for row in others:
            yield self._row("   ", row)

    def _headline(self, line: Headline) -> Iterator[str]:
        if not line.close:
            yield ""
        number = self._show(line.number).ljust(_NUMBER + _INDENT * line.depth - 1) + " "
        kind = line.kind.ljust(_KIND - 1) + " "
        head = self._dye(number, "number") + self._dye(kind, _KINDS.get(line.kind, "quiet"))
        used = len(number) + len(kind)
        if not line.code or self._width - used < _ENOUGH:
            yield head.rstrip()
            head = self._indent(line.depth)
            used = len(head)
        for code in line.code:
            for row in self._fit(code, used):
                yield head + self._dye(row, "code")
                head = " " * used

    # What a step tells.

    def _sentence(self, text: Text, indent: str, hang: str = "") -> list[str]:
        first, *rest = wrap(self._shown(text), self._room(len(indent) + len(hang)))
        return [self._row(indent, first), *[self._row(indent + hang, row) for row in rest]]

    def _note(self, text: str, indent: str) -> list[str]:
        rows = wrap((Piece(self._show(text.strip("\n")), "note"),), self._room(len(indent) + 2))
        return [self._row(indent, (Piece("# ", "note"), *row)) for row in rows]

    def _value(self, label: Text, text: str, indent: str) -> Iterator[str]:
        shown = self._shown(label)
        head = self._row(indent, shown)
        used = len(indent) + sum([columns(part) for part, _ in shown])
        for row in self._fit(text, used):
            yield head + self._dye(row, "value")
            head = " " * used

    def _output(self, text: str, indent: str) -> Iterator[str]:
        for line in self._show(text).split("\n"):
            bar = self._signs.bar
            for row in chop(line, self._room(len(indent) + len(bar))) if self._fold else (line,):
                yield indent + self._dye(bar if row else bar.rstrip(), "quiet") + self._dye(row, "printed")
                bar = self._signs.bar_on

    def _message(self, line: Message) -> Iterator[str]:
        tone, remark = _SEVERITIES[line.severity]
        indent = self._indent(line.depth)
        alarm = self._signs.alarm if line.severity == "error" else ""
        used = len(indent) + len(alarm) + 2
        head = indent + self._dye(alarm, "error")
        for row in wrap(self._shown(say(Piece(f"{line.head}{remark}:", tone), " ", line.text)), self._room(used)):
            yield self._row(head, row)
            head = indent + self._dye(alarm, "error") + "  "

    def _verdict(self, line: Verdict) -> Iterator[str]:
        indent = self._indent(line.depth)
        used = len(indent) + len(self._signs.alarm)
        indent += self._dye(self._signs.alarm, "error")
        title = f"expectation failed (line {line.line}): {line.subject}"
        for row in wrap(self._shown((Piece(title, "error"),)), self._room(used)):
            yield self._row(indent, row)
        for label, text in (("  expected  ", line.expected), ("  actual    ", line.actual)):
            head = indent + self._dye(label, "quiet")
            for part in self._fit(text, used + len(label)):
                yield head + self._dye(part, "value")
                head = indent + " " * len(label)

    # The table at the end.

    def _comparison(self, line: Comparison) -> Iterator[str]:
        """Yield a table of three columns: the fact, the run, what the fact was; equal facts take one row.

        On a narrow terminal the three stand below one another.
        """
        signs = self._signs
        labels = [self._show(label).replace("\n", " ") for label in line.runs]
        every = f"all {len(labels)} runs"
        subject_width = max(columns(fact.subject) for fact in line.facts) + 2
        label_width = max(columns(label) for label in (*labels, every)) + 2
        mark_width = len(signs.differs) + 1
        narrow = self._width - mark_width - subject_width - label_width < _ENOUGH
        yield ""
        yield ""
        title = say(Piece("Comparison of the runs", "title"), Piece(f"   {signs.differs} marks what differs", "quiet"))
        yield from self._sentence(title, "")
        yield self._dye(signs.rule * self._width, "quiet")
        for fact in line.facts:
            mark = (signs.differs if fact.differs else "").ljust(mark_width)
            head = self._dye(mark, "mark") + self._dye(_pad(self._show(fact.subject), subject_width), "name")
            used = mark_width + subject_width
            if narrow:
                yield head.rstrip()
                head, used = " " * mark_width, mark_width
            for label, value in zip(labels if fact.differs else [every], fact.values, strict=False):
                if narrow:
                    yield from (head + self._dye(row, "quiet") for row in chop(label, self._room(used)))
                    yield from self._compared(fact, value, head + "  ", used + 2)
                else:
                    cell = head + self._dye(_pad(label, label_width), "quiet")
                    yield from self._compared(fact, value, cell, used + label_width)
                head = " " * used

    def _compared(self, fact: ComparedFact, value: str, head: str, used: int) -> Iterator[str]:
        """Yield the rows of one cell; what is told in full above is cut to one row a line."""
        tone: Tone = "value" if fact.differs else "quiet"
        if fact.told_above:
            rows = [_short(row, self._room(used), self._signs.more) for row in self._show(value).split("\n")]
        else:
            rows = self._fit(value, used)
        for row in rows:
            yield head + self._dye(row, tone)
            head = " " * used


def _pad(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def _short(text: str, room: int, more: str) -> str:
    """Return ``text``, or as much of it as there is room for, and the sign for more."""
    if columns(text) <= room:
        return text
    return next(chop(text, max(room - columns(more), 1))).rstrip() + more
