"""Pooling over windows of volumes: max and average, of windows of one size and of as many windows as asked for."""

from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.adaptive_pooling import adaptive_average, adaptive_average_backward, adaptive_maximum
from detachsim.ops.element_types import refuse_integers
from detachsim.ops.linear import refuse_bool
from detachsim.ops.pooling_kernels import (
    Ints,
    avg_pool,
    avg_pool_backward,
    geometry,
    max_pool_with_indices,
    scatter_places,
)
from detachsim.ops.row import composite, general


def _triple(ops: Any, op: str, name: str, value: Any) -> tuple[int, ...]:
    values = (value,) if isinstance(value, int) else tuple(value)
    if len(values) not in (1, 3):
        either = "either " if op == "max_pool3d" else ""
        omitted = "omitted, " if name == "stride" else ""
        verb = f"must be {either}" if name == "dilation" else f"must {either}be "
        if ops.is_old and op == "max_pool3d" and name == "padding":
            verb = "must be either be "
        raise TorchError("pool3d_list", op=op, name=name, verb=verb, omitted=omitted)
    return values if len(values) == 3 else values * 3


def _check_windows(self: Any, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool) -> None:
    if self.array.ndim not in (4, 5):
        raise TorchError("pool3d_dims")
    if any(step == 0 for step in stride):
        raise TorchError("pool_stride")
    for what, word, sizes in (("kernel size", "k", kernel), ("stride", "d", stride)):
        if min(sizes) <= 0:
            shown = " ".join(f"{word}{side}: {size}" for side, size in zip("TWH", sizes, strict=True))
            raise TorchError("pool3d_measure", what=what, sizes=shown)
    if min(dilation) <= 0:
        shown = " ".join(f"dilation{side}: {size}" for side, size in zip("THW", dilation, strict=True))
        raise TorchError("pool3d_measure", what="dilation", sizes=shown)
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if p < 0:
            raise TorchError("pool_pad", padding=p)
        if p > ((k - 1) * d + 1) // 2:
            raise TorchError("pool3d_padding", padding=p, kernel=k, dilation=d)


def _refuse_empty(op: str, self: Any) -> None:
    if 0 in self.shape[self.array.ndim - 4 :]:
        raise TorchError("pool3d_empty", op=op, sizes=list(self.shape))


def _check_max(session: Any, op: Op, bound: list[Any]) -> None:
    self, *windows = bound
    _check_windows(self, *windows)
    lead = self.array.ndim - 4
    _refuse_empty("max_pool3d_with_indices_out_cpu_template", self)
    count = geometry(self.array, *windows)
    if min(count) < 1:
        channels = self.shape[lead]
        input, output = ("x".join(map(str, (channels, *sizes))) for sizes in (self.shape[-3:], count))
        raise TorchError("pool_small", input=input, output=output)
    if session.dialect == NEWEST:
        refuse_bool(self, "max_pool3d")
    elif not self.dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="max_pool3d_with_indices_cpu", dtype=self.dtype.scalar)


def _check_avg(session: Any, op: Op, bound: list[Any]) -> None:
    self, kernel, stride, padding, ceil_mode = bound[:5]
    _check_windows(self, kernel, stride, padding, (1, 1, 1), ceil_mode)
    _refuse_empty("avg_pool3d", self)
    size = self.shape[-3:]
    if any(length < side for length, side in zip(size, kernel, strict=True)):
        raise TorchError("pool3d_small", **dict(zip("thwdij", (*size, *kernel), strict=True)))
    if bound[6] == 0:
        raise TorchError("pool_divisor")


def _refuse_narrow(session: Any, op: Op, bound: list[Any]) -> None:
    dtype = bound[0].dtype
    if dtype.name not in ("float32", "float64", "int64"):
        raise TorchError("not_implemented_for", kernel="avg_pool3d_out_frame", dtype=dtype.scalar)


