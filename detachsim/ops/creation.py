"""Creation: tensors from data, constants, ranges and random numbers."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import fits, require_fit
from detachsim.engine.generator import put
from detachsim.engine.layout import as_first
from detachsim.engine.limits import require_few
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.draw_bounds import check_bounds, check_permutation
from detachsim.ops.from_lists import as_leaf, from_data
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite, factory

if TYPE_CHECKING:
    from detachsim.engine.session import Session

# No machine that runs scenarios has this much memory, so PyTorch fails there, too.
TOO_MANY_BYTES = 2**40


def checked_size(size: Sequence[int], itemsize: int = 4) -> tuple[int, ...]:
    """Return a size that may be allocated; raises PyTorch's error for a negative or absurd one, ours for a huge one."""
    for length in size:
        if length < 0:
            raise TorchError("negative_dim", size=length, shape=list(size))
    if numel(size) * itemsize >= 2**63:
        raise TorchError("size_overflow", shape=list(size))
    if numel(size) * itemsize >= TOO_MANY_BYTES:
        raise TorchError("out_of_memory", bytes=numel(size) * itemsize)
    require_few(numel(size))
    return tuple(size)


def leaf(session: "Session", array: Array, dtype: DType, requires_grad: bool) -> Tensor:
    """Return fresh memory as a leaf."""
    return as_leaf(session, fresh(array, dtype), requires_grad)


def filled(session: "Session", size: Sequence[int], value: float, dtype: DType | None, requires_grad: bool) -> Tensor:
    """Return a tensor of one value."""
    kind = dtype or (
        dtypes.boolean if isinstance(value, bool) else dtypes.int64 if isinstance(value, int) else dtypes.float32
    )
    shape = checked_size(size, kind.itemsize)
    require_fit(session, kind, value, single=numel(shape) == 1)
    array = np.full(shape, np.array(value).astype(kind.numpy))
    return as_leaf(
        session, fresh(dtypes.round_bfloat16(array) if kind is dtypes.bfloat16 else array, kind), requires_grad
    )


def _zeros(session: "Session", size: Sequence[int], dtype: DType | None, requires_grad: bool) -> Tensor:
    if session.dialect == "torch-2.13" and any(length < 0 for length in size):
        raise TorchError("zeros_size")
    return filled(session, size, 0.0, dtype, requires_grad)


