"""How a class of frozen, slotted data is made: as `dataclasses.dataclass` does, in a tenth of the time.

A run needs some fifty such classes before it can begin. `dataclass` writes and compiles six methods for
each, which is 50 ms that every run would wait. Here the methods are shared, and only ``__init__`` is
compiled, when the first instance is made.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

Class = TypeVar("Class", bound=type)


@dataclass_transform(frozen_default=True)
def record(cls: Class) -> Class:
    """Return ``cls`` with slots for its annotated names, and immutable instances that compare by value.

    Works as ``@dataclass(frozen=True, slots=True)`` does; `dataclasses.fields` and `dataclasses.replace` work too.
    A default has to be immutable.
    """
    body = dict(cls.__dict__)
    body.pop("__dict__", None)
    body.pop("__weakref__", None)
    own = tuple(body.get("__annotations__", ()))
    inherited: tuple[str, ...] = getattr(cls, "__match_args__", ())
    defaults = getattr(cls, "_defaults", {}) | {name: body.pop(name) for name in own if name in body}
    made_here = {
        "__slots__": own,
        "__match_args__": (*inherited, *own),
        "__init__": _first_init,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__eq__": _equal,
        "__hash__": _hash,
        "__repr__": _repr,
        "__reduce__": _reduce,
        "__dataclass_fields__": _Fields(),
        "_defaults": defaults,
    }
    made: Any = type(cls)(cls.__name__, cls.__bases__, made_here | body)
    made.__qualname__ = cls.__qualname__
    return made  # type: ignore[no-any-return]


Instance = TypeVar("Instance")


def replace(instance: Instance, **changes: Any) -> Instance:
    """Return a copy with some values changed, as `dataclasses.replace` does, at the cost of making one instance."""
    fields: tuple[str, ...] = type(instance).__match_args__  # type: ignore[attr-defined]
    return type(instance)(**({name: getattr(instance, name) for name in fields} | changes))


def _first_init(self: Any, *values: Any, **named: Any) -> None:
    """Compile the class's own ``__init__``, put it in this one's place, and go on with it."""
    cls: Any = next(base for base in type(self).__mro__ if base.__dict__.get("__init__") is _first_init)
    init = cls.__init__ = _compile_init(cls)
    init(self, *values, **named)


def _compile_init(cls: Any) -> Callable[..., None]:
    """Return an ``__init__`` that stores its arguments through the slots, past ``__setattr__``."""
    names = cls.__match_args__
    scope = {f"_set_{name}": getattr(cls, name).__set__ for name in names}
    scope |= {f"_default_{name}": value for name, value in cls._defaults.items()}
    arguments = [f"{name}=_default_{name}" if name in cls._defaults else name for name in names]
    stores = [f" _set_{name}(self, {name})" for name in names]
    source = "\n".join([f"def __init__({', '.join(['self', *arguments])}):", *(stores or [" pass"])])
    exec(source, scope)  # the names come from our own class bodies
    init: Any = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init  # type: ignore[no-any-return]


def _values(instance: Any) -> tuple[Any, ...]:
    names = instance.__match_args__
    if not names:
        return ()
    values = attrgetter(*names)(instance)
    return values if len(names) > 1 else (values,)


def _refuse(self: Any, name: str, *_: Any) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change {name!r} of a {type(self).__name__}")


def _equal(self: Any, other: object) -> bool:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash((type(self), _values(self)))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={value!r}" for name, value in zip(self.__match_args__, _values(self), strict=True))
    return f"{type(self).__qualname__}({shown})"


def _reduce(self: Any) -> tuple[type, tuple[Any, ...]]:
    return type(self), _values(self)


class _Fields:
    """``__dataclass_fields__``, made when somebody asks: then `dataclasses` takes a record for one of its own."""

    def __get__(self, instance: object, owner: Any) -> dict[str, Any]:
        import dataclasses

        made: Any = dataclasses.make_dataclass(owner.__name__, owner.__match_args__)
        fields: dict[str, Any] = made.__dataclass_fields__
        return fields
