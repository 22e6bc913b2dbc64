"""Every measured message of PyTorch that a scenario can cause, word for word, in both dialects."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from detachsim.lang import load
from detachsim.lang.syntax import Dialect
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.comparison import texts_agree
from detachsim.oracle.verify import simulate

MESSAGES: list[dict[str, Any]] = yaml.load(
    Path(__file__).with_name("messages.yaml").read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)
DIALECTS: tuple[Dialect, ...] = ("torch-2.13", "torch-1.13")


def cases() -> Iterator[Any]:
    for entry in MESSAGES:
        if "unreachable" not in entry:
            for dialect in DIALECTS:
                yield pytest.param(entry, dialect, id=f"{entry['id']}-{dialect}")


def said(entry: dict[str, Any], dialect: Dialect) -> list[str]:
    source = Source(f"{entry['id']}.yaml", yaml.safe_dump({"steps": entry["steps"]}, sort_keys=False))
    (run,) = simulate(load(source, VOCABULARY), dialect).runs
    return [line for step in run.steps for line in step.lines]


@pytest.mark.parametrize(("entry", "dialect"), list(cases()))
def test_message(entry: dict[str, Any], dialect: Dialect) -> None:
    expected = entry.get(dialect, entry["torch-2.13"])
    ours = said(entry, dialect)
    # Of numbers in a printed tensor the last digit may be another; a text may not.
    agrees = len(ours) == len(expected) and all(map(texts_agree, ours, expected))
    if dialect in entry.get("differs", {}):
        assert not agrees, f"{entry['id']} agrees in {dialect} now: take the reason out"
    else:
        assert agrees, "\n".join(["ours:", *ours, "PyTorch's:", *expected])


def test_every_message_is_accounted_for() -> None:
    assert [entry["id"] for entry in MESSAGES] == [f"M{number}" for number in range(1, 369)]
    reasons = [entry["unreachable"] for entry in MESSAGES if "unreachable" in entry]
    assert all(reasons)
    assert len(reasons) == 20
