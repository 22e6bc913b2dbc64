"""Which changes of a scenario may mend a diagnosis, the likeliest first; whether they do is for a run to say."""

import ast
import re
from collections.abc import Callable, Iterator

from detachsim.events import StepBegan
from detachsim.explain.diagnosis import Because, Diagnosis
from detachsim.explain.mending import Change, Draft
from detachsim.records import record

_NAME = r"(?<![\w.])[A-Za-z_]\w*"
_BINDING = r"^(\w+)\s*=(?!=)\s*(.+)$"
_METHOD = r"^(?:(\w+)\s*=\s*)?(\w+)\.(\w+?)_\((.*)\)$"
_FUNCTION = r"^(?:(\w+)\s*=\s*)?((?:\w+\.)*\w+?)_\((\w+)(.*)\)$"
_AUGMENTED = r"^(\w+)\s*(\*\*|//|[-+*/@%])=\s*(.+)$"
_ITEM = r"^(\w+)\[.*\]\s*(?:\*\*|//|[-+*/@%])?=(?!=)"
_PRIMARY = r"^[\w.]+(\([^()]*\)|\[[^\[\]]*\]|\.\w+)*$"
_THROUGH_NUMPY = r"(?:torch\.)?from_numpy\((.+?)(?:\.detach\(\))?(?:\.cpu\(\))?\.numpy\(\)\)"
_GRAD_CALL = r"autograd\.grad\(.*\)\s*$"


@record
class Candidate:
    """A change to try: what it is called, the step it changes, and that step afterwards (empty: taken out)."""

    title: str
    step: str
    replacement: str
    changes: tuple[Change, ...]


def candidates(found: Diagnosis, steps: dict[str, StepBegan], text: str) -> Iterator[Candidate]:
    """Yield the changes that may mend ``found``."""
    maker = _MAKERS.get(found.code)
    if maker is not None:
        yield from maker(_Bench(found, steps, text))


