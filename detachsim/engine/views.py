"""Views and in-place changes: which node a tensor has now, and what an edit does to it, its base and its other views.

Note [In-place on a view]. Editing a view edits its base, so both need a new history::

    h = x * 1          h.node = MulBackward0
    v = h[:2]          v.node = SliceBackward0 -> MulBackward0
    v.mul_(10)         h.node = CopySlices(inner MulBackward0) -> old MulBackward0
                       v.node = AsStridedBackward0 -> CopySlices      (rebuilt when it is next looked at)

A view remembers the counter's value for which its node is right (``attr_version``). When the counter has moved,
whoever asks for ``grad_fn`` gets a new ``AsStridedBackward0`` on the base's present node, however the counter
moved. Source: PyTorch's note "View + Inplace update", and measurements on 2.13.0.
"""

from typing import TYPE_CHECKING
from weakref import ref

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.names import message_name
from detachsim.engine.node import (
    ACCUMULATE_FIRST,
    AccumulateGrad,
    AsStrided,
    CopySlices,
    Keeper,
    Node,
    ViewNode,
    extras,
)
from detachsim.engine.tensor import (
    CUSTOM,
    DEFAULT,
    INFERENCE,
    MULTI_OUTPUT,
    NO_GRAD,
    PIECE,
    Tensor,
    ViewInfo,
    meta,
    offset,
    strides,
)

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def requires_grad(tensor: Tensor) -> bool:
    """Whether gradients flow to ``tensor``: its own flag, a node, or a base that requires grad."""
    if tensor.requires or tensor.node is not None:
        return True
    return tensor.view is not None and requires_grad(tensor.view.base)


def accumulator(session: "Session", tensor: Tensor) -> AccumulateGrad:
    """Return the one AccumulateGrad of a leaf, made anew when nobody holds the old one."""
    info = meta(tensor)
    node = info.accumulator() if info.accumulator is not None else None
    if node is None:
        node = AccumulateGrad()
        node.sequence = ACCUMULATE_FIRST
        node.next = ()
        node.next_nr = ()
        node.meta = ()
        node.shape = tensor.shape
        node.dtype = tensor.dtype
        node.id = 0
        node.extras = None
        node.tensor = tensor
        info.accumulator = ref(node)
        if info.prehooks:
            extras(node).hooks[0] = info.prehooks
        if session.anomaly:
            trace(session, node)
    return node


def trace(session: "Session", node: Node) -> None:
    """Note, as anomaly mode does of each node made under it, that its origin is known, and which node ran then."""
    info = extras(node)
    info.traced = True
    info.parent = session.backward_node


def gradient_edge(session: "Session", tensor: Tensor) -> tuple[Node | None, int]:
    """Return where a gradient of ``tensor`` goes: a node and its output number.

    A view made under ``no_grad`` of a tensor that requires grad requires grad itself, but has no edge.
    """
    node = tensor.node if tensor.view is None else grad_fn(session, tensor)
    if node is not None:
        return node, tensor.output_nr
    return (accumulator(session, tensor) if tensor.requires else None), 0


def grad_fn(session: "Session", tensor: Tensor) -> Node | None:
    """Return ``tensor.grad_fn``, rebuilding a view's node when its base has changed since.

    Raises ``TorchError`` for a view whose creation forbids that (made in ``no_grad``, or one of several outputs).
    """
    view = tensor.view
    if view is None or not _is_stale(tensor, view):
        return tensor.node
    refuse_forbidden_view(session, tensor, indirect=True)
    if tensor.output_nr and session.dialect == "torch-1.7":
        raise TorchError("view_output")
    base = view.base
    node = AsStrided()
    _begin(session, node, tensor)
    next_node, next_nr = gradient_edge(session, base)
    node.next, node.next_nr = (next_node,), (next_nr,)
    _set_geometries(node, base, tensor)
    old = tensor.node
    tensor.node = node
    tensor.output_nr = 0
    view.attr_version = tensor.version.value
    move_hooks(session, tensor, old, node)
    if session.facts is not None:
        session.facts.append(("regenerate", tensor, node))
    return node


def _is_stale(tensor: Tensor, view: ViewInfo) -> bool:
    """Whether a view's cached node is from before the last edit of its base."""
    if view.attr_version == tensor.version.value or not tensor.version.tracked or view.creation == PIECE:
        return False
    return tensor.node is not None or requires_grad(view.base)


def refuse_stale_view(session: "Session", tensor: Tensor) -> None:
    """Raise the error that ``grad_fn`` would raise for a tensor, and rebuild nothing."""
    if tensor.view is not None and _is_stale(tensor, tensor.view):
        refuse_forbidden_view(session, tensor, indirect=True)


def _set_geometries(node: ViewNode, base: Tensor, view: Tensor) -> None:
    node.base_shape, node.base_stride, node.base_offset = base.shape, strides(base.array), offset(base)
    node.view_shape, node.view_stride, node.view_offset = view.shape, strides(view.array), offset(view)


def as_view(session: "Session", source: Tensor, result: Tensor, *, several: bool | str = False) -> None:
    """Make ``result`` a differentiable view of ``source``; the base is always the root.

    ``several``: it is one of several outputs, or ``PIECE``, how it came to be.
    """
    if session.inference:
        creation = INFERENCE
    elif not session.grad_enabled:
        creation = NO_GRAD
    else:
        creation = (PIECE if several == PIECE else MULTI_OUTPUT) if several else DEFAULT
    base = source
    if source.view is not None:
        base = source.view.base
        if creation == DEFAULT or source.view.creation == INFERENCE:
            creation = source.view.creation
    result.view = ViewInfo(base, creation, result.version.value)


