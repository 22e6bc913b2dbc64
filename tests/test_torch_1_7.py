"""What PyTorch 1.7 did otherwise. It no longer runs: each case was read in sources of its time, none was measured."""

import pytest

from detachsim.lang import load
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.verify import simulate

LEAF = "steps:\n- tensor: x = [1., -2., 3.]\n  requires_grad: true\n"
PIECE = (
    " is a view and is being modified inplace. This view is an output of a function that returns multiple "
    "views. Inplace "
    "operators on such views are being deprecated and will be forbidden starting from version 1.8. Consider "
    "using `unsafe_` "
    "version of the function that produced this view or don't modify this view inplace."
)
VERSION = (
    "RuntimeError: one of the variables needed for gradient computation has been modified by an inplace "
    "operation: {} at "
    "version 1; expected version 0 instead. Hint: enable anomaly detection to find the operation that failed to "
    "compute "
    "its gradient, with torch.autograd.set_detect_anomaly(True)."
)
EDITS_OF_CLONES = (
    "masked_fill(m, 0.0)",
    "masked_fill(m, x[0])",
    "masked_scatter(m, x)",
    "index_put((i,), x[0])",
    "index_add(0, i, x[:1])",
    "index_copy(0, i, x[:1])",
    "index_fill(0, i, 1.0)",
    "scatter(0, i, x)",
    "scatter(0, i, 1.0)",
    "scatter_add(0, i, x)",
)
# A digit only where several entries of PyTorch's table had the name.
NODES = {
    "x.sigmoid()": "SigmoidBackward",
    "(x + 1)": "AddBackward0",
    "(x - x)": "SubBackward0",
    "(x * 2)": "MulBackward0",
    "(x / 2)": "DivBackward0",
    "(2 - x)": "RsubBackward1",
    "(2 / x)": "MulBackward0",
    "(x ** 2)": "PowBackward0",
    "(2 ** x)": "PowBackward1",
    "x.sum()": "SumBackward0",
    "x.sum(0)": "SumBackward1",
    "x.mean()": "MeanBackward0",
    "x.prod(0)": "ProdBackward1",
    "x.max()": "MaxBackward1",
    "x.max(0)[0]": "MaxBackward0",
    "x.median()": "MedianBackward0",
    "x.std()": "StdBackward0",
    "x.std(0)": "StdBackward1",
    "x.var(0)": "VarBackward1",
    "x.norm()": "NormBackward1",
    "s.squeeze()": "SqueezeBackward0",
    "s.squeeze(0)": "SqueezeBackward1",
    "x.unsqueeze(0)": "UnsqueezeBackward0",
    "s.transpose(0, 1)": "TransposeBackward0",
    "s.t()": "TBackward",
    "s.T": "PermuteBackward",
    "x.double()": "torch::autograd::CopyBackwards",
    "torch.where(x > 0, x, x)": "SWhereBackward",
    "torch.diag(x)": "DiagBackward",
    "torch.diag_embed(x)": "torch::autograd::CopySlices",
    "x.clamp(min=0)": "ClampBackward",
    "x.clamp_min(0)": "ClampMinBackward",
    "F.linear(s, s, x[:1])": "AddmmBackward",
    "F.cross_entropy(s, torch.tensor([0]))": "NllLossBackward",
    "F.dropout(x, 0.5)": "MulBackward0",
    "F.conv1d(x.reshape(1, 1, 3), x.reshape(1, 1, 3))": "MkldnnConvolutionBackward",
    "x[1:]": "SliceBackward",
    "x[0]": "SelectBackward",
}

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
    "a piece of a split may be edited with a warning, and is a view from then on; a later one has another number": (
        "- op: a, b = (x * 2).split([2, 1])\n- inplace: a.add_(1)\n- print: a\n- inplace: a.add_(1)\n"
        "- inplace: b.add_(1)\n  raises: true\n- op: h = x * 1\n- inplace: h.chunk(3)[1].mul_(10)\n- print: h\n"
        "- inplace: x.unbind()[0].add_(1)\n  raises: true\n",
        [
            f"UserWarning: Output 0 of SplitWithSizesBackward{PIECE}",
            "a: tensor([ 3., -3.], grad_fn=<AsStridedBackward>)",
            f"UserWarning: Output 1 of SplitWithSizesBackward{PIECE}",
            'RuntimeError: diff_view_meta->output_nr_ == 0 INTERNAL ASSERT FAILED at "/pytorch/torch/csrc/autograd/'
            'variable.cpp":363, please report a bug to PyTorch. ',
            f"UserWarning: Output 1 of SplitBackward{PIECE}",
            "h: tensor([  1., -20.,   3.], grad_fn=<CopySlices>)",
            "RuntimeError: Output 0 of UnbindBackward is a view and is being modified inplace. This view is the "
            "output of a "
            "function that returns multiple views. Such functions do not allow the output views to be modified "
            "inplace. "
            "You should replace the inplace operation by an out-of-place one.",
        ],
    ),
    "a piece may be detached in place with a warning": (
        "- op: a = (x * 2).chunk(2)[0]\n- inplace: a.detach_()\n- inplace: x[:2].detach_()\n  raises: true\n",
        [
            "UserWarning: This view is an output of a function that returns multiple views. Detaching such "
            "views inplace is "
            "being deprecated and will be forbidden starting from version 1.8. Consider using detach() instead "
            "of detach_(). "
            "Alternatively, create this view with an `unsafe_` version of the function that produced it.",
            "RuntimeError: Can't detach views in-place. Use detach() instead",
        ],
    ),
    "a saved tensor that is detached in place keeps its node": (
        "- op: h = x * 2\n- op: z = h * h\n- inplace: h.detach_()\n- backward: z.sum()\n- print: x.grad\n",
        ["x.grad: tensor([  8., -16.,  24.])"],
    ),
    "its second gradient goes through the node that it had": (
        "- op: h = x * 2\n- op: z = h * h\n- inplace: h.detach_()\n"
        "- op: g, = torch.autograd.grad(z.sum(), [x], create_graph=True)\n- print: torch.autograd.grad(g.sum(), [x])\n",
        ["torch.autograd.grad(g.sum(), [x]): (tensor([8., 8., 8.]),)"],
    ),
    "a version error names the node that a saved input had when it was saved, none of a leaf": (
        "- op: h = x * 2\n- op: z = h * h\n- inplace: h.add_(1)\n- backward: z.sum()\n  raises: true\n"
        "- op: y = x * x\n- no_grad:\n  - inplace: x.add_(1)\n- backward: y.sum()\n  raises: true\n",
        [
            VERSION.format("[torch.FloatTensor [3]], which is output 0 of MulBackward0, is"),
            VERSION.format("[torch.FloatTensor [3]] is"),
        ],
    ),
    "what is filled, scattered or added by indices is a clone that is edited": (
        "- op: m = x > 0\n- op: i = torch.tensor([0])\n"
        + "".join(f"- print: x.{call}.grad_fn.next_functions[0][0].name()\n" for call in EDITS_OF_CLONES),
        [f"x.{call}.grad_fn.next_functions[0][0].name(): CloneBackward" for call in EDITS_OF_CLONES],
    ),
    "names that came later": (
        "- inference_mode:\n  - say: inside\n  raises: true\n- op: x.is_inference()\n  raises: true\n"
        "- op: x.mT\n  raises: true\n- op: x.H\n  raises: true\n- op: x.retains_grad\n  raises: true\n"
        "- op: torch.is_inference_mode_enabled()\n  raises: true\n"
        "- backward: x.sum()\n  inputs: [x]\n  raises: true\n- op: h = x * 2\n- op: h.retain_grad()\n"
        "- print: h.retains_grad\n",
        [
            "AttributeError: module 'torch' has no attribute 'inference_mode'",
            "AttributeError: 'Tensor' object has no attribute 'is_inference'",
            "AttributeError: 'Tensor' object has no attribute 'mT'",
            "AttributeError: 'Tensor' object has no attribute 'H'",
            "AttributeError: 'Tensor' object has no attribute 'retains_grad'",
            "AttributeError: module 'torch' has no attribute 'is_inference_mode_enabled'",
            "TypeError: backward() got an unexpected keyword argument 'inputs'",
            "h.retains_grad: True",
        ],
    ),
    "a loss whose target requires grad is plain arithmetic": (
        "- op: t = x.detach() * 2\n- print: F.mse_loss(x, t).grad_fn.name()\n- print: F.l1_loss(x, t).grad_fn.name()\n"
        "- op: l = F.mse_loss(x, x * 2)\n- print: l.grad_fn.name()\n- print: l.grad_fn.next_functions[0][0].name()\n"
        "- op: l = F.l1_loss(x, x * 2, reduction='sum')\n"
        "- print: l.grad_fn.name()\n- print: l.grad_fn.next_functions[0][0].name()\n",
        [
            "F.mse_loss(x, t).grad_fn.name(): MseLossBackward",
            "F.l1_loss(x, t).grad_fn.name(): L1LossBackward",
            "l.grad_fn.name(): MeanBackward0",
            "l.grad_fn.next_functions[0][0].name(): PowBackward0",
            "l.grad_fn.name(): SumBackward0",
            "l.grad_fn.next_functions[0][0].name(): AbsBackward",
        ],
    ),
    "an error in anomaly mode spells the node without a digit": (
        "- detect_anomaly:\n  - op: y = (x - x).sqrt() * 0\n  - backward: y.sum()\n  raises: true\n",
        [
            "UserWarning: Anomaly Detection has been enabled. This mode will increase the runtime and should only be "
            "enabled for debugging.",
            "UserWarning: Error detected in SqrtBackward. Traceback of forward call that caused the error:",
            "RuntimeError: Function 'SqrtBackward' returned nan values in its 0th output.",
        ],
    ),
    "names of nodes": (
        "- op: s = x.reshape(1, 3)\n" + "".join(f"- print: {expression}.grad_fn.name()\n" for expression in NODES),
        [f"{expression}.grad_fn.name(): {node}" for expression, node in NODES.items()],
    ),
}


