"""The event stream as JSON, and that its description describes it."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from detachsim import events
from detachsim.events import BuffersFreed, Event, Raised, VersionMismatch
from detachsim.marks import Span
from detachsim.render import jsonlines
from tests.render.building import step
from tests.render.streams import STREAMS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
INSIDE = (
    Span,
    events.TensorState,
    events.SavedState,
    events.EdgeState,
    events.VersionMismatch,
    events.BuffersFreed,
    events.ComparedRun,
)


@pytest.mark.parametrize("name", STREAMS)
def test_one_object_a_line_and_nothing_lost(name: str) -> None:
    lines = list(jsonlines.render(STREAMS[name]()))
    for number, (line, event) in enumerate(zip(lines, STREAMS[name](), strict=True)):
        assert line.endswith("\n")
        assert line.count("\n") == 1
        assert line.isascii()
        record = json.loads(line)
        assert record.pop("version", None) == (1 if number == 0 else None)
        assert record.pop("event") == type(event).__name__
        assert list(record) == [field.name for field in fields(event)]


def test_a_record_holds_its_values() -> None:
    evidence = VersionMismatch(1, "SigmoidBackward0", "result", 2, 3, 4, 0, 1)
    began, raised, _ = jsonlines.render(step("7.2", "op", "b", Raised("RuntimeError", "ü", evidence, True)))
    assert json.loads(began) == {
        "version": 1,
        "event": "StepBegan",
        "number": "7.2",
        "kind": "op",
        "code": ["b"],
        "note": None,
        "span": {"line": 3, "column": 5, "end_column": 9},
    }
    assert json.loads(raised)["text"] == "ü"
    assert json.loads(raised)["evidence"] == {
        "kind": "VersionMismatch",
        "node": 1,
        "name": "SigmoidBackward0",
        "label": "result",
        "tensor": 2,
        "storage": 3,
        "counter": 4,
        "expected": 0,
        "found": 1,
    }


def test_evidence_names_its_kind() -> None:
    raised = Raised("RuntimeError", "", BuffersFreed(4, "MulBackward0"), False)
    (line,) = jsonlines.render([raised])
    assert json.loads(line)["evidence"] == {"kind": "BuffersFreed", "node": 4, "name": "MulBackward0"}


@pytest.mark.parametrize(("number", "text"), [("nan", "nan"), ("inf", "inf"), ("-inf", "-inf")])
def test_numbers_that_json_cannot_spell_are_texts(number: str, text: str) -> None:
    (line,) = jsonlines.render([events.Printed(float(number))])  # type: ignore[arg-type]
    assert json.loads(line)["text"] == text


def described(name: str) -> list[str]:
    """Return the fields that the document lists under the heading ``name``."""
    section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert section is not None, f"docs/events.md does not describe {name}"
    return re.findall(r"^\| `(\w+)` \|", section[1], re.MULTILINE)


@pytest.mark.parametrize("kind", [*get_args(Event), *INSIDE], ids=lambda kind: kind.__name__)
def test_the_document_lists_every_field(kind: type) -> None:
    assert described(kind.__name__) == [field.name for field in fields(kind)]


def test_the_document_describes_nothing_else() -> None:
    headings = set(re.findall(r"^### (\w+)$", DOCUMENT, re.MULTILINE))
    assert headings == {kind.__name__ for kind in (*get_args(Event), *INSIDE)}


def test_the_documents_example_is_what_is_printed() -> None:
    block = re.search(r"^```json\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert block is not None
    for number, line in enumerate(block[1].splitlines()):
        record = json.loads(line)
        kind = getattr(events, record["event"])
        head = ["version", "event"] if number == 0 else ["event"]
        assert list(record) == [*head, *(field.name for field in fields(kind))]
    assert record["event"] == "RunEnded"
