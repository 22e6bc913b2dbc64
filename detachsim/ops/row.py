"""How a row of the table is written: one function for each kind of op.

A row reads ``pointwise("mul(Tensor self, Number|Tensor other)", "MulBackward0", np.multiply, grad={"self":
"grad * other", "other":
"grad * self"}, inplace=True, samples=("a * b",))``. What each field means:

* the signature, in PyTorch's schema notation (types: see ``engine.signature``); an overload's name after a dot;
* the node's name in 2.13, empty for an op without a gradient;
* the kernel: plain arrays and Python values in, in the order of the signature; arrays out;
* ``grad``: a formula for each differentiable argument (several, joined by commas, for a formula that gives a tuple);
* ``gradient_edits``: how often PyTorch edits a gradient while it makes it, by argument, which its counter shows; a
  text over what the formulas name where that depends, and where the formulas, when they are recorded, edit themselves;
* ``result_edits``: how often PyTorch's kernel edits its own result, which only shows where autograd passes by the op;
  where that depends on the arguments, a function of their list;
* ``inside``: what PyTorch's kernel calls where autograd passes by the op, but not by that: ``copy_`` into the result,
  or an op whose ``out=`` the result is, which refuses what requires grad; or a function of the arguments;
* ``where``: ``m`` a tensor method, ``t`` ``torch.NAME``, ``F`` ``torch.nn.functional.NAME``, none for internal rows;
* ``promote``: ``ARITHMETIC`` (PyTorch's promotion), ``FLOAT`` (integers become float32), ``COMPARE`` (promote,
  the result is
  the kernel's type), ``CAST`` (self becomes the type that the argument ``dtype`` names, if it names one),
  ``KEEP`` (arguments as they are), ``FIRST`` (computed in the promoted type, given in the first argument's);
* ``inplace``: the op has a variant with an underscore; ``inplace_grad`` and ``inplace_grad_fn`` where that one
  has formulas of its own;
* ``floats_only``: an in-place change of a tensor of integers is not recorded;
* ``unguarded``: PyTorch's autograd has no kernel of the in-place variant, so that it edits leaves without a word;
* ``bare_edges``: the node has an edge only for what requires grad (``NotImplemented`` is such a node);
* ``check``: raises PyTorch's error for arguments that the kernel must not see;
* ``check_dtypes``: the same for element types only; not asked where all are floating and equal, so it must
  accept those;
* ``refuses``: the same for types that PyTorch's kernel was not written for; asked last, when shapes and casts are
  settled;
* ``opmath``: a number or 0-d tensor in second place is not rounded to a half type before the kernel computes;
* ``overlap``: what memory an in-place variant lets its target share (``engine.memory``); ``elementwise``: where
  that overlaps, its elements are edited one after the other, in PyTorch's order, as those of every pointwise op are;
* ``hidden``: the last so many results of the kernel are seen by the gradient formulas only (``result1`` …);
* ``constant_outputs``: the first so many results have no gradient, and PyTorch does not count them;
* ``shown``: for readers, a plainer formula that comes to the same, where ``grad`` calls a function with a name
  of our own;
* ``layout``: how the result lies in memory (``engine.layout``): pointwise ops' as the operands lie, others' in rows;
* ``remade``: an alias that is a tensor of its own, one of inference mode if it is made there, whatever its source is;
* ``random``: the kernel's first argument is the session's random number generator;
* ``out``: what ``out=`` does otherwise than it usually does for the kind of op: fields of
  ``engine.outputs.OutRule``. A row that says which types fit, or what is said of others, says all about them;
  ``name`` is the op inside, which a composite row shares the rest with;
* ``edits_clone``: PyTorch makes a clone and edits it, so that there are two nodes (in 1.7);
* ``older``: what was otherwise in an older dialect, ``{"torch-1.13": {"grad_fn": "DiagBackward0"}}``: these fields
  take the place of the row's own there and in what is older still (a ``where`` that is empty hides the row);
* ``samples``: expressions over ``a``, ``b``, ``c`` … that the generic tests run.
"""

from collections.abc import Callable, Mapping
from typing import Any

