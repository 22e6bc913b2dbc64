"""The pictures that the tests know by heart.

``python -m tests.render.pictures`` writes what is drawn now into ``expected/pictures``.
"""

from collections.abc import Iterator
from pathlib import Path

from detachsim.lang import load, read
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.render.pictures import memory_map, tree
from detachsim.render.pictures.graph import picture
from detachsim.render.pictures.history import moment, runs_of
from detachsim.render.pictures.moment import Moment
from detachsim.run import execute

ROOT = Path(__file__).parents[2]
EXPECTED = Path(__file__).parent / "expected" / "pictures"
BLOG = [ROOT / "scenarios" / "detach" / f"{name}.yaml" for name in ("backward", "detach", "detached-root", "edit")]
SCENARIOS = {path.stem: path for path in (*BLOG, *sorted((ROOT / "tests" / "data" / "pictures").glob("*.yaml")))}


def moment_of(name: str, step: str | None = None, run: int = 0) -> Moment:
    """Return how a scenario stands after a step."""
    events = execute(load(read(str(SCENARIOS[name])), VOCABULARY))
    found = moment(runs_of(events)[run], step)
    assert isinstance(found, Moment)
    return found


def graph_text(found: Moment, width: int = 80, signs: tree.Signs = tree.UNICODE) -> str:
    """Return the graph as a terminal without colour shows it."""
    return tree.draw(found, picture(found), width=width, signs=signs, paint=None, show=str)


def memory_text(found: Moment, width: int = 80, signs: memory_map.Signs = memory_map.UNICODE) -> str:
    """Return the memory as a terminal without colour shows it."""
    return memory_map.draw(found, width=width, signs=signs, paint=None, show=str)


def texts(name: str) -> Iterator[tuple[Path, str]]:
    """Yield the files that belong to a scenario, and what they should hold."""
    found = moment_of(name)
    yield EXPECTED / f"{name}.graph.txt", graph_text(found)
    yield EXPECTED / f"{name}.memory.txt", memory_text(found)


if __name__ == "__main__":
    for name in SCENARIOS:
        for path, text in texts(name):
            path.write_text(text, encoding="utf-8")
