"""Steps around backward passes: hooks, roots, gradients of gradients, and looks at tensors."""

from hypothesis import strategies as st

from tests.fuzz.writer import Writer


def hook(w: Writer) -> None:
    """A hook, kept or not, that replaces, edits or only sees the gradient."""
    body = w.choose(
        [
            "g * 2",
            "g + 1",
            "-g",
            "g.clone()",
            "g.mul_(2)",
            "None",
            "g.zero_()",
            "g.detach()",
            "g[...]",
            "g.sum()",
            "t1.mul_(2)",
            "g.double()",
            "1",
        ]
    )
    source = w.any_name()
    text = f"{source}.register_hook(lambda g: {body})"
    if w.chance(4):
        body = w.choose(["p.grad.mul_(2)", "p.grad.zero_()", "p.detach().add_(1)", "p.grad.clone()", "None"])
        text = f"{source}.register_post_accumulate_grad_hook(lambda p: {body})"
    if w.chance(3):
        handle = f"h{len(w.handles)}"
        w.handles.append(handle)
        text = f"{handle} = {text}"
    w.add("op", text)


def remove(w: Writer) -> None:
    """A hook is taken away."""
    if w.handles:
        w.add("op", f"{w.choose(w.handles)}.remove()")


def retain(w: Writer) -> None:
    """A non-leaf is to keep its gradient."""
    w.add("op", f"{w.any_name()}.retain_grad()")


def backward(w: Writer) -> None:
    """A backward pass from one root."""
    source = w.any_name()
    root = w.choose([f"{source}.sum()", f"({source} * {source}).sum()", source, f"{source}.mean()"])
    options: dict[str, object] = {}
    if w.draw(st.booleans()):
        options["retain_graph"] = True
    if w.chance(6):
        options["inputs"] = w.choose([w.any_name(), [w.any_name(), w.any_name()]])
    if w.chance(8):
        options["create_graph"] = True
    if root == source and w.draw(st.booleans()):
        known = w.names[source]
        options["gradient"] = w.choose(
            [w.data(known.shape), w.name_of_shape(known.shape) or source, f"torch.ones_like({source})", w.any_name()]
        )
    w.add("backward", root, options)


def backward_several(w: Writer) -> None:
    """A backward pass from several roots."""
    sources = [w.any_name() for _ in range(w.choose([2, 2, 3]))]
    options: dict[str, object] = {}
    if w.draw(st.booleans()):
        roots = [f"{source}.sum()" for source in sources]
    else:
        roots = sources
        options["gradient"] = [w.choose([f"torch.ones_like({source})", source]) for source in sources]
    if w.draw(st.booleans()):
        options["retain_graph"] = True
    w.add("backward", roots, options)


def grad(w: Writer) -> None:
    """``torch.autograd.grad`` of one or several inputs."""
    source = w.any_name()
    wanted = [w.any_name() for _ in range(w.choose([1, 1, 2]))]
    options = w.choose(
        [
            "",
            ", retain_graph=True",
            ", create_graph=True",
            ", allow_unused=True",
            ", allow_unused=True, retain_graph=True",
            ", materialize_grads=True",
            ", create_graph=True, allow_unused=True",
            ", retain_graph=True, materialize_grads=True",
        ]
    )
    root = w.choose([f"{source}.sum()", f"({source} * {source}).sum()", source])
    if root == source and w.draw(st.booleans()):
        options = f", torch.ones_like({source})" + options
    names = w.unpack(f"torch.autograd.grad({root}, [{', '.join(wanted)}]{options})", [w.names[name] for name in wanted])
    w.add("print", names)


def second_order(w: Writer) -> None:
    """A gradient of a gradient."""
    source = w.floating_name()
    wanted = w.floating_name()
    root = w.choose(
        [
            f"({source} ** 2).sum()",
            f"({source} * {source} * {source}).sum()",
            f"{source}.sum()",
            f"{source}.exp().sum()",
        ]
    )
    (name,) = w.unpack(
        f"torch.autograd.grad({root}, [{wanted}], create_graph=True, allow_unused=True)", [w.names[wanted]]
    )
    w.add("print", [f"{name}", f"{name}.grad_fn.next_functions"])
    if w.draw(st.booleans()):
        w.add("backward", f"{name}.sum()")


def show(w: Writer) -> None:
    """A look at a tensor."""
    name = w.any_name()
    other = w.any_name()
    what = w.choose(
        [
            name,
            name,
            f"{name}.grad",
            f"{name}._version",
            f"{name}.requires_grad",
            f"{name}.is_leaf",
            f"{name}.grad_fn",
            f"{name}.stride()",
            f"{name}._is_view()",
            f"{name}.shape",
            f"{name}.dtype",
            f"{name}.output_nr",
            f"{name}.retains_grad",
            f"{name}._base is {other}",
            f"{name} is {other}",
            f"{name}.data_ptr() == {other}.data_ptr()",
            f"{name}.storage_offset()",
            f"{name}.is_contiguous()",
            f"{name}.grad_fn.next_functions",
            f"{name}.grad_fn.name()",
            f"{name}.tolist()",
            f"{name}._base",
            f"{name}.item()",
            f"{name}.grad._version",
            f"{name}.numel()",
            f"{name}.size()",
            f"{name}.ndim",
            f"{name}.grad.grad_fn",
            f"torch.is_grad_enabled(), {name}.requires_grad",
            f"{name}.T.shape",
            f"float({name})",
            f"{name}.is_inference()",
            f"{name}.grad is {other}",
            f"{name}.grad_fn.next_functions[0][0]",
            f"len({name})",
            f"bool({name})",
            f"{name}.detach()",
            f"{name} + 1",
            f"{name} > 0",
            f"{name}[0]",
            f"{name}.grad.requires_grad",
            f"{name}.grad.stride()",
        ]
    )
    w.add("print", what)
