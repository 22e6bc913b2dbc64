"""What people asked in public threads, each as a scenario: the right code, the right culprit, the right cut."""

from typing import NamedTuple

import pytest

from detachsim.events import FlowStopped
from tests.explain.scenarios import diagnosed, leaf, run, steps


class Case(NamedTuple):
    """A scenario, and the one diagnosis that it must get; ``because`` may be a part of the evidence."""

    name: str
    text: str
    code: str
    step: str
    because: list[tuple[str, str]]


CASES = [
    Case(
        "an edit through a detached name",
        steps(leaf("a"), "op: out = a.sigmoid()", "detach: c = out", "inplace: c.zero_()", "backward: out.sum()"),
        "V1", "5", [("2", "saved"), ("3", "aliased"), ("4", "edited"), ("5", "needed")],
    ),
    Case(
        "an optimizer step between two backwards",
        steps(
            leaf("w"), leaf("x"), "op: y = (w * x).sum()", "op: opt = optim.SGD([w], lr=0.1)",
            "backward: y\nretain_graph: true", "inplace: opt.step()", "backward: y",
        ),
        "V1", "7", [("3", "saved"), ("6", "edited"), ("7", "needed")],
    ),
    Case(
        "an edit through a view of what was saved",
        steps(leaf("a", "[[1.0, 2.0], [3.0, 4.0]]"), "op: b = a * 1", "op: c = b * b", "op: row = b[0]",
              "inplace: row.add_(1)", "backward: c.sum()"),
        "V1", "6", [("3", "saved"), ("4", "aliased"), ("5", "edited"), ("6", "needed")],
    ),
    Case(
        "the saved tensor is the view, and its base is edited",
        steps(leaf("a"), "op: b = a * 1", "op: v = b[0]", "op: c = v.exp()", "op: d = v * v", "inplace: b.mul_(2)",
              "backward: d"),
        "V1", "7", [("5", "saved"), ("3", "aliased"), ("6", "edited"), ("7", "needed")],
    ),
    Case(
        "two edits, both named",
        steps(leaf("a"), "op: b = a.exp()", "inplace: b += 1", "inplace: b *= 2", "backward: b.sum()"),
        "V1", "5", [("2", "saved"), ("3", "edited"), ("4", "edited"), ("5", "needed")],
    ),
    Case(
        "an in-place ReLU after an op that saved its result",
        steps(leaf("a"), "op: b = a.sigmoid()", "inplace: F.relu_(b)", "inplace: b.add_(1)", "backward: b.sum()"),
        "V1", "5", [("3", "saved"), ("4", "edited"), ("5", "needed")],
    ),
    Case(
        "detach_() of what was saved",
        steps(leaf("a"), "op: b = a * 2", "op: c = b * b", "inplace: b.detach_()", "backward: c.sum()"),
        "V3", "5", [("3", "saved"), ("4", "cut"), ("5", "needed")],
    ),
    Case(
        "an edit through .data",
        steps(leaf("a"), "op: out = a.sigmoid()", "op: c = out.data", "inplace: c.zero_()", "backward: out.sum()"),
        "V2", "5", [("2", "saved"), ("3", "aliased"), ("4", "edited"), ("5", "needed")],
    ),
    Case(
        "a value put into .data",
        steps(leaf("w"), "op: y = (w * w).sum()", "inplace: w.data = torch.tensor([7.0, 8.0])", "backward: y"),
        "V2", "4", [("2", "saved"), ("3", "edited"), ("4", "needed")],
    ),
    Case(
        "an edit of the tensor that .data was set to",
        steps(leaf("x"), "tensor: y = [3.0, 4.0]", "inplace: x.data = y", "op: z = (x * x).sum()", "inplace: y.add_(1)",
              "backward: z"),
        "V2", "6", [("3", "aliased"), ("4", "saved"), ("5", "edited"), ("6", "needed")],
    ),
    Case(
        "a leaf that took the name of the one that its optimizer holds",
        steps(leaf("w"), "op: opt = optim.SGD([w], lr=0.1)", leaf("w"), "backward: (w * w).sum()",
              "inplace: opt.step()"),
        "O1", "5", [("2", "created"), ("3", "rebound"), ("5", "needed")],
    ),
    Case(
        "a module made anew after its optimizer",
        steps("op: m = nn.Linear(1, 1)", "op: opt = optim.Adam(m.parameters())", "op: m = nn.Linear(1, 1)",
              "repeat: 2\nsteps:\n  - backward: m(torch.ones(1)).sum()\n  - inplace: opt.step()"),
        "O1", "4[0].2", [("2", "created"), ("3", "rebound"), ("4[0].2", "needed")],
    ),
    Case(
        "a detach inside a longer expression",
        steps(leaf("a"), leaf("b"), "op: c = a.detach() * b", "backward: c.sum()", "print: a.grad"),
        "N1", "5", [("1", "created"), ("3", "cut"), ("4", "needed"), ("5", "read")],
    ),
    Case(
        "a detach far from the tensor that misses its gradient",
        steps(leaf("a"), leaf("b"), "op: h = a * 2", "op: k = h + 1", "detach: m = k", "op: n = m * b",
              "backward: n.sum()", "expect: {a.grad: null}"),
        "N1", "8", [("1", "created"), ("5", "cut"), ("7", "needed"), ("8", "read")],
    ),
    Case(
        "no_grad on the way",
        steps(leaf("a"), leaf("b"), "no_grad:\n  - op: h = a * 2", "backward: (h * b).sum()", "print: a.grad"),
        "N2", "5", [("3", "cut"), ("3.1", "cut"), ("4", "needed")],
    ),
    Case(
        "the gradient of a non-leaf",
        steps(leaf("a"), "op: b = a * 3", "backward: b.sum()", "print: b.grad"),
        "N3", "4", [("2", "created"), ("4", "read")],
    ),
    Case(
        "a slice of a leaf",
        steps(leaf("a"), "op: part = a[:1]", "backward: part.sum()", "print: part.grad"),
        "N3", "4", [("2", "created"), ("4", "read")],
    ),
    Case(
        "x = x.view(…) takes the name",
        steps(leaf("x"), "op: x = x.view(2, 1)", "backward: x.sum()", "print: x.grad"),
        "N4", "4", [("1", "created"), ("2", "rebound"), ("4", "read")],
    ),
    Case(
        "an update that takes the name, in no_grad",
        steps(leaf("w"), "backward: (w * w).sum()", "no_grad:\n  - op: w = w - 0.1 * w.grad", "print: w.grad"),
        "N4", "4", [("1", "created"), ("3", "cut"), ("3.1", "rebound")],
    ),
    Case(
        "requires_grad was forgotten",
        steps("tensor: a = [1.0, 2.0]", leaf("b"), "backward: (a * b).sum()", "print: a.grad"),
        "N5", "4", [("1", "created"), ("4", "read")],
    ),
    Case(
        "requires_grad was switched off",
        steps(leaf("a"), leaf("b"), "inplace: a.requires_grad_(False)", "backward: (a * b).sum()", "print: a.grad"),
        "N5", "5", [("3", "cut"), ("5", "read")],
    ),
    Case(
        "argmax on the way",
        steps(leaf("a"), leaf("b"), "op: k = a.argmax()", "backward: (b * k).sum()", "print: a.grad"),
        "N6", "5", [("1", "created"), ("3", "cut"), ("4", "needed")],
    ),
    Case(
        "a tensor of whole numbers",
        steps("tensor: a = [1, 2]", leaf("b"), "backward: (a * b).sum()", "print: a.grad"),
        "N6", "4", [("1", "created"), ("4", "read")],
    ),
    Case(
        "a parameter that this loss does not use",
        steps(leaf("a"), leaf("b"), "op: other = b * 2", "backward: (a * 2).sum()", "print: b.grad"),
        "N7", "5", [("2", "created"), ("4", "needed"), ("5", "read")],
    ),
    Case(
        "zero_grad before the look",
        steps(leaf("w"), "op: opt = optim.SGD([w], lr=0.1)", "backward: (w * 2).sum()", "inplace: opt.zero_grad()",
              "print: w.grad"),
        "N9", "5", [("3", "created"), ("4", "edited"), ("5", "read")],
    ),
    Case(
        "two losses that share one op",
        steps(leaf("a"), "op: h = a * a", "op: one = h.sum()", "op: two = (h * 2).sum()", "backward: one",
              "backward: two"),
        "B1", "6", [("2", "saved"), ("5", "freed"), ("6", "needed")],
    ),
    Case(
        "autograd.grad frees too",
        steps(leaf("a"), "op: h = (a * a).sum()", "op: g = torch.autograd.grad(h, [a])", "backward: h"),
        "B1", "4", [("2", "saved"), ("3", "freed"), ("4", "needed")],
    ),
    Case(
        "an op outside of the loop",
        steps(leaf("w"), "op: h = w * w", "repeat: 2\nsteps:\n  - op: loss = (h * 2).sum()\n  - backward: loss"),
        "B1", "3[1].2", [("2", "saved"), ("3[0].2", "freed"), ("3[1].2", "needed")],
    ),
    Case(
        "backward from a detached root",
        steps(leaf("a"), "op: out = a.sigmoid()", "detach: c = out", "backward: c.sum()"),
        "B2", "4", [("3", "cut"), ("4", "needed")],
    ),
    Case(
        "backward where nothing requires grad",
        steps("tensor: a = [1.0, 2.0]", "op: b = a * 2", "backward: b.sum()"),
        "B2", "3", [("1", "created"), ("3", "needed")],
    ),
    Case(
        "backward from a vector",
        steps(leaf("a"), "op: b = a * 2", "backward: b"),
        "B3", "3", [("2", "created"), ("3", "needed")],
    ),
    Case(
        "grad of what was not used",
        steps(leaf("a"), leaf("b"), "op: y = (a * 2).sum()", "op: g = torch.autograd.grad(y, [a, b])"),
        "B4", "4", [("2", "created"), ("4", "needed")],
    ),
    Case(
        "grad through a cut",
        steps(leaf("a"), leaf("b"), "op: y = (a.detach() * b).sum()", "op: g = torch.autograd.grad(y, [a])"),
        "B4", "4", [("1", "created"), ("3", "cut"), ("4", "needed")],
    ),
    Case(
        "an edit of a leaf",
        steps(leaf("w"), "inplace: w += 1"),
        "L1", "2", [("1", "created"), ("2", "edited")],
    ),
    Case(
        "an edit of a view of a leaf",
        steps(leaf("w"), "op: v = w[0]", "inplace: v.mul_(2)"),
        "L1", "3", [("1", "created"), ("2", "aliased"), ("3", "edited")],
    ),
    Case(
        "a view made in no_grad",
        steps(leaf("a"), "op: b = a * 1", "no_grad:\n  - op: v = b[0]", "inplace: v.mul_(2)"),
        "L2", "4", [("3.1", "aliased"), ("4", "edited")],
    ),
    Case(
        "one of several views",
        steps(leaf("a"), "op: b = a * 1", "op: p, q = b.split(1)", "inplace: p.mul_(2)"),
        "L2", "4", [("3", "aliased"), ("4", "edited")],
    ),
    Case(
        "the flag of a non-leaf",
        steps(leaf("a"), "op: b = a * 2", "inplace: b.requires_grad = False"),
        "L3", "3", [("2", "created"), ("3", "needed")],
    ),
    Case(
        "log of zero",
        steps(leaf("a", "[0.0, 1.0]"), "op: y = a.log()", "op: z = y * y", "backward: z.sum()"),
        "F1", "4", [("2", "created"), ("4", "needed")],
    ),
    Case(
        "where() does not help the sqrt before it",
        steps(leaf("x", "[0.0, 4.0]"), "op: r = x.sqrt()", "op: y = torch.where(x > 0, r, torch.zeros(2))",
              "backward: y.sum()"),
        "F2", "4", [("2", "created"), ("4", "needed")],
    ),
    Case(
        "out as a number, and back as a tensor",
        steps(leaf("a", "2.0"), leaf("b"), "op: k = (a * a).item()", "op: t = torch.tensor(k)",
              "backward: (b * t).sum()", "print: a.grad"),
        "N10", "6", [("1", "created"), ("3", "cut"), ("5", "needed")],
    ),
    Case(
        "a gradient without create_graph",
        steps(leaf("a", "2.0"), "op: y = a ** 3", "op: g, = torch.autograd.grad(y, [a])", "backward: g"),
        "B2", "4", [("3", "cut"), ("4", "needed")],
    ),
    Case(
        "a module that this loss does not use",
        steps("op: used = nn.Linear(1, 1)", "op: idle = nn.Linear(1, 1)", "backward: used(torch.ones(1, 1)).sum()",
              "print: idle.weight.grad"),
        "N7", "4", [("2", "created"), ("3", "needed"), ("4", "read")],
    ),
    Case(
        "an optimizer of a result",
        steps(leaf("a"), "op: w = a * 0.1", "op: opt = optim.SGD([w], lr=0.1)"),
        "L3", "3", [("2", "created"), ("3", "needed")],
    ),
    Case(
        "a part added to an overlapping part",
        steps("tensor: y = [1.0, 2.0, 3.0]", "inplace: y[1:] += y[:-1]"),
        "L5", "2", [("2", "edited")],
    ),
    Case(
        "an edit of a numpy array over what was saved",
        steps(leaf("a"), "op: y = a.exp()", "op: n = y.detach().numpy()", "inplace: n[0] = 0", "backward: y.sum()"),
        "V2", "5", [("2", "saved"), ("3", "aliased"), ("4", "edited"), ("5", "needed")],
    ),
    Case(
        "an edit of another part of one memory",
        steps(leaf("w"), "tensor: h = zeros(3, 2)", "op: y = (w * h[0]).sum()", "inplace: h[1] = 1", "backward: y"),
        "V1", "5", [("3", "saved"), ("4", "edited"), ("5", "needed")],
    ),
    Case(
        "there and back through numpy",
        steps(leaf("a"), "op: z = torch.from_numpy(a.detach().numpy()) * 2", "backward: z.sum()"),
        "B2", "3", [("2", "cut"), ("3", "needed")],
    ),
    Case(
        "a tensor of tensors",
        steps(leaf("w"), "op: one = (w * 2).sum()", "op: loss = torch.tensor([one, 3.0]).sum()", "backward: loss"),
        "B2", "4", [("3", "cut"), ("4", "needed")],
    ),
    Case(
        "a loss of numbers",
        steps(leaf("w"), "op: total = (w * 3).sum().item()", "op: loss = torch.tensor(total)", "backward: loss"),
        "B2", "4", [("2", "cut"), ("4", "needed")],
    ),
    Case(
        "a gradient is wanted before the first backward",
        steps(leaf("w"), "inplace: w.grad.zero_()", "backward: w.sum()"),
        "N8", "2", [("1", "created"), ("2", "read")],
    ),
    Case(
        "an update that gives the name away, and a second one",
        steps(leaf("w"), "repeat: 2\nsteps:\n  - backward: (w * w).sum()\n  - op: w = w - 0.1 * w.grad"),
        "N4", "2[1].2", [("1", "created"), ("2[0].2", "rebound"), ("2[1].2", "read")],
    ),
    Case(
        "only some inputs are asked for",
        steps(leaf("a"), leaf("b"), "backward: (a * b).sum()\ninputs: [a]", "print: b.grad"),
        "N7", "4", [("2", "created"), ("3", "needed"), ("4", "read")],
    ),
    Case(
        "a name that a failed step should have bound",
        steps(leaf("w"), "op: y = w.view(3)\nraises: true", "print: y"),
        "E2", "3", [("2", "rebound"), ("3", "needed")],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_answer_is_right(case: Case) -> None:
    found = [one for one in diagnosed(case.text) if not (case.code == "E2" and one.code == "E1")]
    assert [(one.code, one.step) for one in found] == [(case.code, case.step)]
    evidence = [(one.step, one.role) for one in found[0].because]
    assert [piece for piece in case.because if piece not in evidence] == [], evidence


def test_evidence_comes_in_the_order_of_the_steps() -> None:
    for case in CASES:
        for found in diagnosed(case.text):
            numbers = [[int(part) for part in one.step.replace("[", ".").replace("]", "").split(".")]
                       for one in found.because]  # fmt: skip
            assert numbers == sorted(numbers), case.name


def test_versions_are_told_with_what_moved_them() -> None:
    found = diagnosed(CASES[4].text)[0]
    moved = [(one.role, one.version_before, one.version_after) for one in found.because]
    assert moved == [("saved", 0, 0), ("edited", 0, 1), ("edited", 1, 2), ("needed", 0, 2)]


QUIET = {
    "gradients that are right": steps(
        leaf("a"), "print: a.grad", "op: b = a * 2", "backward: b.sum()", "print: a.grad"
    ),
    "a None before any backward": steps(leaf("a"), "op: b = a * 2", "print: [a.grad, b.grad]"),
    "a frozen part that nobody asks about": steps(
        leaf("a"), leaf("b"), "backward: (a.detach() * b).sum()", "print: b.grad"
    ),
    "an edit through .data before anything was saved": steps(
        leaf("w"), "inplace: w.data.mul_(2)", "backward: (w * w).sum()", "print: w.grad"
    ),
    "an edit through .data that no gradient needs": steps(
        leaf("w"), "op: y = (w + 1).sum()", "inplace: w.data.mul_(2)", "backward: y", "print: w.grad"
    ),
    "an edit through .data of another part": steps(
        leaf("a"), "op: b = a * 1", "op: v = b[0]", "op: c = v * v", "op: d = b[1].data", "inplace: d.zero_()",
        "backward: c", "print: a.grad",
    ),
    "an edit in place after backward": steps(
        leaf("a"), "op: b = a.exp()", "backward: b.sum()", "inplace: b.zero_()", "print: a.grad"
    ),
    "an edit in place that no gradient needs": steps(
        leaf("a"), "op: b = a + 1", "inplace: b.mul_(3)", "backward: b.sum()", "print: a.grad"
    ),
    "training with .data": steps(
        leaf("w"),
        "repeat: 3\nsteps:\n  - op: loss = (w * w).sum()\n  - backward: loss\n  - inplace: w.data -= 0.1 * w.grad\n"
        "  - inplace: w.grad = None",
    ),
    "an optimizer that is made after its parameter was replaced": steps(
        "op: m = nn.Linear(1, 1)", "inplace: m.weight = nn.Parameter(torch.ones(1, 1))",
        "op: opt = optim.SGD(m.parameters(), lr=0.1)", "backward: m(torch.ones(1)).sum()", "inplace: opt.step()",
    ),
    "another optimizer for what was made later": steps(
        leaf("w"), "op: opt = optim.SGD([w], lr=0.1)", leaf("w"), "op: new = optim.SGD([w], lr=0.1)",
        "backward: w.sum()", "inplace: opt.step()", "inplace: new.step()",
    ),
    "an inf that is meant": steps(
        leaf("s"), "op: m = s.masked_fill(torch.tensor([True, False]), -inf)", "op: p = m.softmax(0)",
        "backward: (p * p).sum()", "print: s.grad",
    ),
    "a non-leaf that keeps its gradient": steps(
        leaf("a"), "op: b = a * 2", "op: b.retain_grad()", "backward: b.sum()", "print: b.grad"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_nobody_is_accused_of_what_is_right(name: str) -> None:
    assert diagnosed(QUIET[name]) == []


def test_a_loop_asks_once() -> None:
    text = steps(leaf("a"), leaf("b"), "repeat: 3\nsteps:\n  - backward: (a.detach() * b).sum()\n  - print: a.grad")
    assert [(one.code, one.step) for one in diagnosed(text)] == [("N1", "3[0].2")]


def test_each_run_of_a_vary_is_answered_for_itself() -> None:
    text = "vary: {CUT: [out.detach(), out.data, out.detach().clone()]}\n" + steps(
        leaf("a"), "op: out = a.sigmoid()", "op: c = ${CUT}", "inplace: c.zero_()", "backward: out.sum()"
    )
    found = diagnosed(text)
    assert [(one.code, dict(one.choices)["CUT"]) for one in found] == [("V1", "out.detach()"), ("V2", "out.data")]


@pytest.mark.parametrize(
    ("masked", "code"),
    [("torch.where(x > 0, x.log(), torch.zeros(2))", "F1"), ("torch.where(x > 0, x.sqrt(), torch.zeros(2))", "F2")],
)
def test_a_gradient_of_0_that_meets_inf_is_named(masked: str, code: str) -> None:
    (found,) = diagnosed(steps(leaf("x", "[0.0, 4.0]"), f"op: y = {masked}", "backward: y.sum()"))
    assert found.code == code
    assert "0 times inf is nan" in found.headline
    assert [note for note in found.notes if "was given the gradient tensor([0., 1.])" in note]


def test_a_name_that_was_given_away_is_told_with_its_step() -> None:
    text = steps(
        leaf("x"), "op: y = x.exp()", "op: keep = y", "op: y = y + 1", "inplace: keep += 1", "backward: y.sum()"
    )
    (found,) = diagnosed(text)
    assert found.headline.startswith("keep += 1 in step 5 edited the y of step 2, which ExpBackward0 saved")
    assert found.because[0].text.startswith("ExpBackward0 saves y at version 0")


def test_the_gradient_of_a_part_that_was_just_made_is_none() -> None:
    (found,) = diagnosed(steps(leaf("x"), "backward: x.sum()", "print: x[:1].grad"))
    assert (found.code, found.headline.partition(":")[0]) == ("N3", "The gradient of a part of x is None")


def test_the_root_of_grad_is_told_as_it_is_written() -> None:
    (found,) = diagnosed(steps(leaf("a"), leaf("b"), "op: g = torch.autograd.grad((a * 2).sum(), [b])"))
    assert found.headline.startswith("(a * 2).sum() was not computed from b")


@pytest.mark.parametrize(
    ("lines", "code", "told"),
    [
        (["inplace: v[1:].sqrt_()", "backward: v.sum()"], "F2", "in torch::autograd::CopySlices (step 3)"),
        (["op: x = v[1:]", "inplace: v.mul_(2)", "backward: (x / x).sum()"], "F1", "in step 5"),
    ],
)
def test_an_edit_of_a_view_may_make_nan(lines: list[str], code: str, told: str) -> None:
    (found,) = diagnosed(steps(leaf("a", "[1.0, 2.0, 0.0]"), "op: v = a.clone()", *lines, "print: a.grad"))
    assert found.code == code
    assert told in found.headline


def test_of_many_edits_the_first_and_the_last_are_told() -> None:
    edits = ["inplace: y.add_(1)"] * 8
    (found,) = diagnosed(steps(leaf("x"), "op: y = x.exp()", *edits, "backward: y.sum()"))
    assert [one.step for one in found.because if one.role == "edited"] == ["3", "4", "5", "6", "7", "10"]


def test_all_inputs_of_what_made_nan_are_told() -> None:
    text = steps(leaf("x"), leaf("t", "[0.0, 1.0]"), leaf("u", "[0.0, 1.0]"), "op: y = x.addcdiv(t, u)",
                 "backward: y.sum()")  # fmt: skip
    (found,) = diagnosed(text)
    assert [note.partition(" was ")[0] for note in found.notes] == ["x", "t", "u"]


def test_parameters_over_one_memory_count_together() -> None:
    parts = ["op: p = nn.Parameter(base[:2])", "op: q = nn.Parameter(base[2:])", "op: y = (p * q).sum()"]
    text = steps("tensor: base = [1.0, 2.0, 3.0, 4.0]", *parts, "inplace: base[0] = 9", "backward: y")
    (found,) = diagnosed(text)
    assert found.headline.startswith("base[0] = 9 in step 5 edited another part of base than the one that MulBackward0")


@pytest.mark.parametrize(
    ("lines", "stops"),
    [
        (["tensor: b = zeros(2)", "inplace: b.add_(a)", "backward: b.sum()"], []),
        (["no_grad:\n  - op: b = a[:1]", "backward: (a * b).sum()"], [(("b",), "no_grad")]),
    ],
)
def test_where_a_gradient_stops(lines: list[str], stops: list[tuple[tuple[str, ...], str]]) -> None:
    """What an edit wrote over required no grad before; a view made while gradients were off leads nowhere."""
    events = run(steps(leaf("a"), *lines))
    assert [(event.names, event.reason) for event in events if isinstance(event, FlowStopped)] == stops
