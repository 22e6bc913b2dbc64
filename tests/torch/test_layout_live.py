"""How results lie in memory, what they share, how often they were edited: every sample against PyTorch."""

import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor, offset, strides
from tests.ops.harness import Evaluator, inputs_for, names_of, new_session, sample_inputs, samples, tensors_of

torch = pytest.importorskip("torch")

RANDOM = re.compile(r"rand|dropout|normal|uniform|bernoulli|multinomial|empty|rrelu")
TEXTS = list(dict.fromkeys(text for _, text in samples() if names_of(text) and not RANDOM.search(text)))

# Where we and PyTorch part, and why.
_TALL = "torch.cat([(torch.eye(2) * 3 + a.reshape(-1)[:1]), b.reshape(1, -1)[:, :2]])"
KNOWN = {
    f"torch.linalg.lstsq({_TALL}, c.reshape(-1)[:1] * torch.ones_like({_TALL}))[0]": "PyTorch's solution lies in the "
    "memory of the right side",
}


def by_columns(array: Array) -> Array:
    """Return the same elements, laid out by columns."""
    if array.ndim < 2:
        return array
    return np.ascontiguousarray(array.swapaxes(-1, -2)).swapaxes(-1, -2)


def of_one_row(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return the shapes with a first dim of size 1, whose stride is another in rows and in columns."""
    return {name: (1, *shape[1:]) if len(shape) > 1 else shape for name, shape in shapes.items()}


# Which inputs lie by columns; the others lie in rows.
LAYOUTS: dict[str, Callable[[str], bool]] = {
    "rows": lambda name: False,
    "columns": lambda name: True,
    "the first by columns": lambda name: name == "a",
    "all but the first by columns": lambda name: name != "a",
}


def our_facts(value: Any, inputs: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    return [
        {
            "version": tensor.version.value,
            "stride": strides(tensor.array),
            "offset": offset(tensor),
            "view": tensor.view is not None,
            "output_nr": tensor.output_nr,
            "shares": [name for name, other in inputs.items() if tensor.array.size and other.storage is tensor.storage],
        }
        for tensor in tensors_of(value)
    ]


def torch_facts(value: Any, inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    values = [value] if isinstance(value, torch.Tensor) else value if isinstance(value, (tuple, list)) else []
    memory = {name: tensor.untyped_storage().data_ptr() for name, tensor in inputs.items()}
    return [
        {
            "version": tensor._version,
            "stride": tensor.stride(),
            "offset": tensor.storage_offset(),
            "view": tensor._is_view(),
            "output_nr": tensor.output_nr,
            "shares": [
                name
                for name, start in memory.items()
                if tensor.numel() and start == tensor.untyped_storage().data_ptr()
            ],
        }
        for tensor in values
        if isinstance(tensor, torch.Tensor)
    ]


def same_in_torch(array: Array) -> Any:
    """Return a tensor with the array's elements and strides, those of dims of size 1 included."""
    values = torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape))
    made = torch.empty_strided(array.shape, strides(array), dtype=values.dtype)
    made.data.copy_(values)  # through .data, which counts no edit
    return made


def differences(text: str, shapes: Mapping[str, tuple[int, ...]], layout: str, requires: bool) -> list[str]:
    """Return in which facts the results of an expression differ."""
    ours = sample_inputs(shapes)
    theirs = {}
    for name, tensor in ours.items():
        if LAYOUTS[layout](name):
            tensor.array = tensor.storage.array = by_columns(tensor.array)
        tensor.requires = requires and tensor.dtype.is_floating
        theirs[name] = same_in_torch(tensor.array).requires_grad_(tensor.requires)
    try:
        found = our_facts(Evaluator(new_session(), ours).run(text), ours)
    except TorchError:  # the sample itself is refused in this layout, which other tests compare
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = {"torch": torch, "F": torch.nn.functional, "inf": float("inf"), "nan": float("nan")}
        real = torch_facts(eval(text, {**names, **theirs}), theirs)
    where = f"{dict(shapes)}, {layout}{', requires grad' if requires else ''}"
    if len(found) != len(real):
        return [f"{where}: {len(found)} results, PyTorch: {len(real)}"]
    return [
        f"{where}: {key} {one[key]}, PyTorch: {other[key]}"
        for one, other in zip(found, real, strict=True)
        for key in one
        if one[key] != other[key]
    ]


@pytest.mark.parametrize(
    "text",
    [pytest.param(text, marks=pytest.mark.xfail(reason=KNOWN[text]) if text in KNOWN else ()) for text in TEXTS],
)
def test_results_lie_as_in_pytorch(text: str) -> None:
    found = [
        line
        for shapes in (*inputs_for(text), *map(of_one_row, inputs_for(text)))
        for layout in LAYOUTS
        for requires in (False, True)
        for line in differences(text, shapes, layout, requires)
    ]
    assert not found, "\n".join(found)
