"""Reading a picture or volume at the points of a grid, on plain arrays: places, weights, values and their gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import mul
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.ops.numeric import numel

BILINEAR, NEAREST, BICUBIC = range(3)
ZEROS, BORDER, REFLECTION = range(3)

# The parameter of the cubic convolution.
_A = -0.75


@dataclass(frozen=True, slots=True)
class Axis:
    """What points read along one dim: ``part`` is how far each lies beyond the element before it, which moves with
    the grid by ``factor``; ``places`` are the elements of each tap, ``inside`` says which of them there are."""

    part: Array
    factor: Array
    places: list[Array]
    inside: list[Array]


# Each mode's weights of the taps as functions of the part, and their first and second slopes.
Weights = Sequence[Callable[[Any], Any]]


def _near(x: Any) -> Any:
    """The cubic convolution within one element."""
    return ((_A + 2) * x - (_A + 3)) * x * x + 1


def _far(x: Any) -> Any:
    """The cubic convolution between one element and two."""
    return ((x - 5) * x * _A + 8 * _A) * x - 4 * _A


def _near_slope(x: Any) -> Any:
    return (3 * (_A + 2) * x - 2 * (_A + 3)) * x


def _far_slope(x: Any) -> Any:
    return (3 * _A * x - 10 * _A) * x + 8 * _A


def _near_second(x: Any) -> Any:
    return 6 * (_A + 2) * x - 2 * (_A + 3)


def _far_second(x: Any) -> Any:
    return 6 * _A * x - 10 * _A


# By mode and derivative.
WEIGHTS: dict[int, tuple[Weights, Weights, Weights]] = {
    BILINEAR: (
        (lambda t: 1 - t, lambda t: t),
        (lambda t: -1, lambda t: 1),
        (lambda t: 0, lambda t: 0),
    ),
    NEAREST: ((lambda t: 1,), (lambda t: 0,), (lambda t: 0,)),
    BICUBIC: (
        (lambda t: _far(t + 1), _near, lambda t: _near(1 - t), lambda t: _far(2 - t)),
        (lambda t: _far_slope(t + 1), _near_slope, lambda t: -_near_slope(1 - t), lambda t: -_far_slope(2 - t)),
        (lambda t: _far_second(t + 1), _near_second, lambda t: _near_second(1 - t), lambda t: _far_second(2 - t)),
    ),
}


def _reflected(position: Array, size: int, align: bool) -> tuple[Array, Array]:
    """Return positions thrown back at the edges, and whether they move on, 1, or back, -1."""
    low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
    if span == 0:
        return np.zeros_like(position), np.zeros_like(position)
    away = np.abs(position - low)
    sign = np.where(position < low, -1, 1)
    extra = np.fmod(away, span)
    even = np.floor(away / span) % 2 == 0
    return np.where(even, extra + low, span - extra + low), np.where(even, sign, -sign).astype(position.dtype)


def _padded(position: Array, size: int, padding: int, align: bool) -> tuple[Array, Array]:
    """Return positions as the padding moves them, and how fast they go on; on the edge they stand still."""
    factor = np.ones_like(position)
    if padding == ZEROS:
        return position, factor
    if padding == REFLECTION:
        position, factor = _reflected(position, size, align)
    still = ~((position > 0) & (position < size - 1))
    # What is no number lies on the first element.
    return np.fmin(np.fmax(position, 0), size - 1), np.where(still, 0, factor)


def _axis(points: Array, size: int, mode: int, padding: int, align: bool) -> Axis:
    scale = points.dtype.type((size - 1) / 2 if align else size / 2)
    position = (points + 1) * scale if align else (points + 1) * scale - points.dtype.type(0.5)
    factor = np.full_like(position, scale)
    if mode != BICUBIC:
        position, moved = _padded(position, size, padding, align)
        factor = factor * moved
    first = np.rint(position) if mode == NEAREST else np.floor(position)
    offsets = (-1, 0, 1, 2) if mode == BICUBIC else (0,) if mode == NEAREST else (0, 1)
    taps = [first + points.dtype.type(offset) for offset in offsets]
    if mode == BICUBIC:
        taps = [_padded(tap, size, padding, align)[0] for tap in taps]
    inside = [(tap >= 0) & (tap < size) for tap in taps]
    places = [np.where(there, tap, 0).astype(np.int64) for there, tap in zip(inside, taps, strict=True)]
    return Axis(position - first, factor, places, inside)


def axes_of(shape: Sequence[int], grid: Array, mode: int, padding: int, align: bool) -> list[Axis]:
    """Return what the points of a grid read along each dim of a picture, in the grid's order: the last dim first."""
    flat = grid.reshape(len(grid), numel(grid.shape[1:-1]), grid.shape[-1])
    return [_axis(flat[..., d], size, mode, padding, align) for d, size in enumerate(shape[:1:-1])]


