"""Attention: scaled_dot_product_attention, by ops that are recorded or, of four dims, by one kernel."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.engine.operand import Operand
from detachsim.engine.tensor import fresh
from detachsim.engine.views import requires_grad
from detachsim.ops.numeric import precise_each
from detachsim.ops.row import composite, general
from detachsim.ops.softmax import softmax


@precise_each
def safe_softmax(self: Array, dim: int) -> Array:
    """softmax, but 0 where everything is masked."""
    hidden = np.isneginf(self).all(axis=dim, keepdims=True) if self.size else np.zeros_like(self, bool)
    return np.where(hidden, self.dtype.type(0), softmax(np.where(hidden, 0, self), dim))


def _causal(rows: int, columns: int) -> Array:
    return np.tril(np.ones((rows, columns), bool))


def attention(query: Array, key: Array, value: Array, mask: Array | None, is_causal: bool, scale: float) -> Array:
    return (_weights(query, key, mask, is_causal, scale) @ value.astype(np.float64)).astype(query.dtype)


def _weights(query: Array, key: Array, mask: Array | None, is_causal: bool, scale: float) -> Array:
    scores = query.astype(np.float64) @ key.astype(np.float64).swapaxes(-1, -2) * scale
    if is_causal:
        scores = np.where(_causal(*scores.shape[-2:]), scores, -np.inf)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == np.bool_ else scores + mask
    return np.asarray(safe_softmax(scores, -1))


def attention_gradients(
    grad_output: Array,
    query: Array,
    key: Array,
    value: Array,
    output: Array,
    mask: Array | None,
    is_causal: bool,
    scale: float,
) -> tuple[Array, Array, Array]:
    weights = _weights(query, key, mask, is_causal, scale)
    wide = grad_output.astype(np.float64)
    to_weights = wide @ value.astype(np.float64).swapaxes(-1, -2)
    to_scores = weights * (to_weights - (weights * to_weights).sum(axis=-1, keepdims=True)) * scale
    made = (
        to_scores @ key.astype(np.float64),
        to_scores.swapaxes(-1, -2) @ query.astype(np.float64),
        weights.swapaxes(-1, -2) @ wide,
    )
    first, second, third = (part.astype(query.dtype) for part in made)
    return first, second, third


def attention_backward(
    ops: Any,
    grad: Any,
    query: Any,
    key: Any,
    value: Any,
    result: Any,
    mask: Any,
    is_causal: bool,
    scale: float,
    needs: Sequence[bool],
) -> Any:
    """The three gradients together."""
    return ops.attention_gradients(grad, query, key, value, result, mask, is_causal, scale)


def scaled_dot_product_attention(
    ops: Any,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """softmax(query @ key.T * scale) @ value."""
    parts = {"query": query, "key": key, "value": value}
    if len({part.tensor.dtype for part in parts.values()}) > 1:
        raise TorchError("attention_dtypes", **{name: part.tensor.dtype.cpp for name, part in parts.items()})
    if any(part.ndim < 2 for part in parts.values()):
        raise TorchError("attention_dims", **{name: part.ndim for name, part in parts.items()})
    size = query.shape[-1]
    factor = scale if scale is not None else 1 / math.sqrt(size) if size else math.inf
    if _has_kernel(query, key, value, attn_mask, dropout_p, is_causal):
        return ops.flash_attention(query, key, value, attn_mask, is_causal, factor)
    if is_causal and attn_mask is not None:
        raise TorchError("attention_causal")
    if is_causal:
        allowed = _causal(query.shape[-2], key.shape[-2])
        attn_mask = Operand(query.session, fresh(allowed, dtypes.boolean))
    if attn_mask is not None and attn_mask.tensor.dtype is dtypes.boolean:
        bias = np.where(attn_mask.tensor.array, 0.0, -np.inf).astype(query.dtype)
        attn_mask = Operand(query.session, fresh(bias, query.tensor.dtype))
    dtype = query.tensor.dtype
    if dtype.is_reduced:
        query, key, value = (ops.to(part, dtypes.float32) for part in (query, key, value))
        attn_mask = None if attn_mask is None else ops.to(attn_mask, dtypes.float32)
    # The square root on both sides, so that no product grows too large.
    root = math.sqrt(factor)
    scores = ops.matmul(query * root, ops.transpose(key, -2, -1) * root)
    if attn_mask is not None:
        scores = ops.add(scores, attn_mask)
    weights = ops._safe_softmax(scores, -1)
    if dropout_p > 0:
        weights = ops.dropout(weights, dropout_p, True)
    return ops.to(ops.matmul(weights, value), dtype)


def _has_kernel(query: Any, key: Any, value: Any, mask: Any, dropout_p: float, is_causal: bool) -> bool:
    """Whether PyTorch has one kernel for it all: four dims of the same sizes, no dropout, no gradient of the mask."""
    if not query.ndim == key.ndim == value.ndim == 4 or dropout_p > 0:
        return False
    if not query.tensor.dtype.is_floating or (mask is not None and (is_causal or requires_grad(mask.tensor))):
        return False
    shapes = [part.shape for part in (query, key, value)]
    same = all(shape[:2] == shapes[0][:2] and shape[-1] == shapes[0][-1] for shape in shapes)
    whole = all(0 not in shape for shape in shapes) and shapes[1] == shapes[2]
    return same and whole and (mask is None or mask.ndim in (2, 4))


HELPERS = {"attention_backward": attention_backward}

_OPTIONS = "Tensor? mask, bool is_causal, float scale"

ROWS: list[Op] = [
    composite(
        "scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, "
        "float dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False)",
        scaled_dot_product_attention,
        where="F",
        older={"torch-1.13": {"where": ""}},
        doc="softmax(query @ key.T * scale) @ value",
        samples=(
            "F.scaled_dot_product_attention(a, b, c)",
            "F.scaled_dot_product_attention(a, b, c, is_causal=True)",
            "F.scaled_dot_product_attention(a.reshape(1, 1, -1, 1), b.reshape(1, 1, -1, 1), c.reshape(1, 1, -1, 1))",
        ),
    ),
    general(
        "_safe_softmax(Tensor self, int dim)",
        "SafeSoftmaxBackward0",
        safe_softmax,
        where="",
        grad={"self": "softmax_backward(grad, result, dim)"},
        doc="softmax, but 0 where everything is masked",
    ),
    general(
        f"flash_attention(Tensor query, Tensor key, Tensor value, {_OPTIONS})",
        "ScaledDotProductFlashAttentionForCpuBackward0",
        attention,
        where="",
        grad={
            "query, key, value": "attention_backward(grad, query, key, value, result, mask, is_causal, scale, needs)"
        },
        doc="attention in one kernel",
    ),
    general(
        f"attention_gradients(Tensor grad_output, Tensor query, Tensor key, Tensor value, Tensor output, {_OPTIONS})",
        "torch::autograd::NotImplemented",
        attention_gradients,
        where="",
        bare_edges=True,
        grad={
            "grad_output, query, key, value, output": "not_implemented("
            "'_scaled_dot_product_flash_attention_for_cpu_backward')"
        },
        differentiable_outputs=3,
        doc="the gradients of attention in one kernel; PyTorch has none of its own for them",
    ),
]
