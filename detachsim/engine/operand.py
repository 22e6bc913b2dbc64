"""Tensors as formulas see them while a graph is recorded: with Python's operators, each running an op of the library.

A formula such as ``grad * other`` runs on plain numpy arrays in an ordinary backward pass. Under ``create_graph``
the same text runs on operands, so that every step of it is an op with a node of its own.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.returns import ReturnType
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.library import Library
    from detachsim.engine.op import Op
    from detachsim.engine.session import Session


class Operand:
    """A tensor together with the session whose ops act on it."""

    __slots__ = ("session", "tensor")

    def __init__(self, session: "Session", tensor: Tensor) -> None:
        self.session = session
        self.tensor = tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return self.tensor.array.shape

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.tensor.array.ndim

    @property
    def size(self) -> int:
        """The number of elements, as numpy calls it."""
        return self.tensor.array.size

    @property
    def dtype(self) -> Any:
        """The numpy type that holds the values."""
        return self.tensor.array.dtype

    def _operator(self, symbol: str, *others: Any) -> "Operand":
        library = self.session.library
        name = library.operators[symbol]
        if others and isinstance(others[0], (int, float)) and self.tensor.dtype.is_floating:
            scalar = library.scalar_operators.get(symbol)
            if scalar is not None:
                operands = (others[0], self.tensor) if symbol.startswith("r") else (self.tensor, others[0])
                return wrap(self.session, self.session.call(scalar, *operands))  # type: ignore[no-any-return]
        return wrap(self.session, self.session.call(name, self.tensor, *(unwrap(other) for other in others)))  # type: ignore[no-any-return]

    def __add__(self, other: Any) -> "Operand":
        return self._operator("+", other)

    def __radd__(self, other: Any) -> "Operand":
        return self._operator("+", other)

    def __sub__(self, other: Any) -> "Operand":
        return self._operator("-", other)

    def __rsub__(self, other: Any) -> "Operand":
        return self._operator("r-", other)

    def __mul__(self, other: Any) -> "Operand":
        return self._operator("*", other)

    def __rmul__(self, other: Any) -> "Operand":
        return self._operator("*", other)

    def __truediv__(self, other: Any) -> "Operand":
        return self._operator("/", other)

    def __rtruediv__(self, other: Any) -> "Operand":
        return self._operator("r/", other)

    def __pow__(self, other: Any) -> "Operand":
        return self._operator("**", other)

    def __rpow__(self, other: Any) -> "Operand":
        return self._operator("r**", other)

    def __matmul__(self, other: Any) -> "Operand":
        return self._operator("@", other)

    def __neg__(self) -> "Operand":
        return self._operator("neg")

    def __invert__(self) -> "Operand":
        return self._operator("~")

    def __and__(self, other: Any) -> "Operand":
        return self._operator("&", other)

    def __or__(self, other: Any) -> "Operand":
        return self._operator("|", other)

    def __lt__(self, other: Any) -> "Operand":
        return self._operator("<", other)

    def __le__(self, other: Any) -> "Operand":
        return self._operator("<=", other)

    def __gt__(self, other: Any) -> "Operand":
        return self._operator(">", other)

    def __ge__(self, other: Any) -> "Operand":
        return self._operator(">=", other)

    def __eq__(self, other: object) -> "Operand":  # type: ignore[override]  # elementwise, as for arrays
        return self._operator("==", other)

    def __ne__(self, other: object) -> "Operand":  # type: ignore[override]  # elementwise, as for arrays
        return self._operator("!=", other)

    __hash__ = None  # type: ignore[assignment]  # elementwise equality makes hashing meaningless


class Functions(dict[str, Any]):
    """The functions that formulas, composite ops and helpers may call, by name or as attributes, found on first use.

    What stands for a function that PyTorch writes in Python calls ``ops["m pow"]``, place and name, where the
    arguments are those of a scenario: PyTorch's signature decides about them.
    ``is_old`` says whether they are those of a dialect before the newest.
    """

    def __init__(self, find: Callable[["Functions", str], Any], dialect: str) -> None:
        super().__init__()
        self.find = find
        self.is_old = dialect != NEWEST

    def __missing__(self, name: str) -> Any:
        # Formulas have this as their globals; what is not here is one of Python's own functions.
        function = self.find(self, name)
        if function is None:
            raise KeyError(name)
        self[name] = function
        return function

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def wrap(session: "Session", value: Any) -> Any:
    """Make operands of tensors, also inside tuples and lists."""
    if isinstance(value, Tensor):
        return Operand(session, value)
    if isinstance(value, list):
        return [wrap(session, item) for item in value]
    if isinstance(value, tuple) and any(isinstance(item, (Tensor, list, tuple)) for item in value):
        return tuple(wrap(session, item) for item in value)
    return value  # a size stays a size


def unwrap(value: Any) -> Any:
    """Make tensors of operands, also inside tuples and lists."""
    if isinstance(value, Operand):
        return value.tensor
    if type(value) in (tuple, list):
        return type(value)(unwrap(item) for item in value)
    return value.like([unwrap(item) for item in value]) if isinstance(value, ReturnType) else value


def namespace(session: "Session") -> Functions:
    """Return every op and helper of the session's library as a function on operands."""
    library = session.library

    def find(functions: Functions, name: str) -> Any:
        place, _, name = name.rpartition(" ")
        if not library.load(name):
            return None
        if name in library.helpers:
            return _bind(library.helpers[name], functions)
        if name in library.sets:
            return _caller(session, place, name)
        return _exact(session, library.exact[name])

    return Functions(find, library.dialect)


