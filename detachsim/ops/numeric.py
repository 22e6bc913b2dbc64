"""Numeric helpers that kernels share: float32 functions rounded once, dims, sums."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError

# Up to this many elements a transcendental function of float32 is computed in float64 and rounded once, which is
# what the printed digits of PyTorch's accurate float32 kernels agree with. Larger arrays must not pay for it.
PRECISE_LIMIT = 1 << 14


def precise(
    function: Callable[[Array], Array], numbers: Callable[[list[float]], list[float]] | None = None
) -> Callable[[Array], Array]:
    """Return ``function`` with small float32 (and float16) arrays computed in float64 and rounded once.

    ``numbers`` is the same for a list: up to a handful are sooner done one by one than by several ufuncs.
    """

    def call(x: Array) -> Array:
        dtype = x.dtype
        if numbers is not None and dtype is _FLOAT32 and x.ndim == 1 and x.size <= _HANDFUL:
            try:
                return np.array(numbers(x.tolist()), dtype)
            except OverflowError:
                pass  # numpy's functions give inf, Python's raise
        if dtype is _FLOAT64 or dtype.kind != "f" or x.size > PRECISE_LIMIT:
            return function(x)
        return function(x.astype(_FLOAT64)).astype(dtype)

    call.__name__ = function.__name__
    return call


_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_HANDFUL = 6
_KINDS = (np.float16, np.float32, np.float64, np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_)
_ZEROS: dict[Any, Array] = {np.dtype(kind): np.array(0, kind) for kind in _KINDS}
_ONES: dict[Any, Array] = {np.dtype(kind): np.array(1, kind) for kind in _KINDS}


def zero(dtype: Any) -> Array:
    """Return 0 of a type; numpy takes a 0-d array sooner than a Python number."""
    return _ZEROS[dtype]


def one(dtype: Any) -> Array:
    """Return 1 of a type."""
    return _ONES[dtype]


def larger(self: Array, other: Array) -> Array:
    """Return the larger of two. Of two zeros PyTorch takes the first one's sign, and numpy the second one's."""
    return np.maximum(other, self)


def smaller(self: Array, other: Array) -> Array:
    """Return the smaller of two, of two zeros the first."""
    return np.minimum(other, self)


def larger_number(self: Array, other: Array) -> Array:
    """Return the larger of two, a number before NaN, of two zeros the first."""
    return np.where((self >= other) | np.isnan(other), self, other)


def smaller_number(self: Array, other: Array) -> Array:
    """Return the smaller of two, a number before NaN, of two zeros the first."""
    return np.where((self <= other) | np.isnan(other), self, other)


def precise_each(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` of several arguments with small float32 arrays computed in float64 and rounded once.

    The first argument's type is that of the result; plain numbers among the arguments stay as they are.
    """

    def call(first: Array, *rest: Any) -> Any:
        dtype = first.dtype
        if dtype is _FLOAT64 or dtype.kind != "f" or first.size > PRECISE_LIMIT:
            return function(first, *rest)
        wide = [
            x.astype(_FLOAT64) if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f" else x for x in rest
        ]
        return np.asarray(function(first.astype(_FLOAT64), *wide)).astype(dtype)

    call.__name__ = function.__name__
    return call


def converted(value: Any, like: Array) -> Any:
    """Return a plain argument in an array's type, wrapped as in C, as PyTorch passes it to its kernels."""
    return np.asarray(value).astype(like.dtype)


def dims(dim: Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Return non-negative dims; none or an empty list means all, and a 0-d tensor has none. Raises PyTorch's errors."""
    if dim is None or len(dim) == 0:
        return tuple(range(ndim))
    wrapped = tuple(wrap_dim(d, ndim) for d in dim)
    for place, axis in enumerate(wrapped):
        if axis in wrapped[:place]:
            raise TorchError("dim_twice", dim=axis)
    return wrapped if ndim else ()


def wrap_dim(dim: int, ndim: int) -> int:
    """Return a non-negative dim; a 0-d tensor takes 0 and -1."""
    size = max(ndim, 1)
    if not -size <= dim < size:
        raise TorchError("dim_range", low=-size, high=size - 1, dim=dim)
    return dim % size


def require_dim(dim: int, ndim: int) -> int:
    """Return a non-negative dim, as ``wrap_dim`` does, but of a tensor that has any."""
    if ndim == 0:
        raise TorchError("dim_none", dim=dim)
    return wrap_dim(dim, ndim)


def shaped(array: Array, shape: tuple[int, ...]) -> Array:
    """Return an array in a shape: itself, if it has that, or a copy, rather than a view, which a gradient shows."""
    return array if array.shape == shape else array.reshape(shape).copy()


def numel(shape: Sequence[int]) -> int:
    """Return the number of elements of a shape."""
    count = 1
    for size in shape:
        count *= size
    return count


def python(value: Any) -> Any:
    """Return a 0-d array or numpy scalar as a Python number, others as they are."""
    return (
        value.item() if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0) else value
    )
