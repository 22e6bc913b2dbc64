"""``detachsim export``: the PyTorch script that a scenario stands for."""

import click

from detachsim.cli.loading import try_load
from detachsim.cli.output import write_to
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

    return write_to(script(scenario), output)
