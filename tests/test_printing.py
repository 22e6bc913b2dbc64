"""Tensor texts, against what PyTorch 2.13 printed; ``tests/data/printing.json`` holds the record."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detachsim import printing
from detachsim.engine.dtypes import BY_NAME

RECORD = json.loads((Path(__file__).parent / "data" / "printing.json").read_text(encoding="utf-8"))
CASES = RECORD["cases"]


def array(recorded: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Build the values of a recorded tensor; numpy has no bfloat16, so its values stand in float32."""
    dtype = {"bfloat16": "float32"}.get(recorded["dtype"], recorded["dtype"])
    return np.array(recorded["values"], dtype=dtype).reshape(recorded["shape"])


def options(recorded: dict[str, Any]) -> dict[str, Any]:
    return {key: recorded[key] for key in ("grad_fn", "requires_grad", "parameter") if key in recorded}


def text(recorded: dict[str, Any]) -> str:
    return printing.tensor_text(array(recorded), recorded["dtype"], **options(recorded))


def formatted(recorded: dict[str, Any], spec: str) -> str:
    return printing.format_text(array(recorded), recorded["dtype"], spec, **options(recorded))


def simulated(case: dict[str, Any]) -> str:
    match case["kind"]:
        case "print":
            return text(case["tensors"][0])
        case "format":
            return formatted(case["tensors"][0], case["spec"])
        case "format list":
            return f"[{', '.join(formatted(tensor, '') for tensor in case['tensors'])}]"
        case "container":
            return str(case["template"] % tuple(text(tensor) for tensor in case["tensors"]))
        case "named tuple":
            fields = zip(case["fields"], map(text, case["tensors"]), strict=True)
            return printing.named_tuple_text(f"torch.return_types.{case['name']}", fields)
        case "size":
            return printing.size_text(case["shape"])
        case "dtype":
            return repr(BY_NAME[case["dtype"]])
        case kind:
            raise AssertionError(kind)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_recorded_text(case: dict[str, Any]) -> None:
    assert simulated(case) == case["expected"]


def test_record_is_whole() -> None:
    assert len(CASES) == 218
    assert len(RECORD["skipped"]) == 11


def test_invalid_grad_fn() -> None:
    values = np.ones(1, dtype=np.float32)
    assert printing.tensor_text(values, "float32", grad_fn="<Invalid>") == "tensor([1.], grad_fn=<Invalid>)"
    assert printing.tensor_text(values, "float32", grad_fn="Invalid") == "tensor([1.], grad_fn=<Invalid>)"


def test_grad_fn_wins_over_requires_grad() -> None:
    shown = printing.tensor_text(np.ones(1, dtype=np.float32), "float32", grad_fn="MulBackward0", requires_grad=True)
    assert shown == "tensor([1.], grad_fn=<MulBackward0>)"


def test_a_suffix_that_just_fits() -> None:
    values = np.ones(2, dtype=np.float32)
    assert "\n" not in printing.tensor_text(values, "float32", grad_fn="F" * 51)
    assert "\n" in printing.tensor_text(values, "float32", grad_fn="F" * 52)


def test_strides_do_not_matter() -> None:
    values = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)
    for view in (values.T, values[:, ::-1, ::2], np.broadcast_to(values[:, :, :1], (2, 3, 400)), values[..., 0].T):
        assert printing.tensor_text(view, "float32") == printing.tensor_text(np.ascontiguousarray(view), "float32")


def test_summary_reads_only_the_edges() -> None:
    shared = np.zeros(1, dtype=np.float32)
    # More elements than any memory holds: only a summary that neither scans nor copies can show this.
    huge = np.broadcast_to(shared, (1 << 20, 1 << 20, 1 << 20))
    shown = printing.tensor_text(huge, "float32")
    assert shown.startswith("tensor([[[0., 0., 0.,  ..., 0., 0., 0.],\n")
    assert shown.count("0.") == 6 * 6 * 6


def test_a_spec_needs_a_plain_number() -> None:
    vector = np.ones(1, dtype=np.float32)
    with pytest.raises(TypeError, match=r"^unsupported format string passed to Tensor\.__format__$"):
        printing.format_text(vector, "float32", ".2f")
    with pytest.raises(TypeError, match=r"^unsupported format string passed to Parameter\.__format__$"):
        printing.format_text(vector[0], "float32", ".2f", parameter=True)


def test_a_parameter_formats_as_it_prints() -> None:
    number = np.ones((), dtype=np.float32)
    shown = printing.format_text(number, "float32", "", requires_grad=True, parameter=True)
    assert shown == "Parameter containing:\ntensor(1., requires_grad=True)"


def test_import_needs_no_numpy() -> None:
    code = "import sys, detachsim.printing; raise SystemExit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
