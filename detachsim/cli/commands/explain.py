"""``detachsim explain``: answer why something went wrong, and what a code means."""

import os
from typing import TYPE_CHECKING

import click

from detachsim.cli.choice import Choice, dialects, nearest
from detachsim.cli.limits import limited_memory
from detachsim.cli.loading import try_load
from detachsim.cli.output import COLORS, WIDTHS, Color, choose_look, terminal_width, write
from detachsim.cli.status import ExitStatus

if TYPE_CHECKING:
    from detachsim.explain.diagnosis import Diagnosis
    from detachsim.lang.syntax import Dialect, Scenario

EPILOG = """\
\b
Examples:
  detachsim explain scenarios/detach/edit.yaml
  detachsim explain scenarios/detach/edit.yaml --fix 1
  detachsim explain scenarios/detach/backward.yaml --name a.grad
  detachsim explain V1
"""

FORMATS = ("text", "json")
MOST_FIXES = 6
NOTHING = "Nothing to explain: nothing went wrong, and no gradient that was read is missing or false.\n"


@click.command(epilog=EPILOG, short_help="Answer why a gradient is missing, wrong or refused.")
@click.argument("what", required=False, metavar="FILE|CODE")
@click.option("--name", metavar="NAME", help="Answer why NAME.grad is None at the end, or how it came about.")
@click.option("--fix", type=click.IntRange(min=1), metavar="N", help="Print the scenario as fix N mends it.")
@click.option("--list", "listed", is_flag=True, help="List the codes, each with what it means.")
@click.option("--format", type=Choice(lambda: FORMATS), metavar="FORMAT", default="text", help="text, or json.")
@click.option(
    "--dialect",
    type=Choice(dialects),
    metavar="DIALECT",
    help="Whose wording and behaviour, over what the file says: torch-1.7, torch-1.13 or torch-2.13.",
)
@click.option("--color", type=Choice(lambda: COLORS), metavar="WHEN", default="auto", help="always, never or auto.")
@click.option("--width", type=WIDTHS, metavar="COLUMNS", help="Width of the text.")
@limited_memory()
def command(
    what: str | None,
    name: str | None,
    fix: int | None,
    listed: bool,
    format: str,
    dialect: "Dialect | None",
    color: Color,
    width: int | None,
) -> int:
    """Answer why a gradient is missing, wrong or refused in a scenario.

    Each answer comes with a code, the steps that led to it, and fixes that were tried. FILE is a scenario, or - for
    standard input. With a CODE, explain what it means.
    """
    if listed:
        return list_codes(width or terminal_width())
    if what is None:
        raise click.UsageError("Name a scenario, or a code such as V1; --list shows all codes.")
    from detachsim.explain import pages

    if pages.is_code(what) and not os.path.exists(what):
        return show_page(what, width or terminal_width())
    scenario = try_load(what)
    if scenario is None:
        return ExitStatus.WRONG_INPUT
    diagnoses = answers(scenario, dialect, name)
    if name is not None and not diagnoses:
        raise click.UsageError(f"No tensor is called {name.removesuffix('.grad')!r} at the end of {what!r}.")
    if fix is not None:
        return show_fix(diagnoses, fix)
    if format == "json":
        from detachsim.explain.report import report_text

        write([report_text(diagnoses)])
    elif diagnoses:
        show(scenario, diagnoses, color, width)
    else:
        write([NOTHING])
    return ExitStatus.OK


def answers(scenario: "Scenario", dialect: "Dialect | None", name: str | None) -> "list[Diagnosis]":
    """Return the diagnoses of a scenario, or the answer about one name."""
    from detachsim.explain.explainer import diagnose, explain_name
    from detachsim.run import execute
    from detachsim.run.trials import Trials

    events = list(execute(scenario, dialect=dialect))
    rerun = Trials(scenario, dialect)
    if name is not None:
        return explain_name(events, name, rerun, MOST_FIXES)
    return diagnose(events, rerun, MOST_FIXES)


def show(scenario: "Scenario", diagnoses: "list[Diagnosis]", color: Color, width: int | None) -> None:
    """Write the diagnoses with the lines of the scenario that they point to."""
    from detachsim.render.explanation import Explanation

    look = choose_look("rich", color, width)
    paint = None
    if look.color:
        from detachsim.render.terminal import painter

        paint = painter()
    write([Explanation(scenario.source, look.width, paint, ascii=look.ascii).text(diagnoses)])


def show_fix(diagnoses: "list[Diagnosis]", number: int) -> int:
    """Write the scenario that a fix mends; fixes are counted through all diagnoses."""
    fixes = [fix for found in diagnoses for fix in found.fixes]
    if number > len(fixes):
        raise click.UsageError(
            f"There is no fix {number}: {len(fixes) or 'none'} {'was' if len(fixes) == 1 else 'were'} found."
        )
    text = fixes[number - 1].scenario
    write([text if text.endswith("\n") else f"{text}\n"])
    return ExitStatus.OK


def list_codes(width: int) -> int:
    """Write all codes with their meaning."""
    from detachsim.explain import pages
    from detachsim.render.pages import hung

    write(f"{row}\n" for code in pages.codes() for row in hung(f"{code}  ", pages.title(code), width))
    return ExitStatus.OK


def show_page(code: str, width: int) -> int:
    """Write the page of one code."""
    from detachsim.explain import pages
    from detachsim.render.pages import page_text

    text = pages.page(code)
    if text is None:
        near = nearest(code.upper(), pages.codes())
        suggestion = f" Did you mean {near!r}?" if near else " --list shows all codes."
        raise click.UsageError(f"There is no code {code!r}.{suggestion}")
    write([page_text(text, width)])
    return ExitStatus.OK
