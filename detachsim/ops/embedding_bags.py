"""Looking up rows of a table in bags, and the sum, mean or largest element of each bag."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.ops.row import composite, general

SUM, MEAN, MAX = range(3)
_MODES = {"sum": SUM, "mean": MEAN, "max": MAX}


def _bags(indices: Array, offsets: Array, include_last_offset: bool) -> Iterator[slice]:
    """Yield where the indices of each bag stand."""
    stops = [*offsets[1:], *([] if include_last_offset else [len(indices)])]
    for start, stop in zip(offsets, stops, strict=False):
        yield slice(int(start), int(stop))


def bag_rows(
    weight: Array,
    indices: Array,
    offsets: Array,
    scale_grad_by_freq: bool,
    mode: int,
    per_sample_weights: Array | None,
    include_last_offset: bool,
    padding_idx: int,
) -> tuple[Array, Array, Array, Array]:
    """Return the bags' rows; for the gradient also each index's bag, the bags' lengths, and where the largest stood."""
    bags = list(_bags(indices, offsets, include_last_offset))
    made = np.zeros((len(bags), weight.shape[1]), weight.dtype)
    bag_of, lengths = np.zeros(len(indices), np.int64), np.zeros(len(bags), np.int64)
    best = np.full(made.shape, -1, np.int64)
    for bag, places in enumerate(bags):
        bag_of[places] = bag
        kept = [place for place in range(places.start, places.stop) if indices[place] != padding_idx]
        lengths[bag] = len(kept)
        for number, place in enumerate(kept):
            row = weight[indices[place]]
            if mode == MAX:
                larger = np.ones(row.shape, bool) if not number else row > made[bag]
                made[bag], best[bag] = np.where(larger, row, made[bag]), np.where(larger, indices[place], best[bag])
            else:
                made[bag] = _plus(made[bag], row, None if per_sample_weights is None else per_sample_weights[place])
        if mode == MEAN and kept:
            made[bag] = made[bag] / made.dtype.type(len(kept))
    return made, bag_of, lengths, best


def _plus(total: Array, row: Array, factor: Any) -> Array:
    """Return total + row * factor, rounded once."""
    if factor is None:
        return np.asarray(total + row)
    wide = total.astype(np.longdouble) + row.astype(np.longdouble) * np.longdouble(factor)
    return wide.astype(total.dtype)


def bag_rows_gradient(
    grad_output: Array,
    indices: Array,
    offsets: Array,
    bag_of: Array,
    lengths: Array,
    best: Array,
    num_weights: int,
    scale_grad_by_freq: bool,
    mode: int,
    per_sample_weights: Array | None,
    padding_idx: int,
) -> Array:
    made = np.zeros((num_weights, grad_output.shape[1]), grad_output.dtype)
    if mode == MAX:
        for bag, row in enumerate(best):
            for column, place in enumerate(row):
                if place >= 0:
                    made[place, column] += grad_output[bag, column]
        return made
    counts = np.bincount(indices, minlength=num_weights)
    # How often the n-th of the distinct indices stands there, PyTorch reads of the n-th of all, both in order.
    distinct, ordered = np.unique(indices), np.sort(indices)
    frequency = dict(zip(distinct.tolist(), counts[ordered[: len(distinct)]].tolist(), strict=True))
    for place, index in enumerate(indices):
        if index == padding_idx:
            continue
        share = 1.0 if per_sample_weights is None else float(per_sample_weights[place])
        share /= lengths[bag_of[place]] if mode == MEAN else 1
        share /= frequency[int(index)] if scale_grad_by_freq else 1
        made[index] = _plus(made[index], grad_output[bag_of[place]], made.dtype.type(share))
    return made


def bag_weights_gradient(grad_output: Array, weight: Array, indices: Array, bag_of: Array, padding_idx: int) -> Array:
    made = (grad_output[bag_of].astype(np.float64) * weight[indices]).sum(axis=1)
    return np.where(indices == padding_idx, 0, made).astype(grad_output.dtype)


