"""The caret under tabs, wide characters and very long lines, the colours and the cap."""

from detachsim.lang.syntax import Mistake, ScenarioError
from detachsim.marks import Source, Span
from detachsim.render.mistakes import mistakes_text


def _shown(line: str, column: int, end: int, **options: bool) -> list[str]:
    error = ScenarioError(Source("f", line), (Mistake(Span(1, column, end), "wrong", "mend"),))
    return mistakes_text(error, **options).split("\n")


def test_tabs_take_four_cells() -> None:
    assert _shown("\ta\tb", 4, 5)[1:3] == ["1 |     a    b", "  |          ^"]


def test_wide_characters_take_two_cells_and_marks_none() -> None:
    assert _shown("漢字 ab", 2, 5)[1:3] == ["1 | 漢字 ab", "  |   ^^^^"]
    assert _shown("e\u0301 ab", 4, 6)[1:3] == ["1 | e\u0301 ab", "  |   ^^"]


def test_a_place_behind_the_line_is_shown_behind_it() -> None:
    assert _shown("ab", 3, 4)[1:3] == ["1 | ab", "  |   ^"]


def test_a_long_line_is_cut_around_the_place() -> None:
    _, line, caret, *_ = _shown("x" * 500 + "HERE" + "y" * 500, 501, 505)
    assert len(line) == len("1 | …") + 160 + 1
    assert line[caret.index("^") : caret.rindex("^") + 1] == "HERE"


def test_what_could_play_tricks_on_a_terminal_is_replaced() -> None:
    assert _shown("a\x1b[31m\u202eb", 1, 2)[1] == "1 | a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b"


def test_colour_changes_nothing_but_colour() -> None:
    plain, colored = "\n".join(_shown("ab", 1, 2)), "\n".join(_shown("ab", 1, 2, color=True))
    assert "\x1b[1;31m^\x1b[0m" in colored
    for code in ("\x1b[1m", "\x1b[1;31m", "\x1b[1;34m", "\x1b[36m", "\x1b[0m"):
        colored = colored.replace(code, "")
    assert colored == plain


def test_the_cap_counts_the_rest() -> None:
    mistakes = tuple(Mistake(Span(1, n, n + 1), f"wrong {n}") for n in range(1, 4))
    error = ScenarioError(Source("f", "abc"), mistakes)
    assert mistakes_text(error, maximum=1).endswith("\n… and 2 more mistakes\n")
    assert mistakes_text(error, maximum=2).endswith("\n… and 1 more mistake\n")
    assert "more" not in mistakes_text(error, maximum=None)


def test_a_message_is_broken_between_words_where_a_width_is_given() -> None:
    error = ScenarioError(Source("f", "abc"), (Mistake(Span(1, 1, 2), "this is wrong", "write it otherwise"),))
    assert mistakes_text(error, width=16).split("\n") == [
        "f:1:1: this is",
        "wrong",
        "1 | abc",
        "  | ^",
        "  = help: write",
        "          it",
        "          otherw",
        "          ise",
        "",
    ]
