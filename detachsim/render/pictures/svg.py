"""The graph as a drawing that needs nothing else: one SVG file with its own layout, colours and legend."""

from html import escape

from detachsim.records import record
from detachsim.render.pictures.graph import Arrow, Box, Picture
from detachsim.render.pictures.layers import Placement, place
from detachsim.render.wrapping import columns, wrap

# Of a monospaced font of 13 pixels a character is about 7.9 pixels wide; small text has 11 pixels.
_BIG, _SMALL = 7.9, 6.7
_LONGEST = 60
_LINE, _PAD, _GAP, _BETWEEN, _MARGIN = 17, 10, 34, 58, 24
_STYLE = """\
  text { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; fill: #1f2328; }
  .small { font-size: 11px; fill: #57606a; }
  .title { font-weight: bold; font-size: 15px; }
  .name { font-weight: bold; }
  .alarm { fill: #c5221f; font-weight: bold; }
  .node { fill: #e8f0fe; stroke: #3b5ba5; }
  .leaf { fill: #e3f4e1; stroke: #3c7a3c; }
  .cut { fill: #fff4d6; stroke: #b07d00; stroke-dasharray: 5 3; }
  .plain { fill: #f3f3f3; stroke: #8c959f; }
  .gone { fill: #ffffff; stroke: #afb8c1; stroke-dasharray: 2 3; }
  .stale { stroke: #c5221f; stroke-width: 2.5; }
  path { fill: none; stroke: #57606a; stroke-width: 1.4; }
  path.none, path.value { stroke-dasharray: 4 4; stroke: #8c959f; }
  path.cutting { stroke: #c5221f; stroke-dasharray: 6 4; }
  .sign { stroke: #c5221f; stroke-width: 2.2; stroke-dasharray: none; }
  .label { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
  .red { fill: #c5221f; }"""


@record
class _Frame:
    """A box with its lines and its size."""

    box: Box
    lines: tuple[tuple[str, str], ...]
    width: float
    height: float


def draw(picture: Picture, title: str) -> str:
    """Return the graph as the text of an SVG file."""
    below: dict[str, list[Arrow]] = {box.id: [] for box in picture.boxes}
    for arrow in picture.arrows:
        below[arrow.source].append(arrow)
    frames = {box.id: _frame(box, below[box.id]) for box in picture.boxes}
    placed = place(picture, {id: frame.width for id, frame in frames.items()}, _GAP)
    heights = [0.0] * placed.layers
    for slot in placed.slots:
        if slot.box:
            heights[slot.layer] = max(heights[slot.layer], frames[slot.box].height)
    tops = [_MARGIN + 34.0]
    for height in heights:
        tops.append(tops[-1] + height + _BETWEEN)
    body: list[str] = []
    labels: list[str] = []
    right = max(placed.width, columns(title) * 9.2)
    for route in placed.routes:
        points = _points(placed, route.slots, frames, tops, heights)
        path, label, reach = _arrow(picture.arrows[route.arrow], points)
        body.append(path)
        labels.append(label)
        right = max(right, reach - _MARGIN)
    for slot in placed.slots:
        if slot.box:
            body.append(_rectangle(frames[slot.box], slot.x - slot.width / 2 + _MARGIN, tops[slot.layer]))
    bottom = tops[-1] - _BETWEEN if heights else tops[0]
    if picture.apart:
        text = f"no part of any graph: {', '.join(picture.apart)}"
        bottom += 30
        body.append(_text(_MARGIN, bottom, "small", text))
        right = max(right, columns(text) * _SMALL)
    bottom += 34
    legend, reach = _legend(picture, bottom)
    right = max(right, reach - _MARGIN)
    width, height = round(right + 2 * _MARGIN), round(bottom + 20)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_STYLE}\n</style>",
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
            'orient="auto"><polygon points="0,1 10,5 0,9" fill="#57606a"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            _text(_MARGIN, _MARGIN + 8, "title", title),
            *body,
            *filter(None, labels),
            legend,
            "</svg>",
            "",
        ]
    )


def _frame(box: Box, arrows: list[Arrow]) -> _Frame:
    """Return a box's lines and size. How it was cut or made stands in the box, where it can't cover a line."""
    lines: list[tuple[str, str]] = []
    if box.title:
        lines.append(("name", box.title))
    lines.append(("", ", ".join(part for part in (box.node, box.nature) if part)))
    for text in dict.fromkeys(arrow.text for arrow in arrows if arrow.kind == "cut"):
        lines.append(("small red", text))
    for text in dict.fromkeys(f"made by {arrow.text}" for arrow in arrows if arrow.kind == "value"):
        lines.append(("small", text))
    for remark in box.remarks:
        rows = wrap(remark.text, _LONGEST)
        for number, row in enumerate(rows):
            text = ("  " if number else "") + "".join(piece.text for piece in row)
            lines.append(("small alarm" if remark.alarming else "small", text))
    width = max(columns(text) * (_SMALL if "small" in style else _BIG) for style, text in lines)
    return _Frame(box, tuple(lines), width + 2 * _PAD, len(lines) * _LINE + 2 * _PAD - 4)


