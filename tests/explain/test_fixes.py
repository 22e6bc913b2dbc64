"""Fixes: each one that is offered was run, and the scenario that it prints runs without the question."""

import pytest

from detachsim.events import ExpectationFailed, Raised, StepBegan
from detachsim.explain.mending import Draft, apply, scalar
from detachsim.marks import Span
from tests.explain.scenarios import diagnosed, leaf, run, steps
from tests.explain.test_diagnoses import CASES, Case

EDIT = steps(leaf("a"), "op: out = a.sigmoid()", "detach: c = out", "inplace: c.zero_()",
             "backward: out.sum()\nraises: modified by an inplace", "print: a.grad")  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_mended_scenario_runs_and_asks_less(case: Case) -> None:
    before = [found.code for found in diagnosed(case.text)]
    for found in diagnosed(case.text, fixes=9):
        for fix in found.fixes:
            events = run(fix.scenario)
            assert not any(isinstance(event, Raised | ExpectationFailed) for event in events), fix.title
            after = [one.code for one in diagnosed(fix.scenario)]
            assert after.count(found.code) < before.count(found.code), fix.title


def test_most_questions_have_a_fix() -> None:
    without = {found.code for case in CASES for found in diagnosed(case.text, fixes=1) if not found.fixes}
    assert without <= {"E1", "E2", "L3", "N6", "N7"}


def test_the_fixes_of_an_edit_through_an_alias() -> None:
    (found,) = diagnosed(EDIT, fixes=9)
    assert [(fix.title, fix.step, fix.replacement) for fix in found.fixes] == [
        ("give c memory of its own", "3", "op: c = out.detach().clone()"),
        ("make a new tensor instead of editing in place", "4", "op: c = torch.zeros_like(c)"),
        ("edit after the backward of step 5", "4", "inplace: c.zero_()"),
        ("compute it again before this backward", "5", "op: out = a.sigmoid()"),
    ]
    assert {fix.outcome for fix in found.fixes} == {"the run succeeds: a.grad = tensor([0.1966, 0.1050])"}


def test_a_mended_scenario_does_not_expect_the_error_any_more() -> None:
    (found,) = diagnosed(EDIT, fixes=1)
    expected = EDIT.replace("detach: c = out", "op: c = out.detach().clone()").replace(
        "    raises: modified by an inplace\n", ""
    )
    assert found.fixes[0].scenario == expected


def test_a_fix_that_gives_another_gradient_says_so() -> None:
    text = steps(leaf("w"), "op: y = (w * w).sum()", "inplace: w.detach().add_(1)", "backward: y")
    (found,) = diagnosed(text, fixes=9)
    first, again = found.fixes[0], found.fixes[-1]
    assert first.outcome == "the run succeeds: w.grad = tensor([2., 4.])"
    assert again.outcome == (
        "the run succeeds: w.grad = tensor([4., 6.]); not the gradient of the forward pass as it ran, "
        "which is w.grad = tensor([2., 4.])"
    )


def test_computing_again_does_not_undo_an_edit() -> None:
    text = steps(leaf("a"), "op: b = a.exp()", "inplace: b += 1", "backward: b.sum()")
    (found,) = diagnosed(text, fixes=9)
    assert [fix.title for fix in found.fixes] == [
        "make a new tensor instead of editing in place",
        "edit after the backward of step 4",
    ]


def test_what_does_not_help_is_not_offered() -> None:
    text = steps(leaf("w"), "op: loss = (w * w).sum()", "backward: loss\nretain_graph: true",
                 "no_grad:\n  - op: w = w - 0.1 * w.grad", "print: w.grad", "backward: loss")  # fmt: skip
    (found,) = diagnosed(text, fixes=9)
    # `w -= 0.1 * w.grad` would spoil what the second backward needs.
    assert [fix.title for fix in found.fixes] == ["give the result a name of its own"]


def test_a_text_with_a_placeholder_is_left_alone() -> None:
    text = "vary: {CUT: [out.detach()]}\n" + steps(
        leaf("a"), "op: out = a.sigmoid()", "op: c = ${CUT}", "inplace: c.zero_()", "backward: out.sum()"
    )
    (found,) = diagnosed(text, fixes=9)
    assert found.fixes
    assert all("${CUT}" in fix.scenario for fix in found.fixes)


