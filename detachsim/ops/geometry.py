"""Views by other names, shapes met by broadcasting, and changes of a tensor's own shape (``t_``, ``resize_``)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.graph import start_node
from detachsim.engine.op import VIEW, Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Storage, flat_memory, offset
from detachsim.engine.views import bump, check_inplace, rebase_history, requires_grad
from detachsim.ops.numeric import numel, require_dim, wrap_dim
from detachsim.ops.reshaping import infer_size
from detachsim.ops.row import composite, general
from detachsim.ops.shape import (
    as_strided,
    check_as_strided,
    squeeze,
    squeeze_dim,
    squeeze_dims,
    t,
    transpose,
    unsqueeze,
)


def _restride(signature: str, node: str, kernel: Any, grad: str, doc: str, **fields: Any) -> Op:
    """Return a row that changes a tensor's own geometry."""
    return Op(
        signature, node, kind=VIEW, kernel=kernel, mutates=True, where="m", grad={"self": grad}, doc=doc, **fields
    )


def matrix_transpose(word: str) -> Any:
    """Return the function behind ``x.mT``, ``x.H`` and ``x.adjoint()``, which name themselves in their error."""

    def function(ops: Any, self: Any) -> Any:
        batches = word != "H"
        if word == "adjoint" and self.ndim == 0:
            if self.session.dialect == NEWEST:
                self.session.warn_once("adjoint_number")
            return self
        if self.ndim > 2 and not batches:
            raise TorchError("matrix_transpose_batch", ndim=self.ndim)
        if self.ndim < 2:
            what = "matrices or batches of matrices" if batches else "matrices (2-D tensors)"
            name = "adjoint()" if word == "adjoint" else word
            raise TorchError("matrix_transpose", word=name, what=what, ndim=self.ndim)
        return ops.transpose(self, -2, -1)

    return function


def movedim(ops: Any, self: Any, source: Sequence[int], destination: Sequence[int]) -> Any:
    """Some dims moved to other places, the rest kept in order."""
    if len(source) != len(destination):
        raise TorchError("movedim_counts", source=list(source), destination=list(destination))
    ndim = self.ndim
    origins = [wrap_dim(dim, ndim) for dim in source]
    targets = [wrap_dim(dim, ndim) for dim in destination]
    if len(set(origins)) < len(origins):
        raise TorchError("movedim_repeated", which="source", dims=list(source))
    if len(set(targets)) < len(targets):
        raise TorchError("movedim_repeated", which="destination", dims=list(destination))
    if ndim == 0:
        return ops.alias(self)
    order: list[int] = [-1] * ndim
    for origin, target in zip(origins, targets, strict=True):
        order[target] = origin
    rest = iter(dim for dim in range(ndim) if dim not in origins)
    return ops.permute(self, tuple(next(rest) if place < 0 else place for place in order))


def narrow(ops: Any, self: Any, dim: int, start: Any, length: int) -> Any:
    """A range of a given length along dim."""
    if isinstance(start, Operand):
        if start.ndim or start.tensor.dtype.is_floating or start.tensor.dtype is dtypes.boolean:
            raise TorchError("narrow_tensor")
        start = int(start.tensor.array.item())
    if self.ndim == 0:
        raise TorchError("narrow_zero_dim")
    new = self.session.dialect == "torch-2.13"
    if length < 0 and new:
        raise TorchError("narrow_length")
    axis = wrap_dim(dim, self.ndim)
    size = self.shape[axis]
    if not -size <= start <= size:
        raise TorchError("narrow_start", low=-size or 0, last=size - 1, size=size, start=start)
    if start < 0:
        start += size
    if start > size - length or length < 0:
        raise TorchError("narrow_end", start=start, length=length, size=size)
    return ops.slice(self, axis, start, start + length, 1)