def _rectangle(frame: _Frame, x: float, y: float) -> str:
    box = frame.box
    stale = " stale" if any(remark.alarming for remark in box.remarks) else ""
    parts = [
        f'<g id="{escape(box.id)}"><rect class="{box.kind}{stale}" x="{x:.1f}" y="{y:.1f}" width="{frame.width:.1f}" '
        f'height="{frame.height:.1f}" rx="6"/>'
    ]
    for number, (style, text) in enumerate(frame.lines):
        parts.append(_text(x + _PAD, y + _PAD + 9 + number * _LINE, style, text))
    return "".join([*parts, "</g>"])


def _text(x: float, y: float, style: str, text: str, anchor: str = "") -> str:
    attributes = (f' class="{style}"' if style else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes} xml:space="preserve">{escape(text)}</text>'


def _points(
    placed: Placement, way: tuple[int, ...], frames: dict[str, _Frame], tops: list[float], heights: list[float]
) -> list[tuple[float, float]]:
    """Return the points that an arrow passes: from the bottom of its source to the top of its target."""
    points: list[tuple[float, float]] = []
    for number, index in enumerate(way):
        slot = placed.slots[index]
        x, top = slot.x + _MARGIN, tops[slot.layer]
        height = frames[slot.box].height if slot.box else heights[slot.layer]
        if number > 0:
            points.append((x, top))
        if number < len(way) - 1:
            points.append((x, top + height))
    return points


def _arrow(arrow: Arrow, points: list[tuple[float, float]]) -> tuple[str, str, float]:
    """Return an arrow's path, its label, and how far to the right the label goes."""
    (x, y), *rest = points
    steps = [f"M{x:.1f},{y:.1f}"]
    for number, (to_x, to_y) in enumerate(rest):
        if number % 2 == 0 and to_x != x:
            middle = (y + to_y) / 2
            steps.append(f"C{x:.1f},{middle:.1f} {to_x:.1f},{middle:.1f} {to_x:.1f},{to_y:.1f}")
        else:
            steps.append(f"L{to_x:.1f},{to_y:.1f}")
        x, y = to_x, to_y
    cutting = arrow.kind == "cut"
    head = "" if cutting else ' marker-end="url(#head)"'
    path = f'<path class="{"cutting" if cutting else arrow.kind}" d="{" ".join(steps)}"{head}/>'
    (first_x, first_y), (next_x, next_y) = points[0], points[1]
    at_x, at_y = (first_x + next_x) / 2, (first_y + next_y) / 2
    if cutting:
        path += f'<path class="sign" d="M{at_x - 6:.1f},{at_y - 6:.1f} l12,12 m0,-12 l-12,12"/>'
    if not arrow.label:
        return path, "", 0.0
    # Near its beginning, where arrows of one box have already parted.
    label_x, label_y = first_x + (next_x - first_x) * 0.6, first_y + (next_y - first_y) * 0.6
    size = columns(arrow.label) * _SMALL
    return path, _text(label_x, label_y + 4, "small label", arrow.label, "middle"), label_x + size / 2


def _legend(picture: Picture, y: float) -> tuple[str, float]:
    """Return what the boxes and lines of this drawing mean, and how far to the right that goes."""
    boxes = {box.kind for box in picture.boxes}
    arrows = {arrow.kind for arrow in picture.arrows}
    parts: list[str] = []
    x = float(_MARGIN)
    for kind, meaning in (
        ("node", "has a grad_fn"),
        ("leaf", "leaf that requires grad"),
        ("cut", "cut off: no grad_fn"),
        ("plain", "requires no grad"),
        ("gone", "gone"),
    ):
        if kind in boxes:
            parts.append(f'<rect class="{kind}" x="{x:.1f}" y="{y - 9:.1f}" width="14" height="11" rx="2"/>')
            parts.append(_text(x + 20, y, "small", meaning))
            x += 20 + columns(meaning) * _SMALL + 18
    for name, css, meaning in (
        ("flow", "flow", "gradients flow"),
        ("none", "none", "no gradient"),
        ("cut", "cutting", "cut"),
    ):
        if name in arrows:
            parts.append(f'<path class="{css}" d="M{x:.1f},{y - 4:.1f} h22"/>')
            parts.append(_text(x + 28, y, "small", meaning))
            x += 28 + columns(meaning) * _SMALL + 18
    return "".join(parts), x
