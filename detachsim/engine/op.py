"""An op is one row: signature, kernel, node name, one gradient formula for each differentiable input.

Note [Formulas]. A formula is an expression over the row's arguments, ``grad`` (the gradient of output 0;
``grads``, a tuple, for an op with several differentiable outputs), ``result`` (``result0``, ``result1`` … for several),
``NAME_size`` (the shape of an argument, saved as plain numbers; ``NAME_stride`` likewise) and the functions of the
library, all of which may be called by name. It is compiled once, on first use, and runs on plain arrays, or, while a
graph of the backward pass is recorded, on ``Operand`` objects. What it names decides what is saved: see Note [The save
rule] in ``node``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from detachsim.engine.dialects import dialects_back_to
from detachsim.engine.layout import AS_OPERANDS, IN_ROWS
from detachsim.engine.memory import ELEMENTWISE, Overlap
from detachsim.engine.plan import Plan, make_plan
from detachsim.engine.signature import parse_signature

if TYPE_CHECKING:
    from detachsim.engine.library import Library

# Kinds of op, by how the engine treats arguments and results.
POINTWISE, GENERAL, VIEW, ALIAS, FACTORY, COMPOSITE = "pointwise", "general", "view", "alias", "factory", "composite"

# Promotion rules of tensor arguments.
ARITHMETIC, FLOAT, COMPARE, KEEP, CAST, FIRST = "arithmetic", "float", "compare", "keep", "cast", "first"


class Op:
    """One row of the table. See ``row`` for what each field means."""

    __slots__ = (
        "_array_functions",
        "_given",
        "_plan",
        "alias_of",
        "bare_edges",
        "check",
        "check_dtypes",
        "constant_outputs",
        "differentiable_outputs",
        "doc",
        "dtype_position",
        "edits_clone",
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
        "inside",
        "kernel",
        "kind",
        "layout",
        "library",
        "mutates",
        "name",
        "no_derivative",
        "older",
        "on_storage",
        "opmath",
        "out",
        "outputs",
        "overlap",
        "parameters",
        "promote",
        "promoting_numbers",
        "random",
        "refuses",
        "remade",
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
        gradient_edits: Mapping[str, int | str] | None = None,
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
        constant_outputs: int = 0,
        differentiable_outputs: int = 1,
        result_edits: int | Callable[[list[Any]], int] = 0,
        inside: str | Callable[[list[Any]], str] = "",
        several: bool | str = False,
        on_storage: bool = False,
        random: bool = False,
        remade: bool = False,
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
        edits_clone: bool = False,
        out: Mapping[str, Any] | None = None,
        doc: str = "",
        samples: Sequence[str] = (),
    ) -> None:
        # What the row is made of, for a copy with other fields.
        self._given = {name: value for name, value in locals().items() if name not in ("self", "older")}
        self.signature = signature
        # The label of the row that this one is another name of.
        self.alias_of = ""
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
        self.constant_outputs = constant_outputs
        self.differentiable_outputs = differentiable_outputs
        self.result_edits = result_edits
        self.inside = inside
        self.several = several
        self.on_storage = on_storage
        self.random = random
        self.remade = remade
        self.layout = layout or (AS_OPERANDS if kind == POINTWISE else IN_ROWS)
        self.shown = dict(shown or {})
        self.bare_edges = bare_edges
        self.no_derivative = grad_fn.endswith("NotImplemented")
        self.unguarded = unguarded
        self.floats_only = floats_only
        self.check = check
        self.check_dtypes = check_dtypes
        self.older = older or {}
        self.refuses = refuses
        self.opmath = opmath
        self.edits_clone = edits_clone
        self.out: Mapping[str, Any] = out or {}
        self.doc = doc
        self.samples = tuple(samples)
        self.tensor_positions = tuple(i for i, p in enumerate(self.parameters) if p.takes_tensor)
        self.promoting_numbers = tuple(i for i, p in enumerate(self.parameters) if p.type == "PromotingNumber")
        self.gradient_edits: tuple[tuple[int, int | CodeType], ...] = ()
        if gradient_edits:
            edges = [p.name for p in self.parameters if p.name in self.grad]
            self.gradient_edits = tuple(
                (edges.index(name), compile(count, f"<{self.name}>", "eval") if isinstance(count, str) else count)
                for name, count in gradient_edits.items()
            )
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
            self._plan = make_plan(self)
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

    def edit_of_clone(self) -> "Op":
        """Return the row as a clone and the edit of it by the in-place variant; formulas on arrays need neither."""
        open_paren = self.signature.index("(")
        name, _, overload = self.signature[:open_paren].partition(".")
        edit, names, kernel = (
            f"{name}_{'_' + overload if overload else ''}",
            [p.name for p in self.parameters],
            self.kernel,
        )

        def edited(ops: Any, first: Any, *rest: Any) -> Any:
            if isinstance(first, np.ndarray | np.generic):
                return kernel(first, *rest)
            return ops[edit](ops.clone(first), **dict(zip(names[1:], rest, strict=True)))

        return Op(self.signature, kind=COMPOSITE, kernel=edited, where=self.where, doc=self.doc, samples=self.samples)


def _function(value: Any) -> FunctionType:
    assert isinstance(value, FunctionType)
    return value
