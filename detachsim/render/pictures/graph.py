"""Which boxes and arrows the graph of a moment has: nodes and leaves, and the branches that were cut off."""

from dataclasses import replace
from typing import Literal, TypeAlias

from detachsim.events import EdgeState
from detachsim.records import record
from detachsim.render.lines import Piece, Text
from detachsim.render.pictures.moment import EditFacts, Moment, NodeFacts, SavedFacts, TensorFacts, merge
from detachsim.render.sentences import join, quiet, say, version

PLAIN = "requires no grad"

BoxKind: TypeAlias = Literal["node", "leaf", "cut", "plain", "gone"]
ArrowKind: TypeAlias = Literal["flow", "none", "cut", "value"]


@record
class Remark:
    """A line inside a box; ``alarming`` where a later backward would fail or be wrong."""

    text: Text
    alarming: bool


@record
class Box:
    """A tensor, a node, or both at once where the tensor's ``grad_fn`` is the node.

    ``id`` is stable and readable: ``SigmoidBackward0#1`` for a node, the name for any other tensor. ``node`` is the
    node's label without a tensor's name. ``nature`` says what it is where there is no node.
    """

    id: str
    kind: BoxKind
    title: str
    node: str
    nature: str
    remarks: tuple[Remark, ...]


@record
class Arrow:
    """From what was made to what it was made from, the way that gradients go.

    ``flow``: they do. ``none``: they stop here, as the target requires none. ``cut``: the values came from there, but
    the gradient's way was cut, and ``text`` says how. ``value``: the values came from there, and no gradient is on
    either side. ``label`` is the op's argument.
    """

    source: str
    target: str
    kind: ArrowKind
    label: str
    text: str


