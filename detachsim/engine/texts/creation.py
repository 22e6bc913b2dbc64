"""The texts of creation and random numbers."""

from detachsim.engine.texts.entry import Entry

# What the constructors from before ``torch.tensor`` say that they take.
LEGACY_SIGNATURES = [
    "(*, torch.device device = None)",
    "(torch.Storage storage)",
    "(Tensor other)",
    "(tuple of ints size, *, torch.device device = None)",
    "(object data, *, torch.device device = None)",
]

TEXTS: dict[str, Entry] = {
    "array_type": ("TypeError", "expected np.ndarray (got {type})", {}),
    "data_text": ("TypeError", "new(): invalid data type 'str'", {}),
    "data_text_dims": ("ValueError", "too many dimensions 'str'", {}),
    "data_number": ("TypeError", "not a sequence", {}),
    "finfo_integers": (
        "TypeError",
        "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'",
        {},
    ),
    "iinfo_floats": (
        "TypeError",
        "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'",
        {},
    ),
    "iinfo_bool": ("TypeError", "torch.bool is not supported by torch.iinfo", {}),
    "size_item": ("TypeError", "torch.Size() takes an iterable of 'int' (item {position} is '{type}')", {}),
    "tensor_type_name": ("ValueError", "invalid type: '{name}'", {}),
    "tensor_type": ("TypeError", "dtype must be a type, str, or dtype object", {}),
    "infer_dtype": ("RuntimeError", "Could not infer dtype of {type}", {}),
    "arange_step": ("RuntimeError", "step must be nonzero", {}),
    "arange_bounds": (
        "RuntimeError",
        "upper bound and lower bound inconsistent with step sign",
        {"torch-1.13": "upper bound and larger bound inconsistent with step sign"},
    ),
    "arange_range": ("RuntimeError", "unsupported range: {start} -> {end}", {}),
    "seed_range": (
        "ValueError",
        "Overflow when unpacking long long",
        {"torch-1.13": ("RuntimeError", "Overflow when unpacking long")},
    ),
    "zeros_size": ("RuntimeError", "zeros: Dimension size must be non-negative.", {}),
    "linspace_dims": (
        "RuntimeError",
        "{op} only supports 0-dimensional start and end tensors, but got {found}.",
        {},
    ),
    "linspace_steps": ("RuntimeError", "number of steps must be non-negative", {}),
    "eye_size": ("RuntimeError", "{word} must be greater or equal to 0, got {size}", {}),
    "triangle_size": ("RuntimeError", "{word} must be non-negative, got{size}", {}),
    "randint_bounds": (
        "RuntimeError",
        "random_ expects 'from' to be less than 'to', but got from={low} >= to={high}",
        {},
    ),
    "normal_std": ("RuntimeError", "normal expects std >= 0.0, but found std {std}", {}),
    "normal_std_each": ("RuntimeError", "normal expects all elements of std >= 0.0", {}),
    "uniform_bounds": (
        "RuntimeError",
        "uniform_ expects to return a [from, to) range, but found from={low} > to={high}",
        {},
    ),
    "exponential_rate": (
        "RuntimeError",
        "exponential_ expects lambda > 0.0, but found lambda={rate}",
        {"torch-1.13": "exponential_ expects lambda >= 0.0, but found lambda={rate}"},
    ),
    "exponential_dtype": (
        "RuntimeError",
        "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you "
        "specified {dtype}",
        {"torch-1.13": "\"exponential_cpu\" not implemented for '{dtype}'"},
    ),
    "bernoulli_range": ("RuntimeError", "bernoulli_ expects p to be in [0, 1], but got p={p}", {}),
    "bernoulli_each": (
        "RuntimeError",
        "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please "
        "report an enhancement request to PyTorch.)",
        {},
    ),
    "legacy_other_type": (
        "TypeError",
        "expected TensorOptions(dtype={expected}, device=cpu, layout=Strided, requires_grad=false (default), "
        "pinned_memory=false (default), memory_format=(nullopt)) (got TensorOptions(dtype={found}, device=cpu, "
        "layout=Strided, requires_grad=false (default), pinned_memory=false (default), memory_format=(nullopt)))",
        {},
    ),
    "legacy_data": ("TypeError", "new(): data must be a sequence (got {type})", {}),
    "legacy_size": (
        "TypeError",
        "new(): argument 'size' failed to unpack the object at pos {place} with error \"type must be tuple of ints,but got "
        '{type}"',
        {"torch-1.13": "new(): argument 'size' must be tuple of ints, but found element of type {type} at pos {place}"},
    ),
    "size_overflow": ("RuntimeError", "Storage size calculation overflowed with sizes={shape}", {}),
    "out_of_memory": (
        "RuntimeError",
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
        "{bytes} bytes. Error code 12 (Cannot allocate memory)",
        {},
    ),
    "window_dtype": (
        "RuntimeError",
        "{op} expects floating point dtypes, got: TensorOptions(dtype={dtype}, device=cpu, layout=Strided (default), "
        "requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))",
        {},
    ),
    "window_length": (
        "RuntimeError",
        "{op} requires non-negative window_length, got window_length={length}",
        {},
    ),
}
