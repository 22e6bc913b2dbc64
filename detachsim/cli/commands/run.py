"""``detachsim run``: simulate scenarios, and show what happens."""

from collections.abc import Callable, Iterable, Iterator

import click

from detachsim.cli.files import find_scenarios
from detachsim.cli.loading import load_file, report_mistakes
from detachsim.cli.memory import pause_collector, relax_collector
from detachsim.cli.nearest import Choice
from detachsim.cli.output import COLORS, FORMATS, NARROWEST, Color, Format, Look, choose_look, write
from detachsim.cli.status import ExitStatus
from detachsim.events import Event, RunEnded
from detachsim.lang.syntax import DIALECTS, Dialect, ScenarioError

EPILOG = """\
\b
Examples:
  detachsim run scenarios/detach
  detachsim run --format torch scenarios/detach/edit.yaml
"""


@click.command(epilog=EPILOG, short_help="Simulate scenarios step by step.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    type=Choice(FORMATS),
    help="rich: step by step, the default on a terminal; plain: the same as stable text, the default elsewhere; "
    "torch: what the PyTorch script would print, and no more; json: one event a line.",
)
@click.option("--dialect", type=Choice(DIALECTS), help="Whose wording and behaviour, over what the file says.")
@click.option(
    "--color",
    type=Choice(COLORS),
    default="auto",
    help="Colour in the rich format. auto asks NO_COLOR, then FORCE_COLOR, then whether it is a terminal.",
)
@click.option(
    "--width",
    type=click.IntRange(min=NARROWEST),
    metavar="COLUMNS",
    help="Width of the rich format; that of the terminal otherwise.",
)
def command(
    files: tuple[str, ...], format: Format | None, dialect: Dialect | None, color: Color, width: int | None
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
        status = max(status, run_file(path, render, dialect))
    return status


Renderer = Callable[[Iterable[Event]], Iterator[str]]


def choose_renderer(look: Look) -> Renderer:
    """Return what turns events into text as they come; only the one that is wanted is imported."""
    match look.format:
        case "rich":
            from detachsim.render import terminal

            return lambda events: terminal.render(events, width=look.width, color=look.color)
        case "plain":
            from detachsim.render import plain

            return plain.render
        case "torch":
            from detachsim.render import transcript

            return transcript.render
        case "json":
            from detachsim.render import jsonlines

            return jsonlines.render


def run_file(path: str, render: Renderer, dialect: Dialect | None) -> int:
    """Simulate one file, write what ``render`` makes of it, and return the file's exit status."""
    from detachsim.run import execute

    pause_collector()
    try:
        scenario = load_file(path)
    except ScenarioError as error:
        report_mistakes(error)
        return ExitStatus.WRONG_INPUT
    finally:
        relax_collector()
    statuses = [0]
    write(render(notice_statuses(execute(scenario, dialect=dialect), statuses)))
    return max(statuses)


def notice_statuses(events: Iterable[Event], statuses: list[int]) -> Iterator[Event]:
    """Pass the events on, and append the status of each run that ends to ``statuses``."""
    for event in events:
        if type(event) is RunEnded:
            statuses.append(event.status)
        yield event
