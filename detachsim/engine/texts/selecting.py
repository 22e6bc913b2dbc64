"""The texts of ops that choose and place elements: gather, scatter, index ops, masks."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "topk_bool": ("RuntimeError", "topk does not support bool dtypes on CPU", {}),
    "index_uint8": (
        "UserWarning",
        "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
        {},
    ),
    "index_sequence": (
        "UserWarning",
        "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
        "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], "
        "which will result either in an error or a different result",
        {},
    ),
    "index_put_expanded": (
        "UserWarning",
        "Use of index_put_ on expanded tensors is deprecated. Please clone() the tensor before performing this operation. "
        "This also applies to advanced indexing e.g. tensor[indices] = tensor",
        {},
    ),
    "index_put_dtypes": (
        "RuntimeError",
        "Index put requires the source and destination dtypes match, got {left} for the destination and {right} for the "
        "source.",
        {},
    ),
    "slice_type": (
        "TypeError",
        "slice indices must be integers or None or have an __index__ method",
        {},
    ),
    "index_long_int": (
        "RuntimeError",
        "{op}(): Expected dtype int32/int64 for index",
        {"torch-1.13": "{op}(): Expected dtype int64 for index"},
    ),
    "put_empty": ("IndexError", "put_(): Tried to put elements into an empty tensor", {}),
    "set_storage": (
        "RuntimeError",
        "setStorage: sizes {sizes}, strides {strides}, storage offset 0, and itemsize {itemsize} requiring a storage size "
        "of {needed} are out of bounds for storage of size 0",
        {},
    ),
    "gather_range": ("RuntimeError", "index {index} is out of bounds for dimension {dim} with size {size}", {}),
    "gather_dims": ("RuntimeError", "Index tensor must have the same number of dimensions as {other} tensor", {}),
    "gather_sizes": (
        "RuntimeError",
        "Size does not match at dimension {at} expected index {index} to be no larger than self {shape} apart from "
        "dimension {dim}",
        {
            "torch-1.13": "Size does not match at dimension {at} expected index {index} to be smaller than self {shape} apart "
            "from dimension {dim}"
        },
    ),
    "scatter_dtype": ("RuntimeError", "scatter(): Expected self.dtype to be equal to src.dtype", {}),
    "scatter_sizes": (
        "RuntimeError",
        "Expected index {index} to be no larger than self {shape} apart from dimension {dim} and to be no larger size than "
        "src {src}",
        {
            "torch-1.13": "Expected index {index} to be smaller than self {shape} apart from dimension {dim} and to be smaller "
            "size than src {src}"
        },
    ),
    "scatter_sizes_value": (
        "RuntimeError",
        "Expected index {index} to be no larger than self {shape} apart from dimension {dim}",
        {"torch-1.13": "Expected index {index} to be smaller than self {shape} apart from dimension {dim}"},
    ),
    "scatter_mode": ("RuntimeError", "reduce argument must be either add or multiply.", {}),
    "scatter_reduce_mode": (
        "RuntimeError",
        "reduce argument must be either sum, prod, mean, amax or amin, got {reduce}",
        {"torch-1.13": "reduce argument must be either sum, prod, mean, amax or amin."},
    ),
    "scatter_reduce_src": (
        "UserWarning",
        "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch "
        "release. Use torch.scatter_reduce instead for more reduction options.",
        {},
    ),
    "scatter_reduce_beta": (
        "UserWarning",
        "scatter_reduce() is in beta and the API may change at any time.",
        {},
    ),
    "index_select_vector": ("IndexError", "index_select(): Index is supposed to be a vector", {}),
    "index_select_dtype": ("RuntimeError", "index_select(): Expected dtype int32 or int64 for index", {}),
    "index_select_scalar": (
        "RuntimeError",
        "index_select(): Index to scalar can have only 1 value, got {count} value(s)",
        {},
    ),
    "index_select_empty": ("RuntimeError", "index_select(): self indexing axis dim should be positive", {}),
    "index_select_bounds": (
        "RuntimeError",
        "INDICES element is out of DATA bounds, id={index} axis_dim={size}",
        {},
    ),
    "index_select_columns": (
        "RuntimeError",
        "INDICES element is out of DATA bounds, id={index} axis_dim={size}",
        {},
    ),
    "index_select_range": ("IndexError", "index out of range in self", {}),
    "index_add_vector": (
        "IndexError",
        "{op}_(): Index is supposed to be a vector, but got dim: {dims} with type: {dtype} and size: {sizes}",
        {},
    ),
    "index_add_index_dtype": (
        "RuntimeError",
        "{op}_(): Expected dtype int32/int64 for index but got: {dtype}",
        {},
    ),
    "index_add_dtype": (
        "RuntimeError",
        "{op}_(): self ({left}) and source ({right}) must have the same scalar type",
        {},
    ),
    "index_add_shape": (
        "RuntimeError",
        "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = {shape} "
        "source.shape = {source}",
        {},
    ),
    "older_index_add_vector": (
        "RuntimeError",
        "source.dim() ({source}) must one or zero for given self.dim() ({ndim})",
        {},
    ),
    "index_add_bounds": (
        "RuntimeError",
        "{op}_(): Indexing dim {dim} is out of bounds of the source tensor with dim {ndim}",
        {},
    ),
    "index_add_count": (
        "RuntimeError",
        "{op}_(): Number of indices ({count}) should be equal to source.size(dim): ({size}), for dim: {dim}",
        {},
    ),
    "index_reduce_mode": (
        "RuntimeError",
        "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.",
        {},
    ),
    "index_reduce_beta": (
        "UserWarning",
        "index_reduce() is in beta and the API may change at any time.",
        {},
    ),
    "reduction_zeros": (
        "RuntimeError",
        "{op}(): Double backward is unsupported for {what} when >1 zeros in {what} are scattered to the same position "
        "in self",
        {},
    ),
    "index_copy_vector": (
        "IndexError",
        "index_copy_(): Index should have dimension 1 or 0 (got {ndim})",
        {},
    ),
    "index_copy_scalar": (
        "IndexError",
        "index_copy_(): When source is scalar, index should have one element (got {count})",
        {},
    ),
    "index_copy_dims": (
        "IndexError",
        "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
        "dimensionality ({source}), destination dimensionality ({ndim})",
        {},
    ),
    "index_copy_index_dtype": ("RuntimeError", "index_copy_(): Expected a long tensor for index, but got {dtype}", {}),
    "index_copy_dtype": (
        "RuntimeError",
        "index_copy_(): self and source expected to have the same dtype, but got (self) {left} and (source) {right}",
        {},
    ),
    "index_copy_slices": (
        "RuntimeError",
        "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: {left} at dimension "
        "{dim} and source slice shape: {right} at dimension 0.",
        {},
    ),
    "index_copy_count": (
        "IndexError",
        "index_copy_(): Number of indices ({count}) should be equal to source.size(dim) ({size})",
        {},
    ),
    "index_copy_range": (
        "IndexError",
        "index_copy_(): index {index} is out of bounds for dimension {dim} with size {size}",
        {},
    ),
    "index_fill_value": (
        "RuntimeError",
        "index_fill_ only supports a 0-dimensional value tensor, but got tensor with {ndim} dimension(s).",
        {},
    ),
    "index_fill_dtype": ("IndexError", "index_fill_(): Expected dtype int64 for index.", {}),
    "index_fill_vector": ("RuntimeError", "Index has to be a vector/scalar", {}),
    "unique_empty": (
        "RuntimeError",
        "Number of zero sized dimensions is more than one, so unique cannot be applied ",
        {},
    ),
    "unique_sizes": (
        "RuntimeError",
        "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied",
        {},
    ),
    "take_dtype": ("RuntimeError", "{op}(): Expected a long tensor for index, but got {dtype}", {}),
    "take_empty": ("IndexError", "take(): tried to take from an empty tensor", {}),
    "take_range": ("IndexError", "out of range: tried to access index {index} on a tensor of {size} elements.", {}),
    "put_dtype": (
        "RuntimeError",
        "put_(): self and source expected to have the same dtype, but got self.dtype = {left} and source.dtype = {right}",
        {},
    ),
    "put_count": (
        "IndexError",
        "put_(): Expected source and index to have the same number of elements, but got source.numel() = {source}, "
        "index.numel() = {index}",
        {},
    ),
    "take_along_dtype": (
        "RuntimeError",
        "torch.take_along_dim(): dtype of indices should be Long but got {dtype}",
        {},
    ),
    "take_along_dims": (
        "RuntimeError",
        "torch.take_along_dim(): input and indices should have the same number of dimensions, but got {ndim} dimensions "
        "for input, and {indices} dimensions for indices",
        {},
    ),
    "masked_fill_dtype": (
        "RuntimeError",
        "masked_fill_ only supports boolean masks, but got mask with dtype {dtype}",
        {},
    ),
    "masked_fill_value": (
        "RuntimeError",
        "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {ndim} dimension(s).",
        {},
    ),
    "index_fill_expanded": (
        "UserWarning",
        "Use of index_fill_ on expanded tensors is deprecated. Please clone() the tensor before performing this operation. "
        "This also applies to advanced indexing e.g. tensor[mask] = scalar",
        {},
    ),
    "masked_fill_expanded": (
        "UserWarning",
        "Use of masked_fill_ on expanded tensors is deprecated. Please clone() the tensor before performing this operation. "
        "This also applies to advanced indexing e.g. tensor[mask] = scalar",
        {},
    ),
    **{
        f"{name.rstrip('_')}_uint8": (
            "UserWarning",
            f"{name} received a mask with dtype torch.uint8, this behavior is now deprecated,please use a mask with dtype "
            "torch.bool instead.",
            {},
        )
        for name in ("masked_fill_", "masked_scatter_", "masked_select")
    },
    "mask_bytes": ("RuntimeError", "Mask tensor can take 0 and 1 values only", {}),
    "where_uint8": (
        "UserWarning",
        "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of "
        "PyTorch. Use a boolean condition instead.",
        {},
    ),
    "masked_select_dtype": (
        "RuntimeError",
        "masked_select: expected BoolTensor for mask",
        {"torch-1.13": "masked_select: expected BoolTensor or ByteTensor for mask"},
    ),
    "masked_scatter_dtypes": (
        "RuntimeError",
        "masked_scatter: expected self and source to have same dtypes but got{left} and {right}",
        {},
    ),
    "masked_scatter_mask": (
        "RuntimeError",
        "masked_scatter_ only supports boolean masks, but got mask with dtype {dtype}",
        {},
    ),
    "masked_scatter_source": ("RuntimeError", "Number of elements of source < number of ones in mask", {}),
    "one_hot_dtype": (
        "RuntimeError",
        "one_hot is only applicable to index tensor of type LongTensor.",
        {"torch-1.13": "one_hot is only applicable to index tensor."},
    ),
    "one_hot_empty": ("RuntimeError", "Can not infer total number of classes from empty tensor.", {}),
    "one_hot_negative": ("RuntimeError", "Class values must be non-negative.", {}),
    "one_hot_small": ("RuntimeError", "Class values must be smaller than num_classes.", {}),
    "one_hot_classes": ("RuntimeError", "num_classes should be positive", {}),
    "bag_order": (
        "UserWarning",
        "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is deprecated, "
        "and should now be `embedding_bag(input, weight, ...)`.",
        {},
    ),
    "bag_weights": (
        "ValueError",
        "embedding_bag: If per_sample_weights (torch.Size({found})) is not None, then it must have the same shape as the "
        "input (torch.Size({expected}))",
        {},
    ),
    "bag_table": ("ValueError", "weight has to be a 2D Tensor, but got Tensor of dimension {ndim}", {}),
    "bag_offsets_given": (
        "ValueError",
        "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. "
        "However, found offsets of type <class '{type}'>",
        {},
    ),
    "bag_input": ("ValueError", "input has to be 1D or 2D Tensor, but got Tensor of dimension {ndim}", {}),
    "bag_offsets": ("ValueError", "offsets has to be a 1D Tensor{found}", {}),
    "bag_mode": ("ValueError", "mode has to be one of sum, mean or max", {}),
    "bag_max": ("ValueError", "max mode does not support {what}", {}),
    "bag_weights_mode": (
        "NotImplementedError",
        "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
        "mode='{mode}'). Please open a feature request on GitHub.",
        {},
    ),
    "bag_padding": (
        "RuntimeError",
        "padding_idx must be within the number of embeddings, {least} through {most}, but got {found}",
        {},
    ),
    "bag_indices_type": (
        "RuntimeError",
        "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got {type} "
        "instead (while checking arguments for embedding_bag)",
        {},
    ),
    "bag_table_type": (
        "RuntimeError",
        "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, Float, Double; "
        "but got {type} instead (while checking arguments for embedding_bag)",
        {
            "torch-1.13": "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, Float, "
            "Double; but got {type} instead (while checking arguments for embedding_bag)"
        },
    ),
    "bag_weights_type": (
        "RuntimeError",
        "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 'per_sample_weights'; but "
        "type {weight} does not equal {weights} (while checking arguments for embedding_bag)",
        {},
    ),
    "bag_last_offset": ("RuntimeError", "include_last_offset: number of offset should be at least 1", {}),
    "bag_first_offset": (
        "RuntimeError",
        "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got "
        "{found}\n[ torch.{type}Tensor{{}} ]",
        {},
    ),
    "bag_final_offset": (
        "RuntimeError",
        "offsets[-1] can not be greater than input's length {length} but got offsets[-1] of {found}",
        {},
    ),
    "bag_range": (
        "RuntimeError",
        "embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be {found}",
        {},
    ),
    "bag_range_quick": (
        "RuntimeError",
        "Index {place} of input takes value {found} which is not in the valid range [0, {rows})",
        {
            "torch-1.13": "[enforce fail at embedding_lookup_idx.cc:{line}] 0 <= idx && idx < data_size. Index {place} is out "
            "of bounds: {found}, range 0 to {rows}"
        },
    ),
    "bag_not_differentiable": (
        "NotImplementedError",
        "the derivative for '{op}' is not implemented.",
        {"torch-1.13": ("RuntimeError", "derivative for {op} is not implemented")},
    ),
    "pretrained_dims": ("AssertionError", "Embeddings parameter is expected to be 2-dimensional", {}),
    "padding_range_bag": ("AssertionError", "padding_idx must be within num_embeddings", {}),
    "unravel_dtype": ("TypeError", "expected 'indices' to be integer dtype, but got {dtype}", {}),
    "unravel_shape": ("TypeError", "expected 'shape' to be int or sequence of ints, but got <class '{type}'>", {}),
    "unravel_sizes": ("TypeError", "expected 'shape' sequence to only contain ints, but got <class '{type}'>", {}),
    "unravel_negative": ("ValueError", "'shape' cannot have negative values, but got {sizes}", {}),
}
