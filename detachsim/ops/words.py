"""Every word that an expression may use; written by tools/write_words.py from the tables."""

TORCH = """
Size abs abs_ add add_ arange as_strided bmm can_cast cat clamp clamp_ clone cos cos_ detach div div_ dot
empty empty_like eq eq_ exp exp_ eye fill_ flatten full full_like ge ge_ gt gt_ index_put index_put_
is_anomaly_enabled is_floating_point is_grad_enabled is_inference_mode_enabled is_tensor le le_ linspace log
log_ logical_and logical_and_ logical_not logical_not_ logical_or logical_or_ lt lt_ manual_seed masked_fill
masked_fill_ matmul max mean min mm mul mul_ mv ne ne_ neg neg_ numel ones ones_like outer permute pow pow_
prod promote_types rand rand_like randint randn randn_like randperm reciprocal reciprocal_ relu relu_ reshape
result_type rsub select sigmoid sigmoid_ sign sign_ sin sin_ sqrt sqrt_ squeeze stack sub sub_ sum t tanh
tanh_ tensor transpose unbind unsqueeze where zero_ zeros zeros_like
"""

FUNCTIONAL = """
relu relu_ sigmoid sigmoid_ tanh tanh_
"""

LINALG = """
"""

AUTOGRAD = """
backward grad
"""

MODULES = """
"""

OPTIMIZERS = """
"""

CONSTANTS = """
bfloat16 bool double e float float16 float32 float64 half inf int int16 int32 int64 int8 long nan pi short
uint8
"""

METHODS = """
_is_view abs abs_ add add_ as_strided backward bfloat16 bmm bool clamp clamp_ clone contiguous copy_ cos cos_
cpu data_ptr detach detach_ dim div div_ dot double element_size eq eq_ exp exp_ expand expand_as fill_
flatten float ge ge_ gt gt_ half index_put index_put_ int is_contiguous is_floating_point is_inference item le
le_ log log_ logical_and logical_and_ logical_not logical_not_ logical_or logical_or_ long lt lt_ masked_fill
masked_fill_ matmul max mean min mm mul mul_ mv name ndimension ne ne_ neg neg_ nelement new_full new_ones
new_tensor new_zeros numel outer permute pow pow_ prod reciprocal reciprocal_ register_hook
register_post_accumulate_grad_hook relu relu_ remove requires_grad_ reshape reshape_as retain_grad select
short sigmoid sigmoid_ sign sign_ sin sin_ size sqrt sqrt_ squeeze storage_offset stride sub sub_ sum
sum_to_size t tanh tanh_ to tolist transpose type_as unbind unsqueeze view view_as zero_
"""

ATTRIBUTES = """
T _base _version data dtype grad grad_fn indices is_leaf is_sparse itemsize mT nbytes ndim next_functions
output_nr requires_grad retains_grad shape values variable
"""

SETTABLE = """
_version data grad grad_fn is_leaf requires_grad
"""

INPLACE_METHODS = """
step zero_grad
"""
