"""Recurrent layers over whole sequences: RNN, LSTM and GRU."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn import init
from detachsim.ops.nn.base import Module, dims_of, options, tensors
from detachsim.ops.python_calls import method

# The parameters of so many layers may be named in an expression.
_NAMED_LAYERS = 4
_NAMES = [
    f"{kind}_l{layer}{suffix}"
    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    for layer in range(_NAMED_LAYERS)
    for suffix in ("", "_reverse")
]


class RNNBase(Module):
    """What RNN, LSTM and GRU have: weights for each layer and direction, in ``chunks`` parts."""

    chunks: ClassVar[int]
    op: str

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.op = mode
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        self.proj_size = proj_size
        self.dropout = float(dropout)
        self._refuse_wrong_dropout(dropout)
        if self.session.dialect == NEWEST:
            self._refuse_wrong_options()
        if self.proj_size < 0:
            raise TorchError("recurrent_projection_sign")
        if self.proj_size >= self.hidden_size:
            raise TorchError("recurrent_projection_size")
        self._make_parameters(device, dtype)
        self.fill_new()

    def _refuse_wrong_dropout(self, dropout: Any) -> None:
        if not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1 or isinstance(dropout, bool):
            raise TorchError("recurrent_dropout")
        if dropout > 0 and self.num_layers == 1:
            self.session.warn("recurrent_lone_dropout", dropout=dropout, layers=self.num_layers)

    def _refuse_wrong_options(self) -> None:
        for name in ("bias", "batch_first"):
            if not isinstance(getattr(self, name), bool):
                raise TorchError("recurrent_option", name=name, type="bool", found=type(getattr(self, name)).__name__)
        for name in ("input_size", "hidden_size"):
            if not isinstance(value := getattr(self, name), int):
                raise TorchError("recurrent_option", name=name, type="int", found=type(value).__name__)
            if value <= 0:
                raise TorchError("recurrent_size", name=name)
        if self.num_layers <= 0:
            raise TorchError("recurrent_size", name="num_layers")

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _make_parameters(self, device: Any, dtype: DType | None) -> None:
        rows = self.chunks * self.hidden_size
        outputs = self.proj_size or self.hidden_size
        for layer in range(self.num_layers):
            inputs = outputs * self._directions if layer else self.input_size
            for suffix in ("", "_reverse")[: self._directions]:
                sizes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, inputs), "weight_hh": (rows, outputs)}
                if self.bias:
                    sizes.update(bias_ih=(rows,), bias_hh=(rows,))
                if self.proj_size:
                    sizes.update(weight_hr=(self.proj_size, self.hidden_size))
                for name, size in sizes.items():
                    self.parameter_table[f"{name}_l{layer}{suffix}"] = self.empty(size, device, dtype)
        self.weight_names = tuple(self.parameter_table)

    def reset_parameters(self) -> None:
        """Fill with random numbers."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for tensor in self.all_parameters():
            init.uniform(self.session, tensor, -bound, bound)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them, only those that differ from the usual."""
        usual = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        shown = [f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        return f"{self.input_size}, {self.hidden_size}{''.join(shown)}"

    def flatten_parameters(self) -> None:
        """Do nothing, as on every CPU."""

    def weights(self) -> list[Tensor | None]:
        """Return the weights and biases, or what is computed in their places, in PyTorch's order."""
        return [self.held(name) for name in self.weight_names]

    def all_weights(self) -> list[list[Tensor | None]]:
        """Return the parameters in a list for each layer and direction."""
        values = self.weights()
        size = len(values) // (self.num_layers * self._directions)
        return [values[start : start + size] for start in range(0, len(values), size)]

    # Running it

    def start(self, input: Tensor, size: int) -> Tensor:
        """Return the state that stands for none: zeros."""
        made = self.session.call("zeros", *self._state_size(input, size), dtype=input.dtype)
        assert isinstance(made, Tensor)
        return made

    def _state_size(self, input: Tensor, size: int) -> tuple[int, int, int]:
        return self.num_layers * self._directions, input.shape[0 if self.batch_first else 1], size

    def batch(self, input: Tensor) -> Tensor:
        """Return an input as a batch, of one where it is none; refuses what is neither."""
        ndim = dims_of(input)
        if ndim not in (2, 3):
            key = "recurrent_dims_rnn" if self.op.startswith("rnn") else "recurrent_dims"
            raise TorchError(key, module=type(self).__name__, ndim=ndim, more=ndim + 1)
        return input if ndim == 3 else self.session.call("unsqueeze", input, 0 if self.batch_first else 1)

    def refuse_wrong_input(self, input: Tensor) -> None:
        """Raise PyTorch's errors for an input of another type or size than the weights'."""
        weight = self.held(self.weight_names[0])
        if weight is None:
            raise TorchError("python", type="AttributeError", text="'NoneType' object has no attribute 'dtype'")
        if self.session.dialect == NEWEST and input.dtype is not weight.dtype:
            raise TorchError("recurrent_input_dtype", input=input.dtype, weight=weight.dtype)
        if input.shape[-1] != self.input_size:
            raise TorchError("recurrent_input", expected=self.input_size, found=input.shape[-1])

    def refuse_wrong_state(self, which: str, state: Tensor, expected: tuple[int, ...]) -> None:
        """Raise PyTorch's error for a state of another size."""
        if state.shape != expected:
            raise TorchError("recurrent_state", which=which, expected=expected, found=list(state.shape))

    def run_layers(self, input: Tensor, state: Any) -> Any:
        """Run all layers."""
        return self.session.call(
            self.op,
            input,
            state,
            self.weights(),
            self.bias,
            self.num_layers,
            self.dropout,
            self.training,
            bool(self.bidirectional),
            self.batch_first,
        )

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options(
            "input_size",
            "hidden_size",
            "num_layers",
            "bias",
            "batch_first",
            "dropout",
            "bidirectional",
            "proj_size",
        ),
        **tensors(*_NAMES),
        "all_weights": lambda session, module: module.all_weights(),
    }
    METHODS: ClassVar[dict[str, Any]] = {**Module.METHODS, "flatten_parameters": method(flatten_parameters)}


