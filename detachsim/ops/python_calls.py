"""Calling what PyTorch writes in Python, such as a module's ``forward``, with Python's errors for wrong arguments."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session


def call_python(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], name: str = "") -> Any:
    """Call ``function``; what Python says of wrong arguments becomes the scenario's error, with the same text.

    That is so whether the function does not take them at all, or computes with them what cannot be computed:
    PyTorch's own Python fails there just so. ``name`` is what PyTorch calls the function, where we call it otherwise.
    """
    try:
        return function(*args, **kwargs)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        text = repr(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        ours = function.__qualname__
        if name and text.startswith(f"{ours}()"):
            text = name + text[len(ours) :]
        raise TorchError("python", type=type(error).__name__, text=text) from None


def call_given(function: Any, *args: Any) -> Any:
    """Call a function that a scenario handed over; what is none is refused as by Python."""
    if not hasattr(function, "call"):
        text = f"'{type(function).__name__}' object is not callable"
        raise TorchError("python", type="TypeError", text=text)
    return function.call(*args)


def maker(made: Any) -> Callable[..., Any]:
    """Return what makes an object of a class whose ``session`` is set before its ``__init__`` runs.

    A class may say in ``newer`` which keywords older dialects do not know.
    """
    owner = next((base for base in made.__mro__ if "newer" in vars(base)), None)

    def make(session: Session, *args: Any, **kwargs: Any) -> Any:
        if owner is not None and session.dialect != NEWEST:
            unknown = next((name for name in kwargs if name in owner.newer), None)
            if unknown is not None:
                place = called(made, "__init__") or f"{owner.__name__}.__init__"
                text = f"{place}() got an unexpected keyword argument '{unknown}'"
                raise TorchError("python", type="TypeError", text=text)
        value = made.__new__(made)
        value.session = session
        call_python(value.__init__, args, kwargs, called(made, "__init__"))
        return value

    return make


def called(owner: type, name: str) -> str:
    """Return what PyTorch calls a method of a class of ours; empty where it is called the same.

    A class says so in ``called``, by method: the class that PyTorch wrote it in, empty for each one's own.
    """
    names: Mapping[str, str] = getattr(owner, "called", {})
    return f"{names[name] or owner.__name__}.{name}" if name in names else ""


def method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method for a class's ``METHODS``, which takes the session and the object first."""

    def call(session: Session, owner: Any, *args: Any, **kwargs: Any) -> Any:
        return call_python(function, (owner, *args), kwargs, called(type(owner), function.__name__))

    return call


def function(called: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """Return a function that takes the session first, and raises Python's errors as the scenario's, under a name."""

    def call(session: Session, *args: Any, **kwargs: Any) -> Any:
        try:
            return call_python(called, (session, *args), kwargs)
        except TorchError as error:
            text = error.details.get("text", "")
            if error.key != "python" or not text.startswith(f"{called.__qualname__}()"):
                raise
            text = _GIVEN.sub(_without_session, text)
            text = (name or called.__qualname__) + text[len(called.__qualname__) :]
            raise TorchError("python", type=error.details["type"], text=text) from None

    return call


_GIVEN = re.compile(r"takes (?:from (\d+) to )?(\d+) positional arguments? but (\d+) were given")


def _without_session(found: re.Match[str]) -> str:
    """Return how many arguments a function takes, and was given, without the session, which nobody wrote."""
    least, most, given = (int(count) - 1 if count else None for count in found.groups())
    counts = most if least is None else f"from {least} to {most}"
    noun = "argument" if most == 1 else "arguments"
    return f"takes {counts} positional {noun} but {given} {'was' if given == 1 else 'were'} given"
