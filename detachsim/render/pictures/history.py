"""Working out from a run's events how it stands after one of its steps."""

from collections.abc import Iterable

from detachsim.events import (
    BackwardEnded,
    Event,
    FlagChanged,
    GradAccumulated,
    HistoryRebased,
    MemoryEdited,
    NameDeleted,
    NodeRecorded,
    Raised,
    RunBegan,
    RunEnded,
    SavedState,
    StepBegan,
    StepEnded,
    TensorBound,
    TensorCreated,
    TensorState,
    ValueBound,
    VersionMismatch,
)
from detachsim.render.pictures.moment import (
    EditFacts,
    Moment,
    NodeFacts,
    NoSuchStep,
    RefusalFacts,
    SavedFacts,
    TensorFacts,
)
from detachsim.render.sentences import node_name


def runs_of(events: Iterable[Event]) -> list[list[Event]]:
    """Return the events of each run by itself."""
    runs: list[list[Event]] = []
    for event in events:
        if isinstance(event, RunBegan):
            runs.append([])
        if runs:
            runs[-1].append(event)
    return runs


def moment(events: list[Event], step: str | None = None) -> Moment | NoSuchStep:
    """Return how the run that ``events`` tell stands after ``step``, or after its last step.

    ``step`` may also be one round of a ``repeat`` (``8[0]``), which stands for the last step in it.
    """
    history = _History()
    ended = ""
    number = step
    if step is not None and step.endswith("]"):
        inside = [event.number for event in events if isinstance(event, StepEnded) and _within(event.number, step)]
        number = inside[-1] if inside else step
    rest = iter(events)
    for event in rest:
        history.add(event)
        if isinstance(event, StepEnded):
            ended = event.number
            if ended == number:
                break
    if number is not None and ended != number:
        numbers = tuple(event.number for event in events if isinstance(event, StepBegan))
        outcome = next((event.outcome for event in events if isinstance(event, RunEnded)), "")
        return NoSuchStep(numbers, outcome)
    last = not any(isinstance(event, StepBegan) for event in rest)
    return history.freeze(ended, last=last)


def _within(number: str, round: str) -> bool:
    """Say whether a step stands in a round of a ``repeat``, and not in a block inside it."""
    head, _, tail = number.rpartition(".")
    return head == round and bool(tail)


class _Tensor:
    """What is known of a tensor so far."""

    __slots__ = ("created", "creation", "cut", "cut_at", "grad", "inputs", "moved", "node", "node_version", "order",
                 "output_nr", "requires", "state", "step")  # fmt: skip

    def __init__(self, order: int, step: str, created: TensorCreated) -> None:
        self.order = order
        self.step = step
        self.created = created
        self.state: TensorState | None = None
        self.inputs: tuple[tuple[int, int | None], ...] = ()
        self.requires = created.requires_grad
        self.node: int | None = None
        self.node_version = 0
        self.output_nr = 0
        self.creation = ""
        self.cut = ""
        self.cut_at = ""
        self.grad = ""
        self.moved: tuple[int, str, int] | None = None