def functions(session: "Session") -> dict[str, Any]:
    """Return the library's functions on operands for this session, made once a session."""
    if not session.functions:
        session.functions = namespace(session)
    return session.functions


def _caller(session: "Session", place: str, name: str) -> Callable[..., Any]:
    overloads = session.library.sets[name].within(place) if place else None

    def call(*args: Any, **kwargs: Any) -> Any:
        plain = [unwrap(value) for value in args]
        named = {key: unwrap(value) for key, value in kwargs.items()}
        if overloads is not None:
            return wrap(session, overloads.call(session, plain, named))
        return wrap(session, session.call(name, *plain, **named))

    return call


def _exact(session: "Session", op: "Op") -> Callable[..., Any]:
    from detachsim.engine.dispatch import run
    from detachsim.engine.signature import Mismatch, bind

    def call(*args: Any, **kwargs: Any) -> Any:
        bound = bind(
            op.parameters, [unwrap(value) for value in args], {key: unwrap(value) for key, value in kwargs.items()}
        )
        if isinstance(bound, Mismatch):
            raise AssertionError(f"a formula calls {op.signature} wrongly: {bound}")
        return wrap(session, run(session, op, bound))

    return call


def _bind(helper: Callable[..., Any], functions: Functions) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return helper(functions, *args, **kwargs)

    return call


def _visible(kernel: Callable[..., Any], hidden: int) -> Callable[..., Any]:
    """Return a kernel without what it makes for its own gradient alone."""

    def call(*args: Any, **kwargs: Any) -> Any:
        made = kernel(*args, **kwargs)[:-hidden]
        return made[0] if len(made) == 1 else made

    return call


def array_namespace(library: "Library") -> Functions:
    """Return every kernel, composite op and helper as a function on plain arrays."""

    def find(functions: Functions, name: str) -> Any:
        if not library.load(name):
            return None
        if name in library.helpers:
            return _bind(library.helpers[name], functions)
        op = library.exact[name] if name in library.exact else library.sets[name].ops[0]
        if op.kind == "composite":
            return _bind(op.kernel, functions)
        return _visible(op.kernel, op.hidden) if op.hidden else op.kernel

    return Functions(find, library.dialect)
