import torch

a = torch.tensor([1.2, 3.4, 5.6], requires_grad=True)
print("Before backward():")
print(f"a.grad: {a.grad}")
out = a.sigmoid()
print(f"out.grad: {out.grad}")
# 分离out tensor, c.requires_read变为False
c = out.detach()
print(f"c: {c}")
c.zero_()  # 修改c
# c和out均改变
print(f"c: {c}")
print(f"out: {out}")
# 这时候对c进行更改,所以会影响backward(),这时候就不能进行backward(),会报错
out.sum().backward()
