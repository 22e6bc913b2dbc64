"""What becomes of ``.grad``, and what hooks see and do."""

GRADIENTS: dict[str, str] = {
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
}
