"""Arithmetic of a tensor and a plain number as C++ writes it: what formulas run, with nodes that save no number."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import fresh
from detachsim.ops.row import FLOAT, pointwise


def number_tensor(ops: Any, like: Any, number: Any) -> Any:
    """A number as a tensor without dims, which 1.13 made of it in second derivatives: of float64 if it is a float."""
    if isinstance(like, np.ndarray | np.generic):
        return number
    dtype = dtypes.float64 if isinstance(number, float) else dtypes.int64
    return Operand(like.session, fresh(np.array(number, dtype.numpy), dtype))


HELPERS = {"number_tensor": number_tensor}

ROWS = [
    pointwise(
        "add_scalar(Tensor self, Number other)",
        "AddBackward1",
        np.add,
        where="",
        grad={"self": "grad"},
        doc="self + other",
    ),
    pointwise(
        "sub_scalar(Tensor self, Number other)",
        "SubBackward1",
        np.subtract,
        where="",
        grad={"self": "grad"},
        doc="self - other",
    ),
    pointwise(
        "mul_scalar(Tensor self, Number other)",
        "MulBackward1",
        np.multiply,
        where="",
        grad={"self": "grad * other"},
        older={"torch-1.13": {"grad": {"self": "grad * number_tensor(grad, other)"}}},
        inplace=True,
        inplace_where="",
        opmath=True,
        doc="self * other",
    ),
    pointwise(
        "div_scalar(Tensor self, Number other)",
        "DivBackward1",
        np.true_divide,
        promote=FLOAT,
        where="",
        grad={"self": "grad / other"},
        older={"torch-1.13": {"grad": {"self": "grad / number_tensor(grad, other)"}}},
        inplace=True,
        inplace_where="",
        opmath=True,
        doc="self / other",
    ),
    pointwise(
        "scalar_sub(Number|Tensor self, Tensor other)",
        "SubBackward0",
        np.subtract,
        where="",
        grad={"self": "grad", "other": "-grad"},
        doc="self - other with a number on the left",
    ),
    pointwise(
        "scalar_div(Number|Tensor self, Tensor other)",
        "DivBackward0",
        np.true_divide,
        promote=FLOAT,
        where="",
        grad={"self": "grad / other", "other": "-grad * ((self / other) / other)"},
        doc="self / other with a number on the left",
    ),
]
