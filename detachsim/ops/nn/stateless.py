"""Modules without parameters that are one op: activations, losses and what only reshapes, each a row of a table here.

A row says: the class's name, its options with their defaults, the op that it runs, and how its options print.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.calls import truth
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.ops.loss import chosen_reduction
from detachsim.ops.nn.base import Module, dims_of, options, tensors
from detachsim.ops.nn.checks import CHECKS
from detachsim.ops.nn.registering import register_buffer

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
_LEGACY: Options = (("size_average", None), ("reduce", None))

# Losses: name, options, op, what of the options is passed on. None of them prints its options.
LOSSES: tuple[tuple[str, Options, str, tuple[str, ...]], ...] = (
    ("MSELoss", (*_LEGACY, ("reduction", "mean")), "mse_loss", ("reduction",)),
    ("L1Loss", (*_LEGACY, ("reduction", "mean")), "l1_loss", ("reduction",)),
    ("SmoothL1Loss", (*_LEGACY, ("reduction", "mean"), ("beta", 1.0)), "smooth_l1_loss", ("reduction", "beta")),
    ("HuberLoss", (("reduction", "mean"), ("delta", 1.0)), "huber_loss", ("reduction", "delta")),
    ("BCELoss", (("weight", None), *_LEGACY, ("reduction", "mean")), "binary_cross_entropy", ("weight", "reduction")),
    (
        "BCEWithLogitsLoss",
        (("weight", None), *_LEGACY, ("reduction", "mean"), ("pos_weight", None)),
        "binary_cross_entropy_with_logits",
        ("weight", "reduction", "pos_weight"),
    ),
    (
        "CrossEntropyLoss",
        (
            ("weight", None),
            _LEGACY[0],
            ("ignore_index", -100),
            _LEGACY[1],
            ("reduction", "mean"),
            ("label_smoothing", 0.0),
        ),
        "cross_entropy",
        ("weight", "ignore_index", "reduction", "label_smoothing"),
    ),
    (
        "NLLLoss",
        (("weight", None), _LEGACY[0], ("ignore_index", -100), _LEGACY[1], ("reduction", "mean")),
        "nll_loss",
        ("weight", "ignore_index", "reduction"),
    ),
    ("KLDivLoss", (*_LEGACY, ("reduction", "mean"), ("log_target", False)), "kl_div", ("reduction", "log_target")),
    (
        "HingeEmbeddingLoss",
        (("margin", 1.0), *_LEGACY, ("reduction", "mean")),
        "hinge_embedding_loss",
        ("margin", "reduction"),
    ),
    ("MultiLabelMarginLoss", (*_LEGACY, ("reduction", "mean")), "multilabel_margin_loss", ("reduction",)),
    (
        "MultiLabelSoftMarginLoss",
        (("weight", None), *_LEGACY, ("reduction", "mean")),
        "multilabel_soft_margin_loss",
        ("weight", "reduction"),
    ),
    (
        "MultiMarginLoss",
        (("p", 1), ("margin", 1.0), ("weight", None), *_LEGACY, ("reduction", "mean")),
        "multi_margin_loss",
        ("p", "margin", "weight", "reduction"),
    ),
    ("SoftMarginLoss", (*_LEGACY, ("reduction", "mean")), "soft_margin_loss", ("reduction",)),
    (
        "PoissonNLLLoss",
        (("log_input", True), ("full", False), _LEGACY[0], ("eps", 1e-8), _LEGACY[1], ("reduction", "mean")),
        "poisson_nll_loss",
        ("log_input", "full", "eps", "reduction"),
    ),
)

# Losses of three or four inputs, and how these are called.
LOSSES_OF_SEVERAL: tuple[tuple[str, Options, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "MarginRankingLoss",
        (("margin", 0.0), *_LEGACY, ("reduction", "mean")),
        "margin_ranking_loss",
        ("margin", "reduction"),
        ("input1", "input2", "target"),
    ),
    (
        "CosineEmbeddingLoss",
        (("margin", 0.0), *_LEGACY, ("reduction", "mean")),
        "cosine_embedding_loss",
        ("margin", "reduction"),
        ("input1", "input2", "target"),
    ),
    (
        "TripletMarginLoss",
        (("margin", 1.0), ("p", 2.0), ("eps", 1e-6), ("swap", False), *_LEGACY, ("reduction", "mean")),
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
_OWNERS: dict[str, str] = {
    **dict.fromkeys(("LPPool1d", "LPPool2d"), "_LPPoolNd"),
    **{f"AdaptiveMaxPool{dims}d": "_AdaptiveMaxPoolNd" for dims in (1, 2, 3)},
    **{f"AdaptiveAvgPool{dims}d": "_AdaptiveAvgPoolNd" for dims in (1, 2, 3)},
}


# The same since 1.13.
_NEWER_OWNERS: dict[str, str] = {
    **_OWNERS,
    **dict.fromkeys(("MSELoss", "L1Loss", "MultiLabelMarginLoss", "SoftMarginLoss"), "_Loss"),
    **dict.fromkeys(("BCELoss", "MultiLabelSoftMarginLoss"), "_WeightedLoss"),
}


class Stateless(Module):
    """A module that is nothing but an op and its options."""

    op: ClassVar[str]
    option_names: ClassVar[tuple[str, ...]]
    passed: ClassVar[tuple[str, ...]]
    printing: ClassVar[str]

    def _arguments(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name in self.passed:
            # An option may have another name as the op's argument: ``argument=option``.
            argument, _, option = name.rpartition("=")
            given[argument or option] = self.buffer_table[option] if option in BUFFERS else getattr(self, option)
        return given

    def _op_name(self) -> str:
        return f"{self.op}_" if getattr(self, "inplace", False) else self.op

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        if self.printing == NOTHING:
            return ""
        shown: list[str] = []
        for name in self.option_names:
            value = getattr(self, name)
            if name == "inplace" and self.printing == WITHOUT_FALSE_INPLACE:
                if not truth(value):
                    continue
                value = True
            bare = self.printing == VALUE or (self.printing == ALL_BUT_NAME_OF_FIRST and not shown)
            shown.append(f"{value}" if bare else f"{name}={value!r}")
        return shown[0] if self.printing == FIRST else ", ".join(shown)


def _initializer(name: str, defaults: Options) -> Callable[..., None]:
    """Return an ``__init__`` that takes the options in order or by name, with Python's own errors."""
    names = tuple(option for option, _ in defaults)
    required = [option for option, value in defaults if value is REQUIRED]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.session.dialect == NEWEST:
            owner = _NEWER_OWNERS.get(name, name)
        else:
            # What has no options of its own said so in the name of all modules.
            owner = _OWNERS.get(name, name) if names else "Module"
        _refuse_wrong(f"{owner}.__init__()", names, required, args, kwargs)
        Module.__init__(self)
        values = dict(defaults)
        values.update(zip(names, args, strict=False))
        values.update(kwargs)
        if "size_average" in values:
            how = self, values.pop("size_average"), values.pop("reduce")
            values["reduction"] = chosen_reduction(*how, values["reduction"])
        for option, value in values.items():
            if name == "Softplus" and option not in kwargs and not args and self.session.dialect != "torch-2.13":
                value = int(value)  # floats since
            if option in BUFFERS:
                register_buffer(self, option, value)
            else:
                setattr(self, option, value)
        if name in CHECKS:
            CHECKS[name](self.session, values)

    return __init__


