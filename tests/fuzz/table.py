"""Steps drawn from the table of ops itself: any sample of any row, on tensors that it takes or on whatever there is."""

import ast
import re
from contextlib import suppress
from functools import cache

from hypothesis import strategies as st

from detachsim.engine.dtypes import BY_NAME
from detachsim.ops.table import whole_library
from tests.fuzz.writer import Known, Shape, Writer, size
from tests.ops.harness import (
    Evaluator,
    cases,
    inputs_for,
    names_of,
    new_session,
    sample_inputs,
    samples,
    tensors_of,
)

# What gives other numbers each time, unless a seed is set.
RANDOM = re.compile(
    r"rand|dropout|normal|uniform|bernoulli|multinomial|empty|rrelu|gumbel|exponential|geometric|cauchy"
)


@cache
def texts() -> tuple[str, ...]:
    """Return the samples of all rows, and the expressions of the measured forms, as far as they take tensors."""
    measured = [
        form["expr"]
        for form in cases().values()
        if all(isinstance(spec, list) for spec in form["inputs"].values())
        and not re.search(r"_\(|SETITEM", form["expr"])
    ]
    found = dict.fromkeys([*(text for _, text in samples()), *measured])
    return tuple(text for text in found if names_of(text) and not RANDOM.search(text) and fitting(text))


@cache
def fitting(text: str) -> tuple[dict[str, Shape], ...]:
    """Return shapes for the names of an expression with which it works."""
    found: list[dict[str, Shape]] = []
    with suppress(Exception):  # an error of Python's own is for the comparison to show
        found.extend(inputs_for(text, limit=3))
    return tuple(found)


def sampled(w: Writer) -> None:
    """A sample on new leaves, on what has been computed, or on both."""
    text = w.choose(texts())
    inputs = _inputs(w, text)
    result = known(text, {name: w.names[own] for name, own in inputs.items()})
    text = renamed(text, inputs)
    if result is None:
        w.add("op", text)
    elif isinstance(result, Known):
        w.bind("op", text, result)
    else:
        w.unpack(text, result)


def sampled_edit(w: Writer) -> None:
    """The in-place variant of a sample."""
    text, change = w.choose(edits())
    w.add("inplace", renamed(change, _inputs(w, text)))


@cache
def edits() -> tuple[tuple[str, str], ...]:
    """Return the samples that have an in-place variant, with it."""
    pairs = ((text, edited(text)) for text in texts())
    return tuple((text, change) for text, change in pairs if change is not None)


def edited(text: str) -> str | None:
    """Return the sample of an op as a call of its in-place variant, ``None`` if it has none."""
    match ast.parse(text, mode="eval").body:
        case ast.Call(ast.Attribute(ast.Name("torch"), name), [target, *rest], keywords):
            pass
        case ast.Call(ast.Attribute(target, name), rest, keywords):
            pass
        case _:
            return None
    overloads = whole_library().sets.get(f"{name}_")
    if overloads is None or not any("m" in op.where for op in overloads.ops) or not names_of(ast.unparse(target)):
        return None
    return ast.unparse(ast.Call(ast.Attribute(target, f"{name}_"), rest, keywords))


class _Renamer(ast.NodeTransformer):
    """Gives other names to the tensors of an expression."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id))


def renamed(text: str, names: dict[str, str]) -> str:
    """Return an expression with other names for its tensors."""
    return ast.unparse(_Renamer(names).visit(ast.parse(text, mode="eval")))


def _inputs(w: Writer, text: str) -> dict[str, str]:
    """Draw a tensor for each name of a sample."""
    wanted = w.choose(fitting(text))
    inputs: dict[str, str] = {}
    for name in names_of(text):
        shape = wanted[name]
        dtype = {"i": "int64", "m": "bool"}.get(name, "float32")
        own = w.some_name(lambda known: known.shape == shape and known.dtype == dtype)  # noqa: B023 (called here)
        if w.chance(8):
            own = w.any_name()
        elif own is None or w.draw(st.booleans()):
            own = _leaf(w, name, shape, dtype)
        inputs[name] = own
    return inputs


def _leaf(w: Writer, name: str, shape: Shape, dtype: str) -> str:
    if size(shape) > 32:
        shape = shape[-2:]
    data = w.data(shape, dtype)
    if name == "i":
        data = re.sub(r"-?\d+", lambda m: str(abs(int(m[0])) % 2), data)
    differentiable = dtype == "float32" and not w.chance(4)
    options = {"requires_grad": True} if differentiable else {}
    return w.bind("tensor", data, Known(shape, dtype, differentiable), options)


def known(text: str, inputs: dict[str, Known]) -> Known | list[Known] | None:
    """Return what an expression gives, which detachsim itself is asked; ``None`` if it fails or gives no tensor."""
    session = new_session()
    shapes = {name: known.shape for name, known in inputs.items()}
    made = {
        name: session.call("to", tensor, BY_NAME[inputs[name].dtype]) for name, tensor in sample_inputs(shapes).items()
    }
    try:
        value = Evaluator(session, made).run(text)
    except Exception:  # an error of Python's own is for the comparison to show
        return None
    found = [Known(tensor.shape, tensor.dtype.name, tensor.dtype.is_floating) for tensor in tensors_of(value)]
    if not found or any(size(known.shape) > 48 for known in found):
        return None
    return found if isinstance(value, (tuple, list)) else found[0]
