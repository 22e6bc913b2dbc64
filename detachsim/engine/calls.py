"""What the body of a function in Python does to its arguments, each with PyTorch's error where that fails."""

from typing import TYPE_CHECKING, Any

from detachsim.engine.errors import TorchError
from detachsim.engine.parser import parse, refuse_names, type_word
from detachsim.engine.signatures import entry
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.session import Session


class Calls:
    """What a body does to its arguments, each with PyTorch's error where that fails."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.dialect = session.dialect
        # Whether the types of the arguments alone decided that all is well.
        self.certain = True
        # The warnings so far, which the row gives again where the body ends without an error.
        self.warnings: list[tuple[str, dict[str, Any]]] = []

    def call(self, function: str, *args: Any, **kwargs: Any) -> None:
        """Call a function of C++ (``"t relu"``: place and name)."""
        known = entry(*function.split(), self.dialect)
        if known is not None:
            fit = parse(known, args, kwargs, self.dialect)
            refuse_names(known.name, fit, args[0] if args else None)
            self.certain &= fit.certain

    def method(self, value: Any, name: str, *args: Any, **kwargs: Any) -> None:
        """Call a method."""
        self.attribute(value, name)
        self.call(f"m {name}", *args, **kwargs)

    def attribute(self, value: Any, *names: str) -> None:
        """Read attributes that tensors have."""
        if not isinstance(value, Tensor):
            text = f"'{type_word(value)}' object has no attribute '{names[0]}'"
            raise TorchError("python", type="AttributeError", text=text)

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        """Look at a tensor's shape: the same types may fare otherwise in another one."""
        self.certain = False
        return tensor.shape

    def size(self, tensor: Tensor, *dims: int) -> None:
        """Ask for the sizes of dims."""
        ndim = len(self.shape(tensor))
        for dim in dims:
            if ndim == 0:
                raise TorchError("dim_none", dim=dim)
            if not -ndim <= dim < ndim:
                raise TorchError("dim_range", low=-ndim, high=ndim - 1, dim=dim)

    def true(self, value: Any) -> bool:
        """Ask whether a value is true."""
        return truth(value)

    def less(self, left: Any, right: Any, sign: str = "<") -> bool:
        """Compare with ``<``, or ``>`` the other way round."""
        if isinstance(left, str) and isinstance(right, str):
            return left < right
        if not all(isinstance(value, (int, float, Tensor)) for value in (left, right)):
            first, second = (left, right) if sign == "<" else (right, left)
            text = f"'{sign}' not supported between instances of '{type_word(first)}' and '{type_word(second)}'"
            raise TorchError("python", type="TypeError", text=text)
        for value in (left, right):
            if isinstance(value, Tensor):
                return value.array.size != 1 and truth(value)
        return bool(left < right)

    def operate(self, symbol: str, left: Any, right: Any) -> None:
        """Compute with an operator, which numbers and tensors have."""
        if not all(isinstance(value, (int, float, Tensor)) for value in (left, right)):
            text = f"unsupported operand type(s) for {symbol}: '{type_word(left)}' and '{type_word(right)}'"
            raise TorchError("python", type="TypeError", text=text)

    def index(self, value: Any) -> None:
        """Take a value for an int."""
        if isinstance(value, Tensor):
            if value.array.size != 1 or value.dtype.is_floating:
                raise TorchError("index_of_many")
        elif not isinstance(value, int):
            text = f"'{type_word(value)}' object cannot be interpreted as an integer"
            raise TorchError("python", type="TypeError", text=text)

    def length(self, value: Any) -> int:
        """Ask for ``len``."""
        if isinstance(value, Tensor):
            if value.array.ndim == 0:
                raise TorchError("python", type="TypeError", text="len() of a 0-d tensor")
            return len(value.array)
        if isinstance(value, (list, tuple, str)):
            return len(value)
        raise TorchError("python", type="TypeError", text=f"object of type '{type_word(value)}' has no len()")

    def unpack(self, value: Any, count: int) -> None:
        """Assign to ``count`` names at once."""
        self.certain = False
        found = self.length(value)
        if found < count:
            text = f"not enough values to unpack (expected {count}, got {found})"
            raise TorchError("python", type="ValueError", text=text)
        if found > count:
            raise TorchError("python", type="ValueError", text=f"too many values to unpack (expected {count})")

    def reduction(self, reduction: Any, size_average: Any = None, reduce: Any = None) -> int:
        """Return the number of a reduction."""
        if self.legacy_reduction(size_average, reduce):
            return 1
        if reduction not in ("none", "mean", "sum", "elementwise_mean"):
            raise TorchError("loss_reduction", reduction=reduction)
        return 1

    def legacy_reduction(self, size_average: Any, reduce: Any) -> str:
        """Return the reduction that the old arguments ask for, with a warning; none if they are not given."""
        if size_average is None and reduce is None:
            return ""
        averaged, reduced = (value is None or self.true(value) for value in (size_average, reduce))
        asked = "mean" if averaged and reduced else "sum" if reduced else "none"
        self.warnings.append(("legacy_reduction", {"reduction": asked}))
        return asked

    def warn_of_sizes(self, input: Any, target: Any) -> None:
        """Ask for the sizes of the two sides of a loss, with a warning where they differ."""
        for value in (target, input):
            self.attribute(value, "size")
        if target.shape != input.shape:
            sizes = {name: f"torch.Size({list(value.shape)})" for name, value in (("target", target), ("input", input))}
            self.warnings.append(("loss_sizes", sizes))


def truth(value: Any) -> bool:
    """Return ``bool(value)``."""
    if isinstance(value, Tensor):
        if value.array.size != 1:
            raise TorchError("bool_many" if value.array.size else "bool_none")
        return bool(value.array.item())
    return bool(value)
