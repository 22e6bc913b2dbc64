"""The options of optimizers: as a constructor takes them, which of them it refuses, and what it keeps of them."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detachsim.engine.calls import truth
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.session import Session
from detachsim.engine.signatures import entry
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.ops.optim.base import Optimizer

_COMPARISONS = {"<": ("lt", "gt", operator.lt), "<=": ("le", "ge", operator.le)}
# The options that may be tensors in a step, too.
_TENSORS = frozenset(("lr", "eps", "weight_decay", "initial_accumulator_value"))


def bound(optimizer: "Optimizer", args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a constructor of PyTorch's by name, ``params`` among them."""
    known = entry("o", type(optimizer).__name__, optimizer.session.dialect)
    assert known is not None
    given = known.python[0].bind(optimizer, *args, **kwargs)
    del given["self"]
    return given


def in_order(options: Mapping[str, Any], names: str) -> dict[str, Any]:
    """Return options in the order of ``names``, as far as there are any."""
    return {name: options[name] for name in names.split() if name in options} if names else dict(options)


def holds(session: Session, left: Any, sign: str, right: Any) -> bool:
    """Whether ``left < right`` (or ``<=``) is true, for numbers, tensors, and what cannot be compared."""
    straight, turned, plain = _COMPARISONS[sign]
    with session.unrecorded():
        if isinstance(left, Tensor):
            return truth(session.call(straight, left, right))
        if isinstance(right, Tensor):
            return truth(session.call(turned, right, left))
    return bool(plain(left, right))


def number(value: Any) -> Any:
    """Return an option as a number; a learning rate may be given as a tensor of one element."""
    return value.array.item() if isinstance(value, Tensor) else value


def check_option(session: Session, name: str, value: Any) -> None:
    """Refuse a value that an option cannot have."""
    check = _CHECKS.get(name)
    if check is not None:
        check(session, value)
    elif not holds(session, 0.0, "<=", value):
        raise TorchError("optimizer_value", name=name, value=number(value))


def check_positive(session: Session, name: str, value: Any) -> None:
    """Refuse a value below 0, as SGD asks for it: one that is no number passes."""
    if holds(session, value, "<", 0.0):
        raise TorchError("optimizer_lr" if name == "lr" else "optimizer_value", name=name, value=number(value))


def check_one_rate(session: Session, value: Any) -> None:
    """Refuse a learning rate of several elements."""
    if session.dialect == NEWEST and isinstance(value, Tensor) and value.array.size != 1:
        raise TorchError("optimizer_lr_tensor")


def check_fused(session: Session, options: Mapping[str, Any]) -> None:
    """Refuse what PyTorch's fused kernels cannot do."""
    if options.get("fused"):
        if options["differentiable"]:
            raise TorchError("optimizer_fused_differentiable")
        if session.dialect != NEWEST:
            raise TorchError("optimizer_fused_cuda")
        if options["foreach"]:
            raise TorchError("optimizer_fused_foreach")


def refuse_tensors(options: Mapping[str, Any]) -> None:
    """Refuse tensors for options that are taken for numbers here."""
    for name, value in options.items():
        parts = value if isinstance(value, (list, tuple)) else (value,)
        if name not in _TENSORS and any(isinstance(part, Tensor) for part in parts):
            raise LimitError(f"a tensor for an optimizer's `{name}` is not simulated")


def _check_rate(session: Session, value: Any) -> None:
    check_one_rate(session, value)
    if not holds(session, 0.0, "<=", value):
        raise TorchError("optimizer_lr", value=number(value))


def _check_eps(session: Session, value: Any) -> None:
    if not holds(session, 0.0, "<=", value):
        raise TorchError("optimizer_eps", value=number(value))


def _check_betas(session: Session, betas: Any) -> None:
    refuse_tensors({"betas": [betas]})
    for index in (0, 1):
        beta = betas[index]
        if not (holds(session, 0.0, "<=", beta) and holds(session, beta, "<", 1.0)):
            raise TorchError("optimizer_beta", index=index, value=number(beta))


def _check_etas(session: Session, etas: Any) -> None:
    refuse_tensors({"etas": [etas]})
    low, high = etas[0], etas[1]
    if not (holds(session, 0.0, "<", low) and holds(session, low, "<", 1.0) and holds(session, 1.0, "<", high)):
        raise TorchError("optimizer_etas", low=number(low), high=number(high))


def _check_rho(session: Session, rho: Any) -> None:
    if not (holds(session, 0.0, "<=", rho) and holds(session, rho, "<=", 1.0)):
        raise TorchError("optimizer_value", name="rho", value=number(rho))


_CHECKS: dict[str, Callable[[Session, Any], None]] = {
    "lr": _check_rate,
    "eps": _check_eps,
    "betas": _check_betas,
    "etas": _check_etas,
    "rho": _check_rho,
}
