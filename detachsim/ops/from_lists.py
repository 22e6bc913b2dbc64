"""Tensors of numbers in nested lists, as ``torch.tensor`` takes them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.fitting import fits
from detachsim.engine.layout import as_first
from detachsim.engine.tensor import Tensor, fresh, make_inference

if TYPE_CHECKING:
    from detachsim.engine.session import Session


def from_data(
    session: "Session",
    data: Any,
    dtype: DType | None = None,
    requires_grad: bool = False,
    maker: str = "torch.tensor",
) -> Tensor:
    """Return ``torch.tensor(data)``: numbers in nested lists, or a tensor to copy, of which ``maker`` warns."""
    if isinstance(data, np.ndarray | np.generic):
        data = np.asarray(data)
        made = fresh(np.array(data), dtypes.BY_NUMPY[data.dtype])
        made = made if dtype in (None, made.dtype) else fresh(dtypes.cast(made.array, made.dtype, dtype), dtype)
    elif isinstance(data, Tensor):
        session.warn("tensor_of_tensor", maker=maker)
        array = dtypes.cast(data.array, data.dtype, dtype or data.dtype)
        made = fresh(as_first(array.copy(), data.array), dtype or data.dtype)
    else:
        shape = _shape_of(data)
        flat: list[Any] = []
        if 0 not in shape:
            _flatten(session, data, shape, 0, flat, dtype)
        kind = dtype or _infer_dtype(flat)
        made = fresh(_fill(flat, kind).reshape(shape), kind)
    return as_leaf(session, made, requires_grad)


def as_leaf(session: "Session", tensor: Tensor, requires_grad: bool) -> Tensor:
    if requires_grad and not tensor.dtype.is_floating:
        raise TorchError("factory_requires_grad")
    tensor.requires = requires_grad
    if session.inference:
        make_inference(tensor)
    return tensor


def _shape_of(data: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(data, (list, tuple)):
        shape.append(len(data))
        if not data:
            break
        data = data[0]
    if isinstance(data, str) and data and shape:
        # Each of its letters is a text again, without an end.
        raise TorchError("data_text_dims")
    if isinstance(data, Tensor):
        shape.extend(data.shape)
    return tuple(shape)


def _flatten(
    session: "Session", data: Any, shape: tuple[int, ...], dim: int, flat: list[Any], dtype: DType | None
) -> None:
    if isinstance(data, (list, tuple)):
        if dim >= len(shape):
            raise _no_number(data, dtype or _infer_dtype(flat))
        if len(data) != shape[dim]:
            raise TorchError("tensor_sequence", expected=shape[dim], dim=dim, found=len(data))
        for item in data:
            _flatten(session, item, shape, dim + 1, flat, dtype)
    elif isinstance(data, Tensor):
        if data.array.ndim or dim < len(shape):
            raise TorchError("scalar_conversion")
        if (data.requires or data.node is not None) and session.dialect == "torch-2.13":
            session.warn_once("scalar_requires_grad")
        flat.append(data.array.item())
    elif isinstance(data, (bool, int, float)):
        if dim < len(shape):
            raise TorchError("data_number")
        flat.append(data)
    elif dtype is not None and (shape or not isinstance(data, str)):
        raise _no_number(data, dtype)
    elif isinstance(data, str):
        raise TorchError("data_text")
    else:
        from detachsim.engine.parser import type_word

        raise TorchError("infer_dtype", type=type_word(data))


def _no_number(value: Any, dtype: DType) -> TorchError:
    """Return Python's error for what is to be a number of a type and is none."""
    from detachsim.engine.parser import type_word

    text = f"must be real number, not {type_word(value)}"
    if not dtype.is_floating:
        text = f"'{type_word(value)}' object cannot be interpreted as an integer"
    return TorchError("python", type="TypeError", text=text)


def _infer_dtype(flat: list[Any]) -> DType:
    if any(isinstance(value, float) for value in flat) or not flat:
        return dtypes.float32
    return dtypes.boolean if all(isinstance(value, bool) for value in flat) else dtypes.int64


def _fill(flat: list[Any], dtype: DType) -> Array:
    if dtype.is_floating:
        try:
            flat = [float(value) for value in flat]
        except OverflowError as error:
            raise TorchError("python", type="OverflowError", text=str(error)) from None
    if dtype is dtypes.bfloat16:
        return dtypes.round_bfloat16(np.array(flat, dtype=np.float32))
    if dtype.category == dtypes.INTEGRAL:
        for value in flat:
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise TorchError("too_long")
            if not fits(dtype, value):
                raise TorchError("number_overflow", type=dtype.name)
        # 2.0 ** 63 passes for the largest int64, and becomes the smallest.
        whole = [-(2**63) if value == 2**63 else int(value) for value in flat]
        return np.array(whole, dtype=np.int64).astype(dtype.numpy)
    return np.array(flat, dtype=dtype.numpy)
