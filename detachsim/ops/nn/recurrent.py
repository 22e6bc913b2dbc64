"""Recurrent cells: RNNCell, GRUCell and LSTMCell, each one step from a hidden state to the next."""

import math
from typing import Any, ClassVar

from detachsim.engine.dtypes import DType
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import items_of
from detachsim.ops.nn import init
from detachsim.ops.nn.base import Module, dims_of, options, tensors


class _Cell(Module):
    """What all cells have: weights and biases for input and hidden state, in ``chunks`` parts."""

    chunks: ClassVar[int]
    called: ClassVar[dict[str, str]] = {"__init__": ""}

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = self.chunks * hidden_size
        self.parameter_table = {
            "weight_ih": self.empty((rows, input_size), device, dtype),
            "weight_hh": self.empty((rows, hidden_size), device, dtype),
            "bias_ih": self.empty(rows, device, dtype) if bias else None,
            "bias_hh": self.empty(rows, device, dtype) if bias else None,
        }
        self.fill_new()

    def reset_parameters(self) -> None:
        """Fill with random numbers."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for tensor in self.parameter_table.values():
            if tensor is not None:
                init.uniform(self.session, tensor, -bound, bound)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them, only those that differ from the usual."""
        text = f"{self.input_size}, {self.hidden_size}"
        return text if self.bias is True else f"{text}, bias={self.bias}"

    def refuse_wrong_dims(self, name: str, value: Any) -> None:
        """Raise PyTorch's error for what is neither an item nor a batch; 1.13 looks only at the input."""
        if name != "input" and self.session.dialect != "torch-2.13":
            return
        if (ndim := dims_of(value)) not in (1, 2):
            raise TorchError("cell_dims", module=type(self).__name__, name=name, ndim=ndim)

    def batch(self, value: Tensor) -> Tensor:
        """Return an item as a batch of one."""
        return self.session.call("unsqueeze", value, 0) if value.array.ndim == 1 else value

    def start(self, input: Tensor) -> Tensor:
        """Return the hidden state that stands for none: zeros."""
        made = self.session.call("zeros", input.shape[0], self.hidden_size, dtype=input.dtype)
        assert isinstance(made, Tensor)
        return made

    def refuse_wrong_sizes(self, input: Tensor, hidden: Tensor) -> None:
        """Raise PyTorch's error for an input and a hidden state that do not fit."""
        if input.shape[1] != self.input_size:
            raise TorchError("cell_input", found=input.shape[1], expected=self.input_size)
        if input.shape[0] != hidden.shape[0]:
            raise TorchError("cell_batch", found=input.shape[0], hidden=hidden.shape[0])
        if hidden.shape[1] != self.hidden_size:
            raise TorchError("cell_hidden", found=hidden.shape[1], expected=self.hidden_size)

    def weighed(self, which: str, value: Tensor) -> Any:
        """Return what the input (``ih``) or the hidden state (``hh``) comes to by its weight."""
        return self.functional("linear", value, self.held(f"weight_{which}"), self.held(f"bias_{which}"))

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("input_size", "hidden_size", "bias"),
        **tensors("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
    }


class RNNCell(_Cell):
    """tanh, or relu, of the sum of both."""

    chunks = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the next hidden state."""
        self.refuse_wrong_dims("input", input)
        if hx is not None:
            self.refuse_wrong_dims("hidden", hx)
        call = self.session.call
        batch = self.batch(input)
        if self.nonlinearity not in ("tanh", "relu"):
            raise TorchError("cell_nonlinearity", found=self.nonlinearity)
        hidden = self.start(batch) if hx is None else self.batch(hx)
        self.refuse_wrong_sizes(batch, hidden)
        from_hidden = self.weighed("hh", hidden)
        made = call(self.nonlinearity, call("add_", from_hidden, self.weighed("ih", batch)))
        return call("squeeze", made, 0) if batch is not input else made

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them, only those that differ from the usual."""
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {**_Cell.ATTRIBUTES, **options("nonlinearity")}


class GRUCell(_Cell):
    """A gated unit, whose gates say what to forget and what to take."""

    chunks = 3

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the next hidden state."""
        self.refuse_wrong_dims("input", input)
        if hx is not None:
            self.refuse_wrong_dims("hidden", hx)
        call = self.session.call
        batch = self.batch(input)
        hidden = self.start(batch) if hx is None else self.batch(hx)
        self.refuse_wrong_sizes(batch, hidden)
        from_input = call("unsafe_split", self.weighed("ih", batch), self.hidden_size, 1)
        from_hidden = call("unsafe_split", self.weighed("hh", hidden), self.hidden_size, 1)
        reset = call("sigmoid_", call("add_", from_hidden[0], from_input[0]))
        update = call("sigmoid_", call("add_", from_hidden[1], from_input[1]))
        new = call("tanh_", call("add", from_input[2], call("mul_", from_hidden[2], reset)))
        made = call("add_", call("mul_", call("sub", hidden, new), update), new)
        return call("squeeze", made, 0) if batch is not input else made


class LSTMCell(_Cell):
    """A cell with a memory besides its hidden state."""

    chunks = 4

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the next hidden state and the next memory."""
        self.refuse_wrong_dims("input", input)
        items = items_of(self.session.call("unbind", hx) if isinstance(hx, Tensor) else hx) or []
        for place, value in enumerate(items):
            self.refuse_wrong_dims(f"hx[{place}]", value)
        call = self.session.call
        batch = self.batch(input)
        if isinstance(hx, Tensor):
            wanted = {"wanted": "tuple of Tensors", "found": "Tensor"}
            raise TorchError("argument_type", op="lstm_cell", name="hx", place=2, **wanted)
        if hx is None:
            hidden = memory = self.start(batch)
        elif len(items) != 2:
            raise TorchError("cell_states")
        else:
            hidden, memory = self.batch(items[0]), self.batch(items[1])
        self.refuse_wrong_sizes(batch, hidden)
        from_hidden = self.weighed("hh", hidden)
        gates = call("unsafe_split", call("add_", from_hidden, self.weighed("ih", batch)), self.hidden_size, 1)
        take, forget = call("sigmoid_", gates[0]), call("sigmoid_", gates[1])
        new, output = call("tanh_", gates[2]), call("sigmoid_", gates[3])
        memory = call("add_", call("mul", forget, memory), call("mul", take, new))
        made = call("mul", output, call("tanh", memory))
        if batch is not input:
            return call("squeeze", made, 0), call("squeeze", memory, 0)
        return made, memory


CLASSES: tuple[type[Module], ...] = (RNNCell, GRUCell, LSTMCell)