def check_inplace(session: "Session", tensor: Tensor, requires: bool) -> None:
    """Refuse an in-place change that autograd forbids; ``requires``: some argument requires grad."""
    if not (requires and session.grad_enabled):
        return
    if tensor.view is not None:
        refuse_forbidden_view(session, tensor, indirect=False)
        # 1.7 lets it pass, and refuses the backward pass instead.
        if requires_grad(tensor) and tensor.view.base.node is None and session.dialect != "torch-1.7":
            raise TorchError("leaf_view_inplace")
    if tensor.node is None and requires_grad(tensor):
        raise TorchError("leaf_inplace")


def bump(session: "Session", tensor: Tensor) -> None:
    """Raise the counter of a tensor whose memory was changed just now.

    One made in inference mode has none, and only there may it be changed; what ``detach()`` gave it later stays as it
    is there. Raises ``TorchError``, too late to save it.
    """
    if tensor.version.tracked:
        if not (tensor.inference and session.inference):
            tensor.version.value += 1
    elif not session.inference:
        raise TorchError("inference_inplace")


def refuse_forbidden_view(session: "Session", tensor: Tensor, *, indirect: bool) -> None:
    """Raise the error of a view that may not be edited, or (``indirect``) whose base may not have been."""
    view = tensor.view
    if view is None or view.creation == DEFAULT:
        return
    node = tensor.node
    creation = view.creation
    modified = "its base or another view of its base has been" if indirect else "is being"
    output = f"Output {tensor.output_nr} of {message_name(session.dialect, node)} is a view" if node is not None else ""
    if creation == PIECE:
        if node is None:
            raise TorchError("view_piece_mode", modified=modified)
        view.creation = DEFAULT
        session.warn("view_piece", prefix=output, modified=modified)
        return
    if creation == CUSTOM:
        raise TorchError("view_custom", prefix=output or "This view", modified=modified)
    if creation == MULTI_OUTPUT:
        if node is not None:
            raise TorchError("view_multiple", prefix=output, modified=modified)
        raise TorchError(
            "view_mode_multiple",
            prefix="A view was created in",
            mode="no_grad",
            modified=modified,
            elsewhere="with grad mode enabled",
        )
    inference = creation == INFERENCE
    details = {
        "prefix": f"{output} of a view which was created in" if node is not None else "A view was created in",
        "mode": "inference" if inference else "no_grad",
        "modified": modified,
        "elsewhere": "in normal mode" if inference else "with grad mode enabled",
        "block": "inference_mode" if inference else "no_grad",
        "line": 800 if inference else 792,  # of an assertion that 1.13 fails
    }
    if indirect and session.dialect == "torch-1.7":
        view.creation = DEFAULT
        session.warn("view_mode_warning", **details)
        return
    raise TorchError("view_mode" if node is None else "view_of_view_mode", **details)


def _begin(session: "Session", node: Node, tensor: Tensor) -> None:
    """Make ``node``, which saves nothing, the next one in sequence, with one output like ``tensor``."""
    node.sequence = session.next_sequence
    session.next_sequence += 1
    node.saved = ()
    node.meta = ()
    node.shape = tensor.shape
    node.dtype = tensor.dtype
    node.id = 0
    node.extras = None
    if session.anomaly:
        trace(session, node)


def rebase_history(session: "Session", tensor: Tensor, node: Node) -> None:
    """Give an edited tensor its new node; for a view, see Note [In-place on a view]."""
    view = tensor.view
    if view is None:
        replace_node(session, tensor, node)
        return
    base = view.base
    slices = CopySlices()
    _begin(session, slices, base)
    base_next, base_nr = gradient_edge(session, base)
    slices.next = (base_next, *node.next[1:])
    slices.next_nr = (base_nr, *node.next_nr[1:])
    slices.inner = node
    _set_geometries(slices, base, tensor)
    old = base.node
    if session.dialect == NEWEST:
        # In older dialects what was retained of a base stays with the node from before.
        move_hooks(session, base, old, slices)
    base.node = slices
    base.output_nr = tensor.output_nr = 0
    base.requires = False
    if session.facts is not None:
        session.facts.append(("rebase", base, old, slices))
    grad_fn(session, tensor)


def replace_node(session: "Session", tensor: Tensor, node: Node, *, restrided: bool = False) -> None:
    """Make ``node`` the tensor's own, whatever its base's is.

    What was only ``restrided`` leaves it to the old node to keep its gradient.
    """
    old = tensor.node
    tensor.node = node
    tensor.output_nr = 0
    tensor.requires = False
    if tensor.view is not None:
        tensor.view.attr_version = tensor.version.value
    if not restrided:
        move_hooks(session, tensor, old, node)
    elif session.dialect == NEWEST and tensor.meta is not None:
        tensor.meta.prehooks = []
    if session.facts is not None:
        session.facts.append(("rebase", tensor, old, node))


def move_hooks(session: "Session", tensor: Tensor, old: Node | None, new: Node) -> None:
    """Let ``retain_grad`` follow the tensor to its new node; other hooks stay with the old one."""
    info = tensor.meta
    if info is None:
        return
    if session.dialect != NEWEST:
        for hook in info.prehooks:
            if type(hook) is Keeper:
                hook.node = new
                extras(new).hooks.setdefault(0, []).append(hook)
        return
    info.prehooks = []
    if not info.retain_hooked:
        return
    if old is None:
        # ``detach_()`` has taken the node away that held it: PyTorch stumbles.
        raise TorchError("retained_without_node")
    # PyTorch looks for it by the number of the output, which is the new node's already where that is no slice's: that
    # of a later output of the old node is not found, nor is one that a change of the geometry has left at an older
    # node, and another tensor's may be.
    holder = extras(old).retained.pop(tensor.output_nr, None)
    if holder is None:
        raise TorchError("retained_elsewhere")
    extras(new).retained[0] = holder
