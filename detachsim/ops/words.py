"""Every word that an expression may use; written by tools/write_words.py from the tables."""

TORCH = """
BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor Generator HalfTensor IntTensor
LongTensor ShortTensor Size Tensor abs abs_ absolute acos acos_ acosh acosh_ adaptive_avg_pool1d add addbmm
addcdiv addcmul addmm addmv addmv_ addr adjoint affine_grid_generator alias_copy all allclose alpha_dropout
alpha_dropout_ amax amin aminmax angle any arange arccos arccos_ arccosh arccosh_ arcsin arcsin_ arcsinh
arcsinh_ arctan arctan2 arctan_ arctanh arctanh_ argmax argmin argsort argwhere as_strided as_tensor asin
asin_ asinh asinh_ atan atan2 atan_ atanh atanh_ atleast_1d atleast_2d atleast_3d avg_pool1d baddbmm
bartlett_window bernoulli bilinear bincount bitwise_and bitwise_left_shift bitwise_not bitwise_or
bitwise_right_shift bitwise_xor blackman_window block_diag bmm broadcast_shapes broadcast_tensors broadcast_to
bucketize can_cast cartesian_prod cat cdist ceil ceil_ celu celu_ chain_matmul channel_shuffle cholesky
cholesky_inverse cholesky_solve chunk clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clip clip_ clone
column_stack combinations concat concatenate conj conj_physical conj_physical_ constant_pad_nd conv1d conv2d
conv3d conv_transpose1d conv_transpose2d conv_transpose3d copysign corrcoef cos cos_ cosh cosh_
cosine_similarity count_nonzero cov cross cummax cummin cumprod cumsum cumulative_trapezoid deg2rad deg2rad_
det detach detach_ detach_copy device diag diag_embed diagflat diagonal diagonal_copy diagonal_scatter diff
digamma dist div divide dot dropout dropout_ dsplit dstack einsum empty empty_like eq equal erf erf_ erfc
erfc_ erfinv exp exp2 exp2_ exp_ expand_copy expm1 expm1_ eye feature_alpha_dropout feature_alpha_dropout_
feature_dropout feature_dropout_ fill fill_ finfo fix fix_ flatten flip fliplr flipud float_power floor floor_
floor_divide fmax fmin fmod frac frac_ frexp from_numpy full full_like gather gcd gcd_ ge ger
get_default_dtype get_device gradient greater greater_equal grid_sampler grid_sampler_2d grid_sampler_3d
group_norm gt hamming_window hann_window hardshrink heaviside histc hsplit hstack hypot i0 i0_ igamma igammac
iinfo imag index_add index_copy index_fill index_put index_put_ index_reduce index_select initial_seed inner
inverse is_anomaly_check_nan_enabled is_anomaly_enabled is_complex is_conj is_floating_point is_grad_enabled
is_inference is_inference_mode_enabled is_neg is_nonzero is_same_size is_signed is_tensor isclose isfinite
isin isinf isnan isneginf isposinf isreal kaiser_window kron kthvalue layer_norm lcm lcm_ ldexp ldexp_ le lerp
less less_equal lgamma linspace log log10 log10_ log1p log1p_ log2 log2_ log_ log_softmax logaddexp logaddexp2
logcumsumexp logdet logical_and logical_not logical_or logical_xor logit logit_ logspace logsumexp lt lu
lu_solve lu_unpack manual_seed masked_fill masked_scatter masked_select matmul matrix_exp matrix_power max
maximum mean median meshgrid min minimum mm mode moveaxis movedim msort mul multinomial multiply mv mvlgamma
nan_to_num nan_to_num_ nanmean nanmedian nanquantile nansum narrow narrow_copy ne neg neg_ negative negative_
nextafter nonzero norm norm_except_dim normal not_equal numel ones ones_like outer pairwise_distance pdist
permute permute_copy pinverse pixel_shuffle pixel_unshuffle poisson polygamma positive pow prelu prod
promote_types put qr quantile rad2deg rad2deg_ rand rand_like randint randint_like randn randn_like randperm
ravel real reciprocal reciprocal_ relu relu_ remainder renorm repeat_interleave reshape resolve_conj
resolve_neg result_type rms_norm roll rot90 round round_ row_stack rrelu rsqrt rsqrt_ rsub scalar_tensor
scatter scatter_add scatter_reduce searchsorted select select_copy select_scatter selu selu_
set_anomaly_enabled set_grad_enabled set_printoptions sgn sigmoid sigmoid_ sign signbit sin sin_ sinc sinc_
sinh sinh_ slice_copy slice_scatter slogdet softmax sort split split_copy split_with_sizes
split_with_sizes_copy sqrt sqrt_ square square_ squeeze squeeze_copy stack std std_mean sub subtract sum svd
swapaxes swapdims t t_copy take take_along_dim tan tan_ tanh tanh_ tensor tensor_split tensordot threshold
threshold_ tile topk trace transpose transpose_copy trapezoid trapz triangular_solve tril tril_indices triu
triu_indices true_divide trunc trunc_ unbind unbind_copy unflatten unfold_copy unique unique_consecutive
unravel_index unsqueeze unsqueeze_copy var var_mean vdot view_copy vsplit vstack where xlogy xlogy_ zero_
zeros zeros_like
"""

