"""What PyTorch's other errors come from: a root without a graph, a leaf edited in place, a view, a missing name."""

import re
from typing import assert_never

from detachsim.events import BuffersFreed, Raised, VersionMismatch
from detachsim.explain.culprit import because, edit_evidence, explain_freed, explain_mismatch, in_order
from detachsim.explain.cuts import cut_evidence, cut_on_way, find_cuts, flows, through_numbers, why, why_not_required
from detachsim.explain.diagnosis import Because, Diagnosis
from detachsim.explain.history import History
from detachsim.explain.missing import evidence_of, explain_none
from detachsim.explain.wording import listed, root_spelled, short

_IDENTIFIER = r"(?<![\w.])[A-Za-z_]\w*"
_INDEX = r"\d+"


def explain_error(history: History, raised: Raised) -> Diagnosis:
    """Return the diagnosis of an error."""
    match raised.evidence:
        case VersionMismatch() as mismatch:
            return explain_mismatch(history, mismatch)
        case BuffersFreed() as freed:
            return explain_freed(history, freed)
        case None:
            pass
        case other:
            assert_never(other)
    explain = _EXPLAINED.get(raised.key)
    found = None if explain is None else explain(history, raised)
    return found if found is not None else _unexplained(history, raised)


def _unexplained(history: History, raised: Raised) -> Diagnosis:
    text = f"{raised.type}: {raised.text.partition('. ')[0].rstrip('.')}"
    evidence = because(history, history.step, "needed", (), f"{short(history.code(history.step))} is refused")
    text = short(text, 200)
    return Diagnosis("E1", history.step, text if text.endswith("...") else f"{text}.", (evidence,))


def _code_names(history: History) -> list[tuple[str, int]]:
    """Return the names in the code of the open step that stand for tensors, those of parameters too, in their order."""
    found: dict[str, int] = {}
    for path in re.findall(rf"{_IDENTIFIER}(?:\.\w+|\[\d+\])*", "\n".join(history.open[-1].code)):
        name = path
        while (tensor := history.named(name)) is None and (shorter := re.match(r"(.+)[.\[]", name)):
            name = shorter[1]
        if tensor is not None:
            found[name] = tensor
    return list(found.items())


def _root_without_graph(history: History, raised: Raised) -> Diagnosis | None:
    """``element 0 of tensors does not require grad``: what the root came from, and where it was cut."""
    index = int(number.group()) if (number := re.search(_INDEX, raised.text)) else 0
    root = _root(history, index)
    if root is None:
        return None
    called = _root_called(history, root)
    cuts = find_cuts(history, root)
    here = history.step
    evidence = evidence_of(history, cuts)
    names = history.names(root)
    evidence.append(
        because(history, here, "needed", names, f"backward needs a graph behind {called}, and there is none")
    )
    reason = why_not_required(history, root, cuts)
    return Diagnosis("B2", here, f"{called} has no graph behind it: {reason}.", in_order(history, evidence))


def _root(history: History, index: int) -> int | None:
    """Return the tensor that a refused backward was called on."""
    code = " ".join(history.open[-1].code)
    several = re.match(r"torch\.autograd\.\w+\(\[(.*?)\]", code) or re.search(r"autograd\.grad\((\w+)\s*,", code)
    if several:
        parts = [part.strip() for part in several.group(1).split(",")]
        if index < len(parts) and parts[index] in history.bound:
            return history.bound[parts[index]]
    if (plain := re.match(r"\(?(\w+)\)?\.backward\(", code)) and plain.group(1) in history.bound:
        return history.bound[plain.group(1)]
    unable = [tensor for tensor in history.created_in_step if not history.requires(tensor)]
    if unable:
        return unable[-1]
    named = [tensor for _, tensor in _code_names(history) if not history.requires(tensor)]
    return named[0] if named else None


def _root_called(history: History, root: int) -> str:
    """Return the name of a root, or the expression that made it."""
    spelled = root_spelled(" ".join(history.open[-1].code))
    return spelled if spelled and not history.names(root) else history.called(root)


