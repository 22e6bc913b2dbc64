"""An op is one row: signature, kernel, node name, one gradient formula for each differentiable input.

Note [Formulas]. A formula is an expression over the row's arguments, ``grad`` (the gradient of output 0;
``grads``, a tuple, for
an op with several differentiable outputs), ``result`` (``result0``, ``result1`` … for several), ``NAME_size``
(the shape of an argument, saved as
plain numbers; ``NAME_stride`` likewise) and the functions of the library, all of which may be called by name. It is
compiled once, on first use, and runs on plain arrays, or, while a graph of the backward pass is recorded, on
``Operand`` objects. What it names decides what is
saved: see Note [The save rule] in ``node``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST, dialects_back_to
from detachsim.engine.layout import AS_OPERANDS, IN_ROWS
from detachsim.engine.memory import ELEMENTWISE, Overlap
from detachsim.engine.signature import Mismatch, Parameter, bind, parse_signature
from detachsim.engine.tensor import Tensor

if TYPE_CHECKING:
    from detachsim.engine.session import Session

# Kinds of op, by how the engine treats arguments and results.
POINTWISE, GENERAL, VIEW, ALIAS, FACTORY, COMPOSITE = "pointwise", "general", "view", "alias", "factory", "composite"

# Promotion rules of tensor arguments.
ARITHMETIC, FLOAT, COMPARE, KEEP, CAST, FIRST = "arithmetic", "float", "compare", "keep", "cast", "first"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the formulas of an op come to.

    ``edges`` are the positions of the differentiable arguments; ``saved`` has one entry for each saved name:
    label, position of
    the argument or ``~n`` for output n, and the edge that guards it (-1: none). ``meta`` are labels and
    positions of plain numbers
    (``kind`` ``"size"`` for a shape, ``"stride"`` for strides). ``functions`` are the compiled formulas on
    arrays: the edges that each serves, and the code.
    """

    edges: tuple[int, ...]
    saved: tuple[tuple[str, int, int], ...]
    meta: tuple[tuple[str, int, str], ...]
    codes: tuple[tuple[tuple[int, ...], CodeType], ...]
    texts: tuple[str, ...]
    argument_names: tuple[str, ...]
    has_result: bool


