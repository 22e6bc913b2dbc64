"""The element types of tensors, under the several names that PyTorch gives them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


_LARGEST_BFLOAT16 = 3.3895313892515355e38


class DType:
    """One element type.

    ``numpy`` is the type that holds its values: bfloat16 lives in float32 arrays whose values are rounded to
    bfloat16 after every op. ``rank`` orders the types of one category for promotion.
    """

    __slots__ = (
        "category",
        "cpp",
        "is_floating",
        "is_reduced",
        "itemsize",
        "name",
        "numpy",
        "rank",
        "scalar",
        "tensor_type",
    )

    def __init__(
        self, name: str, holder: Any, scalar: str, cpp: str, tensor_type: str, category: int, rank: int, itemsize: int
    ) -> None:
        self.name = name
        self.numpy = np.dtype(holder)
        self.scalar = scalar
        self.cpp = cpp
        self.tensor_type = tensor_type
        self.category = category
        self.rank = rank
        self.itemsize = itemsize
        self.is_floating = category == FLOATING
        # The two types whose kernels compute in float32 and round once at the end.
        self.is_reduced = name in ("float16", "bfloat16")

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    @property
    def largest(self) -> float:
        """The largest finite number of a floating type."""
        return _LARGEST_BFLOAT16 if self.name == "bfloat16" else float(np.finfo(self.numpy).max)


DType.__name__ = "torch.dtype"  # as errors call its type


BOOLEAN, INTEGRAL, FLOATING = 0, 1, 2

float32 = DType("float32", np.float32, "Float", "float", "torch.FloatTensor", FLOATING, 3, 4)
float64 = DType("float64", np.float64, "Double", "double", "torch.DoubleTensor", FLOATING, 4, 8)
float16 = DType("float16", np.float16, "Half", "c10::Half", "torch.HalfTensor", FLOATING, 1, 2)
bfloat16 = DType("bfloat16", np.float32, "BFloat16", "c10::BFloat16", "CPUBFloat16Type", FLOATING, 2, 2)
int64 = DType("int64", np.int64, "Long", "long int", "torch.LongTensor", INTEGRAL, 4, 8)
int32 = DType("int32", np.int32, "Int", "int", "torch.IntTensor", INTEGRAL, 3, 4)
int16 = DType("int16", np.int16, "Short", "short int", "torch.ShortTensor", INTEGRAL, 2, 2)
int8 = DType("int8", np.int8, "Char", "signed char", "torch.CharTensor", INTEGRAL, 1, 1)
uint8 = DType("uint8", np.uint8, "Byte", "unsigned char", "torch.ByteTensor", INTEGRAL, 0, 1)
boolean = DType("bool", np.bool_, "Bool", "bool", "CPUBoolType", BOOLEAN, 0, 1)

ALL = (float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, boolean)
BY_NAME = {dtype.name: dtype for dtype in ALL} | {
    "float": float32,
    "double": float64,
    "half": float16,
    "long": int64,
    "int": int32,
    "short": int16,
}
# What a kernel's plain numpy result is called; bfloat16 is never inferred.
BY_NUMPY = {dtype.numpy: dtype for dtype in ALL if dtype is not bfloat16}


def promote(left: DType, right: DType) -> DType:
    """Return the type that holds both (``torch.promote_types``)."""
    if left is right:
        return left
    if left.category != right.category:
        return left if left.category > right.category else right
    if left.category == FLOATING:
        if {left.name, right.name} == {"float16", "bfloat16"}:
            return float32
        return left if left.rank > right.rank else right
    if left is uint8 or right is uint8:
        # A signed and an unsigned byte need a signed type with room for both.
        signed = right if left is uint8 else left
        return int16 if signed is int8 else signed
    return left if left.rank > right.rank else right


def can_cast(source: DType, target: DType) -> bool:
    """Say whether an in-place result of type ``source`` may be written to ``target`` (``torch.can_cast``)."""
    return source.category <= target.category


def is_bfloat16(array: Array) -> bool:
    """Whether each of these values is a bfloat16, or nan."""
    source = np.asarray(array)
    return source.dtype == np.float32 and bool(np.array_equal(source, round_bfloat16(source), equal_nan=True))


def round_bfloat16(array: Array) -> Array:
    """Round float32 values to the nearest bfloat16 (ties to even), kept as float32; nan stays nan."""
    source = np.asarray(array, dtype=np.float32)
    bits = source.view(np.uint32)
    rounded = np.empty_like(source)
    np.bitwise_and(bits + (((bits >> 16) & 1) + 0x7FFF), np.uint32(0xFFFF0000), out=rounded.view(np.uint32))
    missing = np.isnan(source)
    if missing.any():
        np.copyto(rounded, source, where=missing)
    return rounded


def cast(array: Array, source: DType, target: DType) -> Array:
    """Return ``array`` of type ``source`` as ``target``; the same object where nothing changes."""
    if source is target:
        return array
    if target is bfloat16:
        return round_bfloat16(array)
    with np.errstate(all="ignore"):
        if source.is_floating and target.category == INTEGRAL:
            return _truncate(array, target)
        if target is float16 and source is float64:
            array = array.astype(np.float32)  # PyTorch goes by way of float32, and rounds twice
        return array.astype(target.numpy)


def _truncate(array: Array, target: DType) -> Array:
    """Convert floats to integers as C does on x86: by way of int64, or of int32 where PyTorch does."""
    finite = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0) if not np.isfinite(array).all() else array
    whole = finite.astype(np.int64)
    if finite is not array:
        whole = np.where(np.isfinite(array), whole, np.int64(-(2**63)))
    if target is int32 or target is int16:
        # What an int32 cannot hold becomes its lowest number, of which an int16 keeps the zeros.
        whole = np.where((whole < -(2**31)) | (whole >= 2**31), np.int64(-(2**31)), whole)
    return whole.astype(target.numpy)
