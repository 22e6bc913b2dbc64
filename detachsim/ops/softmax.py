"""softmax, log_softmax, softmin, logsumexp."""

from typing import Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType, float16
from detachsim.engine.errors import TorchError
from detachsim.engine.fused import fused
from detachsim.engine.op import Op
from detachsim.ops.numeric import PRECISE_LIMIT, dims, precise, wrap_dim
from detachsim.ops.reduction import sum_dims
from detachsim.ops.row import CAST, FLOAT, composite, general
from detachsim.ops.vector_sums import WIDE, lane_dot, lane_sum, running_fused

_exp, _log = precise(np.exp), precise(np.log)


def _is_last(values: Array, dim: int) -> bool:
    return dim in (-1, values.ndim - 1)


def _sums(values: Array, dim: int) -> Array:
    """Add up along ``dim``, which stays with size 1: by vectors along the last dim, elsewhere in order."""
    if values.size > PRECISE_LIMIT:
        return np.asarray(values.sum(axis=dim, keepdims=True))
    if _is_last(values, dim):
        return lane_sum(values.reshape(-1, values.shape[-1]), WIDE).reshape(*values.shape[:-1], 1)
    return np.add.accumulate(values, axis=dim).take([-1], axis=dim)


def _dots(left: Array, right: Array, dim: int) -> Array:
    """Add up products along ``dim``, which stays with size 1."""
    if left.size > PRECISE_LIMIT:
        return np.asarray((left * right).sum(axis=dim, keepdims=True))
    shape = [1 if axis == dim % left.ndim else size for axis, size in enumerate(left.shape)]
    first, second = (np.moveaxis(values, dim, -1).reshape(-1, values.shape[dim]) for values in (left, right))
    return (lane_dot(first, second, WIDE) if _is_last(left, dim) else running_fused(first, second)).reshape(shape)


def _widened(kernel: Any) -> Any:
    """Compute float16 in float32."""

    def call(first: Array, *rest: Any) -> Array:
        if first.dtype != np.float16:
            return np.asarray(kernel(first, *rest))
        wide = [value.astype(np.float32) if isinstance(value, np.ndarray) else value for value in (first, *rest)]
        return np.asarray(kernel(*wide)).astype(np.float16)

    return call


@_widened
def softmax(self: Array, dim: int, dtype: DType | None = None) -> Array:
    if self.size == 0:
        return np.ones_like(self)
    if self.ndim == 0:
        return np.asarray(_exp(np.asarray(self - self)))  # 1, or nan of infinity
    grown = _exp(self - self.max(axis=dim, keepdims=True))
    total = _sums(grown, dim)
    return grown * np.reciprocal(total) if _is_last(self, dim) else grown / total


@_widened
def log_softmax(self: Array, dim: int, dtype: DType | None = None) -> Array:
    if self.size == 0 or self.ndim == 0:
        return np.asarray(self - self)
    shifted = self - self.max(axis=dim, keepdims=True)
    return shifted - _log(_sums(_exp(shifted), dim))


def softmax_backward(grad_output: Array, output: Array, dim: int) -> Array:
    if output.ndim == 0 or output.size == 0:
        return np.asarray((grad_output - grad_output * output) * output)
    return (grad_output - _dots(grad_output, output, dim)) * output


def log_softmax_backward(grad_output: Array, output: Array, dim: int) -> Array:
    if output.ndim == 0 or output.size == 0:
        return np.asarray(grad_output - _exp(output) * grad_output)
    return fused(-_exp(output), _sums(grad_output, dim), grad_output)


def _sum(ops: Any, value: Any, dim: int) -> Any:
    return ops.sum_dim(value, (dim,), True) if value.ndim else value


def softmax_second(ops: Any, grad: Any, grad_output: Any, output: Any, dim: int) -> Any:
    """The gradient of softmax's gradient for its output."""
    last = grad_output * _sum(ops, output * grad, dim)
    second = _sum(ops, output * grad_output, dim) * grad
    return grad_output * grad - second - last


def log_softmax_second(ops: Any, grad: Any, grad_output: Any, output: Any, dim: int) -> Any:
    """The gradient of log_softmax's gradient for its output."""
    return -_sum(ops, grad_output, dim) * ops.exp(output) * grad


def log_softmax_grad_second(ops: Any, grad: Any, output: Any, dim: int) -> Any:
    """The gradient of log_softmax's gradient for the gradient that came in."""
    return grad - _sum(ops, grad * ops.exp(output), dim)


def _checked(name: str) -> Any:
    def check(session: Any, op: Op, bound: list[Any]) -> None:
        dtype = bound[2] or bound[0].dtype
        ndim = bound[0].array.ndim
        dim = wrap_dim(bound[1], ndim)
        refused = not dtype.is_floating or (dtype is float16 and session.dialect != NEWEST)
        if refused and bound[0].array.size:
            last = dim == max(ndim, 1) - 1
            kernel = f"{name}_lastdim_kernel_impl" if last else f"{name}_kernel_impl"
            if not last and session.dialect != NEWEST:
                kernel = "softmax_kernel_impl"
            raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)

    return check


