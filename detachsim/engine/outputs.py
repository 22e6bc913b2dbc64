"""``out=``: writing what an op computes into a tensor that the caller gives.

Note [out=]. PyTorch refuses it where a graph would have to be recorded, since the op's result takes the place of a
tensor that has a history of its own or none. Then it asks whether the types fit, gives ``out`` the result's size (with
a warning unless ``out`` was empty), writes, and counts one edit. The memory, the strides and the identity of ``out``
stay as they are where the size was right. A few ops in C++ that are made of others compute by themselves and copy at
the end: there the copy is recorded, as ``copy_`` is. What an op does is an ``OutRule``; most have none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import require_shapes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.graph import make_node
from detachsim.engine.memory import ANYTHING, Overlap, overlaps_itself, refuse_overlap
from detachsim.engine.op import COMPARE, COMPOSITE, FACTORY, POINTWISE, Op
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Storage, Tensor, flat_memory, fresh, offset, strides
from detachsim.engine.views import bump, requires_grad

if TYPE_CHECKING:
    from detachsim.engine.library import OverloadSet
    from detachsim.engine.session import Session

# What an op does where a graph would be recorded.
REFUSED, COPIED, UNSEEN, NO_HISTORY = "refused", "copied", "unseen", "no history"
# When the type of ``out`` fits: it is the result's own; the result can be cast to it (``STRICT``: and is then found not
# to be the same by another check); it is of floats; always.
SAME, CASTABLE, STRICT, FLOATS, ANY = "same", "castable", "strict", "floats", "any"


@dataclass(frozen=True, slots=True)
class OutRule:
    """What one op does with ``out=``.

    ``name`` is what its refusal calls the op, if that is another one. ``fits`` says which types of ``out`` fit,
    ``text`` what is said of others. ``blind`` says that it writes over itself without a word, ``alone`` that it does
    not look at what ``out`` shares with the inputs; ``adopts`` that the op computes in the
    type of ``out``; ``edits`` how often it counts an edit; ``resizes`` what it warns of where the size is another, and
    ``beside`` that it warns twice where the type is another, too, since the result is computed beside ``out`` and cast.
    """

    name: str = ""
    history: str = REFUSED
    fits: str = SAME
    text: str = "out_dtype"
    blind: bool = False
    alone: bool = False
    adopts: bool = False
    edits: int = 1
    resizes: str = "out_resized"
    beside: bool = False

    @property
    def overlap(self) -> Overlap:
        """What memory ``out`` may share, which is asked after all else."""
        return Overlap(itself=self.blind, inputs="nothing" if self.alone else ANYTHING)


POINTWISE_RULE = OutRule(fits=CASTABLE, text="inplace_cast", beside=True)
DEFAULT_RULE = OutRule()
FACTORY_RULE = OutRule(fits=ANY, resizes="")


def out_rule(op: Op) -> OutRule:
    """Return what an op does with ``out=``: what its row says of it, and else what is usual.

    Measured on 2.13.0, on every sample of the table.
    """
    types_of_its_own = "fits" in op.out or "text" in op.out
    rule = replace(DEFAULT_RULE if types_of_its_own else _usual(op), **op.out)
    if not op.grad_fn and op.kind not in (COMPOSITE, FACTORY):
        rule = replace(rule, history=NO_HISTORY)
    return rule


def _usual(op: Op) -> OutRule:
    """Return what ops of a kind do; those that are others inside do as those do."""
    if op.kind == POINTWISE:
        return POINTWISE_RULE
    if op.kind == FACTORY:
        return FACTORY_RULE
    assert op.library is not None
    found = op.library.get(op.out.get("name", "")) if op.kind == COMPOSITE else None
    return DEFAULT_RULE if found is None else out_rule(found.ops[0])


def call_into(session: "Session", overloads: "OverloadSet", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run the row that takes the arguments and write its result into ``kwargs["out"]``, which is returned.

    Raises ``TorchError``.
    """
    from detachsim.engine.arguments import choose
    from detachsim.engine.dispatch import run

    op, bound, _ = choose(session, overloads, args, kwargs)
    given = kwargs["out"]
    if given is None:
        return run(session, op, bound)
    outs = _outs(op, given)
    rule = out_rule(op)
    bound = _adopted(op, rule, bound, outs[0])
    if rule.history == COPIED:
        return _copied(session, op, rule, bound, outs[0])
    history = _history(session, op, rule, bound, outs)
    if op.kind == POINTWISE:
        operands = [bound[i] for i in op.tensor_positions]
        refuse_overlap(op.overlap, outs[0], operands)
        if any(operand is outs[0] for operand in operands):
            require_shapes(outs[0], operands)  # what is read and written keeps its size
    with session.unrecorded(), session.grad_mode(False):
        made = run(session, op, bound)
    results = list(made) if isinstance(made, tuple) else [made]
    for out, result in zip(outs, results, strict=True):
        _require_dtype(op, rule, result.dtype, out.dtype)
    for out, result in zip(outs, results, strict=True):
        if out.shape != result.shape:
            computed = result_type([bound[i] for i in op.tensor_positions]) if op.promote == COMPARE else result.dtype
            if rule.beside and out.dtype is not computed and out.array.size:
                session.warn(rule.resizes, **_sizes(out, result))
            _resize(session, out, result, rule.resizes)
    if op.kind != POINTWISE:
        for out in outs:
            refuse_overlap(rule.overlap, out, [bound[i] for i in op.tensor_positions])
    for out, result in zip(outs, results, strict=True):
        _write(session, op, rule, bound, out, result)
    if history == UNSEEN:
        _forget(session, rule, op, bound, outs[0])
    if not isinstance(made, tuple):
        return outs[0]
    from detachsim.engine.returns import named_tuple

    return named_tuple(f"{op.name}_out", op.outputs, outs) if op.outputs else tuple(outs)


