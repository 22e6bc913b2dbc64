"""The state of one backward pass: which nodes run, what each waits for, and what has arrived."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.gradients import Gradient, Gradients
from detachsim.engine.node import Node
from detachsim.engine.ownership import is_alone

if TYPE_CHECKING:
    from detachsim.engine.session import Session


Edge = tuple[Node, int]


class Pass:
    """One backward pass: what waits for what, and what has arrived."""

    __slots__ = (
        "arrived",
        "captured",
        "captures",
        "create_graph",
        "gradients",
        "keep_graph",
        "needed",
        "ready",
        "session",
        "waiting",
    )

    def __init__(self, session: "Session", *, keep_graph: bool, create_graph: bool) -> None:
        self.session = session
        self.keep_graph = keep_graph
        self.create_graph = create_graph
        self.waiting: dict[Node, int] = {}
        self.arrived: dict[Node, list[Gradient]] = {}
        self.ready: list[Node] = []
        self.gradients = Gradients()
        # Only for a pass towards given inputs: which nodes run, and which gradients are taken on the way.
        self.needed: set[Node] | None = None
        self.captures: dict[Node, list[tuple[int, int]]] = {}
        self.captured: dict[int, Gradient] = {}


def count_dependencies(work: Pass, roots: list[Node]) -> None:
    """Count, for every node that the roots reach, how many edges lead to it."""
    waiting = work.waiting
    stack = list(dict.fromkeys(roots))
    entered = set(stack)
    while stack:
        for child in stack.pop().next:
            if child is None:
                continue
            if child in waiting:
                waiting[child] += 1
            else:
                waiting[child] = 1
                if child not in entered:
                    stack.append(child)


def restrict(work: Pass, roots: list[Node], inputs: Sequence[tuple[Node | None, int]], accumulate: bool) -> None:
    """Mark the nodes on a path from the roots to ``inputs``."""
    targets: set[Node] = set()
    for index, (node, number) in enumerate(inputs):
        if node is None:
            continue
        targets.add(node)
        if not accumulate:
            work.captures.setdefault(node, []).append((number, index))
    needed = set(targets) if accumulate else set()
    # Depth first, children before parents: a node is needed when one of its children is an input or needed.
    state: dict[Node, bool] = {}
    for root in roots:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                if any(child is not None and (child in targets or child in needed) for child in node.next):
                    needed.add(node)
                continue
            if node in state:
                continue
            state[node] = True
            stack.append((node, True))
            stack.extend((child, False) for child in node.next if child is not None and child not in state)
    work.needed = needed


def arrive(work: Pass, node: Node, number: int, gradient: Gradient) -> None:
    """Add a gradient to what has arrived at output ``number`` of ``node``; ``None`` is no gradient."""
    slots = work.arrived.get(node)
    if slots is None:
        count = 1 if node.extras is None or node.extras.outputs is None else len(node.extras.outputs)
        if count == 1:
            work.arrived[node] = [gradient]
            return
        slots = work.arrived[node] = [None] * count
    if gradient is None:
        return
    if slots[number] is None:
        slots[number] = gradient
    elif work.create_graph:
        session = work.session
        slots[number] = session.call(session.library.operators["+"], slots[number], gradient)
    elif node.outputs()[number][1] is dtypes.bfloat16:
        slots[number] = dtypes.round_bfloat16(slots[number] + gradient)
    elif is_alone(slots, number) and work.session.dialect == NEWEST:
        present = slots[number] = np.asarray(slots[number])
        np.add(present, gradient, out=present)
        work.gradients.version(present).value += 1
    else:
        slots[number] = np.asarray(slots[number] + gradient)
