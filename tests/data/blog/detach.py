import torch

a = torch.tensor([1.2, 3.4, 5.6], requires_grad=True)
print("Before backward():")
print(f"a.grad: {a.grad}")
out = a.sigmoid()
print(f"out.grad: {out.grad}")
# 分离out tensor, c.requires_read变为False
c = out.detach()
print(f"c: {c}")
# 并未修改分离出的tensor c,所以不影响backward()。
out.sum().backward()
print("\nAfter backward():")
print(f"a.grad: {a.grad}")
# 从上可见tensor c是由out分离得到的,但是没有去改变这个c,这个时候依然对原来的out求导是不会有错误的,
# 即c,out之间的区别是c是没有梯度的,out是有梯度的,但是需要注意的是下面两种情况是会报错的.
