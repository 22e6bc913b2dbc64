"""Measure a long chain: no recursion on the way forward, back or away, and the memory of its graph for each op.

    python benchmarks/memory.py

The chain is mul, sigmoid, add on three elements. What counts is what stays alive while the last result does: nodes,
edges, saved tensors and the numbers they hold.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from detachsim.engine.backward import run_backward
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, fresh
from detachsim.engine.views import gradient_edge
from detachsim.ops.table import library

OPS = 99_999
TARGET = 400


def main() -> int:
    """Print bytes and microseconds for each op; status 1 where the target is missed."""
    session = Session(library())
    call = session.call
    x = call("tensor", [0.1, 0.2, 0.3], requires_grad=True)
    w = call("tensor", [1.0, 0.9, 1.1])
    chain(call, x, w, 3)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    h = chain(call, x, w, OPS)
    held = (tracemalloc.get_traced_memory()[0] - before) / OPS
    tracemalloc.stop()
    start = time.perf_counter()
    node, number = gradient_edge(session, h)
    assert node is not None
    seed = fresh(np.ones(3, np.float32), x.dtype)
    run_backward(session, [(node, number)], [seed], keep_graph=False, create_graph=False)
    seconds = time.perf_counter() - start
    del h, node
    print(f"{OPS:,} ops under a recursion limit of {sys.getrecursionlimit()}: {held:.0f} bytes an op (target {TARGET})")
    print(f"backward {seconds / OPS * 1e6:.1f} us/op")
    return 0 if held <= TARGET else 1


def chain(call: Callable[..., Tensor], x: Tensor, w: Tensor, ops: int) -> Tensor:
    """Return the last result of a chain of ``ops`` ops."""
    h = x
    for _ in range(ops // 3):
        h = call("mul", h, w)
        h = call("sigmoid", h)
        h = call("add", h, w)
    return h


if __name__ == "__main__":
    sys.exit(main())
