"""Which element types PyTorch 1.13 refuses where newer releases take them: each row, and the kernel that it names.

Measured on 1.13.0, on every sample of the table.
"""

from collections.abc import Callable
from typing import Any

from detachsim.engine.dtypes import float16
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.convolution import convolution_kernel
from detachsim.ops.element_types import holds_elements, promoted

_HALF = """
    acos acos_vml_cpu, acosh acosh_cpu, addbmm addmm_impl_cpu_, addcdiv addcdiv_cpu_out, addcmul addcmul_cpu_out,
    addmm addmm_impl_cpu_, addmv addmv_impl_cpu, affine_grid_generator bmm, aminmax aminmax_cpu,
    asin asin_vml_cpu, asinh asinh_cpu,
    atan atan_vml_cpu, atan2 atan2_cpu, atanh atanh_cpu, baddbmm baddbmm,
    bce_logits_kernel clamp_min_cpu, bmm bmm, ceil ceil_vml_cpu, celu elu_cpu,
    clamp_max clamp_max_scalar_cpu, clamp_min clamp_min_cpu, cos cos_vml_cpu, cosh cosh_cpu, cummax cummax_cpu,
    cummin cummin_cpu, cumprod cumprod_out_cpu, cumsum cumsum_out_cpu, diag diag, digamma digamma, dot dot,
    elu elu_cpu, erf erf_vml_cpu, erfc erfc_vml_cpu, erfinv erfinv_vml_cpu, exp exp_vml_cpu, expm1 expm1_vml_cpu,
    floor floor_vml_cpu, gelu GeluKernelImpl, glu glu_cpu, hardshrink hardshrink_cpu, hardsigmoid hardsigmoid_cpu,
    hardswish hardswish_cpu, hardtanh clamp_scalar_cpu,
    histc histogram_cpu, hypot hypot_cpu, i0 i0_vml_cpu, kthvalue kthvalue_cpu,
    leaky_relu leaky_relu_cpu, lerp_Scalar lerp_kernel_scalar, lerp_Tensor lerp_kernel_tensor, lgamma lgamma_vml_cpu,
    linalg_cross cross, log log_vml_cpu, log10 log10_vml_cpu, log1p log1p_vml_cpu,
    log2 log2_vml_cpu, logaddexp logaddexp_cpu, logaddexp2 logaddexp2_cpu, logcumsumexp logcumsumexp_out_cpu,
    logit logit_cpu, logsigmoid log_sigmoid_cpu, logsumexp exp_vml_cpu, max_pool2d_with_indices max_pool2d,
    median median_cpu, median_dim median_out, mish mish_cpu, mm addmm_impl_cpu_, mse_loss_backward mse_backward_cpu_out,
    mv addmv_impl_cpu, nanmedian median_cpu, nanmedian_dim median_out, native_batch_norm batch_norm,
    native_group_norm GroupNormKernelImpl,
    native_layer_norm LayerNormKernelImpl, nextafter nextafter_cpu,
    prod prod_cpu,
    prod_dim_int prod_cpu, reflection_pad1d reflection_pad1d, relu clamp_min_cpu, round round_vml_cpu,
    rsqrt rsqrt_cpu, sigmoid sigmoid_cpu, silu silu_cpu, sin sin_vml_cpu, sinc sinc_cpu,
    sinh sinh_cpu, special_entr entr_cpu, i1 i1_cpu, mvlgamma lgamma_vml_cpu, special_i0e i0e_cpu,
    special_i1e i1e_cpu, smooth_l1_loss_backward smooth_l1_backward_cpu_out, soft_margin_kernel exp_vml_cpu,
    softplus softplus_cpu, softshrink softshrink_cpu, sqrt sqrt_vml_cpu, tan tan_vml_cpu, tanh tanh_vml_cpu,
    threshold threshold_cpu, topk topk_cpu, trace trace, _trilinear bmm, trunc trunc_vml_cpu,
    _unique2 unique, unique_dim unique_dim,
    vdot dot,
    _avg_pool2d avg_pool2d, _adaptive_avg_pool2d adaptive_avg_pool2d,
    max_pool3d_with_indices max_pool3d_with_indices_cpu, adaptive_max_pool3d_with_indices adaptive_max_pool3d_cpu
"""
_BFLOAT16 = """
    i1 i1_cpu, special_i1e i1e_cpu, hardtanh_backward hardshrink_backward_cpu,
    mish mish_cpu, mse_loss_kernel mse_cpu, prod prod_cpu, prod_dim_int prod_cpu, trace trace,
    reflection_pad1d reflection_pad1d, replication_pad1d replication_pad1d_cpu,
    _adaptive_avg_pool3d adaptive_avg_pool3d_cpu, max_pool3d_with_indices max_pool3d_with_indices_cpu,
    adaptive_max_pool3d_with_indices adaptive_max_pool3d_cpu
"""
_WHOLE = """
    max_pool2d_with_indices max_pool2d, reflection_pad1d reflection_pad1d, replication_pad1d replication_pad1d_cpu
"""
# Kernels that are not called where an operand has no elements.
_SKIP_EMPTY = frozenset(
    """
    addbmm addmm addmv baddbmm bmm cummax cummin cumprod cumsum median mm mv nanmedian prod prod_dim_int
    """.split()  # noqa: SIM905 (a list of words is easier to read than their quotes)
)
# Kernels that are not called for a number, which is copied.
_SKIP_NUMBERS = frozenset({"cummax", "cummin", "cumprod", "cumsum", "kthvalue", "topk"})
# Kernels that are looked for before the arguments are checked.
_FIRST = frozenset({"trace", "unique_dim"})


