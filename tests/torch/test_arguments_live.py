"""What wrong arguments are told, against the PyTorch that is installed: every name that an expression may call, with a
few hundred lists of arguments each.

The lists are many, so a run takes one in so many of them; ``DETACHSIM_ARGUMENTS=1`` takes all, and
``DETACHSIM_ARGUMENTS_SEED`` others than usual.
"""

import ast
import os
import random
import warnings
from collections.abc import Iterator

import pytest

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.session import Session
from detachsim.ops import words
from detachsim.ops.table import library
from detachsim.run.evaluation import Evaluator
from detachsim.run.names import Names

torch = pytest.importorskip("torch")

ONE_IN = int(os.environ.get("DETACHSIM_ARGUMENTS", "12"))
SEED = os.environ.get("DETACHSIM_ARGUMENTS_SEED", "0")

NAMES = {
    "t": "torch.tensor([[1., 2., 3.], [4., 5., 6.]])",
    "i": "torch.tensor([0, 1])",
    "z": "torch.tensor(1.)",
    "k": "torch.tensor(1)",
    "r": "torch.tensor(1., requires_grad=True)",
}
VALUES = [
    *("'a'", "None", "[0, 1]", "(0, 1)", "[]", "0.5", "True", "1", "-1", "torch.float32", "t", "z", "k", "i", "r"),
    *("[t]", "['a']", "[1, 'a']", "[t, 'a']", "[0.5]", "[True]"),
]
FEW = ["'a'", "1", "0.5", "t", "[0, 1]", "None", "True"]
KEYWORDS = [
    *("dim=0", "dim='a'", "axis=0", "axis='a'", "foo=1", "input=t", "dtype=torch.float64", "dtype=1", "keepdim=True"),
    *("keepdim=1", "other=1", "other='a'", "min=0", "alpha=2", "alpha='a'", "value=1", "size=(2,)", "index=i"),
    *("inplace=True", "out=None", "p=2", "bias=True", "reduction='sum'", "weight=t", "requires_grad=True"),
    *("requires_grad=1", "device='cpu'", "device='gpu'"),
]
SEVERAL = [
    *("dim=0, keepdim=1", "dim=0, foo=1", "dim='a', keepdim=True", "dim=0, axis=0", "foo=1, bar=2"),
    *("other=t, alpha=2", "min=0, max='a'", "dtype=1, foo=2", "input=t, other=t", "input=t, dim=0"),
    *("dim=0, index=i", "dim='a', index=1"),
]
LISTS = [
    "",
    *VALUES,
    *(f"{first}, {second}" for first in VALUES for second in FEW),
    *(f"{first}, {second}, {third}" for first in ("t", "1") for second in FEW for third in FEW),
    "1, 1, 1, 1, 1",
    "t, t, t, t, t, t, t",
    "'a', 'a', 'a', 'a'",
    *KEYWORDS,
    *(f"{before}, {one}" for one in KEYWORDS for before in ("t", "1", "'a'", "t, t", "t, 1", "1, 1")),
    *SEVERAL,
    *(f"{before}, {more}" for more in SEVERAL for before in ("t", "1")),
]

PLACES = {
    "t.": (words.METHODS, torch.Tensor),
    "torch.": (words.TORCH, torch),
    "F.": (words.FUNCTIONAL, torch.nn.functional),
    "torch.linalg.": (words.LINALG, torch.linalg),
}
# What is not asked, each for its reason.
LEFT_OUT = {
    "t.backward": "a step of its own",
    "t.values": "a method of other things than tensors",
    "torch.set_printoptions": "what it takes stays, and the next to print would meet it",
    "torch.from_numpy": "takes what no scenario has",
    "torch.broadcast_shapes": "its body compares whatever it is given",
    "torch.manual_seed": "its errors are those of Python's int",
    "torch.tensor": "what is wrong with data is its own subject",
    "t.new_tensor": "what is wrong with data is its own subject",
    "torch.einsum": "operands and sublists by turns, which detachsim has not got",
    "torch.lu": "an old name; its body hands on to a function that nobody calls by name",
    "t.lu": "the same",
    "torch.split": "a text has a method of this name",
    "t.set_": "a place in another's memory, which needs its strides too",
    "torch.linalg.pinv": "a tolerance for each matrix, which detachsim has not got",
    "F.elu_": "two scales, which nobody gives",
    "F.gumbel_softmax": "its body computes with whatever it is given",
    "F.gaussian_nll_loss": "its body computes with whatever it is given",
}


def calls() -> Iterator[str]:
    """Yield the text of every call."""
    chosen = random.Random(SEED)
    for place, (names, space) in PLACES.items():
        for name in names.split():
            found = getattr(space, name, None)
            if f"{place}{name}" in LEFT_OUT or not callable(found) or isinstance(found, type):
                continue  # the arguments of a class are those of Python, or old ways to make a tensor
            for arguments in LISTS:
                if chosen.randrange(ONE_IN) == 0:
                    yield f"{place}{name}({arguments})"


def torch_says(text: str) -> tuple[str, str]:
    names = {"torch": torch, "F": torch.nn.functional}
    names.update({name: eval(made, {"torch": torch}) for name, made in NAMES.items()})
    try:
        eval(text, names)
    except Exception as error:  # whatever it is, is what is asked for
        return type(error).__name__, str(error).rstrip()
    finally:
        torch.set_anomaly_enabled(False)  # one of the calls turns it on, for good
    return "", ""


def detachsim_says(text: str) -> tuple[str, str]:
    evaluator = Evaluator(Session(library(), NEWEST), Names())
    for name, made in NAMES.items():
        evaluator.names[name] = evaluator.evaluate(ast.parse(made, mode="eval").body)
    try:
        evaluator.evaluate(ast.parse(text, mode="eval").body)
    except TorchError as error:
        kind, message = error.spell(NEWEST)
        return kind, message.rstrip()
    except LimitError as error:
        return "LimitError", str(error)
    except Exception as error:  # a fault of ours, to be shown with the rest
        return f"fault {type(error).__name__}", str(error)
    return "", ""


def test_wrong_arguments_are_told_what_torch_tells() -> None:
    differing: list[str] = []
    asked = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in calls():
            theirs = torch_says(text)
            if theirs[0] not in ("", "TypeError", "AttributeError"):
                continue  # the arguments fit, and what is wrong with their values is for other tests
            asked += 1
            ours = detachsim_says(text)
            if ours != theirs:
                differing.append(f"{text}\n  torch:     {': '.join(theirs)}\n  detachsim: {': '.join(ours)}")
    assert asked > 10_000
    # Few are left where functions in Python compute with what they are given before they look at it.
    assert len(differing) <= asked // 2000, f"{len(differing)} of {asked}:\n" + "\n".join(differing[:40])