class Op:
    """One row of the table. See ``row`` for what each field means."""

    __slots__ = (
        "_array_functions",
        "_given",
        "_plan",
        "bare_edges",
        "check",
        "check_dtypes",
        "differentiable_outputs",
        "doc",
        "dtype_position",
        "elementwise",
        "floats_only",
        "grad",
        "grad_fn",
        "gradient_edits",
        "hidden",
        "inplace",
        "inplace_grad",
        "inplace_grad_fn",
        "inplace_where",
        "kernel",
        "kind",
        "layout",
        "library",
        "mutates",
        "name",
        "older",
        "on_storage",
        "opmath",
        "outputs",
        "overlap",
        "parameters",
        "promote",
        "promoting_numbers",
        "random",
        "refuses",
        "result_edits",
        "samples",
        "saves",
        "several",
        "shown",
        "signature",
        "simple",
        "tensor_positions",
        "unguarded",
        "where",
    )

    def __init__(
        self,
        signature: str,
        grad_fn: str = "",
        *,
        kind: str,
        kernel: Callable[..., Any],
        grad: Mapping[str, str] | None = None,
        gradient_edits: Mapping[str, int] | None = None,
        where: str = "mt",
        promote: str = KEEP,
        inplace: bool = False,
        inplace_grad_fn: str = "",
        inplace_where: str | None = None,
        inplace_grad: Mapping[str, str] | None = None,
        mutates: bool = False,
        overlap: Overlap = ELEMENTWISE,
        elementwise: bool = False,
        outputs: tuple[str, ...] = (),
        hidden: int = 0,
        differentiable_outputs: int = 1,
        result_edits: int = 0,
        several: bool = False,
        on_storage: bool = False,
        random: bool = False,
        layout: str | None = None,
        shown: Mapping[str, str] | None = None,
        bare_edges: bool = False,
        unguarded: bool = False,
        floats_only: bool = False,
        check: Callable[..., None] | None = None,
        check_dtypes: Callable[..., None] | None = None,
        older: Mapping[str, Mapping[str, Any]] | None = None,
        refuses: Callable[..., None] | None = None,
        opmath: bool = False,
        doc: str = "",
        samples: Sequence[str] = (),
    ) -> None:
        # What the row is made of, for a copy with other fields.
        self._given = {name: value for name, value in locals().items() if name not in ("self", "older")}
        self.signature = signature
        self.name, self.parameters = parse_signature(signature)
        self.grad_fn = grad_fn
        self.kind = kind
        self.kernel = kernel
        self.grad = dict(grad or {})
        self.where = where
        self.promote = promote
        self.inplace = inplace
        self.inplace_grad_fn = inplace_grad_fn
        self.inplace_grad = inplace_grad
        self.inplace_where = inplace_where
        self.mutates = mutates
        self.overlap = overlap
        self.elementwise = elementwise or kind == POINTWISE
        self.outputs = outputs
        self.hidden = hidden
        self.differentiable_outputs = differentiable_outputs
        self.result_edits = result_edits
        self.several = several
        self.on_storage = on_storage
        self.random = random
        self.layout = layout or (AS_OPERANDS if kind == POINTWISE else IN_ROWS)
        self.shown = dict(shown or {})
        self.bare_edges = bare_edges
        self.unguarded = unguarded
        self.floats_only = floats_only
        self.check = check
        self.check_dtypes = check_dtypes
        self.older = older or {}
        self.refuses = refuses
        self.opmath = opmath
        self.doc = doc
        self.samples = tuple(samples)
        self.tensor_positions = tuple(i for i, p in enumerate(self.parameters) if p.takes_tensor)
        self.promoting_numbers = tuple(i for i, p in enumerate(self.parameters) if p.type == "PromotingNumber")
        self.gradient_edits: tuple[tuple[int, int], ...] = ()
        if gradient_edits:
            edges = [p.name for p in self.parameters if p.name in self.grad]
            self.gradient_edits = tuple((edges.index(name), count) for name, count in gradient_edits.items())
        self.dtype_position = next((i for i, p in enumerate(self.parameters) if p.name == "dtype"), -1)
        self.library: Library | None = None
        # One function for each edge, once ``make_simple`` was asked; empty where formulas serve several or lists.
        self.simple: tuple[FunctionType, ...] | None = None
        self._plan: Plan | None = None
        self._array_functions: tuple[tuple[tuple[int, ...], FunctionType], ...] | None = None

    @property
    def label(self) -> str:
        """The name and overload together, as formulas may write it (``where_self``)."""
        return self.signature[: self.signature.index("(")].replace(".", "_")

    @property
    def plan(self) -> Plan:
        """The formulas' needs, worked out on first use."""
        if self._plan is None:
            self._plan = _make_plan(self)
        return self._plan

    @property
    def array_functions(self) -> tuple[tuple[tuple[int, ...], FunctionType], ...]:
        """The formulas compiled for plain arrays: the edges that each serves, and the function."""
        if self._array_functions is None:
            assert self.library is not None
            self._array_functions = self.functions(self.library.array_namespace)
        return self._array_functions

    def make_simple(self) -> tuple[FunctionType, ...]:
        """Return the formulas on arrays by edge, where each takes one gradient and gives one."""
        functions = {edges[0]: function for edges, function in self.array_functions if len(edges) == 1}
        lists = any(self.parameters[position].type.endswith("[]") for position in self.plan.edges)
        whole = len(functions) == len(self.plan.edges) and not lists and self.differentiable_outputs == 1
        self.simple = tuple(functions[edge] for edge in range(len(functions))) if whole else ()
        self.saves = bool(self.plan.saved)
        return self.simple

    def functions(self, namespace: dict[str, Any]) -> tuple[tuple[tuple[int, ...], FunctionType], ...]:
        """Return the formulas as functions whose names are looked up in ``namespace``."""
        return tuple(
            (edges, _function(eval(code, namespace)))  # our own table's text, never a scenario's
            for edges, code in self.plan.codes
        )

    def edge_that_needs(self, label: str, node: Any) -> int:
        """Return the first edge with a gradient whose formula names ``label``, -1 if there is none (it is
        saved regardless)."""
        for index, text in enumerate(self.plan.texts):
            if index < len(node.next) and node.next[index] is not None and re.search(rf"\b{label}\b", text):
                return index
        return -1

    def in_dialect(self, dialect: str) -> "Op":
        """Return a copy of the row as it is in an older dialect, its fields changed as ``older`` says."""
        fields: dict[str, Any] = {}
        for release in dialects_back_to(dialect):
            fields.update(self.older.get(release, {}))
        if not fields:
            same = copy(self)
            same.simple = same._array_functions = None  # they look names up in the other library
            return same
        return Op(**{**self._given, **fields})

    def in_place(self) -> "Op":
        """Return the row of the in-place variant (``mul_`` of ``mul``)."""
        open_paren = self.signature.index("(")
        name, _, overload = self.signature[:open_paren].partition(".")
        signature = f"{name}_{'.' + overload if overload else ''}{self.signature[open_paren:]}"
        where = self.inplace_where
        if where is None:
            where = "m" + "".join(place for place in "Ft" if place in self.where)
        return Op(
            signature,
            self.inplace_grad_fn or self.grad_fn,
            kind=self.kind,
            kernel=self.kernel,
            grad=self.grad if self.inplace_grad is None else self.inplace_grad,
            where=where,
            promote=self.promote,
            mutates=True,
            overlap=self.overlap,
            random=self.random,
            bare_edges=self.bare_edges,
            unguarded=self.unguarded,
            check=self.check,
            check_dtypes=self.check_dtypes,
            refuses=self.refuses,
            opmath=self.opmath,
            shown=self.shown if self.inplace_grad is None else None,
            doc=f"The in-place variant of {self.name}.",
            samples=(),
        )


def _function(value: Any) -> FunctionType:
    assert isinstance(value, FunctionType)
    return value


_SIZE = re.compile(r"^(\w+)_(size|stride|offset)$")
_RESULT = re.compile(r"^result(\d*)$")


