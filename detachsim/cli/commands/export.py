"""``detachsim export``: the PyTorch script that a scenario stands for."""

from pathlib import Path

import click

from detachsim.cli.loading import try_load
from detachsim.cli.output import write
from detachsim.cli.status import ExitStatus

EPILOG = """\
\b
Examples:
  detachsim export scenarios/detach/edit.yaml
  detachsim export -o edit.py scenarios/detach/edit.yaml
"""


@click.command(epilog=EPILOG, short_help="Write a scenario as a PyTorch script.")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE", help="Write to this file.")
def command(file: str, output: str | None) -> int:
    """Write the PyTorch script that a scenario stands for.

    FILE is a scenario, or - for standard input. The script needs PyTorch and nothing else, and prints what
    `detachsim run --format torch` prints.
    """
    scenario = try_load(file)
    if scenario is None:
        return ExitStatus.WRONG_INPUT
    from detachsim.oracle.export import script

    text = script(scenario)
    if output is None or output == "-":
        write([text])
        return ExitStatus.OK
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"Cannot write {click.format_filename(output)!r}: {error.strerror}.") from error
    return ExitStatus.OK
