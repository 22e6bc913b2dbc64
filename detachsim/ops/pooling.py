"""Pooling over windows: largest elements, means and norms, over one to three dims; local responses."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.views import requires_grad
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.linear import refuse_bool
from detachsim.ops.numeric import numel, require_dim
from detachsim.ops.pooling_checks import refuse_padding, refuse_small, refuse_wide, refuse_windows
from detachsim.ops.pooling_kernels import pooled_size
from detachsim.ops.pooling_rows import COUNTS_NO_EDIT, MAX_SIGNATURE, average_rows, max_rows
from detachsim.ops.row import composite


def gather_places(ops: Any, grad: Any, indices: Any, dims: int) -> Any:
    """The elements of each plane, or volume, of gradients at the places that were the largest."""
    shape = indices.shape
    flat = (*shape[:-dims], numel(shape[-dims:]))
    places = ops.view(indices, flat)
    whole = grad if isinstance(grad, np.ndarray) else ops.contiguous(grad)
    return ops.view(ops.gather(ops.view(whole, (*shape[:-dims], -1)), -1, places), shape)


def _check_max2d(session: Any, op: Op, bound: list[Any]) -> None:
    self, kernel, stride, padding, dilation, _ = bound
    if self.array.ndim not in (3, 4):
        raise TorchError("pool_dims", least=3, most=4)
    refuse_windows(session, kernel, stride, padding, dilation)
    _refuse_empty_plane(self)
    refuse_padding(kernel, padding)
    refuse_small(*bound)
    refuse_bool(self, "max_pool2d")


def _refuse_empty_plane(self: Any) -> None:
    if 0 in self.shape[-3:]:
        raise TorchError("pool_empty", sizes=list(self.shape))


def _check_max3d(session: Any, op: Op, bound: list[Any]) -> None:
    self, kernel, stride, padding, dilation, _ = bound
    if self.array.ndim not in (4, 5):
        raise TorchError("pool_dims", least=4, most=5)
    refuse_windows(session, kernel, stride, padding, dilation)
    _refuse_empty_volume("max_pool3d_with_indices_out_cpu_template", self)
    refuse_padding(kernel, padding)
    refuse_small(*bound)
    if session.dialect == NEWEST:
        refuse_bool(self, "max_pool3d")
    elif not self.dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="max_pool3d_with_indices_cpu", dtype=self.dtype.scalar)


def _refuse_empty_volume(op: str, self: Any) -> None:
    if 0 in self.shape[-4:]:
        raise TorchError("pool3d_empty", op=op, sizes=list(self.shape))


def _one(value: Any) -> int:
    return value if isinstance(value, int) else int(value[0])


def _check_lists(*given: Any) -> None:
    for (name, words), value in zip(_LISTS, given, strict=True):
        if not isinstance(value, int) and len(value) != 1:
            raise TorchError("pool1d_list", name=name, words=words, count=len(value))


_LISTS = (
    ("kernel_size", "an int, list of ints or tuple of ints"),
    ("stride", "None, an int, list of ints, or tuple of ints"),
    ("padding", "an int, list of ints, or tuple of ints"),
    ("dilation", "an int, list of ints or tuple of ints"),
)


def only_number(op: str, name: str, value: Any) -> int:
    """Return the one int of a list that may hold no other."""
    if not isinstance(value, int) and len(value) != 1:
        raise TorchError("pool_one", op=op, name=name, count=len(value))
    return _one(value)


def _wide_number(op: str, name: str, value: Any) -> int:
    number = only_number(op, name, value)
    refuse_wide([number])
    return number


def max_pool1d(
    ops: Any,
    self: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window, as a picture of one row."""
    given = (kernel_size, kernel_size if stride is None or stride == () else stride, padding, dilation)
    # It leaves its checks to the pool of two dims where that is what it runs, before 2.13 also for a gradient.
    leaves = return_indices or (ops.is_old and self.session.grad_enabled and requires_grad(self.tensor))
    if leaves:
        if self.ndim not in (2, 3):
            raise TorchError("argument_dims", ndim=self.ndim, op="max_pool1d")
        for (name, _), value in zip(_LISTS, given, strict=True):
            _wide_number("max_pool1d", name, value)
        if not return_indices and 0 in self.shape[-2:]:
            raise TorchError("pool1d_dims", sizes=list(self.shape))
    else:
        if self.ndim not in (2, 3) or 0 in self.shape[-2:]:
            raise TorchError("pool1d_dims", sizes=list(self.shape))
        _check_lists(*given)
    kernel, step, pad, spread = map(_one, given)
    for name, value in (("kernel_size", kernel), ("stride", step)):
        if value <= 0 and not leaves:
            raise TorchError("pool1d_measure", name=name, value=value)
    if pad < 0 and not leaves:
        raise TorchError("pool1d_negative", value=pad)
    if pad > kernel // 2 and not leaves:
        raise TorchError("pool1d_padding", padding=pad, kernel=kernel)
    if spread <= 0 and not leaves:
        raise TorchError("pool1d_measure", name="dilation", value=spread)
    count = 1 if leaves else pooled_size(self.shape[-1], kernel, step, pad, spread, ceil_mode)
    if count < 1 and ops.is_old:
        refuse_integers("max_pool1d_impl", self)
        return ops.new_empty(self, (*self.shape[:-1], 0))
    if count < 1:
        raise TorchError("pool1d_small", size=count)
    if not return_indices:
        # Without indices or a gradient PyTorch has a kernel of its own, and integers have neither.
        refuse_integers("max_pool1d_impl", self)
    values, indices = ops.max_pool2d_with_indices(
        ops.unsqueeze(self, -2), (1, kernel), (1, step), (0, pad), (1, spread), ceil_mode
    )
    recorded = self.session.grad_enabled and requires_grad(self.tensor)
    if not return_indices and not recorded and (self.ndim == 2 or not ops.is_old):
        # Outside of graphs PyTorch has a kernel of its own, which squeezes its result in place,
        # before 2.13 only where there is no batch.
        return ops.squeeze__dim(values, -2)
    values = ops.squeeze_dim(values, -2)
    return (values, ops.squeeze_dim(indices, -2)) if return_indices else values


