"""The releases of PyTorch whose behaviour is known, and which of them come between."""

NEWEST = "torch-2.13"
_NEWEST_FIRST = (NEWEST, "torch-1.13", "torch-1.7")


def dialects_back_to(dialect: str) -> tuple[str, ...]:
    """Return the older dialects from the first before the newest back to ``dialect``: each changes the one before."""
    return _NEWEST_FIRST[1 : _NEWEST_FIRST.index(dialect) + 1]
