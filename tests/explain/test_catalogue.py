"""The scenarios of ``scenarios/``: each question gets the right code, the right culprit step and the right cut."""

from pathlib import Path
from typing import NamedTuple

import pytest

from detachsim.explain.diagnosis import Diagnosis
from tests.explain.scenarios import diagnosed

SCENARIOS = Path(__file__).parents[2] / "scenarios"


class Answer(NamedTuple):
    """A diagnosis that a scenario must get: where it surfaces, and evidence that must be among what it gives.

    ``evidence`` are steps with their role, and with the name of the tensor where that is the point. ``choice`` is the
    text that ``vary`` chose.
    """

    scenario: str
    code: str
    step: str
    evidence: str
    choice: str = ""


ANSWERS = [
    # Which edit was it?
    Answer("inplace/optimizer-step", "V1", "14", "9 saved discriminator, 12 edited discriminator, 14 needed"),
    Answer("inplace/relu-after-sigmoid", "V1", "7", "3 saved h, 5 edited h, 7 needed"),
    Answer("inplace/two-relus", "V1", "7", "3 saved h, 5 edited h"),
    Answer("inplace/relu-safe-or-not", "V1", "5", "3 saved h, 4 edited h", "a.exp()"),
    Answer("inplace/plus-equals", "V1", "5", "2 saved y, 3 edited y", "y += 1"),
    Answer("inplace/same-maths", "V1", "4", "2 saved y, 3 edited y", "a.sigmoid()"),
    Answer("inplace/residual", "V1", "6", "4 saved x, 5 edited x", "x += h"),
    Answer("inplace/state-buffer", "V1", "5", "4[2].1 saved states, 4[2].1 edited states"),
    Answer("inplace/weight-edit", "V1", "8", "3 saved w, 7.1 edited w"),
    Answer("inplace/masked-fill", "V1", "5", "3 saved weights, 4 edited weights"),
    Answer("inplace/anomaly-mode", "V1", "2.4", "2.1 saved b, 2.2 aliased c, 2.3 edited c"),
    Answer("inplace/saved-view", "V1", "6", "3 aliased v, 4 saved v, 5 edited b"),
    Answer("inplace/two-edits", "V1", "6", "2 saved h, 3 aliased first, 4 edited first, 5 edited h"),
    Answer("retain-graph/retained-and-edited", "V1", "9", "5 saved w, 7 edited w"),
    Answer("retain-graph/optimizer-step-in-1-13", "V1", "8", "5 saved w, 7 edited w"),
    # Shared memory
    Answer("sharing/detach-or-data", "V1", "6", "2 saved out, 3 aliased c, 4 edited c", "out.detach()"),
    Answer("sharing/detach-or-data", "V2", "6", "2 saved out, 3 aliased c, 4 edited c", "out.data"),
    Answer("sharing/silent", "V2", "5", "2 saved h, 3 aliased, 3 edited"),
    Answer("sharing/weights-through-data", "V2", "6", "4 saved w, 5 edited"),
    Answer("sharing/detached-after-saving", "V3", "6", "2 saved b, 4 cut b"),
    # Why is it None?
    Answer("missing-grad/name-of-a-view", "N4", "5", "1 created x, 2 rebound x, 5 read x"),
    Answer("missing-grad/update-under-no-grad", "N4", "5", "1 created w, 4.1 rebound w"),
    Answer("missing-grad/update-under-no-grad", "B2", "6", "4 cut, 4.1 cut w"),
    Answer("missing-grad/update-in-the-graph", "N4", "6", "3 rebound w"),
    Answer("missing-grad/scaled-leaf", "N3", "5", "2 created w, 5 read w"),
    Answer("missing-grad/slice-of-a-leaf", "N3", "5", "2 created part"),
    Answer("missing-grad/retain-what", "N3", "7", "5 created h"),
    Answer("missing-grad/forgotten", "N5", "7", "2 created b"),
    Answer("missing-grad/frozen", "N5", "8", "4 cut second"),
    Answer("missing-grad/nothing-requires-grad", "B2", "5", "1 created x, 2 created t, 5 needed loss"),
    Answer("missing-grad/argmax", "B2", "6", "3 cut predicted"),
    Answer("missing-grad/whole-numbers", "N6", "6", "1 created price, 3 cut, 4 needed"),
    Answer("missing-grad/rounding", "N6", "5", "3 cut", "x.long().float()"),
    Answer("missing-grad/what-cuts", "N1", "5", "3 cut y, 4 needed", "a.detach()"),
    Answer("missing-grad/what-cuts", "N1", "5", "3 cut y, 4 needed", "a.data"),
    Answer("missing-grad/number-out-and-in", "N10", "8", "1 created w, 3 cut"),
    Answer("sharing/tensor-of-a-tensor", "N10", "5", "1 created x, 2 cut"),
    Answer("missing-grad/unused-parameter", "B4", "7", "2 created w2, 7 needed w2"),
    Answer("missing-grad/unused-in-1-13", "B4", "6", "2 created b, 4 cut, 6 needed b"),
    Answer("missing-grad/zero-grad-first", "N9", "4", "3[1].2 created w, 3[1].4 edited w"),
    Answer("training/no-grad-by-mistake", "N2", "7", "2 created encoder, 4 cut, 5 needed"),
    Answer("training/discriminator-step", "N1", "11", "9 cut, 10 needed, 11 read"),
    Answer("training/freeze-one-layer", "N5", "12", "8 cut"),
    Answer("missing-grad/cut-in-the-middle", "N1", "12", "2 created gain, 7 cut, 10 needed"),
    Answer("missing-grad/backward-inputs", "N7", "5", "2 created b, 3 needed"),
    Answer("retain-graph/double-backward", "B2", "5", "3 cut dx, 5 needed dx"),
    Answer("retain-graph/vector-root", "B3", "3", "2 created y, 3 needed y", "y"),
    # Views and leaves
    Answer("views/leaf", "L1", "2", "1 created w, 2 edited w"),
    Answer("views/view-of-a-leaf", "L1", "5", "1 created bias, 2 aliased table, 3 aliased row, 4 aliased gate"),
    Answer("views/made-under-no-grad", "L2", "4", "3.1 aliased v, 4 edited v"),
    Answer("views/base-edited-after-no-grad-view", "L2", "7", "3.1 aliased v, 5 edited b, 7 needed v"),
    Answer("views/unbind", "L2", "4", "3 aliased v, 4 edited v", "b.unbind(0)"),
    Answer("views/inference-mode", "L4", "7", "6.1 created features, 7 needed"),
    Answer("views/detach-view-in-place", "L2", "4", "3 aliased part"),
    Answer("views/flag-of-a-non-leaf", "L3", "3", "2 created h, 3 needed h"),
    Answer("views/expanded", "L5", "4", "2 aliased table, 4 edited table"),
    Answer("views/overlap", "L5", "6", "6 edited y"),
    # Graphs that were freed
    Answer("retain-graph/twice", "B1", "5", "2 saved, 3 freed, 5 needed"),
    Answer("retain-graph/two-losses", "B1", "9", "5 saved features, 8 freed, 9 needed"),
    Answer("retain-graph/outside-the-loop", "B1", "4[1].2", "3 saved scale, 4[0].2 freed"),
    Answer("retain-graph/hidden-state", "B1", "7", "4 saved h, 5 freed"),
    Answer("retain-graph/wrong-backward", "B1", "6", "2 saved h, 5 freed"),
    # Where did nan begin?
    Answer("nan/sqrt-of-zero", "F2", "5", "3 created distance"),
    Answer("nan/where-trap", "F1", "4", "2 created"),
    Answer("nan/log-of-zero", "F1", "5", "3 created"),
    Answer("nan/zero-times-inf", "F1", "6", "3 created e"),
    Answer("nan/std-of-one", "F1", "7", "5 created"),
    Answer("nan/all-masked", "F1", "8", "5 created weights"),
    Answer("nan/repaired-value", "F1", "6", "3 created ratio"),
    Answer("nan/anomaly-mode", "F2", "3.3", "3.1 created root"),
]

