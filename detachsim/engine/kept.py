"""Saved tensors that keep their values: what a gradient would be, had nobody edited what was saved.

For a second run of a scenario that compares: PyTorch has nothing of the kind, and no run of a user's is made of it.
"""

from typing import TYPE_CHECKING

from detachsim.engine.dtypes import Array
from detachsim.engine.node import CopySlices, Node, Saved, SavedInput, SavedOutput
from detachsim.engine.tensor import Tensor, fresh
from detachsim.engine.views import gradient_edge

if TYPE_CHECKING:
    from detachsim.engine.session import Session


class KeptInput(SavedInput):
    """A saved input and a copy of its values; ``checked``: the counter still decides whether it may be used."""

    __slots__ = ("checked", "kept")

    kept: Tensor
    checked: bool


class KeptOutput(SavedOutput):
    """A saved output and a copy of its values; ``checked`` as for an input."""

    __slots__ = ("checked", "kept")

    kept: Array
    checked: bool


def keep(session: "Session", node: Node | None, *, checked: bool) -> None:
    """Let ``node`` keep the values of what it has saved."""
    if isinstance(node, CopySlices):
        node = node.inner
    if node is None or not node.saved:
        return
    node.saved = tuple(_kept(session, entry, checked) for entry in node.saved)


def _kept(session: "Session", entry: Saved, checked: bool) -> Saved:
    if type(entry) is SavedInput:
        return _kept_input(session, entry, checked)
    if type(entry) is SavedOutput:
        output = KeptOutput.__new__(KeptOutput)
        for name in SavedOutput.__slots__:
            setattr(output, name, getattr(entry, name))
        output.kept, output.checked = entry.array.copy(), checked
        return output
    if isinstance(entry, list):
        return [_kept_input(session, item, checked) if type(item) is SavedInput else item for item in entry]
    return entry


def _kept_input(session: "Session", entry: SavedInput, checked: bool) -> KeptInput:
    made = KeptInput(entry.tensor)
    made.expected, made.leaf, made.checked = entry.expected, entry.leaf, checked
    made.kept = fresh(entry.tensor.array.copy(), entry.tensor.dtype)
    made.kept.node, made.kept.output_nr = gradient_edge(session, entry.tensor)
    return made
