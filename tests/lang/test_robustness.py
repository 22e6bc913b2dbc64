"""Whatever is typed, loading gives a scenario or a ``ScenarioError`` whose text can be shown."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detachsim.lang.code import code_lines, with_bound
from detachsim.lang.syntax import Scenario, ScenarioError
from detachsim.ops.vocabulary import Vocabulary
from detachsim.render.mistakes import mistakes_text

LoadText = Callable[[str], Scenario]

TEXT = """\
title: A file with everything
vary: {CUT: [a.detach(), "[a, a]"], N: ["1", "true"]}
steps:
  - tensor: a = [1.2, inf, -3]
    requires_grad: true
  - op: "h = a.register_hook(lambda g: g * 2)"
  - op: b, c = ${CUT}
  - inplace: a[1:, ...] += b @ c
  - backward: [a.sum(), b]
    gradient: [null, 1]
    raises: "x"
  - repeat: 2
    as: i
    steps:
      - print: ["f(a, b)", 'a.grad == None', i]
      - no_grad: &block
        - del: [b]
  - enable_grad: *block
  - expect: {a.grad: [1, nan], "a[0]": ${N}}
    atol: 1e-3
"""
PIECES = st.sampled_from(
    [
        *"[]{}()'\"`!&*|>%@#:,-.= \n\t$\\漢",
        ": ",
        " #",
        "- ",
        "${CUT}",
        "${",
        "lambda x: x",
        "\n  ",
        "?",
        "<<: *block",
        "\r\n",
        "~",
    ]
)
EDITS = st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 6), PIECES), min_size=1, max_size=4)
CHECKS = settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _try(load_text: LoadText, vocabulary: Vocabulary, text: str) -> None:
    try:
        scenario = load_text(text)
    except ScenarioError as error:
        _check(error)
        return
    for variant in scenario.variants:
        for step, bound in with_bound(variant.steps):
            assert code_lines(step, bound, vocabulary)


def _check(error: ScenarioError) -> None:
    assert error.mistakes
    assert mistakes_text(error)
    places = [(mistake.span.line, mistake.span.column) for mistake in error.mistakes]
    assert places == sorted(places)
    lines = error.source.text.split("\n")
    for mistake in error.mistakes:
        assert 1 <= mistake.span.line <= len(lines)
        assert 1 <= mistake.span.column <= len(lines[mistake.span.line - 1]) + 1
        assert mistake.span.end_column > mistake.span.column


@CHECKS
@given(edits=EDITS)
def test_mangled_scenarios(load_text: LoadText, vocabulary: Vocabulary, edits: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for place, cut, piece in edits:
        text = text[:place] + piece + text[place + cut :]
    _try(load_text, vocabulary, text)


@CHECKS
@given(
    text=st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), PIECES.map(lambda p: p[0])), max_size=60)
)
def test_any_text_as_a_step(load_text: LoadText, vocabulary: Vocabulary, text: str) -> None:
    _try(load_text, vocabulary, f"steps:\n  - op: {text}\n")
    _try(load_text, vocabulary, text)