class _Bench:
    """A diagnosis, the steps of its run and the text of the scenario, with the ways to change it."""

    def __init__(self, found: Diagnosis, steps: dict[str, StepBegan], text: str) -> None:
        self.found = found
        self.steps = steps
        self.draft = Draft(text)

    def evidence(self, *roles: str) -> list[Because]:
        return [one for one in self.found.because if one.role in roles and one.step in self.steps]

    def step(self, number: str) -> StepBegan:
        return self.steps[number]

    def value(self, number: str) -> str:
        return self.draft.value(self.steps[number].span)

    def one(self, title: str, number: str, replacement: str, *changes: Change | None) -> Iterator[Candidate]:
        """Yield a candidate if each of its changes can be made."""
        made = tuple(change for change in changes if change is not None)
        if made and len(made) == len(changes):
            yield Candidate(title, number, replacement, made)

    def replaced(self, title: str, number: str, kind: str, value: str) -> Iterator[Candidate]:
        change = self.draft.replace(self.steps[number], kind, value)
        yield from self.one(title, number, f"{kind}: {value}", change)

    # Memory

    def cloned(self) -> Iterator[Candidate]:
        """Give an alias memory of its own."""
        for one in self.evidence("aliased"):
            step, bound = self.step(one.step), re.match(_BINDING, self.value(one.step))
            if bound is None or step.kind not in ("detach", "op"):
                continue
            name, expression = bound.groups()
            cut = ".detach()" if step.kind == "detach" else ""
            copy = "copy" if expression.endswith(".numpy()") else "clone"
            made = f"{name} = {_primary(expression)}{cut}.{copy}()"
            yield from self.replaced(f"give {name} memory of its own", one.step, "op", made)

    def out_of_place(self) -> Iterator[Candidate]:
        """Make a new tensor instead of editing one."""
        for one in self.evidence("edited"):
            value = self.value(one.step)
            made = _out_of_place(value)
            if made is not None:
                yield from self.replaced("make a new tensor instead of editing in place", one.step, "op", made)
            elif (edited := re.match(_ITEM, value)) is not None:
                name = edited.group(1)
                before = self.draft.before(self.step(one.step), "op", f"{name} = {name}.clone()")
                yield from self.one(f"edit a clone of {name}", one.step, f"op: {name} = {name}.clone()", before)

    def all_out_of_place(self) -> Iterator[Candidate]:
        """Make new tensors instead of all the edits of one name, where one of them alone does not help."""
        names = {name for one in self.evidence("edited") for name in one.names}
        edits = [
            (number, made)
            for number, step in self.steps.items()
            if step.kind == "inplace" and (made := _out_of_place(self.value(number))) and made.split(" ")[0] in names
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
            bound = re.match(_BINDING, value)
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

    def feeding(self, numbers: list[str], value: str) -> list[str]:
        """Return those of the steps that ``value`` is computed from."""
        wanted = set(re.findall(_NAME, value))
        found: list[str] = []
        for number in reversed(numbers):
            bound = re.match(_BINDING, self.value(number))
            if bound is not None and bound.group(1) in wanted:
                found.insert(0, number)
                wanted.update(re.findall(_NAME, bound.group(2)))
        return found

    def reordered(self) -> Iterator[Candidate]:
        """Edit later, or compute again: what an optimizer's step edits is meant to be used as it is then."""
        stepped = any(self.value(one.step).endswith(".step()") for one in self.evidence("edited"))
        if stepped:
            yield from self.recomputed()
        yield from self.moved()
        yield from self.saved_copy()
        if not stepped:
            yield from self.recomputed()

    # The graph

    def kept_or_let_go(self) -> Iterator[Candidate]:
        """Keep the graph, or let it go: what a loop carries from one round to the next is meant to be cut."""
        rounds = [one.step for one in self.evidence("freed", "needed")]
        carried = len(set(rounds)) > 1 and len({re.sub(r"\[\d+\]", "", number) for number in rounds}) == 1
        if carried:
            yield from self.let_go()
        yield from self.retained()
        yield from self.recomputed()
        if not carried:
            yield from self.let_go()

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
        if re.search(_GRAD_CALL, value) and option not in value:
            text = f"{value.rstrip()[:-1]}, {option})"
            yield from self.replaced(title, number, self.step(number).kind, text)

    def uncut(self) -> Iterator[Candidate]:
        """Take the cut away."""
        for one in self.evidence("cut"):
            step, value = self.step(one.step), self.value(one.step)
            bound = re.match(_BINDING, value)
            if step.kind in ("no_grad", "inference_mode"):
                change = self.draft.rename(step, "enable_grad")
                yield from self.one("leave gradients on", one.step, "enable_grad:", change)
            elif step.kind == "detach" and bound is not None:
                made = f"{bound.group(1)} = {bound.group(2)}"
                yield from self.replaced("do not detach", one.step, "op", made)
            elif step.kind == "inplace":
                yield from self.one("do without it", one.step, "", self.draft.remove(step))
            elif re.search(_GRAD_CALL, value):
                yield from self.grad_option(one.step, "create_graph=True", "let the gradient have a graph")
            elif re.search(_THROUGH_NUMPY, value):
                yield from self.replaced("stay in PyTorch", one.step, step.kind, re.sub(_THROUGH_NUMPY, r"\1", value))
            elif ".item()" in value:
                yield from self.replaced("stay with the tensor", one.step, step.kind, value.replace(".item()", ""))
            elif ".detach()" in value:
                yield from self.replaced("do not detach", one.step, step.kind, value.replace(".detach()", ""))
            elif ".data" in value:
                yield from self.replaced("do without .data", one.step, step.kind, re.sub(r"\.data\b", "", value))

    def required(self) -> Iterator[Candidate]:
        """Let a leaf require grad."""
        for one in self.evidence("created"):
            step, value = self.step(one.step), self.value(one.step)
            if step.kind == "tensor":
                text = f"tensor: {value}\nrequires_grad: true"
                change = self.draft.option(step, "requires_grad", "true")
                yield from self.one("let it require grad", one.step, text, change)
                if "." in value:
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
            bound = re.match(_BINDING, self.value(one.step))
            if bound is not None and "requires_grad=True" in bound.group(2):
                name, expression = bound.groups()
                made = f"{name} = {_primary(expression)}.detach().requires_grad_()"
                yield from self.replaced(f"make {name} a leaf", one.step, "inplace", made)

    def let_go(self) -> Iterator[Candidate]:
        """Cut what both backwards share, after the first one."""
        for one in self.evidence("freed"):
            for name in one.names:
                change = self.draft.after(self.step(one.step), "detach", f"{name} = {name}")
                title = f"let {name} forget where it came from, after the backward"
                yield from self.one(title, one.step, f"detach: {name} = {name}", change)

    def renamed(self) -> Iterator[Candidate]:
        """Give the result a name of its own, here and wherever it is used later, so that the leaf keeps its name."""
        for one in self.evidence("rebound"):
            step, value = self.step(one.step), self.value(one.step)
            bound = re.match(_BINDING, value)
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

    def updated(self) -> Iterator[Candidate]:
        """Update the leaf in place instead of giving its name away."""
        for one in self.evidence("rebound"):
            bound = re.match(_BINDING, self.value(one.step))
            if bound is None:
                continue
            name, expression = bound.groups()
            update = re.match(rf"^{name}\s*([-+*/])\s*(.+)$", expression)
            if update:
                made = f"{name} {update.group(1)}= {update.group(2)}"
                yield from self.replaced(f"change {name} in place", one.step, "inplace", made)

    def untracked(self) -> Iterator[Candidate]:
        """Edit while gradients are off."""
        for one in self.evidence("edited"):
            change = self.draft.wrap(self.step(one.step), "no_grad")
            text = f"no_grad:\n  - {self.step(one.step).kind}: {self.value(one.step)}"
            yield from self.one("edit while gradients are off", one.step, text, change)

    def detached_copy(self) -> Iterator[Candidate]:
        """``detach()`` instead of ``detach_()``."""
        for one in self.evidence("cut"):
            found = re.match(r"^(?:\w+\s*=\s*)?(\w+)\.detach_\(\)$", self.value(one.step))
            if found:
                name = found.group(1)
                yield from self.replaced("detach a new tensor", one.step, "detach", f"{name} = {name}")

    def read_copy(self) -> Iterator[Candidate]:
        """Read from a clone of what is written."""
        for one in self.evidence("edited"):
            left, sign, right = self.value(one.step).partition("=")
            part = rf"((?<![\w.]){one.names[0]}\[[^\[\]]*\])"
            if sign:
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

    def normal(self) -> Iterator[Candidate]:
        """``no_grad`` instead of ``inference_mode``."""
        for number, step in self.steps.items():
            if step.kind == "inference_mode":
                change = self.draft.rename(step, "no_grad")
                yield from self.one("use no_grad instead of inference_mode", number, "no_grad:", change)

    # Roots and numbers

    def reduced(self) -> Iterator[Candidate]:
        """Start from one number, or say which gradient to start from."""
        for one in self.evidence("needed"):
            step, value = self.step(one.step), self.value(one.step)
            if step.kind == "backward":
                yield from self.replaced("start from the sum", one.step, "backward", f"{_primary(value)}.sum()")
                gradient = f"torch.ones_like({value})"
                change = self.draft.option(step, "gradient", gradient)
                text = f"backward: {value}\ngradient: {gradient}"
                yield from self.one("start from a gradient of ones", one.step, text, change)

    def allowed(self) -> Iterator[Candidate]:
        """Take None for what is not used."""
        for one in self.evidence("needed"):
            yield from self.grad_option(one.step, "allow_unused=True", "take None for what is not used")

    def shifted(self) -> Iterator[Candidate]:
        """Keep away from the place where a formula has no finite value."""
        for one in self.evidence("created"):
            value = self.value(one.step)
            made = _shifted(value)
            if made is not None:
                yield from self.replaced("keep away from 0", one.step, self.step(one.step).kind, made)


def _primary(expression: str) -> str:
    """Return an expression that takes a method behind it."""
    return expression if re.match(_PRIMARY, expression) else f"({expression})"


_SINGULAR = ("sqrt", "rsqrt", "log", "log2", "log10", "reciprocal")


def _shifted(value: str) -> str | None:
    """Return a statement with a little added to what a root, a logarithm or a division is taken of."""
    bound = re.match(_BINDING, value)
    start = bound.start(2) if bound is not None else 0
    text = value[start:]
    if not text.isascii():  # places are counted in bytes
        return None
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch" | "F"), attr=name), args=[operand]):
                singular = name in _SINGULAR
            case ast.Call(func=ast.Attribute(value=operand, attr=name), args=[]):
                singular = name in _SINGULAR
            case ast.Call(func=ast.Name(id=name), args=[operand]):
                singular = name in _SINGULAR
            case ast.BinOp(left=operand, op=ast.Pow(), right=ast.Constant(value=float(exponent))):
                singular = exponent < 1
            case ast.BinOp(op=ast.Div(), right=operand) if not isinstance(operand, ast.Constant):
                singular = True
            case _:
                continue
        if singular:
            first, last = operand.col_offset, operand.end_col_offset or 0
            inside = f"{text[first:last]} + 1.0e-6"
            inside = inside if isinstance(operand, ast.BinOp) else f"({inside})"
            return value[:start] + text[:first] + inside + text[last:]
    return None


def _out_of_place(value: str) -> str | None:
    """Return the statement that makes a new tensor where ``value`` edits one."""
    if found := re.match(_AUGMENTED, value):
        name, sign, rest = found.groups()
        return f"{name} = {name} {sign} {rest if re.match(_PRIMARY, rest) else f'({rest})'}"
    if found := re.match(_METHOD, value):
        target, name, op, rest = found.groups()
        if name in ("F", "torch"):
            found_function = re.match(_FUNCTION, value)
            if found_function is None:
                return None
            target, function, name, rest = found_function.groups()
            return f"{target or name} = {function}({name}{rest})"
        made = {"zero": f"torch.zeros_like({name})", "fill": f"torch.full_like({name}, {rest})"}.get(op)
        return f"{target or name} = {made or f'{name}.{op}({rest})'}"
    return None


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
_CUT = _together(_Bench.uncut, _Bench.required)
_MAKERS = {
    "V1": _EDITED,
    "V2": _EDITED,
    "V3": _together(_Bench.detached_copy, _Bench.moved),
    "N1": _together(_Bench.uncut, _Bench.updated),
    "N2": _together(_Bench.uncut),
    "N3": _together(_Bench.kept, _Bench.made_leaf),
    "N10": _together(_Bench.uncut),
    "N4": _together(_Bench.updated, _Bench.renamed, _Bench.kept),
    "N5": _CUT,
    "N6": _CUT,
    "B1": _together(_Bench.kept_or_let_go),
    "B2": _CUT,
    "B3": _together(_Bench.reduced),
    "B4": _together(_Bench.uncut, _Bench.allowed),
    "B5": _CUT,
    "L1": _together(_Bench.untracked, _Bench.out_of_place),
    "L2": _together(_Bench.cloned, _Bench.out_of_place, _Bench.untracked),
    "L3": _together(_Bench.flagged),
    "L5": _together(_Bench.read_copy, _Bench.cloned),
    "L4": _together(_Bench.normal),
    "F1": _together(_Bench.shifted),
    "F2": _together(_Bench.shifted),
}