@record
class Picture:
    """The whole graph. ``roots`` are the boxes that nothing leads to; ``apart`` names that have no part in it."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    roots: tuple[str, ...]
    apart: tuple[str, ...]


def picture(moment: Moment) -> Picture:
    """Return the boxes and arrows of everything that is alive: what names hold, and what the last step made."""
    return _Drawing(moment).picture()


class _Drawing:
    """The boxes and arrows that are found on the way from the live tensors to what they were made from."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.boxes: dict[str, Box] = {}
        self.arrows: dict[tuple[str, str, ArrowKind], Arrow] = {}
        self.upstream: dict[int, bool] = {}
        self.unnamed: dict[str, int] = {}
        self.tensor_ids: dict[int, str] = {}
        # The tensors whose grad_fn a node is now, in the order of its outputs.
        self.held: dict[int, list[TensorFacts]] = {}
        for tensor in moment.tensors.values():
            if tensor.names and tensor.node is not None and not tensor.pending:
                self.held.setdefault(tensor.node, []).append(tensor)
        self.alive = moment.living
        self.todo: list[tuple[Literal["node", "tensor"], int]] = []

    def picture(self) -> Picture:
        moment = self.moment
        live = list(dict.fromkeys(tensor for _, tensor in moment.names))
        live += [tensor for tensor in moment.recent if tensor not in live and self.matters(moment.tensors[tensor])]
        roots = [self.visit(moment.tensors[tensor]) for tensor in live]
        while self.todo:
            kind, one = self.todo.pop()
            if kind == "node":
                self.expand_node(moment.nodes[one])
            else:
                self.expand_tensor(moment.tensors[one])
        arrows = tuple(self.arrows.values())
        touched = {arrow.source for arrow in arrows} | {arrow.target for arrow in arrows}
        apart = [id for id, box in self.boxes.items() if box.kind == "plain" and id not in touched]
        for id, box in self.boxes.items():
            if box.kind == "leaf" and id not in touched:
                self.boxes[id] = replace(box, nature="leaf, and nothing leads to it")
        boxes = tuple(box for id, box in self.boxes.items() if id not in apart)
        led_to = {arrow.target for arrow in arrows if arrow.target != arrow.source}
        first = [id for id in dict.fromkeys(roots) if id not in led_to and id not in apart]
        # A cut branch is read after the graph that it was cut from.
        first.sort(key=lambda id: self.boxes[id].kind not in ("node", "leaf"))
        return Picture(boxes, arrows, tuple(first), tuple(apart))

    def matters(self, tensor: TensorFacts) -> bool:
        """Say whether a tensor without a name, of the last step, belongs into the picture."""
        return tensor.node is not None or self.was_cut(tensor.id)

    # Boxes

    def visit(self, tensor: TensorFacts) -> str:
        """Return the id of a live tensor's box."""
        if tensor.node is not None and not tensor.pending and tensor.node in self.moment.nodes:
            return self.visit_node(tensor.node)
        return self.visit_tensor(tensor)

    def visit_node(self, node: int, *, gone: bool = False, step: str = "") -> str:
        """Return the id of a node's box. One that is gone is followed no farther than the step that led to it."""
        facts = self.moment.nodes[node]
        id = facts.label
        if id not in self.boxes:
            held = sorted(self.held.get(node, ()), key=lambda tensor: tensor.output_nr)
            names = ", ".join(" = ".join(tensor.names) for tensor in held)
            if not names and facts.names:
                names = self.formerly(facts)
            remarks: list[Remark] = []
            if not gone:
                for label, saved in merge(facts.saved):
                    remarks.extend(self.remarks_of(label, saved))
            for tensor in held:
                remarks.extend(self.gradient_of(tensor))
            kind: BoxKind = "gone" if gone else "node"
            self.boxes[id] = Box(id, kind, names, id, "gone" if gone else "", tuple(remarks))
            if not gone or facts.step == step:
                self.todo.append(("node", node))
        return id

    def formerly(self, facts: NodeFacts) -> str:
        """Say what a node's result was called, if an edit in place or an assignment has taken the name since."""
        now = dict(self.moment.names)
        for name in facts.names:
            if name in now:
                return f"{name} of step {facts.step}"
        return ""

    def visit_tensor(self, tensor: TensorFacts) -> str:
        id = self.tensor_id(tensor)
        if id not in self.boxes:
            kind: BoxKind
            if tensor.pending:
                kind, nature = "node", "a view to rebuild"
            elif tensor.requires_grad:
                kind, nature = ("cut", "requires grad") if tensor.cut else ("leaf", "leaf")
            elif self.was_cut(tensor.id):
                kind, nature = "cut", "no grad_fn"
            else:
                kind, nature = "plain", PLAIN
            remarks = list(self.gradient_of(tensor))
            if tensor.pending:
                text = "its base was edited since: when next asked, PyTorch gives it a new grad_fn, AsStridedBackward0"
                remarks.append(Remark(say(quiet(text)), False))
            self.boxes[id] = Box(id, kind, self.title(tensor), "", nature, tuple(remarks))
            self.todo.append(("tensor", tensor.id))
        return id

    def tensor_id(self, tensor: TensorFacts) -> str:
        if tensor.id not in self.tensor_ids:
            if tensor.names:
                id = tensor.names[0]
            else:
                op = tensor.op or "tensor"
                self.unnamed[op] = self.unnamed.get(op, 0) + 1
                id = f"{op}#{self.unnamed[op]}"
            self.tensor_ids[tensor.id] = id
        return self.tensor_ids[tensor.id]

    def title(self, tensor: TensorFacts) -> str:
        if tensor.names:
            return " = ".join(tensor.names)
        return describe(self.moment, tensor)

    def gradient_of(self, tensor: TensorFacts) -> list[Remark]:
        if not tensor.grad:
            return []
        name = tensor.names[0] if tensor.names else ""
        return [Remark(say(Piece(f"{name}.grad", "name"), quiet(" = "), Piece(one_line(tensor.grad), "value")), False)]

    def remarks_of(self, label: str, saved: SavedFacts) -> list[Remark]:
        state = saved.state
        known = self.moment.tensors.get(state.tensor)
        names = known.names if known is not None and known.names else state.names
        what = say("saved ", Piece(label, "formula"))
        if names and names != (label,):
            what += say(" (", *join(names), ")")
        elif not names and known is not None and known.op:
            what += say(" (", describe(self.moment, known), ")")
        what += say(" at version ", version(state.version))
        if saved.freed:
            return [Remark((*what, quiet(f", freed in step {saved.freed}")), False)]
        remarks = []
        if saved.stale:
            what += say(", now ", version(saved.now), Piece(": stale", "error"))
            # Backward's own additions to a gradient move its counter, and are no edit that an event tells of.
            what += say(f", by {edited(saved.edits)}") if saved.edits else ()
        else:
            what += say(quiet(", where it still is"))
        remarks.append(Remark(what, saved.stale))
        if saved.behind:
            text = say(
                Piece("edited behind its counter", "error"), f" by {edited(saved.behind)}; PyTorch does not notice"
            )  # fmt: skip
            remarks.append(Remark(text, True))
        return remarks

    # Arrows

    def link(self, source: str, target: str, kind: ArrowKind, label: str = "", text: str = "") -> None:
        key = (source, target, kind)
        known = self.arrows.get(key)
        if known is not None and label:
            label = f"{known.label}, {label}" if known.label else label
        self.arrows[key] = Arrow(source, target, kind, label, text or (known.text if known else ""))

    def expand_node(self, node: NodeFacts) -> None:
        source = node.label
        # What a number or the plain memory of the edited tensor itself would give has nowhere to go.
        edges = [
            edge
            for edge in node.edges
            if edge.node is not None or (edge.tensor in self.moment.tensors and edge.tensor != node.tensor)
        ]
        gone = self.boxes[source].kind == "gone"
        several = sum(edge.reason != "number" for edge in node.edges) > 1
        for edge in edges:
            label = edge.argument if several else ""
            if edge.node is None:
                if not gone or self.moment.tensors[edge.tensor].names:
                    self.link(source, self.visit_plain(self.moment.tensors[edge.tensor]), "none", label)
                continue
            if edge.output_nr:
                label = f"{label} (output {edge.output_nr})".lstrip()
            target = self.visit_edge(edge, node, gone=gone)
            if target:
                self.link(source, target, "none" if gone else "flow", label)

    def visit_plain(self, tensor: TensorFacts) -> str:
        """Return the id of the box of a tensor that required no grad when it was used, whatever it does now."""
        if tensor.node is None or tensor.pending:
            return self.visit_tensor(tensor)
        id = f"{self.tensor_id(tensor)}#plain"
        if id not in self.boxes:
            self.boxes[id] = Box(id, "plain", f"{self.title(tensor)} of step {tensor.step}", "", PLAIN, ())
        return id

    def visit_edge(self, edge: EdgeState, source: NodeFacts, *, gone: bool) -> str:
        """Return the id of the box at the end of an edge; empty where it is no longer worth drawing."""
        assert edge.node is not None
        leaf = self.moment.leaves.get(edge.node)
        if leaf is not None:
            return self.visit_tensor(self.moment.tensors[leaf])
        if edge.node not in self.moment.nodes:
            return ""
        if not gone or edge.node in self.alive:
            return self.visit_node(edge.node)
        if self.moment.nodes[edge.node].step == source.step:
            return self.visit_node(edge.node, gone=True, step=source.step)
        return ""

    def expand_tensor(self, tensor: TensorFacts) -> None:
        """Draw what a tensor without a node was made from, as far as some gradient's way was cut there."""
        source = self.tensor_id(tensor)
        if tensor.pending and tensor.base in self.moment.tensors and tensor.base is not None:
            self.link(source, self.visit(self.moment.tensors[tensor.base]), "flow")
            return
        if tensor.cut:
            text = cut_words(tensor)
            for input, node in tensor.inputs:
                known = self.moment.tensors[input]
                if node is not None or known.requires_grad:
                    self.link(source, self.visit_past(known, node, tensor.cut_at), "cut", text=text)
            return
        for input in self.cut_inputs(tensor):
            self.link(source, self.visit_tensor(self.moment.tensors[input]), "value", text=tensor.op)

    def visit_past(self, tensor: TensorFacts, node: int | None, step: str) -> str:
        """Return the id of the box of a tensor as it was in ``step``, when it had ``node``."""
        if node is None or node not in self.moment.nodes:
            return self.visit_tensor(tensor)
        return self.visit_node(node, gone=node not in self.alive, step=step)

    # What was cut

    def was_cut(self, tensor: int) -> bool:
        """Say whether a tensor, or something that it was made from without a graph, was cut."""
        waiting = [tensor]
        while waiting:
            one = waiting[-1]
            if one in self.upstream:
                waiting.pop()
                continue
            known = self.moment.tensors.get(one)
            if known is None or known.cut:
                self.upstream[one] = known is not None
                continue
            inputs = [] if known.requires_grad else [input for input, _ in known.inputs if input < one]
            unknown = [input for input in inputs if input not in self.upstream]
            if unknown:
                waiting.extend(unknown)
            else:
                self.upstream[one] = any(self.upstream[input] for input in inputs)
        return self.upstream[tensor]

    def cut_inputs(self, tensor: TensorFacts) -> list[int]:
        """Return what a tensor was made from, back to the next that has a name, was made in this step or was cut."""
        found: dict[int, None] = {}
        waiting = [input for input, _ in tensor.inputs if self.was_cut(input)]
        seen = set(waiting)
        recent = set(self.moment.recent)
        for one in waiting:
            known = self.moment.tensors[one]
            if known.names or known.cut or one in recent:
                found[one] = None
                continue
            more = [input for input, _ in known.inputs if input not in seen and self.was_cut(input)]
            waiting.extend(more)
            seen.update(more)
        return list(found)


