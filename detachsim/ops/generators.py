"""``torch.Generator``, a source of random numbers of the scenario's own, and the seed of the global one."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.generator import Generator
from detachsim.engine.session import Session


def _initial_seed(session: Session) -> int:
    return session.generator.seed


CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "Generator": lambda session, device="cpu": Generator(),
    "initial_seed": _initial_seed,
}
