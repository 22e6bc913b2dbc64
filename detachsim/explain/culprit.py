"""Who edited a saved tensor: the step that saved it, each edit since, the alias it came through, who needs it."""

from detachsim.events import BuffersFreed, MemoryEdited, VersionMismatch
from detachsim.explain.diagnosis import Because, Diagnosis, Role
from detachsim.explain.history import Edit, History, Saved
from detachsim.explain.wording import listed, short, steps

# So many edits are told one by one; of more, the first and the last.
MOST_EDITS = 6


def because(
    history: History,
    step: str,
    role: Role,
    names: tuple[str, ...],
    text: str,
    before: int | None = None,
    after: int | None = None,
) -> Because:
    """Return a piece of evidence with the place of its step."""
    began = history.steps.get(step)
    return Because(step, role, names, before, after, text, None if began is None else began.span)


def in_order(history: History, evidence: list[Because]) -> tuple[Because, ...]:
    """Return evidence in the order of the steps, each piece once."""
    places = {number: place for place, number in enumerate(history.steps)}
    return tuple(sorted(dict.fromkeys(evidence), key=lambda one: places.get(one.step, -1)))


def edited_since(history: History, saved: Saved) -> list[Edit]:
    """Return the edits that moved the counter of a saved tensor since it was saved."""
    state = saved.state
    return [edit for edit in history.edits if edit.event.counter == state.counter and edit.event.after > state.version]


def find_saved(history: History, found: VersionMismatch) -> Saved | None:
    """Return what the node of a version error had saved."""
    return next(
        (
            saved
            for saved in reversed(history.saves)
            if saved.node.node == found.node
            and saved.state.counter == found.counter
            and saved.state.label == found.label
        ),
        None,
    ) or next((saved for saved in reversed(history.saves) if saved.state.counter == found.counter), None)


def explain_mismatch(history: History, found: VersionMismatch) -> Diagnosis:
    """Return the culprit report of a version error."""
    saved = find_saved(history, found)
    here = history.step
    needs = f"{found.name} needs it at version {found.expected}, but it is at version {found.found}"
    if saved is None:
        needed = because(history, here, "needed", (), needs, found.expected, found.found)
        edits = [edit for edit in history.edits if edit.event.counter == found.counter]
        edits = [edit for edit in edits if edit.event.after > found.expected]
        evidence = [*(edit_evidence(history, edit) for edit in _fewer(edits)), needed]
        who = f"{_doing(history, edits)} edited" if edits else "Something edited"
        return Diagnosis("V1", here, f"{who} what {found.name} had saved and needs here.", in_order(history, evidence))
    names = saved_names(history, saved)
    called = saved_called(history, saved)
    edits = edited_since(history, saved)
    evidence = [save_evidence(history, saved)]
    for edit in _fewer(edits):
        evidence.extend(alias_evidence(history, edit, saved))
        evidence.append(edit_evidence(history, edit, saved))
    evidence.append(because(history, here, "needed", names, needs, found.expected, found.found))
    who = f"{saved.node.name} saved in step {saved.step} and needs here"
    headline = f"{_doing(history, edits)} edited {called}, which {who}."
    if edits and not any(touches(history, edit, saved) for edit in edits):
        whole = history.base_called(edits[-1].event.tensor)
        headline = f"{_doing(history, edits)} edited another part of {whole} than the one that {who}, but one version "
        headline += "counter counts for all of it."
    return Diagnosis("V1", here, headline, in_order(history, evidence))


def _fewer(edits: list[Edit]) -> list[Edit]:
    return edits if len(edits) <= MOST_EDITS else [*edits[: MOST_EDITS - 1], edits[-1]]


def _doing(history: History, edits: list[Edit]) -> str:
    """Return who edited, as the subject of a sentence."""
    if not edits:
        return "Something"
    if len(edits) == 1:
        return f"{edit_code(history, edits[0])} in step {edits[0].step}"
    codes = list(dict.fromkeys(edit_code(history, edit) for edit in edits))
    return f"{listed(codes[:2]) if len(codes) <= 2 else 'edits'} in {steps(edit.step for edit in edits)}"


def edit_code(history: History, edit: Edit) -> str:
    """Return the code of an edit."""
    return short(edit.event.text or history.code(edit.step) or edit.event.op)


def saved_names(history: History, saved: Saved) -> tuple[str, ...]:
    """Return the names of a saved tensor, or of the one that it is a part of."""
    return saved.state.names or history.owner_names(saved.state.tensor)


def saved_called(history: History, saved: Saved) -> str:
    """Return what to call a saved tensor; a name that stands for another tensor by now, with the step of then."""
    names = saved.state.names
    gone = [name for name in names if history.bound.get(name, saved.state.tensor) != saved.state.tensor]
    if len(gone) == len(names) > 0:
        return f"the {names[0]} of step {history.tensors[saved.state.tensor].step}"
    return listed(names) or history.called(saved.state.tensor)


