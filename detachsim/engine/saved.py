"""Taking saved tensors out again: the checks that PyTorch makes, in its order, and the errors that come of them."""

from typing import TYPE_CHECKING, Any

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.kept import KeptInput, KeptOutput
from detachsim.engine.names import full_name, message_name
from detachsim.engine.node import CopySlices, Node, SavedInput, SavedOutput
from detachsim.engine.tensor import Tensor, alias, fresh
from detachsim.engine.views import grad_fn
from detachsim.events import BuffersFreed, VersionMismatch

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def freed_error(session: "Session", node: Node) -> TorchError:
    """Return the error of a node whose saved tensors are gone."""
    return TorchError("freed", BuffersFreed(node.id, full_name(session.dialect, node)))


# What ``unpack_arrays`` returns of tensors of several types: formulas on plain arrays would promote as numpy does.
MIXED: list[Any] = []


def unpack_arrays(session: "Session", node: Node) -> list[Any]:
    """Return what a node saved as plain arrays, every counter checked, or ``MIXED``; raises ``TorchError``."""
    saved = node.saved
    dtype = node.dtype
    mixed = False
    if saved is None:
        raise freed_error(session, node)
    if not saved:
        # Whatever the formulas name was left out, because no gradient goes where it would be needed.
        return [None] * len(node.op.plan.saved)
    values: list[Any] = []
    for entry in saved:
        if entry is None:
            values.append(None)
        elif type(entry) is SavedInput:
            tensor = entry.tensor
            if (
                tensor.version.value != entry.expected
                or (tensor.node is None and not entry.leaf)
                or (tensor.view is not None and tensor.view.attr_version != tensor.version.value)
            ):
                _check_in_dialect_order(session, node)
            if tensor.dtype is not dtype and tensor.dtype.is_floating:
                mixed = True
            values.append(tensor.array)
        elif type(entry) is SavedOutput:
            if entry.version.value != entry.expected:
                _check_in_dialect_order(session, node)
            values.append(entry.array)
        elif type(entry) is list:
            _check_in_dialect_order(session, node)
            values.append([None if item is None else _input_tensor(item).array for item in entry])
        elif isinstance(entry, (KeptInput, KeptOutput)):
            if entry.checked:
                _check_in_dialect_order(session, node)
            values.append(entry.kept.array if isinstance(entry, KeptInput) else entry.kept)
        else:
            values.append(entry)
    return MIXED if mixed else values


def unpack_tensors(session: "Session", node: Node) -> list[Any]:
    """Return what a node saved as tensors that are part of the graph, every counter checked."""
    if node.saved is None:
        raise freed_error(session, node)
    if not node.saved:
        return [None] * len(node.op.plan.saved)
    _check_in_dialect_order(session, node)
    values: list[Any] = []
    for entry in node.saved:
        if isinstance(entry, SavedInput):
            values.append(_input_tensor(entry) if session.dialect != "torch-1.7" else _input_then(node, entry))
        elif isinstance(entry, SavedOutput):
            values.append(_output_tensor(entry, node))
        elif isinstance(entry, list):
            values.append([None if item is None else _input_tensor(item) for item in entry])
        elif entry is None:
            values.append(None)
        else:
            values.append(fresh(entry.copy(), dtypes.BY_NUMPY[entry.dtype]))
    return values


def unpack_one(session: "Session", node: Node, label: str) -> Any:
    """Return what a node saved under one label, as ``unpack_tensors`` does, its own counter checked; a number is an
    array without dims."""
    if node.saved is None:
        raise freed_error(session, node)
    labels = [entry[0] for entry in node.op.plan.saved]
    entry = node.saved[labels.index(label)] if node.saved else None
    if isinstance(entry, SavedInput):
        _check_input(session, node, label, entry)
        return _input_tensor(entry)
    if isinstance(entry, SavedOutput):
        _check_output(session, node, label, entry)
        return _output_tensor(entry, node)
    if isinstance(entry, list):
        for item in entry:
            if item is not None:
                _check_input(session, node, label, item)
        return tuple(None if item is None else _input_tensor(item) for item in entry)
    return entry


def _input_tensor(entry: SavedInput) -> Tensor:
    return entry.kept if isinstance(entry, KeptInput) else entry.tensor