def _not_scalar(history: History, raised: Raised) -> Diagnosis | None:
    made = [tensor for tensor in history.created_in_step if history.requires(tensor)]
    named = [tensor for _, tensor in _code_names(history) if history.requires(tensor)]
    found = (made[-1:] or named)[:1]
    if not found:
        return None
    tensor = found[0]
    shape = f"[{', '.join(map(str, history.tensors[tensor].event.shape))}]"
    called = _root_called(history, tensor)
    text = f"{called} has shape {shape}, and a gradient can be assumed only for a single number"
    evidence = [
        because(
            history,
            history.tensors[tensor].step,
            "created",
            history.names(tensor),
            f"{called} is made with shape {shape}",
        ),
        because(history, history.step, "needed", history.names(tensor), text),
    ]
    headline = f"{called} has shape {shape}: it is no single number, so backward needs a gradient to start with."
    return Diagnosis("B3", history.step, headline, in_order(history, evidence))


def _unused(history: History, raised: Raised) -> Diagnosis | None:
    """``grad`` was asked for a tensor that its output does not come from."""
    index = int(number.group()) if (number := re.search(_INDEX, raised.text)) else 0
    names = _grad_inputs(history)
    if not names:
        return None
    name = names[min(index, len(names) - 1)]
    if "index" not in raised.text:  # an older wording that does not say which
        missed = [one for one in names if not _reached(history, history.bound[one])]
        name = missed[0] if missed else name
    tensor = history.bound[name]
    roots = history.passes[-1].roots if history.passes else ()
    called = listed(history.called(root) for root in roots) or "the output"
    made = history.tensors[tensor]
    evidence = [because(history, made.step, "created", (name,), f"{name} is made here")]
    for root in roots:
        cut = cut_on_way(history, history.route(tensor, root))
        if cut is not None:
            evidence.extend(cut_evidence(history, cut))
            evidence.append(because(history, history.step, "needed", (name,), f"grad is asked for {name}"))
            headline = f"The way from {called} to {name} is cut: {why(history, cut)}."
            return Diagnosis("B4", history.step, headline, in_order(history, evidence))
    binding = history.ended_name(tensor)
    if binding is not None:
        text = f"the name {name} goes to a new tensor here"
        evidence.append(because(history, binding.step, "rebound", (name,), text))
    evidence.append(because(history, history.step, "needed", (name,), f"grad is asked for {name}"))
    headline = f"{called} was not computed from {name}, so it has no gradient for it."
    return Diagnosis("B4", history.step, headline, in_order(history, evidence))


def _reached(history: History, tensor: int) -> bool:
    """Whether a gradient flows from a root of the last pass to a tensor: a way without a cut."""
    return any(flows(history, tensor, root) for root in history.passes[-1].roots) if history.passes else False


def _grad_inputs(history: History) -> list[str]:
    """Return the names given to ``torch.autograd.grad`` as inputs, as far as they are plain names."""
    code = " ".join(history.open[-1].code)
    called = re.search(r"autograd\.grad\((.*)\)", code)
    if called is None:
        return []
    parts = re.split(r",\s*", called.group(1), maxsplit=1)
    inside = parts[1] if len(parts) > 1 else ""
    if called.group(1).startswith("["):
        inside = called.group(1).partition("]")[2]
    inside = re.split(r"\b\w+\s*=(?!=)", inside.replace("inputs=", ""))[0]
    return [name for name in re.findall(_IDENTIFIER, inside) if name in history.bound]


def _input_not_required(history: History, raised: Raised) -> Diagnosis | None:
    found = [(name, history.bound[name]) for name in _grad_inputs(history)]
    found = [(name, tensor) for name, tensor in found if not history.requires(tensor)]
    if not found:
        return None
    name, tensor = found[0]
    cuts = find_cuts(history, tensor)
    evidence = [
        *evidence_of(history, cuts),
        because(history, history.step, "needed", (name,), f"grad is asked for {name}"),
    ]
    headline = f"{name} does not require grad: {why(history, cuts[0])}."
    return Diagnosis("B5", history.step, headline, in_order(history, evidence))


def _leaf_edited(history: History, raised: Raised) -> Diagnosis | None:
    """A leaf that requires grad, or a view of it, was to be edited while gradients are on."""
    for name, tensor in _code_names(history):
        base = history.origin(tensor)[-1]
        if not (history.requires(base) and history.is_leaf(base)):
            continue
        code = short(history.code(history.step))
        leaf = history.tensors[base]
        called = history.called(base)
        evidence = [
            because(history, leaf.step, "created", history.names(base), f"{called} is a leaf that requires grad")
        ]
        evidence.extend(_view_evidence(history, tensor))
        evidence.append(because(history, history.step, "edited", (name,), f"{code} would overwrite it"))
        what = f"{name} is a leaf" if base == tensor else f"{name} is a view of the leaf {called}"
        headline = (
            f"{what} that requires grad (step {leaf.step}): "
            f"its gradient is wanted at the value that {code} would overwrite."
        )
        return Diagnosis("L1", history.step, headline, in_order(history, evidence))
    return None


