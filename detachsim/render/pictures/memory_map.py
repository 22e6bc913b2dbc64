"""Which names look at which memory, which count versions together, and what happened to each memory step by step."""

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

from detachsim.records import record
from detachsim.render.lines import Piece, Text, Tone
from detachsim.render.pictures.graph import describe, edited
from detachsim.render.pictures.heading import when
from detachsim.render.pictures.moment import EditFacts, Moment, RefusalFacts, SavedFacts, TensorFacts, merge
from detachsim.render.sentences import quiet, say
from detachsim.render.wrapping import columns, wrap

Paint: TypeAlias = Callable[[str, Tone], str]
Happening: TypeAlias = Literal["made", "edit", "save", "refusal"]

# Of a long history, the first and the last rows are shown, and every row that a stale save needs.
_FIRST, _LAST = 6, 6
# Where the last column has less room than this, it stands in a row of its own.
_ENOUGH = 24


@record
class View:
    """One tensor over a memory: what it is called, where it looks, which counter it has, how it came to be."""

    called: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    counter: int
    origin: str


@record
class Row:
    """Something that happened to a memory: at ``step``, to ``counter``, which said ``version`` afterwards."""

    order: int
    step: str
    happening: Happening
    counter: int
    version: int
    text: Text
    alarming: bool


@record
class Memory:
    """A memory: its size, who looks at it, its counters in their order, and what happened to it."""

    id: int
    elements: int
    dtype: str
    views: tuple[View, ...]
    counters: tuple[int, ...]
    rows: tuple[Row, ...]


def memories(moment: Moment) -> tuple[Memory, ...]:
    """Return every memory that a name looks at, that a living node saved, or that the last step made."""
    by_storage: dict[int, list[TensorFacts]] = {}
    for tensor in moment.tensors.values():
        if tensor.storage:
            by_storage.setdefault(tensor.storage, []).append(tensor)
    saved = [one for node in moment.living.values() for one in node.saved]
    held = {one.state.tensor for one in saved if not one.freed}
    bases = {tensor.base for tensor in moment.tensors.values() if tensor.names and tensor.base is not None}
    wanted: dict[int, list[TensorFacts]] = {}
    for storage, tensors in sorted(by_storage.items()):
        shown = [one for one in tensors if one.names or one.id in held or one.id in bases]
        if shown:
            wanted[storage] = shown
    return tuple(_memory(moment, id, by_storage[id], shown, saved) for id, shown in wanted.items())


def _memory(
    moment: Moment, id: int, tensors: list[TensorFacts], shown: list[TensorFacts], saved: list[SavedFacts]
) -> Memory:
    first = tensors[0]
    views = [_view(moment, tensor) for tensor in shown]
    edits = [edit for edit in moment.edits if edit.storage == id]
    mine = [one for one in saved if one.state.storage == id]
    through = {edit.counter for edit in edits} | {one.state.counter for one in mine}
    counters = tuple(dict.fromkeys([view.counter for view in views] + sorted(through)))
    rows = [_edited(moment, edit) for edit in edits]
    rows += [_saved(moment, label, one) for label, one in merge(mine)]
    rows += [_refused(one) for one in moment.refusals if one.storage == id]
    for counter in counters:
        made = next((tensor for tensor in tensors if tensor.counter == counter), None)
        if made is not None and (rows or len(counters) > 1):
            rows.extend(_made(moment, made))
    rows.sort(key=lambda row: row.order)
    return Memory(id, _elements(tensors), first.dtype, tuple(views), counters, tuple(rows))


def _elements(tensors: list[TensorFacts]) -> int:
    """Return how many elements a memory holds, as far as its tensors reach."""
    reach = 0
    for tensor in tensors:
        if 0 not in tensor.shape:
            # Of a tensor that only a node knows, the shape is all that is known.
            strides = tensor.stride or (0,) * len(tensor.shape)
            last = sum((size - 1) * step for size, step in zip(tensor.shape, strides, strict=True))
            reach = max(reach, tensor.offset + last + 1)
    return reach


def called(moment: Moment, tensor: TensorFacts | None, names: tuple[str, ...] = ()) -> str:
    """Return what to call a tensor in a sentence: its name now, or ``names``, those that it had then."""
    if tensor is None:
        return names[0] if names else "a tensor without a name"
    known = tensor.names or names
    return known[0] if known else describe(moment, tensor)


def _view(moment: Moment, tensor: TensorFacts) -> View:
    name = " = ".join(tensor.names) if tensor.names else f"({describe(moment, tensor)})"
    return View(name, tensor.shape, tensor.stride, tensor.offset, tensor.counter, _origin(moment, tensor))


