"""Modules without parameters that are one op: activations, losses and what only reshapes, each a row of a table."""

from collections.abc import Callable
from typing import Any, ClassVar

from detachsim.engine.calls import truth
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.ops.loss import chosen_reduction
from detachsim.ops.nn.base import Module, dims_of, options, tensors
from detachsim.ops.nn.checks import CHECKS
from detachsim.ops.nn.registering import register_buffer
from detachsim.ops.nn.stateless_rows import (
    ACTIVATIONS,
    ALL_BUT_NAME_OF_FIRST,
    BUFFERS,
    FIRST,
    LEGACY,
    LOSSES,
    LOSSES_OF_SEVERAL,
    NEWER_OWNERS,
    NOTHING,
    OWNERS,
    REQUIRED,
    SIMILARITIES,
    VALUE,
    WITHOUT_FALSE_INPLACE,
    Options,
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
            owner = NEWER_OWNERS.get(name, name)
        else:
            # What has no options of its own said so in the name of all modules.
            owner = OWNERS.get(name, name) if names else "Module"
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
            "ATTRIBUTES": options(*(option for option in names if (option, None) not in LEGACY))
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
