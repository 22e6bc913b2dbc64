"""What the step-by-step views say of single steps."""

from dataclasses import replace

from detachsim.events import (
    BackwardBegan,
    Event,
    ExpectationFailed,
    ExpectationMet,
    FlagChanged,
    FlowStopped,
    GradAccumulated,
    HistoryRebased,
    MemoryEdited,
    NodeRan,
    NodeRecorded,
    Printed,
    Raised,
    RunEnded,
    VersionMismatch,
    Warned,
)
from detachsim.marks import Span
from detachsim.render import plain, terminal
from tests.render.building import began, bound, created, edge, saved, state, step
from tests.render.streams import SIGMOID

A = state(1, "a", "tensor(1., requires_grad=True)", shape=(), requires_grad=True)


def told(*events: Event | list[Event], end: bool = False) -> list[str]:
    """Return what plain tells of the events, without heading, empty lines and indents."""
    flat: list[Event] = [began()]
    for event in events:
        flat += event if isinstance(event, list) else [event]
    if end:
        flat.append(RunEnded(0, "completed", 1, 0))
    rows = "".join(plain.render(flat)).split("\n")[2:]
    return [row[14:] for row in rows if row.strip()]


def told_of(*events: Event, before: tuple[Event, ...] = ()) -> list[str]:
    """Return what plain tells of the events of step 2, which follows step 1."""
    first = told(step("1", "op", "before", *before))
    return told(step("1", "op", "before", *before), step("2", "op", "code", *events))[len(first) + 1 :]


def edit(before: int, after: int, seen_by: tuple[str, ...] = ("c",), behind: tuple[str, ...] = ()) -> MemoryEdited:
    return MemoryEdited("zero_", 3, ("c",), 2, 2, before, after, seen_by, behind, "c.zero_()")


def test_a_leaf_takes_two_lines() -> None:
    assert told_of(created(A, "tensor"), bound(A, "tensor")) == [
        "a = tensor(1., requires_grad=True)",
        "leaf, requires grad, version 0",
    ]


def test_an_inference_tensor_has_no_version() -> None:
    made = state(1, "a", "tensor(1.)", version=None)
    assert told_of(bound(made, "tensor"))[1] == "leaf, requires no grad, an inference tensor: it counts no versions"


def test_a_second_name_is_no_second_tensor() -> None:
    both = state(1, "b", "tensor(1.)", names=("b", "a"))
    assert told_of(bound(both, "", shares=("a",))) == ["b is another name for the tensor a"]


def test_a_name_that_leaves_its_leaf_is_pointed_out() -> None:
    made = state(2, "a", "tensor(2., grad_fn=<MulBackward0>)", grad_fn="MulBackward0")
    assert "a does not name the leaf of step 1 any more" in told_of(
        bound(made, "mul", was=1), before=(bound(A, "tensor"),)
    )


def test_rows_of_a_matrix_stand_under_each_other() -> None:
    x = state(1, "x", "tensor([[1., 2.],\n        [3., 4.]])", shape=(2, 2))
    assert told_of(bound(x, "tensor"))[:2] == ["x = tensor([[1., 2.],", "            [3., 4.]])"]


def test_memory_is_shared_with_or_without_the_counter() -> None:
    x = state(1, "x", "tensor(1.)")
    view = state(2, "v", "tensor(1.)", storage=1, counter=1, base=1)
    data = state(3, "d", "tensor(1.)", storage=1, counter=3)
    before = (bound(x, "tensor"), bound(view, "select", ("x",)))
    assert "a view: shares memory and version counter with x" in told(step("1", "op", "v", *before))
    assert told_of(bound(data, "data", ("x", "v")), before=before)[2:] == [
        "shares memory with x and v, but counts its own versions",
    ]


def test_a_view_made_without_gradients_is_told() -> None:
    x, view = state(1, "x", "tensor(1.)"), state(2, "v", "tensor(1.)", storage=1, counter=1, base=1)
    rows = told_of(bound(view, "select", ("x",), creation="no_grad"), before=(bound(x, "tensor"),))
    assert rows[-1] == "a view made while gradients were off"


