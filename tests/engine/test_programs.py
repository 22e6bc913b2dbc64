"""What autograd does, fact by fact: our engine prints what PyTorch printed (``data/programs.json``)."""

import pytest

from detachsim.oracle.comparison import texts_agree
from tests.engine.programs import PROGRAMS
from tests.engine.running import printed, recorded


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    ours, theirs = printed(name), recorded()[name]
    agree = len(ours) == len(theirs) and all(map(texts_agree, ours, theirs))
    assert agree, "\n".join([*ours, "but PyTorch:", *theirs])
