"""How much memory a scenario may take: it can ask for more than the machine has."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

MEMORY_LIMIT = 2**30
"""Bytes beyond those that the process has already. A teaching program needs a hundredth of it; where it ends, numpy
raises MemoryError at once."""


@contextmanager
def limited_memory() -> Iterator[None]:
    """Bound this process's memory where the system says how much it has (Linux), and keep a stricter bound that is set
    already. Also a decorator."""
    held = _address_space()
    if not held:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([*bounds, held + MEMORY_LIMIT]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int:
    """Return the bytes of address space that this process has, 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
