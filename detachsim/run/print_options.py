"""``torch.set_printoptions``: how tensors are printed from now on."""

from dataclasses import replace
from typing import Any

from detachsim.engine.errors import LimitError
from detachsim.engine.session import Session

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}

MOST_DIGITS = 1000


def set_printoptions(
    session: Session,
    precision: Any = None,
    threshold: Any = None,
    edgeitems: Any = None,
    linewidth: Any = None,
    profile: Any = None,
    sci_mode: Any = None,
) -> None:
    """``torch.set_printoptions``: what is not given stays, but ``sci_mode``, which each call sets."""
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    known = _PROFILES.get(profile, {}) if isinstance(profile, str) else {}
    changes = known | {name: value for name, value in given.items() if value is not None}
    for name, value in changes.items():
        # PyTorch takes anything, and fails when it prints the next tensor.
        if not isinstance(value, int if name in ("precision", "edgeitems") else (int, float)):
            raise LimitError(f"{name} of set_printoptions that is no number")
        if not value >= 0 or (name == "precision" and value > MOST_DIGITS):
            raise LimitError(f"{name}={value} of set_printoptions")
    session.print_options = replace(session.print_options, **changes, sci_mode=sci_mode)
