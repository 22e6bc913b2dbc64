"""The gradient of a leaf: what becomes of ``.grad`` when one arrives."""

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.backward_pass import Pass
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.empties import strides_of_nothing
from detachsim.engine.errors import TorchError
from detachsim.engine.gradients import Gradient
from detachsim.engine.memory import is_dense, overlaps_itself
from detachsim.engine.node import AccumulateGrad
from detachsim.engine.ownership import is_alone
from detachsim.engine.tensor import Tensor, fresh, make_inference, meta, strides
from detachsim.engine.views import bump, requires_grad


def accumulate(work: Pass, node: AccumulateGrad, slots: list[Gradient]) -> None:
    """Add the gradient in ``slots`` to the leaf's ``.grad``, and call what waits for that."""
    tensor = node.tensor
    if requires_grad(tensor):  # it did when the graph was built
        _update(work, node, slots)
    info = tensor.meta
    if info is not None and info.post_hooks:
        # Each hook gets what the one before has returned, and only then PyTorch refuses that one returned something.
        given, replaced = tensor, False
        for hook in list(info.post_hooks):
            returned = hook(given)
            replaced = replaced or returned is not given
            given = returned
        if replaced:
            raise TorchError("post_hook_type")


def _update(work: Pass, node: AccumulateGrad, slots: list[Gradient]) -> None:
    """Take a leaf's gradient, copy it, or add it in place, as PyTorch does."""
    session, create_graph, tensor = work.session, work.create_graph, node.tensor
    mine = not create_graph and is_alone(slots, 0, memory=False)
    gradient = slots[0]
    if tensor.node is not None and session.dialect == "torch-1.7":
        raise TorchError("leaf_moved")
    info = meta(tensor)
    present = info.grad
    if present is None:
        info.grad = _first_gradient(work, gradient, node.dtype, tensor, mine=mine)
    elif create_graph:
        info.grad = session.call(session.library.operators["+"], present, gradient)
    elif present.array.shape != gradient.shape or present.dtype is not node.dtype or overlaps_itself(present.array):
        # What the user put there: PyTorch's addition takes or refuses it as any other.
        session.call("add_", present, fresh(np.asarray(gradient), node.dtype))
    else:
        total = present.array + gradient
        np.copyto(present.array, _rounded(total, present.dtype), casting="unsafe")
        bump(session, present)
    if present is not None and info.grad is not None and not _obeys_layout(info.grad.array, tensor.array):
        # PyTorch has this warning in two places, and each gives it once.
        session.warn_once(
            "grad_layout_create_graph" if create_graph else "grad_layout",
            grad=list(info.grad.shape),
            grad_strides=list(strides(info.grad.array)),
            leaf=list(tensor.shape),
            leaf_strides=list(strides(tensor.array)),
        )
    if session.facts is not None:
        # A copy: whoever held the gradient itself would change what may be taken or added to.
        session.facts.append(("accumulate", tensor, gradient if create_graph else np.array(gradient)))


def _first_gradient(work: Pass, gradient: Gradient, dtype: DType, leaf: Tensor, *, mine: bool) -> Tensor:
    """Return what becomes the ``.grad`` of a leaf that has none.

    A tensor that nobody else holds is taken as it is, if it lies in memory as the leaf does; PyTorch does not ask
    whose the memory is, which may be the seed's. Others are copied into memory laid out as the leaf's, which counts as
    an edit, or, where the leaf has gaps or overlaps, cloned.
    """
    session = work.session
    dense = is_dense(leaf.array)
    if work.create_graph:
        if not dense:
            return session.call("clone", gradient)  # type: ignore[no-any-return]
        # To whom is told what happened it is one step, a copy.
        facts, session.facts = session.facts, None
        try:
            made = session.call("new_empty_strided", gradient, leaf.shape, strides(leaf.array))
            session.call("copy_", made, gradient)
        finally:
            session.facts = facts
        if facts is not None and made.node is not None:
            facts.append(("op", made.node.op, (None, gradient), (made,), made.node))
        return made  # type: ignore[no-any-return]
    array = np.asarray(gradient)
    if mine and _obeys_layout(array, leaf.array):
        return work.gradients.tensor(array, dtype, inference=session.inference, view=False)
    if dense:
        copy = np.empty_like(leaf.array, order="K")
        if array.shape != leaf.shape or dtype is not leaf.dtype:
            # The leaf got other memory by ``.data =`` since.
            session.call("copy_", fresh(copy, leaf.dtype), fresh(array, dtype))
            dtype = leaf.dtype
        else:
            np.copyto(copy, array)
    else:
        copy = np.array(array, order="C")
    made = fresh(copy, dtype)
    made.version.value = int(dense)
    if session.inference:
        make_inference(made)
    return made


def _rounded(array: Array, dtype: DType) -> Array:
    return dtypes.round_bfloat16(array) if dtype is dtypes.bfloat16 else array


def _obeys_layout(gradient: Array, leaf: Array) -> bool:
    """Whether a gradient lies in memory as its leaf does, or plainly where the leaf has gaps or overlaps.

    PyTorch compares no shapes, and behind the last stride of the leaf it meets none that fits; a stride of 0 in
    a dim of size 1 is a sign to it that somebody looks at the memory.
    """
    if not is_dense(leaf):
        return bool(gradient.flags.c_contiguous)
    # The leaf may have got memory of another type since.
    mine, theirs = gradient.itemsize, leaf.itemsize
    steps = gradient.strides if gradient.size else strides_of_nothing(gradient)
    others = leaf.strides if leaf.size else strides_of_nothing(leaf)
    if any(size != 1 for size in gradient.shape[leaf.ndim :]):
        return False
    return all(
        step // mine == other // theirs if size != 1 else step != 0
        for size, step, other in zip(gradient.shape, steps, others, strict=False)
    )