def _view_evidence(history: History, tensor: int) -> list[Because]:
    evidence = []
    for one in history.origin(tensor)[:-1]:
        made = history.tensors[one]
        source = made.event.alias_of
        assert source is not None
        text = f"{history.called(one)} is a view of {history.called(source)}, by {history.op(one)}"
        evidence.append(because(history, made.step, "aliased", history.names(one), text))
    return evidence


def _view_edited(history: History, raised: Raised) -> Diagnosis | None:
    """A view that must not be edited: made while gradients were off, or one of several that one op returned."""
    for name, tensor in _code_names(history):
        made = history.tensors.get(tensor)
        if made is None or made.event.alias_of is None:
            continue
        off = not made.event.grad_mode
        source = history.called(made.event.alias_of)
        several = raised.key in ("view_multiple", "view_mode_multiple")
        code = short(history.code(history.step))
        if history.open[-1].kind != "inplace" and off:
            return _stale_view(history, name, tensor)
        if off:
            text = f"{name} is a view of {source}, made while gradients were off"
            reason = f"{name} became a view of {source} while gradients were off (step {made.step})"
        elif several:
            maker = short(history.code(made.step).partition(" = ")[2], 40) or f"{made.event.op}()"
            text = f"{maker} returns several views of {source} at once, {name} among them"
            reason = f"{name} is one of several views of {source} that {maker} made at once (step {made.step})"
        else:
            text = f"{name} is a view of {source}, by {history.op(tensor)}"
            reason = f"{name} is a view of {source} (step {made.step})"
        cuts = raised.key == "detach_view"
        would = f"{code} would cut a view from its graph" if cuts else f"{code} would edit it while gradients are on"
        evidence = [
            because(history, made.step, "aliased", (name,), text),
            because(history, history.step, "edited", (name,), would),
        ]
        return Diagnosis("L2", history.step, f"{reason}, so {code} is refused.", in_order(history, evidence))
    return None


def _stale_view(history: History, name: str, tensor: int) -> Diagnosis:
    """A view made while gradients were off, whose ``grad_fn`` is asked for after its base was edited."""
    made = history.tensors[tensor]
    assert made.event.alias_of is not None
    source = history.called(made.event.alias_of)
    text = f"{name} is a view of {source}, made while gradients were off"
    evidence = [because(history, made.step, "aliased", (name,), text)]
    edits = [edit for edit in history.edits_of.get(made.event.storage, []) if edit.order > made.order]
    evidence.extend(edit_evidence(history, edit) for edit in edits[:3])
    evidence.append(because(history, history.step, "needed", (name,), f"{name}.grad_fn would have to be made anew"))
    reason = f"{name} became a view of {source} while gradients were off (step {made.step})"
    since = f", and {source} was edited since" if edits else ""
    return Diagnosis("L2", history.step, f"{reason}{since}, so it has no grad_fn.", in_order(history, evidence))


def _one_place(history: History, raised: Raised) -> Diagnosis | None:
    """A write to a tensor several of whose items are one place in memory, as after ``expand``."""
    if any(began.kind == "backward" for began in history.open):
        return _hook_edits(history)
    for name, tensor in _code_names(history):
        made = history.tensors.get(tensor)
        if made is None or made.event.alias_of is None or 0 not in made.event.stride:
            continue
        source, op = history.called(made.event.alias_of), history.op(tensor)
        text = f"{name} repeats the memory of {source}, by {op}: its strides are {made.event.stride}"
        code = short(history.code(history.step))
        evidence = [
            because(history, made.step, "aliased", (name,), text),
            because(history, history.step, "edited", (name,), f"{code} would write to each place several times"),
        ]
        headline = f"Several items of {name} are one place in memory, by {op} (step {made.step}), so {code} is refused."
        return Diagnosis("L5", history.step, headline, in_order(history, evidence))
    return None


