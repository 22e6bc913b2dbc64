"""Pictures in another size: by the nearest element, by straight lines or by curves between elements, by means."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops.row import composite, general

Scales = Sequence[float | None]
# The steepness of the curves that bicubic draws.
_CUBIC = -0.75


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


def taps(mode: str, old: int, new: int, scale: float | None, align: bool, dtype: Any) -> list[tuple[Array, Array]]:
    """Return of which old elements of a dim every new one is made, and how much it takes of each."""
    kind: Any = np.float64 if dtype == np.float64 else np.float32
    rows: Any = np.arange(new, dtype=kind)
    if align:
        source = rows * (kind(old - 1) / kind(new - 1) if new > 1 else kind(0))
    else:
        step = kind(1.0 / scale) if scale else kind(old) / kind(new)
        source = (rows + kind(0.5)) * step - kind(0.5)
    if mode == "exact":
        return [(np.minimum((source + kind(0.5)).astype(np.int64), old - 1), np.ones(new))]
    if mode == "linear":
        source = np.maximum(source, 0)
        first = np.minimum(source.astype(np.int64), old - 1)
        share = (source - first).astype(np.float64)
        return [(first, 1 - share), (np.minimum(first + 1, old - 1), share)]
    first = np.floor(source).astype(np.int64)
    share = (source - first).astype(np.float64)
    made = []
    for place, distance in ((-1, share + 1), (0, share), (1, 1 - share), (2, 2 - share)):
        near = ((_CUBIC + 2) * distance - (_CUBIC + 3)) * distance * distance + 1
        far = ((_CUBIC * distance - 5 * _CUBIC) * distance + 8 * _CUBIC) * distance - 4 * _CUBIC
        made.append((np.clip(first + place, 0, old - 1), np.where(distance <= 1, near, far)))
    return made


def resample(self: Array, output_size: Sequence[int], scales: Scales, mode: str, align: bool) -> Array:
    made: Any = self.astype(np.float64)
    for number, (new, scale) in enumerate(zip(output_size, scales, strict=True)):
        axis = 2 + number
        along = (-1, *(1,) * (self.ndim - axis - 1))
        made = sum(
            np.take(made, places, axis=axis) * shares.reshape(along)
            for places, shares in taps(mode, self.shape[axis], new, scale, align, self.dtype)
        )
    if self.dtype.kind == "u":
        made = np.clip(np.rint(made), 0, 255)
    return np.ascontiguousarray(made).astype(self.dtype)


def resample_backward(grad_output: Array, size: Sequence[int], scales: Scales, mode: str, align: bool) -> Array:
    made = grad_output.astype(np.float64)
    for number, scale in enumerate(scales):
        axis = 2 + number
        along = (-1, *(1,) * (made.ndim - axis - 1))
        smaller = np.zeros((*made.shape[:axis], size[axis], *made.shape[axis + 1 :]))
        for places, shares in taps(mode, size[axis], grad_output.shape[axis], scale, align, grad_output.dtype):
            where: Any = (slice(None),) * axis + (places,)
            np.add.at(smaller, where, made * shares.reshape(along))
        made = smaller
    return np.ascontiguousarray(made).astype(grad_output.dtype)


# The modes, by the number of dims that each is for (0: any), and the op that does it.
_MODES = {
    "nearest": {1: "upsample_nearest1d", 2: "upsample_nearest2d"},
    "nearest-exact": {1: "upsample_exact1d", 2: "upsample_exact2d"},
    "linear": {1: "upsample_linear1d"},
    "bilinear": {2: "upsample_linear2d"},
    "bicubic": {2: "upsample_cubic2d"},
    "area": {1: "adaptive_avg_pool1d", 2: "adaptive_avg_pool2d"},
}
_NEEDED = {"linear": 3, "bilinear": 4, "trilinear": 5}


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
    """input resized to size, or by scale_factor."""
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise TorchError("resize_corners")
    dims = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise TorchError("resize_both")
    if size is None and scale_factor is None:
        raise TorchError("resize_none")
    if antialias:
        raise LimitError("interpolate() with antialias=True is not simulated")
    function = _MODES.get(mode, {}).get(dims)
    if function is None:
        if dims in (1, 2, 3) and mode in _NEEDED:
            raise TorchError("resize_needs", ndim=input.ndim, mode=mode, needed=_NEEDED[mode])
        raise TorchError("resize_mode", ndim=input.ndim, mode=mode)
    if size is not None:
        sizes = size if isinstance(size, (list, tuple)) else (size,) * dims
        wanted = tuple(int(each if isinstance(each, int) else each.tensor.array.item()) for each in sizes)
        scales: tuple[float | None, ...] = (None,) * dims
    else:
        factors = (scale_factor,) * dims if isinstance(scale_factor, (int, float)) else tuple(scale_factor)
        wanted = tuple(_whole(float(old) * float(f)) for old, f in zip(input.shape[2:], factors, strict=True))
        scales = (None,) * dims if recompute_scale_factor else tuple(float(f) for f in factors)
    if mode == "area":
        return ops[function](input, wanted)
    _check_resize(input, wanted, function)
    if mode == "nearest":
        return ops[function](input, wanted, scales)
    return ops[function](input, wanted, scales, bool(align_corners))


def _whole(size: float) -> int:
    if not abs(size) < 2**63:
        raise TorchError("number_overflow", type="int64_t")
    return int(size)


_KERNELS = {
    "upsample_nearest1d": "compute_indices_weights_nearest",
    "upsample_nearest2d": "upsample_nearest2d_channels_last",
    "upsample_exact1d": "compute_indices_weights_nearest",
    "upsample_exact2d": "upsample_nearest2d_channels_last",
    "upsample_linear1d": "compute_indices_weights_linear",
    "upsample_linear2d": "upsample_bilinear2d_channels_last",
    "upsample_cubic2d": "compute_indices_weights_cubic",
}


def _check_resize(input: Any, wanted: Sequence[int], function: str) -> None:
    old, new = (
        ", ".join(f"{name}: {size}" for name, size in zip("DHW"[-len(wanted) :], sizes, strict=True))
        for sizes in (input.shape[2:], wanted)
    )
    if min(*input.shape[2:], *wanted) <= 0:
        raise TorchError("resize_sizes", input=old, output=new, word="and " if len(wanted) == 1 else "")
    if input.shape[1] == 0:
        raise TorchError("resize_empty", ndim=input.ndim, sizes=list(input.shape))
    dtype = input.tensor.dtype
    if not dtype.is_floating and (dtype is not dtypes.uint8 or function == "upsample_linear1d"):
        raise TorchError("not_implemented_for", kernel=_KERNELS[function], dtype=dtype.scalar)
    if input.session.dialect != NEWEST:
        _refuse_types(input.tensor, function)


def _refuse_types(input: Tensor, function: str) -> None:
    """Refuse the types that the kernels of 1.13 do not know, of which those by channel are others."""
    nearest = "nearest" in function
    exact = "exact" in function
    whole = input.dtype is dtypes.uint8 and not (nearest or exact)
    if not whole and input.dtype is not dtypes.float16 and not (exact and input.dtype is dtypes.bfloat16):
        return
    kernel = _KERNELS[function]
    if kernel.endswith("channels_last") and not np.moveaxis(input.array, 1, -1).flags.c_contiguous:
        kernel = f"compute_indices_weights_{'linear' if 'linear' in kernel else 'nearest'}"
    raise TorchError("not_implemented_for", kernel=kernel, dtype=input.dtype.scalar)


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
            older={"torch-1.13": {"grad_fn": f"{node}BackwardBackward1"}},
            doc=f"the gradient of {name}",
        ),
    ]


def _resampling(name: str, node: str, mode: str) -> list[Op]:
    """Return the rows of a way of resizing and of its gradient."""
    return [
        general(
            f"{name}(Tensor self, int[] output_size, any scales, bool align)",
            f"{node}Backward0",
            lambda self, output_size, scales, align: resample(self, output_size, scales, mode, align),
            where="",
            grad={"self": f"{name}_backward(grad, self_size, scales, align)"},
            older={"torch-1.13": {"grad_fn": f"{node}Backward1"}},
            doc="a picture in another size",
        ),
        general(
            f"{name}_backward(Tensor grad_output, int[] size, any scales, bool align)",
            f"{node}BackwardBackward0",
            lambda grad_output, size, scales, align: resample_backward(grad_output, size, scales, mode, align),
            where="",
            grad={"grad_output": f"{name}(grad, grad_output_size[2:], scales, align)"},
            older={"torch-1.13": {"grad_fn": f"{node}BackwardBackward1"}},
            doc=f"the gradient of {name}",
        ),
    ]


ROWS: list[Op] = [
    composite(
        "interpolate(Tensor input, any size=None, any scale_factor=None, str mode='nearest', "
        "bool? align_corners=None, bool? recompute_scale_factor=None, bool antialias=False)",
        interpolate,
        where="F",
        doc="input in another size",
        samples=(
            "F.interpolate(a.reshape(1, 1, -1), scale_factor=2)",
            "F.interpolate(a.reshape(1, 1, -1), size=5, mode='linear')",
            "F.interpolate(a.reshape(1, 1, 1, -1), scale_factor=2, mode='bilinear')",
            "F.interpolate(a.reshape(1, 1, 1, -1), scale_factor=2, mode='bicubic', align_corners=True)",
            "F.interpolate(a.reshape(1, 1, -1), size=2, mode='area')",
            "F.interpolate(a.reshape(1, 1, -1), size=2, mode='nearest-exact')",
        ),
    ),
    *_upsample(1),
    *_upsample(2),
    *_resampling("upsample_exact1d", "UpsampleNearestExact1D", "exact"),
    *_resampling("upsample_exact2d", "UpsampleNearestExact2D", "exact"),
    *_resampling("upsample_linear1d", "UpsampleLinear1D", "linear"),
    *_resampling("upsample_linear2d", "UpsampleBilinear2D", "linear"),
    *_resampling("upsample_cubic2d", "UpsampleBicubic2D", "cubic"),
]
