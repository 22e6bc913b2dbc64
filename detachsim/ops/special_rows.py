"""What only ``torch.special`` has: scaled error and Bessel functions, zeta, and the incomplete gamma functions."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.layout import AS_OPERANDS, IN_ROWS, WITH_NUMBER
from detachsim.engine.limits import require_few
from detachsim.engine.op import Op
from detachsim.ops import bessel_functions as bessel
from detachsim.ops import special_functions
from detachsim.ops.element_types import floats_only
from detachsim.ops.numeric import precise
from detachsim.ops.polynomials import no_halves
from detachsim.ops.row import ARITHMETIC, FLOAT, composite, pointwise


def _wide(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return a kernel of a function that computes in float64."""

    def call(x: Array) -> Array:
        return np.asarray(function(x)).astype(x.dtype)

    return call


def _of_two(function: Callable[[float, float], float]) -> Callable[[Any, Any], Array]:
    """Return a kernel of a function of two numbers."""
    each = np.frompyfunc(function, 2, 1)

    def call(first: Any, second: Any) -> Array:
        dtype = first.dtype if isinstance(first, np.ndarray) else second.dtype
        wide = (np.asarray(value, dtype=np.float64) for value in (first, second))
        return np.asarray(each(*wide), dtype=np.float64).astype(dtype)

    return call


def i0e_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """grad * (i1e(self) - sgn(self) * result)."""
    subtrahend = ops.sgn(self) * result
    return grad * (ops.special_i1e(self) - subtrahend)


def log_ndtr_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """grad times the normal density at self over its share below."""
    ratio = ops.exp(-(result + ops.pow(self, 2) / 2.0))
    return grad / math.sqrt(2 * math.pi) * ratio


