"""Copies of what views show: ``torch.view_copy`` and its like, each with the gradient of its view."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_MADE, as_first
from detachsim.engine.op import Op
from detachsim.ops import diagonals, shape, splitting
from detachsim.ops.numeric import wrap_dim
from detachsim.ops.row import general

# The views, by label, and what the copy's sample gives them besides the tensor.
_VIEWS = {
    "alias": "",
    "diagonal": " * torch.ones(2, 3)",
    "expand": ", a.shape",
    "permute": ", (-1, 0)",
    "select": ", 0, 1",
    "slice": ", 0, 0, 2",
    "squeeze": "",
    "squeeze_dim": ", 0",
    "squeeze_dims": ", (0,)",
    "t": "",
    "transpose": ", 0, -1",
    "unsqueeze": ", 0",
    "view": ", (-1,)",
    "unbind": "",
    "split_Tensor": ", 1",
    "split_with_sizes": ", (1, 1)",
    "unfold": ", 0, 2, 1",
}


def _copied(kernel: Callable[..., Any], copy: Callable[[Array], Array] = np.array) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        made = kernel(*args)
        return tuple(map(copy, made)) if isinstance(made, (list, tuple)) else copy(made)

    return call


def _clone(view: Array) -> Array:
    return as_first(np.array(view, order="C"), view)


def _clones(kernel: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    """Say that 1.13 makes a clone of the view, which lies as the view does."""
    return {"torch-1.13": {"kernel": _copied(kernel, _clone), "layout": AS_MADE}}


def _copy_of(op: Op, arguments: str) -> Op:
    """Return the row that copies what a view shows."""
    name, _, rest = op.signature.partition("(")
    base, _, overload = name.partition(".")
    return general(
        f"{base}_copy{'.' + overload if overload else ''}({rest}",
        f"{op.grad_fn}_copy",
        _copied(op.kernel),
        grad=op.grad,
        where="t",
        differentiable_outputs=op.differentiable_outputs,
        several=op.several,
        check=op.check,
        older=_clones(op.kernel),
        result_edits=1,
        out={"history": "unseen"},
        doc=f"a copy of what {base} shows",
        samples=(f"torch.{base}_copy(a{arguments})",),
    )


def _check_narrow(session: Any, op: Op, bound: list[Any]) -> None:
    self, dim, start, length = bound
    if self.array.ndim == 0:
        raise TorchError("narrow_zero_dim")
    if dim >= self.array.ndim:
        raise TorchError("narrow_copy_dim")
    size = self.shape[wrap_dim(dim, self.array.ndim)]
    if start < -size or (start > size and session.dialect == NEWEST):
        raise TorchError("narrow_start", low=-size or 0, last=size - 1, size=size, start=start)
    first = start + size if start < 0 else start
    if length < 0 or first > size - length:
        raise TorchError("narrow_end", start=first, length=length, size=size)


def _narrowed(self: Array, dim: int, start: int, length: int) -> Array:
    first = start + self.shape[dim] if start < 0 else start
    return np.array(shape.slice_kernel(self, dim, first, first + length, 1))


def narrow_copy_backward(ops: Any, grad: Any, sizes: Sequence[int], dim: int, start: int, end: int) -> Any:
    """Zeros with the gradient in a range, whose end PyTorch does not count from where a start below 0 is."""
    axis = wrap_dim(dim, len(sizes))
    room = len(range(sizes[axis])[start:end])
    if grad.shape[axis] not in (1, room):
        raise TorchError("broadcast", left=room, right=grad.shape[axis], dim=axis)
    return ops._slice_backward(grad, sizes, dim, start, end, 1)


HELPERS = {"narrow_copy_backward": narrow_copy_backward}

_ROWS = {op.label: op for op in (*shape.ROWS, *splitting.ROWS, *diagonals.ROWS)}

ROWS: list[Op] = [
    *(_copy_of(_ROWS[label], arguments) for label, arguments in _VIEWS.items()),
    general(
        "narrow_copy(Tensor self, int dim, int start, int length)",
        "NarrowCopyBackward0",
        _narrowed,
        grad={"self": "narrow_copy_backward(grad, self_size, dim, start, start + length)"},
        check=_check_narrow,
        older={
            "torch-1.13": {
                "grad_fn": "torch::autograd::NotImplemented",
                "grad": {"self": "not_implemented('narrow_copy')"},
                "bare_edges": True,
            }
        },
        doc="a copy of a range of a given length along dim",
        samples=("a.narrow_copy(0, 1, 1)",),
    ),
    general(
        "view_copy.dtype(Tensor self, dtype dtype)",
        "",
        lambda self, dtype: np.array(self).view(dtype.numpy),
        where="t",
        check=_ROWS["view_dtype"].check,
        older=_clones(lambda self, dtype: self.view(dtype.numpy)),
        doc="a copy of the same bytes as elements of another type",
    ),
    general(
        "detach_copy(Tensor self)",
        "torch::autograd::NotImplemented",
        lambda self: np.array(self),
        grad={"self": "not_implemented('detach_copy')"},
        where="t",
        bare_edges=True,
        older=_clones(lambda self: self),
        result_edits=1,
        out={"history": "unseen"},
        doc="a copy that is no part of the graph: backward through it is refused",
        samples=("torch.detach_copy(a)",),
    ),
]
