"""``detachsim check``: find the mistakes in scenario files without running them."""

import click

from detachsim.cli.files import find_scenarios
from detachsim.cli.loading import try_load
from detachsim.cli.status import ExitStatus

EPILOG = """\
\b
Examples:
  detachsim check scenarios
  detachsim check - < scenarios/detach/edit.yaml
"""


@click.command(epilog=EPILOG, short_help="Find mistakes in scenario files without running them.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def command(files: tuple[str, ...]) -> int:
    """Find the mistakes in scenario files without running them.

    FILE is a scenario, a folder that holds scenarios, or - for standard input. All mistakes are reported at once;
    a file without any is passed over in silence.
    """
    scenarios = [try_load(path) for path in find_scenarios(files)]
    return ExitStatus.WRONG_INPUT if None in scenarios else ExitStatus.OK