def test_a_saved_tensor_comes_with_the_reason() -> None:
    out = state(2, "out", "tensor(0.7, grad_fn=<SigmoidBackward0>)", grad_fn="SigmoidBackward0")
    node = NodeRecorded(
        1,
        "SigmoidBackward0",
        "sigmoid",
        2,
        ("out",),
        (edge("self", 2, "AccumulateGrad", ("a",), 1),),
        (saved("result", out, is_output=True, formula=SIGMOID),),
    )
    expected = "saves out (result) for backward, at version 0: the gradient of a is grad * (1 - result) * result"
    assert " ".join(told_of(node, bound(out, "sigmoid"))[2:]) == expected
    assert " ".join(told_of(node)) == f"SigmoidBackward0 {expected}"


def test_tensors_without_a_name_are_called_by_their_ops() -> None:
    made = [replace(created(state(number, "", ""), "sqrt"), names=()) for number in (2, 3)]
    root = NodeRecorded(
        1,
        "SqrtBackward0",
        "sqrt",
        3,
        (),
        (edge("self", 2, "SubBackward0", (), 2),),
        (saved("result", state(3, "", ""), is_output=True, formula="grad / (2 * result)", names=()),),
    )
    assert " ".join(told_of(*made, root)) == (
        "SqrtBackward0 saves the unnamed result of sqrt (result) for backward, at version 0: "
        "the gradient of the unnamed result of sqrt is grad / (2 * result)"
    )


def test_every_node_of_a_tensor_is_told_whatever_the_order() -> None:
    y = state(2, "y", "tensor(2., grad_fn=<AddBackward0>)", grad_fn="AddBackward0")
    nodes = [
        NodeRecorded(i, "MulBackward0", "mul", 2, ("y",), (), (saved(label, A, formula="grad"),))
        for i, label in enumerate(("self", "other"))
    ]
    made = bound(y, "mul")
    orders: list[list[Event]] = [[*nodes, made], [nodes[0], made, nodes[1]]]
    for events in orders:
        rows = told_of(*events)
        assert [row.split(" for ")[0] for row in rows if "saves" in row] == ["saves a (self)", "saves a (other)"]


def test_a_cut_inside_an_expression_is_told_if_a_gradient_could_have_flowed() -> None:
    cut = state(2, "", "tensor(1.)", storage=1, counter=1)
    nameless = replace(created(cut, "detach", 1, alias_of=1), names=())
    told_lines = told_of(nameless, before=(bound(A, "tensor"),))
    assert told_lines == ["cut here: no gradient flows back through a.detach()"]
    named = replace(cut, names=("c",))
    told_lines = told_of(created(named, "detach", 1, alias_of=1), bound(named, "detach"), before=(bound(A, "tensor"),))
    assert told_lines[-1] == "cut here: no gradient flows back through c"
    plain_a = state(1, "a", "tensor(1.)")
    told_lines = told_of(
        created(named, "detach", 1, alias_of=1), bound(named, "detach"), before=(bound(plain_a, "tensor"),)
    )
    assert "cut" not in " ".join(told_lines)
    assert told_of(nameless, before=(bound(plain_a, "tensor"),)) == []


def test_an_edit_names_all_who_see_it() -> None:
    assert told_of(edit(0, 1, ("c", "out", "d"), ("d",))) == [
        "edits c in place: version 0 -> 1",
        "out sees the edit too: same memory",
        "d sees the edit too, but counts its own versions, so autograd cannot notice it there",
    ]


def test_an_edit_through_a_tensor_without_a_name_is_told_of_those_with_one() -> None:
    event = MemoryEdited("fill_", 3, (), 2, 2, 0, 1, ("d", "y"), ("y",), "d[0] = 7")
    assert told_of(event) == [
        "edits d in place: version 0 -> 1",
        "y sees the edit too, but counts its own versions, so autograd cannot notice it there",
    ]


def test_an_edit_through_data_cuts_nothing() -> None:
    data = replace(created(state(2, "", "", storage=1), "data", 1, alias_of=1), names=())
    event = MemoryEdited("sub_", 2, (), 1, 2, 0, 1, ("a",), ("a",), "a.data -= 1")
    assert told_of(data, event, before=(bound(A, "tensor"),)) == [
        "edits a.data in place: version 0 -> 1",
        "a sees the edit too, but counts its own versions, so autograd cannot notice it there",
    ]


