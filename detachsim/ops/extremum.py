"""The larger and the smaller of two: maximum, minimum, fmax, fmin, and clamping to tensors."""

from collections.abc import Sequence
from typing import Any

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.promotion import result_type
from detachsim.ops.element_types import no_bools
from detachsim.ops.numeric import larger, larger_number, smaller, smaller_number
from detachsim.ops.row import composite, pointwise


def clamp_tensors(self: Array, min: Array | None = None, max: Array | None = None) -> Array:
    result = self if min is None else larger(self, min)
    # Where both bounds cross, PyTorch gives the upper one.
    return result if max is None else smaller(result, max)


def _check_bounds(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[1] is None and bound[2] is None:
        raise TorchError("clamp_none")


def _refuse_bools(session: Any, op: Op, bound: list[Any]) -> None:
    """One bound alone is a maximum or minimum, which takes bools."""
    if bound[1] is not None and bound[2] is not None:
        no_bools("clamp_cpu")(session, op, bound)


def refuse_scalar_clamp(session: Any, dtype: DType, low: Any, high: Any) -> None:
    """Refuse bools between numbers, in the name of the kernel for these bounds."""
    if dtype is dtypes.boolean:
        if low is None:
            kernel = "clamp_max_scalar_cpu"
        elif high is not None:
            kernel = "clamp_scalar_cpu"
        else:
            kernel = "clamp_min_scalar_cpu" if session.dialect == NEWEST else "clamp_min_cpu"
        raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)


def require_castable(result: DType, target: DType) -> None:
    """Refuse to write a clamp by numbers into a type that does not hold it; it names types as C++ does."""
    if not dtypes.can_cast(result, target):
        raise TorchError("inplace_cast", result=result.scalar, output=target.cpp)


def _check_bound(session: Any, op: Op, bound: list[Any]) -> None:
    if op.mutates:
        require_castable(result_type(bound), bound[0].dtype)


def extreme_pair_backward(ops: Any, grad: Any, self: Any, other: Any, loser: Any) -> Any:
    """grad, half of it where both are equal, 0 where ``loser`` says that the other one was taken."""
    return ops.masked_fill(ops.where(self == other, grad / 2, grad), loser, 0.0)


def fmax_wins(ops: Any, self: Any, other: Any) -> Any:
    """Where fmax takes self: where it is at least as large, or other is nan."""
    return ops.logical_or(self >= other, other != other)


def fmin_wins(ops: Any, self: Any, other: Any) -> Any:
    """Where fmin takes self: where it is at most as large, or other is nan."""
    return ops.logical_or(self <= other, other != other)


def clamp_tensors_backward(ops: Any, grad: Any, self: Any, min: Any, max: Any) -> Any:
    """grad where self is within the bounds, the bounds included."""
    inside = None
    if min is not None:
        inside = self >= min
    if max is not None:
        inside = self <= max if inside is None else ops.logical_and(inside, self <= max)
    return ops.where(inside, grad, ops.zeros_of(grad))


def clamp_bounds_backward(ops: Any, grad: Any, self: Any, min: Any, max: Any, needs: Sequence[bool]) -> tuple[Any, Any]:
    """For each bound, grad where it was taken."""
    low = high = None
    if min is not None and needs[1]:
        taken = self < min if max is None else _narrowed(ops.logical_and, self < min, min < max)
        low = ops.where(taken, grad, ops.zeros_of(grad))
    if max is not None and needs[-1]:
        taken = self > max if min is None else _narrowed(ops.logical_or, self > max, max < min)
        high = ops.where(taken, grad, ops.zeros_of(grad))
    return low, high


def _narrowed(combine: Any, mask: Any, other: Any) -> Any:
    """Combine two masks; PyTorch does it in place in the first, which must have the shape for it."""
    made = combine(mask, other)
    if made.shape != mask.shape:
        raise TorchError("inplace_broadcast", output=list(mask.shape), broadcast=list(made.shape))
    return made


def _pair(name: str, node: str, kernel: Any, first: str, second: str, doc: str, **edits: int) -> Op:
    return pointwise(
        f"{name}(Tensor self, Tensor other)",
        node,
        kernel,
        where="mt",
        grad={"self": first, "other": second},
        gradient_edits=edits,
        doc=doc,
        samples=(f"torch.{name}(a, b)",),
    )


