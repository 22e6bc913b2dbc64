"""On random programs that end in a version error: without the edits that the report names it goes away or moves."""

from random import Random

import pytest

from detachsim.events import Raised, VersionMismatch
from detachsim.explain.explainer import diagnose
from detachsim.lang.syntax import Dialect
from detachsim.run import execute
from tests.explain.scenarios import leaf, loaded, run, steps

UNARY = ("exp()", "sigmoid()", "tanh()", "sqrt()", "sin()", "relu()", "abs()")
ALIASES = ("{}.detach()", "{}[:2]", "{}.view(-1)", "{}.t()", "{}[1]", "{}.unsqueeze(0)")
EDITS = ("{}.add_(1)", "{} *= 2", "{}.zero_()", "{}.sigmoid_()", "{}.clamp_(min=0.5)", "{}.fill_(3)")


def program(random: Random) -> list[str]:
    """Return the steps of a random program: it computes, aliases and edits, then calls backward."""
    lines = [leaf("a", "[[1.0, 2.0], [3.0, 4.0]]"), leaf("w", "[[0.5, 1.5], [2.5, 3.5]]"), "op: b = a * w"]
    whole, all_names = ["b"], ["b"]
    for number in range(random.randint(4, 9)):
        name, source = f"t{number}", random.choice(whole)
        kind = random.random()
        if kind < 0.3:
            lines.append(f"op: {name} = {source}.{random.choice(UNARY)}")
            whole.append(name)
            all_names.append(name)
        elif kind < 0.5:
            lines.append(f"op: {name} = {source} * {random.choice([*whole, 'w'])}")
            whole.append(name)
            all_names.append(name)
        elif kind < 0.7:
            alias = random.choice(ALIASES).format(source)
            lines.append(f"detach: {name} = {source}" if alias.endswith("detach()") else f"op: {name} = {alias}")
            all_names.append(name)
        else:
            lines.append(f"inplace: {random.choice(EDITS).format(random.choice(all_names))}")
    lines.append(f"backward: {' + '.join(f'{name}.sum()' for name in whole[-2:])}")
    return lines


def version_error(lines: list[str]) -> tuple[str, str] | None:
    """Return the text of the version error that a program ends in, and the line that saved what was edited."""
    events = run(steps(*lines))
    for event in events:
        if isinstance(event, Raised):
            if not isinstance(event.evidence, VersionMismatch):
                return None
            (found,) = diagnose(events)
            saved = next(one for one in found.because if one.role == "saved")
            return event.text, lines[int(saved.step) - 1]
    return None


def broken_programs(count: int) -> list[list[str]]:
    random = Random(20)
    found: list[list[str]] = []
    while len(found) < count:
        lines = program(random)
        if version_error(lines) is not None:
            found.append(lines)
    return found


@pytest.mark.parametrize("lines", broken_programs(40), ids=lambda lines: str(len(lines)))
def test_the_named_edits_are_to_blame(lines: list[str]) -> None:
    error = version_error(lines)
    (found,) = diagnose(run(steps(*lines)))
    assert found.code == "V1"
    named = {int(one.step) - 1 for one in found.because if one.role == "edited"}
    assert named
    assert all(lines[place].startswith("inplace") for place in named)
    for gone in (*({place} for place in named), named):
        left = [line for place, line in enumerate(lines) if place not in gone]
        assert version_error(left) != error


@pytest.mark.parametrize(("dialect", "called"), [("torch-2.13", "v"), ("torch-1.13", "a")])
def test_of_several_saved_tensors_the_one_that_the_error_names_is_told(dialect: Dialect, called: str) -> None:
    text = steps(leaf("x"), "op: a = x * 1", "op: v = a[:1]", "op: y = torch.atan2(a, v)", "inplace: a.add_(1)",
                 "backward: y.sum()")  # fmt: skip
    (found,) = diagnose(list(execute(loaded(text), dialect=dialect)))
    assert found.headline.startswith(f"a.add_(1) in step 5 edited {called}, which Atan2Backward0 saved in step 4")
