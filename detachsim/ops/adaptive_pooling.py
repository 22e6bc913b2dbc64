"""As many windows as asked for, their largest elements and means; powers' means, and local responses."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.limits import require_few_windows
from detachsim.engine.op import Op
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.numeric import numel
from detachsim.ops.pooling import only_number
from detachsim.ops.pooling_kernels import greatest, scatter_places
from detachsim.ops.row import composite, general


def _ranges(size: int, count: int) -> list[slice]:
    """Cut ``size`` elements into ``count`` ranges that may overlap by one."""
    return [slice(i * size // count, -((-(i + 1) * size) // count)) for i in range(count)]


def _regions(sizes: Sequence[int], counts: Sequence[int]) -> Iterator[tuple[Any, Any]]:
    """Yield where each place of the result is, and the part of the input that it stands for."""
    sides = [_ranges(size, count) for size, count in zip(sizes, counts, strict=True)]
    for place in np.ndindex(*counts):
        yield (..., *place), (..., *(side[i] for side, i in zip(sides, place, strict=True)))


def adaptive_maximum(self: Array, output_size: Sequence[int]) -> tuple[Array, Array]:
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


def _check(session: Any, op: Op, bound: list[Any]) -> None:
    self = bound[0]
    if self.array.ndim not in (3, 4):
        raise TorchError("adaptive_max_dims", sizes=list(self.shape))
    for dim in range(1, self.array.ndim):
        if self.shape[dim] == 0:
            raise TorchError("adaptive_max_empty", op="adaptive_max_pool2d", sizes=list(self.shape), dim=dim)
    if min(bound[1]) < 0:
        shape = [*self.shape[:-2], *bound[1]]
        raise TorchError("negative_dim", size=next(size for size in bound[1] if size < 0), shape=shape)
    if not self.dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="adaptive_max_pool2d", dtype=self.dtype.scalar)


def adaptive_max_pool2d(ops: Any, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of as many windows as asked for."""
    wanted = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    if len(wanted) != 2:
        if input.ndim not in (3, 4):
            raise TorchError("adaptive_max_dims", sizes=list(input.shape))
        raise TorchError("adaptive_max_sizes")
    size = tuple(input.shape[i - 2] if wanted[i] is None else wanted[i] for i in range(2))
    values, indices = ops.adaptive_max_kernel(input, size)
    return (values, indices) if return_indices else values


