"""The facts of a run: typed, frozen events that hold names, numbers and ids, never a live tensor.

Everything that a person or program sees is a pure function of this stream. Ids (of tensors,
storages, counters and nodes) count from 1 within a run, in the order in which a run first
mentions them, so the same scenario always gives the same stream.

A run reads::

    RunBegan (StepBegan … StepEnded)* RunEnded

and the steps of a block stand between the ``StepBegan`` and ``StepEnded`` of the block.
With ``vary`` several runs follow one another, and one ``RunsCompared`` ends the stream.
"""

from typing import Literal, TypeAlias

from detachsim.marks import Span
from detachsim.records import record


@record
class TensorState:
    """How a tensor looked at one moment.

    ``text`` is what PyTorch would print. ``grad_fn`` is the name of the cached node
    (``None`` for a leaf; it is never rebuilt for this). ``version`` is ``None`` for an
    inference tensor. ``stride`` and ``offset`` count elements. ``base`` is the id of the
    tensor that this one is a view of. ``names`` are all names bound to this very tensor object.
    """

    id: int
    names: tuple[str, ...]
    text: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    dtype: str
    requires_grad: bool
    is_leaf: bool
    retains_grad: bool
    grad_fn: str | None
    node: int | None
    output_nr: int
    version: int | None
    counter: int
    storage: int
    base: int | None


@record
class SavedState:
    """One saved tensor of a node.

    ``label`` is the name in the formula (``self``, ``other``, ``result``); ``input`` the argument whose
    gradient formula needs it and ``formula`` that formula's text, both empty where PyTorch saves regardless.
    ``names`` are the names bound to the tensor at that moment (for a saved output, to the result).
    """

    label: str
    names: tuple[str, ...]
    tensor: int
    storage: int
    counter: int
    version: int
    is_output: bool
    shape: tuple[int, ...]
    input: str
    formula: str


@record
class EdgeState:
    """One edge of a node towards its inputs.

    ``node`` is the id of the next node (``None``: no gradient flows here), ``name`` its name. ``names`` are
    the names bound to the input tensor when the op ran, ``tensor`` its id (0 for a number). ``reason`` says
    why there is no edge: ``"number"``, ``"detached"`` (shares memory with a tensor that has a graph),
    ``"no_grad"`` (made while gradients were off), ``"integer"``, ``"not required"``; empty with an edge.
    """

    argument: str
    node: int | None
    output_nr: int
    name: str
    names: tuple[str, ...]
    tensor: int
    reason: str


@record
class RunBegan:
    """A run starts. ``file`` is as the user gave it; ``choices`` the texts of ``vary`` for this run."""

    file: str
    title: str | None
    about: str | None
    dialect: str
    seed: int | None
    choices: tuple[tuple[str, str], ...]


@record
class StepBegan:
    """A step starts. ``number`` as on the screen (``7.2``, ``8[0].2``), ``code`` its lines of PyTorch."""

    number: str
    kind: str
    code: tuple[str, ...]
    note: str | None
    span: Span


@record
class TensorBound:
    """A name now stands for a tensor.

    ``made_by`` is what made the tensor in this step (``sigmoid``, ``detach``, ``tensor``, ``select`` …), empty when
    the step only gave an existing tensor another name. ``shares`` are the other names that see the same memory now.
    ``was`` is the id of the tensor that the name stood for until now, ``None`` if it is new. ``creation`` says
    which mode a view was made in (``default``, ``no_grad``, ``inference``, ``multi_output``; empty for no view).
    """

    name: str
    tensor: TensorState
    made_by: str
    shares: tuple[str, ...]
    was: int | None
    creation: str


@record
class ValueBound:
    """A name now stands for something that is no tensor; ``text`` is its ``repr``, ``type`` its type's name.

    ``shares`` are the other names that see its memory, if it is a numpy array over that of a tensor.
    """

    name: str
    text: str
    type: str
    shares: tuple[str, ...] = ()


@record
class NameDeleted:
    """``del NAME``; ``tensor`` is the id of what it stood for (``None`` if that was no tensor)."""

    name: str
    tensor: int | None


@record
class TensorCreated:
    """An op made a tensor, named or not (``names`` at the end of the step; may be empty).

    ``op`` is the op's name, ``inputs`` the ids of its tensor arguments, ``alias_of`` the id of the input whose
    memory it shares (``None`` for new memory), ``new_counter`` that it does not share that input's version
    counter (``.data``). ``grad_mode`` whether gradients were on. ``stride`` and ``offset`` count elements. A numpy
    array is told like a tensor, by the op ``numpy``; its ``counter`` is 0, for it has none.
    """

    tensor: int
    op: str
    inputs: tuple[int, ...]
    names: tuple[str, ...]
    storage: int
    counter: int
    alias_of: int | None
    new_counter: bool
    requires_grad: bool
    dtype: str
    shape: tuple[int, ...]
    grad_mode: bool
    stride: tuple[int, ...] = ()
    offset: int = 0


@record
class NodeRecorded:
    """The graph grew by a node. ``op`` is the op's name, ``tensor`` the id of its (first) output."""

    node: int
    name: str
    op: str
    tensor: int
    names: tuple[str, ...]
    edges: tuple[EdgeState, ...]
    saved: tuple[SavedState, ...]


@record
class MemoryEdited:
    """An in-place change. ``names`` are those of the tensor through which it was made (may be empty).

    ``before`` and ``after`` are its counter's values. ``seen_by`` are all names whose tensors overlap the changed
    memory, ``behind`` those of them that have another counter, so that autograd cannot notice
    the edit through them. ``text`` is the part of the step that edited (``c.zero_()``). An edit of a numpy array, whose
    ``counter`` is 0, moves no counter.
    """

    op: str
    tensor: int
    names: tuple[str, ...]
    storage: int
    counter: int
    before: int
    after: int
    seen_by: tuple[str, ...]
    behind: tuple[str, ...]
    text: str


