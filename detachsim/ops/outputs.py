"""What each op does with ``out=``: what refuses a graph, which types fit, what is said of others.

Measured on 2.13.0, on every sample of the table. See Note [out=] in ``engine.outputs``.
"""

from dataclasses import replace

from detachsim.engine.dialects import NEWEST
from detachsim.engine.memory import Overlap
from detachsim.engine.op import COMPOSITE, FACTORY, POINTWISE, Op
from detachsim.engine.outputs import (
    ANY,
    CASTABLE,
    COPIED,
    DEFAULT_RULE,
    FLOATS,
    NO_HISTORY,
    POINTWISE_RULE,
    STRICT,
    UNSEEN,
    OutRule,
)

# The ops that are others inside, by what those are called in the refusal.
_NAMES = """
    absolute abs, arccos acos, arccosh acosh, arcsin asin, arcsinh asinh, arctan atan, arctanh atanh, arctan2 atan2,
    chain_matmul mm, clip clamp, column_stack cat, concat cat, concatenate cat, cross linalg_cross, det _linalg_det,
    diff sub, divide div, dstack cat, fix trunc, float_power pow, ger mul, hstack cat, inverse linalg_inv_ex, kron mul,
    linalg_cholesky linalg_cholesky_ex, linalg_det _linalg_det, linalg_eigh _linalg_eigh,
    linalg_eigvalsh _linalg_eigh, linalg_inv linalg_inv_ex, linalg_matmul matmul, linalg_matrix_power matmul,
    linalg_multi_dot mm, linalg_slogdet _linalg_slogdet, linalg_solve _linalg_solve_ex,
    linalg_solve_ex _linalg_solve_ex, linalg_svd _linalg_svd,
    linalg_svdvals _linalg_svd, linalg_vecdot sum, linalg_lu_factor linalg_lu_factor_ex,
    lu_solve linalg_lu_solve,
    logsigmoid log_sigmoid_forward, matrix_power matmul, max_other maximum, min_other minimum,
    multiply mul, nanmean nansum, negative neg, norm linalg_vector_norm, norm_dim linalg_vector_norm,
    norm_dim_dtype linalg_vector_norm, normalize div, outer mul, pinverse linalg_pinv, row_stack cat,
    slogdet _linalg_slogdet, special_digamma digamma, special_erf erf, special_erfc erfc, special_erfinv erfinv,
    special_exp2 exp2, special_expit sigmoid, special_expm1 expm1, special_gammaln lgamma, special_i0 i0,
    special_log1p log1p, special_logit logit, special_logsumexp logsumexp, special_multigammaln mvlgamma,
    special_polygamma polygamma, special_psi digamma, special_round round, special_sinc sinc, special_xlogy xlogy,
    square pow, diag diag_embed, subtract sub, svd _linalg_svd, take_along_dim gather, true_divide div, vstack cat,
    trapz trapezoid
"""
# What PyTorch copies at the end of what it computed with a graph, and what it computes behind autograd's back.
_COPIED = """
    inner linalg_cond linalg_matrix_norm linalg_norm linalg_tensorinv linalg_tensorsolve
    nanquantile quantile special_ndtr tensordot
"""
_UNSEEN = """
    diag log_softmax softmax alias_copy detach_copy expand_copy permute_copy select_copy slice_copy squeeze_copy
    squeeze_copy_dim squeeze_copy_dims t_copy transpose_copy unfold_copy unsqueeze_copy view_copy
"""
_NO_GRADIENT = """
    all all_dim all_dims any any_dim any_dims argmax argmin bitwise_and bitwise_not bitwise_or bitwise_xor
    bitwise_left_shift bitwise_right_shift bucketize eq floor_divide gcd ge greater greater_equal gt histc isin
    isneginf isposinf lcm le less less_equal linalg_matrix_rank logical_and logical_not logical_or logical_xor lt
    multinomial ne nonzero not_equal searchsorted signbit
"""
_SUMS = frozenset({"sum_dim", "prod_dim_int", "cumsum", "cumprod", "nansum"})


def _words(text: str) -> list[str]:
    return text.split()


