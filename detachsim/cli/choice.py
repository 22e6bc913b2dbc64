"""An option that takes one of a few words, and knows the nearest right spelling of any other."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the one of ``words`` that ``word`` most likely stands for, if any is near."""
    from difflib import get_close_matches

    words = list(words)
    found = get_close_matches(word.lower(), words, n=1) or [right for right in words if word and word in right]
    return found[0] if found else None


class Choice(click.ParamType):  # type: ignore[type-arg]  # takes a parameter only in newer releases of click
    """One of a few words; ``words`` returns them, and is only called when the option is used."""

    name = "choice"

    def __init__(self, words: Callable[[], Sequence[str]]) -> None:
        self.words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the value, or fail with the words that there are and the nearest one."""
        words = self.words()
        if value not in words:
            near = nearest(value, words)
            suggestion = f" Did you mean {near!r}?" if near else ""
            self.fail(f"{value!r} is not one of {', '.join(words)}.{suggestion}", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the words that begin with what is there."""
        return [CompletionItem(word) for word in self.words() if word.startswith(incomplete)]


def dialects() -> Sequence[str]:
    """Return the names of all dialects."""
    from detachsim.lang.syntax import DIALECTS

    return DIALECTS
