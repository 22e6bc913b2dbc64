"""What earlier steps left behind, so that a later step can point back to them."""

from detachsim.events import MemoryEdited, NodeRecorded, TensorCreated, TensorState, VersionMismatch
from detachsim.records import record
from detachsim.render.lines import Text
from detachsim.render.sentences import join, node, say, version


@record
class Spoiled:
    """A saved tensor that an edit has made useless for backward."""

    node: int
    node_name: str
    tensor: int
    names: tuple[str, ...]
    version: int
    step: str


class Memory:
    """Who saved what at which step, who edited it, and what each name stands for now."""

    def __init__(self) -> None:
        self.states: dict[str, TensorState] = {}
        self.freed: dict[int, str] = {}
        self._tensors: dict[int, tuple[bool, tuple[str, ...]]] = {}
        self._unnamed: dict[int, str] = {}
        self._bound_at: dict[int, str] = {}
        self._fresh: dict[int, list[Spoiled]] = {}
        self._saved: dict[tuple[int, str, int], Spoiled] = {}
        self._edits: dict[int, list[tuple[str, int]]] = {}

    def create(self, event: TensorCreated) -> None:
        self._tensors[event.tensor] = (event.requires_grad, event.names)
        if not event.names:
            self._unnamed[event.tensor] = self._description(event)

    def _description(self, event: TensorCreated) -> str:
        """Return what to call a tensor without a name: ``y.detach()``, or the result of its op."""
        source = self.names_of(event.alias_of) if event.alias_of is not None else ()
        if source and event.op in ("detach", "data"):
            return f"{source[0]}.{event.op}{'()' if event.op == 'detach' else ''}"
        return f"the unnamed result of {event.op}"

    def describe(self, tensor: int, names: tuple[str, ...] = ()) -> Text:
        """Return the names of a tensor, or what else to call it."""
        known = names or self.names_of(tensor)
        return join(known) if known else say(self._unnamed.get(tensor, "an unnamed tensor"))

    def bind(self, name: str, state: TensorState, step: str) -> None:
        self.states[name] = state
        self._tensors[state.id] = (state.requires_grad, state.names)
        self._bound_at.setdefault(state.id, step)

    def forget(self, name: str) -> None:
        self.states.pop(name, None)

    def names_of(self, tensor: int) -> tuple[str, ...]:
        return self._tensors.get(tensor, (False, ()))[1]

    def requires_grad(self, tensor: int) -> bool:
        return self._tensors.get(tensor, (False, ()))[0]

    def lost_leaf(self, name: str, was: int | None) -> str | None:
        """Return the step that made the leaf which ``name`` stood for until now, if it was one that requires grad."""
        state = self.states.get(name)
        if state is None or state.id != was or not (state.is_leaf and state.requires_grad):
            return None
        return self._bound_at.get(state.id)

    def record(self, event: NodeRecorded, step: str) -> None:
        for saved in event.saved:
            entry = Spoiled(event.node, event.name, saved.tensor, saved.names, saved.version, step)
            self._fresh.setdefault(saved.counter, []).append(entry)
            self._saved[event.node, saved.label, saved.counter] = entry

    def edit(self, event: MemoryEdited, step: str) -> list[Spoiled]:
        """Note the edit, and return what it spoils for the first time."""
        self._edits.setdefault(event.counter, []).append((step, event.after))
        fresh = self._fresh.pop(event.counter, [])
        kept = [entry for entry in fresh if entry.version >= event.after]
        if kept:
            self._fresh[event.counter] = kept
        return [entry for entry in fresh if entry.version < event.after and entry.node not in self.freed]

    def free(self, nodes: tuple[int, ...], step: str) -> None:
        for freed in nodes:
            self.freed[freed] = step

    def explain_mismatch(self, found: VersionMismatch) -> Text:
        """Say where the tensor was saved, where it was edited since, and what the counter says."""
        entry = self._saved.get((found.node, found.label, found.counter))
        what = say(f"its saved {found.label}") if entry is None else self.describe(entry.tensor, entry.names)
        when = "" if entry is None else f", as step {entry.step} saved it"
        name = found.name if entry is None else entry.node_name
        text = say(node(name), " needs ", *what, " at version ", version(found.expected), when)
        edits = [step for step, after in self._edits.get(found.counter, []) if after > found.expected]
        steps = list(dict.fromkeys(edits))
        if not steps:
            return text + say(", but it is at version ", version(found.found))
        named = steps if len(steps) <= 3 else [*steps[:2], f"{len(steps) - 2} more steps"]
        lead = "step" if len(steps) == 1 else "steps"
        since = say(f", but {lead} ", *join(tuple(named), tone="text"), " edited it: ")
        return text + since + say("it is at version ", version(found.found), " now")
