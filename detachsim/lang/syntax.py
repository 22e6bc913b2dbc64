"""The syntax tree of a scenario: steps, statements and expressions, each with its place in the file."""

import ast
from typing import Literal, TypeAlias, Union

from detachsim.marks import Source, Span
from detachsim.records import record

YamlValue: TypeAlias = "bool | int | float | str | list[YamlValue] | dict[str, YamlValue] | None"

Dialect: TypeAlias = Literal["torch-1.7", "torch-1.13", "torch-2.13"]
DIALECTS: tuple[Dialect, ...] = ("torch-1.7", "torch-1.13", "torch-2.13")
DEFAULT_DIALECT: Dialect = "torch-2.13"


@record
class Expression:
    """A checked expression: its text without the spaces around it, its tree, its place."""

    text: str
    tree: ast.expr
    span: Span


@record
class Step:
    """What every step has.

    ``index`` counts from 1 within the list that holds the step. ``span`` covers the text of
    the kind's value (for a block or mapping, the kind's key). ``raises`` is the text that the
    error must hold, ``True`` for any error, ``None`` when no error is expected.
    """

    index: int
    span: Span
    note: str | None
    warns: str | None
    raises: str | Literal[True] | None


@record
class TensorStep(Step):
    """``tensor: NAME = DATA``; ``literal`` says that DATA is a number or a nested list."""

    name: str
    data: Expression
    literal: bool
    requires_grad: bool
    dtype: str | None


Target: TypeAlias = Union[str, "tuple[Target, ...]"]
"""What stands before a ``=``: a name, or targets for the parts of a value, as in ``out, (h, c)``."""


def names_in(target: Target | None) -> tuple[str, ...]:
    """Return the names of a target in their order."""
    if target is None:
        return ()
    return (target,) if isinstance(target, str) else tuple(name for part in target for name in names_in(part))


@record
class OpStep(Step):
    """``op: NAME = EXPR``, ``A, B = EXPR``, ``A, (B, C) = EXPR`` or ``EXPR`` (no target)."""

    target: Target | None
    value: Expression


@record
class DetachStep(Step):
    """``detach: NAME = EXPR``, which stands for ``NAME = (EXPR).detach()``."""

    name: str
    value: Expression


@record
class Call:
    """A statement that is an expression, its result bound to ``target`` if there is one."""

    target: Target | None
    value: Expression


@record
class Assign:
    """``x[i] = v`` or ``x.attr = v``; ``target.tree`` is an ``ast.Subscript`` or ``ast.Attribute``."""

    target: Expression
    value: Expression


@record
class AugmentedAssign:
    """``x += v``; ``operator`` is the text without ``=`` (``+``); the target also an ``ast.Name``."""

    target: Expression
    operator: str
    value: Expression


@record
class InplaceStep(Step):
    """``inplace:`` a statement that changes what already exists; ``text`` as it is written."""

    text: str
    statement: Call | Assign | AugmentedAssign


@record
class BackwardStep(Step):
    """``backward:`` one root or, with ``several``, a list of roots.

    ``gradient`` holds one expression for each root (``None`` for a root without one);
    a number or list of YAML arrives as a parsed expression, and ``gradient_literal`` says
    that it has to be made a tensor. ``inputs_list`` says that inputs was written as a list.
    """

    roots: tuple[Expression, ...]
    several: bool
    gradient: tuple[Expression | None, ...] | None
    gradient_literal: bool
    retain_graph: bool | None
    create_graph: bool
    inputs: tuple[Expression, ...] | None
    inputs_list: bool


@record
class PrintStep(Step):
    """``print:`` one expression or a list of them, each printed with its text as label."""

    values: tuple[Expression, ...]


@record
class SayStep(Step):
    """``say:`` a line of text."""

    text: str


BlockMode: TypeAlias = Literal["no_grad", "enable_grad", "inference_mode", "detect_anomaly"]
BLOCK_MODES: tuple[BlockMode, ...] = ("no_grad", "enable_grad", "inference_mode", "detect_anomaly")


@record
class BlockStep(Step):
    """The ``with`` block of its mode's name."""

    mode: BlockMode
    steps: "tuple[AnyStep, ...]"


@record
class RepeatStep(Step):
    """``repeat:`` runs ``steps`` ``count`` times, ``variable`` (may be ``None``) bound to the index."""

    count: int
    variable: str | None
    steps: "tuple[AnyStep, ...]"


@record
class DelStep(Step):
    """``del:`` one name or several."""

    names: tuple[str, ...]


@record
class ExpectStep(Step):
    """``expect:`` each expression must equal its YAML value."""

    expectations: tuple[tuple[Expression, YamlValue], ...]
    atol: float
    rtol: float


AnyStep: TypeAlias = (
    TensorStep
    | OpStep
    | DetachStep
    | InplaceStep
    | BackwardStep
    | PrintStep
    | SayStep
    | BlockStep
    | RepeatStep
    | DelStep
    | ExpectStep
)


@record
class Variant:
    """One run of a scenario: the ``vary`` texts that it stands for (none without ``vary``), and its steps."""

    choices: tuple[tuple[str, str], ...]
    steps: tuple[AnyStep, ...]


@record
class Scenario:
    """A whole file without mistakes. ``variants`` has one entry unless the file says ``vary``."""

    source: Source
    title: str | None
    about: str | None
    dialect: Dialect
    seed: int | None
    variants: tuple[Variant, ...]


@record
class Mistake:
    """What is wrong with a file: where, what, and how to mend it (``hint``, may be ``None``)."""

    span: Span
    message: str
    hint: str | None = None


class ScenarioError(Exception):
    """All the mistakes of one file, in the order of their places."""

    def __init__(self, source: Source, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(f"{source.name}: {len(mistakes)} mistakes")
        self.source = source
        self.mistakes = mistakes
