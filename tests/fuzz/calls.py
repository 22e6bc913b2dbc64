"""Calls of any function, drawn from PyTorch's own signatures: the arguments are of the types that these name, mostly.

What a call is made of is drawn by a generator of random numbers with one seed, which is drawn from hypothesis: a
scenario shrinks call by call.
"""

import random
from collections.abc import Callable, Sequence
from functools import cache

from hypothesis import strategies as st

from detachsim.engine.dialects import NEWEST
from detachsim.engine.signatures import Entry, entry
from detachsim.ops import words
from tests.fuzz.table import known
from tests.fuzz.writer import FLOATING, Shape, Writer, size

DTYPES = (*("float32", "float64", "float16", "bfloat16"), *("int64", "int32", "int16", "int8", "uint8", "bool"))
SPACES = (
    ("m", "", words.METHODS, ""),
    ("t", "torch", words.TORCH, ""),
    ("F", "F", words.FUNCTIONAL, ""),
    ("l", "torch.linalg", words.LINALG, "linalg_"),
    ("s", "torch.special", words.SPECIAL, "special_"),
)
# What is not called by chance: memory that nobody filled, addresses, the generator, modes; and what has other values
# each time.
_UNFIT = frozenset(
    """
    empty empty_like new_empty resize_ resize_as_ data_ptr set_ Generator manual_seed initial_seed from_numpy backward
    set_grad_enabled einsum gumbel_softmax tensor new_tensor as_tensor get_default_dtype as_strided as_strided_
    as_strided_scatter is_grad_enabled is_inference_mode_enabled is_anomaly_enabled Size requires_grad_ register_hook
    register_post_accumulate_grad_hook detach detach_ apply_ map_ numpy broadcast_shapes
    rand rand_like randn randn_like randint randint_like randperm normal normal_ uniform_ random_ bernoulli bernoulli_
    multinomial poisson cauchy_ exponential_ geometric_ log_normal_ dropout dropout_ dropout1d dropout2d alpha_dropout
    alpha_dropout_ feature_alpha_dropout feature_alpha_dropout_ feature_dropout feature_dropout_ rrelu rrelu_
    """.split()  # noqa: SIM905 (a list of words is easier to read than their quotes)
)
_ANY = (
    *("'a'", "None", "True", "0", "1", "-1", "2", "0.5", "[0, 1]", "(1, 2)", "[]", "()", "torch.float64", "[0.5]"),
    *("torch.tensor([0, 1])", "torch.tensor(1)", "[None]", "inf", "torch.tensor(0.5, requires_grad=True)"),
)
_HUGE = ("9223372036854775807", "-9223372036854775808", "9223372036854775808", "4611686018427387904", "2147483648")
_NUMBERS = ("0", "1", "2", "-1", "3", "0.5", "-0.5", "1.5", "2.0", "0.0", "True", "False")
_ODD_NUMBERS = ("nan", "inf", "-inf", "-0.0", "1e30", "-7", "300", "1e-30", "torch.tensor(2)", "torch.tensor(0.5)")
_TEXTS = {
    "reduction": ("'mean'", "'sum'", "'none'", "'x'"),
    "reduce": ("'sum'", "'prod'", "'mean'", "'amax'", "'amin'", "'add'", "'multiply'", "'x'"),
    "rounding_mode": ("'floor'", "'trunc'", "None", "'x'"),
    "approximate": ("'none'", "'tanh'", "'x'"),
    "mode": (
        "'constant'",
        "'reflect'",
        "'replicate'",
        "'circular'",
        "'nearest'",
        "'bilinear'",
        "'linear'",
        "'reduced'",
    ),
    "indexing": ("'ij'", "'xy'", "'x'"),
    "UPLO": ("'L'", "'U'", "'x'"),
    "ord": ("'fro'", "'nuc'", "'x'"),
    "interpolation": ("'linear'", "'lower'", "'higher'", "'midpoint'", "'nearest'", "'x'"),
    "side": ("'left'", "'right'", "'x'"),
    "padding": ("'same'", "'valid'"),
}
_SIZES = frozenset(("kernel_size", "stride", "output_size", "dilation", "upscale_factor", "groups", "repeats", "n"))
_INDICES = frozenset(("index", "indices", "target", "input_indices"))


