"""``torch.nn.utils.rnn``: sequences of several lengths in one tensor. Each function takes the session first."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import items_of, type_name
from detachsim.ops.python_calls import function


def pad_sequence(
    session: Session,
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Any:
    """Put sequences side by side, each filled up to the length of the longest."""
    call = session.call
    items = list(call("unbind", sequences, 0)) if isinstance(sequences, Tensor) else items_of(sequences)
    if items is None:
        raise TorchError("pad_sequence_type", type=type_name(sequences))
    for place, item in enumerate(items):
        if not isinstance(item, Tensor):
            raise TorchError("pad_sequence_item", place=place, type=type_name(item))
    if not items:
        raise TorchError("pad_sequence_empty")
    if session.dialect == NEWEST and padding_side not in ("left", "right"):
        raise TorchError("pad_sequence_side", side=padding_side)
    longest = max(item.shape[0] for item in items)
    lead = (len(items), longest) if batch_first else (longest, len(items))
    # What is filled before the first sequence comes in counts as an edit.
    made = call("fill_", call("zeros", (*lead, *items[0].shape[1:]), dtype=items[0].dtype), padding_value)
    for place, item in enumerate(items):
        start = 0 if padding_side == "right" else longest - item.shape[0]
        if batch_first:
            part = call("narrow", call("select", made, 0, place), 0, start, item.shape[0])
        else:
            part = call("select", call("narrow", made, 0, start, item.shape[0]), 1, place)
        call("copy_", part, item)
    return made


FUNCTIONS: dict[str, Callable[..., Any]] = {"pad_sequence": function(pad_sequence)}
