"""How the gradients of layer_norm and batch_norm move with the input, the weight and the gradient that came in."""

from collections.abc import Callable
from typing import Any


class Normalized:
    """An input that is normalized row by row or channel by channel, and what PyTorch makes of it in second gradients.

    ``centred`` is the input without its mean, ``scale`` the inverse deviation, ``total`` sums what is normalized
    together, ``count`` elements. The steps are PyTorch's, since each is a node: edits in place, too, and what is
    computed twice.
    """

    def __init__(self, ops: Any, centred: Any, scale: Any, total: Callable[[Any], Any], count: float) -> None:
        self.ops = ops
        self.centred = centred
        self.scale = scale
        self.square = ops.pow(scale, 2)
        self.cube = ops.pow(scale, 3)
        self.steep = centred * self.cube
        self.total = total
        self.count = count

    def pulled(self, values: Any, weight: Any) -> Any:
        """The gradient for the input of ``values``, one for the output."""
        ops = self.ops
        outer = ops.div_scalar_(weight * self.scale, self.count)
        moved = ops.sub_(values * self.count, self.total(values))
        along = self.total(values * self.centred)
        return outer * ops.sub_(moved, ops.mul(self.centred, self.square) * along)

    def curvature(self, grad: Any, grad_along: Any, grad_total: Any, to_x: Any, product: Callable[[], Any]) -> Any:
        """How the input's gradient moves with the input, along ``to_x``; ``product`` is that of ``grad`` and it."""
        ops, total, count = self.ops, self.total, self.count
        x_total, x_along = total(to_x), total(to_x * self.centred)
        both = ops.sub_(ops.div_scalar_(x_total * grad_total, count), total(product()))
        both = ops.add_(both, ops.mul_scalar_(self.square * grad_along * x_along, 3.0 / count))
        first = ops.div_scalar_(self.steep * both, count)
        rest = ops.div_scalar(grad_total, count) - grad
        second = ops.div_scalar_(x_along * self.cube, count) * rest
        rest = ops.div_scalar(x_total, count) - to_x
        third = ops.div_scalar_(grad_along * self.cube, count) * rest
        return ops.add_(ops.add_(first, second), third)

    def turned(self, values: Callable[[], Any], summed: Callable[[], Any]) -> Any:
        """How the weight's gradient, the sum of ``values()`` times the output, moves with the input."""
        ops = self.ops
        first = values() * self.scale
        second = ops.div_scalar_(self.scale * summed(), -self.count)
        third = ops.div_scalar_(self.steep * self.total(values() * self.centred), -self.count)
        return ops.add_(ops.add_(first, second), third)

    def to_grad(self, to_x: Any, to_weight: Any, to_bias: Any, pull: Callable[[Any], Any]) -> Any:
        """The gradient for the gradient that came in; ``pull`` gives the part that the input's gradient has in it."""
        made = None if to_x is None else pull(to_x)
        if to_weight is not None:
            made = self.added(made, to_weight * self.centred * self.scale)
        return made if to_bias is None else self.added(made, to_bias)

    def added(self, made: Any, part: Any) -> Any:
        """Add a part to what there is, in place."""
        return part if made is None else self.ops.add_(made, part)


def ones(ops: Any, like: Any, shape: tuple[int, ...]) -> Any:
    """What stands for a weight that was not given."""
    return ops.fill_(ops.zeros_sized(like, shape), 1.0)
