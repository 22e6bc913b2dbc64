"""The modules that are one op, as rows: the class's name, its options with their defaults, the op, how they print."""

from typing import Any

Options = tuple[tuple[str, Any], ...]

# What stands for an option that has no default.
REQUIRED = object()

# The ways to print options: all of them, all but a plain ``inplace``, none, or the values alone.
ALL, WITHOUT_FALSE_INPLACE, NOTHING, VALUE = "all", "without false inplace", "nothing", "value"
FIRST, ALL_BUT_NAME_OF_FIRST = "first", "all but the name of the first"

_LP_POOL: Options = (("norm_type", REQUIRED), ("kernel_size", REQUIRED), ("stride", None), ("ceil_mode", False))

# Activations: name, options, op, what of the options is passed on (and as what), printing.
ACTIVATIONS: tuple[tuple[str, Options, str, tuple[str, ...], str], ...] = (
    ("ReLU", (("inplace", False),), "relu", (), WITHOUT_FALSE_INPLACE),
    ("ReLU6", (("inplace", False),), "relu6", (), WITHOUT_FALSE_INPLACE),
    ("Sigmoid", (), "torch.sigmoid", (), NOTHING),
    ("Tanh", (), "torch.tanh", (), NOTHING),
    (
        "LeakyReLU",
        (("negative_slope", 0.01), ("inplace", False)),
        "leaky_relu",
        ("negative_slope",),
        WITHOUT_FALSE_INPLACE,
    ),
    ("ELU", (("alpha", 1.0), ("inplace", False)), "elu", ("alpha",), WITHOUT_FALSE_INPLACE),
    ("SELU", (("inplace", False),), "selu", (), WITHOUT_FALSE_INPLACE),
    ("CELU", (("alpha", 1.0), ("inplace", False)), "celu", ("alpha",), WITHOUT_FALSE_INPLACE),
    ("SiLU", (("inplace", False),), "silu", (), WITHOUT_FALSE_INPLACE),
    ("Mish", (("inplace", False),), "mish", (), WITHOUT_FALSE_INPLACE),
    ("Hardswish", (("inplace", False),), "hardswish", (), NOTHING),
    ("Hardsigmoid", (("inplace", False),), "hardsigmoid", (), NOTHING),
    (
        "Hardtanh",
        (("min_val", -1.0), ("max_val", 1.0), ("inplace", False)),
        "hardtanh",
        ("min_val", "max_val"),
        WITHOUT_FALSE_INPLACE,
    ),
    ("GELU", (("approximate", "none"),), "gelu", ("approximate",), ALL),
    ("Softplus", (("beta", 1.0), ("threshold", 20.0)), "softplus", ("beta", "threshold"), ALL),
    ("LogSigmoid", (), "logsigmoid", (), NOTHING),
    ("Softsign", (), "softsign", (), NOTHING),
    ("Softmax", (("dim", None),), "softmax", ("dim",), ALL),
    ("LogSoftmax", (("dim", None),), "log_softmax", ("dim",), ALL),
    ("Softmin", (("dim", None),), "softmin", ("dim",), ALL),
    ("Flatten", (("start_dim", 1), ("end_dim", -1)), ".flatten", ("start_dim", "end_dim"), ALL),
    (
        "Unflatten",
        (("dim", REQUIRED), ("unflattened_size", REQUIRED)),
        ".unflatten",
        ("dim", "sizes=unflattened_size"),
        ALL,
    ),
    ("Hardshrink", (("lambd", 0.5),), "hardshrink", ("lambd",), VALUE),
    ("Softshrink", (("lambd", 0.5),), "softshrink", ("lambd",), VALUE),
    ("Tanhshrink", (), "tanhshrink", (), NOTHING),
    (
        "Threshold",
        (("threshold", REQUIRED), ("value", REQUIRED), ("inplace", False)),
        "threshold",
        ("threshold", "value"),
        WITHOUT_FALSE_INPLACE,
    ),
    ("GLU", (("dim", -1),), "glu", ("dim",), ALL),
    ("LPPool1d", _LP_POOL, "lp_pool1d", ("norm_type", "kernel_size", "stride", "ceil_mode"), ALL),
    ("LPPool2d", _LP_POOL, "lp_pool2d", ("norm_type", "kernel_size", "stride", "ceil_mode"), ALL),
    (
        "LocalResponseNorm",
        (("size", REQUIRED), ("alpha", 1e-4), ("beta", 0.75), ("k", 1.0)),
        "local_response_norm",
        ("size", "alpha", "beta", "k"),
        ALL_BUT_NAME_OF_FIRST,
    ),
    ("PixelShuffle", (("upscale_factor", REQUIRED),), "pixel_shuffle", ("upscale_factor",), ALL),
    ("PixelUnshuffle", (("downscale_factor", REQUIRED),), "pixel_unshuffle", ("downscale_factor",), ALL),
    ("ChannelShuffle", (("groups", REQUIRED),), "channel_shuffle", ("groups",), ALL),
    (
        "Unfold",
        (("kernel_size", REQUIRED), ("dilation", 1), ("padding", 0), ("stride", 1)),
        "unfold",
        ("kernel_size", "dilation", "padding", "stride"),
        ALL,
    ),
    (
        "Fold",
        (("output_size", REQUIRED), ("kernel_size", REQUIRED), ("dilation", 1), ("padding", 0), ("stride", 1)),
        "fold",
        ("output_size", "kernel_size", "dilation", "padding", "stride"),
        ALL,
    ),
    (
        "AdaptiveMaxPool1d",
        (("output_size", REQUIRED), ("return_indices", False)),
        "adaptive_max_pool1d",
        ("output_size", "return_indices"),
        FIRST,
    ),
    (
        "AdaptiveMaxPool2d",
        (("output_size", REQUIRED), ("return_indices", False)),
        "adaptive_max_pool2d",
        ("output_size", "return_indices"),
        FIRST,
    ),
    (
        "AdaptiveMaxPool3d",
        (("output_size", REQUIRED), ("return_indices", False)),
        "adaptive_max_pool3d",
        ("output_size", "return_indices"),
        FIRST,
    ),
    ("AdaptiveAvgPool3d", (("output_size", REQUIRED),), "adaptive_avg_pool3d", ("output_size",), ALL),
    ("AdaptiveAvgPool1d", (("output_size", REQUIRED),), "adaptive_avg_pool1d", ("output_size",), ALL),
    ("AdaptiveAvgPool2d", (("output_size", REQUIRED),), "adaptive_avg_pool2d", ("output_size",), ALL),
)