def max_pool3d(
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
    kernel = _triple(ops, "max_pool3d", "kernel_size", kernel_size)
    values, indices = ops.max_pool3d_with_indices(
        self,
        kernel,
        kernel if stride in (None, (), []) else _triple(ops, "max_pool3d", "stride", stride),
        _triple(ops, "max_pool3d", "padding", padding),
        _triple(ops, "max_pool3d", "dilation", dilation),
        ceil_mode,
    )
    return (values, indices) if return_indices else values


def avg_pool3d(
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
    kernel = _triple(ops, "avg_pool3d", "kernel_size", kernel_size)
    return ops._avg_pool3d(
        self,
        kernel,
        kernel if stride in (None, (), []) else _triple(ops, "avg_pool3d", "stride", stride),
        _triple(ops, "avg_pool3d", "padding", padding),
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def _wanted(input: Any, output_size: Any, refusal: str) -> tuple[int, ...]:
    wanted = (output_size,) * 3 if isinstance(output_size, int) else tuple(output_size)
    if len(wanted) != 3:
        raise TorchError(refusal)
    return tuple(input.shape[i - 3] if wanted[i] is None else wanted[i] for i in range(3))


def adaptive_avg_pool3d(ops: Any, self: Any, output_size: Any) -> Any:
    """Means of as many windows as asked for."""
    size = _wanted(self, output_size, "adaptive3d_sizes")
    if min(size) < 0:
        raise TorchError("adaptive3d_negative", size=f"{{{size[0]}, {size[1]},{size[2]}}}")
    if size == (1, 1, 1):
        return ops.mean(self, (-1, -2, -3), True)
    if self.ndim not in (4, 5):
        raise TorchError("adaptive3d_dims", op="adaptive_avg_pool3d", colon="", sizes=list(self.shape))
    for dim in range(1, self.ndim):
        if self.shape[dim] == 0:
            raise TorchError("adaptive3d_empty", op="adaptive_avg_pool3d", sizes=list(self.shape), dim=dim)
    refuse_integers("adaptive_avg_pool3d_cpu", self)
    return ops._adaptive_avg_pool3d(self, size)


def adaptive_max_pool3d(ops: Any, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of as many windows as asked for."""
    size = _wanted(input, output_size, "adaptive_max3d_sizes")
    for dim in range(1, input.ndim):
        if input.shape[dim] == 0:
            raise TorchError("adaptive3d_empty", op="adaptive_max_pool3d", sizes=list(input.shape), dim=dim)
    if input.ndim not in (4, 5):
        raise TorchError("adaptive3d_dims", op="adaptive_max_pool3d", colon=":", sizes=list(input.shape))
    if min(size) < 0:
        shape = [*input.shape[:-3], *size]
        raise TorchError("negative_dim", size=next(length for length in size if length < 0), shape=shape)
    refuse_integers("adaptive_max_pool3d_cpu", input)
    values, indices = ops.adaptive_max3d_kernel(input, size)
    return (values, indices) if return_indices else values


_WINDOW = "int[] kernel_size, int[] stride, int[] padding"
_AVERAGE = f"{_WINDOW}, bool ceil_mode, bool count_include_pad, int? divisor_override"
_AVERAGE_GIVEN = "kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override"
_GATHERED = {"grad_output": "gather_places(grad, indices, 3)", "self": "zeros_of(self)"}
_VOLUME = "a.reshape(1, 1, 1, 1, -1)"

ROWS: list[Op] = [
    general(
        f"max_pool3d_with_indices(Tensor self, {_WINDOW}, int[] dilation, bool ceil_mode)",
        "MaxPool3DWithIndicesBackward0",
        max_pool_with_indices,
        where="",
        grad={"self": "max_pool3d_backward(grad, self, result1)"},
        result_edits=1,
        older={"torch-1.13": {"result_edits": 0}},
        check=_check_max,
        doc="the largest element of each window, and where it is",
    ),
    general(
        "max_pool3d_backward(Tensor grad_output, Tensor self, Tensor indices)",
        "MaxPool3DWithIndicesBackwardBackward0",
        scatter_places(3),
        where="",
        grad=_GATHERED,
        gradient_edits={"self": 1},
        doc="the gradient of max_pool3d",
    ),
    composite(
        "max_pool3d(Tensor self, int[] kernel_size, int[]? stride=None, int[] padding=0, int[] dilation=1, "
        "bool ceil_mode=False, bool return_indices=False)",
        max_pool3d,
        where="F",
        doc="the largest element of each window; the first of ties gets the gradient",
        samples=(f"F.max_pool3d({_VOLUME}, (1, 1, 2))",),
    ),
    general(
        f"_avg_pool3d(Tensor self, {_AVERAGE})",
        "AvgPool3DBackward0",
        avg_pool,
        where="",
        grad={"self": f"avg_pool3d_backward(grad, self, {_AVERAGE_GIVEN})"},
        check=_check_avg,
        refuses=_refuse_narrow,
        doc="the mean of each window",
    ),
    general(
        f"avg_pool3d_backward(Tensor grad_output, Tensor self, {_AVERAGE})",
        "AvgPool3DBackwardBackward0",
        avg_pool_backward,
        where="",
        grad={"grad_output": f"_avg_pool3d(grad, {_AVERAGE_GIVEN})", "self": "zeros_of(self)"},
        gradient_edits={"self": 1},
        doc="the gradient of avg_pool3d",
    ),
    composite(
        "avg_pool3d(Tensor self, int[] kernel_size, int[]? stride=None, int[] padding=0, bool ceil_mode=False, "
        "bool count_include_pad=True, int? divisor_override=None)",
        avg_pool3d,
        where="F",
        doc="the mean of each window",
        samples=(f"F.avg_pool3d({_VOLUME}, (1, 1, 2))",),
    ),
    general(
        "adaptive_max3d_kernel(Tensor self, int[] output_size)",
        "AdaptiveMaxPool3DBackward0",
        adaptive_maximum,
        where="",
        grad={"self": "adaptive_max3d_backward(grad, self, result1)"},
        doc="the largest elements of as many windows as asked for, and where they are",
    ),
    general(
        "adaptive_max3d_backward(Tensor grad_output, Tensor self, Tensor indices)",
        "AdaptiveMaxPool3DBackwardBackward0",
        scatter_places(3),
        where="",
        grad=_GATHERED,
        gradient_edits={"self": 1},
        doc="the gradient of adaptive_max_pool3d",
    ),
    composite(
        "adaptive_max_pool3d(Tensor input, any output_size, bool return_indices=False)",
        adaptive_max_pool3d,
        where="F",
        doc="the largest elements of as many windows as asked for",
        samples=(f"F.adaptive_max_pool3d({_VOLUME}, (1, 1, 2))",),
    ),
    general(
        "_adaptive_avg_pool3d(Tensor self, int[] output_size)",
        "AdaptiveAvgPool3DBackward0",
        adaptive_average,
        where="",
        grad={"self": "adaptive_average3d_backward(grad, self, 3)"},
        result_edits=1,
        older={"torch-1.13": {"result_edits": 0}},
        doc="means of as many windows as asked for",
    ),
    general(
        "adaptive_average3d_backward(Tensor grad_output, Tensor self, int dims)",
        "AdaptiveAvgPool3DBackwardBackward0",
        adaptive_average_backward,
        where="",
        grad={"grad_output": "_adaptive_avg_pool3d(grad, grad_output_size[-3:])", "self": "zeros_of(self)"},
        gradient_edits={"self": 1},
        doc="the gradient of adaptive_avg_pool3d",
    ),
    composite(
        "adaptive_avg_pool3d(Tensor self, any output_size)",
        adaptive_avg_pool3d,
        where="F",
        doc="means of as many windows as asked for",
        samples=(f"F.adaptive_avg_pool3d({_VOLUME}, (1, 1, 2))",),
    ),
]
