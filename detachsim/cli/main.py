"""The boundary of the process: arguments in, one exit status out, and no traceback."""

import os
import sys
from io import StringIO
from typing import NoReturn

import click

from detachsim import __version__
from detachsim.cli.output import OutputFailed, complain, drop
from detachsim.cli.status import ExitStatus

REPORT = """\
detachsim: internal error: {error}

This is a mistake in detachsim, not in your scenario. Please report it to the project, with the scenario
and what this command prints:

    DETACHSIM_DEBUG=1 {command}

(detachsim {version}, Python {python})
"""


def main() -> NoReturn:
    """Run the command line of this process, and end the process."""
    prepare_process()
    status = run(sys.argv[1:])
    sys.exit(finish(status))


def prepare_process() -> None:
    """Set what has to be set before anything is imported or printed."""
    # The tensors here are small: a pool of BLAS threads costs a third of the start-up and gains nothing.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # One frame of a scenario's lambda takes several of ours; Python's own bound is for a thousand of the scenario's.
    sys.setrecursionlimit(20 * sys.getrecursionlimit())
    for stream in (sys.stdout, sys.stderr):
        # A title in Chinese on an ASCII terminal must not end the run.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def run(arguments: list[str]) -> int:
    """Run one command line, and return its exit status.

    click's own ``main`` is not used, because it gives Ctrl-C and a closed pipe the status 1.
    """
    from detachsim.cli.group import cli

    if "_DETACHSIM_COMPLETE" in os.environ:  # a shell asks for completions
        cli.main(prog_name="detachsim")
    try:
        with cli.make_context("detachsim", list(arguments) or ["--help"]) as context:
            result = cli.invoke(context)
    except click.exceptions.Exit as wanted:
        return wanted.exit_code if arguments else ExitStatus.WRONG_INPUT
    except click.ClickException as error:
        return tell(error)
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        return ExitStatus.PIPE_CLOSED
    except MemoryError:
        flush()
        complain("detachsim: there is not enough memory for all that happens in this scenario\n")
        return ExitStatus.DIFFERENT
    except Exception as error:  # the boundary of the process: what arrives here is our own mistake
        if isinstance(error, OSError) and error.filename is None:  # click's own help could not be written
            return tell(OutputFailed(error))
        if os.environ.get("DETACHSIM_DEBUG"):
            raise
        flush()
        report(error)
        return ExitStatus.INTERNAL_ERROR
    return result if isinstance(result, int) else ExitStatus.OK


def tell(error: click.ClickException) -> int:
    """Show an error after everything that was written so far, and return its exit status."""
    flush()
    text = StringIO()
    error.show(text)
    complain(text.getvalue())
    return error.exit_code


def report(error: Exception) -> None:
    """Say on standard error that detachsim itself is wrong, and what to do about it."""
    import platform
    import shlex

    text = REPORT.format(
        error=": ".join(filter(None, (type(error).__name__, str(error)))),
        command=shlex.join(["detachsim", *sys.argv[1:]]),
        version=__version__,
        python=platform.python_version(),
    )
    complain(text)


def finish(status: int) -> int:
    """Write out the last of the output, and return the status; the interpreter's own flush then has nothing to do."""
    failure = flush()
    if isinstance(failure, BrokenPipeError):
        return ExitStatus.PIPE_CLOSED
    if failure is not None and status != ExitStatus.OUTPUT_FAILED:
        return tell(OutputFailed(failure))
    return status


def flush() -> OSError | None:
    """Write out what standard output still holds; where that fails, drop it and return why."""
    if sys.stdout is None:
        return None
    try:
        sys.stdout.flush()
    except OSError as error:
        drop(sys.stdout)
        return error
    return None
