"""The graph in the language of Mermaid, which code hosts draw inside documents."""

import re

from detachsim.render.pictures.dot import caption
from detachsim.render.pictures.graph import Arrow, Box, Picture

_ARROWS = {"flow": "-->", "none": "-.->", "cut": "-.-x", "value": "-.->"}
_CLASSES = (
    "classDef node fill:#e8f0fe,stroke:#3b5ba5,color:#111",
    "classDef leaf fill:#e3f4e1,stroke:#3c7a3c,color:#111",
    "classDef cut fill:#fff4d6,stroke:#b07d00,color:#111,stroke-dasharray:5 3",
    "classDef plain fill:#f3f3f3,stroke:#888,color:#111",
    "classDef gone fill:#fff,stroke:#aaa,color:#777,stroke-dasharray:2 3",
    "classDef stale stroke:#c5221f,stroke-width:3px",
)


def draw(picture: Picture, title: str) -> str:
    """Return the graph as a ``flowchart``."""
    ids = readable_ids([box.id for box in picture.boxes])
    rows = ["---", f"title: {_front(title)}", "---", "flowchart TD"]
    rows.extend(f"  {_box(ids[box.id], box)}" for box in picture.boxes)
    rows.extend(f"  {_arrow(ids, arrow)}" for arrow in picture.arrows)
    for number, arrow in enumerate(picture.arrows):
        if arrow.kind == "cut":
            rows.append(f"  linkStyle {number} stroke:#c5221f")
    rows.extend(f"  {line}" for line in _CLASSES)
    return "\n".join([*rows, ""])


def readable_ids(ids: list[str]) -> dict[str, str]:
    """Return an id that Mermaid takes for each of ``ids``: letters, digits and underscores, no word of its own."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for id in ids:
        plain = re.sub(r"\W", "_", id, flags=re.ASCII)
        # Some names are words of the language (end, graph), and an id that begins with o or x makes another arrow.
        safe = f"t_{plain}" if "#" not in id else plain
        while safe in taken:
            safe += "_"
        taken.add(safe)
        found[id] = safe
    return found


def _box(id: str, box: Box) -> str:
    lines = [caption(box), *("".join(piece.text for piece in remark.text) for remark in box.remarks)]
    text = "<br/>".join(_escaped(line) for line in lines)
    left, right = ("([", "])") if box.kind == "leaf" else ("[", "]")
    stale = f"\n  class {id} stale" if any(remark.alarming for remark in box.remarks) else ""
    return f'{id}{left}"{text}"{right}:::{box.kind}{stale}'


def _arrow(ids: dict[str, str], arrow: Arrow) -> str:
    text = arrow.text or arrow.label
    label = f'|"{_escaped(text)}"|' if text else ""
    return f"{ids[arrow.source]} {_ARROWS[arrow.kind]}{label} {ids[arrow.target]}"


def _escaped(text: str) -> str:
    """Return ``text`` with what Mermaid or HTML would read as its own spelled as entities."""
    return re.sub(r'[#&<>"`\n]', lambda found: f"#{ord(found[0])};", text)


def _front(text: str) -> str:
    """Return ``text`` as a quoted text of the front matter."""
    return '"' + re.sub(r"[\s]+", " ", text).replace("\\", "\\\\").replace('"', '\\"') + '"'
