"""What the functions that PyTorch writes in Python do first with their arguments, which says what error comes first.

A body has the parameters of the function in PyTorch after ``c``, whose methods stand for what a body does to a value:
calling a function of C++, reading an attribute, asking whether it is true.
"""

from typing import TYPE_CHECKING, Any

from detachsim.engine.calls import Calls
from detachsim.engine.errors import TorchError
from detachsim.engine.functional_bodies import FUNCTIONAL_BODIES
from detachsim.engine.loss_bodies import LOSS_BODIES
from detachsim.engine.picture_bodies import PICTURE_BODIES
from detachsim.engine.torch_bodies import TORCH_BODIES

if TYPE_CHECKING:
    from detachsim.engine.session import Session

_BODIES = FUNCTIONAL_BODIES | LOSS_BODIES | PICTURE_BODIES | TORCH_BODIES


def ask_body(session: "Session", place: str, name: str, arguments: dict[str, Any]) -> bool:
    """Raise the error that the body of a function in Python ends with, if it is known.

    Returns whether the types of the arguments alone made it run. Arguments that it makes something else of are changed.
    """
    body = _BODIES.get(f"{place} {name}")
    if body is None:
        return True
    calls = Calls(session)
    try:
        arguments.update(body(calls, **arguments) or {})
    except TorchError:
        for key, details in calls.warnings:
            session.warn(key, **details)
        raise
    return calls.certain
