"""Adam, AdamW, RMSprop, Adagrad and Adadelta: steps in units of the gradients' size."""

from collections.abc import Iterator
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.ops.optim.base import Edit, Optimizer, check_betas, check_option, check_rate, number


class Adam(Optimizer):
    """Adam: steps in units of the gradients' running mean and size."""

    newer = frozenset(("decoupled_weight_decay",))

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_rate(lr)
        check_option("optimizer_lr", lr)
        check_option("optimizer_eps", eps)
        check_betas(betas)
        check_option("optimizer_value", weight_decay, name="weight_decay")
        if not isinstance(betas[0], float) or not isinstance(betas[1], float):
            raise TorchError("optimizer_betas")
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": tuple(betas),
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused if fused is not None or self.session.dialect == NEWEST else False,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield the decay of the weights, if it is on its own, and a division added."""
        call = self.session.call
        zeros = {"exp_avg": 0, "exp_avg_sq": 0} | ({"max_exp_avg_sq": 0} if options["amsgrad"] else {})
        entry = self.kept(tensor, **zeros)
        step = self.advanced(entry)
        lr, (beta1, beta2), decay = number(options["lr"]), options["betas"], options["weight_decay"]
        if not options.get("decoupled_weight_decay", type(self) is AdamW):
            gradient = self.decayed(tensor, gradient, decay)
        elif decay != 0:
            yield "mul_", (1 - lr * decay,), {}
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

    newer = frozenset(
        (
            "decoupled_weight_decay",
            "differentiable",
            "fused",
        )
    )

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )


class RMSprop(Optimizer):
    """Steps in units of the gradients' running size."""

    plain_steps = True
    newer = frozenset(("capturable",))

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        check_option("optimizer_lr", lr)
        check_option("optimizer_eps", eps)
        check_option("optimizer_value", momentum, name="momentum")
        check_option("optimizer_value", weight_decay, name="weight_decay")
        check_option("optimizer_value", alpha, name="alpha")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield an addition of what has momentum, else a division added."""
        call, momentum, alpha = self.session.call, options["momentum"], options["alpha"]
        zeros = {"square_avg": 0} | ({"momentum_buffer": 0} if momentum > 0 else {})
        entry = self.kept(tensor, **zeros, **({"grad_avg": 0} if options["centered"] else {}))
        self.advanced(entry)
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

    newer = frozenset(
        (
            "differentiable",
            "fused",
        )
    )

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_rate(lr)
        check_option("optimizer_lr", lr)
        check_option("optimizer_value", lr_decay, name="lr_decay")
        check_option("optimizer_value", weight_decay, name="weight_decay")
        check_option("optimizer_value", initial_accumulator_value, name="initial_accumulator_value")
        check_option("optimizer_eps", eps)
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        with self.session.grad_mode(False):
            for group in self.param_groups:
                for tensor in group.table["params"]:
                    self.kept(tensor, sum=initial_accumulator_value)

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield a division added."""
        call = self.session.call
        entry = self.kept(tensor, sum=options["initial_accumulator_value"])
        step = self.advanced(entry)
        gradient = self.decayed(tensor, gradient, options["weight_decay"])
        rate = number(options["lr"]) / (1 + (step - 1) * options["lr_decay"])
        total = call("addcmul_", entry["sum"], gradient, gradient, value=1)
        divisor = call("add_", call("sqrt", total), options["eps"])
        yield "addcdiv_", (gradient, divisor), {"value": -rate}


class Adadelta(Optimizer):
    """Steps in units of the gradients' running size, as large as the steps before."""

    plain_steps = True
    newer = frozenset(("capturable", "differentiable"))

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        check_option("optimizer_lr", lr)
        if not 0.0 <= rho <= 1.0:
            raise TorchError("optimizer_value", name="rho", value=rho)
        check_option("optimizer_eps", eps)
        check_option("optimizer_value", weight_decay, name="weight_decay")
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def edits(self, tensor: Tensor, gradient: Tensor, options: dict[str, Any]) -> Iterator[Edit]:
        """Yield one addition."""
        call, rho, eps = self.session.call, options["rho"], options["eps"]
        entry = self.kept(tensor, square_avg=0, acc_delta=0)
        self.advanced(entry)
        gradient = self.decayed(tensor, gradient, options["weight_decay"])
        call("addcmul_", call("mul_", entry["square_avg"], rho), gradient, gradient, value=1 - rho)
        size, delta = (call("sqrt_", call("add", entry[name], eps)) for name in ("square_avg", "acc_delta"))
        call("mul_", call("div_", delta, size), gradient)
        call("addcmul_", call("mul_", entry["acc_delta"], rho), delta, delta, value=1 - rho)
        yield "add_", (delta,), {"alpha": -number(options["lr"])}
