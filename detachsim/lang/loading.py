"""How a file's text becomes a scenario, or the list of everything that is wrong with it."""

import gc
import warnings

from detachsim.lang.file import FileReader
from detachsim.lang.nodes import YamlMistake, compose
from detachsim.lang.syntax import Scenario, ScenarioError
from detachsim.marks import Source
from detachsim.ops.vocabulary import Vocabulary


def load_scenario(source: Source, vocabulary: Vocabulary) -> Scenario:
    """Return the scenario that ``source`` holds, or raise a ``ScenarioError`` with every mistake in it."""
    if source.text.startswith("\ufeff"):
        source = Source(source.name, source.text[1:])
    # Hundreds of thousands of small objects are made here and all of them stay: collecting would only cost time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            # Python warns of odd spellings (an unknown escape in a string) while it parses.
            warnings.simplefilter("ignore")
            return _load(source, vocabulary)
    finally:
        if collecting:
            gc.enable()


def _load(source: Source, vocabulary: Vocabulary) -> Scenario:
    try:
        root, mistakes = compose(source)
    except YamlMistake as error:
        raise ScenarioError(source, (error.mistake,)) from None
    return FileReader(source, vocabulary, mistakes).read(root)