# The options that are tensors, and kept as buffers.
BUFFERS = frozenset(("weight", "pos_weight"))

# What says ``reduction`` in an older way.
LEGACY: Options = (("size_average", None), ("reduce", None))

# Losses: name, options, op, what of the options is passed on. None of them prints its options.
LOSSES: tuple[tuple[str, Options, str, tuple[str, ...]], ...] = (
    ("MSELoss", (*LEGACY, ("reduction", "mean")), "mse_loss", ("reduction",)),
    ("L1Loss", (*LEGACY, ("reduction", "mean")), "l1_loss", ("reduction",)),
    ("SmoothL1Loss", (*LEGACY, ("reduction", "mean"), ("beta", 1.0)), "smooth_l1_loss", ("reduction", "beta")),
    ("HuberLoss", (("reduction", "mean"), ("delta", 1.0)), "huber_loss", ("reduction", "delta")),
    ("BCELoss", (("weight", None), *LEGACY, ("reduction", "mean")), "binary_cross_entropy", ("weight", "reduction")),
    (
        "BCEWithLogitsLoss",
        (("weight", None), *LEGACY, ("reduction", "mean"), ("pos_weight", None)),
        "binary_cross_entropy_with_logits",
        ("weight", "reduction", "pos_weight"),
    ),
    (
        "CrossEntropyLoss",
        (
            ("weight", None),
            LEGACY[0],
            ("ignore_index", -100),
            LEGACY[1],
            ("reduction", "mean"),
            ("label_smoothing", 0.0),
        ),
        "cross_entropy",
        ("weight", "ignore_index", "reduction", "label_smoothing"),
    ),
    (
        "NLLLoss",
        (("weight", None), LEGACY[0], ("ignore_index", -100), LEGACY[1], ("reduction", "mean")),
        "nll_loss",
        ("weight", "ignore_index", "reduction"),
    ),
    ("KLDivLoss", (*LEGACY, ("reduction", "mean"), ("log_target", False)), "kl_div", ("reduction", "log_target")),
    (
        "HingeEmbeddingLoss",
        (("margin", 1.0), *LEGACY, ("reduction", "mean")),
        "hinge_embedding_loss",
        ("margin", "reduction"),
    ),
    ("MultiLabelMarginLoss", (*LEGACY, ("reduction", "mean")), "multilabel_margin_loss", ("reduction",)),
    (
        "MultiLabelSoftMarginLoss",
        (("weight", None), *LEGACY, ("reduction", "mean")),
        "multilabel_soft_margin_loss",
        ("weight", "reduction"),
    ),
    (
        "MultiMarginLoss",
        (("p", 1), ("margin", 1.0), ("weight", None), *LEGACY, ("reduction", "mean")),
        "multi_margin_loss",
        ("p", "margin", "weight", "reduction"),
    ),
    ("SoftMarginLoss", (*LEGACY, ("reduction", "mean")), "soft_margin_loss", ("reduction",)),
    (
        "PoissonNLLLoss",
        (("log_input", True), ("full", False), LEGACY[0], ("eps", 1e-8), LEGACY[1], ("reduction", "mean")),
        "poisson_nll_loss",
        ("log_input", "full", "eps", "reduction"),
    ),
)