# Means


def _check_avg2d(session: Any, op: Op, bound: list[Any]) -> None:
    self, kernel, stride, padding, ceil_mode = bound[:5]
    if bound[6] == 0:
        raise TorchError("pool_divisor")
    if self.array.ndim not in (3, 4):
        require_dim(-3, self.array.ndim)
    refuse_windows(session, kernel, stride, padding, (1, 1))
    if self.array.ndim > 4:
        raise TorchError("pool_empty", sizes=list(self.shape))
    _refuse_empty_plane(self)
    refuse_small(self, kernel, stride, padding, (1, 1), ceil_mode)
    if not self.dtype.is_floating and self.dtype is not dtypes.int64:
        raise TorchError("not_implemented_for", kernel="avg_pool2d", dtype=self.dtype.scalar)


def _check_avg3d(session: Any, op: Op, bound: list[Any]) -> None:
    self, kernel, stride, padding = bound[:4]
    if bound[6] == 0:
        raise TorchError("pool_divisor")
    if self.array.ndim not in (4, 5):
        raise TorchError("pool_dims", least=4, most=5)
    refuse_windows(session, kernel, stride, padding, (1, 1, 1))
    _refuse_empty_volume("avg_pool3d", self)
    size = self.shape[-3:]
    if any(length < side for length, side in zip(size, kernel, strict=True)):
        raise TorchError("pool3d_small", **dict(zip("thwdij", (*size, *kernel), strict=True)))


def _refuse_narrow(session: Any, op: Op, bound: list[Any]) -> None:
    dtype = bound[0].dtype
    if dtype.name not in ("float32", "float64", "int64"):
        raise TorchError("not_implemented_for", kernel="avg_pool3d_out_frame", dtype=dtype.scalar)


