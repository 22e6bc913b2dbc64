"""How PyTorch spells a tensor, a size, a dtype and a named tuple of results, character for character.

The rules are those of PyTorch 2.13. By its default print options: four digits, lines of eighty characters, and
above a thousand elements only the first and last three along each long dimension.

Values come as a numpy array of any strides. ``bfloat16``, which numpy lacks, comes as ``float32`` values that
are already rounded, with the dtype's name beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

PREFIX = "tensor("
INDENT = len(PREFIX)

DEFAULT_DTYPE = "float32"
FLOATING_DTYPES = frozenset({"float16", "bfloat16", "float32", "float64"})
_UNMARKED_DTYPES = frozenset({DEFAULT_DTYPE, "int64", "bool"})


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """What ``torch.set_printoptions`` sets. ``width_of_choice`` is that of 1.13: a column is as wide as in the
    notation that the numbers themselves would choose, whatever ``sci_mode`` says."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None
    width_of_choice: bool = False


DEFAULT_OPTIONS = PrintOptions()


def tensor_text(
    values: NDArray[Any],
    dtype: str,
    *,
    grad_fn: str | None = None,
    requires_grad: bool = False,
    parameter: bool = False,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> str:
    """Return what ``print(tensor)`` shows.

    ``dtype`` is the bare name (``float32``). ``grad_fn`` is the node's name, or ``<Invalid>`` (with or without
    the brackets) where PyTorch cannot tell it. ``parameter`` is true for an ``nn.Parameter``.
    """
    shape = values.shape
    empty = 0 in shape
    text = PREFIX + ("[]" if empty else _body(values, dtype, options))
    suffixes = []
    if len(shape) != 1 if empty else not options.edgeitems:
        suffixes.append(f"size={tuple(shape)}")
    if dtype != DEFAULT_DTYPE and (empty or dtype not in _UNMARKED_DTYPES):
        suffixes.append(f"dtype=torch.{dtype}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn={grad_fn}" if grad_fn[0] == "<" else f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    text = _with_suffixes(text, suffixes, options.linewidth) if suffixes else text + ")"
    return "Parameter containing:\n" + text if parameter else text


def format_text(
    values: NDArray[Any],
    dtype: str,
    spec: str,
    *,
    grad_fn: str | None = None,
    requires_grad: bool = False,
    parameter: bool = False,
) -> str:
    """Return what ``f"{tensor:spec}"`` gives: a plain tensor without dimensions formats as the number it holds.

    Raises ``TypeError`` with Python's text for a spec that a tensor with dimensions (or a parameter) does not
    take, and ``ValueError`` for one that the number does not take.
    """
    if not values.shape and not parameter:
        return format(values.item(), spec)
    if spec:
        kind = "Parameter" if parameter else "Tensor"
        raise TypeError(f"unsupported format string passed to {kind}.__format__")
    return tensor_text(values, dtype, grad_fn=grad_fn, requires_grad=requires_grad, parameter=parameter)


def size_text(shape: Iterable[int]) -> str:
    """Return how a shape prints: ``torch.Size([2, 3])``."""
    return f"torch.Size({list(shape)})"


def named_tuple_text(type_name: str, fields: Iterable[tuple[str, str]]) -> str:
    """Return how the named tuple of ``max(dim)`` and its like (``torch.return_types.max``) prints, from pairs of a
    field's name and text; those that Python itself makes stand in one line."""
    items = [f"{field}={text}" for field, text in fields]
    if not type_name.startswith("torch."):
        return f"{type_name}({', '.join(items)})"
    return "\n".join((f"{type_name}(", ",\n".join(items))) + ")"


def _body(values: NDArray[Any], dtype: str, options: PrintOptions) -> str:
    """Return the numbers with their brackets, for a tensor that is not empty."""
    shape = values.shape
    if not shape:
        cell, _, shown = _cell([values.item()], dtype, options)
        return cell % (shown[0],)
    ndim = len(shape)
    # So many items stand at each end of a dimension that is longer than both ends.
    edge = options.edgeitems if values.size > options.threshold else values.size
    if not edge:
        return "[...]"
    flat = _edges(values, edge) if edge < values.size else values.tolist() if ndim == 1 else values.ravel().tolist()
    cell, width, shown = _cell(flat, dtype, options)
    row = _row(cell, width, shape[-1], INDENT + ndim - 1, edge, options.linewidth)
    if ndim == 1:
        return row % tuple(shown)
    return _nested(row, shape, edge) % tuple(shown)


def _cell(flat: list[Any], dtype: str, options: PrintOptions) -> tuple[str, int, list[Any]]:
    """Choose one format for all the numbers of a tensor: a ``%`` cell, its width, and what to put into the cells.

    Zeros, infinities and nan have no say in the choice, nor in the width of the column.
    """
    if dtype == "bool":
        width = 4 if all(flat) else 5
        return f"%{width}s", width, flat
    if dtype not in FLOATING_DTYPES:
        width = max(len(str(min(flat))), len(str(max(flat))))
        return f"%{width}d", width, flat
    # The difference of an infinity or nan with itself is nan, which equals nothing.
    telling = [value for value in flat if value and value - value == 0.0]
    if not telling:
        return "%s", 1, [_integral(value) for value in flat]
    low, high = min(telling), max(telling)
    smallest = low if low > 0.0 else min(map(abs, telling))
    largest = max(high, -low)
    digits = options.precision
    scientific = largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4
    asked = scientific if options.sci_mode is None else options.sci_mode
    integral = all(map(float.is_integer, telling))
    if scientific if options.width_of_choice else asked:
        width = max([len(f"{value:.{digits}e}") for value in telling])
    elif integral:
        # Without an exponent the longest numbers are the extremes.
        width = max(len(f"{low:.0f}."), len(f"{high:.0f}."))
    else:
        width = max(len(f"{low:.{digits}f}"), len(f"{high:.{digits}f}"))
    if asked or not integral:
        return f"%{width}.{digits}{'e' if asked else 'f'}", width, flat
    if len(telling) == len(flat):
        return f"%{width - 1}.0f.", width, flat
    return f"%{width}s", width, [_integral(value) for value in flat]


def _integral(value: float) -> str:
    """Spell a number of a tensor that holds only whole numbers; only finite ones take the dot."""
    return f"{value:.0f}." if value - value == 0.0 else f"{value:.0f}"


def _edges(values: NDArray[Any], edge: int) -> list[Any]:
    """Return the elements that a summary shows, in order, touching no others."""
    if values.shape[0] > 2 * edge:
        parts = [values[:edge], values[-edge:]]
    else:
        parts = [values]
    if len(values.shape) == 1:
        return [value for part in parts for value in part.tolist()]
    return [value for part in parts for row in part for value in _edges(row, edge)]


def _row(cell: str, width: int, length: int, indent: int, edge: int, line_width: int) -> str:
    """Return the template of one row, which stands ``indent`` columns in, broken into lines."""
    if length > 2 * edge:
        cells = [cell] * edge + [" ..."] + [cell] * edge
    else:
        cells = [cell] * length
    fitting = max(1, (line_width - indent) // (width + 2))
    if len(cells) <= fitting:
        return "[" + ", ".join(cells) + "]"
    lines = [", ".join(cells[i : i + fitting]) for i in range(0, len(cells), fitting)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _nested(row: str, shape: Sequence[int], edge: int) -> str:
    """Return the template of a tensor from that of its rows, wrapping one dimension after another, innermost first."""
    ndim = len(shape)
    text = row
    for dim in range(ndim - 2, -1, -1):
        if shape[dim] > 2 * edge:
            items = [text] * edge + ["..."] + [text] * edge
        else:
            items = [text] * shape[dim]
        text = "[" + ("," + "\n" * (ndim - dim - 1) + " " * (INDENT + dim + 1)).join(items) + "]"
    return text


def _with_suffixes(text: str, suffixes: Sequence[str], line_width: int) -> str:
    """Append the suffixes, each on a line of its own where PyTorch thinks that it no longer fits.

    PyTorch counts the line one longer than it is, and two longer when it is the only one (``rfind`` gives -1);
    the closing parenthesis is not counted.
    """
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > line_width:
            text += ",\n" + " " * INDENT + suffix
            used = INDENT + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"
