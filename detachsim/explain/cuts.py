"""Where the way of a gradient was cut: which step made a tensor that no gradient flows through, and how."""

import re
from collections.abc import Callable
from typing import Literal, TypeAlias

from detachsim.explain.culprit import because
from detachsim.explain.diagnosis import Because
from detachsim.explain.history import History
from detachsim.explain.rewriting import FILLING
from detachsim.explain.wording import listed, short
from detachsim.records import record

Way: TypeAlias = Literal[
    "detached", "no_grad", "integer", "not required", "switched off", "not recorded", "copied", "numbers"
]

CODES: dict[Way, str] = {
    "detached": "N1",
    "no_grad": "N2",
    "not recorded": "N2",
    "not required": "N5",
    "switched off": "N5",
    "integer": "N6",
    "copied": "N10",
    "numbers": "N10",
}
# What makes a new tensor of the values of others, without their graph.
_COPYING = ("tensor", "as_tensor", "full", "arange", "linspace")
_NAME = r"(?<![\w.])[A-Za-z_]\w*"
_SWITCH = r"\bset_grad_enabled\(False\)"
_NUMBERS = r"\.item\(|\.tolist\(|\bfloat\(|\bint\(|\btensor\("


@record
class Cut:
    """A tensor that no gradient flows through although it came from one that required grad.

    ``source`` is the tensor before the cut (0: nothing before it ever required grad).
    """

    step: str
    way: Way
    tensor: int
    source: int


def find_cuts(history: History, tensor: int) -> list[Cut]:
    """Return what keeps ``tensor`` from requiring grad, nearest first: the cuts, or the leaves that never asked."""
    cuts: list[Cut] = []
    asked: list[Cut] = []
    seen = {tensor}
    queue = [tensor]
    for one in queue:
        cut = cut_at(history, one)
        if cut is not None:
            cuts.append(cut)
            continue
        sources = [source for source in history.sources(one) if source not in seen]
        made = history.tensors.get(one)
        if not made or not made.event.inputs:
            step = made.step if made else ""
            if made and not made.event.op and "autograd.grad(" in history.code(step):
                cuts.append(Cut(step, "not recorded", one, one))
                continue
            way: Way = "integer" if made and not floating(made.event.dtype) else "not required"
            taken = through_numbers(history, step, history.requires, one) if way == "not required" else None
            asked.append(taken or Cut(step, way, one, 0))
        seen.update(sources)
        queue.extend(sources)
    return cuts or asked


def cut_at(history: History, tensor: int) -> Cut | None:
    """Return the cut at the making of ``tensor``, or at a later change of its flag; None if it is not cut itself."""
    for flag in reversed(history.flags.get(tensor, ())):
        if flag.event.flag == "detached":
            return Cut(flag.step, "detached", tensor, tensor)
        if flag.event.flag == "requires_grad" and flag.event.value == "False":
            return Cut(flag.step, "switched off", tensor, tensor)
    made = history.tensors.get(tensor)
    if made is None:
        return None
    event = made.event
    source = next(
        (one for one, required in zip(event.inputs, made.inputs_required, strict=True) if required),
        None,
    )
    if source is not None and event.op in _COPYING:
        return Cut(made.step, "copied", tensor, source)
    if source is None or event.requires_grad:
        return None
    if event.op in ("detach", "data"):
        return Cut(made.step, "detached", tensor, source)
    if not floating(event.dtype):
        return Cut(made.step, "integer", tensor, source)
    if not event.grad_mode:
        return Cut(made.step, "no_grad", tensor, source)
    return Cut(made.step, "integer", tensor, source)


def through_numbers(history: History, step: str, wanted: Callable[[int], bool], made: int) -> Cut | None:
    """Return the cut at the step where a ``wanted`` tensor became Python numbers, of which ``step`` computes.

    ``made`` is what was computed of the numbers.
    """
    used = set(re.findall(_NAME, history.code(step).partition("=")[2] or history.code(step)))
    numbers = list(history.steps)
    for number in reversed(numbers[: numbers.index(step) + 1] if step in history.steps else []):
        code = history.code(number)
        filled = re.match(FILLING, code)
        made_here = {*history.binds.get(number, ()), *(filled.groups() if filled else ())}
        if number != step and not used & made_here:
            continue
        here = used if number == step else set(re.findall(_NAME, code if filled else code.partition("=")[2]))
        tensors = [tensor for name in sorted(here) for tensor in history.held_by(name)]
        source = next((each for each in tensors if wanted(each)), None)
        if re.search(_NUMBERS, code) and source is not None:
            return Cut(number, "numbers", made, source)
        used |= here
    return None


def floating(dtype: str) -> bool:
    """Whether tensors of this type can require grad."""
    return "float" in dtype


def cut_on_way(history: History, way: list[int]) -> Cut | None:
    """Return the first cut on the way of the values, seen from the tensor that waits for its gradient."""
    for tensor in way[1:]:
        cut = cut_at(history, tensor)
        if cut is not None:
            return cut
    return None


def flows(history: History, source: int, target: int) -> bool:
    """Whether some way from ``source`` to ``target`` is not cut."""
    seen = {target}
    queue = [target]
    for tensor in queue:
        if tensor == source:
            return True
        if cut_at(history, tensor) is None:
            fresh = [before for before in history.sources(tensor) if before not in seen]
            seen.update(fresh)
            queue.extend(fresh)
    return False


