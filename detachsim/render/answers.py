"""A diagnosis in the step-by-step view: the answer first, then the steps that led to it, then what would mend it."""

from collections.abc import Iterator

from detachsim.explain.diagnosis import Diagnosis
from detachsim.render.lines import Fact, Line, Piece
from detachsim.render.sentences import quiet, say

# So many pieces of evidence are told; `detachsim explain` has them all.
_MOST = 7
_HANG = 4
# What PyTorch says nothing about, detachsim says as itself.
_SILENT = ("V2", "F1", "F2")


def answer(found: Diagnosis, depth: int) -> Iterator[Line]:
    """Yield the lines that answer a question, to stand below the facts of its step."""
    if found.code == "E1":  # nothing is known that the error itself does not say
        return
    lead = "detachsim warns: " if found.code in _SILENT else "why: "
    yield Fact(depth, say(Piece(lead, "warning"), found.headline, quiet(f" [{found.code}]")), 2)
    evidence = [one for one in found.because if one.role != "read"]
    if len(evidence) > 1:
        for one in evidence[:_MOST]:
            yield Fact(depth, say(Piece(f"  step {one.step}: ", "number"), one.text), _HANG)
        if len(evidence) > _MOST:
            yield Fact(depth, say(quiet(f"  and {len(evidence) - _MOST} more")))
    for note in found.notes:
        yield Fact(depth, say("  ", note), _HANG)
    for fix in found.fixes[:1]:
        yield Fact(depth, say(Piece("fix", "good"), quiet(f" (step {fix.step})"), ": ", fix.title), _HANG)
        for row in fix.replacement.split("\n") if fix.replacement else ():
            yield Fact(depth, say(Piece(f"    {row}", "code")), _HANG * 2)
        yield Fact(depth, say("  then ", fix.outcome), _HANG)
