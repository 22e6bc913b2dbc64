"""The texts of series of samples, patches of pictures, margins between classes and attention."""

from detachsim.engine.texts.entry import Entry

_OPTIONAL_BATCH = "with optional 0-dim batch size, but got: {sizes}"

TEXTS: dict[str, Entry] = {
    "cov_weight_dtype": (
        "RuntimeError",
        "cov(): expected {name} to have {kind} dtype but got {name} with {dtype} dtype",
        {},
    ),
    "cov_weight_count": (
        "RuntimeError",
        "cov(): expected {name} to have the same numel as there are observations in the input but got {found} != {count}",
        {},
    ),
    "cov_weight_negative": ("RuntimeError", "cov(): {name} cannot be negative", {}),
    "cov_weights_zero": ("RuntimeError", "cov(): weights sum to zero, can't be normalized", {}),
    "cov_weight_dims": (
        "RuntimeError",
        "cov(): expected {name} to have one or fewer dimensions but got {name} with {ndim} dimensions",
        {},
    ),
    "diff_sizes": (
        "RuntimeError",
        "diff expects the shape of tensor to prepend or append to match that of input except along the differencing "
        "dimension; input.size({dim}) = {size}, but got tensor.size({dim}) = {found}",
        {},
    ),
    "diff_dims": ("RuntimeError", "diff expects prepend or append to be the same dimension as input", {}),
    "cov_dims": (
        "RuntimeError",
        "cov(): expected input to have two or fewer dimensions but got an input with {ndim} dimensions",
        {},
    ),
    "cov_bool": ("RuntimeError", "cov(): bool dtype is not supported for input", {}),
    "cov_freedom": (
        "UserWarning",
        "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
        {"torch-1.13": "cov(): degrees of freedom is <= 0"},
    ),
    "corrcoef_dims": (
        "RuntimeError",
        "corrcoef(): expected input to have two or fewer dimensions but got an input with {ndim} dimensions",
        {},
    ),
    "trapezoid_bool": (
        "RuntimeError",
        "{op}: received a bool input for {names}, but bool is not supported",
        {},
    ),
    "trapezoid_sizes": ("RuntimeError", "{op}: There must be one `x` value for each sample point", {}),
    "gradient_spacing": (
        "RuntimeError",
        "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = {ndim}', "
        "since dim argument was not given, but got a list of length {count}",
        {},
    ),
    "gradient_spacing_dims": (
        "RuntimeError",
        "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same "
        "length, but got a spacing argument of length {count} and a dim argument of length {dims}.",
        {},
    ),
    "gradient_order": ("RuntimeError", "torch.gradient only supports edge_order=1 and edge_order=2.", {}),
    "gradient_size": (
        "RuntimeError",
        "torch.gradient expected each dimension size to be at least edge_order+1",
        {},
    ),
    "combinations_dims": ("RuntimeError", "Expect a 1D vector, but got shape {sizes}", {}),
    "combinations_count": ("RuntimeError", "Expect a non-negative number, but got {count}", {}),
    "bincount_minlength": ("RuntimeError", "minlength should be >= 0", {}),
    "bincount_input": ("RuntimeError", "bincount only supports 1-d non-negative integral inputs.", {}),
    "bincount_weights": ("RuntimeError", "weights should be 1-d and have the same length as input", {}),
    "histc_bins": ("RuntimeError", "torch.histogram(): bins must be > 0, but got {bins} for dimension 0", {}),
    "histc_range": ("RuntimeError", "torch.histc: range of [{low}, {high}] is not finite", {}),
    "histc_order": ("RuntimeError", "torch.histc: max must be larger than min", {}),
    "gradient_bytes": ("RuntimeError", "torch.gradient does not support uint8 input.", {}),
    "isin_type": ("RuntimeError", "Unsupported input type encountered for isin(): {dtype}", {}),
    "vander_dtype": (
        "RuntimeError",
        "linalg.vander supports floating point, complex, and integer tensors, but got {dtype}",
        {},
    ),
    "trapezoid_flag": ("RuntimeError", "{op}: Currently, we only support dx as a real number.", {}),
    "vander_count": ("RuntimeError", "N must be greater than 1.", {}),
    "frexp_dtype": ("RuntimeError", "torch.frexp() only supports floating-point dtypes", {}),
    "imag": ("RuntimeError", "imag is not implemented for tensors with non-complex dtypes.", {}),
    "unfold_small": (
        "RuntimeError",
        "Given input with spatial size ({input}), kernel_size=({kernel}), dilation=({dilation}), padding=({padding}), "
        "calculated shape of the array of sliding blocks as ({output}), but its components must be at least one.",
        {},
    ),
    "unfold_input": (
        "RuntimeError",
        "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but "
        "got: {sizes}",
        {},
    ),
    "window_pair": ("RuntimeError", "It is expected {name} equals to 2, but got size {count}", {}),
    "window_zero": (
        "RuntimeError",
        "{what} should be greater than zero, but got {short}_height: {height} {short}_width: {width}",
        {},
    ),
    "window_padding": (
        "RuntimeError",
        "padding should be non-negative, but got pad_height: {height} pad_width: {width}",
        {},
    ),
    "fold_input": (
        "RuntimeError",
        "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, "
        "but got: {sizes}",
        {},
    ),
    "fold_channels": (
        "RuntimeError",
        "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)="
        "{channels} and kernel_size=({kernel}).",
        {},
    ),
    "fold_places": (
        "RuntimeError",
        "Given output_size=({size}), kernel_size=({kernel}), dilation=({dilation}), padding=({padding}), "
        "stride=({stride}), expected size of input's dimension 2 to match the calculated number of sliding blocks "
        "{expected}, but got input.size(2)={found}.",
        {},
    ),
    "pixel_dims": (
        "RuntimeError",
        "{op} expects input to have at least 3 dimensions, but got input with {ndim} dimension(s)",
        {},
    ),
    "pixel_factor": ("RuntimeError", "{op} expects a positive {word}, but got {factor}", {}),
    "pixel_channels": (
        "RuntimeError",
        "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
        "input.size(-3)={channels} is not divisible by {square}",
        {},
    ),
    "pixel_size": (
        "RuntimeError",
        "pixel_unshuffle expects {word} to be divisible by downscale_factor, but input.size({dim})={size} is not "
        "divisible by {factor}",
        {},
    ),
    "channel_dims": (
        "RuntimeError",
        "channel_shuffle expects input with > 2 dims, but got input with sizes {sizes}",
        {},
    ),
    "channel_groups": (
        "RuntimeError",
        "Number of groups to divide channels in must be positive. Value of groups:{groups}",
        {},
    ),
    "channel_count": (
        "RuntimeError",
        "Number of channels must be divisible by groups. Got {channels} channels and {groups} groups.",
        {},
    ),
    "multi_margin_order": ("RuntimeError", "only p == 1 and p == 2 supported", {}),
    "multi_margin_python": ("ValueError", "only p == 1 and p == 2 supported", {}),
    "multi_margin_python_weight": ("ValueError", "weight must be one-dimensional", {}),
    "classes_input": ("RuntimeError", f"Expected non-empty vector or matrix {_OPTIONAL_BATCH}", {}),
    "multi_margin_target": (
        "RuntimeError",
        "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
        "Expected target size [{count}], but got {sizes}. Input has shape {shape}.",
        {"torch-1.13": "inconsistent target size, got: {sizes}"},
    ),
    "multi_margin_weight": ("RuntimeError", "inconsistent weight size, expected {classes} but got {sizes}", {}),
    "multi_margin_range": ("RuntimeError", "target out of range", {}),
    "multilabel_target": (
        "RuntimeError",
        "inconsistent target size: {target} for input of size: {input}",
        {"torch-1.13": "inconsistent size {target} for argument #2 'target'"},
    ),
    "multilabel_range": ("RuntimeError", "argument #2 'target' is out of range", {}),
    "local_response_dims": (
        "ValueError",
        "Expected 3D or higher dimensionality                          input (got {ndim} dimensions)",
        {},
    ),
    "fill_diagonal_dims": ("RuntimeError", "dimensions must larger than 1", {}),
    "fill_diagonal_sizes": ("RuntimeError", "all dimensions of input must be of equal length", {}),
    "broadcast_shapes_tensor": ("AssertionError", "Expected bool, got <class 'torch.Tensor'>", {}),
    "broadcast_shapes": (
        "RuntimeError",
        "Attempting to broadcast a dimension of length {length} at {dim}! Mismatching argument at index {index} had "
        "{shape}; but expected shape should be broadcastable to {expected}",
        {},
    ),
    "matrix_transpose_batch": (
        "RuntimeError",
        "tensor.H is only supported on matrices (2-D tensors). Got {ndim}-D tensor. For batches of matrices, consider "
        "using tensor.mH",
        {},
    ),
    "renorm_dims": ("RuntimeError", "renorm: input needs at least 2 dimensions, got {ndim} dimensions", {}),
    "renorm_order": ("RuntimeError", "renorm: non-positive-norm not supported", {}),
    "renorm_maximum": ("RuntimeError", "renorm: expected maxnorm to be >= 0 but got {maxnorm}", {}),
    "attention_dims": (
        "RuntimeError",
        "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {query} key.dim: {key} and "
        "value.dim: {value} instead.",
        {},
    ),
    "attention_dtypes": (
        "RuntimeError",
        "Expected query, key, and value to have the same dtype, but got query.dtype: {query} key.dtype: {key} and "
        "value.dtype: {value} instead.",
        {},
    ),
    "attention_causal": (
        "RuntimeError",
        "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True",
        {},
    ),
}