def _origin(moment: Moment, tensor: TensorFacts) -> str:
    if not tensor.op:
        return ""
    how = tensor.op
    if tensor.alias_of is not None:
        whose = called(moment, moment.tensors.get(tensor.alias_of))
        words = {"detach": f"{whose}.detach()", "data": f"{whose}.data"} if " " not in whose else {}
        how = words.get(how, f"{how} of {whose}")
    moved = f"; .data set in step {tensor.moved[1]}" if tensor.moved is not None else ""
    return f"{how}, step {tensor.step}{moved}"


def _made(moment: Moment, tensor: TensorFacts) -> list[Row]:
    """Return the row of a counter's beginning, if the events tell of it; ``tensor`` is the first that has it."""
    source = moment.tensors.get(tensor.alias_of) if tensor.alias_of is not None else None
    if tensor.moved is not None:
        order, step, version = tensor.moved
        text = say(Piece(called(moment, tensor), "name"), " gets this memory by an assignment to .data")
        return [Row(order, step, "made", tensor.counter, version, text, False)]
    if tensor.alias_of is None and tensor.op:
        what = " is made"
    elif source is not None and source.counter != tensor.counter and tensor.counter in moment.counters:
        what = " gets a counter of its own"
    else:
        return []
    text = say(Piece(called(moment, tensor), "name"), what)
    return [Row(tensor.order, tensor.step, "made", tensor.counter, 0, text, False)]


def _edited(moment: Moment, edit: EditFacts) -> Row:
    through = called(moment, moment.tensors.get(edit.tensor), edit.names)
    text = say(Piece(edit.code or edit.op, "code"), quiet(", an edit through "), Piece(through, "name"))
    return Row(edit.order, edit.step, "edit", edit.counter, edit.after, text, False)


def _refused(refusal: RefusalFacts) -> Row:
    text = say("backward: ", Piece(refusal.node, "code"), f" needs {refusal.label} at version {refusal.expected}")
    text += say(", and finds ", Piece(str(refusal.found), "error"))
    return Row(refusal.order, refusal.step, "refusal", refusal.counter, refusal.found, text, True)


def _saved(moment: Moment, label: str, saved: SavedFacts) -> Row:
    state = saved.state
    node = moment.labels[saved.node]
    text = say(Piece(node, "code"), " saves ", Piece(label, "formula"), f", expects version {state.version}")
    alarming = False
    if saved.freed:
        text += say(quiet(f"; freed in step {saved.freed}"))
    elif saved.stale:
        text += say(Piece("; stale", "error"), f": it is {saved.now} now")
        alarming = True
    elif saved.behind:
        text += say(Piece("; spoiled unnoticed", "error"), f" by {edited(saved.behind)}")
        alarming = True
    return Row(saved.order, saved.step, "save", state.counter, state.version, text, alarming)


# The text


@record
class Signs:
    """What the axis is drawn with: a version that begins, a save on the way, and the line between."""

    made: str
    save: str
    refusal: str
    line: str
    more: str


UNICODE = Signs("●", "◇", "╳", "│", "⋮")
ASCII = Signs("*", "o", "X", "|", ":")


def draw(moment: Moment, *, width: int, signs: Signs, paint: Paint | None, show: Callable[[str], str]) -> str:
    """Return the memories as text; no row is wider than ``width`` columns, where that can be."""
    return "".join(f"{row}\n" for row in _Map(moment, width, signs, paint, show).rows())


