"""Diagnoses for a reader: the headline, the lines of the scenario with labels under them, and the fixes."""

from collections.abc import Iterable, Iterator

from detachsim.explain.diagnosis import Because, Diagnosis, Fix
from detachsim.marks import Source
from detachsim.render.layout import Paint
from detachsim.render.lines import Piece, Text, Tone
from detachsim.render.visible import only_ascii, visible
from detachsim.render.wrapping import columns, wrap

_CULPRITS = ("edited", "cut", "rebound", "freed")
# With less room than this beside the mark, a label stands below it.
_BESIDE = 48


class Explanation:
    """Lays out diagnoses for a width; ``paint`` colours a stretch of text. Fixes are counted through all diagnoses."""

    def __init__(self, source: Source, width: int, paint: Paint | None, *, ascii: bool = True) -> None:
        self._source = source
        self._width = width
        self._paint = paint
        self._show = _ascii if ascii else visible
        self._fixes = 0

    def text(self, diagnoses: Iterable[Diagnosis]) -> str:
        """Return the text of all diagnoses, ending in a line break."""
        return "\n".join("".join(f"{row}\n" for row in self._rows(found)) for found in diagnoses)

    def _dye(self, text: str, tone: Tone) -> str:
        return text if self._paint is None or not text else self._paint(text, tone)

    def _spell(self, row: Text) -> str:
        return "".join(self._dye(part, tone) for part, tone in row)

    def _rows(self, found: Diagnosis) -> Iterator[str]:
        head = (
            Piece(f"{found.code} ", "error"),
            Piece(f"step {found.step}: ", "number"),
            Piece(found.headline, "title"),
        )
        yield from self._paragraph(head, "", "   ")
        if found.choices:
            yield self._dye("   " + ", ".join(f"{name}={text}" for name, text in found.choices), "quiet")
        yield from self._excerpt(found.because)
        for note in found.notes:
            yield from self._paragraph((Piece("= note: ", "note"), Piece(note)), "   ", "     ")
        for fix in found.fixes:
            self._fixes += 1
            yield from self._fix(self._fixes, fix)

    def _paragraph(self, text: Text, first: str, rest: str) -> Iterator[str]:
        lead = first
        for row in wrap(self._shown(text), max(self._width - len(rest), 20)):
            yield lead + self._spell(row)
            lead = rest

    def _excerpt(self, because: tuple[Because, ...]) -> Iterator[str]:
        """Yield the lines of the scenario that the evidence points to, each label under the exact place."""
        placed = [one for one in because if one.span is not None]
        if not placed:
            return
        lines: dict[int, list[Because]] = {}
        for one in placed:
            assert one.span is not None
            lines.setdefault(one.span.line, []).append(one)
        gutter = max(len(str(line)) for line in lines)
        bar = self._dye(f"{' ' * gutter} |", "quiet")
        last = placed[-1].span
        assert last is not None
        yield self._dye(f"{' ' * gutter} > {self._one_line(self._source.name)}:{last.line}:{last.column}", "quiet")
        before = 0
        for line in sorted(lines):
            if before and line > before + 1:
                yield self._dye(f"{' ' * gutter} {':' if line > before + 2 else '|'}", "quiet")
            before = line
            yield f"{self._dye(f'{line:>{gutter}} |', 'quiet')} {self._one_line(self._source.line(line))}".rstrip()
            for one in lines[line]:
                yield from self._label(one, bar, gutter + 2)

    def _label(self, one: Because, bar: str, gutter: int) -> Iterator[str]:
        """Yield the mark under a piece of evidence, and what it says; ``bar`` takes ``gutter`` columns."""
        assert one.span is not None
        text = self._source.line(one.span.line)
        start = columns(self._one_line(text[: one.span.column - 1]))
        size = max(columns(self._one_line(text[one.span.column - 1 : one.span.end_column - 1])), 1)
        culprit = one.role in _CULPRITS
        tone: Tone = "error" if culprit else "arrow"
        mark = self._dye(("^" if culprit else "-") * size, tone)
        label = (Piece(f"step {one.step}: ", "number"), Piece(one.text))
        room = self._width - gutter - start - size - 2
        if room >= _BESIDE:
            rows = wrap(self._shown(label), room)
            yield f"{bar} {' ' * start}{mark} {self._spell(rows[0])}"
            for row in rows[1:]:
                yield f"{bar} {' ' * (start + size + 1)}{self._spell(row)}"
            return
        yield f"{bar} {' ' * start}{mark}"
        indent = min(start, max(self._width - gutter - _BESIDE, 0))
        for row in wrap(self._shown(label), max(self._width - gutter - indent - 1, 20)):
            yield f"{bar} {' ' * indent}{self._spell(row)}"

    def _fix(self, number: int, fix: Fix) -> Iterator[str]:
        head = (Piece(f"= fix {number}: ", "good"), Piece(fix.title), Piece(f" (step {fix.step})", "quiet"))
        yield from self._paragraph(head, "   ", "     ")
        for line in fix.replacement.split("\n") if fix.replacement else ():
            yield self._dye(f"       {self._one_line(line)}", "code")
        yield from self._paragraph((Piece("then "), Piece(fix.outcome, "value")), "     ", "     ")

    def _shown(self, text: Text) -> Text:
        return tuple(Piece(self._show(part), tone) for part, tone in text)

    def _one_line(self, text: str) -> str:
        return self._show(text).replace("\t", "    ")


def _ascii(text: str) -> str:
    return only_ascii(visible(text))
