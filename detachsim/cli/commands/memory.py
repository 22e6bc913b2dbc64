"""``detachsim memory``: show which names share memory, and what happened to it."""

import click

from detachsim.cli.choice import Choice
from detachsim.cli.output import COLORS, WIDTHS, Color, write_to
from detachsim.cli.pictures import Canvas, choose_moment
from detachsim.cli.status import ExitStatus

EPILOG = """\
\b
Examples:
  detachsim memory scenarios/detach/edit.yaml
  detachsim memory --step 6 scenarios/detach/edit.yaml

Exit status: 0, the memory was shown, even if the scenario fails; 2, the file or the command line is wrong.
"""


@click.command(epilog=EPILOG, short_help="Show which names share memory, and what happened to it.")
@click.argument("file", metavar="FILE")
@click.option("--step", metavar="NUMBER", help="After this step, as 7.2 or 8[0].2; after the last one otherwise.")
@click.option("--run", type=int, metavar="NUMBER", default=1, help="Which run of a scenario with vary; the first.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE", help="Write to this file.")
@click.option("--color", type=Choice(lambda: COLORS), metavar="WHEN", default="auto", help="Use colour.")
@click.option("--width", type=WIDTHS, metavar="COLUMNS", help="Width of the text.")
def command(file: str, step: str | None, run: int, output: str | None, color: Color, width: int | None) -> int:
    """Show the memory as it stands after a step: the names over each piece, and the versions that it went through.

    FILE is a scenario, or - for standard input. Each counter has a column of its own: a version that began, and what
    was saved at which version, down the steps. What backward would refuse is marked as stale.
    """
    found = choose_moment(file, step, run)
    if found is None:
        return ExitStatus.WRONG_INPUT
    from detachsim.render.pictures import memory_map

    canvas = Canvas(color, width, file=output not in (None, "-"))
    signs = memory_map.ASCII if canvas.ascii else memory_map.UNICODE
    text = memory_map.draw(found, width=canvas.width, signs=signs, paint=canvas.paint, show=canvas.show)
    return write_to(text, output)