def test_an_edit_tells_once_what_it_spoils() -> None:
    out = state(2, "out", "tensor(0.7, grad_fn=<SigmoidBackward0>)", grad_fn="SigmoidBackward0")
    node = NodeRecorded(
        1, "SigmoidBackward0", "sigmoid", 2, (), (), (saved("result", out, is_output=True, formula=SIGMOID),)
    )
    rows = " ".join(told_of(edit(0, 1), edit(1, 2), before=(node,)))
    assert rows.count("careful") == 1
    assert "SigmoidBackward0 saved this memory at version 0 (step 1), so backward through it would now fail" in rows


def test_many_spoiled_tensors_are_counted() -> None:
    out = state(2, "out", "tensor(0.7)")
    kept = (saved("result", out, formula=SIGMOID),)
    nodes = [NodeRecorded(i, f"Node{i}", "sigmoid", 9, (), (), kept) for i in range(5)]
    rows = told_of(edit(0, 1), before=tuple(nodes))
    assert " ".join(rows).count("careful") == 3
    assert rows[-1] == "and 2 more saved tensors are spoiled in the same way"


def test_a_version_error_points_at_the_edits_since_the_save() -> None:
    out = state(2, "out", "tensor(0.7)")
    node = NodeRecorded(
        1, "SigmoidBackward0", "sigmoid", 9, (), (), (saved("result", out, version=1, formula=SIGMOID),)
    )
    error = Raised("RuntimeError", "no", VersionMismatch(1, "SigmoidBackward0", "result", 2, 2, 2, 1, 5), True)
    steps = [step("1", "op", "a", edit(0, 1)), step("2", "op", "b", node)]
    steps += [step(str(number), "op", "c", edit(number - 2, number - 1)) for number in range(3, 7)]
    rows = " ".join(told(*steps, step("7", "op", "d", error)))
    assert "why: c.zero_() in steps 3, 4, 5 and 6 edited out, which SigmoidBackward0 saved" in rows
    assert rows.endswith("step 7: SigmoidBackward0 needs it at version 1, but it is at version 5")


def test_what_is_saved_after_an_edit_is_not_spoiled_by_it() -> None:
    out = state(2, "out", "tensor(0.7, grad_fn=<SigmoidBackward0>)", grad_fn="SigmoidBackward0")
    kept = saved("result", out, version=1, is_output=True, formula=SIGMOID)
    node = NodeRecorded(1, "SigmoidBackward0", "sigmoid", 2, (), (), (kept,))
    assert "careful" not in " ".join(told_of(node, edit(0, 1)))


def test_a_new_history_is_told() -> None:
    assert told_of(HistoryRebased(2, ("y",), None, "torch::autograd::CopySlices", 3)) == [
        "y has a new grad_fn, CopySlices (it had none)"
    ]


def test_flags() -> None:
    def flag(name: str, value: str) -> str:
        return told_of(FlagChanged(1, ("a",), name, value))[0]

    assert flag("requires_grad", "True") == "a requires grad now"
    assert flag("requires_grad", "False") == "a does not require grad now"
    assert flag("retains_grad", "True") == "a will keep its gradient, though it is no leaf"
    assert flag("detached", "True") == "a has no grad_fn any more: no gradient flows back through it"
    assert flag("grad", "None") == "a.grad is None now"
    assert flag("grad", "tensor") == "a.grad is another tensor now"
    assert flag("data", "tensor") == "a uses the memory of the tensor that its .data was set to"


def test_an_assignment_to_data_names_whose_memory_it_is_now() -> None:
    other = state(2, "b", "tensor(2.)", shape=())
    moved = replace(A, storage=other.storage)
    rows = told_of(FlagChanged(1, ("a",), "data", "tensor", moved), before=(bound(A, "tensor"), bound(other, "tensor")))
    assert rows == ["a uses the memory of b, but counts its own versions"]


def test_backward_tells_the_way_the_stops_and_the_gradients() -> None:
    rows = told_of(
        BackwardBegan("backward", (3,), ("y",), False, False),
        NodeRan(3, "MulBackward0"),
        FlowStopped(3, "MulBackward0", 5, ("c", "d"), "detached"),
        FlowStopped(3, "MulBackward0", 0, (), "number"),
        FlowStopped(3, "MulBackward0", 6, ("c",), "detached"),
        NodeRan(4, "AccumulateGrad"),
        GradAccumulated(1, ("a",), "tensor(1.)", "tensor(3.)", False),
    )
    assert rows == [
        "the gradient flows through MulBackward0",
        "the gradient stops at c and d: detached",
        "a receives tensor(1.)",
        "a.grad = tensor(3.)",
        "the new gradient was added to the old one",
    ]


