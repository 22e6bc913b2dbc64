"""What stands after one step of a run: names, tensors, counters, nodes, saved tensors, edits, as frozen data."""

from collections.abc import Iterable

from detachsim.events import EdgeState, SavedState
from detachsim.records import record


@record
class TensorFacts:
    """A tensor. ``names`` are those that it has now, ``once`` those that it had after the step that made it.

    ``node`` is its ``grad_fn`` as it is kept (never rebuilt), ``None`` for a leaf.

    ``inputs`` are the tensors that it was made from, each with the node that it had then. ``cut`` says how it was cut
    from those of them that require grad: ``detach()``, ``.data``, ``detach_()``, ``no_grad``, ``inference_mode``,
    ``integer`` or ``no gradient``; empty if it was not. ``cut_at`` is the step that did.
    ``moved`` says when (``order`` counts events), in which step and at which version an assignment to ``.data`` gave it
    the memory that it has, ``None`` if none did.
    ``pending``: a view whose base was edited since, so that PyTorch rebuilds its ``grad_fn`` when it is next asked for.
    """

    id: int
    order: int
    names: tuple[str, ...]
    once: tuple[str, ...]
    op: str
    step: str
    inputs: tuple[tuple[int, int | None], ...]
    alias_of: int | None
    base: int | None
    storage: int
    counter: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    dtype: str
    requires_grad: bool
    node: int | None
    output_nr: int
    cut: str
    cut_at: str
    pending: bool
    grad: str
    moved: tuple[int, str, int] | None


@record
class EditFacts:
    """An in-place change: when (``order`` counts events), in which step, and what it did to which counter.

    ``stride`` and ``offset`` belong to the tensor through which it was made, ``shape`` too.
    """

    order: int
    step: str
    op: str
    code: str
    tensor: int
    names: tuple[str, ...]
    storage: int
    counter: int
    before: int
    after: int


@record
class SavedFacts:
    """A saved tensor of a node, and what has become of it.

    ``now`` is what its counter says now. ``edits`` are the edits that its counter noticed since, ``behind`` those of
    its memory that the counter did not notice. ``freed`` is the step whose backward gave it up, empty if none did.
    """

    order: int
    step: str
    node: int
    state: SavedState
    now: int
    edits: tuple[EditFacts, ...]
    behind: tuple[EditFacts, ...]
    freed: str

    @property
    def stale(self) -> bool:
        """Whether backward would refuse it."""
        return not self.freed and self.now != self.state.version


def merge(saved: Iterable[SavedFacts]) -> list[tuple[str, SavedFacts]]:
    """Return what nodes saved, each tensor once a node, with all the labels under which the node has it."""
    found: dict[tuple[int, int, int], tuple[str, SavedFacts]] = {}
    for one in saved:
        key = (one.node, one.state.tensor, one.state.version)
        label = f"{found[key][0]}, {one.state.label}" if key in found else one.state.label
        found[key] = (label, one)
    return list(found.values())


@record
class RefusalFacts:
    """A backward that found a counter at ``found`` where a node, ``node``, needed ``expected``."""

    order: int
    step: str
    node: str
    label: str
    storage: int
    counter: int
    expected: int
    found: int


@record
class NodeFacts:
    """A node of the graph. ``label`` is its name and a number that tells it from others of that name."""

    id: int
    label: str
    step: str
    op: str
    tensor: int
    names: tuple[str, ...]
    edges: tuple[EdgeState, ...]
    saved: tuple[SavedFacts, ...]


@record
class Moment:
    """A run after step ``number``, the ``count``-th of those that ran.

    ``recent`` are the tensors that this step made; ``raised`` the error that left it, if one did. ``tensors`` and
    ``nodes`` are all that there ever were, by id; ``names`` are the live ones, in the order in which they were bound.
    ``leaves`` gives the tensor of each ``AccumulateGrad``. ``counters`` says what each counter says; those of
    inference tensors say nothing.
    """

    title: str
    dialect: str
    choices: tuple[tuple[str, str], ...]
    number: str
    code: str
    last: bool
    raised: str
    names: tuple[tuple[str, int], ...]
    tensors: dict[int, TensorFacts]
    nodes: dict[int, NodeFacts]
    leaves: dict[int, int]
    labels: dict[int, str]
    recent: tuple[int, ...]
    edits: tuple[EditFacts, ...]
    refusals: tuple[RefusalFacts, ...]
    counters: dict[int, int]

    @property
    def living(self) -> dict[int, NodeFacts]:
        """The nodes that live tensors lead to: those with a name, those of the last step, and the bases of both."""
        ids = {tensor for _, tensor in self.names} | set(self.recent)
        ids |= {base for id in ids if (base := self.tensors[id].base) in self.tensors and base is not None}
        waiting = [node for id in ids if (node := self.tensors[id].node) is not None]
        found = set(waiting)
        while waiting:
            facts = self.nodes.get(waiting.pop())
            for edge in facts.edges if facts is not None else ():
                if edge.node is not None and edge.node not in found:
                    found.add(edge.node)
                    waiting.append(edge.node)
        return {id: node for id, node in self.nodes.items() if id in found}


@record
class NoSuchStep:
    """Why there is no moment: ``steps`` are the numbers of the steps that ran, ``outcome`` how the run ended."""

    steps: tuple[str, ...]
    outcome: str
