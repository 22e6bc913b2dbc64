"""PyTorch 1.13, where an interpreter has it: regressions, samples of the ops, the in-place matrix, random scenarios.

``DETACHSIM_TORCH_1_13`` names the interpreter (see ``conftest``). How many random scenarios there are, and from where,
is fixed; ``tools/fuzz.py --python`` runs more of them.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from detachsim.lang import load, read
from detachsim.lang.syntax import Scenario
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.process import Oracle
from detachsim.oracle.verify import verify
from tests.fuzz.comparing import compare_random
from tests.fuzz.judging import is_rounding
from tests.fuzz.samples import sample_scenario
from tests.ops.harness import UnknownOp

pytest.importorskip("torch")

from tests.torch.older import MISSING, PYTHON_1_13
from tests.torch.processor import report_of
from tests.torch.test_inplace_matrix import CASES as FORMS
from tests.torch.test_ops_live import CASES, Inputs, variants

if not PYTHON_1_13:  # named on the command line, where ``conftest`` leaves nothing out
    pytest.skip(MISSING, allow_module_level=True)

REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.yaml"))
EXAMPLES, SECONDS = 400, 60.0


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """One process for all tests."""
    with Oracle(PYTHON_1_13) as oracle:
        assert oracle.dialect == "torch-1.13", MISSING
        yield oracle


def differences(oracle: Oracle, name: str, scenario: Scenario) -> str:
    """Return the first difference, nothing where there is none."""
    return report_of(name, verify(oracle, scenario))


OF_1_13 = [path for path in REGRESSIONS if re.search("^dialect: torch-1.13$", path.read_text(encoding="utf-8"), re.M)]


@pytest.mark.parametrize("path", OF_1_13, ids=lambda path: path.stem)
def test_regressions_of_1_13_agree(oracle: Oracle, path: Path) -> None:
    assert differences(oracle, path.name, load(read(str(path)), VOCABULARY)) == ""


SAMPLES = [text for text in CASES if not text.endswith(".detach()")]
MATRIX = "(a.reshape(-1)[:2].diag_embed() + 0.1)"
TALL = "(torch.eye(2) * 3 + a.reshape(-1)[:1])"
HIGH = f"torch.cat([{TALL}, b.reshape(1, -1)[:, :2]])"

# Samples that differ, by the reason, for the kinds of input named: no other may, and each of these must.
LACKING = "1.13 does not have it"
UNWRITTEN = "1.13 reads a step that nobody wrote"
STEPS = "its formula takes other steps to the same gradient"
EMPTY = "an empty tensor is refused at another place, or has another gradient"
DIFFERS: dict[str, dict[str, tuple[str, ...]]] = {
    LACKING: dict.fromkeys(
        (
            "F.scaled_dot_product_attention(a, b, c)",
            "F.scaled_dot_product_attention(a, b, c, is_causal=True)",
            "F.scaled_dot_product_attention(a.reshape(1, 1, -1, 1), b.reshape(1, 1, -1, 1), c.reshape(1, 1, -1, 1))",
            "F.rms_norm(a, (3,))",
            "F.rms_norm(a, (3,), b)",
            "torch.unravel_index(i, (2, 3))",
            "F.lp_pool3d(a.reshape(1, 1, 1, 1, -1), 2.0, (1, 1, 2))",
        ),
        ("float32", "int64", "bool", "empty", "0-d"),
    ),
    STEPS: {
        f"torch.linalg.det({MATRIX})": ("0-d",),
        f"{MATRIX}.det()": ("0-d",),
    },
    UNWRITTEN: {"torch.slice_copy(a, 0, 0, 2)": ("float32", "int64", "bool", "empty")},
    EMPTY: {
        f"torch.linalg.det({MATRIX})": ("empty",),
        f"{MATRIX}.det()": ("empty",),
        "F.multi_margin_loss(a.reshape(-1, 1) * torch.ones(2), torch.zeros_like(a.flatten()).long())": ("empty",),
    },
}
# Samples whose exact result is 0, or is reached by another order of additions: in some of their digits, which depend
# on the processor, they may differ, and in nothing else.
ROUNDED = {
    f"torch.logdet({MATRIX})",
    f"torch.linalg.lstsq({TALL}, b.reshape(-1, 1)[:2])[0]",
    f"torch.linalg.lstsq({HIGH}, c.reshape(-1)[:1] * torch.ones_like({HIGH}))[0]",
    f"torch.linalg.qr({MATRIX})",
    f"torch.linalg.eigh({MATRIX})[0]",
    f"torch.linalg.eigvalsh({MATRIX})",
    f"torch.linalg.svd({MATRIX})[1]",
    f"torch.linalg.svd({MATRIX})[0].abs()",
    f"torch.linalg.svdvals({MATRIX})",
    f"torch.svd({MATRIX})[1]",
    "torch.linalg.svd(torch.stack([a, a * a, b]).reshape(3, -1)[:, :2] + torch.ones(3, 2), full_matrices=False)[1]",
    f"torch.linalg.pinv(torch.cat([{TALL}, {TALL}[:1]]))",
    f"torch.linalg.pinv(torch.cat([{TALL}, {TALL}[:, :1]], 1))",
    "torch.special.logsumexp(a, 0)",
    "torch.special.i1e(a)",
    "torch.renorm(a, 1, -1, 0.5)",
    "torch.logaddexp(a, b)",
    "a.logsumexp(0)",
    "a.logsumexp(-1, keepdim=True)",
    "F.layer_norm(a, (3,))",
    "F.batch_norm(torch.stack([a, b]), None, None, training=True)",
    "F.instance_norm(torch.stack([a, b]).reshape(1, 2, 3))",
}


@pytest.mark.parametrize("kind", ["float32", "int64", "bool", "empty", "0-d"])
def test_samples_agree(oracle: Oracle, kind: str) -> None:
    different: dict[str, str] = {}
    with np.errstate(all="ignore"):
        for text in SAMPLES:
            for word, inputs in variants(text):
                asked = word.startswith(kind) and word not in ("empty matrix", "0-d double") and text not in different
                if asked and (report := sample_report(oracle, text, word, inputs)):
                    different[text] = report
    known = {text for samples in DIFFERS.values() for text, kinds in samples.items() if kind in kinds}
    assert set(different) <= known, "\n".join(different[text] for text in set(different) - known)
    # What happens to be in memory may be right.
    certain = known - set(DIFFERS[UNWRITTEN])
    assert certain <= set(different), f"these agree now: {certain - set(different)}"


def sample_report(oracle: Oracle, text: str, word: str, inputs: Inputs) -> str:
    """Return in what a sample differs, nothing where it agrees or only digits that may."""
    try:
        scenario = load(Source("sample.yaml", sample_scenario(text, inputs, oracle.dialect)), VOCABULARY)
    except UnknownOp:
        return f"{text}: unknown in the dialect"
    verification = verify(oracle, scenario)
    if text in ROUNDED and is_rounding(verification.differences):
        return ""
    return report_of(f"{text} | {word}", verification)


def test_edits_of_the_matrix_agree(oracle: Oracle) -> None:
    reports = [
        report
        for name, scenario in FORMS.items()
        # Under ``no_grad`` the edits are a part of these.
        if not name.endswith("-no_grad") and (report := differences(oracle, name, scenario))
    ]
    assert not reports, "\n".join(reports)


def test_random_scenarios_agree(oracle: Oracle) -> None:
    found = compare_random((oracle,), EXAMPLES, 0, SECONDS)
    assert found.count >= 20
    # What differs is in docs/differences.md, or nobody has found it yet.
    assert len(found.reports) <= found.count // 200, f"{len(found.reports)} differ:\n" + min(found.reports, key=len)