def _hook_edits(history: History) -> Diagnosis | None:
    """A hook edits the gradient that it is given, whose items are one place in memory."""
    hooks = [step for step in history.steps if re.search(r"\.register_\w*hook\(.*lambda.*\.\w+_\(", history.code(step))]
    if not hooks:
        return None
    code = short(history.code(hooks[-1]))
    given = "the gradient that the hook is given has one place in memory for all its items, as that of sum() does"
    evidence = [
        because(history, hooks[-1], "edited", (), f"{code} edits the gradient in place"),
        because(history, history.step, "needed", (), given),
    ]
    headline = f"The hook of step {hooks[-1]} edits a gradient several of whose items are one place in memory."
    return Diagnosis("L5", history.step, headline, in_order(history, evidence))


def _overlapping(history: History, raised: Raised) -> Diagnosis | None:
    """One step reads and writes memory that overlaps."""
    names = [name for name, _ in _code_names(history)]
    if not names:
        return None
    code = short(history.code(history.step))
    evidence = because(history, history.step, "edited", tuple(names[:1]), f"{code} reads what it is about to overwrite")
    headline = f"{code} reads and writes parts of {names[0]} that overlap."
    return Diagnosis("L5", history.step, headline, (evidence,))


def _not_a_leaf(history: History, raised: Raised) -> Diagnosis | None:
    """An optimizer was given a tensor that is no leaf."""
    for name, tensor in _code_names(history):
        if history.is_leaf(tensor) or tensor not in history.tensors:
            continue
        made = history.tensors[tensor]
        result = history.result_of(tensor)
        evidence = [
            because(history, made.step, "created", (name,), f"{name} is the result of {result}, so it is no leaf"),
            because(history, history.step, "needed", (name,), "an optimizer changes leaves"),
        ]
        headline = f"{name} is no leaf but the result of {result} (step {made.step}): an optimizer changes only leaves."
        return Diagnosis("L3", history.step, headline, in_order(history, evidence))
    return None


def _flag_refused(history: History, raised: Raised) -> Diagnosis | None:
    """``requires_grad`` of a tensor that is no leaf, or holds integers, was to be changed."""
    for name, tensor in _code_names(history):
        made = history.tensors.get(tensor)
        if made is None:
            continue
        if not history.is_leaf(tensor):
            op = history.result_of(tensor)
            text = f"{name} is the result of {op}, so it is no leaf"
            headline = f"{name} is no leaf but the result of {op} (step {made.step}): its flag cannot be changed."
        elif "float" not in made.event.dtype:
            text = f"{name} holds {made.event.dtype}"
            headline = (
                f"{name} holds {made.event.dtype} (step {made.step}), and only floating-point tensors can require grad."
            )
        else:
            continue
        evidence = (
            because(history, made.step, "created", (name,), text),
            because(history, history.step, "needed", (name,), short(history.code(history.step))),
        )
        return Diagnosis("L3", history.step, headline, in_order(history, list(evidence)))
    return None


def _whole_numbers(history: History, raised: Raised) -> Diagnosis:
    """A new tensor of whole numbers was to require grad."""
    code = short(history.code(history.step))
    evidence = because(history, history.step, "created", (), f"{code} holds whole numbers or truth values")
    headline = f"{code} holds no floating-point numbers, and only tensors of these can require grad."
    return Diagnosis("L3", history.step, headline, (evidence,))


def _no_retain(history: History, raised: Raised) -> Diagnosis | None:
    """``retain_grad`` or a hook on a tensor that does not require grad."""
    for name, tensor in _code_names(history):
        if history.requires(tensor):
            continue
        cuts = find_cuts(history, tensor)
        evidence = [*evidence_of(history, cuts)]
        evidence.append(because(history, history.step, "needed", (name,), f"{name} does not require grad"))
        headline = f"{name} does not require grad: {why(history, cuts[0])}."
        return Diagnosis("B5", history.step, headline, in_order(history, evidence))
    return None


def _detached_in_place(history: History, raised: Raised) -> Diagnosis | None:
    """A saved tensor was detached by ``detach_()`` before backward needed it."""
    for tensor, flags in history.flags.items():
        flag = next((flag for flag in flags if flag.event.flag == "detached"), None)
        saved = next((saved for saved in history.saves if saved.state.tensor == tensor), None)
        if flag is None or saved is None or saved.node.node in history.freed:
            continue
        called = history.called(tensor)
        names = history.names(tensor)
        evidence = [
            because(history, saved.step, "saved", names, f"{saved.node.name} saves {called} for backward"),
            because(history, flag.step, "cut", names, f"{called} loses its grad_fn by detach_()"),
            because(history, history.step, "needed", names, f"{saved.node.name} needs {called} with its grad_fn"),
        ]
        who = f"{saved.node.name} saved in step {saved.step} and needs here"
        headline = f"detach_() in step {flag.step} cut {called}, which {who}."
        return Diagnosis("V3", history.step, headline, in_order(history, evidence))
    return None


