"""``detachsim run``: simulate scenarios, and show what happens."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from detachsim.cli.choice import Choice, dialects
from detachsim.cli.files import find_scenarios
from detachsim.cli.limits import limited_memory
from detachsim.cli.loading import try_load
from detachsim.cli.output import COLORS, FORMATS, WIDTHS, Color, Format, Look, choose_look, write, write_error
from detachsim.cli.status import ExitStatus

if TYPE_CHECKING:  # `detachsim --help` has no use for them
    from detachsim.events import Event, ExpectationFailed
    from detachsim.explain.explainer import Explainer
    from detachsim.lang.syntax import Dialect

EPILOG = """\
\b
Examples:
  detachsim run scenarios/detach
  detachsim run --format torch --dialect torch-1.7 scenarios/detach
"""


@click.command(epilog=EPILOG, short_help="Simulate scenarios step by step.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    type=Choice(lambda: FORMATS),
    metavar="FORMAT",
    help="rich: step by step, the default on a terminal; plain: the same as stable text, the default elsewhere; "
    "torch: what the PyTorch script would print, and no more; json: one event a line.",
)
@click.option(
    "--dialect",
    type=Choice(dialects),
    metavar="DIALECT",
    help="Whose wording and behaviour, over what the file says: torch-1.7, torch-1.13 or torch-2.13.",
)
@click.option(
    "--color",
    type=Choice(lambda: COLORS),
    metavar="WHEN",
    default="auto",
    help="Colour in the rich format: always, never, or auto, which asks NO_COLOR, then FORCE_COLOR, then whether "
    "it is a terminal.",
)
@click.option(
    "--width",
    type=WIDTHS,
    metavar="COLUMNS",
    help="Width of the rich format; that of the terminal otherwise.",
)
@limited_memory()
def command(
    files: tuple[str, ...], format: Format | None, dialect: "Dialect | None", color: Color, width: int | None
) -> int:
    """Simulate scenarios step by step.

    FILE is a scenario, a folder that holds scenarios, or - for standard input.
    """
    look = choose_look(format, color, width)
    render = choose_renderer(look)
    status: int = ExitStatus.OK
    for number, path in enumerate(find_scenarios(files)):
        if number and look.format in ("rich", "plain"):
            write("\n")
        explained = look.format in ("rich", "plain")
        status = max(status, run_file(path, render, dialect, detail=look.format != "torch", explained=explained))
    return status


Renderer = Callable[["Iterable[Event]", "Explainer | None"], Iterator[str]]


def choose_renderer(look: Look) -> Renderer:
    """Return what turns events into text as they come; only the one that is wanted is imported."""
    match look.format:
        case "rich":
            from detachsim.render import terminal

            return lambda events, explainer: terminal.render(
                events, width=look.width, color=look.color, ascii=look.ascii, explainer=explainer
            )
        case "plain":
            from detachsim.render import plain

            return lambda events, explainer: plain.render(events, explainer=explainer)
        case "torch":
            from detachsim.render import transcript

            return lambda events, _: transcript.render(events)
        case "json":
            from detachsim.render import jsonlines

            return lambda events, _: jsonlines.render(events)


def run_file(path: str, render: Renderer, dialect: "Dialect | None", *, detail: bool, explained: bool) -> int:
    """Simulate one file, write what ``render`` makes of it, and return the file's exit status.

    Without ``detail`` there are no events for what happened inside, only for what a script would show.
    """
    scenario = try_load(path)
    if scenario is None:
        return ExitStatus.WRONG_INPUT
    from detachsim.run import execute

    statuses = [0]
    failures: list[ExpectationFailed] = []
    explainer = None
    if explained:
        from detachsim.explain.explainer import Explainer
        from detachsim.run.trials import Trials

        explainer = Explainer(Trials(scenario, dialect), fixes=1)
    events = notice(execute(scenario, dialect=dialect, detail=detail), statuses, failures)
    write(render(events, explainer))
    if failures and not detail:
        # The transcript says nothing that a PyTorch script would not say.
        from detachsim.render.failures import failure_text

        write_error("".join(failure_text(scenario.source.name, failure) for failure in failures))
    return max(statuses)


def notice(events: "Iterable[Event]", statuses: list[int], failures: "list[ExpectationFailed]") -> "Iterator[Event]":
    """Pass the events on, and append the status of each run that ends, and what was expected and failed."""
    from detachsim.events import ExpectationFailed, RunEnded

    for event in events:
        if type(event) is RunEnded:
            statuses.append(event.status)
        elif type(event) is ExpectationFailed:
            failures.append(event)
        yield event