def i1e_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of i1e: 1/2 at 0."""
    dtype = (grad.dtype if isinstance(grad, np.ndarray | np.generic) else grad.tensor.dtype).name
    if dtype in ("float16", "bfloat16"):
        raise TorchError("not_implemented_for", kernel="i1e_backward", dtype=dtypes.BY_NAME[dtype].scalar)
    tiny = float(np.finfo(dtype).eps)
    large = ops.abs(self) > tiny
    safe = ops.where(large, self, tiny)
    inverse = ops.reciprocal(safe)
    subtrahend = result * (ops.sgn(safe) + inverse)
    slope = ops.special_i0e(safe) - subtrahend
    return grad * ops.where(large, slope, 0.5)


def mvlgamma(self: Array, p: int) -> Array:
    wide = np.asarray(self, np.float64)
    require_few(p * max(wide.size, 1))
    steps = np.arange(p) / 2
    made = special_functions.lgamma(wide[..., None] - steps).sum(axis=-1) + p * (p - 1) / 4 * math.log(math.pi)
    return np.asarray(made).astype(self.dtype)


def mvlgamma_backward(ops: Any, grad: Any, self: Any, p: int) -> Any:
    """The sum of digamma at self and so many steps of a half below it."""
    steps = np.arange(1 - p, 1) / 2
    if isinstance(self, np.ndarray):
        spread = self[..., None] + steps.astype(self.dtype)
    else:
        from detachsim.ops.matrices import constant

        spread = constant(ops, self, steps) + ops.unsqueeze(self, -1)
    return grad * ops.sum_dim(ops.digamma_(spread), (-1,))


def _check_mvlgamma(session: Any, op: Op, bound: list[Any]) -> None:
    if bound[0].dtype is dtypes.boolean:
        raise TorchError("mvlgamma_bool")
    if bound[1] < 1:
        raise TorchError("mvlgamma_order")
    if op.mutates and not bound[0].dtype.is_floating:
        if session.dialect != NEWEST:
            raise TorchError("arange_step")  # of a half, as an integer
        raise TorchError("mvlgamma_inplace", dtype=bound[0].dtype.scalar)


def _function(name: str, node: str, kernel: Callable[[Array], Array], formula: str, doc: str, half: bool) -> Op:
    return pointwise(
        f"special_{name}(Tensor self)",
        node,
        precise(kernel),
        promote=FLOAT,
        where="s",
        grad={"self": formula} if formula else None,
        refuses=None if half else no_halves(f"{name}_cpu"),
        doc=doc,
        samples=(f"torch.special.{name}(a)",),
    )


def cut_gamma_slope(ops: Any, self: Any, other: Any) -> Any:
    """The gradient of the lower incomplete gamma function, its parts from the last one on, as a C++ compiler has it."""
    logarithm = ops.lgamma(self)
    return ops.exp((self - 1.0) * ops.log(other) - other - logarithm)


def _cut_gamma(name: str, node: str, kernel: Callable[[float, float], float], sign: str, doc: str) -> list[Op]:
    row = pointwise(
        f"{name}(Tensor self, Tensor other)",
        node,
        _of_two(kernel),
        promote=ARITHMETIC,
        inplace=True,
        refuses=floats_only(f"{name}_cpu"),
        grad={"self": f"no_derivative('{name}: input')", "other": f"{sign}grad * cut_gamma_slope(self, other)"},
        doc=doc,
        samples=(f"torch.{name}(torch.full_like(a, 1.7), a.abs())",),
    )
    alias = composite(
        f"special_{name.replace('igamma', 'gammainc')}(Tensor self, Tensor other)",
        lambda ops, self, other: ops[name](self, other),
        where="s",
        doc=doc,
    )
    return [row, alias]


def _zeta() -> list[Op]:
    kernel = _of_two(special_functions.hurwitz)
    signatures = (
        (
            "special_zeta(Tensor self, Tensor other)",
            "SpecialZetaBackward0",
            "torch.special.zeta(torch.full_like(a, 3.0), a.abs())",
        ),
        (
            "special_zeta.self_scalar(PromotingNumber self, Tensor other)",
            "SpecialZetaBackward1",
            "torch.special.zeta(2.0, a.abs())",
        ),
        ("special_zeta.other_scalar(Tensor self, PromotingNumber other)", "SpecialZetaBackward2", ""),
    )
    return [
        pointwise(
            signature,
            node,
            kernel,
            promote=FLOAT,
            where="s",
            grad={
                **({"self": "no_derivative('zeta')"} if "PromotingNumber self" not in signature else {}),
                **(
                    {"other": "grad * -self * special_zeta(self + 1.0, other)"}
                    if "PromotingNumber other" not in signature
                    else {}
                ),
            },
            refuses=no_halves("zeta_cpu"),
            layout=WITH_NUMBER if "PromotingNumber" in signature else AS_OPERANDS,
            doc="the sum of (other + k) to the power of -self",
            samples=(sample,) if sample else (),
        )
        for signature, node, sample in signatures
    ]


HELPERS = {
    "cut_gamma_slope": cut_gamma_slope,
    "i0e_backward": i0e_backward,
    "i1e_backward": i1e_backward,
    "mvlgamma_backward": mvlgamma_backward,
    "log_ndtr_backward": log_ndtr_backward,
}

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)

ROWS: list[Op] = [
    _function(
        "i0e",
        "SpecialI0EBackward0",
        _wide(partial(bessel.modified_first_kind, order=0, scaled=True)),
        "i0e_backward(grad, self, result)",
        "i0(self) * exp(-abs(self))",
        True,
    ),
    _function(
        "i1e",
        "SpecialI1EBackward0",
        _wide(partial(bessel.modified_first_kind, order=1, scaled=True)),
        "i1e_backward(grad, self, result)",
        "i1(self) * exp(-abs(self))",
        True,
    ),
    _function(
        "erfcx",
        "SpecialErfcxBackward0",
        special_functions.erfcx,
        f"(2.0 * self * result - {_TWO_OVER_SQRT_PI!r}) * grad",
        "erfc(self) * exp(self * self)",
        False,
    ),
    _function(
        "log_ndtr",
        "SpecialLogNdtrBackward0",
        special_functions.log_ndtr,
        "log_ndtr_backward(grad, self, result)",
        "the logarithm of the share of a normal distribution below self",
        False,
    ),
    _function(
        "ndtri",
        "SpecialNdtriBackward0",
        special_functions.ndtri,
        f"grad * {math.sqrt(2 * math.pi)!r} * exp(square(result) / 2.0)",
        "below which a share of a normal distribution lies",
        False,
    ),
    *(
        _function(name, "", _wide(kernel), "", doc, False)
        for name, kernel, doc in (
            ("airy_ai", bessel.airy, "Airy's function"),
            ("bessel_j0", partial(bessel.first_kind, order=0), "the Bessel function J of order 0"),
            ("bessel_j1", partial(bessel.first_kind, order=1), "the Bessel function J of order 1"),
            ("bessel_y0", partial(bessel.second_kind, order=0), "the Bessel function Y of order 0"),
            ("bessel_y1", partial(bessel.second_kind, order=1), "the Bessel function Y of order 1"),
            ("modified_bessel_i0", partial(bessel.modified_first_kind, order=0), "the Bessel function I of order 0"),
            ("modified_bessel_i1", partial(bessel.modified_first_kind, order=1), "the Bessel function I of order 1"),
            ("modified_bessel_k0", partial(bessel.modified_second_kind, order=0), "the Bessel function K of order 0"),
            ("modified_bessel_k1", partial(bessel.modified_second_kind, order=1), "the Bessel function K of order 1"),
            (
                "scaled_modified_bessel_k0",
                partial(bessel.modified_second_kind, order=0, scaled=True),
                "K of order 0 times exp(self)",
            ),
            (
                "scaled_modified_bessel_k1",
                partial(bessel.modified_second_kind, order=1, scaled=True),
                "K of order 1 times exp(self)",
            ),
            ("spherical_bessel_j0", bessel.spherical, "sin(self) / self"),
        )
    ),
    *_zeta(),
    *_cut_gamma("igamma", "IgammaBackward0", special_functions.lower_gamma, "", "the lower incomplete gamma function"),
    *_cut_gamma(
        "igammac", "IgammacBackward0", special_functions.upper_gamma, "-", "the upper incomplete gamma function"
    ),
    pointwise(
        "mvlgamma(Tensor self, int p)",
        "MvlgammaBackward0",
        mvlgamma,
        promote=FLOAT,
        inplace=True,
        grad={"self": "mvlgamma_backward(grad, self, p)"},
        check=_check_mvlgamma,
        layout=IN_ROWS,
        result_edits=1,
        out={"fits": "castable", "text": "out_mvlgamma"},
        doc="the logarithm of the multivariate gamma function",
        samples=("torch.mvlgamma(a, 2)",),
    ),
    composite(
        "special_multigammaln(Tensor self, int p)",
        lambda ops, self, p: ops.mvlgamma(self, p),
        where="s",
        out={"name": "mvlgamma"},
        doc="the logarithm of the multivariate gamma function",
    ),
]
