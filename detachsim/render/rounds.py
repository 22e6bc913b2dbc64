"""Which steps of a loop's later rounds are worth telling: those that differ from the round before, or that print."""

import re

from detachsim.render.lines import Fact, Headline, Line, Message, Output, Value, Verdict

# So many rounds of a loop are told in full, whatever happens in them.
TOLD = 3

_INDEX = re.compile(r"\[(\d+)\]")
_DIGITS = re.compile(r"\d+")


class Rounds:
    """What each step of a loop looked like in the round before."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, ...]] = {}
        self._left_out = 0

    def shorten(self, number: str, lines: list[Line]) -> list[Line]:
        """Return what to tell of a step: all, or of a step that goes as it did before only what it prints."""
        if "[" not in number:
            return lines
        place = _INDEX.sub("[]", number)
        shape = tuple(_shape(line) for line in lines)
        before, self._seen[place] = self._seen.get(place), shape
        if before != shape or max(map(int, _INDEX.findall(number))) < TOLD:
            return lines
        heard: list[Line] = [line for line in lines if isinstance(line, Headline | Output | Message | Verdict)]
        if any(not isinstance(line, Headline) for line in heard):
            return heard
        self._left_out += any(isinstance(line, Headline) for line in lines)
        return []

    def finish(self) -> int:
        """Return how many steps were left out of the loop that is over, and forget it."""
        count, self._left_out = self._left_out, 0
        self._seen.clear()
        return count


def told_no_more(count: int) -> str:
    """Return the sentence that says how many steps were left out."""
    if count == 1:
        return "1 step that went as in the round before is not shown"
    return f"{count} steps that went as in the round before are not shown"


def _shape(line: Line) -> str:
    """Return what must be equal for two rounds to be told alike: everything but the numbers."""
    match line:
        case Fact(_, text):
            return _DIGITS.sub("0", "".join(piece.text for piece in text))
        case Value(_, label):
            return "".join(piece.text for piece in label)
        case Message(_, severity, head, text):
            return f"{severity} {head} {_DIGITS.sub('0', text)}"
        case _:
            return type(line).__name__
