"""Adam, AdamW, RMSprop, Adagrad and Adadelta: steps in units of the gradients' size."""

from collections.abc import Iterator
from typing import Any, ClassVar

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.optim.base import Edit, Optimizer
from detachsim.ops.optim.options import number


class Adam(Optimizer):
    """Adam: steps in units of the gradients' running mean and size."""

    order = "lr betas eps weight_decay amsgrad maximize foreach capturable differentiable fused decoupled_weight_decay"

    def check(self, options: dict[str, Any]) -> None:
        """Refuse options that cannot be; in 1.13, the betas might be ints, and were kept as they came."""
        newest = self.session.dialect == NEWEST
        if newest and isinstance(options["lr"], Tensor) and options["foreach"] and not options["capturable"]:
            raise TorchError("optimizer_foreach_lr")
        super().check(options)
        if newest:
            if not all(isinstance(beta, float) for beta in options["betas"][:2]):
                raise TorchError("optimizer_betas")
            options["betas"] = tuple(options["betas"])

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield the decay of the weights, if it is on its own, and a division added."""
        call = self.session.call
        zeros = {"exp_avg": 0, "exp_avg_sq": 0} | ({"max_exp_avg_sq": 0} if options["amsgrad"] else {})
        entry = self.kept(tensor, **zeros)
        step = self.advanced(entry, options)
        lr, (beta1, beta2), decay = number(options["lr"]), options["betas"], options["weight_decay"]
        if not options.get("decoupled_weight_decay", type(self) is AdamW):
            gradient = self.decayed(tensor, gradient, decay)
        elif decay != 0:
            yield "mul_", (1 - lr * number(decay),), {}
        call("lerp_", entry["exp_avg"], gradient, 1 - beta1)
        square = call("mul_", entry["exp_avg_sq"], beta2)
        call("addcmul_", square, gradient, gradient, value=1 - beta2)
        if options["amsgrad"]:
            square = entry["max_exp_avg_sq"] = call("maximum", entry["max_exp_avg_sq"], square)
        divisor = call("div", call("sqrt", square), (1 - beta2**step) ** 0.5)
        call("add_", divisor, options["eps"])
        yield "addcdiv_", (entry["exp_avg"], divisor), {"value": -(lr / (1 - beta1**step))}


class AdamW(Adam):
    """Adam with weight decay of its own."""

    older_order = "lr betas eps weight_decay amsgrad foreach maximize capturable"
    fixed: ClassVar[dict[str, Any]] = {"decoupled_weight_decay": True}


class RMSprop(Optimizer):
    """Steps in units of the gradients' running size."""

    plain_steps = True
    checked = "lr eps momentum weight_decay alpha"
    devices_together = Optimizer.devices
    order = "lr momentum alpha eps centered weight_decay capturable foreach maximize differentiable"

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield an addition of what has momentum, else a division added."""
        call, momentum, alpha = self.session.call, options["momentum"], options["alpha"]
        zeros = {"square_avg": 0} | ({"momentum_buffer": 0} if momentum > 0 else {})
        entry = self.kept(tensor, **zeros, **({"grad_avg": 0} if options["centered"] else {}))
        self.advanced(entry, options)
        gradient = self.decayed(tensor, gradient, options["weight_decay"])
        square = call("mul_", entry["square_avg"], alpha)
        call("addcmul_", square, gradient, gradient, value=1 - alpha)
        if options["centered"]:
            mean = call("lerp_", entry["grad_avg"], gradient, 1 - alpha)
            square = call("addcmul", square, mean, mean, value=-1)
        divisor = call("add_", call("sqrt", square), options["eps"])
        rate = -number(options["lr"])
        if momentum > 0:
            kept = call("mul_", entry["momentum_buffer"], momentum)
            call("addcdiv_", kept, gradient, divisor)
            yield "add_", (kept,), {"alpha": rate}
        else:
            yield "addcdiv_", (gradient, divisor), {"value": rate}


class Adagrad(Optimizer):
    """Steps in units of the gradients' size over all steps. What is kept exists from the beginning."""

    checked = "lr lr_decay weight_decay initial_accumulator_value eps"
    order = "lr lr_decay eps weight_decay initial_accumulator_value foreach maximize differentiable fused"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with self.session.grad_mode(False):
            for group in self.param_groups:
                for tensor in group.table["params"]:
                    self.kept(tensor, sum=self.defaults.table["initial_accumulator_value"])

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield a division added."""
        call = self.session.call
        entry = self.kept(tensor, sum=options["initial_accumulator_value"])
        step = self.advanced(entry, options)
        gradient = self.decayed(tensor, gradient, options["weight_decay"])
        rate = number(options["lr"]) / (1 + (step - 1) * options["lr_decay"])
        total = call("addcmul_", entry["sum"], gradient, gradient, value=1)
        divisor = call("add_", call("sqrt", total), options["eps"])
        yield "addcdiv_", (gradient, divisor), {"value": -rate}


class Adadelta(Optimizer):
    """Steps in units of the gradients' running size, as large as the steps before."""

    plain_steps = True
    checked = "lr rho eps weight_decay"
    devices = "['cuda', 'xpu', 'hpu', 'privateuseone']"
    order = "lr rho eps weight_decay maximize capturable foreach differentiable"

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield one addition."""
        call, rho, eps = self.session.call, options["rho"], options["eps"]
        entry = self.kept(tensor, square_avg=0, acc_delta=0)
        self.advanced(entry, options)
        gradient = self.decayed(tensor, gradient, options["weight_decay"])
        call("addcmul_", call("mul_", entry["square_avg"], rho), gradient, gradient, value=1 - rho)
        size, delta = (call("sqrt_", call("add", entry[name], eps)) for name in ("square_avg", "acc_delta"))
        call("mul_", call("div_", delta, size), gradient)
        call("addcmul_", call("mul_", entry["acc_delta"], rho), delta, delta, value=1 - rho)
        yield "add_", (delta,), {"alpha": -number(options["lr"])}
