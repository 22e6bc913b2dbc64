"""What an edit spoils: saved tensors that a later backward, if there is one, would miss."""

from detachsim.events import MemoryEdited
from detachsim.explain.history import History, Saved
from detachsim.records import record


@record
class Spoiled:
    """A saved tensor that an edit has made useless for backward.

    ``noticed``: the edit moved the counter that the saved tensor has, so backward will refuse; else it will be wrong.
    """

    saved: Saved
    noticed: bool


def spoiled_by(history: History, event: MemoryEdited) -> list[Spoiled]:
    """Return what the edit that ``history`` has just noted spoils for the first time."""
    fresh = history.fresh.pop(event.storage, [])
    kept: list[Saved] = []
    spoiled: list[Spoiled] = []
    for saved in fresh:
        if saved.node.node in history.freed:
            continue
        noticed = saved.state.counter == event.counter
        if noticed:
            hit = saved.state.version < event.after
        else:
            hit = history.touches(event.tensor, saved.state.tensor)
        if hit:
            spoiled.append(Spoiled(saved, noticed))
        else:
            kept.append(saved)
    if kept:
        history.fresh[event.storage] = kept
    return spoiled
