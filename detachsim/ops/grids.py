"""Pictures and volumes read at the points of a grid: grid_sample, and affine_grid, which makes such grids."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import fresh
from detachsim.ops import grid_kernels
from detachsim.ops.creation import evenly_spaced
from detachsim.ops.grid_kernels import BICUBIC, BILINEAR, NEAREST, REFLECTION, WEIGHTS, axes_of, combinations, places_of
from detachsim.ops.numeric import numel, require_dim
from detachsim.ops.products import matrix_product
from detachsim.ops.row import composite, general

_MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
_PADDINGS = {"zeros": 0, "border": 1, "reflection": 2}
_DIMS = {"grid_sampler_2d": 4, "grid_sampler_3d": 5}
_KERNELS = {"grid_sampler_2d": "grid_sampler_2d_cpu_kernel_impl", "grid_sampler_3d": "grid_sampler3d_cpu"}


def grid_sample(
    ops: Any,
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """input at the points of grid, whose edges are -1 and 1."""
    if align_corners is None:
        input.session.warn("grid_corners")
    return ops.grid_sampler(input, grid, _MODES[mode], _PADDINGS[padding_mode], bool(align_corners))


def grid_sampler(
    ops: Any, input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Any:
    """The same with numbers for the modes."""
    _check_common(input, grid)
    sampler = ops.grid_sampler_2d if input.ndim == 4 == grid.ndim else ops.grid_sampler_3d
    return sampler(input, grid, interpolation_mode, padding_mode, align_corners)


def _check_common(input: Any, grid: Any) -> None:
    sizes, points = list(input.shape), list(grid.shape)
    for shape in (sizes, points):
        require_dim(0, len(shape))
    if sizes[0] != points[0]:
        raise TorchError("grid_batch", input=sizes, grid=points)
    if points[-1] != len(sizes) - 2:
        raise TorchError("grid_points", size=len(sizes) - 2, grid=points)
    for dim, size in enumerate(sizes[2:], start=2):
        if size <= 0:
            raise TorchError("grid_empty", sizes=sizes, dim=dim)


def _check_sampler(session: Any, op: Op, bound: list[Any]) -> None:
    input, grid, mode = bound[:3]
    _check_common(input, grid)
    dims = _DIMS[op.name]
    if not len(input.shape) == dims == len(grid.shape):
        raise TorchError("grid_dims", dims=dims, input=list(input.shape), grid=list(grid.shape))
    if dims == 5 and mode == BICUBIC:
        raise TorchError("grid_bicubic")
    if not input.dtype.is_floating or (input.dtype.is_reduced and session.dialect != NEWEST):
        key = "grid_dtype" if dims == 4 else "not_implemented_for"
        raise TorchError(key, kernel=_KERNELS[op.name], dtype=input.dtype.scalar)
    if input.dtype is not grid.dtype:
        raise TorchError("scalar_types", expected=input.dtype.scalar, found=grid.dtype.scalar)


def grid_sampler_second(
    ops: Any,
    grads: Sequence[Any],
    grad_output: Any,
    input: Any,
    grid: Any,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
    needs: Sequence[bool],
) -> tuple[Any, Any, Any]:
    """The gradients of a sampler's gradients."""
    to_input, to_grid = grads
    given = (interpolation_mode, padding_mode, align_corners)
    name = "grid_sampler_2d" if input.ndim == 4 else "grid_sampler_3d"
    found: list[Any] = [None, None, None]
    if to_input is not None:
        # The gradient of the picture is as linear in grad_output as the sample is in the picture.
        found[0] = ops[name](to_input, grid, *given)
        found[2] = ops[f"{name}_backward"](grad_output, to_input, grid, *given)[1]
    if to_grid is not None and interpolation_mode != NEAREST:
        if needs[1] and (interpolation_mode, padding_mode) == (BILINEAR, REFLECTION) and _is_half(grid):
            # PyTorch's reflection makes float32 of half types.
            raise TorchError("scatter_dtype")
        parts = _along(ops, to_grid, grad_output, input, grid, *given)
        found = [part if one is None else one + part for one, part in zip(found, parts, strict=True)]
    return found[0], found[1], found[2]