from detachsim.engine.op import (
    ALIAS,
    ARITHMETIC,
    CAST,
    COMPARE,
    COMPOSITE,
    FACTORY,
    FIRST,
    FLOAT,
    GENERAL,
    KEEP,
    POINTWISE,
    VIEW,
    Op,
)

Kernel = Callable[..., Any]
Formulas = Mapping[str, str]


# The in-place variants that PyTorch has as functions too (``torch.relu_``); there is no rule: most are methods only.
FUNCTIONS_IN_PLACE = frozenset(
    """
    abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ as_strided_ asin_ asinh_
    atan_ atanh_ ceil_ clamp_ clamp_max_ clamp_min_ clip_ conj_physical_ cos_ cosh_ deg2rad_ detach_
    erf_ erfc_ exp2_ exp_ expm1_ fill_ fix_ floor_ frac_ gcd_ i0_ index_put_ lcm_ ldexp_ log10_ log1p_
    log2_ log_ logit_ nan_to_num_ neg_ negative_ rad2deg_ reciprocal_ relu_ resize_as_ resize_as_sparse_
    round_ rsqrt_ sigmoid_ sin_ sinc_ sinh_ sqrt_ square_ tan_ tanh_ trunc_ xlogy_ zero_
    """.split()  # noqa: SIM905 (a list of words is easier to read than their quotes)
)
# The in-place variants that torch.nn.functional does not have, although it has the op.
_NOT_FUNCTIONAL = frozenset({"sigmoid_", "tanh_"})


def _with_places(signature: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Say where the in-place variant of a row is spelled, unless the row does."""
    if fields.get("inplace") and fields.get("inplace_where") is None:
        name = signature.partition("(")[0].partition(".")[0] + "_"
        places = "m"
        if "F" in fields.get("where", "mt") and name not in _NOT_FUNCTIONAL:
            places += "F"
        if name in FUNCTIONS_IN_PLACE:
            places += "t"
        fields["inplace_where"] = places
    return fields


def pointwise(signature: str, grad_fn: str, kernel: Kernel, *, promote: str = ARITHMETIC, **fields: Any) -> Op:
    """Return a row whose arguments broadcast against each other, element by element."""
    return Op(signature, grad_fn, kind=POINTWISE, kernel=kernel, promote=promote, **_with_places(signature, fields))


def general(signature: str, grad_fn: str, kernel: Kernel, **fields: Any) -> Op:
    """Return a row whose kernel makes new memory of whatever shape it likes."""
    return Op(signature, grad_fn, kind=GENERAL, kernel=kernel, **_with_places(signature, fields))


def view(signature: str, grad_fn: str, kernel: Kernel, **fields: Any) -> Op:
    """Return a row whose kernel returns a numpy view (or, with ``several``, a list of them) of its first argument."""
    return Op(signature, grad_fn, kind=VIEW, kernel=kernel, **fields)


def alias(signature: str, kernel: Kernel, *, grad_fn: str = "", **fields: Any) -> Op:
    """Return a row that shares memory with its first argument without being a differentiable view: the counter too
    where it leaves no node."""
    return Op(signature, grad_fn, kind=ALIAS, kernel=kernel, **fields)


def factory(signature: str, kernel: Kernel, **fields: Any) -> Op:
    """Return a row that makes a tensor of plain values; the kernel's first argument is the session."""
    return Op(signature, "", kind=FACTORY, kernel=kernel, **{"where": "t", **fields})


def composite(signature: str, function: Kernel, **fields: Any) -> Op:
    """Return a row that runs other ops, so that their nodes are what is recorded; ``function`` gets the
    library's functions first."""
    return Op(signature, "", kind=COMPOSITE, kernel=function, **fields)


def inplace(signature: str, grad_fn: str, kernel: Kernel, **fields: Any) -> Op:
    """Return a row that exists only in place (``fill_``); its kernel returns what is to be written."""
    return Op(signature, grad_fn, kernel=kernel, mutates=True, **{"kind": GENERAL, "where": "m", **fields})


__all__ = [
    "ARITHMETIC",
    "CAST",
    "COMPARE",
    "COMPOSITE",
    "FIRST",
    "FLOAT",
    "GENERAL",
    "KEEP",
    "Formulas",
    "Kernel",
    "alias",
    "composite",
    "factory",
    "general",
    "inplace",
    "pointwise",
    "view",
]
