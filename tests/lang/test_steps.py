"""What right scenarios become: each kind, its options, and what an expression may hold."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from detachsim.lang.syntax import (
    AnyStep,
    Assign,
    AugmentedAssign,
    BackwardStep,
    BlockStep,
    Call,
    DelStep,
    DetachStep,
    ExpectStep,
    InplaceStep,
    Mistake,
    OpStep,
    PrintStep,
    RepeatStep,
    SayStep,
    Scenario,
    Target,
    TensorStep,
)

LoadSteps = Callable[[str], tuple[AnyStep, ...]]
LoadText = Callable[[str], Scenario]
MistakesOf = Callable[[str], tuple[Mistake, ...]]


def test_the_documented_scenario_loads(load_text: LoadText) -> None:
    scenario = load_text(
        "title: Editing a detached tensor breaks backward\n"
        "about: c shares out's memory.\n"
        "dialect: torch-1.7\n"
        "seed: 3\n"
        "steps:\n"
        "  - tensor: a = [1.2, 3.4, 5.6]\n"
        "    requires_grad: true\n"
        '  - say: "Before backward():"\n'
        "  - print: a.grad\n"
        "  - op: out = a.sigmoid()\n"
        "  - print: out.grad\n"
        "    warns: is not a leaf Tensor\n"
        "  - detach: c = out\n"
        "  - inplace: c.zero_()\n"
        "    note: out is zeroed too\n"
        "  - backward: out.sum()\n"
        "    raises: modified by an inplace operation\n"
    )
    assert (scenario.title, scenario.dialect, scenario.seed) == (
        "Editing a detached tensor breaks backward",
        "torch-1.7",
        3,
    )
    (variant,) = scenario.variants
    assert variant.choices == ()
    kinds = [TensorStep, SayStep, PrintStep, OpStep, PrintStep, DetachStep, InplaceStep, BackwardStep]
    assert [type(step) for step in variant.steps] == kinds
    assert [step.index for step in variant.steps] == list(range(1, 9))
    assert variant.steps[4].warns == "is not a leaf Tensor"
    assert variant.steps[6].note == "out is zeroed too"
    assert variant.steps[7].raises == "modified by an inplace operation"


@pytest.mark.parametrize(
    ("data", "literal"),
    [
        ("1.5", True),
        ("-2", True),
        ("[1, 2]", True),
        ("[[1., inf], [nan, -inf]]", True),
        ("[True, False]", True),
        ("[]", True),
        ("(1, 2)", True),
        ("torch.pi", True),
        ('float("inf")', True),
        ("1 / 3", True),
        ("zeros(2, 3)", False),
        ("torch.arange(6.).reshape(2, 3)", False),
        ("a.detach()", False),
    ],
)
def test_tensor_data(load_steps: LoadSteps, data: str, literal: bool) -> None:
    (step,) = load_steps(f"- tensor: '  b =  {data}  '")
    assert isinstance(step, TensorStep)
    assert (step.name, step.data.text, step.literal) == ("b", data, literal)
    assert (step.requires_grad, step.dtype) == (False, None)


@pytest.mark.parametrize("dtype", ["float64", "torch.float64"])
def test_tensor_options(load_steps: LoadSteps, dtype: str) -> None:
    (step,) = load_steps(f"- tensor: b = [1]\n  requires_grad: true\n  dtype: {dtype}")
    assert isinstance(step, TensorStep)
    assert (step.requires_grad, step.dtype) == (True, "float64")


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("b = a", "b", "a"),
        ("b, c = a.unbind()", ("b", "c"), "a.unbind()"),
        ("b, = torch.autograd.grad(a.sum(), [a])", ("b",), "torch.autograd.grad(a.sum(), [a])"),
        ("(b, c) = a", ("b", "c"), "a"),
        ("b, (c, d) = [1, [2, 3]]", ("b", ("c", "d")), "[1, [2, 3]]"),
        ("b, [(c,), d] = [1, [[2], 3]]", ("b", (("c",), "d")), "[1, [[2], 3]]"),
        ("a.retain_grad()", None, "a.retain_grad()"),
        ("b = a == a", "b", "a == a"),
        ("a == a", None, "a == a"),
        ("字 = a", "字", "a"),
        ("opt = optim.SGD([a], lr=0.1)", "opt", "optim.SGD([a], lr=0.1)"),
    ],
)
def test_op(load_steps: LoadSteps, text: str, target: Target | None, value: str) -> None:
    (step,) = load_steps(f"- op: {text}")
    assert isinstance(step, OpStep)
    assert (step.target, step.value.text) == (target, value)


def test_inplace_forms(load_steps: LoadSteps) -> None:
    steps = load_steps(
        "- inplace: a.add_(1)\n- inplace: b = a.add_(1)\n- inplace: a[0, 1:2] = 1\n- inplace: a.requires_grad = True\n"
        "- inplace: a += b\n- inplace: a[0] **= 2\n- inplace: a.data[0] = (b + 1)\n- inplace: a.grad = None"
    )
    statements = [step.statement for step in steps if isinstance(step, InplaceStep)]
    assert [type(each) for each in statements] == [
        Call, Call, Assign, Assign, AugmentedAssign, AugmentedAssign, Assign, Assign,
    ]  # fmt: skip
    shown = [
        (each.target.text, getattr(each, "operator", ""), each.value.text)
        for each in statements
        if not isinstance(each, Call)
    ]
    assert shown == [
        ("a[0, 1:2]", "", "1"),
        ("a.requires_grad", "", "True"),
        ("a", "+", "b"),
        ("a[0]", "**", "2"),
        ("a.data[0]", "", "(b + 1)"),
        ("a.grad", "", "None"),
    ]


@pytest.mark.parametrize(
    ("yaml", "gradient", "literal"),
    [
        ("backward: a.sum()", None, False),
        ("backward: a\n  gradient: torch.ones(2)", ["torch.ones(2)"], False),
        ("backward: a\n  gradient: 2", ["2"], True),
        ("backward: a\n  gradient: 1e-3", ["1e-3"], True),
        ("backward: a\n  gradient: [1, .5, -.inf, nan, true]", ["[1, .5, -inf, nan, True]"], True),
        ('backward: a\n  gradient: "[1, 2]"', ["[1, 2]"], True),
        ("backward: a\n  gradient: null", None, False),
        ("backward: [a, a.sum()]\n  gradient: [[1, 2], null]", ["[1, 2]", None], True),
        ("backward: [a, a.sum()]\n  gradient: [ones(2), null]", ["ones(2)", None], False),
        ("backward: [a, a.sum()]\n  gradient: [ones(2), 1]", ["ones(2)", "torch.tensor(1)"], False),
    ],
)
def test_gradients(load_steps: LoadSteps, yaml: str, gradient: list[str | None] | None, literal: bool) -> None:
    (step,) = load_steps(f"- {yaml}")
    assert isinstance(step, BackwardStep)
    found = None if step.gradient is None else [each.text if each else None for each in step.gradient]
    assert (found, step.gradient_literal) == (gradient, literal)
    assert step.several == yaml.startswith("backward: [")


def test_backward_options(load_steps: LoadSteps) -> None:
    (step,) = load_steps("- backward: a.sum()\n  retain_graph: false\n  create_graph: true\n  inputs: [a]")
    assert isinstance(step, BackwardStep)
    assert (step.retain_graph, step.create_graph, step.inputs_list) == (False, True, True)
    assert step.inputs is not None
    assert [each.text for each in step.inputs] == ["a"]
    (step,) = load_steps("- backward: a.sum()\n  inputs: a")
    assert isinstance(step, BackwardStep)
    assert (step.retain_graph, step.create_graph, step.inputs_list) == (None, False, False)


def test_blocks_loops_and_del(load_steps: LoadSteps) -> None:
    steps = load_steps(
        "- no_grad:\n    - op: b = a\n- repeat: 2\n  as: _\n  steps:\n    - print: [a, b, _]\n    - print: later\n"
        "    - op: later = a\n- repeat: 0\n  steps: [{print: later}]\n- del: [b, later]\n- del: a\n- print: a"
    )
    block, loop, empty, first, second, _ = steps
    assert isinstance(block, BlockStep)
    assert (block.mode, len(block.steps)) == ("no_grad", 1)
    assert isinstance(loop, RepeatStep)
    assert (loop.count, loop.variable, len(loop.steps)) == (2, "_", 3)
    assert isinstance(empty, RepeatStep)
    assert (empty.count, empty.variable) == (0, None)
    assert isinstance(first, DelStep)
    assert isinstance(second, DelStep)
    assert (first.names, second.names) == (("b", "later"), ("a",))


def test_expect_values(load_steps: LoadSteps) -> None:
    (step,) = load_steps(
        "- expect:\n    a.grad: [0.5, nan, -inf]\n    a.sum(): null\n    a.dtype: torch.float32\n    a._version: 1\n"
        "    'a[0]': true\n    a.ndim: 1e-3\n    a.T: \"nan\"\n    a.shape: [017, yes, 1:30]\n"
        '    a.grad_fn: None\n    a.mT: "None"\n  atol: 1e-6\n  rtol: 0'
    )
    assert isinstance(step, ExpectStep)
    values: dict[str, Any] = {expression.text: value for expression, value in step.expectations}
    assert values["a.grad"][0] == 0.5
    assert math.isnan(values["a.grad"][1])
    assert values["a.grad"][2] == -math.inf
    assert (values["a.sum()"], values["a.dtype"], values["a._version"]) == (None, "torch.float32", 1)
    assert (values["a[0]"], values["a.ndim"], values["a.T"]) == (True, 1e-3, "nan")
    assert values["a.shape"] == ["017", "yes", "1:30"]
    assert (values["a.grad_fn"], values["a.mT"]) == (None, "None")
    assert (step.atol, step.rtol) == (1e-6, 0.0)


def test_texts_are_taken_as_they_are_written(load_steps: LoadSteps) -> None:
    steps = load_steps('- say: 42\n- say: yes\n- say: ""\n- say: a # comment\n- print: a\n  raises: true\n  note: 1.10')
    assert [step.text for step in steps if isinstance(step, SayStep)] == ["42", "yes", "", "a"]
    assert (steps[-1].raises, steps[-1].note) == (True, "1.10")


@pytest.mark.parametrize(
    "expression",
    [
        "a + 1 - 2 * 3 / 4 // 5 % 6 ** 7 @ a & a | a ^ ~a",
        "+a, -a, not a",
        "1 < a <= 2 != 3",
        "a is None and a is not None or a == ...",
        "a[0], a[1:2], a[:, None], a[..., ::2], a[[0, 1]], a[a], a[-1]",
        "torch.sum(a, dim=0), F.relu(a), torch.nn.functional.relu(a), nn.functional.relu(a), torch.nn.Linear(1, 2)",
        "torch.float64, torch.inf, torch.pi, inf, nan",
        "len(a), float(a), int(a), bool(a), abs(a)",
        "a.data_ptr() == a.data_ptr()",
        "a.grad_fn.next_functions[0][0].name()",
        "a._version, a._base, a._is_view()",
        "nn.Linear(1, 2)(a).weight",
        "lambda g: g * 2",
        "lambda: a.register_hook(torch.exp)",
        "(lambda a, b: (a.zero_(), b.backward()))",
        "torch.autograd.backward(a)",
        "'text', \"text\", True, False, None, 1e400",
        "a.sum().mul(2).detach().clone()",
    ],
)
def test_expressions_that_are_allowed(mistakes_of: MistakesOf, expression: str) -> None:
    quoted = expression.replace("'", "''")
    assert mistakes_of(f"- op: '{quoted}'") == ()


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("a if a else a", "a conditional expression"),
        ("{1: 2}", "a dictionary"),
        ("{1, 2}", "a set"),
        ("[i for i in a]", "a comprehension"),
        ("{i for i in a}", "a comprehension"),
        ("{i: i for i in a}", "a comprehension"),
        ("sum(i for i in a)", "a generator expression"),
        ("await a", "`await`"),
        ("(yield a)", "`yield`"),
        ("(yield from a)", "`yield from`"),
        ("f'{a}'", "an f-string"),
        ("sum(*a)", "a starred argument"),
        ("sum(**a)", "`**` arguments"),
        ("[*a]", "a starred argument"),
        ("(b := 1)", "an assignment inside an expression"),
        ("1 in a", "the operator `in`"),
        ("1 not in a", "the operator `not in`"),
        ("a << 1", "the operator `<<`"),
        ("a >> 1", "the operator `>>`"),
        ("2j", "a complex number"),
        ("b'x'", "a bytes string"),
        ("100000000000000000000000", "this integer is too large"),
        ("lambda x=1: x", "plain parameters only"),
        ("lambda *x: x", "plain parameters only"),
        ("lambda **x: x", "plain parameters only"),
        ("lambda x, /: x", "plain parameters only"),
        ("lambda x, x: x", "the parameter `x` is there twice"),
        ("sum(a, dim=0, dim=1)", "the argument `dim` is given twice"),
        ("lambda _x: 1", "leading underscore"),
        ("a.__class__", "leading underscore"),
        ("__import__('os')", "leading underscore"),
        ("sum(a, __x=1)", "leading underscore"),
        ("a.data_ptr()", "in a comparison only"),
        ("a.data_ptr() + 1 == 2", "in a comparison only"),
        ("open('x')", "there is no function `open`"),
        ("torch.load('x')", "`torch` has no `load`"),
        ("torch.autograd", "is a module"),
        ("torch.pi(2)", "is a value, not a function"),
        ("sum.a", "has no attributes"),
        ("zz", "no step before this one binds `zz`"),
        ("lambda zz: zzz", "no step before this one binds `zzz`"),
        ("sum(a, key=zz)", "no step before this one binds `zz`"),
    ],
)
def test_expressions_that_are_refused(mistakes_of: MistakesOf, expression: str, what: str) -> None:
    quoted = expression.replace("'", "''")
    found = mistakes_of(f"- print: '{quoted}'")
    assert any(what in mistake.message for mistake in found), found


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        ("op: b = a.add_(1)", "write `inplace: b = a.add_(1)`"),
        ("op: F.relu_(a)", "write `inplace: F.relu_(a)`"),
        ("op: a += 1", "write `inplace: a += 1`"),
        ("op: a[0] = 1", "write `inplace: a[0] = 1`"),
        ("op: a.data = a", "write `inplace: a.data = a`"),
        ("op: a.step()", "write `inplace: a.step()`"),
        ("op: a.zero_grad()", "write `inplace: a.zero_grad()`"),
        ("op: (a + 1).backward()", "write `backward: a + 1`"),
        ("inplace: a.backward()", "write `backward: a`"),
        ("op: b = [a.backward()]", "write a step of its own: `backward: EXPR`"),
        ("op: b = (a + 1).detach()", "write `detach: b = a + 1`"),
        ("op: b = torch.detach(a)", "write `detach: b = a`"),
        ("op: b = detach(a)", "write `detach: b = a`"),
    ],
)
def test_a_kind_that_lies_is_told_the_right_one(mistakes_of: MistakesOf, step: str, hint: str) -> None:
    (mistake,) = mistakes_of(f"- {step}")
    assert mistake.hint == hint


@pytest.mark.parametrize(
    "step",
    [
        "op: b = a.detach().clone()",
        "op: b = a.data",
        "op: b = zeros(2)",
        "op: 'a.register_hook(lambda g: g.zero_())'",
        "op: 'a.register_hook(lambda g: g.sum().backward())'",
        "op: torch.autograd.backward(a)",
        "detach: b = a.sigmoid().detach()",
        "tensor: b = torch.tensor([1.]).requires_grad_()",
    ],
)
def test_a_kind_that_is_true_is_left_alone(mistakes_of: MistakesOf, step: str) -> None:
    assert mistakes_of(f"- {step}") == ()


def test_a_bound_name_hides_a_function(mistakes_of: MistakesOf) -> None:
    assert mistakes_of("- op: sigmoid = a\n- print: sigmoid.grad") == ()
    (mistake,) = mistakes_of("- print: sigmoid.grad")
    assert mistake.message == "the function `sigmoid` has no attributes"


def test_a_deleted_name_stays_known(mistakes_of: MistakesOf) -> None:
    assert mistakes_of("- del: a\n- print: a") == ()


def test_one_mistake_does_not_bring_about_others(mistakes_of: MistakesOf) -> None:
    assert len(mistakes_of("- op: b = sigmiod(a)\n- detach: c = b +\n- print: [b, c]")) == 2


def test_an_expression_knows_its_place(load_steps: LoadSteps) -> None:
    (step,) = load_steps("- op: 'b =  a + 1 '")
    assert isinstance(step, OpStep)
    assert (step.value.span.line, step.value.span.column, step.value.span.end_column) == (4, 15, 20)
    assert (step.value.tree.col_offset, step.value.tree.end_col_offset) == (0, 5)


class TestVary:
    def test_runs_are_all_combinations(self, load_text: LoadText) -> None:
        scenario = load_text(
            "title: ${CUT}\nvary:\n  CUT: [out.detach(), out.data]\n  RG: [true, 'false']\n"
            "  E: ['[1, 2]', '3']\nsteps:\n"
            "  - tensor: a = [1.]\n    requires_grad: ${RG}\n  - op: out = a * 2\n  - op: c = ${CUT}\n"
            "  - expect:\n      a.grad: ${E}\n      ${CUT}: 1\n  - say: x${RG}y\n  - print: ${CUT}\n"
        )
        assert scenario.title == "${CUT}"
        assert len(scenario.variants) == 8
        first, last = scenario.variants[0], scenario.variants[-1]
        assert first.choices == (("CUT", "out.detach()"), ("RG", "true"), ("E", "[1, 2]"))
        assert last.choices == (("CUT", "out.data"), ("RG", "false"), ("E", "3"))
        tensor, _, op, expect, say, _ = last.steps
        assert isinstance(tensor, TensorStep)
        assert tensor.requires_grad is False
        assert isinstance(op, OpStep)
        assert op.value.text == "out.data"
        assert isinstance(expect, ExpectStep)
        assert [(each.text, value) for each, value in expect.expectations] == [("a.grad", 3), ("out.data", 1)]
        assert isinstance(say, SayStep)
        assert say.text == "xfalsey"
        expect = first.steps[3]
        assert isinstance(expect, ExpectStep)
        assert expect.expectations[0][1] == [1, 2]

    def test_too_many_runs_are_refused(self, load_text: LoadText) -> None:
        names = "".join(f"  N{n}: [a, b]\n" for n in range(11))
        with pytest.raises(Exception, match="1 mistakes") as caught:
            load_text(f"vary:\n{names}steps: [{{say: x}}]\n")
        assert "2048 runs" in caught.value.mistakes[0].message  # type: ignore[attr-defined]  # a ScenarioError


@pytest.mark.parametrize("seed", [-(2**63), 0, 2**64 - 1])
def test_seeds_of_64_bits(load_text: LoadText, seed: int) -> None:
    assert load_text(f"seed: {seed}\nsteps:\n  - say: hi\n").seed == seed


@pytest.mark.parametrize(
    ("expression", "does"),
    [("a.zero_()", "edits"), ("F.relu_(a)", "edits"), ("a.backward()", "runs a backward pass")],
)
def test_an_expectation_that_does_more_than_read_is_refused(
    mistakes_of: MistakesOf, expression: str, does: str
) -> None:
    (mistake,) = mistakes_of(f"- expect: {{'{expression}': null}}")
    assert mistake.message == f"`expect` only reads, and this {does}"
