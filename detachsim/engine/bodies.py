"""What the functions that PyTorch writes in Python do first with their arguments, which says what error comes first.

A body has the parameters of the function in PyTorch after ``c``, whose methods stand for what a body does to a value:
calling a function of C++, reading an attribute, asking whether it is true.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.parser import parse, refuse_names, type_word
from detachsim.engine.signatures import entry
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.session import Session


class Calls:
    """What a body does to its arguments, each with PyTorch's error where that fails."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.dialect = session.dialect
        # Whether the types of the arguments alone decided that all is well.
        self.certain = True

    def call(self, function: str, *args: Any, **kwargs: Any) -> None:
        """Call a function of C++ (``"t relu"``: place and name)."""
        known = entry(*function.split(), self.dialect)
        if known is not None:
            fit = parse(known, args, kwargs, self.dialect)
            refuse_names(known.name, fit, args[0] if args else None)
            self.certain &= fit.certain

    def method(self, value: Any, name: str, *args: Any, **kwargs: Any) -> None:
        """Call a method."""
        self.attribute(value, name)
        self.call(f"m {name}", *args, **kwargs)

    def attribute(self, value: Any, *names: str) -> None:
        """Read attributes that tensors have."""
        if not isinstance(value, Tensor):
            text = f"'{type_word(value)}' object has no attribute '{names[0]}'"
            raise TorchError("python", type="AttributeError", text=text)

    def true(self, value: Any) -> bool:
        """Ask whether a value is true."""
        return truth(value)

    def less(self, left: Any, right: Any, sign: str = "<") -> bool:
        """Compare with ``<``, or ``>`` the other way round."""
        if isinstance(left, str) and isinstance(right, str):
            return left < right
        if not all(isinstance(value, (int, float, Tensor)) for value in (left, right)):
            first, second = (left, right) if sign == "<" else (right, left)
            text = f"'{sign}' not supported between instances of '{type_word(first)}' and '{type_word(second)}'"
            raise TorchError("python", type="TypeError", text=text)
        for value in (left, right):
            if isinstance(value, Tensor):
                return value.array.size != 1 and truth(value)
        return bool(left < right)

    def index(self, value: Any) -> None:
        """Take a value for an int."""
        if isinstance(value, Tensor):
            if value.array.size != 1 or value.dtype.is_floating:
                raise TorchError("index_of_many")
        elif not isinstance(value, int):
            text = f"'{type_word(value)}' object cannot be interpreted as an integer"
            raise TorchError("python", type="TypeError", text=text)

    def length(self, value: Any) -> int:
        """Ask for ``len``."""
        if isinstance(value, Tensor):
            if value.array.ndim == 0:
                raise TorchError("python", type="TypeError", text="len() of a 0-d tensor")
            return len(value.array)
        if isinstance(value, (list, tuple, str)):
            return len(value)
        raise TorchError("python", type="TypeError", text=f"object of type '{type_word(value)}' has no len()")

    def reduction(self, reduction: Any, size_average: Any = None, reduce: Any = None) -> int:
        """Return the number of a reduction."""
        if size_average is not None or reduce is not None:
            for value in (size_average, reduce):
                if value is not None:
                    self.true(value)
            return 1
        if reduction not in ("none", "mean", "sum", "elementwise_mean"):
            raise TorchError("loss_reduction", reduction=reduction)
        return 1


def truth(value: Any) -> bool:
    """Return ``bool(value)``."""
    if isinstance(value, Tensor):
        if value.array.size != 1:
            raise TorchError("bool_many" if value.array.size else "bool_none")
        return bool(value.array.item())
    return bool(value)


def ask_body(session: "Session", place: str, name: str, arguments: dict[str, Any]) -> bool:
    """Raise the error that the body of a function in Python ends with, if it is known.

    Returns whether the types of the arguments alone made it run. Arguments that it makes something else of are changed.
    """
    body = _BODIES.get(f"{place} {name}")
    if body is None:
        return True
    calls = Calls(session)
    arguments.update(body(calls, **arguments) or {})
    return calls.certain


def _either(first: str, *names: str) -> Callable[..., None]:
    """Return the body of a function that edits its input or does not: ``first`` with an underscore, or without."""

    def body(c: Calls, input: Any, inplace: Any, **rest: Any) -> None:
        if first == "n hardtanh" and c.less(rest["max_val"], rest["min_val"], ">"):
            raise TorchError("hardtanh_bounds")
        c.call(f"{first}_" if c.true(inplace) else first, input, *(rest[name] for name in names))

    return body


