"""A parameter that an optimizer leaves as it is: another tensor has had its name since the optimizer was made."""

import re

from detachsim.events import GradAccumulated
from detachsim.explain.culprit import because, in_order
from detachsim.explain.diagnosis import Diagnosis
from detachsim.explain.history import History
from detachsim.explain.wording import listed, short

_STEP = r"(\w+)\.step\(.*\)"


def explain_left_out(history: History) -> Diagnosis | None:
    """Return why the step of an optimizer, which is over, has not changed a leaf that has a gradient; None if it has.

    PyTorch says nothing: an optimizer holds the tensors that it was given, whatever becomes of their names.
    """
    stepped = re.fullmatch(_STEP, history.code(history.step))
    if stepped is None or stepped[1] not in history.values:
        return None
    optimizer = stepped[1]
    numbers = list(history.steps)
    made_at = next((number for number in reversed(numbers) if optimizer in history.binds.get(number, ())), None)
    if made_at is None:
        return None
    since = numbers[numbers.index(made_at) + 1 :]
    left: dict[str, list[str]] = {}
    for event in history.passes[-1].received if history.passes else ():
        if event.names and _takes(history.code(made_at), event.names[0]) and not _changed(history, event, since):
            replaced_at = next((number for number in reversed(since) if _replaces(history, number, event)), None)
            if replaced_at is not None:
                left.setdefault(replaced_at, []).append(event.names[0])
    for replaced_at, names in left.items():
        return _left_out(history, optimizer, made_at, tuple(names), replaced_at)
    return None


def _changed(history: History, event: GradAccumulated, since: list[str]) -> bool:
    """Whether the step changed a leaf, or another optimizer is there to do so."""
    edits = history.edits_of.get(history.memory_of(event.tensor), ())
    return any(edit.step == history.step for edit in edits) or any(
        _takes(history.code(number), event.names[0]) for number in since
    )


def _owners(name: str) -> list[str]:
    """Return the names of the modules that hold a parameter, the innermost first."""
    return [name[: found.start()] for found in reversed(list(re.finditer(r"[.\[]", name)))]


def _takes(code: str, name: str) -> bool:
    """Whether a line of code makes an optimizer of a tensor, or of a module that holds it."""
    named = rf"(?<![\w.]){re.escape(name)}(?![\w.(\[])"
    return re.search(r"\boptim\.|add_param_group", code) is not None and (
        re.search(named, code) is not None or any(f"{owner}.parameters()" in code for owner in _owners(name))
    )


def _replaces(history: History, step: str, event: GradAccumulated) -> bool:
    """Whether a step gave a leaf its name, or that of a module around it, which another one had before."""
    name = event.names[0]
    for binding in history.bindings.get(name, ()):
        if binding.step == step:
            return binding.event.tensor.id == event.tensor and binding.event.was not in (None, event.tensor)
    return any(history.code(step).startswith(f"{part} = ") for part in (name, *_owners(name)))


def _left_out(history: History, optimizer: str, made_at: str, names: tuple[str, ...], replaced_at: str) -> Diagnosis:
    here, called = history.step, listed(names)
    are, instead = "is another tensor", "another tensor in its place"
    if len(names) > 1:
        are, instead = "are other tensors", "others in their place"
    replacing = short(history.code(replaced_at), 40)
    evidence = [
        because(history, made_at, "created", names, f"{optimizer} is made here, to change {called}"),
        because(history, replaced_at, "rebound", names, f"{called} {are} from here on"),
        because(history, here, "needed", names, f"{optimizer} still holds the {called} that it was made with"),
    ]
    headline = (
        f"{optimizer}.step() does not change {called}: {optimizer} was made in step {made_at}, "
        f"and step {replaced_at} ({replacing}) put {instead}."
    )
    return Diagnosis("O1", here, headline, in_order(history, evidence))
