"""How untrusted text is made safe to show: control characters become visible escapes."""

import unicodedata

# Joiners that Persian and Indian scripts need between letters; harmless in a terminal.
_JOINERS = "\u200c\u200d"


def visible(text: str) -> str:
    """Return ``text`` with every character that could steer a terminal or hide text spelled as an escape.

    Line breaks stay. Escape sequences, tabs, text-direction marks, lone surrogates and the like
    come out as Python would write them in a string (``\\x1b``).
    """
    if text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character.isprintable() or character == "\n" or character in _JOINERS:
        return character
    if unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")


def only_ascii(text: str) -> str:
    """Return ``text`` with every character outside ASCII spelled as an escape."""
    return text if text.isascii() else text.encode("ascii", "backslashreplace").decode("ascii")