def _direct(function: str, *names: str) -> Callable[..., None]:
    """Return the body of a function that only hands its arguments on."""

    def body(c: Calls, **given: Any) -> None:
        c.call(function, *(given[name] for name in names))

    return body


def _loss(function: str, *names: str, sizes: bool = False) -> Callable[..., None]:
    """Return the body of a loss: the number of its reduction stands where ``names`` has an ellipsis.

    With ``sizes`` it asks those of target and input first.
    """

    def body(c: Calls, reduction: Any, size_average: Any = None, reduce: Any = None, **given: Any) -> None:
        if sizes:
            c.attribute(given["target"], "size")
            c.attribute(given["input"], "size")
        if function == "n binary_cross_entropy" and given["weight"] is not None:
            c.attribute(given["weight"], "size")
        batchmean = function == "t kl_div" and reduction == "batchmean"
        number = c.reduction("sum" if batchmean else reduction, size_average, reduce)
        try:
            c.call(function, *(number if name == "..." else given[name] for name in names))
        except TorchError:
            # What the row would have said.
            if size_average is not None or reduce is not None:
                off = reduce is not None and not reduce
                asked = "none" if off else "sum" if size_average is not None and not size_average else "mean"
                c.session.warn("legacy_reduction", reduction=asked)
            raise

    return body


def _softmax(name: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, dim: Any, _stacklevel: Any, dtype: Any) -> None:
        if dim is None:
            c.attribute(input, "dim")
            c.index(_stacklevel)
        if name == "softmin":
            input = _negated(input)
        method = "softmax" if name == "softmin" else name
        c.attribute(input, method)
        if dim is not None:
            named = {} if dtype is None else {"dtype": dtype}
            c.method(input, method, dim, **named)

    return body