FUNCTIONAL = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
adaptive_max_pool3d affine_grid alpha_dropout avg_pool1d avg_pool2d avg_pool3d batch_norm bilinear
binary_cross_entropy binary_cross_entropy_with_logits celu celu_ channel_shuffle conv1d conv2d conv3d
conv_transpose1d conv_transpose2d conv_transpose3d cosine_embedding_loss cosine_similarity cross_entropy
ctc_loss dropout dropout1d dropout2d dropout3d elu elu_ embedding embedding_bag feature_alpha_dropout fold
gaussian_nll_loss gelu glu grid_sample group_norm gumbel_softmax hardshrink hardsigmoid hardswish hardtanh
hardtanh_ hinge_embedding_loss huber_loss instance_norm interpolate kl_div l1_loss layer_norm leaky_relu
leaky_relu_ linear local_response_norm log_softmax logsigmoid lp_pool1d lp_pool2d lp_pool3d
margin_ranking_loss max_pool1d max_pool2d max_pool3d max_unpool1d max_unpool2d max_unpool3d mish mse_loss
multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss nll_loss normalize one_hot pad
pairwise_distance pdist pixel_shuffle pixel_unshuffle poisson_nll_loss prelu relu relu6 relu_ rms_norm rrelu
scaled_dot_product_attention selu selu_ sigmoid silu smooth_l1_loss soft_margin_loss softmax softmin softplus
softshrink softsign tanh tanhshrink threshold threshold_ triplet_margin_loss triplet_margin_with_distance_loss
unfold
"""

LINALG = """
cholesky cholesky_ex cond cross det diagonal eigh eigvalsh inv inv_ex lstsq lu lu_factor lu_factor_ex lu_solve
matmul matrix_exp matrix_norm matrix_power matrix_rank multi_dot norm pinv qr slogdet solve solve_ex
solve_triangular svd svdvals tensorinv tensorsolve vander vecdot vector_norm
"""

SPECIAL = """
airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 chebyshev_polynomial_t chebyshev_polynomial_u
chebyshev_polynomial_v chebyshev_polynomial_w digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammainc
gammaincc gammaln hermite_polynomial_h hermite_polynomial_he i0 i0e i1 i1e laguerre_polynomial_l
legendre_polynomial_p log1p log_ndtr log_softmax logit logsumexp modified_bessel_i0 modified_bessel_i1
modified_bessel_k0 modified_bessel_k1 multigammaln ndtr ndtri polygamma psi round scaled_modified_bessel_k0
scaled_modified_bessel_k1 shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u
shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w sinc softmax spherical_bessel_j0 xlog1py xlogy
zeta
"""

AUTOGRAD = """
backward grad gradcheck gradgradcheck set_detect_anomaly
"""

DERIVATIVES = """
hessian hvp jacobian jvp vhp vjp
"""

MODULES = """
AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss AdaptiveMaxPool1d
AdaptiveMaxPool2d AdaptiveMaxPool3d AlphaDropout AvgPool1d AvgPool2d AvgPool3d BCELoss BCEWithLogitsLoss
BatchNorm1d BatchNorm2d BatchNorm3d Bilinear CELU CTCLoss ChannelShuffle CircularPad1d CircularPad2d
CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d
ConvTranspose3d CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss Dropout Dropout1d Dropout2d Dropout3d
ELU Embedding EmbeddingBag FeatureAlphaDropout Flatten Fold GELU GLU GRU GRUCell GaussianNLLLoss GroupNorm
Hardshrink Hardsigmoid Hardswish Hardtanh HingeEmbeddingLoss HuberLoss Identity InstanceNorm1d InstanceNorm2d
InstanceNorm3d KLDivLoss L1Loss LPPool1d LPPool2d LSTM LSTMCell LayerNorm LeakyReLU Linear LocalResponseNorm
LogSigmoid LogSoftmax MSELoss MarginRankingLoss MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d
MaxUnpool3d Mish Module ModuleDict ModuleList MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss
MultiheadAttention NLLLoss PReLU PairwiseDistance Parameter ParameterDict ParameterList PixelShuffle
PixelUnshuffle PoissonNLLLoss RMSNorm RNN RNNCell RReLU ReLU ReLU6 ReflectionPad1d ReflectionPad2d
ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d SELU Sequential SiLU Sigmoid SmoothL1Loss
SoftMarginLoss Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold Transformer
TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer TripletMarginLoss
TripletMarginWithDistanceLoss Unflatten Unfold Upsample UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d
ZeroPad2d ZeroPad3d
"""

INIT = """
calculate_gain constant_ dirac_ eye_ kaiming_normal_ kaiming_uniform_ normal_ ones_ orthogonal_ sparse_
trunc_normal_ uniform_ xavier_normal_ xavier_uniform_ zeros_
"""

UTILS = """
clip_grad_norm_ clip_grad_value_ parameters_to_vector remove_spectral_norm remove_weight_norm spectral_norm
vector_to_parameters weight_norm
"""

PARAMETRIZATIONS = """
spectral_norm weight_norm
"""

SEQUENCES = """
pad_sequence
"""

TRANSFORMERS = """
generate_square_subsequent_mask
"""

TABLES = """
from_pretrained
"""

SCHEDULES = """
ChainedScheduler ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts ExponentialLR LambdaLR LinearLR
MultiStepLR MultiplicativeLR OneCycleLR PolynomialLR ReduceLROnPlateau SequentialLR StepLR
"""

OPTIMIZERS = """
ASGD Adadelta Adagrad Adam AdamW Adamax NAdam RAdam RMSprop Rprop SGD
"""

CONSTANTS = """
bfloat16 bool double e float float16 float32 float64 half inf int int16 int32 int64 int8 long nan pi short
uint8
"""

METHODS = """
_is_view abs abs_ absolute absolute_ acos acos_ acosh acosh_ add add_ add_module add_param_group addbmm
addbmm_ addcdiv addcdiv_ addcmul addcmul_ addmm addmm_ addmv addmv_ addr addr_ adjoint all allclose amax amin
aminmax angle any append apply arccos arccos_ arccosh arccosh_ arcsin arcsin_ arcsinh arcsinh_ arctan arctan2
arctan2_ arctan_ arctanh arctanh_ argmax argmin argsort argwhere as_strided as_strided_ asin asin_ asinh
asinh_ atan atan2 atan2_ atan_ atanh atanh_ backward baddbmm baddbmm_ bernoulli bernoulli_ bfloat16 bincount
bitwise_and bitwise_and_ bitwise_left_shift bitwise_left_shift_ bitwise_not bitwise_not_ bitwise_or
bitwise_or_ bitwise_right_shift bitwise_right_shift_ bitwise_xor bitwise_xor_ bmm bool broadcast_to buffers
byte cauchy_ ceil ceil_ char children cholesky cholesky_inverse cholesky_solve chunk clamp clamp_ clamp_max
clamp_max_ clamp_min clamp_min_ clear clip clip_ clone conj conj_physical conj_physical_ contiguous copy copy_
copysign copysign_ corrcoef cos cos_ cosh cosh_ count_nonzero cov cpu cross cummax cummin cumprod cumprod_
cumsum cumsum_ data_ptr deg2rad deg2rad_ det detach detach_ diag diag_embed diagflat diagonal diagonal_scatter
diff digamma digamma_ dim dist div div_ divide divide_ dot double dsplit element_size eq eq_ equal erf erf_
erfc erfc_ erfinv erfinv_ eval exp exp2 exp2_ exp_ expand expand_as expm1 expm1_ exponential_ extend fill_
fill_diagonal_ fix fix_ flatten flatten_parameters flip fliplr flipud float float_power float_power_ floor
floor_ floor_divide floor_divide_ fmax fmin fmod fmod_ forward frac frac_ frexp gather gcd gcd_ ge ge_
geometric_ ger get get_buffer get_device get_last_lr get_parameter get_submodule greater greater_
greater_equal greater_equal_ gt gt_ half hardshrink heaviside heaviside_ histc hsplit hypot hypot_ i0 i0_ i1_
igamma igamma_ igammac igammac_ index_add index_add_ index_copy index_copy_ index_fill index_fill_ index_put
index_put_ index_reduce index_reduce_ index_select initial_seed inner insert int inverse is_complex is_conj
is_contiguous is_floating_point is_inference is_neg is_nonzero is_same_size is_set_to is_shared is_signed
isclose isfinite isinf isnan isneginf isposinf isreal item items keys kron kthvalue lcm lcm_ ldexp ldexp_ le
le_ lerp lerp_ less less_ less_equal less_equal_ lgamma lgamma_ load_state_dict log log10 log10_ log1p log1p_
log2 log2_ log_ log_normal_ log_prob log_softmax logaddexp logaddexp2 logcumsumexp logdet logical_and
logical_and_ logical_not logical_not_ logical_or logical_or_ logical_xor logical_xor_ logit logit_ logsumexp
long lt lt_ lu lu_solve manual_seed masked_fill masked_fill_ masked_scatter masked_scatter_ masked_select
matmul matrix_exp matrix_power max maximum mean median min minimum mm mode modules moveaxis movedim msort mul
mul_ multinomial multiply multiply_ mv mvlgamma mvlgamma_ name named_buffers named_children named_modules
named_parameters nan_to_num nan_to_num_ nanmean nanmedian nanquantile nansum narrow narrow_copy nbytes
ndimension ne ne_ neg neg_ negative negative_ nelement new_empty new_full new_ones new_tensor new_zeros
nextafter nextafter_ nonzero norm normal_ not_equal not_equal_ numel numpy outer parameters permute pinverse
polygamma pop popitem positive pow pow_ predict prelu prod put put_ qr quantile rad2deg rad2deg_ random_ ravel
reciprocal reciprocal_ register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
register_full_backward_hook register_full_backward_pre_hook register_hook register_module register_parameter
register_post_accumulate_grad_hook register_prehook relu relu_ remainder remainder_ remove renorm renorm_
repeat repeat_interleave requires_grad_ reset_parameters reset_running_stats reshape reshape_as resizable
resize_ resize_as_ resolve_conj resolve_neg retain_grad reverse roll rot90 round round_ rsqrt rsqrt_ scatter
scatter_ scatter_add scatter_add_ scatter_reduce scatter_reduce_ select select_scatter set_ setdefault sgn
sgn_ short sigmoid sigmoid_ sign sign_ signbit sin sin_ sinc sinc_ sinh sinh_ size slice_scatter slogdet
softmax sort split split_with_sizes sqrt sqrt_ square square_ squeeze squeeze_ state_dict std step storage
storage_offset stride sub sub_ subtract subtract_ sum sum_to_size svd swapaxes swapaxes_ swapdims swapdims_ t
t_ take take_along_dim tan tan_ tanh tanh_ tensor_split tile to tolist topk trace train transpose transpose_
triangular_solve tril tril_ triu triu_ true_divide true_divide_ trunc trunc_ type type_as unbind unflatten
unfold uniform_ unique unique_consecutive unsqueeze unsqueeze_ untyped untyped_storage update values var vdot
view view_as vsplit where xlogy xlogy_ zero_ zero_grad
"""

ATTRIBUTES = """
H L LU P Q R S T T_0 T_cur T_i T_max T_mult U V Vh _base _saved_A _saved_L _saved_LU _saved_P _saved_Q
_saved_R _saved_S _saved_U _saved_Vh _saved_attn_mask _saved_b _saved_batch1 _saved_batch2 _saved_bias
_saved_buffer _saved_condition _saved_cx_ _saved_eigenvalues _saved_eigenvectors _saved_end _saved_exponent
_saved_g _saved_grad_out _saved_grad_output _saved_grid _saved_hx_ _saved_index _saved_indices _saved_input
_saved_input2 _saved_inverse _saved_key _saved_log_probs _saved_mask _saved_mat _saved_mat1 _saved_mat2
_saved_max _saved_mean _saved_min _saved_noise _saved_offsets _saved_other _saved_output
_saved_per_sample_weights _saved_pivots _saved_pos_weight _saved_query _saved_result _saved_result0
_saved_result1 _saved_result2 _saved_rstd _saved_running_mean _saved_running_var _saved_save_invstd
_saved_save_mean _saved_self _saved_self_or_result _saved_sign _saved_solution _saved_source _saved_src
_saved_target _saved_targets _saved_tensor _saved_tensor1 _saved_tensor2 _saved_v _saved_value _saved_vec
_saved_vec1 _saved_vec2 _saved_weight _saved_weight0 _saved_weight1 _saved_weight2 _saved_weight3 _saved_x1
_saved_x2 _version add_zero_attn affine align_corners all_weights alpha approximate base_lrs batch_first best
beta bias bias_hh bias_hh_l0 bias_hh_l0_reverse bias_hh_l1 bias_hh_l1_reverse bias_hh_l2 bias_hh_l2_reverse
bias_hh_l3 bias_hh_l3_reverse bias_ih bias_ih_l0 bias_ih_l0_reverse bias_ih_l1 bias_ih_l1_reverse bias_ih_l2
bias_ih_l2_reverse bias_ih_l3 bias_ih_l3_reverse bias_k bias_v bidirectional bits blank ceil_mode
cloned_coefficient cooldown cooldown_counter cutoffs d_model data decoder default_min_lr defaults delta device
dilation dim div_value downscale_factor dropout dropout1 dropout2 dropout3 dtype eigenvalues eigenvectors
elementwise_affine embed_dim embedding_dim encoder end_dim end_factor eps eta_min exponent factor full gamma
grad grad_fn groups head head_bias head_dim head_size hidden_size ignore_index imag in1_features in2_features
in_channels in_features in_proj_bias in_proj_weight include_last_offset index indices info inplace input_size
inverse is_cpu is_cuda is_leaf is_meta is_mkldnn is_nested is_quantized is_sparse itemsize k k_proj_weight
kdim keepdim kernel_size label_smoothing lambd last_epoch layers linear1 linear2 log_input log_target
logabsdet loss lower mH mT mantissa margin max max_norm max_val metadata milestones min min_lrs min_val
missing_keys mode mode_worse momentum multihead_attn n_classes n_clusters nbytes ndim negative_slope
next_functions nhead nonlinearity norm norm1 norm2 norm3 norm_first norm_type normalized_shape num_bad_epochs
num_batches_tracked num_channels num_embeddings num_features num_groups num_heads num_layers num_parameters
original original0 original1 out_channels out_features out_proj output output_nr output_size p padding
padding_idx param_groups parametrizations patience pivots pos_weight power proj_size q_proj_weight rank real
reduction requires_grad residuals resolution result retains_grad return_indices running_mean running_var
scale_factor scale_grad_by_freq self_attn shape shortlist_size sign singular_values size smallest_normal
solution start_dim start_factor state step_size stride swap tail threshold threshold_mode tiny total_iters
total_steps track_running_stats training type unexpected_keys unflattened_size upper upscale_factor
v_proj_weight value values variable vdim weight weight_g weight_hh weight_hh_l0 weight_hh_l0_reverse
weight_hh_l1 weight_hh_l1_reverse weight_hh_l2 weight_hh_l2_reverse weight_hh_l3 weight_hh_l3_reverse
weight_hr_l0 weight_hr_l0_reverse weight_hr_l1 weight_hr_l1_reverse weight_hr_l2 weight_hr_l2_reverse
weight_hr_l3 weight_hr_l3_reverse weight_ih weight_ih_l0 weight_ih_l0_reverse weight_ih_l1
weight_ih_l1_reverse weight_ih_l2 weight_ih_l2_reverse weight_ih_l3 weight_ih_l3_reverse weight_orig weight_u
weight_v zero_infinity
"""

SETTABLE = """
_version add_zero_attn affine align_corners all_weights alpha approximate batch_first beta bias bias_hh
bias_hh_l0 bias_hh_l0_reverse bias_hh_l1 bias_hh_l1_reverse bias_hh_l2 bias_hh_l2_reverse bias_hh_l3
bias_hh_l3_reverse bias_ih bias_ih_l0 bias_ih_l0_reverse bias_ih_l1 bias_ih_l1_reverse bias_ih_l2
bias_ih_l2_reverse bias_ih_l3 bias_ih_l3_reverse bias_k bias_v bidirectional blank ceil_mode cutoffs d_model
data decoder delta dilation dim div_value downscale_factor dropout dropout1 dropout2 dropout3
elementwise_affine embed_dim embedding_dim encoder end_dim eps full grad grad_fn groups head head_bias
head_dim head_size hidden_size ignore_index in1_features in2_features in_channels in_features in_proj_bias
in_proj_weight include_last_offset inplace input_size is_leaf k k_proj_weight kdim keepdim kernel_size
label_smoothing lambd layers linear1 linear2 log_input log_target lower margin max_norm max_val min_val mode
momentum multihead_attn n_classes n_clusters negative_slope nhead nonlinearity norm norm1 norm2 norm3
norm_first norm_type normalized_shape num_batches_tracked num_channels num_embeddings num_features num_groups
num_heads num_layers num_parameters out_channels out_features out_proj output_size p padding padding_idx
pos_weight proj_size q_proj_weight reduction requires_grad return_indices running_mean running_var
scale_factor scale_grad_by_freq self_attn shortlist_size size start_dim stride swap tail threshold
track_running_stats training unflattened_size upper upscale_factor v_proj_weight value vdim weight weight_hh
weight_hh_l0 weight_hh_l0_reverse weight_hh_l1 weight_hh_l1_reverse weight_hh_l2 weight_hh_l2_reverse
weight_hh_l3 weight_hh_l3_reverse weight_hr_l0 weight_hr_l0_reverse weight_hr_l1 weight_hr_l1_reverse
weight_hr_l2 weight_hr_l2_reverse weight_hr_l3 weight_hr_l3_reverse weight_ih weight_ih_l0
weight_ih_l0_reverse weight_ih_l1 weight_ih_l1_reverse weight_ih_l2 weight_ih_l2_reverse weight_ih_l3
weight_ih_l3_reverse zero_infinity
"""

INPLACE_METHODS = """
step zero_grad
"""