def _outs(op: Op, given: Any) -> list[Tensor]:
    if isinstance(given, Tensor):
        return [given]
    if op.several:
        raise LimitError(f"{op.name}() is not simulated with `out=`")
    outs = list(given)
    wanted = max(len(op.outputs), 1)
    if len(outs) != wanted:
        raise TorchError("python", type="TypeError", text=f"expected tuple of {wanted} elements but got {len(outs)}")
    return outs


def _adopted(op: Op, rule: OutRule, bound: list[Any], out: Tensor) -> list[Any]:
    """Return the arguments with the type of ``out`` in the place of none, where the op computes in that."""
    place = next((i for i, p in enumerate(op.parameters) if p.name == "dtype"), -1)
    if place < 0 or not (rule.adopts or op.kind == FACTORY):
        return bound
    if bound[place] is None:
        return [*bound[:place], out.dtype, *bound[place + 1 :]]
    if op.kind == FACTORY and bound[place] is not out.dtype:
        raise TorchError("out_factory_dtype", asked=bound[place].scalar, output=out.dtype.scalar)
    return bound


def _history(session: "Session", op: Op, rule: OutRule, bound: list[Any], outs: Sequence[Tensor]) -> str:
    """Say what is to become of the history, nothing where there is none; refuse what PyTorch refuses."""
    if not session.grad_enabled or rule.history == NO_HISTORY:
        return NO_HISTORY
    inputs = [bound[i] for i in op.tensor_positions]
    flat = [item for value in inputs for item in (value if isinstance(value, (list, tuple)) else (value,))]
    if not any(isinstance(tensor, Tensor) and requires_grad(tensor) for tensor in (*flat, *outs)):
        return NO_HISTORY
    leaf = outs[0].node is None and requires_grad(outs[0])
    if rule.history == REFUSED or (rule.history == UNSEEN and leaf):
        name = rule.name or op.name
        if op.kind == FACTORY or rule.history == UNSEEN:
            if session.dialect != NEWEST:
                raise TorchError("leaf_inplace")
            name = f"aten::{name}"
        raise TorchError("out_requires_grad", op=name)
    return rule.history


def _copied(session: "Session", op: Op, rule: OutRule, bound: list[Any], out: Tensor) -> Tensor:
    """Run an op with its graph, and copy the result into ``out``, which is recorded, too."""
    from detachsim.engine.dispatch import run

    result = run(session, op, bound)
    _require_dtype(op, rule, result.dtype, out.dtype)
    if out.shape != result.shape:
        in_rows = fresh(np.empty(result.shape, result.array.dtype), result.dtype)
        _resize(session, out, in_rows, rule.resizes)
    session.call("copy_", out, result)
    return out


def _require_dtype(op: Op, rule: OutRule, result: DType, out: DType) -> None:
    castable = dtypes.can_cast(result, out)
    fits = {SAME: result is out, CASTABLE: castable, STRICT: castable, FLOATS: out.is_floating, ANY: True}[rule.fits]
    if fits and (rule.fits != STRICT or result is out):
        return
    raise TorchError(
        "out_dtype" if fits else rule.text,
        op=op.name.removeprefix("linalg_").removeprefix("special_"),
        result=result.scalar,
        output=out.scalar,
        result_cpp=result.cpp,
        output_cpp=out.cpp,
        result_type=result.tensor_type,
        output_type=out.tensor_type,
    )


def _sizes(out: Tensor, result: Tensor) -> dict[str, Any]:
    """Return what a warning says of a size that is not the result's."""
    return {
        "found": list(out.shape),
        "wanted": list(result.shape),
        "count": out.array.size,
        "length": result.array.size,
    }


def _resize(session: "Session", out: Tensor, result: Tensor, warning: str) -> None:
    """Give ``out`` the size and strides of the result; its memory grows where it must, and shares what it shared."""
    start, count = offset(out), result.array.size
    if out.array.size and warning:
        session.warn(warning, **_sizes(out, result))
    memory = flat_memory(out.storage.array)
    if start + count > memory.size:
        grown = np.zeros(start + count, dtype=memory.dtype)
        grown[: memory.size] = memory
        storage = Storage()
        storage.array = memory = grown
        storage.id = out.storage.id
        out.storage = storage
    if not count:
        out.array = np.empty(result.shape, memory.dtype)
        return
    size = memory.itemsize
    steps = tuple(step * size for step in strides(result.array))
    out.array = np.ndarray(result.shape, memory.dtype, memory.data, start * size, steps)


def _write(session: "Session", op: Op, rule: OutRule, bound: list[Any], out: Tensor, result: Tensor) -> None:
    values = dtypes.cast(result.array, result.dtype, out.dtype)
    before = out.version.value
    if overlaps_itself(out.array):
        for position in np.ndindex(out.array.shape):
            out.array[position] = values[position]
    else:
        np.copyto(out.array, values, casting="unsafe")
    for _ in range(rule.edits):
        bump(session, out)
    if op.kind == FACTORY and any(p.name == "requires_grad" and bound[i] for i, p in enumerate(op.parameters)):
        out.requires = True
    if session.facts is not None:
        inputs = [bound[i] for i in op.tensor_positions]
        session.facts.append(("edit", op, [out, *inputs], before, out.version.value, None))


def _forget(session: "Session", rule: OutRule, op: Op, bound: list[Any], out: Tensor) -> None:
    """Give ``out`` the node of an op that PyTorch cannot differentiate in this form."""
    unseen = session.library.find("_unseen_output").ops[0]
    make_node(session, unseen, [bound[0], out, rule.name or op.name], [], [out])
