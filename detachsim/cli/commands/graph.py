"""``detachsim graph``: draw the graph of a scenario, with the branches that were cut off."""

from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from detachsim.cli.choice import Choice
from detachsim.cli.output import COLORS, NARROWEST, Color, write_to
from detachsim.cli.pictures import Canvas, choose_moment
from detachsim.cli.status import ExitStatus

if TYPE_CHECKING:
    from detachsim.render.pictures.moment import Moment

Format: TypeAlias = Literal["tree", "dot", "mermaid", "svg"]
FORMATS: tuple[Format, ...] = ("tree", "dot", "mermaid", "svg")
SUFFIXES: dict[str, Format] = {"txt": "tree", "dot": "dot", "gv": "dot", "mmd": "mermaid", "svg": "svg"}

EPILOG = """\
\b
Examples:
  detachsim graph scenarios/detach/edit.yaml
  detachsim graph --step 8 -o edit.svg scenarios/detach/edit.yaml

Exit status: 0, the graph was drawn, even if the scenario fails; 2, the file or the command line is wrong.
"""


@click.command(epilog=EPILOG, short_help="Draw the graph, with the branches that were cut off.")
@click.argument("file", metavar="FILE")
@click.option("--step", metavar="NUMBER", help="After this step, as 7.2 or 8[0].2; after the last one otherwise.")
@click.option("--run", type=int, metavar="NUMBER", default=1, help="Which run of a scenario with vary; the first.")
@click.option(
    "--format",
    type=Choice(lambda: FORMATS),
    metavar="FORMAT",
    help="tree: as text, the default; dot: for Graphviz; mermaid: for documents on code hosts; svg: a drawing.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write to this file; .txt, .dot, .gv, .mmd and .svg choose the format.",
)
@click.option("--color", type=Choice(lambda: COLORS), metavar="WHEN", default="auto", help="Colour in the tree.")
@click.option("--width", type=click.IntRange(min=NARROWEST), metavar="COLUMNS", help="Width of the tree.")
def command(
    file: str,
    step: str | None,
    run: int,
    format: Format | None,
    output: str | None,
    color: Color,
    width: int | None,
) -> int:
    """Draw the graph as it stands after a step, with what was detached and where it was cut.

    FILE is a scenario, or - for standard input. What is drawn is what the names hold, and what the last step made.
    """
    found = choose_moment(file, step, run)
    if found is None:
        return ExitStatus.WRONG_INPUT
    chosen = format or SUFFIXES.get((output or "").rpartition(".")[2].lower(), "tree")
    return write_to(drawing(found, chosen, Canvas(color, width, file=output not in (None, "-"))), output)


def drawing(moment: "Moment", format: Format, canvas: Canvas) -> str:
    """Return the drawing; only what draws the wanted format is imported."""
    from detachsim.render.pictures.graph import picture
    from detachsim.render.pictures.heading import heading

    graph = picture(moment)
    match format:
        case "tree":
            from detachsim.render.pictures import tree

            signs = tree.ASCII if canvas.ascii else tree.UNICODE
            return tree.draw(moment, graph, width=canvas.width, signs=signs, paint=canvas.paint, show=canvas.show)
        case "dot":
            from detachsim.render.pictures import dot

            return dot.draw(graph, heading(moment))
        case "mermaid":
            from detachsim.render.pictures import mermaid

            return mermaid.draw(graph, heading(moment))
        case "svg":
            from detachsim.render.pictures import svg

            return svg.draw(graph, heading(moment))
