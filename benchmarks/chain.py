"""Time an op of a chain (mul, sigmoid, add on three elements), forward and backward, here and in PyTorch.

    python benchmarks/chain.py

Rounds are interleaved, so that both see the machine in the same state; what is printed is the median over the rounds
of the ratio in one round. The garbage collector is set as the command line sets it before a run. With torch installed
the ratio is to eager PyTorch on one thread; without it, only our own time is printed.
"""

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from detachsim.engine.backward import run_backward
from detachsim.engine.session import Session
from detachsim.engine.tensor import fresh
from detachsim.engine.views import gradient_edge
from detachsim.ops.table import library

OPS = 300
ROUNDS = 100
TARGET = 0.8

Timing = tuple[float, float]


def ours() -> Timing:
    """Run the chain on our engine, recording facts as a run does; return seconds forward and backward."""
    session = Session(library(), record=True)
    call = session.call
    x = call("tensor", [0.1, 0.2, 0.3], requires_grad=True)
    w = call("tensor", [1.0, 0.9, 1.1])
    one = fresh(np.ones(3, np.float32), x.dtype)
    start = time.perf_counter()
    h = x
    for _ in range(OPS // 3):
        h = call("mul", h, w)
        h = call("sigmoid", h)
        h = call("add", h, w)
    middle = time.perf_counter()
    node, number = gradient_edge(session, h)
    assert node is not None
    run_backward(session, [(node, number)], [one], keep_graph=False, create_graph=False)
    return middle - start, time.perf_counter() - middle


def torch_chain() -> Callable[[], Timing] | None:
    """Return the same for PyTorch, nothing where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)

    def run() -> Timing:
        x = torch.tensor([0.1, 0.2, 0.3], requires_grad=True)
        w = torch.tensor([1.0, 0.9, 1.1])
        one = torch.ones(3)
        start = time.perf_counter()
        h = x
        for _ in range(OPS // 3):
            h = torch.mul(h, w)
            h = torch.sigmoid(h)
            h = torch.add(h, w)
        middle = time.perf_counter()
        h.backward(one)
        return middle - start, time.perf_counter() - middle

    return run


def main() -> int:
    """Print medians; status 1 where the target is missed."""
    theirs = torch_chain()
    ours()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    mine: list[Timing] = []
    other: list[Timing] = []
    for _ in range(ROUNDS):
        mine.append(ours())
        if theirs is not None:
            other.append(theirs())
    forward, backward = (statistics.median(t[i] for t in mine) / OPS * 1e6 for i in (0, 1))
    print(f"detachsim  forward {forward:.2f} us/op, backward {backward:.2f} us/op")
    if theirs is None:
        print("torch is not installed: nothing to compare with")
        return 0
    forward, backward = (statistics.median(t[i] for t in other) / OPS * 1e6 for i in (0, 1))
    print(f"torch      forward {forward:.2f} us/op, backward {backward:.2f} us/op")
    parts = [statistics.median(a[i] / b[i] for a, b in zip(mine, other, strict=True)) for i in (0, 1)]
    total = statistics.median(sum(a) / sum(b) for a, b in zip(mine, other, strict=True))
    print(f"ratio      forward {parts[0]:.2f}, backward {parts[1]:.2f}, together {total:.2f} (target {TARGET})")
    return 0 if total <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
