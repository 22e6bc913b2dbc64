"""Recurrent layers over whole sequences: simple ones, gated units, and memory cells step by step or in one node.

Each is a composite op over a list of weights, as ``nn.RNN``, ``nn.GRU`` and ``nn.LSTM`` call it. PyTorch computes all
of them step by step, one node for each operation; but a layer of an ``nn.LSTM`` of float32 or bfloat16 is one call of a
library, and one node, ``MkldnnRnnLayerBackward0``.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.ops.element_types import require_same_type
from detachsim.ops.products import matrix_product
from detachsim.ops.row import composite, general

# What a cell makes of what the input came to already, the hidden state (tensors) and its weights: the next state.
State = tuple[Any, ...]
Cell = Callable[[Any, Any, State, "Weights"], State]


# What the library that runs a layer in one node computes with.
_IN_ONE_NODE = (dtypes.float32, dtypes.bfloat16)


class Weights:
    """The parameters of one direction of one layer."""

    def __init__(self, given: Sequence[Any], has_biases: bool, projected: bool) -> None:
        self.from_input, self.from_hidden = given[:2]
        self.biases = tuple(given[2:4]) if has_biases else (None, None)
        self.projection = given[-1] if projected else None

    def of_input(self, ops: Any, input: Any) -> Any:
        return ops.linear(input, self.from_input, self.biases[0])

    def of_hidden(self, ops: Any, hidden: Any) -> Any:
        return ops.linear(hidden, self.from_hidden, self.biases[1])


def _pieces(ops: Any, value: Any, count: int) -> Any:
    return ops.unsafe_split(value, value.shape[1] // count, 1)


def _simple(nonlinearity: str) -> Cell:
    def cell(ops: Any, input: Any, state: State, weights: Weights) -> State:
        return (ops[nonlinearity](ops.add_(weights.of_hidden(ops, state[0]), input)),)

    return cell


def _gated(ops: Any, input: Any, state: State, weights: Weights) -> State:
    from_input = _pieces(ops, input, 3)
    from_hidden = _pieces(ops, weights.of_hidden(ops, state[0]), 3)
    reset = ops.sigmoid_(ops.add_(from_hidden[0], from_input[0]))
    update = ops.sigmoid_(ops.add_(from_hidden[1], from_input[1]))
    new = ops.tanh_(ops.add(from_input[2], ops.mul_(from_hidden[2], reset)))
    return (ops.add_(ops.mul_(ops.sub(state[0], new), update), new),)


def _remembering(ops: Any, input: Any, state: State, weights: Weights) -> State:
    hidden, memory = state
    gates = _pieces(ops, ops.add_(weights.of_hidden(ops, hidden), input), 4)
    take, forget = ops.sigmoid_(gates[0]), ops.sigmoid_(gates[1])
    new, output = ops.tanh_(gates[2]), ops.sigmoid_(gates[3])
    memory = ops.add_(ops.mul(forget, memory), ops.mul(take, new))
    made = ops.mul(output, ops.tanh(memory))
    if weights.projection is not None:
        made = ops.matmul(made, ops.t(weights.projection))
    return made, memory


def _run(ops: Any, cell: Cell, input: Any, state: State, weights: Weights, backwards: bool) -> tuple[Any, State]:
    """Run one direction of one layer: the stacked outputs, and the last state."""
    steps = list(ops.unbind(weights.of_input(ops, input), 0))
    outputs = []
    for step in reversed(steps) if backwards else steps:
        state = cell(ops, step, state, weights)
        outputs.append(state[0])
    if not outputs:
        raise TorchError("recurrent_length")
    return ops.stack(outputs[::-1] if backwards else outputs, 0), state


def _layers(
    ops: Any,
    run: Callable[[Any, int], tuple[Any, State]],
    input: Any,
    count: int,
    directions: int,
    dropout: float,
) -> tuple[Any, list[State]]:
    """Run layer after layer, with dropout between: the last one's outputs, and every direction's last state."""
    states = []
    for layer in range(count):
        outputs = []
        for direction in range(directions):
            made, state = run(input, layer * directions + direction)
            outputs.append(made)
            states.append(state)
        input = outputs[0] if directions == 1 else ops.cat(outputs, -1)
        if dropout and layer < count - 1:
            input = ops.dropout(input, dropout, True)
    return input, states


def _step_by_step(
    ops: Any, cell: Cell, input: Any, start: State, params: Sequence[Any], options: Sequence[Any]
) -> tuple[Any, list[State]]:
    """Run a stack of layers whose every operation is a node of its own."""
    has_biases, count, dropout, train, bidirectional = options
    projected = len(start) == 2 and start[0].shape[2] != start[1].shape[2]
    directions = 2 if bidirectional else 1
    size = len(params) // (count * directions)
    states = list(zip(*(ops.unbind(part, 0) for part in start), strict=True))

    def run(given: Any, index: int) -> tuple[Any, State]:
        weights = Weights(params[index * size : (index + 1) * size], has_biases, projected)
        return _run(ops, cell, given, states[index], weights, backwards=index % directions == 1)

    return _layers(ops, run, input, count, directions, dropout if train else 0.0)


def _one_state(cell: Cell) -> Callable[..., Any]:
    def layers(
        ops: Any,
        input: Any,
        hx: Any,
        params: Sequence[Any],
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> Any:
        """The outputs of the last layer, and the last hidden states of all."""
        options = (has_biases, num_layers, dropout, train, bidirectional)
        given = ops.transpose(input, 0, 1) if batch_first else input
        output, states = _step_by_step(ops, cell, given, (hx,), params, options)
        last = ops.stack([state[0] for state in states], 0)
        return ops.transpose_(output, 0, 1) if batch_first else output, last

    return layers


def lstm(
    ops: Any,
    input: Any,
    hx: Sequence[Any],
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    """The outputs of the last layer, and the last hidden states and memories of all."""
    options = (has_biases, num_layers, dropout, train, bidirectional)
    one_node = not ops.is_old and input.tensor.dtype in _IN_ONE_NODE and input.size
    if one_node and hx[0].shape[2] != hx[1].shape[2]:
        input.session.warn_once("recurrent_projection")
        one_node = False
    given = ops.transpose(input, 0, 1) if batch_first else input
    layers = _in_one_node if one_node else _step_by_step
    output, states = layers(ops, _remembering, given, tuple(hx), params, options)
    last = [ops.stack(list(part), 0) for part in zip(*states, strict=True)]
    return ops.transpose(output, 0, 1) if batch_first else output, *last


def _in_one_node(
    ops: Any, cell: Cell, input: Any, start: State, params: Sequence[Any], options: Sequence[Any]
) -> tuple[Any, list[State]]:
    """Run a stack of layers, each direction of each layer in one node."""
    has_biases, count, dropout, train, bidirectional = options
    directions = 2 if bidirectional else 1
    size = 4 if has_biases else 2
    if any(part.tensor.dtype not in _IN_ONE_NODE for part in (*start, *params)):
        raise TorchError("recurrent_library_dtype")
    input = ops.contiguous(input)
    start = tuple(ops.contiguous(part) for part in start)

    def run(given: Any, index: int) -> tuple[Any, State]:
        weights = list(params[index * size : (index + 1) * size])
        if not has_biases:
            # In the place of the biases something of another size, which is not looked at.
            weights += [ops.zeros(weight.shape, dtype=weight.tensor.dtype) for weight in weights]
        hidden, memory = (ops.select(part, 0, index) for part in start)
        output, *state = ops.mkldnn_rnn_layer(given, *weights, hidden, memory, index % directions == 1, has_biases)
        return output, tuple(state)

    return _layers(ops, run, input, count, directions, dropout if train else 0.0)


def _places(length: int, reverse: bool) -> Iterator[int]:
    return iter(reversed(range(length)) if reverse else range(length))


def _logistic(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-x)))


def mkldnn_rnn_layer(
    input: Array,
    weight0: Array,
    weight1: Array,
    weight2: Array,
    weight3: Array,
    hx_: Array,
    cx_: Array,
    reverse: bool,
    has_biases: bool,
) -> tuple[Array, Array, Array]:
    """One direction of one layer of memory cells: outputs, the last hidden state, the last memory."""
    hidden, memory = hx_, cx_
    made = np.empty((*input.shape[:2], hx_.shape[1]), input.dtype)
    bias = weight2 + weight3 if has_biases else None
    for place in _places(len(input), reverse):
        gates = matrix_product(input[place], weight0.T) + matrix_product(hidden, weight1.T)
        if bias is not None:
            gates = gates + bias
        take, forget, new, output = np.split(gates.astype(np.float64), 4, axis=1)
        kept = _logistic(forget) * memory + _logistic(take) * np.tanh(new)
        memory = kept.astype(input.dtype)
        hidden = made[place] = (_logistic(output) * np.tanh(kept)).astype(input.dtype)
    return made, hidden.copy(), memory


def mkldnn_rnn_layer_backward(
    ops: Any,
    grads: Sequence[Any],
    input: Any,
    weight0: Any,
    weight1: Any,
    weight2: Any,
    weight3: Any,
    hx_: Any,
    cx_: Any,
    reverse: bool,
    has_biases: bool,
    *results: Any,
) -> tuple[Any, ...]:
    """The gradients of the input, the weights, the biases and the state, the steps made again and walked backwards.

    The outputs are saved, but not needed.
    """
    require_same_type("mkldnn_type", input, weight0)
    places = list(_places(input.shape[0], reverse))
    hidden, memory = hx_, cx_
    steps = []
    for place in places:
        from_input = ops.linear(ops.select(input, 0, place), weight0, weight2 if has_biases else None)
        gates = ops.add_(from_input, ops.linear(hidden, weight1, weight3 if has_biases else None))
        pieces = ops.unsafe_split(gates, gates.shape[1] // 4, 1)
        take, forget = ops.sigmoid_(pieces[0]), ops.sigmoid_(pieces[1])
        new, output = ops.tanh_(pieces[2]), ops.sigmoid_(pieces[3])
        before = hidden, memory
        memory = forget * memory + take * new
        hidden = output * ops.tanh(memory)
        steps.append((take, forget, new, output, memory, *before))
    to_output, to_hidden, to_memory = grads
    sums: list[Any] = [None, None, None]
    to_input = []
    for place, (take, forget, new, output, after, hidden, memory) in zip(
        reversed(places), reversed(steps), strict=True
    ):
        arriving = None if to_output is None else ops.select(to_output, 0, place)
        if to_hidden is not None:
            arriving = to_hidden if arriving is None else arriving + to_hidden
        curve = ops.tanh(after)
        to_after = to_memory
        to_gates = [after * 0] * 4
        if arriving is not None:
            through = arriving * output * (1 - curve * curve)
            to_after = through if to_after is None else to_after + through
            to_gates[3] = arriving * curve * output * (1 - output)
        if to_after is not None:
            to_gates[0] = to_after * new * take * (1 - take)
            to_gates[1] = to_after * memory * forget * (1 - forget)
            to_gates[2] = to_after * take * (1 - new * new)
        joined = ops.cat(to_gates, 1)
        turned = ops.transpose(joined, 0, 1)
        parts = (
            ops.matmul(turned, ops.select(input, 0, place)),
            ops.matmul(turned, hidden),
            ops.sum_dim(joined, (0,), False),
        )
        sums = [part if total is None else total + part for total, part in zip(sums, parts, strict=True)]
        to_input.append((place, ops.matmul(joined, weight0)))
        to_hidden = ops.matmul(joined, weight1)
        to_memory = None if to_after is None else to_after * forget
    ordered = [ops.unsqueeze(made, 0) for _, made in sorted(to_input, key=lambda pair: pair[0])]
    biases = (sums[2], sums[2]) if has_biases else (None, None)
    return ops.cat(ordered, 0), sums[0], sums[1], *biases, to_hidden, to_memory


HELPERS = {"mkldnn_rnn_layer_backward": mkldnn_rnn_layer_backward}

_OPTIONS = (
    "Tensor[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional, bool batch_first"
)
_WEIGHTS = "weight0, weight1, weight2, weight3"

ROWS = [
    composite(f"rnn_tanh(Tensor input, Tensor hx, {_OPTIONS})", _one_state(_simple("tanh")), where=""),
    composite(f"rnn_relu(Tensor input, Tensor hx, {_OPTIONS})", _one_state(_simple("relu")), where=""),
    composite(f"gru(Tensor input, Tensor hx, {_OPTIONS})", _one_state(_gated), where=""),
    composite(f"lstm(Tensor input, Tensor[] hx, {_OPTIONS})", lstm, where=""),
    general(
        "mkldnn_rnn_layer(Tensor input, Tensor weight0, Tensor weight1, Tensor weight2, Tensor weight3, Tensor hx_, "
        "Tensor cx_, bool reverse, bool has_biases)",
        "MkldnnRnnLayerBackward0",
        mkldnn_rnn_layer,
        where="",
        grad={
            f"input, {_WEIGHTS}, hx_, cx_": f"mkldnn_rnn_layer_backward(grads, input, {_WEIGHTS}, hx_, cx_, reverse, "
            "has_biases, result0, result1, result2)"
        },
        differentiable_outputs=3,
        shown=dict.fromkeys(("input", *_WEIGHTS.split(", "), "hx_", "cx_"), "the layer walked backwards, made again"),
        doc="one direction of one layer of memory cells over a whole sequence",
    ),
]
