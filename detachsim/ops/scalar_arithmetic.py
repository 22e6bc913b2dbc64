"""Arithmetic of a tensor and a plain number as C++ writes it: what formulas run, with nodes that save no number."""

import numpy as np

from detachsim.ops.row import FLOAT, pointwise

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
