"""``torch.finfo``, ``torch.iinfo`` and ``torch.device``: what a type of numbers can hold, and where tensors are."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.devices import check_device
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import DType
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.parser import invalid_combination
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.run.values import CPU, Device, type_name


class Range:
    """What both say: the bits of a type, and its largest and smallest number."""

    def __init__(self, dtype: DType, numbers: dict[str, Any]) -> None:
        self.numbers = {"bits": dtype.itemsize * 8, **numbers, "dtype": dtype.name}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.numbers == other.numbers

    def __hash__(self) -> int:
        return hash(self.numbers["dtype"])

    def spelled(self, spell: Callable[[Any], str]) -> str:
        """Return ``repr`` of it: numbers as C prints them."""
        shown = (f"{name}={self.numbers[name]:g}" for name in self.SHOWN)
        return f"{type(self).__name__}({', '.join(shown)}, dtype={self.numbers['dtype']})"

    SHOWN: ClassVar[tuple[str, ...]] = ("min", "max")
    METHODS: ClassVar[dict[str, Any]] = {}
    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        name: lambda session, info, name=name: info.numbers[name] for name in ("bits", "max", "min", "dtype")
    }


class iinfo(Range):
    """The range of a type of whole numbers."""

    type_name = "torch.iinfo"


class finfo(Range):
    """The range and the steps of a floating type."""

    type_name = "torch.finfo"
    SHOWN = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
    ATTRIBUTES: ClassVar[dict[str, Any]] = Range.ATTRIBUTES | {
        name: lambda session, info, name=name: info.numbers[name]
        for name in ("eps", "tiny", "smallest_normal", "resolution")
    }


CLASSES = (iinfo, finfo, Device)


def _given(name: str, options: tuple[str, ...], args: tuple[Any, ...], named: dict[str, Any]) -> DType | None:
    """Return the one argument, ``None`` where there is none; raises PyTorch's errors."""
    text = ""
    value = args[0] if args else named.get("type")
    if len(args) + len(named) > 1 and len(options) > 1:
        text = invalid_combination(name, options, args, named, items=True)
    elif len(args) + len(named) > 1:
        text = f"{name}() takes 1 positional argument but {len(args)} were given"
    elif value is None and (named or len(options) == 1):
        text = f'{name}() missing 1 required positional arguments: "type"'
    elif value is not None and not isinstance(value, DType):
        raise TorchError("argument_type", op=name, name="type", place=1, wanted="torch.dtype", found=type_name(value))
    if text:
        raise TorchError("python", type="TypeError", text=text)
    return value


def float_info(session: Session, *args: Any, **named: Any) -> finfo:
    """``torch.finfo(type)``, of the default type if none is given."""
    dtype = _given("finfo", ("(torch.dtype type)", "()"), args, named) or dtypes.float32
    if not dtype.is_floating:
        raise TorchError("finfo_integers")
    if dtype is dtypes.bfloat16:
        return _float_info(dtype, 255 / 128 * 2.0**127, 2.0**-7, 2.0**-126, 1e-2)
    info = np.finfo(dtype.numpy)
    digits = {2: 3, 4: 6, 8: 15}[dtype.itemsize]
    return _float_info(dtype, float(info.max), float(info.eps), float(info.tiny), 10.0**-digits)


def _float_info(dtype: DType, largest: float, eps: float, least: float, resolution: float) -> finfo:
    steps = {"eps": eps, "tiny": least, "smallest_normal": least, "resolution": resolution}
    return finfo(dtype, {"max": largest, "min": -largest, **steps})


def whole_info(session: Session, *args: Any, **named: Any) -> iinfo:
    """``torch.iinfo(type)``."""
    dtype = _given("iinfo", ("(torch.dtype type)",), args, named)
    assert dtype is not None
    if dtype.is_floating:
        raise TorchError("iinfo_floats")
    if dtype is dtypes.boolean:
        raise TorchError("iinfo_bool")
    info = np.iinfo(dtype.numpy)
    return iinfo(dtype, {"max": int(info.max), "min": int(info.min)})


# What a device is told by, and what each part may be: a tensor of one whole number passes as one.
_PARTS = {"type": (str,), "index": (int, Tensor)}


def device(session: Session, *args: Any, **named: Any) -> Device:
    """``torch.device("cpu")``; others are devices in PyTorch, too, of which there are none here."""
    value = _told_by(session, args, named)
    if isinstance(value, Device):
        return value
    if not isinstance(value, str):
        raise LimitError("a device by its number is not simulated")
    if value.partition(":")[0] in ("cuda", "xpu", "meta", "mps"):
        raise LimitError(f"the device `{value}` is not simulated")
    check_device(value, session.dialect)
    if value != "cpu":
        raise LimitError(f"the device `{value}` is not simulated: write `cpu`")
    return CPU


def _told_by(session: Session, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Return the device, its name or its number; raises PyTorch's errors for arguments that tell of none."""
    name, default = ("device", " = -1") if session.dialect == NEWEST else ("Device", "")
    parts = dict(zip(_PARTS, args, strict=False)) | named
    if len(args) + len(named) == 2 and parts.keys() == _PARTS.keys():
        for place, (key, kinds) in enumerate(_PARTS.items(), 1):
            if not isinstance(parts[key], kinds):
                words = {"wanted": kinds[0].__name__, "found": type_name(parts[key])}
                raise TorchError("argument_type", op=name, name=key, place=place, **words)
        return parts["index"]
    value = parts.get("device", parts.get("type"))
    tells = isinstance(value, str if "type" in named else (str, int, Device)) and not isinstance(value, bool)
    if len(args) + len(named) == 1 and tells:
        return value
    options = ("(torch.device device)", f"(str type, int index{default})")
    text = invalid_combination(name, options, args, named, items=bool(default))
    raise TorchError("python", type="TypeError", text=text)


CONSTRUCTORS: dict[str, Callable[..., Any]] = {"finfo": float_info, "iinfo": whole_info, "device": device}
