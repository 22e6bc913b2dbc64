"""The rows of pools over two dims or three, which are alike but for that number."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.op import Op
from detachsim.ops.pooling_checks import one_for_each
from detachsim.ops.pooling_kernels import (
    adaptive_average,
    adaptive_average_backward,
    adaptive_maximum,
    adaptive_maximum_backward,
    avg_pool,
    avg_pool_backward,
    lenient_average_backward,
    max_pool_with_indices,
    scatter_places,
)
from detachsim.ops.row import composite, general

Check = Callable[[Any, Op, list[Any]], None]

_WINDOW = "int[] kernel_size, int[] stride, int[] padding"
_AVERAGE = f"{_WINDOW}, bool ceil_mode, bool count_include_pad, int? divisor_override"
_AVERAGE_GIVEN = "kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override"
MAX_SIGNATURE = (
    "(Tensor self, int[] kernel_size, int[]? stride=None, int[] padding=0, int[] dilation=1, bool ceil_mode=False, "
    "bool return_indices=False)"
)
# The gradient of what was pooled by a gradient's own node, which keeps its size alone.
_ZEROS = "zeros_sized(grad, self_size)"
# What 1.13 did otherwise where kernels count their own edits.
COUNTS_NO_EDIT = {"torch-1.13": {"result_edits": 0}}
# An input and a window for samples.
_SAMPLES = {2: "a.reshape(1, 1, -1), (1, 2)", 3: "a.reshape(1, 1, 1, 1, -1), (1, 1, 2)"}


def max_rows(dims: int, check: Check, **fields: Any) -> list[Op]:
    """Return the rows of ``max_pool2d`` or ``max_pool3d``; ``fields`` are the kernel's own."""
    name = f"max_pool{dims}d"
    return [
        general(
            f"{name}_with_indices(Tensor self, {_WINDOW}, int[] dilation, bool ceil_mode)",
            f"MaxPool{dims}DWithIndicesBackward0",
            max_pool_with_indices,
            where="",
            grad={"self": f"{name}_backward(grad, self, result1)"},
            check=check,
            doc="the largest element of each window, and where it is",
            **fields,
        ),
        _places_row(dims, name, f"MaxPool{dims}DWithIndicesBackwardBackward0", scatter_places(dims)),
        composite(
            f"{name}{MAX_SIGNATURE}",
            _max_pool(dims),
            where="F",
            doc="the largest element of each window; the first of ties gets the gradient",
            samples=(f"F.{name}({_SAMPLES[dims]})",),
        ),
    ]


def average_rows(dims: int, check: Check, **fields: Any) -> list[Op]:
    """Return the rows of ``avg_pool2d`` or ``avg_pool3d``; ``fields`` are the kernel's own."""
    name = f"avg_pool{dims}d"
    return [
        general(
            f"_{name}(Tensor self, {_AVERAGE})",
            f"AvgPool{dims}DBackward0",
            avg_pool,
            where="",
            grad={"self": f"{name}_backward(grad, self, {_AVERAGE_GIVEN})"},
            check=check,
            doc="the mean of each window",
            **fields,
        ),
        general(
            f"{name}_backward(Tensor grad_output, Tensor self, {_AVERAGE})",
            f"AvgPool{dims}DBackwardBackward0",
            avg_pool_backward,
            where="",
            grad={"grad_output": f"_{name}(grad, {_AVERAGE_GIVEN})", "self": _ZEROS},
            gradient_edits={"self": 1},
            doc=f"the gradient of {name}",
        ),
        composite(
            f"{name}(Tensor self, int[] kernel_size, int[]? stride=None, int[] padding=0, bool ceil_mode=False, "
            "bool count_include_pad=True, int? divisor_override=None)",
            _avg_pool(dims),
            where="F",
            doc="the mean of each window",
            samples=(f"F.{name}({_SAMPLES[dims]})",),
        ),
    ]


