"""SGD, ASGD and Rprop: steps against the gradient, with momentum, averaged, or of a size of their own."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.signatures import REQUIRED
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.optim.base import Edit, Optimizer
from detachsim.ops.optim.options import check_one_rate, check_positive, number, refuse_tensors


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum."""

    checked = "lr momentum weight_decay"

    def check(self, options: dict[str, Any]) -> None:
        """Refuse options that cannot be; a rate is not looked at where none is given."""
        check_one_rate(self.session, options["lr"])
        for name in self.checked.split():
            if options[name] is not REQUIRED:
                check_positive(self.session, name, options[name])
        refuse_tensors(options)
        if options["nesterov"] and (options["momentum"] <= 0 or options["dampening"] != 0):
            raise TorchError("optimizer_nesterov")

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


class ASGD(Optimizer):
    """Stochastic gradient descent that averages what the parameters were."""

    checked = "lr weight_decay"
    captured = "params, mus, etas, and state_steps"

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield a factor and an addition."""
        call, lr, decay = self.session.call, number(options["lr"]), options["lambd"]
        entry = self.kept(tensor, eta=_single(lr), mu=_single(1.0), ax=0)
        step = self.advanced(entry, options)
        gradient = self.decayed(tensor, gradient, options["weight_decay"])
        eta = entry["eta"].array.item()
        yield "mul_", (1 - decay * eta,), {}
        yield "add_", (gradient,), {"alpha": -eta}
        if entry["mu"].array.item() == 1:
            call("copy_", entry["ax"], tensor)
        else:
            call("add_", entry["ax"], call("mul_", call("sub", tensor, entry["ax"]), entry["mu"]))
        call("copy_", entry["eta"], _single(lr / (1 + decay * lr * step) ** options["alpha"]))
        call("copy_", entry["mu"], _single(1 / max(1, step - options["t0"])))


def _single(value: float) -> Tensor:
    return fresh(np.array(value, np.float32), dtypes.float32)


class Rprop(Optimizer):
    """Steps whose size grows while the gradient keeps its sign, and shrinks where it turns."""

    plain_steps = True
    checked = "lr etas"
    devices_together = Optimizer.devices
    order = "lr etas step_sizes foreach maximize differentiable capturable"

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield one addition of signs times sizes."""
        call, (less, more), (least, most) = self.session.call, options["etas"], options["step_sizes"]
        entry = self.kept(tensor, prev=0, step_size=number(options["lr"]))
        self.advanced(entry, options)
        turns = call("mul", gradient, entry["prev"]).array
        factor = np.where(turns > 0, more, np.where(turns < 0, less, 1.0)).astype(tensor.array.dtype)
        call("clamp_", call("mul_", entry["step_size"], fresh(factor, tensor.dtype)), least, most)
        turned = fresh(np.asarray(turns < 0), dtypes.boolean)
        gradient = call("masked_fill_", call("clone", gradient), turned, 0)
        yield "addcmul_", (call("sign", gradient), entry["step_size"]), {"value": -1}
        call("copy_", entry["prev"], gradient)
