"""How the facts of one step are put into words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, assert_never

from detachsim.events import (
    BackwardBegan,
    BackwardEnded,
    Event,
    ExpectationFailed,
    ExpectationMet,
    FlagChanged,
    FlowStopped,
    GradAccumulated,
    HistoryRebased,
    MemoryEdited,
    NameDeleted,
    NodeRan,
    NodeRecorded,
    Printed,
    Raised,
    Read,
    RunBegan,
    RunEnded,
    RunsCompared,
    SavedState,
    StepBegan,
    StepEnded,
    TensorBound,
    TensorCreated,
    TensorState,
    ValueBound,
    Warned,
)
from detachsim.explain.explainer import Explainer
from detachsim.render.failures import subject_of
from detachsim.render.lines import (
    Fact,
    Line,
    Message,
    Output,
    Piece,
    Text,
    Value,
    Verdict,
)
from detachsim.render.memory import Memory
from detachsim.render.sentences import ARROW, CAREFUL, formula, join, names, node, node_name, quiet, say, version

_CUTS = ("detach", "data")
_STOPS = {
    "detached": "detached",
    "no_grad": "made while gradients were off",
    "integer": "holds integers",
    "number": "a number",
    "not required": "does not require grad",
}


if TYPE_CHECKING:
    from detachsim.explain.warning import Spoiled


class Telling:
    """The facts of one step, put into words; afterwards ``failures`` and ``uncaught`` say what went wrong."""

    def __init__(self, number: str, depth: int, events: list[Event], memory: Memory, explainer: Explainer) -> None:
        self.number = number
        self.depth = depth
        self.events = events
        self.memory = memory
        self.explainer = explainer
        self.met = self.failures = 0
        self.uncaught: str | None = None
        self.bound = {event.tensor.id for event in events if isinstance(event, TensorBound)}
        # What a node saved is told after the tensor that the node made.
        self.recorded: dict[int, list[NodeRecorded]] = {}
        self.cut: set[int] = set()
        self.ran: list[str] = []
        self.stopped: dict[str, list[str]] = {}

    def lines(self) -> Iterator[Line]:
        for event in self.events:
            yield from self.tell(event)
        for recorded in [one for known in self.recorded.values() for one in known]:
            yield from self.saves(recorded)
        yield from self.flow()
        if self.met:
            yield self.fact(Piece(self.as_expected(), "good"))

    def as_expected(self) -> str:
        """Say how many expectations came true; the step's own lines say which."""
        if self.failures:
            return "the other is as expected" if self.met == 1 else f"the other {self.met} are as expected"
        return "as expected" if self.met == 1 else f"all {self.met} as expected"

    def tell(self, event: Event) -> Iterator[Line]:
        """Yield what ``event`` is worth telling."""
        match event:
            case TensorBound():
                yield from self.made(event)
            case ValueBound(name, text, shares=shares):
                yield self.value(name, text)
                if shares:
                    yield self.fact("shares memory with ", *names(shares), "; no version counter counts its edits")
            case TensorCreated():
                self.memory.create(event)
                yield from self.cut_on_the_way(event)
            case NodeRecorded():
                if event.tensor in self.bound:
                    self.recorded.setdefault(event.tensor, []).append(event)
                else:
                    yield from self.saves(event)
            case MemoryEdited():
                yield from self.edited(event)
            case HistoryRebased(names=known, before=before, after=after):
                had = say("it had none") if before is None else say("it was ", node(before))
                who = names(known, "an unnamed tensor")
                yield self.fact(*who, _verb(known, " has", " have"), " a new grad_fn, ", node(after), " (", *had, ")")
            case FlagChanged():
                yield from self.flag(event)
            case BackwardBegan():
                pass
            case NodeRan(name=name):
                if not name.endswith("AccumulateGrad"):
                    self.ran.append(node_name(name))
            case FlowStopped(tensor=tensor, names=known, reason=reason):
                if known or reason in ("detached", "no_grad"):
                    where = self.stopped.setdefault(reason, [])
                    called = known or tuple(piece.text for piece in self.memory.describe(tensor))
                    where.extend(one for one in called if one not in where)
            case GradAccumulated():
                yield from self.flow()
                yield from self.received(event)
            case BackwardEnded():
                yield from self.flow()
            case Printed(text):
                yield Output(self.depth, text)
            case Warned(category, text):
                yield Message(self.depth, "warning", category, text)
            case Raised():
                yield from self.flow()
                yield from self.raised(event)
            case ExpectationMet():
                self.met += 1
            case ExpectationFailed():
                self.failures += 1
                yield _verdict(event, self.depth)
            case NameDeleted(name):
                self.memory.forget(name)
            case Read() | RunBegan() | StepBegan() | StepEnded() | RunEnded() | RunsCompared():
                pass
            case _:
                assert_never(event)

    def fact(self, *parts: str | Piece) -> Fact:
        return Fact(self.depth, say(*parts))

    def value(self, label: str, text: str) -> Value:
        return Value(self.depth, say(Piece(label, "name"), quiet(" = ")), text)

    # What a step makes.

    def made(self, event: TensorBound) -> Iterator[Line]:
        """Tell of a name and its tensor: the value, what it is, whose memory it is, what its node saved."""
        name, state = event.name, event.tensor
        lost = self.memory.lost_leaf(name, event.was)
        others = tuple(other for other in state.names if other != name)
        if not event.made_by and others:
            yield self.fact(*names((name,)), " is another name for the tensor ", *names(others))
        else:
            yield self.value(name, state.text)
            yield Fact(self.depth, _nature(state))
            yield from self.shared(event, tuple(other for other in event.shares if other not in state.names))
        if lost is not None:
            yield self.fact(*names((name,)), f" does not name the leaf of step {lost} any more")
        if state.id in self.cut:
            yield self.fact("cut here: no gradient flows back through ", *names((name,)))
        for recorded in self.recorded.pop(state.id, ()):
            yield from self.saves(recorded)
        self.memory.bind(name, state, self.number)

    def shared(self, event: TensorBound, others: tuple[str, ...]) -> Iterator[Line]:
        if not others:
            return
        state = event.tensor
        lead = "a view: shares" if state.base is not None else "shares"
        known = [other for other in others if other in self.memory.states]
        together = tuple(other for other in known if self.memory.states[other].counter == state.counter)
        apart = tuple(other for other in others if other not in together)
        if together:
            yield self.fact(f"{lead} memory and version counter with ", *names(together))
        if apart:
            yield self.fact(
                f"{'shares' if together else lead} memory with ", *names(apart), ", but counts its own versions"
            )
        if event.creation == "no_grad":
            yield self.fact("a view made while gradients were off")

    def saves(self, graph: NodeRecorded) -> Iterator[Line]:
        """Tell what the node keeps for backward, at which version and what for."""
        inputs = {edge.argument: self.memory.describe(edge.tensor, edge.names) for edge in graph.edges}
        for saved in graph.saved:
            who = say("saves ") if graph.tensor in self.bound else say(node(graph.name), " saves ")
            parts = say(*who, *self.saved_name(saved), " for backward, at version ", version(saved.version))
            if saved.formula:
                wanted = inputs.get(saved.input, say(saved.input))
                parts += say(": the gradient of ", *wanted, " is ", formula(saved.formula))
            yield Fact(self.depth, parts)

    def saved_name(self, saved: SavedState) -> Text:
        if saved.label in saved.names:
            return join(saved.names)
        return (*self.memory.describe(saved.tensor, saved.names), quiet(f" ({saved.label})"))

    def cut_on_the_way(self, event: TensorCreated) -> Iterator[Line]:
        """Tell of a ``detach()`` inside a longer expression, which no name shows.

        What no gradient would have reached anyway is not cut, nor is what the step only writes through.
        """
        if event.op not in _CUTS or event.alias_of is None or not self.memory.requires_grad(event.alias_of):
            return
        if any(isinstance(other, MemoryEdited) and other.tensor == event.tensor for other in self.events):
            return
        if event.tensor in self.bound:
            self.cut.add(event.tensor)
        else:
            yield self.fact("cut here: no gradient flows back through ", *self.memory.describe(event.tensor))

    # What a step changes.

    def edited(self, event: MemoryEdited) -> Iterator[Line]:
        change = (version(event.before), ARROW, version(event.after))
        # Through a tensor without a name (``d[0] = 7`` writes through a view) it is the named ones that count.
        edited = event.names or tuple(name for name in event.seen_by if name not in event.behind)
        counted = say(": version ", *change) if event.counter else say(", and no version counter counts it")
        yield self.fact("edits ", *self.memory.describe(event.tensor, edited), " in place", *counted)
        others = tuple(name for name in event.seen_by if name not in edited)
        noticed = tuple(name for name in others if name not in event.behind)
        behind = tuple(name for name in others if name in event.behind)
        if noticed:
            yield self.fact(*names(noticed), _verb(noticed, " sees", " see"), " the edit too: same memory")
        if behind:
            own = "counts its own versions" if len(behind) == 1 else "count their own versions"
            still = "its counter does not move" if len(behind) == 1 else "their counters do not move"
            sees = _verb(behind, " sees", " see")
            reason = own if event.counter else still
            yield self.fact(*names(behind), sees, f" the edit too, but {reason}, so autograd cannot notice it there")
        spoiled = self.explainer.spoiled.get(id(event), [])
        # A node may have saved one memory twice (`a * a`).
        told = tuple(dict.fromkeys(self.spoiled(one) for one in spoiled))
        yield from told[:3]
        if len(told) > 3:
            yield self.fact(f"and {len(told) - 3} more saved tensors are spoiled in the same way")

    def spoiled(self, one: "Spoiled") -> Fact:
        saved = one.saved
        if one.noticed:
            at, then = f" at version {saved.state.version}", "so backward through it would now fail"
        else:
            at, then = "", "and its counter does not move: backward through it would now be wrong"
        who = node(saved.node.name)
        return self.fact(CAREFUL, who, f" saved this memory{at} (step {saved.step}), {then}")

    def flag(self, event: FlagChanged) -> Iterator[Line]:
        name = names(event.names[:1], "the tensor")
        match event.flag:
            case "requires_grad":
                yield self.fact(*name, " requires grad now" if event.value == "True" else " does not require grad now")
            case "retains_grad":
                yield self.fact(*name, " will keep its gradient, though it is no leaf")
            case "detached":
                yield self.fact(*name, " has no grad_fn any more: no gradient flows back through it")
            case "data":
                owners = () if event.state is None else self.memory.move(event.state)
                whose = join(owners) if owners else say("the tensor that its .data was set to")
                apart = ", but counts its own versions" if owners else ""
                yield self.fact(*name, " uses the memory of ", *whose, apart)
            case flag:
                value = "None" if event.value == "None" else "another tensor"
                yield self.fact(*name, Piece(f".{flag}", "name"), f" is {value} now")

    # What backward does.

    def flow(self) -> Iterator[Line]:
        """Tell which nodes have run and where the gradient stopped, once."""
        if self.ran:
            shown = self.ran if len(self.ran) <= 6 else [*self.ran[:4], f"{len(self.ran) - 5} more nodes", self.ran[-1]]
            yield self.fact("the gradient flows through ", *join(tuple(shown), last=", ", tone="code"))
            self.ran = []
        for reason, known in self.stopped.items():
            yield self.fact("the gradient stops at ", *join(tuple(known)), f": {_STOPS.get(reason, reason)}")
        self.stopped = {}

    def received(self, event: GradAccumulated) -> Iterator[Line]:
        who = names(event.names[:1], "an unnamed leaf")
        grad = say(*who, Piece(".grad", "name"), quiet(" = "))
        if event.total == event.gradient:
            yield Value(self.depth, grad, event.total)
        else:
            yield Value(self.depth, say(*who, quiet(" receives ")), event.gradient)
            yield Value(self.depth, grad, event.total)
            yield self.fact("the new gradient was added to the old one")
        if event.retained:
            yield self.fact(*who, " is no leaf; it keeps this because of retain_grad()")

    # What goes wrong.

    def raised(self, event: Raised) -> Iterator[Line]:
        yield Message(self.depth, "expected" if event.caught else "error", event.type, event.text)
        if not event.caught:
            self.uncaught = event.type


def _verdict(event: ExpectationFailed, depth: int) -> Verdict:
    """Return the verdict on something that did not come true."""
    return Verdict(depth, subject_of(event), event.expected, event.actual, event.span.line)


def _nature(state: TensorState) -> Text:
    """Say what kind of tensor this is, and its version."""
    if state.grad_fn is not None:
        parts = say("grad_fn ", node(state.grad_fn))
    else:
        parts = say(f"leaf, requires {'grad' if state.requires_grad else 'no grad'}")
    if state.version is None:
        return (*parts, *say(", an inference tensor: it counts no versions"))
    return (*parts, *say(", version ", version(state.version)))


def _verb(known: tuple[str, ...], one: str, many: str) -> str:
    return one if len(known) < 2 else many