# Losses of three or four inputs, and how these are called.
LOSSES_OF_SEVERAL: tuple[tuple[str, Options, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "MarginRankingLoss",
        (("margin", 0.0), *LEGACY, ("reduction", "mean")),
        "margin_ranking_loss",
        ("margin", "reduction"),
        ("input1", "input2", "target"),
    ),
    (
        "CosineEmbeddingLoss",
        (("margin", 0.0), *LEGACY, ("reduction", "mean")),
        "cosine_embedding_loss",
        ("margin", "reduction"),
        ("input1", "input2", "target"),
    ),
    (
        "TripletMarginLoss",
        (("margin", 1.0), ("p", 2.0), ("eps", 1e-6), ("swap", False), *LEGACY, ("reduction", "mean")),
        "triplet_margin_loss",
        ("margin", "p", "eps", "swap", "reduction"),
        ("anchor", "positive", "negative"),
    ),
    (
        "CTCLoss",
        (("blank", 0), ("reduction", "mean"), ("zero_infinity", False)),
        "ctc_loss",
        ("blank", "reduction", "zero_infinity"),
        ("log_probs", "targets", "input_lengths", "target_lengths"),
    ),
    (
        "GaussianNLLLoss",
        (("full", False), ("eps", 1e-6), ("reduction", "mean")),
        "gaussian_nll_loss",
        ("full", "eps", "reduction"),
        ("input", "target", "var"),
    ),
)

# Similarities: two inputs, no options printed.
SIMILARITIES: tuple[tuple[str, Options, str, tuple[str, ...]], ...] = (
    ("CosineSimilarity", (("dim", 1), ("eps", 1e-8)), "cosine_similarity", ("dim", "eps")),
    (
        "PairwiseDistance",
        (("p", 2.0), ("eps", 1e-6), ("keepdim", False)),
        "pairwise_distance",
        ("p", "eps", "keepdim"),
    ),
)


# The class that PyTorch wrote ``__init__`` in, where that is not each one's own.
OWNERS: dict[str, str] = {
    **dict.fromkeys(("LPPool1d", "LPPool2d"), "_LPPoolNd"),
    **{f"AdaptiveMaxPool{dims}d": "_AdaptiveMaxPoolNd" for dims in (1, 2, 3)},
    **{f"AdaptiveAvgPool{dims}d": "_AdaptiveAvgPoolNd" for dims in (1, 2, 3)},
}


# The same since 1.13.
NEWER_OWNERS: dict[str, str] = {
    **OWNERS,
    **dict.fromkeys(("MSELoss", "L1Loss", "MultiLabelMarginLoss", "SoftMarginLoss"), "_Loss"),
    **dict.fromkeys(("BCELoss", "MultiLabelSoftMarginLoss"), "_WeightedLoss"),
}
