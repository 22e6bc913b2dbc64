"""A scenario that asks for too much is told so at once, whatever it is that there is too much of."""

import pytest

from detachsim.lang import load
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.render.transcript import render
from detachsim.run import execute, interpreter
from tests.shell import detachsim

LIMIT = "LimitError: detachsim does not go that far: "
NESTED = "steps:\n  - op: l = [1]\n  - repeat: 60\n    steps:\n      - {}\n"


def last_line(text: str) -> str:
    return list(render(execute(load(Source("limit.yaml", text), VOCABULARY))))[-1].rstrip("\n")


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("[1] * 10**6", "a list of more than 100,000 items"),
        ("zeros(200000).tolist()", "a list of more than 100,000 items"),
        ("'%s' % ('a' * 99999) + 'abc'", "a str of more than 100,000 items"),
        ("ones([1] * 65)", "a tensor of more than 64 dims"),
        ("zeros(3).view([1] * 64 + [3])", "a tensor of more than 64 dims"),
        (f"torch.tensor({'[' * 70}1.{']' * 70})", "a list nested more than 64 levels deep"),
        ("zeros(3).as_strided((2**33, 2**33), (0, 0))", "a tensor larger than any memory"),
        ("torch.linalg.pinv(ones(2000, 2000))", "taking matrices of the shape [2000, 2000] apart would take minutes"),
        ("torch.det(ones(2000, 2000))", "taking matrices of the shape [2000, 2000] apart would take minutes"),
        ("ones(7000, 7000) @ ones(7000, 7000)", "the product of [7000, 7000] and [7000, 7000] would take minutes"),
        ("torch.set_printoptions(threshold='a')", "threshold of set_printoptions that is no number"),
        ("torch.set_printoptions(precision=zeros(2))", "precision of set_printoptions that is no number"),
        ("2 ** 4096", "a whole number of more than 4096 bits"),
        ("(2 ** 4095) * 2", "a whole number of more than 4096 bits"),
        ("torch.set_printoptions(edgeitems=-1)", "edgeitems=-1 of set_printoptions"),
        ("torch.set_printoptions(threshold=nan)", "threshold=nan of set_printoptions"),
        ("torch.set_printoptions(precision=10**6)", "precision=1000000 of set_printoptions"),
        ("zeros(0, 3).as_strided((-1, 0), (1, 1))", "a tensor of the negative size (-1, 0)"),
        ("torch.randperm(10**7)", "drawing 10,000,000 numbers one after another would take minutes"),
        ("ones(3).multinomial(10**7, True)", "drawing 10,000,000 numbers one after another would take minutes"),
        ("F.adaptive_avg_pool2d(ones(1, 1, 9, 9), 3000)", "9,000,000 windows would take minutes"),
        ("F.adaptive_max_pool2d(ones(1, 1, 9, 9), 3000)", "9,000,000 windows would take minutes"),
        ("torch.linalg.matrix_rank(ones(9, 800, 800))", "taking matrices of the shape [9, 800, 800] apart"),
    ],
)
def test_an_expression_that_asks_for_too_much(expression: str, told: str) -> None:
    assert last_line(f'steps:\n  - op: "y = {expression}"\n').startswith(LIMIT + told)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("op: l = [l, l]", "a list of more than 100,000 items"),
        ("op: l = (l, l)", "a tuple of more than 100,000 items"),
        ("op: l = [l] + [l]", "a list of more than 100,000 items"),
        ("op: l = [l] * 9", "a list of more than 100,000 items"),
        ("inplace: l[0] = l", "a list inside itself"),
        ("inplace: l[0] = (1, [l])", "a list inside itself"),
        ("inplace: l += [l]", "a list inside itself"),
    ],
)
def test_a_list_that_could_not_be_printed(step: str, told: str) -> None:
    assert last_line(NESTED.format(step)) == LIMIT + told


def test_a_list_that_grows_deep_is_refused() -> None:
    text = NESTED.format("op: l = [l]").replace("60", "70")
    assert last_line(text) == LIMIT + "a list nested more than 64 levels deep"


def test_a_lambda_that_never_ends() -> None:
    text = 'steps:\n  - print: "(lambda f: f(f))(lambda f: f(f))"\n    raises: RecursionError\n  - say: on\n'
    assert last_line(text) == "on"
    told = detachsim("run", "--format", "torch", "-", stdin=text)
    assert (told.stdout, told.returncode) == ("RecursionError: maximum recursion depth exceeded\non\n", 0)


def test_a_lambda_may_go_as_deep_as_in_python() -> None:
    text = 'steps:\n  - op: "f = lambda f, n: n <= 0 or abs(int(f(f, n - 1)))"\n  - print: f(f, 900)\n'
    assert detachsim("run", "--format", "torch", "-", stdin=text).stdout == "f(f, 900): 1\n"


@pytest.mark.parametrize("raises", ["", "\n    raises: true"], ids=["plain", "raises"])
def test_a_run_has_an_end(raises: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "MOST_STEPS", 100)
    text = f"steps:\n  - repeat: 1000000{raises}\n    steps:\n      - repeat: 1000000\n        steps: [{{say: x}}]\n"
    assert last_line(text) == LIMIT + "a run of more than 100 steps"


def test_memory_has_an_end() -> None:
    text = (
        "steps:\n  - op: y = zeros(50000000)\n  - repeat: 9\n    as: i\n    steps:\n      - op: y = torch.cat([y, y])\n"
    )
    done = detachsim("run", "--format", "torch", "-", stdin=text)
    assert done.stdout.startswith(LIMIT)
    assert (done.stderr, done.returncode) == ("", 1)
