"""Steps whose arguments fit badly."""

from hypothesis import strategies as st

from detachsim.engine.dialects import NEWEST
from detachsim.engine.signatures import entry
from detachsim.ops import words
from tests.fuzz.ops import NUMBERS
from tests.fuzz.writer import Writer

METHODS = (
    "sum",
    "mean",
    "view",
    "reshape",
    "add",
    "mul",
    "transpose",
    "squeeze",
    "unsqueeze",
    "expand",
    "max",
    "clamp",
    "permute",
    "select",
    "gather",
    "masked_fill",
    "index_select",
    "pow",
    "chunk",
    "split",
    "unbind",
    "t",
    "mm",
    "matmul",
    "dot",
    "softmax",
    "cumsum",
    "flatten",
    "norm",
    "std",
    "argmax",
    "repeat",
    "flip",
    "topk",
    "zero_",
    "fill_",
    "add_",
    "copy_",
    "detach",
    "to",
    "item",
    "requires_grad_",
    "narrow",
    "roll",
    "tril",
    "where",
    "sigmoid",
    "relu",
    "clone",
    "prod",
    "any",
    "sort",
    "diagonal",
    "movedim",
    "lerp",
    "addcmul",
    "as_strided",
    "register_hook",
    "retain_grad",
)
ARGUMENTS = (
    "0",
    "1",
    "-1",
    "2",
    "5",
    "0.5",
    "None",
    "True",
    "'a'",
    "(2, 3)",
    "[0, 1]",
    "-3",
    "torch.float64",
    "()",
    "[]",
    "inf",
    "(-1, 2)",
    "torch.tensor([0, 1])",
    "t1",
)


# What is not called by chance: memory that nobody filled, addresses, a generator's state, what ends PyTorch's process.
_UNFIT = frozenset(
    (
        *("empty", "empty_like", "new_empty", "resize_", "resize_as_", "data_ptr", "set_", "Generator", "manual_seed"),
        *("remainder", "remainder_", "fmod", "fmod_", "floor_divide", "floor_divide_", "from_numpy", "backward"),
        *("set_grad_enabled", "initial_seed", "einsum", "gumbel_softmax", "gaussian_nll_loss", "tensor", "new_tensor"),
    )
)
OTHER_METHODS = [n for n in words.METHODS.split() if n not in _UNFIT and entry("m", n, NEWEST) is not None]
FUNCTIONS = [
    f"{space}.{name}"
    for space, names in (("torch", words.TORCH), ("F", words.FUNCTIONAL))
    for name in names.split()
    if name not in _UNFIT
]


def mistake(w: Writer) -> None:
    """A call with arguments that fit badly."""
    name = w.any_name()
    arguments = [w.choose([*ARGUMENTS, w.any_name(), w.any_name()]) for _ in range(w.choose([0, 1, 1, 2, 2, 3]))]
    if w.chance(4):
        arguments.append(
            w.choose(
                [
                    "dim=0",
                    "dim=-1",
                    "keepdim=True",
                    "dim=7",
                    "dtype=torch.float64",
                    "alpha=2",
                    "foo=1",
                    "min=0",
                    "other=2",
                    "dim=None",
                    "value=1",
                ]
            )
        )
    if w.chance(4):
        method = w.choose(FUNCTIONS)
        text = f"{method}({', '.join([name, *arguments])})"
    else:
        method = w.choose(OTHER_METHODS if w.chance(3) else METHODS)
        text = f"{name}.{method}({', '.join(arguments)})"
    if method.endswith("_"):
        w.add("inplace", text)
    elif method == "detach":
        w.add("print", text)
    else:
        w.add("op", f"{w.new_name()} = {text}")


def odd_index(w: Writer) -> None:
    """An index or assignment that fits badly."""
    name = w.any_name()
    items = [
        "0",
        "1",
        "5",
        "-4",
        ":",
        "1:",
        "None",
        "...",
        "[0, 1]",
        "[5]",
        "True",
        "::2",
        "::-1",
        "torch.tensor([0, 1])",
        f"{name} > 0",
        "0.5",
        "'a'",
        "torch.tensor(0)",
        w.any_name(),
        "[True, False]",
    ]
    chosen = ", ".join(w.choose(items) for _ in range(w.choose([1, 1, 2, 3])))
    if w.draw(st.booleans()):
        w.add("print", f"{name}[{chosen}]")
    else:
        w.add("inplace", f"{name}[{chosen}] = {w.choose([*NUMBERS, w.any_name(), '[1., 2.]', 'True', 'None'])}")
