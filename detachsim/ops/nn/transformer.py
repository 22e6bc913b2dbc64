"""The layers of transformers: attention, then two linear layers, each with a residual path and a normalization."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from detachsim.ops.collections import items_of
from detachsim.ops.nn import init
from detachsim.ops.nn.attention import MultiheadAttention
from detachsim.ops.nn.base import Module, as_tensor, build, call_module, dims_of, options
from detachsim.ops.nn.containers import ModuleList
from detachsim.ops.nn.copying import deep_copy
from detachsim.ops.nn.dropout import Dropout
from detachsim.ops.nn.heads import canonical_mask
from detachsim.ops.nn.linear import Linear
from detachsim.ops.nn.norms import LayerNorm
from detachsim.ops.python_calls import call_given, function


def _known(module: Module, **given: Any) -> dict[str, Any]:
    """Return arguments that the dialect knows: up to 1.13, nobody said that a mask hides just what comes later."""
    old = module.session.dialect != NEWEST
    return {name: value for name, value in given.items() if not (old and name.endswith("is_causal"))}


class _Layer(Module):
    """What layers of encoders and decoders share; they differ in the attentions that they have."""

    newer = frozenset(("bias",))
    called: ClassVar[dict[str, str]] = {"__init__": "", "forward": ""}
    attentions: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        make, table = self._maker(device, dtype), self.child_table
        for name in self.attentions:
            table[name] = make(MultiheadAttention, d_model, nhead, dropout, bias, batch_first=batch_first)
        table["linear1"] = make(Linear, d_model, dim_feedforward, bias)
        table["dropout"] = build(self.session, Dropout, dropout)
        table["linear2"] = make(Linear, dim_feedforward, d_model, bias)
        self.norm_first = norm_first
        blocks = range(1, len(self.attentions) + 2)
        for number in blocks:
            table[f"norm{number}"] = make(LayerNorm, d_model, layer_norm_eps, bias=bias)
        for number in blocks:
            table[f"dropout{number}"] = build(self.session, Dropout, dropout)
        if isinstance(activation, str) and activation not in ("relu", "gelu"):
            raise TorchError("transformer_activation", activation=activation)
        self.assign("activation", activation)

    def _maker(self, device: Any, dtype: Any) -> Callable[..., Module]:
        return lambda kind, *args, **kwargs: build(self.session, kind, *args, device=device, dtype=dtype, **kwargs)

    def part(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Run one of the modules inside."""
        return call_module(self.session, self.child_table[name], *args, **kwargs)

    def attended(
        self, number: int, memory: Any, mask: Any, padding: Any, is_causal: bool | None
    ) -> Callable[[Any], Any]:
        """Return the block of one attention: the first looks at what it is given itself, the other at ``memory``."""
        given = _known(self, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal)

        def block(x: Any) -> Any:
            seen = x if number == 1 else memory
            made = self.part(self.attentions[number - 1], x, seen, seen, **given)[0]
            return self.part(f"dropout{number}", made)

        return block

    def fed(self, x: Any) -> Any:
        """Run the two linear layers, with the activation between them."""
        inner = self.part("linear1", x)
        activation = self.find("activation")
        if isinstance(activation, str):
            inner = self.functional(activation, inner)
        elif isinstance(activation, Module):
            inner = call_module(self.session, activation, inner)
        else:
            inner = call_given(activation, inner)
        made = self.part("linear2", self.part("dropout", inner))
        return self.part(f"dropout{len(self.attentions) + 1}", made)

    def through(self, x: Any, blocks: list[Callable[[Any], Any]]) -> Any:
        """Run blocks one after another, each with its residual path and its normalization, before or after it."""
        for number, block in enumerate(blocks, start=1):
            norm = f"norm{number}"
            if self.norm_first:
                x = self.session.call("add", x, block(self.part(norm, x)))
            else:
                x = self.part(norm, self.session.call("add", x, block(x)))
        return x

    def activation_name(self) -> str:
        """Return ``relu`` or ``gelu``, by whatever it was given; empty for other activations."""
        activation = self.find("activation")
        name = activation if isinstance(activation, str) else getattr(activation, "name", type(activation).__name__)
        return name.lower() if name.lower() in ("relu", "gelu") else ""


def _part_reader(name: str) -> Callable[..., Any]:
    return lambda session, module: module.child_table[name]


def _parts(*names: str) -> dict[str, Callable[..., Any]]:
    return {name: _part_reader(name) for name in names}


_SHARED = _parts("self_attn", "linear1", "dropout", "linear2", "norm1", "norm2", "dropout1", "dropout2")


