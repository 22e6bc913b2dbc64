"""From a path to a checked scenario, or to a report of everything that is wrong with the file."""

from detachsim.cli.output import write_error
from detachsim.lang.syntax import Scenario, ScenarioError


def load_file(path: str) -> Scenario:
    """Read and check one scenario file; ``-`` is standard input. Raises ScenarioError."""
    from detachsim.lang import load, read
    from detachsim.ops.vocabulary import VOCABULARY

    return load(read(path), VOCABULARY)


def report_mistakes(error: ScenarioError) -> None:
    """Write all the mistakes of one file to standard error."""
    from detachsim.render.mistakes import mistakes_text

    write_error(mistakes_text(error))
