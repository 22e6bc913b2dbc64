"""``out=`` for every sample of the table whose function takes it: values, edits, types, sizes, warnings and errors."""

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.names import class_name
from detachsim.engine.session import Session
from detachsim.engine.signatures import entry
from detachsim.engine.tensor import Tensor, strides
from detachsim.engine.texts import spell
from detachsim.engine.views import grad_fn, requires_grad
from tests.ops.harness import Evaluator, inputs_for, leaf, new_session, samples, tensors_of

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

PLACES = {"torch": "t ", "F": "F ", "torch.linalg": "l linalg_", "torch.special": "s special_"}
# What gives a list of results, which is beyond detachsim's limits with ``out``.
LISTS = re.compile(r"unbind_copy|split_copy|split_with_sizes_copy")
RANDOM = re.compile(r"rand|dropout|normal\(|uniform|bernoulli|multinomial|empty")


def with_out(text: str) -> str | None:
    """Return a sample as a function's call that writes to ``OUT``, nothing where the function has no ``out``."""
    call = ast.parse(text, mode="eval").body
    while isinstance(call, (ast.Subscript, ast.Attribute)):
        call = call.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    owner, name = ast.unparse(call.func.value), call.func.attr
    if owner not in PLACES:
        call.args.insert(0, call.func.value)
        owner = "torch"
        call.func = ast.parse(f"torch.{name}", mode="eval").body
    place, _, prefix = PLACES[owner].partition(" ")
    known = entry(place, prefix + name, NEWEST)
    if known is None or not any(p.name == "out" for s in known.signatures for p in s.parameters):
        return None
    call.keywords.append(ast.keyword("out", ast.Name("OUT")))
    return ast.unparse(call)


# ``polygamma`` is a method with the arguments the other way round.
CALLS = list(
    dict.fromkeys(
        call
        for _, text in samples()
        if not RANDOM.search(text)
        and not LISTS.search(text)
        and "polygamma(1)" not in text
        and (call := with_out(text))
    )
)

# What a trial gives for ``out``: a size for the result's, a type for the result's, whether it requires grad.
Trial = tuple[Callable[[tuple[int, ...]], tuple[int, ...]], str | None, bool, bool, bool]