class TransformerEncoderLayer(_Layer):
    """Self attention, then two linear layers."""

    attentions = ("self_attn",)
    newer_arguments = ("is_causal",)

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """Run the layer."""
        session = self.session
        if session.dialect == NEWEST:
            names = "src_key_padding_mask", "src_mask"
            padding = canonical_mask(session, names[0], src_key_padding_mask, src.dtype, src_mask, names[1])
            src_key_padding_mask, src_mask = padding, canonical_mask(session, names[1], src_mask, src.dtype)
        by_kernel = dims_of(src) == 3 and self.has_kernel(src, src_mask)
        attention = self.attended(1, None, src_mask, src_key_padding_mask, is_causal)
        made = self.through(src, [attention, self.fed])
        # PyTorch has one kernel for it all, which gives new memory.
        return session.call("clone", session.call("contiguous", made)) if by_kernel else made

    def has_kernel(self, src: Tensor, mask: Any) -> bool:
        """Whether PyTorch has one kernel for it all: out of training, without gradients and without hooks."""
        attention, one, other = (self.child_table[name] for name in ("self_attn", "norm1", "norm2"))
        if not (
            isinstance(attention, MultiheadAttention) and isinstance(one, LayerNorm) and isinstance(other, LayerNorm)
        ):
            return False
        plain = not self.training and attention.batch_first and not attention.num_heads % 2
        plain = plain and attention.parameter_table["in_proj_bias"] is not None and one.eps == other.eps
        hooked = any(module.hooks.before or module.hooks.after for _, module in self.walk())
        recorded = self.session.grad_enabled and any(map(requires_grad, (src, *self.all_parameters())))
        old = self.session.dialect != NEWEST and mask is not None
        return bool(plain and self.activation_name() and not hooked and not recorded and not old)

    ATTRIBUTES: ClassVar[dict[str, Any]] = {**options("norm_first"), **_SHARED}


class TransformerDecoderLayer(_Layer):
    """Self attention, attention to what the encoder gave, then two linear layers."""

    attentions = ("self_attn", "multihead_attn")
    newer_arguments = ("tgt_is_causal", "memory_is_causal")

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool | None = None,
    ) -> Any:
        """Run the layer."""
        own = self.attended(1, None, tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        other = self.attended(2, memory, memory_mask, memory_key_padding_mask, memory_is_causal)
        return self.through(tgt, [own, other, self.fed])

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("norm_first"),
        **_SHARED,
        **_parts("multihead_attn", "norm3", "dropout3"),
    }


class _Stack(Module):
    """Copies of one layer, one after another, and perhaps a normalization."""

    called: ClassVar[dict[str, str]] = {"__init__": "", "forward": ""}

    def stack(self, layer: Any, num_layers: int, norm: Any) -> None:
        """Take copies of a layer in."""
        layers = [deep_copy(layer) if isinstance(layer, Module) else layer for _ in range(num_layers)]
        self.child_table["layers"] = build(self.session, ModuleList, layers)
        self.num_layers = num_layers
        self.assign("norm", norm)

    def layers(self) -> list[Any]:
        """Return the layers."""
        return items_of(self.child_table["layers"]) or []

    def first(self) -> Any:
        """Return the first layer, whose attention PyTorch looks at."""
        layers = self.layers()
        if not layers:
            raise TorchError("python", type="IndexError", text="index 0 is out of range")
        return layers[0]

    def finished(self, made: Any) -> Any:
        """Return the last layer's result, normalized if there is a normalization."""
        norm = self.child_table.get("norm")
        return made if norm is None else call_module(self.session, norm, made)

    def causal(self, mask: Any, is_causal: bool | None, given: Any) -> bool:
        """Whether a mask hides just what comes later, as it is said to, or as its numbers show."""
        if self.session.dialect != NEWEST:
            return False
        attention = self.first().held("self_attn")
        if is_causal is not None or mask is None:
            return bool(is_causal)
        dim = 1 if given.array.ndim == 3 and getattr(attention, "batch_first", False) else 0
        size = given.shape[dim]
        later = np.triu(np.full((size, size), -np.inf), 1)
        return mask.shape == later.shape and bool((mask.array == later).all())

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_layers"),
        **_parts("layers"),
        "norm": lambda session, module: module.child_table.get("norm"),
    }


