"""The short path of dispatch: pointwise ops on float32 and float64 tensors of one type and one shape.

It does what ``dispatch.run`` does, asks each question once, and makes its objects without constructors. Whatever it
does not know (other types, broadcasting, views, inference tensors, anomaly mode) it leaves to ``dispatch``.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dispatch import run
from detachsim.engine.dtypes import Array
from detachsim.engine.graph import make_node
from detachsim.engine.node import Node, Saved, SavedInput, SavedOutput
from detachsim.engine.op import Op
from detachsim.engine.tensor import Storage, Tensor, Version, make_inference
from detachsim.engine.views import accumulator, requires_grad

if TYPE_CHECKING:
    from detachsim.engine.session import Session

_float32, _float64 = dtypes.float32, dtypes.float64
_ndarray, _array, _asarray = np.ndarray, np.array, np.asarray
_new_node, _new_input, _new_output = Node.__new__, SavedInput.__new__, SavedOutput.__new__
# The parts of ``tensor.fresh``, which is one call too many here.
_new_tensor, _new_storage, _new_version = Tensor.__new__, Storage.__new__, Version.__new__
_NO_EDGES = (0, 0)

# What a row saves, position and guarding edge of each, and its node's plain numbers.
Saves = tuple[tuple[int, int], ...]


def _recipe(op: Op) -> tuple[Saves, tuple[Any, ...]] | None:
    """Return what the short path has to save, nothing where formulas want more than it knows."""
    plan = op.plan
    if (
        op.no_derivative
        or plan.edges != tuple(range(min(len(op.parameters), 2)))
        or any(kind != "value" for _, _, kind in plan.meta)
    ):
        return None
    saves = tuple((position, guard) for _, position, guard in plan.saved)
    return saves, tuple(op.parameters[position].default for _, position, _ in plan.meta)


def _save_input(tensor: Tensor) -> SavedInput:
    entry = _new_input(SavedInput)
    entry.tensor = tensor
    entry.expected = tensor.version.value
    entry.leaf = tensor.node is None
    return entry


def _save_output(tensor: Tensor) -> SavedOutput:
    entry = _new_output(SavedOutput)
    entry.array = tensor.array
    entry.dtype = tensor.dtype
    entry.storage = tensor.storage
    entry.version = tensor.version
    entry.expected = tensor.version.value
    entry.output_nr = entry.id = 0
    entry.inplace = False
    entry.through_view = None
    return entry


def make_unary(op: Op, kernel: Callable[[Array], Array]) -> Callable[["Session", Tensor], Tensor]:
    """Return the short path of an op of one argument."""
    recipe: tuple[Saves, tuple[Any, ...]] | None = None

    def call(session: "Session", a: Tensor) -> Tensor:
        nonlocal recipe
        dtype = a.dtype
        x = a.array
        shape = x.shape
        if (
            (dtype is not _float32 and dtype is not _float64)
            or a.inference
            or (len(shape) > 1 and not x.flags.c_contiguous)
        ):
            return run(session, op, [a])  # type: ignore[no-any-return]
        out = kernel(x)
        if type(out) is not _ndarray:
            out = _asarray(out)
        result = _new_tensor(Tensor)
        storage = _new_storage(Storage)
        version = _new_version(Version)
        storage.array = result.array = out
        storage.id = version.id = result.id = version.value = result.output_nr = 0
        result.dtype = dtype
        result.storage = storage
        result.version = version
        result.requires = result.inference = False
        result.node = result.view = result.meta = None
        if session.inference:
            make_inference(result)
        edge = a.node
        node: Node | None = None
        if session.grad_enabled and (edge is not None or a.requires or a.view is not None):
            if recipe is None:
                recipe = _recipe(op)
            if a.view is not None or session.anomaly or recipe is None:
                if requires_grad(a):
                    node = make_node(session, op, [a], [a.array], [result])
            else:
                node = _new_node(Node)
                node.op = op
                node.id = 0
                node.extras = None
                node.sequence = session.next_sequence
                session.next_sequence += 1
                if edge is None:
                    edge = accumulator(session, a)
                    node.next_nr = (0,)
                else:
                    node.next_nr = (a.output_nr,)
                node.next = (edge,)
                # One tuple for a whole chain: numpy makes a new one each time.
                node.shape = edge.shape if edge.shape == shape else shape
                node.dtype = dtype
                saves, node.meta = recipe
                result.node = node
                if not saves:
                    node.saved = ()
                elif len(saves) == 1:
                    node.saved = (_save_input(a) if saves[0][0] >= 0 else _save_output(result),)
                else:
                    node.saved = (_save_input(a), _save_output(result))
        facts = session.facts
        if facts is not None:
            facts.append(("op", op, (a,), (result,), node))
        return result

    return call


def make_binary(op: Op, kernel: Callable[[Array, Array], Array]) -> Callable[["Session", Tensor, Any], Tensor]:
    """Return the short path of an op of two tensors, or a tensor and a Python number."""
    defaults = [parameter.default for parameter in op.parameters[2:]]
    recipe: tuple[Saves, tuple[Any, ...]] | None = None

    def call(session: "Session", a: Tensor, b: Any) -> Tensor:
        nonlocal recipe
        dtype = a.dtype
        x = a.array
        shape = x.shape
        other: Tensor | None
        if type(b) is Tensor:
            other = b
            y = b.array
            right = b.node
            if (
                b.dtype is not dtype
                or (dtype is not _float32 and dtype is not _float64)
                or y.shape != shape
                or (len(shape) > 1 and not x.flags.c_contiguous)
            ):
                return run(session, op, [a, b, *defaults])  # type: ignore[no-any-return]
        elif (dtype is _float32 or dtype is _float64) and (x.ndim < 2 or (x.flags.c_contiguous and 1 not in x.shape)):
            other = right = None
            y = _array(b, dtype.numpy)
        else:
            return run(session, op, [a, b, *defaults])  # type: ignore[no-any-return]
        out = kernel(x, y)
        if type(out) is not _ndarray:
            out = _asarray(out)
        result = _new_tensor(Tensor)
        storage = _new_storage(Storage)
        version = _new_version(Version)
        storage.array = result.array = out
        storage.id = version.id = result.id = version.value = result.output_nr = 0
        result.dtype = dtype
        result.storage = storage
        result.version = version
        result.requires = result.inference = False
        result.node = result.view = result.meta = None
        if session.inference:
            make_inference(result)
        left = a.node
        node: Node | None = None
        if session.grad_enabled and (
            left is not None
            or right is not None
            or a.requires
            or a.view is not None
            or (other is not None and (other.requires or other.view is not None))
        ):
            if recipe is None:
                recipe = _recipe(op)
            if (
                a.view is not None
                or a.inference
                or session.anomaly
                or recipe is None
                or (other is not None and (other.view is not None or other.inference))
            ):
                seen = not a.inference or other is None or not other.inference
                if seen and (requires_grad(a) or (other is not None and requires_grad(other))):
                    node = make_node(session, op, [a, b, *defaults], [x, y, *defaults], [result])
            else:
                node = _new_node(Node)
                node.op = op
                node.id = 0
                node.extras = None
                node.sequence = session.next_sequence
                session.next_sequence += 1
                numbers = _NO_EDGES
                if left is not None:
                    if a.output_nr:
                        numbers = (a.output_nr, 0)
                elif a.requires:
                    left = accumulator(session, a)
                if right is not None:
                    if b.output_nr:
                        numbers = (numbers[0], b.output_nr)
                elif other is not None and other.requires:
                    right = accumulator(session, other)
                node.next = (left, right)
                node.next_nr = numbers
                node.shape = left.shape if left is not None and left.shape == shape else shape
                node.dtype = dtype
                saves, node.meta = recipe
                result.node = node
                if saves:
                    saved: list[Saved] = []
                    some = False
                    for position, guard in saves:
                        if guard >= 0 and (right if guard else left) is None:
                            saved.append(None)
                            continue
                        some = True
                        if position == 1:
                            saved.append(y if other is None else _save_input(other))
                        elif position == 0:
                            saved.append(_save_input(a))
                        else:
                            saved.append(_save_output(result))
                    node.saved = tuple(saved) if some else ()
                else:
                    node.saved = ()
        facts = session.facts
        if facts is not None:
            facts.append(("op", op, (a,) if other is None else (a, other), (result,), node))
        return result

    return call
