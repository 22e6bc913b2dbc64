"""The bodies of the functions of ``torch.nn.functional`` that read pictures at other places: sizes and grids."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.calls import Calls
from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.tensor import Tensor


def _interpolate(c: Calls, input: Any, size: Any, scale_factor: Any, mode: Any, **rest: Any) -> None:
    c.certain = False
    smooth = mode not in ("nearest", "area", "nearest-exact")
    if not smooth and rest["align_corners"] is not None:
        raise TorchError("resize_corners")
    c.attribute(input, "dim")
    if size is not None and scale_factor is not None:
        raise TorchError("resize_both")
    if size is None and scale_factor is None:
        raise TorchError("resize_none")
    _require_resizing(input, size, scale_factor)
    recomputed = rest["recompute_scale_factor"]
    recomputed = recomputed is not None and c.true(recomputed)
    if recomputed and size is not None:
        raise TorchError("resize_recomputed")
    if c.true(rest["antialias"]) and not (mode in ("bilinear", "bicubic", "lanczos") and input.array.ndim == 4):
        raise TorchError("resize_antialias")
    dims = input.array.ndim - 2
    corners = c.true(rest["align_corners"])
    if mode == "lanczos" and dims == 2 and (corners or not c.true(rest["antialias"])):
        raise TorchError("resize_lanczos", why="does not support align_corners" if corners else "requires antialias")
    function = _RESIZING.get(mode) if isinstance(mode, str) else None
    if function is None or not 1 <= dims <= 3:
        return
    if recomputed or (mode == "area" and size is None):
        return
    sizes, scales = (
        [value] * dims if value is not None and not isinstance(value, (list, tuple)) else value
        for value in (size, scale_factor)
    )
    aligned = [False if rest["align_corners"] is None else rest["align_corners"]] if smooth else []
    c.call(function.format(dims), input, sizes, *([] if mode == "area" else [*aligned, scales]))


_RESIZING = {
    "nearest": "n upsample_nearest{}d",
    "linear": "n upsample_linear{}d",
    "bilinear": "n upsample_bilinear{}d",
    "bicubic": "n upsample_bicubic{}d",
    "trilinear": "n upsample_trilinear{}d",
    "area": "n adaptive_avg_pool{}d",
}


def _require_resizing(input: Tensor, size: Any, scale_factor: Any) -> None:
    spatial = list(input.shape[2:])
    if isinstance(size, (list, tuple)):
        if len(size) != input.array.ndim - 2:
            raise TorchError("resize_size_count", spatial=spatial, size=size)
        whole = (isinstance(item, int) or (isinstance(item, Tensor) and not item.dtype.is_floating) for item in size)
        if not all(whole):
            types = ", ".join(f"<class '{type_word(item)}'>" for item in size)
            raise TorchError("resize_size_types", types=f"[{types}]")
    elif isinstance(scale_factor, (list, tuple)) and len(scale_factor) != input.array.ndim - 2:
        raise TorchError("resize_scale_count", spatial=spatial, scale=scale_factor)


def _grid_sample(c: Calls, input: Any, grid: Any, mode: Any, padding_mode: Any, align_corners: Any) -> None:
    c.certain = False
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise TorchError("grid_mode", mode=mode)
    if padding_mode not in ("zeros", "border", "reflection"):
        raise TorchError("grid_padding", mode=padding_mode)
    if align_corners is None:
        c.warnings.append(("grid_corners", {}))
        align_corners = False
    c.call("t grid_sampler", input, grid, 0, 0, align_corners)


def _affine_grid(c: Calls, theta: Any, size: Any, align_corners: Any) -> None:
    if align_corners is None:
        c.warnings.append(("grid_corners", {}))
    c.certain = False
    c.attribute(theta, "is_floating_point")
    if not theta.dtype.is_floating:
        raise TorchError("affine_dtype", dtype=repr(theta.dtype))
    rows = c.length(size) - 2
    if rows not in (2, 3):
        raise TorchError("affine_size", size=_spelled(size))
    if theta.shape[1:] != (rows, rows + 1):
        shape = list(theta.shape)
        raise TorchError("affine_matrices", dims=rows, columns=rows + 1, size=_spelled(size), shape=shape)
    if align_corners is not None and c.true(align_corners) and min(size[-rows:]) == 1:
        c.warnings.append(("affine_unit", {}))
    elif min(size) <= 0:
        raise TorchError("affine_empty", size=_spelled(size))
    c.call("t affine_grid_generator", theta, size, False if align_corners is None else align_corners)


def _spelled(size: Any) -> str:
    return f"torch.Size({list(size)})" if type(size).__name__ == "torch.Size" else str(size)


PICTURE_BODIES: dict[str, Callable[..., dict[str, Any] | None]] = {
    "F interpolate": _interpolate,
    "F grid_sample": _grid_sample,
    "F affine_grid": _affine_grid,
}
