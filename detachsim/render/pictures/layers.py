"""Where boxes stand in a drawing: each below all that lead to it, as near as may be to what it belongs to."""

from itertools import pairwise

from detachsim.records import record
from detachsim.render.pictures.graph import Picture
from detachsim.render.pictures.tree import topological

_ROUNDS = 8
# How much an arrow's bend weighs against a box.
_LIGHT = 0.05


@record
class Slot:
    """The place of a box, or of an arrow's bend where it passes through a layer (then ``box`` is empty)."""

    box: str
    layer: int
    x: float
    width: float


@record
class Route:
    """An arrow's way: the slots that it passes, its ends included."""

    arrow: int
    slots: tuple[int, ...]


@record
class Placement:
    """All slots and routes, and how many layers there are."""

    slots: tuple[Slot, ...]
    routes: tuple[Route, ...]
    layers: int
    width: float


def place(picture: Picture, widths: dict[str, float], gap: float) -> Placement:
    """Return where each box stands; ``widths`` are theirs, ``gap`` is the room between neighbours."""
    order = topological(picture)
    rank = {id: number for number, id in enumerate(order)}
    layer = dict.fromkeys(order, 0)
    ahead = {id: [arrow.target for arrow in picture.arrows if arrow.source == id] for id in order}
    for id in order:
        for target in ahead[id]:
            if rank[target] > rank[id]:
                layer[target] = max(layer[target], layer[id] + 1)
    # A root stands just above what it leads to, not at the top of the whole drawing.
    led_to = {arrow.target for arrow in picture.arrows if rank[arrow.target] > rank[arrow.source]}
    for id in reversed(order):
        below = [layer[target] for target in ahead[id] if rank[target] > rank[id]]
        if id not in led_to and below:
            layer[id] = min(below) - 1
    grid = _Grid(order, layer, widths, gap)
    routes = tuple(grid.route(number, arrow.source, arrow.target) for number, arrow in enumerate(picture.arrows))
    grid.arrange()
    slots = tuple(
        Slot(box, level, x, width) for box, level, x, width in zip(grid.box, grid.level, grid.x, grid.wide, strict=True)
    )
    width = max((slot.x + slot.width / 2 for slot in slots), default=0.0)
    return Placement(slots, routes, len(grid.rows), width)


class _Grid:
    """Rows of slots that are sorted until arrows cross little, then moved until they run straight."""

    def __init__(self, order: list[str], layer: dict[str, int], widths: dict[str, float], gap: float) -> None:
        self.gap = gap
        self.box = list(order)
        self.level = [layer[id] for id in order]
        self.wide = [widths[id] for id in order]
        self.x = [0.0] * len(order)
        self.slot = {id: number for number, id in enumerate(order)}
        self.rows: list[list[int]] = [[] for _ in range(max(self.level, default=-1) + 1)]
        for number, level in enumerate(self.level):
            self.rows[level].append(number)
        self.up: list[list[int]] = [[] for _ in order]
        self.down: list[list[int]] = [[] for _ in order]

    def route(self, arrow: int, source: str, target: str) -> Route:
        """Give an arrow a slot in each layer that it passes."""
        first, last = self.slot[source], self.slot[target]
        way = [first]
        step = 1 if self.level[last] >= self.level[first] else -1
        for level in range(self.level[first] + step, self.level[last], step):
            way.append(len(self.box))
            self.box.append("")
            self.level.append(level)
            self.wide.append(0.0)
            self.x.append(0.0)
            self.up.append([])
            self.down.append([])
            self.rows[level].append(way[-1])
        way.append(last)
        for upper, lower in pairwise(way):
            if step < 0:
                upper, lower = lower, upper
            if self.level[upper] != self.level[lower]:
                self.down[upper].append(lower)
                self.up[lower].append(upper)
        return Route(arrow, tuple(way))

    def arrange(self) -> None:
        for round in range(_ROUNDS):
            downwards = round % 2 == 0
            near = self.up if downwards else self.down
            for row in self.rows if downwards else self.rows[::-1]:
                self.sort(row, near)
        for row in self.rows:
            self.pack(row)
        for round in range(_ROUNDS):
            downwards = round % 2 == 0
            near = self.up if downwards else self.down
            for row in self.rows if downwards else self.rows[::-1]:
                self.pull(row, near)
        self.draw_near()
        left = min((self.x[slot] - self.wide[slot] / 2 for slot in range(len(self.x))), default=0.0)
        self.x = [x - left for x in self.x]

    def sort(self, row: list[int], near: list[list[int]]) -> None:
        """Sort a row by the middle place of each slot's neighbours in the row beside it."""
        place = {slot: number for other in self.rows for number, slot in enumerate(other)}
        wanted = {
            slot: sum(place[one] for one in near[slot]) / len(near[slot]) if near[slot] else float(place[slot])
            for slot in row
        }
        row.sort(key=lambda slot: wanted[slot])

    def pack(self, row: list[int]) -> None:
        x = 0.0
        for slot in row:
            self.x[slot] = x + self.wide[slot] / 2
            x += self.wide[slot] + self.gap

    def pull(self, row: list[int], near: list[list[int]]) -> None:
        """Move each slot of a row to the middle of its neighbours, as far as its row leaves room."""
        wanted = [self.middle(near[slot]) if near[slot] else self.x[slot] for slot in row]
        # Slots that want to stand too near to each other are pushed apart; the bend of an arrow gives way to a box.
        groups: list[_Group] = []
        for slot, x in zip(row, wanted, strict=True):
            weight = self.weight(slot)
            group = _Group([slot], self.wide[slot], weight, weight * (x - self.wide[slot] / 2))
            while groups and groups[-1].left + groups[-1].width + self.gap > group.left:
                before = groups.pop()
                shift = before.width + self.gap
                group = _Group(
                    before.slots + group.slots,
                    shift + group.width,
                    before.weight + group.weight,
                    before.pull + group.pull - group.weight * shift,
                )
            groups.append(group)
        for group in groups:
            x = group.left
            for slot in group.slots:
                self.x[slot] = x + self.wide[slot] / 2
                x += self.wide[slot] + self.gap

    def weight(self, slot: int) -> float:
        return 1.0 if self.box[slot] else _LIGHT

    def middle(self, slots: list[int]) -> float:
        """Return the middle of some slots, in which boxes count for more than the bends of arrows."""
        return sum(self.x[one] * self.weight(one) for one in slots) / sum(map(self.weight, slots))

    def draw_near(self) -> None:
        """Move what no arrow touches to what stands on its left."""
        for row in self.rows:
            for place, slot in enumerate(row):
                if place and not self.up[slot] and not self.down[slot]:
                    before = row[place - 1]
                    edge = self.x[before] + self.wide[before] / 2 + self.gap + self.wide[slot] / 2
                    self.x[slot] = edge


@record
class _Group:
    """Neighbours as near to each other as they may be; ``pull`` is the weighted sum of where they want to begin."""

    slots: list[int]
    width: float
    weight: float
    pull: float

    @property
    def left(self) -> float:
        return self.pull / self.weight
