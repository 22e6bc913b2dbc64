"""The ``detachsim`` command itself: its version, its help, and which commands there are."""

import pkgutil
from importlib import import_module
from typing import NoReturn

import click

from detachsim import __version__
from detachsim.cli import commands
from detachsim.cli.choice import nearest
from detachsim.cli.output import terminal_width

WIDEST_HELP = 100


class Context(click.Context):
    """A context whose help fits the terminal, however narrow; click's own is never narrower than 50 columns."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what lays out the help."""
        return click.HelpFormatter(width=min(terminal_width(), WIDEST_HELP) - 2)


class Commands(click.Group):
    """A group whose commands are the modules of ``detachsim.cli.commands``, each imported when it is named."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None when there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"{commands.__name__}.{cmd_name}").command
        assert isinstance(command, click.Command)
        command.context_class = Context
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names, or say which one is nearest."""
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            fail_unknown(name, self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)


def fail_unknown(name: str, names: list[str], ctx: click.Context) -> NoReturn:
    """Refuse a command that does not exist; a file's name gets the command that was forgotten."""
    if name.endswith((".yaml", ".yml")):
        ctx.fail(f"No such command {name!r}. Did you mean 'detachsim run {name}'?")
    near = nearest(name, names)
    ctx.fail(
        f"No such command {name!r}." + (f" Did you mean {near!r}?" if near else f" There are: {', '.join(names)}.")
    )


def print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Print one line with the version and whose behaviour it reproduces, and end."""
    if not value or ctx.resilient_parsing:
        return
    from detachsim.lang.syntax import DEFAULT_DIALECT

    click.echo(f"detachsim {__version__} (semantics {DEFAULT_DIALECT})")
    ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0, all went as the scenarios say it should; 1, an unexpected error, an expectation that "
    "failed or a golden file that differs; 2, a file or the command line is wrong.",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=print_version, help="Show the version."
)
def cli() -> None:
    """Simulate PyTorch autograd step by step.

    A scenario is a short PyTorch program in a YAML file. detachsim runs it on its own engine, without torch, and
    shows what PyTorch would print, warn and raise, and why.
    """
