"""Modules and optimizers, against what PyTorch 2.13 gave."""

from typing import Any

import numpy as np
import pytest

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, meta
from detachsim.ops import modules, optimizers
from tests.ops.harness import backward, leaf, new_session


def make(name: str, *args: Any, session: Session | None = None, **kwargs: Any) -> Any:
    session = session or new_session()
    session.generator.manual_seed(0)
    return modules.CONSTRUCTORS[name](session, *args, **kwargs)


def message(error: pytest.ExceptionInfo[TorchError]) -> str:
    return ": ".join(error.value.spell("torch-2.13"))


INITIAL = [
    (
        ("Linear", 3, 2),
        [
            [
                [-0.004322517663240433, 0.3097158372402191, -0.4751853346824646],
                [-0.4248946011066437, -0.2223689705133438, 0.15482072532176971],
            ],
            [-0.011439144611358643, 0.45777493715286255],
        ],
    ),
    (
        ("Conv2d", 1, 1, 2),
        [
            [[[[-0.003743410110473633, 0.26822179555892944], [-0.4115225672721863, -0.3679695129394531]]]],
            [-0.19257718324661255],
        ],
    ),
    (("Embedding", 2, 2), [[[1.5409960746765137, -0.293428897857666], [-2.1787893772125244, 0.5684312582015991]]]),
    (("Bilinear", 2, 1, 1), [[[[-0.005293981172144413], [0.37932288646698]]], [-0.5819807648658752]]),
]


@pytest.mark.parametrize(("call", "expected"), INITIAL)
def test_initial_values(call: tuple[Any, ...], expected: list[Any]) -> None:
    made = list(make(*call).parameters())
    assert [tensor.array.tolist() for tensor in made] == expected
    assert [(tensor.version.value, tensor.requires, meta(tensor).parameter) for tensor in made] == [
        (1, True, True)
    ] * len(made)


TEXTS = [
    (("Linear", 2, 3), {}, "Linear(in_features=2, out_features=3, bias=True)"),
    (("ReLU",), {"inplace": True}, "ReLU(inplace=True)"),
    (("LeakyReLU", 0.2), {}, "LeakyReLU(negative_slope=0.2)"),
    (("Dropout",), {}, "Dropout(p=0.5, inplace=False)"),
    (("GELU",), {}, "GELU(approximate='none')"),
    (("LayerNorm", 3), {}, "LayerNorm((3,), eps=1e-05, elementwise_affine=True, bias=True)"),
    (
        ("BatchNorm1d", 3),
        {},
        "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    ),
    (
        ("Conv2d", 1, 2, 3),
        {"padding": 1, "bias": False},
        "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)",
    ),
    (("MaxPool2d", 2), {}, "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"),
    (("CrossEntropyLoss",), {}, "CrossEntropyLoss()"),
]


@pytest.mark.parametrize(("call", "options", "text"), TEXTS)
def test_text(call: tuple[Any, ...], options: dict[str, Any], text: str) -> None:
    assert repr(make(*call, **options)) == text


def small_net() -> Any:
    session = new_session()
    layers = [
        make("Linear", 2, 3, session=session),
        make("ReLU", session=session),
        make("Linear", 3, 1, session=session),
    ]
    return make("Sequential", *layers, session=session)


def test_containers_print_what_they_hold() -> None:
    assert repr(small_net()) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): ReLU()\n"
        "  (2): Linear(in_features=3, out_features=1, bias=True)\n"
        ")"
    )
    session = new_session()
    twins = [make("Linear", 2, 3, session=session) for _ in range(2)]
    listed = make("ModuleList", twins, session=session)
    assert repr(listed) == "ModuleList(\n  (0-1): 2 x Linear(in_features=2, out_features=3, bias=True)\n)"


def test_walking_through_a_module() -> None:
    net = small_net()
    names = [name for name, _ in net.named_parameters()]
    assert names == ["0.weight", "0.bias", "2.weight", "2.bias"]
    item = type(net).METHODS["__getitem__"]
    assert repr(item(net.session, net, -1)).startswith("Linear(in_features=3")
    assert len(list(item(net.session, net, slice(0, 2)).children())) == 2
    net.eval()
    assert [module.training for module in net.modules()] == [False] * 4
    net.requires_grad_(False)
    assert not any(tensor.requires for tensor in net.parameters())


FAULTS = [
    (("Linear", 2), {}, "TypeError: Linear.__init__() missing 1 required positional argument: 'out_features'"),
    (("ReLU",), {"slope": 1}, "TypeError: ReLU.__init__() got an unexpected keyword argument 'slope'"),
    (("Dropout", 1.5), {}, "ValueError: dropout probability has to be between 0 and 1, but got 1.5"),
    (("Sequential", 2), {}, "TypeError: int is not a Module subclass"),
    (("Parameter", 2.0), {}, "AttributeError: 'float' object has no attribute 'detach'"),
    (("Linear", -1, 3), {}, "RuntimeError: Trying to create tensor with negative dimension -1: [3, -1]"),
]


@pytest.mark.parametrize(("call", "options", "text"), FAULTS)
def test_faulty_modules(call: tuple[Any, ...], options: dict[str, Any], text: str) -> None:
    with pytest.raises(TorchError) as caught:
        make(*call, **options)
    assert message(caught) == text


def test_a_module_called_wrongly() -> None:
    layer = make("Linear", 2, 3)
    with pytest.raises(TorchError) as caught:
        layer.call(layer.session, (), {})
    assert message(caught) == "TypeError: Linear.forward() missing 1 required positional argument: 'input'"
    with pytest.raises(TorchError) as caught:
        layer.call(layer.session, (leaf([1.0, 2.0, 3.0], dtypes.float32),), {})
    assert message(caught) == "RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x3 and 2x3)"