@pytest.mark.parametrize("text", ["a", "'a: b'", "x # y", "[1]", "- x", "c = {1: 2}", "it's: so", "a:"])
def test_a_scalar_is_read_back_as_it_was(text: str) -> None:
    import yaml

    assert yaml.safe_load(f"op: {scalar(text)}") == {"op": text}


def test_a_step_is_found_with_its_options_and_comments() -> None:
    text = "steps:\n  - op: a\n    note: x\n\n    # why\n    warns: y\n  - op: b\n"
    item = Draft(text).item(Span(2, 9, 10), "op")
    assert item is not None
    assert (item.first, item.last, item.dash, item.key) == (1, 6, 2, 4)


def test_changes_keep_everything_else() -> None:
    text = "# head\nsteps:\n  - op: a  # c\n  - op: b\n"
    change = Draft(text).remove(_step(4, 9, "op"))
    assert change is not None
    assert apply(text, (change,)) == "# head\nsteps:\n  - op: a  # c\n"


def _step(line: int, column: int, kind: str) -> StepBegan:
    return StepBegan("2", kind, (), None, Span(line, column, column + 1))


def test_after_an_optimizers_step_computing_again_comes_first() -> None:
    text = steps("op: d = nn.Linear(2, 1)", "op: net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), d)",
                 "op: opt = optim.SGD(d.parameters(), lr=0.1)", "op: p = net(torch.ones(1, 2))", "op: one = p.sum()",
                 "op: two = (p * p).sum()", "backward: one\nretain_graph: true", "inplace: opt.step()",
                 "backward: two")  # fmt: skip
    (found,) = diagnosed(text, fixes=9)
    titles = [fix.title for fix in found.fixes]
    assert titles[:2] == ["compute it again before this backward", "edit after the backward of step 9"]


