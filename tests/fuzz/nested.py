"""Steps of nested expressions, whose parts nobody keeps: temporaries live as long as an expression needs them."""

from hypothesis import strategies as st

from tests.fuzz.ops import BINARY, NUMBERS, UNARY
from tests.fuzz.table import known
from tests.fuzz.writer import Known, Writer
from tests.ops.harness import names_of

_SUFFIXES = (
    *(f".{name}()" for name in ("sum", "mean", "detach", "clone", "float", "contiguous", "abs", "exp", "relu", "neg")),
    *("[0]", "[-1]", "[:1]", "[...]", "[None]", "[..., 0]", "[1:]", "[::2]", "[[0]]", "[0, 0]", "[:, 0]", ".repeat(2)"),
    *(".T", ".mT", ".data", ".grad", ".view(-1)", ".flatten()", ".reshape(-1)", ".squeeze()", ".unsqueeze(0)", ".t()"),
    *(".sum(0)", ".mean(-1)", ".max(0)[0]", ".sum(-1, keepdim=True)", ".softmax(-1)", ".cumsum(0)", ".sort()[0]"),
    *(
        ".requires_grad_()",
        ".double()",
        ".long()",
        ".pow(2)",
        ".clamp(0, 1)",
        ".expand(2, -1)",
        ".repeat(2)",
        ".norm()",
    ),
    *(".chunk(2)[0]", ".unbind()[0]", ".split(1)[0]", ".diagonal()", ".transpose(0, -1)", ".item()", ".tolist()"),
    *(".shape", ".grad_fn", ".is_leaf", ".requires_grad", "._version", ".stride()", "._base", ".output_nr", ".dtype"),
)
_CALLS = (
    "torch.cat([{0}, {1}])",
    "torch.stack([{0}, {1}])",
    "torch.where({0} > 0, {0}, {1})",
    "torch.maximum({0}, {1})",
    "F.mse_loss({0}, {1})",
    "torch.matmul({0}, {1})",
    "torch.zeros_like({0})",
    "torch.lerp({0}, {1}, 0.5)",
    "F.relu({0})",
    "({0}).mul({1})",
    "({0}).add({1}, alpha=2)",
    "({0}).add_({1})",
    "({0}).mul_(2)",
    "({0}).copy_({1})",
    "({0}).masked_fill({0} > 0, 0.5)",
    "torch.autograd.grad({0}, {1}, allow_unused=True)[0]",
    "torch.autograd.grad(({0}).sum(), {1}, create_graph=True)[0]",
)


def expression(w: Writer, depth: int) -> str:
    """Draw an expression, of parts no deeper than ``depth``."""
    if depth == 0 or w.chance(5):
        return w.any_name()
    form = w.draw(st.integers(0, 9))
    if form < 4:
        return f"{_operand(w, depth)}{w.choose(_SUFFIXES)}"
    if form < 6:
        return f"{_operand(w, depth)} {w.choose(BINARY)} {_operand(w, depth)}"
    if form == 6:
        return f"{w.choose(NUMBERS)} {w.choose(BINARY[:8])} {_operand(w, depth)}"
    if form == 7:
        return f"{_operand(w, depth)}.{w.choose(UNARY)}()"
    if form == 8:
        return f"{w.choose(('-', '', 'not '))}({_operand(w, depth)} {w.choose(('>', '==', '<=', 'is'))} {w.any_name()})"
    return w.choose(_CALLS).format(_operand(w, depth), _operand(w, depth))


def _operand(w: Writer, depth: int) -> str:
    made = expression(w, depth - 1)
    return made if made.isidentifier() or (made.endswith((")", "]")) and " " not in made) else f"({made})"


def nested(w: Writer) -> None:
    """An expression with a name for its value."""
    text = expression(w, 3)
    kind = "inplace" if "_(" in text else "op"
    result = known(text, {name: w.names[name] for name in names_of(text)})
    if isinstance(result, Known):
        w.bind(kind, text, result)
    else:
        w.add(kind, text)


def nested_print(w: Writer) -> None:
    """An expression that is printed."""
    w.add("print", expression(w, 2))


def nested_edit(w: Writer) -> None:
    """An edit of a part, by what an expression gives."""
    target = w.any_name() + w.choose(("", "[0]", "[:1]", "[...]", ".data", ".grad", ".T[0]", "[::2]", ".view(-1)[0]"))
    value = expression(w, 2)
    form = w.choose(("{0} = {1}", "{0} += {1}", "{0} *= {1}", "{0}.copy_({1})", "{0}.add_({1})", "{0}.mul_({1})"))
    if "." not in target and "[" not in target and form.startswith("{0} ="):
        form = "{0}[...] = {1}"
    w.add("inplace", form.format(target, value))


def nested_backward(w: Writer) -> None:
    """A backward pass from an expression."""
    options = w.choose(({}, {}, {"retain_graph": True}, {"create_graph": True}))
    w.add("backward", w.choose(("({0}).sum()", "({0}).mean()", "{0}")).format(expression(w, 2)), options)
