"""Nodes of the backward graph, and the tensors that they save.

Note [The save rule]. A node saves the tensors that its gradient formulas name, and checks, when it uses them, that
their counters have not moved. For ``y = a * b``::

    MulBackward0      self:  grad * other     named only here: saved only if a requires grad
                      other: grad * self      named only here: saved only if b requires grad

A tensor that two formulas name is saved whichever input requires grad, and so is an output. An input is kept as the
tensor itself (its ``grad_fn`` may change later, and errors name the current one); an output is kept without its
node, which would be a cycle. An in-place op has overwritten its ``self``: where a formula needs it, a copy made
before the edit is saved.
"""

from typing import TYPE_CHECKING, Any
from weakref import ref

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.tensor import Storage, Tensor, Version

if TYPE_CHECKING:
    from detachsim.engine.op import Op

# The sequence number of every AccumulateGrad: a leaf is served before anything else that is ready. (Nodes without a
# derivative share it.)
ACCUMULATE_FIRST = 2**64 - 1

Shape = tuple[int, ...]


class SavedInput:
    """A saved tensor that the node did not make: the tensor itself, and what was true of it then."""

    __slots__ = ("expected", "leaf", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.expected = tensor.version.value
        self.leaf = tensor.node is None


class SavedOutput:
    """A saved tensor that the node made: its memory and counter, without the node.

    ``through_view`` is set for an in-place op on a view: the view's own node then, as a weak reference.
    """

    __slots__ = ("array", "dtype", "expected", "id", "inplace", "output_nr", "storage", "through_view", "version")

    array: Array
    dtype: DType
    storage: Storage
    version: Version
    expected: int
    output_nr: int
    id: int
    inplace: bool
    through_view: "ref[Node] | None"

    def __init__(self, tensor: Tensor, *, inplace: bool = False) -> None:
        self.array = tensor.array
        self.dtype = tensor.dtype
        self.storage = tensor.storage
        self.version = tensor.version
        self.expected = tensor.version.value
        self.output_nr = tensor.output_nr
        self.id = tensor.id
        self.inplace = inplace
        self.through_view = (
            ref(tensor.node) if inplace and tensor.view is not None and tensor.node is not None else None
        )


# What a node may hold in a slot: nothing, a tensor, a list of tensors, or a Python number made a 0-d array.
Saved = SavedInput | SavedOutput | Array | list[SavedInput | None] | None


class Keeper:
    """What ``retain_grad`` is before 2.13: a hook like others, which stores what it sees at the tensor's node."""

    __slots__ = ("node", "tensor")

    def __init__(self, tensor: "Tensor", node: "Node") -> None:
        self.tensor = ref(tensor)
        self.node = node


class NodeExtras:
    """What few nodes have: hooks by output number, hooks on what it gets and what it gives, retained gradients, a
    forward trace, several outputs, and what a scenario keeps there."""

    __slots__ = ("after", "before", "hooks", "metadata", "outputs", "parent", "retained", "traced")

    def __init__(self) -> None:
        self.after: list[Any] = []
        self.before: list[Any] = []
        self.hooks: dict[int, list[Any]] = {}
        self.retained: dict[int, ref[Tensor]] = {}
        self.traced = False
        self.parent: Node | None = None
        self.outputs: list[tuple[Shape, DType]] | None = None
        # What a scenario keeps at the node, once it has asked.
        self.metadata: Any = None

    @property
    def is_hooked(self) -> bool:
        """Whether somebody looks at a gradient here."""
        return bool(self.hooks or self.retained or self.before or self.after)


class Node:
    """One step of the backward graph.

    ``next`` and ``next_nr`` are its edges, one for each tensor argument in the order of the signature (``None``: no
    gradient flows there). ``saved`` follows ``op.saved_names`` and is ``None`` once freed; ``meta`` follows
    ``op.meta_names``. ``shape`` and ``dtype`` are those of output 0.
    """

    __slots__ = ("__weakref__", "dtype", "extras", "id", "meta", "next", "next_nr", "op", "saved", "sequence", "shape")

    op: "Op"
    sequence: int
    next: "tuple[Node | None, ...]"
    next_nr: tuple[int, ...]
    saved: tuple[Saved, ...] | None
    meta: tuple[Any, ...]
    shape: Shape
    dtype: DType
    id: int
    extras: NodeExtras | None

    @property
    def name(self) -> str:
        """The full name of 2.13 (``MulBackward0``, ``torch::autograd::CopySlices``)."""
        return self.op.grad_fn

    def edits_in(self, dialect: str) -> tuple[tuple[int, int], ...]:
        """How often PyTorch edits the gradient of an edge while it makes it; of an ordinary node, its op says so."""
        return ()

    @property
    def type_name(self) -> str:
        """What errors call the type of a node: its name without a namespace."""
        return self.name.rpartition("::")[2]

    def outputs(self) -> list[tuple[Shape, DType]]:
        """The shape and dtype of each output of the forward op."""
        if self.extras is not None and self.extras.outputs is not None:
            return self.extras.outputs
        return [(self.shape, self.dtype)]


class AccumulateGrad(Node):
    """The sink of a leaf: adds what arrives to ``tensor.grad``. One a leaf, while somebody holds it."""

    __slots__ = ("tensor",)

    tensor: Tensor
    saved = None  # nothing is ever saved, so the slot of the base class is hidden

    @property
    def name(self) -> str:
        """The full name, with PyTorch's namespace."""
        return "torch::autograd::AccumulateGrad"


class ViewNode(Node):
    """A node that knows where a view lies in its base: ``base_*`` and ``view_*`` are geometries in elements."""

    __slots__ = ("base_offset", "base_shape", "base_stride", "view_offset", "view_shape", "view_stride")

    base_shape: Shape
    base_stride: Shape
    base_offset: int
    view_shape: Shape
    view_stride: Shape
    view_offset: int


class CopySlices(ViewNode):
    """The node of a base, after a view of it was edited: splits the gradient between the edited part and the rest.

    ``inner`` is the in-place op's own node.
    """

    __slots__ = ("inner",)

    inner: Node | None

    @property
    def name(self) -> str:
        """The full name, with PyTorch's namespace."""
        return "torch::autograd::CopySlices"

    def edits_in(self, dialect: str) -> tuple[tuple[int, int], ...]:
        """PyTorch fills the base's gradient, then writes the edited part into it."""
        return ((0, 2),)


class AsStrided(ViewNode):
    """The node of a view after its base was edited: PyTorch rebuilds every such view as ``as_strided`` of the
    base."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The full name."""
        return "AsStridedBackward0"

    def edits_in(self, dialect: str) -> tuple[tuple[int, int], ...]:
        """PyTorch writes the gradient into zeros, which older releases fill first."""
        return ((0, 1 if dialect == NEWEST else 2),)


def extras(node: Node) -> NodeExtras:
    """Return the rarely used part of ``node``, made on first use."""
    if node.extras is None:
        node.extras = NodeExtras()
    return node.extras
