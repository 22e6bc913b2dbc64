"""The rows by name, tried in order; and the names that formulas may use."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.dispatch import run
from detachsim.engine.errors import LimitError
from detachsim.engine.op import Op
from detachsim.engine.signature import Mismatch, bind
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.session import Session


# Numbers up to here take the short path; a larger one may have to be refused.
_SMALL = 2**63


class OverloadSet:
    """All rows of one name, tried in order until the arguments fit."""

    __slots__ = ("_places", "_taken", "name", "ops", "place", "short", "short_count")

    def __init__(self, name: str, place: str = "") -> None:
        self.name = name
        # Where a scenario spells it: ``m`` a method, ``t`` torch … (see ``Op.where``); empty for calls of our own.
        self.place = place
        self.ops: list[Op] = []
        # The first row's short path, and how many arguments it takes (-1: there is none).
        self.short: Callable[..., Any] | None = None
        self.short_count = -1
        self._places: dict[str, OverloadSet] = {}
        # The dialects and types of arguments, and of what lists hold, that PyTorch is known to take.
        self._taken: set[tuple[Any, ...]] = set()

    def within(self, place: str) -> "OverloadSet":
        """Return the rows that are spelled in one place, whose arguments PyTorch's own signatures decide about."""
        found = self._places.get(place)
        if found is None:
            found = OverloadSet(self.name, place)
            found.ops = [op for op in self.ops if place in op.where]
            if found.ops and found.ops[0] is self.ops[0]:
                found.short, found.short_count = self.short, self.short_count
            self._places[place] = found
        return found

    def call(self, session: "Session", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run the first row that takes the arguments; raises ``TorchError`` when none does."""
        if self.short is not None and len(args) == self.short_count and not kwargs and type(args[0]) is Tensor:
            if self.short_count == 1:
                return self.short(session, args[0])
            other = args[1]
            kind = type(other)
            if kind is Tensor or kind is float or (kind is int and -_SMALL < other < _SMALL):
                return self.short(session, args[0], other)
        if kwargs:
            if "generator" in kwargs:
                return self._call_drawing(session, args, kwargs)
            if "out" in kwargs and self.place:
                from detachsim.engine.outputs import call_into

                return call_into(session, self, args, kwargs)
        return self._call(session, args, kwargs)

    def _call_drawing(self, session: "Session", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run a row with random numbers from a generator of the scenario's."""
        from detachsim.engine.generator import Generator

        generator = kwargs["generator"]
        if not any(op.random for op in self.ops) or not isinstance(generator, Generator | None):
            return self._call(session, args, kwargs)
        with session.drawing_from(generator):
            return self.call(session, args, {name: value for name, value in kwargs.items() if name != "generator"})

    def _call(self, session: "Session", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        types: tuple[Any, ...] = ()
        if self.place:
            types = (session.dialect, *map(type, args), *kwargs, *map(type, kwargs.values()))
            if list in types or tuple in types:
                lists = [value for value in (*args, *kwargs.values()) if isinstance(value, list | tuple)]
                types += tuple([frozenset(map(type, items)) for items in lists])
        if not self.place or types in self._taken:
            for op in self.ops:
                bound = bind(op.parameters, args, kwargs)
                if not isinstance(bound, Mismatch):
                    return run(session, op, bound)
        if not self.place:
            # A function in Python hands on what it was given without a look at it.
            raise LimitError(f"{self.name}() is not simulated with these arguments")
        from detachsim.engine.arguments import choose

        op, bound, certain = choose(session, self, args, kwargs)
        if certain:
            self._taken.add(types)
        return run(session, op, bound)


def _prefers(op: Op, other: Op) -> bool:
    """Whether ``op`` takes a tensor where ``other`` takes a number, and is its like in what stands before."""
    for mine, theirs in zip(op.parameters, other.parameters, strict=False):
        if mine.type != theirs.type:
            return theirs.type in ("Number", "PromotingNumber", "int") and mine.type in ("Tensor", "Number|Tensor")
    return False


class Sets(dict[str, OverloadSet]):
    """The rows by name; ``load`` is asked to add the rows of a name that is not there yet."""

    def __init__(self, load: Callable[[str], bool]) -> None:
        super().__init__()
        self.load = load

    def __missing__(self, name: str) -> OverloadSet:
        if not self.load(name) or name not in self:
            raise KeyError(name)
        return self[name]


class Library:
    """The rows by name, and the names that formulas may use.

    ``load`` adds the rows and helpers of a name when it is first asked for (and says whether there are any): a run
    needs few of the hundreds of rows. Each dialect has a library of its own.
    """

    def __init__(self, load: Callable[["Library", str], bool], dialect: str = NEWEST) -> None:
        self.dialect = dialect
        # What an older dialect does to each row besides.
        self.adapt: Callable[[Op], None] | None = None
        self.sets = Sets(lambda name: load(self, name))
        # What was loaded so far.
        self.families: set[str] = set()
        # Rows by name and overload together, as formulas may write them (``where_self``).
        self.exact: dict[str, Op] = {}
        # What formulas on arrays may call.
        self.array_namespace: dict[str, Any] = {}
        # The few ops that the engine itself needs, by role.
        self.operators: dict[str, str] = {}
        # The same with a Python number on the other side, in formulas: PyTorch's own are C++, whose operators
        # save no number.
        self.scalar_operators: dict[str, str] = {}
        self.sum_to = ""
        self.clone = ""
        self.sum_kernel: Callable[..., Any] = sum
        self.helpers: dict[str, Callable[..., Any]] = {}
        # What an op does with ``out=``.

    def add(self, op: Op) -> None:
        """Add a row as it is in the dialect, and its in-place variant if it has one."""
        if self.dialect != NEWEST and op.library is not self:
            op = op.in_dialect(self.dialect)
            if self.adapt is not None:
                self.adapt(op)
            if op.edits_clone:
                self.add(op.in_place())
                op = op.edit_of_clone()
        op.library = self
        rows = self.sets.setdefault(op.name, OverloadSet(op.name)).ops
        # A 0-d tensor may stand for a number, so PyTorch tries a row that takes a tensor there first.
        place = next((i for i, row in enumerate(rows) if _prefers(op, row)), len(rows))
        rows.insert(place, op)
        self.exact[op.label] = op
        if op.inplace:
            self.add(op.in_place())

    def find(self, name: str) -> OverloadSet:
        """Return the rows called ``name``; raises ``KeyError``."""
        return self.sets[name]

    def get(self, name: str) -> OverloadSet | None:
        """Return the rows called ``name``, nothing where there are none."""
        try:
            return self.sets[name]
        except KeyError:
            return None

    def load(self, name: str) -> bool:
        """See that the rows and helpers of a formula's ``name`` are there."""
        return name in self.sets or name in self.helpers or name in self.exact or self.sets.load(name)
