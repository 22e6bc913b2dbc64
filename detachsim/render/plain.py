"""The step-by-step view as plain text: the same on every machine, so that golden files can hold it."""

from collections.abc import Iterable, Iterator

from detachsim.events import Event
from detachsim.render.layout import ASCII, Layout
from detachsim.render.lines import Tone
from detachsim.render.story import tell

WIDTH = 100


def render(events: Iterable[Event]) -> Iterator[str]:
    """Yield the text of one step at a time, as the events come.

    Sentences are wrapped at 100 columns; code, values and printed text stay as wide as they are.
    """
    layout = Layout(WIDTH, ASCII, _unpainted, fold=False)
    return map(layout.spell, tell(events))


def _unpainted(text: str, _: Tone) -> str:
    return text
