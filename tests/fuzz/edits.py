"""Steps that change what there is: in place, or its flags."""

from tests.fuzz.ops import NUMBERS
from tests.fuzz.writer import Writer

INPLACE_UNARY = (
    "sigmoid_",
    "tanh_",
    "exp_",
    "sin_",
    "relu_",
    "abs_",
    "neg_",
    "zero_",
    "sqrt_",
    "square_",
    "reciprocal_",
    "floor_",
    "cos_",
    "round_",
)
INPLACE_BINARY = ("add_", "sub_", "mul_", "div_", "copy_", "pow_")
AUGMENTED = ("+=", "-=", "*=", "/=", "**=", "//=", "%=")


def edit(w: Writer) -> None:
    """An in-place change, directly or through an alias."""
    target = w.any_name()
    known = w.names[target]
    other = w.name_of_shape(known.shape) or target
    number = w.choose(NUMBERS)
    forms = [
        f"{target}.{w.choose(INPLACE_UNARY)}()",
        f"{target}.{w.choose(INPLACE_BINARY)}({other})",
        f"{target}.{w.choose(['add_', 'mul_', 'fill_', 'pow_', 'sub_'])}({number})",
        f"{target} {w.choose(AUGMENTED[:4])} {w.choose([other, number])}",
        f"{target}.detach().{w.choose(INPLACE_UNARY)}()",
        f"{target}.data.{w.choose(['mul_', 'fill_'])}({number})",
    ]
    if known.shape:
        forms += [
            f"{target}[0] = {number}",
            f"{target}[:] = {w.choose([other, number])}",
            f"{target}[0] {w.choose(AUGMENTED[:4])} {number}",
            f"{target}[:1].{w.choose(['mul_', 'add_'])}({number})",
        ]
    if len(known.shape) == 2:
        forms.append(f"{target}[:, 0] = {number}")
    w.add("inplace", w.choose(forms))


def rare_edit(w: Writer) -> None:
    """An in-place change of a rarer kind: other types and shapes, masks, indices, parts of itself."""
    target = w.any_name()
    known = w.names[target]
    any_other = w.any_name()
    number = w.choose(NUMBERS)
    same = w.name_of_shape(known.shape) or target
    forms = [
        f"{target}.{w.choose(INPLACE_BINARY)}({any_other})",
        f"{target} {w.choose(AUGMENTED)} {any_other}",
        f"{target}.clamp_(0, 1)",
        f"{target}.clamp_(min={number})",
        f"{target}.masked_fill_({target} > 0, {number})",
        f"{target}.addcmul_({same}, {same}, value=0.5)",
        f"{target}.lerp_({same}, 0.5)",
        f"{target}.copy_({any_other})",
        f"{target}.fill_({any_other})",
        f"{target}[...] = {any_other}",
        f"{target}.requires_grad_().mul_(2)",
        f"F.relu_({target})",
        f"{target}.neg_().abs_()",
        f"{target}.masked_fill_({same} != 0, {same}.sum())",
        f"{target}.resize_(2)",
        f"{target}.sub_({same}, alpha=2)",
        f"{target} **= 2",
        f"{target} //= 2",
        f"{target}.unsqueeze_(0)",
        f"{target}.squeeze_()",
        f"{target}.addcdiv_({same}, {same})",
        f"{target}.floor_divide_(2)",
        f"{target}.eq_({same})",
        f"{target} %= 2",
        f"{target}.logical_not_()",
        f"{target}.bernoulli_(0)",
        f"F.leaky_relu_({target}, 0.1)",
        f"{target}.erf_()",
    ]
    if known.shape:
        rest = known.shape[1:]
        row = w.name_of_shape(rest) or number
        forms += [
            f"{target}[[0]] = {number}",
            f"{target}[{target} > 0] = {number}",
            f"{target}[[0, -1]] *= 2",
            f"{target}[-1] = {row}",
            f"{target}[1:] = {target}[:-1]",
            f"{target}[None] = {number}",
            f"{target}.scatter_(0, torch.zeros({', '.join(map(str, known.shape))}, dtype=torch.long), {number})",
            f"{target}.index_fill_(0, torch.tensor([0]), {number})",
            f"{target}.index_add_(0, torch.tensor([0]), {target}[:1])",
            f"{target}.index_copy_(0, torch.tensor([0]), {target}[:1].clone())",
            f"{target}.scatter_add_(0, torch.zeros({', '.join(map(str, known.shape))}, dtype=torch.int64), {same})",
            f"{target}[:1] += {target}[:1]",
            f"{target}.expand(2, {', '.join(['-1'] * len(known.shape))}).add_(1)",
            f"{target}.expand(2, {', '.join(['-1'] * len(known.shape))}).copy_({target})",
            f"{target}[0].mul_({target}[0])",
            f"{target}[0].copy_({row})",
            f"{target}[{target} > 0] += {target}[{target} > 0]",
            f"{target}.as_strided((2,), (1,)).mul_(2)",
            f"{target}[0] = {target}[-1]",
            f"{target}.index_put_([torch.tensor([0])], torch.tensor({float(number)}))",
            f"{target}[::2] = 1",
            f"{target}[torch.tensor([0, 0])] = {number}",
            f"{target}.select(0, 0).zero_()",
            f"{target}.cumsum_(0)",
            f"{target}.put_(torch.tensor([0]), torch.tensor([1.]))",
            f"{target}.t_()",
            f"{target}.transpose_(0, -1)",
            f"{target}.view(-1)[:1].mul_(3)",
            f"{target}.masked_scatter_({target} > 0, {same})",
            f"{target}.unbind()[0].add_(1)",
            f"{target}.split(1)[0].mul_(2)",
            f"{target}.view(-1)[0] = {number}",
            f"{target}[0], = [{number}]",
        ]
    w.add("inplace", w.choose(forms))


def flag(w: Writer) -> None:
    """A change of a flag, of ``.grad`` or of ``.data``."""
    target = w.any_name()
    other = w.any_name()
    same = w.name_of_shape(w.names[target].shape) or target
    text = w.choose(
        [
            f"{target}.requires_grad_()",
            f"{target}.requires_grad = True",
            f"{target}.detach_()",
            f"{target}.requires_grad_(False)",
            f"{target}.grad = None",
            f"{target}.requires_grad = False",
            f"{target}.grad = {same}",
            f"{target}.grad = {same}.detach().clone()",
            f"{target}.data = {same}",
            f"{target}.data = {other}.clone()",
            f"{target}.grad.zero_()",
            f"{target}.grad *= 2",
            f"{target}.grad = {other}",
            f"{target}.grad += 1",
            f"{target}.grad.detach_()",
        ]
    )
    w.add("inplace", text)