def embedding_bag(
    ops: Any,
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """The rows of weight at input, bag by bag, summed, averaged or the largest."""
    if weight.tensor.dtype is dtypes.int64 and input.tensor.dtype.is_floating:
        input.session.warn("bag_order")
        input, weight = weight, input
    if input.ndim == 2:
        dtype = input.tensor.dtype
        offsets = ops.arange_start_step(0, input.size, max(input.shape[1], 1), dtype=dtype)
        include_last_offset = False
        input = ops.reshape(input, (-1,))
        per_sample_weights = None if per_sample_weights is None else ops.reshape(per_sample_weights, (-1,))
    if max_norm is not None:
        with input.session.grad_mode(False):
            ops.embedding_renorm_(weight, input, max_norm, norm_type)
    rows = weight.shape[0] if weight.ndim else 0
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise TorchError("bag_padding", least=-rows, most=rows - 1, found=padding_idx)
    padding = -1 if padding_idx is None else padding_idx % rows
    how = scale_grad_by_freq, _MODES[mode], per_sample_weights, include_last_offset, padding
    return ops._embedding_bag(weight, input, offsets, *how)


def _check_bag(session: Any, op: Op, bound: list[Any]) -> None:
    weight, indices, offsets, _, mode, weights, include_last, padding = bound
    for tensor in (indices, offsets):
        if tensor.dtype not in (dtypes.int64, dtypes.int32):
            raise TorchError("bag_indices_type", type=tensor.dtype.tensor_type)
    if not weight.dtype.is_floating:
        raise TorchError("bag_table_type", type=weight.dtype.tensor_type)
    if weight.dtype is dtypes.bfloat16 and session.dialect != NEWEST:
        raise TorchError("bag_table_type", type="CPUBFloat16Type")
    if weights is not None and weights.dtype is not weight.dtype:
        raise TorchError("bag_weights_type", weight=weight.dtype.tensor_type, weights=weights.dtype.tensor_type)
    if include_last and not offsets.array.size:
        raise TorchError("bag_last_offset")
    if offsets.array.size and offsets.array[0] != 0:
        raise TorchError("bag_first_offset", found=int(offsets.array[0]), type=offsets.dtype.scalar)
    if offsets.array.size and offsets.array[-1] > indices.array.size:
        raise TorchError("bag_final_offset", length=indices.array.size, found=int(offsets.array[-1]))
    rows = weight.shape[0]
    wrong = np.flatnonzero((indices.array < 0) | (indices.array >= rows))
    if wrong.size:
        quick = weight.dtype is not dtypes.float64 and mode != MAX and padding < 0
        found = int(indices.array[wrong[0]])
        line = 216 if weight.dtype is dtypes.float16 else 214
        raise TorchError(
            "bag_range_quick" if quick else "bag_range", place=int(wrong[0]), found=found, rows=rows, line=line
        )


def bags_backward(ops: Any, name: str) -> Operand:
    """Raise PyTorch's refusal to differentiate the gradient of embedding_bag."""
    raise TorchError("bag_not_differentiable", op=name)


HELPERS = {"bags_backward": bags_backward}

_OPTIONS = "bool scale_grad_by_freq, int mode, Tensor? per_sample_weights"
_GIVEN = "offsets, result1, result2, result3, weight_size[0], scale_grad_by_freq, mode, per_sample_weights, padding_idx"

ROWS = [
    composite(
        "embedding_bag(Tensor input, Tensor weight, Tensor? offsets=None, float? max_norm=None, float norm_type=2, "
        "bool scale_grad_by_freq=False, str mode='mean', bool sparse=False, Tensor? per_sample_weights=None, "
        "bool include_last_offset=False, int? padding_idx=None)",
        embedding_bag,
        where="F",
        doc="the rows of weight at input, bag by bag, summed, averaged or the largest",
        samples=("F.embedding_bag(torch.tensor([[0, 1], [1, 0]]), a.reshape(-1, 1))",),
    ),
    general(
        f"_embedding_bag(Tensor weight, Tensor indices, Tensor offsets, {_OPTIONS}, bool include_last_offset, "
        "int padding_idx)",
        "EmbeddingBagBackward0",
        bag_rows,
        where="",
        grad={
            "weight": f"bag_rows_gradient(grad, indices, {_GIVEN})",
            "per_sample_weights": "bag_weights_gradient(grad, weight, indices, result1, padding_idx)",
        },
        check=_check_bag,
        hidden=3,
        doc="embedding_bag after its checks",
    ),
    general(
        "bag_rows_gradient(Tensor grad_output, Tensor indices, Tensor offsets, Tensor bag_of, Tensor lengths, "
        f"Tensor best, int num_weights, {_OPTIONS}, int padding_idx)",
        "EmbeddingBagBackwardBackward0",
        bag_rows_gradient,
        where="",
        grad={"grad_output, per_sample_weights": "bags_backward('_embedding_bag_backward')"},
        older={
            "torch-1.13": {
                "grad_fn": "torch::autograd::NotImplemented",
                "bare_edges": True,
                "grad": {"grad_output, per_sample_weights": "bags_backward('_embedding_bag_dense_backward')"},
            }
        },
        doc="the gradient of embedding_bag; PyTorch has none of its own for it",
    ),
    general(
        "bag_weights_gradient(Tensor grad_output, Tensor weight, Tensor indices, Tensor bag_of, int padding_idx)",
        "torch::autograd::NotImplemented",
        bag_weights_gradient,
        where="",
        bare_edges=True,
        grad={"grad_output, weight": "not_implemented('_embedding_bag_per_sample_weights_backward')"},
        doc="the gradient of embedding_bag to the weights of its samples; PyTorch has none of its own for it",
    ),
]
