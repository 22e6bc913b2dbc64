"""Steps with modules, optimizers, losses, and random numbers."""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.fuzz.writer import Known, Shape, Writer

# What a module makes of a shape; None where it does not take it.
Result = Callable[[Shape], Shape | None]


def _same(*ndims: int) -> Result:
    return lambda shape: shape if not ndims or len(shape) in ndims else None


def _last(given: int, made: int) -> Result:
    return lambda shape: (*shape[:-1], made) if shape and shape[-1] == given else None


def _channels(count: int, *ndims: int) -> Result:
    return lambda shape: shape if len(shape) in ndims and shape[1] == count else None


def _flat(shape: Shape) -> Shape | None:
    return (shape[0], shape[1] * shape[2]) if len(shape) == 3 else shape if len(shape) == 2 else None


MODULES: dict[str, Result] = {
    "nn.Linear(3, 2)": _last(3, 2),
    "nn.Linear(2, 2)": _last(2, 2),
    "nn.Linear(3, 1, bias=False)": _last(3, 1),
    "nn.Linear(2, 3)": _last(2, 3),
    "nn.Sequential(nn.Linear(3, 2), nn.ReLU())": _last(3, 2),
    "nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2))": _last(2, 2),
    "nn.Sequential(nn.Linear(3, 2), nn.ReLU(inplace=True))": _last(3, 2),
    "nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.5, inplace=True), nn.Linear(3, 1))": _last(2, 1),
    "nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 2))": _last(3, 2),
    "nn.ReLU()": _same(),
    "nn.ReLU(inplace=True)": _same(),
    "nn.Sigmoid()": _same(),
    "nn.Hardtanh(-0.5, 0.75, inplace=True)": _same(),
    "nn.ELU(inplace=True)": _same(),
    "nn.Dropout(0.5)": _same(),
    "nn.Dropout(0.25, inplace=True)": _same(),
    "nn.Dropout1d(0.5)": _same(2, 3),
    "nn.AlphaDropout(0.5)": _same(),
    "nn.PReLU()": _same(),
    "nn.Flatten()": _flat,
    "nn.Identity()": _same(),
    "nn.Softmax(dim=-1)": _same(1, 2, 3),
    "nn.LogSoftmax(dim=0)": _same(1, 2, 3),
    "nn.LayerNorm(3)": _last(3, 3),
    "nn.LayerNorm(2, bias=False)": _last(2, 2),
    "nn.RMSNorm(3)": _last(3, 3),
    "nn.BatchNorm1d(3)": _channels(3, 2),
    "nn.BatchNorm1d(2, momentum=None)": _channels(2, 2),
    "nn.BatchNorm1d(1, affine=False)": _channels(1, 3),
    "nn.GroupNorm(1, 2)": _channels(2, 2),
    "nn.InstanceNorm1d(1)": _channels(1, 3),
    "nn.Conv1d(1, 2, 1)": lambda shape: (shape[0], 2, shape[2]) if len(shape) == 3 and shape[1] == 1 else None,
    "nn.Conv1d(1, 1, 2, padding=1)": lambda shape: (
        (shape[0], 1, shape[2] + 1) if len(shape) == 3 and shape[1] == 1 else None
    ),
    "nn.MaxPool1d(2)": lambda shape: (*shape[:-1], shape[-1] // 2) if len(shape) in (2, 3) and shape[-1] > 1 else None,
    "nn.AvgPool1d(2, stride=1)": lambda shape: (
        (*shape[:-1], shape[-1] - 1) if len(shape) in (2, 3) and shape[-1] > 1 else None
    ),
    "nn.RNNCell(3, 2)": lambda shape: (*shape[:-1], 2) if len(shape) in (1, 2) and shape[-1] == 3 else None,
    "nn.GRUCell(2, 3)": lambda shape: (*shape[:-1], 3) if len(shape) in (1, 2) and shape[-1] == 2 else None,
}


def _seeded(w: Writer) -> None:
    """Random numbers are the same on both sides only from a seed."""
    w.seed = w.seed if w.seed is not None else w.draw(st.integers(0, 99))


def module(w: Writer) -> None:
    """A layer, whose parameters come from the seed."""
    _seeded(w)
    name = f"m{len(w.modules)}"
    text = w.choose(MODULES)
    if w.chance(8):
        text += w.choose([".double()", ".half()", ".to(torch.bfloat16)", ".eval()", ".requires_grad_(False)"])
    w.add("op", f"{name} = {text}")
    w.modules[name] = text.partition(").")[0] + (")" if ")." in text else "")


def layer(w: Writer) -> None:
    """A layer's output, perhaps of a shape that it does not take."""
    if not w.modules:
        module(w)
        return
    name = w.choose(w.modules)
    made = MODULES[w.modules[name]]
    source = w.some_name(lambda known: made(known.shape) is not None)
    if source is not None:
        known = w.names[source]
        shape = made(known.shape)
        assert shape is not None
        w.bind("op", f"{name}({source})", Known(shape, known.dtype))
    elif w.chance(3):
        w.add("op", f"{name}({w.any_name()})")
    else:
        _parameters(w, name)


def _parameters(w: Writer, name: str) -> None:
    linear = f"{name}[0]" if w.modules[name].startswith("nn.Sequential") else name
    w.add(
        "print",
        w.choose(
            [
                [name, f"{linear}.weight", f"{linear}.bias"],
                [f"{linear}.weight.grad", f"{linear}.weight._version", f"{linear}.weight.requires_grad"],
                [f"{name}.state_dict()"],
                [f"{linear}.running_mean", f"{linear}.running_var._version", f"{linear}.num_batches_tracked"],
                [f"{name}.training", f"{linear}.weight.is_leaf", f"{linear}.weight.grad_fn"],
            ]
        ),
    )


def edit_module(w: Writer) -> None:
    """A module is changed: its mode, its flags, its type, the values or the very tensors of its parameters."""
    if not w.modules:
        module(w)
        return
    name = w.choose(w.modules)
    linear = f"{name}[0]" if w.modules[name].startswith("nn.Sequential") else name
    kind, text = w.choose(
        [
            ("op", f"{name}.eval()"),
            ("op", f"{name}.train()"),
            ("inplace", f"{name}.requires_grad_({w.draw(st.booleans())})"),
            ("inplace", f"{name}.zero_grad()"),
            ("inplace", f"{name}.zero_grad(set_to_none=False)"),
            ("inplace", f"{linear}.weight.data.fill_({w.number()})"),
            ("inplace", f"{linear}.weight.fill_({w.number()})"),
            ("inplace", f"{linear}.bias.data.zero_()"),
            ("inplace", f"{linear}.weight.data *= 2"),
            ("inplace", f"{linear}.weight.requires_grad = {w.draw(st.booleans())}"),
            ("inplace", f"{linear}.weight = nn.Parameter({w.any_name()})"),
            ("inplace", f"{linear}.weight = {w.any_name()}"),
            ("inplace", f"{linear}.bias = None"),
            ("inplace", f"{linear}.weight.grad = None"),
            (
                "inplace",
                f"nn.init.{w.choose(['zeros_', 'ones_', 'xavier_uniform_', 'kaiming_normal_'])}({linear}.weight)",
            ),
            ("inplace", f"nn.init.constant_({linear}.bias, {w.number()})"),
            ("op", f"{name}.reset_parameters()"),
            ("op", f"{name}.double()"),
            ("op", f"{name}.float()"),
            ("op", f"{name}.load_state_dict({w.choose(w.modules)}.state_dict())"),
            ("op", f"h = {linear}.weight.register_hook(lambda g: g * 2)"),
        ]
    )
    w.add(kind, text)


def optimizer(w: Writer) -> None:
    """An optimizer over some tensors or a module's parameters."""
    parameters = w.choose(
        [f"[{w.any_name()}]", f"[{w.any_name()}, {w.any_name()}]", *[f"{name}.parameters()" for name in w.modules]]
    )
    kind = w.choose(
        [
            "SGD({}, lr=0.5)",
            "SGD({}, lr=0.5, momentum=0.5)",
            "SGD({}, lr=0.25, weight_decay=0.5)",
            "SGD({}, lr=0.5, momentum=0.5, nesterov=True)",
            "SGD({}, lr=0.5, momentum=0.5, dampening=0.25, maximize=True)",
            "Adam({}, lr=0.5)",
            "Adam({}, lr=0.5, betas=(0.5, 0.75), weight_decay=0.25)",
            "Adam({}, lr=0.25, amsgrad=True, maximize=True)",
            "AdamW({}, lr=0.5)",
            "AdamW({}, lr=0.5, weight_decay=0.5, amsgrad=True)",
            "RMSprop({}, lr=0.25)",
            "RMSprop({}, lr=0.25, momentum=0.5, centered=True)",
            "Adagrad({}, lr=0.25, lr_decay=0.5)",
        ]
    )
    name = f"opt{len(w.optimizers)}"
    w.optimizers.append(name)
    w.add("op", f"{name} = optim.{kind.format(parameters)}")


def optimize(w: Writer) -> None:
    """A step of an optimizer, its gradients are cleared or clipped, its options change."""
    if not w.optimizers:
        optimizer(w)
        return
    name = w.choose(w.optimizers)
    kind, text = w.choose(
        [
            ("inplace", f"{name}.step()"),
            ("inplace", f"{name}.step()"),
            ("inplace", f"{name}.step()"),
            ("inplace", f"{name}.zero_grad()"),
            ("inplace", f"{name}.zero_grad(set_to_none=False)"),
            ("inplace", f"{name}.param_groups[0]['lr'] = {w.choose([0.125, 1.0, 0])}"),
            ("print", f"{name}.param_groups[0]['lr']"),
            ("print", name),
        ]
    )
    w.add(kind, text)


def clip(w: Writer) -> None:
    """Gradients are clipped."""
    parameters = w.choose([w.any_name(), f"[{w.any_name()}]", *[f"{name}.parameters()" for name in w.modules]])
    name = w.new_name()
    text = w.choose(
        [
            f"{name} = nn.utils.clip_grad_norm_({parameters}, {w.choose([0.5, 1.0, 4])})",
            f"{name} = nn.utils.clip_grad_norm_({parameters}, 0.5, norm_type={w.choose(['1', 'inf'])})",
            f"nn.utils.clip_grad_value_({parameters}, 0.25)",
        ]
    )
    w.add("inplace", text)


def draw(w: Writer) -> None:
    """Random numbers, new or in a tensor that exists."""
    _seeded(w)
    name = w.any_name()
    edit = w.choose(
        [
            "normal_()",
            "normal_(1, 0.5)",
            "uniform_()",
            "uniform_(-1, 1)",
            "random_(4)",
            "random_(-2, 3)",
            "bernoulli_(0.5)",
            "exponential_()",
            "geometric_(0.5)",
            "log_normal_(0, 0.25)",
        ]
    )
    where = w.choose(["", ".data", ".detach()", ".t()"]) if len(w.names[name].shape) == 2 else w.choose(["", ".data"])
    text, shape = w.choose(
        [
            ("torch.rand(2, 3)", (2, 3)),
            ("torch.randn(3)", (3,)),
            ("torch.randn(4, 5)", (4, 5)),
            ("torch.randint(0, 5, (3,))", (3,)),
            ("torch.randperm(3)", (3,)),
            ("torch.bernoulli(torch.full((2, 2), 0.5))", (2, 2)),
            ("torch.normal(torch.zeros(2, 2), torch.ones(2, 2))", (2, 2)),
            ("torch.multinomial(torch.tensor([0.5, 0.25, 0.25]), 2)", (2,)),
            ("torch.multinomial(torch.tensor([0.5, 0.25, 0.25]), 3, replacement=True)", (3,)),
            (f"torch.rand_like({name})", w.names[name].shape),
            (f"torch.randn_like({name})", w.names[name].shape),
            (f"F.dropout({name}, 0.5)", w.names[name].shape),
            (f"F.gumbel_softmax({name}, hard={w.draw(st.booleans())})", w.names[name].shape),
            (f"torch.bernoulli({name}.sigmoid())", w.names[name].shape),
            (f"torch.poisson({name}.abs())", w.names[name].shape),
        ]
    )
    if w.chance(2):
        w.add("inplace", f"{name}{where}.{edit}")
    else:
        integral = "randint" in text or "randperm" in text or "multinomial" in text
        w.bind("op", text, Known(shape, "int64" if integral else "float32", not integral))


def loss(w: Writer) -> None:
    """A loss of two tensors."""
    one = w.floating_name()
    known = w.names[one]
    two = w.name_of_shape(known.shape) or one
    classes = w.choose(["[0, 1]", "[1, 0]", "[1, 1]", "[0, -100]", "[0]", "1"])
    how = w.choose(["", "", "reduction='sum'", "reduction='none'"])
    text = w.choose(
        [
            f"F.mse_loss({one}, {two})",
            f"F.l1_loss({one}, {two})",
            f"F.binary_cross_entropy_with_logits({one}, {two})",
            f"nn.MSELoss({how})({one}, {two})",
            f"F.smooth_l1_loss({one}, {two})",
            f"F.huber_loss({one}, {two})",
            f"nn.BCEWithLogitsLoss({how})({one}, {two})",
            f"F.mse_loss({one}, {two}, reduction='sum')",
            f"F.binary_cross_entropy({one}.sigmoid(), {two}.sigmoid())",
            f"nn.BCELoss({how})({one}.sigmoid(), {two}.sigmoid())",
            f"F.cross_entropy({one}, {two}.softmax(-1))",
            f"F.nll_loss({one}.log_softmax(-1), torch.tensor({classes}))",
            f"F.cross_entropy({one}, torch.tensor({classes}))",
            f"F.cross_entropy({one}, torch.tensor({classes}), label_smoothing=0.25)",
            f"nn.CrossEntropyLoss({how})({one}, torch.tensor({classes}))",
            f"F.cross_entropy({one}, torch.tensor({classes}), ignore_index=1)",
            f"F.kl_div({one}, {two})",
            f"F.kl_div({one}.log_softmax(-1), {two}.softmax(-1), reduction='batchmean')",
            f"nn.CrossEntropyLoss()({one}, {two})",
            f"nn.L1Loss({how})({one}, {two})",
            f"nn.SmoothL1Loss(beta=0.5)({one}, {two})",
            f"nn.SoftMarginLoss()({one}, {two})",
            f"nn.HingeEmbeddingLoss()({one}, {two}.sign())",
            f"nn.PoissonNLLLoss()({one}, {two})",
            f"nn.CosineEmbeddingLoss()({one}, {two}, torch.tensor(1))",
            f"nn.TripletMarginLoss()({one}, {two}, {one})",
            f"F.layer_norm({one}, ({known.shape[-1] if known.shape else 1},))",
            f"F.dropout({one}, 0.)",
            f"F.normalize({one}, dim=-1).sum()",
        ]
    )
    w.bind("op", text, Known((), known.dtype))