@cache
def names() -> tuple[tuple[str, str, str], ...]:
    """Return every function that may be called: its place as signatures have it, its module, its name."""
    return tuple(
        (place, space, name)
        for place, space, listed, prefix in SPACES
        for name in listed.split()
        if name not in _UNFIT and not name.startswith("_") and entry(place, prefix + name, NEWEST) is not None
    )


def call(w: Writer) -> None:
    """A call of any function, and a look at what it gave, and at its gradient."""
    chosen = random.Random(w.draw(st.integers(0, 2**62)))
    write_call(w, chosen, *chosen.choice(names()))


def write_call(w: Writer, chosen: random.Random, place: str, space: str, name: str) -> None:
    """Write the steps of one call of a function."""
    caller = Caller(w, chosen)
    prefix = {"l": "linalg_", "s": "special_"}.get(place, "")
    takes = entry(place, prefix + name, NEWEST)
    assert takes is not None
    own = caller.tensor("self") if place == "m" else ""
    arguments = caller.arguments(name, takes, skip=bool(place == "m" and takes.python))
    text = f"{own or space}.{name}({', '.join(arguments)})"
    edits = name.endswith("_")
    if edits:
        target = own or (arguments[0] if arguments else "")
        w.add("inplace", text)
        if target in caller.made:
            w.add("print", [target, f"{target}._version", f"{target}.grad_fn"])
            w.add("backward", f"{target}.sum()")
    else:
        result = w.new_name()
        w.add("op", f"{result} = {text}")
        several = isinstance(known(text, {}), list) if not caller.made else caller.gives_several(text)
        w.add("print", result)
        one = f"{result}[0]" if several else result
        if not caller.empty:
            w.add("print", f"{one}.stride()")
        w.add("print", [f"{one}.dtype", f"{one}._version", f"{one}.grad_fn"])
        w.add("backward", f"{one}.sum()")
    for leaf in caller.leaves:
        w.add("print", [f"{leaf}.grad", f"{leaf}._version"])


