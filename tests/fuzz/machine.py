"""Steps that ask what the autograd machine does besides computing: order, sharing, partial results, looks at nodes."""

from hypothesis import strategies as st

from tests.fuzz.writer import Known, Writer

LOG = "log"


def logging_hook(w: Writer) -> None:
    """A hook that writes down when it runs, as one digit of a number."""
    if not w.logged:
        w.add("tensor", f"{LOG} = 0.0", {"dtype": "float64"})
        w.logged = 1
    digit = w.logged % 9 + 1
    w.logged += 1
    gives = w.choose(["None", "None", "g", "g * 2", "g.clone()", "g.mul_(2)", "g[...]", "-g"])
    source = w.any_name()
    noted = f"{LOG}.mul_(10).add_({digit})"
    if w.chance(3):
        w.add("op", f"{source}.register_post_accumulate_grad_hook(lambda p: ({noted}, None)[1])")
        return
    text = f"{source}.register_hook(lambda g: ({noted}, {gives})[1])"
    if w.chance(3):
        handle = f"h{len(w.handles)}"
        w.handles.append(handle)
        text = f"{handle} = {text}"
    w.add("op", text)


def look_at_log(w: Writer) -> None:
    """In which order hooks have run."""
    if w.logged:
        w.add("print", LOG)


def capturing_hook(w: Writer) -> None:
    """A hook that does something with the gradient and other tensors."""
    source, other = w.any_name(), w.any_name()
    same = w.name_of_shape(w.names[source].shape) or source
    body = w.choose(
        [
            f"({same}.detach().copy_(g), None)[1]",
            f"({same}.data.add_(g), None)[1]",
            f"({same}.copy_(g), g)[1]",
            f"torch.autograd.grad(({other} * {other}).sum(), {other})[0]",
            f"(torch.autograd.backward(({other} * 2).sum()), None)[1]",
            f"({source}.retain_grad(), None)[1]",
            f"({other}.register_hook(lambda g: g * 2), None)[1]",
            f"g * {other}",
            f"{same} * g",
            f"{same}.grad",
            f"({other}.zero_(), None)[1]",
            "(g.add_(1), g)[1]",
            "(g * 2).detach()",
            "g.t()",
            "g.expand_as(g)",
            "torch.is_grad_enabled() or g",
            "g.requires_grad and g",
            "g.sum().expand_as(g)",
        ]
    )
    w.add("op", f"{source}.register_hook(lambda g: {body})")


def seeded(w: Writer) -> None:
    """A pass that begins with a tensor that the scenario goes on holding, and who shares memory after it."""
    source = w.any_name()
    known = w.names[source]
    seed = w.bind("op", f"torch.ones_like({source})", Known(known.shape, known.dtype, False))
    if w.chance(3):
        seed = w.bind("op", f"{seed}.expand_as({seed})", w.names[seed])
    root = w.choose([source, f"({source} + 0)", f"({source} * 1)", f"{source}.clone()", f"{source}.view_as({source})"])
    w.add("backward", root, {"gradient": seed, "retain_graph": True})
    one, other = w.any_name(), w.any_name()
    w.add("print", f"{one}.grad.data_ptr() == {seed}.data_ptr()")
    w.add("print", f"{one}.grad.data_ptr() == {other}.grad.data_ptr()")
    w.add("print", f"{one}.grad is {other}.grad, {one}.grad._version, {seed}._version")
    w.add("print", seed)


def kept_root(w: Writer) -> None:
    """One root, walked twice, perhaps with an edit between."""
    source = w.any_name()
    other = w.name_of_shape(w.names[source].shape) or source
    root = w.bind(
        "op",
        w.choose(
            [
                f"({source} * {other}).sum()",
                f"({source} + {other}).sum()",
                f"({source}.exp() + {other}).mean()",
                f"({source}.detach() * {other}).sum()",
                f"{source}.sum() + {other}.prod()",
            ]
        ),
        Known(()),
    )
    options = w.choose([{}, {"retain_graph": True}, {"create_graph": True}])
    w.add("backward", root, options)
    if w.draw(st.booleans()):
        edit = w.choose(
            [f"{source}.data.mul_(2)", f"{other}.detach().add_(1)", f"{source}.mul_(2)", f"{other}.zero_()"]
        )
        w.add("inplace", edit)
    w.add("backward", root, w.choose([{}, {"retain_graph": True}]))
    w.add("print", [f"{source}.grad", f"{other}.grad"])


