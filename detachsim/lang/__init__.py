"""The scenario language: ``read`` a file, ``load`` its text into a ``Scenario`` or a list of its mistakes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detachsim.lang.syntax import Scenario
    from detachsim.marks import Source
    from detachsim.ops.vocabulary import Vocabulary

__all__ = ["load", "read"]


def load(source: "Source", vocabulary: "Vocabulary") -> "Scenario":
    """Return the scenario that ``source`` holds, or raise a ``ScenarioError`` with every mistake, in order of place."""
    from detachsim.lang.loading import load_scenario

    return load_scenario(source, vocabulary)


def read(path: str) -> "Source":
    """Return the text of the file at ``path`` (``-`` is standard input), or raise a ``ScenarioError``."""
    from detachsim.lang.reading import read as read_path

    return read_path(path)