class _History:
    """Follows the events of a run."""

    def __init__(self) -> None:
        self.order = 0
        self.began: RunBegan | None = None
        self.open: list[StepBegan] = []
        self.codes: dict[str, str] = {}
        self.raised = ""
        self.names: dict[str, int] = {}
        # The numpy arrays over a tensor's memory, by the names that they get.
        self.arrays: dict[str, int] = {}
        self.tensors: dict[int, _Tensor] = {}
        self.recent: list[int] = []
        self.counters: dict[int, int] = {}
        self.uncounted: set[int] = set()
        self.nodes: dict[int, tuple[str, int, NodeRecorded]] = {}
        self.inner: dict[int, int] = {}
        self.before: NodeRecorded | None = None
        self.labels: dict[int, str] = {}
        self.numbers: dict[str, int] = {}
        self.leaves: dict[int, int] = {}
        self.freed: dict[int, str] = {}
        self.edits: list[EditFacts] = []
        self.refusals: list[RefusalFacts] = []

    # What comes in

    def add(self, event: Event) -> None:
        """Take note of an event."""
        self.order += 1
        match event:
            case RunBegan():
                self.began = event
            case StepBegan():
                self.open.append(event)
                self.codes[event.number] = event.code[0] if event.code else ""
                self.recent, self.raised = [], ""
            case StepEnded():
                self.open.pop()
            case TensorCreated():
                self.create(event)
            case TensorBound():
                self.bind(event)
            case NameDeleted(name):
                self.names.pop(name, None)
            case ValueBound(name, shares=shares):
                self.names.pop(name, None)
                if shares and name in self.arrays:
                    self.names[name] = self.arrays[name]
            case NodeRecorded():
                self.record(event)
            case HistoryRebased(tensor=tensor, node=node):
                self.give_node(tensor, node, 0)
            case MemoryEdited():
                self.edit(event)
            case FlagChanged():
                self.flag(event)
            case GradAccumulated(tensor=tensor, total=total):
                if tensor in self.tensors:
                    self.tensors[tensor].grad = total
            case BackwardEnded(freed=freed):
                for node in freed:
                    self.freed[node] = self.step
            case Raised(type=type, evidence=evidence):
                self.raised = type
                if isinstance(evidence, VersionMismatch):
                    self.refuse(evidence)
            case _:
                pass

    @property
    def step(self) -> str:
        return self.open[-1].number if self.open else ""

    def create(self, event: TensorCreated) -> None:
        made = self.tensors[event.tensor] = _Tensor(self.order, self.step, event)
        made.inputs = tuple((one, known.node) for one in event.inputs if (known := self.tensors.get(one)) is not None)
        wanted = any(self.tensors[one].requires for one, _ in made.inputs)
        made.cut = self.way(event, wanted)
        made.cut_at = self.step if made.cut else ""
        self.counters.setdefault(event.counter, 0)
        if event.op == "numpy":
            self.uncounted.add(event.counter)
            self.arrays.update(dict.fromkeys(event.names, event.tensor))
        self.recent.append(event.tensor)

    def way(self, event: TensorCreated, wanted: bool) -> str:
        """Return how a new tensor is cut from inputs of which one requires grad."""
        if not wanted:
            return ""
        if event.op == "detach":
            return "detach()"
        if event.op == "data":
            return ".data"
        if not event.grad_mode:
            modes = [step.kind for step in self.open if step.kind in ("no_grad", "inference_mode")]
            return modes[-1] if modes else "no_grad"
        if event.requires_grad:
            return ""
        return "no gradient" if "float" in event.dtype else "integer"

    def bind(self, event: TensorBound) -> None:
        state = event.tensor
        known = self.tensors.get(state.id)
        if known is None:  # no op of the scenario made it
            known = self.tensors[state.id] = _Tensor(
                self.order,
                self.step,
                TensorCreated(
                    state.id,
                    event.made_by,
                    (),
                    state.names,
                    state.storage,
                    state.counter,
                    None,
                    False,
                    state.requires_grad,
                    state.dtype,
                    state.shape,
                    True,
                    state.stride,
                    state.offset,
                ),
            )
            self.recent.append(state.id)
        self.names.pop(event.name, None)
        self.names[event.name] = state.id
        known.creation = event.creation
        self.see(known, state)

    def see(self, known: _Tensor, state: TensorState) -> None:
        """Take over how a tensor looks now."""
        known.state = state
        known.requires = state.requires_grad
        if state.node != known.node:
            self.give_node(state.id, state.node, state.output_nr)
        known.output_nr = state.output_nr
        if state.version is not None:
            self.counters[state.counter] = state.version
        else:
            self.uncounted.add(state.counter)

    def meet(self, id: int, names: tuple[str, ...], saved: SavedState | None = None) -> None:
        """Take note of a tensor that no event has told of, as a parameter of a module or a gradient may be."""
        if not id or id in self.tensors:
            return
        storage, counter, shape = (saved.storage, saved.counter, saved.shape) if saved is not None else (0, 0, ())
        made = (id, "", (), names, storage, counter, None, False, False, "", shape, True)
        self.tensors[id] = _Tensor(self.order, self.step, TensorCreated(*made))

    def record(self, event: NodeRecorded) -> None:
        for state in event.saved:
            self.meet(state.tensor, state.names, state)
            self.counters[state.counter] = max(self.counters.get(state.counter, 0), state.version)
        if event.op == "copy_slices" and self.before is not None:
            self.inner[event.node] = self.before.node
            del self.labels[self.before.node]
            self.numbers[node_name(self.before.name)] -= 1
        self.before = event
        self.nodes[event.node] = (self.step, self.order, event)
        self.give_label(event.node, event.name)
        for edge in event.edges:
            self.meet(edge.tensor, edge.names)
            if edge.node is None:
                continue
            if edge.name.endswith("AccumulateGrad"):
                self.leaves.setdefault(edge.node, edge.tensor)
                self.give_label(edge.node, edge.name)
                self.tensors[edge.tensor].requires = True
            elif edge.tensor != event.tensor and (known := self.tensors.get(edge.tensor)) and known.node is None:
                self.give_node(edge.tensor, edge.node, edge.output_nr)
        self.give_node(event.tensor, event.node, 0)

    def give_label(self, node: int, name: str) -> None:
        if node not in self.labels:
            short = node_name(name)
            self.numbers[short] = self.numbers.get(short, 0) + 1
            self.labels[node] = f"{short}#{self.numbers[short]}"

    def give_node(self, tensor: int, node: int | None, output_nr: int) -> None:
        known = self.tensors.get(tensor)
        if known is None:
            return
        known.node, known.output_nr = node, output_nr
        known.node_version = self.counters.get(self.counter(known), 0)
        if node is not None:
            known.requires = True
            known.cut = known.cut_at = ""

    def counter(self, known: _Tensor) -> int:
        return known.created.counter if known.state is None else known.state.counter

    def edit(self, event: MemoryEdited) -> None:
        self.counters[event.counter] = event.after
        code = event.text or self.codes.get(self.step, "")
        self.edits.append(
            EditFacts(
                self.order,
                self.step,
                event.op,
                code,
                event.tensor,
                event.names,
                event.storage,
                event.counter,
                event.before,
                event.after,
            )
        )

    def refuse(self, found: VersionMismatch) -> None:
        outer = next((outer for outer, inner in self.inner.items() if inner == found.node), found.node)
        label = self.labels.get(outer, node_name(found.name))
        where = (found.storage, found.counter, found.expected, found.found)
        self.refusals.append(RefusalFacts(self.order, self.step, label, found.label, *where))

    def flag(self, event: FlagChanged) -> None:
        known = self.tensors.get(event.tensor)
        if known is None:
            return
        match event.flag:
            case "requires_grad":
                known.requires = event.value == "True"
            case "detached":
                known.inputs = ((event.tensor, known.node),)
                known.node, known.requires = None, False
                known.cut, known.cut_at = "detach_()", self.step
            case "data":
                if event.state is not None:
                    self.see(known, event.state)
                    known.moved = self.order, self.step, event.state.version or 0
            case "grad":
                known.grad = "" if event.value == "None" else event.value
            case _:
                pass

    # What comes out

    def freeze(self, number: str, *, last: bool) -> Moment:
        """Return how things stand now."""
        began = self.began
        assert began is not None
        names: dict[int, list[str]] = {}
        for name, tensor in self.names.items():
            names.setdefault(tensor, []).append(name)
        tensors = {id: self.tensor(id, known, tuple(names.get(id, ()))) for id, known in self.tensors.items()}
        inner = set(self.inner.values())
        nodes = {id: self.node(id, step, event) for id, (step, _, event) in self.nodes.items() if id not in inner}
        file = began.file.replace("\\", "/").rpartition("/")[2]
        return Moment(
            began.title if began.title is not None else file,
            began.dialect,
            began.choices,
            number,
            self.codes.get(number, ""),
            last,
            self.raised,
            tuple(self.names.items()),
            tensors,
            nodes,
            dict(self.leaves),
            dict(self.labels),
            tuple(self.recent),
            tuple(self.edits),
            tuple(self.refusals),
            {counter: now for counter, now in self.counters.items() if counter not in self.uncounted},
        )

    def tensor(self, id: int, known: _Tensor, names: tuple[str, ...]) -> TensorFacts:
        created, state = known.created, known.state
        look = state or created
        base = None if state is None else state.base
        return TensorFacts(
            id,
            known.order,
            names,
            created.names,
            created.op,
            known.step,
            known.inputs,
            created.alias_of,
            base,
            look.storage,
            look.counter,
            look.shape,
            look.stride,
            look.offset,
            look.dtype,
            known.requires or self.pending(known),
            known.node,
            known.output_nr,
            known.cut,
            known.cut_at,
            self.pending(known),
            known.grad,
            known.moved,
        )

    def pending(self, known: _Tensor) -> bool:
        """Say whether a view has to be rebuilt: its counter has moved, and its base requires grad."""
        if known.state is None or known.state.base is None or known.creation != "default":
            return False
        base = self.tensors.get(known.state.base)
        moved = self.counters.get(known.state.counter, 0) != known.node_version
        return moved and base is not None and base.requires

    def node(self, id: int, step: str, event: NodeRecorded) -> NodeFacts:
        holder = self.inner.get(id, id)
        freed = self.freed.get(id) or self.freed.get(holder, "")
        _, order, recorded = self.nodes[holder]
        saved = tuple(self.saved(order, step, id, state, freed) for state in recorded.saved)
        return NodeFacts(id, self.labels[id], step, event.op, event.tensor, event.names, event.edges, saved)

    def saved(self, order: int, step: str, node: int, state: SavedState, freed: str) -> SavedFacts:
        own = tuple(edit for edit in self.edits if edit.counter == state.counter and edit.after > state.version)
        behind = tuple(
            edit
            for edit in self.edits
            if edit.storage == state.storage
            and edit.counter != state.counter
            and edit.order > order
            and self.overlap(edit.tensor, state.tensor)
        )
        now = self.counters.get(state.counter, state.version)
        return SavedFacts(order, step, node, state, now, own, behind, freed)

    def overlap(self, one: int, other: int) -> bool:
        """Say whether two tensors over one memory span common elements."""
        spans = [self.span(id) for id in (one, other)]
        if None in spans:
            return True
        (first, last), (start, end) = spans  # type: ignore[misc]  # None is sorted out above
        return bool(first < end and start < last)

    def span(self, id: int) -> tuple[int, int] | None:
        known = self.tensors.get(id)
        if known is None:
            return None
        look = known.state or known.created
        if 0 in look.shape:
            return (look.offset, look.offset)
        strides = look.stride or (0,) * len(look.shape)
        size = sum((size - 1) * step for size, step in zip(look.shape, strides, strict=True))
        return (look.offset, look.offset + size + 1)
