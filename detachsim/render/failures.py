"""What is said of an expectation that did not come true, where the output itself has no room for it."""

from typing import assert_never

from detachsim.events import ExpectationFailed
from detachsim.render.visible import visible


def subject_of(event: ExpectationFailed) -> str:
    """Return what did not come true."""
    match event.kind:
        case "expect":
            return event.expression
        case "raises":
            return "the error that `raises` expects"
        case "warns":
            return "the warning that `warns` expects"
        case other:
            assert_never(other)


def failure_text(file: str, event: ExpectationFailed) -> str:
    """Return the place, what failed, what was expected and what there was instead, ending in a line break."""
    place = f"{file}:{event.span.line}:{event.span.column}"
    lines = [f"{place}: expectation failed: {subject_of(event)}"]
    for label, text in (("  expected  ", event.expected), ("  actual    ", event.actual)):
        lines.append(label + text.replace("\n", "\n" + " " * len(label)))
    return visible("\n".join(lines) + "\n")
