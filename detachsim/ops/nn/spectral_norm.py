"""``torch.nn.utils.spectral_norm``, the old one and that of ``parametrizations``: a weight over its largest
singular value, which the power method finds step by step.

Each function takes the session first.
"""

from collections.abc import Callable
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, alias, new_version
from detachsim.ops.nn.base import Module, build, parameter
from detachsim.ops.nn.convolutions import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from detachsim.ops.nn.hooks import Hook
from detachsim.ops.nn.parametrize import register_parametrization, require_parametrizations
from detachsim.ops.nn.registering import register_buffer, register_parameter
from detachsim.ops.python_calls import function

# The names under which the old function keeps the weight and the two vectors.
NAMES = ("weight_orig", "weight_u", "original")


def _first_dim(module: Any, dim: int | None) -> int:
    """Return the dim that counts the outputs."""
    if dim is not None:
        return dim
    return int(isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))


def _require_steps(count: int) -> None:
    if count <= 0:
        raise TorchError("spectral_steps", count=count)


def _in_front(session: Session, weight: Tensor, dim: int) -> Tensor:
    if dim == 0:
        return weight
    order = (dim, *(d for d in range(weight.array.ndim) if d != dim))
    moved: Tensor = session.call("permute", weight, order)
    return moved


def _direction(session: Session, length: int, like: Tensor, eps: float) -> Any:
    """Return a random vector of length 1."""
    drawn = session.call("normal_", session.call("new_empty", like, (length,)), 0.0, 1.0)
    return session.call("normalize", drawn, dim=0, eps=eps)


def _normalize_into(session: Session, target: Tensor, vector: Any, eps: float) -> None:
    """Write a vector over its length into another one."""
    length = session.call("clamp_min", session.call("norm", vector, 2.0, 0, True), eps)
    session.call("copy_", target, session.call("div", vector, session.call("expand", length, vector.shape)))


