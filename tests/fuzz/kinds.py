"""The kinds of step that a random scenario is made of, by name; each writes one step, or a few that belong together."""

from collections.abc import Callable
from typing import TypeAlias

from hypothesis import strategies as st

from tests.fuzz import calls, edits, machine, mistakes, nested, ops, passes, table, tensors, training, views
from tests.fuzz.writer import Writer

Kind: TypeAlias = Callable[[Writer], None]


def block(w: Writer) -> None:
    """Steps under a mode."""
    if w.depth > 1:
        return
    mode = w.choose(["no_grad", "no_grad", "enable_grad", "inference_mode", "detect_anomaly"])
    inner = inner_steps(w)
    if inner:
        w.add(mode, inner)


def repeat(w: Writer) -> None:
    """Steps that are done twice."""
    if w.depth > 1:
        return
    inner = inner_steps(w)
    if inner:
        w.add("repeat", 2, {"steps": inner})


def inner_steps(w: Writer) -> list[object]:
    """Write steps into a list of their own."""
    outer, w.steps = w.steps, []
    w.depth += 1
    for _ in range(w.draw(st.integers(1, 4))):
        step(w)
    w.depth -= 1
    inner, w.steps = w.steps, outer
    return inner


def step(w: Writer) -> None:
    """Write one step of a kind that is drawn."""
    KINDS[w.choose(w.kinds)](w)


KINDS: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (
        tensors.leaf,
        tensors.creation,
        tensors.random_creation,
        ops.unary,
        ops.unary_call,
        ops.binary,
        ops.comparison,
        ops.several,
        ops.product,
        ops.reduction,
        nested.nested,
        nested.nested_print,
        nested.nested_edit,
        nested.nested_backward,
        calls.call,
        table.sampled,
        table.sampled_edit,
        views.view,
        views.pieces,
        views.index,
        tensors.detach,
        tensors.data_alias,
        tensors.rename,
        tensors.delete,
        edits.edit,
        edits.rare_edit,
        edits.flag,
        passes.hook,
        passes.remove,
        passes.retain,
        passes.backward,
        passes.backward_several,
        passes.grad,
        passes.second_order,
        passes.show,
        machine.logging_hook,
        machine.look_at_log,
        machine.capturing_hook,
        machine.seeded,
        machine.kept_root,
        machine.some_outputs,
        machine.grad_of_several,
        machine.to_inputs,
        machine.grads,
        machine.higher,
        machine.look_at_nodes,
        machine.behind,
        block,
        repeat,
        training.module,
        training.layer,
        training.optimizer,
        training.optimize,
        training.loss,
        training.edit_module,
        training.clip,
        training.draw,
        mistakes.mistake,
        mistakes.odd_index,
    )
}
