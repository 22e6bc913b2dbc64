"""einsum, step by step as PyTorch does it: permute every operand, then multiply pair by pair from the left."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.numeric import numel
from detachsim.ops.row import composite

# In a list of labels, the place of "...".
ELLIPSIS = "."


@dataclass(slots=True)
class Layout:
    """Where each label stands in the common shape of all operands: the output's dims first, then those to sum."""

    place: dict[str, int]
    dots: int
    dots_at: int
    outputs: int
    total: int


def parse_inputs(text: str, count: int) -> list[list[str]]:
    """Return the labels of each operand; raises PyTorch's errors."""
    labels: list[list[str]] = [[] for _ in range(count)]
    operand = 0
    seen_dots = False
    index = 0
    while index < len(text):
        letter = text[index]
        if letter == ".":
            if seen_dots:
                raise TorchError("einsum_dots", operand=operand)
            if text[index : index + 3] != "...":
                raise TorchError("einsum_dot", place=f"operand {operand}", more="")
            labels[operand].append(ELLIPSIS)
            seen_dots = True
            index += 2
        elif letter == ",":
            operand += 1
            if operand >= count:
                raise TorchError("einsum_fewer")
            seen_dots = False
        elif letter in ascii_letters:
            labels[operand].append(letter)
        elif letter != " ":
            raise TorchError("einsum_subscript", index=index)
        index += 1
    if operand != count - 1:
        raise TorchError("einsum_more")
    return labels


def lay_out(equation: str, labels: Sequence[Sequence[str]], ndims: Sequence[int]) -> Layout:
    """Return the common order of all dims; raises PyTorch's errors."""
    counts: dict[str, int] = {}
    dots = 0
    for operand, (listed, ndim) in enumerate(zip(labels, ndims, strict=True)):
        plain = [label for label in listed if label != ELLIPSIS]
        has_dots = len(plain) < len(listed)
        if (len(plain) > ndim) if has_dots else (len(plain) != ndim):
            key = "einsum_count_dots" if has_dots else "einsum_count"
            raise TorchError(key, labels=len(plain), ndim=ndim, operand=operand)
        if has_dots:
            dots = max(dots, ndim - len(plain))
        for label in plain:
            counts[label] = counts.get(label, 0) + 1
    arrow = equation.find("->")
    place: dict[str, int] = {}
    if arrow < 0:
        # Without an arrow the output has the dots and every label that stands once.
        for label in sorted((label for label in counts if counts[label] == 1), key=_rank):
            place[label] = dots + len(place)
        layout = Layout(place, dots, 0, dots + len(place), dots + len(place))
    else:
        layout = _parse_output(equation, arrow, counts, dots)
    for label in sorted(counts, key=_rank):
        if label not in layout.place:
            layout.place[label] = layout.total
            layout.total += 1
    return layout


def _rank(label: str) -> tuple[bool, str]:
    # PyTorch counts capital letters first.
    return (label.islower(), label)


def _parse_output(equation: str, arrow: int, counts: dict[str, int], dots: int) -> Layout:
    layout = Layout({}, dots, -1, 0, 0)
    index = arrow + 2
    while index < len(equation):
        letter = equation[index]
        if letter == ".":
            if layout.dots_at >= 0:
                raise TorchError("einsum_output_dots")
            if equation[index : index + 3] != "...":
                raise TorchError("einsum_dot", place="output", more=" (...)")
            layout.dots_at = layout.total
            layout.total += dots
            index += 2
        elif letter in ascii_letters:
            if letter in layout.place:
                raise TorchError("einsum_output_twice", label=letter)
            if letter not in counts:
                raise TorchError("einsum_output_unknown", label=letter)
            layout.place[letter] = layout.total
            layout.total += 1
        elif letter != " ":
            raise TorchError("einsum_subscript", index=index)
        index += 1
    layout.outputs = layout.total
    if layout.dots_at < 0:
        layout.dots_at = layout.total
        layout.total += dots
    return layout


