"""The nearest right spelling of a word."""

from collections.abc import Iterable
from typing import Any

import click


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the one of ``words`` that ``word`` most likely stands for, if any is near."""
    from difflib import get_close_matches

    found = get_close_matches(word.lower(), list(words), n=1)
    return found[0] if found else None


class Choice(click.Choice):  # type: ignore[type-arg]  # it takes a parameter from click 8.2 on only
    """A choice that names the nearest value when the given one is none of them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, or fail with the values that there are and the nearest one."""
        words = [str(choice) for choice in self.choices]
        if isinstance(value, str) and value not in words:
            near = nearest(value, words)
            suggestion = f" Did you mean {near!r}?" if near else ""
            self.fail(f"{value!r} is not one of {', '.join(words)}.{suggestion}", param, ctx)
        return super().convert(value, param, ctx)
