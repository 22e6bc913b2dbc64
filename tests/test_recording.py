"""What the events of a run tell of the tensors that names are given to."""

from detachsim.events import TensorBound
from tests.explain.scenarios import leaf, run, steps


def test_a_binding_tells_what_made_its_tensor_in_this_step() -> None:
    events = run(
        steps(
            leaf("a"),
            "op: b = a * 2",
            "op: again = b",
            "detach: c = b",
            "op: first = b[0]",
            "op: d = a.data",
            "inplace: e = b.add_(1)",
            "op: f, g = [a.clone()] * 2",
            "op: m = nn.Linear(1, 1)",
            "op: w = m.weight",
        )
    )
    made = {event.name: event.made_by for event in events if isinstance(event, TensorBound)}
    assert made == {
        "a": "tensor",
        "b": "mul",
        "again": "",
        "c": "detach",
        "first": "select",
        "d": "data",
        "e": "",
        "f": "clone",
        "g": "clone",
        "w": "",
    }