# Scenarios that end well, and whose missing or zero gradients nobody reads.
RIGHT = [
    "inplace/saved-before-the-edit",
    "inplace/state-list",
    "inplace/write-rows",
    "sharing/clone-detach-order",
    "sharing/edit-before-use",
    "sharing/own-memory",
    "missing-grad/grad-set-by-hand",
    "retain-graph/accumulated",
    "retain-graph/hidden-state-detached",
    "retain-graph/gradient-penalty",
    "retain-graph/create-graph-cycle",
    "hooks/order",
    "hooks/scaled-gradient",
    "hooks/before-and-after-an-edit",
    "nan/where-before",
    "training/loop-with-data",
    "training/moving-average",
    "training/relu-inplace-network",
    "training/running-loss",
    "training/shared-weight",
    "training/straight-through",
    "training/target-network",
    "views/copy-slices",
    "views/view-follows-its-base",
]


def diagnoses(scenario: str) -> list[Diagnosis]:
    """Return what is said of a scenario of the catalogue."""
    return diagnosed((SCENARIOS / f"{scenario}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("answer", ANSWERS, ids=[f"{one.scenario} {one.code} {one.choice}" for one in ANSWERS])
def test_the_question_is_answered(answer: Answer) -> None:
    found = [
        one
        for one in diagnoses(answer.scenario)
        if one.step == answer.step and answer.choice in ["", *(text for _, text in one.choices)]
    ]
    assert [one.code for one in found] == [answer.code]
    given = {(piece.step, piece.role, name) for piece in found[0].because for name in ("", *piece.names)}
    for wanted in answer.evidence.split(", "):
        step, role, name = (wanted + " ").split(" ")[:3]
        assert (step, role, name) in given, wanted


@pytest.mark.parametrize("scenario", RIGHT)
def test_what_is_right_is_not_accused(scenario: str) -> None:
    assert diagnoses(scenario) == []


def test_no_culprit_is_named_where_there_is_none() -> None:
    """In a comparison only the runs that go wrong are diagnosed."""
    assert {dict(one.choices)["BEFORE"] for one in diagnoses("inplace/relu-safe-or-not")} == {
        "a.sigmoid()",
        "a.exp()",
        "a.tanh()",
        "a.sqrt()",
        "a.relu()",
    }
