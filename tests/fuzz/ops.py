"""Steps that compute: functions, operators, products, reductions, losses."""

from hypothesis import strategies as st

from tests.fuzz.writer import Known, Shape, Writer, broadcast, size, without

UNARY = (
    "sigmoid",
    "tanh",
    "exp",
    "sin",
    "cos",
    "relu",
    "abs",
    "neg",
    "sqrt",
    "clone",
    "square",
    "log1p",
    "contiguous",
    "floor",
    "sign",
    "reciprocal",
    "rsqrt",
    "log",
    "expm1",
    "round",
    "trunc",
    "erf",
    "tan",
    "atan",
)
UNARY_CALLS = (
    "clamp(min=0)",
    "clamp(-1, 1)",
    "clamp(max=0.5)",
    "pow(2)",
    "pow(3.)",
    "pow(0.5)",
    "clamp_min(0.)",
    "softmax(-1)",
    "log_softmax(0)",
    "cumsum(0)",
    "flip(0)",
    "roll(1)",
    "tril()",
    "triu()",
    "float()",
    "double()",
    "half()",
    "long()",
    "int()",
    "bool()",
    "to(torch.float64)",
    "to(torch.float32)",
    "type_as(t1)",
    "isnan()",
    "nan_to_num()",
    "add(1, alpha=2)",
    "sub(t1, alpha=0.5)",
    "mul(2)",
    "div(2, rounding_mode='floor')",
    "fmod(2)",
    "remainder(2)",
    "repeat(2)",
    "leaky_relu(0.1)",
    "softmax(dim=0)",
    "zeros_like()",
    "new_zeros(2)",
    "cumprod(0)",
    "sort()[0]",
)
FUNCTIONS = (
    "torch.zeros_like",
    "torch.ones_like",
    "F.relu",
    "torch.sigmoid",
    "F.softplus",
    "F.elu",
    "F.leaky_relu",
    "F.gelu",
    "F.silu",
    "torch.exp",
)
BINARY = ("+", "-", "*", "/", "+", "-", "*", "/", "**", "//", "%", "@")
COMPARISONS = (">", "<", ">=", "<=", "==", "!=")
NUMBERS = ("2", "0.5", "3.", "-1.", "1", "0")


def unary(w: Writer) -> None:
    """A function of one tensor."""
    source = w.any_name() if w.chance(6) else w.floating_name()
    known = w.names[source]
    w.bind("op", f"{source}.{w.choose(UNARY)}()", known)


def unary_call(w: Writer) -> None:
    """A method with arguments, or a function."""
    source = w.any_name()
    known = w.names[source]
    if w.chance(4):
        w.bind("op", f"{w.choose(FUNCTIONS)}({source})", known)
        return
    call = w.choose(UNARY_CALLS)
    dtype = {
        "double()": "float64",
        "half()": "float16",
        "long()": "int64",
        "int()": "int32",
        "bool()": "bool",
        "to(torch.float64)": "float64",
        "float()": "float32",
        "isnan()": "bool",
    }.get(call, known.dtype)
    w.bind("op", f"{source}.{call}", Known(known.shape, dtype, known.differentiable))


def binary(w: Writer) -> None:
    """An operator between two tensors, or a tensor and a number."""
    left = w.any_name()
    known = w.names[left]
    sign = w.choose(BINARY)
    if sign == "@":
        sign = "*"
    if w.draw(st.booleans()):
        number = w.choose(NUMBERS)
        text = f"{number} {sign} {left}" if w.draw(st.booleans()) else f"{left} {sign} {number}"
        w.bind("op", text, known)
        return
    right = w.some_name(lambda other: broadcast(known.shape, other.shape) is not None) or left
    other = w.names[right]
    shape = broadcast(known.shape, other.shape) or ()
    dtype = other.dtype if other.floating and not known.floating else known.dtype
    w.bind("op", f"{left} {sign} {right}", Known(shape, dtype, known.differentiable or other.differentiable))


def comparison(w: Writer) -> None:
    """A comparison, whose result has no gradient."""
    left = w.any_name()
    shape = w.names[left].shape
    right = w.name_of_shape(shape) if w.draw(st.booleans()) else w.choose(NUMBERS)
    w.bind("op", f"{left} {w.choose(COMPARISONS)} {right}", Known(shape, "bool", False))


