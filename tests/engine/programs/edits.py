"""Editing in place, directly and through views."""

EDITS: dict[str, str] = {
    # In-place and views
    "an in-place op takes the old node as its first edge": """
        h = x * 2
        h.mul_(3)
        show(h.grad_fn, h.grad_fn.next_functions[0][0])
        h.zero_()
        show(h.grad_fn)
        h.fill_(1.)
        show(h.grad_fn)
        h.copy_(x)
        show(h.grad_fn, h.grad_fn.next_functions)
    """,
    "an in-place op on a view rebuilds base and view": """
        h = x * 2
        v = h[:2]
        v.mul_(10)
        show(h, v, h.grad_fn.next_functions, v.grad_fn.next_functions, h._version, v._version)
        h.sum().backward()
        show(x.grad)
    """,
    "an edit of the base rebuilds its views when they are read": """
        h = x * 2
        v = h[:2]
        t = h.view(3, 1)
        h.mul_(3)
        show(v, t.grad_fn)
        v.sum().backward()
        show(x.grad)
    """,
    "an edit through detach rebuilds views too": """
        h = x * 2
        v = h[1:]
        h.detach().add_(1)
        show(v.grad_fn, v.grad_fn.next_functions[0][0], h.grad_fn)
    """,
    "a stale view in an error is output 0 of AsStrided": """
        h = x * 2
        v = h[1:]
        y = v * v
        h.add_(1)
        ! y.sum().backward()
    """,
    "which node an assignment makes": """
        h = x * 1
        h[0] = 5.
        show(h.grad_fn, h.grad_fn.next_functions)
        h[:] = 1.
        show(h.grad_fn)
        h[...] = x
        show(h.grad_fn)
        h[h > 0] = 2.
        show(h.grad_fn)
        h[0] += 1
        show(h.grad_fn, h.grad_fn.next_functions)
    """,
    "an assignment to an item of a leaf": """
        ! x[0] = 1.
        ! x[:] = 1.
        ! x[0:2] = 1.
    """,
    "which nodes indexing makes": """
        m = torch.tensor([[1., 2., 3.], [4., 5., 6.]], requires_grad=True)
        show(m[:, 1].grad_fn, m[:, 1].grad_fn.next_functions, m[:, 1:].grad_fn.next_functions)
        show(m[1:, 1:].grad_fn.next_functions, m[0, 1].grad_fn.next_functions, m[...].grad_fn, m[:].grad_fn)
        show(m[None].grad_fn, m[torch.tensor(0)].grad_fn, m[[0, 1]].grad_fn, m[m > 2].grad_fn)
    """,
    "editing an input that an in-place op saved as a copy": """
        h = x * 1
        h.sin_()
        h.pow_(2)
        h.mul_(torch.tensor([1., 2., 3.]))
        h.sum().backward()
        show(x.grad)
    """,
    "multiplying by itself in place": """
        h = x * 1
        h.mul_(h)
        ! h.sum().backward()
    """,
    "dividing by itself in place": """
        h = x * 1
        h.div_(h)
        ! h.sum().backward()
    """,
    "adding itself in place": """
        h = x * 1
        h.add_(h)
        h.sum().backward()
        show(x.grad)
    """,
    "an op that saves its output in place": """
        h = x * 1
        h.exp_()
        show(h._version)
        h.add_(1)
        ! h.sum().backward()
    """,
    "only one operand of a product is saved": """
        w = torch.tensor([2., 2., 2.])
        y = x * w
        x.data.add_(1)
        with torch.no_grad():
            x.add_(1)
        y.sum().backward()
        show(x.grad)
        z = x * w
        w.add_(1)
        ! z.sum().backward()
    """,
    "a number in a product is saved": """
        y = (x * 2).sum()
        y.backward()
        ! y.backward()
        z = (x + 2).sum()
        z.backward()
        z.backward()
        show(x.grad)
    """,
    "only nodes that run check versions": """
        a = torch.tensor([1.], requires_grad=True)
        e = x.exp()
        y = (a * 2 + e.sum())
        e.detach().zero_()
        g, = torch.autograd.grad(y, [a])
        show(g)
    """,
    "several views from one op cannot be edited": """
        h = x * 1
        a, b, c = h.unbind()
        show(a.grad_fn, b.grad_fn.next_functions, a._base is h)
        ! a.mul_(2)
        h.mul_(2)
        ! show(b.grad_fn)
    """,
    "a buffer that is written item by item": """
        out = torch.zeros(3)
        out[0] = x[0] * 2
        out[1] = x[1] * out[0]
        ! out.sum().backward()
    """,
    "an edit of a part that nobody saved": """
        h = x * 1
        y = h[0] * 2
        h[2] = 9.
        y.backward()
        show(x.grad)
    """,
    "an edit of a part whose neighbour was saved": """
        h = x * 1
        y = h[0].exp()
        z = h[0] * h[1]
        h[2] = 9.
        y.backward()
        ! z.backward()
    """,
    "a permuted view that was edited": """
        m = torch.tensor([[1., 2., 3.], [4., 5., 6.]], requires_grad=True)
        h = m * 1
        t = h.t()
        t[0].mul_(10)
        show(h, t.grad_fn)
        (h * h).sum().backward()
        show(m.grad)
    """,
    "an edit of a view of a view": """
        h = x * 1
        v = h[1:]
        w = v[1:]
        w.mul_(5)
        show(h, v, w)
        v.mul_(2)
        show(h, v, w)
        h.sum().backward()
        show(x.grad)
    """,
    "an expanded tensor cannot be edited": """
        e = torch.ones(1).expand(3)
        ! e.add_(1)
        h = (x[:1] * 1).expand(3)
        ! h.mul_(2)
    """,
    "overlapping memory cannot be copied": """
        h = x * 1
        ! h[1:].copy_(h[:2])
        ! h[:2].add_(h[1:])
        show(h._version)
    """,
}