class Caller:
    """Draws the arguments of one call, and writes the tensors among them."""

    def __init__(self, w: Writer, chosen: random.Random) -> None:
        self.w = w
        self.chosen = chosen
        dims = chosen.choice((0, 1, 1, 2, 2, 2, 3, 4))
        sizes = (0, 1, 1, 2, 3) if chosen.random() < 0.12 else (1, 1, 2, 2, 3, 3, 3)
        self.shape: Shape = tuple(chosen.choice(sizes) for _ in range(dims))
        self.dtype = chosen.choice(("float32", "float32", "float32", *DTYPES))
        self.made: dict[str, tuple[Shape, str]] = {}
        self.leaves: list[str] = []
        # numpy keeps no strides of what has no elements.
        self.empty = False

    # Tensors

    def tensor(self, name: str) -> str:
        """Write a tensor that may stand for a parameter of this name, and return the text for it."""
        chosen = self.chosen
        shape = self.shape
        turn = chosen.random()
        if self.made and turn < 0.3:
            shape = self.other_shape()
        dtype = self.dtype if chosen.random() < 0.85 else chosen.choice(DTYPES)
        if name in _INDICES and chosen.random() < 0.85:
            dtype = "int64"
        elif name in ("mask", "condition") and chosen.random() < 0.85:
            dtype = "bool"
        if size(shape) > 36:
            shape = shape[-2:]
        turn = chosen.random()
        if turn < 0.06 and self.made:
            return chosen.choice(list(self.made))
        made = self.w.new_name()
        self.made[made] = (shape, dtype)
        requires = dtype in FLOATING and chosen.random() < 0.6
        self.leaves.append(made)
        options: dict[str, object] = {"dtype": dtype}
        if requires:
            options["requires_grad"] = True
        self.w.add("tensor", f"{made} = {self.data(shape, dtype, index=name in _INDICES)}", options)
        self.empty = self.empty or 0 in shape
        if 0 in shape or chosen.random() > 0.2:
            return made
        text = chosen.choice(self.views(made, shape))
        viewed = self.w.new_name()
        self.w.add("op", f"{viewed} = {text}")
        self.made[viewed] = (shape, dtype)
        return viewed

    def views(self, made: str, shape: Shape) -> list[str]:
        """Return views of a tensor that lie otherwise than in rows."""
        found = [f"{made}.unsqueeze(-1)", f"{made}.expand({', '.join(map(str, (2, *shape)))})", f"{made} * 1"]
        if shape:
            found += [f"{made}[..., ::2]", f"{made}[-1:]", f"{made}[0]"]
        if len(shape) > 1:
            found += [f"{made}.transpose(0, -1)", f"{made}.transpose(0, 1)", f"{made}[:, :1]"] * 2
        return found

    def other_shape(self) -> Shape:
        """Draw a shape that may meet the others."""
        chosen, shape = self.chosen, self.shape
        return chosen.choice(
            [
                (),
                shape[1:],
                (*shape[:-1], 1) if shape else (1,),
                (1, *shape),
                shape[::-1],
                shape[-1:],
                shape[:1],
                tuple(chosen.choice((0, 1, 2, 3)) for _ in range(chosen.choice((1, 2, 3)))),
            ]
        )

    def data(self, shape: Shape, dtype: str, *, index: bool) -> str:
        """Draw the elements of a tensor, as a nested list."""
        chosen = self.chosen
        if 0 in shape:
            return f"torch.zeros({shape})" if chosen.random() < 0.5 else f"torch.ones({shape})"
        odd = chosen.random() < 0.1

        def element() -> str:
            if dtype == "bool":
                return chosen.choice(("True", "False"))
            if dtype in FLOATING:
                if odd and chosen.random() < 0.3:
                    return chosen.choice(("nan", "inf", "-inf", "0.0", "-0.0", "1e30"))
                return str(chosen.randint(-8, 12) / 4)
            if index and chosen.random() < 0.95:
                return str(chosen.randint(0, 2))
            return str(chosen.randint(0 if dtype == "uint8" else -4, 6))

        def nested(left: Shape) -> str:
            if not left:
                return element()
            return "[" + ", ".join(nested(left[1:]) for _ in range(left[0])) + "]"

        return nested(shape)

    def gives_several(self, text: str) -> bool:
        """Whether a call gives a tuple, as detachsim itself has it."""
        from contextlib import suppress

        from detachsim.engine.dtypes import BY_NAME
        from tests.ops.harness import Evaluator, new_session, sample_inputs

        session = new_session()
        with suppress(Exception):  # an error of Python's own is for the comparison to show
            inputs = {
                name: session.call("to", tensor, BY_NAME[self.made[name][1]])
                for name, tensor in sample_inputs({name: shape for name, (shape, _) in self.made.items()}).items()
            }
            return isinstance(Evaluator(session, inputs).run(text), (tuple, list))
        return False

    # Other arguments

    def arguments(self, name: str, takes: Entry, *, skip: bool) -> list[str]:
        """Draw a list of arguments, most of them as a signature has them."""
        chosen = self.chosen
        if takes.count >= 0:
            drawn = [self.tensor("other") for _ in range(takes.count)]
            if chosen.random() < 0.03:
                drawn.append(chosen.choice(_ANY))
            if chosen.random() < 0.02:
                drawn.append("dim=0")
            return drawn
        parameters = self.parameters(takes)[skip:]
        count = sum(not optional for _, _, optional, _ in parameters)
        drawn = []
        by_name = False
        for position, (parameter, kind, optional, keyword_only) in enumerate(parameters):
            if parameter in ("out", "generator", "layout", "pin_memory", "memory_format", "names", "device"):
                by_name = True
                continue
            if optional and (chosen.random() < 0.6 or (keyword_only and chosen.random() < 0.5)):
                by_name = True
                continue
            if not optional and chosen.random() < 0.01:
                by_name = True
                continue
            by_name = by_name or keyword_only or (position > 0 and chosen.random() < 0.1)
            if chosen.random() < 0.03:
                value = chosen.choice((*_ANY, self.tensor(parameter)))
            else:
                value = self.value(parameter, kind)
            drawn.append(f"{parameter}={value}" if by_name else value)
        if chosen.random() < 0.015:
            drawn.append(chosen.choice(("foo=1", "dim=0", "axis=0", "input=1", "keepdim=True", "dtype=torch.float64")))
        elif chosen.random() < 0.01 and count and not by_name:
            drawn.append(chosen.choice(_ANY))
        return drawn

    def parameters(self, takes: Entry) -> list[tuple[str, str, bool, bool]]:
        """Return name, type, whether it may be left out, and whether it has no place, of each parameter."""
        if takes.python:
            head = self.chosen.choice(takes.python)
            code = head.bind.__code__
            named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            return [
                (name, kind_of(name, head.defaults.get(name)), name in head.defaults, at >= code.co_argcount)
                for at, name in enumerate(named)
            ]
        signature = self.chosen.choice(takes.signatures)
        return [(p.name, f"{p.kind}{p.length or ''}", p.has_default, p.keyword_only) for p in signature.parameters]

    def value(self, name: str, kind: str) -> str:
        """Draw a value of a parameter's type, which its name tells more about."""
        chosen = self.chosen
        if kind.rstrip("0123456789") in ("IntArrayRef", "SymIntArrayRef"):
            return self.ints(name)
        if kind == "Tensor":
            return self.tensor(name)
        made = _VALUES.get(kind)
        if made is not None:
            return made(self, name)
        return chosen.choice(_ANY)

    def number(self, name: str) -> str:
        """Draw a number."""
        return self.chosen.choice(_NUMBERS if self.chosen.random() < 0.85 else _ODD_NUMBERS)

    def int(self, name: str) -> str:
        """Draw an int: a dim, a size, or any."""
        chosen = self.chosen
        if chosen.random() < 0.015:
            return chosen.choice(_HUGE[:3] if name in _SIZES else _HUGE)
        if "dim" in name:
            most = max(len(self.shape), 1)
            return str(chosen.randint(-most, most - 1) if chosen.random() < 0.92 else chosen.randint(-6, 6))
        if name in _SIZES:
            return str(chosen.choice((1, 1, 2, 2, 3, 0, -1)))
        return str(chosen.choice((0, 1, 1, 2, 2, 3, -1, -2)))

    def ints(self, name: str) -> str:
        """Draw a list of ints, or one."""
        chosen = self.chosen
        if chosen.random() < 0.2:
            return self.int(name)
        if "dim" in name:
            count = chosen.randint(0, max(len(self.shape), 1))
        elif name in ("size", "shape", "sizes", "repeats", "pad", "normalized_shape"):
            if name in ("size", "shape") and chosen.random() < 0.3:
                return str(self.shape)
            count = chosen.randint(0, 4)
        else:
            count = chosen.choice((1, 2, 2, len(self.shape)))
        items = [self.int(name) for _ in range(count)]
        left, right = chosen.choice(("[]", "()"))
        return f"{left}{', '.join(items)}{',' if left == '(' and count == 1 else ''}{right}"

    def tensors(self, name: str) -> str:
        """Draw a list of tensors."""
        made = [self.tensor(name) for _ in range(self.chosen.choice((0, 1, 2, 2, 2, 3)))]
        return f"[{', '.join(made)}]"

    def text(self, name: str) -> str:
        """Draw a text."""
        return self.chosen.choice(_TEXTS.get(name, ("'a'", "'sum'", "'none'")))

    def dtype_name(self, name: str) -> str:
        """Draw a type."""
        return f"torch.{self.chosen.choice(DTYPES)}" if self.chosen.random() < 0.95 else "None"

    def flag(self, name: str) -> str:
        """Draw a truth value."""
        return self.chosen.choice(("True", "False"))


