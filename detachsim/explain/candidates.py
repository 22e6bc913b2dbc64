"""Which changes of a scenario may mend a diagnosis, the likeliest first; whether they do is for a run to say."""

import re
from collections.abc import Callable, Iterator

from detachsim.explain.bench import Candidate
from detachsim.explain.diagnosis import Diagnosis
from detachsim.explain.edges import in_one, kept_away, masked_before
from detachsim.explain.graph_candidates import GraphBench
from detachsim.explain.history import History
from detachsim.explain.mending import Change
from detachsim.explain.rewriting import BINDING, out_of_place, primary

_GIVEN_MEMORY = r"^(.+)\.data\s*=(?!=)\s*(.+)$"
_PARAMETER = r"^(\S+)\s*=\s*(?:torch\.)?nn\.Parameter\((.+)\)$"
_ITEM = r"^(\w+)\[.*\]\s*(?:\*\*|//|[-+*/@%])?=(?!=)"


def candidates(found: Diagnosis, history: History, text: str) -> Iterator[Candidate]:
    """Yield the changes that may mend ``found``."""
    maker = _MAKERS.get(found.code)
    if maker is not None:
        yield from maker(_Bench(found, history, text))


class _Bench(GraphBench):
    """All the ways to change a scenario."""

    # Memory

    def cloned(self) -> Iterator[Candidate]:
        """Give an alias memory of its own."""
        for one in self.evidence("aliased"):
            step, bound = self.step(one.step), re.match(BINDING, self.value(one.step))
            if given := re.match(_GIVEN_MEMORY, self.value(one.step)):
                made = f"{given[1]}.data = {primary(given[2])}.clone()"
                yield from self.replaced(f"give {given[1]} memory of its own", one.step, step.kind, made)
            if bound is None or step.kind not in ("detach", "op"):
                continue
            name, expression = bound.groups()
            cut = ".detach()" if step.kind == "detach" else ""
            copy = "copy" if expression.endswith(".numpy()") else "clone"
            made = f"{name} = {primary(expression)}{cut}.{copy}()"
            yield from self.replaced(f"give {name} memory of its own", one.step, "op", made)

    def out_of_place(self) -> Iterator[Candidate]:
        """Make a new tensor instead of editing one."""
        for one in self.evidence("edited"):
            value = self.value(one.step)
            made = out_of_place(value)
            if made is not None:
                yield from self.replaced("make a new tensor instead of editing in place", one.step, "op", made)
            elif (edited := re.match(_ITEM, value)) is not None:
                name = edited.group(1)
                before = self.draft.before(self.step(one.step), "op", f"{name} = {name}.clone()")
                yield from self.one(f"edit a clone of {name}", one.step, f"op: {name} = {name}.clone()", before)

    def remade(self) -> Iterator[Candidate]:
        """Make a new tensor instead of editing a leaf, but not by its gradient: the next update would find none."""
        if not any(".grad" in self.value(one.step) for one in self.evidence("edited")):
            yield from self.out_of_place()

    def all_out_of_place(self) -> Iterator[Candidate]:
        """Make new tensors instead of all the edits of one name, where one of them alone does not help."""
        names = {name for one in self.evidence("edited") for name in one.names}
        edits = [
            (number, made)
            for number, step in self.steps.items()
            if step.kind == "inplace" and (made := out_of_place(self.value(number))) and made.split(" ")[0] in names
        ]
        if len(edits) > 1:
            changes = [self.draft.replace(self.steps[number], "op", made) for number, made in edits]
            text = "\n".join(f"op: {made}" for _, made in edits)
            yield from self.one("make new tensors instead of every edit in place", edits[0][0], text, *changes)

    def moved(self) -> Iterator[Candidate]:
        """Edit after the backward that needs the old values."""
        needed = self.evidence("needed")
        for one in self.evidence("edited"):
            if needed and one.step in self.steps:
                changes = self.draft.move_after(self.step(one.step), self.step(needed[-1].step))
                step = self.step(one.step)
                value = f"{step.kind}: {self.value(one.step)}"
                yield from self.one(f"edit after the backward of step {needed[-1].step}", one.step, value, *changes)

    def saved_copy(self) -> Iterator[Candidate]:
        """Let the op save a clone."""
        for one in self.evidence("saved"):
            value, step = self.value(one.step), self.step(one.step)
            bound = re.match(BINDING, value)
            for name in one.names:
                if bound is None or step.kind != "op" or bound.group(1) == name:
                    continue
                made = re.sub(rf"(?<![\w.]){name}(?![\w(])", f"{name}.clone()", bound.group(2))
                if made != bound.group(2):
                    text = f"{bound.group(1)} = {made}"
                    yield from self.replaced(f"compute with a clone of {name}", one.step, "op", text)
            left, sign, right = value.partition("=")
            for name in one.names:
                made = re.sub(rf"((?<![\w.]){name}\[[^\[\]]*\])(?!\.clone)", r"\1.clone()", right)
                if sign and step.kind in ("op", "inplace") and made != right:
                    title = f"compute with a clone of that part of {name}"
                    yield from self.replaced(title, one.step, step.kind, f"{left}={made}")

    def not_inplace(self) -> Iterator[Candidate]:
        """Switch ``inplace=True`` off."""
        for number, step in self.steps.items():
            value = self.value(number)
            if step.kind in ("op", "inplace") and "inplace=True" in value:
                made = value.replace("inplace=True", "inplace=False")
                yield from self.replaced("switch inplace off", number, "op", made)

    def reordered(self) -> Iterator[Candidate]:
        """Edit later, or compute again: what an optimizer's step edits is meant to be used as it is then."""
        yield from self.cut_between_rounds()
        stepped = any(self.value(one.step).endswith(".step()") for one in self.evidence("edited"))
        if stepped:
            yield from self.recomputed()
        yield from self.moved()
        yield from self.saved_copy()
        if not stepped:
            yield from self.recomputed()

    # Names and leaves

    def kept(self) -> Iterator[Candidate]:
        """Let a non-leaf keep its gradient."""
        for one in self.evidence("rebound", "created"):
            if one.names:
                name = one.names[0]
                change = self.draft.after(self.step(one.step), "op", f"{name}.retain_grad()")
                title = f"let {name} keep its gradient"
                yield from self.one(title, one.step, f"op: {name}.retain_grad()", change)

    def made_leaf(self) -> Iterator[Candidate]:
        """Make a leaf of what was computed from a leaf that has no name."""
        for one in self.evidence("created"):
            bound = re.match(BINDING, self.value(one.step))
            if bound is not None and "requires_grad=True" in bound.group(2):
                name, expression = bound.groups()
                made = f"{name} = {primary(expression)}.detach().requires_grad_()"
                yield from self.replaced(f"make {name} a leaf", one.step, "inplace", made)

    def renamed(self) -> Iterator[Candidate]:
        """Give the result a name of its own, here and wherever it is used later, so that the leaf keeps its name."""
        for one in self.evidence("rebound"):
            step, value = self.step(one.step), self.value(one.step)
            bound = re.match(BINDING, value)
            if bound is None or bound.group(1) not in one.names:
                continue
            name = bound.group(1)
            fresh = f"{name}_new"
            changes: list[Change | None] = [self.draft.replace(step, step.kind, f"{fresh} = {bound.group(2)}")]
            used = re.compile(rf"(?<![\w.]){name}(?!\w|\.grad\b|\s*=[^=])")
            numbers = list(self.steps)
            told: set[int] = {step.span.line}
            for number in numbers[numbers.index(one.step) + 1 :]:
                later = self.step(number)
                if later.span.line in told or later.kind in ("print", "expect", "say"):
                    continue
                told.add(later.span.line)
                text = self.draft.value(later.span)
                if used.search(text):
                    changes.append(self.draft.replace(later, later.kind, used.sub(fresh, text)))
            title = "give the result a name of its own"
            yield from self.one(title, one.step, f"{step.kind}: {fresh} = {bound.group(2)}", *changes)

    def set_later(self) -> Iterator[Candidate]:
        """Take a gradient away only after it was read, or fill it with zeros instead."""
        for one in self.evidence("edited"):
            step, value = self.step(one.step), self.value(one.step)
            for read in self.evidence("read"):
                changes = self.draft.move_after(step, self.step(read.step))
                title = f"do it after step {read.step}"
                yield from self.one(title, one.step, f"{step.kind}: {value}", *changes)
            if found := re.match(r"^(.+\.zero_grad\()(set_to_none=True)?\)$", value):
                zeros = f"{found[1]}set_to_none=False)"
                yield from self.replaced("fill it with zeros instead", one.step, step.kind, zeros)
            elif found := re.match(r"^(.+)\.grad = None$", value):
                yield from self.replaced("fill it with zeros instead", one.step, step.kind, f"{found[1]}.grad.zero_()")

    def updated(self) -> Iterator[Candidate]:
        """Update the leaf in place instead of giving its name away."""
        for one in self.evidence("rebound", "cut"):
            bound = re.match(BINDING, self.value(one.step))
            if bound is None:
                continue
            name, expression = bound.groups()
            update = re.match(rf"^{name}\s*([-+*/])\s*(.+)$", expression)
            if update:
                made = f"{name} {update.group(1)}= {update.group(2)}"
                yield from self.replaced(f"change {name} in place", one.step, "inplace", made)
                if any(self.step(other.step).kind == "no_grad" for other in self.evidence("cut")):
                    continue
                off = self.draft.wrap(self.step(one.step), "no_grad", "inplace", made)
                title = f"change {name} in place while gradients are off"
                yield from self.one(title, one.step, f"no_grad:\n  - inplace: {made}", off)

    def set_to_none(self) -> Iterator[Candidate]:
        """Take a gradient away instead of filling it with zeros: that works before the first backward, too."""
        for one in self.evidence("read"):
            if found := re.match(r"^(.+)\.grad\.zero_\(\)$", self.value(one.step)):
                yield from self.replaced("set it to None instead", one.step, "inplace", f"{found[1]}.grad = None")

    def untracked(self) -> Iterator[Candidate]:
        """Edit while gradients are off."""
        for one in self.evidence("edited"):
            step, value = self.step(one.step), self.value(one.step)
            change = self.draft.wrap(step, "no_grad", step.kind, value)
            text = f"no_grad:\n  - {step.kind}: {value}"
            yield from self.one("edit while gradients are off", one.step, text, change)

    def detached_copy(self) -> Iterator[Candidate]:
        """``detach()`` instead of ``detach_()``."""
        for one in self.evidence("cut", "edited"):
            found = re.match(r"^(?:\w+\s*=\s*)?(\w+)\.detach_\(\)$", self.value(one.step))
            if found:
                name = found.group(1)
                yield from self.replaced("detach a new tensor", one.step, "detach", f"{name} = {name}")

    def returned(self) -> Iterator[Candidate]:
        """Let a hook return a new gradient instead of editing the one that it is given."""
        for one in self.evidence("edited"):
            value = self.value(one.step)
            head, found, body = value.partition("lambda")
            made = re.sub(r"\.(\w+?)_\(", r".\1(", body)
            if found and made != body:
                yield from self.replaced(
                    "return a new gradient", one.step, self.step(one.step).kind, head + found + made
                )

    def without_graph(self) -> Iterator[Candidate]:
        """Detach before the values go to numpy."""
        for one in self.evidence("needed"):
            value = self.value(one.step)
            made = re.sub(r"(?<!\.detach\(\))\.numpy\(\)", ".detach().numpy()", value)
            if made != value:
                yield from self.replaced("take the values without the graph", one.step, self.step(one.step).kind, made)

    def read_copy(self) -> Iterator[Candidate]:
        """Read from a clone of what is written."""
        for one in self.evidence("edited"):
            left, sign, right = self.value(one.step).partition("=")
            if sign and one.names:
                part = rf"((?<![\w.]){one.names[0]}\[[^\[\]]*\])"
                made = left + "=" + re.sub(part, r"\1.clone()", right)
                yield from self.replaced("read from a clone", one.step, self.step(one.step).kind, made)

    def flagged(self) -> Iterator[Candidate]:
        """For a tensor that is no leaf, ``detach`` or ``retain_grad`` instead of its flag."""
        for one in self.evidence("needed"):
            value, name = self.value(one.step), one.names[0]
            if "optim." in value:
                yield from self.made_leaf()
            elif re.search(r"requires_grad(_\(|\s*=\s*)False", value):
                yield from self.replaced(f"detach {name} instead", one.step, "detach", f"{name} = {name}")
            else:
                yield from self.replaced(f"let {name} keep its gradient", one.step, "op", f"{name}.retain_grad()")

    def floats(self) -> Iterator[Candidate]:
        """Let a new tensor hold floating-point numbers."""
        for one in self.evidence("created"):
            step, value = self.step(one.step), self.value(one.step)
            made = re.sub(r"requires_grad=True", "dtype=torch.float32, requires_grad=True", value)
            if made != value and "dtype" not in value:
                yield from self.replaced("let it hold floats", one.step, step.kind, made)
            elif step.kind == "tensor":
                change = self.draft.option(step, "dtype", "float32")
                yield from self.one("let it hold floats", one.step, f"tensor: {value}\ndtype: float32", change)

    def normal(self) -> Iterator[Candidate]:
        """``no_grad`` instead of ``inference_mode``."""
        for number, step in self.steps.items():
            if step.kind == "inference_mode":
                change = self.draft.rename(step, "no_grad")
                yield from self.one("use no_grad instead of inference_mode", number, "no_grad:", change)

    def held(self) -> Iterator[Candidate]:
        """Let an optimizer hold the tensor that there is: by making it later, or by keeping the tensor."""
        for made, replaced in zip(self.evidence("created"), self.evidence("rebound"), strict=True):
            step, value = self.step(made.step), self.value(made.step)
            changes = self.draft.move_after(step, self.step(replaced.step))
            title = f"make it after step {replaced.step}"
            yield from self.one(title, made.step, f"{step.kind}: {value}", *changes)
            if found := re.match(_PARAMETER, self.value(replaced.step)):
                copied = f"{found[1]}.copy_({found[2]})"
                change = self.draft.wrap(self.step(replaced.step), "no_grad", "inplace", copied)
                text = f"no_grad:\n  - inplace: {copied}"
                yield from self.one(f"put the values into {found[1]}", replaced.step, text, change)

    # Roots and numbers

    def reduced(self) -> Iterator[Candidate]:
        """Start from one number, or say which gradient to start from."""
        for one in self.evidence("needed"):
            step, value = self.step(one.step), self.value(one.step)
            if step.kind == "backward":
                yield from self.replaced("start from the sum", one.step, "backward", f"{primary(value)}.sum()")
                gradient = f"torch.ones_like({value})"
                change = self.draft.option(step, "gradient", gradient)
                text = f"backward: {value}\ngradient: {gradient}"
                yield from self.one("start from a gradient of ones", one.step, text, change)

    def allowed(self) -> Iterator[Candidate]:
        """Take None for what is not used."""
        for one in self.evidence("needed"):
            yield from self.grad_option(one.step, "allow_unused=True", "take None for what is not used")

    def kept_away(self) -> Iterator[Candidate]:
        """Keep away from the place where a formula has no finite value."""
        for one in self.evidence("created"):
            value, kind = self.value(one.step), self.step(one.step).kind
            dtype = next((made.event.dtype for made in self.made_in(one.step)), "")
            if (made := masked_before(value)) is not None:
                yield from self.replaced("choose before it is computed", one.step, kind, made)
            for changed in (*in_one(value), *kept_away(value, dtype)):
                yield from self.replaced(changed.title, one.step, kind, changed.text)


