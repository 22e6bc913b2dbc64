"""What a kernel gets and gives: operands promoted and made arrays, and tensors of its results."""

from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.layout import cast
from detachsim.engine.op import CAST, COMPARE, FIRST, FLOAT, KEEP, Op
from detachsim.engine.promotion import result_type
from detachsim.engine.tensor import Tensor, fresh

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def arguments(op: Op, bound: list[Any]) -> tuple[list[Any], DType | None]:
    """Return the kernel's arguments as arrays, promoted as the row says, and the result's type (``None``: the
    kernel's own)."""
    rule = op.promote
    values = list(bound)
    if rule == CAST:
        source = bound[0]
        asked = bound[op.dtype_position]
        target = asked or source.dtype
        values[0] = cast(source.array, source.dtype, target)
        return values, target if target.is_floating else asked
    if rule == KEEP:
        dtype = None
        for position in op.tensor_positions:
            value = bound[position]
            if isinstance(value, Tensor):
                values[position] = value.array
                if value.dtype is dtypes.bfloat16:
                    dtype = dtype or value.dtype
            elif isinstance(value, (list, tuple)):
                values[position] = [None if v is None else v.array for v in value]
                if value and value[0] is not None and value[0].dtype is dtypes.bfloat16:
                    dtype = dtype or value[0].dtype
        return values, dtype
    promoted = [i for i in op.tensor_positions if op.parameters[i].type != "MaskTensor"]
    operands = [bound[i] for i in (*promoted, *op.promoting_numbers) if bound[i] is not None]
    dtype = result_type(operands)
    if rule == FLOAT and not dtype.is_floating:
        dtype = dtypes.float32
    if dtype.is_reduced:
        return _half_arguments(op, bound, values, dtype, promoted), None if rule == COMPARE else dtype
    for position in op.tensor_positions:
        value = bound[position]
        if position not in promoted:
            values[position] = value.array
        elif isinstance(value, Tensor):
            values[position] = cast(value.array, value.dtype, dtype)
        elif isinstance(value, (list, tuple)):
            values[position] = [cast(item.array, item.dtype, dtype) for item in value]
        elif value is not None:
            values[position] = scalar(value, dtype)
    if rule == FIRST:
        return values, bound[0].dtype
    return values, None if rule == COMPARE else dtype


def _half_arguments(op: Op, bound: list[Any], values: list[Any], dtype: DType, promoted: list[int]) -> list[Any]:
    """Return the arguments for a half type: kernels compute in float32 and round once.

    What meets there is rounded to the half type first, except a number or 0-d tensor that is the second operand of an
    op that says ``opmath``.
    """

    def widened(value: Any, *, as_it_is: bool = False) -> Any:
        if isinstance(value, Tensor):
            array, source = value.array, value.dtype
        else:
            array, source = np.array(value, np.float64), dtypes.float64
        if source is not dtype and not (as_it_is and array.ndim == 0):
            array, source = cast(array, source, dtype), dtype
        return cast(array, source, dtypes.float32)

    for position in op.tensor_positions:
        value = bound[position]
        if position not in promoted:
            values[position] = value.array
        elif isinstance(value, (list, tuple)):
            values[position] = [widened(item) for item in value]
        elif value is not None:
            values[position] = widened(value, as_it_is=op.opmath and position == 1)
    for position in op.promoting_numbers:
        if isinstance(bound[position], float):
            values[position] = widened(bound[position]).item()
    return values


def scalar(value: float, dtype: DType) -> Array:
    """Return a Python number as a 0-d array, which numpy's ufuncs take faster than the number itself."""
    if dtype.category == dtypes.INTEGRAL:
        info = np.iinfo(dtype.numpy)
        if not info.min <= value <= info.max:
            # PyTorch wraps what does not fit, as C does.
            value = (int(value) - info.min) % (info.max - info.min + 1) + info.min
    return np.array(value, dtype=dtype.numpy)


def wrap(result: Any, dtype: DType | None) -> list[Tensor]:
    """Make tensors of a kernel's result; ``dtype`` is the type of its floating outputs where the kernel cannot
    know it."""
    if isinstance(result, (tuple, list)):
        return [_wrap_one(array, dtype) for array in result]
    return [_wrap_one(result, dtype)]


def _wrap_one(result: Any, dtype: DType | None) -> Tensor:
    array = np.asarray(result)
    kernel_dtype = dtypes.BY_NUMPY[array.dtype]
    if dtype is None or (dtype.is_floating and not kernel_dtype.is_floating):
        dtype = kernel_dtype  # such as the indices beside the values
    elif dtype is not kernel_dtype:
        array = cast(array, kernel_dtype, dtype)
    if array.base is not None and array.size:
        array = array.copy()
    return fresh(array, dtype)


def drawn(session: "Session", op: Op, bound: list[Any], values: list[Any]) -> Any:
    """Run a kernel that draws random numbers; arrays alone do not say for which of the half types."""
    generator = session.generator
    generator.target = next((value.dtype.name for value in bound if isinstance(value, Tensor)), "float32")
    return op.kernel(generator, *values)
