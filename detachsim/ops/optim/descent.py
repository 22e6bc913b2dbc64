"""SGD: steps against the gradient, with momentum."""

from collections.abc import Iterator
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.optim.base import Edit, Optimizer, check_option, check_rate, number

NOT_GIVEN = object()


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum."""

    newer = frozenset(("fused",))

    def __init__(
        self,
        params: Any,
        lr: Any = NOT_GIVEN,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if lr is NOT_GIVEN:
            lr = 1e-3 if self.session.dialect == NEWEST else None
        else:
            check_rate(lr)
            check_option("optimizer_lr", lr, less=True)
        check_option("optimizer_value", momentum, less=True, name="momentum")
        check_option("optimizer_value", weight_decay, less=True, name="weight_decay")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise TorchError("optimizer_nesterov")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def gather(self, tensors: list[Tensor]) -> None:
        """Look up the momentum of each parameter; one without is given its own each time that it is among them."""
        self.momenta = {
            tensor: self.state.table[tensor].table.get("momentum_buffer")
            for tensor in tensors
            if tensor in self.state.table
        }

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield one addition."""
        call, momentum = self.session.call, options["momentum"]
        gradient = self.decayed(tensor, gradient, options["weight_decay"])
        if momentum != 0:
            kept = self.momenta.get(tensor)
            if kept is None:
                kept = self.state.get_item(tensor).table["momentum_buffer"] = call("clone", gradient)
            else:
                call("mul_", kept, momentum)
                call("add_", kept, gradient, alpha=1 - options["dampening"])
            if options["nesterov"]:
                # All at once, PyTorch adds the momentum to the gradients: ``.grad`` itself, unless weight
                # decay or ``maximize`` have made other tensors.
                add = "add_" if options["foreach"] else "add"
                gradient = call(add, gradient, kept, alpha=momentum)
            else:
                gradient = kept
        yield "add_", (gradient,), {"alpha": -number(options["lr"])}