class _Map:
    """The memories on their way to rows."""

    def __init__(
        self, moment: Moment, width: int, signs: Signs, paint: Paint | None, show: Callable[[str], str]
    ) -> None:
        self.moment = moment
        self.width = width
        self.signs = signs
        self.paint = paint
        self.show = show

    def rows(self) -> Iterator[str]:
        yield from self.text(say(Piece(self.moment.title, "title"), quiet(f": memory {when(self.moment)}")), "", "")
        found = memories(self.moment)
        told = [memory for memory in found if memory.rows or len(memory.views) > 1]
        plain = [memory for memory in found if memory not in told]
        for memory in told:
            yield ""
            yield from self.text(say(Piece(f"memory {memory.id}", "title"), quiet(f"  {_size(memory)}")), "", "")
            yield from self.views(memory.views)
            if memory.rows:
                yield ""
                yield from self.timeline(memory)
        if plain:
            yield ""
            text = (
                "each with a memory of its own, to which nothing happened" if told else "each with a memory of its own"
            )
            yield from self.text(say(quiet(text)), "", "")
            yield from self.views(tuple(view for memory in plain for view in memory.views))

    def views(self, views: tuple[View, ...]) -> Iterator[str]:
        heads = ("", "shape", "stride", "offset", "counter", "version", "made by")
        table = [
            (
                self.show(view.called),
                _sizes(view.shape),
                _sizes(view.stride),
                str(view.offset),
                str(view.counter or "none"),
                str(self.moment.counters.get(view.counter, "none")),
                self.show(view.origin),
            )
            for view in views
        ]
        wide = [max(columns(row[place]) for row in (heads, *table)) for place in range(len(heads) - 1)]
        used = 2 + sum(wide) + 2 * len(wide)
        if used - 2 > self.width:
            for called, *facts in table:
                told = ", ".join(f"{head} {fact}" for head, fact in zip(heads[1:], facts, strict=True) if fact)
                yield from self.text(say(told), (Piece("  "), Piece(called, "name"), Piece("  ")), "      ")
            return
        tones: tuple[Tone, ...] = ("name", "value", "value", "value", "version", "version")
        for number, row in enumerate((heads, *table)):
            cells = [
                Piece(cell + " " * (size - columns(cell) + 2), "quiet" if number == 0 else tone)
                for cell, size, tone in zip(row, wide, tones, strict=False)
            ]
            if self.width - used >= _ENOUGH:
                yield from self.text(say(quiet(row[-1])), (Piece("  "), *cells), " " * used)
                continue
            yield self.spell((Piece("  "), *cells)).rstrip()
            if number and row[-1]:
                yield from self.text(say(quiet(row[-1])), "      ", "        ")

    def timeline(self, memory: Memory) -> Iterator[str]:
        """Yield what happened, down the page, with one column for each counter."""
        size = max(len(f"counter {counter}") for counter in memory.counters) + 2
        if 2 + 8 + size * len(memory.counters) > self.width // 2:
            size = 5
        step_size = max([4, *(len(row.step) for row in memory.rows)]) + 2
        # What no counter counts are edits through numpy arrays.
        heads = [(f"counter {one}" if size > 5 else f"#{one}") if one else "none" for one in memory.counters]
        head = "  " + "step".ljust(step_size) + "".join(one.ljust(size) for one in heads)
        yield self.spell((Piece(head.rstrip(), "quiet"),))
        now: dict[int, int] = {}
        rows = memory.rows
        keep = {number for number, row in enumerate(rows) if row.alarming}
        keep |= set(range(_FIRST)) | set(range(len(rows) - _LAST, len(rows)))
        left_out = 0
        for number, row in enumerate(rows):
            if number not in keep:
                left_out += 1
                now[row.counter] = max(now.get(row.counter, 0), row.version)
                continue
            if left_out:
                yield self.more(left_out, step_size)
                left_out = 0
            axis: list[Piece] = []
            for counter in memory.counters:
                if counter == row.counter:
                    signs = self.signs
                    sign = {"save": signs.save, "refusal": signs.refusal}.get(row.happening, signs.made)
                    shown = f"{sign} {row.version}" if counter in self.moment.counters else sign
                    axis.append(Piece(shown.ljust(size), "error" if row.alarming else "version"))
                    now[counter] = row.version
                else:
                    axis.append(Piece((self.signs.line if counter in now else " ").ljust(size), "quiet"))
            lead = (Piece("  " + row.step.ljust(step_size), "number"), *axis)
            rest = " " * (2 + step_size) + "".join(
                (self.signs.line if counter in now else " ").ljust(size) for counter in memory.counters
            )
            yield from self.text(row.text, lead, rest)
        last = "".join(f"  {self.moment.counters.get(one, 'none')}".ljust(size) for one in memory.counters)
        yield self.spell((Piece("  " + "now".ljust(step_size), "number"), Piece(last.rstrip(), "version")))

    def more(self, count: int, step_size: int) -> str:
        return self.spell((Piece("  " + self.signs.more.ljust(step_size) + f"and {count} more", "quiet"),))

    def text(self, text: Text, lead: str | Text, indent: str) -> Iterator[str]:
        first = (Piece(lead, "text"),) if isinstance(lead, str) else lead
        used = max(sum(columns(piece.text) for piece in first), columns(indent))
        shown = tuple(Piece(self.show(piece.text), piece.tone) for piece in text)
        for row in wrap(shown, max(self.width - used, _ENOUGH)) or [()]:
            yield self.spell((*first, *row)).rstrip()
            first = (Piece(indent, "quiet"),)

    def spell(self, row: Text) -> str:
        if self.paint is None:
            return "".join(piece.text for piece in row)
        return "".join(self.paint(piece.text, piece.tone) if piece.text.strip() else piece.text for piece in row)


def _size(memory: Memory) -> str:
    count = f"{memory.elements} element{'' if memory.elements == 1 else 's'}"
    return f"{count} of {memory.dtype}" if memory.dtype else count


def _sizes(numbers: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, numbers))}]"
