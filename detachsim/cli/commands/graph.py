"""``detachsim graph``: draw the graph of a scenario, with the branches that were cut off."""

import os
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from detachsim.cli.choice import Choice
from detachsim.cli.output import COLORS, WIDTHS, Color, write_to
from detachsim.cli.pictures import Canvas, choose_moment
from detachsim.cli.status import ExitStatus

if TYPE_CHECKING:
    from detachsim.render.pictures.moment import Moment

Format: TypeAlias = Literal["tree", "dot", "mermaid", "svg"]
FORMATS: tuple[Format, ...] = ("tree", "dot", "mermaid", "svg")
SUFFIXES: dict[str, Format] = {".txt": "tree", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".svg": "svg"}

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
@click.option("--width", type=WIDTHS, metavar="COLUMNS", help="Width of the tree.")
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
    format = format or format_of(output)
    found = choose_moment(file, step, run)
    if found is None:
        return ExitStatus.WRONG_INPUT
    return write_to(drawing(found, format, Canvas(color, width, file=output not in (None, "-"))), output)


def format_of(output: str | None) -> Format:
    """Return the format that a file's suffix asks for; text where there is none."""
    suffix = os.path.splitext(output or "")[1].lower()
    if suffix and suffix not in SUFFIXES:
        raise click.UsageError(
            f"The suffix {suffix!r} stands for no format; {', '.join(SUFFIXES)} do. Or use --format."
        )
    return SUFFIXES.get(suffix, "tree")


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