def several(w: Writer) -> None:
    """A function of several tensors of one shape."""
    one = w.any_name()
    known = w.names[one]
    two = w.name_of_shape(known.shape) or one
    mask = w.some_name(lambda other: other.dtype == "bool" and other.shape == known.shape) or f"{one} > 0.5"
    forms: list[tuple[str, Shape]] = [
        (f"torch.where({mask}, {one}, {two})", known.shape),
        (f"torch.maximum({one}, {two})", known.shape),
        (f"torch.min({one}, {two})", known.shape),
        (f"torch.stack([{one}, {two}])", (2, *known.shape)),
        (f"torch.where({mask}, {one}, {w.choose(NUMBERS)})", known.shape),
        (f"torch.lerp({one}, {two}, 0.25)", known.shape),
        (f"torch.addcmul({one}, {one}, {two}, value=2)", known.shape),
        (f"{one}.masked_fill({mask}, {w.choose(NUMBERS)})", known.shape),
        (f"F.mse_loss({one}, {two})", ()),
        (f"{one}.atan2({two})", known.shape),
        (f"{one}.pow({two})", known.shape),
        (f"torch.stack([{one}, {two}], dim=-1)", (*known.shape, 2)),
        (f"F.l1_loss({one}, {two})", ()),
        (f"torch.add({one}, {two}, alpha=2)", known.shape),
        (f"{one}.sub({two}, alpha=0.5)", known.shape),
    ]
    if known.shape:
        forms += [
            (f"torch.cat([{one}, {two}])", (2 * known.shape[0], *known.shape[1:])),
            (f"torch.cat(({one}, {two}, {one}), dim=-1)", (*known.shape[:-1], 3 * known.shape[-1])),
        ]
    text, shape = w.choose(forms)
    if size(shape) <= 24:
        w.bind("op", text, Known(shape, known.dtype))


def product(w: Writer) -> None:
    """A product of matrices or vectors."""
    one = w.some_name(lambda known: 0 < len(known.shape) <= 2)
    if one is None:
        return
    known = w.names[one]
    forms: list[tuple[str, Shape]] = []
    two = w.some_name(lambda other: 0 < len(other.shape) <= 2 and other.shape[0] == known.shape[-1])
    if two is not None:
        other = w.names[two]
        shape = (*known.shape[:-1], *other.shape[1:])
        forms += [(f"{one} @ {two}", shape), (f"torch.matmul({one}, {two})", shape)]
        if len(known.shape) == len(other.shape) == 2:
            forms += [(f"{one}.mm({two})", shape), (f"torch.einsum('ij,jk->ik', {one}, {two})", shape)]
        if len(known.shape) == 2 and len(other.shape) == 1:
            forms += [(f"{one}.mv({two})", shape)]
    if len(known.shape) == 1:
        same = w.name_of_shape(known.shape) or one
        forms += [(f"torch.dot({one}, {same})", ()), (f"torch.outer({one}, {same})", (known.shape[0], known.shape[0]))]
    else:
        forms += [
            (f"{one} @ {one}.T", (known.shape[0], known.shape[0])),
            (f"F.linear({one}, {one})", (known.shape[0], known.shape[0])),
        ]
    text, shape = w.choose(forms)
    if size(shape) <= 24:
        w.bind("op", text, Known(shape, known.dtype))


def reduction(w: Writer) -> None:
    """A reduction of all elements, or of one dim."""
    source = w.any_name()
    known = w.names[source]
    if not known.shape or w.draw(st.booleans()):
        call = w.choose(
            [
                "sum()",
                "mean()",
                "max()",
                "min()",
                "prod()",
                "sum()",
                "mean()",
                "std()",
                "var()",
                "norm()",
                "any()",
                "all()",
                "argmax()",
                "median()",
                "logsumexp(0)",
                "sum(dtype=torch.float64)",
                "amax()",
                "var(unbiased=False)",
            ]
        )
        w.bind("op", f"{source}.{call}", Known((), known.dtype, known.differentiable))
        return
    dim = w.draw(st.integers(-len(known.shape), len(known.shape) - 1))
    keep = w.draw(st.booleans())
    shape = without(known.shape, dim, keep)
    arguments = w.choose([f"dim={dim}", f"{dim}"]) + (", keepdim=True" if keep else "")
    if w.draw(st.booleans()):
        call = w.choose(["sum", "mean", "prod", "amax", "amin", "logsumexp", "argmax", "std", "var", "norm", "any"])
        text = f"{source}.{call}(dim={dim}{', keepdim=True' if keep else ''})"
        w.bind("op", text, Known(shape, "int64" if call == "argmax" else known.dtype, known.differentiable))
        return
    call = w.choose(["max", "min", "median", "sort", "cummax", "kthvalue", "topk"])
    values = known.shape
    if call in ("max", "min", "median"):
        text, values = f"{source}.{call}({arguments})", shape
    elif call == "kthvalue":
        text, values = f"{source}.kthvalue(1, {arguments})", shape
    elif call == "topk":
        text, values = f"{source}.topk(1, {dim})", without(known.shape, dim, True)
    else:
        text = f"{source}.{call}({dim})"
    if w.chance(3):
        w.bind("op", text + w.choose(["[0]", ".values", "[1]"]), Known(values, known.dtype, known.differentiable))
    else:
        w.unpack(text, [Known(values, known.dtype, known.differentiable), Known(values, "int64", False)])
