"""Calling what PyTorch writes in Python, such as a module's ``forward``, with Python's errors for wrong arguments."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session


def call_python(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call ``function``; arguments that it does not take become the scenario's ``TypeError``, with Python's text."""
    try:
        return function(*args, **kwargs)
    except TypeError as error:
        # An error of the call itself has no frame below this one; any other is a fault of ours.
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise
        raise TorchError("python", type="TypeError", text=str(error)) from None


def maker(made: Any) -> Callable[..., Any]:
    """Return what makes an object of a class whose ``session`` is set before its ``__init__`` runs."""

    def make(session: Session, *args: Any, **kwargs: Any) -> Any:
        value = made.__new__(made)
        value.session = session
        call_python(value.__init__, args, kwargs)
        return value

    return make


def method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method for a class's ``METHODS``, which takes the session and the object first."""

    def call(session: Session, owner: Any, *args: Any, **kwargs: Any) -> Any:
        return call_python(function, (owner, *args), kwargs)

    return call
