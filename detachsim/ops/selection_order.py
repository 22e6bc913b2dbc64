"""Which of equal elements PyTorch's selections take: the steps of its quick select and of C++'s ``nth_element``.

``kthvalue`` partitions with a quick select of its own; ``median(dim)`` and ``topk`` use ``std::nth_element``, here
as libstdc++ has it. Source: ATen's ``native/Sorting.cpp`` and ``native/TopKImpl.h``.
"""

from collections.abc import Callable

# ``before(x, y)``: x must stand before y. Works on indices.
Before = Callable[[int, int], bool]

_INSERTION = 3


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


def nth_element(order: list[int], nth: int, before: Before) -> None:
    """Put the element that belongs there at ``nth``, what belongs before it in front, in libstdc++'s order."""
    first, last = 0, len(order)
    if nth >= last:
        return
    while last - first > _INSERTION:
        cut = _partition_around_pivot(order, first, last, before)
        if cut <= nth:
            first = cut
        else:
            last = cut
    insertion_sort(order, first, last, before)


def insertion_sort(order: list[int], first: int, last: int, before: Before) -> None:
    """Sort a stretch, equal elements staying in order."""
    for position in range(first + 1, last):
        item = order[position]
        place = position
        while place > first and before(item, order[place - 1]):
            order[place] = order[place - 1]
            place -= 1
        order[place] = item


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
