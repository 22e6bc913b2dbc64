"""When Python looks for reference cycles: almost never, since nothing here makes any."""

import gc


def pause_collector() -> None:
    """Stop looking for cycles, while a file is read: it makes a great many objects, and keeps them all."""
    gc.disable()


def relax_collector() -> None:
    """Look again, but rarely, and not at what is there by now: a run adds to a graph that has no cycles.

    With Python's own thresholds the time of one op grows with the length of the graph.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()
