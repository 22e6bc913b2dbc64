"""In which order older dialects take saved tensors out, which decides the one that an error names."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine.node import Node

# Nodes of 1.13 that take inputs in the alphabet's order, and those with an order of their own, by the names of 2.13
# (measured).
_ALPHABETICAL_1_13 = frozenset(
    (
        "BinaryCrossEntropyBackward0",
        "BinaryCrossEntropyWithLogitsBackward0",
        "CdistBackward0",
        "ConvolutionBackward0",
        "HuberLossBackward0",
        "HypotBackward0",
        "IndexAddBackward0",
        "IndexCopyBackward0",
        "MseLossBackward0",
        "NllLossBackward0",
        "PreluKernelBackward0",
        "SmoothL1LossBackward0",
        "NativeBatchNormBackward0",
        "NativeGroupNormBackward0",
        "SoftMarginLossBackward0",
        "TrilinearBackward0",
    )
)
_ORDER_1_13 = {
    "LinalgSvdBackward0": ("result0", "result1", "result2"),
    "NativeLayerNormBackward0": ("input", "weight", "bias"),
    "ScatterReduceBackward0": ("self", "src", "index", "result"),
}


def older_order(dialect: str, node: Node, labelled: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return what a node saved in the order of ``dialect``.

    1.13 takes inputs in the reverse alphabetical order for most ops, outputs last (measured); 1.7 in an order of its
    own for some (read in its sources).
    """
    inputs = [pair for pair in labelled if not pair[0].startswith("result")]
    results = [pair for pair in labelled if pair[0].startswith("result")]
    if dialect == "torch-1.7":
        from detachsim.engine.names_1_7 import NAMES, UNPACK_ORDER

        order = UNPACK_ORDER.get(NAMES.get(node.name, node.name))
        if order is not None:
            return _ranked(labelled, order)
    elif node.name in _ORDER_1_13:
        return _ranked(labelled, _ORDER_1_13[node.name])
    elif node.name in _ALPHABETICAL_1_13:
        return list(labelled)
    return [*reversed(inputs), *results]


def _ranked(labelled: Sequence[tuple[str, Any]], order: Sequence[str]) -> list[tuple[str, Any]]:
    return sorted(labelled, key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
