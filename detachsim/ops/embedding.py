"""Looking up rows of a table, and resizing by the nearest element."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
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
    rows = ops._embedding(grad, indices, -1, False)
    if padding_idx < 0:
        return rows
    return ops.where(ops.unsqueeze(indices == padding_idx, -1), ops.zeros_of(rows), rows)


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
    if padding_idx is not None:
        if weight.ndim and not -weight.shape[0] <= padding_idx < weight.shape[0]:
            raise TorchError("padding_range")
        padding_idx %= weight.shape[0]
    if max_norm is not None:
        with input.session.grad_mode(False):
            ops.embedding_renorm_(weight, input, max_norm, norm_type)
    return ops._embedding(weight, input, -1 if padding_idx is None else padding_idx, scale_grad_by_freq)


def nearest(self: Array, output_size: Sequence[int], scales: Sequence[float | None]) -> Array:
    made = self
    for axis, place in _places(self.shape, output_size, scales):
        made = np.take(made, place, axis=axis)
    return np.ascontiguousarray(made)


def nearest_backward(grad_output: Array, size: Sequence[int], scales: Sequence[float | None]) -> Array:
    made = grad_output
    for axis, place in reversed(list(_places(size, grad_output.shape[2:], scales))):
        shape = (*made.shape[:axis], size[axis], *made.shape[axis + 1 :])
        smaller = np.zeros(shape, made.dtype)
        where: Any = (slice(None),) * axis + (place,)
        np.add.at(smaller, where, made)
        made = smaller
    return made


def _places(size: Sequence[int], wanted: Sequence[int], scales: Sequence[float | None]) -> list[tuple[int, Array]]:
    """Return, for each resized dim, which element each new element takes: float32 arithmetic, as PyTorch's."""
    found: list[tuple[int, Array]] = []
    for number, (new, scale) in enumerate(zip(wanted, scales, strict=True)):
        old = size[2 + number]
        step = np.float32(1.0 / scale) if scale else np.float32(old) / np.float32(new)
        place = np.floor(np.arange(new, dtype=np.float32) * step).astype(np.int64)
        found.append((2 + number, np.minimum(place, old - 1)))
    return found


def interpolate(
    ops: Any,
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """input resized to size, or by scale_factor, each new element the nearest old one."""
    if mode == "nearest" and align_corners is not None:
        raise TorchError("resize_corners")
    dims = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise TorchError("resize_both")
    if size is None and scale_factor is None:
        raise TorchError("resize_none")
    if mode != "nearest" or dims not in (1, 2):
        raise TorchError("resize_mode", ndim=input.ndim, mode=mode)
    if size is not None:
        wanted = (size,) * dims if isinstance(size, int) else tuple(size)
        scales: tuple[float | None, ...] = (None,) * dims
    else:
        factors = (scale_factor,) * dims if isinstance(scale_factor, (int, float)) else tuple(scale_factor)
        wanted = tuple(int(float(old) * float(f)) for old, f in zip(input.shape[2:], factors, strict=True))
        scales = (None,) * dims if recompute_scale_factor else tuple(float(f) for f in factors)
    _check_resize(input, wanted)
    function = ops.upsample_nearest1d if dims == 1 else ops.upsample_nearest2d
    return function(input, wanted, scales)


def _check_resize(input: Any, wanted: Sequence[int]) -> None:
    old, new = (
        ", ".join(f"{name}: {size}" for name, size in zip("DHW"[-len(wanted) :], sizes, strict=True))
        for sizes in (input.shape[2:], wanted)
    )
    if 0 in (*input.shape[2:], *wanted):
        raise TorchError("resize_sizes", input=old, output=new, word="and " if len(wanted) == 1 else "")
    if input.shape[1] == 0:
        raise TorchError("resize_empty", ndim=input.ndim, sizes=list(input.shape))
    dtype = input.tensor.dtype
    if not dtype.is_floating and dtype is not dtypes.uint8:
        kernel = "compute_indices_weights_nearest" if len(wanted) == 1 else "upsample_nearest2d_channels_last"
        raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)


def _upsample(dims: int) -> list[Op]:
    name, node = f"upsample_nearest{dims}d", f"UpsampleNearest{dims}D"
    return [
        general(
            f"{name}(Tensor self, int[] output_size, any scales)",
            f"{node}Backward0",
            nearest,
            where="",
            grad={"self": f"{name}_backward(grad, self_size, scales)"},
            older={"torch-1.13": {"grad_fn": f"{node}Backward1"}},
            doc="the nearest element for each place of another size",
        ),
        general(
            f"{name}_backward(Tensor grad_output, int[] size, any scales)",
            f"{node}BackwardBackward0",
            nearest_backward,
            where="",
            grad={"grad_output": f"{name}(grad, grad_output_size[2:], scales)"},
            doc=f"the gradient of {name}",
        ),
    ]


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
        older={"torch-1.13": {"grad": {"weight": _BACK.format(rows="weight.shape[0]")}}},
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
    composite(
        "interpolate(Tensor input, any size=None, any scale_factor=None, str mode='nearest', "
        "bool? align_corners=None, bool? recompute_scale_factor=None, bool antialias=False)",
        interpolate,
        where="F",
        doc="input in another size, each new element the nearest old one",
        samples=("F.interpolate(a.reshape(1, 1, -1), scale_factor=2)",),
    ),
    *_upsample(1),
    *_upsample(2),
]
