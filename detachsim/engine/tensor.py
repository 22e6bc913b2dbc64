"""Tensors: geometry over a storage, a version counter that views and ``detach()`` share, and autograd's flags.

A worked picture of what shares what (``a`` is a leaf that requires grad)::

    out = a.sigmoid()     storage S1   counter V1   node SigmoidBackward0
    c = out.detach()      storage S1   counter V1   no node      one memory, one counter
    v = out[:2]           storage S1   counter V1   node SliceBackward0, base out
    d = out.data          storage S1   counter V2   no node      one memory, a counter of its own

An edit of ``c`` raises V1, so the sigmoid that saved ``out`` will notice it. An edit of ``d`` raises V2, and
nobody who saved ``out`` will ever know.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from detachsim.engine.dtypes import Array, DType
from detachsim.engine.empties import strides_of_nothing, with_strides
from detachsim.engine.errors import TorchError

if TYPE_CHECKING:
    from detachsim.engine.node import AccumulateGrad, Node

# How a view came to be (PyTorch's CreationMeta), which decides whether it may be edited later. A piece is one of
# several outputs whose edit 1.7 only warns of, and no view to it until then.
DEFAULT, NO_GRAD, INFERENCE, MULTI_OUTPUT, CUSTOM = "default", "no_grad", "inference", "multi_output", "custom"
PIECE = "piece"

Hook = Callable[["Tensor"], "Tensor | None"]


class Storage:
    """A stretch of memory; ``array`` is the whole of it, as the op made it."""

    __slots__ = ("__weakref__", "array", "id")

    array: Array
    id: int


class Version:
    """The counter of in-place changes, and its id for the events (0: not yet given)."""

    __slots__ = ("id", "value")

    value: int
    id: int
    tracked = True


class Untracked(Version):
    """What stands in the place of a counter where PyTorch keeps none: in a tensor made in inference mode."""

    __slots__ = ()

    tracked = False


class ViewInfo:
    """What makes a tensor a differentiable view: its root base, how it was made, and the counter's value
    for which its cached ``node`` is right (PyTorch's DifferentiableViewMeta)."""

    __slots__ = ("attr_version", "base", "creation")

    def __init__(self, base: "Tensor", creation: str, attr_version: int) -> None:
        self.base = base
        self.creation = creation
        self.attr_version = attr_version


class LeafMeta:
    """The rarely used part of a tensor: its gradient, its hooks, its accumulator (shared with nobody)."""

    __slots__ = ("accumulator", "grad", "parameter", "post_hooks", "prehooks", "retain_hooked")

    def __init__(self) -> None:
        self.grad: Tensor | None = None
        self.accumulator: ref[AccumulateGrad] | None = None
        self.post_hooks: list[Any] = []
        # What sees a gradient of the tensor before its node runs: see ``engine.hooks``.
        self.prehooks: list[Any] = []
        self.retain_hooked = False
        # Whether the tensor is an nn.Parameter, which shows only where it is printed or collected.
        self.parameter = False


class Tensor:
    """A tensor. ``array`` is a numpy view of the storage with the tensor's shape, strides and offset.

    ``requires`` is the leaf's own flag. Only ``views.requires_grad`` says whether a tensor requires grad, and only
    ``views.grad_fn`` rebuilds a stale node: ``node`` is the cached one.
    """

    __slots__ = (
        "__weakref__",
        "array",
        "dtype",
        "id",
        "inference",
        "meta",
        "node",
        "output_nr",
        "requires",
        "storage",
        "version",
        "view",
    )

    array: Array
    dtype: DType
    storage: Storage
    version: Version
    requires: bool
    node: "Node | None"
    output_nr: int
    view: ViewInfo | None
    meta: LeafMeta | None
    inference: bool
    id: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return self.array.shape

    @property
    def is_leaf(self) -> bool:
        """Whether no op in the graph made it; reads the cached node."""
        return self.node is None

    @property
    def grad(self) -> "Tensor | None":
        """The accumulated gradient, without the warning that reading it in a script gives."""
        return None if self.meta is None else self.meta.grad


_new_tensor = Tensor.__new__
_new_storage = Storage.__new__
_new_version = Version.__new__


def fresh(array: Array, dtype: DType) -> Tensor:
    """Wrap memory that nobody else holds: a new storage, a new counter at 0, a leaf that requires no grad."""
    tensor = _new_tensor(Tensor)
    storage = _new_storage(Storage)
    version = _new_version(Version)
    storage.array = array
    storage.id = version.id = tensor.id = version.value = tensor.output_nr = 0
    tensor.array = array
    tensor.dtype = dtype
    tensor.storage = storage
    tensor.version = version
    tensor.requires = tensor.inference = False
    tensor.node = tensor.view = tensor.meta = None
    return tensor


def alias(source: Tensor, array: Array, *, version: Version | None = None) -> Tensor:
    """Return a tensor over ``source``'s memory and counter (or over ``version``), with ``array``'s geometry."""
    tensor = _new_tensor(Tensor)
    tensor.array = array
    tensor.dtype = source.dtype
    tensor.storage = source.storage
    if version is None:
        # A view of an inference tensor counts nothing, even where its source has got a counter by ``detach()``.
        version = new_version(tracked=False) if source.inference else source.version
    tensor.version = version
    tensor.requires = False
    tensor.inference = source.inference
    tensor.node = tensor.view = tensor.meta = None
    tensor.output_nr = tensor.id = 0
    return tensor


def new_version(*, tracked: bool = True) -> Version:
    """Return a counter at 0."""
    version = _new_version(Version if tracked else Untracked)
    version.value = version.id = 0
    return version


def require_counter(tensor: Tensor) -> None:
    """Refuse what needs the counter of a tensor of inference mode that got a normal tensor's memory by ``.data =``."""
    if not tensor.inference and not tensor.version.tracked:
        raise TorchError("inference_version")


def make_inference(tensor: Tensor) -> None:
    """Make a fresh tensor one of inference mode: it counts no versions and is never saved for backward."""
    tensor.inference = True
    tensor.version = new_version(tracked=False)


def meta(tensor: Tensor) -> LeafMeta:
    """Return the rarely used part of ``tensor``, made on first use."""
    if tensor.meta is None:
        tensor.meta = LeafMeta()
    return tensor.meta


def strides(array: Array) -> tuple[int, ...]:
    """Return the strides in elements, as PyTorch counts them.

    numpy lets the stride of a dimension of size 0 or 1 be anything, as PyTorch does, so it is kept as it is.
    """
    size = array.itemsize
    return tuple(stride // size for stride in (array.strides if array.size else strides_of_nothing(array)))


def offset(tensor: Tensor) -> int:
    """Return where the first element stands in the storage, in elements."""
    if tensor.array is tensor.storage.array:
        return 0
    start = tensor.array.__array_interface__["data"][0]
    base = tensor.storage.array.__array_interface__["data"][0]
    return int(start - base) // tensor.array.itemsize


def restride(storage: Array, size: tuple[int, ...], stride: tuple[int, ...], start: int) -> Array:
    """Return a view of ``storage``'s memory with a geometry in elements, without any check."""
    itemsize = storage.itemsize
    flat = flat_memory(storage)
    steps = tuple(step * itemsize for step in stride)
    if 0 in size:
        return with_strides(flat, steps, start * itemsize, size)
    if not flat.size:
        return np.empty(size, storage.dtype)
    return np.ndarray(size, flat.dtype, flat.data, start * itemsize, steps)


def memory_of(tensor: Tensor) -> Array:
    """Return a tensor's whole memory as one dimension, read as its type, which need not be that of the storage."""
    memory = flat_memory(tensor.storage.array)
    kind = tensor.array.dtype
    if memory.dtype == kind:
        return memory
    return memory.view(np.uint8)[: memory.nbytes // kind.itemsize * kind.itemsize].view(kind)


def flat_memory(storage: Array) -> Array:
    """Return a storage's memory as one dimension, in the order of the addresses."""
    if storage.ndim == 1 and storage.flags.c_contiguous:
        return storage
    if storage.flags.c_contiguous:
        return storage.reshape(-1)
    # A kernel may hand over a dense array in another order (a transposed result): its memory is what counts.
    order = sorted(range(storage.ndim), key=lambda axis: -storage.strides[axis])
    return storage.transpose(order).reshape(-1)