def adaptive_max_pool1d(ops: Any, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of as many windows as asked for, as a picture of one row."""
    if input.ndim not in (2, 3):
        raise TorchError("argument_dims", ndim=input.ndim, op="adaptive_max_pool1d")
    for dim in range(1, input.ndim):
        if input.shape[dim] == 0:
            raise TorchError("adaptive_max_empty", op="adaptive_max_pool1d", sizes=list(input.shape), dim=dim)
    if not isinstance(output_size, int) and len(output_size) != 1:
        raise TorchError("pool_one", op="adaptive_max_pool1d", name="output_size", count=len(output_size))
    count = output_size if isinstance(output_size, int) else output_size[0]
    values, indices = ops.adaptive_max_kernel(ops.unsqueeze(input, -2), (1, count))
    values = ops.squeeze_dim(values, -2)
    return (values, ops.squeeze_dim(indices, -2)) if return_indices else values


def adaptive_average(self: Array, output_size: Sequence[int]) -> Array:
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


def adaptive_average_backward(grad_output: Array, self: Array, dims: int) -> Array:
    made = np.zeros(self.shape, grad_output.dtype)
    for place, region in _regions(self.shape[-dims:], grad_output.shape[-dims:]):
        sent = grad_output[place]
        for side in region[1:]:
            sent = sent / (side.stop - side.start)
        made[region] += sent.reshape(*sent.shape, *(1 for _ in range(dims)))
    return made


def adaptive_avg_pool2d(ops: Any, self: Any, output_size: Any) -> Any:
    """Means of as many windows as asked for."""
    wanted = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    if len(wanted) != 2:
        raise TorchError("adaptive_sizes")
    size = tuple(self.shape[i - 2] if wanted[i] is None else wanted[i] for i in range(2))
    if min(size) < 0:
        raise TorchError("adaptive_negative", size=f"{{{size[0]}, {size[1]}}}")
    if size == (1, 1):
        return ops.mean(self, (-1, -2), True)
    if self.ndim not in (3, 4):
        raise TorchError("adaptive_dims", sizes=list(self.shape))
    for dim in (-2, -1):
        if self.shape[dim] == 0:
            raise TorchError("adaptive_empty", sizes=list(self.shape), dim=self.ndim + dim)
    refuse_integers("adaptive_avg_pool2d", self)
    return ops._adaptive_avg_pool2d(self, size)


def adaptive_avg_pool1d(ops: Any, self: Any, output_size: Any) -> Any:
    """Means of as many windows as asked for, as a picture of one row."""
    if self.ndim not in (2, 3):
        raise TorchError("argument_dims", ndim=self.ndim, op="adaptive_avg_pool1d")
    count = only_number("adaptive_avg_pool1d", "output_size", output_size)
    return ops.squeeze_dim(adaptive_avg_pool2d(ops, ops.unsqueeze(self, -2), (1, count)), -2)


def _lp_pool(dims: int) -> Any:
    def run(
        ops: Any, input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> Any:
        given = (kernel_size,) if isinstance(kernel_size, int) else tuple(kernel_size)
        sizes = given * (dims // max(len(given), 1))
        count = 1
        for size in sizes:
            count *= size
        pool = ops.avg_pool1d if dims == 1 else ops.avg_pool2d
        out = pool(ops.pow(input, norm_type), kernel_size, stride, 0, ceil_mode)
        signed = ops.mul(ops.sign(out), ops.relu(ops.abs(out)))
        return ops.pow(ops.mul(signed, count), 1.0 / norm_type)

    return run


def local_response_norm(
    ops: Any, input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """input divided by a power of the mean square of neighbouring channels."""
    if input.ndim < 3:
        raise TorchError("local_response_dims", ndim=input.ndim)
    if input.size == 0:
        return input
    squares = ops.unsqueeze(ops.mul(input, input), 1)
    if input.ndim == 3:
        padded = ops.constant_pad_nd(squares, (0, 0, size // 2, (size - 1) // 2))
        means = ops.squeeze_dim(ops.avg_pool2d(padded, (size, 1), (1, 1)), 1)
    else:
        raise LimitError("local_response_norm() of pictures is not simulated")
    return ops.div(input, ops.pow(ops.add(ops.mul(means, alpha), k), beta))


_LP = "Tensor input, float norm_type, int[] kernel_size, int[]? stride=None, bool ceil_mode=False"

ROWS: list[Op] = [
    general(
        "adaptive_max_kernel(Tensor self, int[] output_size)",
        "AdaptiveMaxPool2DBackward0",
        adaptive_maximum,
        where="",
        grad={"self": "adaptive_max_backward(grad, self, result1)"},
        check=_check,
        doc="the largest elements of as many windows as asked for, and where they are",
    ),
    general(
        "adaptive_max_backward(Tensor grad_output, Tensor self, Tensor indices)",
        "AdaptiveMaxPool2DBackwardBackward0",
        scatter_places(2),
        where="",
        grad={"grad_output": "gather_places(grad, indices)", "self": "zeros_of(self)"},
        gradient_edits={"self": 1},
        doc="the gradient of adaptive_max_pool2d",
    ),
    composite(
        "adaptive_max_pool2d(Tensor input, any output_size, bool return_indices=False)",
        adaptive_max_pool2d,
        where="F",
        doc="the largest elements of as many windows as asked for",
        samples=("F.adaptive_max_pool2d(a.reshape(1, 1, -1), (1, 2))",),
    ),
    composite(
        "adaptive_max_pool1d(Tensor input, int[] output_size, bool return_indices=False)",
        adaptive_max_pool1d,
        where="F",
        doc="the largest elements of as many windows as asked for",
        samples=("F.adaptive_max_pool1d(a.reshape(1, -1), 2)",),
    ),
    general(
        "_adaptive_avg_pool2d(Tensor self, int[] output_size)",
        "AdaptiveAvgPool2DBackward0",
        adaptive_average,
        where="",
        grad={"self": "adaptive_average_backward(grad, self, 2)"},
        result_edits=1,
        older={"torch-1.13": {"result_edits": 0}},
        doc="means of as many windows as asked for",
    ),
    general(
        "adaptive_average_backward(Tensor grad_output, Tensor self, int dims)",
        "AdaptiveAvgPool2DBackwardBackward0",
        adaptive_average_backward,
        where="",
        grad={"grad_output": "_adaptive_avg_pool2d(grad, grad_output_size[-2:])", "self": "zeros_of(self)"},
        gradient_edits={"self": 1},
        doc="the gradient of adaptive_avg_pool2d",
    ),
    composite(
        "adaptive_avg_pool2d(Tensor self, any output_size)",
        adaptive_avg_pool2d,
        where="F",
        doc="means of as many windows as asked for",
        samples=("F.adaptive_avg_pool2d(a.reshape(1, 1, -1), (1, 2))",),
    ),
    composite(
        "adaptive_avg_pool1d(Tensor self, int[] output_size)",
        adaptive_avg_pool1d,
        where="tF",
        doc="means of as many windows as asked for",
        samples=("F.adaptive_avg_pool1d(a.reshape(1, -1), 2)",),
    ),
    composite(
        f"lp_pool1d({_LP})",
        _lp_pool(1),
        where="F",
        doc="the norm of each window",
        samples=("F.lp_pool1d(a.reshape(1, -1), 2.0, 2)",),
    ),
    composite(
        f"lp_pool2d({_LP})",
        _lp_pool(2),
        where="F",
        doc="the norm of each window",
        samples=("F.lp_pool2d(a.reshape(1, 1, -1), 2.0, (1, 2))",),
    ),
    composite(
        "local_response_norm(Tensor input, int size, float alpha=0.0001, float beta=0.75, float k=1.0)",
        local_response_norm,
        where="F",
        doc="input divided by a power of the mean square of neighbouring channels",
        samples=("F.local_response_norm(torch.stack([a, b, a]).reshape(1, 3, -1), 2)",),
    ),
]
