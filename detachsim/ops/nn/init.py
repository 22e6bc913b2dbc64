"""``torch.nn.init``: filling a tensor in place, without a record for gradients.

Each function takes the session first. Every edit is an op of the table, so that the counter moves as in PyTorch.
"""

import math
from collections.abc import Callable
from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.python_calls import function

_LINEAR = frozenset(
    ("linear", "sigmoid", *(f"{name}{dims}d" for name in ("conv", "conv_transpose") for dims in (1, 2, 3)))
)
_TRIED_ON_THE_BELL = 0.3
"""From this share of a normal distribution on, trunc_normal_ draws from it; below, it draws evenly and rejects."""


def calculate_gain(session: Session, nonlinearity: Any, param: Any = None) -> float:
    """Return the factor by which PyTorch widens the weights before a function."""
    if nonlinearity in _LINEAR:
        return 1
    match nonlinearity:
        case "tanh":
            return 5.0 / 3
        case "relu":
            return math.sqrt(2.0)
        case "selu":
            return 0.75
        case "leaky_relu":
            slope = 0.01 if param is None else param
            if isinstance(slope, bool) or not isinstance(slope, (int, float)):
                raise TorchError("init_slope", found=param)
            return math.sqrt(2.0 / (1 + slope**2))
    raise TorchError("init_nonlinearity", found=nonlinearity)


def _dims(tensor: Any, method: str = "ndimension") -> int:
    """Return how many dims a tensor has; raises Python's error for what has no such method."""
    if not isinstance(tensor, Tensor):
        text = f"'{type(tensor).__name__}' object has no attribute '{method}'"
        raise TorchError("python", type="AttributeError", text=text)
    return tensor.array.ndim


def _edited(session: Session, tensor: Any, op: str, *arguments: Any) -> Any:
    if not isinstance(tensor, Tensor):
        text = f"'{type(tensor).__name__}' object has no attribute '{op}'"
        raise TorchError("python", type="AttributeError", text=text)
    with session.grad_mode(False):
        return session.library.find(op).within("m").call(session, (tensor, *arguments), {})


