"""Adamax, NAdam and RAdam: Adam with another size of the gradients, another mean, or another beginning."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.optim.base import Edit, Optimizer
from detachsim.ops.optim.options import number


class Adamax(Optimizer):
    """Adam whose size of the gradients is the largest that there was."""

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield a division added."""
        call, (beta1, beta2) = self.session.call, options["betas"]
        entry = self.kept(tensor, exp_avg=0, exp_inf=0)
        step = self.advanced(entry, options)
        gradient = self.decayed(tensor, gradient, options["weight_decay"])
        call("lerp_", entry["exp_avg"], gradient, 1 - beta1)
        shrunk = call("mul_", entry["exp_inf"], beta2)
        call("copy_", entry["exp_inf"], call("maximum", shrunk, call("add_", call("abs", gradient), options["eps"])))
        rate = number(options["lr"]) / (1 - beta1**step)
        yield "addcdiv_", (entry["exp_avg"], entry["exp_inf"]), {"value": -rate}


class NAdam(Optimizer):
    """Adam whose mean of the gradients looks one step ahead."""

    checked = "lr eps betas weight_decay momentum_decay"
    captured = "params, mu_products and state_steps"
    captured_together = "params, mu_products, and state_steps"
    order = "lr betas eps weight_decay momentum_decay decoupled_weight_decay maximize foreach capturable differentiable"

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield the decay of the weights, if it is on its own, and two divisions added."""
        call, (beta1, beta2) = self.session.call, options["betas"]
        one = fresh(np.ones((), np.float32), dtypes.float32)
        entry = self.kept(tensor, mu_product=one, exp_avg=0, exp_avg_sq=0)
        step, lr = self.advanced(entry, options), number(options["lr"])
        if options.get("decoupled_weight_decay") and options["weight_decay"] != 0:
            yield "mul_", (1 - lr * number(options["weight_decay"]),), {}
        else:
            gradient = self.decayed(tensor, gradient, options["weight_decay"])
        now, ahead = (beta1 * (1.0 - 0.5 * 0.96 ** (count * options["momentum_decay"])) for count in (step, step + 1))
        product = call("mul_", entry["mu_product"], now).array.item()
        call("lerp_", entry["exp_avg"], gradient, 1 - beta1)
        square = call("mul_", entry["exp_avg_sq"], beta2)
        call("addcmul_", square, gradient, gradient, value=1 - beta2)
        divisor = call("add_", call("sqrt", call("div", square, 1 - beta2**step)), options["eps"])
        yield "addcdiv_", (gradient, divisor), {"value": -lr * (1.0 - now) / (1.0 - product)}
        # 1.13 multiplies by the present share twice.
        beyond = product * ahead if self.session.dialect == NEWEST else product * now * ahead
        yield "addcdiv_", (entry["exp_avg"], divisor), {"value": -lr * ahead / (1.0 - beyond)}


class RAdam(Optimizer):
    """Adam that steps by the mean alone until it knows the gradients' size."""

    order = "lr betas eps weight_decay maximize foreach capturable decoupled_weight_decay differentiable"

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield the decay of the weights, if it is on its own, and an addition."""
        call, (beta1, beta2) = self.session.call, options["betas"]
        entry = self.kept(tensor, exp_avg=0, exp_avg_sq=0)
        step, lr = self.advanced(entry, options), number(options["lr"])
        if options.get("decoupled_weight_decay") and options["weight_decay"] != 0:
            yield "mul_", (1 - lr * number(options["weight_decay"]),), {}
        else:
            gradient = self.decayed(tensor, gradient, options["weight_decay"])
        call("lerp_", entry["exp_avg"], gradient, 1 - beta1)
        square = call("mul_", entry["exp_avg_sq"], beta2)
        call("addcmul_", square, gradient, gradient, value=1 - beta2)
        correction = 1 - beta2**step
        change = call("mul", call("div", entry["exp_avg"], 1 - beta1**step), lr)
        most = 2 / (1 - beta2) - 1
        known = most - 2 * step * beta2**step / correction
        if known > 5.0:
            size = call("add_", call("sqrt", square), options["eps"])
            share = ((known - 4) * (known - 2) * most / ((most - 4) * (most - 2) * known)) ** 0.5
            change = call("mul", change, call("mul", call("reciprocal", size), correction**0.5))
            change = call("mul", change, share)
        yield "add_", (change,), {"alpha": -1.0}