def unflatten(ops: Any, self: Any, dim: int, sizes: Sequence[int]) -> Any:
    """One dim cut into several."""
    axis = wrap_dim(dim, self.ndim)
    if not sizes:
        raise TorchError("unflatten_empty")
    try:
        length = self.shape[require_dim(axis, self.ndim)]
        made = infer_size(sizes, length)
    except TorchError as error:
        if error.key == "shape_invalid":
            raise TorchError("unflatten_sizes", sizes=list(sizes), dim=axis, size=length) from None
        if ops.is_old and error.key != "shape_two_unknown":
            raise
        _, reason = error.spell(self.session.dialect)
        raise TorchError("unflatten_unexpected", reason=reason) from None
    return ops.view(self, (*self.shape[:axis], *made, *self.shape[axis + 1 :]))


def ravel(ops: Any, self: Any) -> Any:
    """All elements in one row."""
    return ops.view(ops.contiguous(self), (-1,))


def broadcast_tensors(ops: Any, tensors: Sequence[Any]) -> tuple[Any, ...]:
    """Tensors expanded to the shape in which they meet."""
    shape: tuple[int, ...] = ()
    for tensor in tensors:
        shape = broadcast_shape(shape, tensor.shape)
    return tuple(tensor if tensor.shape == shape else ops.expand(tensor, shape) for tensor in tensors)


def _warn_of_indexing(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1] is None:
        session.warn_once("meshgrid_indexing")


def meshgrid(ops: Any, tensors: Sequence[Any], indexing: str | None = None) -> tuple[Any, ...]:
    """Coordinates of a grid, one tensor for each axis."""
    if not tensors:
        raise TorchError("meshgrid_empty")
    if any(tensor.tensor.dtype is not tensors[0].tensor.dtype for tensor in tensors):
        raise TorchError("meshgrid_dtypes")
    for tensor in tensors:
        if tensor.ndim > 1:
            raise TorchError("meshgrid_dims", tensor=list(tensor.shape))
    if indexing is None:
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise TorchError("meshgrid_mode", indexing=indexing)
    swapped = indexing == "xy" and len(tensors) >= 2
    order = [tensors[1], tensors[0], *tensors[2:]] if swapped else list(tensors)
    shape = tuple(tensor.size for tensor in order)
    made = []
    for axis, tensor in enumerate(order):
        line = (1,) * axis + (-1,) + (1,) * (len(order) - axis - 1)
        made.append(ops.expand(ops.view(tensor, line), shape))
    if swapped:
        made[0], made[1] = made[1], made[0]
    return tuple(made)


def at_least(ndim: int) -> Any:
    """Return the function behind ``atleast_1d`` and its kin."""

    def function(ops: Any, self: Any) -> Any:
        if ndim == 1:
            return ops.reshape(self, (1,)) if self.ndim == 0 else self
        if ndim == 2:
            return ops.reshape(self, (1, 1)) if self.ndim == 0 else ops.unsqueeze(self, 0) if self.ndim == 1 else self
        if self.ndim == 0:
            return ops.reshape(self, (1, 1, 1))
        if self.ndim == 1:
            return ops.unsqueeze(ops.unsqueeze(self, 0), -1)
        return ops.unsqueeze(self, -1) if self.ndim == 2 else self

    return function


def _at_leasts(count: int) -> list[Op]:
    name, function = f"atleast_{count}d", at_least(count)
    return [
        composite(
            f"{name}(Tensor self)",
            function,
            where="t",
            doc=f"with dims of size 1 added until there are {count}",
            samples=(f"torch.{name}(a)",),
        ),
        composite(
            f"{name}.Sequence(Tensor* tensors)",
            lambda ops, tensors: tuple(function(ops, tensor) for tensor in tensors),
            where="t",
        ),
    ]


