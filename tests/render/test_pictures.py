"""The pictures of a run: what stands in them, and that each format holds the whole of it."""

import re
import xml.etree.ElementTree as ET

import pytest

from detachsim.events import StepEnded
from detachsim.lang import load, read
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.render.pictures import dot, memory_map, mermaid, svg, tree
from detachsim.render.pictures.graph import Picture, picture
from detachsim.render.pictures.heading import heading
from detachsim.render.pictures.history import moment, runs_of
from detachsim.render.pictures.memory_map import memories
from detachsim.render.pictures.moment import Moment, NoSuchStep, SavedFacts
from detachsim.render.wrapping import columns
from detachsim.run import execute
from tests.render.pictures import SCENARIOS, graph_text, memory_text, moment_of, texts

every_scenario = pytest.mark.parametrize("name", SCENARIOS)


@every_scenario
def test_they_show_exactly_this(name: str) -> None:
    for path, text in texts(name):
        assert path.read_text(encoding="utf-8") == text, "python -m tests.render.pictures writes what is drawn now"


def arrows(found: Picture) -> set[tuple[str, str, str]]:
    return {(arrow.source, arrow.kind, arrow.target) for arrow in found.arrows}


def saved_by(found: Moment, label: str) -> list[SavedFacts]:
    return next(list(node.saved) for node in found.nodes.values() if node.label == label)


# What the graph holds


def test_a_detached_tensor_is_in_the_picture_and_cut_from_its_source() -> None:
    found = picture(moment_of("edit"))
    assert arrows(found) == {
        ("SumBackward0#1", "flow", "SigmoidBackward#1"),
        ("SigmoidBackward#1", "flow", "a"),
        ("c", "cut", "SigmoidBackward#1"),
    }
    cut = next(arrow for arrow in found.arrows if arrow.kind == "cut")
    assert cut.text == "cut by detach() in step 6"
    assert {box.id: (box.kind, box.title) for box in found.boxes} == {
        "SumBackward0#1": ("node", ""),
        "SigmoidBackward#1": ("node", "out"),
        "a": ("leaf", "a"),
        "c": ("cut", "c"),
    }


def test_a_stale_save_names_the_edit() -> None:
    (saved,) = saved_by(moment_of("edit"), "SigmoidBackward#1")
    assert (saved.state.version, saved.now, saved.stale) == (0, 1, True)
    assert [(edit.step, edit.code, edit.names) for edit in saved.edits] == [("8", "c.zero_()", ("c",))]
    (saved,) = saved_by(moment_of("edit", "7"), "SigmoidBackward#1")
    assert not saved.stale


def test_an_edit_behind_the_counter_is_told_apart() -> None:
    (saved,) = saved_by(moment_of("behind", "4"), "ExpBackward0#1")
    assert not saved.stale
    assert [edit.step for edit in saved.behind] == ["4"]


def test_what_backward_freed_is_not_stale() -> None:
    (saved,) = saved_by(moment_of("retain-graph", "7"), "ExpBackward0#1")
    assert saved.freed == "7"
    (saved,) = saved_by(moment_of("retain-graph", "4"), "ExpBackward0#1")
    assert saved.freed == ""


def test_each_kind_of_cut_is_told() -> None:
    found = picture(moment_of("failing"))
    assert {(arrow.source, arrow.text) for arrow in found.arrows if arrow.kind == "cut"} == {
        ("detach#1", "cut by detach() in step 4"),
        ("q", "cut by no_grad in step 5.2"),
        ("n", "cut in step 6: argmax gives int64"),
    }
    assert ("r", "value", "q") in arrows(found)
    assert ("MulBackward0#2", "none", "detach#1") in arrows(found)
    by_data = picture(moment_of("retain-graph"))
    assert [arrow.text for arrow in by_data.arrows if arrow.kind == "cut"] == ["cut by .data in step 6"]
    in_place = picture(moment_of("rare"))
    assert "cut by detach_() in step 9" in [arrow.text for arrow in in_place.arrows]


