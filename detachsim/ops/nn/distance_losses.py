"""The triplet loss over distances that a scenario measures itself: as a function, which takes the session first, and
as a module."""

from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn import stateless
from detachsim.ops.nn.base import Module, build, call_module, options
from detachsim.ops.nn.registering import is_module
from detachsim.ops.python_calls import call_given, function

_PAIRWISE_DISTANCE = next(kind for kind in stateless.CLASSES if kind.__name__ == "PairwiseDistance")


def triplet_margin_with_distance_loss(
    session: Session,
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Any = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """How much farther than positive, less a margin, negative should be from anchor."""
    if session.dialect == NEWEST:
        _check(anchor, positive, negative, margin, reduction)
    near, far = (_distance(session, distance_function, anchor, other) for other in (positive, negative))
    if swap:
        far = _call(session, "minimum", far, _distance(session, distance_function, positive, negative))
    if session.dialect == NEWEST:
        loss = _call(session, "clamp_min", _call(session, "sub", _call(session, "add", near, margin), far), 0)
    else:
        loss = _call(session, "clamp", _call(session, "add", _call(session, "sub", near, far), margin), min=0.0)
        if reduction not in ("none", "mean", "sum"):
            raise TorchError("loss_reduction", reduction=reduction)
    return loss if reduction == "none" else session.call(reduction, loss)


def _check(anchor: Any, positive: Any, negative: Any, margin: float, reduction: str) -> None:
    if reduction not in ("none", "mean", "sum"):
        raise TorchError("loss_reduction", reduction=reduction)
    if margin <= 0:
        raise TorchError("triplet_margin", margin=margin)
    dims = []
    for value in (anchor, positive, negative):
        if not isinstance(value, Tensor):
            text = f"'{type(value).__name__}' object has no attribute 'ndim'"
            raise TorchError("python", type="AttributeError", text=text)
        dims.append(value.array.ndim)
    if len(set(dims)) > 1:
        raise TorchError("triplet_dims", anchor=dims[0], positive=dims[1], negative=dims[2])


def _distance(session: Session, measure: Any, one: Any, other: Any) -> Any:
    if measure is None:
        return _call(session, "pairwise_distance", one, other)
    if is_module(measure):
        return call_module(session, measure, one, other)
    return call_given(measure, one, other)


def _call(session: Session, name: str, *args: Any, **kwargs: Any) -> Any:
    """Call a function of torch, with PyTorch's errors for what is no tensor."""
    return session.library.find(name).within("t").call(session, args, kwargs)


class TripletMarginWithDistanceLoss(Module):
    """The triplet loss over distances of one's own."""

    called: ClassVar[dict[str, str]] = {"__init__": "", "forward": ""}

    def __init__(
        self, *, distance_function: Any = None, margin: float = 1.0, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__()
        if margin <= 0 and self.session.dialect == NEWEST:
            raise TorchError("triplet_distance_margin", margin=margin)
        if distance_function is None:
            distance_function = build(self.session, _PAIRWISE_DISTANCE)
        self.assign("distance_function", distance_function)
        self.margin, self.swap, self.reduction = margin, swap, reduction

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        """Compare the distances."""
        return triplet_margin_with_distance_loss(
            self.session,
            anchor,
            positive,
            negative,
            distance_function=self.held("distance_function"),
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("margin", "swap", "reduction")


CLASSES: tuple[type[Module], ...] = (TripletMarginWithDistanceLoss,)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "triplet_margin_with_distance_loss": function(triplet_margin_with_distance_loss),
}