def some_outputs(w: Writer) -> None:
    """An op with several results, of which only some are used."""
    source = w.some_name(lambda known: bool(known.shape) and known.shape[0] > 1)
    if source is None:
        return
    known = w.names[source]
    shape, rest = known.shape, known.shape[1:]
    length = shape[0]
    integers = Known(rest, "int64", False)
    text, made = w.choose(
        [
            (f"{source}.max(0)", [Known(rest, known.dtype), integers]),
            (f"{source}.min(0)", [Known(rest, known.dtype), integers]),
            (f"{source}.sort(0)", [known, Known(shape, "int64", False)]),
            (f"{source}.topk(2, 0)", [Known((2, *rest), known.dtype), Known((2, *rest), "int64", False)]),
            (f"torch.aminmax({source})", [Known((), known.dtype)] * 2),
            (f"torch.var_mean({source})", [Known((), known.dtype)] * 2),
            (f"{source}.unbind()", [Known(rest, known.dtype)] * length),
            (f"{source}.split(1)", [Known((1, *rest), known.dtype)] * length),
            (f"{source}.median(0)", [Known(rest, known.dtype), integers]),
            (f"{source}.cummax(0)", [known, Known(shape, "int64", False)]),
            (f"torch.meshgrid({source}.reshape(-1), {source}.reshape(-1)[:2], indexing='ij')", [known] * 2),
        ]
    )
    names = w.unpack(text, list(made))
    used = w.choose(names)
    if w.draw(st.booleans()):
        w.add("op", f"{w.choose(names)}.retain_grad()")
    if w.draw(st.booleans()):
        w.add("op", f"{w.choose(names)}.register_hook(lambda g: g * 2)")
    w.add("print", [f"{name}.output_nr" for name in names])
    w.add("backward", w.choose([f"{used}.sum()", f"({used} * {used}).sum()", used]), {"retain_graph": True})
    w.add("print", [f"{source}.grad", f"{used}.grad"])


def grad_of_several(w: Writer) -> None:
    """``torch.autograd.grad`` with all of its arguments."""
    outputs = [w.any_name() for _ in range(w.choose([1, 2, 2, 3]))]
    inputs = [w.any_name() for _ in range(w.choose([1, 2, 3]))]
    if w.chance(3):
        inputs.append(inputs[0])
    roots = [w.choose([name, f"{name}.sum()", f"({name} * {name}).sum()", f"({name} + 0)"]) for name in outputs]
    text = f"torch.autograd.grad([{', '.join(roots)}], [{', '.join(inputs)}]"
    match w.choose(["none", "fitting", "fitting", "some", "fewer"]):
        case "fitting":
            seeds = [f"torch.ones_like({root})" for root in roots]
            text += f", [{', '.join(seeds)}]"
        case "some":
            seeds = [w.choose(["None", f"torch.ones_like({root})", w.any_name()]) for root in roots]
            text += f", grad_outputs=[{', '.join(seeds)}]"
        case "fewer":
            text += f", torch.ones_like({roots[0]})"
        case _:
            pass
    for option, values in (
        ("retain_graph", ("", "", "True", "False")),
        ("create_graph", ("", "", "", "True")),
        ("allow_unused", ("", "True", "True", "False")),
        ("materialize_grads", ("", "", "", "True")),
    ):
        value = w.choose(values)
        if value:
            text += f", {option}={value}"
    name = w.new_name()
    w.add("op", f"{name} = {text})")
    w.add("print", name)
    w.add("print", f"{name}[0] is {name}[-1], {name}[0].grad_fn, {name}[0]._version")
    w.add("print", f"{name}[0].grad_fn.next_functions")


def to_inputs(w: Writer) -> None:
    """A pass towards given tensors, leaves or not."""
    source = w.any_name()
    inputs: list[str] = [w.any_name() for _ in range(w.choose([1, 1, 2, 3]))]
    options: dict[str, object] = {"inputs": inputs if w.draw(st.booleans()) else inputs[0]}
    if w.draw(st.booleans()):
        options["retain_graph"] = True
    if w.chance(5):
        options["create_graph"] = True
    w.add("backward", w.choose([f"{source}.sum()", f"({source} * {source}).sum()", f"({source} ** 2).mean()"]), options)
    w.add("print", [f"{name}.grad" for name in dict.fromkeys(inputs)])


