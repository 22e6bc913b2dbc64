"""Which family of rows has which names; written by tools/write_words.py from the tables."""

NAMES = {
    "arithmetic": """
abs abs_ add add_ cos cos_ div div_ exp exp_ log log_ mul mul_ neg neg_ pow pow_ pow_Tensor_Scalar
pow_Tensor_Tensor pow__Tensor_Scalar pow__Tensor_Tensor pow_backward pow_backward_exponent pow_backward_self
reciprocal reciprocal_ rsub rsub_Tensor sign sign_ sin sin_ sqrt sqrt_ sub sub_
""",
    "activation": """
relu relu_ sigmoid sigmoid_ sigmoid_backward tanh tanh_ tanh_backward threshold_backward
""",
    "comparison": """
clamp clamp_ clamp_backward eq eq_ eq__Scalar ge ge_ ge__Scalar gt gt_ gt__Scalar le le_ le__Scalar
logical_and logical_and_ logical_not logical_not_ logical_or logical_or_ lt lt_ lt__Scalar ne ne_ ne__Scalar
where where_self zeros_of
""",
    "reduction": """
all all_dim all_dims any any_dim any_dims count_nonzero mean mean_backward mean_dim nanmean nansum ones_of
prod prod_backward prod_dim_backward prod_dim_int sum sum_backward sum_dim sum_to sum_to_size
unsqueeze_reduced
""",
    "extremes": """
amax amin aminmax aminmax_backward argmax argmin constant extreme_backward kthvalue max max_dim median
median_dim min min_dim mode nanmedian nanmedian_dim selected_backward shared_backward zeros_sized
""",
    "statistics": """
moments_backward std std_along std_backward std_correction std_dim std_mean std_mean_correction std_mean_dim
var var_along var_backward var_correction var_dim var_mean var_mean_correction var_mean_dim
""",
    "vector_norms": """
dist dist_backward linalg_vector_norm norm norm_dim norm_dim_dtype vector_norm_backward
""",
    "weight_norm": """
_weight_norm _weight_norm_interface norm_except_dim weight_norm_backward
""",
    "quantiles": """
nanquantile quantile
""",
    "cumulative": """
constant_like cummax cummin cumprod cumprod_ cumprod_backward cumsum cumsum_ cumsum_backward diff logcumsumexp
logcumsumexp_backward running_backward
""",
    "sorting": """
_unique2 _unique_consecutive argsort argsort_stable msort no_derivative sort sort_stable topk unique
unique_consecutive unique_dim
""",
    "searching": """
bucketize searchsorted
""",
    "linear": """
_squeezed_product bmm dot left_factor_grad matmul mm mv right_factor_grad squeeze_product vdot
""",
    "product_sums": """
addbmm addbmm_ addmm addmm_ addmv addmv_ addr addr_ baddbmm baddbmm_ expand_batch times
""",
    "typed_products": """
addmm addmm_dtype baddbmm baddbmm_dtype bmm bmm_dtype mm mm_dtype
""",
    "contraction": """
_trilinear bilinear chain_matmul cross ger inner kron linalg_cross linalg_multi_dot linear outer tensordot
trace trace_backward trilinear_product
""",
    "einsum": """
einsum
""",
    "matrices": """
inverse inverse_backward linalg_inv linalg_matmul linalg_matrix_power linalg_solve matrix_power solve_backward
""",
    "determinants": """
det det_backward linalg_det linalg_slogdet logdet slogdet slogdet_backward
""",
    "matrix_norms": """
linalg_matrix_norm linalg_norm
""",
    "factorizations": """
cholesky cholesky_backward cholesky_inverse cholesky_inverse_backward cholesky_solve cholesky_solve_backward
linalg_cholesky linalg_qr linalg_solve_triangular qr_backward solve_triangular_backward
""",
    "lu_factors": """
linalg_lu linalg_lu_factor linalg_lu_factor_ex linalg_lu_solve lu lu_backward lu_factor_backward lu_solve
lu_solve_backward lu_unpack lu_unpack_backward
""",
    "equations": """
least_squares_backward linalg_cholesky_ex linalg_diagonal linalg_inv_ex linalg_lstsq linalg_solve_ex
linalg_tensorinv linalg_tensorsolve qr triangular_solve triangular_solve_backward
""",
    "spectra": """
eigh_backward linalg_eigh linalg_eigvalsh linalg_svd linalg_svdvals svd svd_backward
""",
    "matrix_functions": """
exponential_backward linalg_cond linalg_matrix_exp linalg_matrix_rank linalg_pinv linalg_vecdot matrix_exp
pinv_backward pinverse
""",
    "distances": """
cdist cdist_backward cdist_kernel cdist_second_gradient pdist pdist_backward pdist_kernel
""",
    "series": """
bincount combinations corrcoef cov cumulative_trapezoid cumulative_trapezoid_x gradient histc isin
linalg_vander trapezoid trapezoid_x trapz trapz_x
""",
    "attention": """
_safe_softmax attention_backward attention_gradients flash_attention scaled_dot_product_attention
""",
    "special_aliases": """
special_digamma special_entr special_erf special_erfc special_erfinv special_exp2 special_expit special_expm1
special_gammaln special_i0 special_i1 special_log1p special_log_softmax special_logit special_logsumexp
special_ndtr special_polygamma special_psi special_round special_sinc special_softmax special_xlog1py
special_xlog1py_Tensor special_xlog1py_other_scalar special_xlog1py_self_scalar special_xlogy xlog1py_backward
xlog1py_number_backward
""",
    "special_rows": """
cut_gamma_slope i0e_backward i1e_backward igamma igamma_ igammac igammac_ log_ndtr_backward mvlgamma mvlgamma_
mvlgamma_backward special_airy_ai special_bessel_j0 special_bessel_j1 special_bessel_y0 special_bessel_y1
special_erfcx special_gammainc special_gammaincc special_i0e special_i1e special_log_ndtr
special_modified_bessel_i0 special_modified_bessel_i1 special_modified_bessel_k0 special_modified_bessel_k1
special_multigammaln special_ndtri special_scaled_modified_bessel_k0 special_scaled_modified_bessel_k1
special_spherical_bessel_j0 special_zeta special_zeta_other_scalar special_zeta_self_scalar
""",
    "polynomials": """
special_chebyshev_polynomial_t special_chebyshev_polynomial_t_n_scalar special_chebyshev_polynomial_t_x_scalar
special_chebyshev_polynomial_u special_chebyshev_polynomial_u_n_scalar special_chebyshev_polynomial_u_x_scalar
special_chebyshev_polynomial_v special_chebyshev_polynomial_v_n_scalar special_chebyshev_polynomial_v_x_scalar
special_chebyshev_polynomial_w special_chebyshev_polynomial_w_n_scalar special_chebyshev_polynomial_w_x_scalar
special_hermite_polynomial_h special_hermite_polynomial_h_n_scalar special_hermite_polynomial_h_x_scalar
special_hermite_polynomial_he special_hermite_polynomial_he_n_scalar special_hermite_polynomial_he_x_scalar
special_laguerre_polynomial_l special_laguerre_polynomial_l_n_scalar special_laguerre_polynomial_l_x_scalar
special_legendre_polynomial_p special_legendre_polynomial_p_n_scalar special_legendre_polynomial_p_x_scalar
special_shifted_chebyshev_polynomial_t special_shifted_chebyshev_polynomial_t_n_scalar
special_shifted_chebyshev_polynomial_t_x_scalar special_shifted_chebyshev_polynomial_u
special_shifted_chebyshev_polynomial_u_n_scalar special_shifted_chebyshev_polynomial_u_x_scalar
special_shifted_chebyshev_polynomial_v special_shifted_chebyshev_polynomial_v_n_scalar
special_shifted_chebyshev_polynomial_v_x_scalar special_shifted_chebyshev_polynomial_w
special_shifted_chebyshev_polynomial_w_n_scalar special_shifted_chebyshev_polynomial_w_x_scalar
""",
    "renormalization": """
renorm renorm_ renorm_backward
""",
    "adaptive_pooling": """
_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool2d_backward
adaptive_avg_pool3d adaptive_avg_pool3d_backward adaptive_max_pool1d adaptive_max_pool2d
adaptive_max_pool2d_backward adaptive_max_pool2d_with_indices adaptive_max_pool3d adaptive_max_pool3d_backward
adaptive_max_pool3d_with_indices
""",
    "resizing": """
interpolate upsample_cubic2d upsample_cubic2d_backward upsample_exact1d upsample_exact1d_backward
upsample_exact2d upsample_exact2d_backward upsample_linear1d upsample_linear1d_backward upsample_linear2d
upsample_linear2d_backward upsample_nearest1d upsample_nearest1d_backward upsample_nearest2d
upsample_nearest2d_backward
""",
    "grids": """
affine_backward affine_grid affine_grid_generator grid_sample grid_sampler grid_sampler_2d
grid_sampler_2d_backward grid_sampler_3d grid_sampler_3d_backward grid_sampler_second
""",
    "unpooling": """
_max_unpool2d _max_unpool3d max_unpool1d max_unpool2d max_unpool3d
""",
    "number_parts": """
frexp frexp_backward gcd gcd_ lcm lcm_ nextafter nextafter_
""",
    "conjugates": """
angle angle_backward conj conj_physical conj_physical_ imag isreal real resolve_conj resolve_neg
""",
    "class_margin_loss": """
multi_margin_backward multi_margin_kernel multi_margin_loss multilabel_margin_backward
multilabel_margin_kernel multilabel_margin_loss multilabel_soft_margin_loss
""",
    "convolution": """
conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution convolution_backward
convolution_backward_kernel convolution_second
""",
    "recurrence": """
gru lstm mkldnn_rnn_layer mkldnn_rnn_layer_backward rnn_relu rnn_tanh
""",
    "module_hooks": """
module_hook passed_on
""",
    "pooling": """
_avg_pool2d _avg_pool3d avg_pool1d avg_pool2d avg_pool2d_backward avg_pool3d avg_pool3d_backward gather_places
local_response_norm lp_pool1d lp_pool2d lp_pool3d max_pool1d max_pool2d max_pool2d_backward
max_pool2d_with_indices max_pool3d max_pool3d_backward max_pool3d_with_indices
""",
    "embedding": """
_embedding collect_backward embedding embedding_dense_backward embedding_renorm_
""",
    "embedding_bags": """
_embedding_bag bag_rows_gradient bag_weights_gradient bags_backward embedding_bag
""",
    "shape": """
_reshape_alias _select_backward _slice_backward _unsafe_view alias as_strided as_strided_gradient expand
expand_as flatten inverse_permutation numpy_T permute reshape reshape_as select select_backward slice squeeze
squeeze_dim squeeze_dims t transpose unbind unbind_backward unsqueeze unsqueeze_dims unsqueeze_to view view_as
view_dtype
""",
    "geometry": """
_set_empty _set_source adjoint as_strided_ atleast_1d atleast_1d_Sequence atleast_2d atleast_2d_Sequence
atleast_3d atleast_3d_Sequence broadcast_tensors broadcast_to matrix_H matrix_T matrix_mH meshgrid moveaxis
moveaxis_int moveaxis_intlist movedim movedim_int movedim_intlist narrow no_derivative_of_set ravel resize_
resize_as_ set_ squeeze_ squeeze__dim squeeze__dims swapaxes swapaxes_ swapdims swapdims_ t_ transpose_
unflatten unsqueeze_
""",
    "sparse": """
values
""",
    "splitting": """
chunk dsplit even_sizes hsplit split split_Tensor split_backward split_sizes split_with_sizes tensor_split
unsafe_split vsplit
""",
    "rearranging": """
flip fliplr flipud repeat repeat_backward repeat_interleave repeat_interleave_Tensor
repeat_interleave_self_Tensor repeat_interleave_self_int roll roll_backward rot90 tile tril tril_ triu triu_
""",
    "padding": """
constant_pad_backward constant_pad_nd pad reflection_pad1d reflection_pad1d_backward reflection_pad2d
reflection_pad2d_backward reflection_pad3d reflection_pad3d_backward replication_pad1d
replication_pad1d_backward replication_pad2d replication_pad2d_backward replication_pad3d
replication_pad3d_backward
""",
    "diagonals": """
diag diag_backward diag_embed diagflat diagonal diagonal_backward diagonal_scatter select_scatter
slice_scatter unfold unfold_backward
""",
    "indexing": """
_index_put_impl getitem index index_put index_put_ setitem values_zero
""",
    "unravelling": """
unravel_index
""",
    "index_reduction": """
index_reduce index_reduce_ index_reduce_backward refuse_second refused_later
""",
    "scattering": """
gather scatter scatter_ scatter__reduce scatter__src scatter__value scatter__value_reduce scatter_add
scatter_add_ scatter_reduce scatter_reduce_ scatter_reduce_backward scatter_src scatter_value
scatter_value_reduce
""",
    "selecting": """
as_type distinct index_add index_add_ index_copy index_copy_ index_fill index_fill_ index_fill__int_Scalar
index_fill__int_Tensor index_fill_int_Scalar index_fill_int_Tensor index_fill_value_backward index_select
index_select_back one_hot put put_ take take_along_dim
""",
    "masking": """
_masked_scatter_backward _nonzero argwhere masked_fill masked_fill_ masked_fill_Scalar masked_fill_Tensor
masked_fill__Scalar masked_fill__Tensor masked_scatter masked_scatter_ masked_scatter_backward_backward
masked_select masked_select_backward nonzero older_masked_scatter_backward where where_condition
""",
    "joining": """
_block_diag block_diag block_diag_backward cartesian_prod cat cat_backward column_stack concat concatenate
dstack hstack narrow_plain row_stack stack stack_backward vstack
""",
    "creation": """
_tensor arange arange_start_step as_tensor empty empty_like eye full full_like linspace logspace new_empty
new_full new_ones new_tensor new_zeros ones ones_like rand rand_like randint randint_like randint_like_low
randint_low randn randn_like randperm scalar_tensor tensor tril_indices triu_indices zeros zeros_like
""",
    "windows": """
bartlett_window bartlett_window_periodic blackman_window blackman_window_periodic hamming_window
hamming_window_periodic hamming_window_periodic_alpha hamming_window_periodic_alpha_beta hann_window
hann_window_periodic kaiser_window kaiser_window_periodic kaiser_window_periodic_beta
""",
    "randomness": """
bernoulli bernoulli_ bernoulli__Tensor bernoulli__float bernoulli_p cauchy_ exponential_ geometric_
gumbel_softmax log_normal_ multinomial normal normal_ normal_Tensor_Tensor normal_Tensor_float
normal_float_Tensor normal_float_float poisson random_ random__from random__to uniform_
""",
    "memory": """
_to_copy _to_whole _unseen_output bfloat16 bool byte char clone contiguous copy_ cpu detach double fill fill_
fill_Tensor fill__Tensor fill_diagonal_ float half int long new_empty_strided short to to_device to_other
type_as zero_
""",
    "scalar_arithmetic": """
add_scalar div_scalar div_scalar_ mul_scalar mul_scalar_ number_tensor scalar_div scalar_sub sub_scalar
""",
    "exponential": """
difference exp2 exp2_ expm1 expm1_ log10 log10_ log1p log1p_ log2 log2_ logaddexp logaddexp2
number_pow_backward pow pow_Scalar rpow rsqrt rsqrt_ square square_
""",
    "trigonometric": """
acos acos_ acosh acosh_ asin asin_ asinh asinh_ atan atan2 atan2_ atan2_backward atan_ atanh atanh_ cosh cosh_
deg2rad deg2rad_ hypot hypot_ no_inplace_derivative rad2deg rad2deg_ sinc sinc_ sinc_backward sinh sinh_ tan
tan_
""",
    "rounding": """
ceil ceil_ div div_ div_Tensor_mode div_Tensor_plain div__Tensor_mode div__Tensor_plain floor floor_
floor_divide floor_divide_ floor_divide_Scalar floor_divide_Tensor floor_divide__Scalar floor_divide__Tensor
fmod fmod_ fmod_Scalar fmod_Tensor fmod__Scalar fmod__Tensor frac frac_ not_implemented rdiv remainder
remainder_ remainder_Scalar remainder_Scalar_Tensor remainder_Tensor remainder__Scalar remainder__Tensor
rfloor_divide round round_ round__decimals round_decimals rounded_div_backward rounded_quotient rremainder
trunc trunc_
""",
    "combination": """
addcdiv addcdiv_ addcmul addcmul_ copysign copysign_ copysign_Scalar copysign_Tensor copysign__Scalar
copysign__Tensor copysign_backward float_power float_power_ heaviside heaviside_ ldexp ldexp_ lerp lerp_
lerp_Scalar lerp_Tensor lerp__Scalar lerp__Tensor nan_to_num nan_to_num_ nan_to_num__filled nan_to_num__whole
nan_to_num_backward nan_to_num_filled number_over positive sgn sgn_ sgn_backward xlogy xlogy_
xlogy_Scalar_Other xlogy_Scalar_Self xlogy_Tensor xlogy__Scalar_Other xlogy__Tensor xlogy_backward
xlogy_number_backward
""",
    "special": """
digamma digamma_ erf erf_ erfc erfc_ erfinv erfinv_ i0 i0_ i1 i1_ i1_backward lgamma lgamma_ logit logit_
logit_backward polygamma polygamma_method
""",
    "extremum": """
clamp clamp_ clamp_Tensor clamp__Tensor clamp_bounds_backward clamp_max clamp_max_ clamp_max_Tensor
clamp_max__Tensor clamp_min clamp_min_ clamp_min_Tensor clamp_min__Tensor clamp_tensors_backward
extreme_pair_backward fmax fmax_wins fmin fmin_wins max max_other maximum min min_other minimum
""",
    "logical": """
_isclose allclose bitwise_and bitwise_and_ bitwise_and_Scalar_Tensor bitwise_left_shift bitwise_left_shift_
bitwise_left_shift_Scalar_Tensor bitwise_not bitwise_not_ bitwise_or bitwise_or_ bitwise_or_Scalar_Tensor
bitwise_right_shift bitwise_right_shift_ bitwise_right_shift_Scalar_Tensor bitwise_xor bitwise_xor_
bitwise_xor_Scalar_Tensor equal invert isclose isfinite isinf isnan isneginf isposinf logical_xor logical_xor_
signbit where where_method
""",
    "piecewise": """
hardshrink hardshrink_backward hardsigmoid hardsigmoid_ hardsigmoid_backward hardsigmoid_functional hardswish
hardswish_ hardswish_backward hardswish_functional hardswish_second hardtanh hardtanh_ hardtanh_backward
hardtanh_functional leaky_relu leaky_relu_ leaky_relu_backward leaky_relu_functional prelu prelu_gradients
prelu_kernel prelu_kernel_backward prelu_second relu relu6 relu6_ relu_functional softshrink
softshrink_backward threshold threshold_ threshold_functional whole_prelu whole_prelu_backward
""",
    "random_slopes": """
rrelu rrelu_functional rrelu_with_noise rrelu_with_noise_backward
""",
    "smooth": """
celu celu_ celu_functional elu elu_ elu__functional elu_backward elu_functional elu_second gelu gelu_backward
gelu_second glu glu_backward glu_grad_second glu_second log_sigmoid_backward log_sigmoid_second logsigmoid
mish mish_ mish_backward mish_backward_kernel mish_functional selu selu_ selu_functional silu silu_
silu_backward silu_backward_kernel silu_functional single_reciprocal softplus softplus_backward
softplus_second softsign tanhshrink
""",
    "softmax": """
log_softmax log_softmax_backward log_softmax_functional log_softmax_grad_second log_softmax_int
log_softmax_kernel log_softmax_second logsumexp logsumexp_backward softmax softmax_backward softmax_functional
softmax_int softmax_kernel softmax_second softmin
""",
    "dropout": """
alpha_dropout alpha_dropout_ alpha_dropout_functional dropout dropout1d dropout2d dropout3d dropout_
dropout_functional feature_alpha_dropout feature_alpha_dropout_ feature_alpha_dropout_functional
feature_dropout feature_dropout_
""",
    "loss": """
huber_loss huber_loss_backward huber_loss_kernel huber_loss_same_backward huber_loss_second
huber_loss_slope_sum l1_loss l1_loss_backward l1_loss_kernel l1_loss_second l1_loss_slope_sum mse_loss
mse_loss_backward mse_loss_kernel mse_loss_same_backward mse_loss_second mse_loss_slope_sum smooth_l1_loss
smooth_l1_loss_backward smooth_l1_loss_kernel smooth_l1_loss_second smooth_l1_loss_slope_sum
""",
    "binary_loss": """
bce_backward_kernel bce_grad_second bce_kernel bce_logits_backward bce_logits_kernel
bce_logits_target_backward bce_second bce_target_backward bce_target_second binary_cross_entropy
binary_cross_entropy_with_logits older_bce_target_backward
""",
    "class_loss": """
cross_entropy nll_2d_backward nll_2d_kernel nll_backward nll_kernel nll_loss
""",
    "ctc_loss": """
_ctc_loss ctc_gradient ctc_loss
""",
    "margin_loss": """
cosine_embedding_loss gaussian_nll_loss hinge_embedding_loss kl_div margin_ranking_loss norm_scalar
pairwise_distance poisson_nll_loss soft_margin_backward soft_margin_kernel soft_margin_loss soft_margin_second
soft_margin_slope_sum triplet_margin_loss
""",
    "normalization": """
group_norm group_norm_backward layer_norm layer_norm_backward layer_norm_second native_group_norm
native_layer_norm native_layer_norm_backward rms_norm
""",
    "batch_normalization": """
batch_norm batch_norm_backward batch_norm_second instance_norm native_batch_norm native_batch_norm_backward
""",
    "similarity": """
cosine_similarity normalize
""",
    "view_copies": """
alias_copy detach_copy diagonal_copy expand_copy narrow_copy narrow_copy_backward permute_copy select_copy
slice_copy split_copy split_copy_Tensor split_with_sizes_copy squeeze_copy squeeze_copy_dim squeeze_copy_dims
t_copy transpose_copy unbind_copy unfold_copy unsqueeze_copy view_copy view_copy_dtype
""",
    "patches": """
channel_shuffle col2im fold im2col no_derivative_of_shuffle pixel_shuffle pixel_unshuffle unfold
unfold_functional
""",
    "aliases": """
absolute absolute_ arccos arccos_ arccosh arccosh_ arcsin arcsin_ arcsinh arcsinh_ arctan arctan2 arctan2_
arctan_ arctanh arctanh_ clip clip_ clip_Tensor clip__Tensor divide divide_ divide_Tensor_mode
divide_Tensor_plain divide__Tensor_mode divide__Tensor_plain fix fix_ greater greater_ greater__Scalar
greater_equal greater_equal_ greater_equal__Scalar less less_ less__Scalar less_equal less_equal_
less_equal__Scalar multiply multiply_ negative negative_ not_equal not_equal_ not_equal__Scalar subtract
subtract_ true_divide true_divide_
""",
}
