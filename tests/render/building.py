"""Events with most of their fields filled in, for tests that write streams by hand."""

from detachsim.events import (
    EdgeState,
    Event,
    RunBegan,
    SavedState,
    StepBegan,
    StepEnded,
    TensorBound,
    TensorCreated,
    TensorState,
)
from detachsim.marks import Span

SPAN = Span(3, 5, 9)


def began(
    title: str | None = None,
    about: str | None = None,
    *,
    dialect: str = "torch-2.13",
    seed: int | None = None,
    choices: tuple[tuple[str, str], ...] = (),
) -> RunBegan:
    return RunBegan("lessons/example.yaml", title, about, dialect, seed, choices)


def step(
    number: str, kind: str, code: str, *events: Event, note: str | None = None, raised: bool = False
) -> list[Event]:
    return [StepBegan(number, kind, tuple(code.split("\n")), note, SPAN), *events, StepEnded(number, raised)]


def state(
    id: int,
    name: str,
    text: str,
    *,
    shape: tuple[int, ...] = (3,),
    requires_grad: bool = False,
    grad_fn: str | None = None,
    node: int | None = None,
    version: int | None = 0,
    storage: int | None = None,
    counter: int | None = None,
    base: int | None = None,
    names: tuple[str, ...] = (),
) -> TensorState:
    return TensorState(
        id=id,
        names=names or (name,),
        text=text,
        shape=shape,
        stride=(1,) * len(shape),
        offset=0,
        dtype="float32",
        requires_grad=requires_grad or grad_fn is not None,
        is_leaf=grad_fn is None,
        retains_grad=False,
        grad_fn=grad_fn,
        node=node,
        output_nr=0,
        version=version,
        counter=counter or id,
        storage=storage or id,
        base=base,
    )


def bound(
    tensor: TensorState, made_by: str, shares: tuple[str, ...] = (), was: int | None = None, creation: str = ""
) -> TensorBound:
    return TensorBound(tensor.names[0], tensor, made_by, shares, was, creation)


def created(tensor: TensorState, op: str, *inputs: int, alias_of: int | None = None) -> TensorCreated:
    return TensorCreated(
        tensor=tensor.id,
        op=op,
        inputs=inputs,
        names=tensor.names,
        storage=tensor.storage,
        counter=tensor.counter,
        alias_of=alias_of,
        new_counter=op == "data",
        requires_grad=tensor.requires_grad,
        dtype=tensor.dtype,
        shape=tensor.shape,
        grad_mode=True,
    )


def saved(
    label: str,
    tensor: TensorState,
    *,
    version: int = 0,
    is_output: bool = False,
    input: str = "self",
    formula: str,
    names: tuple[str, ...] | None = None,
) -> SavedState:
    known = tensor.names if names is None else names
    where = (tensor.id, tensor.storage, tensor.counter)
    return SavedState(label, known, *where, version, is_output, tensor.shape, input, formula)


def edge(
    argument: str, node: int | None, name: str, names: tuple[str, ...], tensor: int, reason: str = ""
) -> EdgeState:
    return EdgeState(argument, node, 0, name, names, tensor, reason)
