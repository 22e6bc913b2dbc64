"""Looking up rows of a table."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import require_dim
from detachsim.ops.row import composite, general, inplace


def lookup(weight: Array, indices: Array, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    return weight[indices]


def collect(grad_output: Array, indices: Array, num_weights: int, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """Add each row's gradient to the row that it was looked up from."""
    made = np.zeros((num_weights, grad_output.shape[-1]), grad_output.dtype)
    rows = grad_output.reshape(-1, grad_output.shape[-1])
    places = indices.reshape(-1)
    if scale_grad_by_freq:
        counts = np.bincount(places, minlength=num_weights)
        rows = rows / counts[places][:, None].astype(rows.dtype)
    kept = places != padding_idx
    np.add.at(made, places[kept], rows[kept])
    return made


def collect_backward(ops: Any, grad: Any, indices: Any, padding_idx: int) -> Any:
    """Look the gradients up again, zeros for the padding."""
    rows = ops.index_select(grad, 0, ops.reshape(indices, (-1,)))
    if padding_idx >= 0:
        rows = ops.masked_fill_(rows, ops.reshape(indices == padding_idx, (-1, 1)), 0)
    return ops.view(rows, (*indices.shape, -1))


def _check_lookup(session: Any, op: Op, bound: list[Any]) -> None:
    weight, indices = bound[0], bound[1]
    if weight.array.ndim != 2:
        raise TorchError("embedding_weight")
    if indices.dtype not in (dtypes.int64, dtypes.int32):
        raise TorchError("embedding_type", type=indices.dtype.tensor_type)
    if indices.array.size and not weight.shape[0]:
        raise TorchError("embedding_empty")
    if indices.array.size and (indices.array.min() < 0 or indices.array.max() >= weight.shape[0]):
        raise TorchError("embedding_range")


def embedding(
    ops: Any,
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """The rows of weight at input; the row at padding_idx gets no gradient."""
    if padding_idx:  # 0 is not looked at
        length = weight.shape[require_dim(0, weight.ndim)]
        if not -length <= padding_idx < length:
            raise TorchError("padding_range")
        padding_idx %= length
    if max_norm is not None:
        with input.session.grad_mode(False):
            ops.embedding_renorm_(weight, input, max_norm, norm_type)
    return ops._embedding(weight, input, -1 if padding_idx is None else padding_idx, scale_grad_by_freq)


def renorm(self: Array, indices: Array, max_norm: float, norm_type: float) -> Array:
    """Shorten the rows at indices that are longer than ``max_norm``."""
    made = self.copy()
    for place in np.unique(indices):
        norm = np.linalg.norm(self[place].astype(np.float64), norm_type)
        if norm > max_norm:
            made[place] = self[place] * self.dtype.type(max_norm / (norm + 1e-7))
    return made


HELPERS = {"collect_backward": collect_backward}

_BACK = "embedding_dense_backward(grad, indices, {rows}, padding_idx, scale_grad_by_freq)"

ROWS = [
    general(
        "_embedding(Tensor weight, Tensor indices, int padding_idx, bool scale_grad_by_freq)",
        "EmbeddingBackward0",
        lookup,
        where="",
        grad={"weight": _BACK.format(rows="weight_size[0]")},
        # 1.13 keeps the weights for their number alone.
        older={
            "torch-1.13": {"grad": {"weight": _BACK.format(rows="weight.shape[0]")}},
            "torch-1.7": {"grad": {"weight": _BACK.format(rows="weight_size[0]")}},
        },
        check=_check_lookup,
        doc="the rows of weight at indices",
    ),
    general(
        "embedding_dense_backward(Tensor grad_output, Tensor indices, int num_weights, int padding_idx, "
        "bool scale_grad_by_freq)",
        "EmbeddingDenseBackwardBackward0",
        collect,
        where="",
        grad={"grad_output": "collect_backward(grad, indices, padding_idx)"},
        doc="the gradient of embedding",
    ),
    inplace(
        "embedding_renorm_(Tensor self, Tensor indices, float max_norm, float norm_type)",
        "",
        renorm,
        where="",
        check=_check_lookup,
        doc="self with the rows at indices shortened to a norm",
    ),
    composite(
        "embedding(Tensor input, Tensor weight, int? padding_idx=None, float? max_norm=None, float norm_type=2.0, "
        "bool scale_grad_by_freq=False, bool sparse=False)",
        embedding,
        where="F",
        doc="the rows of weight at input",
        samples=("F.embedding(torch.tensor([0, 1, 0]), a.reshape(-1, 1))",),
    ),
]