def _called_then(history: History, saved: Saved) -> str:
    """Return what to call a saved tensor at the step that saved it."""
    return listed(saved.state.names) or history.called(saved.state.tensor)


def save_evidence(history: History, saved: Saved) -> Because:
    """Say what was saved, at which version, and which gradient needs it."""
    state = saved.state
    called = _called_then(history, saved)
    inputs = {edge.argument: edge for edge in saved.node.edges}
    text = f"{saved.node.name} saves {called} at version {state.version}"
    if state.formula:
        edge = inputs.get(state.input)
        wanted = state.input if edge is None else listed(edge.names) or history.called(edge.tensor)
        role = state.label if state.label not in state.names else ""
        text += f": the gradient of {wanted} is {state.formula}"
        if role and role in state.formula:
            text += f", where {role} is {called}"
    return because(history, saved.step, "saved", saved_names(history, saved), text, state.version, state.version)


def alias_evidence(history: History, edit: Edit, saved: Saved) -> list[Because]:
    """Say at which steps the tensor through which the edit came, and the saved one, got to share memory."""
    return share_evidence(history, edit.event.tensor, saved.state.tensor)


def share_evidence(history: History, one: int, other: int) -> list[Because]:
    """Say how two tensors came to share memory."""
    evidence = []
    for tensor in history.aliases_between(one, other):
        made = history.tensors[tensor]
        source = made.event.alias_of
        assert source is not None
        if not history.names(tensor) and made.event.op not in ("detach", "data"):
            continue  # the view that an expression such as x[0] makes on its way
        counter = "memory, but not the version counter," if made.event.new_counter else "memory and version counter"
        text = f"{history.called(tensor)} shares {counter} with {history.called(source)}, by {history.op(tensor)}"
        evidence.append(because(history, made.step, "aliased", history.names(tensor), text))
    return evidence + _given_memory(history, one, other) + _given_memory(history, other, one)


def _given_memory(history: History, tensor: int, source: int) -> list[Because]:
    """Say which assignment to ``.data`` gave a tensor the memory of another one."""
    owner = history.origin(source)[-1]
    given = [flag for flag in history.flags.get(tensor, ()) if flag.event.flag == "data"]
    if owner == tensor or not given or history.memory_of(tensor) != history.memory_of(source):
        return []
    step, names = given[-1].step, history.names(tensor)
    gives = f"{short(history.code(step))} gives {history.called(tensor)} the memory of {history.called(owner)}"
    return [because(history, step, "aliased", names, f"{gives}, but not its version counter")]


def touches(history: History, edit: Edit, saved: Saved) -> bool:
    """Whether an edit wrote to what was saved, and not only to memory with the same counter."""
    return history.touches(edit.event.tensor, saved.state.tensor)


def edit_evidence(history: History, edit: Edit, saved: Saved | None = None) -> Because:
    """Say what an edit did to the counter."""
    event: MemoryEdited = edit.event
    names = event.names or history.owner_names(event.tensor)
    what = f"it through {listed(event.names) or history.called(event.tensor)}"
    if saved is not None and not touches(history, edit, saved):
        what = f"another part of {history.base_called(event.tensor)}"
    text = f"{edit_code(history, edit)} edits {what}: version {event.before} to {event.after}"
    return because(history, edit.step, "edited", names, text, event.before, event.after)


def explain_freed(history: History, found: BuffersFreed) -> Diagnosis:
    """Return the diagnosis of a second backward through the same nodes."""
    here = history.step
    known = history.nodes.get(found.node)
    freed = history.freed.get(found.node)
    made_at, node = known if known is not None else ("", None)
    names = () if node is None else history.names(node.tensor)
    evidence = []
    if node is not None:
        kept = listed(_called_then(history, saved) for saved in history.saves if saved.node.node == found.node)
        text = f"{node.name} saves {kept or 'what its gradient needs'} for backward"
        evidence.append(because(history, made_at, "saved", names, text))
    if freed is not None:
        text = f"this backward frees what {found.name} had saved, because retain_graph is not set"
        evidence.append(because(history, freed, "freed", names, text))
    evidence.append(because(history, here, "needed", names, f"{found.name} is needed again"))
    who = "An earlier backward" if freed is None else f"The backward of step {freed}"
    if freed == here:
        who = "The first pass in this step"
    where = f" (step {made_at})" if made_at else ""
    headline = f"{who} freed what {found.name}{where} had saved, and this one goes through the same node again."
    return Diagnosis("B1", here, headline, in_order(history, evidence))
