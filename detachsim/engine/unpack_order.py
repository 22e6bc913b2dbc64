"""In which order older dialects take saved tensors out, which decides the one that an error names."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine.node import Node


def older_order(dialect: str, node: Node, labelled: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return what a node saved in the order of ``dialect``.

    1.13 takes inputs in the reverse alphabetical order for most ops, outputs last (measured); 1.7 in an order
    of its own for
    some (read in its sources).
    """
    inputs = [pair for pair in labelled if not pair[0].startswith("result")]
    results = [pair for pair in labelled if pair[0].startswith("result")]
    if dialect == "torch-1.7":
        from detachsim.engine.names_1_7 import NAMES, UNPACK_ORDER

        order = UNPACK_ORDER.get(NAMES.get(node.name, node.name))
        if order is not None:
            rank = {label: place for place, label in enumerate(order)}
            return sorted(labelled, key=lambda pair: rank.get(pair[0], len(rank)))
    return [*reversed(inputs), *results]