def _parsed(text: str) -> dict[str, str]:
    return dict(pair.split() for pair in text.split(","))


_REFUSED = {
    "float16": _parsed(_HALF),
    "bfloat16": _parsed(_BFLOAT16),
    **dict.fromkeys(("uint8", "int8", "int16", "int32", "int64"), _parsed(_WHOLE)),
    "bool": {
        "clamp_min": "clamp_min_cpu",
        "topk": "topk_cpu",
        "replication_pad1d": "replication_pad1d_cpu",
        "im2col": "im2col_out_cpu",
        "col2im": "col2im_out_cpu",
    },
}


def _clamp_kernel(bound: list[Any]) -> str:
    if bound[2] is None:
        return "clamp_min_cpu"
    return "clamp_max_scalar_cpu" if bound[1] is None else "clamp_scalar_cpu"


def _unique_kernel(bound: list[Any]) -> str:
    self, dim = bound
    return "unique" if dim is None or (dim == 0 and self.array.ndim == 1) else "unique_dim"


# Rows whose kernel is chosen by the other arguments, and the types that it does not know.
_CHOSEN: dict[str, tuple[tuple[str, ...], Callable[[list[Any]], str | None]]] = {
    "clamp": (("float16", "bool"), _clamp_kernel),
    "clamp_Tensor": (("float16",), lambda bound: None if bound[1] is None or bound[2] is None else "clamp_cpu"),
    "polygamma": (("float16",), lambda bound: {0: "digamma", 1: "trigamma"}.get(bound[0], "polygamma")),
    "_unique_consecutive": (("float16",), _unique_kernel),
    "round_decimals": (("float16",), lambda bound: "round_cpu" if bound[1] else "round_vml_cpu"),
    "convolution": (("float16",), convolution_kernel),
    "aminmax": (("bfloat16",), lambda bound: None if bound[1] is None else "aminmax_cpu"),
}


def _warn_of_half(session: Any, op: Op, bound: list[Any]) -> None:
    if promoted(op, bound) is float16:
        session.warn_once("half_mse")


def refuse_types(op: Op) -> None:
    """Let a row of 1.13 refuse the element types that its kernel does not know."""
    label = op.alias_of or op.label
    kernels = {dtype: table[label] for dtype, table in _REFUSED.items() if label in table}
    if label == "mse_loss_kernel":
        op.check = _warn_of_half
    chosen_types, choose = _CHOSEN.get(label, ((), None))
    if not kernels and choose is None:
        return
    others: Callable[..., None] | None = op.check if label in _FIRST else op.refuses

    def refuse(session: Any, op: Op, bound: list[Any]) -> None:
        dtype = promoted(op, bound)
        if (label in _SKIP_NUMBERS and not bound[0].shape) or (label in _SKIP_EMPTY and not holds_elements(op, bound)):
            return
        kernel = choose(bound) if choose is not None and dtype.name in chosen_types else kernels.get(dtype.name)
        if kernel is not None:
            raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)
        if others is not None:
            others(session, op, bound)

    if label in _FIRST:
        op.check = refuse
    else:
        op.refuses = refuse