class TransformerEncoder(_Stack):
    """Encoder layers, one after another."""

    newer_arguments = ("is_causal",)

    def __init__(
        self,
        encoder_layer: Any,
        num_layers: int,
        norm: Any = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.stack(encoder_layer, num_layers, norm)
        reason = self._why_whole(encoder_layer) if self.session.dialect == NEWEST else ""
        if enable_nested_tensor and reason:
            self.session.warn(f"transformer_whole_{reason}")
        self.nested = enable_nested_tensor and not reason

    def _why_whole(self, layer: Any) -> str:
        """Return what keeps PyTorch from leaving out the padding of this layer's input, empty where nothing does."""
        if not isinstance(layer, TransformerEncoderLayer):
            return "class"
        attention = layer.child_table["self_attn"]
        if layer.norm_first:
            return "norm_first"
        if not isinstance(attention, MultiheadAttention):
            return "attention"
        if not attention.batch_first:
            return "batch_first"
        if attention.parameter_table["in_proj_bias"] is None:
            return "bias"
        if not layer.activation_name():
            return "activation"
        return "num_heads" if attention.num_heads % 2 else ""

    def forward(self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: Any = None) -> Any:
        """Run the layers."""
        session = self.session
        names = "src_key_padding_mask", "mask"
        padding = src_key_padding_mask
        if session.dialect == NEWEST:
            padding = canonical_mask(session, names[0], padding, src.dtype, mask, names[1])
            mask = canonical_mask(session, names[1], mask, src.dtype)
        first, causal = self.first(), self.causal(mask, is_causal, src)
        given = _known(self, src_mask=mask, src_key_padding_mask=padding, is_causal=causal)
        made = src
        for layer in self.layers():
            made = call_module(session, layer, made, **given)
        if self.nested and padding is not None and mask is None and first.has_kernel(src, None):
            # What is padding is left out by PyTorch, if it comes last, and comes back as zeros.
            hidden = src_key_padding_mask.array.astype(bool)
            if (np.diff(hidden.astype(int)) >= 0).all():
                made.array[hidden] = 0
        return self.finished(made)


class TransformerDecoder(_Stack):
    """Decoder layers, one after another."""

    newer_arguments = ("tgt_is_causal", "memory_is_causal")

    def __init__(self, decoder_layer: Any, num_layers: int, norm: Any = None) -> None:
        super().__init__()
        self.stack(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: Any = None,
        memory_is_causal: bool | None = None,
    ) -> Any:
        """Run the layers."""
        given = _known(
            self,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=self.causal(tgt_mask, tgt_is_causal, tgt),
            memory_is_causal=memory_is_causal,
        )
        made = tgt
        for layer in self.layers():
            made = call_module(self.session, layer, made, memory, **given)
        return self.finished(made)


class Transformer(Module):
    """An encoder, and a decoder that looks at what it gives."""

    newer = frozenset(("bias",))
    newer_arguments = ("src_is_causal", "tgt_is_causal", "memory_is_causal")
    called: ClassVar[dict[str, str]] = {"__init__": "", "forward": ""}

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first)
        kinds = {"bias": bias, "device": device, "dtype": dtype}

        def stack(kind: Any, layer: Any, count: int) -> Any:
            one = build(self.session, layer, *options, **kinds)
            return build(
                self.session, kind, one, count, build(self.session, LayerNorm, d_model, layer_norm_eps, **kinds)
            )

        encoder = custom_encoder or stack(TransformerEncoder, TransformerEncoderLayer, num_encoder_layers)
        self.assign("encoder", encoder)
        decoder = custom_decoder or stack(TransformerDecoder, TransformerDecoderLayer, num_decoder_layers)
        self.assign("decoder", decoder)
        with self.session.unrecorded():
            for tensor in self.all_parameters():
                if tensor.array.ndim > 1:
                    init.xavier_uniform(self.session, tensor)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: Any = None,
        tgt_is_causal: Any = None,
        memory_is_causal: Any = None,
    ) -> Any:
        """Run encoder and decoder."""
        dim = 0 if self.batch_first else 1
        if dims_of(src) == 3 and src.shape[dim] != as_tensor(tgt, "size").shape[dim]:
            raise TorchError("transformer_batch")
        if src.shape[-1] != self.d_model or as_tensor(tgt, "size").shape[-1] != self.d_model:
            raise TorchError("transformer_width")
        encoder, decoder = (self.held(name) for name in ("encoder", "decoder"))
        given = _known(self, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        memory = call_module(self.session, encoder, src, **given)
        given = _known(
            self,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
        return call_module(self.session, decoder, tgt, memory, **given)

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("d_model", "nhead", "batch_first"),
        "encoder": lambda session, module: module.held("encoder"),
        "decoder": lambda session, module: module.held("decoder"),
    }


def square_mask(session: Session, sz: int, device: Any = None, dtype: Any = None) -> Any:
    """Return what is added to scores so that no place sees what comes later."""
    if dtype is not None and session.dialect != NEWEST:
        text = f"{square_mask.__qualname__}() got an unexpected keyword argument 'dtype'"
        raise TorchError("python", type="TypeError", text=text)
    return session.call("triu", session.call("full", (sz, sz), -math.inf, dtype=dtype), 1)


square_mask.__qualname__ = "Transformer.generate_square_subsequent_mask"

# What the classes themselves can be asked for, by class.
CLASS_METHODS = {"Transformer": {"generate_square_subsequent_mask": function(square_mask)}}

CLASSES: tuple[type[Module], ...] = (
    TransformerEncoderLayer,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerDecoder,
    Transformer,
)
