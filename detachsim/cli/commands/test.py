"""``detachsim test``: run scenarios and compare with their golden files."""

import os
from time import perf_counter

import click

from detachsim.cli.files import find_scenarios
from detachsim.cli.limits import limited_memory
from detachsim.cli.loading import report_mistakes
from detachsim.cli.output import write, write_error
from detachsim.cli.status import ExitStatus

USUAL_FOLDER = "scenarios"

EPILOG = """\
\b
Examples:
  detachsim test
  detachsim test --update scenarios/detach
"""


@click.command(epilog=EPILOG, short_help="Compare scenarios with their golden files.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--update", is_flag=True, help="Rewrite each NAME.out that differs; not where CI is set.")
@limited_memory()
def command(paths: tuple[str, ...], update: bool) -> int:
    """Run scenarios and compare what comes out with their golden files.

    Beside NAME.yaml, NAME.out holds the plain format, and NAME.torch.out what real PyTorch printed. A difference is
    shown as a diff. PATH is a scenario or a folder that holds scenarios; the folder "scenarios" if none is given.
    """
    from detachsim import golden
    from detachsim.lang.syntax import ScenarioError

    began = perf_counter()
    if update and golden.in_ci():
        raise click.UsageError("--update does nothing where the variable CI is set: golden files are made by a person.")
    if "-" in paths:
        raise click.UsageError("Standard input has no golden file beside it.")
    counts = {"passed": 0, "failed": 0, "updated": 0}
    status: int = ExitStatus.OK
    if not paths and not os.path.isdir(USUAL_FOLDER):
        raise click.UsageError(f"There is no folder {USUAL_FOLDER!r} here. Name a scenario or another folder.")
    for path in find_scenarios(paths or (USUAL_FOLDER,)):
        try:
            verdict = golden.compare(path, update=update)
        except ScenarioError as error:
            report_mistakes(error)
        except golden.GoldenFileError as error:
            write_error(f"{error}\n")
        else:
            write(verdict.report)
            counts[verdict.outcome] += 1
            if verdict.outcome == "failed":
                status = max(status, ExitStatus.DIFFERENT)
            continue
        counts["failed"] += 1
        status = ExitStatus.WRONG_INPUT
    shown = [f"{count} {outcome}" for outcome, count in counts.items() if count or outcome != "updated"]
    write(f"{', '.join(shown)} in {perf_counter() - began:.2f}s\n")
    return status