@pytest.mark.parametrize(
    ("text", "replacements"),
    [
        (
            steps(leaf("w"), "op: total = (w * 3).sum().item()", "op: loss = torch.tensor(total)", "backward: loss"),
            ["op: total = (w * 3).sum()\nop: loss = total"],
        ),
        (
            steps(leaf("w"), "op: one = w.sum()", "op: loss = torch.tensor([one, one]).sum()", "backward: loss"),
            ["op: loss = torch.stack([one, one]).sum()"],
        ),
        (
            steps(leaf("a"), "op: z = torch.from_numpy(a.detach().numpy()) * 2", "backward: z.sum()"),
            ["op: z = a * 2"],
        ),
        (
            steps(leaf("a"), "op: y = a.exp()", "op: n = y.detach().numpy()", "inplace: n[0] = 0", "backward: y.sum()"),
            ["op: n = y.detach().numpy().copy()", "inplace: n[0] = 0"],
        ),
        (
            steps(leaf("a", "2.0"), "op: g = torch.autograd.grad(a ** 3, [a])[0]", "backward: g"),
            ["op: g = torch.autograd.grad(a ** 3, [a], create_graph=True)[0]"],
        ),
        (
            steps(leaf("a"), leaf("b"), "op: other = b.sum()", "backward: a.sum()", "print: b.grad"),
            ["backward: a.sum() + other"],
        ),
        (
            steps(leaf("a"), leaf("b"), "backward: (a * b).sum()\ninputs: [a]", "print: b.grad"),
            ["backward: (a * b).sum()"],
        ),
        (
            steps(leaf("w"), "op: opt = optim.SGD([w], lr=0.1)", "backward: w.sum()", "inplace: opt.zero_grad()",
                  "print: w.grad"),
            ["inplace: opt.zero_grad()", "inplace: opt.zero_grad(set_to_none=False)"],
        ),
        (
            steps(leaf("w"), "repeat: 2\nsteps:\n  - backward: (w * w).sum()\n  - op: w = w - 0.1 * w.grad"),
            ["no_grad:\n  - inplace: w -= 0.1 * w.grad"],
        ),
        (
            steps(leaf("x", "[0.0, 4.0]"), "op: y = torch.where(x > 0, x.log(), torch.zeros(2))", "backward: y.sum()"),
            [
                "op: y = torch.where(x > 0, torch.where(x > 0, x, torch.ones_like(x)).log(), torch.zeros(2))",
                "op: y = torch.where(x > 0, (x + 1.0e-6).log(), torch.zeros(2))",
            ],
        ),
        (
            steps(leaf("x", "[0.0, 4.0]"), "op: y = torch.where(x == 0, x, 1 / x)", "backward: y.sum()"),
            [
                "op: y = torch.where(x == 0, x, 1 / torch.where(x == 0, torch.ones_like(x), x))",
                "op: y = torch.where(x == 0, x, 1 / (x + 1.0e-6))",
            ],
        ),
        (
            steps(leaf("x"), "tensor: y = [3.0, 4.0]", "inplace: x.data = y", "op: z = (x * x).sum()",
                  "inplace: y.add_(1)", "backward: z"),
            ["inplace: x.data = y.clone()", "op: y = y.add(1)"],
        ),
        (
            steps("op: m = nn.Linear(1, 1)", "op: opt = optim.SGD(m.parameters(), lr=0.1)",
                  "inplace: m.weight = nn.Parameter(torch.ones(1, 1))", "backward: m(torch.ones(1)).sum()",
                  "inplace: opt.step()"),
            ["op: opt = optim.SGD(m.parameters(), lr=0.1)", "no_grad:\n  - inplace: m.weight.copy_(torch.ones(1, 1))"],
        ),
        (
            steps(leaf("x", "[0.5, 1.0]"), "op: y = torch.acos(x)", "backward: y.sum()"),
            ["op: y = torch.acos(x.clamp(-0.999999, 0.999999))"],
        ),
        (
            steps(leaf("x", "[0.5, 1.0]"), "op: y = (1 - x).pow(0.5)", "backward: y.sum()"),
            ["op: y = (1 - x + 1.0e-6).pow(0.5)"],
        ),
        (
            steps(leaf("x", "[0.0, 1.0]"), "op: y = x.pow(-0.5)", "backward: y.sum()"),
            ["op: y = (x + 1.0e-6).pow(-0.5)"],
        ),
        (
            steps(leaf("x", "[0.0, 1.0]"), "op: y = x ** -2", "backward: y.sum()"),
            ["op: y = (x + 1.0e-6) ** -2"],
        ),
        (
            steps(leaf("x", "[1.0, 100.0]"), "op: p = x.exp()", "op: q = p / p.sum()", "backward: q[0]"),
            ["op: p = x.clamp(max=80).exp()"],
        ),
        (
            steps("tensor: x = [1.0, 800.0]\nrequires_grad: true\ndtype: float64", "op: p = x.exp()",
                  "op: q = p / p.sum()", "backward: q[0]"),
            ["op: p = x.clamp(max=700).exp()"],
        ),
        (
            steps(leaf("x", "[1.0, 100.0]"), "op: y = torch.log(1 + x.exp())", "backward: y.sum()"),
            ["op: y = F.softplus(x)", "op: y = torch.log(1 + x.clamp(max=80).exp())"],
        ),
        (
            steps(leaf("x", "[0.0, 200.0]"), "op: y = x.softmax(0).log().sum()", "backward: y"),
            ["op: y = F.log_softmax(x, 0).sum()", "op: y = (x.softmax(0) + 1.0e-6).log().sum()"],
        ),
        (
            steps(leaf("x", "[1.0, 100.0]"), "op: y = torch.log(torch.exp(x).sum(dim=0))", "backward: y"),
            ["op: y = torch.logsumexp(x, dim=0)", "op: y = torch.log(torch.exp(x.clamp(max=80)).sum(dim=0))"],
        ),
        (
            steps(leaf("x", "[0.0, 200.0]"), "op: y = torch.log(torch.sigmoid(-x)).sum()", "backward: y"),
            ["op: y = F.logsigmoid(-x).sum()", "op: y = torch.log(torch.sigmoid(-x) + 1.0e-6).sum()"],
        ),
        (
            steps(leaf("x"), "op: h = x * 3", "op: 'h.register_hook(lambda g: g.mul_(2))'", "backward: h.sum()"),
            ["op: h.register_hook(lambda g: g.mul(2))"],
        ),
        (
            steps("op: net = nn.Linear(1, 1)", "op: losses = []",
                  "repeat: 2\nsteps:\n  - op: losses.append(net(torch.ones(1, 1)).sum().item())",
                  "op: loss = torch.tensor(losses).mean()", "backward: loss"),
            ["op: losses.append(net(torch.ones(1, 1)).sum())\nop: loss = torch.stack(losses).mean()"],
        ),
        (steps(leaf("w"), "op: torch.set_grad_enabled(False)", "op: y = w.sum()", "backward: y"), [""]),
        (steps("tensor: x = [1, 2]\nrequires_grad: true"), ["tensor: x = [1, 2]\ndtype: float32"]),
        (
            steps("op: x = torch.tensor([1, 2], requires_grad=True)"),
            ["op: x = torch.tensor([1, 2], dtype=torch.float32, requires_grad=True)"],
        ),
        (steps(leaf("x"), "op: n = (x * 2).numpy()"), ["op: n = (x * 2).detach().numpy()"]),
        (
            steps(leaf("w"), "op: p = (w * 2).sum().item()", "op: loss = -p", "backward: loss"),
            ["op: p = (w * 2).sum()"],
        ),
        (
            steps("op: net = nn.Linear(1, 1)", "inplace: net.weight.mul_(2)"),
            ["no_grad:\n  - inplace: net.weight.mul_(2)"],
        ),
        (steps(leaf("w"), "inplace: w.grad.zero_()", "backward: w.sum()"), ["inplace: w.grad = None"]),
    ],
)  # fmt: skip
def test_what_people_write_instead(text: str, replacements: list[str]) -> None:
    (found,) = diagnosed(text, fixes=2)
    assert [fix.replacement for fix in found.fixes] == replacements


