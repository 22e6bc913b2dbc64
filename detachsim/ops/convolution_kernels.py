"""Convolutions of one to three dimensions and their gradients on plain arrays."""

from collections.abc import Sequence

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.ops.numeric import numel
from detachsim.ops.products import matrix_product
from detachsim.ops.reduction import sum_dims

Ints = Sequence[int]


def output_size(size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> tuple[int, ...]:
    """Return how many places the kernel has in each dimension."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )


def windows(array: Array, kernel: Ints, stride: Ints, dilation: Ints, count: Ints) -> Array:
    """Return a view with every place of the kernel: leading dims, places, kernel."""
    lead = array.ndim - len(kernel)
    steps = array.strides[lead:]
    return np.lib.stride_tricks.as_strided(
        array,
        (*array.shape[:lead], *count, *kernel),
        (
            *array.strides[:lead],
            *(step * s for step, s in zip(steps, stride, strict=True)),
            *(step * d for step, d in zip(steps, dilation, strict=True)),
        ),
        writeable=False,
    )


def _columns(input: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """Return, for each group, one row for each place of the kernel: batch, group, place, channels by kernel."""
    count = output_size(input.shape[2:], kernel, stride, padding, dilation)
    padded = np.pad(input, [(0, 0), (0, 0), *((p, p) for p in padding)])
    seen = windows(padded, kernel, stride, dilation, count)
    dims = len(kernel)
    batch, channels = input.shape[:2]
    seen = seen.reshape(batch, groups, channels // groups, *count, *kernel)
    order = (0, 1, *range(3, 3 + dims), 2, *range(3 + dims, 3 + 2 * dims))
    return seen.transpose(order).reshape(batch, groups, numel(count), channels // groups * numel(kernel))


def correlate(input: Array, weight: Array, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The convolution itself, which in machine learning does not turn the kernel round."""
    kernel = weight.shape[2:]
    count = output_size(input.shape[2:], kernel, stride, padding, dilation)
    outputs = weight.shape[0]
    columns = _columns(input, kernel, stride, padding, dilation, groups)
    rows = weight.reshape(groups, outputs // groups, numel(weight.shape[1:]))
    product = matrix_product(rows[None], columns.swapaxes(-1, -2))
    return np.ascontiguousarray(product).reshape(input.shape[0], outputs, *count)


def input_gradient(
    grad: Array, weight: Array, size: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """Send each output's gradient back to the inputs that the kernel saw there; ``size`` is the inputs'."""
    kernel = weight.shape[2:]
    dims = len(kernel)
    batch, outputs = grad.shape[:2]
    channels = weight.shape[1] * groups
    count = grad.shape[2:]
    wide = tuple(
        max(n + 2 * p, (c - 1) * s + d * (k - 1) + 1)
        for n, p, c, s, d, k in zip(size, padding, count, stride, dilation, kernel, strict=True)
    )
    made = np.zeros((batch, channels, *wide), dtype=grad.dtype)
    flat = grad.reshape(batch, groups, outputs // groups, numel(count))
    for place in np.ndindex(*kernel):
        part = weight[(slice(None), slice(None), *place)].reshape(groups, outputs // groups, channels // groups)
        sent = matrix_product(part.swapaxes(-1, -2)[None], flat).reshape(batch, channels, *count)
        where = tuple(
            slice(place[i] * dilation[i], place[i] * dilation[i] + (count[i] - 1) * stride[i] + 1, stride[i])
            for i in range(dims)
        )
        made[(slice(None), slice(None), *where)] += sent
    inside = tuple(slice(p, p + n) for p, n in zip(padding, size, strict=True))
    return np.ascontiguousarray(made[(slice(None), slice(None), *inside)])


def weight_gradient(
    grad: Array, input: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient of the kernel: each output's gradient times what the kernel saw there."""
    batch, outputs = grad.shape[:2]
    columns = _columns(input, kernel, stride, padding, dilation, groups)
    # The kernel may leave a rest of the input unseen.
    places = numel(grad.shape[2:])
    flat = grad.reshape(batch, groups, outputs // groups, places)
    total = matrix_product(flat, columns[:, :, :places])
    return np.add.reduce(total, axis=0).reshape(outputs, input.shape[1] // groups, *kernel)


def convolution(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> Array:
    dtype = input.dtype
    if dtype == np.float16:
        input, weight = input.astype(np.float32), weight.astype(np.float32)
    if transposed:
        size = transposed_size(input.shape[2:], weight.shape[2:], stride, padding, dilation, output_padding)
        made = input_gradient(input, weight, size, stride, padding, dilation, groups)
    else:
        made = correlate(input, weight, stride, padding, dilation, groups)
    if bias is not None:
        made = made + bias.reshape(-1, *(1,) * (made.ndim - 2))
    return made.astype(dtype, copy=False)


def transposed_size(
    size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, extra: Ints
) -> tuple[int, ...]:
    return tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, k, s, p, d, e in zip(size, kernel, stride, padding, dilation, extra, strict=True)
    )


def convolution_backward_kernel(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
    mask: Sequence[bool],
) -> tuple[Array, Array, Array]:
    """The gradients of input, weight and bias, each only where ``mask`` asks for it: the others are empty."""
    if not transposed and any(output_padding):
        raise TorchError("conv_output_padding_plain", found=" ".join(map(str, output_padding)))
    options = (stride, padding, dilation, groups)
    made = [np.zeros(0, grad_output.dtype)] * 3
    if mask[0]:
        if transposed:
            made[0] = correlate(grad_output, weight, *options)
        else:
            made[0] = input_gradient(grad_output, weight, input.shape[2:], *options)
    if mask[1]:
        sent, seen = (input, grad_output) if transposed else (grad_output, input)
        made[1] = weight_gradient(sent, seen, weight.shape[2:], *options)
    if mask[2]:
        made[2] = np.asarray(sum_dims(grad_output, (0, *range(2, grad_output.ndim))))
    return made[0], made[1], made[2]
