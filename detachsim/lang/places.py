"""Which characters of the file a part of a scalar's text stands for."""

from bisect import bisect_right

from detachsim.lang.nodes import Node, Scalar
from detachsim.marks import Span

_ESCAPE_LENGTHS = {"x": 2, "u": 4, "U": 8}


class Places:
    """The lines of one file, and the way from a scalar's text back to them."""

    def __init__(self, text: str) -> None:
        self.text = text
        starts = [0]
        position = text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = text.find("\n", position + 1)
        self.starts = starts

    def span(self, start: int, end: int) -> Span:
        """Return the span of the file's characters from ``start`` to ``end``, cut at the end of the first line."""
        starts = self.starts
        line = bisect_right(starts, start)
        line_start = starts[line - 1]
        if line < len(starts) and end >= starts[line]:
            end = starts[line] - 1
            if end > start and self.text[end - 1] == "\r":
                end -= 1
        if end <= start:
            end = start + 1
        return Span(line, start - line_start + 1, end - line_start + 1)

    def of_node(self, node: Node) -> Span:
        """Return the span of a whole node."""
        if isinstance(node, Scalar) and node.origin is not None:
            node = node.origin.template
        return self.span(node.start, node.end)

    def of_text(self, scalar: Scalar, start: int, end: int) -> Span:
        """Return the span of the characters from ``start`` to ``end`` of a scalar's value."""
        if scalar.origin is not None:
            first, last = self._position(scalar, start)[0], self._position(scalar, max(end - 1, start))[1]
            return self.span(first, last)
        text, value = self.text, scalar.value
        begin = scalar.start if scalar.plain else scalar.start + 1
        if text.startswith(value, begin) and (scalar.plain or begin + len(value) + 1 == scalar.end):
            return self.span(begin + start, begin + end)
        table = self._table(scalar)
        first = table[min(start, len(table) - 1)]
        last = table[min(max(end - 1, start), len(table) - 1)] + 1
        return self.span(first, last)

    def _position(self, scalar: Scalar, offset: int) -> tuple[int, int]:
        """Return the file's characters that the one at ``offset`` stands for, through the replacements of ``vary``."""
        origin = scalar.origin
        if origin is None:
            begin = scalar.start if scalar.plain else scalar.start + 1
            if self.text.startswith(scalar.value, begin) and (
                scalar.plain or begin + len(scalar.value) + 1 == scalar.end
            ):
                return begin + offset, begin + offset + 1
            table = self._table(scalar)
            at = table[min(offset, len(table) - 1)]
            return at, at + 1
        template = origin.template
        for begin, length, source, source_length in origin.runs:
            if offset < begin + length:
                if not template.value.startswith("${", source):
                    return self._position(template, source + offset - begin)
                first = self._position(template, source)[0]
                return first, self._position(template, source + source_length - 1)[1]
        return self._position(template, len(template.value))

    def _table(self, scalar: Scalar) -> list[int]:
        """Return for each character of a folded, escaped or block scalar, and its end, the offset in the file."""
        text, position, end = self.text, scalar.start, scalar.end
        while position < end and text[position] in "&!":  # an anchor before the text
            while position < end and not text[position].isspace():
                position += 1
            while position < end and text[position].isspace():
                position += 1
        quote = "" if scalar.plain else text[position]
        if quote in ("|", ">") and not scalar.plain:
            line_end = text.find("\n", position)
            position = end if line_end < 0 else line_end + 1
        elif quote:
            position += 1
            end -= 1
        table: list[int] = []
        for character in scalar.value:
            if character.isspace() and not (quote == '"' and text[position : position + 1] == "\\"):
                table.append(min(position, max(end - 1, scalar.start)))
                if position < end and text[position].isspace():
                    position += 1
                continue
            while position < end and text[position].isspace():
                position += 1
            while quote == '"' and text.startswith("\\\n", position):
                position += 2
                while position < end and text[position].isspace():
                    position += 1
            table.append(min(position, max(end - 1, scalar.start)))
            if quote == '"' and text[position : position + 1] == "\\":
                position += 2 + _ESCAPE_LENGTHS.get(text[position + 1 : position + 2], 0)
            elif quote == "'" and text.startswith("''", position):
                position += 2
            else:
                position += 1
        table.append(min(max(position, scalar.start), scalar.end))
        return table
