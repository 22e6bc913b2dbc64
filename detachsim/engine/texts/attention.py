"""The texts of attention in several heads, and of the layers made of it."""

from detachsim.engine.texts.entry import Entry


def _assertion(text: str) -> Entry:
    return "AssertionError", text, {}


TEXTS: dict[str, Entry] = {
    "heads_sizes": (
        "ValueError",
        "embed_dim and num_heads must be greater than 0, got embed_dim={width} and num_heads={heads} instead",
        {},
    ),
    "heads_divide": _assertion("embed_dim must be divisible by num_heads"),
    "heads_query": _assertion(
        "query should be unbatched 2D or batched 3D tensor but received {ndim}-D query tensor",
    ),
    "heads_dims": _assertion(
        "For {kind} ({ndim}-D) `query`, expected `key` and `value` to be {ndim}-D but found {key}-D and {value}-D tensors "
        "respectively",
    ),
    "heads_mask_dims": _assertion(
        "For {kind} ({ndim}-D) `query`, expected `{mask}` to be `None`{wanted} but found {found}-D tensor instead",
    ),
    "heads_mask_shape": _assertion("Expected `attn_mask` shape to be {expected} but got torch.Size({found})"),
    "heads_mask_type": _assertion("only bool and floating types of {mask} are supported"),
    "heads_mask_type_old": _assertion("Only float, byte, and bool types are supported for attn_mask, not {dtype}"),
    "heads_mask_byte": (
        "UserWarning",
        "Byte tensor for attn_mask in nn.MultiheadAttention is deprecated. Use bool tensor instead.",
        {},
    ),
    "heads_masks_differ": (
        "UserWarning",
        "Support for mismatched {mask} and {other} is deprecated. Use same type for both instead.",
        {},
    ),
    "transformer_activation": ("RuntimeError", "activation should be relu/gelu, not {activation}", {}),
    "transformer_batch": ("RuntimeError", "the batch number of src and tgt must be equal", {}),
    "transformer_width": ("RuntimeError", "the feature number of src and tgt must be equal to d_model", {}),
    **{
        f"transformer_whole_{key}": (
            "UserWarning",
            f"enable_nested_tensor is True, but self.use_nested_tensor is False because encoder_layer{reason}",
            {},
        )
        for key, reason in {
            "class": " was not TransformerEncoderLayer",
            "norm_first": ".norm_first was True",
            "attention": ".self_attn.batch_first was not True",
            "batch_first": ".self_attn.batch_first was not True(use batch_first for better inference performance)",
            "bias": ".self_attn was passed bias=False",
            "activation": ".activation_relu_or_gelu was not True",
            "num_heads": ".self_attn.num_heads is odd",
        }.items()
    },
    "heads_causal": (
        "RuntimeError",
        "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
        "`generate_square_subsequent_mask` to create this mask.",
        {},
    ),
    "heads_width": _assertion("was expecting embedding dimension of {expected}, but got {found}"),
    "heads_key": _assertion("key shape torch.Size({key}) does not match value shape torch.Size({value})"),
    "heads_key_batch": _assertion(
        "key's sequence and batch dims torch.Size({key}) do not match value's torch.Size({value})",
    ),
    "heads_weight": _assertion("expecting {name} weights shape of {expected}, but got torch.Size({found})"),
    "heads_mask_2d": (
        "RuntimeError",
        "The shape of the 2D attn_mask is torch.Size({found}), but should be {expected}.",
        {},
    ),
    "heads_mask_3d": (
        "RuntimeError",
        "The shape of the 3D attn_mask is torch.Size({found}), but should be {expected}.",
        {},
    ),
    "heads_padding": _assertion("Expected key_padded_mask.shape[{dim}] to be {expected}, but got {found}"),
    "heads_padding_old": _assertion("expecting key_padding_mask shape of {expected}, but got torch.Size({found})"),
}
