"""The texts of ``torch.nn.functional``: activations, dropout, losses, normalisation."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "relu_bool": ("RuntimeError", "Boolean inputs not supported for relu", {}),
    "leaky_relu_inplace_slope": (
        "RuntimeError",
        "In-place leakyReLu backward calculation is triggered with a negative slope which is not supported. This is caused "
        "by calling in-place forward function with a negative slope, please call out-of-place version instead. File an "
        "issue at https://github.com/pytorch/pytorch if you do require supporting in-place leakRelu backward calculation "
        "with negative slope",
        {},
    ),
    "elu_inplace_slope": (
        "RuntimeError",
        "In-place elu backward calculation is triggered with a negative slope which is not supported. This is caused by "
        "calling in-place forward function with a negative slope, please call out-of-place version instead.",
        {},
    ),
    "hardtanh_bounds": ("ValueError", "min_val cannot be greater than max_val", {}),
    "hardtanh_unsigned": ("RuntimeError", "cannot do hardtanh on an unsigned type with negative limits", {}),
    "hardtanh_bool": ("RuntimeError", "Bool inputs not supported for hardtanh", {}),
    "celu_alpha": ("RuntimeError", "ZeroDivisionError: alpha cannot be 0 for CELU", {}),
    "gelu_approximate": ("RuntimeError", "approximate argument must be either none or tanh.", {}),
    "softshrink_lambda": (
        "RuntimeError",
        "lambda must be in range [0, {largest}] for input dtype {dtype}, but found {found}",
        {"torch-1.13": "lambda must be greater or equal to 0, but found to be {found}."},
    ),
    "prelu_dtypes": (
        "RuntimeError",
        "prelu: Type promoting not supported. Got {left} and {right}",
        {"torch-1.13": "Found dtype {right} but expected {left}"},
    ),
    "prelu_channels": (
        "RuntimeError",
        "Mismatch of parameter numbers and input channel size. Found parameter numbers = {parameters} and channel size = "
        "{channels}.",
        {},
    ),
    "prelu_zero_dim": ("RuntimeError", "Not allow zero-dim input tensor.", {}),
    "prelu_weight_dims": (
        "RuntimeError",
        "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {ndim}",
        {"torch-1.13": "prelu: Expected `weight` to be a scalar or 1D tensor, but got ndim = {ndim}"},
    ),
    "glu_zero_dim": ("RuntimeError", "glu does not support scalars because halving size must be even", {}),
    "glu_odd": ("RuntimeError", "Halving dimension must be even, but dimension {dim} is size {size}", {}),
    "implicit_dim": (
        "UserWarning",
        "Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        {},
    ),
    "rrelu_bounds": ("RuntimeError", "Lower bound should be less than or equal to the upper bound", {}),
    "dropout_probability_torch": (
        "RuntimeError",
        "dropout probability has to be between 0 and 1, but got {p}",
        {},
    ),
    # Losses
    "loss_sizes": (
        "UserWarning",
        "Using a target size ({target}) that is different to the input size ({input}). This will likely lead to incorrect "
        "results due to broadcasting. Please ensure they have the same size.",
        {},
    ),
    "legacy_reduction": (
        "UserWarning",
        "size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
        {},
    ),
    "triplet_distance_margin": (
        "ValueError",
        "TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead",
        {},
    ),
    "loss_reduction": ("ValueError", "{reduction} is not a valid value for reduction", {}),
    "loss_reduction_mode": (
        "ValueError",
        "Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.",
        {},
    ),
    "loss_weight_sizes": ("ValueError", "Weights and input must have the same size.", {}),
    "smooth_l1_beta": ("RuntimeError", "smooth_l1_loss does not support negative values for beta.", {}),
    "huber_delta": ("RuntimeError", "huber_loss does not support non-positive values for delta.", {}),
    "found_dtype": ("RuntimeError", "Found dtype {found} but expected {expected}", {}),
    "bce_range": ("RuntimeError", "all elements of {name} should be between 0 and 1", {}),
    "bce_sizes": (
        "ValueError",
        "Using a target size ({target}) that is different to the input size ({input}) is deprecated. Please ensure they "
        "have the same size.",
        {},
    ),
    "cosine_eps": ("RuntimeError", "eps must be non-negative, got: {eps}", {}),
    "bce_logits_sizes": ("ValueError", "Target size ({target}) must be the same as input size ({input})", {}),
    "not_differentiable_argument": (
        "RuntimeError",
        "The function '{op}' is not differentiable with respect to argument '{argument}'. This input cannot have "
        "requires_grad True.",
        {},
    ),
    "label_smoothing": ("RuntimeError", "label_smoothing must be between 0.0 and 1.0. Got: {found}", {}),
    "half_mse": (
        "UserWarning",
        "Applying the CPU mse kernel on half-type tensors. This may be slower than using float or double-type tensors.",
        {},
    ),
    "kl_div_integers": ("RuntimeError", "kl_div: Integral inputs not supported.", {}),
    "triplet_dims": (
        "RuntimeError",
        "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor "
        "{anchor}D, positive {positive}D, and negative {negative}D inputs",
        {"torch-1.13": "All inputs should have same dimension but got {anchor}D, {positive}D and {negative}D inputs."},
    ),
    "rms_norm_dims": ("ValueError", "Input tensor must have at least {least} dimensions, but got {ndim}", {}),
    "rms_norm_mismatch": (
        "UserWarning",
        "Mismatch dtype between input and weight: input dtype = {input}, weight dtype = {weight}, Cannot dispatch to "
        "fused implementation.",
        {},
    ),
    "layer_norm_mixed": (
        "RuntimeError",
        "mixed dtype (CPU): expect parameter to have scalar type of Float",
        {},
    ),
    "layer_norm_double": ("RuntimeError", "mixed dtype (CPU): all inputs must share same datatype.", {}),
    "cross_entropy_target_dtype": (
        "RuntimeError",
        "Expected floating point type for target with class probabilities, got {dtype}",
        {},
    ),
    "cross_entropy_ignore_index": ("RuntimeError", "ignore_index is not supported for floating point target", {}),
    "nll_target_dtype": (
        "RuntimeError",
        "expected target dtype to be Long or Byte, but got {dtype}",
        {"torch-1.13": "expected scalar type Long but found {dtype}"},
    ),
    "nll_bounds": ("IndexError", "Target {target} is out of bounds.", {}),
    "nll_batch": (
        "ValueError",
        "Expected input batch_size ({input}) to match target batch_size ({target}).",
        {},
    ),
    "nll_dims": ("ValueError", "Expected 1 or more dimensions (got {ndim})", {}),
    "nll_one_target_size": ("RuntimeError", "size mismatch (got input: {input}, target: {target})", {}),
    "nll_one_target": (
        "ValueError",
        "For 1D input, 1D target must have size 1, but got target size: {size}",
        {},
    ),
    "nll_many_targets": ("RuntimeError", "0D or 1D target tensor expected, multi-target not supported", {}),
    "nll_spatial": (
        "RuntimeError",
        "only batches of spatial targets supported (3D tensors) but got targets of dimension: {ndim}",
        {},
    ),
    "nll_target_size": ("RuntimeError", "Expected target size {expected}, got {found}", {}),
    "nll_weight": (
        "RuntimeError",
        "weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape: "
        "{shape}",
        {},
    ),
    "scalar_type": ("RuntimeError", "expected scalar type {expected} but found {found}", {}),
    "cross_entropy_weight": (
        "RuntimeError",
        "cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got weight "
        "tensor of shape: {shape}",
        {},
    ),
    "margin_ranking_dims": (
        "RuntimeError",
        "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: {input1}, input2: "
        "{input2}, target: {target} ",
        {},
    ),
    "triplet_margin": ("ValueError", "margin must be greater than 0, got {margin}", {}),
    "functional_deprecated": (
        "UserWarning",
        "nn.functional.{name} is deprecated. Use torch.{name} instead.",
        {},
    ),
    "kl_div_mean": (
        "UserWarning",
        "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by "
        "the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the same as "
        "'batchmean' in the next major release.",
        {},
    ),
    "variance_negative": ("ValueError", "var has negative entry/entries", {}),
    "variance_size": ("ValueError", "var is of incorrect size", {}),
    "reduction_not_valid": ("ValueError", "{reduction} is not valid", {}),
    # Normalisation
    "layer_norm_empty": (
        "RuntimeError",
        "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
        "normalized_shape = []",
        {},
    ),
    "nll_backward_sizes": ("RuntimeError", "size mismatch (got input: {input}, target: {target})", {}),
    "cosine_target": ("RuntimeError", "0D or 1D target tensor expected, multi-target not supported", {}),
    "cosine_inputs": (
        "RuntimeError",
        "{target}D target tensor expects {expected}D input tensors, but found inputs with sizes {one} and {other}.",
        {},
    ),
    "layer_norm_input": (
        "RuntimeError",
        "Given normalized_shape={shape}, expected input with shape {expected}, but got input of size{found}",
        {},
    ),
    "layer_norm_parameter": (
        "RuntimeError",
        "Expected {name} to be of same shape as normalized_shape, but got {name} of shape {found} and normalized_shape = "
        "{shape}",
        {},
    ),
    "batch_norm_running": ("RuntimeError", "{name} must be defined in evaluation mode", {}),
    "batch_norm_eps": ("ValueError", "batch_norm eps must be {how}, but got {eps}", {}),
    "batch_norm_elements": ("RuntimeError", "{name} should contain {expected} elements not {found}", {}),
    "batch_norm_values": (
        "ValueError",
        "Expected more than 1 value per channel when training, got input size {size}",
        {},
    ),
    "group_norm_bias": ("RuntimeError", "tensor does not have a device", {}),
    "group_norm_dims": ("RuntimeError", "Expected at least 2 dimensions for input tensor but received {ndim}", {}),
    "group_norm_positive": (
        "RuntimeError",
        "Expected num groups to be greater than 0, got {groups}",
        {},
    ),
    "group_norm_groups": (
        "RuntimeError",
        "Expected number of channels in input to be divisible by num_groups, but got input of shape {shape} and "
        "num_groups={groups}",
        {},
    ),
    "group_norm_parameter": (
        "RuntimeError",
        "Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of shape {found} "
        "and input of shape {shape}",
        {},
    ),
    "instance_norm_elements": (
        "ValueError",
        "Expected more than 1 spatial element when training, got input size {size}",
        {},
    ),
    "instance_norm_running": (
        "RuntimeError",
        "Expected running_mean and running_var to be defined when use_input_stats is false",
        {},
    ),
    "common_dtype": (
        "RuntimeError",
        "expected common dtype to be floating point, yet common dtype is {dtype}",
        {},
    ),
    "ctc_integral": ("RuntimeError", "{name} must be integral", {}),
    "ctc_dims": (
        "RuntimeError",
        "Expected 3-dimensional tensor, but got {ndim}-dimensional tensor for argument #1 'log_probs' (while checking "
        "arguments for {kernel})",
        {},
    ),
    "ctc_empty": ("RuntimeError", "log_probs tensor must not be empty", {}),
    "ctc_blank": ("RuntimeError", "blank must be in label range", {}),
    "ctc_lengths": ("RuntimeError", "{name} must be of size batch_size", {}),
    "ctc_targets": (
        "RuntimeError",
        "Expected tensor to have size {expected} at dimension {dim}, but got size {found} for argument #2 'targets' (while "
        "checking arguments for {kernel})",
        {},
    ),
    "ctc_targets_short": (
        "RuntimeError",
        "Expected tensor to have size at least {expected} at dimension 1, but got size {found} for argument #2 'targets' "
        "(while checking arguments for {kernel})",
        {},
    ),
    "ctc_input_length": (
        "RuntimeError",
        "Expected input_lengths to have value at most {most}, but got value {found} (while checking arguments for "
        "{kernel})",
        {},
    ),
}