def test_every_simple_module_names_an_op() -> None:
    session = new_session()
    for made in modules.CLASSES:
        if hasattr(made, "op"):
            assert session.library.get(made.op.rpartition(".")[2]) is not None, made.__name__


def test_a_parameter_shares_the_counter_of_its_data() -> None:
    data = leaf([1.0, 2.0], dtypes.float32)
    made = make("Parameter", data)
    assert made.version is data.version
    assert made.storage is data.storage


# Optimizers

STEPS: list[tuple[str, dict[str, Any], list[float], int]] = [
    (
        "SGD",
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        [-0.11165107786655426, 0.22330215573310852, -0.334953248500824],
        3,
    ),
    (
        "SGD",
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "maximize": True},
        [2.239680051803589, -4.479360103607178, 6.719039440155029],
        3,
    ),
    ("Adam", {"lr": 0.1}, [0.7015863060951233, -1.7006233930587769, 2.7003815174102783], 3),
    (
        "Adam",
        {"lr": 0.1, "weight_decay": 0.1, "amsgrad": True},
        [0.7015863060951233, -1.7006233930587769, 2.7003815174102783],
        3,
    ),
    ("AdamW", {"lr": 0.1}, [0.6989112496376038, -1.6949446201324463, 2.6917035579681396], 6),
    ("RMSprop", {"lr": 0.1}, [3.0330737921246964e-12, -0.3096873462200165, 1.0689948797225952], 3),
    (
        "RMSprop",
        {"lr": 0.1, "momentum": 0.9, "centered": True},
        [-1.0394787788391113, 1.4190866947174072, -0.9379371404647827],
        3,
    ),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}, [0.7950814366340637, -1.7911908626556396, 2.7899627685546875], 3),
]


def weight() -> Tensor:
    made = leaf([1.0, -2.0, 3.0], dtypes.float32)
    made.requires = True
    return made


def optimizer(name: str, session: Session, params: Any, **options: Any) -> Any:
    return optimizers.CONSTRUCTORS[name](session, params, **options)


@pytest.mark.parametrize(("name", "options", "expected", "version"), STEPS)
def test_steps(name: str, options: dict[str, Any], expected: list[float], version: int) -> None:
    session, tensor = new_session(), weight()
    made = optimizer(name, session, [tensor], **options)
    for _ in range(3):
        made.zero_grad()
        loss = session.call("sum", session.call("mul", tensor, tensor))
        backward(session, [loss], [leaf(1.0, dtypes.float32)])
        made.step()
    # The processor's square root may differ from PyTorch's in the last bit.
    np.testing.assert_allclose(tensor.array, expected, rtol=3e-7, atol=1e-7)
    assert tensor.version.value == version


def test_zero_grad() -> None:
    for dialect, left in (("torch-2.13", None), ("torch-1.13", [0.0, 0.0, 0.0])):
        session, tensor = new_session(dialect=dialect), weight()
        made = optimizer("SGD", session, [tensor], lr=0.1)
        backward(session, [session.call("sum", tensor)], [leaf(1.0, dtypes.float32)])
        type(made).METHODS["zero_grad"](session, made)
        assert (None if tensor.grad is None else tensor.grad.array.tolist()) == left


def test_a_step_spoils_what_another_loss_needs() -> None:
    """The classic mistake in training two networks: a step between two backward passes."""
    session, tensor = new_session(), weight()
    made = optimizer("SGD", session, [tensor], lr=0.1)
    first = session.call("sum", session.call("mul", tensor, 2.0))
    second = session.call("sum", session.call("mul", tensor, tensor))
    backward(session, [first], [leaf(1.0, dtypes.float32)])
    made.step()
    with pytest.raises(TorchError) as caught:
        backward(session, [second], [leaf(1.0, dtypes.float32)])
    assert "is at version 1; expected version 0 instead" in message(caught)


MISTAKES = [
    ([], {}, "ValueError: optimizer got an empty parameter list"),
    (
        "tensor",
        {},
        "TypeError: params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
        "torch.FloatTensor",
    ),
    ([1], {}, "TypeError: optimizer can only optimize Tensors, but one of the params is int"),
    ("nonleaf", {}, "ValueError: can't optimize a non-leaf Tensor"),
    ("list", {"lr": -1}, "ValueError: Invalid learning rate: -1"),
    ("list", {"nesterov": True}, "ValueError: Nesterov momentum requires a momentum and zero dampening"),
    ("list", {"foo": 1}, "TypeError: SGD.__init__() got an unexpected keyword argument 'foo'"),
]


@pytest.mark.parametrize(("params", "options", "text"), MISTAKES)
def test_faulty_optimizers(params: Any, options: dict[str, Any], text: str) -> None:
    session, tensor = new_session(), weight()
    given = {"tensor": tensor, "list": [tensor], "nonleaf": [session.call("mul", tensor, 2.0)]}
    with pytest.raises(TorchError) as caught:
        optimizer("SGD", session, given[params] if isinstance(params, str) else params, **options)
    assert message(caught) == text


def test_an_optimizer_prints_its_options() -> None:
    made = optimizer("SGD", new_session(), [weight()], lr=0.1)
    assert made.spelled(repr) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n    foreach: None\n    fused: None\n"
        "    lr: 0.1\n    maximize: False\n    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
    )
    group = type(made).ATTRIBUTES["param_groups"](made.session, made)[0]
    assert group.get("lr") == 0.1
