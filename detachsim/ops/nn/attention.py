"""Attention in several heads: MultiheadAttention, as PyTorch writes it in Python, by ops that are recorded."""

from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from detachsim.ops.collections import type_name
from detachsim.ops.nn import init
from detachsim.ops.nn.base import Module, as_tensor, build, dims_of, options, tensors
from detachsim.ops.nn.heads import attend, canonical_mask
from detachsim.ops.nn.linear import Linear


class NonDynamicallyQuantizableLinear(Linear):
    """A linear layer, under the name that it has inside of attention."""


class MultiheadAttention(Module):
    """Each head attends with its part of query, key and value; what they give is put together."""

    called: ClassVar[dict[str, str]] = {"forward": ""}

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if self.session.dialect == NEWEST and (embed_dim <= 0 or num_heads <= 0):
            raise TorchError("heads_sizes", width=embed_dim, heads=num_heads)
        super().__init__()
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        if self.head_dim * num_heads != embed_dim:
            raise TorchError("heads_divide")
        widths = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        self.packed = self.kdim == self.vdim == embed_dim
        table = self.parameter_table
        for name, width in widths.items():
            table[name] = None if self.packed else self.empty((embed_dim, width), device, dtype)
        table["in_proj_weight"] = self.empty((3 * embed_dim, embed_dim), device, dtype) if self.packed else None
        table["in_proj_bias"] = self.empty(3 * embed_dim, device, dtype) if bias else None
        kind = NonDynamicallyQuantizableLinear
        self.child_table["out_proj"] = build(self.session, kind, embed_dim, embed_dim, bias, device, dtype)
        for name in ("bias_k", "bias_v"):
            table[name] = self.empty((1, 1, embed_dim), device, dtype) if add_bias_kv else None
        self.fill_new()

    @property
    def output(self) -> Module:
        """The layer through which all heads' results go; of it only the parameters are used."""
        found = self.child_table["out_proj"]
        if not isinstance(found, Linear):
            text = f"'{type_name(found)}' object has no attribute 'weight'"
            raise TorchError("python", type="AttributeError", text=text)
        return found

    def reset_parameters(self) -> None:
        """Fill with random numbers, the biases of the projections with zeros."""
        session, table = self.session, self.parameter_table
        for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_weight"):
            if table[name] is not None:
                init.xavier_uniform(session, table[name])
        for bias in (table["in_proj_bias"], self.output.parameter_table["bias"]):
            if bias is not None:
                init.constant(session, bias, 0.0)
        for name in ("bias_k", "bias_v"):
            if table[name] is not None:
                init.xavier_normal(session, table[name])

    newer_arguments = ("is_causal",)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool | None = None,
    ) -> Any:
        """Attend; return the result, and the weights of the heads or their mean if they are wanted."""
        session = self.session
        batched = dims_of(query) == 3
        if session.dialect == NEWEST:
            key_padding_mask = canonical_mask(session, "key_padding_mask", key_padding_mask, query.dtype, attn_mask)
            attn_mask = canonical_mask(session, "attn_mask", attn_mask, query.dtype)
        for given in (key, value):
            as_tensor(given, "is_nested")
        by_kernel = batched and query is key is value and self._has_kernel(query, attn_mask)
        turned = self.batch_first and batched
        if turned:
            # What is one tensor stays one, which decides how it is projected.
            first = session.call("transpose", query, 1, 0)
            second = first if query is key is value else session.call("transpose", key, 1, 0)
            value = second if key is value else session.call("transpose", value, 1, 0)
            query, key = first, second
        made, weights = attend(
            self, query, key, value, key_padding_mask, attn_mask, need_weights, average_attn_weights, bool(is_causal)
        )
        if turned:
            made = session.call("transpose", made, 1, 0)
        if by_kernel:
            made = session.call("clone", session.call("contiguous", made))
        return made, weights

    def _has_kernel(self, query: Tensor, mask: Any) -> bool:
        """Whether PyTorch has one kernel for it all, which gives new memory: out of training, without gradients."""
        read = (query, self.held("in_proj_weight"), self.held("in_proj_bias"), *self.output.parameter_table.values())
        plain = self.packed and self.batch_first and not self.training and not self.num_heads % 2
        recorded = self.session.grad_enabled and any(each is not None and requires_grad(each) for each in read)
        old = self.session.dialect != NEWEST and (mask is not None or self.dropout)
        return bool(plain and self.held("bias_k") is None and not self.add_zero_attn and not recorded and not old)

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("embed_dim", "num_heads", "dropout", "batch_first", "kdim", "vdim", "head_dim", "add_zero_attn"),
        **tensors(
            "q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_weight", "in_proj_bias", "bias_k", "bias_v"
        ),
        "out_proj": lambda session, module: module.child_table["out_proj"],
    }


CLASSES: tuple[type[Module], ...] = (MultiheadAttention,)