def _inference(history: History, raised: Raised) -> Diagnosis | None:
    """A tensor made in inference mode was used where autograd needs a normal one."""
    for name, tensor in _code_names(history):
        made = history.tensors.get(tensor)
        if made is None or made.event.grad_mode:
            continue
        code = short(history.code(history.step))
        evidence = [
            because(history, made.step, "created", (name,), f"{name} is made in inference mode: it counts no versions"),
            because(history, history.step, "needed", (name,), f"{code} needs a normal tensor"),
        ]
        headline = f"{name} was made in inference mode (step {made.step}), and autograd cannot keep such a tensor."
        return Diagnosis("L4", history.step, headline, in_order(history, evidence))
    return None


_MISSING = r"name '(\w+)' is not defined"


def _python(history: History, raised: Raised) -> Diagnosis | None:
    """A name that a step deleted, or that a step before failed to bind."""
    found = re.search(_MISSING, raised.text)
    if found is None and "NoneType" in raised.text:
        return _none_used(history)
    if found is None:
        return _number_used(history) if re.match(_NO_TENSOR, raised.text) else None
    name = found.group(1)
    deleted = history.deleted.get(name)
    here = because(history, history.step, "needed", (name,), f"{name} is needed here")
    if deleted is not None:
        gone = because(history, deleted, "rebound", (name,), f"del takes the name {name} away")
        return Diagnosis("E2", history.step, f"Step {deleted} deleted the name {name}.", (gone, here))
    failed = [step for step, began in history.steps.items() if re.match(rf"{name}\b.*=", " ".join(began.code))]
    if not failed:
        return None
    tried = because(history, failed[-1], "rebound", (name,), f"this step failed before it could bind {name}")
    headline = f"Step {failed[-1]} was to bind {name}, but it failed."
    return Diagnosis("E2", history.step, headline, (tried, here))


def _none_used(history: History) -> Diagnosis | None:
    """A step computes with a gradient that is None."""
    for name in re.findall(rf"({_IDENTIFIER}(?:\.\w+|\[\d+\])*?)\.grad\b", " ".join(history.open[-1].code)):
        tensor = history.named(name)
        if tensor is not None and tensor not in history.grads:
            return explain_none(history, tensor, (name,), asked=True)
    return None


_NO_TENSOR = r"'(float|int)' object has no attribute"


def _number_used(history: History) -> Diagnosis | None:
    """A step treats a Python number as a tensor."""
    taken = through_numbers(history, history.step, history.requires, 0)
    if taken is None:
        return None
    here = short(history.code(history.step))
    evidence = [*cut_evidence(history, taken)]
    evidence.append(because(history, history.step, "needed", (), f"{here} needs a tensor, and here is a number"))
    headline = f"{here} needs a tensor: {why(history, taken)}."
    return Diagnosis("B2", history.step, headline, in_order(history, evidence))


_EXPLAINED = {
    "no_grad_fn": _root_without_graph,
    "nonscalar": _not_scalar,
    "unused": _unused,
    "grad_input_not_required": _input_not_required,
    "leaf_inplace": _leaf_edited,
    "leaf_view_inplace": _leaf_edited,
    "view_mode": _view_edited,
    "view_of_view_mode": _view_edited,
    "view_mode_multiple": _view_edited,
    "view_multiple": _view_edited,
    "detach_view": _view_edited,
    "overlap_self": _one_place,
    "overlap_input": _overlapping,
    "optimizer_nonleaf": _not_a_leaf,
    "requires_grad_false": _flag_refused,
    "requires_grad_true": _flag_refused,
    "requires_grad_dtype": _flag_refused,
    "factory_requires_grad": _whole_numbers,
    "requires_grad_set_dtype": _flag_refused,
    "retain_grad": _no_retain,
    "hook_requires_grad": _no_retain,
    "detached_in_place": _detached_in_place,
    "saves_inference": _inference,
    "inference_inplace": _inference,
    "inference_requires_grad": _inference,
    "python": _python,
}
