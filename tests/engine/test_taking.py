"""When a gradient becomes ``.grad`` as it is, and when it is copied: PyTorch asks who else holds it, so nobody may."""

import pytest

from detachsim.lang import load
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.verify import simulate

# What PyTorch 2.13 prints for ``a.grad._version`` after each hook: a copy counts 1, an addition in place 1 more.
HOOKS = {"lambda g: g * 2": 0, "lambda g: g.mul_(2)": 2, "lambda g: (g.mul_(2), None)[1]": 2, "lambda g: None": 1}


@pytest.mark.parametrize("hook", HOOKS)
def test_what_a_hook_returns_is_taken(hook: str) -> None:
    text = f"""
    steps:
      - tensor: a = [1., 2.]
        requires_grad: true
      - op: "a.register_hook({hook})"
      - backward: (a * a).sum()
      - print: a.grad._version
    """
    assert (
        simulate(load(Source("x.yaml", text), VOCABULARY), "torch-2.13").text() == f"a.grad._version: {HOOKS[hook]}\n"
    )
