"""Changing the text of a scenario: one step replaced, moved, wrapped or given an option, all else left as it is."""

import re

from detachsim.events import StepBegan
from detachsim.marks import Span
from detachsim.records import record

_ITEM = r"^(\s*)- "
_SPECIAL = set("[]{}*&!|>%@`\"'#,?-:")


@record
class Change:
    """Lines ``first`` to before ``last`` (from 0) of the text give way to ``lines``."""

    first: int
    last: int
    lines: tuple[str, ...]


@record
class Item:
    """Where a step stands: its lines (from 0, ``last`` exclusive), the columns of its dash and of its kind's key."""

    first: int
    last: int
    dash: int
    key: int
    line: int


def apply(text: str, changes: tuple[Change, ...]) -> str:
    """Return ``text`` with the changes made."""
    lines = text.split("\n")
    for change in sorted(changes, key=lambda one: (one.first, one.last), reverse=True):
        lines[change.first : change.last] = change.lines
    return "\n".join(lines)


def scalar(text: str) -> str:
    """Return ``text`` as YAML reads it back, quoted only where it must be."""
    plain = text and text[0] not in _SPECIAL and ": " not in text and " #" not in text and not text.endswith(":")
    return text if plain else "'" + text.replace("'", "''") + "'"


class Draft:
    """The text of a scenario whose steps can be found by the places that events tell."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")

    def item(self, span: Span, kind: str) -> Item | None:
        """Return where the step of ``span`` stands; None where it is written in a way that is left alone."""
        line = span.line - 1
        if line >= len(self.lines):
            return None
        first = line
        while first >= 0:
            found = re.match(_ITEM, self.lines[first])
            if found and len(found.group(1)) < span.column - 1:
                break
            first -= 1
        if first < 0:
            return None
        dash = len(found.group(1)) if (found := re.match(_ITEM, self.lines[first])) else 0
        last = first + 1
        while last < len(self.lines):
            row = self.lines[last]
            if row.strip() and len(row) - len(row.lstrip()) <= dash:
                break
            last += 1
        while last > first + 1 and not self.lines[last - 1].strip():
            last -= 1
        key = re.search(rf"\b{kind}\s*:", self.lines[line])
        if key is None:
            return None
        return Item(first, last, dash, key.start(), line)

    def value(self, span: Span) -> str:
        """Return the text of the kind's value."""
        return self.lines[span.line - 1][span.column - 1 : span.end_column - 1]

    def can_replace(self, step: StepBegan, item: Item) -> bool:
        """Whether the value is a plain text on one line without a placeholder of ``vary``."""
        row = self.lines[item.line]
        rest = row[step.span.end_column - 1 :].strip().strip("'\"").strip()
        if "${" in row or (rest and not rest.startswith("#")):
            return False
        below = self.lines[item.line + 1] if item.line + 1 < item.last else ""
        return not below.strip() or re.match(r"\s*(#|\w+\s*:)", below) is not None

    def replace(self, step: StepBegan, kind: str, value: str) -> Change | None:
        """Change a step's kind and value; its other options stay."""
        item = self.item(step.span, step.kind)
        if item is None or not self.can_replace(step, item):
            return None
        return Change(item.line, item.line + 1, (f"{self.lines[item.line][: item.key]}{kind}: {scalar(value)}",))

    def rename(self, step: StepBegan, kind: str) -> Change | None:
        """Change the kind of a block."""
        item = self.item(step.span, step.kind)
        if item is None:
            return None
        row = self.lines[item.line]
        return Change(item.line, item.line + 1, (row[: item.key] + kind + row[item.key + len(step.kind) :],))

    def option(self, step: StepBegan, name: str, value: str) -> Change | None:
        """Set an option of a step."""
        item = self.item(step.span, step.kind)
        if item is None or "{" in self.lines[item.first][: item.key]:
            return None
        row = " " * item.key + f"{name}: {value}"
        for place in range(item.first, item.last):
            if re.match(rf"\s*(- )?{name}\s*:", self.lines[place]):
                return Change(place, place + 1, (row,))
        below = item.line + 1
        return Change(below, below, (row,)) if self.can_replace(step, item) else None

    def remove(self, step: StepBegan) -> Change | None:
        """Take a step out."""
        item = self.item(step.span, step.kind)
        return None if item is None else Change(item.first, item.last, ())

    def before(self, step: StepBegan, kind: str, value: str) -> Change | None:
        """Put a new step before another."""
        item = self.item(step.span, step.kind)
        if item is None:
            return None
        return Change(item.first, item.first, (f"{' ' * item.dash}- {kind}: {scalar(value)}",))

    def after(self, step: StepBegan, kind: str, value: str) -> Change | None:
        """Put a new step after another."""
        item = self.item(step.span, step.kind)
        if item is None:
            return None
        return Change(item.last, item.last, (f"{' ' * item.dash}- {kind}: {scalar(value)}",))

    def move_after(self, step: StepBegan, target: StepBegan) -> tuple[Change, ...]:
        """Move a step behind a later one of the same list."""
        mine, other = self.item(step.span, step.kind), self.item(target.span, target.kind)
        if mine is None or other is None or mine.dash != other.dash or mine.first >= other.first:
            return ()
        return Change(mine.first, mine.last, ()), Change(other.last, other.last, tuple(self.rows(mine)))

    def wrap(self, step: StepBegan, block: str, kind: str, value: str) -> Change | None:
        """Put a step, with this kind and value, inside a block of its own."""
        item = self.item(step.span, step.kind)
        if item is None:
            return None
        rows = self.rows(item)
        if (kind, value) != (step.kind, self.value(step.span)):
            changed = self.replace(step, kind, value)
            if changed is None:
                return None
            rows[changed.first - item.first : changed.last - item.first] = changed.lines
        head = f"{' ' * item.dash}- {block}:"
        return Change(item.first, item.last, (head, *(f"    {row}" if row.strip() else row for row in rows)))

    def rows(self, item: Item) -> list[str]:
        """Return the lines of a step."""
        return self.lines[item.first : item.last]

    def without_option(self, line: int, name: str) -> Change | None:
        """Take an option out of the step that stands at a line (from 1)."""
        item = self.item(Span(line, 1000, 1001), r"\w+")
        if item is None:
            return None
        for place in range(item.first, item.last):
            if re.match(rf"\s*{name}\s*:", self.lines[place]):
                return Change(place, place + 1, ())
            if re.match(rf"\s*- {name}\s*:", self.lines[place]):
                row = self.lines[place]
                below = self.lines[place + 1] if place + 1 < item.last else ""
                return Change(place, place + 2, (row[: item.dash] + "- " + below.strip(),)) if below else None
        return None

    def without_step(self, line: int) -> Change | None:
        """Take out the step that stands at a line (from 1)."""
        item = self.item(Span(line, 1000, 1001), r"\w+")
        return None if item is None else Change(item.first, item.last, ())