def avg_pool1d(
    ops: Any,
    self: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window, as a picture of one row."""
    if self.ndim not in (2, 3):
        raise TorchError("argument_dims", ndim=self.ndim, op="avg_pool1d")
    kernel = _wide_number("avg_pool1d", "kernel_size", kernel_size)
    made = ops._avg_pool2d(
        ops.unsqueeze(self, -2),
        (1, kernel),
        (1, kernel if stride is None or stride == () else _wide_number("avg_pool1d", "stride", stride)),
        (0, _wide_number("avg_pool1d", "padding", padding)),
        ceil_mode,
        count_include_pad,
        None,
    )
    return ops.squeeze_dim(made, -2)


# What is made of means


def _lp_pool(dims: int) -> Callable[..., Any]:
    def run(ops: Any, input: Any, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: Any = False) -> Any:
        """The norm of each window."""
        if isinstance(norm_type, float) and math.isinf(norm_type) and not ops.is_old:
            sizes = ops["m abs"](input)
            below = norm_type < 0
            largest = ops[f"F max_pool{dims}d"]
            pooled = largest(ops.neg(sizes) if below else sizes, kernel_size, stride, 0, 1, ceil_mode)
            return ops.neg(pooled) if below else pooled
        powers, mean = ops["m pow"](input, norm_type), ops[f"F avg_pool{dims}d"]
        if stride is None:
            out = mean(powers, kernel_size, padding=0, ceil_mode=ceil_mode)
        else:
            out = mean(powers, kernel_size, stride, 0, ceil_mode)
        signed = ops.mul(ops.sign(out), ops.relu(ops.abs(out)))
        if dims > 1:
            sides = (kernel_size,) * dims if isinstance(kernel_size, int | float) else kernel_size
            kernel_size = math.prod(sides)
        if isinstance(norm_type, int | float) and norm_type == 0:
            raise TorchError("python", type="ZeroDivisionError", text="float division by zero")
        return ops.pow(ops["m mul"](signed, kernel_size), 1.0 / norm_type)

    return run


def local_response_norm(
    ops: Any, input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """input divided by a power of the mean square of neighbouring channels."""
    if input.ndim < 3:
        raise TorchError("local_response_dims", ndim=input.ndim)
    if input.size == 0:
        return input
    if input.ndim == 3:
        squares = ops.unsqueeze(ops.mul(input, input), 1)
        padded = ops.constant_pad_nd(squares, (0, 0, size // 2, (size - 1) // 2))
        means = ops.squeeze_dim(ops.avg_pool2d(padded, (size, 1), (1, 1)), 1)
    else:
        sizes = (*input.shape[:1], 1, *input.shape[1:3], -1)
        padded = ops.constant_pad_nd(ops.view(ops.mul(input, input), sizes), (0, 0, 0, 0, size // 2, (size - 1) // 2))
        means = ops.view(ops.squeeze_dim(ops.avg_pool3d(padded, (size, 1, 1), (1, 1, 1)), 1), input.shape)
    return ops.div(input, ops.pow(ops.add(ops.mul(means, alpha), k), beta))


_LP = "Tensor input, any norm_type, any kernel_size, any stride=None, any ceil_mode=False"

HELPERS = {"gather_places": gather_places}

ROWS: list[Op] = [
    *max_rows(2, _check_max2d),
    *max_rows(3, _check_max3d, result_edits=1, older=COUNTS_NO_EDIT),
    composite(
        f"max_pool1d{MAX_SIGNATURE}",
        max_pool1d,
        where="F",
        doc="the largest element of each window; the first of ties gets the gradient",
        samples=("F.max_pool1d(a.reshape(1, -1), 2)",),
    ),
    *average_rows(2, _check_avg2d),
    *average_rows(3, _check_avg3d, refuses=_refuse_narrow),
    composite(
        "avg_pool1d(Tensor self, int[] kernel_size, int[]? stride=None, int[] padding=0, bool ceil_mode=False, "
        "bool count_include_pad=True)",
        avg_pool1d,
        where="tF",
        doc="the mean of each window",
        samples=("F.avg_pool1d(a.reshape(1, -1), 2)",),
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
        f"lp_pool3d({_LP})",
        _lp_pool(3),
        where="F",
        older={"torch-1.13": {"where": ""}},
        doc="the norm of each window",
        samples=("F.lp_pool3d(a.reshape(1, 1, 1, 1, -1), 2.0, (1, 1, 2))",),
    ),
    composite(
        "local_response_norm(Tensor input, int size, float alpha=0.0001, float beta=0.75, float k=1.0)",
        local_response_norm,
        where="F",
        doc="input divided by a power of the mean square of neighbouring channels",
        samples=("F.local_response_norm(torch.stack([a, b, a]).reshape(1, 3, -1), 2)",),
    ),
]
