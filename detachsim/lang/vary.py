"""The runs that ``vary`` asks for, and how a ``${NAME}`` in a text becomes its replacement."""

import itertools
import re

from detachsim.lang.nodes import Origin, Scalar

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
MOST_RUNS = 1000


def combinations(vary: dict[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """Return the choices of each run, the last name changing fastest; one run without choices for an empty ``vary``."""
    return [dict(zip(vary, texts, strict=True)) for texts in itertools.product(*vary.values())]


def replace(scalar: Scalar, choices: dict[str, str]) -> Scalar:
    """Return ``scalar`` with its references replaced; a name without a choice is left as it stands."""
    value = scalar.value
    pieces: list[str] = []
    runs: list[tuple[int, int, int, int]] = []
    position = length = 0
    for found in REFERENCE.finditer(value):
        text = choices.get(found[1])
        if text is None:
            continue
        before = found.start() - position
        if before:
            pieces.append(value[position : found.start()])
            runs.append((length, before, position, before))
            length += before
        pieces.append(text)
        runs.append((length, len(text), found.start(), found.end() - found.start()))
        length += len(text)
        position = found.end()
    rest = len(value) - position
    if rest:
        pieces.append(value[position:])
        runs.append((length, rest, position, rest))
    replaced = Scalar("".join(pieces), scalar.start, scalar.end, scalar.plain, scalar.flow)
    replaced.origin = Origin(scalar, tuple(runs))
    return replaced
