"""The graph that `detachsim graph` draws, edge by edge against real PyTorch's ``next_functions``."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from detachsim.lang import load, read
from detachsim.lang.syntax import Scenario
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.export import script
from detachsim.render.pictures.history import moment, runs_of
from detachsim.render.pictures.moment import Moment
from detachsim.run import execute

pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]

# Runs each script as a program of its own, and prints the graph of every tensor that has a name at its end.
TELL = """
import contextlib, io, json, sys, torch
def graphs(tensors):
    found = {}
    for name, tensor in tensors.items():
        try:
            if tensor.grad_fn is None:
                found[name] = None
                continue
        except RuntimeError:  # a view that may not be rebuilt
            continue
        places, nodes, rows = {tensor.grad_fn: 0}, [tensor.grad_fn], []
        for node in nodes:
            edges = []
            for child, number in node.next_functions:
                if child is None:
                    edges.append(None)
                    continue
                if child not in places:
                    places[child] = len(nodes)
                    nodes.append(child)
                edges.append([places[child], number])
            leaf = next((k for k, v in tensors.items() if v is getattr(node, "variable", None)), "")
            rows.append([node.name().rpartition("::")[2], leaf, edges])
        found[name] = rows
    return found
told = {}
for path, text in json.load(sys.stdin).items():
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception, SystemExit):
        exec(text, names)
    told[path] = graphs({k: v for k, v in names.items() if isinstance(v, torch.Tensor)})
json.dump(told, sys.stdout)
"""

Place = tuple[str, int]


def edges_of(found: Moment, place: Place) -> tuple[str, str, list[tuple[Place, int] | None]]:
    """Return a node's name, its leaf, and its edges; a view to rebuild has the edge that it will have."""
    kind, id = place
    if kind == "view":
        base = found.tensors[id].base
        assert base is not None
        node = found.tensors[base].node
        child = ("leaf", base) if node is None else ("node", node)
        return "AsStridedBackward0", "", [(child, found.tensors[base].output_nr)]
    if kind == "leaf":
        return "AccumulateGrad", found.tensors[id].names[0], []
    if id in found.leaves:
        names = found.tensors[found.leaves[id]].names
        return "AccumulateGrad", names[0] if names else "", []
    facts = found.nodes[id]
    edges = [None if edge.node is None else (("node", edge.node), edge.output_nr) for edge in facts.edges]
    return facts.label.partition("#")[0], "", edges


def graph_of(found: Moment, tensor: int) -> list[Any] | None:
    """Return the graph of a tensor as ``TELL`` tells it."""
    facts = found.tensors[tensor]
    if facts.pending:
        start: Place = ("view", tensor)
    elif facts.node is None:
        return None
    else:
        start = ("node", facts.node)
    places, nodes, rows = {start: 0}, [start], []
    for place in nodes:
        name, leaf, edges = edges_of(found, place)
        row: list[list[int] | None] = []
        for edge in edges:
            if edge is None:
                row.append(None)
                continue
            child, number = edge
            if child not in places:
                places[child] = len(nodes)
                nodes.append(child)
            row.append([places[child], number])
        rows.append([name, leaf, row])
    return rows


def loaded(path: Path) -> Scenario:
    return load(read(str(path)), VOCABULARY)


SCENARIOS = [
    *sorted((ROOT / "tests" / "data" / "pictures").glob("*.yaml")),
    *sorted((ROOT / "scenarios").rglob("*.yaml")),
]
# Those that are one script: of several runs, each would be one.
SCRIPTS = [path for path in SCENARIOS if not loaded(path).variants[0].choices]


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """What PyTorch says of every scenario that is one script."""
    scripts = {str(path): script(loaded(path)) for path in SCRIPTS}
    done = subprocess.run(
        [sys.executable, "-c", TELL], input=json.dumps(scripts), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_graph_is_that_of_pytorch(path: Path, theirs: dict[str, Any]) -> None:
    found = moment(runs_of(execute(loaded(path), dialect="torch-2.13"))[0])
    assert isinstance(found, Moment)
    mine = {name: graph_of(found, tensor) for name, tensor in found.names}
    assert {name: graph for name, graph in mine.items() if name in theirs[str(path)]} == theirs[str(path)]