def kind_of(name: str, default: object) -> str:
    """Return the type that a parameter of a function in Python has, as its name and default tell it."""
    if name in _TEXTS and isinstance(default, str):
        return "std::string_view"
    if isinstance(default, bool) or name in ("size_average", "reduce", "align_corners"):
        return "bool"
    if isinstance(default, int) or name in ("dim", "groups", "num_classes"):
        return "int64_t" if name != "p" else "Scalar"
    if isinstance(default, float) or name in ("p", "eps", "alpha", "beta", "threshold", "value", "scale_factor"):
        return "Scalar"
    if name == "dtype":
        return "ScalarType"
    if name in ("kernel_size", "stride", "padding", "output_size", "pad", "size", "normalized_shape", "dims"):
        return "IntArrayRef"
    if name == "tensors":
        return "TensorList"
    return "Tensor"


_VALUES: dict[str, Callable[[Caller, str], str]] = {
    "Scalar": Caller.number,
    "double": Caller.number,
    "complex": Caller.number,
    "int64_t": Caller.int,
    "SymInt": Caller.int,
    "bool": Caller.flag,
    "ScalarType": Caller.dtype_name,
    "std::string_view": Caller.text,
    "c10::string_view": Caller.text,
    "std::string": Caller.text,
    "TensorList": Caller.tensors,
    "c10::List<::std::optional<Tensor>>": Caller.tensors,
}


def places_of(wanted: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the places of the functions of some names."""
    return [spelled for spelled in names() if spelled[2] in wanted]
