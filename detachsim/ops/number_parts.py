"""Common divisors and multiples, and what a floating number is made of: gcd, lcm, nextafter, frexp."""

from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_FIRST
from detachsim.engine.op import Op
from detachsim.ops.element_types import floats_only, whole_numbers_only
from detachsim.ops.row import general, pointwise


def parts(self: Array) -> tuple[Array, Array]:
    mantissa, exponent = np.frexp(self)
    return np.asarray(mantissa), np.asarray(exponent, np.int32)


def _check_parts(session: Any, op: Op, bound: list[Any]) -> None:
    if not bound[0].dtype.is_floating:
        raise TorchError("frexp_dtype")


# Numbers without the infinities, with whose integers PyTorch's process ends.
_WHOLE = "({} * 10).nan_to_num(1, 9, 9).long()"

ROWS: list[Op] = [
    pointwise(
        "gcd(Tensor self, Tensor other)",
        "",
        np.gcd,
        inplace=True,
        refuses=whole_numbers_only("gcd_cpu"),
        doc="the greatest common divisor",
        samples=(f"torch.gcd({_WHOLE.format('a')}, {_WHOLE.format('b')})",),
    ),
    pointwise(
        "lcm(Tensor self, Tensor other)",
        "",
        np.lcm,
        inplace=True,
        refuses=whole_numbers_only("lcm_cpu"),
        doc="the least common multiple",
        samples=(f"torch.lcm({_WHOLE.format('a')}, {_WHOLE.format('b')})",),
    ),
    pointwise(
        "nextafter(Tensor self, Tensor other)",
        "NextafterBackward0",
        np.nextafter,
        grad={"self": "where(self != other, grad, zeros_of(grad))", "other": "zeros_of(other)"},
        gradient_edits={"other": 1},
        inplace=True,
        older={"torch-1.13": {"grad": dict.fromkeys(("self", "other"), "no_derivative('nextafter')")}},
        refuses=floats_only("nextafter_cpu"),
        doc="the next number on the way to other",
        samples=("torch.nextafter(a, b)",),
    ),
    general(
        "frexp(Tensor self)",
        "FrexpBackward0",
        parts,
        grad={"self": "frexp_backward(grad, result1)"},
        outputs=("mantissa", "exponent"),
        check=_check_parts,
        layout=AS_FIRST,
        inside="frexp",
        result_edits=1,
        out={"text": "out_frexp"},
        doc="mantissa and exponent",
        samples=("torch.frexp(a)",),
    ),
]


def frexp_backward(ops: Any, grad: Any, exponent: Any) -> Any:
    """grad over two to the power of the exponent."""
    return grad / ops.exp2(exponent)


HELPERS = {"frexp_backward": frexp_backward}
