"""The table of ops: every family's rows in one library, with what the engine needs by role."""

from functools import cache
from importlib import import_module

import numpy as np

from detachsim.engine.op import POINTWISE, Library, OverloadSet
from detachsim.engine.operand import array_namespace
from detachsim.engine.short import make_binary, make_unary
from detachsim.ops.operators import BINARY_FUNCTIONS, SCALAR_FUNCTIONS

FAMILIES = (
    "arithmetic",
    "activation",
    "comparison",
    "reduction",
    "extremes",
    "statistics",
    "cumulative",
    "sorting",
    "linear",
    "contraction",
    "einsum",
    "matrices",
    "convolution",
    "pooling",
    "embedding",
    "shape",
    "geometry",
    "splitting",
    "rearranging",
    "padding",
    "diagonals",
    "indexing",
    "selecting",
    "joining",
    "creation",
    "randomness",
    "memory",
    "scalar_arithmetic",
    "exponential",
    "trigonometric",
    "rounding",
    "combination",
    "special",
    "extremum",
    "logical",
    "piecewise",
    "smooth",
    "softmax",
    "dropout",
    "loss",
    "class_loss",
    "margin_loss",
    "normalization",
    "aliases",
)


@cache
def library() -> Library:
    """Return the library of all rows, made on first use and shared by all runs (it never changes)."""
    made = Library()
    for family in FAMILIES:
        module = import_module(f"detachsim.ops.{family}")
        for op in module.ROWS:
            made.add(op)
        made.helpers.update(getattr(module, "HELPERS", {}))
    made.operators = BINARY_FUNCTIONS
    made.scalar_operators = SCALAR_FUNCTIONS
    made.sum_to = "sum_to_size"
    made.grad_copy = "grad_copy"
    made.sum_kernel = import_module("detachsim.ops.reduction").sum_dims
    made.array_namespace = array_namespace(made)
    for overloads in made.sets.values():
        _shorten(overloads)
    return made


def _shorten(overloads: OverloadSet) -> None:
    """Give small pointwise ops the short path of dispatch."""
    op = overloads.ops[0]
    if op.kind != POINTWISE or op.mutates or not op.grad_fn or op.check is not None or op.outputs:
        return
    tensors = [p for p in op.parameters if p.takes_tensor]
    if len(op.parameters) == 1:
        overloads.short, overloads.short_count = make_unary(op, op.kernel), 1
    elif (
        len(tensors) == 2
        and op.parameters[1].type == "Number|Tensor"
        and all(p.keyword_only for p in op.parameters[2:])
    ):
        overloads.short, overloads.short_count = make_binary(op, _FAST_KERNELS.get(op.name, op.kernel)), 2


# Without alpha, which the short path never has, the bare ufunc does.
_FAST_KERNELS = {"add": np.add, "sub": np.subtract}