def _functional(name: str, runs: str) -> Any:
    def run(ops: Any, self: Any, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Any:
        if dim is None:
            self.session.warn("implicit_dim", name=name)
            dim = 0 if self.ndim in (0, 1, 3) else 1
        return ops[runs](-self if name == "softmin" else self, dim, dtype)

    return run


def _softmax_rows(name: str, node: str, kernel: Any, backward: Any, second: dict[str, str]) -> list[Op]:
    def run(ops: Any, self: Any, dim: int, dtype: DType | None = None) -> Any:
        if dtype is not None and dtype is not self.tensor.dtype:
            self = ops.to(self, dtype)
        return ops[f"{name}_kernel"](self, dim)

    return [
        composite(
            f"{name}.int(Tensor self, int dim, dtype? dtype=None)",
            run,
            where="mt",
            out={"history": "unseen"},
            doc=f"{name} along dim",
            samples=(f"a.{name}(0)",),
        ),
        composite(
            f"{name}.functional(Tensor self, int? dim=None, any _stacklevel=3, dtype? dtype=None)",
            _functional(name, name),
            where="F",
            doc=f"{name} along dim",
            samples=(f"F.{name}(a, dim=0)",),
        ),
        general(
            f"{name}_kernel(Tensor self, int dim, dtype? dtype=None)",
            f"{node}Backward0",
            kernel,
            promote=CAST,
            where="",
            grad={"self": f"{name}_backward(grad, result, dim)"},
            check=_checked(name),
            doc=f"{name} along dim",
        ),
        general(
            f"{name}_backward(Tensor grad_output, Tensor output, int dim)",
            f"{node}BackwardDataBackward0",
            backward,
            promote=FLOAT,
            where="",
            grad=second,
            doc=f"the gradient of {name}",
        ),
    ]


def logsumexp(self: Array, dim: tuple[int, ...], keepdim: bool = False) -> Array:
    axes = dims(dim, self.ndim)
    if not self.ndim:
        return self.copy()
    largest = self.max(axis=axes, keepdims=True) if self.size else np.full((1,) * self.ndim, -np.inf, self.dtype)
    # An infinite maximum would make nan of the difference.
    shift = np.where(np.isinf(largest), 0, largest)
    total = _log(sum_dims(_exp(self - shift), axes, True)) + shift
    return total if keepdim else total.squeeze(axes)


def logsumexp_backward(ops: Any, grad: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """grad * exp(self - result)."""
    shape = self.shape
    if not keepdim:
        grad = ops.unsqueeze_reduced(grad, dim, shape, keepdim)
        result = ops.unsqueeze_reduced(result, dim, shape, keepdim)
    return grad * ops.exp(self - result)


def _check_dims(session: Any, op: Op, bound: list[Any]) -> None:
    ndim = bound[0].array.ndim
    dims(bound[1], ndim)
    if ndim and not bound[1] and not bound[2]:
        # Of no dims all are taken, but the result has been shaped by then.
        raise TorchError("inplace_broadcast", output=[], broadcast=[1] * ndim)


HELPERS = {
    "softmax_second": softmax_second,
    "log_softmax_second": log_softmax_second,
    "log_softmax_grad_second": log_softmax_grad_second,
    "logsumexp_backward": logsumexp_backward,
}

ROWS = [
    *_softmax_rows(
        "softmax",
        "Softmax",
        softmax,
        softmax_backward,
        {
            "grad_output": "softmax_backward(grad, output, dim)",
            "output": "softmax_second(grad, grad_output, output, dim)",
        },
    ),
    *_softmax_rows(
        "log_softmax",
        "LogSoftmax",
        log_softmax,
        log_softmax_backward,
        {
            "grad_output": "log_softmax_grad_second(grad, output, dim)",
            "output": "log_softmax_second(grad, grad_output, output, dim)",
        },
    ),
    composite(
        "softmin(Tensor self, int? dim=None, any _stacklevel=3, dtype? dtype=None)",
        _functional("softmin", "softmax"),
        where="F",
        doc="softmax of -self",
        samples=("F.softmin(a, dim=0)",),
    ),
    general(
        "logsumexp(Tensor self, int[] dim, bool keepdim=False)",
        "LogsumexpBackward0",
        logsumexp,
        promote=FLOAT,
        grad={"self": "logsumexp_backward(grad, self, result, dim, keepdim)"},
        check=_check_dims,
        inside="logsumexp",
        result_edits=1,
        out={"fits": "floats", "text": "out_floats", "blind": True},
        doc="log of the sum of exponentials along dim",
        samples=("a.logsumexp(0)", "a.logsumexp(-1, keepdim=True)"),
    ),
]
