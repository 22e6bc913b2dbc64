"""Steps that take views, pieces and elements."""

from tests.fuzz.writer import Known, Shape, Writer, size


def view(w: Writer) -> None:
    """A view, or what may be one."""
    source = w.any_name()
    shape = w.names[source].shape
    count = size(shape)
    options: list[tuple[str, Shape]] = [
        (".unsqueeze(0)", (1, *shape)),
        (".view(-1)", (count,)),
        ("[None]", (1, *shape)),
        ("[...]", shape),
        (".flatten()", (count,)),
        (".squeeze()", tuple(length for length in shape if length != 1)),
        (".view_as(" + source + ")", shape),
        (".unsqueeze(-1)", (*shape, 1)),
        (".contiguous()", shape),
        (".positive()", shape),
        (".ravel()", (count,)),
    ]
    if shape:
        options += [
            ("[0]", shape[1:]),
            ("[-1]", shape[1:]),
            ("[:]", shape),
            (".reshape(-1)", (count,)),
            (f".expand(2, {', '.join(['-1'] * len(shape))})", (2, *shape)),
            (".squeeze(0)", shape[1:] if shape[0] == 1 else shape),
            (".squeeze(-1)", shape[:-1] if shape[-1] == 1 else shape),
            (".select(0, 0)", shape[1:]),
            (".narrow(0, 0, 1)", (1, *shape[1:])),
            (".as_strided((2,), (1,))", (2,)),
            ("[..., 0]", shape[:-1]),
            ("[0, ...]", shape[1:]),
            (".expand_as(t1)", shape),
            (".reshape(1, -1)", (1, count)),
            (".reshape(-1, 1)", (count, 1)),
            ("[..., None]", (*shape, 1)),
        ]
        if shape[0] > 1:
            options += [
                ("[1:]", (shape[0] - 1, *shape[1:])),
                ("[:2]", (min(2, shape[0]), *shape[1:])),
                ("[::2]", ((shape[0] + 1) // 2, *shape[1:])),
                ("[-1:]", (1, *shape[1:])),
            ]
        if len(shape) == 1 and shape[0] > 2:
            options += [
                (".unfold(0, 2, 1)", (shape[0] - 1, 2)),
                (".as_strided((2, 2), (1, 1))", (2, 2)),
                (".as_strided((2,), (1,), 1)", (2,)),
            ]
    if len(shape) >= 2:
        options += [
            (".T", shape[::-1]),
            ("[:, 0]", (shape[0], *shape[2:])),
            (".transpose(0, 1)", (shape[1], shape[0], *shape[2:])),
            (".mT", (*shape[:-2], shape[-1], shape[-2])),
            (".transpose(0, 1).reshape(-1)", (count,)),
            (".movedim(0, -1)", (*shape[1:], shape[0])),
            (".swapaxes(0, 1)", (shape[1], shape[0], *shape[2:])),
            (".flatten(0, 1)", (shape[0] * shape[1], *shape[2:])),
        ]
        if shape[1] > 1:
            options.append(("[:, 1:]", (shape[0], shape[1] - 1, *shape[2:])))
        if len(shape) == 2:
            options += [
                (".t()", shape[::-1]),
                (".permute(1, 0)", shape[::-1]),
                (".diagonal()", (min(shape),)),
                ("[:, None]", (shape[0], 1, shape[1])),
                (".t().view(-1)", (count,)),
                (".view(-1, 1)", (count, 1)),
                ("[:, :1]", (shape[0], 1)),
                ("[0, 0]", ()),
                ("[0, :1]", (1,)),
                ("[:, ::2]", (shape[0], (shape[1] + 1) // 2)),
            ]
    suffix, made = w.choose(options)
    if 0 in made or len(made) > 3 or size(made) > 24:
        return
    known = w.names[source]
    w.bind("op", source + suffix, Known(made, known.dtype, known.differentiable))


def pieces(w: Writer) -> None:
    """Several views at once."""
    source = w.some_name(lambda known: bool(known.shape) and known.shape[0] in (2, 3))
    if source is None:
        return
    known = w.names[source]
    length, rest = known.shape[0], known.shape[1:]
    whole = [Known(rest, known.dtype, known.differentiable)] * length
    rows = [Known((1, *rest), known.dtype, known.differentiable)] * length
    text, parts = w.choose(
        [
            (f"{source}.unbind(0)", whole),
            (source, whole),
            (f"{source}.split(1)", rows),
            (f"{source}.chunk({length})", rows),
            (f"torch.unbind({source})", whole),
            (
                f"{source}.split([1, {length - 1}])",
                [rows[0], Known((length - 1, *rest), known.dtype, known.differentiable)],
            ),
            (f"{source}.tensor_split({length})", rows),
        ]
    )
    w.unpack(text, parts)


def index(w: Writer) -> None:
    """Indexing by tensors, which copies."""
    source = w.some_name(lambda known: bool(known.shape) and known.shape[0] > 1)
    if source is None:
        return
    known = w.names[source]
    shape, rest = known.shape, known.shape[1:]
    mask = w.some_name(lambda other: other.dtype == "bool" and other.shape == shape) or f"{source} > 0"
    options: list[tuple[str, Shape]] = [
        (f"{source}[[0, 1]]", (2, *rest)),
        (f"{source}[[1, 0, 1]]", (3, *rest)),
        (f"{source}[torch.tensor([0, -1])]", (2, *rest)),
        (f"{source}[{mask}]", (1,)),
        (f"{source}.index_select(0, torch.tensor([1, 0]))", (2, *rest)),
        (f"{source}.masked_select({mask})", (1,)),
        (f"{source}[torch.tensor(1)]", rest),
        (f"{source}.gather(0, torch.zeros({', '.join(map(str, shape))}, dtype=torch.int64))", shape),
        (f"{source}.take_along_dim(torch.zeros({', '.join(map(str, (1, *rest)))}, dtype=torch.long), 0)", (1, *rest)),
        (f"{source}[[True] + [False] * {shape[0] - 1}]", (1, *rest)),
        (f"{source}[[]]", (0, *rest)),
        (f"{source}.take(torch.tensor([0, 1]))", (2,)),
    ]
    if len(shape) > 1:
        options += [
            (f"{source}[[0, 1], [0, 0]]", (2, *shape[2:])),
            (f"{source}[:, [0, 0]]", (shape[0], 2, *shape[2:])),
            (f"{source}[0, [0, 0]]", (2, *shape[2:])),
            (f"{source}[1:, [0]]", (shape[0] - 1, 1, *shape[2:])),
            (f"{source}[..., [0, 0]]", (*shape[:-1], 2)),
            (f"{source}[[0, 1], None]", (2, 1, *rest)),
        ]
    text, made = w.choose(options)
    if 0 not in made and size(made) <= 24:
        w.bind("op", text, Known(made, known.dtype, known.differentiable))
