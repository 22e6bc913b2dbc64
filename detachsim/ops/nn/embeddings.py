"""Layers that look rows of a table up: Embedding, and EmbeddingBag, which puts them together bag by bag."""

from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.leaves import switch
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn import init
from detachsim.ops.nn.base import Module, build, dims_of, options, parameter, tensors
from detachsim.ops.python_calls import call_python


class _Table(Module):
    """A table of vectors, of which one may be padding."""

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    refusal: ClassVar[str]

    def padding_row(self, padding_idx: int | None, rows: int) -> int | None:
        """Return the row that is padding, counted from the first; refuses one that is not there."""
        if padding_idx is None:
            return None
        if (padding_idx > 0 and padding_idx >= rows) or padding_idx < -rows:
            raise TorchError(self.refusal)
        return padding_idx + rows if padding_idx < 0 else padding_idx

    def take_table(self, given: Tensor | None, requires_grad: bool, device: Any, dtype: DType | None) -> None:
        """Take a table over, or make one of random numbers."""
        if given is not None:
            self.parameter_table = {"weight": parameter(given, requires_grad)}
            return
        self.parameter_table = {"weight": self.empty((self.num_embeddings, self.embedding_dim), device, dtype)}
        self.fill_new()

    def reset_parameters(self) -> None:
        """Fill with random numbers, and the padding's row with zeros."""
        weight = init.normal(self.session, self.parameter_table["weight"])
        if self.padding_idx is not None:
            with self.session.grad_mode(False):
                self.session.call("fill_", self.session.call("getitem", weight, self.padding_idx), 0)

    def shown(self, **usual: Any) -> str:
        """Return the options that differ from the usual as PyTorch prints them."""
        return "".join(
            f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value
        )


class Embedding(_Table):
    """A table of vectors, looked up by integers."""

    refusal = "padding_range"

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = self.padding_row(padding_idx, num_embeddings)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.take_table(_weight, not _freeze, device, dtype)

    def forward(self, input: Any) -> Any:
        """Look the vectors up."""
        return self.functional(
            "embedding",
            input,
            self.held("weight"),
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them, only those that differ from the usual."""
        shown = self.shown(padding_idx=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, sparse=False)
        return f"{self.num_embeddings}, {self.embedding_dim}{shown}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_embeddings", "embedding_dim", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq"),
        **tensors("weight"),
    }


class EmbeddingBag(_Table):
    """A table of vectors, looked up by integers, which are summed, averaged or compared bag by bag."""

    refusal = "padding_range_bag"

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.mode, self.sparse, self.include_last_offset = mode, sparse, include_last_offset
        self.padding_idx = self.padding_row(padding_idx, num_embeddings)
        self.take_table(_weight, True, device, dtype)

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        """Look the vectors up, and put them together."""
        return self.functional(
            "embedding_bag",
            input,
            self.held("weight"),
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them, only the mode and those that differ from the usual."""
        shown = self.shown(max_norm=None, norm_type=2, scale_grad_by_freq=False)
        padding = self.shown(padding_idx=None)
        mode = repr(self.mode) if self.session.dialect == NEWEST else self.mode
        return f"{self.num_embeddings}, {self.embedding_dim}{shown}, mode={mode}{padding}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("num_embeddings", "embedding_dim", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq"),
        **options("mode", "include_last_offset"),
        **tensors("weight"),
    }


def _from_pretrained(kind: type[_Table], order: str) -> Callable[..., Any]:
    """Return ``kind.from_pretrained``, which takes the table, whether it is frozen, and options in an order."""

    def from_pretrained(session: Session, *args: Any, **kwargs: Any) -> Any:
        names = order.split()
        if len(args) > len(names) + 2:
            given = f"takes from 2 to {len(names) + 3} positional arguments but {len(args) + 1} were given"
            raise TorchError("python", type="TypeError", text=f"{kind.__name__}.from_pretrained() {given}")

        def make(cls: Any, embeddings: Any, freeze: bool = True, *args: Any, **kwargs: Any) -> Any:
            if dims_of(embeddings) != 2:
                raise TorchError("pretrained_dims")
            given = dict(zip(names, args, strict=False)) | kwargs
            made = build(session, kind, *embeddings.shape, _weight=embeddings, **given)
            switch(session, made.parameter_table["weight"], not freeze)
            return made

        make.__qualname__ = f"{kind.__name__}.from_pretrained"
        return call_python(make, (kind, *args), kwargs)

    return from_pretrained


CLASSES: tuple[type[Module], ...] = (Embedding, EmbeddingBag)

# What the classes themselves can be asked for, by class.
CLASS_METHODS: dict[str, dict[str, Callable[..., Any]]] = {
    "Embedding": {
        "from_pretrained": _from_pretrained(Embedding, "padding_idx max_norm norm_type scale_grad_by_freq sparse")
    },
    "EmbeddingBag": {
        "from_pretrained": _from_pretrained(
            EmbeddingBag, "max_norm norm_type scale_grad_by_freq mode sparse include_last_offset padding_idx"
        )
    },
}
