"""Breaking the text of random scenarios, and running what comes of it as a user does."""

import io
import os
import re
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.scenarios import THEMES, scenario_texts

SCRAPS = (
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    " ",
    "\n",
    "\t",
    "'",
    '"',
    "#",
    "&",
    "*",
    "!",
    "|",
    "-",
    "- ",
    "=",
    "==",
    ".",
    ",",
    "\x00",
    "é",
    "\u2028",
    "steps:",
    "raises: true",
    "None",
    "1e999",
    "9" * 30,
    "lambda",
    "t1",
    "_",
    "__class__",
    "for x in t1",
    "if",
    "import os",
    "\\",
    "%",
    "@",
    "<<: *a",
    "dtype: ",
    "${A}",
    "print: ",
    "backward: t1",
    "...",
    "!!python/object:os.system",
    "2**9999",
    "t1.__dict__",
    "yield",
    ":=",
    "\ud7ff",
    "~",
    "99999999",
)


@st.composite
def mangled_texts(draw: Any, themes: tuple[str, ...] = tuple(THEMES)) -> str:
    """Draw the text of a scenario with a few places cut out, doubled, exchanged or filled with scraps."""
    text: str = draw(scenario_texts(themes, steps=8))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 1, 1, 3, 10, 60])))
        way = draw(st.sampled_from(["scrap", "scrap", "cut", "double", "number", "token"]))
        if way == "scrap":
            text = text[:start] + draw(st.sampled_from(SCRAPS)) + text[end:]
        elif way == "cut":
            text = text[:start] + text[end:]
        elif way == "double":
            text = text[:end] + text[start:end] + text[end:]
        else:
            pattern = r"-?\d+(?:\.\d*)?" if way == "number" else r"[A-Za-z_]\w*"
            found = list(re.finditer(pattern, text))
            if found:
                match = draw(st.sampled_from(found))
                other = (
                    draw(st.sampled_from(found)).group()
                    if way == "token"
                    else draw(st.sampled_from(["0", "-1", "7", "1e30", "nan", "''", "True", "64"]))
                )
                text = text[: match.start()] + other + text[match.end() :]
    return text


def outcome_of(text: str, *, format: str = "plain") -> tuple[int, str]:
    """Run a text as ``detachsim run`` does, in this process.

    Return the exit status, and the traceback if detachsim itself has failed.
    """
    from detachsim.cli.main import run

    with TemporaryDirectory() as folder:
        path = Path(folder, "fuzz.yaml")
        path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
        before = os.environ.get("DETACHSIM_DEBUG")
        os.environ["DETACHSIM_DEBUG"] = "1"
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                return run(["run", "--format", format, str(path)]), ""
        except Exception:  # whatever it is, it is what this looks for
            return -1, traceback.format_exc()
        finally:
            if before is None:
                del os.environ["DETACHSIM_DEBUG"]
            else:
                os.environ["DETACHSIM_DEBUG"] = before
