"""What ``expect``, ``raises`` and ``warns`` accept, and what becomes of a run where one does not come true."""

import pytest

from detachsim.events import Event, ExpectationFailed, ExpectationMet, Printed, RunEnded, Warned
from detachsim.lang import load
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.run import execute

HEAD = """\
steps:
  - tensor: a = [1.0, 1000.0]
    requires_grad: true
  - op: y = a * 2
  - tensor: odd = [nan, inf]
  - tensor: flags = [True, False]
  - tensor: whole = [1, 2]
"""


def events_of(steps: str) -> list[Event]:
    return list(execute(load(Source("x.yaml", HEAD + steps), VOCABULARY)))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a", "[1.0, 1000.0]"),
        ("a", "[1, 1000]"),
        ("a", "[1.00019, 1000.09]"),  # atol + rtol * |value|, each 1e-4
        ("a.sum()", "1001"),
        ("odd", "[.nan, .inf]"),
        ("odd[:1].sum()", ".nan"),
        ("flags", "[true, false]"),
        ("whole", "[1, 2]"),
        ("a.grad", "null"),
        ("a.shape", "[2]"),
        ("a.dtype", "float32"),
        ("a.dtype", "torch.float32"),
        ("a.requires_grad", "true"),
        ("a._version", "0"),
        ("y.grad_fn.name()", "MulBackward0"),
        ("a.tolist()", "[1.0, 1000.0]"),
        ("a.detach().numpy()", "[1.0, 1000.0]"),
        ("(1, a[:1])", "[1, [1.0]]"),
    ],
)
def test_what_is_as_expected(expression: str, value: str) -> None:
    events = events_of(f'  - expect: {{"{expression}": {value}}}\n')
    assert isinstance(events[-3], ExpectationMet)
    assert events[-1] == RunEnded(0, "completed", 6, 0)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a", "[1.0, 1000.11]"),
        ("a", "[1.00021, 1000.0]"),
        ("a", "[1.0]"),
        ("a", "[[1.0, 1000.0]]"),
        ("a", "1.0"),
        ("a", "[1.0, .inf]"),
        ("a", "[.nan, 1000.0]"),
        ("odd", "[.nan, -.inf]"),
        ("odd", "[.inf, .nan]"),
        ("odd", "[.nan, 1e30]"),
        ("flags", "[1, 0]"),
        ("whole", "[true, 2]"),
        ("a.grad", "0"),
        ("a.requires_grad", "1"),
        ("a._version", "false"),
        ("a.dtype", "float64"),
        ("a.shape", "2"),
        ("y.grad_fn.name()", "MulBackward"),
    ],
)
def test_what_is_not_as_expected(expression: str, value: str) -> None:
    events = events_of(f'  - expect: {{"{expression}": {value}}}\n  - say: on\n')
    assert any(isinstance(event, ExpectationFailed) for event in events)
    assert Printed("on") in events
    assert events[-1] == RunEnded(1, "completed", 7, 1)


@pytest.mark.parametrize(
    ("options", "status"),
    [("", 1), ("    atol: 0.2\n", 1), ("    atol: 0.3\n", 0), ("    rtol: 0.2\n", 1), ("    rtol: 0.25\n", 0)],
)
def test_tolerances_are_given(options: str, status: int) -> None:
    ended = events_of(f'  - expect: {{"a[:1]": [1.3]}}\n{options}')[-1]
    assert isinstance(ended, RunEnded)
    assert ended.status == status


def test_an_expectation_warns_of_nothing() -> None:
    events = events_of("  - expect: {y.grad: null}\n")
    assert not any(isinstance(event, Warned) for event in events)


@pytest.mark.parametrize(
    ("step", "failures"),
    [
        ("  - backward: y\n    raises: grad can be implicitly created\n", 0),
        ("  - backward: y\n    raises: 'RuntimeError: grad can'\n", 0),
        ("  - backward: y\n    raises: true\n", 0),
        ("  - print: y.grad\n    warns: not a leaf\n", 0),
        ("  - print: y\n    raises: true\n", 1),
        ("  - print: y\n    warns: not a leaf\n", 1),
        ("  - print: y.grad\n    warns: another text\n", 1),
        ("  - no_grad:\n      - print: y.grad\n    warns: not a leaf\n", 0),
        ("  - no_grad:\n      - backward: y\n      - say: left out\n    raises: grad can\n", 0),
        ("  - no_grad:\n      - say: fine\n    raises: grad can\n", 1),
    ],
)
def test_errors_and_warnings_that_are_expected(step: str, failures: int) -> None:
    events = events_of(step + "  - say: on\n")
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.status, ended.failures) == (min(failures, 1), failures)
    assert Printed("on") in events
    assert Printed("left out") not in events


def test_the_innermost_block_takes_an_error() -> None:
    inner = (
        "      - enable_grad:\n          - backward: y\n        raises: grad can\n      - say: after the inner one\n"
    )
    events = events_of(f"  - no_grad:\n{inner}    raises: grad can\n")
    assert Printed("after the inner one") in events
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.failures == 1


def test_an_error_that_nothing_expects_ends_the_run() -> None:
    events = events_of("  - backward: y\n    raises: another text\n  - say: on\n")
    assert Printed("on") not in events
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.status, ended.outcome[:42]) == (1, "RuntimeError: grad can be implicitly creat")
    failed = [event for event in events if isinstance(event, ExpectationFailed)]
    assert [(event.kind, event.expected, event.actual[:21]) for event in failed] == [
        ("raises", "another text", "RuntimeError: grad ca")
    ]


def test_another_error_than_the_one_expected_is_a_failure_in_every_choice() -> None:
    text = "vary: {E: [y.sum(), y]}\n" + HEAD + "  - backward: ${E}\n    raises: another text\n"
    ends = [event for event in execute(load(Source("x.yaml", text), VOCABULARY)) if isinstance(event, RunEnded)]
    assert [(end.status, end.failures) for end in ends] == [(1, 1), (1, 1)]


def test_another_error_than_the_one_expected_is_told_inside_of_a_block_that_takes_it() -> None:
    events = events_of(
        "  - no_grad:\n      - print: y[7]\n        raises: another text\n    raises: index\n  - say: on\n"
    )
    assert Printed("on") in events
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.status, ended.failures) == (1, 1)


def test_an_error_of_one_choice_is_its_outcome_and_no_failure() -> None:
    text = "vary: {E: [y.sum(), y]}\n" + HEAD + "  - backward: ${E}\n"
    ends = [event for event in execute(load(Source("x.yaml", text), VOCABULARY)) if isinstance(event, RunEnded)]
    assert [(end.status, end.outcome.partition(":")[0]) for end in ends] == [(0, "completed"), (0, "RuntimeError")]
    text += "  - say: on\n    raises: true\n"
    ends = [event for event in execute(load(Source("x.yaml", text), VOCABULARY)) if isinstance(event, RunEnded)]
    assert [end.status for end in ends] == [1, 0]


def test_expect_leaves_the_random_numbers_where_they_are() -> None:
    read = "  - expect: {'(torch.rand(1) < 2).item()': true}\n"
    shown = "  - print: torch.rand(1)\n"
    with_it, without = (
        [event for event in events_of(text) if isinstance(event, Printed)] for text in (read + shown, shown)
    )
    assert with_it == without
