"""Optimizers: SGD, Adam, AdamW, RMSprop and Adagrad, one tensor at a time, in PyTorch's order of operations.

``CONSTRUCTORS`` makes them, each with the session first. What a scenario may read or call is in ``ATTRIBUTES`` and
``METHODS`` of the class. A step changes a parameter through the ops of the table, so that its counter moves as often
as in PyTorch; what an optimizer keeps for itself are plain arrays.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.fused import fused32
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, fresh
from detachsim.engine.views import requires_grad
from detachsim.ops.python_calls import maker, method
from detachsim.printing import tensor_text


def plus_scaled(start: Array, other: Array, factor: float) -> Array:
    """``start.add(other, alpha=factor)``: in float32 the processor rounds once for both operations."""
    if start.dtype == np.float32:
        return fused32(other, np.float32(factor), start)
    return start + other * start.dtype.type(factor)


def plus_square(start: Array, other: Array, factor: float) -> Array:
    """``start.addcmul(other, other, value=factor)``."""
    if start.dtype == np.float32:
        return fused32(np.float32(factor) * other, other, start)
    return start + start.dtype.type(factor) * other * other


def towards(start: Array, end: Array, weight: float) -> Array:
    """``start.lerp(end, weight)``, which counts from the nearer side."""
    if weight < 0.5:
        return plus_scaled(start, end - start, weight)
    return plus_scaled(end, end - start, float(start.dtype.type(weight) - start.dtype.type(1)))


class ParamGroup:
    """The parameters of an optimizer and its options, by name, as ``param_groups`` gives them."""

    __slots__ = ("options",)

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{key!r}: {_spelled(value)}' for key, value in self.options.items())}}}"

    def get(self, key: str) -> Any:
        """Return an option; raises Python's ``KeyError``."""
        if key not in self.options:
            raise TorchError("python", type="KeyError", text=repr(key))
        return self.options[key]

    def put(self, key: str, value: Any) -> None:
        """Change an option."""
        self.options[key] = value

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {}
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {"__getitem__": method(get), "__setitem__": method(put)}


def _spelled(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_spelled(item) for item in value)}]"
    if isinstance(value, Tensor):
        parameter = value.meta is not None and value.meta.parameter
        return tensor_text(value.array, value.dtype.name, requires_grad=requires_grad(value), parameter=parameter)
    return repr(value)


