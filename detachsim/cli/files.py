"""Which scenario files the paths on the command line stand for."""

import os
from collections.abc import Iterable, Iterator

import click

SUFFIXES = (".yaml", ".yml")


def find_scenarios(paths: Iterable[str]) -> list[str]:
    """Return the files that ``paths`` stand for, in their order, each once.

    A folder stands for the scenarios in it and below it, sorted; anything else for itself (``-``: standard input).
    A folder without any is an error.
    """
    found: dict[str, None] = {}
    for path in paths:
        if path != "-" and os.path.isdir(path):
            below = dict.fromkeys(walk(path))
            if not below:
                raise click.UsageError(f"No scenarios (*.yaml, *.yml) in {click.format_filename(path)!r}.")
            found |= below
        else:
            found[path] = None
    return list(found)


def walk(folder: str) -> Iterator[str]:
    """Yield the scenario files in and below ``folder``, sorted by path; what is hidden is passed over."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise click.UsageError(f"Cannot look into {click.format_filename(folder)!r}: {error.strerror}.") from error
    for entry in listed:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path)
        elif entry.name.endswith(SUFFIXES):
            yield entry.path
