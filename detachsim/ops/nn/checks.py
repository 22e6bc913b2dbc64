"""What the constructors of modules that are one op refuse."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import type_name

Options = dict[str, Any]
Check = Callable[[Session, Options], None]


def _hardtanh(session: Session, options: Options) -> None:
    if not options["max_val"] > options["min_val"]:
        raise TorchError("hardtanh_module_bounds", least=options["min_val"], most=options["max_val"])


def _unflatten(session: Session, options: Options) -> None:
    sizes = options["unflattened_size"]
    if not isinstance(sizes, (tuple, list)):
        named = isinstance(options["dim"], str) and session.dialect != NEWEST
        raise TorchError("unflatten_module_sizes", of="tuples" if named else "ints", type=type_name(sizes))
    for place, size in enumerate(sizes):
        if not isinstance(size, int):
            raise TorchError("unflatten_module_size", type=type_name(size), place=place)


def _multi_margin(session: Session, options: Options) -> None:
    if options["p"] not in (1, 2):
        raise TorchError("multi_margin_python")
    weight = options["weight"]
    if isinstance(weight, Tensor) and weight.array.ndim != 1:
        raise TorchError("multi_margin_dims", ndim=weight.array.ndim)


def _triplet(session: Session, options: Options) -> None:
    if session.dialect == NEWEST and options["margin"] <= 0:
        raise TorchError("triplet_module_margin", margin=options["margin"])


def _huber(session: Session, options: Options) -> None:
    delta = options["delta"]
    if session.dialect == NEWEST and not isinstance(delta, (float, int)):
        raise TorchError("huber_module_delta", type=type_name(delta))


CHECKS: dict[str, Check] = {
    "Hardtanh": _hardtanh,
    "Unflatten": _unflatten,
    "MultiMarginLoss": _multi_margin,
    "TripletMarginLoss": _triplet,
    "HuberLoss": _huber,
}
