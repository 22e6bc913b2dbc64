"""What a run has done so far, kept so that a later step can be traced back: tensors, nodes, saves, edits, names."""

import re
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from detachsim.events import (
    BackwardBegan,
    BackwardEnded,
    Event,
    FlagChanged,
    GradAccumulated,
    MemoryEdited,
    NameDeleted,
    NodeRan,
    NodeRecorded,
    Read,
    SavedState,
    StepBegan,
    StepEnded,
    TensorBound,
    TensorCreated,
    ValueBound,
)
from detachsim.explain.wording import root_spelled, short
from detachsim.records import record

# Of larger tensors it is not asked whether they overlap.
_MOST_CELLS = 10_000
_BOUND = r"(\w+) = (.+)"


@record
class Saved:
    """A saved tensor: the node that holds it, and the step that recorded the node."""

    order: int
    step: str
    node: NodeRecorded
    state: SavedState


@record
class Edit:
    """An in-place change and its step."""

    order: int
    step: str
    event: MemoryEdited


class Made:
    """How a tensor came to be, and what is true of it now."""

    __slots__ = ("event", "inputs_required", "names", "order", "requires", "step")

    def __init__(self, order: int, step: str, event: TensorCreated, inputs_required: tuple[bool, ...]) -> None:
        self.order = order
        self.step = step
        self.event = event
        self.inputs_required = inputs_required
        self.requires = event.requires_grad
        self.names = event.names


class Pass:
    """One backward pass: its roots, what ran, who received a gradient."""

    __slots__ = ("began", "completed", "order", "ran", "received", "roots", "step")

    def __init__(self, order: int, step: str, began: BackwardBegan, roots: tuple[int, ...]) -> None:
        self.order = order
        self.step = step
        self.began = began
        self.roots = roots
        self.ran: list[int] = []
        self.received: list[GradAccumulated] = []
        self.completed = False


class Flag:
    """A flag of a tensor that changed at a step."""

    __slots__ = ("event", "order", "step")

    def __init__(self, order: int, step: str, event: FlagChanged) -> None:
        self.order = order
        self.step = step
        self.event = event


@record
class Binding:
    """A name that was bound to a tensor at a step, and what it stood for before."""

    order: int
    step: str
    event: TensorBound


