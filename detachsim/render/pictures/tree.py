"""The graph as lines of text: a chain runs straight down, a branch is indented, dashes are where no gradient goes."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from detachsim.records import record
from detachsim.render.lines import Piece, Text, Tone
from detachsim.render.pictures.graph import Arrow, Box, Picture
from detachsim.render.pictures.heading import when
from detachsim.render.pictures.moment import Moment
from detachsim.render.sentences import quiet, say
from detachsim.render.wrapping import wrap

Paint: TypeAlias = Callable[[str, Tone], str]


@record
class Signs:
    """What the lines between the boxes are drawn with."""

    down: str
    dashed: str
    tee: str
    corner: str
    dashed_tee: str
    dashed_corner: str
    cut: str


UNICODE = Signs("│  ", "╎  ", "├─ ", "└─ ", "├╌ ", "└╌ ", "╳")
ASCII = Signs("|  ", ":  ", "|- ", "`- ", "|. ", "`. ", "X")
_BLANK = "   "
_ENOUGH = 24


def draw(
    moment: Moment, picture: Picture, *, width: int, signs: Signs, paint: Paint | None, show: Callable[[str], str]
) -> str:
    """Return the graph as text; no row is wider than ``width`` columns, where that can be."""
    tree = _Tree(picture, width, signs, paint, show)
    return "".join(f"{row}\n" for row in (*tree.title(moment), *tree.rows()))


class _Tree:
    """A picture on its way to rows. Each box is drawn once, below the last box that leads to it."""

    def __init__(
        self, picture: Picture, width: int, signs: Signs, paint: Paint | None, show: Callable[[str], str]
    ) -> None:
        self.width = width
        self.signs = signs
        self.paint = paint
        self.show = show
        self.picture = picture
        self.boxes = {box.id: box for box in picture.boxes}
        self.below: dict[str, list[Arrow]] = {box.id: [] for box in picture.boxes}
        for arrow in picture.arrows:
            self.below[arrow.source].append(arrow)
        self.order = topological(picture)
        self.place = {id: number for number, id in enumerate(self.order)}
        self.parent = self.choose_parents()
        self.size = self.measure()
        self.drawn: set[str] = set()

    def choose_parents(self) -> dict[str, str]:
        """Return below which box each box is drawn.

        That is the one farthest from the roots, of those from which a gradient flows to it, if there are any.
        """
        depth = dict.fromkeys(self.order, 0)
        parent: dict[str, tuple[bool, int, str]] = {}
        for number, id in enumerate(self.order):
            for arrow in self.below[id]:
                if self.place[arrow.target] > number:
                    depth[arrow.target] = max(depth[arrow.target], depth[id] + 1)
                    mine = (arrow.kind == "flow", depth[id], id)
                    parent[arrow.target] = max(parent.get(arrow.target, mine), mine)
        return {id: chosen for id, (_, _, chosen) in parent.items()}

    def measure(self) -> dict[str, int]:
        """Return how many boxes are drawn below each box, itself included."""
        size = dict.fromkeys(self.order, 1)
        for id in reversed(self.order):
            if id in self.parent:
                size[self.parent[id]] += size[id]
        return size

    def title(self, moment: Moment) -> Iterator[str]:
        yield from self.text((Piece(moment.title, "title"), quiet(f": graph {when(moment)}")), "", "")
        if self.picture.arrows:
            solid, dashed = self.signs.down.strip(), self.signs.dashed.strip()
            text = f"Gradients flow down where the line is whole ({solid}), and not where it is broken ({dashed})."
            yield from self.text(say(quiet(text)), "", "")
        yield ""

    def rows(self) -> Iterator[str]:
        first = True
        roots = [id for id in self.order if id not in self.parent]
        roots.sort(key=lambda id: self.boxes[id].kind not in ("node", "leaf"))
        for root in roots:
            if not first:
                yield ""
            first = False
            yield from self.chain(root, "", "", ())
        if self.picture.apart:
            if not first:
                yield ""
            yield from self.text(say(quiet("no part of any graph: "), ", ".join(self.picture.apart)), "", "")

    def chain(self, id: str, lead: str, indent: str, label: Text) -> Iterator[str]:
        """Yield a box and everything below it: ``lead`` before its first row, ``indent`` before the others."""
        while True:
            box = self.boxes[id]
            self.drawn.add(id)
            arrows = self.below[id]
            own = [arrow for arrow in arrows if self.parent.get(arrow.target) == id and self.size[arrow.target] > 1]
            spine = max(own, key=lambda arrow: self.size[arrow.target], default=None)
            others = [arrow for arrow in arrows if arrow is not spine]
            yield from self.text((*label, *head(box)), lead, indent + (self.signs.down if arrows else _BLANK))
            for remark in box.remarks:
                bar = indent + (self.signs.down if arrows else _BLANK)
                yield from self.text(remark.text, bar, bar + "  ")
            for number, arrow in enumerate(others):
                last = spine is None and number == len(others) - 1
                yield from self.branch(arrow, indent, last=last)
            if spine is None:
                return
            bar = self.signs.down if spine.kind == "flow" else self.signs.dashed
            words = arrow_words(spine, self.signs)
            words = (*words, quiet(":")) if words else ()
            if spine.kind == "cut":
                yield from self.text(words, indent, indent + _BLANK)
            else:
                yield from self.text(words, indent + bar, indent + bar)
            id, lead, label = spine.target, indent, ()

    def branch(self, arrow: Arrow, indent: str, *, last: bool) -> Iterator[str]:
        signs = self.signs
        if arrow.kind == "flow":
            tee = signs.corner if last else signs.tee
        else:
            tee = signs.dashed_corner if last else signs.dashed_tee
        rest = indent + (_BLANK if last else signs.down)
        words = arrow_words(arrow, signs)
        label = (*words, quiet(": ")) if words else ()
        if self.parent.get(arrow.target) == arrow.source and arrow.target not in self.drawn:
            yield from self.chain(arrow.target, indent + tee, rest, label)
            return
        box = self.boxes[arrow.target]
        if not self.below[box.id]:
            yield from self.text((*label, *head(box)), indent + tee, rest)
            return
        where = " (see above)" if arrow.target in self.drawn else " (see below)"
        yield from self.text((*label, *head(box, short=True), quiet(where)), indent + tee, rest)

    def text(self, text: Text, lead: str, indent: str) -> Iterator[str]:
        """Yield rows of text, the first after ``lead``, the others after ``indent``."""
        shown = tuple(Piece(self.show(piece.text), piece.tone) for piece in text)
        room = max(self.width - max(len(lead), len(indent)), _ENOUGH)
        for row in wrap(shown, room) or [()]:
            yield (lead + self.spell(row)).rstrip()
            lead = indent

    def spell(self, row: Text) -> str:
        if self.paint is None:
            return "".join(piece.text for piece in row)
        return "".join(self.paint(piece.text, piece.tone) if piece.text else "" for piece in row)


def head(box: Box, *, short: bool = False) -> Text:
    """Return the first row of a box: the tensor's names, then its node or what else it is."""
    parts: list[Piece] = []
    if box.title:
        parts.append(Piece(box.title, "name" if box.kind != "gone" else "quiet"))
    if box.node and not (short and box.title):
        parts.append(Piece(("  " if parts else "") + box.node, "code"))
    if box.nature and not short:
        tone: Tone = {"leaf": "create", "cut": "cut"}.get(box.kind, "quiet")  # type: ignore[assignment]
        parts.append(Piece(("  " if parts else "") + box.nature, tone))
    return tuple(parts)


def arrow_words(arrow: Arrow, signs: Signs) -> Text:
    """Return what stands beside an arrow."""
    match arrow.kind:
        case "flow":
            return say(quiet(arrow.label)) if arrow.label else ()
        case "none":
            return say(quiet(arrow.label)) if arrow.label else ()
        case "cut":
            return say(Piece(f"{signs.cut} {arrow.text}", "cut"))
        case "value":
            return say(quiet(f"made by {arrow.text} from"))


def topological(picture: Picture) -> list[str]:
    """Return the boxes in an order in which arrows point forward, where they do not go round in a circle."""
    below: dict[str, list[str]] = {box.id: [] for box in picture.boxes}
    for arrow in picture.arrows:
        below[arrow.source].append(arrow.target)
    order: list[str] = []
    done: set[str] = set()
    for root in [*picture.roots, *below]:
        stack: list[tuple[str, int]] = [(root, 0)]
        while stack:
            id, number = stack.pop()
            if number == 0:
                if id in done:
                    continue
                done.add(id)
            if number < len(below[id]):
                stack.append((id, number + 1))
                target = below[id][number]
                if target not in done:
                    stack.append((target, 0))
            else:
                order.append(id)
    return order[::-1]