def _producer_then(node: Node, entry: SavedInput) -> tuple[Node | None, int]:
    """Return the node that had made a saved input when it was saved, and which of its outputs: the edge knows."""
    assert node.saved is not None
    plan = node.op.plan
    for (_, position, _), saved in zip(plan.saved, node.saved, strict=True):
        if saved is entry and position in plan.edges and len(node.next) == len(plan.edges) and not entry.leaf:
            edge = plan.edges.index(position)
            return node.next[edge], node.next_nr[edge]
    return entry.tensor.node, entry.tensor.output_nr


def _input_then(node: Node, entry: SavedInput) -> Tensor:
    """Return a saved input with the node that it had then, which 1.7 keeps with it."""
    tensor = _input_tensor(entry)
    producer, output_nr = _producer_then(node, entry)
    if tensor.node is producer:
        return tensor
    then = alias(tensor, tensor.array)
    then.node, then.output_nr = producer, output_nr
    return then


def _output_tensor(entry: SavedOutput, node: Node) -> Tensor:
    tensor = Tensor()
    tensor.array = entry.kept if isinstance(entry, KeptOutput) else entry.array
    tensor.dtype = entry.dtype
    tensor.storage = entry.storage
    tensor.version = entry.version
    tensor.requires = tensor.inference = False
    tensor.view = tensor.meta = None
    tensor.node = node
    tensor.output_nr = entry.output_nr
    tensor.id = entry.id
    if entry.through_view is not None:
        current = entry.through_view()
        tensor.node = current if current is not None else node
    return tensor


def _check_in_dialect_order(session: "Session", node: Node) -> None:
    """Check everything that a node saved, in the order in which the dialect unpacks, since the first fault is
    the one reported."""
    assert node.saved is not None
    plan = node.op.plan
    labelled = [(label, entry) for (label, _, _), entry in zip(plan.saved, node.saved, strict=True)]
    if session.dialect != "torch-2.13":
        from detachsim.engine.unpack_order import older_order

        labelled = older_order(session.dialect, node, labelled)
    for label, entry in labelled:
        if isinstance(entry, SavedInput):
            _check_input(session, node, label, entry)
        elif isinstance(entry, SavedOutput):
            _check_output(session, node, label, entry)
        elif isinstance(entry, list):
            for item in entry:
                if item is not None:
                    _check_input(session, node, label, item)


def _check_input(session: "Session", node: Node, label: str, entry: SavedInput) -> None:
    if isinstance(entry, KeptInput) and not entry.checked:
        return
    tensor = entry.tensor
    if session.dialect == "torch-1.7":
        if tensor.version.value != entry.expected:
            producer, output_nr = _producer_then(node, entry)
            raise _version_error(session, node, label, tensor, entry.expected, producer, output_nr)
        return
    producer = grad_fn(session, tensor)
    if not entry.leaf and producer is None:
        raise TorchError("detached_in_place")
    if tensor.version.value != entry.expected:
        raise _version_error(session, node, label, tensor, entry.expected, producer, 0)


def _check_output(session: "Session", node: Node, label: str, entry: SavedOutput) -> None:
    if entry.version.value == entry.expected or (isinstance(entry, KeptOutput) and not entry.checked):
        return
    tensor = _output_tensor(entry, node)
    raise _version_error(session, node, label, tensor, entry.expected, tensor.node, entry.output_nr)


def _version_error(
    session: "Session", node: Node, label: str, tensor: Tensor, expected: int, producer: Node | None, output_nr: int
) -> TorchError:
    from detachsim.engine.texts import spell

    found = tensor.version.value
    hint = spell("hint_anomaly" if session.anomaly else "hint", session.dialect, {})[1]
    name = (
        f", which is output {output_nr} of {message_name(session.dialect, producer)}," if producer is not None else ""
    )
    return TorchError(
        "version",
        VersionMismatch(
            node.id,
            full_name(session.dialect, node),
            label,
            tensor.id,
            tensor.storage.id,
            tensor.version.id,
            expected,
            found,
        ),
        tensor_type=tensor.dtype.tensor_type,
        sizes=list(tensor.array.shape),
        producer=name,
        found=found,
        expected=expected,
        hint=hint,
    )


def release(node: CopySlices) -> None:
    """Free the op that a ``CopySlices`` holds and what that saved, as a pass without ``retain_graph`` does."""
    if node.inner is not None and node.inner.saved:
        node.inner.saved = None
    node.inner = None