# Which types of ``out`` fit, where that is not usual for the kind of op, and what is said of others.
_TYPES: dict[str, OutRule] = {
    **dict.fromkeys(
        _words(
            "abs absolute bitwise_not ceil fix floor frac gelu hardshrink neg negative round sgn sign softplus "
            "softshrink trunc clamp clamp_min clamp_max lerp_Tensor"
        ),
        OutRule(text="out_found"),
    ),
    **dict.fromkeys(
        _words("cat column_stack concat concatenate dstack hstack row_stack stack vstack"),
        OutRule(fits=CASTABLE, text="out_cat", overlap=Overlap(itself=False, inputs="nothing")),
    ),
    **dict.fromkeys(_words("clamp_Tensor clamp_min_Tensor clamp_max_Tensor addr special_i1"), POINTWISE_RULE),
    **dict.fromkeys(
        _words("logical_and logical_or logical_xor logical_not logit floor_divide"),
        OutRule(fits=CASTABLE, text="inplace_cast"),
    ),
    **dict.fromkeys(("max_dim", "min_dim"), OutRule()),
    **dict.fromkeys(("max_other", "min_other"), POINTWISE_RULE),
    **dict.fromkeys(("nansum", "nanmean"), OutRule(fits=FLOATS, text="out_nansum")),
    **dict.fromkeys(("amax", "amin"), OutRule(text="out_amax")),
    **dict.fromkeys(_words("all all_dim all_dims any any_dim any_dims"), OutRule(text="out_truth", history=NO_HISTORY)),
    **dict.fromkeys(("dot", "vdot"), OutRule(text="out_dot")),
    **dict.fromkeys(("cummax", "cummin", "logcumsumexp"), OutRule(text="out_scalar_type")),
    **dict.fromkeys(("tensordot", "inner"), OutRule(text="out_tensordot")),
    **dict.fromkeys(("index_select", "masked_select"), OutRule(text="out_selected")),
    **dict.fromkeys(("quantile", "nanquantile"), OutRule(text="out_quantile")),
    **dict.fromkeys(("linalg_norm", "linalg_matrix_norm"), OutRule(text="out_norm")),
    **dict.fromkeys(
        _words("cholesky cholesky_inverse cholesky_solve linalg_tensorinv linalg_tensorsolve"),
        OutRule(fits=CASTABLE, text="out_castable"),
    ),
    **dict.fromkeys(("matrix_power", "linalg_matrix_power"), OutRule(fits=STRICT, text="out_castable")),
    **dict.fromkeys(("linalg_pinv", "linalg_cond"), OutRule(fits=CASTABLE, text="out_castable_linalg")),
    **dict.fromkeys(("max", "min"), OutRule(fits=CASTABLE, text="out_extreme")),
    **dict.fromkeys(
        _words(
            "mean_dim std_dim var_dim std_correction var_correction std var diff kron outer ger special_ndtr normalize "
            "square special_polygamma"
        ),
        OutRule(fits=CASTABLE, text="inplace_cast"),
    ),
    **dict.fromkeys(("argmax", "argmin"), OutRule(history=NO_HISTORY)),
    "logsumexp": OutRule(fits=FLOATS, text="out_floats"),
    "float_power": OutRule(text="out_float_power"),
    "linalg_solve_triangular": OutRule(text="out_triangular"),
    "logsigmoid": OutRule(text="out_triangular", resizes=""),
    "frexp": OutRule(text="out_frexp"),
    "median_dim": OutRule(text="out_median"),
    "where": OutRule(text="out_where"),
    "mean": OutRule(fits=CASTABLE, text="out_mean"),
    "kthvalue": OutRule(text="out_kthvalue"),
    "mode": OutRule(text="out_mode"),
    "linalg_vecdot": OutRule(text="out_vecdot"),
    "linalg_multi_dot": OutRule(text="out_multi_dot"),
    "histc": OutRule(text="out_histc"),
    "diag": OutRule(fits=STRICT, text="out_diag"),
    "take": OutRule(text="out_take"),
    "mvlgamma": OutRule(fits=CASTABLE, text="out_mvlgamma"),
    "nan_to_num": OutRule(text="out_nan_to_num"),
    "ldexp": OutRule(fits=CASTABLE, text="out_ldexp"),
    "signbit": OutRule(text="out_signbit", history=NO_HISTORY),
    "arange": OutRule(fits=ANY, resizes="out_arange_resized"),
    "mv": OutRule(text="out_addmv"),
    "addbmm": OutRule(text="out_addbmm", resizes=""),
    "nonzero": OutRule(text="out_nonzero", history=NO_HISTORY),
    "multinomial": OutRule(text="out_multinomial", history=NO_HISTORY),
}
# Those whose kernels look at what ``out`` shares with the inputs.
_ALONE = frozenset(_words("gather index_select take_along_dim outer ger max_dim min_dim masked_select take"))
# Those that write over themselves without a word.
_BLIND = frozenset(
    _words("""
    bmm mv tril triu histc cummax cummin median_dim mode kthvalue addbmm masked_select topk amax amin all_dim any_dim
    argmax argmin logsumexp max_dim min_dim mean_dim sum_dim prod_dim_int std_dim var_dim std_correction
    var_correction nansum
    """)
)
_EDITS = {"kron": 0, "nanmean": 2, "randn": 2}
_OLDER_EDITS = {"kron": 0, "nanmean": 2}


def _parsed(text: str) -> dict[str, str]:
    return dict(pair.split() for pair in text.split(","))


_INNER = _parsed(_NAMES)
_HISTORY = {
    **dict.fromkeys(_COPIED.split(), COPIED),
    **dict.fromkeys(_UNSEEN.split(), UNSEEN),
    **dict.fromkeys(_NO_GRADIENT.split(), NO_HISTORY),
}


def out_rule(op: Op) -> OutRule:
    """Return what an op does with ``out=``."""
    keys = (op.label, op.name)
    rule = next((_TYPES[key] for key in keys if key in _TYPES), None)
    if rule is None:
        rule = _usual(op, keys)
    if op.kind != POINTWISE and rule.overlap == DEFAULT_RULE.overlap:
        blind = any(key in _BLIND for key in keys)
        inputs = "nothing" if any(key in _ALONE for key in keys) else "anything"
        rule = replace(rule, overlap=Overlap(itself=blind, inputs=inputs))
    edits = _EDITS if op.library is None or op.library.dialect == NEWEST else _OLDER_EDITS
    for key in reversed(keys):
        rule = replace(
            rule,
            name=_INNER.get(key, rule.name),
            history=_HISTORY.get(key, rule.history),
            adopts=rule.adopts or key in _SUMS,
            edits=edits.get(key, rule.edits),
        )
    if not op.grad_fn and op.kind not in (COMPOSITE, FACTORY):
        rule = replace(rule, history=NO_HISTORY)
    return rule


def _usual(op: Op, keys: tuple[str, ...]) -> OutRule:
    """Return what ops of a kind do; those that are others inside do as those do."""
    if op.kind == POINTWISE:
        return POINTWISE_RULE
    if op.kind == FACTORY:
        return OutRule(fits=ANY, resizes="")
    assert op.library is not None
    inner = next((_INNER[key] for key in keys if key in _INNER), "")
    found = op.library.get(inner) if op.kind == COMPOSITE else None
    return out_rule(found.ops[0]) if found is not None else DEFAULT_RULE
