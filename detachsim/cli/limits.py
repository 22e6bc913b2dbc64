"""How much memory this process may take: a scenario can ask for more than the machine has."""

MEMORY_LIMIT = 3 * 2**30
"""Bytes of address space. A teaching program needs a hundredth of it; beyond it numpy raises MemoryError at once."""


def limit_memory() -> None:
    """Bound this process's memory where the system can (not on Windows), and keep a stricter bound that is set
    already."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    if min(bounds, default=MEMORY_LIMIT) >= MEMORY_LIMIT:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, hard))
