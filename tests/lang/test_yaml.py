"""YAML that is hostile, odd, or read differently by different libraries."""

import gc
from collections.abc import Callable

import pytest

from detachsim.lang.nodes import Scalar
from detachsim.lang.syntax import Scenario, ScenarioError
from detachsim.lang.values import resolve

LoadText = Callable[[str], Scenario]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("on", "on"), ("1:30", "1:30"), ("017", "017"), ("1_000", "1_000"), ("=", "="), ("y", "y"),
        ("1e-3", 1e-3), ("1.", 1.0), (".5", 0.5), ("-0", 0), ("+12", 12), ("0x1F", 31), ("0o17", 15), ("1.10", 1.1),
        ("true", True), ("FALSE", False), ("~", None), ("null", None), ("", None), ("nan", "nan"),
        (".inf", float("inf")),        ("-.INF", float("-inf")),
        ("2026-01-01", "2026-01-01"), ("1.2.3", "1.2.3"), ("9" * 401, "9" * 401),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found = resolve(Scalar(text, 0, 1, True, False))
    assert found == value
    assert type(found) is type(value)
    assert resolve(Scalar(text, 0, 1, False, False)) == text


def _bomb() -> str:
    levels = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    levels += [f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    return "\n".join(levels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_bomb(), "aliases of this file stand for more than"),
        ("[" * 100_000, "nested more than 100 levels"),
        ("{a: " * 100_000, "nested more than 100 levels"),
        ("- " * 100_000 + "x", "nested more than 100 levels"),
        ("steps: [{print: '" + "(" * 1000 + ")" * 1000 + "'}]", "nested too deep"),
        ("steps: [{print: '" + "-" * 100_000 + "1'}]", "nested"),
        ("steps: [{print: 'a" + ".T" * 50_000 + "'}]", "nested"),
        ("steps: [{print: '" + "+".join("1" * 50_000) + "'}]", "nested"),
        ("steps: [{print: '" + "+".join("1" * 500) + "'}]", "nested more than 200 levels"),
        ("steps: [{print: '" + "lambda: " * 5000 + "1'}]", "nested"),
        ("steps: [{print: '" + "1" * 5000 + "'}]", "too many digits"),
        ("steps: [{print: '" + "1," * 150_000 + "'}]", "longer than 200000 characters"),
        ("a: b\n...\n---\nc: d", "a second YAML document"),
        ("steps: &x [*x]", "stands inside what it names"),
        ("steps:\n  - <<: {op: a}\n    print: 3", "a merge key"),
        ("? [a]\n: b", "can't be a key"),
        ('say: "\\ud800"', "escape"),
        ("say: \x01", "control character U+0001"),
        ('steps: [{print: "a\\0"}]', "control character U+0000"),
        ("", "holds no scenario"),
        ("# only a comment", "holds no scenario"),
        ("--- !!map\na: b", "is a tag in YAML"),
        ("%TAG ! x\n", "before its beginning"),
        ("a: b\n%x", "directive"),
    ],
)
def test_hostile_files_are_refused_in_words(load_text: LoadText, text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(text)
    assert any(message in mistake.message for mistake in caught.value.mistakes), caught.value.mistakes[:3]


def test_an_alias_repeats_a_step(load_text: LoadText) -> None:
    steps = load_text("steps:\n  - &p\n    print: 3\n  - *p\n").variants[0].steps
    assert [step.index for step in steps] == [1, 2]


def test_the_parser_without_libyaml_reads_the_same(load_text: LoadText, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "title: '漢'\nsteps:\n  - print: |\n      3 +\n      zz\n"
    text += '  - say: >-\n      a\n      b\n  - print: "\\x41 + zz"\n'
    wrong = ["steps: [a", "steps:\n  - op: y = x[1: ]\n", "steps:\n  - op: @a\n", "a: 'b", "a: \x01", "a: *b"]
    found: list[object] = []
    for libyaml in (True, False):
        monkeypatch.setattr("yaml.__with_libyaml__", libyaml)
        for each in (text, *wrong):
            with pytest.raises(ScenarioError) as caught:
                load_text(each)
            found.append([(m.message, m.span.line) for m in caught.value.mistakes])
    half = len(found) // 2
    assert found[:half] == found[half:]


def test_the_collector_is_left_as_it_was(load_text: LoadText) -> None:
    assert gc.isenabled()
    load_text("steps: [{say: x}]")
    assert gc.isenabled()
    gc.disable()
    try:
        load_text("steps: [{say: x}]")
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("value", "line", "column"),
    [
        ("3 + zz", 2, 16),
        ("'3 + zz'", 2, 17),
        ('"3 + zz"', 2, 17),
        ("\"'漢' + zz\"", 2, 19),
        ("\"'\\x41' + zz\"", 2, 22),
        ("'''a'' + zz'", 2, 21),
        ("|\n      3 + zz", 3, 11),
        (">-\n      (3 +\n      zz)", 4, 7),
        ("(3 +\n      zz)", 4 - 1, 7),
        ('"(3 +\\\n       zz)"', 3, 8),
        ("&x 3 + zz", 2, 19),
    ],
)
def test_a_mistake_points_at_its_characters(load_text: LoadText, value: str, line: int, column: int) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(f"steps:\n  - print: {value}\n")
    (mistake,) = caught.value.mistakes
    assert (mistake.span.line, mistake.span.column, mistake.span.end_column) == (line, column, column + 2)


def test_windows_line_ends_do_not_move_anything(load_text: LoadText) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text("steps:\r\n  - say: x\r\n  - print: zz\r\n")
    span = caught.value.mistakes[0].span
    assert (span.line, span.column, span.end_column) == (3, 12, 14)


def test_a_mistake_over_several_lines_ends_with_its_first(load_text: LoadText) -> None:
    for line_break in ("\n", "\r\n"):
        with pytest.raises(ScenarioError) as caught:
            load_text(f"title: [a,{line_break}  b]{line_break}steps:{line_break}  - say: hi{line_break}")
        (mistake,) = caught.value.mistakes
        assert (mistake.span.line, mistake.span.column, mistake.span.end_column) == (1, 8, 11)
