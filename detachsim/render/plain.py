"""The step-by-step view as plain text: the same on every machine, so that golden files can hold it."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from detachsim.events import Event
from detachsim.render.layout import ASCII, Layout
from detachsim.render.story import tell

if TYPE_CHECKING:
    from detachsim.explain.explainer import Explainer

WIDTH = 100


def render(events: Iterable[Event], *, whole: bool = False, explainer: "Explainer | None" = None) -> Iterator[str]:
    """Yield the text of one step at a time, as the events come; ``whole`` tells every round of a long loop.

    Sentences are wrapped at 100 columns; code, values and printed text stay as wide as they are.
    """
    layout = Layout(WIDTH, ASCII, paint=None, fold=False)
    return map(layout.spell, tell(events, whole=whole, explainer=explainer))
