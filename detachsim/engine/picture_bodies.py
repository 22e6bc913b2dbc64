"""The bodies of the functions of ``torch.nn.functional`` that read pictures at other places, or put them there."""

from collections.abc import Callable, Sequence
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


def unpooled_size(
    dims: int, shape: Sequence[int], kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> tuple[Any, Any, Any]:
    """Return the size that unpooling makes, with steps and padding for each dim; raises Python's errors for others."""
    kernel = spread_out(dims, kernel_size)
    steps = kernel if stride is None else spread_out(dims, stride)
    edges = spread_out(dims, padding)
    try:
        count = len(kernel)
        usual = [(shape[d - count] - 1) * steps[d] + kernel[d] - 2 * edges[d] for d in range(count)]
    except (IndexError, TypeError) as error:
        raise TorchError("python", type=type(error).__name__, text=str(error)) from None
    given = usual if output_size is None else _listed(output_size)
    made = given[2:] if len(given) == count + 2 and output_size is not None else given
    if len(made) != count:
        raise TorchError("unpool_size_count", few=count, many=count + 2, found=len(made))
    for d in range(count):
        low, high = usual[d] - steps[d], usual[d] + steps[d]
        if output_size is not None and not _lies_between(low, made[d], high):
            raise TorchError("unpool_size", size=_spelled(made), dim=d, low=low, high=high)
    for d in range(count):
        if made[d] < 0:
            raise TorchError("unpool_negative", dim=d, size=made[d])
    return made, steps, edges


def _listed(value: Any) -> Any:
    """Return what can be counted; the elements of a tensor as numbers, its rows as lists."""
    if isinstance(value, Tensor) and value.array.ndim:
        return value.array.tolist()
    if isinstance(value, (list, tuple, str)):
        return value
    text = "len() of a 0-d tensor" if isinstance(value, Tensor) else f"object of type '{type_word(value)}' has no len()"
    raise TorchError("python", type="TypeError", text=text)


def _lies_between(low: Any, value: Any, high: Any) -> bool:
    if isinstance(value, list):
        raise TorchError("bool_many")  # the row of a tensor
    try:
        return bool(low < value < high)
    except TypeError as error:
        raise TorchError("python", type="TypeError", text=str(error)) from None


def spread_out(dims: int, value: Any) -> Any:
    """Return a number for each dim."""
    if isinstance(value, Tensor):
        if not value.array.ndim:
            raise TorchError("python", type="TypeError", text="iteration over a 0-d tensor")
        return tuple(value.array.tolist())
    return tuple(value) if isinstance(value, (list, tuple, str)) else (value,) * dims


def _max_unpool(dims: int) -> Callable[..., None]:
    def body(c: Calls, input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> None:
        c.certain = False
        c.attribute(input, "size")
        size, steps, edges = unpooled_size(dims, input.shape, kernel_size, stride, padding, output_size)
        if dims == 3:
            c.call("n max_unpool3d", input, indices, size, steps, edges)
        else:
            if dims == 1:
                c.attribute(indices, "unsqueeze")
                size = [*size, 1]
            c.call("n max_unpool2d", input, indices, size)

    return body


PICTURE_BODIES: dict[str, Callable[..., dict[str, Any] | None]] = {
    "F max_unpool1d": _max_unpool(1),
    "F max_unpool2d": _max_unpool(2),
    "F max_unpool3d": _max_unpool(3),
    "F interpolate": _interpolate,
    "F grid_sample": _grid_sample,
    "F affine_grid": _affine_grid,
}
