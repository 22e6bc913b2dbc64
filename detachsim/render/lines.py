"""The typed lines of the step-by-step view: what is told, before anybody decides how it looks."""

from typing import Literal, NamedTuple, TypeAlias

from detachsim.records import record

Tone: TypeAlias = Literal[
    "text",
    "quiet",
    "title",
    "number",
    "name",
    "code",
    "value",
    "version",
    "formula",
    "note",
    "printed",
    "warning",
    "good",
    "error",
    "arrow",
    "create",
    "cut",
    "edit",
    "backward",
    "mark",
]


class Piece(NamedTuple):
    """A stretch of text and what it is, so that a terminal can colour it."""

    text: str
    tone: Tone = "text"


Text: TypeAlias = tuple[Piece, ...]


@record
class Heading:
    """The first line of a scenario: its title, then what it teaches, and the small print (dialect, seed)."""

    title: str
    about: str | None
    details: str


@record
class RunHeading:
    """The first line of one run of a ``vary``: the choices that it stands for."""

    choices: str


@record
class Headline:
    """The first line of a step. ``close`` says that no empty line is needed before it."""

    depth: int
    number: str
    kind: str
    code: tuple[str, ...]
    close: bool


@record
class Gap:
    """An empty line."""


@record
class Note:
    """What the author of the scenario says about the step, shown as Python shows a comment."""

    depth: int
    text: str


@record
class Fact:
    """A sentence about the step; wrapped between words where it is too long, later rows ``hang`` columns to
    the right."""

    depth: int
    text: Text
    hang: int = 0


@record
class Value:
    """A label and a value as PyTorch prints it, which may have several lines."""

    depth: int
    label: Text
    text: str


@record
class Output:
    """Text that the step printed, to be shown exactly and set apart."""

    depth: int
    text: str


@record
class Message:
    """A warning or an error, whole. ``expected`` is an error that the scenario says will come."""

    depth: int
    severity: Literal["warning", "expected", "error"]
    head: str
    text: str


@record
class Verdict:
    """An expectation of the scenario that failed; ``line`` is the file's line that holds it."""

    depth: int
    subject: str
    expected: str
    actual: str
    line: int


@record
class Ending:
    """The last line of a run: what it came to, and the exit status (``good`` when that is 0)."""

    good: bool
    text: str


@record
class ComparedFact:
    """One fact about each run: ``values`` in the order of the runs; ``differs`` that they are not all equal.

    ``told_above`` says that the reader has seen the whole text already, so that its beginning is enough.
    """

    subject: str
    values: tuple[str, ...]
    differs: bool
    told_above: bool


@record
class Comparison:
    """The table at the end of a ``vary``: one label for each run, and the facts."""

    runs: tuple[str, ...]
    facts: tuple[ComparedFact, ...]


Line: TypeAlias = (
    Heading | RunHeading | Headline | Gap | Note | Fact | Value | Output | Message | Verdict | Ending | Comparison
)