def test_a_long_way_is_shortened() -> None:
    rows = told_of(*(NodeRan(i, f"Node{i}") for i in range(9)))
    assert rows == ["the gradient flows through Node0, Node1, Node2, Node3, 4 more nodes, Node8"]


def test_an_expected_error_is_calm_and_another_is_not() -> None:
    def row(caught: bool) -> str:
        return told_of(Raised("RuntimeError", "no", None, caught))[0]

    assert row(True) == "RuntimeError, as expected: no"
    assert row(False) == "! RuntimeError: no"


def test_expectations() -> None:
    met = ExpectationMet("a.grad", "null")
    failed = ExpectationFailed("expect", "a", "1", "2", Span(9, 1, 2))
    assert told_of(met) == ["as expected"]
    assert told_of(met, met) == ["all 2 as expected"]
    assert told_of(met, failed)[-1] == "the other is as expected"
    assert told_of(met, failed, met)[-1] == "the other 2 are as expected"
    assert told_of(ExpectationFailed("expect", "a.grad", "null", "tensor([1.,\n        2.])", Span(9, 1, 2))) == [
        "! expectation failed (line 9): a.grad",
        "!   expected  null",
        "!   actual    tensor([1.,",
        "!                     2.])",
    ]
    assert "the error that `raises` expects" in told_of(ExpectationFailed("raises", "", "x", "y", Span(9, 1, 2)))[0]
    assert "the warning that `warns` expects" in told_of(ExpectationFailed("warns", "", "x", "y", Span(9, 1, 2)))[0]


def test_printed_text_is_kept_as_it_is() -> None:
    assert told_of(Printed("a  b\n\n  c")) == ["| a  b", "|", "|   c"]


def test_long_printed_text_is_cut_for_a_terminal_only() -> None:
    assert told_of(Printed("x" * 200)) == ["| " + "x" * 200]
    events = [began(), *step("1", "say", "s", Printed("x" * 30 + "  " + "y" * 20))]
    rows = "".join(terminal.render(events, width=26, color=False)).split("\n")
    assert rows[-4:] == ["  │ " + "x" * 22, "  ┊ " + "x" * 8 + "  " + "y" * 12, "  ┊ " + "y" * 8, ""]


def test_an_end_is_good_or_bad() -> None:
    def end(status: int, outcome: str) -> str:
        events: list[Event] = [began(), RunEnded(status, outcome, 3, 0)]
        (_, text) = terminal.render(events, width=200, color=True)
        return text

    assert end(0, "completed").startswith(
        "\n\x1b[32mRan 3 steps, and everything went as the scenario says. Exit status 0."
    )
    assert end(1, "ValueError: x").startswith(
        "\n\x1b[1;31mThe run ended with an error that no step expects: ValueError. Exit"
    )


def test_spaces_of_a_warning_are_kept() -> None:
    assert told_of(Warned("UserWarning", "two  spaces\n  and an indent")) == [
        "UserWarning: two  spaces",
        "    and an indent",
    ]


def test_a_title_cannot_steer_the_terminal() -> None:
    events: list[Event] = [
        began("\x1b[31mred\x07", "[bold]about[/bold] \u202eabc"),
        *step("1", "say", 'print("x")', Printed("\x1b[2J\ttab")),
    ]
    for text in (
        "".join(plain.render(events)),
        "".join(terminal.render(events, width=80, color=False)),
    ):
        assert "\\x1b[31mred\\x07" in text
        assert "[bold]about[/bold] \\u202eabc" in text
        assert "\\x1b[2J\\ttab" in text
        assert all(row.isprintable() for row in text.split("\n"))


def test_a_chinese_title_is_measured_by_its_columns() -> None:
    title = "".join(plain.render([began("编辑分离的张量")])).split("\n")[0]
    assert len(title) == 100 - 7
    assert "\\u7f16" in "".join(terminal.render([began("编辑")], width=40, color=False, ascii=True))
