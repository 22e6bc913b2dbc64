"""The texts of recurrent layers."""

from detachsim.engine.texts.entry import Entry

# PyTorch sees two tensors and takes the second for the lengths of a packed sequence.
_NOT_A_PAIR = (
    "lstm() received an invalid combination of arguments - got (Tensor, Tensor, list, bool, int, float, bool, bool, "
    "bool), but expected one of:\n * (Tensor data, Tensor batch_sizes, tuple of Tensors hx, tuple of Tensors params, "
    "bool has_biases, int num_layers, float dropout, bool train, bool bidirectional)\n      didn't match because some of "
    "the arguments have invalid types: (Tensor, Tensor, !list of [{params}]!, !bool!, !int!, !float!, !bool!, bool, "
    "bool)\n * (Tensor input, tuple of Tensors hx, tuple of Tensors params, bool has_biases, int num_layers, float "
    "dropout, bool train, bool bidirectional, bool batch_first)\n      didn't match because some of the arguments have "
    "invalid types: (Tensor, !Tensor!, !list of [{params}]!, bool, int, float, bool, bool, bool)\n"
)

TEXTS: dict[str, Entry] = {
    "recurrent_length": ("RuntimeError", "Expected sequence length to be larger than 0 in RNN", {}),
    "recurrent_library_dtype": ("RuntimeError", "get_mkldnn_dtype: unsupported data type", {}),
    "recurrent_option": ("TypeError", "{name} should be of type {type}, got: {found}", {}),
    "recurrent_size": ("ValueError", "{name} must be greater than zero", {}),
    "recurrent_dropout": (
        "ValueError",
        "dropout should be a number in range [0, 1] representing the probability of an element being zeroed",
        {},
    ),
    "recurrent_lone_dropout": (
        "UserWarning",
        "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
        "greater than 1, but got dropout={dropout} and num_layers={layers}",
        {},
    ),
    "recurrent_projection_sign": (
        "ValueError",
        "proj_size should be a positive integer or zero to disable projections",
        {},
    ),
    "recurrent_projection_size": ("ValueError", "proj_size has to be smaller than hidden_size", {}),
    "recurrent_no_projection": (
        "ValueError",
        "proj_size argument is only supported for LSTM, not RNN or GRU",
        {},
    ),
    "recurrent_projection": (
        "UserWarning",
        "LSTM with projections is not supported with oneDNN. Using default implementation.",
        {},
    ),
    "recurrent_nonlinearity": (
        "ValueError",
        "Unknown nonlinearity '{found}'. Select from 'tanh' or 'relu'.",
        {"torch-1.13": "Unknown nonlinearity '{found}'"},
    ),
    "recurrent_dims_rnn": (
        "ValueError",
        "{module}: Expected input to be 2D or 3D, got {ndim}D tensor instead",
        {"torch-1.13": ("RuntimeError", "input must have 3 dimensions, got {more}")},
    ),
    "recurrent_dims": (
        "ValueError",
        "{module}: Expected input to be 2D or 3D, got {ndim}D instead",
        {"torch-1.13": ("RuntimeError", "input must have 3 dimensions, got {more}")},
    ),
    "recurrent_input_dtype": (
        "ValueError",
        "RNN input dtype ({input}) does not match weight dtype ({weight}). Convert input: input.to({weight}), or "
        "convert model: model.to({input})",
        {},
    ),
    "recurrent_input": (
        "RuntimeError",
        "input.size(-1) must be equal to input_size. Expected {expected}, got {found}",
        {},
    ),
    "recurrent_hidden_dims": (
        "RuntimeError",
        "For batched 3-D input, hx should also be 3-D but got {ndim}-D tensor",
        {},
    ),
    "recurrent_hidden_dims_alone": (
        "RuntimeError",
        "For unbatched 2-D input, hx should also be 2-D but got {ndim}-D tensor",
        {},
    ),
    "recurrent_states_dims": (
        "RuntimeError",
        "For batched 3-D input, hx and cx should also be 3-D but got ({hidden}-D, {memory}-D) tensors",
        {},
    ),
    "recurrent_states_dims_alone": (
        "RuntimeError",
        "For unbatched 2-D input, hx and cx should also be 2-D but got ({hidden}-D, {memory}-D) tensors",
        {},
    ),
    "recurrent_states_tensor": ("TypeError", _NOT_A_PAIR, {"torch-1.13": _NOT_A_PAIR.replace(" of [{params}]!", "!")}),
    "recurrent_state": ("RuntimeError", "Expected {which} size {expected}, got {found}", {}),
    "mkldnn_type": ("RuntimeError", "get_mkldnn_dtype: unsupported data type", {}),
    "pad_sequence_type": (
        "RuntimeError",
        "pad_sequence: Expected iterable for input sequences, but got arg of type: <class '{type}'>",
        {},
    ),
    "pad_sequence_item": ("TypeError", "expected Tensor as element {place} in argument 0, but got {type}", {}),
    "pad_sequence_empty": ("RuntimeError", "received an empty list of sequences", {}),
    "pad_sequence_side": (
        "RuntimeError",
        "Expected padding_side to be one of left or right, but got {side}.",
        {},
    ),
}
