"""Pooling over windows: max and average, of one and two dimensions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.views import requires_grad
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.linear import refuse_bool
from detachsim.ops.numeric import numel, require_dim
from detachsim.ops.pooling_kernels import (
    avg_pool,
    avg_pool_backward,
    geometry,
    max_pool_with_indices,
    pooled_size,
    scatter_places,
)
from detachsim.ops.row import composite, general

Ints = Sequence[int]


def _pair(op: str, name: str, value: Any) -> tuple[int, int]:
    values = (value,) if isinstance(value, int) else tuple(value)
    if len(values) not in (1, 2):
        omitted = "omitted, " if name == "stride" else ""
        raise TorchError("pool_list", op=op, name=name, omitted=omitted)
    return (values[0], values[-1])


def _check_geometry(self: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool) -> None:
    if any(step == 0 for step in stride):
        raise TorchError("pool_stride")
    for what, word, sizes in (("kernel size", "k", kernel), ("stride", "d", stride)):
        if min(sizes) <= 0:
            raise TorchError("pool_measure", what=what, word=word, height=sizes[0], width=sizes[1])
    if min(dilation) <= 0:
        raise TorchError("pool_dilation", height=dilation[0], width=dilation[1])
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if p < 0:
            raise TorchError("pool_pad", padding=p)
        if p > ((k - 1) * d + 1) // 2:
            raise TorchError("pool_padding", padding=p, kernel=k, dilation=d)
    # Only a batch may be empty.
    if 0 in self.shape[-3:]:
        raise TorchError("pool_empty", sizes=list(self.shape))
    count = geometry(self, kernel, stride, padding, dilation, ceil_mode)
    if min(count) < 1:
        channels = self.shape[-3]
        size = f"{channels}x{self.shape[-2]}x{self.shape[-1]}"
        raise TorchError("pool_small", input=size, output=f"{channels}x{count[0]}x{count[1]}")


def gather_places(ops: Any, grad: Any, indices: Any, dims: int = 2) -> Any:
    """The elements of each plane, or volume, of gradients at the places that were the largest."""
    shape = indices.shape
    flat = (*shape[:-dims], numel(shape[-dims:]))
    places = ops.view(indices, flat)
    whole = grad if isinstance(grad, np.ndarray) else ops.contiguous(grad)
    return ops.view(ops.gather(ops.view(whole, (*shape[:-dims], -1)), -1, places), shape)


def _check_max(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].array.ndim not in (3, 4):
        raise TorchError("pool_dims")
    _check_geometry(bound[0].array, *bound[1:])
    refuse_bool(bound[0], "max_pool2d")


def max_pool2d(
    ops: Any,
    self: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window."""
    kernel = _pair("max_pool2d", "kernel_size", kernel_size)
    values, indices = ops.max_pool2d_with_indices(
        self,
        kernel,
        kernel if stride is None else _pair("max_pool2d", "stride", stride),
        _pair("max_pool2d", "padding", padding),
        _pair("max_pool2d", "dilation", dilation),
        ceil_mode,
    )
    return (values, indices) if return_indices else values


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
    if return_indices:
        if self.ndim not in (2, 3):
            raise TorchError("argument_dims", ndim=self.ndim, op="max_pool1d")
        for (name, _), value in zip(_LISTS, given, strict=True):
            only_number("max_pool1d", name, value)
    else:
        if self.ndim not in (2, 3) or 0 in self.shape[-2:]:
            raise TorchError("pool1d_dims", sizes=list(self.shape))
        _check_lists(*given)
    kernel, step, pad, spread = map(_one, given)
    # It leaves these checks to the pool of two dims where that is what it runs, before 2.13 also for a gradient.
    leaves = return_indices or (ops.is_old and self.session.grad_enabled and requires_grad(self.tensor))
    for name, value in (("kernel_size", kernel), ("stride", step)):
        if value <= 0 and not leaves:
            raise TorchError("pool1d_measure", name=name, value=value)
    if pad < 0 and not leaves:
        raise TorchError("pool1d_negative", value=pad)
    if pad > ((kernel - 1) * spread + 1) // 2 and not leaves:
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


# Averages


