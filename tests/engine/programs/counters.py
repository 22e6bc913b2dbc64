"""The version counter, and who shares it or memory."""

COUNTERS: dict[str, str] = {
    # The version counter
    "every in-place op adds one": """
        h = x * 1
        h.add_(1)
        h.mul_(2)
        h += 1
        h -= 1
        h *= 2
        h /= 2
        h **= 2
        h.zero_()
        h.fill_(3)
        h.copy_(h)
        h.clamp_(0, 1)
        h.relu_()
        h.exp_()
        h.add_(0)
        show(h._version)
    """,
    "an assignment to an item adds one whatever the index": """
        h = x * 1
        h[0] = 1.
        h[0:2] = 2.
        h[h > 100] = 0.
        h[torch.tensor([0, 1])] = 5.
        h[3:] = 1.
        h[...] = 7.
        show(h._version)
    """,
    "an augmented assignment to an item adds two": """
        h = x * 1
        h[0] += 1
        show(h._version)
        h[:2] *= 2
        show(h._version)
        h.mul_(2).add_(1)
        show(h._version)
    """,
    "no_grad and inference_mode count too": """
        h = x * 1
        with torch.no_grad():
            h.add_(1)
        with torch.inference_mode():
            h.add_(1)
        show(h._version)
    """,
    "flags and .data do not count": """
        h = x.detach().clone()
        h.requires_grad_()
        h.requires_grad = False
        h.data.add_(1)
        h.data[0] = 5.
        h.detach_()
        show(h._version, h)
    """,
    "a failed edit does not count": """
        ! x.add_(1)
        ! x[0] = 1.
        h = x * 1
        ! h.add_(torch.ones(2, 3))
        show(x._version, h._version)
    """,
    "the version of grad tells how it was made": """
        x.sum().backward()
        show(x.grad._version)
        x.grad = None
        (x + 0).sum().backward()
        show(x.grad._version)
        x.grad = None
        (x * 2).sum().backward()
        show(x.grad._version)
        x.grad = None
        (x * x).sum().backward()
        show(x.grad._version)
        x.grad = None
        (x * x * x).sum().backward()
        show(x.grad._version)
        (x * x).sum().backward()
        show(x.grad._version)
    """,
    "restoring the value does not help": """
        y = x.exp()
        y.add_(1)
        y.sub_(1)
        ! y.sum().backward()
    """,
    # Who shares a counter or memory
    "views and detach share one counter": """
        h = x * 1
        v = h[:2]
        w = v[0]
        d = h.detach()
        e = d[1:]
        e.add_(1)
        show(h._version, v._version, w._version, d._version, e._version, h)
    """,
    "data has a counter of its own each time": """
        h = x * 1
        a = h.data
        b = h.data
        a.add_(1)
        show(h._version, a._version, b._version, a[:2]._version, h, b)
    """,
    "assigning data keeps the counter and leaves views behind": """
        h = torch.tensor([1., 2.])
        h.add_(1)
        v = h[:1]
        u = torch.tensor([7., 8.])
        h.data = u
        show(h._version, h, v)
        h.add_(1)
        show(u, v, h._version, v._version)
    """,
    "a detached tensor is no view": """
        h = x * 1
        d = h[:2].detach()
        show(d._is_view(), d._base, d.is_leaf, d.requires_grad, d.grad_fn)
        d.detach_()
        show(d)
    """,
    "what returns the very same tensor": """
        h = x * 1
        show(h.contiguous() is h, h.float() is h, h.to(torch.float32) is h, h.expand(3) is h, h.view(3) is h)
        show(h.reshape(3) is h, h.flatten() is h, h.detach() is h, h.data is h, +h is h, h[:] is h)
    """,
}
