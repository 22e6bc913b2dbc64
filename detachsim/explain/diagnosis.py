"""What an explanation is: a diagnosis with its code, its evidence step by step, and the fixes that were tried."""

from typing import Literal, TypeAlias

from detachsim.marks import Span
from detachsim.records import record

Role: TypeAlias = Literal["created", "saved", "aliased", "edited", "cut", "rebound", "freed", "needed", "read"]


@record
class Because:
    """One piece of evidence: what a step did that led to the diagnosis.

    ``names`` are those of the tensor in question. The versions are those of its counter before and after the step
    (``None`` where no counter matters). ``text`` says it in words, without the number of the step.
    """

    step: str
    role: Role
    names: tuple[str, ...]
    version_before: int | None
    version_after: int | None
    text: str
    span: Span | None


@record
class Fix:
    """A change of the scenario that was tried: the step that it changes, what stands there then, what came of it.

    ``replacement`` is the step as YAML (empty: the step is gone). ``scenario`` is the whole mended text.
    """

    title: str
    step: str
    replacement: str
    outcome: str
    scenario: str


@record
class Diagnosis:
    """An answer: ``headline`` gives it, ``because`` is the evidence in the order of the steps, ``notes`` add to it.

    ``step`` is where the question arises. ``choices`` are the texts of ``vary`` for the run in question.
    """

    code: str
    step: str
    headline: str
    because: tuple[Because, ...]
    notes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