def _along(
    ops: Any, to_grid: Any, grad_output: Any, input: Any, grid: Any, mode: int, padding: int, align: bool
) -> tuple[Any, Any, Any]:
    """The gradients of what grad_output, picture and grid give along ``to_grid``.

    The weight of each tap is a product of one weight for each axis; ``slope`` is how it changes along ``to_grid``.
    """
    axes = axes_of(input.shape, _array(grid), mode, padding, align)
    batch, channels = input.shape[:2]
    flat = (batch, numel(grid.shape[1:-1]), len(axes))
    count = range(len(axes))
    points, moves = _in_rows(ops, grid, flat), _in_rows(ops, to_grid, flat)
    weights, factors = [], []
    for d, axis in enumerate(axes):
        point = ops.select(points, -1, d)
        # The part that a point lies beyond an element, as a function of the point.
        start = axis.part - _array(point) * axis.factor
        factors.append(_like(grid, axis.factor))
        part = point * factors[d] + _like(grid, start)
        weights.append([[weight(part) for weight in kind] for kind in WEIGHTS[mode]])
    speeds = [ops.select(moves, -1, d) * factors[d] for d in count]

    def slope(taps: Sequence[int], order: Sequence[int]) -> Any:
        made = None
        for d in count:
            orders = [order[e] + (d == e) for e in count]
            term = speeds[d]
            for e in count:
                term = term * weights[e][orders[e]][taps[e]]
            made = term if made is None else made + term
        return made

    chosen = combinations(axes)
    found = [places_of(axes, taps, input.shape) for taps in chosen]
    inside = _like(grid, np.stack([each for _, each in found], 1))
    index = np.broadcast_to(np.stack([each for each, _ in found], 1)[:, None], (batch, channels, *inside.shape[1:]))
    places = _like(grid, np.ascontiguousarray(index).reshape(batch, channels, -1), dtypes.int64)
    plane = _in_rows(ops, input, (batch, channels, -1))
    missing = _like(grid, np.stack([~each for _, each in found], 1)[:, None], dtypes.boolean)
    values = ops.masked_fill(ops.view(ops.gather(plane, 2, places), index.shape), missing, 0)
    arriving = ops.unsqueeze(_in_rows(ops, grad_output, (batch, channels, -1)), 2)
    plain = [0] * len(axes)
    along = ops.unsqueeze(ops.stack([slope(taps, plain) for taps in chosen], 1) * inside, 1)
    to_output = ops.view(ops.sum_dim(values * along, (2,), False), grad_output.shape)
    shares = ops.view(arriving * along, (batch, channels, -1))
    to_input = ops.view(ops.scatter_add(_like(grid, np.zeros(plane.shape)), 2, places, shares), input.shape)
    product = ops.sum_dim(values * arriving, (1,), False) * inside
    to_points = []
    for d in count:
        order = [int(e == d) for e in count]
        second = ops.stack([slope(taps, order) for taps in chosen], 1)
        to_points.append(ops.sum_dim(product * second, (1,), False) * factors[d])
    return to_output, to_input, ops.view(ops.stack(to_points, -1), grid.shape)


def _in_rows(ops: Any, value: Any, shape: Sequence[int]) -> Any:
    return ops.view(ops.contiguous(value) if isinstance(value, Operand) else value, shape)


def _array(value: Any) -> Array:
    array: Array = value.tensor.array if isinstance(value, Operand) else value
    return array


def _is_half(value: Any) -> bool:
    return isinstance(value, Operand) and value.tensor.dtype.is_reduced


def _like(value: Any, array: Array, dtype: DType | None = None) -> Any:
    """Return fixed numbers as what ``value`` is, an operand or an array, in its type or another."""
    made = array if dtype else array.astype(value.dtype)
    if isinstance(value, Operand):
        return Operand(value.session, fresh(made, dtype or value.tensor.dtype))
    return made


# Grids


def base_grid(size: Sequence[int], align_corners: bool, dtype: Any) -> Array:
    """Return the points of a grid that changes nothing, in rows, each with a 1 behind it."""
    number = np.dtype(dtype).type
    kind = np.float64 if number is np.float64 else np.float32
    sides = []
    for steps in size[2:]:
        points = evenly_spaced(-1, 1, steps, kind).astype(dtype) if steps > 1 else np.zeros(steps, dtype)
        sides.append(points if align_corners else points * number(steps - 1) / number(steps))
    mesh = np.meshgrid(*sides, indexing="ij")
    rows = np.stack([*(side.reshape(-1) for side in mesh[::-1]), np.ones(numel(size[2:]), dtype)], -1)
    return np.ascontiguousarray(np.broadcast_to(rows, (size[0], *rows.shape)))


def affine_points(theta: Array, size: Sequence[int], align_corners: bool) -> Array:
    base = base_grid(size, align_corners, theta.dtype)
    made = matrix_product(base, theta.swapaxes(1, 2))
    return np.ascontiguousarray(made).reshape(size[0], *size[2:], len(size) - 2)


def affine_backward(ops: Any, grad: Any, size: Sequence[int], align_corners: bool) -> Any:
    """The gradient of affine matrices."""
    base = _like(grad, base_grid(size, align_corners, grad.dtype))
    rows = ops.view(grad, (size[0], -1, len(size) - 2))
    return ops.transpose(ops.bmm(ops.transpose(base, 1, 2), rows), 1, 2)


