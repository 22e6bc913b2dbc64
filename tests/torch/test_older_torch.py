"""PyTorch 1.13, where an interpreter has it: regressions, samples of the ops, the in-place matrix, random scenarios.

``DETACHSIM_TORCH_1_13`` names the interpreter (see ``conftest``). How many random scenarios there are, and from where,
is fixed; ``tools/fuzz.py --python`` runs more of them.
"""

import os
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
from tests.fuzz.samples import sample_scenario

pytest.importorskip("torch")

from tests.torch.processor import report_of
from tests.torch.test_inplace_matrix import CASES as FORMS
from tests.torch.test_ops_live import CASES, variants

PYTHON = os.environ.get("DETACHSIM_TORCH_1_13", "")

REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.yaml"))
EXAMPLES, SECONDS = 400, 60.0


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """One process for all tests."""
    with Oracle(PYTHON) as oracle:
        yield oracle


def differences(oracle: Oracle, name: str, scenario: Scenario) -> str:
    """Return the first difference, nothing where there is none."""
    return report_of(name, verify(oracle, scenario))


OF_1_13 = [path for path in REGRESSIONS if "\ndialect: torch-1.13\n" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", OF_1_13, ids=lambda path: path.stem)
def test_regressions_of_1_13_agree(oracle: Oracle, path: Path) -> None:
    assert differences(oracle, path.name, load(read(str(path)), VOCABULARY)) == ""


# Samples that use what 1.13 lacks (rms_norm), whose exact result is 0 or is reached by LAPACK's order of additions,
# or whose node of the backward pass has one output here and several there (convolutions).
NOT_THE_SAME = re.compile(
    r"rms_norm|scaled_dot_product|renorm|linalg|torch\.(logdet|svd|slogdet|pinverse)|\.(logdet|det|svd|slogdet|pinverse|inverse)\(|conv|softm|"
    r"log_softmax|logsumexp|logaddexp|cross_entropy|layer_norm|batch_norm|instance_norm|cosine_similarity"
)
SAMPLES = [text for text in CASES if not NOT_THE_SAME.search(text) and not text.endswith(".detach()")]


@pytest.mark.parametrize("kind", ["float32", "int64", "bool", "empty", "0-d"])
def test_samples_agree(oracle: Oracle, kind: str) -> None:
    different = {}
    with np.errstate(all="ignore"):
        for text in SAMPLES:
            for word, inputs in variants(text):
                if word.startswith(kind) and word != "empty matrix" and word != "0-d double" and text not in different:
                    source = Source("sample.yaml", sample_scenario(text, inputs, oracle.dialect))
                    if report := differences(oracle, f"{text} | {word}", load(source, VOCABULARY)):
                        different[text] = report
    assert set(different) <= set(DIFFERENT.get(kind, ())), "\n".join(different.values())


# A few words and nodes that 1.13 has for what few people do.
DIFFERENT = {
    "float32": ("torch.special.ndtr(a)",),
    "bool": (
        "F.unfold(a.reshape(1, 1, -1), (1, 2))",
        "F.fold(a.reshape(1, 1, -1), (1, 3), (1, 1))",
        "F.binary_cross_entropy_with_logits(a, b)",
    ),
    "empty": (
        "torch.special.ndtr(a)",
        "F.adaptive_max_pool1d(a.reshape(1, -1), 2)",
        "F.multi_margin_loss(a.reshape(-1, 1) * torch.ones(2), torch.zeros_like(a.flatten()).long())",
        "(a.reshape(-1)[:2].diag_embed() + 0.1).det()",
    ),
    "0-d": ("torch.special.ndtr(a)", "a.index_select(0, torch.tensor([0, 0]))"),
}


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
    assert len(found.reports) <= found.count // 30, f"{len(found.reports)} differ:\n" + min(found.reports, key=len)