def adaptive_max_rows(dims: int, function: Callable[..., Any], check: Check | None = None) -> list[Op]:
    """Return the rows of ``adaptive_max_pool2d`` or ``adaptive_max_pool3d``."""
    name = f"adaptive_max_pool{dims}d"
    return [
        general(
            f"{name}_with_indices(Tensor self, int[] output_size)",
            f"AdaptiveMaxPool{dims}DBackward0",
            adaptive_maximum,
            where="",
            grad={"self": f"{name}_backward(grad, self, result1)"},
            check=check,
            doc="the largest elements of as many windows as asked for, and where they are",
        ),
        _places_row(
            dims,
            name,
            f"AdaptiveMaxPool{dims}DBackwardBackward0",
            adaptive_maximum_backward(name, dims),
            # 1.13 asks nothing over three dims, and has another name for the other.
            older={"torch-1.13": {"kernel": adaptive_maximum_backward("adaptive_max_pooling2d", 2)}}
            if dims == 2
            else {"torch-1.13": {"kernel": scatter_places(3)}},
        ),
        composite(
            f"{name}(Tensor input, any output_size, bool return_indices=False)",
            function,
            where="F",
            doc="the largest elements of as many windows as asked for",
            samples=(f"F.{name}({_SAMPLES[dims]})",),
        ),
    ]


def adaptive_average_rows(dims: int, function: Callable[..., Any]) -> list[Op]:
    """Return the rows of ``adaptive_avg_pool2d`` or ``adaptive_avg_pool3d``."""
    name = f"adaptive_avg_pool{dims}d"

    def mean_of(sizes: str) -> dict[str, str]:
        return {"grad_output": f"_{name}(grad, {sizes}[-{dims}:])", "self": _ZEROS}

    return [
        general(
            f"_{name}(Tensor self, int[] output_size)",
            f"AdaptiveAvgPool{dims}DBackward0",
            adaptive_average,
            where="",
            grad={"self": f"{name}_backward(grad, self, {dims})"},
            result_edits=1,
            older=COUNTS_NO_EDIT,
            doc="means of as many windows as asked for",
        ),
        general(
            f"{name}_backward(Tensor grad_output, Tensor self, int dims)",
            f"AdaptiveAvgPool{dims}DBackwardBackward0",
            adaptive_average_backward,
            where="",
            grad=mean_of("grad_output_size"),
            gradient_edits={"self": 1},
            # 1.13 keeps the gradient itself, of which it reads the size late.
            older={
                "torch-1.13": {
                    "grad": mean_of("grad_output.shape"),
                    "kernel": adaptive_average_backward if dims == 2 else lenient_average_backward,
                }
            },
            doc=f"the gradient of {name}",
        ),
        composite(
            f"{name}(Tensor self, any output_size)",
            function,
            where="F",
            doc="means of as many windows as asked for",
            samples=(f"F.{name}({_SAMPLES[dims]})",),
        ),
    ]


def _places_row(dims: int, name: str, grad_fn: str, kernel: Callable[..., Any], **fields: Any) -> Op:
    """Return the row of the gradient of largest elements."""
    return general(
        f"{name}_backward(Tensor grad_output, Tensor self, Tensor indices)",
        grad_fn,
        kernel,
        where="",
        grad={"grad_output": f"gather_places(grad, indices, {dims})", "self": _ZEROS},
        gradient_edits={"self": 1},
        doc=f"the gradient of {name}",
        **fields,
    )


def _max_pool(dims: int) -> Callable[..., Any]:
    name = f"max_pool{dims}d"

    def run(
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
        kernel = one_for_each(ops, name, "kernel_size", kernel_size, dims)
        values, indices = getattr(ops, f"{name}_with_indices")(
            self,
            kernel,
            _steps(ops, name, stride, kernel),
            one_for_each(ops, name, "padding", padding, dims),
            one_for_each(ops, name, "dilation", dilation, dims),
            ceil_mode,
        )
        return (values, indices) if return_indices else values

    return run


def _avg_pool(dims: int) -> Callable[..., Any]:
    name = f"avg_pool{dims}d"

    def run(
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
        kernel = one_for_each(ops, name, "kernel_size", kernel_size, dims)
        return getattr(ops, f"_{name}")(
            self,
            kernel,
            _steps(ops, name, stride, kernel),
            one_for_each(ops, name, "padding", padding, dims),
            ceil_mode,
            count_include_pad,
            divisor_override,
        )

    return run


def _steps(ops: Any, name: str, stride: Any, kernel: Any) -> Any:
    """Return how far windows are from each other: next to each other unless something else is said."""
    return kernel if stride in (None, (), []) else one_for_each(ops, name, "stride", stride, len(kernel))
