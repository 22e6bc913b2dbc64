"""In which order older dialects take saved tensors out, which decides the one that an error names."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine.node import Node

# Nodes that take inputs in the alphabet's order, by the names of 2.13: in both releases, and in one of them. What
# 1.13 does is measured, what 1.7 does is read in its sources.
_BOTH = """
BinaryCrossEntropyBackward0 CdistBackward0 ConvolutionBackward0 HypotBackward0 IndexAddBackward0 IndexCopyBackward0
MseLossBackward0 NativeGroupNormBackward0 NllLossBackward0 PreluKernelBackward0 SmoothL1LossBackward0
SoftMarginLossBackward0 TrilinearBackward0
"""
_ALPHABETICAL = {
    "torch-1.7": frozenset(
        f"""{_BOTH}
AddmmBackward0 EluBackwardBackward0 L1LossBackward0 MseLossBackwardBackward0 MultiMarginLossBackward0
MultilabelMarginLossBackward0 NllLoss2DBackward0 NllLoss2DBackwardBackward0 NllLossBackwardBackward0 PreluBackward0
SmoothL1LossBackwardBackward0 SoftMarginLossBackwardBackward0
""".split()
    ),
    "torch-1.13": frozenset(
        f"""{_BOTH}
BinaryCrossEntropyWithLogitsBackward0 HuberLossBackward0 NativeBatchNormBackward0
""".split()
    ),
}
# And those with an order of their own.
_OWN_ORDER = {
    "torch-1.7": {
        "BinaryCrossEntropyBackwardBackward0": ("self", "target", "weight", "grad_output"),
        "BinaryCrossEntropyWithLogitsBackward0": ("self", "target", "weight", "pos_weight"),
        "ConvolutionBackwardBackward0": ("input", "grad_output", "weight"),
        "L1LossBackwardBackward0": ("self", "target", "grad_output"),
        "LinalgDetBackward0": ("A", "result", "result1"),
        "LogSigmoidBackwardBackward0": ("self", "buffer", "grad_output"),
        "NativeBatchNormBackward0": ("input", "weight", "running_mean", "running_var", "result1", "result2"),
        "NativeBatchNormBackwardBackward0": (
            *("grad_out", "input", "weight"),
            *("running_mean", "running_var", "save_mean", "save_invstd"),
        ),
        "NativeLayerNormBackward0": ("input", "weight", "result1", "result2", "bias"),
    },
    "torch-1.13": {
        "LinalgSvdBackward0": ("result0", "result1", "result2"),
        "NativeLayerNormBackward0": ("input", "weight", "bias"),
        "ScatterReduceBackward0": ("self", "src", "index", "result"),
    },
}


def older_order(dialect: str, node: Node, labelled: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return what a node saved in the order of ``dialect``.

    Most take inputs in the reverse alphabetical order, outputs last; ``labelled`` is in the alphabet's order.
    """
    if node.name in _OWN_ORDER[dialect]:
        return _ranked(labelled, _OWN_ORDER[dialect][node.name])
    if node.name in _ALPHABETICAL[dialect]:
        return list(labelled)
    inputs = [pair for pair in labelled if not pair[0].startswith("result")]
    results = [pair for pair in labelled if pair[0].startswith("result")]
    return [*reversed(inputs), *results]


def _ranked(labelled: Sequence[tuple[str, Any]], order: Sequence[str]) -> list[tuple[str, Any]]:
    return sorted(labelled, key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