def arange(
    session: "Session", start: float, end: float, step: float, dtype: DType | None, requires_grad: bool
) -> Tensor:
    """Return numbers from start, by step, up to but without end."""
    whole = all(isinstance(value, int) for value in (start, end, step))
    kind = dtype or (dtypes.int64 if whole else dtypes.float32)
    if kind is dtypes.int64:
        for value in (start, end, step):
            require_fit(session, kind, value)
        if not whole:
            start, end, step = int(start), int(end), int(step)
            whole = True
    if kind is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel="arange_cpu", dtype=kind.scalar)
    if step == 0:
        raise TorchError("arange_step")
    for value in (start, end):
        if math.isnan(value) or math.isinf(value):
            raise TorchError("arange_range", start=_spell(start), end=_spell(end))
    if (step > 0 and start > end) or (step < 0 and start < end):
        raise TorchError("arange_bounds")
    count = int(-((start - end) // step)) if whole else math.ceil((end - start) / step)
    checked_size((count,), kind.itemsize)
    if kind.category == dtypes.INTEGRAL or whole:
        values: Array = np.arange(count, dtype=np.int64 if whole else np.float64)
        values = values * np.asarray(step) + np.asarray(start)
        array = dtypes.cast(values, dtypes.BY_NUMPY[values.dtype], kind)
    else:
        array = _steps(start, step, count, kind)
    return as_leaf(session, fresh(array, kind), requires_grad)


def _spell(value: float) -> str:
    return f"{value:g}"


def _steps(start: float, step: float, count: int, kind: DType) -> Array:
    """Return floats a step apart: whole pairs of vectors from a rounded first number each, the rest one by one."""
    numbers = np.arange(count, dtype=np.float64)
    values = start + step * numbers
    if kind is dtypes.float32 or kind is dtypes.float64:
        width = _VECTOR_BYTES // kind.itemsize
        paired = count // (2 * width) * 2 * width
        bases = values[:paired:width].astype(kind.numpy).astype(np.float64)
        values[:paired] = (bases[:, None] + step * np.arange(width)).reshape(-1)
    return dtypes.cast(values, dtypes.float64, kind)


_VECTOR_BYTES = 32


def random(
    session: "Session", kind: str, size: Sequence[int], dtype: DType | None, requires_grad: bool, **bounds: Any
) -> Tensor:
    """Return random numbers as PyTorch's CPU generator draws them."""
    target = dtype or dtypes.float32
    if not target.is_floating:
        kernel = "check_uniform_bounds" if kind == "uniform" else "normal_kernel_cpu"
        raise TorchError("not_implemented_for", kernel=kernel, dtype=target.scalar)
    shape = checked_size(size, target.itemsize)
    generator = session.generator
    array = generator.uniform(shape, target.name) if kind == "uniform" else generator.normal(shape, target.name)
    return as_leaf(session, fresh(np.asarray(array), target), requires_grad)


def randint(
    session: "Session", low: int, high: int, size: Sequence[int], dtype: DType | None, requires_grad: bool
) -> Tensor:
    """Return random integers from low up to but without high."""
    kind = dtype or dtypes.int64
    shape = checked_size(size, 8)
    check_bounds(session, kind, low, high)
    values = session.generator.integers(shape, low, high)
    return as_leaf(session, fresh(dtypes.cast(np.asarray(values), dtypes.int64, kind), kind), requires_grad)


def _laid_out_as(source: Tensor, dtype: DType) -> Array:
    """Return an array of a tensor's shape, in the layout of a copy."""
    return as_first(np.empty(source.shape, dtype.numpy), source.array)


def filled_like(session: "Session", self: Tensor, value: float, dtype: DType | None, requires_grad: bool) -> Tensor:
    """Return a tensor of one value in another's shape, type and layout."""
    kind = dtype or self.dtype
    require_fit(session, kind, value, single=self.array.size == 1)
    made = _laid_out_as(self, kind)
    source = dtypes.int64 if isinstance(value, int) and fits(dtypes.int64, value) else dtypes.float64
    made[...] = dtypes.cast(np.asarray(value, dtype=source.numpy), source, kind)
    return as_leaf(session, fresh(made, kind), requires_grad)


def random_like(session: "Session", kind: str, self: Tensor, dtype: DType | None, requires_grad: bool) -> Tensor:
    """Return random numbers in another tensor's shape, type and layout."""
    target = dtype or self.dtype
    made = _laid_out_as(self, target)
    if kind == "normal" and target.is_floating:
        drawn = session.generator.normal(self.shape, target.name, contiguous=bool(made.flags.c_contiguous))
    else:
        drawn = random(session, kind, self.shape, target, requires_grad).array
    put(made, np.asarray(drawn))
    return as_leaf(session, fresh(made, target), requires_grad)


def _triangle_indices(name: str) -> Any:
    upper = name == "triu_indices"

    def function(
        session: "Session", row: int, col: int, offset: int, dtype: DType | None, requires_grad: bool
    ) -> Tensor:
        for word, size in (("row", row), ("col", col)):
            if size < 0:
                raise TorchError("triangle_size", word=word, size=size)
        if dtype not in (None, dtypes.int64, dtypes.int32):
            raise TorchError("not_implemented_for", kernel=name, dtype=dtype.scalar)
        require_few(row * col)  # numpy marks them in a whole matrix
        made = (np.triu_indices if upper else np.tril_indices)(row, offset, col)
        kind = dtype or dtypes.int64
        return as_leaf(session, fresh(np.stack(made).astype(kind.numpy), kind), requires_grad)

    return function


_OPTIONS = "*, dtype? dtype=None, bool requires_grad=False"


def _eye(session: "Session", n: int, m: int | None, dtype: DType | None, requires_grad: bool) -> Tensor:
    for word, size in (("n", n), ("m", m or 0)):
        if size < 0:
            raise TorchError("eye_size", word=word, size=size)
    checked_size((n, n if m is None else m))
    kind = dtype or dtypes.float32
    return as_leaf(session, fresh(np.eye(n, m, dtype=kind.numpy), kind), requires_grad)


def evenly_spaced(start: float, end: float, steps: int, number: Any) -> Array:
    """Return evenly spaced numbers in float64, counted from the nearer end with a step rounded to ``number``."""
    first, last = np.float64(number(start)), np.float64(number(end))
    step = np.float64(number(number(last) - number(first)) / number(max(steps - 1, 1)))
    places = np.arange(steps, dtype=np.float64)
    return np.where(places < steps // 2, first + step * places, last - step * (steps - 1 - places))


End: TypeAlias = "float | Tensor"


def _numbers(name: str, start: End, end: End, steps: int, dtype: DType | None) -> tuple[float, float, DType]:
    """Return the ends as numbers, and the type of what lies between them."""
    found = [
        f"{word} with {value.array.ndim} dimension(s)"
        for word, value in (("start", start), ("end", end))
        if isinstance(value, Tensor)
    ]
    if any(isinstance(value, Tensor) and value.array.ndim for value in (start, end)):
        raise TorchError("linspace_dims", op=name, found=" and ".join(found))
    if steps < 0:
        raise TorchError("linspace_steps")
    checked_size((steps,))
    low, high = (value.array.item() if isinstance(value, Tensor) else value for value in (start, end))
    return low, high, dtype or dtypes.float32


def _fitted(session: "Session", name: str, low: float, high: float, kind: DType) -> tuple[float, float]:
    """Return the ends as numbers of a type; refuses what the kernel has no numbers for."""
    if kind is dtypes.boolean:
        raise TorchError("not_implemented_for", kernel=f"{name}_cpu", dtype=kind.scalar)
    require_fit(session, kind, low)
    require_fit(session, kind, high)
    if kind.is_floating:
        return low, high
    # A negative number goes round to a large one where there are no negative ones.
    first, last = np.array([int(low), int(high)]).astype(kind.numpy).tolist()
    return first, last


def _linspace(session: "Session", start: End, end: End, steps: int, dtype: DType | None, requires_grad: bool) -> Tensor:
    low, high, kind = _numbers("linspace", start, end, steps, dtype)
    if steps == 1:
        require_fit(session, kind, low, single=True)
        values = np.array([low], dtype=np.float64)
    else:
        if steps:
            low, high = _fitted(session, "linspace", low, high, kind)
        values = evenly_spaced(low, high, steps, np.float32 if kind is dtypes.float32 else np.float64)
    return as_leaf(session, fresh(dtypes.cast(values, dtypes.float64, kind), kind), requires_grad)


def _logspace(
    session: "Session", start: End, end: End, steps: int, base: float, dtype: DType | None, requires_grad: bool
) -> Tensor:
    low, high, kind = _numbers("logspace", start, end, steps, dtype)
    if steps == 1:
        points = np.array([low], dtype=np.float64)
    else:
        if steps:
            low, high = _fitted(session, "logspace", low, high, kind)
        points = evenly_spaced(low, high, steps, np.float32 if kind is dtypes.float32 else np.float64)
    values = np.power(float(base), points)
    if steps == 1:
        require_fit(session, kind, float(values[0]), single=True)
    return as_leaf(session, fresh(dtypes.cast(values, dtypes.float64, kind), kind), requires_grad)


def _randperm(session: "Session", n: int, dtype: DType | None, requires_grad: bool) -> Tensor:
    checked_size((n,), 8)
    kind = dtype or dtypes.int64
    check_permutation(kind, n)
    order = np.asarray(session.generator.permutation(n))
    return as_leaf(session, fresh(dtypes.cast(order, dtypes.int64, kind), kind), requires_grad)


def _randint_like(
    session: "Session", self: Tensor, low: int, high: int, dtype: DType | None, requires_grad: bool
) -> Tensor:
    return randint(session, low, high, self.shape, dtype or self.dtype, requires_grad)


def as_tensor(ops: Any, data: Any, dtype: DType | None = None) -> Any:
    """A tensor as it is, or in another type; a new tensor of numbers."""
    if not isinstance(data, Operand):
        return ops.tensor(data, dtype=dtype)
    return data if dtype is None else ops.to(data, dtype)


ROWS: list[Op] = [
    factory(f"tensor(any data, {_OPTIONS})", from_data, doc="a tensor of given numbers"),
    composite(
        "as_tensor(any data, *, dtype? dtype=None)",
        as_tensor,
        where="t",
        doc="data itself if it is a tensor of the type, else a tensor of it",
    ),
    factory(
        f"zeros(size size, {_OPTIONS})",
        _zeros,
        doc="a tensor of zeros",
    ),
    factory(
        f"ones(size size, {_OPTIONS})",
        lambda s, size, dtype, req: filled(s, size, 1.0, dtype, req),
        doc="a tensor of ones",
    ),
    factory(
        f"empty(size size, {_OPTIONS})",
        lambda s, size, dtype, req: filled(s, size, 0.0, dtype, req),
        doc="a tensor without values of its own; here they are zeros",
    ),
    factory(f"full(int[] size, Number fill_value, {_OPTIONS})", filled, doc="a tensor of one value"),
    factory(
        f"arange(Number end, {_OPTIONS})",
        lambda s, end, dtype, req: arange(s, 0, end, 1, dtype, req),
        out={"resizes": "out_arange_resized"},
        doc="numbers from start, by step, up to but without end",
    ),
    factory(
        f"arange.start_step(Number start, Number end, Number step=1, {_OPTIONS})",
        arange,
        out={"resizes": "out_arange_resized"},
    ),
    factory(
        f"linspace(Number|Tensor start, Number|Tensor end, int steps, {_OPTIONS})",
        _linspace,
        doc="evenly spaced numbers",
    ),
    factory(f"eye(int n, int? m=None, {_OPTIONS})", _eye, doc="a matrix with ones on its diagonal"),
    factory(
        f"rand(size size, {_OPTIONS})",
        lambda s, size, dtype, req: random(s, "uniform", size, dtype, req),
        random=True,
        doc="random numbers between 0 and 1",
    ),
    factory(
        f"randn(size size, {_OPTIONS})",
        lambda s, size, dtype, req: random(s, "normal", size, dtype, req),
        random=True,
        out={"edits": 2},
        older={"torch-1.13": {"out": {}}},
        doc="random numbers of the standard normal distribution",
    ),
    factory(
        f"randint(int high, int[] size, {_OPTIONS})",
        lambda s, high, size, dtype, req: randint(s, 0, high, size, dtype, req),
        random=True,
        doc="random integers from low up to but without high",
    ),
    factory(f"randint.low(int low, int high, int[] size, {_OPTIONS})", randint, random=True),
    factory(f"randperm(int n, {_OPTIONS})", _randperm, random=True, doc="the integers below n in random order"),
    factory(
        f"zeros_like(Tensor self, {_OPTIONS})",
        lambda s, self, dtype, req: filled_like(s, self, 0, dtype, req),
        doc="zeros in the shape of self",
    ),
    factory(
        f"ones_like(Tensor self, {_OPTIONS})",
        lambda s, self, dtype, req: filled_like(s, self, 1, dtype, req),
        doc="ones in the shape of self",
    ),
    factory(
        f"full_like(Tensor self, Number fill_value, {_OPTIONS})", filled_like, doc="one value in the shape of self"
    ),
    factory(
        f"empty_like(Tensor self, {_OPTIONS})",
        lambda s, self, dtype, req: filled_like(s, self, 0, dtype, req),
        doc="a tensor in the shape of self without values of its own; here they are zeros",
    ),
    factory(
        f"rand_like(Tensor self, {_OPTIONS})",
        lambda s, self, dtype, req: random_like(s, "uniform", self, dtype, req),
        doc="random numbers between 0 and 1 in the shape of self",
    ),
    factory(
        f"randn_like(Tensor self, {_OPTIONS})",
        lambda s, self, dtype, req: random_like(s, "normal", self, dtype, req),
        doc="random numbers of the standard normal distribution in the shape of self",
    ),
    factory(
        f"randint_like(Tensor self, int high, {_OPTIONS})",
        lambda s, self, high, dtype, req: _randint_like(s, self, 0, high, dtype, req),
        doc="random integers in the shape of self",
    ),
    factory(f"randint_like.low(Tensor self, int low, int high, {_OPTIONS})", _randint_like),
    factory(
        f"logspace(Number|Tensor start, Number|Tensor end, int steps, Number base=10, {_OPTIONS})",
        _logspace,
        doc="powers of base with evenly spaced exponents",
    ),
    *(
        factory(
            f"{name}(int row, int col, int offset=0, {_OPTIONS})",
            _triangle_indices(name),
            doc="the places of a matrix's triangle",
        )
        for name in ("tril_indices", "triu_indices")
    ),
    factory(
        f"scalar_tensor(Number s, {_OPTIONS})",
        lambda session, s, dtype, req: filled(session, (), s, dtype or dtypes.float32, req),
        doc="a 0-d tensor of a number",
    ),
    composite(
        "new_zeros(Tensor self, size size, *, dtype? dtype=None, bool requires_grad=False)",
        lambda ops, self, size, dtype=None, requires_grad=False: ops.full(
            size, 0.0, dtype=dtype or self.tensor.dtype, requires_grad=requires_grad
        ),
        where="m",
    ),
    composite(
        "new_empty(Tensor self, size size, *, dtype? dtype=None, bool requires_grad=False)",
        lambda ops, self, size, dtype=None, requires_grad=False: ops.full(
            size, 0.0, dtype=dtype or self.tensor.dtype, requires_grad=requires_grad
        ),
        where="m",
    ),
    composite(
        "new_ones(Tensor self, size size, *, dtype? dtype=None, bool requires_grad=False)",
        lambda ops, self, size, dtype=None, requires_grad=False: ops.full(
            size, 1.0, dtype=dtype or self.tensor.dtype, requires_grad=requires_grad
        ),
        where="m",
    ),
    composite(
        "new_full(Tensor self, int[] size, Number fill_value, *, dtype? dtype=None, bool requires_grad=False)",
        lambda ops, self, size, value, dtype=None, requires_grad=False: ops.full(
            size, value, dtype=dtype or self.tensor.dtype, requires_grad=requires_grad
        ),
        where="m",
    ),
    factory(
        "_tensor(any data, *, dtype? dtype=None, bool requires_grad=False, str maker='torch.tensor')",
        from_data,
        where="",
    ),
    composite(
        "new_tensor(Tensor self, any data, *, dtype? dtype=None, bool requires_grad=False)",
        lambda ops, self, data, dtype=None, requires_grad=False: ops._tensor(
            data, dtype=dtype or self.tensor.dtype, requires_grad=requires_grad, maker="tensor.new_tensor"
        ),
        where="m",
    ),
]
