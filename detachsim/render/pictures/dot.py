"""The graph in the language of Graphviz."""

from detachsim.render.pictures.graph import Arrow, Box, Picture

_BOXES = {
    "node": 'fillcolor="#e8f0fe"',
    "leaf": 'fillcolor="#e3f4e1"',
    "cut": 'fillcolor="#fff4d6" style="filled,dashed"',
    "plain": 'fillcolor="#f3f3f3"',
    "gone": 'fillcolor="#ffffff" style="filled,dotted" fontcolor="#777777"',
}
_ARROWS = {
    "flow": "",
    "none": 'style=dashed color="#777777"',
    "cut": 'style=dashed color="#c5221f" fontcolor="#c5221f" arrowhead=tee',
    "value": 'style=dotted color="#777777"',
}


def draw(picture: Picture, title: str) -> str:
    """Return the graph as a ``digraph``."""
    rows = [
        "digraph autograd {",
        f"  label={_quoted(title)} labelloc=t",
        '  node [shape=box style="filled,rounded" fontname="monospace"]',
        '  edge [fontname="monospace" fontsize=10]',
    ]
    rows.extend(_box(box) for box in picture.boxes)
    rows.extend(_arrow(arrow) for arrow in picture.arrows)
    return "\n".join([*rows, "}", ""])


def _box(box: Box) -> str:
    lines = [caption(box), *("".join(piece.text for piece in remark.text) for remark in box.remarks)]
    alarm = ' color="#c5221f"' if any(remark.alarming for remark in box.remarks) else ""
    return f"  {_quoted(box.id)} [label={_quoted(*lines)} {_BOXES[box.kind]}{alarm}]"


def _arrow(arrow: Arrow) -> str:
    label = f"label={_quoted(arrow.text or arrow.label)}" if arrow.text or arrow.label else ""
    style = " ".join(part for part in (label, _ARROWS[arrow.kind]) if part)
    return f"  {_quoted(arrow.source)} -> {_quoted(arrow.target)}" + (f" [{style}]" if style else "")


def caption(box: Box) -> str:
    """Return the names of a box and what it is, in one line."""
    return ": ".join(part for part in (box.title, box.node or box.nature) if part)


def _quoted(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
