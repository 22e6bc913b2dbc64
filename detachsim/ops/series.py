"""What is made of samples: covariances, integrals by trapezoids, differences, combinations, counts."""

import math
from collections.abc import Sequence
from itertools import combinations as choices
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import require_fit
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.element_types import promoted
from detachsim.ops.numeric import require_dim, wrap_dim
from detachsim.ops.row import composite, general


def covariance(ops: Any, self: Any, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariances of the rows, or of one row with itself."""
    if self.ndim > 2:
        raise TorchError("cov_dims", ndim=self.ndim)
    if self.tensor.dtype is dtypes.boolean:
        raise TorchError("cov_bool")
    rows = ops.view(self, (1, self.size)) if self.ndim < 2 else self
    count = rows.shape[1]
    _check_weights("fweights", fweights, count)
    _check_weights("aweights", aweights, count)
    weights = _weights(ops, fweights, aweights)
    if weights is not None and not weights.tensor.array.sum():
        raise TorchError("cov_weights_zero")
    total = Operand(self.session, fresh(np.asarray(count), dtypes.int64)) if weights is None else ops.sum(weights)
    if not rows.tensor.dtype.is_floating:
        rows = ops.to(rows, dtypes.float32)
    scaled = rows if weights is None else ops.mul(rows, weights)
    centred = ops.sub(rows, ops.unsqueeze(ops.div(ops.sum_dim(scaled, (1,)), total), 1))
    norm: Any
    if weights is not None and aweights is not None and correction:
        spread = ops.sum(ops.mul(weights, aweights))
        norm = ops.sub(total, ops.mul(ops.div(spread, total), correction))
    else:
        norm = ops.sub(total, correction)
    if (norm.tensor.array <= 0).any():
        self.session.warn("cov_freedom")
        norm = ops.zeros_like(norm)
    weighted = centred if weights is None else ops.mul(centred, weights)
    return ops.squeeze(ops.div(ops.mm(centred, ops.t(weighted)), norm))


def _check_weights(name: str, given: Any, count: int) -> None:
    """Refuse weights of the observations: how often each counts must be whole, how much a floating number."""
    if given is None:
        return
    if given.ndim > 1:
        raise TorchError("cov_weight_dims", name=name, ndim=given.ndim)
    dtype = given.tensor.dtype
    wanted, kind = (dtypes.INTEGRAL, "integral") if name == "fweights" else (dtypes.FLOATING, "floating point")
    if dtype.category != wanted:
        raise TorchError("cov_weight_dtype", name=name, kind=kind, dtype=dtype.scalar)
    if given.size != count:
        raise TorchError("cov_weight_count", name=name, found=given.size, count=count)
    if (given.tensor.array < 0).any():
        raise TorchError("cov_weight_negative", name=name)


def _weights(ops: Any, counts: Any, importance: Any) -> Any:
    if counts is None:
        return importance
    return counts if importance is None else ops.mul(counts, importance)


def correlation(ops: Any, self: Any) -> Any:
    """The covariances over the product of the deviations."""
    if self.ndim > 2:
        raise TorchError("corrcoef_dims", ndim=self.ndim)
    made = covariance(ops, self)
    if made.ndim == 0:
        return ops.div(made, made)
    deviations = ops.sqrt(ops.diag(made) if ops.is_old else ops.diagonal(made))
    size = deviations.shape[0]
    made = ops.div(made, ops.view(deviations, (size, 1)))
    made = ops.div(made, ops.view(deviations, (1, size)))
    return ops.clamp(made, -1.0, 1.0)


# Integrals and differences


def _sides(ops: Any, value: Any, axis: int) -> tuple[Any, Any]:
    length = value.shape[axis]
    return ops.slice(value, axis, 0, length - 1, 1), ops.slice(value, axis, 1, length, 1)


def _steps(ops: Any, op: str, y: Any, x: Any, axis: int) -> Any:
    """The distances of neighbouring places, with as many dims as y."""
    if x.ndim == 1:
        if x.shape[0] != y.shape[axis]:
            raise TorchError("trapezoid_sizes", op=op)
        x = ops.view(x, tuple(size if place == axis else 1 for place, size in enumerate(y.shape)))
    elif x.ndim < y.ndim:
        x = ops.view(x, (1,) * (y.ndim - x.ndim) + tuple(x.shape))
    left, right = _sides(ops, x, axis)
    return right - left


def _refuse_bools(op: str, y: Any, x: Any) -> None:
    if any(value is not None and value.tensor.dtype is dtypes.boolean for value in (y, x)):
        raise TorchError("trapezoid_bool", op=op, names="`y`" if x is None else "`x` or `y`")


def _refuse_flag(op: str, dx: float) -> None:
    if isinstance(dx, bool):
        raise TorchError("trapezoid_flag", op=op)


def trapezoid(ops: Any, y: Any, x: Any = None, dx: float = 1, dim: int = -1) -> Any:
    """The integral along dim, by trapezoids."""
    if x is not None and y.ndim == 0:
        require_dim(0, 0)
    axis = require_dim(dim, y.ndim)
    if y.shape[axis] == 0:
        return ops.zero_(ops.zeros((*y.shape[:axis], *y.shape[axis + 1 :]), dtype=y.tensor.dtype))
    _refuse_bools("trapezoid", y, x)
    _refuse_flag("trapezoid", dx)
    if x is None:
        ends = ops.add(ops.select(y, axis, 0), ops.select(y, axis, -1))
        return (ops.sum_dim(y, (axis,)) - ends * 0.5) * dx
    left, right = _sides(ops, y, axis)
    return ops.sum_dim((left + right) * _steps(ops, "trapezoid", y, x, axis), (axis,)) / 2.0


def cumulative_trapezoid(ops: Any, y: Any, x: Any = None, dx: float = 1, dim: int = -1) -> Any:
    """The integral along dim up to each place, by trapezoids."""
    if x is not None:
        wrap_dim(dim, y.ndim)
    _refuse_bools("cumulative_trapezoid", y, x)
    _refuse_flag("cumulative_trapezoid", dx)
    if x is not None and x.ndim == 1:
        require_dim(0, y.ndim)
    if y.ndim == 0:
        raise TorchError("slice_zero_dim")
    axis = wrap_dim(dim, y.ndim)
    left, right = _sides(ops, y, axis)
    if x is None:
        return ops.cumsum((left + right) * (dx / 2.0), axis)
    return ops.cumsum((left + right) * _steps(ops, "cumulative_trapezoid", y, x, axis), axis) / 2.0


def gradient(ops: Any, self: Any, spacing: Any, dim: Any, edge_order: int) -> tuple[Any, ...]:
    """The slope along each dim, by differences of neighbours.

    ``spacing`` is one number for all dims, or for each dim a number or the places of the elements.
    """
    listed = isinstance(spacing, (list, tuple))
    if listed and dim is None and len(spacing) != self.ndim:
        raise TorchError("gradient_spacing", count=len(spacing), ndim=self.ndim)
    if listed and dim is not None and len(spacing) != (1 if isinstance(dim, int) else len(dim)):
        raise TorchError("gradient_spacing_dims", count=len(spacing), dims=1 if isinstance(dim, int) else len(dim))
    if self.tensor.dtype is dtypes.uint8:
        raise TorchError("gradient_bytes")
    if edge_order not in (1, 2):
        raise TorchError("gradient_order")
    axes = [require_dim(each, self.ndim) for each in (range(self.ndim) if dim is None else _several(dim))]
    for place, axis in enumerate(axes):
        if axis in axes[:place]:
            raise TorchError("dim_twice", dim=axis)
    for axis in axes:
        if self.shape[axis] < edge_order + 1:
            raise TorchError("gradient_size")
    made = []
    for place, axis in enumerate(axes):
        step = spacing[place] if listed else spacing
        parts = _slopes_at_places if isinstance(step, Operand) else _slopes
        made.append(ops.cat(parts(ops, self, step, axis, edge_order), axis))
    return tuple(made)


def _several(dim: Any) -> Sequence[int]:
    """Return a dim or several as several."""
    return (dim,) if isinstance(dim, int) else dim


def _slopes(ops: Any, self: Any, step: float, axis: int, edge_order: int) -> list[Any]:
    """Return the slopes at the first element, between, and at the last, of elements that are a step apart."""
    length = self.shape[axis]

    def part(start: int, stop: int) -> Any:
        return ops.slice(self, axis, start, stop, 1)

    def one(at: int) -> Any:
        return part(at, at + 1)

    # In PyTorch's order, which the graph shows: the middle first, and of each sum the later operands.
    before = part(0, length - 2)
    middle = (part(2, length) - before) / step / 2.0
    if edge_order == 1:
        near = one(0)
        first = (one(1) - near) / step
        near = one(length - 2)
        last = (one(length - 1) - near) / step
    else:
        far = one(2) * 0.5
        near = one(1) * 2
        first = (one(0) * -1.5 + near - far) / step
        far = one(length - 1) * 1.5
        near = one(length - 2) * 2
        last = (one(length - 3) * 0.5 - near + far) / step
    return [first, middle, last]


def _slopes_at_places(ops: Any, self: Any, places: Any, axis: int, edge_order: int) -> list[Any]:
    """As ``_slopes``, of elements at places of their own: the slopes of parabolas through three neighbours."""
    length = self.shape[axis]
    steps = ops.diff(places)
    count = steps.shape[0]

    def part(start: int, stop: int) -> Any:
        return ops.slice(self, axis, start, stop, 1)

    def one(at: int) -> Any:
        return part(at, at + 1)

    def step(at: int) -> Any:
        return ops.select(steps, 0, at)

    def fitted(values: Sequence[Any], before: Any, after: Any, shape: Any = None) -> Any:
        weights = (
            -after / (before * (before + after)),
            (after - before) / (before * after),
            before / (after * (before + after)),
        )
        if shape is not None:
            weights = tuple(ops.reshape(weight, shape) for weight in weights)
        return weights[0] * values[0] + weights[1] * values[1] + weights[2] * values[2]

    before, after = ops.slice(steps, 0, 0, count - 1, 1), ops.slice(steps, 0, 1, count, 1)
    shape = tuple(-1 if other == axis else 1 for other in range(self.ndim))
    parts = part(0, length - 2), part(1, length - 1), part(2, length)
    middle = fitted(parts, before, after, shape)
    if edge_order == 1:
        first = (one(1) - one(0)) / step(0)
        return [first, middle, (one(length - 1) - one(length - 2)) / step(count - 1)]
    near, far = step(0), step(1)
    first = (
        -(near * 2.0 + far) / (near * (near + far)) * one(0)
        + (near + far) / (near * far) * one(1)
        + -near / (far * (near + far)) * one(2)
    )
    near, far = step(count - 1), step(count - 2)
    last = (
        near / (far * (near + far)) * one(length - 3)
        + -(near + far) / (near * far) * one(length - 2)
        + (near * 2.0 + far) / (near * (near + far)) * one(length - 1)
    )
    return [first, middle, last]


# Choices and counts


def combined(ops: Any, self: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """Every choice of r elements, one a row."""
    if self.ndim != 1:
        raise TorchError("combinations_dims", sizes=list(self.shape))
    if r < 0:
        raise TorchError("combinations_count", count=r)
    if r == 0:
        return ops.new_empty(self, (0,))
    size = self.shape[0]
    picked = (combinations_with_replacement if with_replacement else choices)(range(size), r)
    mask = np.zeros((size,) * r, bool)
    for indices in picked:
        mask[indices] = True
    chosen = Operand(self.session, fresh(mask, dtypes.boolean))
    columns = []
    for place in range(r):
        shape = tuple(size if axis == place else 1 for axis in range(r))
        columns.append(ops.masked_select(ops.expand(ops.view(self, shape), (size,) * r), chosen))
    return ops.stack(columns, 1)


def is_in(elements: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False) -> Array:
    return np.asarray(np.isin(elements, test_elements, invert=invert))


def _check_in(session: Any, op: Op, bound: list[Any]) -> None:
    elements, tests = bound[:2]
    for value in (elements, tests):
        if isinstance(value, bool) or getattr(value, "dtype", None) is dtypes.boolean:
            raise TorchError("isin_type", dtype="Bool")
    if not isinstance(elements, Tensor) or not isinstance(tests, Tensor) or not elements.array.size:
        return
    # What few are asked for, PyTorch looks at in one row, which it must be possible to view them in.
    if _are_few(elements, tests):
        session.call("view", tests, (-1,))


def _are_few(elements: Any, tests: Any) -> bool:
    asked = elements.array.size if isinstance(elements, Tensor) else 1
    return bool(tests.array.size < int(10 * asked**0.145))


def _refuse_half(session: Any, op: Op, bound: list[Any]) -> None:
    """Refuse what the ways in which 1.13 looks for elements do not know."""
    elements, tests, unique = bound[:3]
    tensors = [value for value in (elements, tests) if isinstance(value, Tensor)]
    if any(tensor.dtype is dtypes.bfloat16 for tensor in tensors):
        raise TorchError("isin_type", dtype="BFloat16")
    # One number is compared with.
    if promoted(op, bound) is dtypes.float16 and isinstance(tests, Tensor) and all(t.array.size for t in tensors):
        if _are_few(elements, tests):
            raise TorchError("not_implemented_for", kernel="isin_default_cpu", dtype="Half")
        if not unique:
            raise TorchError("not_implemented_for", kernel="unique", dtype="Half")


def count_bins(self: Array, weights: Array | None = None, minlength: int = 0) -> Array:
    if not self.size:
        return np.zeros(minlength, np.int64)
    counts = np.bincount(self, None if weights is None else weights, minlength)
    if weights is None:
        return counts.astype(np.int64)
    return counts.astype(weights.dtype if weights.dtype == np.float32 else np.float64)


def _check_bincount(session: Any, op: Op, bound: list[Any]) -> None:
    self, weights, least = bound
    if self.dtype.is_floating or self.dtype is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel="bincount_cpu", dtype=self.dtype.scalar)
    if least < 0:
        raise TorchError("bincount_minlength")
    if self.shape == (0,):
        return
    if self.array.ndim != 1 or (self.array < 0).any():
        raise TorchError("bincount_input")
    if weights is not None and weights.shape != self.shape:
        raise TorchError("bincount_weights")


def histogram(self: Array, bins: int = 100, min: float = 0, max: float = 0) -> Array:
    low, high = float(min), float(max)
    if low == high and self.size:
        low, high = float(self.min()), float(self.max())
    if low == high:
        low, high = low - 1, high + 1
    kept = self[(self >= low) & (self <= high)].astype(np.float64)
    places = np.minimum(((kept - low) / (high - low) * bins).astype(np.int64), bins - 1)
    return np.bincount(places, minlength=bins).astype(self.dtype)


def _check_histogram(session: Any, op: Op, bound: list[Any]) -> None:
    self, bins, low, high = bound
    if bins <= 0:
        raise TorchError("histc_bins", bins=bins)
    nan = "nan"
    if low == high and self.array.size:
        if self.dtype is dtypes.float16 and session.dialect != NEWEST:
            raise TorchError("not_implemented_for", kernel="aminmax_cpu", dtype="Half")
        low, high, nan = self.array.min(), self.array.max(), "-nan"
    if not (math.isfinite(low) and math.isfinite(high)):
        words = (nan if math.isnan(end) else f"{float(end):g}" for end in (low, high))
        raise TorchError("histc_range", **dict(zip(("low", "high"), words, strict=True)))
    if low > high:
        raise TorchError("histc_order")
    if low == high:
        low, high = float(low) - 1, float(high) + 1
    if self.dtype is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel="linspace_cpu", dtype=self.dtype.scalar)
    for end in (low, high):
        require_fit(session, self.dtype, float(end))
    if not self.dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="histogram_cpu", dtype=self.dtype.scalar)


def powers(ops: Any, x: Any, N: int | None = None) -> Any:
    """Every element's powers from 0 to N - 1, one row each."""
    dtype = x.tensor.dtype
    if dtype.is_reduced or dtype is dtypes.boolean:
        raise TorchError("vander_dtype", dtype=dtype.scalar)
    shape = tuple(x.shape) or (1,)
    count = shape[-1] if N is None else N
    if count <= 1:
        raise TorchError("vander_count")
    # A number is one element.
    rows = ops.expand(ops.unsqueeze(x, -1), (*shape, count - 1))
    return ops.cat([ops.new_ones(x, (*shape, 1)), ops.cumprod(rows, -1)], -1)


def _integral(name: str, function: Any, **fields: Any) -> list[Op]:
    """Return the rows with distances as places and as one number."""
    return [
        composite(
            f"{name}.x(Tensor y, Tensor x, *, int dim=-1)",
            lambda ops, y, x, dim=-1: function(ops, y, x, dim=dim),
            where="t",
            doc="the integral by trapezoids over given places",
            samples=(f"torch.{name}(a, b)",),
            **fields,
        ),
        composite(
            f"{name}(Tensor y, *, Number dx=1, int dim=-1)",
            lambda ops, y, dx=1, dim=-1: function(ops, y, None, dx, dim),
            where="t",
            doc="the integral by trapezoids",
            samples=(f"torch.{name}(a)", f"torch.{name}(a, dx=0.5, dim=0)"),
            **fields,
        ),
    ]


ROWS: list[Op] = [
    composite(
        "cov(Tensor self, *, int correction=1, Tensor? fweights=None, Tensor? aweights=None)",
        covariance,
        doc="the covariances of the rows",
        samples=("torch.cov(a)", "torch.cov(a, correction=0)"),
    ),
    composite("corrcoef(Tensor self)", correlation, doc="the correlations of the rows", samples=("torch.corrcoef(a)",)),
    *_integral("trapezoid", trapezoid),
    # It takes a double, for which a flag will do.
    *_integral(
        "trapz", lambda ops, y, x, dx=1, dim=-1: trapezoid(ops, y, x, float(dx), dim), out={"name": "trapezoid"}
    ),
    *_integral("cumulative_trapezoid", cumulative_trapezoid),
    composite(
        "gradient(Tensor input, *, any spacing=1, any dim=None, int edge_order=1)",
        lambda ops, input, spacing=1, dim=None, edge_order=1: gradient(
            ops, input, 1 if spacing is None else spacing, dim, edge_order
        ),
        where="t",
        doc="the slope along each dim, by differences of neighbours",
        samples=(
            "torch.gradient(a)",
            "torch.gradient(a, spacing=0.5, dim=-1)",
            "torch.gradient(a.reshape(-1), edge_order=2)",
            "torch.gradient(a.reshape(-1)[:3], spacing=[torch.tensor([0., 1., 3.])], edge_order=2)",
        ),
    ),
    composite(
        "combinations(Tensor self, int r=2, bool with_replacement=False)",
        combined,
        where="t",
        doc="every choice of r elements, one a row",
        samples=("torch.combinations(a)", "torch.combinations(a, 2, True)"),
    ),
    composite(
        "linalg_vander(Tensor x, *, int? N=None)",
        powers,
        where="l",
        doc="the powers of every element",
        samples=("torch.linalg.vander(a)",),
    ),
    general(
        "isin(Number|Tensor elements, Number|Tensor test_elements, *, bool assume_unique=False, bool invert=False)",
        "",
        is_in,
        where="t",
        check=_check_in,
        older={"torch-1.13": {"refuses": _refuse_half}},
        result_edits=lambda bound: int(not isinstance(bound[0], Tensor) or bound[0].array.size > 0),
        doc="which elements are among others",
        samples=("torch.isin(a, b)",),
    ),
    general(
        "bincount(Tensor self, Tensor? weights=None, int minlength=0)",
        "torch::autograd::NotImplemented",
        count_bins,
        grad={"weights": "not_implemented('bincount')"},
        bare_edges=True,
        check=_check_bincount,
        doc="how often each whole number occurs",
        samples=("torch.bincount((a > 0.4).flatten().long())",),
    ),
    general(
        "histc(Tensor self, int bins=100, Number min=0, Number max=0)",
        "",
        histogram,
        check=_check_histogram,
        result_edits=2,
        out={"text": "out_histc", "blind": True},
        doc="how many elements are in each of equal ranges",
        samples=("a.histc(4)",),
    ),
]
