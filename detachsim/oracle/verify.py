"""Whether detachsim and real PyTorch print the same for a scenario, and what that looks like in words."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from detachsim.lang.syntax import Dialect, Scenario
from detachsim.oracle.comparison import Difference, differences, steps_agree
from detachsim.oracle.process import Oracle
from detachsim.oracle.transcript import StepLines, Transcript, transcript_of

Outcome: TypeAlias = Literal["agrees", "differs", "no answer"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of one scenario: ``differences`` of detachsim (ours) from PyTorch (theirs), and both transcripts."""

    outcome: Outcome
    ours: Transcript
    theirs: Transcript
    differences: tuple[Difference, ...]


def simulate(scenario: Scenario, dialect: Dialect, *, detail: bool = False) -> Transcript:
    """Return what detachsim prints for a scenario under a dialect, as ``detachsim run --format torch`` runs it.

    With ``detail`` it also tells facts about tensors, as the other formats do.
    """
    from detachsim.run import execute

    return transcript_of(execute(scenario, dialect=dialect, detail=detail))


def verify(oracle: Oracle, scenario: Scenario, *, exact: bool = False) -> Verification:
    """Run a scenario on both sides, under the dialect of the oracle's PyTorch, and compare."""
    theirs = oracle.transcript(scenario)
    ours = simulate(scenario, oracle.dialect)
    found = tuple(differences(ours, theirs, exact=exact))
    if oracle.states and not found:
        # To be looked at must not change a run.
        ours = simulate(scenario, oracle.dialect, detail=True)
        found = tuple(differences(ours, theirs, exact=exact))
    if theirs.failure is not None:
        return Verification("no answer", ours, theirs, found)
    return Verification("differs" if found else "agrees", ours, theirs, found)


def differences_text(path: str, found: tuple[Difference, ...], torch: str) -> str:
    """Return the first difference with both sides, and how many follow; later ones often come from the first."""
    if not found:
        return ""
    first = found[0]
    run = f" of the run {first.choices}" if first.choices else ""
    lines = [f"{path}: differs at step {first.number}{run}"]
    lines += [
        f"    {name}: {fact} is {ours!r} in detachsim, {theirs!r} in {torch}"
        for name, fact, ours, theirs in first.facts
    ]
    if not steps_agree(first.ours, first.theirs, exact=False):
        lines += side_lines("detachsim", first.ours)
        lines += side_lines(torch, first.theirs)
    if len(found) > 1:
        lines.append(
            f"    {len(found) - 1} more steps differ after it" if len(found) > 2 else "    1 more step differs"
        )
    return "\n".join(lines) + "\n"


def side_lines(name: str, step: StepLines | None) -> list[str]:
    """Return what one side did at a step, indented."""
    if step is None:
        return [f"    {name} does not get there"]
    if not step.lines:
        return [f"    {name} (step {step.number}) prints nothing"]
    body = [f"      | {line}" for text in step.lines for line in text.split("\n")]
    return [f"    {name} (step {step.number}):", *body]