class Optimizer:
    """What all optimizers share. ``state`` holds what is kept for each parameter from step to step."""

    session: Session

    def __init__(self, params: Any, options: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TorchError("optimizer_tensor", type=params.dtype.tensor_type)
        if not isinstance(params, (list, tuple)):
            raise TorchError("python", type="TypeError", text=f"'{type(params).__name__}' object is not iterable")
        if not params:
            raise TorchError("optimizer_empty")
        tensors = [item[1] if isinstance(item, tuple) and len(item) == 2 else item for item in params]
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise TorchError("optimizer_type", type=type(tensor).__name__)
            if tensor.node is not None and not (tensor.meta is not None and tensor.meta.retain_hooked):
                raise TorchError("optimizer_nonleaf")
        if len(set(tensors)) < len(tensors):
            self.session.warn("optimizer_duplicates")
        self.param_groups = [ParamGroup({"params": tensors, **options})]
        self.state: dict[Tensor, dict[str, Any]] = {}

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for index, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {index}")
            lines += [f"    {key}: {group.options[key]}" for key in sorted(group.options) if key != "params"]
        return "\n".join(lines) + "\n)"

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Take the gradients of all parameters away, or set them to zero."""
        for group in self.param_groups:
            for tensor in group.options["params"]:
                clear_gradient(self.session, tensor, set_to_none)

    def step(self, closure: Any = None) -> Any:
        """Change every parameter that has a gradient."""
        loss = None
        if closure is not None:
            if not hasattr(closure, "call"):
                text = f"'{type(closure).__name__}' object is not callable"
                raise TorchError("python", type="TypeError", text=text)
            with self.session.grad_mode(True):
                loss = closure.call()
        with self.session.grad_mode(False):
            for group in self.param_groups:
                for tensor, gradient in _with_gradients(group):
                    array = -gradient.array if group.options["maximize"] else gradient.array
                    self._update(tensor, array, group.options, self.state.setdefault(tensor, {}))
        return loss

    def _update(self, tensor: Tensor, gradient: Array, options: dict[str, Any], state: dict[str, Any]) -> None:
        raise NotImplementedError

    def _change(self, op: str, tensor: Tensor, *arrays: Array, **options: float) -> None:
        """Change a parameter by an op of the table."""
        self.session.call(op, tensor, *[_as_tensor(array, tensor.dtype) for array in arrays], **options)

    ATTRIBUTES: ClassVar[dict[str, Callable[[Session, Any], Any]]] = {
        "param_groups": lambda session, optimizer: optimizer.param_groups
    }
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {}


Optimizer.METHODS = {"step": method(Optimizer.step)}


def _zero_grad(session: Session, optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
    # Up to 1.13 the gradients stayed, and became zeros.
    if not args and not kwargs and session.dialect != "torch-2.13":
        kwargs = {"set_to_none": False}
    method(Optimizer.zero_grad)(session, optimizer, *args, **kwargs)


Optimizer.METHODS["zero_grad"] = _zero_grad


def clear_gradient(session: Session, tensor: Tensor, set_to_none: bool) -> None:
    """Take one gradient away, or cut it from its graph and set it to zero."""
    gradient = tensor.grad
    if gradient is None or tensor.meta is None:
        return
    if set_to_none:
        tensor.meta.grad = None
        if session.facts is not None:
            session.facts.append(("flag", tensor, "grad", "None"))
        return
    gradient.node = None
    gradient.requires = False
    session.call("zero_", gradient)


def _with_gradients(group: ParamGroup) -> Iterator[tuple[Tensor, Tensor]]:
    for tensor in group.options["params"]:
        if tensor.grad is not None:
            yield tensor, tensor.grad


def _as_tensor(array: Array, dtype: DType) -> Tensor:
    return fresh(np.array(array, dtype=dtype.numpy), dtype)


def _rate(value: Any) -> Any:
    """Return a learning rate as a number; it may be given as a tensor of one element."""
    if isinstance(value, Tensor):
        if value.array.size != 1:
            raise TorchError("optimizer_lr_tensor")
        return value.array.item()
    return value


def _refuse_negative(key: str, value: Any, **details: Any) -> None:
    if not isinstance(value, (int, float)):
        text = f"'<=' not supported between instances of 'float' and '{type(value).__name__}'"
        raise TorchError("python", type="TypeError", text=text)
    if not value >= 0:
        raise TorchError(key, value=value, **details)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        lr = _rate(lr)
        _refuse_negative("optimizer_lr", lr)
        _refuse_negative("optimizer_value", momentum, name="momentum")
        _refuse_negative("optimizer_value", weight_decay, name="weight_decay")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise TorchError("optimizer_nesterov")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def _update(self, tensor: Tensor, gradient: Array, options: dict[str, Any], state: dict[str, Any]) -> None:
        if options["weight_decay"] != 0:
            gradient = plus_scaled(gradient, tensor.array, options["weight_decay"])
        momentum = options["momentum"]
        if momentum != 0:
            kept = state.get("momentum_buffer")
            if kept is None:
                kept = gradient.copy()
            else:
                kept = plus_scaled(kept * kept.dtype.type(momentum), gradient, 1 - options["dampening"])
            state["momentum_buffer"] = kept
            gradient = plus_scaled(gradient, kept, momentum) if options["nesterov"] else kept
        self._change("add_", tensor, gradient, alpha=-options["lr"])


class Adam(Optimizer):
    """Adam: steps in units of the gradients' running mean and size."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        lr = _rate(lr)
        _refuse_negative("optimizer_lr", lr)
        _refuse_negative("optimizer_eps", eps)
        for index in (0, 1):
            if not 0.0 <= betas[index] < 1.0:
                raise TorchError("optimizer_beta", index=index, value=betas[index])
        _refuse_negative("optimizer_value", weight_decay, name="weight_decay")
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": tuple(betas),
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def _update(self, tensor: Tensor, gradient: Array, options: dict[str, Any], state: dict[str, Any]) -> None:
        if not state:
            state.update(step=0.0, mean=np.zeros_like(gradient), square=np.zeros_like(gradient))
            state["most"] = np.zeros_like(gradient)
        state["step"] += 1.0
        lr, (beta1, beta2), decay = options["lr"], options["betas"], options["weight_decay"]
        if decay != 0:
            if options["decoupled_weight_decay"]:
                self.session.call("mul_", tensor, 1 - lr * decay)
            else:
                gradient = plus_scaled(gradient, tensor.array, decay)
        kind = gradient.dtype.type
        state["mean"] = towards(state["mean"], gradient, 1 - beta1)
        state["square"] = plus_square(state["square"] * kind(beta2), gradient, 1 - beta2)
        square = state["square"]
        if options["amsgrad"]:
            square = state["most"] = np.maximum(state["most"], square)
        step_size = lr / (1 - beta1 ** state["step"])
        correction = (1 - beta2 ** state["step"]) ** 0.5
        divisor = np.sqrt(square) / kind(correction) + kind(options["eps"])
        self._change("addcdiv_", tensor, state["mean"], divisor, value=-step_size)


class AdamW(Adam):
    """Adam with weight decay of its own."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )


class RMSprop(Optimizer):
    """Steps in units of the gradients' running size."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        lr = _rate(lr)
        _refuse_negative("optimizer_lr", lr)
        _refuse_negative("optimizer_eps", eps)
        _refuse_negative("optimizer_value", momentum, name="momentum")
        _refuse_negative("optimizer_value", weight_decay, name="weight_decay")
        _refuse_negative("optimizer_value", alpha, name="alpha")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def _update(self, tensor: Tensor, gradient: Array, options: dict[str, Any], state: dict[str, Any]) -> None:
        if not state:
            state.update({name: np.zeros_like(gradient) for name in ("square", "mean", "momentum_buffer")})
        if options["weight_decay"] != 0:
            gradient = plus_scaled(gradient, tensor.array, options["weight_decay"])
        kind = gradient.dtype.type
        alpha = options["alpha"]
        square = state["square"] = plus_square(state["square"] * kind(alpha), gradient, 1 - alpha)
        if options["centered"]:
            state["mean"] = towards(state["mean"], gradient, 1 - alpha)
            square = plus_square(square, state["mean"], -1)
        divisor = np.sqrt(square) + kind(options["eps"])
        if options["momentum"] > 0:
            kept = state["momentum_buffer"] * kind(options["momentum"]) + gradient / divisor
            state["momentum_buffer"] = kept
            self._change("add_", tensor, kept, alpha=-options["lr"])
        else:
            self._change("addcdiv_", tensor, gradient, divisor, value=-options["lr"])


class Adagrad(Optimizer):
    """Steps in units of the gradients' size over all steps."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        lr = _rate(lr)
        _refuse_negative("optimizer_lr", lr)
        _refuse_negative("optimizer_value", lr_decay, name="lr_decay")
        _refuse_negative("optimizer_value", weight_decay, name="weight_decay")
        _refuse_negative("optimizer_value", initial_accumulator_value, name="initial_accumulator_value")
        _refuse_negative("optimizer_eps", eps)
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def _update(self, tensor: Tensor, gradient: Array, options: dict[str, Any], state: dict[str, Any]) -> None:
        if not state:
            state.update(step=0, total=np.full_like(gradient, options["initial_accumulator_value"]))
        state["step"] += 1
        if options["weight_decay"] != 0:
            gradient = plus_scaled(gradient, tensor.array, options["weight_decay"])
        rate = options["lr"] / (1 + (state["step"] - 1) * options["lr_decay"])
        state["total"] = plus_square(state["total"], gradient, 1)
        divisor = np.sqrt(state["total"]) + gradient.dtype.type(options["eps"])
        self._change("addcdiv_", tensor, gradient, divisor, value=-rate)


CLASSES: tuple[type[Optimizer], ...] = (SGD, Adam, AdamW, RMSprop, Adagrad)

CONSTRUCTORS: dict[str, Callable[..., Any]] = {made.__name__: maker(made) for made in CLASSES}