class _OneState(RNNBase):
    """Layers that hand on a hidden state alone."""

    def outputs(self, input: Any, hx: Any) -> Any:
        """Return the outputs, and the last hidden states."""
        call = self.session.call
        batch = self.batch(input)
        alone = batch is not input
        if hx is not None:
            if (ndim := dims_of(hx)) != (2 if alone else 3):
                raise TorchError("recurrent_hidden_dims_alone" if alone else "recurrent_hidden_dims", ndim=ndim)
            hidden = call("unsqueeze", hx, 1) if alone else hx
        else:
            hidden = self.start(batch, self.hidden_size)
        self.refuse_wrong_input(batch)
        self.refuse_wrong_state("hidden", hidden, self._state_size(batch, self.hidden_size))
        output, hidden = self.run_layers(batch, hidden)
        if alone:
            return call("squeeze", output, 0 if self.batch_first else 1), call("squeeze", hidden, 1)
        return output, hidden


def _without_projection(kwargs: dict[str, Any]) -> dict[str, Any]:
    if "proj_size" in kwargs:
        raise TorchError("recurrent_no_projection")
    return kwargs


class RNN(_OneState):
    """Hands on tanh, or relu, of what input and hidden state come to."""

    chunks = 1

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs = _without_projection(kwargs)
        if len(args) > 3 and self.session.dialect == NEWEST:
            nonlinearity, args = args[3], (*args[:3], *args[4:])
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise TorchError("recurrent_nonlinearity", found=nonlinearity)
        super().__init__(f"rnn_{nonlinearity}", *args, **kwargs)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Run the layers."""
        return self.outputs(input, hx)

    ATTRIBUTES: ClassVar[dict[str, Any]] = {**RNNBase.ATTRIBUTES, **options("nonlinearity")}


class GRU(_OneState):
    """Hands on what gates let through."""

    chunks = 3

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("gru", *args, **_without_projection(kwargs))

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Run the layers."""
        return self.outputs(input, hx)


class LSTM(RNNBase):
    """Hands on a hidden state and a memory."""

    chunks = 4

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("lstm", *args, **kwargs)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the outputs, and the last hidden states and memories."""
        call = self.session.call
        batch = self.batch(input)
        alone = batch is not input
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)
        if hx is None:
            state: Sequence[Tensor] = [self.start(batch, size) for size in sizes]
        else:
            state = [call("getitem", hx, place) if isinstance(hx, Tensor) else hx[place] for place in (0, 1)]
            ndims = [dims_of(part) for part in state]
            if ndims != ([2, 2] if alone else [3, 3]):
                key = "recurrent_states_dims_alone" if alone else "recurrent_states_dims"
                raise TorchError(key, hidden=ndims[0], memory=ndims[1])
            if alone:
                state = [call("unsqueeze", part, 1) for part in state]
        self.refuse_wrong_input(batch)
        for place, (part, size) in enumerate(zip(state, sizes, strict=True)):
            self.refuse_wrong_state(f"hidden[{place}]", part, self._state_size(batch, size))
        if isinstance(hx, Tensor):
            raise TorchError("recurrent_states_tensor", params=", ".join(["Parameter"] * len(self.parameter_table)))
        output, *last = self.run_layers(batch, list(state))
        if alone:
            return call("squeeze", output, 0 if self.batch_first else 1), tuple(
                call("squeeze", part, 1) for part in last
            )
        return output, tuple(last)


CLASSES: tuple[type[Module], ...] = (RNN, LSTM, GRU)
