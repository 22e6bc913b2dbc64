"""Anomaly mode as a call sets it: ``torch.autograd.set_detect_anomaly``, and what is behind it in ``torch``."""

from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.run.values import type_name


class set_detect_anomaly:
    """What ``torch.autograd.set_detect_anomaly`` returns, which a ``with`` block would end."""

    type_name = "set_detect_anomaly"
    called: ClassVar[dict[str, str]] = {"__init__": ""}
    session: Session

    def __init__(self, mode: Any, check_nan: Any = True) -> None:
        _set(self.session, mode, check_nan, "(position 2) ")

    def __repr__(self) -> str:
        return "<torch.autograd.anomaly_mode.set_detect_anomaly object at 0x…>"


def set_anomaly_enabled(session: Session, *given: Any, **named: Any) -> None:
    """``torch.set_anomaly_enabled``: whether anomaly mode is on, and whether it looks for nan."""
    if not given and "enabled" not in named:
        text = 'set_anomaly_enabled() missing 1 required positional arguments: "enabled"'
        raise TorchError("python", type="TypeError", text=text)
    if len(given) > 2:
        text = f"set_anomaly_enabled() takes from 1 to 2 positional arguments but {len(given)} were given"
        raise TorchError("python", type="TypeError", text=text)
    place = "(position 2) " if len(given) > 1 else ""
    values = dict(zip(("enabled", "check_nan"), given, strict=False)) | named
    _set(session, values["enabled"], values.get("check_nan", True), place)


def _set(session: Session, mode: Any, check_nan: Any, place: str) -> None:
    for name, value, at in (("enabled", mode, "(position 1) "), ("check_nan", check_nan, place)):
        if not isinstance(value, bool):
            text = f"set_anomaly_enabled(): argument '{name}' {at}must be bool, not {type_name(value)}"
            raise TorchError("python", type="TypeError", text=text)
    session.anomaly, session.check_nan = mode, check_nan
