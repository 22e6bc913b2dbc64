"""Changes of what the graph is: kept for another backward, let go, not cut, begun at a leaf that requires grad."""

import re
from collections.abc import Iterator

from detachsim.events import StepBegan
from detachsim.explain.bench import Bench, Candidate
from detachsim.explain.cuts import floating, flows
from detachsim.explain.diagnosis import Role
from detachsim.explain.history import Made
from detachsim.explain.mending import Change
from detachsim.explain.rewriting import BINDING, FILLING, NAME, with_tensors
from detachsim.explain.wording import listed

_THROUGH_NUMPY = r"(?:torch\.)?from_numpy\((.+?)(?:\.detach\(\))?(?:\.cpu\(\))?\.numpy\(\)\)"
_NEW_LEAF = r"\.detach\(\)(\.clone\(\))?\.requires_grad_\((True)?\)"
_GRAD_CALL = r"autograd\.grad\(.*(\)\s*(?:\[\d+\])?\s*)$"


class GraphBench(Bench):
    """The ways to change a graph."""

    def kept_or_let_go(self) -> Iterator[Candidate]:
        """Keep the graph, or let it go: what a loop carries from one round to the next is meant to be cut."""
        carried = self.in_rounds("freed", "needed")
        if carried:
            yield from self.let_go()
        yield from self.retained()
        yield from self.stopped_before()
        yield from self.recomputed()
        if not carried:
            yield from self.let_go()

    def in_rounds(self, first: Role, last: Role) -> bool:
        """Whether two pieces of evidence are one step of a loop, or two, in different rounds."""
        loops = [found for one in self.evidence(first, last) if (found := re.match(r"(.*)\[(\d+)\]", one.step))]
        return len({found[1] for found in loops}) == 1 and len({found[2] for found in loops}) > 1

    def retained(self) -> Iterator[Candidate]:
        """Keep the graph for a second backward."""
        for one in self.evidence("freed"):
            step = self.step(one.step)
            if step.kind == "backward":
                change = self.draft.option(step, "retain_graph", "true")
                text = f"backward: {self.value(one.step)}\nretain_graph: true"
                yield from self.one("keep the graph", one.step, text, change)
            else:
                yield from self.grad_option(one.step, "retain_graph=True", "keep the graph")

    def grad_option(self, number: str, option: str, title: str) -> Iterator[Candidate]:
        value = self.value(number)
        called = re.search(_GRAD_CALL, value)
        if called is not None and option not in value:
            text = f"{value[: called.start(1)]}, {option}{called[1].rstrip()}"
            yield from self.replaced(title, number, self.step(number).kind, text)

    def uncut(self) -> Iterator[Candidate]:
        """Take the cut away."""
        for one in self.evidence("cut"):
            step, value = self.step(one.step), self.value(one.step)
            bound = re.match(BINDING, value)
            if step.kind in ("no_grad", "inference_mode"):
                change = self.draft.rename(step, "enable_grad")
                yield from self.one("leave gradients on", one.step, "enable_grad:", change)
            elif step.kind == "detach" and bound is not None:
                made = f"{bound.group(1)} = {bound.group(2)}"
                yield from self.replaced("do not detach", one.step, "op", made)
            elif value.endswith("set_grad_enabled(False)"):
                yield from self.one("do without it", one.step, "", self.draft.remove(step))
            elif bound is not None and re.search(_NEW_LEAF, value):
                made = f"{bound.group(1)} = {re.sub(_NEW_LEAF, '', bound.group(2))}"
                yield from self.replaced("do not detach", one.step, "op", made)
            elif step.kind == "inplace":
                yield from self.one("do without it", one.step, "", self.draft.remove(step))
            elif re.search(_GRAD_CALL, value):
                yield from self.grad_option(one.step, "create_graph=True", "let the gradient have a graph")
            elif re.search(_THROUGH_NUMPY, value):
                yield from self.replaced("stay in PyTorch", one.step, step.kind, re.sub(_THROUGH_NUMPY, r"\1", value))
            elif with_tensors(value) != value:
                yield from self.without_numbers(one.step)
            elif ".detach()" in value:
                yield from self.replaced("do not detach", one.step, step.kind, value.replace(".detach()", ""))
            elif ".data" in value:
                yield from self.replaced("do without .data", one.step, step.kind, re.sub(r"\.data\b", "", value))

    def without_numbers(self, number: str) -> Iterator[Candidate]:
        """Go on with tensors where a step takes numbers out of them, and where later steps make tensors of those."""
        numbers = list(self.steps)
        made: set[str] = set()
        lists = [name for name, kind in self.history.values.items() if kind == "list"]
        found: dict[int, tuple[StepBegan, str]] = {}
        for later in numbers[numbers.index(number) :]:
            step, value = self.step(later), self.value(later)
            uses = later == number or made.intersection(re.findall(NAME, value))
            if uses and (bound := re.match(rf"{BINDING}|{FILLING}", value)):
                made.add(bound.group(1) or bound.group(3))
            kept = with_tensors(value, lists)
            if uses and step.kind in ("op", "inplace", "tensor") and kept != value:
                found.setdefault(step.span.line, (step, kept))
        texts = [(step, "op" if step.kind == "tensor" else step.kind, made) for step, made in found.values()]
        changes = [self.draft.replace(step, kind, made) for step, kind, made in texts]
        text = "\n".join(f"{kind}: {made}" for _, kind, made in texts)
        yield from self.one("stay with tensors", number, text, *changes)

    def required(self) -> Iterator[Candidate]:
        """Let a leaf require grad."""
        for one in self.evidence("created"):
            step, value = self.step(one.step), self.value(one.step)
            if step.kind == "tensor":
                text = f"tensor: {value}\nrequires_grad: true"
                change = self.draft.option(step, "requires_grad", "true")
                yield from self.one("let it require grad", one.step, text, change)
                if any(floating(made.event.dtype) for made in self.made_in(one.step)):
                    continue
                dtype = self.draft.option(step, "dtype", "float32")
                if dtype is not None and change is not None:
                    both = dtype if dtype.first != change.first else None
                    rows = (*dtype.lines, *change.lines)
                    joined = both or Change(change.first, change.last, rows)
                    changes = (joined,) if both is None else (both, change)
                    named = f"tensor: {value}\ndtype: float32\nrequires_grad: true"
                    yield from self.one("let it hold floats and require grad", one.step, named, *changes)
            elif step.kind == "op" and one.names:
                text = f"op: {one.names[0]}.requires_grad_()"
                change = self.draft.after(step, "inplace", f"{one.names[0]}.requires_grad_()")
                yield from self.one("let it require grad", one.step, text.replace("op:", "inplace:"), change)

    def made_in(self, number: str) -> list[Made]:
        """Return the tensors that a step bound names to."""
        known = self.history
        bound = [one for name in known.binds.get(number, ()) for one in known.bindings.get(name, ())]
        return [known.tensors[one.event.tensor.id] for one in bound if one.step == number]

    def let_go(self) -> Iterator[Candidate]:
        """Cut what both backwards share, after the first one."""
        for one in self.evidence("freed"):
            carried = self.carried(one.step)
            saved = [name for kept in self.evidence("saved") for name in _targets(self.value(kept.step))]
            for names in [carried] if carried else [(name,) for name in dict.fromkeys((*one.names, *saved))]:
                yield from self.cut_after(one.step, names)

    def cut_between_rounds(self) -> Iterator[Candidate]:
        """Cut what a loop carries from a round whose weights are no more to a later one."""
        if self.in_rounds("saved", "needed"):
            for one in self.evidence("needed"):
                yield from self.cut_after(one.step, self.carried(self.evidence("saved")[0].step))

    def included(self) -> Iterator[Candidate]:
        """Let backward come by: without ``inputs``, or from something that was computed with the tensor, too."""
        names = [name for one in self.evidence("created") for name in one.names]
        for one in self.evidence("needed"):
            step, value = self.step(one.step), self.value(one.step)
            if step.kind != "backward" or value.startswith("["):
                continue
            if not_asked := self.draft.without_option(step.span.line, "inputs"):
                yield from self.one("give every leaf its gradient", one.step, f"backward: {value}", not_asked)
            for name in self.computed_from(names):
                yield from self.replaced(f"start from {name} as well", one.step, "backward", f"{value} + {name}")

    def computed_from(self, names: list[str]) -> Iterator[str]:
        """Yield the single numbers that were computed from tensors with a name and that have a graph, latest first."""
        known = self.history
        leaves = [tensor for tensor in known.tensors if set(known.names(tensor)).intersection(names)]
        for name, tensor in reversed(known.bound.items()):
            made = known.tensors.get(tensor)
            single = made is not None and made.event.shape == ()
            if (
                single
                and known.requires(tensor)
                and any(flows(known, leaf, tensor) for leaf in leaves if leaf != tensor)
            ):
                yield name

    def cut_after(self, number: str, names: tuple[str, ...]) -> Iterator[Candidate]:
        """Detach names after a step: tensors, or tuples of two as an LSTM's state."""
        if not names:
            return
        pairs = {name: f"{name} = ({name}[0].detach(), {name}[1].detach())" for name in names}
        made = [
            ("op", pairs[name]) if name in self.history.values else ("detach", f"{name} = {name}") for name in names
        ]
        changes = [self.draft.after(self.step(number), kind, text) for kind, text in made]
        title = f"let {listed(names)} forget where {'it' if len(names) == 1 else 'they'} came from, after the backward"
        yield from self.one(title, number, "\n".join(f"{kind}: {text}" for kind, text in made), *changes)

    def carried(self, number: str) -> tuple[str, ...]:
        """Return what the round of a step has from the round before: names that are read there before they are bound.

        Only tensors with a graph, and tuples, count.
        """
        prefix = number.rpartition(".")[0]
        if not prefix.endswith("]"):
            return ()
        read: set[str] = set()
        bound: dict[str, None] = {}
        for other in self.steps:
            if other.rpartition(".")[0] != prefix:
                continue
            targets = _targets(self.value(other))
            used = set(re.findall(NAME, self.value(other).partition("=")[2] if targets else self.value(other)))
            read |= used - bound.keys()
            bound.update(dict.fromkeys(targets))
        known = self.history
        return tuple(
            name
            for name in bound
            if name in read
            and (known.requires(known.bound.get(name, 0)) or known.values.get(name) in ("tuple", "list"))
        )

    def stopped_before(self) -> Iterator[Candidate]:
        """Detach what both backwards share where the first one uses it."""
        freed, saved = self.evidence("freed"), self.evidence("saved")
        numbers = list(self.steps)
        for name in saved[0].names if saved and freed else ():
            begin, end = numbers.index(saved[0].step), numbers.index(freed[0].step)
            for number in numbers[begin + 1 : end + 1]:
                step, value = self.step(number), self.value(number)
                used = rf"(?<![\w.]){name}(?![\w(.\[]|\s*=[^=])"
                if step.kind in ("op", "backward") and re.search(used, value):
                    made = re.sub(used, f"{name}.detach()", value)
                    title = f"let the backward of step {freed[0].step} stop at {name}"
                    yield from self.replaced(title, number, step.kind, made)

    def recomputed(self) -> Iterator[Candidate]:
        """Compute again, right before the backward, what lies between the save and the edit or the first backward."""
        saved, late, needed = self.evidence("saved"), self.evidence("edited", "freed"), self.evidence("needed")
        if not saved or not late or not needed:
            return
        numbers = list(self.steps)
        begin, end, target = numbers.index(saved[0].step), numbers.index(late[0].step), needed[-1].step
        prefix = target.rpartition(".")[0]
        again = [
            number
            for number in numbers[begin : max(end, begin + 1)]
            if number.rpartition(".")[0] == prefix and self.step(number).kind == "op" and number != target
        ]
        again = self.feeding(again, self.value(target))
        if {name for one in self.evidence("edited") for name in one.names}.intersection(self.bound_by(again)):
            return  # that would be without the edit
        rows: list[str] = []
        for number in again:
            item = self.draft.item(self.step(number).span, "op")
            if item is None:
                return
            rows.extend(self.draft.rows(item))
        place = self.draft.item(self.step(target).span, self.step(target).kind)
        if rows and place is not None:
            text = "\n".join(f"op: {self.value(number)}" for number in again)
            change = Change(place.first, place.first, tuple(rows))
            yield from self.one("compute it again before this backward", target, text, change)

    def bound_by(self, numbers: list[str]) -> list[str]:
        return [found.group(1) for number in numbers if (found := re.match(BINDING, self.value(number)))]

    def feeding(self, numbers: list[str], value: str) -> list[str]:
        """Return those of the steps that ``value`` is computed from."""
        wanted = set(re.findall(NAME, value))
        found: list[str] = []
        for number in reversed(numbers):
            bound = re.match(BINDING, self.value(number))
            if bound is not None and bound.group(1) in wanted:
                found.insert(0, number)
                wanted.update(re.findall(NAME, bound.group(2)))
        return found


def _targets(value: str) -> tuple[str, ...]:
    """Return the names that a statement binds."""
    found = re.match(r"([\w\s,()\[\]]+?)=(?!=)", value)
    return tuple(re.findall(NAME, found[1])) if found else ()
