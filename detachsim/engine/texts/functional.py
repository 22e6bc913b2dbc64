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
    "hardtanh_bool": ("RuntimeError", "Bool inputs not supported for hardtanh", {}),
    "celu_alpha": ("RuntimeError", "ZeroDivisionError: alpha cannot be 0 for CELU", {}),
    "gelu_approximate": ("RuntimeError", "approximate argument must be either none or tanh.", {}),
    "softshrink_lambda": (
        "RuntimeError",
        "lambda must be in range [0, {largest}] for input dtype {dtype}, but found {found}",
        {},
    ),
    "prelu_dtypes": ("RuntimeError", "prelu: Type promoting not supported. Got {left} and {right}", {}),
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
        {},
    ),
    "glu_zero_dim": ("RuntimeError", "glu does not support scalars because halving size must be even", {}),
    "glu_odd": ("RuntimeError", "Halving dimension must be even, but dimension {dim} is size {size}", {}),
    "implicit_dim": (
        "UserWarning",
        "Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        {},
    ),
    "dropout_probability_torch": (
        "RuntimeError",
        "dropout probability has to be between 0 and 1, but got {p}",
        {},
    ),
}
