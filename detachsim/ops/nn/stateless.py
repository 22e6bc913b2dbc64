"""Modules without parameters that are one op: activations, losses and what only reshapes, each a row of a table here.

A row says: the class's name, its options with their defaults, the op that it runs, and how its options print.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.loss import chosen_reduction
from detachsim.ops.nn.base import Module, options

Options = tuple[tuple[str, Any], ...]

# What stands for an option that has no default.
REQUIRED = object()

# The ways to print options: all of them, all but a plain ``inplace``, none, or the values alone.
ALL, WITHOUT_FALSE_INPLACE, NOTHING, VALUE = "all", "without false inplace", "nothing", "value"

# Activations: name, options, op, what of the options is passed on (and as what), printing.
ACTIVATIONS: tuple[tuple[str, Options, str, tuple[str, ...], str], ...] = (
    ("ReLU", (("inplace", False),), "relu", (), WITHOUT_FALSE_INPLACE),
    ("ReLU6", (("inplace", False),), "relu6", (), WITHOUT_FALSE_INPLACE),
    ("Sigmoid", (), "sigmoid", (), NOTHING),
    ("Tanh", (), "tanh", (), NOTHING),
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
    ("Flatten", (("start_dim", 1), ("end_dim", -1)), "flatten", ("start_dim", "end_dim"), ALL),
    (
        "Unflatten",
        (("dim", REQUIRED), ("unflattened_size", REQUIRED)),
        "unflatten",
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
    ("AdaptiveAvgPool1d", (("output_size", REQUIRED),), "adaptive_avg_pool1d", ("output_size",), ALL),
    ("AdaptiveAvgPool2d", (("output_size", REQUIRED),), "adaptive_avg_pool2d", ("output_size",), ALL),
)

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
    ("SoftMarginLoss", (*_LEGACY, ("reduction", "mean")), "soft_margin_loss", ("reduction",)),
    (
        "PoissonNLLLoss",
        (("log_input", True), ("full", False), _LEGACY[0], ("eps", 1e-8), _LEGACY[1], ("reduction", "mean")),
        "poisson_nll_loss",
        ("log_input", "full", "eps", "reduction"),
    ),
)

# Losses of three inputs, and how these are called.
LOSSES_OF_THREE: tuple[tuple[str, Options, str, tuple[str, ...], tuple[str, str, str]], ...] = (
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
            given[argument or option] = getattr(self, option)
        return given

    def _op_name(self) -> str:
        return f"{self.op}_" if getattr(self, "inplace", False) else self.op

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        if self.printing == NOTHING:
            return ""
        shown = []
        for name in self.option_names:
            value = getattr(self, name)
            if name == "inplace" and self.printing == WITHOUT_FALSE_INPLACE and not value:
                continue
            shown.append(f"{value}" if self.printing == VALUE else f"{name}={value!r}")
        return ", ".join(shown)


def _initializer(name: str, defaults: Options) -> Callable[..., None]:
    """Return an ``__init__`` that takes the options in order or by name, with Python's own errors."""
    names = tuple(option for option, _ in defaults)
    required = [option for option, value in defaults if value is REQUIRED]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        _refuse_wrong(f"{name}.__init__()", names, required, args, kwargs)
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
            if isinstance(value, Tensor):
                self.buffer_table[option] = value
            setattr(self, option, value)

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
            "ATTRIBUTES": options(*(option for option in names if (option, None) not in _LEGACY)),
        },
    )


class Identity(Module):
    """Gives its input back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


CLASSES: tuple[type[Module], ...] = (
    Identity,
    *(_made(name, opts, op, passed, how, _one_input(name)) for name, opts, op, passed, how in ACTIVATIONS),
    *(_made(name, opts, op, passed, NOTHING, _two_inputs(name)) for name, opts, op, passed in LOSSES),
    *(_made(name, opts, op, passed, NOTHING, _inputs(name, ins)) for name, opts, op, passed, ins in LOSSES_OF_THREE),
    *(_made(name, opts, op, passed, NOTHING, _inputs(name, ("x1", "x2"))) for name, opts, op, passed in SIMILARITIES),
)
