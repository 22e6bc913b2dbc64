"""Steps that make tensors, and other names for what there is."""

from hypothesis import strategies as st

from tests.fuzz.writer import FLOATING, Known, Writer


def leaf(w: Writer) -> None:
    """A tensor of given elements."""
    shape = w.choose([(3,), (2, 3), (2, 2), (), (1, 3), (3, 1), (2, 1, 2)])
    dtype = w.choose(w.dtypes)
    options: dict[str, object] = {}
    inferred = {"float32": True, "int64": bool(shape), "bool": True}.get(dtype, False)
    if not inferred or w.chance(8):
        options["dtype"] = dtype
    requires = dtype in FLOATING and w.draw(st.booleans())
    if requires:
        options["requires_grad"] = True
    name = w.new_name()
    w.add("tensor", f"{name} = {w.data(shape, dtype)}", options)
    w.names[name] = Known(shape, dtype, requires)


def creation(w: Writer) -> None:
    """A tensor of a shape."""
    text, shape = w.choose(
        [
            ("zeros(2, 3)", (2, 3)),
            ("torch.ones(3)", (3,)),
            ("torch.arange(6.).reshape(2, 3)", (2, 3)),
            ("torch.full((2, 2), 1.5)", (2, 2)),
            ("torch.eye(2)", (2, 2)),
            ("torch.linspace(0, 1, 3)", (3,)),
            ("torch.ones(())", ()),
            ("torch.ones(3, 1)", (3, 1)),
            ("torch.arange(3)", (3,)),
            ("torch.arange(1, 4)", (3,)),
            ("torch.zeros(0)", (0,)),
            ("torch.tensor([])", (0,)),
        ]
    )
    options = {"requires_grad": True} if w.draw(st.booleans()) else {}
    if w.chance(6):
        options["dtype"] = w.choose(w.dtypes)  # type: ignore[assignment]
    dtype = "int64" if text in ("torch.arange(3)", "torch.arange(1, 4)") else "float32"
    w.bind("tensor", text, Known(shape, dtype, bool(options)), options)


def random_creation(w: Writer) -> None:
    """A tensor of random numbers, which needs a seed."""
    w.seed = w.seed if w.seed is not None else w.draw(st.integers(0, 99))
    text, shape = w.choose(
        [("randn(2, 3)", (2, 3)), ("torch.rand(3)", (3,)), ("randn(2, 2)", (2, 2)), ("torch.randn(4, 5)", (4, 5))]
    )
    w.bind("tensor", text, Known(shape), {"requires_grad": True})


def detach(w: Writer) -> None:
    """A detached alias."""
    source = w.any_name()
    known = w.names[source]
    w.bind("detach", source, Known(known.shape, known.dtype, False))


def data_alias(w: Writer) -> None:
    """An alias with a counter of its own."""
    source = w.any_name()
    known = w.names[source]
    w.bind("op", f"{source}.data", Known(known.shape, known.dtype, False))


def rename(w: Writer) -> None:
    """Another name for the same tensor, or an expression that holds a detached one."""
    source = w.any_name()
    known = w.names[source]
    text = w.choose(
        [source, source, f"{source}.detach().clone()", f"{source}.detach() * 1", f"{source}.clone().detach()[...]"]
    )
    w.bind("op", text, known)


def delete(w: Writer) -> None:
    """A name is forgotten, and with it perhaps a tensor."""
    if len(w.names) > 3:
        name = w.choose([name for name in w.names if name != "t1"])
        del w.names[name]
        w.add("del", name)
