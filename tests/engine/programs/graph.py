"""The graph that is recorded, and backward passes through it."""

GRAPH: dict[str, str] = {
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