@record
class HistoryRebased:
    """After an in-place change, ``names`` have a new ``grad_fn``: ``before`` and ``after`` are names of nodes."""

    tensor: int
    names: tuple[str, ...]
    before: str | None
    after: str
    node: int


@record
class FlagChanged:
    """A flag of a tensor changed: ``requires_grad``, ``retains_grad``, ``detached``, ``data`` or ``grad``.

    ``state`` is how the tensor looks since then, for ``data``, which gives it other memory.
    """

    tensor: int
    names: tuple[str, ...]
    flag: str
    value: str
    state: TensorState | None = None


@record
class BackwardBegan:
    """``backward`` or ``torch.autograd.grad`` starts from ``roots`` (node ids; 0 for a leaf root)."""

    call: Literal["backward", "grad"]
    roots: tuple[int, ...]
    root_names: tuple[str, ...]
    create_graph: bool
    keep_graph: bool


@record
class NodeRan:
    """One node of backward ran."""

    node: int
    name: str


@record
class GradAccumulated:
    """A leaf (or a tensor that retains its gradient) received ``gradient``; its ``.grad`` is now ``total``."""

    tensor: int
    names: tuple[str, ...]
    gradient: str
    total: str
    retained: bool


@record
class FlowStopped:
    """During backward no gradient flowed from ``node`` into ``names``, for ``reason`` (as in ``EdgeState``)."""

    node: int
    name: str
    tensor: int
    names: tuple[str, ...]
    reason: str


@record
class BackwardEnded:
    """The backward pass is over; ``freed`` are the nodes whose saved tensors are gone now."""

    completed: bool
    freed: tuple[int, ...]


@record
class VersionMismatch:
    """The evidence of a version error: which node needed which saved tensor, and what the counters said."""

    node: int
    name: str
    label: str
    tensor: int
    storage: int
    counter: int
    expected: int
    found: int


@record
class BuffersFreed:
    """The evidence of a second backward: the node whose saved tensors were gone."""

    node: int
    name: str


Evidence: TypeAlias = VersionMismatch | BuffersFreed


@record
class NonFiniteMade:
    """Where a run that is watched for it first makes nan or inf: no part of the stream, but evidence of a second run.

    ``direction``: an op of the ``forward`` pass made it, a node ``backward``, or it was in the gradient that a node
    was given (``seed``). ``op`` is the op's name and ``node`` the node's (empty in the forward direction),
    ``names`` those of the result, ``given`` the names and values of the op's inputs. Backward, ``incoming`` is what
    the node got and ``result`` what it made of it for ``argument``, ``given`` are what it had saved, and ``factor``
    is what it makes of ones (empty where that says nothing), ``zero_times`` is ``inf`` or ``nan`` where an incoming
    0 met that in it; forward, ``result`` is the op's result.
    """

    step: str
    direction: Literal["forward", "backward", "seed"]
    op: str
    node: str
    names: tuple[str, ...]
    given: tuple[tuple[str, str], ...]
    incoming: str
    result: str
    argument: str
    factor: str = ""
    zero_times: str = ""


@record
class Read:
    """A ``print`` or ``expect`` read an attribute of a tensor, ``value`` being what it found (``"None"`` …)."""

    tensor: int
    names: tuple[str, ...]
    attribute: str
    value: str


@record
class Printed:
    """The step printed ``text`` (without the last line break)."""

    text: str


@record
class Warned:
    """PyTorch warns. ``category`` is the class's name (``UserWarning``)."""

    category: str
    text: str


@record
class Raised:
    """The step raised. ``type`` is the exception's name. ``caught`` says that a ``raises`` expected it.

    ``key`` says which of PyTorch's errors it is, in any dialect (``version``, ``freed``, ``leaf_inplace`` …;
    ``python`` for Python's own, ``limit`` for what detachsim refuses).
    """

    type: str
    text: str
    evidence: Evidence | None
    caught: bool
    key: str = ""


@record
class ExpectationFailed:
    """Something that the scenario expects did not come true. ``kind``: ``raises``, ``warns`` or ``expect``."""

    kind: Literal["raises", "warns", "expect"]
    expression: str
    expected: str
    actual: str
    span: Span


@record
class ExpectationMet:
    """An ``expect`` that came true."""

    expression: str
    expected: str


@record
class StepEnded:
    """The step is over. ``raised``: an error left it (caught or not)."""

    number: str
    raised: bool


@record
class RunEnded:
    """The run is over.

    ``status`` is the exit status of this run alone; ``outcome`` one line: ``completed`` or the error.
    """

    status: int
    outcome: str
    steps: int
    failures: int


@record
class ComparedRun:
    """One row of the comparison: the choices, outcome, and for each name that any run bound what it was at the
    end."""

    choices: tuple[tuple[str, str], ...]
    outcome: str
    warnings: tuple[str, ...]
    tensors: tuple[TensorState, ...]
    grads: tuple[tuple[str, str], ...]


@record
class RunsCompared:
    """What the runs of a ``vary`` came to."""

    runs: tuple[ComparedRun, ...]


Event: TypeAlias = (
    RunBegan
    | StepBegan
    | TensorBound
    | ValueBound
    | NameDeleted
    | TensorCreated
    | NodeRecorded
    | MemoryEdited
    | HistoryRebased
    | FlagChanged
    | BackwardBegan
    | NodeRan
    | GradAccumulated
    | FlowStopped
    | BackwardEnded
    | Read
    | Printed
    | Warned
    | Raised
    | ExpectationFailed
    | ExpectationMet
    | StepEnded
    | RunEnded
    | RunsCompared
)