def uniform(session: Session, tensor: Any, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """Fill with random numbers between two bounds."""
    return _edited(session, tensor, "uniform_", a, b)


def normal(session: Session, tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Any:
    """Fill with random numbers of a normal distribution."""
    return _edited(session, tensor, "normal_", mean, std)


def constant(session: Session, tensor: Any, val: float) -> Any:
    """Fill with one number."""
    return _edited(session, tensor, "fill_", val)


def ones(session: Session, tensor: Any) -> Any:
    """Fill with ones."""
    return _edited(session, tensor, "fill_", 1.0)


def zeros(session: Session, tensor: Any) -> Any:
    """Fill with zeros."""
    return _edited(session, tensor, "zero_")


def eye(session: Session, tensor: Any) -> Any:
    """Fill with the identity matrix."""
    if _dims(tensor) != 2:
        raise TorchError("init_dims", wanted="2")
    with session.unrecorded():
        identity = session.call("eye", *tensor.shape, dtype=tensor.dtype)
    return _edited(session, tensor, "copy_", identity)


def dirac(session: Session, tensor: Any, groups: int = 1) -> Any:
    """Fill with a convolution's weight that hands its channels on."""
    ndim = _dims(tensor)
    if ndim not in (3, 4, 5):
        raise TorchError("init_dims", wanted="3, 4, or 5")
    size = tensor.shape
    if size[0] % groups:
        raise TorchError("init_groups")
    share = size[0] // groups
    middle = tuple(length // 2 for length in size[2:])
    _edited(session, tensor, "zero_")
    with session.grad_mode(False):
        for group in range(groups):
            for channel in range(min(share, size[1])):
                session.call("setitem", tensor, (group * share + channel, channel, *middle), 1)
    return tensor


def _fans(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs each output has, and how many outputs each input."""
    if _dims(tensor, "dim") < 2:
        raise TorchError("init_fans")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise TorchError("init_mode", found=mode.lower(), modes=modes)
    return _fans(tensor)[modes.index(mode.lower())]


def xavier_uniform(session: Session, tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Fill evenly, as wide as inputs and outputs together ask for."""
    bound = math.sqrt(3.0) * (gain * math.sqrt(2.0 / float(sum(_fans(tensor)))))
    return uniform(session, tensor, -bound, bound)


def xavier_normal(session: Session, tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Fill normally, as wide as inputs and outputs together ask for."""
    return normal(session, tensor, 0.0, gain * math.sqrt(2.0 / float(sum(_fans(tensor)))))


def _kaiming(session: Session, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    """Return the deviation that fits the inputs; nothing, with a warning, for a tensor without elements."""
    if 0 in tensor.shape:
        session.warn("init_nothing")
        return None
    fan = _fan(tensor, mode)
    return calculate_gain(session, nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform(
    session: Session,
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Any:
    """Fill evenly, as wide as the inputs or the outputs ask for."""
    std = _kaiming(session, tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform(session, tensor, -bound, bound)


def kaiming_normal(
    session: Session,
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Any:
    """Fill normally, as wide as the inputs or the outputs ask for."""
    std = _kaiming(session, tensor, a, mode, nonlinearity)
    return tensor if std is None else normal(session, tensor, 0, std)


def orthogonal(session: Session, tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """Fill with an orthogonal matrix."""
    if _dims(tensor) < 2:
        raise TorchError("init_dims", wanted="2 or more")
    if tensor.array.size == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.array.size // rows
    with session.unrecorded(), session.grad_mode(False):
        call = session.call
        drawn = call("normal_", call("new_empty", tensor, (rows, columns)), 0, 1)
        q, r = call("linalg_qr", call("t", drawn) if rows < columns else drawn)
        q = call("mul", q, call("sign", call("diag", r, 0)))
        q = call("reshape", call("t", q) if rows < columns else q, tensor.shape)
    _edited(session, tensor, "copy_", q)
    return _edited(session, tensor, "mul_", gain)


def sparse(session: Session, tensor: Any, sparsity: float, std: float = 0.01, generator: Any = None) -> Any:
    """Fill normally, but for a share of each column, which is zero."""
    if _dims(tensor) != 2:
        raise TorchError("init_dims", wanted="2")
    rows, columns = tensor.shape
    normal(session, tensor, 0, std)
    with session.grad_mode(False):
        for column in range(columns):
            with session.unrecorded():
                chosen = session.call("randperm", rows)
                chosen = session.call("getitem", chosen, slice(None, math.ceil(sparsity * rows)))
            session.call("setitem", tensor, (chosen, column), 0)
    return tensor


def trunc_normal(
    session: Session,
    tensor: Any,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Any:
    """Fill with random numbers of a normal distribution, those outside two bounds drawn anew."""
    _dims(tensor, "is_meta" if session.dialect == "torch-2.13" else "uniform_")
    if mean < a - 2 * std or mean > b + 2 * std:
        session.warn("init_truncated")
    share = _below((b - mean) / std) - _below((a - mean) / std)
    with session.grad_mode(False):
        if session.dialect != "torch-2.13":
            _draw_by_inverse(session, tensor, mean, std, (a, b))
        elif share > _TRIED_ON_THE_BELL:
            _draw_normally(session, tensor, mean, std, (a, b))
        else:
            _draw_evenly(session, tensor, mean, std, (a, b))
    return tensor


def _below(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _draw_by_inverse(session: Session, tensor: Tensor, mean: float, std: float, bounds: tuple[float, float]) -> None:
    """Draw evenly what the normal distribution's inverse then spreads, as up to 1.13."""
    low, high = (_below((bound - mean) / std) for bound in bounds)
    session.call("uniform_", tensor, 2 * low - 1, 2 * high - 1)
    session.call("erfinv_", tensor)
    session.call("mul_", tensor, std * math.sqrt(2.0))
    session.call("add_", tensor, mean)
    session.call("clamp_", tensor, *bounds)


def _draw_normally(session: Session, tensor: Tensor, mean: float, std: float, bounds: tuple[float, float]) -> None:
    call = session.call
    call("normal_", tensor, mean, std)
    with session.unrecorded():
        low, high = (call("new_tensor", tensor, bound).array for bound in bounds)
        drawn = tensor
        while ((drawn.array < low) | (drawn.array > high)).any():
            outside = call("logical_or", call("lt", drawn, low.item()), call("gt", drawn, high.item()))
            again = call("normal_", call("empty_like", drawn), mean, std)
            drawn = call("where", outside, again, drawn)
    if drawn is not tensor:
        call("copy_", tensor, drawn)


def _draw_evenly(session: Session, tensor: Tensor, mean: float, std: float, bounds: tuple[float, float]) -> None:
    """Draw evenly, and again whatever a second draw finds too improbable, measured at the most probable place."""
    call = session.call
    low, high = bounds
    peak = -0.5 * ((max(low, min(mean, high)) - mean) / std) ** 2

    def improbable(candidates: Tensor) -> Any:
        height = call("div", call("sub", candidates, mean), std)
        height = call("sub", call("mul", call("pow", height, 2), -0.5), peak)
        return call("gt", call("log", call("uniform_", call("empty_like", tensor))), height)

    call("uniform_", tensor, low, high)
    with session.unrecorded():
        drawn = tensor
        pending = improbable(drawn)
        while pending.array.any():
            candidates = call("uniform_", call("empty_like", tensor), low, high)
            drawn = call("where", pending, candidates, drawn)
            pending = call("logical_and", pending, improbable(candidates))
    if drawn is not tensor:
        call("copy_", tensor, drawn)


_FILLING = (
    uniform,
    normal,
    constant,
    ones,
    zeros,
    eye,
    dirac,
    xavier_uniform,
    xavier_normal,
    kaiming_uniform,
    kaiming_normal,
    orthogonal,
    sparse,
    trunc_normal,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "calculate_gain": function(calculate_gain),
    **{f"{filling.__name__}_": function(filling, f"{filling.__name__}_") for filling in _FILLING},
}