def combinations(axes: Sequence[Axis]) -> list[tuple[int, ...]]:
    """Return which tap of each axis makes each tap of the picture, in PyTorch's order: the first axis goes fastest."""
    return [taps[::-1] for taps in product(*(range(len(axis.places)) for axis in axes[::-1]))]


def places_of(axes: Sequence[Axis], taps: Sequence[int], shape: Sequence[int]) -> tuple[Array, Array]:
    """Return where one tap's elements lie in each picture, counted through its dims, and which of them there are."""
    index: Any = 0
    for axis, tap, size in zip(axes[::-1], taps[::-1], shape[2:], strict=True):
        index = index * size + axis.places[tap]
    return index, np.logical_and.reduce([axis.inside[tap] for axis, tap in zip(axes, taps, strict=True)])


def _flat(input: Array) -> Array:
    """Return pictures with all their elements in one dim."""
    return input.reshape(*input.shape[:2], numel(input.shape[2:]))


def sample(input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Array:
    """Return the picture's values at the points: their neighbours, weighted."""
    axes = axes_of(input.shape, grid, interpolation_mode, padding_mode, align_corners)
    weights = _values(axes, interpolation_mode, 0)
    flat = _flat(input)
    made = np.zeros((*flat.shape[:2], numel(grid.shape[1:-1])), flat.dtype)
    for taps in combinations(axes):
        made += _taken(flat, *places_of(axes, taps, input.shape)) * _broadcast(_weight(weights, taps))
    return made.reshape(*input.shape[:2], *grid.shape[1:-1]).astype(input.dtype)


def sample_backward(
    grad_output: Array,
    input: Array,
    grid: Array,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
) -> tuple[Array, Array]:
    """Return the gradients of picture and grid."""
    axes = axes_of(input.shape, grid, interpolation_mode, padding_mode, align_corners)
    weights, slopes = (_values(axes, interpolation_mode, number) for number in (0, 1))
    flat = _flat(input)
    arriving = _flat(grad_output)
    to_input = np.zeros_like(flat)
    to_grid = np.zeros((*arriving.shape[::2], len(axes)), flat.dtype)
    batch, channel = np.ogrid[: flat.shape[0], : flat.shape[1]]
    for taps in combinations(axes):
        index, inside = places_of(axes, taps, input.shape)
        share = np.where(inside[:, None], arriving * _broadcast(_weight(weights, taps)), 0)
        np.add.at(to_input, (batch[..., None], channel[..., None], index[:, None]), share)
        if interpolation_mode != NEAREST:
            product = (_taken(flat, index, inside) * arriving).sum(axis=1)
            for d in range(len(axes)):
                to_grid[..., d] += product * _weight([*weights[:d], slopes[d], *weights[d + 1 :]], taps)
    if interpolation_mode != NEAREST:
        to_grid *= np.stack([axis.factor for axis in axes], -1)
    return to_input.reshape(input.shape).astype(input.dtype), to_grid.reshape(grid.shape).astype(grid.dtype)


def _values(axes: Sequence[Axis], mode: int, derivative: int) -> list[list[Any]]:
    return [[weight(axis.part) for weight in WEIGHTS[mode][derivative]] for axis in axes]


def _weight(values: Sequence[Sequence[Any]], taps: Sequence[int]) -> Any:
    return reduce(mul, [each[tap] for each, tap in zip(values, taps, strict=True)])


def _broadcast(weight: Any) -> Any:
    """Return one weight for each point as one for each channel and point; that of the nearest element is 1."""
    return weight[:, None] if isinstance(weight, np.ndarray) else weight


def _taken(flat: Array, index: Array, inside: Array) -> Array:
    """Return elements of each picture, 0 for those that are not there."""
    return np.where(inside[:, None], np.take_along_axis(flat, index[:, None], axis=2), 0)