def _still_called(moment: Moment, tensor: TensorFacts, name: str) -> bool:
    """Whether a module or a list still has a tensor under its name in there (``net[0].weight``)."""
    return not name.isidentifier() and all(
        name not in other.once or other.id <= tensor.id for other in moment.tensors.values()
    )


def describe(moment: Moment, tensor: TensorFacts) -> str:
    """Return what to call a tensor that has no name now."""
    if tensor.once:
        name = tensor.once[0]
        return f"{name} of step {tensor.step}" if tensor.op and not _still_called(moment, tensor, name) else name
    source = moment.tensors.get(tensor.alias_of) if tensor.alias_of is not None else None
    if source is not None and (whose := source.names or source.once) and tensor.op:
        shown = {"detach": f"{whose[0]}.detach()", "data": f"{whose[0]}.data"}
        return shown.get(tensor.op, f"{tensor.op} of {whose[0]}")
    if tensor.op:
        return f"result of {tensor.op}"
    return "a leaf without a name" if tensor.requires_grad and tensor.node is None else "a tensor without a name"


def cut_words(tensor: TensorFacts) -> str:
    """Say how a tensor was cut from what it was made from."""
    match tensor.cut:
        case "integer":
            return f"cut in step {tensor.cut_at}: {tensor.op} gives {tensor.dtype}"
        case "no gradient":
            return f"cut in step {tensor.cut_at}: {tensor.op} has no gradient"
        case how:
            return f"cut by {how} in step {tensor.cut_at}"


def edited(edits: tuple[EditFacts, ...]) -> str:
    """Name the steps of edits: ``c.zero_() (step 8)``."""
    first = edits[0]
    text = f"step {first.step}" if not first.code else f"{first.code} in step {first.step}"
    return text if len(edits) == 1 else f"{text} and {len(edits) - 1} more"


def one_line(text: str) -> str:
    """Return a tensor's text without its line breaks."""
    return " ".join(text.split())