def resize(ops: Any, self: Any, size: Sequence[int]) -> Any:
    """Another size over the same memory, which grows where it must."""
    tensor = self.tensor
    if requires_grad(tensor) and not self.session.inference:
        raise TorchError("resize_requires_grad")
    shape = tuple(size)
    for length in shape:
        if length < 0:
            raise TorchError("negative_dim", size=length, shape=list(shape))
    if shape == tensor.shape:
        return self
    start, count = offset(tensor), numel(shape)
    memory = flat_memory(tensor.storage.array)
    if start + count > memory.size:
        grown = np.zeros(start + count, dtype=memory.dtype)
        grown[: memory.size] = memory
        storage = Storage()
        storage.array = memory = grown
        storage.id = tensor.storage.id
        tensor.storage = storage
    _edit(self, "resize_", memory[start : start + count].reshape(shape), bumps=self.session.dialect == "torch-2.13")
    return self


def set_to(ops: Any, self: Any, source: Any = None) -> Any:
    """Another tensor's memory and shape; without one, nothing."""
    tensor, session = self.tensor, self.session
    if source is not None and source.tensor.dtype is not tensor.dtype:
        raise TorchError("set_dtype", source=source.tensor.dtype.cpp, target=tensor.dtype.cpp)
    others = [] if source is None else [source.tensor]
    requires = requires_grad(tensor) or any(requires_grad(other) for other in others)
    check_inplace(session, tensor, requires)
    node = None
    if session.grad_enabled and requires:
        op = session.library.exact["_set_source" if others else "_set_empty"]
        node = start_node(session, op, [tensor, *others])
    if source is None:
        array = np.empty(0, dtype=tensor.array.dtype)
        storage = Storage()
        storage.array = array
        storage.id = 0
    else:
        array, storage = source.tensor.array, source.tensor.storage
    tensor.storage = storage
    _edit(self, "set_", array, bumps=True)
    if node is not None:
        node.shape, node.dtype, node.saved = array.shape, tensor.dtype, ()
        rebase_history(session, tensor, node)
    return self


def no_derivative_of_set(ops: Any) -> Any:
    """Raise PyTorch's refusal to differentiate ``set_``."""
    raise TorchError("not_differentiable", op="set_")


def _edit(self: Any, name: str, array: Array, *, bumps: bool) -> None:
    """Give a tensor another array, and tell that it was edited."""
    tensor, session = self.tensor, self.session
    before = tensor.version.value
    tensor.array = array
    if bumps:
        bump(session, tensor)
    if session.facts is not None:
        op = session.library.find(name).ops[0]
        session.facts.append(("edit", op, [tensor], before, tensor.version.value, None))


HELPERS = {"no_derivative_of_set": no_derivative_of_set}