def _make_plan(op: Op) -> Plan:
    """Work out from the formulas' names what the op saves and how its formulas are called."""
    positions = {p.name: i for i, p in enumerate(op.parameters)}
    groups: list[tuple[tuple[str, ...], str, frozenset[str]]] = []
    for key, text in op.grad.items():
        targets = tuple(part.strip() for part in key.split(","))
        names = frozenset(_names(compile(text, f"<{op.name}: {key}>", "eval")))
        groups.append((targets, text, names))
    edges = tuple(sorted(positions[target] for targets, _, _ in groups for target in targets))
    edge_of = {position: index for index, position in enumerate(edges)}
    mentions: dict[str, list[int]] = {}
    for targets, _, names in groups:
        for name in names:
            mentions.setdefault(name, []).extend(edge_of[positions[target]] for target in targets)
    inputs: list[tuple[str, int, int]] = []
    results: list[tuple[str, int, int]] = []
    meta: list[tuple[str, int, str]] = []
    for name, users in sorted(mentions.items()):
        if name in positions:
            position = positions[name]
            if op.parameters[position].takes_tensor:
                only_one_formula = sum(name in names for _, _, names in groups) == 1 and len(users) == 1
                guarded = only_one_formula and len(edges) > 1
                inputs.append((name, position, users[0] if guarded else -1))
            else:
                meta.append((name, position, "value"))
        elif match := _RESULT.match(name):
            results.append((name, ~int(match[1] or 0), -1))
        elif (match := _SIZE.match(name)) and (match[1] in positions or match[1] == "result"):
            meta.append((name, positions.get(match[1], -1), match[2]))
        elif name == "needs":
            meta.append((name, -1, "needs"))
    if op.outputs:
        # As inputs are, by the alphabet.
        # What is hidden can never be at fault.
        labels = (*op.outputs, *["~"] * op.hidden)
        results.sort(key=lambda entry: labels[~entry[1]])
    saved = (*inputs, *results)
    argument_names = tuple(label for label, _, _ in saved) + tuple(label for label, _, _ in meta)
    first = "grads" if op.differentiable_outputs > 1 else "grad"
    codes = tuple(
        (
            tuple(edge_of[positions[target]] for target in targets),
            compile(f"lambda {', '.join((first, *argument_names))}: ({text})", f"<{op.name}>", "eval"),
        )
        for targets, text, _ in groups
    )
    texts = [""] * len(edges)
    for targets, text, _ in groups:
        for target in targets:
            texts[edge_of[positions[target]]] = text
    return Plan(edges, saved, tuple(meta), codes, tuple(texts), argument_names, bool(results))


def _names(code: CodeType) -> set[str]:
    """Return the names that an expression reads, also inside the functions that it makes."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


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
        # The dialects and types of arguments that PyTorch is known to take.
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
        if "generator" in kwargs:
            return self._call_drawing(session, args, kwargs)
        return self._call(session, args, kwargs)

    def _call_drawing(self, session: "Session", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run a row with random numbers from a generator of the scenario's."""
        from detachsim.engine.generator import Generator

        generator = kwargs["generator"]
        if not any(op.random for op in self.ops) or not isinstance(generator, Generator | None):
            return self._call(session, args, kwargs)
        with session.drawing_from(generator):
            return self._call(session, args, {name: value for name, value in kwargs.items() if name != "generator"})

    def _call(self, session: "Session", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        from detachsim.engine.dispatch import run

        types: tuple[Any, ...] = ()
        if self.place:
            types = (session.dialect, *map(type, args), *kwargs, *map(type, kwargs.values()))
        if not self.place or types in self._taken:
            for op in self.ops:
                bound = bind(op.parameters, args, kwargs)
                if not isinstance(bound, Mismatch):
                    return run(session, op, bound)
        if not self.place:
            raise AssertionError(f"{self.name} is called wrongly: {args}, {kwargs}")
        from detachsim.engine.arguments import choose

        op, bound, certain = choose(session, self, args, kwargs)
        if certain:
            self._taken.add(types)
        return run(session, op, bound)


def _prefers(op: Op, other: Op) -> bool:
    """Whether ``op`` takes a tensor where ``other`` takes a number, and is its like in what stands before."""
    for mine, theirs in zip(op.parameters, other.parameters, strict=False):
        if mine.type != theirs.type:
            return theirs.type in ("Number", "PromotingNumber") and mine.type in ("Tensor", "Number|Tensor")
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

    def add(self, op: Op) -> None:
        """Add a row as it is in the dialect, and its in-place variant if it has one."""
        if self.dialect != NEWEST and op.library is not self:
            op = op.in_dialect(self.dialect)
            if self.adapt is not None:
                self.adapt(op)
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


__all__ = [
    "ALIAS",
    "ARITHMETIC",
    "CAST",
    "COMPARE",
    "COMPOSITE",
    "FACTORY",
    "FLOAT",
    "GENERAL",
    "KEEP",
    "POINTWISE",
    "VIEW",
    "Library",
    "Op",
    "OverloadSet",
    "Parameter",
    "Plan",
]