def _check_avg(session: Any, op: Op, bound: list[Any]) -> None:
    self, kernel, stride, padding, ceil_mode = bound[:5]
    if self.array.ndim not in (3, 4):
        require_dim(-3, self.array.ndim)
    if bound[6] == 0:
        raise TorchError("pool_divisor")
    _check_geometry(self.array, kernel, stride, padding, (1, 1), ceil_mode)
    if not self.dtype.is_floating and self.dtype is not dtypes.int64:
        raise TorchError("not_implemented_for", kernel="avg_pool2d", dtype=self.dtype.scalar)


def avg_pool2d(
    ops: Any,
    self: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window."""
    kernel = _pair("avg_pool2d", "kernel_size", kernel_size)
    return ops._avg_pool2d(
        self,
        kernel,
        kernel if stride is None else _pair("avg_pool2d", "stride", stride),
        _pair("avg_pool2d", "padding", padding),
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


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
    kernel = only_number("avg_pool1d", "kernel_size", kernel_size)
    made = ops._avg_pool2d(
        ops.unsqueeze(self, -2),
        (1, kernel),
        (1, kernel if stride is None or stride == () else only_number("avg_pool1d", "stride", stride)),
        (0, only_number("avg_pool1d", "padding", padding)),
        ceil_mode,
        count_include_pad,
        None,
    )
    return ops.squeeze_dim(made, -2)


_WINDOW = "int[] kernel_size, int[] stride, int[] padding"
_AVERAGE = f"{_WINDOW}, bool ceil_mode, bool count_include_pad, int? divisor_override"
_AVERAGE_GIVEN = "kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override"
_MAX_SIGNATURE = (
    "(Tensor self, int[] kernel_size, int[]? stride=None, int[] padding=0, int[] dilation=1, bool ceil_mode=False, "
    "bool return_indices=False)"
)

HELPERS = {"gather_places": gather_places}

ROWS = [
    general(
        f"max_pool2d_with_indices(Tensor self, {_WINDOW}, int[] dilation, bool ceil_mode)",
        "MaxPool2DWithIndicesBackward0",
        max_pool_with_indices,
        where="",
        grad={"self": "max_pool2d_backward(grad, self, result1)"},
        check=_check_max,
        doc="the largest element of each window, and where it is",
    ),
    general(
        "max_pool2d_backward(Tensor grad_output, Tensor self, Tensor indices)",
        "MaxPool2DWithIndicesBackwardBackward0",
        scatter_places(2),
        where="",
        grad={"grad_output": "gather_places(grad, indices)", "self": "zeros_of(self)"},
        gradient_edits={"self": 1},
        doc="the gradient of max_pool2d",
    ),
    composite(
        f"max_pool2d{_MAX_SIGNATURE}",
        max_pool2d,
        where="F",
        doc="the largest element of each window; the first of ties gets the gradient",
        samples=("F.max_pool2d(a.reshape(1, 1, -1), (1, 2))",),
    ),
    composite(
        f"max_pool1d{_MAX_SIGNATURE}",
        max_pool1d,
        where="F",
        doc="the largest element of each window; the first of ties gets the gradient",
        samples=("F.max_pool1d(a.reshape(1, -1), 2)",),
    ),
    general(
        f"_avg_pool2d(Tensor self, {_AVERAGE})",
        "AvgPool2DBackward0",
        avg_pool,
        where="",
        grad={"self": f"avg_pool2d_backward(grad, self, {_AVERAGE_GIVEN})"},
        check=_check_avg,
        doc="the mean of each window",
    ),
    general(
        f"avg_pool2d_backward(Tensor grad_output, Tensor self, {_AVERAGE})",
        "AvgPool2DBackwardBackward0",
        avg_pool_backward,
        where="",
        grad={"grad_output": f"_avg_pool2d(grad, {_AVERAGE_GIVEN})", "self": "zeros_of(self)"},
        gradient_edits={"self": 1},
        doc="the gradient of avg_pool2d",
    ),
    composite(
        "avg_pool2d(Tensor self, int[] kernel_size, int[]? stride=None, int[] padding=0, bool ceil_mode=False, "
        "bool count_include_pad=True, int? divisor_override=None)",
        avg_pool2d,
        where="F",
        doc="the mean of each window",
        samples=("F.avg_pool2d(a.reshape(1, 1, -1), (1, 2))",),
    ),
    composite(
        "avg_pool1d(Tensor self, int[] kernel_size, int[]? stride=None, int[] padding=0, bool ceil_mode=False, "
        "bool count_include_pad=True)",
        avg_pool1d,
        where="tF",
        doc="the mean of each window",
        samples=("F.avg_pool1d(a.reshape(1, -1), 2)",),
    ),
]
