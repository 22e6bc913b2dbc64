"""The small words of the story: how names, code and numbers are put into a sentence."""

from detachsim.render.lines import Piece, Text, Tone

ARROW = Piece(" → ", "arrow")
CAREFUL = Piece("careful: ", "warning")


def say(*parts: str | Piece) -> Text:
    """Return ``parts`` as pieces, a plain string being plain text."""
    return tuple([part if isinstance(part, Piece) else Piece(part) for part in parts])


def quiet(text: str) -> Piece:
    return Piece(text, "quiet")


def node_name(name: str) -> str:
    """Return a node's name as Python shows it, without C++'s ``torch::autograd::``."""
    return name.rpartition("::")[2]


def node(name: str) -> Piece:
    return Piece(node_name(name), "code")


def formula(text: str) -> Piece:
    return Piece(text, "formula")


def version(number: int) -> Piece:
    return Piece(str(number), "version")


def join(words: tuple[str, ...], last: str = " and ", tone: Tone = "name") -> Text:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    parts: list[Piece] = []
    for place, word in enumerate(words):
        if place:
            parts.append(Piece(last if place == len(words) - 1 else ", "))
        parts.append(Piece(word, tone))
    return tuple(parts)


def names(known: tuple[str, ...], unnamed: str = "a tensor without a name") -> Text:
    """Return the names of one tensor or several, or what to call it without any."""
    return join(known) if known else (Piece(unnamed),)
