"""Telling rounding from other disagreements."""

import pytest

from detachsim.oracle.comparison import differences
from detachsim.oracle.transcript import RunLines, StepLines, Transcript
from tests.fuzz.judging import is_rounding


def judged(ours: str, theirs: str) -> bool:
    one, other = (Transcript((RunLines("", (StepLines("1", (text,)),)),)) for text in (ours, theirs))
    return is_rounding(differences(one, other))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("tensor([0.1779, 0.])", "tensor([0.2779, 1.1921e-07])"),
        ("tensor([inf], grad_fn=<DivBackward0>)", "tensor([5242880.], grad_fn=<DivBackward0>)"),
    ],
)
def test_numbers_with_a_point_are_rounding(ours: str, theirs: str) -> None:
    assert judged(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("tensor([0.5], grad_fn=<DivBackward0>)", "tensor([0.25], grad_fn=<MulBackward0>)"),
        ("a._version: 1", "a._version: 2"),
        ("tensor([0.5])", "tensor([0.5, 0.5])"),
        ("tensor([1])", "tensor([2])"),
        ("tensor([0.5])", "RuntimeError: no"),
        ("a.shape: torch.Size([2])", "a.shape: torch.Size([3])"),
    ],
)
def test_everything_else_is_not(ours: str, theirs: str) -> None:
    assert not judged(ours, theirs)
