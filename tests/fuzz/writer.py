"""Writes a random scenario step by step, with a rough record of what each name stands for.

Whatever is drawn is drawn from hypothesis, so that a scenario that differs from PyTorch can be shrunk. Values are small
multiples of a quarter, which float32 adds and multiplies exactly.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from hypothesis import strategies as st

Shape: TypeAlias = tuple[int, ...]
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
T = TypeVar("T")

FLOATING = ("float32", "float64", "float16", "bfloat16")
INTEGRAL = ("int64", "int32", "int16", "int8", "uint8")


@dataclass(frozen=True)
class Known:
    """What the writer believes of a tensor: its shape, its type, and whether gradients may flow to it."""

    shape: Shape
    dtype: str = "float32"
    differentiable: bool = True

    @property
    def floating(self) -> bool:
        """Whether it has a floating type."""
        return self.dtype in FLOATING


@dataclass
class Writer:
    """The scenario so far. ``dtypes`` are the types that leaves are drawn from."""

    draw: Draw
    dtypes: tuple[str, ...] = ("float32",)
    steps: list[Any] = field(default_factory=list)
    names: dict[str, Known] = field(default_factory=dict)
    count: int = 0
    depth: int = 0
    kinds: tuple[str, ...] = ()
    seed: int | None = None
    handles: list[str] = field(default_factory=list)
    optimizers: list[str] = field(default_factory=list)
    logged: int = 0
    modules: dict[str, str] = field(default_factory=dict)

    # Choices

    def choose(self, options: Iterable[T]) -> T:
        """Draw one of several."""
        chosen: T = self.draw(st.sampled_from(list(options)))
        return chosen

    def chance(self, one_in: int) -> bool:
        """Draw whether something rare is to happen."""
        return bool(self.draw(st.integers(0, one_in - 1)) == one_in - 1)

    def new_name(self) -> str:
        """Return a name that is not in use."""
        self.count += 1
        return f"t{self.count}"

    def any_name(self) -> str:
        """Draw a tensor's name."""
        return self.choose(self.names)

    def some_name(self, fits: Callable[[Known], bool]) -> str | None:
        """Draw the name of a tensor that ``fits``, ``None`` if there is none."""
        fitting = [name for name, known in self.names.items() if fits(known)]
        return self.choose(fitting) if fitting else None

    def name_of_shape(self, shape: Shape) -> str | None:
        """Draw the name of a tensor of a shape."""
        return self.some_name(lambda known: known.shape == shape)

    def floating_name(self) -> str:
        """Draw the name of a tensor of a floating type, of any if there is none."""
        return self.some_name(lambda known: known.floating) or self.any_name()

    # Steps

    def add(self, kind: str, value: Any, options: Mapping[str, Any] | None = None) -> None:
        """Write a step whose error, if there is one, doesn't end the run."""
        self.steps.append({kind: value, **(options or {}), "raises": True})

    def bind(self, kind: str, text: str, known: Known, options: Mapping[str, Any] | None = None) -> str:
        """Write a step that binds a new name, and return the name."""
        name = self.new_name()
        self.add(kind, f"{name} = {text}", options)
        self.names[name] = known
        return name

    def unpack(self, text: str, pieces: list[Known]) -> list[str]:
        """Write a step that binds one new name for each of several results."""
        names = [self.new_name() for _ in pieces]
        self.add("op", f"{', '.join(names)}{',' if len(names) == 1 else ''} = {text}")
        self.names.update(zip(names, pieces, strict=True))
        return names

    def number(self) -> float:
        """Draw a small multiple of a quarter."""
        return float(self.draw(st.integers(-8, 12))) / 4

    def data(self, shape: Shape, dtype: str = "float32") -> str:
        """Draw the elements of a tensor, as a nested list."""
        if shape:
            return "[" + ", ".join(self.data(shape[1:], dtype) for _ in range(shape[0])) + "]"
        if dtype == "bool":
            return str(self.draw(st.booleans()))
        if dtype in INTEGRAL:
            return str(self.draw(st.integers(0 if dtype == "uint8" else -4, 6)))
        return f"{self.number()}"

    def text(self) -> str:
        """Return the scenario's YAML."""
        import yaml

        document: dict[str, Any] = {} if self.seed is None else {"seed": self.seed}
        document["steps"] = self.steps
        text: str = yaml.safe_dump(document, sort_keys=False, width=1000, allow_unicode=True)
        return text


def size(shape: Shape) -> int:
    """Return how many elements a shape has."""
    count = 1
    for length in shape:
        count *= length
    return count


def broadcast(left: Shape, right: Shape) -> Shape | None:
    """Return the shape of two together, ``None`` if they do not fit."""
    made: list[int] = []
    for index in range(1, max(len(left), len(right)) + 1):
        one = left[-index] if index <= len(left) else 1
        other = right[-index] if index <= len(right) else 1
        if one != other and 1 not in (one, other):
            return None
        made.insert(0, other if one == 1 else one)
    return tuple(made)


def without(shape: Shape, dim: int, keepdim: bool = False) -> Shape:
    """Return a shape after the reduction of a dim."""
    dim %= len(shape)
    return (*shape[:dim], *((1,) if keepdim else ()), *shape[dim + 1 :])
