"""Where equal elements end up when PyTorch sorts and selects, which depends on each step of its algorithms.

``kthvalue`` partitions with a quick select of its own; ``sort``, ``mode`` and ``topk`` call C++'s ``std::sort``,
``std::nth_element`` and ``std::partial_sort``, which here take the steps of libstdc++. Source: ATen's
``native/Sorting.cpp``, ``native/cpu/SortingKernel.cpp`` and ``native/TopKImpl.h``; libstdc++'s ``bits/stl_algo.h`` and
``bits/stl_heap.h``.
"""

from collections.abc import Callable

# ``before(x, y)``: x must stand before y. Works on indices.
Before = Callable[[int, int], bool]

# Stretches of so few elements are sorted by insertion: those of a selection, those of a sort.
_INSERTION, SHORT = 3, 16
# Longer rows are sorted by numpy, where equal elements keep their order: step by step they would take seconds.
LONG = 1 << 12


def quick_select(order: list[int], k: int, after: Before) -> None:
    """Move the k-th of ``order`` to its place; ``after(x, y)``: x belongs behind y."""
    left, right = 0, len(order) - 1

    def swap(i: int, j: int) -> None:
        order[i], order[j] = order[j], order[i]

    while right > left:
        if right == left + 1:
            if after(order[left], order[right]):
                swap(left, right)
            return
        swap(left + (right - left) // 2, left + 1)
        if after(order[left + 1], order[right]):
            swap(left + 1, right)
        if after(order[left], order[right]):
            swap(left, right)
        if after(order[left + 1], order[left]):
            swap(left + 1, left)
        i, j = left + 1, right
        pivot = order[left]
        while True:
            i += 1
            while after(pivot, order[i]):
                i += 1
            j -= 1
            while after(order[j], pivot):
                j -= 1
            if j < i:
                break
            swap(i, j)
        swap(left, j)
        if j <= k:
            left = i
        if j >= k:
            right = j - 1


def sort(order: list[int], first: int, last: int, before: Before) -> None:
    """Sort a stretch as ``std::sort`` does: by partitions down to short stretches, then by insertion."""
    _partition_down(order, first, last, 2 * (last - first).bit_length() - 2, before)
    _insertion_sort(order, first, min(last, first + SHORT), before)
    for position in range(first + SHORT, last):
        _insert(order, position, before)


def nth_element(order: list[int], nth: int, before: Before) -> None:
    """Put the element that belongs there at ``nth``, and what belongs before it in front."""
    first, last = 0, len(order)
    if nth >= last:
        return
    depth = 2 * last.bit_length() - 2
    while last - first > _INSERTION:
        if depth == 0:
            _heap_select(order, first, nth + 1, last, before)
            order[first], order[nth] = order[nth], order[first]
            return
        depth -= 1
        cut = _partition_around_pivot(order, first, last, before)
        if cut <= nth:
            first = cut
        else:
            last = cut
    _insertion_sort(order, first, last, before)


def partial_sort(order: list[int], first: int, middle: int, last: int, before: Before) -> None:
    """Sort what belongs between ``first`` and ``middle``, by a heap."""
    _heap_select(order, first, middle, last, before)
    for end in range(middle - 1, first, -1):
        _pop_heap(order, first, end, end, before)


def _partition_down(order: list[int], first: int, last: int, depth: int, before: Before) -> None:
    while last - first > SHORT:
        if depth == 0:
            partial_sort(order, first, last, last, before)
            return
        depth -= 1
        cut = _partition_around_pivot(order, first, last, before)
        _partition_down(order, cut, last, depth, before)
        last = cut


def _insertion_sort(order: list[int], first: int, last: int, before: Before) -> None:
    for position in range(first + 1, last):
        # What belongs at the front goes there without a look between: only nan, which has no order, tells the two.
        if before(order[position], order[first]):
            order.insert(first, order.pop(position))
        else:
            _insert(order, position, before)


def _insert(order: list[int], position: int, before: Before) -> None:
    """Move an element down to where it belongs; an element that it does not belong before is known to be there."""
    item = order[position]
    while before(item, order[position - 1]):
        order[position] = order[position - 1]
        position -= 1
    order[position] = item


def _partition_around_pivot(order: list[int], first: int, last: int, before: Before) -> int:
    middle = first + (last - first) // 2
    _median_to_first(order, first, first + 1, middle, last - 1, before)
    low, high = first + 1, last
    while True:
        while before(order[low], order[first]):
            low += 1
        high -= 1
        while before(order[first], order[high]):
            high -= 1
        if low >= high:
            return low
        order[low], order[high] = order[high], order[low]
        low += 1


def _median_to_first(order: list[int], result: int, a: int, b: int, c: int, before: Before) -> None:
    x, y, z = order[a], order[b], order[c]
    if before(x, y):
        chosen = b if before(y, z) else c if before(x, z) else a
    else:
        chosen = a if before(x, z) else c if before(y, z) else b
    order[result], order[chosen] = order[chosen], order[result]


def _heap_select(order: list[int], first: int, middle: int, last: int, before: Before) -> None:
    """Make a heap of a stretch, and let in what belongs before its greatest element."""
    for parent in range((middle - first) // 2 - 1, -1, -1):
        _sift(order, first, parent, middle - first, order[first + parent], before)
    for place in range(middle, last):
        if before(order[place], order[first]):
            _pop_heap(order, first, middle, place, before)


def _pop_heap(order: list[int], first: int, last: int, place: int, before: Before) -> None:
    """Move the heap's greatest element to ``place``, and what was there into the heap."""
    item = order[place]
    order[place] = order[first]
    _sift(order, first, 0, last - first, item, before)


def _sift(order: list[int], first: int, hole: int, count: int, item: int, before: Before) -> None:
    """Let the hole sink to the bottom along the greater children, and the item rise from there."""
    top = hole
    while (child := 2 * hole + 2) <= count:
        if child == count or before(order[first + child], order[first + child - 1]):
            child -= 1
        order[first + hole] = order[first + child]
        hole = child
    while hole > top and before(order[first + (hole - 1) // 2], item):
        order[first + hole] = order[first + (hole - 1) // 2]
        hole = (hole - 1) // 2
    order[first + hole] = item
