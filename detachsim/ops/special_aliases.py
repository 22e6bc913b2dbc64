"""``torch.special``: names of its own for functions that torch has too, and a few that only it has."""

import math
from typing import Any

import numpy as np

from detachsim.engine.dtypes import Array
from detachsim.engine.layout import AS_OPERANDS, WITH_NUMBER
from detachsim.engine.op import Op
from detachsim.ops.numeric import precise, precise_each
from detachsim.ops.row import FLOAT, composite, pointwise

# Name in torch.special, what it stands for, parameters after the first, and a sample.
_SAME = (
    *((name, name, "", f"torch.special.{name}(a)") for name in ("erf", "erfc", "erfinv", "exp2", "expm1", "log1p")),
    *((name, name, "", f"torch.special.{name}(a)") for name in ("digamma", "i0", "sinc")),
    ("expit", "sigmoid", "", "torch.special.expit(a)"),
    ("psi", "digamma", "", "torch.special.psi(a)"),
    ("gammaln", "lgamma", "", "torch.special.gammaln(a)"),
    ("i1", "i1", "", "torch.special.i1(a)"),
    ("logit", "logit", "float? eps=None", "torch.special.logit(a)"),
    ("logsumexp", "logsumexp", "int[] dim, bool keepdim=False", "torch.special.logsumexp(a, 0)"),
    ("softmax", "softmax", "int dim, dtype? dtype=None", "torch.special.softmax(a, 0)"),
    ("log_softmax", "log_softmax", "int dim, *, dtype? dtype=None", "torch.special.log_softmax(a, 0)"),
)


# What those do with ``out`` that have a form of their own there.
_OUT: dict[str, dict[str, Any]] = {
    "i1": {"fits": "castable", "text": "inplace_cast", "beside": True},
    "softmax": {},
    "log_softmax": {},
}


def _alias(name: str, target: str, parameters: str, sample: str) -> Op:
    keyword = "*" in parameters

    def run(ops: Any, self: Any, *rest: Any) -> Any:
        if name == target == "softmax" or keyword:
            return ops[target](self, rest[0], dtype=rest[-1])
        return ops[target](self, *rest)

    separator = ", " if parameters else ""
    return composite(
        f"special_{name}(Tensor self{separator}{parameters})",
        run,
        where="s",
        out=_OUT.get(name, {"name": target}),
        doc=f"{target}",
        samples=(sample,),
    )


@precise
def entropy(self: Array) -> Array:
    with np.errstate(all="ignore"):
        made = np.where(self > 0, -self * np.log(self), np.where(self == 0, 0, -np.inf))
    return np.where(np.isnan(self), self, made)


def normal_distribution(ops: Any, self: Any) -> Any:
    """The share of a normal distribution below self."""
    return (ops.erf(self * math.sqrt(0.5)) + 1.0) * 0.5


def xlog1py(self: Any, other: Any) -> Array:
    """Return self * log(1 + other); a number takes the type of the tensor beside it."""
    kind = self.dtype if isinstance(self, np.ndarray) else other.dtype
    return _xlog1py(np.asarray(self, kind), np.asarray(other, kind))


@precise_each
def _xlog1py(self: Array, other: Array) -> Array:
    return np.where(np.isnan(other), other, np.where(self == 0, 0.0 * np.asarray(self == 0), self * np.log1p(other)))


def xlog1py_backward(ops: Any, grad: Any, self: Any, other: Any) -> Any:
    """The gradient of xlog1py's first argument: 0 where that is 0 and the logarithm has no value."""
    undefined = ops.logical_and(self == 0.0, other <= -1.0)
    return ops.masked_fill(ops.special_xlog1py(grad, other), undefined, 0.0)


def xlog1py_number_backward(ops: Any, grad: Any, self: Any, other: float) -> Any:
    """As ``xlog1py_backward``, for the logarithm of a plain number."""
    scaled = ops.special_xlog1py_other_scalar(grad, other)
    return scaled if other > -1 else ops.masked_fill(scaled, self == 0.0, 0.0)


def _xlog1py_rows() -> list[Op]:
    """Return the row of two tensors and those of a number on either side, each with a node of its own."""
    to_self, to_other = "xlog1py_backward(grad, self, other)", "grad * self / (other + 1)"
    to_self_alone = "xlog1py_number_backward(grad, self, other)"
    return [
        pointwise(
            f"special_xlog1py.{overload}",
            f"SpecialXlog1PyBackward{number}",
            xlog1py,
            promote=FLOAT,
            where="s",
            grad=grad,
            layout=WITH_NUMBER if number else AS_OPERANDS,
            doc="self * log(1 + other)",
            samples=(f"torch.special.xlog1py({sample})",),
        )
        for number, (overload, grad, sample) in enumerate(
            (
                ("Tensor(Tensor self, Tensor other)", {"self": to_self, "other": to_other}, "a, b"),
                ("self_scalar(Number self, Tensor other)", {"other": to_other}, "2, a"),
                ("other_scalar(Tensor self, Number other)", {"self": to_self_alone}, "a, 2"),
            )
        )
    ]


HELPERS = {"xlog1py_backward": xlog1py_backward, "xlog1py_number_backward": xlog1py_number_backward}

ROWS: list[Op] = [
    *(_alias(*fields) for fields in _SAME),
    composite(
        "special_round(Tensor self, *, int decimals=0)",
        lambda ops, self, decimals=0: ops.round(self, decimals=decimals),
        where="s",
        out={"name": "round"},
        doc="round",
        samples=("torch.special.round(a)",),
    ),
    composite(
        "special_polygamma(int n, Tensor self)",
        lambda ops, n, self: ops.polygamma(n, self),
        where="s",
        out={"name": "polygamma", "fits": "castable", "text": "inplace_cast"},
        doc="polygamma",
        samples=("torch.special.polygamma(1, a)",),
    ),
    composite(
        "special_ndtr(Tensor self)",
        normal_distribution,
        where="s",
        out={"history": "copied", "fits": "castable", "text": "inplace_cast"},
        doc="the share of a normal distribution below self",
        samples=("torch.special.ndtr(a)",),
    ),
    pointwise(
        "special_entr(Tensor self)",
        "SpecialEntrBackward0",
        entropy,
        promote=FLOAT,
        where="s",
        grad={"self": "grad * -(log(self) + 1)"},
        doc="-self * log(self)",
        samples=("torch.special.entr(a)",),
    ),
    composite(
        "special_xlogy(Number|Tensor self, Number|Tensor other)",
        lambda ops, self, other: ops.xlogy(self, other),
        where="s",
        out={"name": "xlogy"},
        doc="xlogy",
        samples=("torch.special.xlogy(a, b)", "torch.special.xlogy(2, a)"),
    ),
    *_xlog1py_rows(),
]
