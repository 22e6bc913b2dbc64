"""What the formulas of an op come to: its edges, what it saves, and code."""

import re
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detachsim.engine.op import Op


@dataclass(frozen=True, slots=True)
class Plan:
    """What the formulas of an op come to.

    ``edges`` are the positions of the differentiable arguments; ``saved`` has one entry for each saved name: label,
    position of the argument or ``~n`` for output n, and the edge that guards it (-1: none). ``meta`` are labels and
    positions of plain numbers (``kind`` ``"size"`` for a shape, ``"stride"`` for strides). ``codes`` are the compiled
    formulas: the edges that each serves, and the code.
    """

    edges: tuple[int, ...]
    saved: tuple[tuple[str, int, int], ...]
    meta: tuple[tuple[str, int, str], ...]
    codes: tuple[tuple[tuple[int, ...], CodeType], ...]
    texts: tuple[str, ...]
    argument_names: tuple[str, ...]


_SIZE = re.compile(r"^(\w+)_(size|stride|offset)$")
_RESULT = re.compile(r"^result(\d*)$")


def make_plan(op: "Op") -> Plan:
    """Work out from the formulas' names what the op saves and how its formulas are called."""
    positions = {p.name: i for i, p in enumerate(op.parameters)}
    groups: list[tuple[tuple[str, ...], str, frozenset[str]]] = []
    # PyTorch works out the gradients by the alphabet, whatever their arguments' order.
    for key, text in sorted(op.grad.items()):
        targets = tuple(part.strip() for part in key.split(","))
        names = frozenset(_names(compile(text, f"<{op.name}: {key}>", "eval")))
        groups.append((targets, text, names))
    edges = tuple(sorted(positions[target] for targets, _, _ in groups for target in targets))
    edge_of = {position: index for index, position in enumerate(edges)}
    mentions: dict[str, list[int]] = {}
    for targets, _, names in groups:
        for name in names:
            mentions.setdefault(name, []).extend(edge_of[positions[target]] for target in targets)
    inputs: list[tuple[str, int, int]] = []
    results: list[tuple[str, int, int]] = []
    meta: list[tuple[str, int, str]] = []
    for name, users in sorted(mentions.items()):
        if name in positions:
            position = positions[name]
            if op.parameters[position].takes_tensor:
                only_one_formula = sum(name in names for _, _, names in groups) == 1 and len(users) == 1
                # As PyTorch's generator of code has it: no formula guards what the gradient of an op saves.
                guarded = only_one_formula and len(edges) > 1 and "backward" not in op.name
                inputs.append((name, position, users[0] if guarded else -1))
            else:
                meta.append((name, position, "value"))
        elif match := _RESULT.match(name):
            results.append((name, ~int(match[1] or 0), -1))
        elif (match := _SIZE.match(name)) and (match[1] in positions or match[1] == "result"):
            meta.append((name, positions.get(match[1], -1), match[2]))
        elif name == "needs":
            meta.append((name, -1, "needs"))
    if op.outputs:
        # As inputs are, by the alphabet.
        # What is hidden can never be at fault.
        labels = (*op.outputs, *["~"] * op.hidden)
        results.sort(key=lambda entry: labels[~entry[1]])
    saved = (*inputs, *results)
    argument_names = tuple(label for label, _, _ in saved) + tuple(label for label, _, _ in meta)
    first = "grads" if op.differentiable_outputs > 1 else "grad"
    codes = tuple(
        (
            tuple(edge_of[positions[target]] for target in targets),
            compile(f"lambda {', '.join((first, *argument_names))}: ({text})", f"<{op.name}>", "eval"),
        )
        for targets, text, _ in groups
    )
    texts = [""] * len(edges)
    for targets, text, _ in groups:
        for target in targets:
            texts[edge_of[positions[target]]] = text
    return Plan(edges, saved, tuple(meta), codes, tuple(texts), argument_names)


def _names(code: CodeType) -> set[str]:
    """Return the names that an expression reads, also inside the functions that it makes."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names
