"""How a scenario file's bytes become text."""

import difflib
import os
import sys

from detachsim.lang.syntax import Mistake, ScenarioError
from detachsim.marks import Source, Span

STANDARD_INPUT = "-"
BYTE_ORDER_MARK = "\ufeff"
LARGEST_FILE = 16 * 1024 * 1024


def read(path: str) -> Source:
    """Return the text of the file at ``path`` (``-`` is standard input), or raise a ``ScenarioError``."""
    name = "<stdin>" if path == STANDARD_INPUT else path
    try:
        if path == STANDARD_INPUT:
            if sys.stdin is None:  # closed by whoever started the process
                raise _unreadable(name, "standard input is closed")
            data = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise _unreadable(name, "there is no such file", _neighbour(path)) from None
    except IsADirectoryError:
        raise _unreadable(name, "this is a directory, not a scenario file", "name the .yaml files in it") from None
    except PermissionError:
        raise _unreadable(name, "this file may not be read", "check who is allowed to read it") from None
    except ValueError:
        raise _unreadable(name.replace("\0", "\\0"), "this is not the name of a file") from None
    except OSError as error:
        raise _unreadable(name, f"this file can't be read: {error.strerror or error}") from None
    return decode(name, data)


def decode(name: str, data: bytes) -> Source:
    """Return the text that ``data`` holds in UTF-8, or raise a ``ScenarioError`` that says where it is wrong."""
    if len(data) > LARGEST_FILE:
        raise _unreadable(name, f"the file is larger than {LARGEST_FILE // (1024 * 1024)} MB", "split the scenario")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[1:4:2] == b"\0\0" or data[0:3:2] == b"\0\0":
        raise _unreadable(name, "the file is UTF-16, but a scenario is UTF-8", "save it again as UTF-8")
    try:
        text = data.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise _not_utf8(name, data, error.start) from None
    if not text.strip():
        raise _unreadable(name, "the file is empty", "a scenario has at least `steps:` and one step")
    return Source(name, text)


def _not_utf8(name: str, data: bytes, position: int) -> ScenarioError:
    before = data[:position].decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    source = Source(name, data.decode("utf-8", errors="replace").removeprefix(BYTE_ORDER_MARK))
    message = f"the file is not UTF-8: byte 0x{data[position]:02x} at position {position}"
    return ScenarioError(source, (Mistake(Span(line, column, column + 1), message, "save the file as UTF-8"),))


def _neighbour(path: str) -> str | None:
    directory, base = os.path.split(path)
    try:
        names = [name for name in os.listdir(directory or ".") if name != base]  # a link to nothing has the name itself
    except OSError:
        return None
    near = difflib.get_close_matches(base, names, n=1)
    return f"did you mean `{os.path.join(directory, near[0])}`?" if near else None


def _unreadable(name: str, message: str, hint: str | None = None) -> ScenarioError:
    return ScenarioError(Source(name, ""), (Mistake(Span(1, 1, 2), message, hint),))
