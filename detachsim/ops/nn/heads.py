"""What attention in several heads does with its inputs: projections, heads side by side as one batch, masks, weights.

The order of the ops is PyTorch's, since it shows in ``grad_fn``. Inputs have the batch in their second dim.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.ops.nn.attention import MultiheadAttention

_PADDING, _MASK = "key_padding_mask", "attn_mask"


def canonical_mask(
    session: Session, name: str, mask: Any, dtype: DType, other: Any = None, other_name: str = _MASK
) -> Any:
    """Return a mask as numbers that are added to the scores: minus infinity where it hides a key.

    It warns where ``other``, which goes with it, is of another type.
    """
    if mask is None:
        return None
    if mask.dtype is not dtypes.boolean and not mask.dtype.is_floating:
        raise TorchError("heads_mask_type", mask=name)
    if other is not None and mask.dtype is not other.dtype:
        session.warn("heads_masks_differ", mask=name, other=other_name)
    if mask.dtype.is_floating:
        return mask
    return session.call("masked_fill_", session.call("zeros_like", mask, dtype=dtype), mask, -math.inf)


def attend(
    module: "MultiheadAttention",
    query: Any,
    key: Any,
    value: Any,
    padding: Any,
    mask: Any,
    need_weights: bool,
    average: bool,
    is_causal: bool,
) -> tuple[Any, Any]:
    """Return what the heads give together, and their weights if they are wanted."""
    session, heads = module.session, module.num_heads
    call, new = session.call, module.session.dialect == NEWEST
    _check_dims(query, key, value, padding, mask, heads)
    batched = query.array.ndim == 3
    if not batched:
        # What is one tensor becomes several here, and is projected as such.
        query, key, value = (call("unsqueeze", each, 1) for each in (query, key, value))
        padding = None if padding is None else call("unsqueeze", padding, 0)
    targets, batch, width = query.shape
    if new:
        padding, mask, is_causal = _whole_masks(session, query, padding, mask, need_weights, is_causal)
    elif padding is not None and not (padding.dtype.is_floating or padding.dtype is dtypes.boolean):
        raise TorchError("heads_mask_type", mask=_PADDING)
    _check_widths(module, query, key, value)
    parts = [*_projected(module, query, key, value)]
    mask = _fitting(session, mask, (targets, key.shape[0]), batch * heads)
    if module.held("bias_k") is not None:
        for place, name in ((1, "bias_k"), (2, "bias_v")):
            parts[place] = call("cat", [parts[place], call("repeat", module.held(name), (1, batch, 1))])
        mask, padding = _longer(session, mask), _longer(session, padding)
    # Heads lie beside the batch: (batch * heads, length, width of a head).
    size = width // heads
    folded = []
    for part in parts:
        whole = part if new else call("contiguous", part)
        folded.append(call("transpose", call("view", whole, (part.shape[0], batch * heads, size)), 0, 1))
    if module.add_zero_attn:
        for place in (1, 2):
            nothing = call("zeros", (batch * heads, 1, size), dtype=folded[place].dtype)
            folded[place] = call("cat", [folded[place], nothing], 1)
        mask, padding = _longer(session, mask), _longer(session, padding)
    mask = _merged(session, mask, padding, (batch, heads, folded[1].shape[1]), folded[0].dtype)
    dropout = module.dropout if module.training else 0.0
    sizes = (batch, heads, targets, folded[1].shape[1])
    weights = None
    if need_weights or not new:
        made, weights = _weighed(session, folded, mask, dropout)
        made = call("transpose", made, 0, 1)
        flat = (targets * batch, width)
        made = call("reshape", made, flat) if new else call("view", call("contiguous", made), flat)
    else:
        made = _at_once(session, folded, mask, dropout, is_causal, sizes)
    output = module.output.parameter_table
    made = call("linear", made, output["weight"], output["bias"])
    made = call("view", made, (targets, batch, made.shape[1]))
    if not need_weights:
        return made if batched else call("squeeze", made, 1), None
    weights = call("view", weights, sizes)
    if average:
        weights = call("mean", weights, 1) if new else call("div", call("sum", weights, 1), heads)
    if batched:
        return made, weights
    return call("squeeze", made, 1), call("squeeze", weights, 0)


# Masks


def _whole_masks(
    session: Session, query: Tensor, padding: Any, mask: Any, need_weights: bool, is_causal: bool
) -> tuple[Any, Any, bool]:
    """Return both masks as numbers, and whether the second one is left to the kernel, which knows it by its name."""
    padding = canonical_mask(session, _PADDING, padding, query.dtype, mask)
    if is_causal and mask is None:
        raise TorchError("heads_causal")
    if is_causal and padding is None and not need_weights:
        return padding, None, True
    return padding, canonical_mask(session, _MASK, mask, query.dtype), is_causal and padding is None


def _fitting(session: Session, mask: Any, sizes: tuple[int, int], heads: int) -> Any:
    """Return a mask with a dim for the heads; refuses one that fits neither all of them nor each."""
    if mask is None:
        return None
    if session.dialect != NEWEST:
        if mask.dtype is dtypes.uint8:
            session.warn("heads_mask_byte")
            mask = session.call("to", mask, dtypes.boolean)
        elif not mask.dtype.is_floating and mask.dtype is not dtypes.boolean:
            raise TorchError("heads_mask_type_old", dtype=mask.dtype)
    if mask.array.ndim == 2:
        if mask.shape != sizes:
            raise TorchError("heads_mask_2d", found=list(mask.shape), expected=sizes)
        return session.call("unsqueeze", mask, 0)
    if mask.shape != (heads, *sizes):
        raise TorchError("heads_mask_3d", found=list(mask.shape), expected=(heads, *sizes))
    return mask


def _longer(session: Session, mask: Any) -> Any:
    """Return a mask with a place for one more key, which it shows."""
    return None if mask is None else session.call("pad", mask, (0, 1))


def _merged(session: Session, mask: Any, padding: Any, sizes: tuple[int, int, int], dtype: DType) -> Any:
    """Return both masks as one that is added to the scores."""
    call = session.call
    batch, heads, keys = sizes
    new = session.dialect == NEWEST
    if padding is not None:
        if not new and padding.shape != (batch, keys):
            raise TorchError("heads_padding_old", expected=(batch, keys), found=list(padding.shape))
        for dim, expected in enumerate((batch, keys)):
            if padding.shape[dim] != expected:
                raise TorchError("heads_padding", dim=dim, expected=expected, found=padding.shape[dim])
        spread = call("expand", call("view", padding, (batch, 1, 1, keys)), (-1, heads, -1, -1))
        padding = call("reshape", spread, (batch * heads, 1, keys))
        if mask is None:
            mask = padding
        elif new:
            mask = call("add", mask, padding)
        elif mask.dtype is dtypes.boolean:
            mask = call("logical_or", mask, padding)
        else:
            mask = call("masked_fill", mask, padding, -math.inf)
    if mask is not None and mask.dtype is dtypes.boolean:
        return call("masked_fill_", call("zeros_like", mask, dtype=dtype), mask, -math.inf)
    return mask


# Projections


def _projected(module: "MultiheadAttention", query: Any, key: Any, value: Any) -> Sequence[Any]:
    """Return query, key and value projected; what is one tensor is projected at once."""
    session = module.session
    call, width = session.call, query.shape[-1]
    weight, bias = module.held("in_proj_weight"), module.held("in_proj_bias")
    if not module.packed:
        names = ("query", "key", "value")
        weights = [module.held(f"{name[0]}_proj_weight") for name in names]
        for name, given, matrix in zip(names, (query, key, value), weights, strict=True):
            expected = (width, given.shape[-1])
            if matrix is not None and matrix.shape != expected:
                raise TorchError("heads_weight", name=name, expected=expected, found=list(matrix.shape))
    elif key is not value:
        weights = call("chunk", weight, 3)
    elif query is key:
        return _pieces(session, call("linear", query, weight, bias), 3, width)
    else:
        first, rest = call("split", weight, [width, 2 * width])
        one, two = (None, None) if bias is None else call("split", bias, [width, 2 * width])
        made = call("linear", query, first, one)
        return made, *_pieces(session, call("linear", key, rest, two), 2, width)
    biases = [None] * 3 if bias is None else call("chunk", bias, 3)
    return [call("linear", *three) for three in zip((query, key, value), weights, biases, strict=True)]


def _pieces(session: Session, projected: Any, count: int, width: int) -> Sequence[Any]:
    """Return the parts of what was projected at once; since 2.0 each in memory of its own."""
    call = session.call
    if session.dialect != NEWEST:
        parts: Sequence[Any] = call("chunk", projected, count, -1)
        return parts
    apart = call("unsqueeze", call("unflatten", projected, -1, (count, width)), 0)
    stacked = call("contiguous", call("squeeze", call("transpose", apart, 0, -2), -2))
    return [call("getitem", stacked, place) for place in range(count)]


# Scores


def _weighed(session: Session, folded: Sequence[Any], mask: Any, dropout: float) -> tuple[Any, Any]:
    """Return the values weighed by how well query and key agree, and the weights."""
    call, (query, key, value) = session.call, folded
    size = query.shape[-1]
    if session.dialect == NEWEST:
        query = call("mul", query, math.sqrt(1.0 / size))
    else:
        query = call("div", query, math.sqrt(size))
    turned = call("transpose", key, -2, -1)
    scores = call("bmm", query, turned) if mask is None else call("baddbmm", mask, query, turned)
    weights = call("softmax", scores, -1)
    if dropout > 0.0:
        weights = call("dropout", weights, dropout, True)
    return call("bmm", weights, value), weights


def _at_once(
    session: Session, folded: Sequence[Any], mask: Any, dropout: float, is_causal: bool, sizes: tuple[int, ...]
) -> Any:
    """Return the values weighed by the function that does not tell its weights, with heads side by side again."""
    call = session.call
    batch, heads, targets, keys = sizes
    if mask is not None:
        whole = mask.shape[0] == 1 and mask.array.ndim == 3
        mask = call("unsqueeze", mask, 0) if whole else call("view", mask, (batch, heads, -1, keys))
    size = folded[0].shape[-1]
    query = call("view", folded[0], (batch, heads, targets, size))
    key, value = (call("view", part, (batch, heads, keys, size)) for part in folded[1:])
    made = call("scaled_dot_product_attention", query, key, value, mask, dropout, is_causal)
    return call("reshape", call("permute", made, (2, 0, 1, 3)), (batch * targets, heads * size))


# What is refused


def _check_dims(query: Any, key: Any, value: Any, padding: Any, mask: Any, heads: int) -> None:
    ndim = query.array.ndim
    if ndim not in (2, 3):
        raise TorchError("heads_query", ndim=ndim)
    kind = {"kind": "batched" if ndim == 3 else "unbatched", "ndim": ndim}
    if key.array.ndim != ndim or value.array.ndim != ndim:
        raise TorchError("heads_dims", **kind, key=key.array.ndim, value=value.array.ndim)
    for name, given, allowed in ((_PADDING, padding, (ndim - 1,)), (_MASK, mask, (2, 3))):
        if given is not None and given.array.ndim not in allowed:
            wanted = f" or {ndim - 1}-D" if name == _PADDING else ", 2-D or 3-D"
            raise TorchError("heads_mask_dims", **kind, mask=name, wanted=wanted, found=given.array.ndim)
    expected = (heads, query.shape[0], key.shape[0])
    if ndim == 2 and mask is not None and mask.array.ndim == 3 and mask.shape != expected:
        raise TorchError("heads_mask_shape", expected=expected, found=list(mask.shape))


def _check_widths(module: "MultiheadAttention", query: Any, key: Any, value: Any) -> None:
    if query.shape[-1] != module.embed_dim:
        raise TorchError("heads_width", expected=module.embed_dim, found=query.shape[-1])
    one, other = key.shape, value.shape
    if module.packed and one != other:
        raise TorchError("heads_key", key=list(one), value=list(other))
    if one[:2] != other[:2]:
        raise TorchError("heads_key_batch", key=list(one[:2]), value=list(other[:2]))