def reached(history: History, root: int) -> list[int]:
    """Return the leaves that require grad to which a gradient flows from ``root``."""
    seen = {root}
    queue = [root]
    for tensor in queue:
        if cut_at(history, tensor) is None:
            fresh = [before for before in history.sources(tensor) if before not in seen]
            seen.update(fresh)
            queue.extend(fresh)
    return [tensor for tensor in queue if history.is_leaf(tensor) and history.requires(tensor)]


def cut_words(history: History, cut: Cut) -> str:
    """Return what the step of the cut did, as a sentence."""
    called, source = history.called(cut.tensor), history.called(cut.source) if cut.source else ""
    made = history.tensors.get(cut.tensor)
    op = history.op(cut.tensor)
    match cut.way:
        case "detached":
            if cut.source == cut.tensor:
                return f"{called} is cut from its graph by detach_()"
            named = called if history.names(cut.tensor) else "its result"
            behind = source if source != named else "what it came from"
            return f"{op} cuts: no gradient flows from {named} back to {behind}"
        case "no_grad":
            behind = source if source != called else "what it came from"
            return f"{called} is made while gradients are off, so no gradient flows back to {behind}"
        case "integer":
            if made is not None and not floating(made.event.dtype):
                named = called if history.names(cut.tensor) else f"the result of {op}"
                return f"{named} holds {made.event.dtype}, and only floating-point tensors have gradients"
            return f"{op} has no gradient"
        case "not recorded":
            return f"{called} is a gradient computed without create_graph=True, so it has no graph of its own"
        case "copied":
            given = source if history.names(cut.source) else "what it is given"
            return f"torch.{op} copies the values of {given}, and no gradient flows back from a copy of values"
        case "numbers":
            return "here the values become Python numbers, which know nothing of gradients"
        case "switched off":
            return f"{called} is told not to require grad"
        case "not required":
            return f"{called} is made without requires_grad"


def cut_evidence(history: History, cut: Cut) -> list[Because]:
    """Return the evidence of a cut."""
    if cut.source == 0:
        names = history.names(cut.tensor)
        made = history.tensors.get(cut.tensor)
        text = cut_words(history, cut)
        if cut.way == "integer" and made is not None:
            text = (
                f"{history.called(cut.tensor)} holds {made.event.dtype}, and only floating-point tensors have gradients"
            )
        return [because(history, cut.step, "created", names, text)]
    names = history.names(cut.tensor) or history.names(cut.source)
    evidence = [because(history, cut.step, "cut", names, cut_words(history, cut))]
    block = _block_of(history, cut)
    if block:
        evidence.insert(0, block)
    return evidence


def _block_of(history: History, cut: Cut) -> Because | None:
    """Return the evidence of the ``no_grad`` block around a cut."""
    if cut.way != "no_grad":
        return None
    parts = cut.step.split(".")
    for count in range(len(parts) - 1, 0, -1):
        number = ".".join(parts[:count])
        for one in (number, number.rpartition("[")[0] or number):
            began = history.steps.get(one)
            if began is not None and began.kind in ("no_grad", "inference_mode"):
                return because(history, one, "cut", (), f"{began.kind} turns gradients off for the steps inside")
    numbers = list(history.steps)
    for number in reversed(numbers[: numbers.index(cut.step)] if cut.step in history.steps else []):
        if re.search(_SWITCH, history.code(number)):
            return because(history, number, "cut", (), "gradients are turned off here, until they are turned on again")
    return None


def why(history: History, cut: Cut) -> str:
    """Return the cut as the reason in a headline, with its step."""
    called = history.called(cut.tensor)
    code = short(history.code(cut.step), 40)
    where = f"step {cut.step} ({code})" if code else f"step {cut.step}"
    match cut.way:
        case "detached":
            by = _by(history, cut)
            return f"{where} cut it off" if by in code else f"{where} cut it off by {by}"
        case "no_grad":
            return f"{where} ran while gradients were off"
        case "integer":
            made = history.tensors.get(cut.tensor)
            if cut.source == 0 and made is not None:
                return f"{called} holds {made.event.dtype}, which has no gradients"
            if made is not None and not floating(made.event.dtype):
                return f"{where} gives {made.event.dtype}, and only floating-point tensors have gradients"
            return f"{where} has no gradient"
        case "not recorded":
            return f"{where} computed it without create_graph=True"
        case "copied":
            return f"{where} copied values, and not their graph"
        case "numbers":
            return f"{where} took the values out as Python numbers"
        case "switched off":
            return f"{where} turned requires_grad off"
        case "not required":
            return f"{called} was made without requires_grad in step {cut.step}"


def why_not_required(history: History, tensor: int, cuts: list[Cut]) -> str:
    """Return why ``tensor``, of which ``cuts`` were found, does not require grad, as the reason in a headline."""
    first = cuts[0]
    if first.source == 0 and first.tensor != tensor:
        return f"nothing that it came from requires grad: {listed(history.called(cut.tensor) for cut in cuts)}"
    if first.way == "not required":
        return f"it was made without requires_grad in step {first.step}"
    return why(history, first)


def _by(history: History, cut: Cut) -> str:
    made = history.tensors.get(cut.tensor)
    if cut.source == cut.tensor or made is None:
        return "detach_()"
    return history.op(cut.tensor)
