"""What random scenarios once showed to be different: each is now a scenario, with what PyTorch printed."""

from pathlib import Path

import pytest

from detachsim.golden import read_golden, torch_path
from detachsim.lang import load, read
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.comparison import texts_agree
from detachsim.oracle.verify import simulate

FOLDER = Path(__file__).parent / "torch" / "regressions"
SCENARIOS = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_transcript_is_what_torch_printed(path: Path) -> None:
    scenario = load(read(str(path)), VOCABULARY)
    recorded = read_golden(torch_path(path))
    assert recorded is not None
    for detail in (False, True):
        ours = simulate(scenario, scenario.dialect, detail=detail).text()
        if not texts_agree(ours, recorded):
            assert ours == recorded
