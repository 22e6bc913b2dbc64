"""``detachsim explain``: answer why something went wrong, and what a code means."""

from typing import TYPE_CHECKING

import click

from detachsim.cli.choice import Choice, dialects
from detachsim.cli.loading import try_load
from detachsim.cli.output import COLORS, NARROWEST, Color, choose_look, write
from detachsim.cli.status import ExitStatus

if TYPE_CHECKING:
    from detachsim.lang.syntax import Dialect

EPILOG = """\
\b
Examples:
  detachsim explain scenarios/detach/edit.yaml
  detachsim explain scenarios/detach/edit.yaml --name a.grad
"""

FORMATS = ("text", "json")


@click.command(epilog=EPILOG, short_help="Answer why a gradient is missing, wrong or refused.")
@click.argument("what", metavar="FILE")
@click.option("--name", metavar="NAME", help="Answer why NAME.grad is None at the end, or how it came about.")
@click.option("--format", type=Choice(lambda: FORMATS), metavar="FORMAT", default="text", help="text, or json.")
@click.option("--dialect", type=Choice(dialects), metavar="DIALECT", help="Whose behaviour, over what the file says.")
@click.option("--color", type=Choice(lambda: COLORS), metavar="WHEN", default="auto", help="always, never or auto.")
@click.option("--width", type=click.IntRange(min=NARROWEST), metavar="COLUMNS", help="Width of the text.")
def command(
    what: str, name: str | None, format: str, dialect: "Dialect | None", color: Color, width: int | None
) -> int:
    """Answer why a gradient is missing, wrong or refused in a scenario, with the steps that led to it."""
    scenario = try_load(what)
    if scenario is None:
        return ExitStatus.WRONG_INPUT
    from detachsim.explain.explainer import diagnose, explain_name
    from detachsim.run import execute
    from detachsim.run.trials import Trials

    events = list(execute(scenario, dialect=dialect))
    rerun = Trials(scenario, dialect)
    diagnoses = diagnose(events, rerun) if name is None else explain_name(events, name)
    if name is not None and not diagnoses:
        raise click.UsageError(f"No tensor is called {name.removesuffix('.grad')!r} at the end of {what!r}.")
    if format == "json":
        from detachsim.explain.report import report_text

        write([report_text(diagnoses)])
        return ExitStatus.OK
    if not diagnoses:
        write(["Nothing to explain: nothing went wrong, and no gradient that was read is missing.\n"])
        return ExitStatus.OK
    from detachsim.render.explanation import Explanation
    from detachsim.render.layout import ASCII, UNICODE

    look = choose_look("rich", color, width)
    paint = None
    if look.color:
        from detachsim.render.terminal import painter

        paint = painter()
    signs = ASCII if look.ascii else UNICODE
    write([Explanation(scenario.source, look.width, signs, paint).text(diagnoses)])
    return ExitStatus.OK