def grads(w: Writer) -> None:
    """What is done to a gradient that has been accumulated."""
    source, other = w.any_name(), w.any_name()
    same = w.name_of_shape(w.names[source].shape) or source
    if w.draw(st.booleans()):
        kept = w.new_name()
        w.add("op", f"{kept} = {source}.grad")
        w.add("backward", f"({source} * {same}).sum()", {"retain_graph": True})
        w.add("print", [f"{kept} is {source}.grad", kept, f"{source}.grad._version"])
        return
    w.add(
        "inplace",
        w.choose(
            [
                f"{source}.grad = {same}.grad",
                f"{source}.grad = {same}[...]",
                f"{source}.grad = {other}.expand_as({source})",
                f"{source}.grad = {same} * 2",
                f"{source}.grad = {same}.double()",
                f"{source}.grad = torch.ones_like({source}).t()",
                f"{source}.grad[0] = 5",
                f"{source}.grad.mul_({same})",
                f"{source}.grad.requires_grad_()",
                f"{source}.grad.data = {same}",
                f"{source}.grad.zero_()",
                f"{source}.grad = {source}.grad.clone()",
                f"{source}.grad = {source}.grad.detach()",
                f"{source}.grad += {source}",
            ]
        ),
    )
    w.add("backward", f"({source} * {same}).sum()", w.choose([{}, {"retain_graph": True}, {"create_graph": True}]))
    w.add("print", [f"{source}.grad", f"{source}.grad._version", f"{source}.grad.stride()"])


def higher(w: Writer) -> None:
    """Gradients of gradients of gradients, and the nodes that they have."""
    source, wanted = w.floating_name(), w.floating_name()
    root = w.choose(
        [
            f"({source} ** 3).sum()",
            f"({source} * {source} * {source}).sum()",
            f"{source}.exp().sum()",
            f"{source}.sin().sum()",
            f"{source}.sigmoid().sum()",
            f"{source}.tanh().mean()",
            f"(1 / {source}).sum()",
            f"({source} / ({source} * {source} + 1)).sum()",
            f"{source}.log1p().sum()",
            f"({source} * {source}).sqrt().sum()",
            f"{source}.softmax(0).pow(2).sum()",
            f"{source}.relu().pow(2).sum()",
            f"{source}.reshape(-1).pow(3)[:2].sum()",
            f"{source}.prod()",
            f"({source} @ {source}).sum()",
            f"{source}.std()",
            f"{source}.norm()",
            f"torch.where({source} > 0, {source} ** 2, {source}.exp()).sum()",
        ]
    )
    for _ in range(w.choose([2, 3])):
        (name,) = w.unpack(
            f"torch.autograd.grad({root}, [{wanted}], create_graph=True, allow_unused=True)", [w.names[wanted]]
        )
        w.add("print", name)
        w.add("print", f"{name}.grad_fn.next_functions")
        w.add("print", f"{name}.grad_fn.next_functions[0][0].next_functions")
        w.add("print", f"{name}.grad_fn.next_functions[1][0].next_functions")
        root = w.choose([f"{name}.sum()", f"({name} * {name}).sum()"])
    w.add("backward", root)
    w.add("print", f"{wanted}.grad")


def look_at_nodes(w: Writer) -> None:
    """Identities of nodes, and their edges."""
    one, other = w.any_name(), w.any_name()
    w.add(
        "print",
        w.choose(
            [
                f"{one}.grad_fn is {other}.grad_fn",
                f"{one}.grad_fn.next_functions[0][0] is {other}.grad_fn",
                f"{one}.grad_fn.next_functions[0][0] is {other}.grad_fn.next_functions[0][0]",
                f"{one}.grad_fn.next_functions[0][0].variable is {other}",
                f"{one}.grad_fn.next_functions[0][0].next_functions",
                f"{one}.grad_fn.next_functions[0][0].name()",
                f"{one}.grad.grad_fn.next_functions",
                f"{one}.grad_fn == {other}.grad_fn",
                f"{one}.grad is {other}.grad",
                f"{one}.grad.data_ptr() == {other}.data_ptr()",
                f"{one}.retains_grad, {other}.retains_grad",
                f"{one}._base is {other}._base",
                f"{one}._is_view(), {one}.is_leaf, {one}.requires_grad, {one}.output_nr",
                f"{one}.grad_fn",
            ]
        ),
    )


def behind(w: Writer) -> None:
    """An edit of a tensor in a way that autograd may not see."""
    target = w.any_name()
    same = w.name_of_shape(w.names[target].shape) or target
    number = w.number()
    w.add(
        "inplace",
        w.choose(
            [
                f"{target}.data.mul_({number})",
                f"{target}.data.copy_({same})",
                f"{target}.detach().mul_({number})",
                f"{target}.detach().copy_({same})",
                f"{target}.detach().view(-1)[0] = {number}",
                f"{target}.data[...] = {number}",
                f"{target}.detach()[...] = {same}",
                f"{target}.data += {number}",
            ]
        ),
    )
