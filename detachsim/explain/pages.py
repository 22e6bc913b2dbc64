"""The explanation pages: what each code means, as Markdown files beside this one."""

import re
from pathlib import Path

_FOLDER = Path(__file__).parent / "pages"
_CODE = r"[A-Z]\d{1,2}"


def is_code(text: str) -> bool:
    """Whether ``text`` is spelled like a code, in capitals or not."""
    return re.fullmatch(_CODE, text.upper()) is not None


def codes() -> tuple[str, ...]:
    """Return all codes, sorted."""
    return tuple(sorted((path.stem for path in _FOLDER.glob("*.md")), key=lambda code: (code[0], int(code[1:]))))


def page(code: str) -> str | None:
    """Return the page of a code as Markdown; None if there is none."""
    path = _FOLDER / f"{code.upper()}.md"
    return path.read_text(encoding="utf-8") if is_code(code) and path.is_file() else None


def title(code: str) -> str:
    """Return the first line of a page without the code."""
    text = page(code) or ""
    return text.partition("\n")[0].partition(": ")[2]
