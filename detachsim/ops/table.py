"""The table of ops: every family's rows in one library, with what the engine needs by role."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.layout import AS_OPERANDS
from detachsim.engine.library import Library, OverloadSet
from detachsim.engine.op import POINTWISE
from detachsim.engine.operand import array_namespace
from detachsim.engine.short import make_binary, make_unary
from detachsim.ops.families import families_of
from detachsim.ops.operators import BINARY_FUNCTIONS, SCALAR_FUNCTIONS

FAMILIES = (
    "arithmetic",
    "activation",
    "comparison",
    "reduction",
    "extremes",
    "statistics",
    "vector_norms",
    "weight_norm",
    "quantiles",
    "cumulative",
    "sorting",
    "searching",
    "linear",
    "product_sums",
    "typed_products",
    "contraction",
    "einsum",
    "matrices",
    "determinants",
    "matrix_norms",
    "factorizations",
    "lu_factors",
    "equations",
    "spectra",
    "matrix_functions",
    "distances",
    "series",
    "attention",
    "special_aliases",
    "special_rows",
    "polynomials",
    "renormalization",
    "adaptive_pooling",
    "resizing",
    "grids",
    "unpooling",
    "number_parts",
    "conjugates",
    "class_margin_loss",
    "convolution",
    "recurrence",
    "module_hooks",
    "pooling",
    "embedding",
    "embedding_bags",
    "shape",
    "geometry",
    "sparse",
    "splitting",
    "rearranging",
    "padding",
    "diagonals",
    "indexing",
    "unravelling",
    "index_reduction",
    "scattering",
    "selecting",
    "masking",
    "joining",
    "creation",
    "windows",
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
    "random_slopes",
    "smooth",
    "softmax",
    "dropout",
    "loss",
    "binary_loss",
    "class_loss",
    "ctc_loss",
    "margin_loss",
    "normalization",
    "batch_normalization",
    "similarity",
    "view_copies",
    # After diagonals, whose unfold comes first.
    "patches",
    "aliases",
)


@cache
def library(dialect: str = NEWEST) -> Library:
    """Return the library of a dialect, shared by all runs (rows never change).

    A family is imported when one of its names is first needed.
    """
    made = Library(_load, dialect)
    if dialect != NEWEST:
        from detachsim.ops.refusals import refuse_types

        made.adapt = refuse_types
    made.operators = BINARY_FUNCTIONS
    made.scalar_operators = SCALAR_FUNCTIONS
    made.sum_to = "sum_to_size"
    made.clone = "clone"
    made.sum_kernel = _sum_kernel
    made.array_namespace = array_namespace(made)
    return made


def whole_library(dialect: str = NEWEST) -> Library:
    """Return the library of a dialect with every row in it."""
    made = library(dialect)
    _add(made, FAMILIES)
    return made


def _sum_kernel(*args: Any) -> Any:
    from detachsim.ops.reduction import sum_dims

    return sum_dims(*args)


def _load(made: Library, name: str) -> bool:
    """Add the families that have ``name``, and those that share a name with them, since a name's rows go together."""
    families = families_of(name)
    _add(made, [family for family in FAMILIES if family in families])
    return bool(families)


def _add(made: Library, families: Sequence[str]) -> None:
    fresh: set[str] = set()
    for family in families:
        if family in made.families:
            continue
        made.families.add(family)
        module = import_module(f"detachsim.ops.{family}")
        for op in module.ROWS:
            made.add(op)
            fresh.add(op.name)
        made.helpers.update(getattr(module, "HELPERS", {}))
    for name in fresh:
        _shorten(made.sets[name])


def _shorten(overloads: OverloadSet) -> None:
    """Give small pointwise ops the short path of dispatch."""
    op = overloads.ops[0]
    if (
        op.kind != POINTWISE
        or op.mutates
        or not op.grad_fn
        or op.check is not None
        or op.outputs
        or op.hidden
        or op.layout != AS_OPERANDS
    ):
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
