"""``detachsim verify``: ask real PyTorch whether the scenarios do what detachsim says."""

from collections import Counter
from math import isnan
from time import perf_counter
from typing import TYPE_CHECKING

import click

from detachsim.cli.files import find_scenarios
from detachsim.cli.loading import try_load
from detachsim.cli.output import write, write_error
from detachsim.cli.status import ExitStatus
from detachsim.golden import GoldenFileError, difference, in_ci, read_golden, torch_path, write_atomically

if TYPE_CHECKING:
    from detachsim.lang.syntax import Scenario
    from detachsim.oracle.process import Oracle
    from detachsim.oracle.verify import Outcome

EPILOG = """\
\b
Examples:
  detachsim verify scenarios
  detachsim verify --python /usr/bin/python3 scenarios/detach
"""

NO_TORCH = """\
detachsim: {reason}

`detachsim verify` needs real PyTorch. Install it (pip install torch==2.13.0), or name a Python that has it
(--python PATH).
"""


LONGEST = 3600.0


def require_number(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Refuse nan, which lies in every range of click's."""
    if isnan(value):
        raise click.BadParameter(f"{value} is not a number of seconds.")
    return value


@click.command(epilog=EPILOG, short_help="Compare scenarios with real PyTorch.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--python", metavar="PATH", help="The Python that has PyTorch; the one that runs detachsim otherwise.")
@click.option("--record", is_flag=True, help="Write what PyTorch prints to NAME.torch.out beside each scenario.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=LONGEST),
    callback=require_number,
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long PyTorch may be silent before it counts as hanging; ten times as long for `import torch`.",
)
def command(paths: tuple[str, ...], python: str | None, record: bool, timeout: float) -> int:
    """Run scenarios in detachsim and under real PyTorch, and compare what they print, step by step.

    Numbers may differ by one in the last printed digit, everything else not at all. The dialect is the one nearest
    to the version of that PyTorch. PATH is a scenario or a folder that holds scenarios.
    """
    from detachsim.oracle.process import NoTorch, Oracle

    if record and in_ci():
        raise click.UsageError("--record does nothing where the variable CI is set: golden files are made by a person.")
    if record and "-" in paths:
        raise click.UsageError("Standard input has no golden file beside it.")
    files = find_scenarios(paths)
    loaded = [(path, scenario) for path in files if (scenario := try_load(path)) is not None]
    status: int = ExitStatus.OK if len(loaded) == len(files) else ExitStatus.WRONG_INPUT
    try:
        with Oracle(python, timeout=timeout, states=True) as oracle:
            return max(status, verify_all(oracle, loaded, record=record))
    except NoTorch as missing:
        write_error(NO_TORCH.format(reason=missing))
        return ExitStatus.WRONG_INPUT


def verify_all(oracle: "Oracle", scenarios: "list[tuple[str, Scenario]]", *, record: bool) -> int:
    """Verify each scenario, tell what differs as it is found, and return the exit status."""
    began = perf_counter()
    write([f"Asking torch {oracle.version}, in the dialect {oracle.dialect}.\n"])
    counts: Counter[str] = Counter()
    status: int = ExitStatus.OK
    for path, scenario in scenarios:
        try:
            outcome, report = verify_file(oracle, path, scenario, record=record)
        except GoldenFileError as error:
            write_error(f"{error}\n")
            status = ExitStatus.WRONG_INPUT
            continue
        counts[outcome] += 1
        write([report])
        if outcome != "agrees":
            status = max(status, ExitStatus.DIFFERENT)
    shown = [f"{counts['agrees']} agree"]
    shown += [f"{counts['differs']} differ"] if counts["differs"] else []
    shown += [f"{counts['no answer']} without an answer"] if counts["no answer"] else []
    write([f"{', '.join(shown)} in {perf_counter() - began:.2f}s\n"])
    return status


def verify_file(oracle: "Oracle", path: str, scenario: "Scenario", *, record: bool) -> "tuple[Outcome, str]":
    """Verify one scenario and its ``NAME.torch.out``; return what became of it and the text that tells it.

    The file counts only where its dialect is that of the oracle's PyTorch. ``record`` writes it, whatever detachsim
    says.
    """
    from detachsim.oracle.verify import differences_text, verify

    verification = verify(oracle, scenario)
    torch = f"torch {oracle.version}"
    if verification.outcome == "no answer":
        return "no answer", f"{path}: no answer from {torch}: {verification.theirs.failure}\n"
    report = differences_text(path, verification.differences, torch)
    if path == "-":
        return verification.outcome, report
    golden = torch_path(path)
    if scenario.dialect != oracle.dialect:
        if record:
            report += f"{golden}: not written, since {torch} does not speak its dialect, {scenario.dialect}\n"
        return verification.outcome, report
    text, recorded = verification.theirs.text(), read_golden(golden)
    if record and text != recorded:
        write_atomically(golden, text)
        return verification.outcome, report + f"{golden}: {'made' if recorded is None else 'rewritten'}\n"
    if recorded is not None and text != recorded:
        return "differs", report + difference(golden, recorded, text, "")
    return verification.outcome, report
