"""The texts of convolutions, pooling, embeddings, resizing and grids."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "adaptive_pool_dims": ("ValueError", "Input dimension should be at least {least}", {}),
    "conv_input_dims": (
        "RuntimeError",
        "Expected {unbatched}D (unbatched) or {batched}D (batched) input to {op}, but got input of size: {sizes}",
        {},
    ),
    "conv_channels": (
        "RuntimeError",
        "Given {how}, weight of size {weight}, expected input{input} to have {expected} channels, but got {found} "
        "channels instead",
        {},
    ),
    "conv_weight_groups": (
        "RuntimeError",
        "Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size "
        "[{weight}] instead",
        {},
    ),
    "conv_empty": (
        "RuntimeError",
        "Only zero batch or zero channel inputs are supported, but got input shape: {sizes}",
        {},
    ),
    "conv_kernel_empty": (
        "RuntimeError",
        "kernel size should be greater than zero, but got kernel_height: {height} kernel_width: {width}",
        {},
    ),
    "pool1d_list": (
        "RuntimeError",
        "max_pool1d() {name} must be {words} of size 1 but got size {count}",
        {},
    ),
    "pool1d_measure": ("RuntimeError", "max_pool1d() {name} must be greater than zero, but got {value}", {}),
    "pool1d_negative": ("RuntimeError", "max_pool1d() padding must be non-negative, but got {value}", {}),
    "pool_one": ("RuntimeError", "{op}() argument '{name}' should contain one int (got {count})", {}),
    "pool_pad": ("RuntimeError", "pad must be non-negative, but got pad: {padding}", {}),
    "conv_other_dims": (
        "RuntimeError",
        "Expected {dims}-dimensional input for {dims}-dimensional weight {weight}, but got {ndim}-dimensional input of size "
        "{input} instead",
        {},
    ),
    "conv_weight_dims": ("RuntimeError", "weight should have at least three dimensions", {}),
    "pool_empty": (
        "RuntimeError",
        "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{sizes}",
        {},
    ),
    "embedding_empty": ("RuntimeError", "index_select(): self indexing axis dim should be positive", {}),
    "resize_empty": ("RuntimeError", "Non-empty {ndim}D data tensor expected but got a tensor with sizes {sizes}", {}),
    "resize_sizes": (
        "RuntimeError",
        "Input and output sizes should be greater than 0, but got input ({input}) {word}output ({output})",
        {},
    ),
    "conv_kernel": (
        "RuntimeError",
        "Calculated padded input size per channel: ({input}). Kernel size: ({kernel}). Kernel size can't be greater than "
        "actual input size",
        {},
    ),
    "conv_bias": (
        "RuntimeError",
        "Given {how}weight of size {weight}, expected bias to be 1-dimensional with {expected} elements, but got bias of "
        "size {bias} instead",
        {},
    ),
    "conv_bias_dtype": (
        "RuntimeError",
        "Input type ({input}) and bias type ({bias}) should be the same",
        {},
    ),
    "conv_stride": ("RuntimeError", "non-positive stride is not supported", {}),
    "conv_output_padding_plain": (
        "RuntimeError",
        "output_padding is not supported for non-transposed convolutions; got: {found}",
        {},
    ),
    "conv_padding": ("RuntimeError", "negative padding is not supported", {}),
    "conv_output_negative": ("RuntimeError", "negative output_padding is not supported", {}),
    "conv_output_small": (
        "RuntimeError",
        "Given input size per channel: ({sizes}). Calculated output size per channel: ({outputs}). Output size is too small",
        {},
    ),
    "conv_dilation_negative": ("RuntimeError", "dilation should be greater than zero", {}),
    "conv_same_list": ("RuntimeError", "{name} cannot broadcast to {count} dimensions", {}),
    "conv_weight_few": (
        "RuntimeError",
        "Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size {weight} "
        "instead",
        {},
    ),
    "conv_groups_zero": ("RuntimeError", "non-positive groups is not supported", {}),
    "conv_dilation": ("RuntimeError", "dilation should be greater than zero, but got {dilation}", {}),
    "conv_list": (
        "RuntimeError",
        "expected {name} to be a single integer value or a list of {count} values to match the convolution dimensions, but "
        "got {name}={values}",
        {},
    ),
    "conv_padding_name": ("RuntimeError", "Invalid padding string: '{value}'", {}),
    "conv_same_strided": ("RuntimeError", "padding='same' is not supported for strided convolutions", {}),
    "conv_same_copy": (
        "UserWarning",
        "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the input be "
        "created",
        {},
    ),
    "conv_output_padding": (
        "RuntimeError",
        "output padding must be smaller than either stride or dilation, but got {measures}",
        {},
    ),
    "pool_small": (
        "RuntimeError",
        "Given input size: ({input}). Calculated output size: ({output}). Output size is too small",
        {},
    ),
    "pool_stride": ("RuntimeError", "stride should not be zero", {}),
    "pool1d_dims": (
        "RuntimeError",
        "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:{sizes}",
        {},
    ),
    "pool1d_small": ("RuntimeError", "max_pool1d() Invalid computed output size: {size}", {}),
    "pool1d_padding": (
        "RuntimeError",
        "max_pool1d() padding should be at most half of kernel size, but got padding={padding} and kernel_size={kernel}",
        {},
    ),
    "pool_divisor": ("RuntimeError", "divisor must be not zero", {}),
    "argument_dims": (
        "RuntimeError",
        "Expected 2 to 3 dimensions, but got {ndim}-dimensional tensor for argument #1 'self' (while checking arguments for "
        "{op})",
        {},
    ),
    "embedding_range": ("IndexError", "index out of range in self", {}),
    "embedding_type": (
        "RuntimeError",
        "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got {type} "
        "instead (while checking arguments for embedding)",
        {},
    ),
    "embedding_weight": ("RuntimeError", "'weight' must be 2-D", {}),
    "resize_needs": ("NotImplementedError", "Got {ndim}D input, but {mode} mode needs {needed}D input", {}),
    "resize_mode": (
        "NotImplementedError",
        "Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest | linear | bilinear | "
        "bicubic | trilinear | lanczos | area | nearest-exact (got {mode})",
        {
            "torch-1.13": "Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest | "
            "linear | bilinear | bicubic | trilinear | area | nearest-exact (got {mode})"
        },
    ),
    "resize_none": ("ValueError", "either size or scale_factor should be defined", {}),
    "resize_both": ("ValueError", "only one of size or scale_factor should be defined", {}),
    "resize_size_count": (
        "ValueError",
        "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of "
        "{spatial} and output size of {size}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size "
        "in (o1, o2, ...,oK) format.",
        {},
    ),
    "resize_scale_count": (
        "ValueError",
        "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial dimensions of "
        "{spatial} and scale_factor of shape {scale}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and "
        "scale_factor in (s1, s2, ...,sK) format.",
        {},
    ),
    "resize_size_types": (
        "TypeError",
        "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size with types "
        "{types}",
        {},
    ),
    "resize_recomputed": (
        "ValueError",
        "recompute_scale_factor is not meaningful with an explicit size.",
        {},
    ),
    "resize_lanczos": ("ValueError", "Lanczos mode {why}=True", {}),
    "resize_antialias": (
        "ValueError",
        "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input",
        {"torch-1.13": "Anti-alias option is only supported for bilinear and bicubic modes"},
    ),
    "resize_corners": (
        "ValueError",
        "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear",
        {},
    ),
    "pool3d_empty": (
        "RuntimeError",
        # What should be the number of the dimension is its length.
        "{op}(): Expected input's non-batch dimensions to have positive length, but input has a shape of {sizes} and "
        "non-batch dimension 0 has length zero!",
        {},
    ),
    "pool3d_small": (
        "RuntimeError",
        "input image (T: {t} H: {h} W: {w}) smaller than kernel size (kT: {d} kH: {i} kW: {j})",
        {},
    ),
    "pool_list": ("RuntimeError", "{op}: {name} {verb}{omitted}a single int, or a tuple of {count} ints", {}),
    "pool_padding": (
        "RuntimeError",
        "pad should be at most half of effective kernel size, but got pad={padding}, kernel_size={kernel} and "
        "dilation={dilation}",
        {"torch-1.13": "pad should be at most half of kernel size, but got pad={padding} and kernel_size={kernel}"},
    ),
    "pool_half": ("RuntimeError", "pad should be smaller than or equal to half of kernel size, but got {shown}", {}),
    "pool_dims": ("RuntimeError", "non-empty {least}D or {most}D (batch mode) tensor expected for input", {}),
    "pool_measure": ("RuntimeError", "{what} should be greater than zero, but got {sizes}", {}),
    "adaptive_sizes": ("RuntimeError", "adaptive_avg_pool{dims}d: output_size must be {dims}", {}),
    "adaptive_max_sizes": (
        "RuntimeError",
        "adaptive_max_pool{dims}d(): internal error: output_size.size() must be {dims}",
        {},
    ),
    "adaptive_negative": (
        "RuntimeError",
        "adaptive_avg_pool{dims}d: elements of output_size must be greater than or equal to 0 but received {size}",
        {},
    ),
    "adaptive_dims": ("RuntimeError", "{op}(): Expected {least}D or {most}D tensor, but got{colon} {sizes}", {}),
    "adaptive_empty": (
        "RuntimeError",
        "{op}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes {sizes} with dimension "
        "{dim} being empty",
        {},
    ),
    "grid_mode": (
        "ValueError",
        "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'",
        {},
    ),
    "grid_padding": (
        "ValueError",
        "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{mode}'",
        {},
    ),
    "grid_corners": (
        "UserWarning",
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
        "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.",
        {},
    ),
    "grid_batch": (
        "RuntimeError",
        "grid_sampler(): expected grid and input to have same batch size, but got input with sizes {input} and grid with "
        "sizes {grid}",
        {},
    ),
    "grid_points": (
        "RuntimeError",
        "grid_sampler(): expected grid to have size {size} in last dimension, but got grid with sizes {grid}",
        {},
    ),
    "adaptive_backward_empty": (
        "RuntimeError",
        "{op}_backward(): Expected grad_output to have non-zero size for non-batch dimensions, but grad_output has sizes "
        "{sizes} with dimension {dim} being empty",
        {},
    ),
    "pool_wide": (
        "RuntimeError",
        "value cannot be converted to type int without overflow",
        {"torch-1.13": "integer out of range"},
    ),
    "grid_empty": (
        "RuntimeError",
        "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {sizes} with dimension "
        "{dim} being empty",
        {},
    ),
    "grid_dims": (
        "RuntimeError",
        "grid_sampler(): expected {dims}D input and grid with same number of dimensions, but got input with sizes {input} "
        "and grid with sizes {grid}",
        {},
    ),
    "grid_bicubic": ("RuntimeError", "grid_sampler(): bicubic interpolation only supports 4D input", {}),
    "grid_dtype": (
        "NotImplementedError",
        "\"{kernel}\" not implemented for '{dtype}'",
        {"torch-1.13": ("RuntimeError", "grid_sampler_2d_cpu not implemented for {dtype}")},
    ),
    "affine_generator": (
        "RuntimeError",
        "AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.",
        {},
    ),
    "affine_dtype": ("ValueError", "Expected theta to have floating point type, but got {dtype}", {}),
    "affine_size": (
        "NotImplementedError",
        "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size {size}.",
        {},
    ),
    "affine_matrices": (
        "ValueError",
        "Expected a batch of {dims}D affine matrices of shape Nx{dims}x{columns} for size {size}. Got torch.Size({shape}).",
        {},
    ),
    "affine_unit": (
        "UserWarning",
        "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an "
        "intended use case of affine_grid. See the documentation of affine_grid for details.",
        {},
    ),
    "affine_empty": ("ValueError", "Expected non-zero, positive output size. Got {size}", {}),
    "unpool_dtype": ("RuntimeError", "elements in indices should be type int64 but got: {dtype}", {}),
    "unpool_volume_dtype": ("RuntimeError", "elements in indices should be type int64", {}),
    "unpool_two": (
        "RuntimeError",
        "There should be exactly two elements (height, width) in output_size, but got {count} elements.",
        {},
    ),
    "unpool_three": (
        "RuntimeError",
        "There should be exactly three elements (depth, height, width) in {word}, but got {count} elements.",
        {},
    ),
    "unpool_dims": (
        "RuntimeError",
        "Input to max_unpooling{dims}d should be a {least}d or {most}d Tensor, but got a tensor with {found} dimensions.",
        {},
    ),
    "unpool_shape": (
        "RuntimeError",
        "Expected shape of indices to be same as that of the input tensor ({expected}) but got indices tensor with shape: "
        "{found}",
        {},
    ),
    "unpool_empty": (
        "RuntimeError",
        "max_unpooling{dims}d_forward_out_cpu(): Expected input to have non-zero size for non-batch dimensions, but got "
        "{sizes} with dimension {dim} being empty.",
        {},
    ),
    "unpool_stride": ("RuntimeError", "strides should be greater than zero, but got stride: {stride}", {}),
    "unpool_index": (
        "RuntimeError",
        "Found an invalid max index: {index} (output volumes are of size {size})",
        {"torch-1.13": "Found an invalid max index: {index} (output volumes are of size {size}"},
    ),
    "unpool_size_count": (
        "ValueError",
        "output_size should be a sequence containing {few} or {many} elements, but it has a length of '{found}'",
        {},
    ),
    "unpool_size": ("ValueError", 'invalid output_size "{size}" (dim {dim} must be between {low} and {high})', {}),
    "unpool_negative": (
        "ValueError",
        "max_unpooling: output_size must contain non-negative spatial dimensions, but got output_size[{dim}]={size}",
        {},
    ),
}
