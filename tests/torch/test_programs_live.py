"""The programs of the engine's tests, run by the PyTorch that is installed, against what was recorded."""

import re
import warnings
from typing import Any

import pytest

from tests.engine.programs import PROGRAMS
from tests.engine.running import recorded, source

torch = pytest.importorskip("torch")

_ADDRESS = re.compile(r"0x[0-9a-f]+")
_TRIGGERED = re.compile(r" ?\(Triggered internally at .*\)$", re.DOTALL)


def run(name: str) -> list[str]:
    """Return what a program prints, warns and raises in PyTorch."""
    lines: list[str] = []
    names: dict[str, Any] = {"torch": torch}

    def fails(text: str) -> None:
        try:
            exec(compile(text.replace("show(", "str("), "<program>", "exec"), names)
        except Exception as error:
            lines.append(f"{type(error).__name__}: {error}")
        else:
            raise AssertionError(f"no error: {text}")

    def warned(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        lines.append(f"{category.__name__}: {_TRIGGERED.sub('', str(message))}")

    # `show(a, b)` becomes one line of print for each expression, with its text in front.
    text = re.sub(r"^( *)show\((.*)\)$", _show, source(name), flags=re.MULTILINE)
    names |= {"fails": fails, "put": lambda label, value: lines.append(_ADDRESS.sub("0x…", f"{label}: {value}"))}
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = warned
        exec(compile(text, f"<{name}>", "exec"), names)
    return lines


def _show(match: re.Match[str]) -> str:
    import ast

    call = ast.parse(match[0].strip(), mode="eval").body
    assert isinstance(call, ast.Call)
    labels = [ast.unparse(argument) for argument in call.args]
    return match[1] + "; ".join(f"put({label!r}, {label})" for label in labels)


@pytest.mark.parametrize("name", PROGRAMS)
def test_recorded(name: str) -> None:
    assert run(name) == recorded()[name]