def test_an_edited_view_rebases_its_base() -> None:
    found = picture(moment_of("view-edit"))
    assert {("CopySlices#1", "flow", "MulBackward0#1"), ("CopySlices#1", "flow", "s")} <= arrows(found)
    assert ("AsStridedBackward0#2", "flow", "CopySlices#1") in arrows(found)
    titles = {box.id: box.title for box in found.boxes}
    assert titles["CopySlices#1"] == "h"
    assert titles["MulBackward0#1"] == "h of step 3"
    assert "SliceBackward0#1" not in titles, "nothing holds the views' old nodes"


def test_a_view_to_rebuild_is_said_to_be_one() -> None:
    before_it_is_read = picture(moment_of("view-edit", "6"))
    assert next(box for box in before_it_is_read.boxes if box.id == "w").nature == "a view to rebuild"
    assert ("w", "flow", "CopySlices#1") in arrows(before_it_is_read)


def test_old_rounds_of_a_loop_are_gone() -> None:
    found = picture(moment_of("loop"))
    gone = [box for box in found.boxes if box.kind == "gone"]
    assert [(box.id, box.title) for box in gone] == [("TanhBackward0#2", "h of step 4[1].1")]
    assert not [arrow for arrow in found.arrows if arrow.source == "TanhBackward0#2"]


def test_numbers_of_nodes_do_not_depend_on_the_step() -> None:
    early, late = picture(moment_of("residual", "3[2]")), picture(moment_of("residual"))
    assert {box.id for box in early.boxes} < {box.id for box in late.boxes}


def test_runs_of_a_vary_are_told_apart() -> None:
    cuts = [
        [arrow.text for arrow in picture(moment_of("vary", run=run)).arrows if arrow.kind == "cut"]
        for run in (0, 1, 2, 3)
    ]
    assert cuts[0] == ["cut by detach() in step 3"]
    assert cuts[1] == ["cut by .data in step 3"]
    assert cuts[2] == []
    assert cuts[3] == ["cut by detach() in step 3"]
    assert heading(moment_of("vary", run=1)) == "Ways to copy: CUT=out.data; after step 5, the last"


# What the memory holds


def test_names_share_a_counter_or_do_not() -> None:
    shared = memories(moment_of("edit"))[1]
    assert [(view.called, view.counter) for view in shared.views] == [("out", 2), ("c", 2)]
    apart = next(memory for memory in memories(moment_of("vary", run=1)) if len(memory.views) == 2)
    assert [(view.called, view.counter, view.origin) for view in apart.views] == [
        ("out", 2, "sigmoid, step 2"),
        ("c", 3, "out.data, step 3"),
    ]


def test_views_show_their_geometry() -> None:
    memory = next(memory for memory in memories(moment_of("rare")) if memory.views[0].called == "b")
    assert [(view.called, view.shape, view.stride, view.offset) for view in memory.views] == [
        ("b", (2, 2), (2, 1), 0),
        ("old", (2, 2), (1, 2), 0),
    ]


def test_the_axis_has_makings_saves_edits_and_refusals_in_their_order() -> None:
    memory = next(memory for memory in memories(moment_of("failing")) if memory.views[0].called == "b")
    assert [(row.step, row.happening, row.version, row.alarming) for row in memory.rows] == [
        ("2", "made", 0, False),
        ("3", "save", 0, True),
        ("5.1", "edit", 1, False),
        ("8", "refusal", 1, True),
    ]


# How it is drawn


def drawings() -> list[tuple[str, str | None, int]]:
    """Return every scenario after every step of its first run."""
    found: list[tuple[str, str | None, int]] = []
    for name, path in SCENARIOS.items():
        for run, events in enumerate(runs_of(execute(load(read(str(path)), VOCABULARY)))):
            found.extend((name, event.number, run) for event in events if isinstance(event, StepEnded))
    return found


def test_every_format_draws_every_moment() -> None:
    for name, step, run in drawings():
        found = moment_of(name, step, run)
        graph = picture(found)
        ids = [box.id for box in graph.boxes]
        assert len(ids) == len(set(ids))
        assert {id for arrow in graph.arrows for id in (arrow.source, arrow.target)} <= set(ids)
        assert not [id for id in ids if re.search(r"0x[0-9a-f]{4}", id)]
        shown = graph_text(found)
        for box in graph.boxes:
            assert (box.title or box.node) in shown
        check_dot(dot.draw(graph, heading(found)), ids)
        check_mermaid(mermaid.draw(graph, heading(found)), len(graph.boxes), len(graph.arrows))
        check_svg(svg.draw(graph, heading(found)), ids)


