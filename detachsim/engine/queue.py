"""The queue of nodes that are ready to run: highest sequence number first, ties as PyTorch's queue breaks them.

PyTorch keeps its ready nodes in a ``std::priority_queue``. Which of several ``AccumulateGrad`` nodes comes first (all
have the same number) is decided by how that heap moves its entries, so the moves here are those of the GNU C++
library. They differ from ``heapq``'s.
"""

from detachsim.engine.node import Node


def push(heap: list[Node], node: Node) -> None:
    """Add a node to the heap."""
    heap.append(node)
    _sift_up(heap, len(heap) - 1, 0, node)


def pop(heap: list[Node]) -> Node:
    """Take out the node with the highest sequence number."""
    first = heap[0]
    last = heap.pop()
    length = len(heap)
    if not length:
        return first
    # The hole goes all the way down along the larger children; then the last entry rises from there.
    hole = child = 0
    while child < (length - 1) // 2:
        child = 2 * (child + 1)
        if heap[child].sequence < heap[child - 1].sequence:
            child -= 1
        heap[hole] = heap[child]
        hole = child
    if length % 2 == 0 and child == (length - 2) // 2:
        child = 2 * (child + 1)
        heap[hole] = heap[child - 1]
        hole = child - 1
    _sift_up(heap, hole, 0, last)
    return first


def _sift_up(heap: list[Node], hole: int, top: int, node: Node) -> None:
    while hole > top:
        parent = (hole - 1) // 2
        if heap[parent].sequence >= node.sequence:
            break
        heap[hole] = heap[parent]
        hole = parent
    heap[hole] = node
