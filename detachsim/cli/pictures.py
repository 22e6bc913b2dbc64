"""What the commands that draw have in common: the run and the step, the look, the file that the drawing goes to."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from detachsim.cli.limits import limited_memory
from detachsim.cli.loading import try_load
from detachsim.cli.output import Color, is_terminal, shows_unicode, terminal_width, wants_color

if TYPE_CHECKING:
    from detachsim.render.layout import Paint
    from detachsim.render.pictures.moment import Moment, NoSuchStep

SHOWN = 12


class Canvas:
    """What a drawing in text needs to know of where it is shown: a file is 80 columns wide and has no colours."""

    def __init__(self, color: Color, width: int | None, *, file: bool) -> None:
        self.ascii = not file and not shows_unicode(sys.stdout)
        self.width = width or (80 if file else terminal_width())
        self.color = wants_color(color, is_terminal(sys.stdout) and not file)

    @property
    def paint(self) -> "Paint | None":
        """What colours a stretch of text, if anything does."""
        if not self.color:
            return None
        from detachsim.render.terminal import painter

        return painter()

    @property
    def show(self) -> Callable[[str], str]:
        """What makes a text of the scenario safe to show."""
        from detachsim.render.visible import only_ascii, visible

        return (lambda text: only_ascii(visible(text))) if self.ascii else visible


@limited_memory()
def choose_moment(path: str, step: str | None, run: int) -> "Moment | None":
    """Run a scenario, and return how its ``run``-th run stands after ``step``; None if the file has mistakes."""
    scenario = try_load(path)
    if scenario is None:
        return None
    from detachsim.render.pictures.history import moment, runs_of
    from detachsim.render.pictures.moment import Moment
    from detachsim.run import execute

    runs = runs_of(execute(scenario))
    if not 1 <= run <= len(runs):
        count = "one run" if len(runs) == 1 else f"{len(runs)} runs"
        raise click.BadParameter(f"the scenario has {count}.", param_hint="'--run'")
    found = moment(runs[run - 1], step)
    if isinstance(found, Moment):
        return found
    raise click.BadParameter(why_no_step(str(step), found), param_hint="'--step'")


def why_no_step(step: str, found: "NoSuchStep") -> str:
    """Say which steps there are instead of ``step``."""
    if not found.steps:
        return f"no step ran, so there is no step {step}."
    from detachsim.cli.choice import nearest

    near = nearest(step, found.steps)
    steps = found.steps if len(found.steps) <= SHOWN else (*found.steps[: SHOWN - 2], "…", found.steps[-1])
    text = f"no step {step} ran; those that did are {', '.join(steps)}."
    if near and len(found.steps) > SHOWN:
        text += f" Did you mean {near}?"
    if found.outcome != "completed":
        text += f" The run ended with an error: {found.outcome.partition(':')[0]}."
    return text