def _as_is(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape


def _seven(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (7,)


def _none(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (0,)


# The size, the type, whether the inputs and ``out`` require grad, and whether a graph is recorded.
TRIALS: dict[str, Trial] = {
    "as it should be": (_as_is, None, False, False, True),
    "empty": (_none, None, False, False, True),
    "another size": (_seven, None, False, False, True),
    "long": (_as_is, "int64", False, False, True),
    "double": (_as_is, "float64", False, False, True),
    "bool": (_as_is, "bool", False, False, True),
    "inputs that require grad": (_as_is, None, True, False, True),
    "inputs that require grad, no_grad": (_as_is, None, True, False, False),
    "a leaf": (_as_is, None, False, True, True),
    "a leaf, no_grad": (_as_is, None, False, True, False),
}
# The few that differ, by function: in which trials, and why.
_ORDER = "PyTorch gives the outputs their sizes in another order, or another size first"
_DEPRECATED = "PyTorch warns of each form of a deprecated function by itself"
_STRIDES = "PyTorch copies, into rows"
_DOT = "that of two vectors is dot, which says it in other words"
_EVERY = tuple(TRIALS)
DIFFERS: dict[str, tuple[Sequence[str], str]] = {
    "torch.median(": (("double", "bool"), "PyTorch looks at the type of the indices first"),
    "torch.mode(": (("another size",), _ORDER),
    "torch.kthvalue(": (("another size",), _ORDER),
    "torch.linalg.eigh(": (("another size",), _ORDER),
    "torch.linalg.svd(": (("another size",), _ORDER),
    "torch.matmul(a, b,": (("long", "double", "bool"), _DOT),
    "torch.linalg.matmul(a, b,": (("long", "double", "bool"), _DOT),
    "F.linear(a, b, out": (("long", "double", "bool"), _DOT),
    "torch.narrow_copy(": (("another size", "long", "double", "bool"), "it refuses what does not fit in other words"),
    "torch.lu_solve(": (("as it should be",), _DEPRECATED),
    "torch.linalg.lstsq(": (_EVERY, "its outputs are tried one by one, in words of their own"),
    "torch.ger(": (_EVERY, _DEPRECATED),
    "torch.cholesky(": (("as it should be", "empty", "another size"), _DEPRECATED),
    "torch.cholesky_solve(": (("empty", "another size"), _STRIDES),
    "torch.cholesky_inverse(": (("another size",), _STRIDES),
    "torch.svd(": (_EVERY, "PyTorch edits V three times on the way"),
    "torch.linalg.vecdot(": (("inputs that require grad", "a leaf"), "that of two vectors is vdot"),
}


def _is_known(call: str, word: str) -> bool:
    return any(call.startswith(start) and word in words for start, (words, _) in DIFFERS.items())


def _numbers(name: str, shape: Sequence[int], number: int) -> tuple[np.ndarray[Any, Any], str]:
    count = int(np.prod(shape, dtype=int))
    if name == "i":
        return np.arange(count).reshape(shape) % 2, "int64"
    values = (((np.arange(count) * 37 + number * 11) % 101 + 3) / 128.0).reshape(shape)
    return (values > 0.4, "bool") if name == "m" else (values, "float32")


def _inputs(call: str) -> dict[str, tuple[np.ndarray[Any, Any], str]]:
    shapes: Mapping[str, Any] = next(iter(inputs_for(re.sub(r",? ?out=OUT", "", call), limit=1)), {})
    return {name: _numbers(name, shape, number) for number, (name, shape) in enumerate(shapes.items())}


def _torch_trial(call: str, trial: Trial) -> dict[str, Any]:
    resized, dtype, from_inputs, from_out, recording = trial
    names: dict[str, Any] = {"torch": torch, "F": torch.nn.functional, "inf": np.inf, "nan": np.nan}
    for name, (array, kind) in _inputs(call).items():
        names[name] = torch.tensor(array.tolist(), dtype=getattr(torch, kind)).reshape(array.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = eval(re.sub(r",? ?out=OUT", "", call), names)
    if from_inputs:
        for name in _inputs(call):
            if names[name].is_floating_point():
                names[name].requires_grad_()
    results = [plain] if isinstance(plain, torch.Tensor) else list(plain)
    outs = [torch.zeros(resized(tuple(r.shape)), dtype=getattr(torch, dtype) if dtype else r.dtype) for r in results]
    for out in outs:
        if from_out and out.is_floating_point():
            out.requires_grad_()
    names["OUT"] = outs[0] if isinstance(plain, torch.Tensor) else tuple(outs)
    found: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as told, torch.set_grad_enabled(recording):
        warnings.simplefilter("always")
        try:
            value = eval(call, names)
        except Exception as error:
            found["error"] = f"{type(error).__name__}: {error}"
        else:
            found["returned"] = type(value).__name__
    found["warnings"] = [str(w.message).partition(" (Triggered")[0] for w in told]
    found["outs"] = [
        (
            out._version,
            out.stride() if "error" not in found else None,
            out.requires_grad,
            None if out.grad_fn is None else type(out.grad_fn).__name__,
            np.asarray(out.detach().tolist(), dtype=np.float64),
        )
        for out in outs
    ]
    return found


def _our_trial(call: str, trial: Trial) -> dict[str, Any]:
    resized, dtype, from_inputs, from_out, recording = trial
    session: Session = new_session()
    leaves = {
        name: leaf(np.asarray(array, dtype=dtypes.BY_NAME[kind].numpy), dtypes.BY_NAME[kind])
        for name, (array, kind) in _inputs(call).items()
    }
    plain = Evaluator(session, leaves).run(re.sub(r",? ?out=OUT", "", call))
    for tensor in leaves.values():
        tensor.requires = from_inputs and tensor.dtype.is_floating
    outs: list[Tensor] = []
    for result in tensors_of(plain):
        kind = dtypes.BY_NAME[dtype] if dtype else result.dtype
        outs.append(leaf(np.zeros(resized(result.shape), kind.numpy), kind))
        outs[-1].requires = from_out and kind.is_floating
    told: list[str] = []
    session.sink = lambda key, details: told.append(spell(key, NEWEST, details)[1])
    found: dict[str, Any] = {}
    names = {**leaves, "OUT": outs[0] if isinstance(plain, Tensor) else tuple(outs)}
    with session.grad_mode(recording):
        try:
            value = Evaluator(session, names).run(call)
        except TorchError as error:
            found["error"] = "{}: {}".format(*error.spell(NEWEST))
        else:
            found["returned"] = getattr(value, "type_name", "torch.Tensor").rpartition(".")[2]
    found["warnings"] = told
    found["outs"] = []
    for out in outs:
        node = grad_fn(session, out)
        name = None if node is None else class_name(NEWEST, node)
        stride = strides(out.array) if "error" not in found else None
        values = out.array.astype(np.float64)
        found["outs"].append((out.version.value, stride, requires_grad(out), name, values))
    return found


def _differences(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    for key in ("error", "returned", "warnings"):
        if ours.get(key) != theirs.get(key):
            yield f"{key}: {ours.get(key)}, PyTorch: {theirs.get(key)}"
    for mine, real in zip(ours["outs"], theirs["outs"], strict=True):
        if mine[:4] != real[:4]:
            yield f"out: {mine[:4]}, PyTorch: {real[:4]}"
        elif "error" not in theirs and not _same(mine[4], real[4]):
            yield f"values: {mine[4].tolist()}, PyTorch: {real[4].tolist()}"


def _same(mine: np.ndarray[Any, Any], real: np.ndarray[Any, Any]) -> bool:
    return mine.shape == real.shape and np.allclose(mine, real, rtol=2e-6, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("call", CALLS)
def test_out(call: str) -> None:
    found = []
    for word, trial in TRIALS.items():
        lines = list(_differences(_our_trial(call, trial), _torch_trial(call, trial)))
        found += [f"{word}: {line}" for line in lines if not _is_known(call, word)]
    assert not found, "\n".join(found)