def check_dot(text: str, ids: list[str]) -> None:
    assert text.startswith("digraph autograd {\n")
    assert text.endswith("\n}\n")
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert '"' not in bare
    assert bare.count("[") == bare.count("]")
    assert bare.count("{") == bare.count("}") == 1
    assert re.findall(r'^  "([^"]*)" \[label', text, re.MULTILINE) == ids


def check_mermaid(text: str, boxes: int, lines: int) -> None:
    assert text.splitlines()[3] == "flowchart TD"
    found = re.findall(r'^  (\w+)(?:\["[^"]*"\]|\(\["[^"]*"\]\)):::\w+$', text, re.MULTILINE)
    assert len(set(found)) == len(found) == boxes
    between = re.findall(r'^  (\w+) (?:-->|-\.->|-\.-x)(?:\|"[^"]*"\|)? (\w+)$', text, re.MULTILINE)
    assert len(between) == lines
    assert {id for pair in between for id in pair} <= set(found)
    assert not {id.lower() for id in found} & {"end", "graph", "subgraph", "class", "style", "click"}
    assert not [id for id in found if id[0] in "ox"]


def check_svg(text: str, ids: list[str]) -> None:
    root = ET.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert [group.get("id") for group in root.iter(f"{space}g")] == [
        *dict.fromkeys(group.get("id") for group in root.iter(f"{space}g"))
    ]
    assert {group.get("id") for group in root.iter(f"{space}g")} == set(ids)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), "needs nothing from elsewhere"
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    boxes = []
    for group in root.iter(f"{space}g"):
        rectangle = group.find(f"{space}rect")
        assert rectangle is not None
        x, y, wide, high = (float(rectangle.get(key, "nan")) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
        boxes.append((x, y, wide, high))
    for number, (x, y, wide, high) in enumerate(boxes):
        for other_x, other_y, other_wide, other_high in boxes[:number]:
            apart = x + wide <= other_x or other_x + other_wide <= x or y + high <= other_y or other_y + other_high <= y
            assert apart, "two boxes cover each other"


@every_scenario
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_row_is_wider_than_the_terminal(name: str, width: int) -> None:
    found = moment_of(name)
    for row in graph_text(found, width).splitlines():
        assert columns(row) <= width
    if width >= 80:
        for row in memory_text(found, width).splitlines():
            assert columns(row) <= width


@every_scenario
def test_an_ascii_terminal_gets_ascii(name: str) -> None:
    found = moment_of(name)
    assert graph_text(found, signs=tree.ASCII).isascii()
    assert memory_text(found, signs=memory_map.ASCII).isascii()


def test_hostile_titles_are_quoted() -> None:
    text = '"];}<script>\\ --> `x`'
    graph = picture(moment_of("edit"))
    ids = [box.id for box in graph.boxes]
    check_dot(dot.draw(graph, text), ids)
    check_mermaid(mermaid.draw(graph, text), len(graph.boxes), len(graph.arrows))
    check_svg(svg.draw(graph, text), ids)


def test_a_long_chain_runs_straight_down(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("long") / "long.yaml"
    path.write_text(
        "steps:\n  - tensor: x = [1.0]\n    requires_grad: true\n  - op: y = x\n"
        "  - repeat: 2000\n    steps:\n      - op: y = y.sin()\n",
        encoding="utf-8",
    )
    found = moment(runs_of(execute(load(read(str(path)), VOCABULARY)))[0])
    assert isinstance(found, Moment)
    rows = graph_text(found).splitlines()
    assert sum("SinBackward0" in row for row in rows) == 2000
    assert max(columns(row) for row in rows) <= 80


# Which moment


def test_a_step_that_did_not_run_is_no_moment() -> None:
    events = runs_of(execute(load(read(str(SCENARIOS["failing"])), VOCABULARY)))[0]
    found = moment(events, "9")
    assert isinstance(found, NoSuchStep)
    assert found.steps == ("1", "2", "3", "4", "5", "5.1", "5.2", "6", "7", "8")
    assert found.outcome.startswith("RuntimeError: ")


def test_a_round_stands_for_its_last_step() -> None:
    assert moment_of("loop", "4[0]").number == "4[0].5"
    assert moment_of("loop", "4").number == "4"
