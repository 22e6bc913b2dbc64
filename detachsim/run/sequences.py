"""Lists, tuples, texts and sizes as operands: joined, repeated by a number or by a tensor of one."""

import ast
from typing import Any, TypeGuard, TypeVar

from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import Dictionary
from detachsim.run.values import Size, type_name

MAX_ITEMS = 100_000
"""A text or list of more items, counted through the lists inside it, is no part of a tensor program."""
MAX_DEPTH = 64
"""Nor are lists that are nested deeper than a tensor has dims."""

Items = list[Any] | tuple[Any, ...] | str
_Items = TypeVar("_Items", bound=Items)


def is_sequence(value: Any) -> TypeGuard[Items]:
    """Say whether ``value`` has items by Python's own rules."""
    return isinstance(value, (list, tuple, str))


def bounded(items: _Items, owner: list[Any] | Dictionary | None = None) -> _Items:
    """Return ``items``, or refuse them: printing two names for one list, doubled a few dozen times, would not end.

    ``owner`` is the list or dictionary that they are put into.
    """
    if isinstance(items, str):
        return items
    count, depth = 0, 0
    level: list[Any] = [items]
    while level:
        depth += 1
        inner: list[Any] = []
        for each in level:
            if each is owner:
                raise LimitError(f"a {type_name(owner)} inside itself")
            parts = list(each.table.values()) if isinstance(each, Dictionary) else each
            count += len(parts)
            require_few_items(items, count)
            inner.extend(part for part in parts if isinstance(part, (list, tuple, Dictionary)))
        if depth > MAX_DEPTH:
            raise LimitError(f"a {type_name(items)} nested more than {MAX_DEPTH} levels deep")
        level = inner
    return items


def require_few_items(items: Items, count: int) -> None:
    """Refuse a text or list like ``items`` that holds ``count`` items, where they are too many."""
    if count > MAX_ITEMS:
        raise LimitError(f"a {type_name(items)} of more than {MAX_ITEMS:,} items")


def as_index(tensor: Tensor) -> int:
    """Return the number that a tensor is where Python wants an index."""
    if tensor.array.size != 1 or tensor.dtype.is_floating:
        raise TorchError("index_of_many")
    return int(tensor.array.item())


def plain_index(index: Any) -> Any:
    """Return an index as Python's own sequences take it, numbers for tensors."""
    if isinstance(index, Tensor):
        return as_index(index)
    if isinstance(index, slice):
        return slice(plain_index(index.start), plain_index(index.stop), plain_index(index.step))
    return index


def item(items: Items, index: Any) -> Any:
    """Return ``items[index]``."""
    try:
        made = items[plain_index(index)]
    except (TypeError, IndexError, ValueError) as error:
        raise TorchError("python", type=type(error).__name__, text=str(error)) from None
    return Size(made) if isinstance(items, Size) and isinstance(made, tuple) else made


def set_item(session: Session, items: list[Any], index: Any, value: Any) -> None:
    """Do ``items[index] = value``."""
    index = plain_index(index)
    if isinstance(index, slice) and isinstance(value, Tensor):
        value = unbound(session, value)
    if is_sequence(value):
        bounded(value, items)
    try:
        items[index] = value
    except (TypeError, IndexError, ValueError) as error:
        raise TorchError("python", type=type(error).__name__, text=str(error)) from None


def unbound(session: Session, tensor: Tensor) -> tuple[Tensor, ...]:
    """Return what comes of iterating over a tensor."""
    if tensor.array.ndim == 0:
        raise TorchError("python", type="TypeError", text="iteration over a 0-d tensor")
    return tuple(session.call("unbind", tensor, 0))


def join(session: Session, left: Items, right: Any) -> Any:
    """Return ``left + right``."""
    if isinstance(right, Size) and type(left) is tuple and session.dialect == "torch-2.13":
        return Size((*left, *right))
    whole = str if isinstance(left, str) else list if isinstance(left, list) else tuple
    if not isinstance(right, whole):
        text = f'can only concatenate {whole.__name__} (not "{type_name(right)}") to {whole.__name__}'
        if isinstance(left, Size) and session.dialect == "torch-2.13":
            text = f"can only concatenate tuple (not {type_name(right)}) to torch.Size"
        raise TorchError("python", type="TypeError", text=text)
    require_few_items(left, len(left) + len(right))
    made = bounded(left + right)  # type: ignore[operator]  # they are of one kind
    if isinstance(left, Size):
        for place, item in enumerate(made):
            if not isinstance(item, int):
                text = f"torch.Size() takes an iterable of 'int' (item {place} is '{type_name(item)}')"
                raise TorchError("python", type="TypeError", text=text)
        return Size(map(int, made))
    return made


def repeat(items: Items, count: Any) -> Any:
    """Return ``items * count``."""
    if isinstance(count, Tensor):
        count = as_index(count)
    elif not isinstance(count, int):
        text = f"can't multiply sequence by non-int of type '{type_name(count)}'"
        raise TorchError("python", type="TypeError", text=text)
    require_few_items(items, len(items) * count)
    made = bounded(items * count)
    return Size(made) if isinstance(items, Size) else made


def edit(session: Session, symbol: str, items: list[Any], value: Any) -> list[Any]:
    """Do ``items += value`` or ``items *= value``, which changes the list for every name that it has."""
    if symbol == "*":
        items[:] = repeat(items, value)
    elif isinstance(value, Tensor):
        items[:] = join(session, items, list(unbound(session, value)))
    elif is_sequence(value):
        items[:] = join(session, items, list(bounded(value, items)))
    else:
        raise TorchError("python", type="TypeError", text=f"'{type_name(value)}' object is not iterable")
    return items


LIST_METHODS = frozenset({"append", "extend", "insert", "pop", "clear", "reverse", "copy"})
"""The methods of a list that look at no item: a hook collects gradients by them."""


def call_method(session: Session, items: list[Any], name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return ``items.name(…)`` of one of ``LIST_METHODS``; errors are Python's own."""
    given = [list(unbound(session, one)) if name == "extend" and isinstance(one, Tensor) else one for one in args]
    if name == "extend":
        given = [bounded(one, items) if is_sequence(one) else one for one in given]
    else:
        bounded([one for one in given if is_sequence(one)], items)
    try:
        made = getattr(items, name)(*given, **kwargs)
    except (TypeError, IndexError, ValueError) as error:
        raise TorchError("python", type=type(error).__name__, text=str(error)) from None
    bounded(items)
    return made


def combine(session: Session, sign: ast.AST, left: Any, right: Any) -> Any:
    """Return ``left + right`` or ``left * right`` where one of them has items; ``NotImplemented`` otherwise."""
    if isinstance(sign, ast.Add) and is_sequence(left):
        return join(session, left, right)
    if isinstance(sign, ast.Mult):
        if is_sequence(left):
            return repeat(left, right)
        if is_sequence(right):
            return repeat(right, left)
    return NotImplemented
