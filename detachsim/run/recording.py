"""Facts into events: the engine's tuples, told with the names that the scenario gives to tensors and memory."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from detachsim.engine.names import dialect_name
from detachsim.engine.node import AccumulateGrad, CopySlices, Node, SavedInput, SavedOutput
from detachsim.engine.op import ALIAS, FACTORY, VIEW, Op
from detachsim.engine.session import Session
from detachsim.engine.tensor import Storage, Tensor, Version, offset, strides
from detachsim.engine.views import requires_grad
from detachsim.events import (
    BackwardBegan,
    BackwardEnded,
    EdgeState,
    Event,
    FlagChanged,
    FlowStopped,
    GradAccumulated,
    HistoryRebased,
    MemoryEdited,
    NodeRan,
    NodeRecorded,
    SavedState,
    TensorBound,
    TensorCreated,
    TensorState,
)
from detachsim.records import replace
from detachsim.run.arrays import NumpyArray, Origin
from detachsim.run.names import Names, tensors_in
from detachsim.run.spelling import tensor_repr

# Why no gradient flows to a tensor, as far as the run knows; see events.EdgeState.
_CUTS = ("detached", "no_grad", "integer")


class Recorder:
    """Gives ids to what a run mentions, and turns a step's facts into events."""

    def __init__(self, session: Session, names: Names) -> None:
        self.session = session
        self.names = names
        # Why tensors that require no grad do not, by the tensor's id.
        self.reasons: dict[int, str] = {}
        self.edges: dict[int, tuple[EdgeState, ...]] = {}
        # Those of the last in-place op's node: the CopySlices around it has the same but for the first.
        self.inner_edges: tuple[EdgeState, ...] = ()
        # The nodes that ran, and the ids of those that were freed, of each backward pass under way, outermost first.
        self.passes: list[tuple[list[Node], list[int]]] = []
        # What made the tensors that are new in this step, by their ids.
        self.made: dict[int, str] = {}

    # Ids

    def tensor_id(self, tensor: "Tensor | Origin | SavedOutput") -> int:
        """Return the id of a tensor or an array, given at first mention."""
        if tensor.id == 0:
            self.session.tensor_ids += 1
            tensor.id = self.session.tensor_ids
        return tensor.id

    def storage_id(self, storage: Storage) -> int:
        """Return the id of a memory."""
        if storage.id == 0:
            self.session.storage_ids += 1
            storage.id = self.session.storage_ids
        return storage.id

    def counter_id(self, version: Version) -> int:
        """Return the id of a version counter."""
        if version.id == 0:
            self.session.version_ids += 1
            version.id = self.session.version_ids
        return version.id

    def node_id(self, node: Node) -> int:
        """Return the id of a node."""
        if node.id == 0:
            self.session.node_ids += 1
            node.id = self.session.node_ids
        return node.id

    def node_name(self, node: Node) -> str:
        """Return the full name of a node in the run's dialect."""
        return dialect_name(self.session.dialect, node.name)

    # States

    def state(self, tensor: Tensor) -> TensorState:
        """Return how a tensor looks now, without changing anything."""
        node = tensor.node
        return TensorState(
            self.tensor_id(tensor),
            self.names.of(tensor),
            tensor_repr(self.session, tensor, rebuild=False),
            tensor.shape,
            strides(tensor.array),
            offset(tensor),
            tensor.dtype.name,
            requires_grad(tensor),
            node is None,
            tensor.meta is not None and tensor.meta.retain_hooked,
            None if node is None else self.node_name(node),
            None if node is None else self.node_id(node),
            tensor.output_nr,
            tensor.version.value if tensor.version.tracked else None,
            self.counter_id(tensor.version),
            self.storage_id(tensor.storage),
            None if tensor.view is None else self.tensor_id(tensor.view.base),
        )

    def bound(self, name: str, tensor: Tensor, was: int | None) -> TensorBound:
        """Return the event of a name that now stands for ``tensor``."""
        made_by = self.made.get(self.tensor_id(tensor), "")
        creation = "" if tensor.view is None else tensor.view.creation
        return TensorBound(name, self.state(tensor), made_by, self.names.sharing(tensor, name), was, creation)

    # Facts

    def events(self, facts: list[Any], text: str) -> Iterator[Event]:
        """Tell a step's facts; ``text`` is the part of the step that edits."""
        for event in self._told(facts, text):
            if isinstance(event, TensorCreated):
                self.made[event.tensor] = event.op
            yield event

    def _told(self, facts: list[Any], text: str) -> Iterator[Event]:
        for fact in facts:
            match fact[0]:
                case "op":
                    yield from self._op(*fact[1:])
                case "data":
                    yield self._created(fact[2], "data", (fact[1],), fact[1], new_counter=True)
                    self._reason_of_alias(fact[1], fact[2])
                case "array":
                    yield self._array(fact[1], fact[2])
                case "from_numpy":
                    yield self._from_numpy(*fact[1:])
                case "edit":
                    yield from self._edit(text, *fact[1:])
                case "array_edit":
                    yield self._array_edited(text, *fact[1:])
                case "rebase":
                    yield from self._rebase(*fact[1:])
                case "regenerate":
                    yield self._regenerated(fact[1], fact[2])
                case "flag":
                    if fact[2] == "data":
                        self.names.moved()
                    state = self.state(fact[1]) if fact[2] == "data" else None
                    yield FlagChanged(self.tensor_id(fact[1]), self.names.of(fact[1]), fact[2], fact[3], state)
                case "backward":
                    _, call, tensors, nodes, create_graph, keep = fact
                    roots = [0 if isinstance(node, AccumulateGrad) else self.node_id(node) for node in nodes]
                    names = tuple(name for tensor in tensors for name in self.names.of(tensor))
                    self.passes.append(([], []))
                    yield BackwardBegan(call, tuple(roots), names, create_graph, keep)
                case "ran":
                    ran, freed = self.passes[-1]
                    ran.append(fact[1])
                    yield NodeRan(self.node_id(fact[1]), self.node_name(fact[1]))
                    if fact[2]:
                        freed.append(self.node_id(fact[1]))
                case "accumulate" | "retain":
                    yield self._accumulated(*fact)
                case "backward_ended":
                    ran, freed = self.passes.pop()
                    yield from self._stopped(ran)
                    yield BackwardEnded(fact[1], tuple(freed))

    def held(self, name: str, value: Any) -> Iterator[Event]:
        """Tell of the tensors that no op made and that a name gives access to now: a module's parameters, buffers."""
        for _, tensor in tensors_in(name, value):
            if tensor.id == 0:
                yield self._created(tensor, type(value).__name__, (), None)

    def _created(
        self, tensor: Tensor, op: str, inputs: tuple[Tensor, ...], source: Tensor | None, *, new_counter: bool = False
    ) -> TensorCreated:
        return TensorCreated(
            self.tensor_id(tensor),
            op,
            tuple(self.tensor_id(value) for value in inputs),
            self.names.of(tensor),
            self.storage_id(tensor.storage),
            self.counter_id(tensor.version),
            None if source is None else self.tensor_id(source),
            new_counter,
            requires_grad(tensor),
            tensor.dtype.name,
            tensor.shape,
            self.session.grad_enabled,
            strides(tensor.array),
            offset(tensor),
        )

    # Arrays: in the events they are tensors whose counter has the id 0, since they have none.

    def _array(self, tensor: Tensor, origin: Origin) -> TensorCreated:
        """Tell of an array over a tensor's memory."""
        event = self._created(tensor, "numpy", (tensor,), tensor, new_counter=True)
        names = self.names.arrays_over(tensor.array)
        self._reason_of_alias(tensor, origin)
        return replace(event, tensor=self.tensor_id(origin), names=names, counter=0, requires_grad=False)

    def _from_numpy(self, origin: Origin, made: Tensor, shared: bool) -> TensorCreated:
        """Tell of a tensor made of an array; if ``shared``, over its memory."""
        event = self._created(made, "from_numpy", (origin.tensor,), None, new_counter=shared)
        number = self.tensor_id(origin)
        if origin.id in self.reasons:
            self.reasons[made.id] = self.reasons[origin.id]
        return replace(event, inputs=(number,), alias_of=number if shared else None)

    def _array_edited(self, text: str, op: str, array: NumpyArray, origin: Origin) -> MemoryEdited:
        """Tell of an edit of an array, which every tensor over its memory sees and no counter counts."""
        storage = origin.tensor.storage
        behind = tuple(name for name, tensor in self.names.over(storage) if np.may_share_memory(tensor.array, array))
        arrays = self.names.arrays_over(array)
        names = tuple(name for name in arrays if self.names[name] is array) or arrays[:1]
        return MemoryEdited(
            op, self.tensor_id(origin), names, self.storage_id(storage), 0, 0, 0, (*behind, *arrays), behind, text
        )

    def _op(self, op: Op, given: Any, outputs: Any, node: Node | None) -> Iterator[Event]:
        inputs = tuple(_tensors(given))
        source = inputs[0] if op.kind in (VIEW, ALIAS) else None
        for output in outputs:
            if output.id:
                continue
            yield self._created(output, op.name, inputs, source)
            if not requires_grad(output) and op.kind != FACTORY:
                self._note_reason(op, output, inputs)
        if node is not None and node.id == 0:
            yield self._recorded(op, node, given, outputs)

    def _note_reason(self, op: Op, output: Tensor, inputs: tuple[Tensor, ...]) -> None:
        reason = ""
        if op.kind == ALIAS:
            self._reason_of_alias(inputs[0], output)
            return
        wanted = any(requires_grad(value) for value in inputs)
        if wanted and not output.dtype.is_floating:
            reason = "integer"
        elif wanted:
            reason = "no_grad"
        else:
            reason = next((self.reasons[value.id] for value in inputs if value.id in self.reasons), "")
        if reason:
            self.reasons[self.tensor_id(output)] = reason

    def _reason_of_alias(self, source: Tensor, made: "Tensor | Origin") -> None:
        if requires_grad(source):
            self.reasons[self.tensor_id(made)] = "detached"
        elif self.tensor_id(source) in self.reasons:
            self.reasons[self.tensor_id(made)] = self.reasons[source.id]

    def _recorded(self, op: Op, node: Node, given: Any, outputs: Sequence[Tensor]) -> NodeRecorded:
        output = outputs[0]
        edges = self._edge_states(op, node, given)
        number = self.node_id(node)
        if any(edge.reason in _CUTS for edge in edges):
            self.edges[number] = edges
        return NodeRecorded(
            number,
            self.node_name(node),
            op.name,
            self.tensor_id(output),
            self.names.of(output),
            edges,
            self._saved_states(op, node, outputs),
        )

    def _edge_states(self, op: Op, node: Node, given: Any) -> tuple[EdgeState, ...]:
        by_position = dict(zip(op.tensor_positions, given, strict=False))
        arguments: list[tuple[str, Any]] = []
        for position in op.plan.edges:
            value = by_position.get(position)
            name = op.parameters[position].name
            if isinstance(value, (list, tuple)):
                arguments.extend((f"{name}[{index}]", item) for index, item in enumerate(value))
            else:
                arguments.append((name, value))
        if op.bare_edges:
            arguments = [
                (name, value) for name, value in arguments if isinstance(value, Tensor) and requires_grad(value)
            ]
        states: list[EdgeState] = []
        for (name, value), child, output_nr in zip(arguments, node.next, node.next_nr, strict=False):
            tensor = value if isinstance(value, Tensor) else None
            states.append(self._edge(name, child, output_nr, tensor, self._reason(tensor) if child is None else ""))
        return tuple(states)

    def _edge_to_base(self, argument: str, node: Node, base: Tensor) -> EdgeState:
        """Return the first edge of a node that was made for an edit of a view, or made anew after one."""
        child = node.next[0]
        return self._edge(argument, child, node.next_nr[0], base, "not required" if child is None else "")

    def _edge(self, argument: str, child: Node | None, output_nr: int, tensor: Tensor | None, reason: str) -> EdgeState:
        return EdgeState(
            argument,
            None if child is None else self.node_id(child),
            output_nr,
            "" if child is None else self.node_name(child),
            () if tensor is None else self.names.of(tensor),
            0 if tensor is None else self.tensor_id(tensor),
            reason,
        )

    def _reason(self, tensor: Tensor | None) -> str:
        if tensor is None:
            return "number"
        if tensor.view is not None and tensor.view.creation == "no_grad" and requires_grad(tensor):
            return "no_grad"  # a view of something that requires grad
        if not tensor.dtype.is_floating:
            return "integer"
        return self.reasons.get(self.tensor_id(tensor), "not required")

    def _saved_states(self, op: Op, node: Node, outputs: Sequence[Tensor]) -> tuple[SavedState, ...]:
        states: list[SavedState] = []
        for (label, position, _), entry in zip(op.plan.saved, node.saved or (), strict=False):
            if position < 0 and isinstance(entry, SavedInput) and op.hidden:
                continue  # what the kernel made for itself, which nobody can edit
            for saved in entry if isinstance(entry, list) else [entry]:
                if isinstance(saved, (SavedInput, SavedOutput)):
                    states.append(self._saved_state(op, node, label, position, saved, outputs))
        return tuple(states)

    def _saved_state(
        self, op: Op, node: Node, label: str, position: int, saved: SavedInput | SavedOutput, outputs: Sequence[Tensor]
    ) -> SavedState:
        user = op.edge_that_needs(label, node)
        argument = "" if user < 0 else op.parameters[op.plan.edges[user]].name
        formula = "" if user < 0 else op.shown.get(argument, op.plan.texts[user])
        if isinstance(saved, SavedInput):
            tensor = saved.tensor
            names, number, storage, version = (
                self.names.of(tensor),
                self.tensor_id(tensor),
                tensor.storage,
                tensor.version,
            )
            shape = tensor.shape
        else:
            # A kernel may keep a result that it gives nobody.
            output = next((one for one in outputs if one.storage is saved.storage), None)
            names = () if output is None else self.names.of(output)
            number = saved.id = saved.id or self.tensor_id(saved if output is None else output)
            storage, version, shape = saved.storage, saved.version, saved.array.shape
        return SavedState(
            label,
            names,
            number,
            self.storage_id(storage),
            self.counter_id(version),
            saved.expected,
            position < 0,
            shape,
            argument,
            formula,
        )

    def _edit(self, text: str, op: Op, given: Any, before: int, after: int, node: Node | None) -> Iterator[Event]:
        target: Tensor = given[0]
        yield self.edited(op.name, target, before, after, text)
        if node is not None:
            recorded = self._recorded(op, node, given, (target,))
            self.inner_edges = recorded.edges
            yield recorded

    def edited(self, op: str, target: Tensor, before: int, after: int, text: str) -> MemoryEdited:
        """Return the event of an in-place change of ``target``."""
        seen: list[str] = []
        behind: list[str] = []
        for name, tensor in self.names.over(target.storage):
            if np.may_share_memory(tensor.array, target.array):
                seen.append(name)
                if tensor.version is not target.version:
                    behind.append(name)
        seen.extend(self.names.arrays_over(target.array))
        return MemoryEdited(
            op,
            self.tensor_id(target),
            self.names.of(target),
            self.storage_id(target.storage),
            self.counter_id(target.version),
            before,
            after,
            tuple(seen),
            tuple(behind),
            text,
        )

    def _rebase(self, tensor: Tensor, old: Node | None, new: Node) -> Iterator[Event]:
        if isinstance(new, CopySlices):
            yield NodeRecorded(
                self.node_id(new),
                self.node_name(new),
                "copy_slices",
                self.tensor_id(tensor),
                self.names.of(tensor),
                (self._edge_to_base("base", new, tensor), *self.inner_edges[1:]),
                (),
            )
        before = None if old is None else self.node_name(old)
        yield HistoryRebased(
            self.tensor_id(tensor), self.names.of(tensor), before, self.node_name(new), self.node_id(new)
        )

    def _regenerated(self, tensor: Tensor, node: Node) -> NodeRecorded:
        base = tensor.view.base if tensor.view is not None else tensor
        return NodeRecorded(
            self.node_id(node),
            self.node_name(node),
            "as_strided",
            self.tensor_id(tensor),
            self.names.of(tensor),
            (self._edge_to_base("self", node, base),),
            (),
        )

    def _accumulated(self, kind: str, tensor: Tensor, gradient: Any) -> GradAccumulated:
        from detachsim.printing import tensor_text

        if isinstance(gradient, Tensor):
            text = tensor_repr(self.session, gradient, rebuild=False)
        else:
            text = tensor_text(np.asarray(gradient), tensor.dtype.name, options=self.session.print_options)
        total = tensor.grad
        return GradAccumulated(
            self.tensor_id(tensor),
            self.names.of(tensor),
            text,
            "None" if total is None else tensor_repr(self.session, total, rebuild=False),
            kind == "retain",
        )

    def _stopped(self, ran: list[Node]) -> Iterator[Event]:
        told: set[int] = set()
        for node in ran:
            for edge in self.edges.get(node.id, ()):
                if edge.reason in _CUTS and edge.tensor not in told:
                    told.add(edge.tensor)
                    yield FlowStopped(node.id, self.node_name(node), edge.tensor, edge.names, edge.reason)


def _tensors(given: Any) -> Iterator[Tensor]:
    for value in given:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)