def _check_affine(session: Any, op: Op, bound: list[Any]) -> None:
    theta, size = bound[:2]
    if len(size) not in (4, 5):
        raise TorchError("affine_generator")
    require_dim(2, len(theta.shape))
    expected = [size[0], len(size) - 1]
    found = [theta.shape[0], theta.shape[2]]
    if expected != found:
        raise TorchError("batch_sizes", expected=expected, found=found)


def affine_grid(ops: Any, theta: Any, size: Any, align_corners: bool | None = None) -> Any:
    """The points of a grid of a size, moved by affine matrices."""
    if align_corners is None:
        theta.session.warn("grid_corners")
    if align_corners and min(size[2:]) == 1:
        theta.session.warn("affine_unit")
    return ops.affine_grid_generator(theta, size, bool(align_corners))


_SAMPLING = "int interpolation_mode, int padding_mode, bool align_corners"
_GIVEN = "interpolation_mode, padding_mode, align_corners"


def _sampler(dims: int, samples: Sequence[str]) -> list[Op]:
    name = f"grid_sampler_{dims}d"
    return [
        general(
            f"{name}(Tensor input, Tensor grid, {_SAMPLING})",
            f"GridSampler{dims}DBackward0",
            grid_kernels.sample,
            where="t",
            grad={"input, grid": f"{name}_backward(grad, input, grid, {_GIVEN})"},
            check=_check_sampler,
            doc=f"{'pictures' if dims == 2 else 'volumes'} at the points of a grid, with numbers for the modes",
            samples=samples,
        ),
        general(
            f"{name}_backward(Tensor grad_output, Tensor input, Tensor grid, {_SAMPLING})",
            f"GridSampler{dims}DBackwardBackward0",
            grid_kernels.sample_backward,
            where="",
            grad={"grad_output, input, grid": f"grid_sampler_second(grads, grad_output, input, grid, {_GIVEN}, needs)"},
            differentiable_outputs=2,
            older={
                "torch-1.13": {
                    "grad_fn": "torch::autograd::NotImplemented",
                    "grad": {"grad_output, input, grid": f"not_implemented('{name}_backward')"},
                    "bare_edges": True,
                }
            },
            doc=f"the gradients of {name}",
        ),
    ]


HELPERS = {"grid_sampler_second": grid_sampler_second, "affine_backward": affine_backward}

# PyTorch reads memory of something else in the backward pass at points that are no numbers.
_POINTS = "b.nan_to_num(0., 1., -1.).reshape(1, 1, -1)"
_PICTURE = f"a.reshape(1, 1, 1, -1), torch.stack([{_POINTS}, {_POINTS} * 0.5], -1)"

ROWS: list[Op] = [
    composite(
        "grid_sample(Tensor input, Tensor grid, str mode='bilinear', str padding_mode='zeros', "
        "bool? align_corners=None)",
        grid_sample,
        where="F",
        doc="input at the points of a grid",
        samples=(
            f"F.grid_sample({_PICTURE}, align_corners=False)",
            f"F.grid_sample({_PICTURE}, padding_mode='border', align_corners=True)",
            f"F.grid_sample({_PICTURE}, padding_mode='reflection', align_corners=False)",
            f"F.grid_sample({_PICTURE}, mode='nearest', padding_mode='reflection', align_corners=True)",
            f"F.grid_sample({_PICTURE}, mode='bicubic', align_corners=False)",
            f"F.grid_sample({_PICTURE}, mode='bicubic', padding_mode='border', align_corners=True)",
        ),
    ),
    composite(
        f"grid_sampler(Tensor input, Tensor grid, {_SAMPLING})",
        grid_sampler,
        where="t",
        doc="input at the points of a grid, with numbers for the modes",
    ),
    *_sampler(2, (f"torch.grid_sampler_2d({_PICTURE}, 0, 2, True)",)),
    *_sampler(
        3,
        (
            "torch.grid_sampler_3d(a.reshape(1, 1, 1, -1, 1), "
            f"torch.stack([{_POINTS}, {_POINTS} * 0.5, -{_POINTS}], -1).reshape(1, 1, 1, -1, 3), 0, 0, False)",
        ),
    ),
    composite(
        "affine_grid(Tensor theta, any size, bool? align_corners=None)",
        affine_grid,
        where="F",
        doc="the points of a grid of a size, moved by affine matrices",
        samples=(
            "F.affine_grid(torch.stack([a, b]).reshape(1, 2, -1), (1, 1, 2, 3), align_corners=False)",
            "F.affine_grid(torch.stack([a, b]).reshape(1, 2, -1), (1, 1, 2, 3), align_corners=True)",
        ),
    ),
    general(
        "affine_grid_generator(Tensor theta, int[] size, bool align_corners)",
        "AffineGridGeneratorBackward0",
        affine_points,
        where="t",
        grad={"theta": "affine_backward(grad, size, align_corners)"},
        check=_check_affine,
        doc="the points of a grid of a size, moved by affine matrices",
    ),
]