def _align(
    ops: Any, operands: Sequence[Any], labels: Sequence[Sequence[str]], layout: Layout
) -> tuple[list[Any], list[int]]:
    """Permute every operand to the common order, with dims of size 1 where it has none.

    Returns also, for each dim, how many operands have it with more than one element.
    """
    sizes: dict[str, int] = {}
    dots_sizes = [1] * layout.dots
    counts = [0] * layout.total
    aligned: list[Any] = []
    for number, (operand, listed) in enumerate(zip(operands, labels, strict=True)):
        current = operand
        order = [-1] * layout.total
        dim = 0
        for label in listed:
            if label == ELLIPSIS:
                covered = operand.ndim - (len(listed) - 1)
                for dot in range(layout.dots - covered, layout.dots):
                    size = current.shape[dim]
                    if size != 1:
                        if dots_sizes[dot] not in (1, size):
                            raise TorchError(
                                "einsum_dots_sizes", dim=dim, operand=number, size=size, seen=dots_sizes[dot]
                            )
                        dots_sizes[dot] = size
                        counts[layout.dots_at + dot] += 1
                    order[layout.dots_at + dot] = dim
                    dim += 1
                continue
            at = layout.place[label]
            size = current.shape[dim]
            if order[at] == -1:
                if size != 1:
                    if sizes.get(label, 1) not in (1, size):
                        raise TorchError("einsum_sizes", label=label, size=size, operand=number, seen=sizes[label])
                    sizes[label] = size
                    counts[at] += 1
                order[at] = dim
                dim += 1
            else:
                before = order[at]
                if size != current.shape[before]:
                    raise TorchError(
                        "einsum_repeated", label=label, operand=number, size=size, seen=current.shape[before]
                    )
                current = ops.movedim(ops.diagonal(current, 0, before, dim), -1, before)
        for at in range(layout.total):
            if order[at] == -1:
                current = ops.unsqueeze(current, dim)
                order[at] = dim
                dim += 1
        aligned.append(ops.permute(current, tuple(order)))
    return aligned, counts


def multiply_pair(ops: Any, left: Any, right: Any, summed: Sequence[int]) -> Any:
    """Multiply two aligned operands and sum over some dims, which stay with size 1: one batched matrix product."""
    if not summed:
        return ops.mul(left, right)
    both: list[int] = []
    left_only: list[int] = []
    right_only: list[int] = []
    for dim in range(left.ndim):
        in_left, in_right = left.shape[dim] != 1, right.shape[dim] != 1
        if dim in summed:
            continue
        if in_left and in_right:
            both.append(dim)
        elif in_left:
            left_only.append(dim)
        else:
            right_only.append(dim)
    if left_only and right_only and max(right_only) < min(left_only):
        # The right operand's own dims all stand before the left's: then the product is made the other way round.
        left, right = right, left
        left_only, right_only = right_only, left_only
    inner = numel([left.shape[dim] for dim in summed])
    batch = numel([left.shape[dim] for dim in both])
    rows = numel([left.shape[dim] for dim in left_only])
    columns = numel([right.shape[dim] for dim in right_only])
    out_order = [*both, *left_only, *summed, *right_only]
    out_size = [
        *(left.shape[dim] for dim in (*both, *left_only)),
        *(1 for _ in summed),
        *(right.shape[dim] for dim in right_only),
    ]
    first = ops.reshape(ops.permute(left, (*both, *left_only, *summed, *right_only)), (batch, rows, inner))
    second = ops.reshape(ops.permute(right, (*both, *summed, *right_only, *left_only)), (batch, inner, columns))
    product = ops.view(ops.bmm(first, second), tuple(out_size))
    return ops.permute(product, tuple(out_order.index(dim) for dim in range(len(out_order))))


def einsum(ops: Any, equation: str, operands: Sequence[Any]) -> Any:
    """Sums of products that an equation of labels describes."""
    if not operands:
        raise TorchError("einsum_none")
    arrow = equation.find("->")
    labels = parse_inputs(equation if arrow < 0 else equation[:arrow], len(operands))
    layout = lay_out(equation, labels, [operand.ndim for operand in operands])
    aligned, counts = _align(ops, operands, labels, layout)
    while len(aligned) > 1:
        left, right, *rest = aligned
        summed: list[int] = []
        left_sums: list[int] = []
        right_sums: list[int] = []
        for dim in range(layout.outputs, layout.total):
            if left.shape[dim] != 1 and right.shape[dim] != 1:
                counts[dim] -= 1
                if counts[dim] == 1:
                    summed.append(dim)
                    counts[dim] = 0
            elif counts[dim] == 1 and (left.shape[dim] != 1 or right.shape[dim] != 1):
                (left_sums if left.shape[dim] != 1 else right_sums).append(dim)
                counts[dim] = 0
        if left_sums:
            left = ops.sum_dim(left, tuple(left_sums), True)
        if right_sums:
            right = ops.sum_dim(right, tuple(right_sums), True)
        aligned = [multiply_pair(ops, left, right, summed), *rest]
    result = aligned[0]
    if layout.total == layout.outputs:
        return result
    if len(operands) > 1:
        return ops.view(result, tuple(result.shape[: layout.outputs]))
    return ops.sum_dim(result, tuple(range(layout.outputs, layout.total)))


ROWS: list[Op] = [
    composite(
        "einsum(str equation, Tensor* operands=())",
        einsum,
        where="t",
        doc="sums of products that an equation of labels describes",
        samples=(
            "torch.einsum('ij,jk->ik', a, b)",
            "torch.einsum('i,i->', a, b)",
            "torch.einsum('ij->i', a)",
            "torch.einsum('i,j->ij', a, b)",
        ),
    ),
]
