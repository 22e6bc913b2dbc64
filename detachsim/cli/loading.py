"""From a path to a checked scenario, or to a report of everything that is wrong with the file."""

import gc
import sys
from typing import TYPE_CHECKING

from detachsim.cli.output import is_terminal, terminal_width, wants_color, write_error

if TYPE_CHECKING:
    from detachsim.lang.syntax import Scenario, ScenarioError


def load_file(path: str) -> "Scenario":
    """Read and check one scenario file; ``-`` is standard input. Raises ScenarioError."""
    from detachsim.lang import load, read
    from detachsim.ops.vocabulary import VOCABULARY

    # Reading makes a great many objects and keeps them all: looking for reference cycles would be wasted.
    gc.disable()
    try:
        return load(read(path), VOCABULARY)
    finally:
        relax_collector()


def try_load(path: str) -> "Scenario | None":
    """Load one scenario file; report its mistakes and return None if it has any."""
    from detachsim.lang.syntax import ScenarioError

    try:
        return load_file(path)
    except ScenarioError as error:
        report_mistakes(error)
        return None


def relax_collector() -> None:
    """Let Python look for cycles rarely, and not among what is there by now: a graph of autograd has none.

    With Python's own thresholds the time that one op takes grows with the length of the graph.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()


def report_mistakes(error: "ScenarioError") -> None:
    """Write all the mistakes of one file to standard error, in colour and broken into lines where somebody looks."""
    from detachsim.render.mistakes import mistakes_text

    terminal = is_terminal(sys.stderr)
    width = terminal_width() if terminal else None
    write_error(mistakes_text(error, color=wants_color("auto", terminal), width=width))