def _together(*makers: Callable[[_Bench], Iterator[Candidate]]) -> Callable[[_Bench], Iterator[Candidate]]:
    def make(bench: _Bench) -> Iterator[Candidate]:
        for maker in makers:
            yield from maker(bench)

    return make


_EDITED = _together(
    _Bench.cloned,
    _Bench.out_of_place,
    _Bench.not_inplace,
    _Bench.reordered,
    _Bench.all_out_of_place,
)
_CUT = _together(_Bench.updated, _Bench.uncut, _Bench.required)
_MAKERS = {
    "V1": _EDITED,
    "V2": _EDITED,
    "V3": _together(_Bench.detached_copy, _Bench.moved),
    "N1": _together(_Bench.uncut, _Bench.updated),
    "N2": _together(_Bench.updated, _Bench.uncut),
    "N3": _together(_Bench.kept, _Bench.made_leaf),
    "N7": _together(_Bench.included),
    "N8": _together(_Bench.set_to_none),
    "N9": _together(_Bench.set_later),
    "N10": _together(_Bench.uncut),
    "N4": _together(_Bench.updated, _Bench.renamed, _Bench.kept),
    "N5": _CUT,
    "N6": _CUT,
    "B1": _together(_Bench.kept_or_let_go),
    "B2": _CUT,
    "B3": _together(_Bench.reduced),
    "B4": _together(_Bench.uncut, _Bench.allowed),
    "B5": _CUT,
    "L1": _together(_Bench.untracked, _Bench.remade),
    "L2": _together(_Bench.detached_copy, _Bench.cloned, _Bench.out_of_place, _Bench.untracked),
    "L3": _together(_Bench.floats, _Bench.flagged),
    "L5": _together(_Bench.returned, _Bench.read_copy, _Bench.cloned),
    "L4": _together(_Bench.normal),
    "O1": _together(_Bench.held),
    "E1": _together(_Bench.without_graph),
    "F1": _together(_Bench.kept_away),
    "F2": _together(_Bench.kept_away),
}