def _negated(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return -value
    if not isinstance(value, Tensor):
        text = f"bad operand type for unary -: '{type_word(value)}'"
        raise TorchError("python", type="TypeError", text=text)
    return value


def _dropout(function: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, p: Any, training: Any, inplace: Any) -> None:
        if c.less(p, 0.0) or c.less(1.0, p, ">"):
            raise TorchError("dropout_probability", value=p)
        if function == "t feature_dropout":
            c.attribute(input, "dim")
        c.call(f"{function}_" if c.true(inplace) else function, input, p, training)

    return body


def _gumbel_softmax(c: Calls, logits: Any, tau: Any, hard: Any, eps: Any, dim: Any) -> None:
    c.call("t empty_like", logits)


def _gaussian_nll_loss(c: Calls, input: Any, target: Any, var: Any, full: Any, eps: Any, reduction: Any) -> None:
    if isinstance(var, float):
        c.call("t ones_like", input)
    else:
        c.call("t any", var if isinstance(var, Tensor) else c.less(var, 0))


def _cdist(c: Calls, x1: Any, x2: Any, p: Any, compute_mode: Any) -> None:
    c.call("v cdist", x1, x2, p, None)


def _pair(value: Any) -> Any:
    """Return what PyTorch makes of a number for both of two dims."""
    return (
        tuple(value)
        if isinstance(value, (list, tuple, str))
        else value
        if isinstance(value, Tensor)
        else (value, value)
    )


def _unfold(c: Calls, input: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> None:
    c.call("n im2col", input, *map(_pair, (kernel_size, dilation, padding, stride)))


def _fold(c: Calls, input: Any, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> None:
    c.call("n col2im", input, *map(_pair, (output_size, kernel_size, dilation, padding, stride)))


def _lp_pool(function: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: Any) -> None:
        c.method(input, "pow", norm_type)
        sizes = [] if stride is None else [stride]
        c.call(function, input, kernel_size, *(sizes or [None]), 0, ceil_mode)

    return body


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


def _broadcast_shapes(c: Calls, shapes: Any) -> None:
    for shape in shapes:
        if not isinstance(shape, (int, list, tuple)):
            shown = shape.array.item() if isinstance(shape, Tensor) and shape.array.size == 1 else shape
            raise TorchError("broadcast_shapes_type", found=shown)


def _adaptive_pool2d(function: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, output_size: Any, return_indices: Any = False) -> None:
        _adaptive(c, function, input, output_size)

    return body


def _adaptive(c: Calls, function: str, input: Any, output_size: Any) -> None:
    c.attribute(input, "size")
    if not isinstance(output_size, int):
        count = c.length(output_size)
        if input.array.ndim <= count:
            raise TorchError("adaptive_pool_dims", least=count + 1)
        if isinstance(output_size, (list, tuple)):
            output_size = [1 if item is None else item for item in output_size]
    c.call(function, input, output_size)


def _batch_norm(c: Calls, input: Any, training: Any, **given: Any) -> None:
    if c.true(training):
        c.attribute(input, "size")
    names = ("weight", "bias", "running_mean", "running_var")
    c.call("t batch_norm", input, *(given[n] for n in names), training, given["momentum"], given["eps"], True)


def _instance_norm(c: Calls, input: Any, use_input_stats: Any, **given: Any) -> None:
    if c.true(use_input_stats):
        c.attribute(input, "size")
        if math.prod(input.shape[2:]) == 1:
            raise TorchError("instance_norm_elements", size=f"torch.Size({list(input.shape)})")
    names = ("weight", "bias", "running_mean", "running_var")
    c.call("t instance_norm", input, *(given[n] for n in names), use_input_stats, given["momentum"], given["eps"], True)


def _group_norm(c: Calls, input: Any, num_groups: Any, weight: Any, bias: Any, eps: Any) -> None:
    c.attribute(input, "dim")
    if input.array.ndim < 2:
        raise TorchError("group_norm_dims", ndim=input.array.ndim)
    if not isinstance(num_groups, (int, float, Tensor)):
        text = f"unsupported operand type(s) for //: 'int' and '{type_word(num_groups)}'"
        raise TorchError("python", type="TypeError", text=text)
    c.call("t group_norm", input, num_groups, weight, bias, eps)


def _glu(c: Calls, input: Any, dim: Any) -> None:
    c.attribute(input, "dim")
    if input.array.ndim == 0:
        raise TorchError("glu_zero_dim")
    c.call("n glu", input, dim)


def _embedding(
    c: Calls,
    input: Any,
    weight: Any,
    padding_idx: Any,
    max_norm: Any,
    norm_type: Any,
    scale_grad_by_freq: Any,
    sparse: Any,
) -> None:
    if padding_idx is not None:
        above = c.less(0, padding_idx, ">")
        if above or c.less(padding_idx, 0):
            c.attribute(weight, "size")
    else:
        padding_idx = -1
    c.call("t embedding", weight, input, padding_idx, scale_grad_by_freq, sparse)


def _margin_ranking_loss(
    c: Calls, input1: Any, input2: Any, target: Any, margin: Any, size_average: Any, reduce: Any, reduction: Any
) -> None:
    number = c.reduction(reduction, size_average, reduce)
    for value in (input1, input2, target):
        c.attribute(value, "dim")
    c.call("t margin_ranking_loss", input1, input2, target, margin, number)


def _normalize(c: Calls, input: Any, p: Any, dim: Any, eps: Any, out: Any) -> None:
    c.attribute(input, "norm")
    _norm(c, input, p, dim, True, None)
    c.call("m clamp_min", eps)


def _norm(c: Calls, input: Any, p: Any, dim: Any, keepdim: Any, dtype: Any, out: Any = None) -> None:
    c.attribute(input, "layout")
    dims = [dim] if isinstance(dim, int) else dim
    if c.dialect != NEWEST:
        if not isinstance(p, str):
            c.call("v norm", input, *([p] if dim is None else [p, dims]), **_old_norm(dim, dtype), keepdim=keepdim)
        return
    if isinstance(p, str) and p != "fro":
        c.call("l linalg_matrix_norm", input, p, [-2, -1] if dims is None else dims, keepdim, dtype=dtype)
    else:
        c.call("l linalg_vector_norm", input, 2 if p is None or p == "fro" else p, dims, keepdim, dtype=dtype)


def _old_norm(dim: Any, dtype: Any) -> dict[str, Any]:
    return ({"dim": [0]} if dim is None else {}) | ({} if dtype is None else {"dtype": dtype})


def _of_lists(function: str, *, alone: bool = False) -> Callable[..., None]:
    """Return the body of a function of several tensors; ``alone`` is one that is not put into a list."""

    def body(c: Calls, tensors: Any, **rest: Any) -> None:
        if alone and len(tensors) == 1:
            tensors = tensors[0]
        c.call(function, tensors)

    return body


def _meshgrid(c: Calls, tensors: Any, indexing: Any) -> None:
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tensors[0]
    c.call("v meshgrid", tensors, **({} if indexing is None else {"indexing": indexing}))


def _split(c: Calls, tensor: Any, size: Any, dim: Any) -> Any:
    if isinstance(size, Tensor) and size.array.size == 1:
        size = int(size.array.item())
    c.call("v split" if isinstance(size, int) else "t split_with_sizes", tensor, size, dim)
    return size


def _split_method(c: Calls, self: Any, split_size: Any, dim: Any) -> dict[str, Any]:
    return {"split_size": _split(c, self, split_size, dim)}


def _split_function(c: Calls, tensor: Any, split_size_or_sections: Any, dim: Any) -> dict[str, Any]:
    c.attribute(tensor, "split")
    return {"split_size_or_sections": _split(c, tensor, split_size_or_sections, dim)}


def _tensordot(c: Calls, a: Any, b: Any, dims: Any, out: Any) -> None:
    if isinstance(dims, int):
        if c.dialect == NEWEST:
            c.attribute(a, "dim")
            c.attribute(b, "dim")
        dims = ([0], [0])
    elif isinstance(dims, Tensor):
        dims = (dims.array.tolist(), [0])
    if not isinstance(dims, (list, tuple)) or len(dims) != 2:
        return
    c.call("v tensordot", a, b, *dims)


def _einsum(c: Calls, args: Any) -> None:
    if len(args) < 2:
        raise TorchError("einsum_none")
    if not isinstance(args[0], Tensor):
        operands = args[1:]
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            _einsum(c, (args[0], *operands[0]))
        else:
            c.call("v einsum", args[0], operands)


def _chain_matmul(c: Calls, matrices: Any, out: Any) -> None:
    c.call("v chain_matmul", matrices)


def _unflatten(c: Calls, self: Any, dim: Any, sizes: Any) -> None:
    if not c.true(sizes):
        raise TorchError("unflatten_empty")
    c.call("b unflatten", dim, sizes)


def _unique(
    c: Calls,
    input: Any = None,
    sorted: Any = True,
    return_inverse: Any = False,
    return_counts: Any = False,
    **rest: Any,
) -> None:
    input = rest.get("self", input)
    c.true(return_inverse)
    c.true(return_counts)
    flags = {"sorted": sorted, "return_inverse": return_inverse, "return_counts": return_counts}
    if rest.get("dim") is not None:
        c.call("t unique_dim", input, rest["dim"], **flags)
    else:
        c.call("t _unique2", input, **flags)


def _unique_consecutive(
    c: Calls, input: Any = None, return_inverse: Any = False, return_counts: Any = False, dim: Any = None, **rest: Any
) -> None:
    input = rest.get("self", input)
    c.true(return_inverse)
    c.true(return_counts)
    c.call("v unique_consecutive", input, return_inverse=return_inverse, return_counts=return_counts, dim=dim)


def _pool(function: str) -> Callable[..., None]:
    def body(c: Calls, input: Any, kernel_size: Any, stride: Any, return_indices: Any, **rest: Any) -> None:
        stride = [] if stride is None else stride
        c.call(function, input, kernel_size, stride, rest["padding"], rest["dilation"], rest["ceil_mode"])

    return body


def _methods(name: str) -> Callable[..., None]:
    def body(c: Calls, input: Any) -> None:
        c.attribute(input, name)

    return body


_BODIES: dict[str, Callable[..., dict[str, Any] | None]] = {
    "F relu": _either("t relu"),
    "F relu6": _either("n relu6"),
    "F selu": _either("t selu"),
    "F silu": _either("n silu"),
    "F mish": _either("n mish"),
    "F hardsigmoid": _either("n hardsigmoid"),
    "F hardswish": _either("n hardswish"),
    "F celu": _either("t celu", "alpha"),
    "F elu": _either("n elu", "alpha"),
    "F leaky_relu": _either("n leaky_relu", "negative_slope"),
    "F hardtanh": _either("n hardtanh", "min_val", "max_val"),
    "F threshold": _either("t threshold", "threshold", "value"),
    "F dropout": _dropout("t dropout"),
    "F dropout1d": _dropout("t feature_dropout"),
    "F dropout2d": _dropout("t feature_dropout"),
    "F dropout3d": _dropout("t feature_dropout"),
    "F alpha_dropout": _dropout("t alpha_dropout"),
    "F feature_alpha_dropout": _dropout("t feature_alpha_dropout"),
    "F gumbel_softmax": _gumbel_softmax,
    "F gaussian_nll_loss": _gaussian_nll_loss,
    "t cdist": _cdist,
    "F adaptive_avg_pool2d": _adaptive_pool2d("n adaptive_avg_pool2d"),
    "F adaptive_max_pool2d": _adaptive_pool2d("n adaptive_max_pool2d"),
    "F adaptive_max_pool1d": _direct("t adaptive_max_pool1d", "input", "output_size"),
    "F unfold": _unfold,
    "F fold": _fold,
    "F lp_pool1d": _lp_pool("t avg_pool1d"),
    "F lp_pool2d": _lp_pool("n avg_pool2d"),
    "F local_response_norm": lambda c, input, **rest: c.attribute(input, "dim"),
    "F multi_margin_loss": _multi_margin_loss,
    "F multilabel_margin_loss": _loss("n multilabel_margin_loss", "input", "target", "..."),
    "F multilabel_soft_margin_loss": lambda c, input, **rest: c.call("n log_sigmoid", input),
    "t broadcast_shapes": _broadcast_shapes,
    "F batch_norm": _batch_norm,
    "F instance_norm": _instance_norm,
    "F group_norm": _group_norm,
    "F layer_norm": _direct("t layer_norm", "input", "normalized_shape", "weight", "bias", "eps"),
    "F rms_norm": _direct("t rms_norm", "input", "normalized_shape", "weight", "eps"),
    "F pad": _direct("n pad", "input", "pad", "mode", "value"),
    "F glu": _glu,
    "F embedding": _embedding,
    "F normalize": _normalize,
    "F softmax": _softmax("softmax"),
    "F log_softmax": _softmax("log_softmax"),
    "F softmin": _softmax("softmin"),
    "F sigmoid": _methods("sigmoid"),
    "F tanh": _methods("tanh"),
    "F tanhshrink": _methods("tanh"),
    "F softsign": _methods("abs"),
    "F max_pool1d": _pool("t max_pool1d"),
    "F max_pool2d": _pool("t max_pool2d"),
    "F binary_cross_entropy": _loss("n binary_cross_entropy", "input", "target", "weight", "...", sizes=True),
    "F binary_cross_entropy_with_logits": _loss(
        "t binary_cross_entropy_with_logits", "input", "target", "weight", "pos_weight", "...", sizes=True
    ),
    "F mse_loss": _loss("n mse_loss", "input", "target", "...", sizes=True),
    "F l1_loss": _loss("n l1_loss", "input", "target", "...", sizes=True),
    "F smooth_l1_loss": _loss("n smooth_l1_loss", "input", "target", "...", "beta", sizes=True),
    "F huber_loss": _loss("n huber_loss", "input", "target", "...", "delta", sizes=True),
    "F cross_entropy": _loss(
        "n cross_entropy_loss", "input", "target", "weight", "...", "ignore_index", "label_smoothing"
    ),
    "F nll_loss": _loss("n nll_loss_nd", "input", "target", "weight", "...", "ignore_index"),
    "F kl_div": _loss("t kl_div", "input", "target", "..."),
    "F soft_margin_loss": _loss("n soft_margin_loss", "input", "target", "..."),
    "F hinge_embedding_loss": _loss("t hinge_embedding_loss", "input", "target", "margin", "..."),
    "F poisson_nll_loss": _loss("t poisson_nll_loss", "input", "target", "log_input", "full", "eps", "..."),
    "F cosine_embedding_loss": _loss("t cosine_embedding_loss", "input1", "input2", "target", "margin", "..."),
    "F triplet_margin_loss": _loss(
        "t triplet_margin_loss", "anchor", "positive", "negative", "margin", "p", "eps", "swap", "..."
    ),
    "F margin_ranking_loss": _margin_ranking_loss,
    "t atleast_1d": _of_lists("v atleast_1d", alone=True),
    "t atleast_2d": _of_lists("v atleast_2d", alone=True),
    "t atleast_3d": _of_lists("v atleast_3d", alone=True),
    "t block_diag": _of_lists("v block_diag"),
    "t broadcast_tensors": _of_lists("v broadcast_tensors"),
    "t cartesian_prod": _of_lists("v cartesian_prod"),
    "t meshgrid": _meshgrid,
    "t norm": _norm,
    "m norm": lambda c, self, **rest: _norm(c, self, **rest),
    "t split": _split_function,
    "m split": _split_method,
    "t tensordot": _tensordot,
    "t einsum": _einsum,
    "t chain_matmul": _chain_matmul,
    "F interpolate": lambda c, input, **rest: c.attribute(input, "dim"),
    "m unflatten": _unflatten,
    "t unique": _unique,
    "m unique": _unique,
    "t unique_consecutive": _unique_consecutive,
    "m unique_consecutive": _unique_consecutive,
}
