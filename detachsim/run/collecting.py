"""Python's own ``list``, ``dict``, ``OrderedDict`` and ``next``, of what a scenario can iterate over."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import Dictionary, Generated, items_of, type_name
from detachsim.run import sequences


def _refused(text: str, kind: str = "TypeError") -> TorchError:
    return TorchError("python", type=kind, text=text)


def _items(session: Session, value: Any) -> list[Any]:
    """Return the items of a value; raises Python's error for what has none."""
    items = list(sequences.unbound(session, value)) if isinstance(value, Tensor) else items_of(value)
    if items is None:
        raise _refused(f"'{type_name(value)}' object is not iterable")
    return items


def make_list(session: Session, *args: Any) -> list[Any]:
    """``list``."""
    if len(args) > 1:
        raise _refused(f"list expected at most 1 argument, got {len(args)}")
    return sequences.bounded(_items(session, args[0]) if args else [])


def _dictionary(kind: str) -> Callable[..., Dictionary]:
    def make(session: Session, *args: Any, **kwargs: Any) -> Dictionary:
        if len(args) > 1:
            expected = "dict expected at most 1 argument" if kind == "dict" else "expected at most 1 arguments"
            raise _refused(f"{expected}, got {len(args)}")
        made = Dictionary({}, kind)
        for key, value in _pairs(session, args[0]) if args else ():
            made.set_item(key, value)
        for key, value in kwargs.items():
            made.set_item(key, value)
        sequences.bounded([made])
        return made

    return make


def _pairs(session: Session, given: Any) -> list[tuple[Any, Any]]:
    if "items" in getattr(type(given), "METHODS", {}):
        return list(given.items())
    pairs = []
    for place, item in enumerate(_items(session, given)):
        if not isinstance(item, Tensor) and items_of(item) is None:
            raise _refused(f"cannot convert dictionary update sequence element #{place} to a sequence")
        pair = _items(session, item)
        if len(pair) != 2:
            text = f"dictionary update sequence element #{place} has length {len(pair)}; 2 is required"
            raise _refused(text, "ValueError")
        pairs.append((pair[0], pair[1]))
    return pairs


def take_next(session: Session, *args: Any) -> Any:
    """``next``: of what was given, the item that follows, or the default where there is none."""
    if not args:
        raise _refused("next expected at least 1 argument, got 0")
    if not isinstance(args[0], Generated):
        raise _refused(f"'{type_name(args[0])}' object is not an iterator")
    for item in args[0]:
        return item
    if len(args) > 1:
        return args[1]
    raise _refused("", "StopIteration")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "list": make_list,
    "dict": _dictionary("dict"),
    "OrderedDict": _dictionary("OrderedDict"),
    "next": take_next,
}