def _bound(name: str, kernel: Any, argument: str, inside: str, outside: str, doc: str) -> list[Op]:
    node = "ClampMin" if argument == "min" else "ClampMax"

    def refuse(session: Any, op: Op, bound: list[Any]) -> None:
        low, high = (bound[1], None) if argument == "min" else (None, bound[1])
        refuse_scalar_clamp(session, result_type(bound), low, high)

    return [
        pointwise(
            f"{name}.Tensor(Tensor self, Tensor {argument})",
            f"{node}Backward1",
            kernel,
            grad={
                "self": f"where(self {inside} {argument}, grad, zeros_of(grad))",
                argument: f"where(self {outside} {argument}, grad, zeros_of(grad))",
            },
            inplace=True,
            doc=doc,
            samples=(f"a.{name}(b)",),
        ),
        pointwise(
            f"{name}(Tensor self, Number|Tensor {argument})",
            f"{node}Backward0",
            kernel,
            grad={"self": f"where(self {inside} {argument}, grad, zeros_of(grad))"},
            inplace=True,
            check=_check_bound,
            refuses=refuse,
            out={"text": "out_found"},
            doc=doc,
            samples=(f"a.{name}(0.5)",),
        ),
    ]


def _binary(name: str, runs: str) -> Op:
    return composite(
        f"{name}.other(Tensor self, Tensor other)",
        lambda ops, self, other: ops[runs](self, other),
        where="mt",
        out={"name": runs},
        doc=f"{runs}(self, other)",
        samples=(f"torch.{name}(a, b)",),
    )


HELPERS = {
    "extreme_pair_backward": extreme_pair_backward,
    "fmax_wins": fmax_wins,
    "fmin_wins": fmin_wins,
    "clamp_tensors_backward": clamp_tensors_backward,
    "clamp_bounds_backward": clamp_bounds_backward,
}

ROWS = [
    _pair(
        "maximum",
        "MaximumBackward0",
        larger,
        "extreme_pair_backward(grad, self, other, self < other)",
        "extreme_pair_backward(grad, self, other, self > other)",
        "the larger of two, element by element; a tie shares the gradient",
        self=1,
        other=1,
    ),
    _pair(
        "minimum",
        "MinimumBackward0",
        smaller,
        "extreme_pair_backward(grad, self, other, self > other)",
        "extreme_pair_backward(grad, self, other, self < other)",
        "the smaller of two, element by element; a tie shares the gradient",
        self=1,
        other=1,
    ),
    _pair(
        "fmax",
        "FmaxBackward0",
        larger_number,
        "masked_fill(grad, logical_not(fmax_wins(self, other)), 0.0)",
        "masked_fill(grad, fmax_wins(self, other), 0.0)",
        "the larger of two, a number before nan; at a tie the first gets the gradient",
    ),
    _pair(
        "fmin",
        "FminBackward0",
        smaller_number,
        "masked_fill(grad, logical_not(fmin_wins(self, other)), 0.0)",
        "masked_fill(grad, fmin_wins(self, other), 0.0)",
        "the smaller of two, a number before nan; at a tie the first gets the gradient",
    ),
    _binary("max", "maximum"),
    _binary("min", "minimum"),
    pointwise(
        "clamp.Tensor(Tensor self, Tensor? min=None, Tensor? max=None)",
        "ClampBackward0",
        clamp_tensors,
        grad={
            "self": "clamp_tensors_backward(grad, self, min, max)",
            "min, max": "clamp_bounds_backward(grad, self, min, max, needs)",
        },
        check=_check_bounds,
        inplace=True,
        refuses=_refuse_bools,
        doc="self, kept within the tensors min and max",
        samples=("a.clamp(b, c)", "a.clamp(b)", "a.clamp(max=b)"),
    ),
    *_bound("clamp_min", larger, "min", ">=", "<", "self, but at least min"),
    *_bound("clamp_max", smaller, "max", "<=", ">", "self, but at most max"),
]
