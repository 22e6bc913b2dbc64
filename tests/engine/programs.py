"""Programs about what PyTorch's autograd does, each named after one fact; ``data/programs.json`` holds what they print.

They are PyTorch code. ``show(a, b)`` prints expressions with their values; a line that begins with ``!`` must raise,
and its error is printed. ``x`` is ``torch.tensor([1., 2., 3.], requires_grad=True)`` everywhere.
"""

PROGRAMS: dict[str, str] = {
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
    # .grad
    "the first gradient is nobody else's": """
        g = torch.tensor([1., 2., 3.])
        x.backward(gradient=g)
        g.mul_(5)
        show(x.grad, x.grad is g)
    """,
    "an expanded gradient is made whole for a leaf": """
        x.sum().backward()
        show(x.grad.stride(), x.grad.is_contiguous())
    """,
    "a hook may not edit an expanded gradient": """
        h = x * 1
        h.register_hook(lambda grad: grad.mul_(3))
        ! h.sum().backward()
    """,
    "later gradients are added in place": """
        (x * 2).sum().backward()
        g = x.grad
        (x * 2).sum().backward()
        show(x.grad is g, g, g._version)
    """,
    "with create_graph gradients are added out of place": """
        y = (x ** 2).sum()
        y.backward(create_graph=True)
        show(x.grad)
        g = x.grad
        z = (x ** 2).sum()
        z.backward(create_graph=True)
        show(x.grad is g, x.grad, g)
    """,
    "retain_grad adds out of place": """
        y = x * 2
        y.retain_grad()
        z = (y * 3).sum()
        z.backward(retain_graph=True)
        g = y.grad
        z.backward()
        show(y.grad is g, y.grad, g, x.grad)
    """,
    "torch.autograd.grad leaves grad alone but runs hooks": """
        y = x * 2
        y.retain_grad()
        x.register_hook(lambda grad: grad * 10)
        g, = torch.autograd.grad((y * 3).sum(), [x])
        show(g, x.grad, y.grad)
    """,
    "a gradient of another type is cast": """
        h = x * 1
        h.backward(gradient=torch.tensor([1, 2, 3]))
        show(x.grad)
    """,
    "gradients of broadcast inputs are summed": """
        a = torch.tensor([[1.], [2.]], requires_grad=True)
        b = torch.tensor(3., requires_grad=True, dtype=torch.float64)
        (a * x * b).sum().backward()
        show(a.grad, b.grad, x.grad)
    """,
    "a failed backward leaves what was done by then": """
        a = torch.tensor([1.], requires_grad=True)
        b = torch.tensor([2.], requires_grad=True)
        e = b.exp()
        y = a + e
        e.detach().zero_()
        ! y.backward()
        show(a.grad, b.grad)
    """,
    "a second backward stops at the first freed node": """
        a = torch.tensor([1.], requires_grad=True)
        b = torch.tensor([2.], requires_grad=True)
        y = a + b * b
        y.backward()
        ! y.backward()
        show(a.grad, b.grad)
    """,
    "retrying after an error meets the freed nodes first": """
        h = x * 1
        s = h.sigmoid()
        y = (s * 2).sum()
        s.detach().zero_()
        ! y.backward()
        ! y.backward()
    """,
    "retrying a node that failed gives the same error": """
        s = x.sigmoid()
        s.detach().zero_()
        ! s.sum().backward()
        ! s.sum().backward()
    """,
    # Hooks
    "hooks run in order and retain_grad sees their result": """
        h = x * 1
        h.retain_grad()
        h.register_hook(lambda grad: grad * 2)
        h.register_hook(lambda grad: grad + 1)
        h.sum().backward()
        show(h.grad, x.grad)
    """,
    "a hook of a leaf sees the whole gradient once": """
        x.register_hook(lambda grad: grad * 10)
        (x * 2 + x * 3).sum().backward()
        show(x.grad)
    """,
    "a hook stays with the node it was registered on": """
        y = x * 1
        y.register_hook(lambda grad: grad * 100)
        y.mul_(3)
        y.retain_grad()
        y.sum().backward()
        show(y.grad, x.grad)
    """,
    "retain_grad moves on with an edit": """
        y = x * 1
        y.retain_grad()
        y.mul_(3)
        y[0] = 0.
        y.sum().backward()
        show(y.grad, x.grad)
    """,
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
    # The graph
    "one edge for each tensor argument": """
        show((x * 2).grad_fn.next_functions, x.sum().grad_fn.next_functions, (x + x).grad_fn.next_functions)
        a, b, c = x.unbind()
        show((b * c).grad_fn.next_functions)
        show(x.view(3).grad_fn.name(), (x * 1).grad_fn.next_functions[0][0].name())
        y = x * 1
        z = x * 2
        show(y.grad_fn.next_functions[0][0] is z.grad_fn.next_functions[0][0])
    """,
    "what create_graph records": """
        g, = torch.autograd.grad((x * 2).sum(), [x], create_graph=True)
        show(g.requires_grad)
        g, = torch.autograd.grad((x * x).sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad(x.exp().sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad(x.sin().sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad((x ** 3).sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad((1 / x).sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad(x.log().sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad(x.sqrt().sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad(x.abs().sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad(x.sigmoid().sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad(x.tanh().sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad(x.relu().sum(), [x], create_graph=True)
        show(g.grad_fn)
        g, = torch.autograd.grad((x / 2).mean(), [x], create_graph=True)
        show(g.requires_grad)
    """,
    "a linear op twice": """
        g, = torch.autograd.grad((x * 2).sum(), [x], create_graph=True)
        ! g.sum().backward()
    """,
    "a gradient of a gradient": """
        y = (x ** 3).sum()
        g, = torch.autograd.grad(y, [x], create_graph=True)
        h, = torch.autograd.grad(g.sum(), [x], create_graph=True)
        k, = torch.autograd.grad(h.sum(), [x])
        show(g, h, k)
    """,
    "backward inside no_grad": """
        y = (x * 2).sum()
        with torch.no_grad():
            y.backward()
        show(x.grad)
    """,
    "gradients at ties and edges": """
        t = torch.tensor([0., 1., -1.], requires_grad=True)
        g, = torch.autograd.grad(t.relu().sum(), [t])
        show(g)
        g, = torch.autograd.grad(t.abs().sum(), [t])
        show(g)
        g, = torch.autograd.grad(t.clamp(-1, 1).sum(), [t])
        show(g)
        g, = torch.autograd.grad(t.sqrt().sum(), [t])
        show(g)
        g, = torch.autograd.grad((t ** 0).sum(), [t])
        show(g)
        g, = torch.autograd.grad((t ** 0.5).sum(), [t])
        show(g)
        g, = torch.autograd.grad((t / t).sum(), [t])
        show(g)
        g, = torch.autograd.grad(t.prod(), [t])
        show(g)
        g, = torch.autograd.grad(torch.where(t > 0, t.log(), t).sum(), [t])
        show(g)
        m = torch.tensor([2., 2., 1.], requires_grad=True)
        g, = torch.autograd.grad(m.max(), [m])
        show(g)
        g, = torch.autograd.grad(m.max(0)[0], [m])
        show(g)
    """,
    "leaves that are ready together are served in the order of PyTorch's queue": """
        a = torch.tensor([1.], requires_grad=True)
        b = torch.tensor([2.], requires_grad=True)
        c = torch.tensor([3.], requires_grad=True)
        d = torch.tensor([4.], requires_grad=True)
        w = a * 1
        e = torch.tensor([5.], requires_grad=True)
        c.register_hook(lambda grad: w.detach().add_(1) + 0)
        d.register_hook(lambda grad: w.detach().mul_(3) + 0)
        b.register_hook(lambda grad: w.detach().mul_(7) + 0)
        e.register_hook(lambda grad: w.detach().add_(10) + 0)
        torch.cat([b, c, d, e]).sum().backward()
        show(w, b.grad, c.grad, d.grad, e.grad)
    """,
    "inference tensors": """
        with torch.inference_mode():
            i = torch.ones(3) * 2
            j = x * 2
        show(i.requires_grad, j.requires_grad)
        ! x * i
        ! i.add_(1)
        ! show(i._version)
    """,
    "an unused input": """
        a = torch.tensor([1.], requires_grad=True)
        ! g, = torch.autograd.grad((x * 2).sum(), [a])
        g, = torch.autograd.grad((x * 2).sum(), [a], allow_unused=True)
        show(g)
        n = torch.ones(3)
        ! n.sum().backward()
        ! x.backward()
    """,
    "backward towards given inputs": """
        h = x * 2
        y = (h * 3).sum()
        y.backward(inputs=[h])
        show(h.grad, x.grad)
    """,
    "several roots": """
        a = (x * 2).sum()
        b = (x * 3).sum()
        torch.autograd.backward([a, b])
        show(x.grad)
        h = x * 1
        k = h * 2
        torch.autograd.backward([h, k], [torch.ones(3), torch.ones(3)])
        show(x.grad)
    """,
}
