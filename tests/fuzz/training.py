"""Steps with modules, optimizers and losses."""

from hypothesis import strategies as st

from tests.fuzz.writer import Known, Writer


def module(w: Writer) -> None:
    """A linear layer, whose parameters are set to known numbers or come from the seed."""
    w.seed = w.seed if w.seed is not None else w.draw(st.integers(0, 99))
    name = f"m{len(w.modules)}"
    given, made = w.choose([(3, 2), (2, 2), (3, 1)])
    text = w.choose(
        [
            f"nn.Linear({given}, {made})",
            f"nn.Linear({given}, {made}, bias=False)",
            f"nn.Sequential(nn.Linear({given}, {made}), nn.ReLU())",
            f"nn.Sequential(nn.Linear({given}, 4), nn.Tanh(), nn.Linear(4, {made}))",
            f"nn.Sequential(nn.Linear({given}, {made}), nn.ReLU(inplace=True))",
        ]
    )
    w.add("op", f"{name} = {text}")
    w.modules[name] = (given, made)


def layer(w: Writer) -> None:
    """A layer's output."""
    if not w.modules:
        module(w)
        return
    name = w.choose(w.modules)
    given, made = w.modules[name]
    source = w.some_name(lambda known: bool(known.shape) and known.shape[-1] == given)
    if source is not None:
        w.bind("op", f"{name}({source})", Known((*w.names[source].shape[:-1], made)))
    else:
        w.add("print", [f"{name}.weight", f"{name}.bias", f"{name}[0].weight.grad"])


def optimizer(w: Writer) -> None:
    """An optimizer over some tensors or a module's parameters."""
    parameters = w.choose([f"[{w.any_name()}]", *[f"{name}.parameters()" for name in w.modules]])
    kind = w.choose(
        [
            "SGD({}, lr=0.5)",
            "SGD({}, lr=0.5, momentum=0.5)",
            "SGD({}, lr=0.25, weight_decay=0.5)",
            "SGD({}, lr=0.5, momentum=0.5, nesterov=True)",
            "Adam({}, lr=0.5)",
            "AdamW({}, lr=0.5)",
        ]
    )
    name = f"opt{len(w.optimizers)}"
    w.optimizers.append(name)
    w.add("op", f"{name} = optim.{kind.format(parameters)}")


def optimize(w: Writer) -> None:
    """A step of an optimizer, or its gradients are cleared."""
    if not w.optimizers:
        optimizer(w)
        return
    name = w.choose(w.optimizers)
    w.add(
        "inplace",
        w.choose([f"{name}.step()", f"{name}.step()", f"{name}.zero_grad()", f"{name}.zero_grad(set_to_none=False)"]),
    )


def loss(w: Writer) -> None:
    """A loss of two tensors."""
    one = w.floating_name()
    known = w.names[one]
    two = w.name_of_shape(known.shape) or one
    text = w.choose(
        [
            f"F.mse_loss({one}, {two})",
            f"F.l1_loss({one}, {two})",
            f"F.binary_cross_entropy_with_logits({one}, {two})",
            f"nn.MSELoss()({one}, {two})",
            f"F.smooth_l1_loss({one}, {two})",
            f"F.huber_loss({one}, {two})",
            f"nn.BCEWithLogitsLoss()({one}, {two})",
            f"F.mse_loss({one}, {two}, reduction='sum')",
            f"F.binary_cross_entropy({one}.sigmoid(), {two}.sigmoid())",
            f"F.cross_entropy({one}, {two}.softmax(-1))",
            f"F.nll_loss({one}.log_softmax(-1), torch.tensor([0, 1]))",
            f"F.cross_entropy({one}, torch.tensor([0, 1]))",
            f"F.kl_div({one}, {two})",
            f"nn.CrossEntropyLoss()({one}, {two})",
            f"F.layer_norm({one}, ({known.shape[-1] if known.shape else 1},))",
            f"F.dropout({one}, 0.)",
            f"F.normalize({one}, dim=-1).sum()",
        ]
    )
    w.bind("op", text, Known((), known.dtype))
