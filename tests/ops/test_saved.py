"""What every op form records and saves, against what was measured on PyTorch (``data/saved.json``)."""

import re
from typing import Any

import pytest

from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import grad_fn, requires_grad
from tests.ops.harness import (
    Evaluator,
    UnknownOp,
    backward,
    build,
    cases,
    edit,
    error_of,
    graph,
    may_require,
    new_session,
    tensors_of,
)

FORMS = cases()
# How many measured forms the table knows. Raise it when families come in; it must not fall.
KNOWN_AT_LEAST = 378
KNOWN_INPLACE_AT_LEAST = 120

_MODIFIED = "modified by an inplace operation"
_FOUND = re.compile(r"operation: (.*?),? is at version (\d+); expected")


def is_known(form: Any, expr: str) -> bool:
    """Whether the table has every op that a form names, and a row for these arguments."""
    try:
        Evaluator(new_session(), build(form["inputs"])).run(expr)
    except UnknownOp:
        return False
    except TorchError as error:
        return error.spell("torch-2.13")[0] != "TypeError"
    except Exception:
        # A fault of the row: the tests of this form show it, and those of the others run.
        return True
    return True


KNOWN = [name for name, form in FORMS.items() if is_known(form, form["expr"])]
CONFIGURATIONS = [(name, config) for name in KNOWN for config in FORMS[name]["configs"]]
EDITING = {
    name: form
    for name, form in FORMS.items()
    if any("error" not in facts for facts in form.get("inplace", {}).get("configs", {}).values())
}
KNOWN_INPLACE = [name for name, form in EDITING.items() if is_known(form, form["inplace"]["expr"])]
INPLACE = [
    (name, config)
    for name in KNOWN_INPLACE
    for config, facts in FORMS[name]["inplace"]["configs"].items()
    if "error" not in facts
]


def test_known_forms_do_not_become_fewer() -> None:
    """Run with ``-s`` to see what the table lacks."""
    unknown = [name for name in FORMS if name not in KNOWN]
    unknown_inplace = [EDITING[name]["inplace"]["expr"] for name in EDITING if name not in KNOWN_INPLACE]
    print(f"\n{len(KNOWN)} of {len(FORMS)} forms known; unknown: {' '.join(unknown)}")
    print(f"{len(KNOWN_INPLACE)} of {len(EDITING)} in place; unknown: {', '.join(unknown_inplace)}")
    assert len(KNOWN) >= KNOWN_AT_LEAST
    assert len(KNOWN_INPLACE) >= KNOWN_INPLACE_AT_LEAST


def start(
    form: Any, config: str, expr: str, *, cloned: bool = False
) -> tuple[Session, dict[str, Tensor], list[Tensor]]:
    """Run a form with the inputs that ``config`` names requiring grad."""
    session = new_session()
    leaves = build(form["inputs"])
    wanted = [name for name, spec in form["inputs"].items() if may_require(spec)]
    for name in wanted if config == "all" else [config.removeprefix("only_")]:
        leaves[name].requires = True
    used = {name: session.call("clone", tensor) for name, tensor in leaves.items()} if cloned else leaves
    outputs = tensors_of(Evaluator(session, used).run(expr))
    return session, used, outputs


def stale_error(form: Any, config: str, name: str) -> str | None:
    """Return the error of backward after an edit of one input or output."""
    session, used, outputs = start(form, config, form["expr"])
    edit(session, used[name] if name in used else outputs[int(name[3:])])
    return error_of(lambda: backward(session, outputs))


@pytest.mark.parametrize(("name", "config"), CONFIGURATIONS)
def test_graph(name: str, config: str) -> None:
    form = FORMS[name]
    facts = form["configs"][config]
    if "forward_error" in facts:
        assert error_of(lambda: start(form, config, form["expr"])) == facts["forward_error"]
        return
    session, used, outputs = start(form, config, form["expr"])
    nodes = [grad_fn(session, output) for output in outputs]
    node = next((node for node in nodes if node is not None), None)
    if facts["graph"] is None:
        assert not any(requires_grad(output) for output in outputs)
        return
    if facts["graph"] == "LEAF":
        assert node is None
        assert any(outputs[0] is tensor for tensor in used.values())
        return
    assert graph(session, node, used) == facts["graph"]
    assert [requires_grad(output) for output in outputs] == facts.get("requires", [True])
    assert (outputs[0].view is not None) == facts.get("view", False)


