"""The texts of modules and optimizers."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "optimizer_empty": ("ValueError", "optimizer got an empty parameter list", {}),
    "optimizer_tensor": (
        "TypeError",
        "params argument given to the optimizer should be an iterable of Tensors or dicts, but got {type}",
        {},
    ),
    "optimizer_type": (
        "TypeError",
        "optimizer can only optimize Tensors, but one of the params is {type}",
        {},
    ),
    "optimizer_nonleaf": ("ValueError", "can't optimize a non-leaf Tensor", {}),
    "optimizer_duplicates": (
        "UserWarning",
        "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; see "
        "github.com/pytorch/pytorch/issues/40967 for more information",
        {
            "torch-1.7": "optimizer contains a parameter group with duplicate parameters; in future, this will cause an "
            "error; see github.com/pytorch/pytorch/issues/40967 for more information"
        },
    ),
    "optimizer_lr": ("ValueError", "Invalid learning rate: {value}", {}),
    "optimizer_lr_tensor": ("ValueError", "Tensor lr must be 1-element", {}),
    "optimizer_eps": ("ValueError", "Invalid epsilon value: {value}", {}),
    "optimizer_beta": ("ValueError", "Invalid beta parameter at index {index}: {value}", {}),
    "optimizer_betas": ("ValueError", "betas must be either both floats or both Tensors", {}),
    "optimizer_names": (
        "ValueError",
        "all optimizer params should be with/without names. Some param names are missing",
        {},
    ),
    "optimizer_value": ("ValueError", "Invalid {name} value: {value}", {}),
    "optimizer_nesterov": ("ValueError", "Nesterov momentum requires a momentum and zero dampening", {}),
    "module_type": ("TypeError", "{type} is not a Module subclass", {}),
    "module_list_type": (
        "TypeError",
        "ModuleList.extend should be called with an iterable, but got {type}",
        {},
    ),
    "sequential_insert": ("AssertionError", "module should be of type: <class 'torch.nn.modules.module.Module'>", {}),
    "sequential_insert_range": ("IndexError", "Index out of range: {index}", {}),
    "module_range": ("IndexError", "index {index} is out of range", {}),
    "module_assign": ("TypeError", "cannot assign '{value}' as {kind} '{name}' ({wanted} or None expected)", {}),
    "module_assign_buffer": (
        "TypeError",
        "cannot assign '{value}' object to buffer '{name}' (torch.Tensor or None expected)",
        {},
    ),
    "module_to_dtype": (
        "TypeError",
        "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}",
        {},
    ),
    "state_dict_type": ("TypeError", "Expected state_dict to be dict-like, got {type}.", {}),
    "state_dict": ("RuntimeError", "Error(s) in loading state_dict for {module}:\n\t{problems}", {}),
    "module_mode": ("ValueError", "training mode is expected to be boolean", {}),
    "dropout_probability": (
        "ValueError",
        "dropout probability has to be between 0 and 1, but got {value}",
        {},
    ),
    "parameter_type": ("AttributeError", "'{type}' object has no attribute 'detach'", {}),
    "padding_range": ("AssertionError", "Padding_idx must be within num_embeddings", {}),
    "conv_groups": ("ValueError", "{name} must be divisible by groups", {}),
    "conv_positive_groups": ("ValueError", "groups must be a positive integer", {}),
    "conv_padding_text": (
        "ValueError",
        "Invalid padding string '{value}', should be one of {{'valid', 'same'}}",
        {},
    ),
    "conv_same_stride": ("ValueError", "padding='same' is not supported for strided convolutions", {}),
    "batch_norm_dims": ("ValueError", "expected {expected} input (got {ndim}D input)", {}),
}
