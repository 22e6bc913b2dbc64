"""The bodies of the losses of ``torch.nn.functional``."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.broadcasting import require_broadcast
from detachsim.engine.calls import Calls
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor

Asked = Callable[[Calls, dict[str, Any]], None]


def _loss(function: str, *names: str, ask: Asked | None = None) -> Callable[..., dict[str, Any]]:
    """Return the body of a loss: the number of its reduction stands where ``names`` has an ellipsis.

    ``ask`` is what the body asks of its arguments between the reduction and the call.
    """

    def body(c: Calls, reduction: Any, size_average: Any = None, reduce: Any = None, **given: Any) -> dict[str, Any]:
        asked = c.legacy_reduction(size_average, reduce)
        number = c.reduction(asked or reduction)
        if ask is not None:
            ask(c, given)
        c.call(function, *(number if name == "..." else given[name] for name in names))
        return {"reduction": asked or reduction}

    return body


def _sizes(c: Calls, given: dict[str, Any]) -> None:
    c.attribute(given["target"], "size")
    c.attribute(given["input"], "size")


def _weighted_sizes(c: Calls, given: dict[str, Any]) -> None:
    _sizes(c, given)
    if given["weight"] is not None:
        c.attribute(given["weight"], "size")


def _require_margin(c: Calls, given: dict[str, Any]) -> None:
    margin = given["margin"]
    if c.dialect == NEWEST and not isinstance(margin, Tensor) and not c.less(0, margin, ">"):
        raise TorchError("triplet_margin", margin=margin)


def _kl_div(
    c: Calls, input: Any, target: Any, reduction: Any, size_average: Any = None, reduce: Any = None, **rest: Any
) -> dict[str, Any]:
    asked = c.legacy_reduction(size_average, reduce)
    if not asked and reduction == "mean":
        c.warnings.append(("kl_div_mean", {}))
    number = c.reduction("sum" if reduction == "batchmean" else asked or reduction)
    c.call("t kl_div", input, target, number, log_target=rest["log_target"])
    return {"reduction": asked or reduction}


def _compared(function: str, *names: str) -> Callable[..., dict[str, Any]]:
    """Return the body of a loss that broadcasts its two sides, and may weigh the differences."""

    def body(
        c: Calls,
        input: Any,
        target: Any,
        reduction: Any,
        size_average: Any = None,
        reduce: Any = None,
        weight: Any = None,
        **given: Any,
    ) -> dict[str, Any]:
        c.warn_of_sizes(input, target)
        asked = c.legacy_reduction(size_average, reduce)
        require_broadcast((input, target))
        if weight is None:
            c.call(function, input, target, c.reduction(asked or reduction), *(given[name] for name in names))
        else:
            c.attribute(weight, "size")
        return {"reduction": asked or reduction}

    return body


def _gaussian_nll_loss(c: Calls, input: Any, target: Any, var: Any, full: Any, eps: Any, reduction: Any) -> None:
    c.certain = False
    if c.dialect == NEWEST:
        _require_variance(c, input, var)
    else:
        c.attribute(var, "size")
    c.attribute(input, "size")
    if isinstance(var, Tensor):
        mine, sizes = c.shape(input), c.shape(var)
        unlike = [size for own, size in zip(mine, sizes, strict=False) if own != size]
        if sizes not in (mine, mine[:-1]) and (len(mine) != len(sizes) or sum(unlike) != 1):
            raise TorchError("variance_size")
    if reduction not in ("none", "mean", "sum"):
        if not isinstance(reduction, str):
            c.operate("+", reduction, "")
        raise TorchError("reduction_not_valid", reduction=reduction)
    if c.dialect != NEWEST:
        _require_variance(c, input, var)
    c.call("m clamp_", min=eps)
    c.operate("-", input, target)


def _require_variance(c: Calls, input: Any, var: Any) -> None:
    if isinstance(var, Tensor):
        negative = bool((var.array < 0).any())
    else:
        negative = c.less(var, 0)
        if not isinstance(var, float):
            c.call("t any", negative)
    if negative:
        raise TorchError("variance_negative")
    if isinstance(var, float):
        c.call("t ones_like", input)


def _multi_margin_loss(
    c: Calls,
    input: Any,
    target: Any,
    p: Any,
    margin: Any,
    weight: Any,
    size_average: Any,
    reduce: Any,
    reduction: Any,
) -> None:
    number = c.reduction(reduction, size_average, reduce)
    if not isinstance(p, Tensor) and p not in (1, 2):
        raise TorchError("multi_margin_python")
    if weight is not None:
        c.attribute(weight, "dim")
    c.call("n multi_margin_loss", input, target, p, margin, weight, number)


def _ctc_loss(
    c: Calls,
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: Any,
    reduction: Any,
    zero_infinity: Any,
) -> None:
    number = c.reduction(reduction, None, None)
    c.call("t ctc_loss", log_probs, targets, input_lengths, target_lengths, blank, number, zero_infinity)


def _margin_ranking_loss(
    c: Calls, input1: Any, input2: Any, target: Any, margin: Any, size_average: Any, reduce: Any, reduction: Any
) -> None:
    number = c.reduction(reduction, size_average, reduce)
    for value in (input1, input2, target):
        c.attribute(value, "dim")
    c.call("t margin_ranking_loss", input1, input2, target, margin, number)


LOSS_BODIES: dict[str, Callable[..., dict[str, Any] | None]] = {
    "F gaussian_nll_loss": _gaussian_nll_loss,
    "F multi_margin_loss": _multi_margin_loss,
    "F multilabel_margin_loss": _loss("n multilabel_margin_loss", "input", "target", "..."),
    "F multilabel_soft_margin_loss": lambda c, input, **rest: c.call("n log_sigmoid", input),
    "F ctc_loss": _ctc_loss,
    "F binary_cross_entropy": _loss("n binary_cross_entropy", "input", "target", "weight", "...", ask=_weighted_sizes),
    "F binary_cross_entropy_with_logits": _loss(
        "t binary_cross_entropy_with_logits", "input", "target", "weight", "pos_weight", "...", ask=_sizes
    ),
    "F mse_loss": _compared("n mse_loss"),
    "F l1_loss": _compared("n l1_loss"),
    "F smooth_l1_loss": _compared("n smooth_l1_loss", "beta"),
    "F huber_loss": _compared("n huber_loss", "delta"),
    "F cross_entropy": _loss(
        "n cross_entropy_loss", "input", "target", "weight", "...", "ignore_index", "label_smoothing"
    ),
    "F nll_loss": _loss("n nll_loss_nd", "input", "target", "weight", "...", "ignore_index"),
    "F kl_div": _kl_div,
    "F soft_margin_loss": _loss("n soft_margin_loss", "input", "target", "..."),
    "F hinge_embedding_loss": _loss("t hinge_embedding_loss", "input", "target", "margin", "..."),
    "F poisson_nll_loss": _loss("t poisson_nll_loss", "input", "target", "log_input", "full", "eps", "..."),
    "F cosine_embedding_loss": _loss("t cosine_embedding_loss", "input1", "input2", "target", "margin", "..."),
    "F triplet_margin_loss": _loss(
        "t triplet_margin_loss",
        "anchor",
        "positive",
        "negative",
        "margin",
        "p",
        "eps",
        "swap",
        "...",
        ask=_require_margin,
    ),
    "F margin_ranking_loss": _margin_ranking_loss,
}