@pytest.mark.parametrize(
    ("name", "config"),
    [(n, c) for n, c in CONFIGURATIONS if "saved" in FORMS[n]["configs"][c] or "second" in FORMS[n]["configs"][c]],
)
def test_saved(name: str, config: str) -> None:
    form = FORMS[name]
    facts = form["configs"][config]
    session, used, outputs = start(form, config, form["expr"])
    saved, printed, other = [], {}, {}
    for label in [*used, *(f"out{index}" for index in range(len(outputs)))]:
        error = stale_error(form, config, label)
        if error is None:
            continue
        if match := _FOUND.search(error):
            saved.append(label)
            printed[label] = match[1]
        else:
            other[label] = "other: " + error.partition(": ")[2][:160]
    assert sorted(saved) == facts["saved"]
    assert printed == facts.get("printed", {})
    assert other == {k: v for k, v in facts.get("other", {}).items() if not v.startswith("cannot-bump")}
    assert error_of(lambda: backward(session, outputs)) is None
    again = error_of(lambda: backward(session, outputs))
    assert ("ok" if again is None else "raises" if "second time" in again else again) == facts["second"]


@pytest.mark.parametrize(
    ("name", "config", "dialect"),
    [
        (name, config, dialect)
        for dialect, key in (("torch-2.13", "first"), ("torch-1.13", "first_1.13"))
        for name, config in CONFIGURATIONS
        if key in FORMS[name]["configs"][config]
    ],
)
def test_first_reported(name: str, config: str, dialect: str) -> None:
    form = FORMS[name]
    facts = form["configs"][config]
    session, used, outputs = start(form, config, form["expr"])
    session.dialect = dialect
    versions: dict[int, str] = {}
    for times, label in enumerate(facts["saved"], start=3):
        tensor = used[label] if label in used else outputs[int(label[3:])]
        edit(session, tensor, times)
    for label in facts["saved"]:
        tensor = used[label] if label in used else outputs[int(label[3:])]
        versions.setdefault(tensor.version.value, label)
    error = error_of(lambda: backward(session, outputs))
    assert error is not None
    found = _FOUND.search(error)
    assert found is not None
    assert versions[int(found[2])] == facts["first" if dialect == "torch-2.13" else "first_1.13"]


@pytest.mark.parametrize(
    ("name", "config"), [(n, c) for n, c in CONFIGURATIONS if "backward_error" in FORMS[n]["configs"][c]]
)
def test_backward_error(name: str, config: str) -> None:
    form = FORMS[name]
    session, _, outputs = start(form, config, form["expr"])
    assert error_of(lambda: backward(session, outputs)) == form["configs"][config]["backward_error"]


@pytest.mark.parametrize(("name", "config"), INPLACE)
def test_inplace(name: str, config: str) -> None:
    form = FORMS[name]
    expr = form["inplace"]["expr"]
    facts = form["inplace"]["configs"][config]
    target = re.match(r"(?:F\.\w+\()?(\w+)", expr)
    assert target is not None
    try:
        session, used, outputs = start(form, config, expr, cloned=True)
    except UnknownOp as missing:
        pytest.fail(f"the table has no {missing}")
    if target[1] in used and facts["version"] is not None:
        assert used[target[1]].version.value == facts["version"]
    node = grad_fn(session, outputs[0])
    assert (None if node is None else node.name.rpartition("::")[2]) == facts["grad_fn"]
    if "backward" not in facts:
        return
    error = error_of(lambda: backward(session, outputs))
    if facts["backward"] == "ok":
        assert error is None
    else:
        assert error is not None
        assert error.partition(": ")[2].startswith(facts["backward"][:200])

    def stale(label: str) -> Any:
        session, used, outputs = start(form, config, expr, cloned=True)
        edit(session, used[label] if label else outputs[0])
        error = error_of(lambda: backward(session, outputs))
        return False if error is None else True if _MODIFIED in error else error.partition(": ")[2][:200]

    assert stale("") == facts["result"]
    assert {label: stale(label) for label in facts.get("saved", {})} == facts.get("saved", {})
