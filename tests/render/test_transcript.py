"""The transcript: what the equivalent script prints, and nothing else."""

from detachsim.events import Printed, Raised
from detachsim.render import transcript
from tests.render.building import began, step
from tests.render.streams import MODIFIED, NOT_A_LEAF, STREAMS


def test_the_blogs_fourth_example() -> None:
    assert "".join(transcript.render(STREAMS["detached_edit"]())) == (
        "Before backward():\n"
        "a.grad: None\n"
        f"UserWarning: {NOT_A_LEAF}\n"
        "out.grad: None\n"
        "c: tensor([0.7685, 0.9677, 0.9963])\n"
        "c: tensor([0., 0., 0.])\n"
        "out: tensor([0., 0., 0.], grad_fn=<SigmoidBackward>)\n"
        f"RuntimeError: {MODIFIED}\n"
    )


def test_each_run_of_a_vary_follows_its_choices() -> None:
    assert "".join(transcript.render(STREAMS["varied"]())) == (
        f"# CUT=out.detach()\nRuntimeError: {MODIFIED}\n# CUT=out.data\n# CUT=out.clone()\n"
    )


def test_several_choices_stand_in_one_line() -> None:
    choices = (("CUT", "x"), ("RG", "true"))
    assert list(transcript.render([began(choices=choices)])) == ["# CUT=x, RG=true\n"]


def test_text_is_printed_as_a_script_prints_it() -> None:
    events = step("1", "say", "print", Printed("\x1b[1m  two\nlines"), Raised("AssertionError", "", None, False))
    assert list(transcript.render(events)) == ["\x1b[1m  two\nlines\n", "AssertionError: \n"]
