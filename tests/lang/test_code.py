"""The PyTorch lines of each kind of step."""

import ast
from collections.abc import Callable

import pytest

from detachsim.lang.code import bound_by, code_lines, with_bound
from detachsim.lang.syntax import AnyStep
from detachsim.ops.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        ("tensor: b = [1.2, 3.4]\n  requires_grad: true", "b = torch.tensor([1.2, 3.4], requires_grad=True)"),
        ("tensor: b = [1, inf]\n  dtype: float64", "b = torch.tensor([1, torch.inf], dtype=torch.float64)"),
        ("tensor: b = 1, 2", "b = torch.tensor((1, 2))"),
        ("tensor: b = (1, 2)", "b = torch.tensor((1, 2))"),
        ("tensor: b = (1), 2", "b = torch.tensor(((1), 2))"),
        ("tensor: b = zeros(2)", "b = torch.zeros(2)"),
        (
            "tensor: b = zeros(2)\n  requires_grad: true\n  dtype: float64",
            "b = torch.zeros(2).to(torch.float64).requires_grad_()",
        ),
        ("tensor: b = zeros(2) + 1\n  requires_grad: true", "b = (torch.zeros(2) + 1).requires_grad_()"),
        ("op: b = sigmoid( a )", "b = torch.sigmoid( a )"),
        ("op: b, c = mse_loss(a, relu(a))", "b, c = F.mse_loss(a, torch.relu(a))"),
        ("op: b, = a", "b, = a"),
        ("op: b = abs(a) * float(inf)", "b = abs(a) * float(torch.inf)"),
        ("op: 'a.register_hook(lambda exp: exp + sum(exp))'", "a.register_hook(lambda exp: exp + torch.sum(exp))"),
        ("op: b = F.relu(a).sigmoid()", "b = F.relu(a).sigmoid()"),
        ("op: b = '漢' == exp(a)", "b = '漢' == torch.exp(a)"),
        ("op: |\n    b = add(a,\n            exp(a))", "b = torch.add(a,\n        torch.exp(a))"),
        ("detach: b = a", "b = a.detach()"),
        ("detach: b = a + 1", "b = (a + 1).detach()"),
        ("detach: b = (a + 1)", "b = (a + 1).detach()"),
        ("detach: b = (a) + (a)", "b = ((a) + (a)).detach()"),
        ("detach: b = exp(a)[0]", "b = torch.exp(a)[0].detach()"),
        ("detach: b = -a", "b = (-a).detach()"),
        ("inplace: a.add_( exp(a) )", "a.add_( torch.exp(a) )"),
        ("inplace: a[ exp(a) ]  =  (cos(a))", "a[ torch.exp(a) ]  =  (torch.cos(a))"),
        ("inplace: a  **= inf", "a  **= torch.inf"),
        ("inplace: b = relu_(a)", "b = F.relu_(a)"),
        ("backward: a.sum()", "a.sum().backward()"),
        ("backward: a + a\n  gradient: ones(2)\n  retain_graph: true",
         "(a + a).backward(gradient=torch.ones(2), retain_graph=True)"),
        ("backward: a\n  gradient: [1, .inf]", "a.backward(gradient=torch.tensor([1, torch.inf]))"),
        ("backward: [a, a]\n  gradient: [1, null]\n  inputs: [a]",
         "torch.autograd.backward([a, a], grad_tensors=[torch.tensor(1), None], inputs=[a])"),
        ("backward: [a]\n  create_graph: true\n  inputs: a",
         "torch.autograd.backward([a], create_graph=True, inputs=a)"),
        ("print: a.grad", 'print(f"a.grad: {a.grad}")'),
        ("print: [a, exp(a)]", 'print(f"a: {a}")\nprint(f"exp(a): {torch.exp(a)}")'),
        ("print: a == \"x\"", "print(f'a == \"x\": {a == \"x\"}')"),
        ("print: 'a == \"{\"'", 'print(\'a == "{{": {}\'.format(a == "{"))'),
        ("print: \"'' == \\\"\\\"\"", "print('\\'\\' == \"\": {}'.format('' == \"\"))"),
        ("print: a, a", 'print(f"a, a: {a, a}")'),
        ("say: hello", 'print("hello")'),
        ("say: it's", 'print("it\'s")'),
        ("no_grad: [{say: x}]", "with torch.no_grad():"),
        ("detect_anomaly: [{say: x}]", "with torch.autograd.detect_anomaly():"),
        ("repeat: 3\n  steps: [{say: x}]", "for _ in range(3):"),
        ("repeat: 3\n  as: i\n  steps: [{say: x}]", "for i in range(3):"),
        ("del: [a]", "del a"),
        ("expect: {a.grad: [1, null]}", "# expect a.grad == [1, None]"),
    ],
)  # fmt: skip
def test_code_lines(
    load_steps: Callable[[str], tuple[AnyStep, ...]], vocabulary: Vocabulary, step: str, lines: str
) -> None:
    (loaded,) = load_steps(f"- {step}")
    found = code_lines(loaded, {"a"}, vocabulary)
    assert found == tuple(lines.split("\n"))
    text = "\n".join(found)
    ast.parse(text + "\n    pass" if text.endswith(":") else text)


def test_bound_names_get_no_prefix(load_steps: Callable[[str], tuple[AnyStep, ...]], vocabulary: Vocabulary) -> None:
    steps = load_steps(
        "- op: exp = exp(a)\n- print: exp\n- repeat: 2\n  as: sum\n  steps:\n    - op: F = mse_loss(a, sum)\n"
        "- op: mse_loss(a, sum)\n- op: inf = 1\n- print: inf"
    )
    found = [line for step, bound in with_bound(steps) for line in code_lines(step, bound, vocabulary)]
    assert found == [
        "exp = torch.exp(a)",
        'print(f"exp: {exp}")',
        "for sum in range(2):",
        "F = F.mse_loss(a, sum)",
        "torch.nn.functional.mse_loss(a, sum)",
        "inf = 1",
        'print(f"inf: {inf}")',
    ]
    assert bound_by(steps[0]) == ("exp",)
    assert bound_by(steps[2]) == ("sum",)
