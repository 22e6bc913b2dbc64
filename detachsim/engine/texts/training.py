"""The texts of modules and optimizers."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "weight_norm_old": (
        "FutureWarning",
        "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
        {},
    ),
    "weight_norm_twice": ("RuntimeError", "Cannot register two weight_norm hooks on the same parameter {name}", {}),
    "parametrize_missing": (
        "ValueError",
        "Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{name}'",
        {},
    ),
    "weight_norm_missing": ("ValueError", "weight_norm of '{name}' not found in {module}", {}),
    "adaptive_no_cutoffs": (
        "ValueError",
        "cutoffs should be a sequence of length larger than 0",
        {"torch-1.13": "min() arg is an empty sequence"},
    ),
    "adaptive_cutoffs": (
        "ValueError",
        "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is "
        "between 1 and n_classes-1",
        {},
    ),
    "adaptive_batch": ("RuntimeError", "Input and target should have the same size in the batch dimension.", {}),
    "adaptive_input": (
        "RuntimeError",
        "{target}D target tensor expects {input}D input tensors, but found inputs with size {size}",
        {
            "torch-1.13": "('{target}D target tensor expects {input}D input tensors, but found inputs with size', {size})",
        },
    ),
    "adaptive_targets": ("RuntimeError", "0D or 1D target tensor expected, multi-target not supported", {}),
    "adaptive_range": (
        "RuntimeError",
        "Target values should be in [0, {last}], but values in range [{low}, {high}] were found. ",
        {},
    ),
    "spectral_twice": ("RuntimeError", "Cannot register two spectral_norm hooks on the same parameter {name}", {}),
    "spectral_steps": (
        "ValueError",
        "Expected n_power_iterations to be positive, but got n_power_iterations={count}",
        {},
    ),
    "spectral_none": ("ValueError", "`SpectralNorm` cannot be applied as parameter `{name}` is None", {}),
    "spectral_missing": ("ValueError", "spectral_norm of '{name}' not found in {module}", {}),
    "spectral_dim": (
        "IndexError",
        "Dimension out of range (expected to be in range of [{low}, {high}] but got {dim})",
        {},
    ),
    "spectral_weight": ("ValueError", "Module '{module}' has no parameter or buffer with name '{name}'", {}),
    "schedule_function": ("TypeError", "lr_lambda should be a function, but got {type}", {}),
    "schedule_lambdas": ("ValueError", "Expected {expected} lr_lambdas, but got {found}", {}),
    "combined_none": ("ValueError", "{name} expects at least one scheduler{purpose}, but got no scheduler.", {}),
    "combined_kind": ("TypeError", "{name} at index {index} should have `optimizer` as its attribute.", {}),
    "combined_plateau": (
        "ValueError",
        "{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified when "
        "calling `step`, but got one at index {index} in the given schedulers sequence.",
        {},
    ),
    "combined_optimizer": (
        "ValueError",
        "{name} expects all schedulers to belong to the same optimizer, but got scheduler {kind} at index {index} has "
        "{found}, which is different from {wanted}.",
        {},
    ),
    "sequential_optimizer": (
        "ValueError",
        "Sequential Schedulers expects all schedulers to belong to the same optimizer, but got schedulers at index "
        "{index} to be different than the optimizer passed in.",
        {},
    ),
    "sequential_milestones": (
        "ValueError",
        "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, "
        "but got number of schedulers {schedules} and the number of milestones to be equal to {milestones}",
        {},
    ),
    "chained_optimizer": (
        "ValueError",
        "ChainedScheduler expects all schedulers to belong to the same optimizer, but got schedulers at index 0 and "
        "{index} to be different",
        {},
    ),
    "init_slope": ("ValueError", "negative_slope {found} not a valid number", {}),
    "init_nonlinearity": ("ValueError", "Unsupported nonlinearity {found}", {}),
    "init_mode": ("ValueError", "Mode {found} not supported, please use one of {modes}", {}),
    "cell_nonlinearity": ("RuntimeError", "Unknown nonlinearity: {found}", {}),
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
    "optimizer_no_lr": (
        "ValueError",
        "parameter group didn't specify a value of required optimization parameter lr",
        {},
    ),
    "optimizer_lr": ("ValueError", "Invalid learning rate: {value}", {}),
    "optimizer_lr_tensor": ("ValueError", "Tensor lr must be 1-element", {}),
    "optimizer_eps": ("ValueError", "Invalid epsilon value: {value}", {}),
    "optimizer_beta": ("ValueError", "Invalid beta parameter at index {index}: {value}", {}),
    "optimizer_betas": ("ValueError", "betas must be either both floats or both Tensors", {}),
    "optimizer_etas": ("ValueError", "Invalid eta values: {low}, {high}", {}),
    "optimizer_names": (
        "ValueError",
        "all optimizer params should be with/without names. Some param names are missing",
        {},
    ),
    "optimizer_group": (
        "TypeError",
        "param_group must be a dict, but got {type}",
        {"torch-1.13": ("AssertionError", "param group must be a dict")},
    ),
    "optimizer_groups_named": (
        "ValueError",
        "all optimizer param groups should be with/without names. cannot add param group {which} names to the optimizer",
        {},
    ),
    "optimizer_groups_share": ("ValueError", "some parameters appear in more than one parameter group", {}),
    "optimizer_load_groups": ("ValueError", "loaded state dict has a different number of parameter groups", {}),
    "optimizer_load_sizes": (
        "ValueError",
        "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
        {},
    ),
    "optimizer_value": ("ValueError", "Invalid {name} value: {value}", {}),
    "optimizer_fused_differentiable": (
        "RuntimeError",
        "`fused` does not support `differentiable`",
        {"torch-1.13": "`fused` cannot be `differentiable`"},
    ),
    "optimizer_fused_foreach": ("RuntimeError", "`fused` and `foreach` cannot be `True` together.", {}),
    "optimizer_fused_cuda": ("RuntimeError", "FusedAdam requires all the params to be CUDA, floating point", {}),
    "optimizer_foreach_lr": (
        "ValueError",
        "lr as a Tensor is not supported for capturable=False and foreach=True",
        {},
    ),
    "optimizer_capturable": (
        "AssertionError",
        "If capturable=True, {tensors} must be on supported devices: {devices}.",
        {"torch-1.13": "If capturable=True, {tensors} must be CUDA tensors."},
    ),
    "optimizer_nesterov": ("ValueError", "Nesterov momentum requires a momentum and zero dampening", {}),
    "parameter_flag": (
        "TypeError",
        "_make_subclass(): argument 'require_grad' (position 3) must be bool, not {type}",
        {},
    ),
    "module_type": ("TypeError", "{type} is not a Module subclass", {}),
    "module_list_type": (
        "TypeError",
        "ModuleList.extend should be called with an iterable, but got {type}",
        {},
    ),
    "parameter_list_type": (
        "TypeError",
        "ParameterList.extend should be called with an iterable, but got {type}",
        {},
    ),
    "container_update": (
        "TypeError",
        "{caller} should be called with an iterable of key/value pairs, but got {type}",
        {},
    ),
    "container_pair": ("TypeError", "{owner} update sequence element #{place} should be Iterable; is{type}", {}),
    "container_pair_length": (
        "ValueError",
        "{owner} update sequence element #{place} has length {length}; 2 is required",
        {},
    ),
    "container_call": ("RuntimeError", "{module} should not be called.", {}),
    "parameter_key": (
        "TypeError",
        "Index given to ParameterDict cannot be used as a key as it is not a string (type is '{type}'). Open an issue on "
        "github if you need non-string keys.",
        {},
    ),
    "sequential_insert": ("AssertionError", "module should be of type: <class 'torch.nn.modules.module.Module'>", {}),
    "sequential_insert_range": ("IndexError", "Index out of range: {index}", {}),
    "module_range": ("IndexError", "index {index} is out of range", {}),
    "schedule_optimizer": ("TypeError", "{type} is not an Optimizer", {}),
    "schedule_initial": (
        "KeyError",
        "\"param 'initial_lr' is not specified in param_groups[{index}] when resuming scheduler with last_epoch >= 0.\\n"
        "This typically happens when:\\n1. You're trying to resume training from a checkpoint but haven't properly "
        "loaded the optimizer state\\n2. You're using last_epoch >= 0 for a fresh training run (not recommended)\"",
        {},
    ),
    "schedule_epoch": (
        "UserWarning",
        "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
        "`scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed "
        "form is used instead of the new chainable form, where available. Please open an issue if you are unable to "
        "replicate your use case: https://github.com/pytorch/pytorch/issues/new/choose.",
        {},
    ),
    "schedule_epoch_sign": ("ValueError", "Expected non-negative epoch, but got {epoch}", {}),
    "schedule_period": ("ValueError", "Expected {name}, but got {value}", {}),
    "schedule_share": ("ValueError", "Expected float between 0 and 1 pct_start, but got {value}", {}),
    "schedule_anneal": (
        "ValueError",
        "anneal_strategy must be one of 'cos' or 'linear', instead got {value}",
        {"torch-1.13": "anneal_strategy must by one of 'cos' or 'linear', instead got {value}"},
    ),
    "schedule_momentum": (
        "ValueError",
        "optimizer must support momentum or beta1 with `cycle_momentum` option enabled",
        {"torch-1.13": "optimizer must support momentum with `cycle_momentum` option enabled"},
    ),
    "schedule_values": (
        "ValueError",
        "{name} must have the same length as optimizer.param_groups. {name} has {found} values, param_groups has "
        "{expected}.",
        {"torch-1.13": "expected {expected} values for {name}, got {found}"},
    ),
    "schedule_over": (
        "ValueError",
        "Tried to step {step} times. The specified number of total steps is {total}",
        {"torch-1.13": "Tried to step {next} times. The specified number of total steps is {total}"},
    ),
    "schedule_steps": ("ValueError", "You must define either total_steps OR (epochs AND steps_per_epoch)", {}),
    "plateau_factor": ("ValueError", "Factor should be < 1.0.", {}),
    "plateau_least": ("ValueError", "expected {expected} min_lrs, got {found}", {}),
    "plateau_mode": ("ValueError", "{what} {value} is unknown!", {}),
    "plateau_groups": (
        "RuntimeError",
        "The number of param groups in the `optimizer` ({found}) differs from when `ReduceLROnPlateau` was initialized "
        "({expected}), usually due to a new param group being added to the optimizer. Please modify the `min_lrs` field "
        "to match the length of the `optimizer` param groups.",
        {},
    ),
    "schedule_order": (
        "UserWarning",
        "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should "
        "call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will "
        "result in PyTorch skipping the first value of the learning rate schedule. See more details at "
        "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
        {},
    ),
    "schedule_factor": (
        "ValueError",
        "{word} multiplicative factor expected to be between 0 and 1.",
        {},
    ),
    "schedule_start": (
        "ValueError",
        "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
        {},
    ),
    "module_assign": ("TypeError", "cannot assign '{value}' as {kind} '{name}' ({wanted} or None expected)", {}),
    "module_register": (
        "TypeError",
        "cannot assign '{value}' object to {kind} '{name}' ({wanted} or None required)",
        {},
    ),
    "module_register_nonleaf": (
        "ValueError",
        "Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To express "
        "'{name}' as a function of another Tensor, compute the value in the forward() method.",
        {},
    ),
    "module_name_type": ("TypeError", "{kind} name should be a string. Got {type}", {}),
    "module_name_dot": ("KeyError", """'{kind} name can\\'t contain "."'""", {}),
    "module_name_dot_got": ("KeyError", """'module name can\\'t contain ".", got: {name}'""", {}),
    "module_name_empty": ("KeyError", """'{kind} name can\\'t be empty string ""'""", {}),
    "module_name_taken": ("KeyError", """"attribute '{name}' already exists\"""", {}),
    "module_lacks": ("AttributeError", "{module} has no attribute `{name}`", {}),
    "module_lacks_kind": ("AttributeError", "`{name}` is not {kind}", {}),
    "module_to_dtype": (
        "TypeError",
        "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}",
        {},
    ),
    "state_dict_type": ("TypeError", "Expected state_dict to be dict-like, got {type}.", {}),
    "state_dict": ("RuntimeError", "Error(s) in loading state_dict for {module}:\n\t{problems}", {}),
    "hardtanh_module_bounds": (
        "AssertionError",
        "max_val ({most}) must be greater than min_val ({least})",
        {"torch-1.13": ""},
    ),
    "unflatten_module_sizes": ("TypeError", "unflattened_size must be a tuple of {of}, but found type {type}", {}),
    "unflatten_module_size": (
        "TypeError",
        "unflattened_size must be tuple of ints, but found element of type {type} at pos {place}",
        {},
    ),
    "multi_margin_dims": (
        "ValueError",
        "MultiMarginLoss: expected weight to be None or 1D tensor, got {ndim}D instead",
        {"torch-1.13": ("AssertionError", "")},
    ),
    "triplet_module_margin": (
        "ValueError",
        "TripletMarginLoss: expected margin to be greater than 0, got {margin} instead",
        {},
    ),
    "huber_module_delta": ("TypeError", "delta must be a float or int, got: <class '{type}'>", {}),
    "module_forward": ("NotImplementedError", 'Module [{module}] is missing the required "forward" function', {}),
    "module_mode": ("ValueError", "training mode is expected to be boolean", {}),
    "draw_bounds": ("RuntimeError", "{name} is out of bounds for {dtype}", {}),
    "draw_precision": (
        "UserWarning",
        "{name} is out of bounds [-(2^{bits}), 2^{bits}]. Due to precision limitations {dtype} can support discrete "
        "uniform distribution only within this range. This warning will become an error in version 1.7 release, "
        "please fix the code in advance",
        {},
    ),
    "randperm_overflow": ("RuntimeError", "value cannot be converted to type {type} without overflow", {}),
    "randperm_precision": ("RuntimeError", "n cannot be greater than {most} for {dtype} type.", {}),
    "generator_seed": ("RuntimeError", "manual_seed expected a long, but got {type}", {}),
    "log_normal_std": ("RuntimeError", "log_normal_ expects std > 0.0, but found std={std}", {}),
    "cauchy_sigma": ("RuntimeError", "cauchy_ expects sigma > 0.0, but found sigma={sigma}", {}),
    "cauchy_dtype": (
        "RuntimeError",
        "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you "
        "specified {dtype}",
        {},
    ),
    "geometric_range": ("RuntimeError", "geometric_ expects p to be in (0, 1), but got p={p}", {}),
    "poisson_rate": ("RuntimeError", "invalid Poisson rate, expected rate to be non-negative", {}),
    "multinomial_dims": ("RuntimeError", "prob_dist must be 1 or 2 dim", {}),
    "multinomial_dtype": (
        "RuntimeError",
        "multinomial only supports floating-point dtypes for input, got: {dtype}",
        {},
    ),
    "multinomial_none": ("RuntimeError", "cannot sample n_sample <= 0 samples", {}),
    "multinomial_many": (
        "RuntimeError",
        "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
        {},
    ),
    "multinomial_elements": (
        "RuntimeError",
        "probability tensor contains either `inf`, `nan` or element < 0",
        {},
    ),
    "multinomial_sum": ("RuntimeError", "invalid multinomial distribution (sum of probabilities <= 0)", {}),
    "gumbel_eps": ("UserWarning", "`eps` parameter is deprecated and has no effect.", {}),
    "init_dims": ("ValueError", "Only tensors with {wanted} dimensions are supported", {}),
    "init_groups": ("ValueError", "dim 0 must be divisible by groups", {}),
    "init_fans": (
        "ValueError",
        "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions",
        {},
    ),
    "init_nothing": ("UserWarning", "Initializing zero-element tensors is a no-op", {}),
    "init_truncated": (
        "UserWarning",
        "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.",
        {},
    ),
    "clip_nothing": (
        "UserWarning",
        "`parameters` is an empty generator, no gradient clipping will occur.",
        {},
    ),
    "clip_no_gradients": (
        "RuntimeError",
        "Expected !nested_tensorlist[0].empty() to be true, but got false.  (Could this error message be improved?  "
        "If so, please report an enhancement request to PyTorch.)",
        {},
    ),
    "clip_nonfinite": (
        "RuntimeError",
        "The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be clipped. "
        "To disable this error and scale the gradients by the non-finite norm anyway, set "
        "`error_if_nonfinite=False`",
        {},
    ),
    "dropout_probability": (
        "ValueError",
        "dropout probability has to be between 0 and 1, but got {value}",
        {},
    ),
    "feature_dropout_dims": ("RuntimeError", "Feature dropout requires at least 2 dimensions in the input", {}),
    "dropout_1d": (
        "RuntimeError",
        "dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d exists to provide "
        "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch "
        "dimension (i.e. 2D or 3D inputs).",
        {},
    ),
    "dropout_2d": (
        "UserWarning",
        "dropout2d: Received a {ndim}-D input to dropout2d, which is deprecated and will result in an error in a "
        "future release. To retain the behavior and silence this warning, please use dropout instead. Note that "
        "dropout2d exists to provide channel-wise dropout on inputs with 2 spatial dimensions, a channel dimension, "
        "and an optional batch dimension (i.e. 3D or 4D inputs).",
        {},
    ),
    "dropout_3d": (
        "UserWarning",
        "dropout3d: Received a {ndim}-D input to dropout3d, which is deprecated and will result in an error in a "
        "future release. To retain the behavior and silence this warning, please use dropout instead. Note that "
        "dropout3d exists to provide channel-wise dropout on inputs with 3 spatial dimensions, a channel dimension, "
        "and an optional batch dimension (i.e. 4D or 5D inputs).",
        {},
    ),
    "dropout_2d_channels": (
        "UserWarning",
        "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - "
        "input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future "
        "release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
        "channel-wise dropout behavior, please switch to using dropout1d instead.",
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
    "conv_padding_mode": ("ValueError", "padding_mode must be one of {modes}, but got padding_mode='{value}'", {}),
    "conv_output_dims": (
        "ValueError",
        "ConvTranspose{dims}D: for {ndim}D input, output_size must have {dims} or {both} elements (got {found})",
        {},
    ),
    "conv_output_range": (
        "ValueError",
        "requested an output size of {sizes}, but valid sizes range from {least} to {most} (for an input of "
        "torch.Size({given}))",
        {},
    ),
    "conv_transposed_padding": ("ValueError", 'Only "zeros" padding mode is supported for {module}', {}),
    "bilinear_features": ("ValueError", "in1_features must be > 0, but got (in1_features={value})", {}),
    "group_norm_channels": (
        "ValueError",
        "num_channels ({channels}) must be divisible by num_groups ({groups})",
        {"torch-1.13": "num_channels must be divisible by num_groups"},
    ),
    "instance_norm_features": (
        "ValueError",
        "expected input's size at dim={dim} to match num_features ({expected}), but got: {found}.",
        {},
    ),
    "instance_norm_unused": (
        "UserWarning",
        "input's size at dim={dim} does not match num_features. You can silence this warning by not passing in "
        "num_features, which is not used because affine=False",
        {},
    ),
    "softmax2d_dims": ("ValueError", "Softmax2d: expected input to be 3D or 4D, got {ndim}D instead", {}),
    "cell_states": ("RuntimeError", "lstm_cell expects two hidden states", {}),
    "cell_dims": (
        "ValueError",
        "{module}: Expected {name} to be 1D or 2D, got {ndim}D instead",
        {
            "torch-1.13": (
                "AssertionError",
                "{module}: Expected {name} to be 1-D or 2-D but received {ndim}-D tensor",
            )
        },
    ),
    "cell_input": ("RuntimeError", "input has inconsistent input_size: got {found} expected {expected}", {}),
    "cell_batch": (
        "RuntimeError",
        "Input batch size {found} doesn't match hidden0 batch size {hidden}",
        {},
    ),
    "cell_hidden": ("RuntimeError", "hidden0 has inconsistent hidden_size: got {found}, expected {expected}", {}),
    "batch_norm_dims": ("ValueError", "expected {expected} input (got {ndim}D input)", {}),
}
