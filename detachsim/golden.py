"""Golden files: what a scenario printed when a person last looked, and whether it still does."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from detachsim.events import Event, ExpectationFailed

if TYPE_CHECKING:
    from detachsim.lang.syntax import Scenario

Outcome: TypeAlias = Literal["passed", "failed", "updated"]


class GoldenFileError(Exception):
    """A golden file that can't be read or written; the text says which one, and why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one scenario, and the text that says why (empty when it passed)."""

    outcome: Outcome
    report: str


def in_ci() -> bool:
    """Say whether this is a run without a person, where no golden file may be written."""
    return bool(os.environ.get("CI"))


def plain_path(scenario: str | Path) -> Path:
    """Return where the plain output of a scenario is kept: ``NAME.out``."""
    return Path(scenario).with_suffix(".out")


def torch_path(scenario: str | Path) -> Path:
    """Return where the lines of real PyTorch are kept: ``NAME.torch.out``."""
    return Path(scenario).with_suffix(".torch.out")


def compare(path: str | Path, *, update: bool = False) -> Verdict:
    """Run one scenario and compare with both of its golden files; ``update`` rewrites ``NAME.out`` if it differs.

    ``NAME.torch.out`` is never written here, since it holds what real PyTorch printed. An expectation that
    fails is a failure even if the golden file has it. Raises ScenarioError and GoldenFileError.
    """
    scenario = load_bare(Path(path))
    events = simulate(scenario)
    report = list(unmet(path, events))
    problems = len(report)
    updated = False

    plain, expected = plain_text(scenario, events), read_golden(plain_path(path))
    if plain != expected:
        if update and not in_ci():
            write_atomically(plain_path(path), plain)
            updated = True
            report.append(f"{plain_path(path)}: {'made' if expected is None else 'rewritten'}\n")
        else:
            problems += 1
            report.append(difference(plain_path(path), expected, plain, "`detachsim test --update` makes it"))

    transcript, expected = torch_text(events), read_golden(torch_path(path))
    if transcript != expected:
        problems += 1
        report.append(difference(torch_path(path), expected, transcript, "it holds what real PyTorch prints"))

    outcome: Outcome = "failed" if problems else "updated" if updated else "passed"
    return Verdict(outcome, "".join(report))


def load_bare(path: Path) -> "Scenario":
    """Load a scenario under its file's bare name, so that the output is the same from every folder."""
    from detachsim.lang import load, read
    from detachsim.ops.vocabulary import VOCABULARY

    scenario = load(read(str(path)), VOCABULARY)
    return replace(scenario, source=replace(scenario.source, name=path.name))


def simulate(scenario: "Scenario") -> list[Event]:
    """Run a scenario and return its events."""
    from detachsim.run import execute

    return list(execute(scenario))


def plain_text(scenario: "Scenario", events: list[Event]) -> str:
    """Return what ``NAME.out`` holds."""
    from detachsim.explain.explainer import Explainer
    from detachsim.render import plain
    from detachsim.run.trials import Trials

    return "".join(plain.render(events, explainer=Explainer(Trials(scenario), fixes=1)))


def torch_text(events: list[Event]) -> str:
    """Return what ``NAME.torch.out`` holds."""
    from detachsim.render import transcript

    return "".join(transcript.render(events))


def unmet(path: str | Path, events: list[Event]) -> Iterator[str]:
    """Yield a line for each expectation that did not come true."""
    for event in events:
        if isinstance(event, ExpectationFailed):
            place = f"{path}:{event.span.line}:{event.span.column}"
            yield f"{place}: {event.kind} {event.expression}: expected {event.expected}, got {event.actual}\n"


def read_golden(path: Path) -> str | None:
    """Return the text of a golden file; None when there is no such file."""
    try:
        return path.read_bytes().decode("utf-8", errors="backslashreplace").replace("\r\n", "\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GoldenFileError(f"{path}: this golden file can't be read: {error.strerror}") from error


def difference(path: Path, expected: str | None, actual: str, remedy: str) -> str:
    """Return a unified diff from the golden file to what came out, or say that the file is missing."""
    if expected is None:
        return f"{path}: there is no such golden file; {remedy}\n"
    from difflib import unified_diff

    old, new = expected.splitlines(keepends=True), actual.splitlines(keepends=True)
    lines = unified_diff(old, new, str(path), "what came out")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one, and never a part."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_bytes(text.encode("utf-8"))
        scratch.replace(path)
    except OSError as error:
        raise GoldenFileError(f"{path}: this golden file can't be written: {error.strerror}") from error
    finally:
        scratch.unlink(missing_ok=True)
