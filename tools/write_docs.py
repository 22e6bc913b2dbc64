"""Run the console blocks of the documents, and write down what they print.

    python3 dev.py python -m tools.write_docs

A console block holds commands, each after ``$ ``, and what each prints. The tests compare (`tests/test_docs.py`).
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.shell import ROOT, environment

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def fenced(language: str, text: str) -> Iterator[re.Match[str]]:
    """Yield the fenced blocks of one language in a text in Markdown; group 1 is what stands inside."""
    return re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def make_workplace(place: Path) -> None:
    """Put the scenarios and a ``detachsim`` command into a folder, where examples may write what they want."""
    shutil.copytree(ROOT / "scenarios", place / "scenarios")
    command = place / "bin" / "detachsim"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m detachsim "$@"\n')
    command.chmod(0o755)


def replay(block: str, place: Path) -> str:
    """Run the commands of a console block, and return the block with what they print now."""
    variables = environment()
    variables["PATH"] = f"{place / 'bin'}:{variables['PATH']}"
    shown, status = [], 0
    for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
        shown.append(f"$ {command}\n")
        if command == "echo $?":
            shown.append(f"{status}\n")
            continue
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=place,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        status = done.returncode
        shown.append(re.sub(r"in \d+\.\d\ds", "in 0.14s", done.stdout))
    return "".join(shown)


def main() -> None:
    """Rewrite every document whose blocks are out of date."""
    with tempfile.TemporaryDirectory() as folder:
        make_workplace(Path(folder))
        for path in DOCUMENTS:
            old = new = path.read_text(encoding="utf-8")
            for match in fenced("console", old):
                new = new.replace(match[1], replay(match[1], Path(folder)))
            if new != old:
                path.write_text(new, encoding="utf-8")
                print(f"{path.relative_to(ROOT)}: rewritten")


if __name__ == "__main__":
    main()
