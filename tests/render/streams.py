"""Streams of events as a run makes them, written by hand: the renderers are tested without an engine.

``python -m tests.render.streams`` writes what the views make of them into ``expected/``.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from detachsim.events import (
    BackwardBegan,
    BackwardEnded,
    BuffersFreed,
    ComparedRun,
    Event,
    ExpectationFailed,
    ExpectationMet,
    FlagChanged,
    FlowStopped,
    GradAccumulated,
    HistoryRebased,
    MemoryEdited,
    NameDeleted,
    NodeRan,
    NodeRecorded,
    Printed,
    Raised,
    Read,
    RunEnded,
    RunsCompared,
    StepBegan,
    StepEnded,
    TensorCreated,
    ValueBound,
    VersionMismatch,
    Warned,
)
from detachsim.marks import Span
from detachsim.render import plain, terminal
from tests.render.building import SPAN, began, bound, created, edge, saved, state, step

NOT_A_LEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the gradient for a non-leaf Tensor, use "
    ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access "
    "the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more informations."
)
MODIFIED = (
    "one of the variables needed for gradient computation has been modified by an inplace operation: "
    "[torch.FloatTensor [3]], which is output 0 of SigmoidBackward, is at version 1; expected version 0 instead. "
    "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
    "torch.autograd.set_detect_anomaly(True)."
)
TWICE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after calling backward."
)


A_TEXT = "tensor([1.2000, 3.4000, 5.6000], requires_grad=True)"
SIGMOID = "grad * (1 - result) * result"


def detached_edit() -> Iterator[Event]:
    """The blog's example 4, its error expected: c shares out's memory and is zeroed, so out's node can't run."""
    a = state(1, "a", A_TEXT, requires_grad=True)
    out = state(
        2, "out", "tensor([0.7685, 0.9677, 0.9963], grad_fn=<SigmoidBackward>)", grad_fn="SigmoidBackward", node=1
    )
    c = state(3, "c", "tensor([0.7685, 0.9677, 0.9963])", storage=2, counter=2)
    total = state(4, "", "", grad_fn="SumBackward0", node=3)
    yield began(
        "Editing a detached tensor breaks backward",
        "c shares out's memory, so zeroing c zeroes out, and sigmoid needs out for its gradient.",
        dialect="torch-1.7",
    )
    yield from step(
        "1",
        "tensor",
        "a = torch.tensor([1.2, 3.4, 5.6], requires_grad=True)",
        created(a, "tensor"),
        bound(a, "tensor"),
    )
    yield from step("2", "say", 'print("Before backward():")', Printed("Before backward():"))
    yield from step(
        "3", "print", 'print(f"a.grad: {a.grad}")', Read(1, ("a",), "grad", "None"), Printed("a.grad: None")
    )
    yield from step(
        "4",
        "op",
        "out = a.sigmoid()",
        created(out, "sigmoid", 1),
        NodeRecorded(
            1,
            "SigmoidBackward",
            "sigmoid",
            2,
            ("out",),
            (edge("self", 2, "AccumulateGrad", ("a",), 1),),
            (saved("result", out, is_output=True, formula=SIGMOID),),
        ),
        bound(out, "sigmoid"),
    )
    yield from step(
        "5",
        "print",
        'print(f"out.grad: {out.grad}")',
        Read(2, ("out",), "grad", "None"),
        Warned("UserWarning", NOT_A_LEAF),
        Printed("out.grad: None"),
    )
    yield from step(
        "6",
        "detach",
        "c = out.detach()",
        created(c, "detach", 2, alias_of=2),
        bound(c, "detach", ("out",)),
    )
    yield from step("7", "print", 'print(f"c: {c}")', Printed("c: tensor([0.7685, 0.9677, 0.9963])"))
    yield from step(
        "8",
        "inplace",
        "c.zero_()",
        MemoryEdited("zero_", 3, ("c",), 2, 2, 0, 1, ("c", "out"), (), "c.zero_()"),
        note="out is zeroed too, because c and out are two names for one memory",
    )
    yield from step("9", "print", 'print(f"c: {c}")', Printed("c: tensor([0., 0., 0.])"))
    yield from step(
        "10", "print", 'print(f"out: {out}")', Printed("out: tensor([0., 0., 0.], grad_fn=<SigmoidBackward>)")
    )
    yield from step(
        "11",
        "backward",
        "out.sum().backward()",
        created(total, "sum", 2),
        NodeRecorded(3, "SumBackward0", "sum", 4, (), (edge("self", 1, "SigmoidBackward", ("out",), 2),), ()),
        BackwardBegan("backward", (3,), (), False, False),
        NodeRan(3, "SumBackward0"),
        BackwardEnded(False, ()),
        Raised("RuntimeError", MODIFIED, VersionMismatch(1, "SigmoidBackward", "result", 2, 2, 2, 0, 1), True),
        raised=True,
    )
    yield RunEnded(0, "completed", 11, 0)


def training() -> Iterator[Event]:
    """A training loop: a repeat, a no_grad block, a gradient that grows because nobody resets it."""
    w = state(1, "w", "tensor([0.5000, 0.5000], requires_grad=True)", shape=(2,), requires_grad=True)
    x = state(2, "x", "tensor([[1., 2.],\n        [3., 4.]])", shape=(2, 2))
    yield began("A training loop", seed=0)
    yield from step(
        "1", "tensor", "w = torch.full((2,), 0.5)\nw.requires_grad_()", created(w, "full"), bound(w, "full")
    )
    yield from step(
        "2", "tensor", "x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])", created(x, "tensor"), bound(x, "tensor")
    )
    yield StepBegan("3", "repeat", ("for i in range(2):",), "two rounds are enough to see it", SPAN)
    for i in range(2):
        y_id, loss_id = 10 + 2 * i, 11 + 2 * i
        y = state(y_id, "y", "tensor([1.5000, 3.5000], grad_fn=<MvBackward0>)", shape=(2,), grad_fn="MvBackward0")
        loss = state(loss_id, "loss", "tensor(5., grad_fn=<SumBackward0>)", shape=(), grad_fn="SumBackward0")
        yield from step(
            f"3[{i}].1",
            "op",
            "y = x @ w",
            created(y, "mv", 2, 1),
            NodeRecorded(
                y_id,
                "MvBackward0",
                "mv",
                y_id,
                ("y",),
                (edge("self", None, "", ("x",), 2, "not required"), edge("vec", 9, "AccumulateGrad", ("w",), 1)),
                (saved("self", x, input="vec", formula="self.T @ grad"),),
            ),
            bound(y, "mv", was=y_id - 2 if i else None),
        )
        yield from step(
            f"3[{i}].2",
            "op",
            "loss = y.sum()",
            created(loss, "sum", y_id),
            NodeRecorded(
                loss_id,
                "SumBackward0",
                "sum",
                loss_id,
                ("loss",),
                (edge("self", y_id, "MvBackward0", ("y",), y_id),),
                (),
            ),
            bound(loss, "sum", was=loss_id - 2 if i else None),
        )
        yield from step(
            f"3[{i}].3",
            "backward",
            "loss.backward()",
            BackwardBegan("backward", (loss_id,), ("loss",), False, False),
            NodeRan(loss_id, "SumBackward0"),
            NodeRan(y_id, "MvBackward0"),
            FlowStopped(y_id, "MvBackward0", 2, ("x",), "not required"),
            NodeRan(9, "AccumulateGrad"),
            GradAccumulated(1, ("w",), "tensor([4., 6.])", f"tensor([{4 * (i + 1)}., {6 * (i + 1)}.])", False),
            BackwardEnded(True, (loss_id, y_id)),
        )
        yield StepBegan(f"3[{i}].4", "no_grad", ("with torch.no_grad():",), None, SPAN)
        yield from step(
            f"3[{i}].4.1",
            "inplace",
            "w -= 0.1 * w.grad",
            MemoryEdited("sub_", 1, ("w",), 1, 1, i, i + 1, ("w",), (), "w -= 0.1 * w.grad"),
        )
        yield StepEnded(f"3[{i}].4", False)
    yield StepEnded("3", False)
    yield from step(
        "4",
        "expect",
        "# expect w.grad == [4.0, 6.0]\n# expect w._version == 2",
        ExpectationFailed("expect", "w.grad", "[4.0, 6.0]", "tensor([ 8., 12.])", Span(21, 5, 11)),
        ExpectationMet("w._version", "2"),
    )
    yield from step(
        "5",
        "print",
        'print(f"x: {x}")',
        Printed("x: tensor([[1., 2.],\n        [3., 4.]])"),
    )
    yield from step("6", "del", "del x", NameDeleted("x", 2))
    yield RunEnded(1, "completed", 14, 1)


def views() -> Iterator[Event]:
    """Edits through a view, through .data and on the way through an unnamed detach; a second backward at the end."""
    x = state(1, "x", "tensor([1., 2.], requires_grad=True)", shape=(2,), requires_grad=True)
    y = state(2, "y", "tensor([2., 4.], grad_fn=<MulBackward0>)", shape=(2,), grad_fn="MulBackward0", node=1)
    v = state(
        3,
        "v",
        "tensor(2., grad_fn=<SelectBackward0>)",
        shape=(),
        grad_fn="SelectBackward0",
        node=2,
        storage=2,
        counter=2,
        base=2,
    )
    d = state(4, "d", "tensor([2., 4.])", shape=(2,), storage=2, counter=4)
    cut = state(5, "", "", shape=(2,), storage=2, counter=2, names=("",))
    h = state(6, "h", "tensor([4., 8.], grad_fn=<MulBackward0>)", shape=(2,), grad_fn="MulBackward0", node=4)
    yield began()
    yield from step(
        "1", "tensor", "x = torch.tensor([1.0, 2.0], requires_grad=True)", created(x, "tensor"), bound(x, "tensor")
    )
    yield from step(
        "2",
        "op",
        "y = x * 2",
        created(y, "mul", 1),
        NodeRecorded(
            1,
            "MulBackward0",
            "mul",
            2,
            ("y",),
            (edge("self", 9, "AccumulateGrad", ("x",), 1), edge("other", None, "", (), 0, "number")),
            (),
        ),
        bound(y, "mul"),
    )
    yield from step(
        "3", "op", "v = y[0]", created(v, "select", 2, alias_of=2), bound(v, "select", ("y",), creation="default")
    )
    yield from step("4", "op", "d = y.data", created(d, "data", 2, alias_of=2), bound(d, "data", ("y", "v")))
    yield from step(
        "5",
        "inplace",
        "v.mul_(3)",
        MemoryEdited("mul_", 3, ("v",), 2, 2, 0, 1, ("v", "y", "d"), ("d",), "v.mul_(3)"),
        NodeRecorded(3, "CopySlices", "mul_", 2, ("y",), (edge("", 1, "MulBackward0", ("y",), 2),), ()),
        HistoryRebased(2, ("y",), "MulBackward0", "CopySlices", 3),
    )
    yield from step(
        "6",
        "op",
        "h = y.detach() * x",
        TensorCreated(5, "detach", (2,), (), 2, 2, 2, False, False, "float32", (2,), True),
        created(h, "mul", 5, 1),
        NodeRecorded(
            4,
            "MulBackward0",
            "mul",
            6,
            ("h",),
            (edge("self", None, "", (), 5, "detached"), edge("other", 9, "AccumulateGrad", ("x",), 1)),
            (saved("self", cut, version=1, input="other", formula="grad * self", names=()),),
        ),
        bound(h, "mul"),
    )
    yield from step("7", "op", "h.retain_grad()", FlagChanged(6, ("h",), "retains_grad", "True"))
    backward: list[Event] = [
        BackwardBegan("backward", (5,), (), False, False),
        NodeRan(5, "SumBackward0"),
        GradAccumulated(6, ("h",), "tensor([1., 1.])", "tensor([1., 1.])", True),
        NodeRan(4, "MulBackward0"),
        FlowStopped(4, "MulBackward0", 5, (), "detached"),
        GradAccumulated(1, ("x",), "tensor([6., 4.])", "tensor([6., 4.])", False),
        BackwardEnded(True, (5, 4)),
    ]
    yield from step("8", "backward", "h.sum().backward()", *backward)
    yield from step(
        "9", "inplace", "y.zero_()", MemoryEdited("zero_", 2, ("y",), 2, 2, 1, 2, ("y", "v", "d"), ("d",), "y.zero_()")
    )
    yield from step(
        "10", "op", "opt = optim.SGD([x], lr=0.1)", ValueBound("opt", "SGD (\nParameter Group 0\n    lr: 0.1\n)", "SGD")
    )
    yield from step(
        "11",
        "backward",
        "h.sum().backward()",
        BackwardBegan("backward", (6,), (), False, False),
        NodeRan(6, "SumBackward0"),
        BackwardEnded(False, ()),
        Raised("RuntimeError", TWICE, BuffersFreed(4, "MulBackward0"), False),
        raised=True,
    )
    yield RunEnded(1, f"RuntimeError: {TWICE}", 11, 0)


def varied() -> Iterator[Event]:
    """Three ways to cut, and one table."""
    yield from _varied_run("out.detach()", broken=True)
    yield from _varied_run("out.data", broken=False)
    yield from _varied_run("out.clone()", broken=False)
    a = state(1, "a", A_TEXT, requires_grad=True)
    error = f"RuntimeError: {MODIFIED}"
    runs = (("out.detach()", error, "None"), ("out.data", "completed", "tensor([0., 0., 0.])"))
    compared = [
        ComparedRun(
            (("CUT", cut),),
            outcome,
            (),
            (
                a,
                state(2, "out", "tensor([0., 0., 0.], grad_fn=<SigmoidBackward0>)", version=int(cut == "out.detach()")),
            ),
            (("a", grad),),
        )
        for cut, outcome, grad in runs
    ]
    kept = state(2, "out", "tensor([0.7685, 0.9677, 0.9963], grad_fn=<SigmoidBackward0>)")
    compared.append(
        ComparedRun((("CUT", "out.clone()"),), "completed", (), (a, kept), (("a", "tensor([0.1779, 0.0313, 0.0037])"),))
    )
    yield RunsCompared(tuple(compared))


def _varied_run(cut: str, *, broken: bool) -> Iterator[Event]:
    yield began("Three ways to cut", "Which of them does autograd notice?", choices=(("CUT", cut),))
    out = state(2, "out", "tensor([0.7685, 0.9677, 0.9963], grad_fn=<SigmoidBackward0>)", grad_fn="SigmoidBackward0")
    c = state(3, "c", "tensor([0.7685, 0.9677, 0.9963])")
    op = cut.removeprefix("out.").removesuffix("()")
    made = created(c, op, 2, alias_of=None if op == "clone" else 2)
    yield from step("1", "op", f"out = a.sigmoid()\nc = {cut}", bound(out, "sigmoid"), made, bound(c, op))
    if broken:
        yield from step(
            "2", "backward", "out.sum().backward()", Raised("RuntimeError", MODIFIED, None, False), raised=True
        )
    yield RunEnded(0, f"RuntimeError: {MODIFIED}" if broken else "completed", 2 if broken else 1, 0)


def long_loop() -> Iterator[Event]:
    """A loop whose later rounds are like the first ones, but for the numbers and one warning."""
    rounds = 6
    w = state(1, "w", "tensor(1., requires_grad=True)", shape=(), requires_grad=True)
    yield began("A long loop")
    yield from step(
        "1", "tensor", "w = torch.tensor(1.0, requires_grad=True)", created(w, "tensor"), bound(w, "tensor")
    )
    yield StepBegan("2", "repeat", (f"for _ in range({rounds}):",), None, SPAN)
    for i in range(rounds):
        grad = GradAccumulated(1, ("w",), "tensor(1.)", f"tensor({i + 1}.)", False)
        warned = [Warned("UserWarning", "only now")] if i == 4 else []
        yield from step(f"2[{i}].1", "backward", "(w * 1).backward()", *warned, grad)
        yield from step(f"2[{i}].2", "print", 'print(f"w.grad: {w.grad}")', Printed(f"w.grad: {i + 1}.0"))
    yield StepEnded("2", False)
    yield from step("3", "say", 'print("done")', Printed("done"))
    yield RunEnded(0, "completed", 3 + 2 * rounds, 0)


STREAMS: dict[str, Callable[[], Iterator[Event]]] = {
    stream.__name__: stream for stream in (detached_edit, training, views, varied, long_loop)
}


def main() -> None:
    """Write what the views show now, to be read before it is believed."""
    folder = Path(__file__).parent / "expected"
    for name, stream in STREAMS.items():
        (folder / f"{name}.plain.txt").write_text("".join(plain.render(stream())), encoding="utf-8")
        shown = "".join(terminal.render(stream(), width=80, color=False))
        (folder / f"{name}.terminal.txt").write_text(shown, encoding="utf-8")


if __name__ == "__main__":
    main()
