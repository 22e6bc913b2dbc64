"""What the tensors of earlier steps are called, so that a later step can point back to them."""

from detachsim.events import TensorCreated, TensorState
from detachsim.explain.wording import unnamed, view_called
from detachsim.render.lines import Text
from detachsim.render.sentences import join, say


class Memory:
    """What each name stands for now, and what to call what has no name."""

    def __init__(self) -> None:
        self.states: dict[str, TensorState] = {}
        self._tensors: dict[int, tuple[bool, tuple[str, ...]]] = {}
        self._unnamed: dict[int, str] = {}
        self._created: dict[int, TensorCreated] = {}
        self._bound_at: dict[int, str] = {}

    def create(self, event: TensorCreated) -> None:
        self._tensors[event.tensor] = (event.requires_grad, event.names)
        self._created[event.tensor] = event
        if not event.names:
            self._unnamed[event.tensor] = self._description(event)

    def _description(self, event: TensorCreated) -> str:
        """Return what to call a tensor without a name: ``y.detach()``, a part of ``y``, or the result of its op."""
        source = self.names_of(event.alias_of) if event.alias_of is not None else ()
        if source and event.op in ("detach", "data"):
            return f"{source[0]}.{event.op}{'()' if event.op == 'detach' else ''}"
        base: TensorCreated | None = event
        while base is not None and base.alias_of is not None:
            known = self.names_of(base.alias_of)
            base = self._created.get(base.alias_of)
            if known and base is not None:
                return view_called(known[0], event.shape, base.shape)
        return unnamed(event.op)

    def describe(self, tensor: int, names: tuple[str, ...] = ()) -> Text:
        """Return the names of a tensor, or what else to call it."""
        known = names or self.names_of(tensor)
        return join(known) if known else say(self._unnamed.get(tensor, "an unnamed tensor"))

    def bind(self, name: str, state: TensorState, step: str) -> None:
        self.states[name] = state
        self._tensors[state.id] = (state.requires_grad, state.names)
        self._bound_at.setdefault(state.id, step)

    def move(self, state: TensorState) -> tuple[str, ...]:
        """Note that a tensor has other memory now, and return the names that had this memory before."""
        for name in self.states.keys() & set(state.names):
            self.states[name] = state
        return tuple(
            name for name, known in self.states.items() if known.storage == state.storage and known.id != state.id
        )

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