def _refuse_wrong(
    place: str, names: tuple[str, ...], required: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Raise what Python itself says of arguments that a function does not take."""
    text = ""
    missing = [name for name in required if name not in kwargs and names.index(name) >= len(args)]
    unknown = next((name for name in kwargs if name not in names), None)
    twice = next((name for name in kwargs if name in names[: len(args)]), None)
    if unknown is not None:
        text = f"got an unexpected keyword argument '{unknown}'"
    elif twice is not None:
        text = f"got multiple values for argument '{twice}'"
    elif len(args) > len(names):
        most, least = len(names) + 1, len(required) + 1
        count = f"from {least} to {most}" if least != most else str(most)
        noun = "argument" if most == 1 else "arguments"
        text = f"takes {count} positional {noun} but {len(args) + 1} were given"
    elif missing:
        noun = "argument" if len(missing) == 1 else "arguments"
        listed = " and ".join(f"'{name}'" for name in missing)
        text = f"missing {len(missing)} required positional {noun}: {listed}"
    if text:
        raise TorchError("python", type="TypeError", text=f"{place} {text}")


def _one_input(name: str) -> Callable[..., Any]:
    def forward(self: Any, input: Any) -> Any:
        return self.functional(self._op_name(), input, **self._arguments())

    forward.__qualname__ = f"{name}.forward"
    return forward


def _two_inputs(name: str) -> Callable[..., Any]:
    def forward(self: Any, input: Any, target: Any) -> Any:
        return self.functional(self.op, input, target, **self._arguments())

    forward.__qualname__ = f"{name}.forward"
    return forward


def _inputs(name: str, names: tuple[str, ...]) -> Callable[..., Any]:
    """Return a ``forward`` of several inputs with names of their own."""

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_wrong(f"{name}.forward()", names, list(names), args, kwargs)
        given = dict(zip(names, args, strict=False)) | kwargs
        return self.functional(self.op, *(given[one] for one in names), **self._arguments())

    return forward


def _made(
    name: str, defaults: Options, op: str, passed: tuple[str, ...], printing: str, forward: Callable[..., Any]
) -> type[Stateless]:
    names = tuple(option for option, _ in defaults)
    return type(
        name,
        (Stateless,),
        {
            "__doc__": f"``{op}`` as a module.",
            "__init__": _initializer(name, defaults),
            "forward": forward,
            "op": op,
            "option_names": names,
            "passed": passed,
            "printing": printing,
            "ATTRIBUTES": options(*(option for option in names if (option, None) not in _LEGACY))
            | tensors(*BUFFERS & set(names)),
        },
    )


class Identity(Module):
    """Gives its input back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


class RReLU(Module):
    """``rrelu`` as a module, which draws in training mode."""

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Any) -> Any:
        """Run the op."""
        return self.functional("rrelu", input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"lower={self.lower}, upper={self.upper}{', inplace=True' if self.inplace else ''}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("lower", "upper", "inplace")


class Softmax2d(Module):
    """Softmax over the channels of images."""

    def forward(self, input: Any) -> Any:
        """Run the op."""
        if (ndim := dims_of(input)) not in (3, 4):
            raise TorchError("softmax2d_dims", ndim=ndim)
        return self.functional("softmax", input, -3)


class Upsample(Module):
    """``F.interpolate`` as a module."""

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Any = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode, self.align_corners, self.recompute_scale_factor = mode, align_corners, recompute_scale_factor

    def forward(self, input: Any) -> Any:
        """Run the op."""
        return self.functional(
            "interpolate",
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("size", "scale_factor", "mode", "align_corners")


class UpsamplingNearest2d(Upsample):
    """``Upsample`` by the nearest element."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """``Upsample`` between the elements."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


CLASSES: tuple[type[Module], ...] = (
    Identity,
    RReLU,
    Softmax2d,
    Upsample,
    UpsamplingNearest2d,
    UpsamplingBilinear2d,
    *(_made(name, opts, op, passed, how, _one_input(name)) for name, opts, op, passed, how in ACTIVATIONS),
    *(_made(name, opts, op, passed, NOTHING, _two_inputs(name)) for name, opts, op, passed in LOSSES),
    *(_made(name, opts, op, passed, NOTHING, _inputs(name, ins)) for name, opts, op, passed, ins in LOSSES_OF_SEVERAL),
    *(_made(name, opts, op, passed, NOTHING, _inputs(name, ("x1", "x2"))) for name, opts, op, passed in SIMILARITIES),
)
