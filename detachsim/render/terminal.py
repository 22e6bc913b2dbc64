"""The step-by-step view for a terminal: its width, its colours, its signs."""

from collections.abc import Iterable, Iterator

from rich.color import ColorSystem
from rich.style import Style

from detachsim.events import Event
from detachsim.explain.explainer import Explainer
from detachsim.render.layout import ASCII, UNICODE, Layout, Paint
from detachsim.render.lines import Tone
from detachsim.render.story import tell
from detachsim.render.visible import only_ascii, visible

# Only the sixteen colours that every terminal's own theme defines, so that the text is
# readable on a light background as on a dark one; and never colour alone: what it marks is also in words.
STYLES: dict[Tone, str] = {
    "text": "",
    "quiet": "dim",
    "title": "bold",
    "number": "dim",
    "name": "bold",
    "code": "cyan",
    "value": "",
    "version": "bold magenta",
    "formula": "italic",
    "note": "italic",
    "printed": "green",
    "warning": "bold yellow",
    "good": "green",
    "error": "bold red",
    "arrow": "magenta",
    "create": "bold green",
    "cut": "bold yellow",
    "edit": "bold magenta",
    "backward": "bold blue",
    "mark": "bold yellow",
}


def render(
    events: Iterable[Event],
    *,
    width: int,
    color: bool,
    ascii: bool = False,
    whole: bool = False,
    explainer: Explainer | None = None,
) -> Iterator[str]:
    """Yield the text of one step at a time, as the events come; ``whole`` tells every round of a long loop.

    No row is wider than ``width`` columns. ``ascii`` is for a terminal that cannot show Unicode: it has other
    signs, and characters outside ASCII are shown as escapes.
    """
    signs, show = (ASCII, _ascii) if ascii else (UNICODE, visible)
    layout = Layout(width, signs, paint=painter() if color else None, fold=True, show=show)
    return map(layout.spell, tell(events, whole=whole, explainer=explainer))


def _ascii(text: str) -> str:
    return only_ascii(visible(text))


def painter() -> Paint:
    """Return a painter that asks rich once for each tone, not once for each stretch of text."""
    codes = {tone: _around(style) for tone, style in STYLES.items()}

    def paint(text: str, tone: Tone) -> str:
        before, after = codes[tone]
        return before + text + after

    return paint


def _around(style: str) -> tuple[str, str]:
    if not style:
        return "", ""
    before, after = Style.parse(style).render("\0", color_system=ColorSystem.STANDARD).split("\0")
    return before, after
