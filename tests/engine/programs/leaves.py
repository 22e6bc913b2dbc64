"""What detaching does, and what is a leaf or requires grad."""

LEAVES: dict[str, str] = {
    # detach
    "a detached leaf has a gradient of its own": """
        d = x.detach().requires_grad_(True)
        (d * 2).sum().backward()
        show(d.grad, x.grad)
    """,
    "zeroing a detached output of sigmoid is noticed": """
        out = x.sigmoid()
        c = out.detach()
        c.zero_()
        show(out, out._version)
        ! out.sum().backward()
        show(x.grad)
    """,
    "zeroing data of an output is not noticed": """
        out = x.sigmoid()
        c = out.data
        c.zero_()
        out.sum().backward()
        show(x.grad)
    """,
    "an edit of what nobody saved is harmless": """
        out = x + 1
        out.detach().zero_()
        out.sum().backward()
        show(x.grad)
    """,
    "adding a tensor that requires grad to a detached alias": """
        h = x * 2
        d = h.detach()
        d.add_(x)
        show(d, h, h._version, h.grad_fn)
        d.sum().backward()
        show(x.grad)
    """,
    "detach_ drops the node but not what was built on it": """
        h = x * 2
        y = h + 1
        h.detach_()
        show(h, h.is_leaf, h._version, h.requires_grad)
        y.sum().backward()
        show(x.grad)
    """,
    "a saved input that was detached in place": """
        h = x * 2
        y = h * h
        h.detach_()
        ! y.sum().backward()
    """,
    "a saved output that was detached in place": """
        y = x.exp()
        z = y.sum()
        y.detach_()
        z.backward()
        show(x.grad, y)
    """,
    "a view cannot be detached in place": """
        v = torch.ones(3)[:2]
        ! v.detach_()
    """,
    "a view taken before its base was detached in place": """
        h = x * 1
        v = h[:2]
        h.detach_()
        show(v.grad_fn, v.requires_grad)
        v.sum().backward()
        show(x.grad)
    """,
    "retain_grad, then detach_, then a fresh leaf": """
        y = x * 2
        y.retain_grad()
        y.detach_()
        y.requires_grad_()
        (y * 3).sum().backward()
        show(y.grad, x.grad)
    """,
    "a leaf that stopped to require grad": """
        y = (x * 2).sum()
        x.requires_grad_(False)
        y.backward()
        show(x.grad)
    """,
    # requires_grad, is_leaf
    "what is a leaf": """
        with torch.no_grad():
            n = x * 2
        show(x.is_leaf, n.is_leaf, (x > 1).is_leaf, x.argmax().is_leaf, x.float().is_leaf, x.double().is_leaf)
        show(x.clone().is_leaf, x[:2].is_leaf, x.sign().requires_grad, x.detach().is_leaf)
    """,
    "a view made in no_grad requires grad without an edge": """
        with torch.no_grad():
            v = x[:2]
        show(v, v.requires_grad, v.is_leaf, v.grad_fn, v._is_view())
        y = v * 2
        show(y.grad_fn.next_functions)
        y.sum().backward()
        show(v.grad, x.grad)
    """,
    "editing a view that was made in no_grad": """
        h = x * 1
        with torch.no_grad():
            v = h[:2]
        ! v.mul_(2)
        show(h._version)
    """,
    "an edit with a tensor that requires grad": """
        t = torch.zeros(3)
        t[1] = x[0]
        show(t, t.grad_fn.next_functions[0])
        t.sum().backward()
        show(x.grad)
    """,
    "an edit in no_grad changes values only": """
        t = torch.zeros(3)
        with torch.no_grad():
            t.add_(x)
        show(t, t.requires_grad, t._version)
    """,
    "augmented assignment edits, plain assignment binds": """
        y = x * 1
        z = y
        y += 1
        show(y is z, z)
        y = y + 1
        show(y is z, z)
    """,
    "requires_grad of a non-leaf": """
        h = x * 1
        h.requires_grad_(True)
        ! h.requires_grad = True
        ! h.requires_grad = False
        ! h.requires_grad_(False)
        i = torch.tensor([1, 2])
        ! i.requires_grad_()
    """,
    "a view of a tensor that does not require grad may start to": """
        b = torch.ones(3)
        v = b[:2]
        v.requires_grad_()
        ! v.mul_(2)
        b.mul_(3)
        show(v, b)
    """,
    "the base is always the root": """
        h = x * 1
        v = h[:2]
        w = v.view(2, 1)
        show(w._base is h, v._base is h, h._base)
    """,
}
