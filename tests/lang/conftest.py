"""A vocabulary of PyTorch's everyday words, and short ways to load a text with it."""

from collections.abc import Callable

import pytest

from detachsim.lang import load
from detachsim.lang.syntax import AnyStep, Mistake, Scenario, ScenarioError
from detachsim.marks import Source
from detachsim.ops.vocabulary import Vocabulary


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOCABULARY = Vocabulary(
    functions={
        "torch": _words(
            "tensor zeros ones randn rand arange sigmoid exp sum mean add mul stack cat detach manual_seed"
            " is_grad_enabled relu sin cos matmul where abs clone"
        ),
        "torch.nn.functional": _words("relu relu_ sigmoid mse_loss softmax"),
        "torch.nn": _words("Linear Parameter MSELoss"),
        "torch.optim": _words("SGD Adam"),
        "torch.autograd": _words("grad backward"),
    },
    constants={"torch": _words("float32 float64 int64 inf nan pi")},
    methods=_words(
        "sigmoid exp sum mean add add_ zero_ mul mul_ relu relu_ detach detach_ clone backward requires_grad_"
        " register_hook retain_grad item tolist numel size unbind step zero_grad data_ptr _is_view remove name"
        " reshape view t to parameters"
    ),
    attributes=_words(
        "grad data shape dtype ndim T mT requires_grad is_leaf grad_fn retains_grad _version _base output_nr"
        " next_functions weight bias"
    ),
    settable=_words("grad data requires_grad"),
    inplace_methods=_words("step zero_grad"),
)

HEAD = "steps:\n  - tensor: a = [1., 2.]\n    requires_grad: true\n"


@pytest.fixture
def vocabulary() -> Vocabulary:
    return VOCABULARY


@pytest.fixture
def load_text() -> Callable[[str], Scenario]:
    """Load a whole file's text."""
    return lambda text: load(Source("f.yaml", text), VOCABULARY)


@pytest.fixture
def load_steps() -> Callable[[str], tuple[AnyStep, ...]]:
    """Load steps that follow one that binds ``a``, and return them without it."""

    def load_them(text: str) -> tuple[AnyStep, ...]:
        body = "".join(f"  {line}\n" for line in text.strip("\n").split("\n"))
        return load(Source("f.yaml", HEAD + body), VOCABULARY).variants[0].steps[1:]

    return load_them


@pytest.fixture
def mistakes_of() -> Callable[[str], tuple[Mistake, ...]]:
    """Return the mistakes of steps that follow one that binds ``a`` in line 2 and 3; none if they load."""

    def find(text: str) -> tuple[Mistake, ...]:
        body = "".join(f"  {line}\n" for line in text.strip("\n").split("\n"))
        try:
            load(Source("f.yaml", HEAD + body), VOCABULARY)
        except ScenarioError as error:
            return error.mistakes
        return ()

    return find
