"""Modules without parameters: activations, losses, pooling and what only reshapes, each a row of a table here.

A row says: the class's name, its options with their defaults, the op that it runs, and how its options print.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.nn.base import Module, options

Options = tuple[tuple[str, Any], ...]

# What stands for an option that has no default.
REQUIRED = object()

# The ways to print options: all of them, all but a plain ``inplace``, none, or none but what ``inplace`` says.
ALL, WITHOUT_FALSE_INPLACE, NOTHING = "all", "without false inplace", "nothing"

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
    ("AdaptiveAvgPool1d", (("output_size", REQUIRED),), "adaptive_avg_pool1d", ("output_size",), ALL),
    ("AdaptiveAvgPool2d", (("output_size", REQUIRED),), "adaptive_avg_pool2d", ("output_size",), ALL),
)

# Losses: name, options, op, what of the options is passed on. None of them prints its options.
LOSSES: tuple[tuple[str, Options, str, tuple[str, ...]], ...] = (
    ("MSELoss", (("reduction", "mean"),), "mse_loss", ("reduction",)),
    ("L1Loss", (("reduction", "mean"),), "l1_loss", ("reduction",)),
    ("SmoothL1Loss", (("reduction", "mean"), ("beta", 1.0)), "smooth_l1_loss", ("reduction", "beta")),
    ("HuberLoss", (("reduction", "mean"), ("delta", 1.0)), "huber_loss", ("reduction", "delta")),
    ("BCELoss", (("weight", None), ("reduction", "mean")), "binary_cross_entropy", ("weight", "reduction")),
    (
        "BCEWithLogitsLoss",
        (("weight", None), ("reduction", "mean"), ("pos_weight", None)),
        "binary_cross_entropy_with_logits",
        ("weight", "reduction", "pos_weight"),
    ),
    (
        "CrossEntropyLoss",
        (("weight", None), ("ignore_index", -100), ("reduction", "mean"), ("label_smoothing", 0.0)),
        "cross_entropy",
        ("weight", "ignore_index", "reduction", "label_smoothing"),
    ),
    (
        "NLLLoss",
        (("weight", None), ("ignore_index", -100), ("reduction", "mean")),
        "nll_loss",
        ("weight", "ignore_index", "reduction"),
    ),
    ("KLDivLoss", (("reduction", "mean"), ("log_target", False)), "kl_div", ("reduction", "log_target")),
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
            shown.append(f"{name}={value!r}")
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
        for option, value in values.items():
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
        return self.session.call(self._op_name(), input, **self._arguments())

    forward.__qualname__ = f"{name}.forward"
    return forward


def _two_inputs(name: str) -> Callable[..., Any]:
    def forward(self: Any, input: Any, target: Any) -> Any:
        return self.session.call(self.op, input, target, **self._arguments())

    forward.__qualname__ = f"{name}.forward"
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
            "ATTRIBUTES": options(*names),
        },
    )


class Identity(Module):
    """Gives its input back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


class Dropout(Module):
    """Sets elements to zero at random while training."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise TorchError("dropout_probability", value=p)
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        """Drop elements in training mode, else return the input."""
        return self.session.call("dropout_" if self.inplace else "dropout", input, self.p, self.training)

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"p={self.p}, inplace={self.inplace}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("p", "inplace")


class _Pool(Module):
    """Pooling: windows of ``kernel_size``, every ``stride`` elements."""

    op: ClassVar[str]


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding, self.dilation = kernel_size, padding, dilation
        self.stride = kernel_size if stride is None else stride
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Any) -> Any:
        """Take the largest element of each window."""
        return self.session.call(
            self.op,
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("kernel_size", "stride", "padding", "dilation", "ceil_mode")


class MaxPool1d(_MaxPool):
    """Max pooling over sequences."""

    op = "max_pool1d"


class MaxPool2d(_MaxPool):
    """Max pooling over images."""

    op = "max_pool2d"


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Any) -> Any:
        """Take the mean of each window."""
        return self.session.call(
            self.op, input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    ATTRIBUTES: ClassVar[dict[str, Any]] = options("kernel_size", "stride", "padding", "ceil_mode")


class AvgPool1d(_AvgPool):
    """Average pooling over sequences; one number stands for a tuple of one."""

    op = "avg_pool1d"

    def extra_repr(self) -> str:
        """Return the options as PyTorch prints them."""
        one = [
            value if isinstance(value, tuple) else (value,) for value in (self.kernel_size, self.stride, self.padding)
        ]
        return f"kernel_size={one[0]}, stride={one[1]}, padding={one[2]}"


class AvgPool2d(_AvgPool):
    """Average pooling over images."""

    op = "avg_pool2d"


CLASSES: tuple[type[Module], ...] = (
    Identity,
    Dropout,
    MaxPool1d,
    MaxPool2d,
    AvgPool1d,
    AvgPool2d,
    *(_made(name, opts, op, passed, how, _one_input(name)) for name, opts, op, passed, how in ACTIVATIONS),
    *(_made(name, opts, op, passed, NOTHING, _two_inputs(name)) for name, opts, op, passed in LOSSES),
)
