import torch

a = torch.tensor([1.2, 3.4, 5.6], requires_grad=True)
print("Before backward():")
print(f"a.grad: {a.grad}")
out = a.sigmoid()
print(f"out.grad: {out.grad}")
# 分离out tensor, c.requires_read变为False
c = out.detach()
print(f"c: {c}")
# 使用分离出来的c,反向传播。
c.sum().backward()
print(f"a.grad: {a.grad}")
