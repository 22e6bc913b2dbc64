"""Pooling over windows of any number of dims, on plain arrays: where windows lie, their largest elements and means."""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.limits import require_few_windows
from detachsim.ops.convolution_kernels import windows
from detachsim.ops.numeric import numel

Ints = Sequence[int]


def pooled_size(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """Return how many windows there are; with ``ceil_mode`` also one that hangs over, if it begins within the input."""
    reach = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (reach + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return count


def geometry(self: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool) -> list[int]:
    """Return how many windows there are along each of the last dims."""
    sizes = zip(self.shape[-len(kernel) :], kernel, stride, padding, dilation, strict=True)
    return [pooled_size(*one, ceil_mode) for one in sizes]


def _framed(self: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, count: Ints, fill: float) -> Array:
    """Return the input with ``fill`` around it, wide enough for every window."""
    dims = len(kernel)
    after = [
        max(0, (count[i] - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 - self.shape[i - dims] - padding[i])
        for i in range(dims)
    ]
    widths = [(0, 0)] * (self.ndim - dims) + [(padding[i], after[i]) for i in range(dims)]
    return np.pad(self, widths, constant_values=fill)


# Largest elements


def greatest(windows: Array) -> Array:
    """Return the place of the greatest along the last axis: the first of equal ones, but the last nan."""
    best = np.argmax(windows, axis=-1)
    if windows.dtype.kind == "f" and (nan := np.isnan(windows)).any():
        last = windows.shape[-1] - 1 - np.argmax(nan[..., ::-1], axis=-1)
        best = np.where(nan.any(-1), last, best)
    return best


def max_pool_with_indices(
    self: Array, kernel_size: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> tuple[Array, Array]:
    """Return the largest element of each window, and where it lies in its picture or volume."""
    dims = len(kernel_size)
    count = geometry(self, kernel_size, stride, padding, dilation, ceil_mode)
    lowest = -np.inf if self.dtype.kind == "f" else np.iinfo(self.dtype).min
    framed = _framed(self, kernel_size, stride, padding, dilation, count, lowest)
    seen = windows(framed, kernel_size, stride, dilation, count)
    flat = seen.reshape(*seen.shape[:-dims], numel(kernel_size))
    best = greatest(flat)
    values = np.take_along_axis(flat, best[..., None], axis=-1)[..., 0]
    places = np.zeros(values.shape, np.int64)
    for dim, within in enumerate(np.unravel_index(best, tuple(kernel_size))):
        starts = np.arange(count[dim]).reshape(-1, *(1 for _ in range(dims - dim - 1))) * stride[dim] - padding[dim]
        places = places * self.shape[dim - dims] + starts + within * dilation[dim]
    return values, places


def scatter_places(dims: int) -> Callable[[Array, Array, Array], Array]:
    """Return the gradient of the largest elements over so many dims."""

    def scatter(grad_output: Array, self: Array, indices: Array) -> Array:
        """Zeros with the shape of ``self``, to which each window's gradient is added at the element that it took."""
        lead, whole = self.shape[:-dims], self.shape[-dims:]
        made = np.zeros((numel(lead), numel(whole)), grad_output.dtype)
        taken = (len(made), numel(indices.shape[-dims:]))
        rows = np.arange(len(made))[:, None]
        np.add.at(made, (rows, indices.reshape(taken)), grad_output.reshape(taken))
        return made.reshape(self.shape)

    return scatter


# Means


def _shares(
    self: Array, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool, include: bool, divisor: int | None
) -> Array:
    """Return by what each window's sum is divided, for every place."""
    dims = len(kernel)
    count = geometry(self, kernel, stride, padding, (1,) * dims, ceil_mode)
    sides: list[Array] = []
    for i in range(dims):
        size, k, s, p = self.shape[i - dims], kernel[i], stride[i], padding[i]
        lengths = []
        for place in range(count[i]):
            start = place * s - p
            end = min(start + k, size + p)
            lengths.append(end - start if include else min(end, size) - max(start, 0))
        sides.append(np.array(lengths, int))
    share = np.asarray(reduce(np.multiply.outer, sides))
    return share if divisor is None else np.full_like(share, divisor)


def avg_pool(
    self: Array,
    kernel_size: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    """Return the mean of each window."""
    dims = len(kernel_size)
    count = geometry(self, kernel_size, stride, padding, (1,) * dims, ceil_mode)
    framed = _framed(self, kernel_size, stride, padding, (1,) * dims, count, 0)
    total = np.zeros((*self.shape[:-dims], *count), self.dtype)
    for part in _parts(framed, kernel_size, stride, count):
        total += part
    share = _shares(self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    # Integers are divided as C does it, towards 0.
    return np.fix(total / share).astype(self.dtype) if self.dtype.kind in "iu" else total / share.astype(self.dtype)


def _parts(framed: Array, kernel: Ints, stride: Ints, count: Ints) -> Iterator[Array]:
    """Yield, for each place in the window, a view of the elements that all windows have there."""
    for place in np.ndindex(*kernel):
        sides = zip(place, count, stride, strict=True)
        at: Any = (..., *(slice(start, start + (n - 1) * step + 1, step) for start, n, step in sides))
        yield framed[at]


def avg_pool_backward(
    grad_output: Array,
    self: Array,
    kernel_size: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    """Return each window's gradient, shared among the elements that it took the mean of."""
    dims = len(kernel_size)
    count = geometry(self, kernel_size, stride, padding, (1,) * dims, ceil_mode)
    share = _shares(self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    sent = grad_output / share.astype(grad_output.dtype)
    framed = _framed(np.zeros(self.shape, grad_output.dtype), kernel_size, stride, padding, (1,) * dims, count, 0)
    for part in _parts(framed, kernel_size, stride, count):
        part += sent
    inner: Any = (..., *(slice(padding[i], padding[i] + self.shape[i - dims]) for i in range(dims)))
    return np.ascontiguousarray(framed[inner])


# As many windows as asked for


def _ranges(size: int, count: int) -> list[slice]:
    """Cut ``size`` elements into ``count`` ranges that may overlap by one."""
    return [slice(i * size // count, -((-(i + 1) * size) // count)) for i in range(count)]


def _regions(sizes: Ints, counts: Ints) -> Iterator[tuple[Any, Any]]:
    """Yield where each place of the result is, and the part of the input that it stands for."""
    sides = [_ranges(size, count) for size, count in zip(sizes, counts, strict=True)]
    for place in np.ndindex(*counts):
        yield (..., *place), (..., *(side[i] for side, i in zip(sides, place, strict=True)))


def adaptive_maximum(self: Array, output_size: Ints) -> tuple[Array, Array]:
    """Return the largest element of each window, and where it lies in its picture or volume."""
    require_few_windows(output_size)
    dims = len(output_size)
    whole = self.shape[-dims:]
    values = np.empty((*self.shape[:-dims], *output_size), self.dtype)
    places = np.empty(values.shape, np.int64)
    for place, region in _regions(whole, output_size):
        part = self[region]
        flat = part.reshape(*part.shape[:-dims], numel(part.shape[-dims:]))
        best = greatest(flat)
        values[place] = np.take_along_axis(flat, best[..., None], axis=-1)[..., 0]
        inner = np.unravel_index(best, part.shape[-dims:])
        starts = zip(inner, region[1:], strict=True)
        places[place] = np.ravel_multi_index([one + side.start for one, side in starts], whole)
    return values, places


def adaptive_average(self: Array, output_size: Ints) -> Array:
    """Return the mean of each window."""
    require_few_windows(output_size)
    dims = len(output_size)
    made = np.zeros((*self.shape[:-dims], *output_size), self.dtype)
    for place, region in _regions(self.shape[-dims:], output_size):
        part = self[region]
        # One element after another, as PyTorch's kernel adds them.
        row = part.reshape(*self.shape[:-dims], numel(part.shape[-dims:]))
        mean = np.add.accumulate(row, axis=-1)[..., -1]
        for side in region[1:]:
            mean = mean / (side.stop - side.start)
        made[place] = mean
    return made


def _refuse_empty_gradient(op: str, grad_output: Array) -> None:
    """Refuse a gradient without elements, unless it is the batch that has none."""
    for dim in range(1, grad_output.ndim):
        if grad_output.shape[dim] == 0:
            raise TorchError("adaptive_backward_empty", op=op, sizes=list(grad_output.shape), dim=dim)


def adaptive_maximum_backward(op: str, dims: int) -> Callable[[Array, Array, Array], Array]:
    """Return the gradient of the largest elements of as many windows as asked for; PyTorch calls it ``op``."""
    scatter = scatter_places(dims)

    def kernel(grad_output: Array, self: Array, indices: Array) -> Array:
        _refuse_empty_gradient(op, grad_output)
        return scatter(grad_output, self, indices)

    return kernel


def adaptive_average_backward(grad_output: Array, self: Array, dims: int) -> Array:
    """Return each window's gradient, shared among the elements that it took the mean of."""
    _refuse_empty_gradient(f"adaptive_avg_pool{dims}d", grad_output)
    return lenient_average_backward(grad_output, self, dims)


def lenient_average_backward(grad_output: Array, self: Array, dims: int) -> Array:
    """Return each window's gradient, shared among the elements that it took the mean of."""
    made = np.zeros(self.shape, grad_output.dtype)
    for place, region in _regions(self.shape[-dims:], grad_output.shape[-dims:]):
        sent = grad_output[place]
        for side in region[1:]:
            sent = sent / (side.stop - side.start)
        made[region] += sent.reshape(*sent.shape, *(1 for _ in range(dims)))
    return made
