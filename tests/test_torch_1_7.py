"""What PyTorch 1.7 did otherwise. It no longer runs: each case was read in sources of its time, none was measured."""

import pytest

from detachsim.lang import load
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.verify import simulate

LEAF = "steps:\n- tensor: x = [1., -2., 3.]\n  requires_grad: true\n"
CASES = {
    "an item of a leaf may be set, and the backward pass fails": (
        "- inplace: x[0] = 5\n- print: x.is_leaf\n- backward: x.sum()\n  raises: true\n",
        ["x.is_leaf: False", "RuntimeError: leaf variable has been moved into the graph interior"],
    ),
    "relu keeps its input": (
        "- op: a = x * 1\n- op: r = F.relu(a)\n- inplace: r.mul_(2)\n- backward: r.sum()\n- print: x.grad\n"
        "- op: a = x * 1\n- inplace: F.relu_(a)\n- print: a\n",
        ["x.grad: tensor([2., 0., 2.])", "a: tensor([1., 0., 3.], grad_fn=<ReluBackward1>)"],
    ),
    "a mean keeps nothing": (
        "- op: a = x * 1\n- op: m = a.mean(0)\n- inplace: a.mul_(2)\n- backward: m\n- print: x.grad\n",
        ["x.grad: tensor([0.3333, 0.3333, 0.3333])"],
    ),
    "create_graph needs no warning": (
        "- backward: (x * x).sum()\n  create_graph: true\n- print: x.grad\n",
        ["x.grad: tensor([ 2., -4.,  6.], grad_fn=<CopyBackwards>)"],
    ),
    "a view of no_grad whose base was edited is warned of once": (
        "- op: h = x * 1\n- no_grad:\n  - op: v = h[:2]\n- inplace: h.mul_(2)\n- op: w = v * 1\n- op: w = v * 1\n",
        [
            "UserWarning: A view was created in no_grad mode and its base or another view of its base has been "
            "modified inplace with grad mode enabled. Given that this use case is ambiguous and error-prone, it "
            "is deprecated and will be forbidden  starting 1.6 (see "
            "https://github.com/pytorch/pytorch/pull/32839 for more details about this). You can clarify your "
            "code and remove this warning by moving both the view and the inplace either both inside the no_grad "
            "block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be "
            "tracked)."
        ],
    ),
}


@pytest.mark.parametrize(("steps", "expected"), CASES.values(), ids=list(CASES))
def test_transcript_is_that_of_1_7(steps: str, expected: list[str]) -> None:
    scenario = load(Source("old.yaml", LEAF + steps), VOCABULARY)
    assert simulate(scenario, "torch-1.7").text().splitlines() == expected
