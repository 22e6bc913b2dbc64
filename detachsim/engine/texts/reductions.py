"""The texts of reductions, sorting and running results."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "arg_bool": ("RuntimeError", "{op}(): does not support bool input", {}),
    "norm_truth": ("RuntimeError", "norm_kernel_tensor_iterator_impl expects norm to be integer or float", {}),
    "sum_to_size": ("RuntimeError", "size {{{size}}} is not expandable to size {{{shape}}}.", {}),
    "mean_output_dtype": (
        "RuntimeError",
        "mean(): could not infer output dtype. Optional dtype must be either a floating point or complex dtype. Got: "
        "{dtype}",
        {},
    ),
    "nanmean_wanted": (
        "RuntimeError",
        "nanmean(): could not infer output dtype. Optional dtype must be either a floating point or complex dtype. Got: "
        "{dtype}",
        {},
    ),
    "nanmean_dtype": (
        "RuntimeError",
        "nanmean(): expected input to have floating point or complex dtype but got {dtype}",
        {"torch-1.13": "nanmean(): expected input to have floating point dtype but got {dtype}"},
    ),
    "reduce_empty_arg": (
        "IndexError",
        "{op}(): Expected reduction dim to be specified for input.numel() == 0.",
        {},
    ),
    "aminmax_empty_dim": ("IndexError", "aminmax: Expected reduction dim {dim} to have non-zero size.", {}),
    "aminmax_empty": (
        "RuntimeError",
        "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.",
        {},
    ),
    "kthvalue_range": ("RuntimeError", "kthvalue(): selected number k out of range for dimension {dim}", {}),
    "topk_range": ("RuntimeError", "selected index k out of range", {}),
    "std_dtype": ("RuntimeError", "{op} only support floating point and complex dtypes", {}),
    "std_freedom": (
        "UserWarning",
        "{op}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input numel "
        "divided by output numel).",
        {},
    ),
    "norm_wanted": ("RuntimeError", "{op}: dtype should be floating point or complex, but got {dtype}", {}),
    "norm_narrow": (
        "RuntimeError",
        "{op}: the dtype of the input ({dtype}) should be convertible without narrowing to the specified dtype ({wanted})",
        {},
    ),
    "vector_norm_dtype": (
        "RuntimeError",
        "linalg.vector_norm: Expected a floating point or complex tensor as input. Got {dtype}",
        {},
    ),
    "vector_norm_empty": (
        "RuntimeError",
        "linalg.vector_norm cannot compute the {order} norm on an empty tensor because the operation does not have an "
        "identity",
        {},
    ),
    "vector_norm_empty_dim": (
        "RuntimeError",
        "linalg.vector_norm cannot compute the {order} norm on the dimension {dim}because this dimension is empty and the "
        "operation does not have an identity",
        {},
    ),
    "norm_dtype": (
        "RuntimeError",
        "norm(): input dtype should be either floating point or complex. Got {dtype} instead.",
        {},
    ),
    "older_norm_dtype": (
        "RuntimeError",
        "norm(): {what} should be either floating point or complex. Got {dtype} instead.",
        {},
    ),
    "nuclear_dtype": ("ValueError", "dtype argument is not supported in nuclear norm", {}),
    "frobenius_dtype": ("ValueError", "dtype argument is not supported in frobenius norm", {}),
    "nuclear_ndim": (
        "RuntimeError",
        "Expected a tensor with 2 dimensions, but got a tensor with {ndim} dimension{s} instead.",
        {},
    ),
    "nuclear_dims": ("RuntimeError", "nuclear norm requires a 'dim' argument of size 2", {}),
    "frobenius_dims": ("RuntimeError", "Expected at most 2 dimensions, but got {count} dimensions instead.", {}),
    "norm_order": (
        "RuntimeError",
        "linalg.matrix_norm: Order {order} not supported.",
        {"torch-1.13": "only valid string values are 'fro' and 'nuc', found {order}"},
    ),
    "quantile_dtype": ("RuntimeError", "quantile() input tensor must be either float or double dtype", {}),
    "quantile_points": ("RuntimeError", "quantile() q must be a scalar or 1D tensor", {}),
    "quantile_points_dtype": ("RuntimeError", "quantile() q tensor must be same dtype as the input tensor", {}),
    "quantile_points_range": ("RuntimeError", "quantile() q values must be in the range [0, 1]", {}),
    "quantile_range": ("RuntimeError", "quantile() q must be in the range [0, 1] but got {q}", {}),
    "quantile_empty": ("RuntimeError", "quantile() input tensor must be non-empty", {}),
    "quantile_interpolation": (
        "RuntimeError",
        "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}",
        {},
    ),
    "diff_zero_dim": ("RuntimeError", "diff expects input to be at least one-dimensional", {}),
    "diff_order": ("RuntimeError", "order must be non-negative but got {n}", {}),
    "searchsorted_side": (
        "RuntimeError",
        "torch.searchsorted(): side can only be 'left' or 'right' but got {side}",
        {},
    ),
    "searchsorted_both": (
        "RuntimeError",
        "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True",
        {},
    ),
    **{
        f"searchsorted_{what.replace(' ', '_')}": (
            "UserWarning",
            f"torch.searchsorted(): {what} tensor is non-contiguous, this will lower the performance due to extra data "
            f"copy when converting non-contiguous tensor to contiguous, please use contiguous {what} tensor if possible. "
            "This message will only appear once per program.",
            {},
        )
        for what in ("input value", "boundary", "sorter")
    },
    "searchsorted_sorter_sizes": (
        "RuntimeError",
        "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor {boundaries}and got "
        "sorter tensor {sorter}",
        {},
    ),
    "searchsorted_sorter_dtype": (
        "RuntimeError",
        "torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {dtype}",
        {},
    ),
    "searchsorted_sorter_dims": ("RuntimeError", "ArrayRef: attempted to access back() of empty list", {}),
    "searchsorted_sorter_range": ("RuntimeError", "torch.searchsorted(): sorter index out of range", {}),
    "searchsorted_zero_dim": (
        "RuntimeError",
        "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension",
        {},
    ),
    "searchsorted_scalar": (
        "RuntimeError",
        "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
        "boundaries tensor dim({ndim}) and input value's dim(0) numel(1)",
        {},
    ),
    "searchsorted_shapes": (
        "RuntimeError",
        "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and "
        "input value tensor must match, but we got boundaries tensor {boundaries} and input value tensor {values}",
        {},
    ),
    "bucketize_dims": ("RuntimeError", "boundaries tensor must be 1 dimension, but got dim({ndim})", {}),
}