class History:
    """Everything that explanations ask about the steps until now. Events go in through ``add``, in their order."""

    def __init__(self) -> None:
        self.order = 0
        self.open: list[StepBegan] = []
        self.steps: dict[str, StepBegan] = {}
        self.tensors: dict[int, Made] = {}
        self.nodes: dict[int, tuple[str, NodeRecorded]] = {}
        self.node_of: dict[int, int] = {}
        self.saves: list[Saved] = []
        self.saves_of: dict[int, list[Saved]] = {}
        self.edits: list[Edit] = []
        self.edits_of: dict[int, list[Edit]] = {}
        # What nobody has spoiled yet, by memory.
        self.fresh: dict[int, list[Saved]] = {}
        self.saved_counters: dict[int, set[int]] = {}
        # Some edit, or an assignment to .data, may have changed saved memory without moving its counter.
        self.edited_behind = False
        # The memory of tensors that were given other memory by an assignment to .data.
        self.moved: dict[int, int] = {}
        self.writes: dict[int, list[tuple[int, ...]]] = {}
        self.flags: dict[int, list[Flag]] = {}
        self.bindings: dict[str, list[Binding]] = {}
        self.bound: dict[str, int] = {}
        self.deleted: dict[str, str] = {}
        self.last_names: dict[int, tuple[str, ...]] = {}
        self.passes: list[Pass] = []
        self.freed: dict[int, str] = {}
        # The gradients that there are, as texts; empty after an edit.
        self.grads: dict[int, str] = {}
        # The types of what names stand for that is no tensor.
        self.values: dict[str, str] = {}
        # The names that each step bound.
        self.binds: dict[str, list[str]] = {}
        # The expressions that backward was called on.
        self.spelled: dict[int, str] = {}
        self.created_in_step: list[int] = []

    # What comes in

    @property
    def step(self) -> str:
        """The number of the innermost open step; after the last step, that of the last one."""
        if self.open:
            return self.open[-1].number
        return next(reversed(self.steps), "")

    def add(self, event: Event) -> None:
        """Take note of an event."""
        self.order += 1
        note = _NOTES.get(type(event))
        if note is not None:
            note(self, event)

    def _began(self, event: StepBegan) -> None:
        self.open.append(event)
        self.steps[event.number] = event
        self.created_in_step = []

    def _ended(self, event: StepEnded) -> None:
        self.open.pop()

    def _created(self, event: TensorCreated) -> None:
        for tensor in event.inputs:
            if tensor not in self.tensors:
                self._met(tensor, (), requires=False)
        required = tuple(self.requires(tensor) for tensor in event.inputs)
        self.tensors[event.tensor] = Made(self.order, self.step, event, required)
        self.created_in_step.append(event.tensor)
        if event.names:
            self.last_names[event.tensor] = event.names

    def _met(self, tensor: int, names: tuple[str, ...], *, requires: bool) -> None:
        """Take note of a tensor that no op of the scenario made: a parameter of a module, a gradient."""
        step = self.step
        if names:
            owner = names[0].partition(".")[0]
            self.last_names[tensor] = names
            step = next((number for number, bound in self.binds.items() if owner in bound), step)
        created = TensorCreated(tensor, "", (), names, 0, 0, None, False, requires, "float32", (), True)
        made = self.tensors[tensor] = Made(self.order, step, created, ())
        made.order = 0

    def _read(self, event: Read) -> None:
        if event.tensor not in self.tensors:
            self._met(event.tensor, event.names, requires=True)

    def _recorded(self, event: NodeRecorded) -> None:
        for edge in event.edges:
            made = self.tensors.get(edge.tensor)
            if made is not None and not made.event.op and edge.node is not None and edge.tensor != event.tensor:
                if made.event.storage:
                    made.requires = True
                else:
                    self._met(edge.tensor, edge.names, requires=True)
        self.nodes[event.node] = (self.step, event)
        self.node_of[event.tensor] = event.node
        made = self.tensors.get(event.tensor)
        if made is not None:
            last = self.edits[-1] if self.edits else None
            if last is not None and last.order == self.order - 1 and last.event.tensor == event.tensor:
                # An in-place op: what it wrote came from its other arguments.
                others = tuple(edge.tensor for edge in event.edges if edge.tensor and edge.tensor != event.tensor)
                if others:
                    self.writes.setdefault(made.event.storage, []).append(others)
            made.requires = True
        for state in event.saved:
            saved = Saved(self.order, self.step, event, state)
            self.saves.append(saved)
            self.saves_of.setdefault(event.node, []).append(saved)
            self.fresh.setdefault(state.storage, []).append(saved)
            self.saved_counters.setdefault(state.storage, set()).add(state.counter)

    def _edited(self, event: MemoryEdited) -> None:
        edit = Edit(self.order, self.step, event)
        self.edits.append(edit)
        self.edits_of.setdefault(event.storage, []).append(edit)
        for name in event.names:
            owner = self.named(name.removesuffix(".grad")) if name.endswith(".grad") else None
            if owner in self.grads:
                self.grads[owner] = ""
        if any(counter != event.counter for counter in self.saved_counters.get(event.storage, ())):
            self.edited_behind = True

    def _flag(self, event: FlagChanged) -> None:
        self.flags.setdefault(event.tensor, []).append(Flag(self.order, self.step, event))
        if event.flag == "data":
            self.edited_behind = True
            if event.state is not None:
                self.moved[event.tensor] = event.state.storage
        if event.flag == "grad":
            self.grads.pop(event.tensor, None)
            if event.value != "None":
                self.grads[event.tensor] = event.value
        made = self.tensors.get(event.tensor)
        if made is None:
            self._met(event.tensor, event.names, requires=True)
            made = self.tensors[event.tensor]
        if event.flag == "requires_grad":
            made.requires = event.value == "True"
        elif event.flag == "detached":
            made.requires = False

    def _bind(self, event: TensorBound) -> None:
        self.binds.setdefault(self.step, []).append(event.name)
        self.bindings.setdefault(event.name, []).append(Binding(self.order, self.step, event))
        self.bound[event.name] = event.tensor.id
        self.values.pop(event.name, None)
        self.deleted.pop(event.name, None)
        self.last_names[event.tensor.id] = event.tensor.names or (event.name,)
        state = event.tensor
        made = self.tensors.get(state.id)
        if made is None:  # no op of the scenario made it (a parameter of a module)
            created = TensorCreated(
                state.id, event.made_by, (), state.names, state.storage, state.counter, None, False,
                state.requires_grad, state.dtype, state.shape, True, state.stride, state.offset,
            )  # fmt: skip
            made = self.tensors[state.id] = Made(self.order, self.step, created, ())
        made.requires = state.requires_grad

    def _bind_value(self, event: ValueBound) -> None:
        self.binds.setdefault(self.step, []).append(event.name)
        self.values[event.name] = event.type
        self.bound.pop(event.name, None)
        self.deleted.pop(event.name, None)

    def _forget(self, event: NameDeleted) -> None:
        self.bound.pop(event.name, None)
        self.deleted[event.name] = self.step

    def _backward_began(self, event: BackwardBegan) -> None:
        named = iter(event.root_names)
        roots: list[int] = []
        for node in event.roots:
            known = self.nodes.get(node)
            if known is not None:
                roots.append(known[1].tensor)
            elif (name := next(named, None)) is not None and name in self.bound:
                roots.append(self.bound[name])
        self.passes.append(Pass(self.order, self.step, event, tuple(roots)))
        if len(roots) == 1 and (spelled := root_spelled(self.code(self.step))):
            self.spelled[roots[0]] = spelled

    def _ran(self, event: NodeRan) -> None:
        if self.passes:
            self.passes[-1].ran.append(event.node)

    def _accumulated(self, event: GradAccumulated) -> None:
        self.grads[event.tensor] = event.total
        if self.passes:
            self.passes[-1].received.append(event)

    def _backward_ended(self, event: BackwardEnded) -> None:
        self.passes[-1].completed = event.completed
        for node in event.freed:
            self.freed[node] = self.step

    # What is asked

    def requires(self, tensor: int) -> bool:
        """Whether a tensor requires grad now."""
        made = self.tensors.get(tensor)
        return made is not None and made.requires

    def is_leaf(self, tensor: int) -> bool:
        """Whether no node made a tensor."""
        return tensor not in self.node_of or any(flag.event.flag == "detached" for flag in self.flags.get(tensor, ()))

    def code(self, step: str) -> str:
        """Return the line of PyTorch that a step stands for."""
        began = self.steps.get(step)
        return "" if began is None or not began.code else began.code[0]

    def names(self, tensor: int) -> tuple[str, ...]:
        """Return the names that a tensor has now, or had last."""
        now = tuple(name for name, bound in self.bound.items() if bound == tensor)
        return now or self.last_names.get(tensor, ())

    def named(self, name: str) -> int | None:
        """Return the tensor that a name stands for; a parameter of a module has none of its own (``layer.weight``)."""
        tensor = self.bound.get(name)
        if tensor is None and "." in name:
            tensor = next((one for one, names in self.last_names.items() if name in names), None)
        return tensor

    def held_by(self, name: str) -> list[int]:
        """Return the tensor that a name stands for, or the parameters of its module."""
        if name in self.bound:
            return [self.bound[name]]
        inside = (f"{name}.", f"{name}[")
        return [tensor for tensor, names in self.last_names.items() if any(one.startswith(inside) for one in names)]

    def owner_names(self, tensor: int) -> tuple[str, ...]:
        """Return the names of the nearest tensor with a name whose memory ``tensor`` looks at."""
        return next((names for one in self.origin(tensor) if (names := self.names(one))), ())

    def called(self, tensor: int) -> str:
        """Return what to call a tensor: its names, or how it was made."""
        known = self.names(tensor)
        if known:
            return " and ".join(known)
        if tensor in self.spelled:
            return self.spelled[tensor]
        made = self.tensors.get(tensor)
        if made is None:
            return "a tensor without a name"
        from detachsim.explain.wording import unnamed, view_called

        source = made.event.alias_of
        if made.event.op in ("detach", "data") and source is not None and self.names(source):
            return f"{self.names(source)[0]}.{made.event.op}{'()' if made.event.op == 'detach' else ''}"
        for one in self.origin(tensor)[1:]:
            if names := self.names(one):
                return view_called(names[0], made.event.shape, self.tensors[one].event.shape)
        return unnamed(made.event.op) if made.event.op else "a tensor without a name"

    def base_called(self, tensor: int) -> str:
        """Return the name of the tensor whose memory ``tensor`` looks at, as far down as there are names."""
        named = [names[0] for one in self.origin(tensor) if (names := self.names(one))]
        return named[-1] if named else "the memory"

    def op(self, tensor: int) -> str:
        """Return the op that made a tensor, as its step writes it."""
        from detachsim.explain.wording import op_called

        made = self.tensors.get(tensor)
        return "an op" if made is None else op_called(made.event.op, self.code(made.step))

    def result_of(self, tensor: int) -> str:
        """Return what a tensor is the result of: the expression that its name was given, or its op."""
        made = self.tensors.get(tensor)
        if made is None or not made.event.op:
            return "another step"
        bound = re.match(_BOUND, self.code(made.step))
        if bound is not None and bound[1] in made.names:
            return short(bound[2], 40)
        return self.op(tensor)

    def sources(self, tensor: int) -> Iterator[int]:
        """Yield the tensors that the values of a tensor came from, in-place writes to its memory included."""
        made = self.tensors.get(tensor)
        if made is None:
            return
        yield from made.event.inputs
        for written in self.writes.get(made.event.storage, ()):
            yield from written

    def route(self, source: int, target: int) -> list[int]:
        """Return the shortest way that values took from ``source`` to ``target``, both included; empty if none."""
        came_to: dict[int, int] = {target: 0}
        queue = [target]
        for tensor in queue:
            if tensor == source:
                break
            for before in self.sources(tensor):
                if before not in came_to:
                    came_to[before] = tensor
                    queue.append(before)
        if source not in came_to:
            return []
        way = [source]
        while way[-1] != target:
            way.append(came_to[way[-1]])
        return way

    def origin(self, tensor: int) -> list[int]:
        """Return a tensor and, after it, each tensor whose memory it took, up to the one that made the memory."""
        chain = [tensor]
        while (made := self.tensors.get(chain[-1])) is not None and made.event.alias_of is not None:
            chain.append(made.event.alias_of)
        return chain

    def memory_of(self, tensor: int) -> int:
        """Return the memory of a tensor (0 if nothing is known of it)."""
        made = self.tensors.get(tensor)
        return self.moved.get(tensor, 0 if made is None else made.event.storage)

    def touches(self, one: int, other: int) -> bool:
        """Whether two tensors over one memory have elements in common, as far as their making tells."""
        cells = [self._cells(tensor) for tensor in (one, other)]
        return not all(cells) or not cells[0].isdisjoint(cells[1])

    def _cells(self, tensor: int) -> set[int]:
        """Return which elements of its memory a tensor looks at; none if that is not known, or they are many."""
        made = self.tensors.get(tensor)
        if made is None or len(made.event.stride) != len(made.event.shape) or prod(made.event.shape) > _MOST_CELLS:
            return set()
        cells = {made.event.offset}
        for size, step in zip(made.event.shape, made.event.stride, strict=True):
            cells = {cell + index * step for cell in cells for index in range(size)}
        return cells

    def aliases_between(self, one: int, other: int) -> list[int]:
        """Return the tensors whose making let ``one`` and ``other`` share memory, the oldest first."""
        if one == other:
            return []
        left, right = self.origin(one), self.origin(other)
        common = next((tensor for tensor in left if tensor in right), None)
        ends = (left, right) if common is None else (left[: left.index(common)], right[: right.index(common)])
        made = [tensor for tensor in (*ends[0], *ends[1]) if self._takes_memory(tensor)]
        return sorted(dict.fromkeys(made), key=lambda tensor: self.tensors[tensor].order)

    def _takes_memory(self, tensor: int) -> bool:
        made = self.tensors.get(tensor)
        return made is not None and made.event.alias_of is not None

    def ended_name(self, tensor: int) -> Binding | None:
        """Return the binding that took the name of a leaf that requires grad and gave it to ``tensor``."""
        for name in self.names(tensor):
            for binding in self.bindings.get(name, ()):
                if binding.event.tensor.id != tensor or binding.event.was in (None, tensor):
                    continue
                was = binding.event.was
                assert was is not None
                if self.requires(was) and self.is_leaf(was):
                    return binding
        return None


_NOTES: dict[type, Callable[[History, Any], None]] = {
    StepBegan: History._began,
    StepEnded: History._ended,
    TensorCreated: History._created,
    NodeRecorded: History._recorded,
    MemoryEdited: History._edited,
    FlagChanged: History._flag,
    TensorBound: History._bind,
    Read: History._read,
    ValueBound: History._bind_value,
    NameDeleted: History._forget,
    BackwardBegan: History._backward_began,
    NodeRan: History._ran,
    GradAccumulated: History._accumulated,
    BackwardEnded: History._backward_ended,
}
