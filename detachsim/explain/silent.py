"""Gradients that are wrong without a word from PyTorch: saved memory that was edited behind its version counter."""

from collections.abc import Iterable
from typing import TypeVar

from detachsim.events import Event, GradAccumulated, StepBegan, StepEnded, TensorBound
from detachsim.explain.culprit import (
    because,
    edit_code,
    in_order,
    save_evidence,
    saved_called,
    saved_names,
    share_evidence,
    touches,
)
from detachsim.explain.diagnosis import Because, Diagnosis
from detachsim.explain.history import Edit, Flag, History, Saved
from detachsim.explain.wording import listed, short, steps
from detachsim.records import record

Happened = TypeVar("Happened", Edit, Flag)


@record
class Stale:
    """A saved tensor whose memory is not what it was, though its counter says so; how it was changed."""

    saved: Saved
    edits: tuple[Edit, ...]
    swaps: tuple[str, ...]


def stale_of(history: History, node: int) -> list[Stale]:
    """Return what ``node`` has saved and somebody has changed since without moving its counter."""
    found: list[Stale] = []
    for saved in history.saves_of.get(node, ()):
        edits = _since(history.edits_of.get(saved.state.storage, []), saved.order)
        edits = [edit for edit in edits if edit.event.counter != saved.state.counter and touches(history, edit, saved)]
        flags = _since(history.flags.get(saved.state.tensor, []), saved.order)
        swaps = [flag.step for flag in flags if flag.event.flag == "data" and not saved.state.is_output]
        if edits or swaps:
            found.append(Stale(saved, tuple(edits), tuple(swaps)))
    return found


def _since(happened: list[Happened], order: int) -> list[Happened]:
    """Return what happened after ``order``; the newest stands last."""
    first = len(happened)
    while first and happened[first - 1].order > order:
        first -= 1
    return happened[first:]


def gradients_by_step(events: Iterable[Event]) -> dict[str, list[tuple[str, str]]]:
    """Return what the backward passes of each step gave: the gradient of each leaf, and what ``grad`` returned."""
    number = ""
    open_steps: list[str] = []
    found: dict[str, list[tuple[str, str]]] = {}
    for event in events:
        match event:
            case StepBegan():
                open_steps.append(event.number)
                number = event.number
            case StepEnded():
                open_steps.pop()
                number = open_steps[-1] if open_steps else ""
            case GradAccumulated():
                name = f"{listed(event.names) or 'an unnamed tensor'}.grad"
                found.setdefault(number, []).append((name, event.gradient))
            case TensorBound():
                found.setdefault(number, []).append((event.name, event.tensor.text))
            case _:
                pass
    return found


def explain_stale(
    history: History, stale: list[Stale], given: list[tuple[str, str]], right: list[tuple[str, str]]
) -> Diagnosis | None:
    """Return the diagnosis of a backward that used changed memory; None if that changed no gradient.

    ``given`` are the gradients of the step, ``right`` those of the run in which saved values are kept.
    """
    here = history.step
    wrong = [(mine, theirs) for mine, theirs in zip(given, right, strict=False) if mine != theirs]
    if len(given) != len(right) or not wrong:
        return None
    guilty = next((one for one in stale if one.edits), stale[0])
    saved = guilty.saved
    called, names = saved_called(history, saved), saved_names(history, saved)
    evidence = [save_evidence(history, saved)]
    for edit in guilty.edits[:4]:
        evidence.extend(share_evidence(history, edit.event.tensor, saved.state.tensor))
        evidence.append(_behind(history, edit, called))
    for step in guilty.swaps[:4]:
        text = f"{short(history.code(step))} gives {called} other memory; its counter stays at {saved.state.version}"
        evidence.append(because(history, step, "edited", names, text, saved.state.version, saved.state.version))
    needs = f"{saved.node.name} uses {called}, still at version {saved.state.version}, with the changed values"
    evidence.append(because(history, here, "needed", names, needs, saved.state.version, saved.state.version))
    doing = listed(dict.fromkeys(edit_code(history, edit) for edit in guilty.edits[:2])) or "an assignment to .data"
    when = steps([*(edit.step for edit in guilty.edits), *guilty.swaps])
    victims = listed(name for (name, _), _ in wrong)
    verb = "is" if len({name for (name, _), _ in wrong}) == 1 else "are"
    headline = (
        f"{victims} {verb} wrong, and PyTorch does not notice: {doing} in {when} changed {called} "
        f"behind its version counter, after {saved.node.name} had saved it in step {saved.step}."
    )
    notes = tuple(
        line
        for (name, was), (_, should) in wrong[:4]
        for line in (f"{name} was given as {was}", f"{name} would be right as {should}")
    )
    return Diagnosis("V2", here, headline, in_order(history, evidence), notes)


def _behind(history: History, edit: Edit, called: str) -> Because:
    event = edit.event
    through = listed(event.names) or history.called(event.tensor)
    counted = (
        f"whose own counter goes from {event.before} to {event.after}" if event.counter else "an array, which has none"
    )
    text = f"{edit_code(history, edit)} edits it through {through}, {counted}; the counter of {called} stays"
    return because(history, edit.step, "edited", event.names, text, event.before, event.after)
