"""softmax, log_softmax, softmin, logsumexp."""

from typing import Any

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType, float16
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import dims, precise, precise_each, wrap_dim
from detachsim.ops.row import CAST, FLOAT, composite, general


def softmax(self: Array, dim: int, dtype: DType | None = None) -> Array:
    if self.size == 0 or self.ndim == 0:
        return np.ones_like(self)
    grown = np.exp(self - self.max(axis=dim, keepdims=True))
    return grown / grown.sum(axis=dim, keepdims=True)


def log_softmax(self: Array, dim: int, dtype: DType | None = None) -> Array:
    if self.size == 0 or self.ndim == 0:
        return np.zeros_like(self)
    shifted = self - self.max(axis=dim, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))


def softmax_backward(grad_output: Array, output: Array, dim: int) -> Array:
    if output.ndim == 0:
        return np.zeros_like(output)
    scaled = grad_output * output
    return scaled - output * scaled.sum(axis=dim, keepdims=True)


def log_softmax_backward(grad_output: Array, output: Array, dim: int) -> Array:
    if output.ndim == 0:
        return np.zeros_like(output)
    return grad_output - _exp(output) * grad_output.sum(axis=dim, keepdims=True)


_exp = precise(np.exp)


def _sum(ops: Any, value: Any, dim: int) -> Any:
    return ops.sum_dim(value, (dim,), True) if value.ndim else value


def softmax_second(ops: Any, grad: Any, grad_output: Any, output: Any, dim: int) -> Any:
    """The gradient of softmax's gradient for its output."""
    scaled = grad_output * grad
    return scaled - _sum(ops, output * grad_output, dim) * grad - grad_output * _sum(ops, grad * output, dim)


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
            doc=f"{name} along dim",
            samples=(f"a.{name}(0)",),
        ),
        composite(
            f"{name}.functional(Tensor self, int? dim=None, int _stacklevel=3, dtype? dtype=None)",
            _functional(name, name),
            where="F",
            doc=f"{name} along dim",
            samples=(f"F.{name}(a, dim=0)",),
        ),
        general(
            f"{name}_kernel(Tensor self, int dim, dtype? dtype=None)",
            f"{node}Backward0",
            precise_each(kernel),
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
    total = np.log(np.exp(self - shift).sum(axis=axes, keepdims=True)) + shift
    return total if keepdim else total.squeeze(axes)


def logsumexp_backward(ops: Any, grad: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """grad * exp(self - result)."""
    shape = self.shape
    if not keepdim:
        grad = ops.unsqueeze_reduced(grad, dim, shape, keepdim)
        result = ops.unsqueeze_reduced(result, dim, shape, keepdim)
    return grad * ops.exp(self - result)


def _check_dims(session: Any, op: Op, bound: list[Any]) -> None:
    dims(bound[1], bound[0].array.ndim)


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
        precise_each(softmax_backward),
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
        "softmin(Tensor self, int? dim=None, int _stacklevel=3, dtype? dtype=None)",
        _functional("softmin", "softmax"),
        where="F",
        doc="softmax of -self",
        samples=("F.softmin(a, dim=0)",),
    ),
    general(
        "logsumexp(Tensor self, int[] dim, bool keepdim=False)",
        "LogsumexpBackward0",
        precise_each(logsumexp),
        promote=FLOAT,
        grad={"self": "logsumexp_backward(grad, self, result, dim, keepdim)"},
        check=_check_dims,
        doc="log of the sum of exponentials along dim",
        samples=("a.logsumexp(0)", "a.logsumexp(-1, keepdim=True)"),
    ),
]