def test_a_fix_says_whom_a_backward_does_not_reach_any_more() -> None:
    text = steps("op: G = nn.Linear(1, 1)", "op: D = nn.Linear(1, 1)", "op: fake = G(torch.ones(1, 1))",
                 "backward: (D(fake) ** 2).sum()", "backward: -D(fake).sum()")  # fmt: skip
    (found,) = diagnosed(text, fixes=9)
    outcomes = {fix.replacement: fix.outcome for fix in found.fixes}
    missed = "the run succeeds; {}.backward() does not reach G.bias and G.weight then"
    assert outcomes == {
        "backward: (D(fake) ** 2).sum()\nretain_graph: true": "the run succeeds",
        "op: fake = G(torch.ones(1, 1))": "the run succeeds",
        "backward: (D(fake.detach()) ** 2).sum()": missed.format("(D(fake) ** 2).sum()"),
        "detach: fake = fake": missed.format("(-D(fake).sum())"),
    }


def test_grad_reaches_nobody_and_a_fix_says_nothing_of_it() -> None:
    text = steps(leaf("x"), "op: y = x.exp().sum()", "op: g, = torch.autograd.grad(y, [x])",
                 "op: h, = torch.autograd.grad(y, [x])")  # fmt: skip
    (found,) = diagnosed(text, fixes=9)
    assert {fix.outcome for fix in found.fixes} == {"the run succeeds"}


def test_the_state_of_a_loop_is_cut_where_its_weights_change_in_between() -> None:
    text = "seed: 0\n" + steps(
        "op: cell = nn.RNNCell(1, 2)", "op: opt = optim.SGD(cell.parameters(), lr=0.1)", "tensor: h = zeros(1, 2)",
        "repeat: 3\nsteps:\n  - op: h = cell(torch.ones(1, 1), h)\n  - backward: h.sum()\n    retain_graph: true\n"
        "  - inplace: opt.step()",
    )  # fmt: skip
    (found,) = diagnosed(text, fixes=1)
    assert (found.code, found.fixes[0].replacement) == ("V1", "detach: h = h")


def test_a_gradient_that_was_edited_is_not_told_as_it_was_before() -> None:
    text = steps(leaf("w"), "backward: w.sum()", "inplace: w.grad = None", "print: w.grad")
    (found,) = diagnosed(text, fixes=9)
    assert [(fix.replacement, fix.outcome) for fix in found.fixes] == [
        ("inplace: w.grad = None", "the run succeeds"),
        ("inplace: w.grad.zero_()", "the run succeeds"),
    ]


def test_what_a_loop_carries_is_cut_before_its_graph_is_kept() -> None:
    text = steps("tensor: h = [0.0, 0.0]", leaf("w"), "repeat: 3\nsteps:\n  - op: h = torch.tanh(h + w)\n"
                 "  - backward: h.sum()")  # fmt: skip
    (found,) = diagnosed(text, fixes=9)
    assert [fix.replacement.split("\n")[0] for fix in found.fixes] == ["detach: h = h", "backward: h.sum()"]
