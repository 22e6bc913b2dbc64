"""The texts of ``out=``."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "out_resized": (
        "UserWarning",
        "An output with one or more elements was resized since it had shape {found}, which does not match the required "
        "output shape {wanted}. This behavior is deprecated, and in a future PyTorch release outputs will not be resized "
        "unless they have zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero "
        "elements with t.resize_(0).",
        {},
    ),
    "out_arange_resized": (
        "UserWarning",
        "The number of elements in the out tensor of shape {found} is {count} which does not match the computed number of "
        "elements {length}. Note that this may occur as a result of rounding error. The out tensor will be resized to a "
        "tensor of shape ({length},).",
        {},
    ),
    "out_dtype": ("RuntimeError", "Expected out tensor to have dtype {result_cpp}, but got {output_cpp} instead", {}),
    "out_found": ("RuntimeError", "Found dtype {output} but expected {result}", {}),
    "out_cat": ("TypeError", "torch.cat(): input types can't be cast to the desired output type {output}", {}),
    "out_amax": (
        "RuntimeError",
        "Expected the dtype for input and out to match, but got {result} for input's dtype and {output} for out's dtype.",
        {},
    ),
    "out_truth": ("RuntimeError", "{op} only supports bool tensor for result, got: {output}", {}),
    "out_dot": ("RuntimeError", "result dtype {output} does not match input dtype {result}", {}),
    "out_scalar_type": ("RuntimeError", "expected scalar_type {result} but found {output}", {}),
    "out_tensordot": (
        "RuntimeError",
        "tensordot: Expected the output tensor to have dtype {result}, but got an output tensor with dtype {output}",
        {},
    ),
    "out_selected": ("RuntimeError", "{op}(): self and result must have the same scalar type", {}),
    "out_quantile": ("RuntimeError", "quantile() out tensor must be same dtype as the input tensor", {}),
    "out_norm": ("RuntimeError", "linalg.{op} expected out tensor dtype {result} but got: {output}", {}),
    "out_castable": (
        "RuntimeError",
        "{op}: Expected result to be safely castable from {result} dtype, but got result with dtype {output}",
        {},
    ),
    "out_castable_linalg": (
        "RuntimeError",
        "linalg.{op}: Expected result to be safely castable from {result} dtype, but got result with dtype {output}",
        {},
    ),
    "out_extreme": (
        "RuntimeError",
        "Expected canCast( typeMetaToScalarType(self.dtype()), typeMetaToScalarType(out.dtype())) to be true, but got "
        "false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
        {},
    ),
    "out_floats": ("RuntimeError", "{op}(): Expected floating point type for result tensor, but got: {output}", {}),
    "out_float_power": (
        "RuntimeError",
        "the output given to float_power has dtype {output} but the operation's result requires dtype {result}",
        {},
    ),
    "out_triangular": ("RuntimeError", "expected scalar type {result} but found {output}", {}),
    "out_where": ("RuntimeError", "Expected out type to be {result} but got {output}", {}),
    "out_mean": ("RuntimeError", "mean.dtype_out(): input types can't be cast to the desired output type {output}", {}),
    "out_kthvalue": ("RuntimeError", "output values must be of same type as input", {}),
    "out_median": (
        "RuntimeError",
        "Expected tensor for 'values' to have the same type as tensor for argument #2 'self'; but type {output_type} does "
        "not equal {result_type} (while checking arguments for median)",
        {},
    ),
    "out_nansum": ("NotImplementedError", "\"nansum_cpu\" not implemented for '{output}'", {}),
    "out_frexp": (
        "RuntimeError",
        "torch.frexp() expects mantissa to have dtype {result_cpp} but got {output_cpp}",
        {},
    ),
    "out_mode": ("RuntimeError", "expected scalar type '{result}' but got '{output}' for values output", {}),
    "out_vecdot": ("RuntimeError", "linalg.vecdot: Expected out of dtype{result} but found {output}", {}),
    "out_multi_dot": (
        "RuntimeError",
        "multi_dot(): expected out tensor to have dtype {result_cpp} but got {output_cpp}",
        {},
    ),
    "out_histc": (
        "RuntimeError",
        "torch.histogram: input tensor and hist tensor should have the same dtype, but got input {result_cpp} and hist "
        "{output_cpp}",
        {},
    ),
    "out_diag": ("RuntimeError", "diag: result type {result} can't be cast to the desired out= type {output}", {}),
    "out_take": (
        "RuntimeError",
        "take(): self and out expected to have the same dtype, but got self.dtype = {result} and out.dtype = {output}",
        {},
    ),
    # PyTorch names the wrong type.
    "out_mvlgamma": (
        "RuntimeError",
        "mvlgamma: result type {result} can't be cast to the desired output type {result}",
        {},
    ),
    "out_nan_to_num": ("RuntimeError", "nan_to_num: dtype of out: {output} should be same as input: {result}", {}),
    "out_ldexp": ("RuntimeError", "ldexp can't be cast to the desired output type {output}", {}),
    "out_signbit": ("RuntimeError", "signbit does not support non-boolean outputs.", {}),
    "out_addmv": (
        "RuntimeError",
        "addmv input tensors must have the same dtype, but got {output}, {result}, and {result}",
        {},
    ),
    "out_addbmm": ("RuntimeError", "self and mat2 must have the same dtype, but got {output} and {result}", {}),
    "out_nonzero": (
        "RuntimeError",
        "nonzero: Expected out tensor to have scalar type Long but got scalar type{output}",
        {},
    ),
    "out_multinomial": ("RuntimeError", "multinomial expects Long tensor out, got: {output}", {}),
    "out_factory_dtype": ("RuntimeError", "dtype {asked} does not match dtype of out parameter ({output})", {}),
}