class SpectralNorm:
    """The hook of the old ``spectral_norm``, which computes the weight anew before each run."""

    def __init__(self, name: str, steps: int, dim: int, eps: float) -> None:
        _require_steps(steps)
        self.name, self.steps, self.dim, self.eps = name, steps, dim, eps

    def matrix(self, session: Session, weight: Tensor) -> Any:
        """Return the weight as a matrix of one row for each output."""
        moved = _in_front(session, weight, self.dim)
        return session.call("reshape", moved, (moved.shape[0], -1))

    def weight(self, module: Module, moves: bool) -> Any:
        """Return the weight over the singular value, after a step of the power method if it ``moves``."""
        call = module.session.call
        weight, u, v = (module.held(f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = self.matrix(module.session, weight)
        if moves:
            with module.session.grad_mode(False):
                for _ in range(self.steps):
                    _normalize_into(module.session, v, call("mv", call("t", matrix), u), self.eps)
                    _normalize_into(module.session, u, call("mv", matrix, v), self.eps)
                # The next run edits them, and this one's backward pass wants them as they are.
                u, v = call("clone", u), call("clone", v)
        return call("div", weight, call("dot", u, call("mv", matrix, v)))

    def call(self, module: Module, given: Any) -> None:
        """Give the module its weight."""
        module.assign(self.name, self.weight(module, module.training))


def _find(module: Module, name: str) -> Hook | None:
    hooks = module.hooks.before
    return next(
        (hook for hook in hooks if isinstance(hook.function, SpectralNorm) and hook.function.name == name), None
    )


def spectral_norm(
    session: Session,
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Any:
    """Let a weight be divided by its largest singular value before each run."""
    first = _first_dim(module, dim)
    if _find(module, name) is not None:
        raise TorchError("spectral_twice", name=name)
    hook = SpectralNorm(name, n_power_iterations, first, eps)
    weight = module.parameter_table[name]
    if weight is None:
        raise TorchError("spectral_none", name=name)
    with session.grad_mode(False):
        rows, columns = hook.matrix(session, weight).shape
        u, v = (_direction(session, length, weight, eps) for length in (rows, columns))
    del module.parameter_table[name]
    register_parameter(module, f"{name}_orig", weight)
    module.assign(name, _data(weight))
    register_buffer(module, f"{name}_u", u)
    register_buffer(module, f"{name}_v", v)
    module.hooks.before.append(Hook(hook))
    return module


def _data(tensor: Tensor) -> Tensor:
    """Return ``tensor.data``."""
    return alias(tensor, tensor.array, version=new_version())


def remove_spectral_norm(session: Session, module: Any, name: str = "weight") -> Any:
    """Let a weight be a parameter again, as the vectors of now make it."""
    found = _find(module, name)
    if found is None:
        raise TorchError("spectral_missing", name=name, module=repr(module))
    with session.grad_mode(False):
        weight = found.function.weight(module, False)
    module.others.pop(name, None)
    del module.parameter_table[f"{name}_orig"]
    for part in "uv":
        del module.buffer_table[f"{name}_{part}"]
    register_parameter(module, name, parameter(session.call("detach", weight)))
    module.hooks.before.remove(found)
    return module


# As a parametrization


class _SpectralNorm(Module):
    """A tensor over its largest singular value; a vector over its length."""

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.array.ndim
        if not -ndim <= dim < ndim:
            raise TorchError("spectral_dim", low=-ndim, high=ndim - 1, dim=dim)
        _require_steps(n_power_iterations)
        self.dim, self.eps, self.steps = dim % ndim, eps, n_power_iterations
        if ndim > 1:
            matrix = self._matrix(weight)
            drawn = [
                self.session.call("normal_", self.session.call("new_empty", matrix, (length,)), 0.0, 1.0)
                for length in matrix.shape
            ]
            for name, vector in zip(("_u", "_v"), drawn, strict=True):
                self.buffer_table[name] = self.session.call("normalize", vector, dim=0, eps=eps)
            self._move(matrix, 15)

    def _matrix(self, weight: Tensor) -> Any:
        return self.session.call("flatten", _in_front(self.session, weight, self.dim), 1)

    def _move(self, matrix: Any, steps: int) -> None:
        """Take steps of the power method."""
        call, kept = self.session.call, {name: self.held(name) for name in ("_u", "_v")}
        with self.session.grad_mode(False):
            for _ in range(steps):
                for name, other, turned in (("_u", "_v", False), ("_v", "_u", True)):
                    left = call("matrix_H", matrix) if turned else matrix
                    _normalize_into(self.session, kept[name], call("mv", left, kept[other]), self.eps)

    def forward(self, weight: Any) -> Any:
        """Compute the weight."""
        call = self.session.call
        if weight.array.ndim == 1:
            return call("normalize", weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._move(matrix, self.steps)
        u, v = (call("clone", self.buffer_table[name]) for name in ("_u", "_v"))
        dot = "vdot" if self.session.dialect == NEWEST else "dot"
        return call("div", weight, call(dot, u, call("mv", matrix, v)))


def parametrized_spectral_norm(
    session: Session,
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Any:
    """Let a weight be divided by its largest singular value whenever it is read."""
    require_parametrizations(session, "spectral_norm", "torch-1.13")
    weight = module.find(name)
    if not isinstance(weight, Tensor):
        raise TorchError("spectral_weight", name=name, module=repr(module))
    made = build(session, _SpectralNorm, weight, n_power_iterations, _first_dim(module, dim), eps)
    with session.grad_mode(False):
        session.call("set_", weight, weight)
    return register_parametrization(session, module, name, made, {"original": weight})


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "spectral_norm": function(spectral_norm),
    "remove_spectral_norm": function(remove_spectral_norm),
}
PARAMETRIZATIONS: dict[str, Callable[..., Any]] = {
    "spectral_norm": function(parametrized_spectral_norm, "spectral_norm")
}
