"""Where output goes, and what of it: which format, in colour or not, how wide."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

import click

from detachsim.cli.status import ExitStatus

Format: TypeAlias = Literal["rich", "plain", "torch", "json"]
FORMATS: tuple[Format, ...] = ("rich", "plain", "torch", "json")
Color: TypeAlias = Literal["auto", "always", "never"]
COLORS: tuple[Color, ...] = ("auto", "always", "never")

NARROWEST, USUAL_WIDTH, WIDEST = 20, 80, 10_000
WIDTHS = click.IntRange(min=NARROWEST, max=WIDEST)


@dataclass(frozen=True, slots=True)
class Look:
    """How the output is to look."""

    format: Format
    color: bool
    width: int
    ascii: bool


class OutputFailed(click.ClickException):
    """Standard output can't be written, for another reason than that nobody reads it any more."""

    exit_code = ExitStatus.OUTPUT_FAILED

    def __init__(self, error: OSError) -> None:
        super().__init__(f"cannot write the output: {error.strerror}")

    def show(self, file: IO[Any] | None = None) -> None:
        """Say so on standard error."""
        click.echo(f"detachsim: {self.message}", file=file, err=True)


def choose_look(format: Format | None, color: Color, width: int | None) -> Look:
    """Fill in what the user left open: rich on a terminal and plain elsewhere, as wide as the terminal."""
    terminal = is_terminal(sys.stdout)
    return Look(
        format=format or ("rich" if terminal else "plain"),
        color=wants_color(color, terminal),
        width=width or terminal_width(),
        ascii=not shows_unicode(sys.stdout),
    )


def wants_color(color: Color, terminal: bool) -> bool:
    """Decide whether to use colour: the option first, then NO_COLOR, FORCE_COLOR, and whether it is a terminal.

    A variable counts when it is set to something; a terminal that says ``TERM=dumb`` has no colours.
    """
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def is_terminal(stream: object) -> bool:
    """Say whether somebody looks at the stream as it is written."""
    return bool(getattr(stream, "isatty", bool)())


def shows_unicode(stream: object) -> bool:
    """Say whether the stream's encoding has the signs that boxes and arrows are drawn with."""
    try:
        "→│┊┃─≠…".encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def terminal_width() -> int:
    """Return the width of the terminal (``COLUMNS`` first), the usual one where there is no terminal."""
    from shutil import get_terminal_size

    return min(max(get_terminal_size((USUAL_WIDTH, 24)).columns, NARROWEST), WIDEST)


def write(chunks: Iterable[str]) -> None:
    """Write text to standard output as it comes."""
    if sys.stdout is None:  # closed by whoever started the process: run, but tell nobody
        for _ in chunks:
            pass
        return
    put = sys.stdout.write
    for chunk in chunks:
        try:
            put(chunk)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputFailed(error) from error


def write_to(text: str, output: str | None) -> int:
    """Write a text to the file that the user named, or to standard output."""
    if output is None or output == "-":
        write([text])
        return ExitStatus.OK
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"Cannot write {click.format_filename(output)!r}: {error.strerror}.") from error
    return ExitStatus.OK


def write_error(text: str) -> None:
    """Write text to standard error, after everything that standard output has got so far."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputFailed(error) from error
    complain(text)


def complain(text: str) -> None:
    """Write text to standard error; where that fails nobody can be told, and the exit status has to say it alone."""
    try:
        click.echo(text, err=True, nl=False, color=True)
    except BrokenPipeError:
        raise
    except OSError:
        drop(sys.stderr)


def drop(stream: IO[str]) -> None:
    """Let go of what a stream could not write: the interpreter would try again, and fail, at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