@pytest.mark.parametrize(("steps", "expected"), CASES.values(), ids=list(CASES))
def test_transcript_is_that_of_1_7(steps: str, expected: list[str]) -> None:
    scenario = load(Source("old.yaml", LEAF + steps), VOCABULARY)
    assert simulate(scenario, "torch-1.7").text().splitlines() == expected


# What is edited, its shape in the error, and the sum over which backward runs: what a node takes out first is named.
TAKEN_FIRST = {
    "F.conv1d(t, w)": "[1, 1, 4]",  # t, then w
    "(t * w)": "[1, 1, 4]",  # the first factor
    "torch.hypot(t, w)": "[1, 1, 1]",  # other, then self
}


@pytest.mark.parametrize("form", TAKEN_FIRST)
def test_saved_tensors_are_taken_out_in_the_order_of_1_7(form: str) -> None:
    text = f"""
steps:
- op: t = torch.ones(1, 1, 4, requires_grad=True) * 1
- op: w = torch.ones(1, 1, 1, requires_grad=True) * 1
- op: y = {form}.sum()
- inplace: t.add_(1)
- inplace: w.add_(1)
- backward: y
  raises: true
"""
    shown = simulate(load(Source("x.yaml", text), VOCABULARY), "torch-1.7").text()
    assert f"[torch.FloatTensor {TAKEN_FIRST[form]}]" in shown