ROWS = [
    composite("matrix_T(Tensor self)", matrix_transpose("mT"), where="", doc="the last two dims exchanged: x.mT"),
    composite("matrix_mH(Tensor self)", matrix_transpose("mH"), where="", doc="the last two dims exchanged: x.mH"),
    composite("matrix_H(Tensor self)", matrix_transpose("H"), where="", doc="rows and columns exchanged: x.H"),
    composite("adjoint(Tensor self)", matrix_transpose("adjoint"), doc="the last two dims exchanged"),
    *(
        composite(
            f"{name}(Tensor self, int {first}, int {second})",
            lambda ops, self, dim0, dim1: ops.transpose(self, dim0, dim1),
            doc="the same as transpose",
        )
        for name, first, second in (("swapaxes", "axis0", "axis1"), ("swapdims", "dim0", "dim1"))
    ),
    *(
        composite(
            f"{name}{overload}(Tensor self, {kind} source, {kind} destination)",
            lambda ops, self, source, destination: movedim(
                ops,
                self,
                (source,) if isinstance(source, int) else source,
                (destination,) if isinstance(destination, int) else destination,
            ),
            doc="dims moved to other places",
        )
        for name in ("movedim", "moveaxis")
        for overload, kind in ((".int", "int"), (".intlist", "int[]"))
    ),
    composite(
        "narrow(Tensor self, int dim, any start, int length)",
        narrow,
        doc="a range of a given length along dim",
        samples=("a.narrow(0, 0, 1)",),
    ),
    composite(
        "unflatten(Tensor self, int dim, int[] sizes)",
        unflatten,
        doc="one dim cut into several",
        samples=("a.unflatten(-1, (3, 1))",),
    ),
    composite("ravel(Tensor self)", ravel, doc="all elements in one row", samples=("a.ravel()",)),
    composite(
        "broadcast_to(Tensor self, size size)",
        lambda ops, self, size: ops.expand(self, size),
        doc="the same as expand",
        samples=("a.broadcast_to(2, 3)",),
    ),
    composite(
        "broadcast_tensors(Tensor* tensors)",
        broadcast_tensors,
        where="t",
        doc="tensors expanded to the shape in which they meet",
        samples=("torch.broadcast_tensors(a, b)[0]",),
    ),
    composite(
        "meshgrid(Tensor* tensors, *, str? indexing=None)",
        meshgrid,
        where="t",
        check=_warn_of_indexing,
        doc="coordinates of a grid",
    ),
    *(row for count in (1, 2, 3) for row in _at_leasts(count)),
    _restride(
        "t_(Tensor self)", "TBackward1", lambda self: t(self, "t_"), "t(grad)", "self with rows and columns exchanged"
    ),
    *(
        _restride(
            f"{name}(Tensor self, int dim0, int dim1)",
            "TransposeBackward1",
            transpose,
            "transpose(grad, dim0, dim1)",
            "self with two dims exchanged",
        )
        for name in ("transpose_", "swapaxes_", "swapdims_")
    ),
    _restride(
        "squeeze_(Tensor self)",
        "SqueezeBackward3",
        squeeze,
        "unsqueeze_to(grad, self_size)",
        "self without the dims of size 1",
        older={"torch-1.13": {"grad_fn": "SqueezeBackward2"}},
    ),
    _restride(
        "squeeze_.dim(Tensor self, int dim)",
        "SqueezeBackward4",
        squeeze_dim,
        "unsqueeze_dims(grad, dim, self_size)",
        "self without dim, if its size is 1",
        older={"torch-1.13": {"grad_fn": "SqueezeBackward3"}},
    ),
    _restride(
        "squeeze_.dims(Tensor self, int[] dim)",
        "SqueezeBackward5",
        squeeze_dims,
        "unsqueeze_dims(grad, dim, self_size)",
        "self without the dims that have size 1",
        older={"torch-1.13": {"where": ""}},
    ),
    _restride(
        "unsqueeze_(Tensor self, int dim)",
        "UnsqueezeBackward1",
        unsqueeze,
        "squeeze_dim(grad, dim)",
        "self with a new dim of size 1",
    ),
    _restride(
        "as_strided_(Tensor self, int[] size, int[] stride, int? storage_offset=None)",
        "AsStridedBackward1",
        as_strided,
        "as_strided_gradient(grad, self_size, self_stride, self_offset, size, stride, storage_offset)",
        "self with any shape and strides over its memory",
        on_storage=True,
        check=check_as_strided,
    ),
    composite("resize_(Tensor self, size size)", resize, where="m", doc="another size over the same memory"),
    composite(
        "resize_as_(Tensor self, Tensor the_template)",
        lambda ops, self, the_template: resize(ops, self, the_template.shape),
        where="m",
        doc="the size of another tensor over the same memory",
    ),
    # What ``set_`` records: nodes that no gradient passes.
    *(
        general(
            signature,
            "torch::autograd::NotImplemented",
            lambda *arrays: arrays[-1],
            where="",
            grad={edges: "no_derivative_of_set()"},
        )
        for signature, edges in (
            ("_set_source(Tensor self, Tensor source)", "self, source"),
            ("_set_empty(Tensor self)", "self"),
        )
    ),
    composite(
        "set_(Tensor self, Tensor? source=None)", set_to, where="m", doc="the memory and shape of another tensor"
    ),
]
