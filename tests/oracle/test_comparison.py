"""Comparing transcripts: what counts as the same, and what does not."""

import pytest

from detachsim.oracle.comparison import differences, facts_agree, texts_agree
from detachsim.oracle.transcript import RunLines, StepLines, Transcript


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tensor([0.1779, 0.0313])", "tensor([0.1780, 0.0313])"),
        ("tensor([ 9.9999, -1.0000])", "tensor([10.0000, -1.0000])"),
        ("x: 0.10000000149011612", "x: 0.10000000894069672"),
        ("tensor([1.2346e+08, 1.0000e+00])", "tensor([1.2345e+08, 1.0000e+00])"),
        ("loss: -0.0000", "loss: 0.0000"),
    ],
)
def test_the_last_digit_may_differ(one: str, other: str) -> None:
    assert texts_agree(one, other)
    assert texts_agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tensor([0.1779])", "tensor([0.1781])"),
        ("is at version 1; expected version 0", "is at version 2; expected version 0"),
        ("tensor([1.])", "tensor([2.])"),
        ("tensor([-0.])", "tensor([0.])"),
        ("grad_fn=<ExpBackward0>", "grad_fn=<ExpBackward1>"),
        ("tensor([0.5000])", "tensor([0.5000, 0.5000])"),
        ("tensor([0.5000])", "tensor([0.5000], requires_grad=True)"),
        ("tensor([nan])", "tensor([0.5000])"),
        ("shape: torch.Size([2, 3])", "shape: torch.Size([3, 2])"),
        ("x: 1.5000", "y: 1.5000"),
    ],
)
def test_everything_else_is_exact(one: str, other: str) -> None:
    assert not texts_agree(one, other)


def transcript(*steps: StepLines) -> Transcript:
    return Transcript((RunLines("", steps),))


def test_same_lines_at_another_step_differ() -> None:
    ours = transcript(StepLines("1", ("a",)), StepLines("2", ()))
    theirs = transcript(StepLines("1", ()), StepLines("2", ("a",)))
    assert [difference.number for difference in differences(ours, theirs)] == ["1", "2"]
    assert differences(ours, ours) == []


def test_a_side_that_ends_early_differs() -> None:
    ours = transcript(StepLines("1", ()))
    theirs = transcript(StepLines("1", ()), StepLines("2", ()))
    (found,) = differences(ours, theirs)
    assert (found.ours, found.number) == (None, "2")


def test_a_run_that_is_missing_differs() -> None:
    theirs = Transcript((RunLines("A=1", (StepLines("1", ()),)), RunLines("A=2", (StepLines("1", ()),))))
    ours = Transcript(theirs.runs[:1])
    assert [difference.choices for difference in differences(ours, theirs)] == ["A=2"]


def test_exact_allows_no_other_digit() -> None:
    ours, theirs = transcript(StepLines("1", ("0.1779",))), transcript(StepLines("1", ("0.1780",)))
    assert differences(ours, theirs) == []
    assert len(differences(ours, theirs, exact=True)) == 1


def test_what_is_not_printed_counts_too() -> None:
    told = {"version": 1, "dtype": "torch.float32", "text": "tensor([0.5000])", "grad_fn": "X"}
    theirs = transcript(StepLines("1", (), {"a": told}), StepLines("2", ()))
    same = {"version": 1, "dtype": "float32", "text": "tensor([0.5000],\n       requires_grad=True)", "more": 1}
    assert differences(transcript(StepLines("1", ()), StepLines("2", (), {"a": same, "b": told})), theirs) == []
    (found,) = differences(transcript(StepLines("1", ()), StepLines("2", (), {"a": {"version": 2}})), theirs)
    assert (found.number, found.facts) == ("2", (("a", "version", 2, 1),))


def test_what_is_no_longer_told_is_not_compared() -> None:
    theirs = transcript(StepLines("1", (), {"a": {"version": 1}}), StepLines("2", (), states_known=False))
    ours = transcript(StepLines("1", ()), StepLines("2", (), {"a": {"version": 9}}))
    assert differences(ours, theirs) == []


def test_the_end_of_a_text_is_a_fact_of_its_own() -> None:
    assert facts_agree("tensor([1.], dtype=torch.float64, grad_fn=<ExpBackward0>)", "tensor([1.], dtype=torch.float64)")
    assert facts_agree("Parameter containing:\ntensor([1.], requires_grad=True)", "tensor([1.])")
    assert facts_agree("tensor([1.], grad_fn=<Invalid>)", "tensor([1.])")
    assert not facts_agree("tensor([1.], dtype=torch.float64)", "tensor([1.])")
    assert not facts_agree(None, "tensor([1.])")
